/*
 * A whole file through deliver(): the first byte chooses CSV, JSON or NDJSON, and what becomes of rows. The host is busy now and then,
 * and answers rows in an order that the bytes choose. The file has to end once, each submission has to unpack with its own number, what
 * is answered has to be UTF-8 text, and a log event has to be a word.
 */
#include "fascia/v1/plugin.pb-c.h"
#include "folder/source.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { TOKEN = 7, MAX_WAITING = 8 };

static struct {
    unsigned taken, completed;
    uint32_t waiting[MAX_WAITING];
    unsigned waiting_count;
    int64_t last_item;
    uint8_t choice;
} seen;

static enum fascia_status take_submission(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    Fascia__Submission *submission;

    (void)context;
    if (delivery != TOKEN || seen.completed > 0)
        abort();
    if (seen.waiting_count == MAX_WAITING || ((seen.choice & 0x10) != 0 && ++seen.taken % 5 == 0))
        return FASCIA_E_BUSY;
    submission = fascia__submission__unpack(NULL, bytes.size, bytes.data);
    if (submission == NULL || submission->submit == NULL || submission->submit->referral == NULL ||
        submission->item <= seen.last_item || submission->submit->referral->sender[0] == '\0')
        abort();
    seen.last_item = submission->item;
    seen.waiting[seen.waiting_count++] = submission->item;
    fascia__submission__free_unpacked(submission, NULL);
    return FASCIA_OK;
}

static enum fascia_status take_ending(void *context, uint64_t delivery, struct fascia_bytes ending)
{
    Fascia__Completion *completion = fascia__completion__unpack(NULL, ending.size, ending.data);

    (void)context;
    if (delivery != TOKEN || completion == NULL || ++seen.completed != 1 || seen.waiting_count > 0)
        abort();
    if (completion->failed && completion->later)
        abort();
    if (completion->reply.len > 0 && memchr(completion->reply.data, 0, completion->reply.len) != NULL)
        abort();
    fascia__completion__free_unpacked(completion, NULL);
    return FASCIA_OK;
}

static void take_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    (void)context;
    (void)level;
    (void)number;
    if (strlen(event) > 64 || event[strspn(event, "abcdefghijklmnopqrstuvwxyz0123456789._-")] != '\0')
        abort();
}

static int64_t tell_time(void *context)
{
    (void)context;
    return INT64_C(1795420800000);
}

static void give_random(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    memset(bytes, 1, size);
}

static void *instance;

static void open_once(void)
{
    static const struct fascia_host host = {.size = sizeof host,
                                            .abi_major = FASCIA_ABI_MAJOR,
                                            .abi_minor = FASCIA_ABI_MINOR,
                                            .submit = take_submission,
                                            .complete = take_ending,
                                            .log = take_log,
                                            .now = tell_time,
                                            .random = give_random};
    Fascia__OptionValue sender = FASCIA__OPTION_VALUE__INIT, role = FASCIA__OPTION_VALUE__INIT;
    Fascia__OptionValue *values[] = {&sender, &role};
    Fascia__Options options = FASCIA__OPTIONS__INIT;
    uint8_t packed[200];
    char fault[400];

    sender.name = (char *)"sender";
    sender.value_case = FASCIA__OPTION_VALUE__VALUE_TEXT;
    sender.text = (char *)"CLINIC";
    role.name = (char *)"role";
    role.value_case = FASCIA__OPTION_VALUE__VALUE_TEXT;
    role.text = (char *)"physician";
    options.values = values;
    options.n_values = 2;
    if (instance == NULL &&
        folder_plugin.open(&host, (struct fascia_bytes){packed, fascia__options__pack(&options, packed)}, &instance,
                           fault, sizeof fault) != FASCIA_OK)
        abort();
}

/* One of those that wait; false: none does. */
static int answer_one(uint8_t choice)
{
    Fascia__SubmissionResult message = FASCIA__SUBMISSION_RESULT__INIT;
    Fascia__Result result = FASCIA__RESULT__INIT;
    Fascia__Problem problem = FASCIA__PROBLEM__INIT;
    Fascia__Problem *problems[] = {&problem};
    uint8_t packed[400];
    unsigned at;

    if (seen.waiting_count == 0)
        return 0;
    at = choice % seen.waiting_count;
    problem.field = (char *)"patient.address.state";
    problem.message = (char *)"it is missing; \"send\" it";
    result.verdict = (Fascia__Result__Verdict)((choice & 0x20) != 0 ? choice % 7 : choice % 5);
    result.problems = problems;
    result.n_problems = 1;
    result.referral = 3;
    result.state = FASCIA__STATE__STATE_MATCHING;
    message.item = seen.waiting[at];
    message.result = &result;
    seen.waiting[at] = seen.waiting[--seen.waiting_count];
    folder_plugin.result(instance, TOKEN,
                         (struct fascia_bytes){packed, fascia__submission_result__pack(&message, packed)});
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[] = {"a.csv", "a.json", "a.ndjson", "a.txt"};
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;
    uint8_t *packed;
    size_t at = 1;

    if (size == 0)
        return 0;
    open_once();
    memset(&seen, 0, sizeof seen);
    seen.last_item = -1;
    seen.choice = bytes[0];
    delivery.file_name = (char *)(uintptr_t)names[bytes[0] % 4];
    delivery.payload = (ProtobufCBinaryData){size - 1, (uint8_t *)(uintptr_t)bytes + 1};
    packed = malloc(fascia__delivery__get_packed_size(&delivery) + 1);
    if (packed == NULL)
        abort();
    folder_plugin.deliver(instance, TOKEN, (struct fascia_bytes){packed, fascia__delivery__pack(&delivery, packed)});
    free(packed);
    while (answer_one((uint8_t)(seen.choice ^ bytes[at % size])))
        at++;
    if (seen.completed != 1)
        abort();
    return 0;
}
