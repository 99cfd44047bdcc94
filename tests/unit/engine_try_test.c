/* What if? Questions that nobody sent, and referrals with other wishes; nothing is kept. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "match/match.h"

static struct clinic clinic;

/* A question with what a referral of the clinic asks for; what a test needs is changed in it. */
static Fascia__TryMatch *question_of(const char *condition)
{
    Fascia__TryMatch *question = CLINIC_NEW(Fascia__TryMatch, try_match);
    Fascia__Referral *asked = CLINIC_NEW(Fascia__Referral, referral);

    question->asked = asked;
    asked->patient = CLINIC_NEW(Fascia__Patient, patient);
    asked->preferences = CLINIC_NEW(Fascia__Preferences, preferences);
    if (condition == NULL)
        return question;
    asked->patient->address = CLINIC_NEW(Fascia__Address, address);
    message_set(&asked->patient->address->state, "KY");
    message_set(&asked->patient->address->postal_code, "40202");
    message_push(&asked->conditions, &asked->n_conditions, clinic_code("", condition, condition, "--condition 1"));
    return question;
}

static Fascia__TryMatch *question_about(uint64_t referral)
{
    Fascia__TryMatch *question = question_of(NULL);

    question->referral = referral;
    return question;
}

/* The question is freed; the answer is the caller's. It must leave no trace. */
static Fascia__ControlResponse *ask(struct desk *desk, Fascia__TryMatch *question)
{
    const uint64_t before = engine_digest(desk->engine);
    Fascia__ControlResponse *response = engine_try_match(desk->engine, question, desk->now);

    assert_true(engine_digest(desk->engine) == before);
    fascia__try_match__free_unpacked(question, NULL);
    return response;
}

static void expect_error(struct desk *desk, Fascia__TryMatch *question, const char *text)
{
    Fascia__ControlResponse *response = ask(desk, question);

    assert_null(response->explanation);
    assert_non_null(strstr(response->error, text));
    fascia__control_response__free_unpacked(response, NULL);
}

static uint32_t passed(struct desk *desk, Fascia__TryMatch *question)
{
    Fascia__ControlResponse *response = ask(desk, question);
    uint32_t count;

    assert_string_equal(response->error, "");
    assert_non_null(response->explanation);
    count = response->explanation->passed;
    fascia__control_response__free_unpacked(response, NULL);
    return count;
}

static Fascia__Therapist *paid_by(const char *identifier, const char *payer)
{
    Fascia__Therapist *therapist = clinic_therapist(identifier, 5);

    message_push_text(&therapist->payers, &therapist->n_payers, payer);
    return therapist;
}

static uint64_t refer(struct desk *desk, const char *id, const char *payer)
{
    Fascia__Referral *referral = clinic_referral(id);

    if (payer != NULL) {
        Fascia__Coverage *coverage = CLINIC_NEW(Fascia__Coverage, coverage);

        message_set(&coverage->payer, payer);
        message_push(&referral->coverages, &referral->n_coverages, coverage);
    }
    assert_int_equal(desk_new(desk, referral), FASCIA__RESULT__VERDICT__OK);
    return desk->result->referral;
}

static void add_without(Fascia__TryMatch *question, const char *gate)
{
    message_push_text(&question->without, &question->n_without, gate);
}

static void a_question_is_answered_as_the_referral_would_be(void **state)
{
    struct desk desk;
    Fascia__ControlResponse *response;
    Fascia__Event *matched = NULL;
    const Fascia__Explanation *explanation;

    (void)state;
    desk_begin(&desk, &clinic);
    for (int i = 0; i < 3; i++) {
        char name[8];

        snprintf(name, sizeof name, "t%d", i);
        desk_put(&desk, clinic_therapist(name, 5));
    }
    response = ask(&desk, question_of("M54.50"));
    refer(&desk, "P1", NULL);
    desk_work(&desk);
    for (size_t i = 0; i < desk.shelf.event_count; i++)
        if (desk.shelf.events[i].kind == FASCIA__EVENT__BODY_MATCHED)
            matched = fascia__event__unpack(NULL, desk.shelf.events[i].size, desk.shelf.events[i].payload);
    assert_non_null(matched);
    explanation = matched->matched->explanation;
    assert_int_equal(response->explanation->passed, explanation->passed);
    assert_int_equal(response->explanation->n_candidates, explanation->n_candidates);
    for (size_t i = 0; i < explanation->n_candidates; i++) {
        assert_string_equal(response->explanation->candidates[i]->therapist, explanation->candidates[i]->therapist);
        assert_int_equal(response->explanation->candidates[i]->score, explanation->candidates[i]->score);
    }
    fascia__event__free_unpacked(matched, NULL);
    fascia__control_response__free_unpacked(response, NULL);
    desk_end(&desk);
}

static void what_is_said_stands_in_place_of_the_referrals_own(void **state)
{
    struct desk desk;
    Fascia__TryMatch *question;
    Fascia__ControlResponse *response;
    Fascia__Coverage *coverage = CLINIC_NEW(Fascia__Coverage, coverage);
    uint64_t referral;

    (void)state;
    desk_begin(&desk, &clinic);
    desk_put(&desk, paid_by("t1", "AETNA"));
    referral = refer(&desk, "P1", "HUMANA");
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, referral), FASCIA__STATE__STATE_WAITLISTED);
    assert_int_equal(passed(&desk, question_about(referral)), 0);
    question = question_about(referral);
    message_set(&coverage->payer, "aetna");
    message_push(&question->asked->coverages, &question->asked->n_coverages, coverage);
    assert_int_equal(passed(&desk, question), 1);
    question = question_about(referral);
    add_without(question, "payer");
    assert_int_equal(passed(&desk, question), 1);
    /* Conditions bring their techniques and certifications with them. */
    question = question_about(referral);
    message_push(&question->asked->conditions, &question->asked->n_conditions,
                 clinic_code("ICD-10-CM", "I97.2", "", ""));
    response = ask(&desk, question);
    assert_string_equal(response->explanation->need->conditions[0], "lymphoedema");
    assert_string_equal(response->explanation->need->techniques_suitable[0], "manual-lymphatic-drainage");
    assert_int_equal(response->explanation->need->n_certifications, 1);
    assert_string_equal(response->explanation->need->payers[0], "HUMANA");
    fascia__control_response__free_unpacked(response, NULL);
    assert_int_equal(desk_state(&desk, referral), FASCIA__STATE__STATE_WAITLISTED);
    desk_end(&desk);
}

static void who_declined_can_be_asked_again(void **state)
{
    struct desk desk;
    Fascia__TryMatch *question;
    uint64_t referral;

    (void)state;
    desk_begin(&desk, &clinic);
    desk_put(&desk, clinic_therapist("t1", 5));
    referral = refer(&desk, "P1", NULL);
    desk_work(&desk);
    assert_int_equal(desk_decline(&desk, referral, "t1", "no-time"), FASCIA__RESULT__VERDICT__OK);
    desk_work(&desk);
    assert_int_equal(passed(&desk, question_about(referral)), 0);
    question = question_about(referral);
    add_without(question, "declined");
    assert_int_equal(passed(&desk, question), 1);
    desk_end(&desk);
}

static void what_no_table_knows_is_named_by_its_place(void **state)
{
    struct desk desk;
    Fascia__ControlResponse *response;
    Fascia__TryMatch *question = question_of("Z99.99");

    (void)state;
    desk_begin(&desk, &clinic);
    message_clear(&question->asked->patient->address->state);
    response = ask(&desk, question);
    assert_null(response->explanation);
    assert_int_equal(response->n_problems, 2);
    assert_string_equal(response->problems[0]->location, "--condition 1");
    assert_string_equal(response->problems[1]->field, "patient.address.state");
    fascia__control_response__free_unpacked(response, NULL);
    desk_end(&desk);
}

static void every_gate_is_a_wish_or_nobodys(void **state)
{
    static const enum match_gate fixed[] = {GATE_ACCEPTING, GATE_PROFESSION, GATE_LICENCE, GATE_CAUTION, GATE_CAPACITY};
    struct desk desk;

    (void)state;
    desk_begin(&desk, &clinic);
    desk_put(&desk, clinic_therapist("t1", 5));
    for (unsigned gate = 0; gate < GATE_COUNT; gate++) {
        Fascia__TryMatch *question = question_of("M54.50");
        bool wish = true;

        for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
            wish = wish && fixed[i] != gate;
        add_without(question, match_gate_name((enum match_gate)gate));
        if (wish)
            assert_int_equal(passed(&desk, question), 1);
        else
            expect_error(&desk, question, "nobody's wish");
    }
    desk_end(&desk);
}

static void other_weights_hold_for_one_question(void **state)
{
    struct desk desk;
    Fascia__TryMatch *question = question_of("M54.50");
    Fascia__ScorePart *weight = CLINIC_NEW(Fascia__ScorePart, score_part);
    Fascia__ControlResponse *response;

    (void)state;
    desk_begin(&desk, &clinic);
    desk_put(&desk, clinic_therapist("t1", 5));
    message_set(&weight->name, "load");
    weight->points = 777;
    message_push(&question->weights, &question->n_weights, weight);
    response = ask(&desk, question);
    assert_int_equal(response->explanation->candidates[0]->parts[PART_LOAD]->points, 777);
    assert_int_equal(response->explanation->weights->parts[PART_LOAD], 777);
    fascia__control_response__free_unpacked(response, NULL);
    response = ask(&desk, question_of("M54.50"));
    assert_int_equal(response->explanation->candidates[0]->parts[PART_LOAD]->points, 50);
    fascia__control_response__free_unpacked(response, NULL);
    desk_end(&desk);
}

static void certifications_and_a_name_are_asked_for_beside_the_rest(void **state)
{
    struct desk desk;
    Fascia__TryMatch *question = question_of("M54.50");

    (void)state;
    desk_begin(&desk, &clinic);
    desk_put(&desk, clinic_therapist("t1", 5));
    desk_put(&desk, clinic_therapist("t2", 5));
    message_push_text(&question->certifications, &question->n_certifications, "BCTMB");
    assert_int_equal(passed(&desk, question), 0);
    question = question_of("M54.50");
    message_set(&question->asked->preferences->therapist, "t2");
    assert_int_equal(passed(&desk, question), 1);
    desk_end(&desk);
}

static void what_can_t_be_asked_is_said(void **state)
{
    struct desk desk;
    Fascia__TryMatch *question;
    uint64_t referral;

    (void)state;
    desk_begin(&desk, &clinic);
    expect_error(&desk, question_about(9), "there is no referral");
    referral = refer(&desk, "P1", NULL);
    assert_int_equal(desk_withdraw(&desk, referral), FASCIA__RESULT__VERDICT__OK);
    expect_error(&desk, question_about(referral), "is finished");
    question = question_of("M54.50");
    add_without(question, "luck");
    expect_error(&desk, question, "there is no such gate");
    desk_end(&desk);
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
        cmocka_unit_test(a_question_is_answered_as_the_referral_would_be),
        cmocka_unit_test(what_is_said_stands_in_place_of_the_referrals_own),
        cmocka_unit_test(who_declined_can_be_asked_again),
        cmocka_unit_test(what_no_table_knows_is_named_by_its_place),
        cmocka_unit_test(every_gate_is_a_wish_or_nobodys),
        cmocka_unit_test(other_weights_hold_for_one_question),
        cmocka_unit_test(certifications_and_a_name_are_asked_for_beside_the_rest),
        cmocka_unit_test(what_can_t_be_asked_is_said),
    };

    return cmocka_run_group_tests(tests, begin, finish);
}
