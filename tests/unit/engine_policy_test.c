#include "core/replay.h"
#include "desk.h"
#include "match/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define S(state)       FASCIA__STATE__STATE_##state
#define VERDICT(kind)  FASCIA__RESULT__VERDICT__##kind
#define assert_ok(did) assert_int_equal(did, VERDICT(OK))

#define TIME 250

static struct clinic clinic;
static struct desk desk;

static int begin_clinic(void **state)
{
    (void)state;
    clinic_begin(&clinic);
    return 0;
}

static int end_clinic(void **state)
{
    (void)state;
    clinic_end(&clinic);
    return 0;
}

/* Two policies: one that may do both, and one that may only score. */
static int open_desk(void **state)
{
    (void)state;
    clinic.settings.policy_count = 2;
    clinic.settings.policies[0] =
        (struct engine_policy){.name = "house", .weight = 500, .may_gate = true, .may_score = true, .time = TIME};
    clinic.settings.policies[1] =
        (struct engine_policy){.name = "points", .weight = 100, .may_score = true, .time = 2 * TIME};
    clinic.settings.notifier_count = 0;
    desk_begin(&desk, &clinic);
    return 0;
}

static int close_desk(void **state)
{
    (void)state;
    return desk_close(&desk);
}

/* ---- what is said ---- */

static Fascia__Result__Verdict say(uint64_t ask, const char *policy, Fascia__Ruling **rulings, size_t count)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Judged judged = FASCIA__JUDGED__INIT;

    judged.ask = ask;
    judged.policy = (char *)policy;
    judged.rulings = rulings;
    judged.n_rulings = count;
    command.body_case = FASCIA__COMMAND__BODY_JUDGED;
    command.judged = &judged;
    return desk_do(&desk, "policies", &command);
}

static Fascia__Result__Verdict say_of(uint64_t ask, const char *policy, const char *therapist, bool fails,
                                      int32_t score)
{
    Fascia__Ruling ruling = FASCIA__RULING__INIT, *rulings[] = {&ruling};

    ruling.therapist = (char *)therapist;
    ruling.fails = fails;
    ruling.score = score;
    ruling.reason = "why-not";
    return say(ask, policy, rulings, 1);
}

/* 0 when nobody is asked. */
static uint64_t take_question(Fascia__Question **question)
{
    uint64_t ask = 0;

    return engine_next_question(desk.engine, &ask, question) ? ask : 0;
}

static uint64_t asked_about(size_t candidates)
{
    Fascia__Question *question = NULL;
    const uint64_t ask = take_question(&question);

    assert_true(ask != 0);
    assert_int_equal(question->n_candidates, candidates);
    fascia__question__free_unpacked(question, NULL);
    return ask;
}

static Fascia__Explanation *last_explanation(Fascia__Event **event)
{
    for (size_t i = desk.shelf.event_count; i-- > 0;) {
        const struct event_record *record = &desk.shelf.events[i];

        if (record->kind != FASCIA__EVENT__BODY_MATCHED)
            continue;
        *event = fascia__event__unpack(NULL, record->size, record->payload);
        return (*event)->matched->explanation;
    }
    fail_msg("nothing was matched");
    return NULL;
}

/* anna, bert and carl pass alike; R1 is asked about. */
static uint64_t ask_about_one(void)
{
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_put(&desk, clinic_therapist("bert", 5)));
    assert_ok(desk_put(&desk, clinic_therapist("carl", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
    return asked_about(3);
}

/* ---- replay ---- */

struct outcome {
    size_t same, other;
};

static bool find_erased(void *context, uint64_t referral, struct replay_erased *known)
{
    (void)context;
    (void)referral;
    (void)known;
    return false;
}

static bool go_on(void *context, uint64_t sequence)
{
    (void)context;
    (void)sequence;
    return true;
}

static void count(void *context, Fascia__Replay *verdict)
{
    struct outcome *outcome = context;

    if (verdict->verdict == FASCIA__REPLAY__VERDICT__SAME)
        outcome->same++;
    else
        outcome->other++;
    fascia__replay__free_unpacked(verdict, NULL);
}

static struct outcome replay_all(void)
{
    struct outcome outcome = {0};
    const struct replay_settings settings = {.codes = clinic.codes,
                                             .zones = &clinic.zones,
                                             .context = &outcome,
                                             .find_erased = find_erased,
                                             .go_on = go_on,
                                             .verdict = count};
    struct replay *replay = replay_create(&settings);
    struct fault fault = {{0}};

    for (size_t i = 0; i < desk.shelf.event_count; i++)
        assert_true(replay_event(replay, &desk.shelf.events[i], false, &fault));
    assert_true(replay_finish(replay, &fault));
    replay_destroy(replay);
    return outcome;
}

/* ---- tests ---- */

static void it_asks_and_goes_on_when_all_have_answered(void **state)
{
    const uint64_t ask = ask_about_one();
    Fascia__Event *event = NULL;
    Fascia__Explanation *explanation;

    (void)state;
    assert_int_equal(desk_work(&desk), 0); /* nothing more is due meanwhile */
    assert_int_equal(engine_next_deadline(desk.engine), desk.now + 2 * TIME);
    assert_ok(say_of(ask, "house", "anna", true, 0));
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
    assert_ok(say_of(ask, "points", "carl", true, 1000)); /* it may not remove anybody */
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
    assert_string_equal(desk_therapist(&desk, 1), "carl");
    explanation = last_explanation(&event);
    assert_int_equal(explanation->n_candidates, 2);
    assert_int_equal(explanation->passed, 2);
    assert_string_equal(explanation->candidates[0]->parts[7]->name, "policy:points");
    assert_int_equal(explanation->candidates[0]->parts[7]->points, 100);
    assert_int_equal(explanation->candidates[0]->score, explanation->candidates[1]->score + 100);
    assert_string_equal(explanation->gates[explanation->n_gates - 1]->gate, "policy:house");
    assert_int_equal(explanation->gates[explanation->n_gates - 1]->removed, 1);
    fascia__event__free_unpacked(event, NULL);
    assert_int_equal(replay_all().same, 1);
    assert_int_equal(replay_all().other, 0);
}

static void who_does_not_answer_in_time_has_abstained(void **state)
{
    const uint64_t ask = ask_about_one();
    Fascia__Event *event = NULL;
    Fascia__Explanation *explanation;

    (void)state;
    desk.now += TIME + 1;
    assert_ok(say_of(ask, "house", "anna", true, 0)); /* too late by a millisecond */
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
    desk.now += TIME;
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
    assert_string_equal(desk_therapist(&desk, 1), "anna");
    explanation = last_explanation(&event);
    assert_int_equal(explanation->n_policies, 2);
    assert_string_equal(explanation->policies[0]->abstained, "no answer in time");
    assert_string_equal(explanation->policies[1]->abstained, "no answer in time");
    assert_int_equal(explanation->candidates[0]->n_parts, PART_COUNT);
    fascia__event__free_unpacked(event, NULL);
    assert_int_equal(say_of(ask, "points", "anna", false, 1), VERDICT(NOT_FOUND));
    assert_int_equal(replay_all().same, 1);
}

static void abstains_for(uint64_t ask, uint64_t referral, const char *therapist, int32_t score)
{
    Fascia__Event *event = NULL;

    assert_ok(say_of(ask, "house", therapist, true, score));
    assert_int_equal(say_of(ask, "house", "anna", true, 0), VERDICT(CONFLICT));
    assert_ok(say(ask, "points", NULL, 0));
    assert_int_equal(desk_state(&desk, referral), S(OFFERED));
    assert_string_equal(last_explanation(&event)->policies[0]->abstained, "its answer can't be used");
    fascia__event__free_unpacked(event, NULL);
}

static void what_can_not_be_used_is_an_abstention(void **state)
{
    (void)state;
    abstains_for(ask_about_one(), 1, "dora", 1);
    assert_ok(desk_new(&desk, clinic_referral("R2")));
    desk_work(&desk);
    abstains_for(asked_about(3), 2, "anna", 1001);
    assert_ok(desk_new(&desk, clinic_referral("R3")));
    desk_work(&desk);
    abstains_for(asked_about(3), 3, "anna", -1001);
}

static void nobody_is_brought_in_who_fails_a_gate(void **state)
{
    uint64_t ask = ask_about_one();

    (void)state;
    /* Before the answers come, whom it favours is gone; the matcher is asked again, and does not know her. */
    assert_ok(desk_remove(&desk, "anna"));
    assert_ok(say_of(ask, "house", "anna", false, 1000));
    assert_ok(say(ask, "points", NULL, 0));
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
    assert_string_equal(desk_therapist(&desk, 1), "bert");
    assert_int_equal(replay_all().same, 1);
}

static void who_is_new_is_asked_about_too(void **state)
{
    uint64_t ask = ask_about_one();

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("aaron", 5)));
    assert_ok(say(ask, "house", NULL, 0));
    assert_ok(say(ask, "points", NULL, 0));
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
    ask = asked_about(4);
    assert_ok(say_of(ask, "house", "aaron", true, 0));
    assert_ok(say(ask, "points", NULL, 0));
    assert_string_equal(desk_therapist(&desk, 1), "anna");
}

/* An explanation shows ten; a policy is asked about all, and the last of them can become the first. */
static void more_are_asked_about_than_are_explained(void **state)
{
    Fascia__Event *event = NULL;
    uint64_t ask;

    (void)state;
    for (int i = 0; i < 70; i++) {
        char identifier[16];

        snprintf(identifier, sizeof identifier, "t%02d", i);
        assert_ok(desk_put(&desk, clinic_therapist(identifier, 5)));
    }
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    ask = asked_about(64);
    assert_ok(say_of(ask, "house", "t63", false, 1000));
    assert_ok(say(ask, "points", NULL, 0));
    assert_string_equal(desk_therapist(&desk, 1), "t63");
    assert_int_equal(last_explanation(&event)->n_candidates, 10);
    assert_int_equal(event->matched->explanation->policies[0]->asked, 64);
    fascia__event__free_unpacked(event, NULL);
    assert_int_equal(replay_all().same, 1);
}

static void a_referral_that_ends_meanwhile_is_let_go(void **state)
{
    const uint64_t ask = ask_about_one();

    (void)state;
    assert_ok(desk_withdraw(&desk, 1));
    assert_ok(say(ask, "house", NULL, 0));
    assert_ok(say(ask, "points", NULL, 0));
    assert_int_equal(desk_state(&desk, 1), S(WITHDRAWN));
    assert_int_equal(engine_next_deadline(desk.engine) > desk.now, 1);
}

static void one_that_waits_is_asked_about_when_it_may_pass(void **state)
{
    uint64_t ask;

    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED)); /* nobody to ask about */
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    desk_work(&desk);
    ask = asked_about(1);
    assert_ok(say_of(ask, "house", "anna", true, 0));
    assert_ok(say(ask, "points", NULL, 0));
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    assert_ok(desk_put(&desk, clinic_therapist("bert", 5)));
    desk_work(&desk);
    ask = asked_about(2);
    assert_ok(say_of(ask, "house", "anna", true, 0));
    assert_ok(say(ask, "points", NULL, 0));
    assert_string_equal(desk_therapist(&desk, 1), "bert");
    assert_int_equal(replay_all().other, 0);
}

static void a_question_says_nothing_of_the_patient(void **state)
{
    static const char *const markers[] = {"R1", "40202", "Louisville"};
    Fascia__Question *question = NULL;
    uint8_t *packed;
    size_t size;

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_true(take_question(&question) != 0);
    assert_int_equal(question->candidates[0]->distance % 1000, 0);
    assert_string_equal(question->candidates[0]->parts[0]->because, "");
    packed = message_pack(&question->base, &size);
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++)
        assert_null(memmem(packed, size, markers[i], strlen(markers[i])));
    free(packed);
    fascia__question__free_unpacked(question, NULL);
}

static void more_than_can_be_asked_about_wait_their_turn(void **state)
{
    Fascia__Question *question = NULL;
    uint64_t asks[100];
    size_t count = 0;

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 200)));
    for (int i = 0; i < 70; i++) {
        char id[16];

        snprintf(id, sizeof id, "R%d", i + 1);
        assert_ok(desk_new(&desk, clinic_referral(id)));
    }
    desk_work(&desk);
    while ((asks[count] = take_question(&question)) != 0) {
        fascia__question__free_unpacked(question, NULL);
        count++;
    }
    assert_int_equal(count, 64);
    assert_int_equal(engine_next_deadline(desk.engine), desk.now + 2 * TIME); /* not at once */
    assert_ok(say(asks[0], "house", NULL, 0));
    assert_ok(say(asks[0], "points", NULL, 0));
    desk_work(&desk);
    assert_true(take_question(&question) != 0);
    fascia__question__free_unpacked(question, NULL);
}

static void notices_tell_what_was_granted_in_the_batch_of_the_event(void **state)
{
    Fascia__Notice *notice;

    (void)state;
    desk_end(&desk);
    clinic.settings.policy_count = 0;
    clinic.settings.notifier_count = 1;
    clinic.settings.notifiers[0] =
        (struct engine_notifier){.name = "screen", .events = 1u << FASCIA__EVENT__BODY_OFFERED};
    desk_begin(&desk, &clinic);
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_int_equal(desk.shelf.outbox_count, 1);
    assert_string_equal(desk.shelf.outbox[0].source, "screen");
    assert_int_equal(desk.shelf.outbox[0].referral, 0);
    notice = fascia__notice__unpack(NULL, desk.shelf.outbox[0].size, desk.shelf.outbox[0].payload);
    assert_non_null(notice);
    assert_string_equal(notice->kind, "offered");
    assert_string_equal(notice->therapist, "anna");
    assert_int_equal(notice->referral, 1);
    assert_int_equal(notice->id, desk.shelf.outbox[0].outbox);
    assert_int_equal(notice->sequence, desk.shelf.event_count);
    fascia__notice__free_unpacked(notice, NULL);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {DESK_TEST(it_asks_and_goes_on_when_all_have_answered),
                                       DESK_TEST(who_does_not_answer_in_time_has_abstained),
                                       DESK_TEST(what_can_not_be_used_is_an_abstention),
                                       DESK_TEST(nobody_is_brought_in_who_fails_a_gate),
                                       DESK_TEST(who_is_new_is_asked_about_too),
                                       DESK_TEST(more_are_asked_about_than_are_explained),
                                       DESK_TEST(a_referral_that_ends_meanwhile_is_let_go),
                                       DESK_TEST(one_that_waits_is_asked_about_when_it_may_pass),
                                       DESK_TEST(a_question_says_nothing_of_the_patient),
                                       DESK_TEST(more_than_can_be_asked_about_wait_their_turn),
                                       DESK_TEST(notices_tell_what_was_granted_in_the_batch_of_the_event)};

    return cmocka_run_group_tests(tests, begin_clinic, end_clinic);
}
