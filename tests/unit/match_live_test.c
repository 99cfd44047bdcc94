/*
 * A change is seen by the very next question: each kind of change, in a directory of some thousand others who do not pass.
 */
#include "match_names.h"
#include "unit/match_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

enum { OTHERS = 1400 };

struct scene {
    struct match_index *index;
    struct sample_therapist person, other;
    struct sample_need need;
};

/* Half of them around the patient and without the payer, half too far away. */
static void put_others(struct scene *scene)
{
    struct sample_therapist *other = &scene->other;
    char identifier[16];

    sample_therapist_init(other, "other-0000");
    other->payers[0] = "OTHER";
    sample_put(scene->index, other, scene->need.query.now);
    for (int number = 1; number < OTHERS; number++) {
        snprintf(identifier, sizeof identifier, "other-%04d", number);
        other->therapist.identifier = identifier;
        other->payers[0] = number % 2 == 0 ? "OTHER" : "BAV";
        other->position[0].latitude = 38250000 + (number % 2 == 0 ? 3 * number : 1000 * (400 + number));
        match_index_put(scene->index, test_number(identifier), &other->therapist, other->calendar);
    }
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    scene->index = match_index_create(NULL, sample_codes(), test_names());
    sample_therapist_init(&scene->person, "person");
    sample_need_init(&scene->need);
    put_others(scene);
    match_index_settle(scene->index);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    match_index_destroy(scene->index);
    sample_therapist_finish(&scene->person);
    sample_therapist_finish(&scene->other);
    free(scene);
    sample_finish();
    return 0;
}

/* Nobody else ever passes. INT64_MAX: nor do they. */
static void assert_found(struct scene *scene, int64_t first_free)
{
    uint32_t expected = first_free == INT64_MAX ? 0 : 1;
    struct match_found found;
    Fascia__Explanation *explanation;

    match_find(scene->index, &scene->need.query, &found);
    explanation = match_run(scene->index, &scene->need.query);
    assert_int_equal(found.count, expected);
    assert_int_equal(explanation->passed, expected);
    assert_int_equal(explanation->n_candidates, expected);
    if (expected == 1) {
        assert_int_equal(found.candidates[0].therapist, test_number("person"));
        assert_int_equal(found.candidates[0].first_free, first_free);
        assert_string_equal(explanation->candidates[0]->therapist, "person");
        assert_int_equal(explanation->candidates[0]->first_free, first_free);
    }
    fascia__explanation__free_unpacked(explanation, NULL);
}

static void assert_passes(struct scene *scene)
{
    assert_found(scene, sample_instant(11, 30, 9));
}

static void assert_missing(struct scene *scene)
{
    assert_found(scene, INT64_MAX);
}

static void put(struct scene *scene)
{
    sample_put(scene->index, &scene->person, scene->need.query.now);
}

static void coming_and_going_are_seen(void **state)
{
    struct scene *scene = *state;

    assert_missing(scene);
    put(scene);
    assert_passes(scene);
    match_index_remove(scene->index, test_number("person"));
    assert_missing(scene);
    put(scene);
    assert_passes(scene);
}

static void time_taken_and_given_back_is_seen(void **state)
{
    struct scene *scene = *state;

    put(scene);
    assert_passes(scene);
    assert_true(calendar_take(scene->person.calendar, sample_instant(11, 30, 9), sample_instant(11, 30, 11), false));
    assert_found(scene, sample_instant(11, 30, 11));
    assert_true(calendar_take(scene->person.calendar, sample_instant(11, 30, 11), sample_instant(11, 30, 17), false));
    assert_found(scene, sample_instant(12, 1, 9));
    assert_true(calendar_give(scene->person.calendar, sample_instant(11, 30, 9), sample_instant(11, 30, 11)));
    assert_passes(scene);
}

static void the_last_free_hour_taken_and_given_back_is_seen(void **state)
{
    struct scene *scene = *state;

    scene->need.need.not_after = "2026-11-30";
    put(scene);
    assert_passes(scene);
    assert_true(calendar_take(scene->person.calendar, sample_instant(11, 30, 9), sample_instant(11, 30, 17), false));
    assert_missing(scene);
    assert_true(calendar_give(scene->person.calendar, sample_instant(11, 30, 9), sample_instant(11, 30, 17)));
    assert_passes(scene);
}

static void a_new_day_is_seen(void **state)
{
    struct scene *scene = *state;

    put(scene);
    assert_passes(scene);
    scene->need.query.now = sample_instant(12, 1, 10);
    calendar_advance(scene->person.calendar, scene->need.query.now);
    assert_found(scene, sample_instant(12, 1, 10));
}

static void load_is_seen(void **state)
{
    struct scene *scene = *state;
    struct match_found before, after;

    put(scene);
    match_find(scene->index, &scene->need.query, &before);
    match_index_set_load(scene->index, test_number("person"), 4, 0);
    assert_missing(scene);
    match_index_set_load(scene->index, test_number("person"), 3, 4);
    assert_passes(scene);
    match_find(scene->index, &scene->need.query, &after);
    assert_int_equal(after.candidates[0].points[PART_LOAD], before.candidates[0].points[PART_LOAD] / 2);
}

static void switching_off_and_on_is_seen(void **state)
{
    struct scene *scene = *state;

    put(scene);
    assert_passes(scene);
    scene->person.therapist.not_accepting = true;
    put(scene);
    assert_missing(scene);
    scene->person.therapist.not_accepting = false;
    put(scene);
    assert_passes(scene);
}

static void a_licence_added_is_seen_and_one_that_ends(void **state)
{
    struct scene *scene = *state;

    scene->person.therapist.n_licences = 0;
    put(scene);
    assert_missing(scene);
    scene->person.therapist.n_licences = 1;
    scene->person.licence[0].valid_from = "2026-12-02";
    put(scene);
    assert_found(scene, sample_instant(12, 2, 9));
    scene->person.licence[0].valid_from = "";
    put(scene);
    assert_passes(scene);
    scene->person.licence[0].status = FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_SUSPENDED;
    put(scene);
    assert_missing(scene);
}

static void a_certification_added_is_seen(void **state)
{
    struct scene *scene = *state;

    sample_add_group(&scene->need, "CLT-of-nobody-yet", NULL);
    put(scene);
    assert_missing(scene);
    sample_add_certification(&scene->person, "CLT-of-nobody-yet", "", "");
    put(scene);
    assert_passes(scene);
}

static void a_code_that_nobody_had_is_seen(void **state)
{
    struct scene *scene = *state;

    scene->need.payers[0] = "a new payer";
    put(scene);
    assert_missing(scene);
    scene->person.payers[1] = "A New Payer";
    scene->person.therapist.n_payers = 2;
    put(scene);
    assert_passes(scene);
    scene->person.therapist.n_payers = 1;
    put(scene);
    assert_missing(scene);
}

static void a_move_is_seen(void **state)
{
    struct scene *scene = *state;

    put(scene);
    assert_passes(scene);
    scene->person.position[0].latitude = -38250000;
    put(scene);
    assert_missing(scene);
    scene->person.position[1] = scene->need.position;
    scene->person.therapist.n_places = 2;
    put(scene);
    assert_passes(scene);
    scene->person.therapist.n_places = 0;
    scene->person.modes[0] = FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    scene->person.therapist.n_visit_modes = 1;
    put(scene);
    assert_passes(scene);
    scene->person.therapist.n_visit_modes = 0;
    put(scene);
    assert_missing(scene);
}

static void new_hours_are_seen(void **state)
{
    struct scene *scene = *state;

    put(scene);
    assert_passes(scene);
    for (size_t day = 0; day < 7; day++)
        scene->person.hour[day].from_minute = 13 * 60;
    put(scene);
    assert_found(scene, sample_instant(11, 30, 13));
}

static void new_weights_are_seen(void **state)
{
    struct scene *scene = *state;
    struct match_settings settings;
    struct match_found found;

    put(scene);
    match_settings_default(&settings);
    settings.weight[PART_DISTANCE] = 77;
    match_index_configure(scene->index, &settings);
    match_find(scene->index, &scene->need.query, &found);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.candidates[0].points[PART_DISTANCE], 77);
}

static void a_new_number_in_the_place_of_an_old_one_is_not_taken_for_it(void **state)
{
    struct scene *scene = *state;

    put(scene);
    match_index_set_load(scene->index, test_number("person"), 4, 0);
    assert_missing(scene);
    match_index_remove(scene->index, test_number("person"));
    put(scene); /* gone, and with them their load */
    assert_passes(scene);
    assert_int_equal(match_index_count(scene->index), OTHERS + 1);
}

int main(void)
{
#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SCENE(coming_and_going_are_seen),
        WITH_SCENE(time_taken_and_given_back_is_seen),
        WITH_SCENE(the_last_free_hour_taken_and_given_back_is_seen),
        WITH_SCENE(a_new_day_is_seen),
        WITH_SCENE(load_is_seen),
        WITH_SCENE(switching_off_and_on_is_seen),
        WITH_SCENE(a_licence_added_is_seen_and_one_that_ends),
        WITH_SCENE(a_certification_added_is_seen),
        WITH_SCENE(a_code_that_nobody_had_is_seen),
        WITH_SCENE(a_move_is_seen),
        WITH_SCENE(new_hours_are_seen),
        WITH_SCENE(new_weights_are_seen),
        WITH_SCENE(a_new_number_in_the_place_of_an_old_one_is_not_taken_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
