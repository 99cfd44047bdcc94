/*
 * What is said when nobody passes, and when there are more than may be looked into; and equals by the hundred.
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

struct scene {
    struct match_index *index;
    struct sample_therapist people[4];
    struct sample_need need;
    Fascia__Explanation *explanation; /* the last answer */
};

static int set_up(void **state)
{
    static const char *const identifiers[] = {"t1", "t2", "t3", "t4"};
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    scene->index = match_index_create(NULL, sample_codes(), test_names());
    for (size_t i = 0; i < 4; i++)
        sample_therapist_init(&scene->people[i], identifiers[i]);
    sample_need_init(&scene->need);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    fascia__explanation__free_unpacked(scene->explanation, NULL);
    match_index_destroy(scene->index);
    for (size_t i = 0; i < 4; i++)
        sample_therapist_finish(&scene->people[i]);
    free(scene);
    sample_finish();
    return 0;
}

static void ask(struct scene *scene, size_t people)
{
    for (size_t person = 0; person < people; person++)
        sample_put(scene->index, &scene->people[person], scene->need.query.now);
    fascia__explanation__free_unpacked(scene->explanation, NULL);
    scene->explanation = match_run(scene->index, &scene->need.query);
}

static void bound(struct scene *scene, uint32_t most)
{
    struct match_settings settings;

    match_settings_default(&settings);
    settings.opened_most = most;
    match_index_configure(scene->index, &settings);
}

static void assert_miss(const struct scene *scene, size_t number, const char *relaxation, uint32_t therapists,
                        const char *nearest)
{
    const Fascia__NearMiss *miss;

    assert_true(number < scene->explanation->n_near_misses);
    miss = scene->explanation->near_misses[number];
    assert_string_equal(miss->relaxation, relaxation);
    assert_int_equal(miss->therapists, therapists);
    assert_string_equal(miss->nearest, nearest);
}

static void move_north(struct scene *scene, size_t person, int32_t millionths)
{
    scene->people[person].position[0].latitude += millionths;
}

static void take_all_time(struct scene *scene, size_t person)
{
    scene->people[person].therapist.n_hours = 0;
}

/* ---- around ---- */

static void near_misses_are_counted_alone_and_in_pairs(void **state)
{
    struct scene *scene = *state;

    scene->people[0].licence[0].jurisdiction = "US-IN";
    scene->people[1].licence[0].jurisdiction = "US-IN";
    scene->people[1].payers[0] = "OTHER";
    scene->people[2].payers[0] = "OTHER";
    scene->people[3].payers[0] = "OTHER";
    scene->people[3].condition[0].cases = 50;
    ask(scene, 4);
    assert_int_equal(scene->explanation->gates[GATE_LICENCE]->removed, 2);
    assert_int_equal(scene->explanation->gates[GATE_LICENCE]->only, 1);
    assert_int_equal(scene->explanation->gates[GATE_PAYER]->removed, 2);
    assert_int_equal(scene->explanation->gates[GATE_PAYER]->only, 2);
    assert_int_equal(scene->explanation->n_near_misses, 3);
    assert_miss(scene, 0, "2 pass but for accepting the payer bav", 2, "t4");
    assert_miss(scene, 1, "1 passes but for a licence in US-KY", 1, "t1");
    assert_miss(scene, 2, "4 pass but for a licence in US-KY, and accepting the payer bav", 4, "t4");
    assert_int_equal(scene->explanation->near_misses[2]->n_gates, 2);
    assert_false(scene->explanation->bounded);
}

static void who_is_too_far_is_no_near_miss_of_another_gate(void **state)
{
    struct scene *scene = *state;

    scene->people[0].payers[0] = "OTHER";
    scene->people[1].payers[0] = "OTHER";
    move_north(scene, 1, 280000);
    ask(scene, 2);
    assert_int_equal(scene->explanation->gates[GATE_PAYER]->only, 1);
    assert_int_equal(scene->explanation->gates[GATE_DISTANCE]->removed, 1);
    assert_int_equal(scene->explanation->gates[GATE_DISTANCE]->only, 0);
    assert_int_equal(scene->explanation->n_near_misses, 1);
    assert_miss(scene, 0, "1 passes but for accepting the payer bav", 1, "t1");
}

static void without_the_patients_position_distance_is_a_gate_like_any_other(void **state)
{
    struct scene *scene = *state;

    scene->need.need.position_known = false;
    scene->people[1].payers[0] = "OTHER";
    scene->people[2].payers[0] = "OTHER";
    move_north(scene, 2, 1000000);
    ask(scene, 3);
    assert_int_equal(scene->explanation->gates[GATE_DISTANCE]->removed, 3);
    assert_int_equal(scene->explanation->gates[GATE_DISTANCE]->only, 1);
    assert_int_equal(scene->explanation->n_near_misses, 2);
    assert_miss(scene, 0, "1 passes but for distance: where the patient is is not known", 1, "t1");
    assert_int_equal(scene->explanation->near_misses[1]->therapists, 3);
    assert_string_equal(scene->explanation->near_misses[1]->gates[1], "payer");
}

/* ---- beyond ---- */

static void of_those_too_far_the_nearest_is_named(void **state)
{
    struct scene *scene = *state;

    move_north(scene, 0, 900000);
    scene->people[0].condition[0].cases = 50;
    move_north(scene, 1, 280000);
    ask(scene, 2);
    assert_int_equal(scene->explanation->n_near_misses, 1);
    assert_int_equal(scene->explanation->gates[GATE_DISTANCE]->only, 1);
    assert_miss(scene, 0, "1 passes but for distance: the nearest is 31.2 km away (limit 25 km)", 1, "t2");
}

static void those_as_near_as_the_nearest_are_counted_and_the_best_is_named(void **state)
{
    struct scene *scene = *state;

    for (size_t person = 0; person < 3; person++)
        move_north(scene, person, 280000);
    scene->people[1].condition[0].cases = 50;
    take_all_time(scene, 2);
    ask(scene, 3);
    assert_int_equal(scene->explanation->gates[GATE_DISTANCE]->only, 2);
    assert_int_equal(scene->explanation->n_near_misses, 1);
    assert_int_equal(scene->explanation->near_misses[0]->therapists, 2);
    assert_string_equal(scene->explanation->near_misses[0]->nearest, "t2");
}

static void who_cannot_be_measured_is_no_near_miss_of_distance(void **state)
{
    struct scene *scene = *state;

    scene->people[0].place[0].position = NULL;
    scene->people[1].therapist.n_places = 0;
    ask(scene, 2);
    assert_int_equal(scene->explanation->gates[GATE_DISTANCE]->removed, 2);
    assert_int_equal(scene->explanation->gates[GATE_DISTANCE]->only, 0);
    assert_int_equal(scene->explanation->n_near_misses, 0);
    assert_false(scene->explanation->bounded);
}

static void distance_with_another_gate_is_said_only_when_nothing_alone_would_do(void **state)
{
    struct scene *scene = *state;
    const Fascia__NearMiss *miss;

    move_north(scene, 0, 280000);
    scene->people[0].payers[0] = "OTHER";
    move_north(scene, 1, 500000);
    take_all_time(scene, 1);
    ask(scene, 2);
    assert_int_equal(scene->explanation->n_near_misses, 2);
    for (size_t i = 0; i < 2; i++) {
        miss = scene->explanation->near_misses[i];
        assert_int_equal(miss->n_gates, 2);
        assert_string_equal(miss->gates[0], "distance");
        assert_string_equal(miss->gates[1], i == 0 ? "payer" : "time");
        assert_string_equal(miss->nearest, i == 0 ? "t1" : "t2");
        assert_int_equal(miss->therapists, 1);
    }
    move_north(scene, 2, 900000);
    ask(scene, 3);
    assert_int_equal(scene->explanation->n_near_misses, 1);
    assert_miss(scene, 0, "1 passes but for distance: the nearest is 101 km away (limit 25 km)", 1, "t3");
}

static void where_distance_is_dropped_nearer_is_still_better(void **state)
{
    struct scene *scene = *state;
    struct match_found found;

    for (size_t person = 0; person < 2; person++)
        move_north(scene, person, person == 0 ? 900000 : 280000);
    scene->people[0].condition[0].cases += 2;
    scene->need.need.max_distance = 21000000;
    ask(scene, 2);
    assert_string_equal(scene->explanation->candidates[0]->therapist, "t1"); /* 70 km of 21,000 are hardly a point */
    scene->need.query.distance_half = 25000;
    ask(scene, 2);
    match_find(scene->index, &scene->need.query, &found);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.candidates[0].therapist, test_number("t2"));
    assert_string_equal(scene->explanation->candidates[0]->therapist, "t2");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(found.candidates[i].points[PART_DISTANCE],
                         300 * 25000 / (25000 + (int)found.candidates[i].distance));
    assert_true(found.candidates[0].points[PART_DISTANCE] > 2 * found.candidates[1].points[PART_DISTANCE]);
}

/* ---- the bound ---- */

static void no_more_calendars_are_looked_into_than_the_bound_allows(void **state)
{
    struct scene *scene = *state;
    struct match_found found;

    scene->people[2].condition[0].cases = 50; /* t3 is best, and has no time */
    take_all_time(scene, 2);
    bound(scene, 2);
    ask(scene, 4);
    assert_true(scene->explanation->bounded);
    assert_int_equal(scene->explanation->considered, 4);
    assert_int_equal(scene->explanation->passed, 1);
    assert_int_equal(scene->explanation->gates[GATE_TIME]->removed, 1);
    assert_string_equal(scene->explanation->candidates[0]->therapist, "t1");
    match_find(scene->index, &scene->need.query, &found);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.candidates[0].therapist, test_number("t1"));
    bound(scene, 4);
    ask(scene, 4);
    assert_false(scene->explanation->bounded);
    assert_int_equal(scene->explanation->passed, 3);
    bound(scene, 0);
    ask(scene, 4);
    assert_false(scene->explanation->bounded);
}

static void time_is_not_asked_of_more_near_misses_than_the_bound_allows(void **state)
{
    struct scene *scene = *state;

    for (size_t person = 0; person < 3; person++)
        scene->people[person].payers[0] = "OTHER";
    take_all_time(scene, 1);
    bound(scene, 3);
    ask(scene, 3);
    assert_false(scene->explanation->bounded);
    assert_int_equal(scene->explanation->gates[GATE_PAYER]->only, 2);
    assert_int_equal(scene->explanation->n_near_misses, 2);
    bound(scene, 2);
    ask(scene, 3);
    assert_true(scene->explanation->bounded);
    assert_int_equal(scene->explanation->gates[GATE_PAYER]->only, 3);
    assert_int_equal(scene->explanation->n_near_misses, 1);
}

static void the_nearest_is_sought_no_longer_than_the_bound_allows(void **state)
{
    struct scene *scene = *state;

    for (size_t person = 0; person < 3; person++)
        move_north(scene, person, 280000 + 100000 * (int32_t)person);
    take_all_time(scene, 0);
    take_all_time(scene, 1);
    bound(scene, 3);
    ask(scene, 3);
    assert_false(scene->explanation->bounded);
    assert_int_equal(scene->explanation->n_near_misses, 1);
    assert_string_equal(scene->explanation->near_misses[0]->nearest, "t3");
    bound(scene, 2);
    ask(scene, 3);
    assert_true(scene->explanation->bounded);
    assert_int_equal(scene->explanation->gates[GATE_DISTANCE]->only, 0);
    assert_int_equal(scene->explanation->n_near_misses, 1); /* of distance and time together one calendar is enough */
    assert_int_equal(scene->explanation->near_misses[0]->n_gates, 2);
    assert_string_equal(scene->explanation->near_misses[0]->nearest, "t1");
}

/* ---- equals ---- */

enum { EQUALS = 401 };

static void put_equals(struct scene *scene)
{
    struct sample_therapist *person = &scene->people[0];
    char identifier[16];

    for (int i = 0; i < EQUALS; i++) {
        snprintf(identifier, sizeof identifier, "e%03d", i * 171 % EQUALS);
        person->therapist.identifier = identifier;
        if (i == 0)
            sample_put(scene->index, person, scene->need.query.now);
        else
            match_index_put(scene->index, test_number(identifier), &person->therapist, person->calendar);
    }
}

static void assert_first_ten(struct scene *scene, bool bounded)
{
    struct match_found found;
    char identifier[16];

    match_find(scene->index, &scene->need.query, &found);
    fascia__explanation__free_unpacked(scene->explanation, NULL);
    scene->explanation = match_run(scene->index, &scene->need.query);
    assert_int_equal(scene->explanation->bounded, bounded);
    assert_int_equal(scene->explanation->n_candidates, 10);
    assert_int_equal(found.count, 10);
    for (int i = 0; i < 10; i++) {
        snprintf(identifier, sizeof identifier, "e%03d", i);
        assert_string_equal(scene->explanation->candidates[i]->therapist, identifier);
        assert_int_equal(found.candidates[i].therapist, test_number(identifier));
    }
}

/* One after the other by identifier; the last of them alone has time, when anybody has. */
static void put_crowd(struct scene *scene, int count, bool last_has_time)
{
    struct sample_therapist *busy = &scene->people[0], *free = &scene->people[1];
    char identifier[16];

    take_all_time(scene, 0);
    for (int i = 0; i < count; i++) {
        struct sample_therapist *person = last_has_time && i == count - 1 ? free : busy;

        snprintf(identifier, sizeof identifier, "e%03d", i);
        person->therapist.identifier = identifier;
        if (i == 0 || person == free)
            sample_put(scene->index, person, scene->need.query.now);
        else
            match_index_put(scene->index, test_number(identifier), &person->therapist, person->calendar);
    }
    fascia__explanation__free_unpacked(scene->explanation, NULL);
    scene->explanation = match_run(scene->index, &scene->need.query);
}

static void while_nobody_has_time_looking_goes_on_past_the_bound(void **state)
{
    struct scene *scene = *state;
    struct match_found found;

    bound(scene, 4);
    put_crowd(scene, 60, true);
    assert_int_equal(scene->explanation->passed, 1);
    assert_string_equal(scene->explanation->candidates[0]->therapist, "e059");
    assert_int_equal(scene->explanation->gates[GATE_TIME]->removed, 59);
    assert_int_equal(scene->explanation->not_looked_into, 0);
    assert_false(scene->explanation->bounded);
    match_find(scene->index, &scene->need.query, &found);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.candidates[0].therapist, test_number("e059"));
}

static void who_was_not_looked_into_is_said_to_be_neither_passed_nor_removed(void **state)
{
    struct scene *scene = *state;

    bound(scene, 3);
    put_crowd(scene, 49, true);
    assert_true(scene->explanation->bounded);
    assert_int_equal(scene->explanation->considered, 49);
    assert_int_equal(scene->explanation->passed, 0);
    assert_int_equal(scene->explanation->gates[GATE_TIME]->removed, 48);
    assert_int_equal(scene->explanation->not_looked_into, 1);
    assert_int_equal(scene->explanation->gates[GATE_TIME]->only, 0);
    assert_int_equal(scene->explanation->n_near_misses, 0);
}

/* Nothing is left open by the points: neither distance nor time tells them apart. */
static void many_equals_stand_by_identifier_wherever_looking_stops(void **state)
{
    static const uint32_t bounds[] = {0, EQUALS, 120, 10};
    struct scene *scene = *state;
    struct match_settings settings;

    scene->need.query.now = sample_instant(11, 30, 9);
    put_equals(scene);
    match_settings_default(&settings);
    for (unsigned i = 0; i < 16; i++) {
        settings.opened_most = bounds[i % 4];
        settings.weight[PART_EARLIEST] = i / 4 % 2 == 0 ? 200 : 0;
        scene->need.need.max_distance = i / 8 == 0 ? 25000 : 0;
        match_index_configure(scene->index, &settings);
        assert_first_ten(scene, i % 4 > 1);
    }
}

int main(void)
{
#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SCENE(near_misses_are_counted_alone_and_in_pairs),
        WITH_SCENE(who_is_too_far_is_no_near_miss_of_another_gate),
        WITH_SCENE(without_the_patients_position_distance_is_a_gate_like_any_other),
        WITH_SCENE(of_those_too_far_the_nearest_is_named),
        WITH_SCENE(those_as_near_as_the_nearest_are_counted_and_the_best_is_named),
        WITH_SCENE(who_cannot_be_measured_is_no_near_miss_of_distance),
        WITH_SCENE(distance_with_another_gate_is_said_only_when_nothing_alone_would_do),
        WITH_SCENE(where_distance_is_dropped_nearer_is_still_better),
        WITH_SCENE(no_more_calendars_are_looked_into_than_the_bound_allows),
        WITH_SCENE(while_nobody_has_time_looking_goes_on_past_the_bound),
        WITH_SCENE(who_was_not_looked_into_is_said_to_be_neither_passed_nor_removed),
        WITH_SCENE(time_is_not_asked_of_more_near_misses_than_the_bound_allows),
        WITH_SCENE(the_nearest_is_sought_no_longer_than_the_bound_allows),
        WITH_SCENE(many_equals_stand_by_identifier_wherever_looking_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
