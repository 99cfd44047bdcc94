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

/* The template is loaded as a node loads it: through the plugin room, from its file. */

#define SUBMISSIONS 64

struct heard {
    struct plugin_instance *instance;
    Fascia__Submission *submissions[SUBMISSIONS];
    size_t submission_count;
    size_t accept; /* how many more submissions are taken before the host is busy */
    char reply[4096];
    bool failed;
    int endings;
    Fascia__Outbound *outbound;
};

static struct heard heard;
static struct plugin_registry *registry;
static char place[64];

static enum fascia_status take(void *context, uint64_t delivery, void *user, Fascia__Submission *submission)
{
    uint8_t bytes[16384];
    size_t size = fascia__submission__pack(submission, bytes);

    (void)context;
    (void)delivery;
    (void)user;
    if (heard.accept == 0)
        return FASCIA_E_BUSY;
    heard.accept--;
    assert_true(heard.submission_count < SUBMISSIONS);
    heard.submissions[heard.submission_count++] = fascia__submission__unpack(NULL, size, bytes);
    return FASCIA_OK;
}

static void ended(void *context, uint64_t delivery, enum plugin_call call, void *user, const ProtobufCMessage *ending)
{
    const Fascia__Completion *completion = (const Fascia__Completion *)ending;

    (void)context;
    (void)delivery;
    (void)user;
    heard.endings++;
    if (ending == NULL || call == PLUGIN_CALL_ANSWERED)
        return;
    if (call == PLUGIN_CALL_STATUS) {
        uint8_t bytes[16384];
        heard.outbound = fascia__outbound__unpack(NULL, protobuf_c_message_pack(ending, bytes), bytes);
        return;
    }
    assert_true(completion->reply.len < sizeof heard.reply);
    if (completion->reply.len > 0)
        memcpy(heard.reply, completion->reply.data, completion->reply.len);
    heard.reply[completion->reply.len] = '\0';
    heard.failed = completion->failed;
}

static void ignore_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    (void)context;
    (void)level;
    (void)event;
    (void)number;
}

static int64_t at_noon(void *context)
{
    (void)context;
    return 43200000;
}

static void no_chance(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    memset(bytes, 0, size);
}

static Fascia__OptionValue *value(const char *name, Fascia__OptionValue__ValueCase kind)
{
    static Fascia__OptionValue values[4];
    static int next;
    Fascia__OptionValue *made = &values[next++ % 4];

    fascia__option_value__init(made);
    made->name = (char *)name;
    made->value_case = kind;
    return made;
}

static void open_template(int64_t window, bool status_files)
{
    static const struct plugin_owner owner = {&heard, take, ended, ignore_log, at_noon, no_chance};
    Fascia__Options options = FASCIA__OPTIONS__INIT;
    Fascia__OptionValue *values[] = {
        value("sender", FASCIA__OPTION_VALUE__VALUE_TEXT), value("window", FASCIA__OPTION_VALUE__VALUE_NUMBER),
        value("lines", FASCIA__OPTION_VALUE__VALUE_NUMBER), value("status_files", FASCIA__OPTION_VALUE__VALUE_FLAG)};
    const struct plugin *plugin = NULL;
    struct fault fault = {{0}};
    char path[128];

    snprintf(path, sizeof path, "%s/template.so", place);
    values[0]->text = "chiro";
    values[1]->number = window;
    values[2]->number = 8;
    values[3]->flag = status_files;
    options.values = values;
    options.n_values = 4;
    memset(&heard, 0, sizeof heard);
    heard.accept = SUBMISSIONS;
    if (plugin_load(registry, path, &plugin, &fault) != PLUGIN_OK ||
        plugin_open(plugin, "lines", &options, &owner, NULL, &heard.instance, &fault) != PLUGIN_OK)
        fail_msg("%s", fault.text);
}

static void forget_heard(void)
{
    for (size_t i = 0; i < heard.submission_count; i++)
        fascia__submission__free_unpacked(heard.submissions[i], NULL);
    heard.submission_count = 0;
    fascia__outbound__free_unpacked(heard.outbound, NULL);
    heard.outbound = NULL;
    heard.reply[0] = '\0';
    heard.endings = 0;
}

static void close_template(void)
{
    plugin_close(heard.instance);
    forget_heard();
}

static uint64_t deliver(const char *text, uint64_t connection)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;

    delivery.payload = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
    delivery.connection = connection;
    return plugin_deliver(heard.instance, &delivery, NULL);
}

static void answer(uint64_t token, uint32_t item, Fascia__Result__Verdict verdict)
{
    Fascia__Result result = FASCIA__RESULT__INIT;
    Fascia__Status status = FASCIA__STATUS__INIT;
    Fascia__Problem problem = FASCIA__PROBLEM__INIT, *problems[] = {&problem};

    result.verdict = verdict;
    result.referral = 41;
    status.text = "looking for a therapist";
    problem.field = "patient.birth_date";
    problem.message = "write a date as YYYY-MM-DD";
    if (verdict == FASCIA__RESULT__VERDICT__REFUSED) {
        result.problems = problems;
        result.n_problems = 1;
    } else {
        result.status = &status;
    }
    plugin_result(heard.instance, token, item, &result);
}

static const char refer[] =
    "REFER|R-7|chiropractor|Dr A Lee|1234567893|Doe|Jane|1980-02-29|KY|40202|M54.50|97140|BAV|three weeks now";

static void a_line_becomes_a_referral(void **state)
{
    const Fascia__Submit *submit = NULL;

    (void)state;
    open_template(32, false);
    deliver(refer, 1);
    assert_int_equal(heard.submission_count, 1);
    submit = heard.submissions[0]->submit;
    assert_int_equal(submit->action, FASCIA__SUBMIT__ACTION__NEW);
    assert_true(submit->update_if_changed);
    assert_string_equal(submit->referral->sender, "chiro");
    assert_string_equal(submit->referral->sender_referral_id, "R-7");
    assert_int_equal(submit->referral->referrer->role, FASCIA__ROLE__ROLE_CHIROPRACTOR);
    assert_string_equal(submit->referral->referrer->identifiers[0]->value, "1234567893");
    assert_string_equal(submit->referral->patient->family_name, "Doe");
    assert_string_equal(submit->referral->patient->birth_date, "1980-02-29");
    assert_string_equal(submit->referral->patient->address->postal_code, "40202");
    assert_string_equal(submit->referral->conditions[0]->code, "M54.50");
    assert_string_equal(submit->referral->conditions[0]->system, "ICD-10-CM");
    assert_string_equal(submit->referral->procedures[0]->code, "97140");
    assert_string_equal(submit->referral->coverages[0]->payer, "BAV");
    assert_string_equal(submit->referral->notes[0]->text, "three weeks now");
    assert_int_equal(submit->referral->original.len, strlen(refer));
    assert_int_equal(heard.endings, 0);
    close_template();
}

static void a_result_is_the_answer_line(void **state)
{
    static const struct {
        Fascia__Result__Verdict verdict;
        const char *reply;
    } cases[] = {{FASCIA__RESULT__VERDICT__OK, "OK|R-7|41|looking for a therapist\n"},
                 {FASCIA__RESULT__VERDICT__DUPLICATE, "OK|R-7|41|looking for a therapist\n"},
                 {FASCIA__RESULT__VERDICT__REFUSED, "NO|R-7|birth|write a date as YYYY-MM-DD\n"},
                 {FASCIA__RESULT__VERDICT__NOT_FOUND, "NO|R-7|id|no referral of this id is known\n"},
                 {FASCIA__RESULT__VERDICT__CONFLICT, "NO|R-7|id|the referral's state does not allow this\n"},
                 {FASCIA__RESULT__VERDICT__BUSY, "LATER|R-7\n"},
                 {FASCIA__RESULT__VERDICT__FAILED, "LATER|R-7\n"}};

    (void)state;
    open_template(32, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t token = deliver(refer, 1);
        answer(token, heard.submissions[0]->item, cases[i].verdict);
        assert_int_equal(heard.endings, 1);
        assert_string_equal(heard.reply, cases[i].reply);
        forget_heard();
    }
    close_template();
}

static void cancelling_and_asking_name_the_referral(void **state)
{
    (void)state;
    open_template(32, false);
    deliver("CANCEL|R-7|moved away", 1);
    deliver("ASK|R-7", 1);
    assert_int_equal(heard.submissions[0]->submit->action, FASCIA__SUBMIT__ACTION__CANCEL);
    assert_string_equal(heard.submissions[0]->submit->reason, "moved away");
    assert_int_equal(heard.submissions[1]->submit->action, FASCIA__SUBMIT__ACTION__STATUS);
    assert_string_equal(heard.submissions[1]->submit->referral->sender_referral_id, "R-7");
    close_template();
}

static void a_bad_line_is_answered_in_the_same_format(void **state)
{
    static const char *const cases[][2] = {
        {"HELLO|R-7", "NO|R-7|line|begin it with REFER|id|..., CANCEL|id|reason or ASK|id\n"},
        {"REFER", "NO||id|write the referral's id in your program, without which it can't be found again\n"},
        {"REFER|R-7|dentist", "NO|R-7|role|write physician, chiropractor or physiotherapist\n"},
        {"ASK|R-7|more", "NO|R-7|line|has more columns than it can have\n"},
        {"REFER|a|b|c|d|e|f|g|h|i|j|k|l|m|n", "NO|a|line|has more columns than it can have\n"},
        {"REFER|R\xff", "NO||line|is no UTF-8 text, or holds a control character\n"},
        {"REFER|R\x01", "NO||line|is no UTF-8 text, or holds a control character\n"},
    };

    (void)state;
    open_template(32, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        deliver(cases[i][0], 1);
        assert_string_equal(heard.reply, cases[i][1]);
    }
    assert_int_equal(heard.submission_count, 0);
    close_template();
}

static void a_busy_host_is_told_to_the_sender(void **state)
{
    (void)state;
    open_template(32, false);
    heard.accept = 0;
    deliver(refer, 1);
    assert_string_equal(heard.reply, "LATER|R-7\n");
    close_template();
}

static void a_file_is_answered_line_by_line(void **state)
{
    uint64_t token = 0;

    (void)state;
    open_template(32, false);
    token = deliver("# morning\r\nASK|a\r\n\r\nnonsense\nASK|b", 0);
    assert_int_equal(heard.submission_count, 2);
    assert_int_equal(heard.endings, 0);
    answer(token, heard.submissions[1]->item, FASCIA__RESULT__VERDICT__OK);
    answer(token, heard.submissions[0]->item, FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(heard.endings, 1);
    assert_true(heard.failed);
    assert_string_equal(heard.reply, "NO||line|begin it with REFER|id|..., CANCEL|id|reason or ASK|id\nOK|b|41|looking "
                                     "for a therapist\nOK|a|41|looking for a therapist\n");
    forget_heard();
    token = deliver("ASK|a\n", 0);
    answer(token, heard.submissions[0]->item, FASCIA__RESULT__VERDICT__OK);
    assert_false(heard.failed);
    forget_heard();
    deliver("", 0);
    assert_int_equal(heard.endings, 1);
    assert_false(heard.failed);
    deliver("\n\n\n\n\n\n\n\n\n", 0);
    assert_string_equal(heard.reply, "NO||file|has more lines than this source takes; split it\n");
    close_template();
}

static void a_file_keeps_to_its_window_and_waits_while_the_host_is_busy(void **state)
{
    uint64_t token = 0;

    (void)state;
    open_template(2, false);
    token = deliver("ASK|a\nASK|b\nASK|c\nASK|d\n", 0);
    assert_int_equal(heard.submission_count, 2);
    heard.accept = 0;
    answer(token, heard.submissions[0]->item, FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(heard.submission_count, 2); /* busy, but b is on its way: c waits for it */
    heard.accept = 1;
    answer(token, heard.submissions[1]->item, FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(heard.submission_count, 3);
    heard.accept = 0;
    answer(token, heard.submissions[2]->item, FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(heard.endings, 1); /* nothing is on its way that could be waited for */
    assert_true(heard.failed);
    assert_non_null(strstr(heard.reply, "LATER|d\n"));
    close_template();
}

static void a_delivery_that_was_abandoned_is_forgotten(void **state)
{
    uint64_t token = 0;

    (void)state;
    open_template(32, false);
    token = deliver(refer, 1);
    plugin_expire(heard.instance, INT64_MAX);
    assert_int_equal(heard.endings, 1);
    answer(token, heard.submissions[0]->item, FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(heard.endings, 1);
    close_template();
}

static void a_status_is_nothing_or_a_file(void **state)
{
    Fascia__StatusNotice notice = FASCIA__STATUS_NOTICE__INIT;
    Fascia__Status status = FASCIA__STATUS__INIT;
    Fascia__Referral referral = FASCIA__REFERRAL__INIT;

    (void)state;
    status.referral = 41;
    status.number = 3;
    status.text = "accepted by Jane Roe LMT";
    referral.sender_referral_id = "R-7";
    notice.status = &status;
    notice.referral = &referral;
    open_template(32, false);
    plugin_status(heard.instance, &notice, NULL);
    assert_int_equal(heard.outbound->kind, FASCIA__OUTBOUND__KIND__NOTHING);
    close_template();
    open_template(32, true);
    plugin_status(heard.instance, &notice, NULL);
    assert_int_equal(heard.outbound->kind, FASCIA__OUTBOUND__KIND__FILE);
    assert_string_equal(heard.outbound->file_name, "status-41-3.txt");
    assert_int_equal(heard.outbound->payload.len, 35);
    assert_memory_equal(heard.outbound->payload.data, "OK|R-7|41|accepted by Jane Roe LMT\n", 35);
    close_template();
}

/* Feeds the stream a piece at a time, as the host would, and gives back its frames with '/' behind each. */
static void feed(const char *stream, size_t first, size_t step, char *frames)
{
    uint8_t buffer[512];
    size_t held = 0, already = 0, at = 0, total = strlen(stream);

    frames[0] = '\0';
    for (size_t piece = first; at < total; piece = step) {
        piece = piece > total - at ? total - at : piece;
        memcpy(buffer + held, stream + at, piece);
        held += piece;
        at += piece;
        for (bool more = false; !more;) {
            struct fascia_frame frame;
            size_t taken = 0;
            plugin_frame(heard.instance, (struct fascia_bytes){buffer, held}, already, &frame);
            more = frame.result == FASCIA_FRAME_MORE;
            assert_int_not_equal(frame.result, FASCIA_FRAME_INVALID);
            if (!more) {
                strncat(frames, (char *)buffer + frame.payload_offset, frame.payload_size);
                strcat(frames, "/");
            }
            taken = more ? frame.skip : frame.total;
            already = more ? frame.scanned - frame.skip : 0;
            held -= taken;
            memmove(buffer, buffer + taken, held);
        }
    }
}

static void frames_are_found_at_every_split(void **state)
{
    static const char stream[] = "\r\n\nASK|a\r\nASK|b\n\n\nCANCEL|c|x\r\nAS";
    char frames[256];

    (void)state;
    open_template(32, false);
    for (size_t first = 1; first < sizeof stream; first++)
        for (size_t step = 1; step < sizeof stream; step++) {
            feed(stream, first, step, frames);
            assert_string_equal(frames, "ASK|a/ASK|b/CANCEL|c|x/");
        }
    close_template();
}

static void a_line_without_an_end_closes_the_stream(void **state)
{
    static uint8_t bytes[9000];
    struct fascia_frame frame;

    (void)state;
    open_template(32, false);
    memset(bytes, 'x', sizeof bytes);
    plugin_frame(heard.instance, (struct fascia_bytes){bytes, 8192}, 0, &frame);
    assert_int_equal(frame.result, FASCIA_FRAME_MORE);
    assert_int_equal(frame.scanned, 8192);
    plugin_frame(heard.instance, (struct fascia_bytes){bytes, 8193}, 8192, &frame);
    assert_int_equal(frame.result, FASCIA_FRAME_INVALID);
    assert_memory_equal(frame.reply.data, "NO||line|is longer than 8192 bytes\n", frame.reply.size);
    bytes[8200] = '\n';
    plugin_frame(heard.instance, (struct fascia_bytes){bytes, sizeof bytes}, 0, &frame);
    assert_int_equal(frame.result, FASCIA_FRAME_INVALID);
    bytes[8192] = '\n';
    plugin_frame(heard.instance, (struct fascia_bytes){bytes, sizeof bytes}, 0, &frame);
    assert_int_equal(frame.result, FASCIA_FRAME_COMPLETE);
    assert_int_equal(frame.payload_size, 8192);
    close_template();
}

static int start(void **state)
{
    char command[256];

    (void)state;
    registry = plugin_registry_create();
    strcpy(place, "/tmp/fascia-template-XXXXXX");
    if (mkdtemp(place) == NULL)
        return -1;
    snprintf(command, sizeof command, "cp '%s/plugins/template.so' %s && chmod 755 %s/template.so", FASCIA_BUILD, place,
             place);
    return system(command);
}

static int finish(void **state)
{
    char command[128];

    (void)state;
    plugin_registry_destroy(registry);
    snprintf(command, sizeof command, "rm -rf %s", place);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_becomes_a_referral),
        cmocka_unit_test(a_result_is_the_answer_line),
        cmocka_unit_test(cancelling_and_asking_name_the_referral),
        cmocka_unit_test(a_bad_line_is_answered_in_the_same_format),
        cmocka_unit_test(a_busy_host_is_told_to_the_sender),
        cmocka_unit_test(a_file_is_answered_line_by_line),
        cmocka_unit_test(a_file_keeps_to_its_window_and_waits_while_the_host_is_busy),
        cmocka_unit_test(a_delivery_that_was_abandoned_is_forgotten),
        cmocka_unit_test(a_status_is_nothing_or_a_file),
        cmocka_unit_test(frames_are_found_at_every_split),
        cmocka_unit_test(a_line_without_an_end_closes_the_stream),
    };
    return cmocka_run_group_tests(tests, start, finish);
}
