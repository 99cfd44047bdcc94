#include "plugin/plugin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- an owner that writes down what it hears ----------------------------------------------------------------------- */

struct record {
    char text[4096]; /* one word an event */
    int64_t clock;
    struct plugin_instance *instance;
    enum fascia_status submit_status; /* what submit() gives */
    bool answer_at_once;              /* submit() calls plugin_result() before it returns */
    int deliver_more;                 /* ended() delivers that many further */
};

static struct record record;
static struct plugin_registry *registry;

static void note(const char *format, ...)
{
    size_t used = strlen(record.text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(record.text + used, sizeof record.text - used, format, arguments);
    va_end(arguments);
}

static enum fascia_status owner_submit(void *context, uint64_t delivery, void *user, Fascia__Submission *submission)
{
    Fascia__Result result = FASCIA__RESULT__INIT;

    (void)user;
    assert_ptr_equal(context, &record);
    note("submit(%u) ", submission->item);
    if (record.answer_at_once)
        plugin_result(record.instance, delivery, submission->item, &result);
    return record.submit_status;
}

static uint64_t deliver(void *user)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;

    return plugin_deliver(record.instance, &delivery, user);
}

static enum fascia_status owner_ask(void *context, uint64_t request, void *user, Fascia__Ask *ask)
{
    Fascia__Answer answer = FASCIA__ANSWER__INIT;
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;

    (void)user;
    assert_ptr_equal(context, &record);
    note("ask(%u,%d) ", ask->item, (int)ask->request->body_case);
    answer.item = ask->item;
    answer.response = &response;
    if (record.answer_at_once)
        plugin_answer(record.instance, request, &answer);
    return record.submit_status;
}

static void owner_ended(void *context, uint64_t delivery, enum plugin_call call, void *user,
                        const ProtobufCMessage *ending)
{
    static const char *const calls[] = {"deliver", "status", "answered", "notify", "judge", "request"};

    (void)context;
    assert_true(delivery != 0);
    note("ended(%s,%s,%s) ", calls[call], ending == NULL ? "null" : ending->descriptor->short_name,
         user == NULL ? "" : (const char *)user);
    if (record.deliver_more > 0) {
        record.deliver_more--;
        assert_int_not_equal(deliver("more"), 0);
    }
}

static void owner_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    (void)context;
    (void)level;
    note("%s=%lld ", event, (long long)number);
}

static int64_t owner_now(void *context)
{
    (void)context;
    return record.clock;
}

static void owner_random(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    memset(bytes, 4, size);
}

static enum plugin_error open_with(const char *name, const struct plugin_limits *limits, struct fault *fault)
{
    static const struct plugin_owner owner = {&record,   owner_submit, owner_ended, owner_log,
                                              owner_now, owner_random, owner_ask};
    Fascia__Options options = FASCIA__OPTIONS__INIT;
    const struct plugin *plugin = NULL;
    char path[256];

    /* Whose tree the build stands in is not this test's matter: the file is copied to where only we can write. */
    snprintf(path, sizeof path, "cp -n '%s/tests/plugin_zoo/%s.so' /tmp/fascia-zoo-%d/", FASCIA_BUILD, name,
             (int)getpid());
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "/tmp/fascia-zoo-%d/%s.so", (int)getpid(), name);
    assert_int_equal(chmod(path, 0755), 0);
    memset(&record, 0, sizeof record);
    record.clock = 1000000;
    if (plugin_load(registry, path, &plugin, fault) != PLUGIN_OK)
        fail_msg("%s", fault->text);
    return plugin_open(plugin, "clinic", &options, &owner, limits, &record.instance, fault);
}

static void open_animal(const char *name)
{
    struct fault fault = {{0}};

    assert_int_equal(open_with(name, NULL, &fault), PLUGIN_OK);
}

static struct plugin_counts counts(void)
{
    struct plugin_counts counted;

    plugin_counts(record.instance, &counted);
    return counted;
}

/* What was heard since the last call. */
static void assert_heard(const char *expected)
{
    assert_string_equal(record.text, expected);
    record.text[0] = '\0';
}

static int start(void **state)
{
    char path[64];

    (void)state;
    registry = plugin_registry_create();
    snprintf(path, sizeof path, "/tmp/fascia-zoo-%d", (int)getpid());
    return mkdir(path, 0700);
}

static int finish(void **state)
{
    char command[64];

    (void)state;
    plugin_registry_destroy(registry);
    snprintf(command, sizeof command, "rm -rf /tmp/fascia-zoo-%d", (int)getpid());
    return system(command);
}

/* ---- what must hold ------------------------------------------------------------------------------------------------ */

static void every_kind_of_call_ends_with_its_own_message(void **state)
{
    Fascia__StatusNotice notice = FASCIA__STATUS_NOTICE__INIT;
    Fascia__Answered answered = FASCIA__ANSWERED__INIT;

    (void)state;
    open_animal("good");
    assert_int_not_equal(deliver("d"), 0);
    assert_heard("ended(deliver,Completion,d) ");
    /* The good animal ends all in the same bytes, which are no Outbound: its field 1 is a number. */
    assert_int_not_equal(plugin_status(record.instance, &notice, "s"), 0);
    assert_int_not_equal(plugin_answered(record.instance, &answered, "a"), 0);
    assert_heard("ended(status,null,s) ended(answered,null,a) ");
    assert_int_equal(counts().delivered, 3);
    assert_int_equal(counts().completed, 1);
    assert_int_equal(counts().refused_completions, 2);
    assert_int_equal(counts().open, 0);
    plugin_close(record.instance);
    assert_heard("close=0 ");
}

static void a_result_that_comes_later_ends_the_delivery(void **state)
{
    Fascia__Result result = FASCIA__RESULT__INIT;
    uint64_t token = 0;

    (void)state;
    open_animal("patient");
    token = deliver("d");
    assert_heard("deliver=0 submit(7) submitted=0 ");
    assert_int_equal(counts().open, 1);
    plugin_result(record.instance, token, 7, &result);
    assert_heard("result=0 ended(deliver,Completion,d) ");
    plugin_result(record.instance, token, 7, &result); /* it has ended: nothing happens */
    assert_heard("");
    plugin_close(record.instance);
}

static void a_result_given_inside_submit_waits_until_the_plugin_returned(void **state)
{
    (void)state;
    open_animal("patient");
    record.answer_at_once = true;
    deliver("d");
    assert_heard("deliver=0 submit(7) submitted=0 result=0 ended(deliver,Completion,d) ");
    plugin_close(record.instance);
}

static void a_delivery_made_inside_ended_waits_until_the_plugin_returned(void **state)
{
    (void)state;
    open_animal("patient");
    record.answer_at_once = true;
    record.deliver_more = 2;
    deliver("d");
    assert_heard("deliver=0 submit(7) submitted=0 result=0 ended(deliver,Completion,d) "
                 "deliver=0 submit(7) submitted=0 result=0 ended(deliver,Completion,more) "
                 "deliver=0 submit(7) submitted=0 result=0 ended(deliver,Completion,more) ");
    assert_int_equal(counts().delivered, 3);
    plugin_close(record.instance);
}

static void an_owner_that_is_full_is_no_fault_of_the_plugin(void **state)
{
    (void)state;
    open_animal("patient");
    record.submit_status = FASCIA_E_BUSY;
    deliver("d");
    assert_heard("deliver=0 submit(7) submitted=4 ");
    assert_int_equal(counts().refused_submissions, 0);
    plugin_close(record.instance);
    assert_heard("abandon=0 ended(deliver,null,d) close=0 ");
}

static void what_a_request_asks_is_answered_once_the_plugin_has_returned(void **state)
{
    Fascia__HttpRequest request = FASCIA__HTTP_REQUEST__INIT;

    (void)state;
    open_animal("asks");
    record.answer_at_once = true;
    request.method = "GET";
    assert_int_not_equal(plugin_request(record.instance, &request, "r"), 0);
    assert_heard("request=1 ask(3,15) asked=0 garbage=1 foreign=2 submitted=2 answer=3 ended(request,HttpReply,r) ");
    assert_int_equal(counts().refused_submissions, 3);
    assert_int_equal(counts().completed, 1);
    plugin_close(record.instance);
}

static void a_request_that_nobody_waits_for_is_forgotten(void **state)
{
    Fascia__HttpRequest request = FASCIA__HTTP_REQUEST__INIT;
    Fascia__Answer answer = FASCIA__ANSWER__INIT;
    uint64_t token = 0;

    (void)state;
    open_animal("asks");
    token = plugin_request(record.instance, &request, "r");
    assert_heard("request=0 ask(3,15) asked=0 garbage=1 foreign=2 submitted=2 ");
    plugin_abandon(record.instance, token);
    assert_heard("abandon=0 ended(request,null,r) ");
    plugin_answer(record.instance, token, &answer);
    plugin_abandon(record.instance, token);
    assert_heard("");
    plugin_close(record.instance);
}

static void a_second_completion_is_refused(void **state)
{
    (void)state;
    open_animal("completes_twice");
    deliver("d");
    assert_heard("ended(deliver,Completion,d) second=2 ");
    assert_int_equal(counts().completed, 1);
    assert_int_equal(counts().refused_completions, 1);
    plugin_close(record.instance);
}

static void a_foreign_token_is_refused(void **state)
{
    (void)state;
    open_animal("completes_foreign");
    deliver("d");
    assert_heard("before=2 next=2 neighbour=2 zero=2 all=2 ended(deliver,Completion,d) ");
    assert_int_equal(counts().refused_completions, 5);
    plugin_close(record.instance);
}

static void the_token_of_another_instance_is_refused(void **state)
{
    struct plugin_instance *first = NULL;
    uint64_t token = 0;

    (void)state;
    open_animal("never_completes");
    first = record.instance;
    token = deliver("first");
    open_animal("completes_foreign");
    assert_int_equal(deliver("second"), token + 65536); /* so that the animal does try the first instance's token */
    assert_heard("before=2 next=2 neighbour=2 zero=2 all=2 ended(deliver,Completion,second) ");
    plugin_close(record.instance);
    record.instance = first;
    assert_int_equal(counts().open, 1);
    plugin_close(first);
}

static void a_late_completion_is_refused(void **state)
{
    (void)state;
    open_animal("completes_late");
    deliver("first");
    record.clock += 30000;
    assert_int_equal(plugin_expire(record.instance, record.clock), INT64_MAX);
    assert_heard("in-abandon=2 ended(deliver,null,first) ");
    deliver("second");
    assert_heard("late=2 ");
    assert_int_equal(counts().refused_completions, 2);
    assert_int_equal(counts().expired, 1);
    assert_int_equal(counts().completed, 0);
    plugin_close(record.instance);
    assert_heard("in-abandon=2 ended(deliver,null,second) close=0 ");
}

static void of_what_is_refused_nothing_is_taken(void **state)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;

    (void)state;
    open_animal("good");
    assert_false(plugin_can_refuse(record.instance));
    plugin_close(record.instance);
    open_animal("submits_in_refuse");
    assert_true(plugin_can_refuse(record.instance));
    delivery.limit = 1024;
    assert_int_not_equal(plugin_refuse(record.instance, &delivery, "large"), 0);
    assert_heard("submit=2 ended(deliver,Completion,large) ");
    assert_int_equal(counts().refused_submissions, 1);
    assert_int_equal(counts().open, 0);
    plugin_close(record.instance);
}

static void garbage_is_no_submission(void **state)
{
    (void)state;
    open_animal("submits_garbage");
    deliver("d");
    assert_heard("garbage=1 empty=1 null=1 ended(deliver,Completion,d) ");
    assert_int_equal(counts().refused_submissions, 3);
    plugin_close(record.instance);
}

static void a_delivery_that_never_ends_is_ended_at_its_deadline(void **state)
{
    const struct plugin_limits limits = {.deadline_ms = 500};
    struct fault fault = {{0}};

    (void)state;
    assert_int_equal(open_with("never_completes", &limits, &fault), PLUGIN_OK);
    deliver("first");
    record.clock += 200;
    deliver("second");
    assert_int_equal(plugin_expire(record.instance, record.clock + 299), 1000500);
    assert_heard("");
    assert_int_equal(plugin_expire(record.instance, record.clock + 300), 1000700);
    assert_heard("abandon=0 ended(deliver,null,first) ");
    assert_int_equal(plugin_expire(record.instance, record.clock + 500), INT64_MAX);
    assert_heard("abandon=0 ended(deliver,null,second) ");
    assert_int_equal(counts().expired, 2);
    plugin_close(record.instance);
}

static void a_clock_set_back_does_not_hide_a_deadline(void **state)
{
    const struct plugin_limits limits = {.deadline_ms = 500};
    struct fault fault = {{0}};

    (void)state;
    assert_int_equal(open_with("never_completes", &limits, &fault), PLUGIN_OK);
    deliver("first");
    record.clock -= 400;
    deliver("second");
    deliver("third");
    assert_int_equal(plugin_expire(record.instance, record.clock + 500), 1000500);
    assert_heard("abandon=0 ended(deliver,null,second) abandon=0 ended(deliver,null,third) ");
    plugin_close(record.instance);
}

static void garbage_ends_a_delivery_all_the_same(void **state)
{
    (void)state;
    open_animal("completes_with_garbage");
    deliver("d");
    assert_heard("ended(deliver,null,d) garbage=1 second=2 ");
    assert_int_equal(counts().refused_completions, 2);
    assert_int_equal(counts().open, 0);
    plugin_close(record.instance);
}

static void a_submission_after_the_end_is_refused(void **state)
{
    (void)state;
    open_animal("submits_after_complete");
    deliver("d");
    assert_heard("ended(deliver,Completion,d) submit=2 ");
    assert_int_equal(counts().refused_submissions, 1);
    plugin_close(record.instance);
}

static void a_submission_to_a_status_is_refused(void **state)
{
    Fascia__StatusNotice notice = FASCIA__STATUS_NOTICE__INIT;

    (void)state;
    open_animal("submits_in_status");
    plugin_status(record.instance, &notice, "s");
    assert_heard("submit=2 ended(status,null,s) ");
    plugin_close(record.instance);
}

static void what_is_too_large_is_refused(void **state)
{
    const struct plugin_limits limits = {.submission_bytes = 5, .ending_bytes = 3};
    struct fault fault = {{0}};

    (void)state;
    assert_int_equal(open_with("patient", &limits, &fault), PLUGIN_OK);
    deliver("d");
    assert_heard("deliver=0 submitted=3 ");
    assert_int_equal(counts().refused_submissions, 1);
    plugin_close(record.instance);
    assert_int_equal(open_with("good", &limits, &fault), PLUGIN_OK);
    deliver("d");
    assert_heard("ended(deliver,null,d) ");
    plugin_close(record.instance);
}

static void no_more_than_the_bound_are_in_flight(void **state)
{
    const struct plugin_limits limits = {.in_flight = 40};
    struct fault fault = {{0}};
    uint64_t tokens[40];

    (void)state;
    assert_int_equal(open_with("never_completes", &limits, &fault), PLUGIN_OK);
    for (int i = 0; i < 40; i++) {
        tokens[i] = deliver("");
        assert_int_not_equal(tokens[i], 0);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(tokens[i], tokens[j]);
    }
    assert_int_equal(deliver(""), 0);
    assert_int_equal(counts().open, 40);
    assert_int_equal(counts().delivered, 40);
    plugin_expire(record.instance, INT64_MAX);
    assert_int_equal(counts().open, 0);
    assert_int_not_equal(deliver(""), 0);
    plugin_close(record.instance);
}

static void a_token_is_never_used_twice(void **state)
{
    uint64_t before = 0;

    (void)state;
    open_animal("good");
    for (int i = 0; i < 1000; i++) {
        uint64_t token = deliver(NULL);
        assert_true(token > before); /* the same place, a later number */
        before = token;
        record.text[0] = '\0';
    }
    plugin_close(record.instance);
}

static void closing_ends_what_is_open_and_begins_nothing(void **state)
{
    (void)state;
    open_animal("never_completes");
    deliver("first");
    deliver("second");
    plugin_close(record.instance);
    assert_heard("abandon=0 ended(deliver,null,first) abandon=0 ended(deliver,null,second) close=0 ");
}

static void a_refused_opening_says_why_on_one_line(void **state)
{
    struct fault fault = {{0}};

    (void)state;
    assert_int_equal(open_with("open_fails", NULL, &fault), PLUGIN_OPTIONS);
    assert_string_equal(fault.text, "source 'clinic': the plugin 'open-fails' refused its options: "
                                    "the column 'patient' is mapped twice");
    assert_null(record.instance);
}

static void an_impossible_frame_closes_the_stream(void **state)
{
    struct fascia_frame frame;
    const uint8_t bytes[] = "abc";

    (void)state;
    open_animal("frames_nonsense");
    plugin_frame(record.instance, (struct fascia_bytes){bytes, 3}, 0, &frame);
    assert_int_equal(frame.result, FASCIA_FRAME_INVALID);
    assert_int_equal(frame.total, 0);
    assert_heard("plugin.frame-impossible=1 ");
    plugin_close(record.instance);
    open_animal("good");
    plugin_frame(record.instance, (struct fascia_bytes){bytes, 3}, 99, &frame);
    assert_int_equal(frame.result, FASCIA_FRAME_COMPLETE);
    assert_int_equal(frame.payload_size, 3);
    plugin_close(record.instance);
    open_animal("folder_only");
    plugin_frame(record.instance, (struct fascia_bytes){bytes, 3}, 0, &frame);
    assert_int_equal(frame.result, FASCIA_FRAME_INVALID);
    plugin_close(record.instance);
}

static void an_event_that_is_no_word_is_not_logged(void **state)
{
    (void)state;
    open_animal("logs_what_was_sent");
    deliver("d");
    assert_heard("plugin.event-is-no-word=1 ended(deliver,Completion,d) ");
    plugin_close(record.instance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_call_ends_with_its_own_message),
        cmocka_unit_test(a_result_that_comes_later_ends_the_delivery),
        cmocka_unit_test(a_result_given_inside_submit_waits_until_the_plugin_returned),
        cmocka_unit_test(a_delivery_made_inside_ended_waits_until_the_plugin_returned),
        cmocka_unit_test(an_owner_that_is_full_is_no_fault_of_the_plugin),
        cmocka_unit_test(what_a_request_asks_is_answered_once_the_plugin_has_returned),
        cmocka_unit_test(a_request_that_nobody_waits_for_is_forgotten),
        cmocka_unit_test(a_second_completion_is_refused),
        cmocka_unit_test(a_foreign_token_is_refused),
        cmocka_unit_test(the_token_of_another_instance_is_refused),
        cmocka_unit_test(a_late_completion_is_refused),
        cmocka_unit_test(of_what_is_refused_nothing_is_taken),
        cmocka_unit_test(garbage_is_no_submission),
        cmocka_unit_test(a_delivery_that_never_ends_is_ended_at_its_deadline),
        cmocka_unit_test(a_clock_set_back_does_not_hide_a_deadline),
        cmocka_unit_test(garbage_ends_a_delivery_all_the_same),
        cmocka_unit_test(a_submission_after_the_end_is_refused),
        cmocka_unit_test(a_submission_to_a_status_is_refused),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(no_more_than_the_bound_are_in_flight),
        cmocka_unit_test(a_token_is_never_used_twice),
        cmocka_unit_test(closing_ends_what_is_open_and_begins_nothing),
        cmocka_unit_test(a_refused_opening_says_why_on_one_line),
        cmocka_unit_test(an_impossible_frame_closes_the_stream),
        cmocka_unit_test(an_event_that_is_no_word_is_not_logged),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
