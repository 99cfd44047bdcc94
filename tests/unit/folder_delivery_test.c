/* How a file ends: each row answered once, in order, whatever the host can take and in whatever order it answers. */
#include "folder_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define SENDER          "sender", "SPINE", "role", "chiropractor"
#define OPEN(host, ...) assert_true(host_open(host, (const char *const[]){__VA_ARGS__, NULL}))

static void deliver_rows(struct folder_host *host, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    fputs("patient_id,condition\n", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%zu,M54.2\n", i);
    fclose(out);
    host_deliver(host, "a.csv", text, size);
    free(text);
}

static void nothing_is_completed_before_all_is_answered(void **state)
{
    struct folder_host host;
    Fascia__Result result = FASCIA__RESULT__INIT;

    (void)state;
    OPEN(&host, SENDER);
    deliver_rows(&host, 3);
    assert_int_equal(host.count, 3);
    result.referral = 5;
    host_answer(&host, 2, &result);
    host_answer(&host, 0, &result);
    assert_int_equal(host.completed, 0);
    result.verdict = FASCIA__RESULT__VERDICT__DUPLICATE;
    result.state = FASCIA__STATE__STATE_OFFERED;
    host_answer(&host, 1, &result);
    assert_int_equal(host.completed, 1);
    assert_false(host.completion->failed);
    assert_string_equal(host_reply(&host), "line,result,referral,state,problem\n2,accepted,R5,,\n3,known,R5,offered,\n"
                                           "4,accepted,R5,,\n");
    host_close(&host);
}

static void no_more_rows_are_under_way_than_the_window_allows(void **state)
{
    struct folder_host host;
    Fascia__Result result = FASCIA__RESULT__INIT;

    (void)state;
    OPEN(&host, SENDER, "window", "3");
    deliver_rows(&host, 10);
    assert_int_equal(host.count, 3);
    host_answer(&host, 0, &result);
    assert_int_equal(host.count, 4);
    host_answer_all(&host);
    assert_int_equal(host.count, 10);
    assert_int_equal(host.completed, 1);
    host_close(&host);
}

static void a_row_that_the_host_is_too_busy_for_waits_for_the_next_answer(void **state)
{
    struct folder_host host;

    (void)state;
    OPEN(&host, SENDER);
    host.room = 2;
    deliver_rows(&host, 7);
    assert_int_equal(host.count, 2);
    assert_int_equal(host.completed, 0);
    host_answer_all(&host);
    assert_int_equal(host.count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(host.submissions[i]->item, i);
        assert_int_equal(atoi(host.submissions[i]->submit->referral->patient->identifiers[0]->value), i);
    }
    assert_int_equal(host.completed, 1);
    assert_false(host.completion->later);
    host_close(&host);
}

static enum fascia_status always_busy(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    (void)context;
    (void)delivery;
    (void)bytes;
    return FASCIA_E_BUSY;
}

static void with_nothing_under_way_the_file_comes_again(void **state)
{
    struct folder_host host;

    (void)state;
    OPEN(&host, SENDER);
    host.host.submit = always_busy;
    deliver_rows(&host, 2);
    assert_int_equal(host.completed, 1);
    assert_true(host.completion->later);
    assert_false(host.completion->failed);
    assert_int_equal(host.completion->reply.len, 0);
    host_close(&host);
}

/* What was answered "busy" or "failed" was not kept: no line may say that it was refused for good. */
static void a_row_that_could_not_be_kept_makes_the_file_come_again(void **state)
{
    const Fascia__Result__Verdict verdicts[] = {FASCIA__RESULT__VERDICT__BUSY, FASCIA__RESULT__VERDICT__FAILED};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct folder_host host;
        Fascia__Result result = FASCIA__RESULT__INIT;
        OPEN(&host, SENDER, "window", "2");
        deliver_rows(&host, 5);
        result.verdict = verdicts[i];
        host_answer(&host, 0, &result);
        assert_int_equal(host.count, 2);
        assert_int_equal(host.completed, 0);
        result.verdict = FASCIA__RESULT__VERDICT__OK;
        host_answer(&host, 1, &result);
        assert_int_equal(host.completed, 1);
        assert_true(host.completion->later);
        host_close(&host);
    }
}

static void problems_of_a_row_are_told(void **state)
{
    struct folder_host host;
    Fascia__Result result = FASCIA__RESULT__INIT;
    Fascia__Status status = FASCIA__STATUS__INIT;
    Fascia__Problem problem = FASCIA__PROBLEM__INIT;
    Fascia__Problem warning = FASCIA__PROBLEM__INIT;
    Fascia__Problem *problems[] = {&problem, &warning};
    char location[] = "column 'condition'";
    char field[] = "conditions";
    char message[] = "this code is in no table";
    char advice[] = "withdrawn, use M54.50";

    (void)state;
    problem.location = location;
    problem.field = field;
    problem.message = message;
    warning.severity = FASCIA__PROBLEM__SEVERITY__WARNING;
    warning.message = advice;
    OPEN(&host, SENDER);
    deliver_rows(&host, 2);
    result.verdict = FASCIA__RESULT__VERDICT__REFUSED;
    result.problems = problems;
    result.n_problems = 2;
    host_answer(&host, 0, &result);
    result = (Fascia__Result)FASCIA__RESULT__INIT;
    result.referral = 9;
    result.state = FASCIA__STATE__STATE_NEEDS_INFORMATION;
    status.problems = problems;
    status.n_problems = 1;
    result.status = &status;
    host_answer(&host, 1, &result);
    assert_string_equal(
        host_reply(&host),
        "line,result,referral,state,problem\n"
        "2,refused,,,\"column 'condition': conditions: this code is in no table; warning: withdrawn, use "
        "M54.50\"\n"
        "3,accepted,R9,needs-information,column 'condition': conditions: this code is in no table\n");
    assert_true(host.completion->failed);
    host_close(&host);
}

static void a_file_has_a_bound_of_rows(void **state)
{
    struct folder_host host;

    (void)state;
    OPEN(&host, SENDER, "maximum_rows", "2");
    deliver_rows(&host, 4);
    assert_int_equal(host.count, 2);
    host_answer_all(&host);
    assert_string_equal(
        host_reply(&host),
        "line,result,referral,state,problem\n2,accepted,R100,matching,\n3,accepted,R101,matching,\n"
        "4,refused,,,the file has more than 2 rows (option maximum_rows); this and what follows was not "
        "read\n");
    assert_true(host.completion->failed);
    host_close(&host);
}

static void an_abandoned_file_is_forgotten(void **state)
{
    struct folder_host host;

    (void)state;
    OPEN(&host, SENDER);
    deliver_rows(&host, 3);
    folder_plugin.abandon(host.instance, 7);
    host_answer_all(&host);
    assert_int_equal(host.completed, 0);
    host_close(&host);
}

static void the_same_row_says_the_same_wherever_it_stands(void **state)
{
    struct folder_host host;
    const char *text = "patient_id,condition,other\n1,M54.2,x\n2,M54.2,y\n1,M54.2,x\n";
    uint8_t left[4096];
    uint8_t right[4096];
    size_t size;

    (void)state;
    OPEN(&host, SENDER);
    host_deliver(&host, "a.csv", text, strlen(text));
    size = fascia__referral__pack(host.submissions[0]->submit->referral, left);
    assert_int_equal(fascia__referral__pack(host.submissions[2]->submit->referral, right), size);
    assert_memory_equal(left, right, size);
    host_close(&host);
}

/* ---- statuses ---------------------------------------------------------------------------------------------------------- */

static void notify(struct folder_host *host, const Fascia__StatusNotice *notice)
{
    uint8_t packed[8192];

    folder_plugin.status(host->instance, 9, (struct fascia_bytes){packed, fascia__status_notice__pack(notice, packed)});
}

static void a_status_is_a_file_without_the_patient(void **state)
{
    struct folder_host host;
    Fascia__StatusNotice notice = FASCIA__STATUS_NOTICE__INIT;
    Fascia__Status status = FASCIA__STATUS__INIT;
    Fascia__Referral referral = FASCIA__REFERRAL__INIT;
    Fascia__Patient patient = FASCIA__PATIENT__INIT;
    char id[] = "SC-1";
    char name[] = "SECRETNAME";
    char therapist[] = "1000000004";
    char zone[] = "America/New_York";
    char *text;

    (void)state;
    OPEN(&host, SENDER);
    patient.family_name = name;
    referral.patient = &patient;
    referral.sender_referral_id = id;
    status.referral = 12;
    status.number = 3;
    status.state = FASCIA__STATE__STATE_SCHEDULED;
    status.therapist = therapist;
    status.at = INT64_C(1796307300000);
    status.visit_from = INT64_C(1796307300000);
    status.visit_to = INT64_C(1796310900000);
    status.time_zone = zone;
    notice.status = &status;
    notice.referral = &referral;
    notify(&host, &notice);
    assert_int_equal(host.outbound->kind, FASCIA__OUTBOUND__KIND__FILE);
    assert_string_equal(host.outbound->file_name, "status-R12-3.json");
    text = calloc(1, host.outbound->payload.len + 1);
    memcpy(text, host.outbound->payload.data, host.outbound->payload.len);
    assert_string_equal(text, "{\n  \"referral\": \"R12\",\n  \"sender_referral_id\": \"SC-1\",\n  \"number\": 3,\n"
                              "  \"state\": \"scheduled\",\n  \"at\": \"2026-12-03T14:15:00Z\",\n  \"therapist\": {\n"
                              "    \"identifier\": \"1000000004\"\n  },\n  \"visit\": {\n"
                              "    \"from\": \"2026-12-03T14:15:00Z\",\n    \"to\": \"2026-12-03T15:15:00Z\",\n"
                              "    \"time_zone\": \"America/New_York\"\n  },\n  \"visits_done\": 0\n}");
    free(text);
    host_close(&host);
}

static void statuses_can_be_switched_off(void **state)
{
    struct folder_host host;
    Fascia__StatusNotice notice = FASCIA__STATUS_NOTICE__INIT;
    Fascia__Status status = FASCIA__STATUS__INIT;

    (void)state;
    OPEN(&host, SENDER, "statuses", "false");
    notice.status = &status;
    notify(&host, &notice);
    assert_int_equal(host.outbound->kind, FASCIA__OUTBOUND__KIND__NOTHING);
    host_close(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_completed_before_all_is_answered),
        cmocka_unit_test(no_more_rows_are_under_way_than_the_window_allows),
        cmocka_unit_test(a_row_that_the_host_is_too_busy_for_waits_for_the_next_answer),
        cmocka_unit_test(with_nothing_under_way_the_file_comes_again),
        cmocka_unit_test(a_row_that_could_not_be_kept_makes_the_file_come_again),
        cmocka_unit_test(problems_of_a_row_are_told),
        cmocka_unit_test(a_file_has_a_bound_of_rows),
        cmocka_unit_test(an_abandoned_file_is_forgotten),
        cmocka_unit_test(the_same_row_says_the_same_wherever_it_stands),
        cmocka_unit_test(a_status_is_a_file_without_the_patient),
        cmocka_unit_test(statuses_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
