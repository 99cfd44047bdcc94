/*
 * A whole delivery: decode, submit, every kind of result, a status of what was decoded, and its answer. Each token has to end once,
 * a submission has to unpack, and a message without a null byte must never be answered with nothing but by the sender's wish.
 */
#include "fascia/v1/plugin.pb-c.h"
#include "hl7v2/source.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct {
    unsigned submitted, completed;
    uint8_t *submission;
    size_t submission_size;
} seen;

static enum fascia_status take_submission(void *context, uint64_t delivery, struct fascia_bytes submission)
{
    (void)context;
    (void)delivery;
    seen.submitted++;
    free(seen.submission);
    seen.submission = malloc(submission.size + 1);
    if (seen.submission == NULL)
        abort();
    memcpy(seen.submission, submission.data, submission.size);
    seen.submission_size = submission.size;
    return FASCIA_OK;
}

static enum fascia_status take_ending(void *context, uint64_t delivery, struct fascia_bytes ending)
{
    Fascia__Completion *completion;

    (void)context;
    seen.completed++;
    if (delivery == 1) {
        completion = fascia__completion__unpack(NULL, ending.size, ending.data);
        if (completion == NULL)
            abort();
        /* What is framed is framed well: nothing inside ends the frame early. */
        if (completion->reply.len > 0 &&
            (completion->reply.data[0] != 0x0B || completion->reply.data[completion->reply.len - 1] != '\r'))
            abort();
        fascia__completion__free_unpacked(completion, NULL);
    }
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

static Fascia__OptionValue text_option(const char *name, const char *text)
{
    Fascia__OptionValue value = FASCIA__OPTION_VALUE__INIT;

    value.name = (char *)(uintptr_t)name;
    value.value_case = FASCIA__OPTION_VALUE__VALUE_TEXT;
    value.text = (char *)(uintptr_t)text;
    return value;
}

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
    /* Who names itself by this id speaks 360X; everybody else is told by RRI. */
    Fascia__OptionValue values[] = {text_option("facility", "2.16.840.1.113883.3.9621.7"),
                                    text_option("status_to", "127.0.0.1:1"), text_option("statuses", "360x"),
                                    text_option("status_to", "127.0.0.1:1"), text_option("requests", "both")};
    Fascia__OptionValue *orders[] = {&values[0], &values[1], &values[2]}, *others[] = {&values[3], &values[4]};
    Fascia__OptionValue list = FASCIA__OPTION_VALUE__INIT, *top[] = {&list};
    Fascia__Options senders_options[] = {FASCIA__OPTIONS__INIT, FASCIA__OPTIONS__INIT};
    Fascia__Options options = FASCIA__OPTIONS__INIT;
    Fascia__Options *items[] = {&senders_options[0], &senders_options[1]};
    Fascia__OptionList senders = FASCIA__OPTION_LIST__INIT;
    uint8_t packed[400];
    char fault[200];

    senders_options[0].values = orders;
    senders_options[0].n_values = sizeof orders / sizeof orders[0];
    senders_options[1].values = others;
    senders_options[1].n_values = sizeof others / sizeof others[0];
    senders.items = items;
    senders.n_items = 2;
    list.name = (char *)"senders";
    list.value_case = FASCIA__OPTION_VALUE__VALUE_LIST;
    list.list = &senders;
    options.values = top;
    options.n_values = 1;
    if (instance == NULL &&
        hl7_source.open(&host, (struct fascia_bytes){packed, fascia__options__pack(&options, packed)}, &instance, fault,
                        sizeof fault) != FASCIA_OK)
        abort();
}

static void send_result(Fascia__Result__Verdict verdict)
{
    Fascia__SubmissionResult message = FASCIA__SUBMISSION_RESULT__INIT;
    Fascia__Result result = FASCIA__RESULT__INIT;
    Fascia__Status status = FASCIA__STATUS__INIT;
    Fascia__Problem problem = FASCIA__PROBLEM__INIT;
    Fascia__Problem *problems[] = {&problem};
    uint8_t packed[400];

    problem.kind = FASCIA__PROBLEM__KIND__MISSING;
    problem.location = (char *)"DG1[1]-3.1";
    problem.message = (char *)"it is missing";
    status.referral = 1;
    status.rf1_status = (char *)"P";
    result.verdict = verdict;
    result.status = &status;
    result.problems = problems;
    result.n_problems = 1;
    message.result = &result;
    hl7_source.result(instance, 1, (struct fascia_bytes){packed, fascia__submission_result__pack(&message, packed)});
}

static void send_status(Fascia__Referral *referral, Fascia__AppointmentChange__How how)
{
    Fascia__StatusNotice notice = FASCIA__STATUS_NOTICE__INIT;
    Fascia__AppointmentChange change = FASCIA__APPOINTMENT_CHANGE__INIT;
    Fascia__Status status = FASCIA__STATUS__INIT;
    uint8_t *packed;

    status.rf1_status = (char *)"A";
    status.therapist_name = (char *)"Jane Roe";
    status.visit_from = 1;
    change.how = how;
    change.number = 1;
    change.to = 3600000;
    if (how != FASCIA__APPOINTMENT_CHANGE__HOW__NONE)
        status.appointment = &change;
    notice.status = &status;
    notice.referral = referral;
    packed = malloc(fascia__status_notice__get_packed_size(&notice) + 1);
    if (packed == NULL)
        abort();
    hl7_source.status(instance, 2, (struct fascia_bytes){packed, fascia__status_notice__pack(&notice, packed)});
    free(packed);
}

static void send_answer(const uint8_t *bytes, size_t size)
{
    Fascia__Answered answered = FASCIA__ANSWERED__INIT;
    uint8_t *packed;

    answered.answer = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
    packed = malloc(fascia__answered__get_packed_size(&answered) + 1);
    if (packed == NULL)
        abort();
    hl7_source.answered(instance, 3, (struct fascia_bytes){packed, fascia__answered__pack(&answered, packed)});
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;
    uint8_t *packed;

    open_once();
    seen.submitted = seen.completed = 0;
    delivery.payload = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
    packed = malloc(fascia__delivery__get_packed_size(&delivery) + 1);
    if (packed == NULL)
        abort();
    hl7_source.deliver(instance, 1, (struct fascia_bytes){packed, fascia__delivery__pack(&delivery, packed)});
    free(packed);
    if (seen.submitted + seen.completed != 1)
        abort();
    if (seen.submitted == 1) {
        Fascia__Submission *submission = fascia__submission__unpack(NULL, seen.submission_size, seen.submission);
        if (submission == NULL || submission->submit == NULL || submission->submit->referral == NULL)
            abort();
        send_result((Fascia__Result__Verdict)(size % 7));
        send_result(FASCIA__RESULT__VERDICT__OK); /* one too many: nothing comes of it */
        if (seen.completed != 1)
            abort();
        send_status(submission->submit->referral, (Fascia__AppointmentChange__How)(size % 6));
        if (seen.completed != 2)
            abort();
        fascia__submission__free_unpacked(submission, NULL);
    }
    seen.completed = 0;
    send_answer(bytes, size);
    if (seen.completed != 1)
        abort();
    return 0;
}
