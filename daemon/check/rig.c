#include "check/rig.h"

#include "check/host.h"
#include "check/lent.h"
#include "check/says.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAULT_ROOM 256
#define NOW        INT64_C(1767600000000) /* 2026-01-05 08:00 UTC, a Monday */

/* ---- calling ------------------------------------------------------------------------------------------------------ */

static void enter(struct rig *rig, const char *function)
{
    struct check_sheet *sheet = rig->bench->sheet;

    rig->inside = function;
    memccpy(sheet->call, function, '\0', sizeof sheet->call);
    sheet->calls++;
}

static void leave(struct rig *rig)
{
    rig->bench->sheet->calls++;
    rig->inside = NULL;
}

typedef void (*rig_function)(void *instance, uint64_t delivery, struct fascia_bytes message);

static void call(struct rig *rig, const char *name, rig_function function, uint64_t token,
                 const ProtobufCMessage *message)
{
    size_t size = 0;
    uint8_t *packed = message_pack(message, &size);
    struct lent lent;
    struct fascia_bytes bytes = lent_give(&lent, (struct fascia_bytes){packed, size});

    free(packed);
    enter(rig, name);
    function(rig->instance, token, bytes);
    leave(rig);
    lent_take_back(&lent);
}

/* ---- life ------------------------------------------------------------------------------------------------------------ */

static bool check_fault(struct rig *rig, enum fascia_status status, const char *fault)
{
    size_t size = strnlen(fault, FAULT_ROOM);

    if (status == FASCIA_OK)
        return true;
    if (size == 0 || size == FAULT_ROOM)
        check_find(rig->bench, SAYS_OPEN, "open() answered %d and wrote %s", (int)status,
                   size == 0 ? "no reason into fault" : "a reason without an end");
    else
        check_find(rig->bench, SAYS_OPEN, "open() refused the options that it was given: %.*s", (int)size, fault);
    return false;
}

enum fascia_status rig_try_open(struct rig *rig, struct check_bench *bench, char *fault, size_t room)
{
    size_t size = 0;
    uint8_t *packed = message_pack(&bench->options->base, &size);
    struct lent lent;
    struct fascia_bytes bytes;
    enum fascia_status status;

    *rig = (struct rig){
        .bench = bench, .plugin = bench->described, .thread = gettid(), .next = 1, .now = NOW, .chance = bench->seed};
    check_host_fill(rig);
    bytes = lent_give(&lent, (struct fascia_bytes){packed, size});
    free(packed);
    enter(rig, "open");
    status = rig->plugin->open(&rig->host, bytes, &rig->instance, fault, room);
    leave(rig);
    lent_take_back(&lent);
    return status;
}

bool rig_open(struct rig *rig, struct check_bench *bench)
{
    char fault[FAULT_ROOM] = "";
    enum fascia_status status = rig_try_open(rig, bench, fault, sizeof fault);

    return check_fault(rig, status, fault);
}

static void free_token(struct rig_token *token)
{
    for (size_t i = 0; i < token->count; i++)
        fascia__submission__free_unpacked(token->submissions[i].message, NULL);
    free(token->submissions);
    if (token->ending != NULL)
        protobuf_c_message_free_unpacked(token->ending, NULL);
    free(token);
}

void rig_abandon(struct rig *rig, struct rig_token *token)
{
    if (token->state != RIG_OPEN)
        return;
    token->state = RIG_ABANDONED;
    enter(rig, "abandon");
    rig->plugin->abandon(rig->instance, token->number);
    leave(rig);
}

void rig_forget(struct rig *rig, struct rig_token *token)
{
    rig_abandon(rig, token);
    for (size_t i = 0; i < rig->count; i++)
        if (rig->tokens[i] == token) {
            memmove(&rig->tokens[i], &rig->tokens[i + 1], (rig->count - i - 1) * sizeof(void *));
            rig->count--;
            break;
        }
    free_token(token);
}

void rig_close(struct rig *rig)
{
    for (size_t i = 0; i < rig->count; i++)
        rig_abandon(rig, rig->tokens[i]);
    enter(rig, "close");
    rig->plugin->close(rig->instance);
    leave(rig);
    for (size_t i = 0; i < rig->count; i++)
        free_token(rig->tokens[i]);
    free(rig->tokens);
    rig->tokens = NULL;
    rig->count = rig->room = 0;
}

/* ---- tokens ----------------------------------------------------------------------------------------------------------- */

static struct rig_token *add_token(struct rig *rig, enum plugin_call kind)
{
    struct rig_token *token = memory_allocate(1, sizeof *token);

    token->number = rig->next++;
    token->call = kind;
    if (rig->count == rig->room)
        rig->tokens = memory_grow(rig->tokens, &rig->room, rig->count + 1, sizeof(void *));
    rig->tokens[rig->count++] = token;
    return token;
}

static struct rig_token *begin(struct rig *rig, enum plugin_call kind, const ProtobufCMessage *message)
{
    static const char *const names[] = {"deliver", "status", "answered"};
    const rig_function functions[] = {rig->plugin->deliver, rig->plugin->status, rig->plugin->answered};
    struct rig_token *token = add_token(rig, kind);

    call(rig, names[kind], functions[kind], token->number, message);
    return token;
}

struct rig_token *rig_refuse(struct rig *rig, struct fascia_bytes begun, uint64_t limit)
{
    Fascia__Delivery message = FASCIA__DELIVERY__INIT;
    struct rig_token *token = add_token(rig, PLUGIN_CALL_DELIVER);

    token->refused = true;
    message.payload = (ProtobufCBinaryData){begun.size, (uint8_t *)(uintptr_t)begun.data};
    message.received = rig->now;
    message.peer = "192.0.2.7:51234";
    message.connection = 1;
    message.limit = limit;
    call(rig, "refuse", rig->plugin->refuse, token->number, &message.base);
    return token;
}

struct rig_token *rig_deliver(struct rig *rig, const struct check_delivery *delivery)
{
    Fascia__Delivery message = FASCIA__DELIVERY__INIT;
    struct rig_token *token = NULL;

    message.payload = (ProtobufCBinaryData){delivery->payload.size, (uint8_t *)(uintptr_t)delivery->payload.data};
    message.received = rig->now;
    message.connection = delivery->connection;
    if (delivery->is_file)
        message.file_name = delivery->sample->name;
    else
        message.peer = "192.0.2.7:51234";
    token = begin(rig, PLUGIN_CALL_DELIVER, &message.base);
    token->delivery = delivery;
    return token;
}

struct rig_token *rig_status(struct rig *rig, const Fascia__StatusNotice *notice)
{
    return begin(rig, PLUGIN_CALL_STATUS, &notice->base);
}

struct rig_token *rig_answered(struct rig *rig, const Fascia__Answered *answered)
{
    return begin(rig, PLUGIN_CALL_ANSWERED, &answered->base);
}

void rig_result(struct rig *rig, struct rig_token *token, size_t submission, const Fascia__Result *result)
{
    Fascia__SubmissionResult message = FASCIA__SUBMISSION_RESULT__INIT;

    token->submissions[submission].answered = true;
    if (token->state != RIG_OPEN)
        return; /* the host tells nobody of what has ended */
    message.item = token->submissions[submission].message->item;
    message.result = (Fascia__Result *)(uintptr_t)result; /* only packed */
    call(rig, "result", rig->plugin->result, token->number, &message.base);
}

size_t rig_unanswered(const struct rig_token *token)
{
    for (size_t i = 0; i < token->count; i++)
        if (!token->submissions[i].answered)
            return i;
    return SIZE_MAX;
}

bool rig_answer_all(struct rig *rig, struct rig_token *token, Fascia__Result__Verdict verdict)
{
    struct rig_result result;

    for (size_t next = 0; token->state == RIG_OPEN && next < token->count; next++) {
        if (token->submissions[next].answered)
            continue;
        rig_result_fill(&result, verdict, token->submissions[next].message);
        rig_result(rig, token, next, &result.result);
    }
    rig->bench->sheet->cases++;
    if (token->state == RIG_OPEN && !rig->lenient)
        check_find(rig->bench, SAYS_ENDS, "%s",
                   token->count > 0 ? "every submission had its result, and the delivery never ended"
                                    : "nothing of it waits for a result, and the delivery never ended");
    return token->state == RIG_ENDED;
}

const Fascia__Completion *rig_completion(const struct rig_token *token)
{
    return token->call == PLUGIN_CALL_DELIVER ? (const Fascia__Completion *)token->ending : NULL;
}

void rig_result_fill(struct rig_result *made, Fascia__Result__Verdict verdict, const Fascia__Submission *submission)
{
    const Fascia__Referral *referral = submission->submit->referral;
    bool kept = verdict == FASCIA__RESULT__VERDICT__OK || verdict == FASCIA__RESULT__VERDICT__DUPLICATE;

    fascia__result__init(&made->result);
    fascia__problem__init(&made->problem);
    fascia__problem__init(&made->second);
    fascia__status__init(&made->status);
    made->result.verdict = verdict;
    made->problem.kind = FASCIA__PROBLEM__KIND__UNKNOWN_CODE;
    made->problem.field = "conditions";
    made->problem.message = "write a code of the table of conditions";
    made->problem.location = referral->n_conditions > 0 ? referral->conditions[0]->location : "";
    made->second.kind = FASCIA__PROBLEM__KIND__MISSING;
    made->second.field = "patient.birth_date";
    made->second.message = "write the date of birth";
    made->problems[0] = &made->problem;
    made->problems[1] = &made->second;
    made->result.problems = made->problems;
    made->result.n_problems = verdict == FASCIA__RESULT__VERDICT__REFUSED ? 2 : 0;
    if (!kept)
        return;
    made->result.referral = made->status.referral = 41;
    made->result.state = made->status.state = FASCIA__STATE__STATE_MATCHING;
    made->status.text = "a therapist is looked for";
    made->status.number = 1;
    made->status.at = NOW;
    made->status.rf1_status = "P";
    made->status.task_status = "accepted";
    made->status.business_status = "2.0";
    made->result.status = &made->status;
}

/* ---- framing ------------------------------------------------------------------------------------------------------------ */

static const char *impossible(const struct fascia_frame *frame, size_t size)
{
    switch (frame->result) {
    case FASCIA_FRAME_MORE:
        if (frame->skip > size || frame->scanned > size)
            return "MORE with a skip or scanned beyond the buffer";
        return NULL;
    case FASCIA_FRAME_COMPLETE:
        if (frame->total < 1 || frame->total > size)
            return "COMPLETE with a total that is 0 or beyond the buffer";
        if (frame->skip > frame->payload_offset || frame->payload_offset > frame->total ||
            frame->payload_size > frame->total - frame->payload_offset)
            return "COMPLETE with a payload outside of skip .. total";
        return NULL;
    case FASCIA_FRAME_INVALID:
        return frame->reply.size > 0 && frame->reply.data == NULL ? "INVALID with a reply of bytes at NULL" : NULL;
    default:
        return "a result that is none of MORE, COMPLETE and INVALID";
    }
}

/* What the host sends later must not lie in what it lent. */
static void check_static(struct rig *rig, struct fascia_bytes lent, const struct fascia_frame *frame)
{
    const uint8_t *reply = frame->result == FASCIA_FRAME_INVALID ? frame->reply.data : NULL;

    if (reply != NULL && frame->reply.size > 0 && reply >= lent.data && reply < lent.data + lent.size)
        check_find(rig->bench, SAYS_STATIC, "INVALID with a reply that lies in the buffer itself");
}

static void call_frame(struct rig *rig, struct fascia_bytes bytes, size_t already, struct fascia_frame *frame)
{
    *frame = (struct fascia_frame){.size = sizeof *frame};
    enter(rig, "frame");
    rig->plugin->frame(rig->instance, bytes, already, frame);
    leave(rig);
}

static bool check_frame(struct rig *rig, struct fascia_bytes bytes, const struct fascia_frame *frame)
{
    const char *problem = impossible(frame, bytes.size);

    check_static(rig, bytes, frame);
    lent_spoil(bytes);
    if (problem == NULL)
        return true;
    check_find(rig->bench, SAYS_FRAME, "of %zu bytes frame() says %s", bytes.size, problem);
    return false;
}

bool rig_frame(struct rig *rig, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    struct fascia_bytes bytes = lent_give_often(buffered);

    call_frame(rig, bytes, already, frame);
    return check_frame(rig, bytes, frame);
}

bool rig_frame_watched(struct rig *rig, struct fascia_bytes buffered, size_t already, size_t *pages, size_t *read_again)
{
    struct fascia_bytes bytes = lent_give_often(buffered);
    struct fascia_frame frame;

    *pages = *read_again = 0;
    if (!check_has_sanitizer()) /* whose own handler would take it for a crash */
        *pages = lent_watch(bytes, 1, already);
    call_frame(rig, bytes, already, &frame);
    *read_again = *pages > 0 ? lent_unwatch() : 0;
    return check_frame(rig, bytes, &frame);
}
