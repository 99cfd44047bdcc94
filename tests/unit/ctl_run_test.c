/* fasciactl against a daemon of our own: what it asks, what it shows, and what it exits with. */
#include "unit/ctl_daemon.h"

static void nobody_there_is_exit_3(void **state)
{
    const struct daemon nowhere = {.path = "/tmp/there-is-no-such-socket"};
    struct said said = RUN(&nowhere, "status");

    (void)state;
    assert_int_equal(said.code, CTL_UNREACHABLE);
    assert_string_equal(said.out, "");
    assert_non_null(strstr(said.errors, "there is no such socket"));
    forget(&said);
}

static void answers_in_several_frames_are_one_table(void **state)
{
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__OfferRow offer = FASCIA__OFFER_ROW__INIT;
    Fascia__OfferRow *offers[] = {&offer};
    char name[] = "Ro\x1b[31mse\tX";
    char therapist[] = "T1";
    struct said said;

    (void)state;
    offer.referral = 7;
    offer.therapist = therapist;
    offer.therapist_name = name;
    offer.expires = INT64_C(1796307300000);
    response.offers = offers;
    response.n_offers = 1;
    add_frame(&daemon, 0, &response);
    offer.referral = 8;
    response.last = true;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "offer", "list", "--therapist", "T1");
    assert_int_equal(said.code, CTL_OK);
    assert_non_null(strstr(said.out, "R7"));
    assert_non_null(strstr(said.out, "R8"));
    assert_non_null(strstr(said.out, "Thu 2026-12-03 09:15 -05:00"));
    /* what came from elsewhere can't drive the terminal */
    assert_null(strchr(said.out, '\x1b'));
    assert_non_null(strstr(said.out, "Ro?[31mse X"));
    settle(&daemon);
    assert_string_equal(daemon.asked[0]->list_offers->therapist, "T1");
    assert_int_equal(daemon.asked[0]->version, 1);
    forget(&said);
    stop(&daemon);
}

static void an_error_of_the_daemon_is_exit_1(void **state)
{
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    char error[] = "there is no referral R99";
    struct said said;

    (void)state;
    response.last = true;
    response.error = error;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "referral", "show", "R99", "--json");
    assert_int_equal(said.code, CTL_REFUSED);
    assert_string_equal(said.out, "{\n  \"error\": \"there is no referral R99\"\n}\n");
    assert_string_equal(said.errors, "fasciactl: there is no referral R99\n");
    settle(&daemon);
    assert_int_equal(daemon.asked[0]->show_referral->referral, 99);
    assert_false(daemon.asked[0]->show_referral->content);
    forget(&said);
    stop(&daemon);
}

static void a_busy_daemon_is_exit_4(void **state)
{
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    char error[] = "the node is busy: try again";
    struct said said;

    (void)state;
    response.last = true;
    response.error = error;
    response.unavailable = true;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "offer", "list");
    assert_int_equal(said.code, CTL_FAILED);
    assert_string_equal(said.errors, "fasciactl: the node is busy: try again\n");
    forget(&said);
    stop(&daemon);
}

static void verdicts_are_exit_codes(void **state)
{
    const struct {
        Fascia__Result__Verdict verdict;
        int code;
    } cases[] = {{FASCIA__RESULT__VERDICT__OK, CTL_OK},
                 {FASCIA__RESULT__VERDICT__DUPLICATE, CTL_OK},
                 {FASCIA__RESULT__VERDICT__REFUSED, CTL_REFUSED},
                 {FASCIA__RESULT__VERDICT__NOT_FOUND, CTL_REFUSED},
                 {FASCIA__RESULT__VERDICT__CONFLICT, CTL_REFUSED},
                 {FASCIA__RESULT__VERDICT__BUSY, CTL_FAILED},
                 {FASCIA__RESULT__VERDICT__FAILED, CTL_FAILED}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct daemon daemon = {0};
        Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
        Fascia__Result result = FASCIA__RESULT__INIT;
        struct said said;
        result.verdict = cases[i].verdict;
        result.referral = 5;
        result.state = FASCIA__STATE__STATE_SCHEDULED;
        response.last = true;
        response.result = &result;
        add_frame(&daemon, 0, &response);
        start(&daemon);
        said = RUN(&daemon, "visit", "no-show", "5", "--note", "rang twice");
        assert_int_equal(said.code, cases[i].code);
        settle(&daemon);
        assert_int_equal(daemon.asked[0]->command->end_visit->how, FASCIA__VISIT_ENDED__HOW__NO_SHOW);
        assert_string_equal(daemon.asked[0]->command->end_visit->note, "rang twice");
        forget(&said);
        stop(&daemon);
    }
}

static void a_daemon_that_goes_away_is_exit_4(void **state)
{
    struct daemon daemon = {0};
    struct said said;

    (void)state;
    daemon.answers[0].bytes = malloc(6);
    memcpy(daemon.answers[0].bytes,
           "\0\0\0\x40"
           "ab",
           6);
    daemon.answers[0].size = 6;
    daemon.answer_count = 1;
    start(&daemon);
    said = RUN(&daemon, "status");
    assert_int_equal(said.code, CTL_FAILED);
    assert_string_equal(said.errors, "fasciactl: the daemon closed the connection before it answered\n");
    forget(&said);
    stop(&daemon);
}

static void a_wall_clock_time_is_read_by_the_given_zone(void **state)
{
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__Result result = FASCIA__RESULT__INIT;
    struct said said;

    (void)state;
    response.last = true;
    response.result = &result;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "visit", "book", "R5", "--at", "2026-12-03 09:15", "--minutes", "45", "--move");
    assert_int_equal(said.code, CTL_OK);
    settle(&daemon);
    assert_int_equal(daemon.asked[0]->command->book->from, INT64_C(1796307300000));
    assert_int_equal(daemon.asked[0]->command->book->minutes, 45);
    assert_true(daemon.asked[0]->command->book->move);
    forget(&said);
    said = RUN(&daemon, "visit", "book", "R5", "--at", "2026-03-08 02:30");
    assert_int_equal(said.code, CTL_USAGE);
    assert_non_null(strstr(said.errors, "skip this time"));
    forget(&said);
    said = RUN(&daemon, "visit", "book", "X5", "--at", "2026-03-08 03:30");
    assert_int_equal(said.code, CTL_USAGE);
    assert_string_equal(said.errors, "fasciactl: a referral is named R123 or 123\n");
    forget(&said);
    stop(&daemon);
}

static void json_lists_are_there_even_when_empty(void **state)
{
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    struct said said;

    (void)state;
    response.last = true;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "--json", "outbox", "list", "--given-up");
    assert_int_equal(said.code, CTL_OK);
    assert_string_equal(said.out, "{\n  \"outbox\": []\n}\n");
    settle(&daemon);
    assert_true(daemon.asked[0]->list_outbox->given_up);
    forget(&said);
    stop(&daemon);
}

/* The daemon gives at most a thousand rows at once, and says when there are more. */
static void long_lists_are_asked_for_in_pages(void **state)
{
    struct daemon daemon = {0};
    Fascia__ReferralRow *rows = calloc(1000, sizeof *rows);
    Fascia__ReferralRow **list = calloc(1000, sizeof *list);
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__ReferralPage page = FASCIA__REFERRAL_PAGE__INIT;
    struct said said;
    size_t lines = 0;

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        fascia__referral_row__init(&rows[i]);
        rows[i].referral = i + 1;
        rows[i].state = FASCIA__STATE__STATE_MATCHING;
        list[i] = &rows[i];
    }
    response.last = true;
    response.referrals = list;
    response.n_referrals = 1000;
    response.page = &page;
    page.next = 1000;
    add_frame(&daemon, 0, &response);
    page.next = 0;
    rows[0].referral = 1001;
    response.n_referrals = 1;
    add_frame(&daemon, 1, &response);
    start(&daemon);
    said = RUN(&daemon, "referral", "list", "--all", "--limit", "1500");
    assert_int_equal(said.code, CTL_OK);
    for (const char *at = said.out; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 1002);
    settle(&daemon);
    assert_int_equal(daemon.asked_count, 2);
    assert_int_equal(daemon.asked[0]->list_referrals->limit, 1000);
    assert_int_equal(daemon.asked[1]->list_referrals->limit, 500);
    assert_int_equal(daemon.asked[1]->list_referrals->after, 1000);
    assert_int_equal(daemon.asked[0]->list_referrals->n_states, 16);
    forget(&said);
    stop(&daemon);
    free(rows);
    free(list);
}

static void a_broken_audit_chain_is_exit_1(void **state)
{
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__AuditReport report = FASCIA__AUDIT_REPORT__INIT;
    struct said said;

    (void)state;
    report.entries = 16;
    report.first_bad = 17;
    response.last = true;
    response.audit_report = &report;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "audit", "verify");
    assert_int_equal(said.code, CTL_REFUSED);
    assert_string_equal(said.out, "THE CHAIN IS BROKEN after 16 good entries: entry 17 was changed or is missing\n");
    forget(&said);
    stop(&daemon);
}

static void numbers_that_the_node_cannot_tell_are_not_zeros(void **state)
{
    static char *const unknown[] = {"referrals_open", "outbox_pending"};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__Node node = FASCIA__NODE__INIT;

    (void)state;
    node.name = "north";
    node.therapists = 7;
    node.unknown = (char **)(uintptr_t)unknown;
    node.n_unknown = 2;
    response.last = true;
    response.node = &node;
    for (int json = 0; json < 2; json++) {
        struct daemon daemon = {0};
        struct said said;
        add_frame(&daemon, 0, &response);
        start(&daemon);
        said = json != 0 ? RUN(&daemon, "--json", "status") : RUN(&daemon, "status");
        assert_int_equal(said.code, CTL_OK);
        assert_non_null(strstr(said.out, json != 0 ? "\"referrals_open\": null" : "open referrals        unknown"));
        assert_non_null(strstr(said.out, json != 0 ? "\"outbox_pending\": null" : "unknown to come, 0 given up"));
        assert_non_null(strstr(said.out, json != 0 ? "\"therapists\": 7" : "therapists            7"));
        forget(&said);
        stop(&daemon);
    }
}

static void an_unknown_state_is_wrong_usage(void **state)
{
    const struct daemon nowhere = {.path = "/tmp/there-is-no-such-socket"};
    struct said said = RUN(&nowhere, "referral", "list", "--state", "offered,asleep");

    (void)state;
    assert_int_equal(said.code, CTL_USAGE);
    assert_non_null(strstr(said.errors, "--state: the states are received, needs-information"));
    forget(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_there_is_exit_3),
        cmocka_unit_test(answers_in_several_frames_are_one_table),
        cmocka_unit_test(an_error_of_the_daemon_is_exit_1),
        cmocka_unit_test(a_busy_daemon_is_exit_4),
        cmocka_unit_test(verdicts_are_exit_codes),
        cmocka_unit_test(a_daemon_that_goes_away_is_exit_4),
        cmocka_unit_test(a_wall_clock_time_is_read_by_the_given_zone),
        cmocka_unit_test(json_lists_are_there_even_when_empty),
        cmocka_unit_test(long_lists_are_asked_for_in_pages),
        cmocka_unit_test(a_broken_audit_chain_is_exit_1),
        cmocka_unit_test(numbers_that_the_node_cannot_tell_are_not_zeros),
        cmocka_unit_test(an_unknown_state_is_wrong_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
