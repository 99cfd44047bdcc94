/* What a change of a Task means: all 34 transitions of the harmonised table, and what is said of the others. */
#include "fhir/task_moves.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

struct bench {
    struct fhir_arena arena;
    struct fhir_issues issues;
    struct fhir_json *json, *shown;
    struct fhir_task_now now;
};

static int begin(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);

    bench->issues.arena = &bench->arena;
    bench->now = (struct fhir_task_now){.referral = 41, .therapist = "LMT-7", .actors = FHIR_RECIPIENT};
    *state = bench;
    return 0;
}

static void forget(struct bench *bench)
{
    fhir_json_free(bench->json);
    fhir_json_free(bench->shown);
    bench->json = bench->shown = NULL;
    bench->now.task = NULL;
    bench->issues = (struct fhir_issues){.arena = &bench->arena};
}

static int end(void **state)
{
    struct bench *bench = *state;

    forget(bench);
    fhir_arena_finish(&bench->arena);
    free(bench);
    return 0;
}

/* A place of the table, as status and business status. */
static void stands(struct bench *bench, const char *place)
{
    const char *blank = strchr(place, ' ');
    size_t size = blank != NULL ? (size_t)(blank - place) : strlen(place);

    bench->now.status = fhir_arena_text(&bench->arena, place, size);
    bench->now.business_status = blank != NULL                                ? blank + 1
                                 : strcmp(bench->now.status, "received") == 0 ? "2.0"
                                 : strcmp(bench->now.status, "accepted") == 0 ? "3.0"
                                                                              : "";
}

static char *task_text(struct bench *bench, const char *status, const char *business, const char *more)
{
    const char *concept =
        business[0] == '\0'
            ? ""
            : fhir_arena_format(&bench->arena, ",\"businessStatus\":{\"coding\":[{\"code\":\"%s\"}]}", business);

    return fhir_arena_format(&bench->arena,
                             "{\"resourceType\":\"Task\",\"id\":\"41\",\"status\":\"%s\",\"intent\":\"order\","
                             "\"focus\":{\"reference\":\"ServiceRequest/41\"}%s%s}",
                             status, concept, more);
}

static struct fhir_json *read(const char *text)
{
    struct fhir_json_fault fault;
    struct fhir_json *json = fhir_json_parse(text, strlen(text), 1 << 20, &fault);

    if (json == NULL)
        fail_msg("%s: %s", text, fault.message);
    return json;
}

/* Asks for a place, with more members of the Task; the Task as it stood is shown first. */
static Fascia__Command *wish(struct bench *bench, const char *status, const char *business, const char *more)
{
    static const struct fhir_task_request request = {"ehr", "urn:orders|7"};

    forget(bench);
    bench->shown = read(task_text(bench, bench->now.status, bench->now.business_status, ""));
    bench->now.task = bench->shown;
    bench->json = read(task_text(bench, status, business, more));
    return fhir_task_command(&bench->arena, &bench->now, &request, fhir_place_root(&bench->arena, bench->json, "Task"),
                             &bench->issues);
}

static void assert_refused(struct bench *bench, const Fascia__Command *command, unsigned status, const char *part)
{
    assert_null(command);
    assert_true(bench->issues.errors > 0);
    assert_int_equal(fhir_status_of_issues(&bench->issues), status);
    for (size_t i = 0; i < bench->issues.count; i++)
        if (strstr(bench->issues.list[i]->text, part) != NULL)
            return;
    fail_msg("'%s' is not said: %s", part, bench->issues.list[0]->text);
}

static void assert_asks(struct bench *bench, const Fascia__Command *command, Fascia__Command__BodyCase body)
{
    if (command != NULL && command->body_case == body)
        return;
    for (size_t i = 0; i < bench->issues.count; i++)
        print_message("  %s\n", bench->issues.list[i]->text);
    fail_msg("another command than %d is asked for", (int)body);
}

/* ---- the harmonised table ------------------------------------------------------------------------------------------------- */

struct fact {
    unsigned number;
    char actor[12], trigger[32], from[24], to[24], business[48];
};

static const char *const appointment = ",\"output\":[{\"type\":{\"text\":\"appointment\"},\"valuePeriod\":{\"start\":"
                                       "\"2026-12-04T10:00:00-05:00\",\"end\":\"2026-12-04T11:00:00-05:00\"}}]";
static const char *const summary =
    ",\"output\":[{\"type\":{\"text\":\"Outcome\"},\"valueString\":\"Range of motion is back.\"}]";

static const struct fhir_task_row *row_of(const struct fact *fact)
{
    size_t count;
    const struct fhir_task_row *rows = fhir_task_rows(&count);

    for (size_t i = 0; i < count; i++)
        if (rows[i].number == fact->number)
            return &rows[i];
    fail_msg("transition %u is not in the table", fact->number);
    return NULL;
}

static Fascia__Command__BodyCase body_of(enum fhir_task_trigger trigger)
{
    static const Fascia__Command__BodyCase bodies[FHIR_TASK_TRIGGERS] = {
        [FHIR_TASK_ACCEPT] = FASCIA__COMMAND__BODY_ACCEPT,
        [FHIR_TASK_DECLINE] = FASCIA__COMMAND__BODY_DECLINE,
        [FHIR_TASK_REQUEST_CANCELLATION] = FASCIA__COMMAND__BODY_SUBMIT,
        [FHIR_TASK_SCHEDULE] = FASCIA__COMMAND__BODY_BOOK,
        [FHIR_TASK_RESCHEDULE] = FASCIA__COMMAND__BODY_BOOK,
        [FHIR_TASK_NO_SHOW] = FASCIA__COMMAND__BODY_END_VISIT,
        [FHIR_TASK_CANCEL_APPOINTMENT] = FASCIA__COMMAND__BODY_END_VISIT,
        [FHIR_TASK_INTERIM_NOTE] = FASCIA__COMMAND__BODY_END_VISIT,
        [FHIR_TASK_OUTCOME] = FASCIA__COMMAND__BODY_REPORT_OUTCOME,
    };

    return bodies[trigger];
}

/* As its actor would ask for it; and the other may not. */
static void assert_done(struct bench *bench, const struct fact *fact, const struct fhir_task_row *row)
{
    const char *blank = strchr(fact->to, ' '), *business = blank != NULL ? blank + 1 : row->business_status;
    char status[24];
    bool booking = row->trigger == FHIR_TASK_SCHEDULE || row->trigger == FHIR_TASK_RESCHEDULE;
    const char *more = booking                                                                       ? appointment
                       : row->trigger == FHIR_TASK_OUTCOME || row->trigger == FHIR_TASK_INTERIM_NOTE ? summary
                                                                                                     : "";
    Fascia__Command *command;

    snprintf(status, sizeof status, "%.*s", (int)strcspn(fact->to, " "), fact->to);
    stands(bench, fact->from);
    bench->now.actors = row->actor;
    command = wish(bench, status, business, more);
    if (body_of(row->trigger) == FASCIA__COMMAND__BODY__NOT_SET) {
        assert_null(command);
        assert_int_equal(bench->issues.errors, 0);
    } else {
        assert_asks(bench, command, body_of(row->trigger));
    }
    bench->now.actors = row->actor == FHIR_INITIATOR ? FHIR_RECIPIENT : FHIR_INITIATOR;
    command = wish(bench, status, business, more);
    assert_refused(bench, command, 422, "is for who");
}

static void all_transitions_of_the_table_are_known(void **state)
{
    FILE *file = fopen(FASCIA_SOURCE "/tests/unit/fhir_task_transitions.csv", "r");
    char line[200];
    unsigned seen = 0;

    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file) != NULL) {
        struct fact fact;
        const struct fhir_task_row *row;
        assert_int_equal(sscanf(line, "%u,%11[^,],%31[^,],%23[^,],%23[^,],%47[^\n]", &fact.number, fact.actor,
                                fact.trigger, fact.from, fact.to, fact.business),
                         6);
        row = row_of(&fact);
        assert_int_equal(row->actor, strcmp(fact.actor, "initiator") == 0 ? FHIR_INITIATOR : FHIR_RECIPIENT);
        assert_string_equal(fhir_task_trigger_name(row->trigger), fact.trigger);
        assert_string_equal(row->from, fact.from);
        assert_string_equal(row->to, fact.to);
        assert_memory_equal(row->business_status, fact.business, strcspn(fact.business, " "));
        assert_int_equal(strlen(row->business_status), strcspn(fact.business, " "));
        assert_done(*state, &fact, row);
        seen++;
    }
    fclose(file);
    assert_int_equal(seen, 34);
}

/* ---- what commands carry --------------------------------------------------------------------------------------------------- */

static void accepting_and_declining(void **state)
{
    struct bench *bench = *state;
    Fascia__Command *command;

    stands(bench, "received");
    command = wish(bench, "accepted", "2.0", "");
    assert_asks(bench, command, FASCIA__COMMAND__BODY_ACCEPT);
    assert_int_equal(command->accept->referral, 41);
    assert_string_equal(command->accept->therapist, "LMT-7");
    assert_int_equal(command->accept->from, 0);
    /* The business status alone says it too. */
    assert_asks(bench, wish(bench, "received", "3.0", ""), FASCIA__COMMAND__BODY_ACCEPT);
    command = wish(bench, "rejected", "",
                   ",\"statusReason\":{\"coding\":[{\"code\":\"too-far\"}],\"text\":\"An hour by car\"}");
    assert_asks(bench, command, FASCIA__COMMAND__BODY_DECLINE);
    assert_string_equal(command->decline->reason_code, "too-far");
    assert_string_equal(command->decline->reason, "An hour by car");
    command = wish(bench, "rejected", "4.0", ",\"statusReason\":{\"text\":\"On leave\"}");
    assert_string_equal(command->decline->reason_code, "other");
    assert_string_equal(command->decline->reason, "On leave");
}

static void booking_says_when(void **state)
{
    struct bench *bench = *state;
    Fascia__Command *command;
    const char *contained =
        ",\"contained\":[{\"resourceType\":\"Appointment\",\"id\":\"a\",\"status\":\"booked\",\"start\":\"2026-12-"
        "04T15:00:00Z\",\"end\":\"2026-12-04T15:45:00Z\","
        "\"participant\":[{\"status\":\"accepted\",\"actor\":{\"display\":\"x\"}}]}],"
        "\"output\":[{\"type\":{\"text\":\"appointment\"},\"valueReference\":{\"reference\":\"#a\"}}]";

    stands(bench, "accepted");
    command = wish(bench, "in-progress", "5.1.1", contained);
    assert_asks(bench, command, FASCIA__COMMAND__BODY_BOOK);
    assert_int_equal(command->book->from, INT64_C(1796396400000));
    assert_int_equal(command->book->minutes, 45);
    assert_false(command->book->move);
    command = wish(bench, "in-progress", "", ",\"executionPeriod\":{\"start\":\"2026-12-04T10:00:00-05:00\"}");
    assert_asks(bench, command, FASCIA__COMMAND__BODY_BOOK);
    assert_int_equal(command->book->from, INT64_C(1796396400000));
    assert_int_equal(command->book->minutes, 0);
    assert_refused(bench, wish(bench, "in-progress", "5.1.1", ""), 422, "say when");
    stands(bench, "in-progress 5.1.1");
    bench->now.visit_from = INT64_C(1796396400000);
    command = wish(bench, "in-progress", "5.1.1", ",\"executionPeriod\":{\"start\":\"2026-12-05T10:00:00-05:00\"}");
    assert_asks(bench, command, FASCIA__COMMAND__BODY_BOOK);
    assert_true(command->book->move);
    command = wish(bench, "in-progress", "5.1.1", appointment);
    assert_null(command); /* the same time: nothing changes */
    assert_int_equal(bench->issues.errors, 0);
}

static void visits_end_and_outcomes_are_read(void **state)
{
    struct bench *bench = *state;
    Fascia__Command *command;

    stands(bench, "in-progress 5.1.1");
    command = wish(bench, "in-progress", "5.1.2", ",\"note\":[{\"text\":\"Nobody came.\"}]");
    assert_int_equal(command->end_visit->how, FASCIA__VISIT_ENDED__HOW__NO_SHOW);
    assert_string_equal(command->end_visit->note, "Nobody came.");
    command = wish(bench, "in-progress", "5.1.3", ",\"statusReason\":{\"text\":\"Snow\"}");
    assert_int_equal(command->end_visit->how, FASCIA__VISIT_ENDED__HOW__CANCELLED);
    assert_string_equal(command->end_visit->note, "Snow");
    command = wish(bench, "in-progress", "5.1.4", "");
    assert_int_equal(command->end_visit->how, FASCIA__VISIT_ENDED__HOW__DONE);
    command = wish(bench, "completed", "",
                   ",\"output\":[{\"type\":{\"coding\":[{\"code\":\"summary\"}]},\"valueString\":\"Better.\"},"
                   "{\"type\":{\"coding\":[{\"code\":\"visits\"}]},\"valueUnsignedInt\":5},"
                   "{\"type\":{\"text\":\"Pain before "
                   "treatment\"},\"valueInteger\":7},{\"type\":{\"coding\":[{\"code\":\"pain-after\"}]},"
                   "\"valueQuantity\":{\"value\":2}},"
                   "{\"type\":{\"coding\":[{\"code\":\"goal\"}]},\"valueCodeableConcept\":{\"coding\":[{\"code\":"
                   "\"achieved\"}]}}]");
    assert_asks(bench, command, FASCIA__COMMAND__BODY_REPORT_OUTCOME);
    assert_string_equal(command->report_outcome->outcome->summary, "Better.");
    assert_int_equal(command->report_outcome->outcome->visits, 5);
    assert_int_equal(command->report_outcome->outcome->pain_before, 7);
    assert_int_equal(command->report_outcome->outcome->pain_after, 2);
    assert_string_equal(command->report_outcome->outcome->goal, "met");
    assert_refused(bench, wish(bench, "completed", "", ""), 422, "say how it went");
    assert_refused(
        bench, wish(bench, "completed", "", ",\"output\":[{\"type\":{\"text\":\"Pain before\"},\"valueInteger\":11}]"),
        422, "0 to 10");
    assert_refused(bench,
                   wish(bench, "completed", "", ",\"output\":[{\"type\":{\"text\":\"goal\"},\"valueCode\":\"maybe\"}]"),
                   422, "partly-met");
}

static void a_referrer_cancels(void **state)
{
    struct bench *bench = *state;
    Fascia__Command *command;

    bench->now.actors = FHIR_INITIATOR;
    stands(bench, "on-hold");
    command = wish(bench, "cancelled", "", ",\"statusReason\":{\"text\":\"Patient moved\"}");
    assert_asks(bench, command, FASCIA__COMMAND__BODY_SUBMIT);
    assert_int_equal(command->submit->action, FASCIA__SUBMIT__ACTION__CANCEL);
    assert_string_equal(command->submit->referral->sender, "ehr");
    assert_string_equal(command->submit->referral->sender_referral_id, "urn:orders|7");
    assert_string_equal(command->submit->reason, "Patient moved");
}

/* ---- what is refused --------------------------------------------------------------------------------------------------------- */

static void what_is_forbidden_says_why(void **state)
{
    struct bench *bench = *state;

    stands(bench, "received");
    assert_refused(bench, wish(bench, "completed", "7.0", summary), 409,
                   "a Task that is received can't become this; you may make it accepted, rejected");
    assert_refused(bench, wish(bench, "in-progress", "5.1.1", appointment), 409, "received");
    stands(bench, "completed");
    assert_refused(bench, wish(bench, "in-progress", "5.1.1", appointment), 409, "not yours to change any more");
    stands(bench, "cancelled");
    assert_refused(bench, wish(bench, "accepted", "3.0", ""), 409, "cancelled");
    stands(bench, "accepted");
    assert_refused(bench, wish(bench, "failed", "", ""), 409, "accepted");
    assert_refused(bench, wish(bench, "rejected", "7.0", ""), 422, "contradict");
    assert_refused(bench, wish(bench, "in-progress", "5.9", ""), 422, "one of 2.0");
    assert_refused(bench, wish(bench, "finished", "", ""), 400, "none of draft");
    assert_refused(bench, wish(bench, "rejected", "", ",\"for\":{\"reference\":\"Patient/42\"}"), 422,
                   "can't be changed");
    assert_refused(bench,
                   wish(bench, "rejected", "", ",\"modifierExtension\":[{\"url\":\"urn:x\",\"valueBoolean\":true}]"),
                   422, "not known");
}

static void what_changes_nothing_asks_nothing(void **state)
{
    struct bench *bench = *state;
    static const char *const places[] = {"received",  "accepted",          "on-hold",
                                         "completed", "in-progress 5.1.1", "in-progress 5.1.4"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        stands(bench, places[i]);
        assert_null(wish(bench, bench->now.status, bench->now.business_status, ""));
        assert_int_equal(bench->issues.errors, 0);
        assert_null(wish(bench, bench->now.status, "", ""));
        assert_int_equal(bench->issues.errors, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_transitions_of_the_table_are_known, begin, end),
        cmocka_unit_test_setup_teardown(accepting_and_declining, begin, end),
        cmocka_unit_test_setup_teardown(booking_says_when, begin, end),
        cmocka_unit_test_setup_teardown(visits_end_and_outcomes_are_read, begin, end),
        cmocka_unit_test_setup_teardown(a_referrer_cancels, begin, end),
        cmocka_unit_test_setup_teardown(what_is_forbidden_says_why, begin, end),
        cmocka_unit_test_setup_teardown(what_changes_nothing_asks_nothing, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
