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
#include <string.h>

/* One therapist, or a few, and one need. */
struct scene {
    struct match_index *index;
    struct sample_therapist people[4];
    struct sample_need need;
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

    match_index_destroy(scene->index);
    for (size_t i = 0; i < 4; i++)
        sample_therapist_finish(&scene->people[i]);
    free(scene);
    sample_finish();
    return 0;
}

static void put(struct scene *scene, size_t person)
{
    sample_put(scene->index, &scene->people[person], scene->need.query.now);
}

static Fascia__Explanation *run(struct scene *scene)
{
    return match_run(scene->index, &scene->need.query);
}

static void forget(Fascia__Explanation *explanation)
{
    fascia__explanation__free_unpacked(explanation, NULL);
}

/* ---- gates ---- */

/* The only therapist fails this gate and no other; relaxation is what the near miss says. */
static void assert_only(struct scene *scene, enum match_gate gate, const char *relaxation)
{
    Fascia__Explanation *explanation;

    put(scene, 0);
    explanation = run(scene);
    assert_int_equal(explanation->considered, 1);
    assert_int_equal(explanation->n_gates, GATE_COUNT);
    for (unsigned each = 0; each < GATE_COUNT; each++) {
        assert_string_equal(explanation->gates[each]->gate, match_gate_name((enum match_gate)each));
        assert_int_equal(explanation->gates[each]->removed, each == gate ? 1 : 0);
        assert_int_equal(explanation->gates[each]->only, each == gate ? 1 : 0);
    }
    assert_int_equal(explanation->passed, gate == GATE_NONE ? 1 : 0);
    assert_int_equal(explanation->n_candidates, gate == GATE_NONE ? 1 : 0);
    assert_int_equal(explanation->n_near_misses, gate == GATE_NONE ? 0 : 1);
    if (gate != GATE_NONE) {
        assert_string_equal(explanation->near_misses[0]->relaxation, relaxation);
        assert_int_equal(explanation->near_misses[0]->n_gates, 1);
        assert_string_equal(explanation->near_misses[0]->nearest, "t1");
    }
    forget(explanation);
    if (gate != GATE_TIME)
        assert_int_equal(match_check(scene->index, &scene->need.query, test_number("t1"), 0, 0, false, false), gate);
}

static void assert_passes(struct scene *scene)
{
    assert_only(scene, GATE_NONE, NULL);
}

static void who_meets_everything_passes(void **state)
{
    assert_passes(*state);
}

static void who_switched_off_is_left_out(void **state)
{
    struct scene *scene = *state;

    scene->people[0].therapist.not_accepting = true;
    assert_only(scene, GATE_ACCEPTING, "1 passes but for having switched themselves off");
}

static void only_the_therapist_named_passes(void **state)
{
    struct scene *scene = *state;

    scene->need.need.therapist = "t1";
    assert_passes(scene);
    scene->need.need.therapist = "t2";
    assert_only(scene, GATE_NAMED, "1 passes but for not being the therapist named");
}

static void who_declined_is_left_out_and_said_to_be(void **state)
{
    const uint32_t declined[] = {test_number("t9"), test_number("t1")};
    struct scene *scene = *state;
    Fascia__Explanation *explanation;

    scene->need.query.declined = declined;
    scene->need.query.declined_count = 2;
    assert_only(scene, GATE_DECLINED, "1 passes but for having declined, or let the offer expire");
    explanation = run(scene);
    assert_int_equal(explanation->n_declined, 2);
    assert_string_equal(explanation->declined[1], "t1");
    forget(explanation);
}

static void a_profession_is_one_that_treats_or_one_asked_for(void **state)
{
    struct scene *scene = *state;

    scene->people[0].therapist.profession = "207Q00000X";
    assert_only(scene, GATE_PROFESSION, "1 passes but for their profession");
    scene->people[0].therapist.profession = "225700000X";
    scene->need.professions[0] = "111N";
    scene->need.need.n_professions = 1;
    assert_only(scene, GATE_PROFESSION, "1 passes but for their profession (asked for: 111N)");
    scene->need.professions[0] = "2257";
    assert_passes(scene);
}

static void a_licence_is_needed_where_the_patient_is(void **state)
{
    struct scene *scene = *state;

    scene->people[0].licence[0].jurisdiction = "US-IN";
    assert_only(scene, GATE_LICENCE, "1 passes but for a licence in US-KY");
    scene->need.need.jurisdiction = "US-WY";
    assert_passes(scene);
    scene->people[0].therapist.n_licences = 0;
    assert_passes(scene);
}

static void a_suspended_or_unreadable_licence_is_none(void **state)
{
    struct scene *scene = *state;

    scene->people[0].licence[0].status = FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_SUSPENDED;
    assert_only(scene, GATE_LICENCE, "1 passes but for a licence in US-KY");
    scene->people[0].licence[0].status = FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_ACTIVE;
    scene->people[0].licence[0].valid_to = "soon";
    assert_only(scene, GATE_LICENCE, "1 passes but for a licence in US-KY");
    scene->people[0].licence[0].valid_to = "2027-12-31";
    assert_passes(scene);
}

static void a_licence_of_another_profession_counts_only_when_that_is_asked_for(void **state)
{
    struct scene *scene = *state;

    scene->people[0].licence[0].profession = "111N00000X";
    assert_only(scene, GATE_LICENCE, "1 passes but for a licence in US-KY");
    scene->need.professions[0] = "2257";
    scene->need.professions[1] = "111N";
    scene->need.need.n_professions = 2;
    assert_passes(scene);
    scene->need.need.n_professions = 0;
    scene->people[0].licence[0].profession = "225700000X";
    assert_passes(scene);
}

static void a_licence_counts_through_its_last_day(void **state)
{
    struct scene *scene = *state;

    scene->people[0].licence[0].valid_to = "2026-11-30";
    assert_passes(scene);
    scene->people[0].licence[0].valid_to = "2026-11-29";
    assert_only(scene, GATE_LICENCE, "1 passes but for a licence in US-KY");
}

static void time_is_found_only_on_days_the_licence_holds(void **state)
{
    struct scene *scene = *state;
    Fascia__Explanation *explanation;

    scene->people[0].licence[0].valid_from = "2026-12-05"; /* a Saturday */
    put(scene, 0);
    explanation = run(scene);
    assert_int_equal(explanation->passed, 1);
    assert_int_equal(explanation->candidates[0]->first_free, sample_instant(12, 7, 9));
    forget(explanation);
    scene->people[0].licence[0].valid_to = "2026-12-06";
    assert_only(scene, GATE_TIME, "1 passes but for a free hour in the next 16 weeks");
}

static void two_licences_end_to_end_are_as_good_as_one(void **state)
{
    struct scene *scene = *state;
    struct sample_therapist *person = &scene->people[0];

    person->licence[0].valid_to = "2026-12-03";
    person->licence[1].jurisdiction = "US-KY";
    person->licence[1].valid_from = "2026-12-04";
    person->therapist.n_licences = 2;
    put(scene, 0);
    for (int day = 1; day <= 4; day++)
        assert_int_equal(match_check(scene->index, &scene->need.query, test_number("t1"), sample_instant(12, day, 9),
                                     sample_instant(12, day, 10), false, false),
                         GATE_NONE);
    person->licence[1].valid_from = "2026-12-05";
    put(scene, 0);
    assert_int_equal(match_check(scene->index, &scene->need.query, test_number("t1"), sample_instant(12, 4, 9),
                                 sample_instant(12, 4, 10), false, false),
                     GATE_LICENCE);
}

static void one_certification_of_each_group_is_needed(void **state)
{
    struct scene *scene = *state;

    sample_add_group(&scene->need, "CLT", "CLT-LANA");
    assert_only(scene, GATE_CERTIFICATION, "1 passes but for a certification CLT or CLT-LANA");
    sample_add_certification(&scene->people[0], "CLT-LANA", "", "");
    assert_passes(scene);
    sample_add_group(&scene->need, "PRENATAL", NULL);
    assert_only(scene, GATE_CERTIFICATION, "1 passes but for a certification CLT or CLT-LANA and PRENATAL");
    sample_add_certification(&scene->people[0], "PRENATAL", "", "");
    assert_passes(scene);
}

static void certifications_must_hold_on_one_and_the_same_day(void **state)
{
    struct scene *scene = *state;

    sample_add_group(&scene->need, "CLT", NULL);
    sample_add_group(&scene->need, "PRENATAL", NULL);
    sample_add_certification(&scene->people[0], "CLT", "", "2026-12-01");
    sample_add_certification(&scene->people[0], "PRENATAL", "2026-12-02", "");
    assert_only(scene, GATE_CERTIFICATION, "1 passes but for a certification CLT and PRENATAL");
    scene->people[0].certification[0].valid_to = "2026-12-02";
    assert_passes(scene);
}

static void a_certification_counts_where_it_is_valid(void **state)
{
    struct scene *scene = *state;

    sample_add_group(&scene->need, "CLT", NULL);
    sample_add_certification(&scene->people[0], "CLT", "", "");
    scene->people[0].certification[0].jurisdiction = "US-IN";
    assert_only(scene, GATE_CERTIFICATION, "1 passes but for a certification CLT");
    scene->people[0].certification[0].jurisdiction = "US-KY";
    assert_passes(scene);
}

static void every_required_technique_and_one_suitable_are_needed(void **state)
{
    struct scene *scene = *state;

    scene->need.suitable[0] = "myofascial-release";
    assert_only(scene, GATE_TECHNIQUE, "1 passes but for offering Myofascial release");
    scene->need.suitable[1] = "deep-tissue";
    scene->need.need.n_techniques_suitable = 2;
    assert_passes(scene);
    scene->need.required[0] = "deep-tissue";
    scene->need.required[1] = "nobody-does-this";
    scene->need.need.n_techniques_required = 2;
    assert_only(scene, GATE_TECHNIQUE,
                "1 passes but for offering Deep tissue massage and nobody-does-this, and Myofascial release or "
                "Deep tissue massage");
    scene->need.need.n_techniques_required = 1;
    assert_passes(scene);
}

static void every_condition_must_be_treated(void **state)
{
    struct scene *scene = *state;

    scene->need.conditions[1] = "neck-pain";
    scene->need.need.n_conditions = 2;
    assert_only(scene, GATE_CONDITION, "1 passes but for treating Back pain and Neck pain");
    scene->people[0].condition[1].condition = "neck-pain";
    scene->people[0].therapist.n_conditions = 2;
    assert_passes(scene);
}

static void a_technique_must_be_left_that_no_caution_rules_out(void **state)
{
    struct scene *scene = *state;

    scene->need.avoided[0] = "deep-tissue";
    scene->need.need.n_techniques_avoided = 1;
    assert_only(scene, GATE_CAUTION, "1 passes but for a technique that no caution rules out");
    scene->people[0].techniques[1] = "myofascial-release"; /* but it was not asked for */
    scene->people[0].therapist.n_techniques = 2;
    assert_only(scene, GATE_CAUTION, "1 passes but for a technique that no caution rules out");
    scene->need.need.n_techniques_suitable = 0;
    assert_passes(scene);
    scene->people[0].therapist.n_techniques = 1;
    assert_only(scene, GATE_CAUTION, "1 passes but for a technique that no caution rules out");
}

static void a_payer_matches_in_any_case(void **state)
{
    struct scene *scene = *state;

    scene->people[0].payers[0] = "bAv";
    assert_passes(scene);
    scene->need.payers[0] = "AETNA";
    assert_only(scene, GATE_PAYER, "1 passes but for accepting the payer AETNA");
    scene->need.need.n_payers = 0;
    assert_passes(scene);
}

static void one_language_in_common_is_enough(void **state)
{
    struct scene *scene = *state;

    scene->need.languages[0] = "es";
    scene->need.need.n_languages = 1;
    assert_only(scene, GATE_LANGUAGE, "1 passes but for speaking es");
    scene->need.languages[1] = "en";
    scene->need.need.n_languages = 2;
    assert_passes(scene);
}

static void gender_counts_when_it_is_asked_for(void **state)
{
    struct scene *scene = *state;

    scene->need.need.therapist_gender = FASCIA__GENDER__GENDER_MALE;
    assert_only(scene, GATE_GENDER, "1 passes but for the gender asked for");
    scene->need.need.therapist_gender = FASCIA__GENDER__GENDER_FEMALE;
    assert_passes(scene);
}

static void offer_modes(struct scene *scene, Fascia__VisitMode first, Fascia__VisitMode second)
{
    scene->people[0].modes[0] = first;
    scene->people[0].modes[1] = second;
    scene->people[0].therapist.n_visit_modes = 2;
}

static void no_visit_mode_means_clinic_only(void **state)
{
    struct scene *scene = *state;

    scene->need.need.visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_CLINIC;
    assert_passes(scene);
    scene->need.need.visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_HOME;
    assert_only(scene, GATE_MODE, "1 passes but for offering home visits");
    offer_modes(scene, FASCIA__VISIT_MODE__VISIT_MODE_HOME, FASCIA__VISIT_MODE__VISIT_MODE_REMOTE);
    assert_passes(scene);
}

static void the_nearest_clinic_counts(void **state)
{
    struct scene *scene = *state;
    struct sample_therapist *person = &scene->people[0];
    Fascia__Explanation *explanation;

    person->position[0].latitude += 1000000;
    assert_only(scene, GATE_DISTANCE, "1 passes but for distance: the nearest is 112 km away (limit 25 km)");
    person->position[1] = scene->need.position;
    person->position[1].latitude += 50000;
    person->therapist.n_places = 2;
    put(scene, 0);
    explanation = run(scene);
    assert_int_equal(explanation->candidates[0]->place, 1);
    assert_int_equal(explanation->candidates[0]->distance, 5560);
    assert_string_equal(explanation->candidates[0]->parts[PART_DISTANCE]->because, "5.5 km");
    assert_int_equal(explanation->candidates[0]->parts[PART_DISTANCE]->points, 300 * (25000 - 5560) / 25000);
    forget(explanation);
}

static void a_home_visit_starts_at_the_first_place_and_ends_at_the_therapists_radius(void **state)
{
    struct scene *scene = *state;
    struct sample_therapist *person = &scene->people[0];

    offer_modes(scene, FASCIA__VISIT_MODE__VISIT_MODE_HOME, FASCIA__VISIT_MODE__VISIT_MODE_HOME);
    scene->need.need.visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_HOME;
    person->position[0].latitude += 50000;
    person->therapist.home_radius = 5560;
    assert_passes(scene);
    person->therapist.home_radius = 5559;
    assert_only(scene, GATE_DISTANCE,
                "1 passes but for distance: the nearest is 5.6 km away (their home visits go no further than 5.5 km)");
    person->position[1] = scene->need.position; /* a clinic next door is no base */
    person->therapist.n_places = 2;
    assert_only(scene, GATE_DISTANCE,
                "1 passes but for distance: the nearest is 5.6 km away (their home visits go no further than 5.5 km)");
}

static void distance_does_not_count_by_video(void **state)
{
    struct scene *scene = *state;

    offer_modes(scene, FASCIA__VISIT_MODE__VISIT_MODE_CLINIC, FASCIA__VISIT_MODE__VISIT_MODE_REMOTE);
    scene->need.need.position_known = false;
    assert_passes(scene);
    scene->need.need.visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    assert_passes(scene);
    scene->need.need.visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_CLINIC;
    assert_only(scene, GATE_DISTANCE, "1 passes but for distance: where the patient is is not known");
}

static void a_full_caseload_is_left_out(void **state)
{
    struct scene *scene = *state;

    put(scene, 0);
    match_index_set_load(scene->index, test_number("t1"), 4, 0);
    match_index_set_load(scene->index, MATCH_NOBODY, 4, 0);
    assert_only(scene, GATE_CAPACITY, "1 passes but for having no room for another case");
    assert_int_equal(match_check(scene->index, &scene->need.query, test_number("t1"), 0, 0, false, true), GATE_NONE);
    match_index_set_load(scene->index, test_number("t1"), 5, 0);
    assert_int_equal(match_check(scene->index, &scene->need.query, test_number("t1"), 0, 0, false, true),
                     GATE_CAPACITY);
    match_index_set_load(scene->index, test_number("t1"), 3, 0);
    assert_passes(scene);
}

static void free_time_lies_in_windows_and_dates(void **state)
{
    struct scene *scene = *state;
    Fascia__Explanation *explanation;

    scene->need.need.not_after = "2026-12-03";
    scene->need.window[0].weekdays = 1 << 3; /* Thursdays */
    scene->need.window[0].from_minute = 15 * 60 + 20;
    scene->need.window[0].to_minute = 24 * 60;
    scene->need.need.n_windows = 1;
    put(scene, 0);
    explanation = run(scene);
    assert_int_equal(explanation->candidates[0]->first_free, sample_instant(12, 3, 15) + 30 * MINUTE_MS);
    forget(explanation);
    scene->need.need.not_after = "2026-12-02";
    assert_only(scene, GATE_TIME,
                "1 passes but for a free hour in the patient's windows by 2026-12-02 (the first is "
                "Mon 2026-11-30 09:00, outside the windows)");
    scene->need.need.not_after = "";
    scene->need.need.duration_minutes = 105;
    assert_only(scene, GATE_TIME,
                "1 passes but for 105 free minutes in the patient's windows in the next 16 weeks (the "
                "first is Mon 2026-11-30 09:00, outside the windows)");
}

static void what_is_taken_is_not_free(void **state)
{
    struct scene *scene = *state;
    Fascia__Explanation *explanation;

    put(scene, 0);
    assert_true(calendar_take(scene->people[0].calendar, sample_instant(11, 30, 9), sample_instant(11, 30, 12), false));
    explanation = run(scene);
    assert_int_equal(explanation->candidates[0]->first_free, sample_instant(11, 30, 12));
    forget(explanation);
    assert_int_equal(match_check(scene->index, &scene->need.query, test_number("t1"), sample_instant(11, 30, 9),
                                 sample_instant(11, 30, 10), false, false),
                     GATE_TIME);
    assert_int_equal(match_check(scene->index, &scene->need.query, test_number("t1"), sample_instant(11, 30, 9),
                                 sample_instant(11, 30, 10), true, false),
                     GATE_NONE);
}

static void a_check_looks_at_the_days_of_its_own_slot(void **state)
{
    struct scene *scene = *state;
    const struct match_query *query = &scene->need.query;

    scene->people[0].licence[0].valid_to = "2026-12-03";
    put(scene, 0);
    assert_int_equal(match_check(scene->index, query, test_number("t1"), sample_instant(12, 3, 9),
                                 sample_instant(12, 3, 10), false, false),
                     GATE_NONE);
    assert_int_equal(match_check(scene->index, query, test_number("t1"), sample_instant(12, 4, 9),
                                 sample_instant(12, 4, 10), false, false),
                     GATE_LICENCE);
    assert_int_equal(match_check(scene->index, query, test_number("t1"), sample_instant(12, 3, 10),
                                 sample_instant(12, 3, 9), false, false),
                     GATE_TIME);
    assert_int_equal(match_check(scene->index, query, MATCH_NOBODY, 0, 0, false, false), GATE_ACCEPTING);
}

/* ---- scores and order ---- */

static void equals_stand_by_identifier_and_the_limit_holds(void **state)
{
    struct scene *scene = *state;
    Fascia__Explanation *explanation;

    put(scene, 2);
    put(scene, 0);
    put(scene, 3);
    put(scene, 1);
    scene->need.query.limit = 3;
    explanation = run(scene);
    assert_int_equal(explanation->passed, 4);
    assert_int_equal(explanation->n_candidates, 3);
    assert_string_equal(explanation->candidates[0]->therapist, "t1");
    assert_string_equal(explanation->candidates[1]->therapist, "t2");
    assert_string_equal(explanation->candidates[2]->therapist, "t3");
    forget(explanation);
}

static const Fascia__ScorePart *part_of(const Fascia__Explanation *explanation, enum match_part part)
{
    assert_true(explanation->n_candidates > 0);
    assert_int_equal(explanation->candidates[0]->n_parts, PART_COUNT);
    assert_string_equal(explanation->candidates[0]->parts[part]->name, match_part_name(part));
    return explanation->candidates[0]->parts[part];
}

static void assert_part(struct scene *scene, enum match_part part, int32_t points, const char *because)
{
    Fascia__Explanation *explanation = run(scene);

    assert_int_equal(part_of(explanation, part)->points, points);
    assert_string_equal(part_of(explanation, part)->because, because);
    forget(explanation);
}

static void each_part_earns_its_weight_at_its_best(void **state)
{
    const uint32_t treated[] = {test_number("t1")};
    struct scene *scene = *state;
    struct sample_therapist *person = &scene->people[0];
    Fascia__Explanation *explanation;

    person->condition[0].cases = 70;
    person->therapist.rating_count = 1000000;
    person->therapist.rating_sum = 100000000;
    scene->need.query.treated_by = treated;
    scene->need.query.treated_by_count = 1;
    scene->need.query.now = sample_instant(11, 30, 9);
    put(scene, 0);
    explanation = run(scene);
    assert_int_equal(explanation->candidates[0]->score, 300 + 200 + 149 + 200 + 100 + 50);
    forget(explanation);
    assert_part(scene, PART_DISTANCE, 300, "0 m");
    assert_part(scene, PART_EXPERIENCE, 200, "70 cases");
    assert_part(scene, PART_REVIEWS, 149, "1000000 reviews, taken as 99 of 100");
    assert_part(scene, PART_EARLIEST, 200, "free at 2026-11-30T09:00:00-05:00");
    assert_part(scene, PART_CONTINUITY, 100, "treated this patient before");
    assert_part(scene, PART_LOAD, 50, "0 recent cases beside a capacity of 4");
}

static void parts_fall_with_what_they_measure(void **state)
{
    struct scene *scene = *state;
    struct sample_therapist *person = &scene->people[0];

    person->condition[0].cases = 1;
    person->therapist.rating_count = 10;
    person->therapist.rating_sum = 1000;
    put(scene, 0);
    match_index_set_load(scene->index, test_number("t1"), 0, 12);
    assert_part(scene, PART_EXPERIENCE, 4, "1 case");
    assert_part(scene, PART_REVIEWS, 135, "10 reviews, taken as 90 of 100");
    /* nine hours of 28 days */
    assert_part(scene, PART_EARLIEST, 200 * (28 * 24 - 9) / (28 * 24), "free at 2026-11-30T09:00:00-05:00");
    assert_part(scene, PART_CONTINUITY, 0, "has not treated this patient before");
    assert_part(scene, PART_LOAD, 12, "12 recent cases beside a capacity of 4");
}

static void experience_is_that_of_the_condition_treated_least(void **state)
{
    struct scene *scene = *state;
    struct sample_therapist *person = &scene->people[0];

    person->condition[1].condition = "neck-pain";
    person->condition[1].cases = 5;
    person->condition[2].condition = "neck-pain"; /* twice: the larger number counts */
    person->condition[2].cases = 25;
    person->condition[0].cases = 40;
    person->therapist.n_conditions = 3;
    scene->need.conditions[1] = "neck-pain";
    scene->need.need.n_conditions = 2;
    put(scene, 0);
    assert_part(scene, PART_EXPERIENCE, 100, "25 cases of the condition treated least");
    scene->need.need.n_conditions = 0;
    assert_part(scene, PART_EXPERIENCE, 0, "no condition named");
}

static void a_few_reviews_weigh_less_than_many(void **state)
{
    struct scene *scene = *state;

    scene->people[0].therapist.rating_count = 1;
    scene->people[0].therapist.rating_sum = 100;
    scene->people[1].therapist.rating_count = 200;
    scene->people[1].therapist.rating_sum = 200 * 95;
    put(scene, 0);
    put(scene, 1);
    assert_part(scene, PART_REVIEWS, 141, "200 reviews, taken as 94 of 100");
}

static void a_weight_of_zero_switches_its_part_off(void **state)
{
    struct scene *scene = *state;
    struct match_settings settings;

    match_settings_default(&settings);
    settings.weight[PART_DISTANCE] = 0;
    match_index_configure(scene->index, &settings);
    put(scene, 0);
    assert_part(scene, PART_DISTANCE, 0, "0 m");
    settings.weight[PART_DISTANCE] = 7;
    match_index_configure(scene->index, &settings);
    assert_part(scene, PART_DISTANCE, 7, "0 m");
}

static void an_empty_directory_is_explained(void **state)
{
    struct scene *scene = *state;
    Fascia__Explanation *explanation = run(scene);

    assert_int_equal(explanation->considered, 0);
    assert_int_equal(explanation->passed, 0);
    assert_int_equal(explanation->n_near_misses, 0);
    assert_int_equal(explanation->n_gates, GATE_COUNT);
    assert_string_equal(explanation->need->jurisdiction, "US-KY");
    assert_int_equal(explanation->at, scene->need.query.now);
    forget(explanation);
}

/* ---- the index ---- */

static void replacing_keeps_the_load_and_drops_the_rest(void **state)
{
    struct scene *scene = *state;
    Fascia__Explanation *explanation;

    put(scene, 0);
    match_index_set_load(scene->index, test_number("t1"), 3, 9);
    scene->people[0].payers[0] = "OTHER";
    put(scene, 0);
    assert_int_equal(match_index_count(scene->index), 1);
    assert_only(scene, GATE_PAYER, "1 passes but for accepting the payer bav");
    scene->people[0].therapist.capacity = 3;
    put(scene, 0);
    explanation = run(scene);
    assert_int_equal(explanation->gates[GATE_PAYER]->removed, 1);
    assert_int_equal(explanation->gates[GATE_CAPACITY]->only, 0);
    forget(explanation);
}

static void many_come_and_go(void **state)
{
    enum { PEOPLE = 1000 };
    struct scene *scene = *state;
    char identifier[16];
    Fascia__Explanation *explanation;

    sample_put(scene->index, &scene->people[0], scene->need.query.now);
    for (int number = 0; number < PEOPLE; number++) {
        snprintf(identifier, sizeof identifier, "p%04d", number);
        scene->people[1].therapist.identifier = identifier;
        match_index_put(scene->index, test_number(identifier), &scene->people[1].therapist, scene->people[0].calendar);
    }
    assert_int_equal(match_index_count(scene->index), PEOPLE + 1);
    for (int number = 0; number < PEOPLE; number += 2) {
        snprintf(identifier, sizeof identifier, "p%04d", number);
        match_index_remove(scene->index, test_number(identifier));
        match_index_remove(scene->index, test_number(identifier));
    }
    explanation = run(scene);
    assert_int_equal(explanation->considered, PEOPLE / 2 + 1);
    assert_int_equal(explanation->passed, PEOPLE / 2 + 1);
    assert_string_equal(explanation->candidates[0]->therapist, "p0001");
    forget(explanation);
}

/* ---- distance ---- */

static void distance_has_no_seam_at_poles_or_date_line(void **state)
{
    (void)state;
    assert_int_equal(match_distance(90000000, 12000000, 90000000, -170000000), 0);
    assert_int_equal(match_distance(-90000000, 0, -90000000, 180000000), 0);
    assert_int_equal(match_distance(10000000, 180000000, 10000000, -180000000), 0);
    assert_int_equal(match_distance(0, 179900000, 0, -179900000), 22239);
    assert_int_equal(match_distance(89900000, 0, 89900000, 180000000), 22239);
    assert_int_equal(match_distance(0, 0, 0, 1), 0);
    assert_int_equal(match_distance(0, 0, 0, 5), 1);
}

int main(void)
{
#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SCENE(who_meets_everything_passes),
        WITH_SCENE(who_switched_off_is_left_out),
        WITH_SCENE(only_the_therapist_named_passes),
        WITH_SCENE(who_declined_is_left_out_and_said_to_be),
        WITH_SCENE(a_profession_is_one_that_treats_or_one_asked_for),
        WITH_SCENE(a_licence_is_needed_where_the_patient_is),
        WITH_SCENE(a_suspended_or_unreadable_licence_is_none),
        WITH_SCENE(a_licence_of_another_profession_counts_only_when_that_is_asked_for),
        WITH_SCENE(a_licence_counts_through_its_last_day),
        WITH_SCENE(time_is_found_only_on_days_the_licence_holds),
        WITH_SCENE(two_licences_end_to_end_are_as_good_as_one),
        WITH_SCENE(one_certification_of_each_group_is_needed),
        WITH_SCENE(certifications_must_hold_on_one_and_the_same_day),
        WITH_SCENE(a_certification_counts_where_it_is_valid),
        WITH_SCENE(every_required_technique_and_one_suitable_are_needed),
        WITH_SCENE(every_condition_must_be_treated),
        WITH_SCENE(a_technique_must_be_left_that_no_caution_rules_out),
        WITH_SCENE(a_payer_matches_in_any_case),
        WITH_SCENE(one_language_in_common_is_enough),
        WITH_SCENE(gender_counts_when_it_is_asked_for),
        WITH_SCENE(no_visit_mode_means_clinic_only),
        WITH_SCENE(the_nearest_clinic_counts),
        WITH_SCENE(a_home_visit_starts_at_the_first_place_and_ends_at_the_therapists_radius),
        WITH_SCENE(distance_does_not_count_by_video),
        WITH_SCENE(a_full_caseload_is_left_out),
        WITH_SCENE(free_time_lies_in_windows_and_dates),
        WITH_SCENE(what_is_taken_is_not_free),
        WITH_SCENE(a_check_looks_at_the_days_of_its_own_slot),
        WITH_SCENE(equals_stand_by_identifier_and_the_limit_holds),
        WITH_SCENE(each_part_earns_its_weight_at_its_best),
        WITH_SCENE(parts_fall_with_what_they_measure),
        WITH_SCENE(experience_is_that_of_the_condition_treated_least),
        WITH_SCENE(a_few_reviews_weigh_less_than_many),
        WITH_SCENE(a_weight_of_zero_switches_its_part_off),
        WITH_SCENE(an_empty_directory_is_explained),
        WITH_SCENE(replacing_keeps_the_load_and_drops_the_rest),
        WITH_SCENE(many_come_and_go),
        cmocka_unit_test(distance_has_no_seam_at_poles_or_date_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
