/* Issues, the OperationOutcome that tells them, and the status that goes with it; and FHIR's primitive types. */
#include "fhir/outcome.h"
#include "fhir/types.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define OWNED(text) ((char *)(uintptr_t)(text))

struct bench {
    struct fhir_arena arena;
    struct fhir_issues issues;
};

static int begin(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);

    bench->issues.arena = &bench->arena;
    *state = bench;
    return 0;
}

static int end(void **state)
{
    struct bench *bench = *state;

    fhir_arena_finish(&bench->arena);
    free(bench);
    return 0;
}

static void assert_outcome(const struct fhir_issues *issues, const char *expected)
{
    struct fhir_json *outcome = fhir_outcome(issues);

    assert_string_equal(fhir_json_print(outcome, NULL), expected);
    fhir_json_free(outcome);
}

static void an_outcome_has_what_is_known(void **state)
{
    struct bench *bench = *state;
    struct fhir_json_fault fault = {.line = 3, .column = 14, .message = "a name stands twice in one object"};

    assert_outcome(&bench->issues,
                   "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"information\",\"code\":"
                   "\"informational\",\"details\":{\"text\":\"all is well\"}}]}");
    fhir_issue_json(&bench->issues, &fault);
    fhir_issue_warn(&bench->issues, "not-found", "ServiceRequest.insurance[0]", "it is %s", "away");
    assert_outcome(
        &bench->issues,
        "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"fatal\",\"code\":\"structure\",\"details\":"
        "{\"text\":\"a name stands twice in one object\"},\"location\":[\"3:14\"]},{\"severity\":\"warning\",\"code\":"
        "\"not-found\",\"details\":{\"text\":\"it is away\"},\"expression\":[\"ServiceRequest.insurance[0]\"]}]}");
}

static void the_status_is_that_of_the_gravest(void **state)
{
    struct bench *bench = *state;
    struct fhir_json_fault large = {.too_large = true};

    assert_int_equal(fhir_status_of_issues(&bench->issues), 200);
    fhir_issue_warn(&bench->issues, "value", "", "w");
    assert_int_equal(fhir_status_of_issues(&bench->issues), 200);
    fhir_issue_rule(&bench->issues, "business-rule", "", "r");
    assert_int_equal(fhir_status_of_issues(&bench->issues), 422);
    fhir_issue_shape(&bench->issues, "value", "", "s");
    assert_int_equal(fhir_status_of_issues(&bench->issues), 400);
    fhir_issue_json(&bench->issues, &large);
    assert_int_equal(fhir_status_of_issues(&bench->issues), 413);
    assert_int_equal(bench->issues.errors, 3);
}

static void issues_beyond_the_bound_are_counted(void **state)
{
    struct bench *bench = *state;
    struct fhir_json *outcome;
    const struct fhir_json *list;

    for (int i = 0; i < FHIR_ISSUES + 7; i++)
        fhir_issue_shape(&bench->issues, "value", "", "%d", i);
    assert_int_equal(bench->issues.errors, FHIR_ISSUES + 7);
    outcome = fhir_outcome(&bench->issues);
    list = fhir_json_get(outcome, "issue");
    assert_int_equal(fhir_json_size(list), FHIR_ISSUES + 1);
    assert_string_equal(fhir_json_text_of(fhir_json_get(fhir_json_item(list, FHIR_ISSUES), "details"), "text"),
                        "7 further issues are not listed");
    fhir_json_free(outcome);
}

static void what_the_core_says_keeps_its_place(void **state)
{
    struct bench *bench = *state;
    Fascia__Problem problem[3] = {FASCIA__PROBLEM__INIT, FASCIA__PROBLEM__INIT, FASCIA__PROBLEM__INIT};
    Fascia__Problem *problems[] = {&problem[0], &problem[1], &problem[2]};
    Fascia__Result result = FASCIA__RESULT__INIT;

    problem[0].kind = FASCIA__PROBLEM__KIND__UNKNOWN_CODE;
    problem[0].location = OWNED("ServiceRequest.reasonCode[0].coding[1].code");
    problem[0].field = OWNED("conditions");
    problem[0].message = OWNED("this code is in no table");
    problem[1].kind = FASCIA__PROBLEM__KIND__MISSING;
    problem[1].field = OWNED("referrer.role");
    problem[1].message = OWNED("who refers?");
    problem[2].severity = FASCIA__PROBLEM__SEVERITY__WARNING;
    problem[2].field = OWNED("something.new");
    problem[2].message = OWNED("note it");
    result.verdict = FASCIA__RESULT__VERDICT__REFUSED;
    result.problems = problems;
    result.n_problems = 3;
    fhir_issue_result(&bench->issues, &result, "Bundle.entry[2].resource");
    assert_int_equal(bench->issues.count, 3);
    assert_string_equal(bench->issues.list[0]->code, "code-invalid");
    assert_string_equal(bench->issues.list[0]->expression, "ServiceRequest.reasonCode[0].coding[1].code");
    assert_string_equal(bench->issues.list[0]->diagnostics, "field conditions");
    assert_string_equal(bench->issues.list[1]->code, "required");
    assert_string_equal(bench->issues.list[1]->expression, "ServiceRequest.requester");
    assert_string_equal(bench->issues.list[2]->expression, "Bundle.entry[2].resource");
    assert_int_equal(bench->issues.list[2]->severity, FHIR_WARNING);
    assert_int_equal(bench->issues.errors, 2);
    assert_int_equal(fhir_status_of_issues(&bench->issues), 422);
}

static void each_verdict_has_its_status(void **state)
{
    static const struct {
        Fascia__Result__Verdict verdict;
        unsigned status, after;
        const char *code; /* NULL: nothing is said */
    } rows[] = {{FASCIA__RESULT__VERDICT__OK, 200, 0, NULL},
                {FASCIA__RESULT__VERDICT__DUPLICATE, 200, 0, "duplicate"},
                {FASCIA__RESULT__VERDICT__REFUSED, 422, 0, "business-rule"},
                {FASCIA__RESULT__VERDICT__NOT_FOUND, 404, 0, "not-found"},
                {FASCIA__RESULT__VERDICT__CONFLICT, 409, 0, "conflict"},
                {FASCIA__RESULT__VERDICT__BUSY, 503, 2, "throttled"},
                {FASCIA__RESULT__VERDICT__FAILED, 503, 30, "transient"}};
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Fascia__Result result = FASCIA__RESULT__INIT;
        result.verdict = rows[i].verdict;
        bench->issues = (struct fhir_issues){.arena = &bench->arena};
        fhir_issue_result(&bench->issues, &result, NULL);
        assert_int_equal(fhir_status_of_verdict(rows[i].verdict), rows[i].status);
        assert_int_equal(fhir_status_of_issues(&bench->issues), rows[i].status);
        assert_int_equal(fhir_retry_after(rows[i].verdict), rows[i].after);
        assert_int_equal(bench->issues.count, rows[i].code != NULL);
        if (rows[i].code != NULL)
            assert_string_equal(bench->issues.list[0]->code, rows[i].code);
    }
}

/* ---- types -------------------------------------------------------------------------------------------------------------- */

static void primitives_are_what_the_standard_says(void **state)
{
    static const struct {
        const char *type, *good, *bad; /* JSON values, separated by blanks */
    } rows[] = {
        {"id", "\"a-1.B\" \"0\"", "\"\" \"a_b\" \"a/b\" 7"},
        {"code", "\"a\" \"a-b\"", "\"\" true"},
        {"date", "\"2026\" \"2026-02\" \"2024-02-29\"",
         "\"2026-2\" \"2025-02-29\" \"2026-13\" \"26\" \"2026-01-01T00:00:00Z\" \"0000\""},
        {"dateTime",
         "\"2026\" \"2026-12-31T23:59:60Z\" \"2026-01-01T00:00:00.123-05:00\" \"2026-01-01T00:00:00+14:00\"",
         "\"2026-01-01T00:00\" \"2026-01-01T00:00:00\" \"2026-01T00:00:00Z\" \"2026-01-01T24:00:00Z\" "
         "\"2026-01-01T00:00:00+14:30\" \"2026-01-01T00:00:00.Z\""},
        {"instant", "\"2026-01-01T00:00:00Z\"", "\"2026-01-01\" \"2026-01-01T00:00:00\""},
        {"time", "\"09:30:00\" \"23:59:59.5\"", "\"9:30:00\" \"09:30\" \"24:00:00\" \"09:30:00Z\""},
        {"uri", "\"urn:x\" \"http://a/b?c#d\"", "\"\" 1"},
        {"oid", "\"urn:oid:1.2.840\"", "\"urn:oid:3.1\" \"urn:oid:1.02\" \"1.2\" \"urn:oid:1.\""},
        {"uuid", "\"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0\"",
         "\"urn:uuid:0c3151bd\" \"0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0\""},
        {"decimal", "0.010 -1 1e3", "\"1\" true"},
        {"integer", "0 -7 2147483647", "1.0 2147483648 -2147483649 \"1\""},
        {"unsignedInt", "0 5", "-1 0.5"},
        {"positiveInt", "1", "0 -1"},
        {"boolean", "true false", "\"true\" 1 null"},
        {"string", "\"x\" \"\\u00e9\"", "\"\" \"\\t\" \"a\\u0007\" 1"},
        {"base64Binary", "\"YQ==\" \"YWI=\" \"YWJj\"", "\"YQ\" \"Y===\" \"Y*==\" \"\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int good = 0; good < 2; good++) {
            char *list = strdup(good != 0 ? rows[i].good : rows[i].bad), *rest = list, *text;
            while ((text = strsep(&rest, " ")) != NULL) {
                struct fhir_json_fault fault;
                struct fhir_json *value = fhir_json_parse_value(text, strlen(text), 1000, &fault);
                if ((fhir_type_fault(rows[i].type, strlen(rows[i].type), value) == NULL) != (good != 0))
                    fail_msg("%s %s", rows[i].type, text);
                fhir_json_free(value);
            }
            free(list);
        }
}

static void codes_have_blanks_only_between(void **state)
{
    static const char *const bad[] = {" a", "a ", "a  b", "a\t\tb", " "};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fhir_json *value = fhir_json_new_text(bad[i]);
        assert_non_null(fhir_type_fault("code", 4, value));
        fhir_json_free(value);
    }
}

static void instants_are_milliseconds(void **state)
{
    static const struct {
        const char *text;
        int64_t instant;
    } rows[] = {{"1970-01-01T00:00:00Z", 0},
                {"1969-12-31T23:59:59.999Z", -1},
                {"2000-02-29T12:00:00.25+01:00", INT64_C(951822000250)},
                {"2026-12-04T10:00:00-05:00", INT64_C(1796396400000)},
                {"2100-03-01T00:00:00Z", INT64_C(4107542400000)}};
    int64_t instant;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(fhir_instant_of(rows[i].text, &instant));
        assert_int_equal(instant, rows[i].instant);
    }
    assert_false(fhir_instant_of("2026-12-04", &instant));
    assert_false(fhir_instant_of("", &instant));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_outcome_has_what_is_known, begin, end),
        cmocka_unit_test_setup_teardown(the_status_is_that_of_the_gravest, begin, end),
        cmocka_unit_test_setup_teardown(issues_beyond_the_bound_are_counted, begin, end),
        cmocka_unit_test_setup_teardown(what_the_core_says_keeps_its_place, begin, end),
        cmocka_unit_test_setup_teardown(each_verdict_has_its_status, begin, end),
        cmocka_unit_test(primitives_are_what_the_standard_says),
        cmocka_unit_test(codes_have_blanks_only_between),
        cmocka_unit_test(instants_are_milliseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
