/*
 * The matcher against the oracle, over random worlds: the same people in the same order with the same parts, the same counts at each gate, the same
 * near misses. Then the oracle is told something else than the matcher, and the comparison must notice: it can fail.
 */
#include "property/match_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORLDS = 1200, WORLDS_LIED_ABOUT = 300 };
#define FIRST_SEED 20261130

#include "property/match_tables.h"

/* ---- what holds ---- */

static struct world *filled_world(uint64_t seed)
{
    struct world *world = world_create(&tables, seed);

    world_fill_restlessly(world);
    return world;
}

/* The worlds are worth something: every gate removed somebody, and every kind of answer came up. */
static void assert_all_was_met(const struct met *met)
{
    printf("%u questions: somebody passed in %u, several near misses in %u, bounded %u + %u + %u, distance missed "
           "alone %u\n",
           met->questions, met->passed, met->several_misses, met->bounded_passing, met->bounded_near,
           met->bounded_beyond, met->distance_alone);
    for (unsigned gate = 0; gate < GATE_COUNT; gate++)
        if (met->removed[gate] == 0 || met->only[gate] == 0)
            fail_msg("no world tried the gate %s", match_gate_name((enum match_gate)gate));
    assert_true(met->passed > met->questions / 10 && met->several_misses > met->questions / 20);
    assert_true(met->bounded_passing > 10 && met->bounded_near > 10 && met->bounded_beyond > 10);
    assert_true(met->distance_alone > 10 && met->several_as_near > 3 && met->without_position > 10);
    assert_true(met->distance_and_other[GATE_TIME] > 3 && met->distance_and_other[GATE_PAYER] > 3);
}

static void the_matcher_answers_as_the_oracle(void **state)
{
    struct met met = {0};

    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + WORLDS; seed++) {
        struct world *world = filled_world(seed);

        compare_all_questions(world, seed, "as it came", &met);
        world_churn(world, world_pick(world, 12));
        compare_all_questions(world, seed, "after changes", &met);
        world_destroy(world);
    }
    if (first_seed == FIRST_SEED)
        assert_all_was_met(&met);
}

static void check_slots(struct world *world, const struct world_question *asked, uint64_t seed,
                        uint32_t met[GATE_COUNT + 1])
{
    const struct oracle_question question = {&asked->query, &asked->settings, tables.codes};

    for (size_t i = 0; i < world->count; i++) {
        const struct oracle_therapist *who = &world->therapists[i];
        int64_t from = (asked->query.now / QUARTER_MS + (int64_t)world_pick(world, 1500) - 50) * QUARTER_MS;
        int64_t to = from + ((int64_t)world_pick(world, 10) - 1) * QUARTER_MS;
        bool held = world_pick(world, 2), own_case = world_pick(world, 2);
        enum match_gate expected = oracle_check(&question, who, from, to, held, own_case);
        enum match_gate got = match_check(world->index, &asked->query, who->number, from, to, held, own_case);

        if (expected != got)
            fail_msg("FASCIA_SEED=%" PRIu64 ": %s at %" PRId64 "..%" PRId64 ": %s, but the oracle says %s", seed,
                     who->therapist->identifier, from, to, match_gate_name(got), match_gate_name(expected));
        met[got]++;
    }
}

static void a_check_answers_as_the_oracle(void **state)
{
    uint32_t met[GATE_COUNT + 1] = {0};

    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + WORLDS; seed++) {
        struct world *world = filled_world(seed);

        for (size_t i = 0; i < world->question_count; i++)
            check_slots(world, &world->questions[i], seed, met);
        world_destroy(world);
    }
    assert_true(met[GATE_NONE] > 0 && met[GATE_TIME] > 0 && met[GATE_LICENCE] > 0);
}

static void check_found(struct world *world, const struct world_question *asked, uint64_t seed)
{
    struct match_found found;

    match_find(world->index, &asked->query, &found);
    for (size_t i = 0; i < found.count; i++) {
        const struct match_candidate *candidate = &found.candidates[i];
        int64_t to = candidate->first_free + (int64_t)asked->need->duration_minutes * MINUTE_MS;

        if (match_check(world->index, &asked->query, candidate->therapist, candidate->first_free, to, false, false) !=
            GATE_NONE)
            fail_msg("FASCIA_SEED=%" PRIu64 ": number %u does not pass where it was found", seed, candidate->therapist);
    }
}

static void who_was_found_passes_the_check_at_that_time(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + WORLDS / 2; seed++) {
        struct world *world = filled_world(seed);

        for (size_t i = 0; i < world->question_count; i++)
            check_found(world, &world->questions[i], seed);
        world_destroy(world);
    }
}

static void distance_is_exact_to_the_metre_and_monotone(void **state)
{
    struct world *world = world_create(&tables, 7);
    Fascia__Position from = FASCIA__POSITION__INIT, to = FASCIA__POSITION__INIT;
    uint32_t before = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        long double metres;

        from.latitude = (int32_t)world_pick(world, 180000001) - 90000000;
        from.longitude = (int32_t)world_pick(world, 360000001) - 180000000;
        to.latitude = from.latitude + (int32_t)world_pick(world, 1200000) - 600000;
        to.longitude = from.longitude + (int32_t)world_pick(world, 2400000) - 1200000;
        metres = oracle_metres(&from, &to);
        if (metres < 100000)
            assert_true(fabsl(metres - match_distance(from.latitude, from.longitude, to.latitude, to.longitude)) <
                        0.55L);
    }
    for (int32_t latitude = -90000000; latitude <= 90000000; latitude += 1777) {
        uint32_t metres = match_distance(-90000000, 0, latitude, 77000000);

        assert_true(metres >= before);
        before = metres;
    }
    assert_in_range(before, 20015000, 20015116);
    before = 0;
    /* where one series takes over from the other, by a hundredth of a second of arc */
    for (int32_t latitude = -30100000; latitude <= -29900000; latitude += 3) {
        uint32_t metres = match_distance(-90000000, 0, latitude, 77000000);

        assert_true(metres >= before);
        before = metres;
    }
    world_destroy(world);
}

/* ---- that the comparison notices ---- */

/* Each changes what the oracle is told, after the matcher was told the truth. */
struct lie {
    const char *about;
    void (*tell)(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who);
};

static void lie_accepting(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->not_accepting = !therapist->not_accepting;
}

static void lie_profession(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->profession = "207Q00000X";
}

static void lie_licence(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->n_licences = 0;
}

static void lie_certification(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->n_certifications = 0;
}

static void lie_technique(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->n_techniques = 0;
}

static void lie_condition(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->n_conditions = 0;
}

static void lie_payer(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->n_payers = 0;
}

static void lie_language(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->n_languages = 0;
}

static void lie_gender(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->gender = FASCIA__GENDER__GENDER_UNSPECIFIED;
}

static void lie_mode(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->n_visit_modes = 0;
}

static void lie_place(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    for (size_t i = 0; i < therapist->n_places; i++)
        if (therapist->places[i]->position != NULL)
            therapist->places[i]->position->latitude += therapist->places[i]->position->latitude > 0 ? -30 : 30;
}

static void lie_capacity(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    who->open_cases = therapist->capacity;
}

static void lie_recent(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)therapist;
    who->recent_cases++;
}

static void lie_rating(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)world;
    (void)who;
    therapist->rating_sum++;
}

static void lie_time(struct world *world, Fascia__Therapist *therapist, struct oracle_therapist *who)
{
    (void)therapist;
    who->calendar = world->therapists[0].calendar;
}

static const struct lie lies[] = {
    {"accepting", lie_accepting}, {"profession", lie_profession},
    {"licence", lie_licence},     {"certification", lie_certification},
    {"technique", lie_technique}, {"condition", lie_condition},
    {"payer", lie_payer},         {"language", lie_language},
    {"gender", lie_gender},       {"mode", lie_mode},
    {"place", lie_place},         {"capacity", lie_capacity},
    {"recent cases", lie_recent}, {"rating", lie_rating},
    {"time", lie_time},
};

static bool is_noticed_by_any(struct world *world, void (*tell)(struct world_question *told, unsigned what),
                              unsigned what)
{
    bool noticed = false;

    for (size_t i = 0; i < world->question_count && !noticed; i++) {
        struct world_question told = world->questions[i];
        Fascia__Need need = *told.need;
        struct oracle_answer answer;

        told.need = &need;
        told.query.need = &need;
        if (tell != NULL)
            tell(&told, what);
        noticed = compare_question(world, &world->questions[i], &told, &answer) != NULL;
        oracle_answer_finish(&answer);
    }
    return noticed;
}

static bool is_noticed(const struct lie *lie, uint64_t seed)
{
    struct world *world = filled_world(seed);
    bool noticed;

    for (size_t i = 0; i < world->count; i++)
        lie->tell(world, (Fascia__Therapist *)world->therapists[i].therapist, &world->therapists[i]);
    noticed = is_noticed_by_any(world, NULL, 0);
    world_destroy(world);
    return noticed;
}

static void a_lie_about_therapists_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        uint64_t seed = first_seed;

        while (seed < first_seed + WORLDS_LIED_ABOUT && !is_noticed(&lies[i], seed))
            seed++;
        if (seed == first_seed + WORLDS_LIED_ABOUT)
            fail_msg("nobody noticed a lie about: %s", lies[i].about);
    }
}

static void tell_wrong_weight(struct world_question *told, unsigned part)
{
    told->settings.weight[part]++;
}

static void tell_another_bound(struct world_question *told, unsigned what)
{
    (void)what;
    told->settings.opened_most = 2 + told->settings.opened_most % 3;
}

static void tell_metre_more(struct world_question *told, unsigned what)
{
    (void)what;
    told->need->max_distance++;
}

static void tell_no_position(struct world_question *told, unsigned what)
{
    (void)what;
    told->need->position_known = false;
}

static void tell_longer_visit(struct world_question *told, unsigned what)
{
    (void)what;
    told->need->duration_minutes += 15;
}

static void tell_no_windows(struct world_question *told, unsigned what)
{
    (void)what;
    told->need->n_windows = 0;
}

static void tell_none_declined(struct world_question *told, unsigned what)
{
    (void)what;
    told->query.declined_count = 0;
}

static void tell_nobody_named(struct world_question *told, unsigned what)
{
    (void)what;
    told->need->therapist = "";
}

static void assert_noticed(void (*tell)(struct world_question *told, unsigned what), unsigned what, const char *about)
{
    bool noticed = false;

    for (uint64_t seed = first_seed; seed < first_seed + WORLDS_LIED_ABOUT && !noticed; seed++) {
        struct world *world = filled_world(seed);

        noticed = is_noticed_by_any(world, tell, what);
        world_destroy(world);
    }
    if (!noticed)
        fail_msg("nobody noticed a lie about: %s", about);
}

static void a_weight_that_is_off_by_one_is_noticed(void **state)
{
    (void)state;
    for (unsigned part = 0; part < PART_COUNT; part++)
        assert_noticed(tell_wrong_weight, part, match_part_name((enum match_part)part));
}

static void a_lie_about_the_question_is_noticed(void **state)
{
    (void)state;
    assert_noticed(tell_another_bound, 0, "how many calendars may be looked into");
    assert_noticed(tell_metre_more, 0, "the greatest distance");
    assert_noticed(tell_no_position, 0, "where the patient is");
    assert_noticed(tell_longer_visit, 0, "how long the visit is");
    assert_noticed(tell_no_windows, 0, "the patient's windows");
    assert_noticed(tell_none_declined, 0, "who declined");
    assert_noticed(tell_nobody_named, 0, "the therapist named");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matcher_answers_as_the_oracle),
        cmocka_unit_test(a_check_answers_as_the_oracle),
        cmocka_unit_test(who_was_found_passes_the_check_at_that_time),
        cmocka_unit_test(distance_is_exact_to_the_metre_and_monotone),
        cmocka_unit_test(a_lie_about_therapists_is_noticed),
        cmocka_unit_test(a_weight_that_is_off_by_one_is_noticed),
        cmocka_unit_test(a_lie_about_the_question_is_noticed),
    };
    return cmocka_run_group_tests(tests, open_tables, close_tables);
}
