/* The verbs of matches, against a daemon of our own: what is asked, what is shown first, and exit codes of a replay. */
#include "unit/ctl_daemon.h"

#define TEXT(name, text) char name[] = text

static void the_smallest_change_comes_first(void **state)
{
    TEXT(payer, "payer");
    TEXT(licence, "licence");
    TEXT(first, "3 pass but for accepting the payer HUMANA");
    TEXT(second, "1 passes but for a licence in US-KY");
    TEXT(best, "T7");
    char *payers[] = {payer}, *licences[] = {licence};
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__Explanation explanation = FASCIA__EXPLANATION__INIT;
    Fascia__ReferralDetail detail = FASCIA__REFERRAL_DETAIL__INIT;
    Fascia__ReferralRow row = FASCIA__REFERRAL_ROW__INIT;
    Fascia__NearMiss misses[2] = {FASCIA__NEAR_MISS__INIT, FASCIA__NEAR_MISS__INIT};
    Fascia__NearMiss *miss_list[] = {&misses[0], &misses[1]};
    Fascia__GateCount gate = FASCIA__GATE_COUNT__INIT;
    Fascia__GateCount *gate_list[] = {&gate};
    struct said said;

    (void)state;
    misses[0] = (Fascia__NearMiss){
        .base = misses[0].base, .n_gates = 1, .gates = payers, .therapists = 3, .relaxation = first, .nearest = best};
    misses[1] = (Fascia__NearMiss){.base = misses[1].base,
                                   .n_gates = 1,
                                   .gates = licences,
                                   .therapists = 1,
                                   .relaxation = second,
                                   .nearest = best};
    gate.gate = payer;
    gate.removed = 40;
    gate.only = 3;
    explanation.considered = 40;
    explanation.n_near_misses = 2;
    explanation.near_misses = miss_list;
    explanation.n_gates = 1;
    explanation.gates = gate_list;
    explanation.bounded = true;
    row.referral = 12;
    detail.row = &row;
    response.last = true;
    response.explanation = &explanation;
    response.detail = &detail;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "match", "explain", "R12", "--event", "77");
    assert_int_equal(said.code, CTL_OK);
    assert_int_equal(strncmp(said.out, "nobody of 40 therapists passes every gate", 41), 0);
    assert_non_null(strstr(said.out, "the smallest change that finds somebody\n"
                                     "  1  3 pass but for accepting the payer HUMANA; the best of them is T7\n"
                                     "     try it: fasciactl match try R12 --without payer\n"
                                     "other changes\n"
                                     "  2  1 passes but for a licence in US-KY; the best of them is T7\n"));
    assert_non_null(strstr(said.out, "takes the patient's payer"));
    assert_non_null(strstr(said.out, "there may be others"));
    settle(&daemon);
    assert_int_equal(daemon.asked[0]->explain_match->referral, 12);
    assert_int_equal(daemon.asked[0]->explain_match->event, 77);
    forget(&said);
    stop(&daemon);
}

/* Who was not looked into may have time: neither "nobody" nor "no change" would be true. */
static void what_was_not_looked_into_is_not_denied(void **state)
{
    TEXT(time, "time");
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__Explanation explanation = FASCIA__EXPLANATION__INIT;
    Fascia__GateCount gate = FASCIA__GATE_COUNT__INIT;
    Fascia__GateCount *gate_list[] = {&gate};
    struct said said;

    (void)state;
    gate.gate = time;
    gate.removed = 300;
    explanation.considered = 400;
    explanation.not_looked_into = 60;
    explanation.bounded = true;
    explanation.n_gates = 1;
    explanation.gates = gate_list;
    response.last = true;
    response.explanation = &explanation;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "match", "explain", "R12");
    assert_int_equal(said.code, CTL_OK);
    assert_non_null(strstr(said.out, "nobody of the 300 whose calendars were looked into has the time; 60 more, of 400 "
                                     "therapists, meet every other gate and were not looked into"));
    assert_null(strstr(said.out, "passes every gate"));
    assert_null(strstr(said.out, "no change"));
    settle(&daemon);
    forget(&said);
    stop(&daemon);
}

static void a_question_goes_as_it_was_put(void **state)
{
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__Explanation explanation = FASCIA__EXPLANATION__INIT;
    const Fascia__TryMatch *asked;
    const Fascia__Preferences *wishes;
    struct said said;

    (void)state;
    response.last = true;
    response.explanation = &explanation;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "match", "try", "R12", "--condition", "M54.50, neck pain", "--within", "7.5", "--jurisdiction",
               "ca-on", "--window", "mon-fri 9:00-17:00", "--gender", "female", "--mode", "home", "--without",
               "payer,time", "--weights", "distance=500,load=0", "--position=-37.5,144.25", "--minutes", "45",
               "--named", "T9");
    assert_int_equal(said.code, CTL_OK);
    assert_non_null(strstr(said.out, "Nothing of this is kept"));
    settle(&daemon);
    asked = daemon.asked[0]->try_match;
    wishes = asked->asked->preferences;
    assert_int_equal(asked->referral, 12);
    assert_int_equal(asked->asked->n_conditions, 2);
    assert_string_equal(asked->asked->conditions[1]->text, "neck pain");
    assert_string_equal(asked->asked->conditions[1]->location, "--condition 2");
    assert_int_equal(wishes->max_distance, 7500);
    assert_string_equal(asked->asked->patient->address->country, "ca");
    assert_string_equal(asked->asked->patient->address->state, "on");
    assert_int_equal(asked->asked->patient->position->latitude, -37500000);
    assert_int_equal(wishes->windows[0]->weekdays, 0x1f);
    assert_int_equal(wishes->windows[0]->from_minute, 540);
    assert_int_equal(wishes->therapist_gender, FASCIA__GENDER__GENDER_FEMALE);
    assert_int_equal(wishes->visit_mode, FASCIA__VISIT_MODE__VISIT_MODE_HOME);
    assert_int_equal(wishes->duration_minutes, 45);
    assert_string_equal(wishes->therapist, "T9");
    assert_int_equal(asked->n_without, 2);
    assert_string_equal(asked->weights[0]->name, "distance");
    assert_int_equal(asked->weights[0]->points, 500);
    forget(&said);
    stop(&daemon);
}

static void a_problem_is_said_by_its_option(void **state)
{
    TEXT(error, "the question can't be asked like this");
    TEXT(field, "patient.address.postal_code");
    TEXT(message, "it is missing");
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__Problem problem = FASCIA__PROBLEM__INIT;
    Fascia__Problem *problems[] = {&problem};
    struct said said;

    (void)state;
    problem.field = field;
    problem.message = message;
    response.last = true;
    response.error = error;
    response.problems = problems;
    response.n_problems = 1;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "match", "try");
    assert_int_equal(said.code, CTL_REFUSED);
    assert_string_equal(said.errors, "fasciactl: the question can't be asked like this\n"
                                     "  problem: --postal-code or --position: it is missing\n");
    forget(&said);
    stop(&daemon);
}

static void what_can_t_be_read_is_wrong_usage(void **state)
{
    static const char *const wrong[][2] = {{"--within", "-3"},   {"--within", "21001"},       {"--window", "at noon"},
                                           {"--gender", "any"},  {"--weights", "load=10001"}, {"--weights", "load=x"},
                                           {"--condition", ","}, {"--not-before", "today"},   {"--position", "91,0"},
                                           {"--position", "1;2"}};
    const struct daemon nowhere = {.path = "/tmp/there-is-no-such-socket"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct said said = RUN(&nowhere, "match", "try", wrong[i][0], wrong[i][1]);

        assert_int_equal(said.code, CTL_USAGE);
        assert_non_null(strstr(said.errors, wrong[i][0]));
        forget(&said);
    }
}

/* Frames that tell how far the daemon is come before the answer, and are no part of it. */
static void replay_with(Fascia__Replay__Verdict verdict, int code, const char *words)
{
    TEXT(field, "candidates[0].score");
    TEXT(stored, "512");
    TEXT(replayed, "498");
    TEXT(gap, "the code tables have changed since");
    char *gaps[] = {gap};
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__ReplayReport progress = FASCIA__REPLAY_REPORT__INIT, report = FASCIA__REPLAY_REPORT__INIT;
    Fascia__Replay replay = FASCIA__REPLAY__INIT;
    Fascia__Replay *replays[] = {&replay};
    Fascia__ReplayDifference difference = FASCIA__REPLAY_DIFFERENCE__INIT;
    Fascia__ReplayDifference *differences[] = {&difference};
    struct said said;

    progress.events = 3;
    progress.last_event = 900;
    progress.different = 7;
    response.replay = &progress;
    add_frame(&daemon, 0, &response);
    difference = (Fascia__ReplayDifference){difference.base, field, stored, replayed};
    replay.referral = 12;
    replay.event = 900;
    replay.verdict = verdict;
    replay.n_differences = replay.different = verdict != FASCIA__REPLAY__VERDICT__SAME;
    replay.differences = differences;
    replay.n_gaps = verdict == FASCIA__REPLAY__VERDICT__INCONCLUSIVE;
    replay.gaps = gaps;
    report.events = report.last_event = 900;
    report.same = verdict == FASCIA__REPLAY__VERDICT__SAME;
    report.different = verdict == FASCIA__REPLAY__VERDICT__DIFFERENT;
    report.inconclusive = verdict == FASCIA__REPLAY__VERDICT__INCONCLUSIVE;
    report.n_replays = 1;
    report.replays = replays;
    response.replay = &report;
    response.last = true;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "match", "replay", "R12", "--event", "900");
    assert_int_equal(said.code, code);
    assert_non_null(strstr(said.out, words));
    assert_true((strstr(said.out, "candidates[0].score") != NULL) == (replay.n_differences > 0));
    assert_true((strstr(said.out, gap) != NULL) == (replay.n_gaps > 0));
    settle(&daemon);
    assert_int_equal(daemon.asked[0]->replay_match->referral, 12);
    assert_int_equal(daemon.asked[0]->replay_match->event, 900);
    forget(&said);
    stop(&daemon);
}

static void verdicts_of_a_replay_are_exit_codes(void **state)
{
    (void)state;
    replay_with(FASCIA__REPLAY__VERDICT__SAME, CTL_OK, "the same answer comes out");
    replay_with(FASCIA__REPLAY__VERDICT__DIFFERENT, CTL_DIFFERS, "ANOTHER ANSWER COMES OUT");
    replay_with(FASCIA__REPLAY__VERDICT__INCONCLUSIVE, CTL_INCONCLUSIVE, "inconclusive");
}

static void a_replay_says_of_what(void **state)
{
    const struct daemon nowhere = {.path = "/tmp/there-is-no-such-socket"};
    struct said said;

    (void)state;
    said = RUN(&nowhere, "match", "replay");
    assert_int_equal(said.code, CTL_USAGE);
    forget(&said);
    said = RUN(&nowhere, "match", "replay", "R1", "--all");
    assert_int_equal(said.code, CTL_USAGE);
    forget(&said);
    said = RUN(&nowhere, "match", "replay", "--all", "--event", "3");
    assert_int_equal(said.code, CTL_USAGE);
    forget(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_change_comes_first),
        cmocka_unit_test(what_was_not_looked_into_is_not_denied),
        cmocka_unit_test(a_question_goes_as_it_was_put),
        cmocka_unit_test(a_problem_is_said_by_its_option),
        cmocka_unit_test(what_can_t_be_read_is_wrong_usage),
        cmocka_unit_test(verdicts_of_a_replay_are_exit_codes),
        cmocka_unit_test(a_replay_says_of_what),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
