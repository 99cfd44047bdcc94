#include "clinic.h"
#include "core/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static struct clinic clinic;

static struct screening look(const Fascia__Referral *referral)
{
    struct screening screening;
    struct screen_input input = {.referral = referral,
                                 .codes = clinic.codes,
                                 .zones = &clinic.zones,
                                 .settings = &clinic.settings,
                                 .now = CLINIC_NOW};

    screen_referral(&input, &screening);
    return screening;
}

static bool holds(const struct screening *screening)
{
    return screen_holds(screening->screened->problems, screening->screened->n_problems);
}

static const Fascia__Problem *problem_of(const struct screening *screening, const char *field)
{
    for (size_t i = 0; i < screening->screened->n_problems; i++)
        if (strcmp(screening->screened->problems[i]->field, field) == 0)
            return screening->screened->problems[i];
    return NULL;
}

static void end(struct screening *screening, Fascia__Referral *referral)
{
    fascia__screened__free_unpacked(screening->screened, NULL);
    fascia__referral__free_unpacked(referral, NULL);
}

static bool has(char *const *list, size_t count, const char *text)
{
    return message_has_text(list, count, text);
}

/* Screens the referral and expects it to be held for one field. */
static void expect_hold(Fascia__Referral *referral, const char *field, Fascia__Problem__Kind kind)
{
    struct screening screening = look(referral);
    const Fascia__Problem *problem = problem_of(&screening, field);

    assert_false(screening.refused);
    assert_non_null(problem);
    assert_int_equal(problem->severity, FASCIA__PROBLEM__SEVERITY__ERROR);
    assert_int_equal(problem->kind, kind);
    assert_true(strlen(problem->message) > 20);
    assert_true(holds(&screening));
    end(&screening, referral);
}

static void expect_refusal(Fascia__Referral *referral, const char *field)
{
    struct screening screening = look(referral);

    assert_true(screening.refused);
    assert_non_null(problem_of(&screening, field));
    end(&screening, referral);
}

static void a_plain_referral_says_what_it_needs(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening = look(referral);
    const Fascia__Need *need = screening.screened->need;

    (void)state;
    assert_false(screening.refused);
    assert_int_equal(screening.screened->n_problems, 0);
    assert_int_equal(need->n_conditions, 1);
    assert_string_equal(need->conditions[0], "back-pain");
    assert_int_equal(need->n_techniques_required, 0);
    assert_true(has(need->techniques_suitable, need->n_techniques_suitable, "deep-tissue"));
    assert_string_equal(need->jurisdiction, "US-KY");
    assert_true(need->position_known);
    assert_true(need->position->latitude > 38000000 && need->position->latitude < 38500000);
    assert_int_equal(need->max_distance, clinic.settings.default_max_distance);
    assert_int_equal(need->duration_minutes, 60);
    assert_string_equal(need->not_before, "2026-11-23");
    assert_string_equal(need->not_after, "");
    assert_string_equal(need->time_zone, "America/New_York");
    assert_int_equal(need->priority, FASCIA__PRIORITY__PRIORITY_ROUTINE);
    end(&screening, referral);
}

static void an_unknown_role_of_the_referrer_is_refused_by_name(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;

    (void)state;
    referral->referrer->role = FASCIA__ROLE__ROLE_UNSPECIFIED;
    screening = look(referral);
    assert_true(screening.refused);
    assert_non_null(
        strstr(problem_of(&screening, "referrer.role")->message, "physician, chiropractor or physiotherapist"));
    end(&screening, referral);
}

static void the_role_may_come_from_the_taxonomy(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;

    (void)state;
    referral->referrer->role = FASCIA__ROLE__ROLE_UNSPECIFIED;
    message_set(&referral->referrer->taxonomy, "111N00000X");
    screening = look(referral);
    assert_false(screening.refused);
    end(&screening, referral);
}

static void expect_npi(const char *value, const char *system, const char *type, bool doubtful)
{
    Fascia__Referral *referral = clinic_referral("N1");
    Fascia__Identifier *identifier = memory_allocate(1, sizeof *identifier);
    struct screening screening;
    const Fascia__Problem *problem = NULL;

    fascia__identifier__init(identifier);
    message_set(&identifier->value, value);
    message_set(&identifier->system, system);
    message_set(&identifier->type, type);
    message_push(&referral->referrer->identifiers, &referral->referrer->n_identifiers, identifier);
    screening = look(referral);
    problem = problem_of(&screening, "referrer.identifiers");
    assert_int_equal(problem != NULL, doubtful);
    if (problem != NULL) {
        assert_int_equal(problem->severity, FASCIA__PROBLEM__SEVERITY__WARNING);
        assert_null(strstr(problem->message, value)); /* it stands in the referral */
    }
    assert_false(screening.refused);
    assert_false(holds(&screening));
    end(&screening, referral);
}

static void an_npi_whose_check_digit_is_wrong_is_a_warning(void **state)
{
    (void)state;
    expect_npi("1234567893", "", "NPI", false);
    expect_npi("1234567890", "", "NPI", true);
    expect_npi("1234567890", "2.16.840.1.113883.4.6", "", true);
    expect_npi("1234567890", "http://hl7.org/fhir/sid/us-npi", "", true);
    expect_npi("12345", "NPI", "", true);
    expect_npi("1234567890", "KY", "SL", false); /* another number */
}

static void a_patient_without_name_and_identifier_is_refused(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");

    (void)state;
    message_clear(&referral->patient->family_name);
    message_clear(&referral->patient->given_name);
    expect_refusal(referral, "patient");
}

static void a_referral_that_asks_for_nothing_known_is_refused_with_each_code(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;
    size_t unknown = 0;

    (void)state;
    message_set(&referral->conditions[0]->code, "Q99.9");
    clinic_add_condition(referral, "Z00.00");
    message_set(&referral->procedures[0]->code, "99999");
    screening = look(referral);
    assert_true(screening.refused);
    assert_non_null(strstr(problem_of(&screening, "procedures")->message, "massage or manual therapy"));
    for (size_t i = 0; i < screening.screened->n_problems; i++) {
        const Fascia__Problem *problem = screening.screened->problems[i];

        unknown += problem->kind == FASCIA__PROBLEM__KIND__UNKNOWN_CODE;
        assert_null(strstr(problem->message, "Q99.9"));
    }
    assert_int_equal(unknown, 3);
    end(&screening, referral);
}

static void a_general_request_for_an_unknown_condition_is_held(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");

    (void)state;
    message_set(&referral->conditions[0]->code, "Q99.9");
    expect_hold(referral, "conditions", FASCIA__PROBLEM__KIND__UNKNOWN_CODE);
}

static void a_named_technique_needs_no_condition(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;

    (void)state;
    message_set(&referral->conditions[0]->code, "Q99.9");
    clinic_add_procedure(referral, "", "", "myofascial release");
    screening = look(referral);
    assert_false(holds(&screening));
    assert_int_equal(screening.screened->need->n_conditions, 0);
    assert_true(has(screening.screened->need->techniques_required, screening.screened->need->n_techniques_required,
                    "myofascial-release"));
    assert_int_equal(problem_of(&screening, "conditions")->severity, FASCIA__PROBLEM__SEVERITY__WARNING);
    end(&screening, referral);
}

static void an_unknown_technique_beside_a_known_one_is_a_warning(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;

    (void)state;
    clinic_add_procedure(referral, "local:x", "QQ", "");
    screening = look(referral);
    assert_false(holds(&screening));
    assert_string_equal(problem_of(&screening, "procedures")->location, "PR1[2]-3");
    end(&screening, referral);
}

static void an_unknown_technique_alone_is_held(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");

    (void)state;
    message_set(&referral->procedures[0]->code, "99999");
    expect_hold(referral, "procedures", FASCIA__PROBLEM__KIND__UNKNOWN_CODE);
}

static void a_withdrawn_code_is_taken_with_a_warning(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;

    (void)state;
    message_set(&referral->conditions[0]->code, "M54.5");
    screening = look(referral);
    assert_false(holds(&screening));
    assert_string_equal(screening.screened->need->conditions[0], "back-pain");
    assert_int_equal(problem_of(&screening, "conditions")->severity, FASCIA__PROBLEM__SEVERITY__WARNING);
    end(&screening, referral);
}

static void lymphatic_drainage_asks_for_its_certification(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;
    const Fascia__Need *need;

    (void)state;
    message_set(&referral->conditions[0]->code, "I89.0");
    clinic_add_procedure(referral, "", "", "manual lymphatic drainage");
    screening = look(referral);
    need = screening.screened->need;
    assert_int_equal(need->n_certifications, 1);
    assert_true(has(need->certifications[0]->any_of, need->certifications[0]->n_any_of, "CLT"));
    assert_string_equal(need->certifications[0]->because, "technique manual-lymphatic-drainage");
    end(&screening, referral);
}

static void a_missing_postal_code_holds_unless_the_visit_is_remote(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;

    (void)state;
    message_clear(&referral->patient->address->postal_code);
    referral->preferences->visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    screening = look(referral);
    assert_false(holds(&screening));
    end(&screening, referral);
    referral = clinic_referral("A1");
    message_clear(&referral->patient->address->postal_code);
    expect_hold(referral, "patient.address.postal_code", FASCIA__PROBLEM__KIND__MISSING);
}

static void a_position_serves_instead_of_a_postal_code(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;

    (void)state;
    message_clear(&referral->patient->address->postal_code);
    referral->patient->position = CLINIC_NEW(Fascia__Position, position);
    referral->patient->position->latitude = 38200000;
    referral->patient->position->longitude = -85700000;
    screening = look(referral);
    assert_false(holds(&screening));
    assert_int_equal(screening.screened->need->position->latitude, 38200000);
    end(&screening, referral);
}

static void an_unknown_state_holds(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");

    (void)state;
    message_set(&referral->patient->address->state, "ZZ");
    expect_hold(referral, "patient.address.state", FASCIA__PROBLEM__KIND__UNKNOWN_CODE);
}

static void a_missing_payer_holds_only_where_one_is_required(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening = look(referral);

    (void)state;
    assert_false(holds(&screening));
    fascia__screened__free_unpacked(screening.screened, NULL);
    clinic.settings.payer_required = true;
    expect_hold(referral, "coverages.payer", FASCIA__PROBLEM__KIND__MISSING);
    clinic.settings.payer_required = false;
}

static void payers_and_languages_come_in_one_case(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    Fascia__Coverage *coverage = CLINIC_NEW(Fascia__Coverage, coverage);
    struct screening screening;

    (void)state;
    message_set(&coverage->payer, "  bav ");
    message_push(&referral->coverages, &referral->n_coverages, coverage);
    message_push_text(&referral->preferences->languages, &referral->preferences->n_languages, "ES");
    screening = look(referral);
    assert_string_equal(screening.screened->need->payers[0], "BAV");
    assert_string_equal(screening.screened->need->languages[0], "es");
    end(&screening, referral);
}

static Fascia__Referral *authorised(const char *from, const char *to)
{
    Fascia__Referral *referral = clinic_referral("A1");

    referral->authorization = CLINIC_NEW(Fascia__Authorization, authorization);
    message_set(&referral->authorization->valid_from, from);
    message_set(&referral->authorization->valid_to, to);
    return referral;
}

static void an_expired_authorization_holds(void **state)
{
    (void)state;
    expect_hold(authorised("2026-01-01", "2026-11-22"), "authorization.valid_to", FASCIA__PROBLEM__KIND__BAD_TYPE);
}

static void an_authorization_bounds_the_dates(void **state)
{
    Fascia__Referral *referral = authorised("2026-12-01", "2026-12-24");
    struct screening screening;

    (void)state;
    message_set(&referral->preferences->not_after, "2027-02-01");
    screening = look(referral);
    assert_false(holds(&screening));
    assert_string_equal(screening.screened->need->not_before, "2026-12-01");
    assert_string_equal(screening.screened->need->not_after, "2026-12-24");
    end(&screening, referral);
}

static void dates_that_contradict_hold(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");

    (void)state;
    message_set(&referral->preferences->not_before, "2026-12-10");
    message_set(&referral->preferences->not_after, "2026-12-01");
    expect_hold(referral, "preferences.not_after", FASCIA__PROBLEM__KIND__BAD_TYPE);
    expect_hold(authorised("2026-12-24", "2026-12-01"), "authorization.valid_to", FASCIA__PROBLEM__KIND__BAD_TYPE);
}

static void a_date_that_does_not_exist_holds(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");

    (void)state;
    message_set(&referral->preferences->not_before, "2027-02-29");
    expect_hold(referral, "preferences.not_before", FASCIA__PROBLEM__KIND__BAD_TYPE);
}

static void a_red_flag_in_a_code_stops_matching(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");

    (void)state;
    clinic_add_condition(referral, "I82.401");
    expect_hold(referral, "flags.suspected-dvt", FASCIA__PROBLEM__KIND__RED_FLAG);
}

static void a_red_flag_in_a_note_stops_matching(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;
    const Fascia__Problem *problem;

    (void)state;
    clinic_add_note(referral, "Low back pain since May; now saddle numbness as well.");
    screening = look(referral);
    problem = problem_of(&screening, "flags.cauda-equina");
    assert_non_null(problem);
    assert_string_equal(problem->location, "NTE[1]-3");
    assert_string_equal(screen_flag_of(problem), "cauda-equina");
    assert_true(holds(&screening));
    end(&screening, referral);
}

static void a_cleared_flag_no_longer_holds(void **state)
{
    static const char *const cleared[] = {"suspected-dvt"};
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;
    struct screen_input input = {.referral = referral,
                                 .codes = clinic.codes,
                                 .zones = &clinic.zones,
                                 .settings = &clinic.settings,
                                 .now = CLINIC_NOW,
                                 .cleared = cleared,
                                 .cleared_count = 1};

    (void)state;
    clinic_add_condition(referral, "I82.401");
    screen_referral(&input, &screening);
    assert_false(holds(&screening));
    end(&screening, referral);
}

static void a_rule_about_age_goes_by_the_birth_date(void **state)
{
    Fascia__Referral *young = clinic_referral("A1"), *old = clinic_referral("A2");
    struct screening screening;

    (void)state;
    clinic_add_condition(young, "G44.52");
    message_set(&young->patient->birth_date, "1996-11-24");
    screening = look(young);
    assert_null(problem_of(&screening, "flags.new-headache"));
    end(&screening, young);
    clinic_add_condition(old, "G44.52");
    message_set(&old->patient->birth_date, "1950");
    expect_hold(old, "flags.new-headache", FASCIA__PROBLEM__KIND__RED_FLAG);
}

static void a_caution_leaves_away_a_suggested_technique(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;
    const Fascia__Need *need;

    (void)state;
    clinic_add_condition(referral, "Z79.01");
    screening = look(referral);
    need = screening.screened->need;
    assert_false(holds(&screening));
    assert_false(has(need->techniques_suitable, need->n_techniques_suitable, "deep-tissue"));
    assert_true(has(need->techniques_suitable, need->n_techniques_suitable, "medical-massage"));
    assert_true(has(need->techniques_avoided, need->n_techniques_avoided, "deep-tissue"));
    end(&screening, referral);
}

static void what_is_to_be_avoided_stays_away_when_the_flag_is_cleared(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");
    struct screening screening;
    const Fascia__Need *need;

    (void)state;
    clinic_add_note(referral, "The patient is pregnant.");
    screening = look(referral);
    need = screening.screened->need;
    assert_non_null(problem_of(&screening, "flags.pregnancy"));
    assert_false(has(need->techniques_suitable, need->n_techniques_suitable, "deep-tissue"));
    assert_true(has(need->techniques_suitable, need->n_techniques_suitable, "medical-massage"));
    end(&screening, referral);
}

static void a_caution_against_a_named_technique_holds(void **state)
{
    Fascia__Referral *referral = clinic_referral("A1");

    (void)state;
    clinic_add_condition(referral, "Z79.01");
    clinic_add_procedure(referral, "", "", "deep tissue massage");
    expect_hold(referral, "flags.anticoagulants", FASCIA__PROBLEM__KIND__RED_FLAG);
}

static void a_birth_date_that_is_none_holds_and_part_of_one_does_not(void **state)
{
    static const char *const wrong[] = {"1971-13-09", "1971-02-30", "1971-13", "71", "unknown", "09.12.1971", "2999"};
    static const char *const right[] = {"1971-12-09", "1971-12", "1971", ""};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        Fascia__Referral *referral = clinic_referral("R1");
        message_set(&referral->patient->birth_date, wrong[i]);
        expect_hold(referral, "patient.birth_date", FASCIA__PROBLEM__KIND__BAD_TYPE);
    }
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        Fascia__Referral *referral = clinic_referral("R1");
        struct screening screening;
        message_set(&referral->patient->birth_date, right[i]);
        screening = look(referral);
        assert_null(problem_of(&screening, "patient.birth_date"));
        end(&screening, referral);
    }
}

static void no_problem_repeats_what_was_sent(void **state)
{
    Fascia__Referral *referral = clinic_referral("MARKER-ID");
    struct screening screening;

    (void)state;
    message_set(&referral->patient->family_name, "MARKERNAME");
    message_set(&referral->patient->birth_date, "2999-12-31");
    message_set(&referral->patient->address->postal_code, "MARKERPOST");
    message_set(&referral->patient->address->state, "MARKERSTATE");
    message_set(&referral->preferences->not_before, "MARKERDATE");
    message_set(&referral->preferences->time_zone, "MARKERZONE");
    message_set(&referral->conditions[0]->code, "MARKERCODE");
    screening = look(referral);
    assert_true(screening.screened->n_problems >= 6);
    for (size_t i = 0; i < screening.screened->n_problems; i++) {
        assert_null(strstr(screening.screened->problems[i]->message, "MARKER"));
        assert_null(strstr(screening.screened->problems[i]->message, "2999"));
    }
    end(&screening, referral);
}

static int begin(void **state)
{
    (void)state;
    clinic_begin(&clinic);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    clinic_end(&clinic);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_referral_says_what_it_needs),
        cmocka_unit_test(an_unknown_role_of_the_referrer_is_refused_by_name),
        cmocka_unit_test(the_role_may_come_from_the_taxonomy),
        cmocka_unit_test(an_npi_whose_check_digit_is_wrong_is_a_warning),
        cmocka_unit_test(a_patient_without_name_and_identifier_is_refused),
        cmocka_unit_test(a_referral_that_asks_for_nothing_known_is_refused_with_each_code),
        cmocka_unit_test(a_general_request_for_an_unknown_condition_is_held),
        cmocka_unit_test(a_named_technique_needs_no_condition),
        cmocka_unit_test(an_unknown_technique_beside_a_known_one_is_a_warning),
        cmocka_unit_test(an_unknown_technique_alone_is_held),
        cmocka_unit_test(a_withdrawn_code_is_taken_with_a_warning),
        cmocka_unit_test(lymphatic_drainage_asks_for_its_certification),
        cmocka_unit_test(a_missing_postal_code_holds_unless_the_visit_is_remote),
        cmocka_unit_test(a_position_serves_instead_of_a_postal_code),
        cmocka_unit_test(an_unknown_state_holds),
        cmocka_unit_test(a_missing_payer_holds_only_where_one_is_required),
        cmocka_unit_test(payers_and_languages_come_in_one_case),
        cmocka_unit_test(an_expired_authorization_holds),
        cmocka_unit_test(an_authorization_bounds_the_dates),
        cmocka_unit_test(dates_that_contradict_hold),
        cmocka_unit_test(a_date_that_does_not_exist_holds),
        cmocka_unit_test(a_red_flag_in_a_code_stops_matching),
        cmocka_unit_test(a_red_flag_in_a_note_stops_matching),
        cmocka_unit_test(a_cleared_flag_no_longer_holds),
        cmocka_unit_test(a_rule_about_age_goes_by_the_birth_date),
        cmocka_unit_test(a_birth_date_that_is_none_holds_and_part_of_one_does_not),
        cmocka_unit_test(a_caution_leaves_away_a_suggested_technique),
        cmocka_unit_test(what_is_to_be_avoided_stays_away_when_the_flag_is_cleared),
        cmocka_unit_test(a_caution_against_a_named_technique_holds),
        cmocka_unit_test(no_problem_repeats_what_was_sent),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
