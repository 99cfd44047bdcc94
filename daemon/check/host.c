/* The functions that the plugin sees, each with what may be wrong about its being called. */
#include "check/host.h"

#include "check/says.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUBMISSIONS_MOST 200000 /* of one delivery */

/* From where, and on which thread. False when nothing should be done. */
static bool may_call(struct rig *rig, const char *function)
{
    if (gettid() != rig->thread) {
        check_find(rig->bench, SAYS_THREAD, "it called %s() from another thread", function);
        return false;
    }
    if (rig->inside == NULL) {
        check_find(rig->bench, SAYS_THREAD, "it called %s() while none of its functions was called", function);
        return false;
    }
    if (strcmp(rig->inside, "frame") == 0)
        check_find(rig->bench, SAYS_PURE, "frame() called %s()", function);
    return true;
}

static struct rig_token *find(const struct rig *rig, uint64_t number)
{
    for (size_t i = rig->count; i > 0; i--)
        if (rig->tokens[i - 1]->number == number)
            return rig->tokens[i - 1];
    return NULL;
}

/* The open token of that number; else NULL and a finding. */
static struct rig_token *open_token(struct rig *rig, const char *function, uint64_t number)
{
    struct rig_token *token = find(rig, number);

    if (token != NULL && token->state == RIG_OPEN)
        return token;
    if (token != NULL && token->state == RIG_ABANDONED)
        check_find(rig->bench, SAYS_ABANDON, "%s() named a token that had been abandoned, from within %s()", function,
                   rig->inside);
    else if (number > 0 && number < rig->next)
        check_find(rig->bench, SAYS_ONCE, "%s() named a token that had ended already, from within %s()", function,
                   rig->inside);
    else
        check_find(rig->bench, SAYS_TOKEN, "%s() named a token that was never given, from within %s()", function,
                   rig->inside);
    return NULL;
}

static enum fascia_status submit_status(const struct rig *rig, const struct rig_token *token)
{
    switch (rig->submit) {
    case SUBMIT_BUSY:
        return FASCIA_E_BUSY;
    case SUBMIT_BUSY_FIRST:
        return token->asked == 1 ? FASCIA_E_BUSY : FASCIA_OK;
    case SUBMIT_BUSY_OTHER:
        return token->asked % 2 == 0 ? FASCIA_E_BUSY : FASCIA_OK;
    case SUBMIT_LIMIT:
        return FASCIA_E_LIMIT;
    case SUBMIT_INTERNAL:
        return FASCIA_E_INTERNAL;
    default:
        return FASCIA_OK;
    }
}

static void keep(struct rig_token *token, Fascia__Submission *submission)
{
    if (token->count == token->room)
        token->submissions =
            memory_grow(token->submissions, &token->room, token->count + 1, sizeof *token->submissions);
    token->submissions[token->count++] = (struct rig_submission){.message = submission};
}

static enum fascia_status take(struct rig *rig, struct rig_token *token, struct fascia_bytes bytes)
{
    Fascia__Submission *submission =
        bytes.data == NULL ? NULL : message_receive(&fascia__submission__descriptor, bytes.data, bytes.size);
    enum fascia_status status;

    if (submission == NULL || submission->submit == NULL || submission->submit->referral == NULL) {
        check_find(rig->bench, SAYS_SUBMISSION, "submit() was given %zu bytes that %s", bytes.size,
                   submission == NULL ? "do not unpack" : "have no submit, or no referral in it");
        fascia__submission__free_unpacked(submission, NULL);
        return FASCIA_E_INVALID;
    }
    token->asked++;
    status = token->count >= SUBMISSIONS_MOST ? FASCIA_E_LIMIT : submit_status(rig, token);
    if (status == FASCIA_OK) {
        rules_submission(rig, token, submission);
        keep(token, submission);
    } else {
        fascia__submission__free_unpacked(submission, NULL);
    }
    return status;
}

static enum fascia_status host_submit(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    struct rig *rig = context;
    struct rig_token *token = may_call(rig, "submit") ? open_token(rig, "submit", delivery) : NULL;

    if (token == NULL)
        return FASCIA_E_TOKEN;
    if (token->call != PLUGIN_CALL_DELIVER) {
        check_find(rig->bench, SAYS_TOKEN, "submit() named a token of status() or answered()");
        return FASCIA_E_TOKEN;
    }
    if (token->refused) {
        check_find(rig->bench, SAYS_REFUSE, "refuse() called submit()");
        return FASCIA_E_TOKEN;
    }
    return take(rig, token, bytes);
}

/* An answer before the referral is durable: what the sender then holds may be lost. A folder's file that comes again later is none. */
static void check_not_early(struct rig *rig, const struct rig_token *token)
{
    const Fascia__Completion *completion = rig_completion(token);
    size_t waiting = 0;

    for (size_t i = 0; i < token->count; i++)
        waiting += !token->submissions[i].answered;
    if (waiting > 0 && completion != NULL && completion->reply.len > 0 && !completion->later)
        check_find(rig->bench, SAYS_EARLY,
                   "complete() with a reply of %zu bytes while %zu of its submissions had no result yet",
                   completion->reply.len, waiting);
}

static enum fascia_status host_complete(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    static const uint8_t none[1];
    static const ProtobufCMessageDescriptor *const descriptors[] = {
        [PLUGIN_CALL_DELIVER] = &fascia__completion__descriptor, [PLUGIN_CALL_STATUS] = &fascia__outbound__descriptor,
        [PLUGIN_CALL_ANSWERED] = &fascia__verdict__descriptor,   [PLUGIN_CALL_NOTIFY] = &fascia__verdict__descriptor,
        [PLUGIN_CALL_JUDGE] = &fascia__judgement__descriptor,
    };
    struct rig *rig = context;
    struct rig_token *token = may_call(rig, "complete") ? open_token(rig, "complete", delivery) : NULL;

    if (token == NULL)
        return FASCIA_E_TOKEN;
    token->state = RIG_ENDED;
    token->ending = bytes.data == NULL && bytes.size > 0
                        ? NULL
                        : message_receive(descriptors[token->call], bytes.data == NULL ? none : bytes.data, bytes.size);
    if (token->ending == NULL) {
        check_find(rig->bench, SAYS_ENDING, "complete() was given %zu bytes that do not unpack as a %s", bytes.size,
                   descriptors[token->call]->short_name);
        return FASCIA_E_INVALID;
    }
    rules_text(rig, token->ending);
    if (token->call == PLUGIN_CALL_DELIVER)
        check_not_early(rig, token);
    return FASCIA_OK;
}

static void host_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    struct rig *rig = context;
    size_t size = event == NULL ? 0 : strnlen(event, 65);

    if (!may_call(rig, "log"))
        return;
    if (size == 0 || size > 64 || strspn(event, "abcdefghijklmnopqrstuvwxyz0123456789._-") < size)
        check_find(rig->bench, SAYS_LOG, "log() in %s() was given an event that is no such word", rig->inside);
    if (level < FASCIA_LOG_DEBUG || level > FASCIA_LOG_ERROR)
        check_find(rig->bench, SAYS_LOG, "log() in %s() was given the level %d, which is none", rig->inside,
                   (int)level);
    if (rig->log_count < sizeof rig->logs / sizeof rig->logs[0] && size > 0) {
        struct rig_log *log = &rig->logs[rig->log_count++];
        memcpy(log->event, event, size);
        log->event[size] = '\0';
        log->number = number;
    }
}

static int64_t host_now(void *context)
{
    struct rig *rig = context;

    (void)may_call(rig, "now");
    return rig->now;
}

static void host_random(void *context, uint8_t *bytes, size_t size)
{
    struct rig *rig = context;

    if (!may_call(rig, "random"))
        return;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)check_random(&rig->chance);
}

void check_host_fill(struct rig *rig)
{
    rig->host = (struct fascia_host){.size = sizeof rig->host,
                                     .abi_major = FASCIA_ABI_MAJOR,
                                     .abi_minor = FASCIA_ABI_MINOR,
                                     .context = rig,
                                     .submit = host_submit,
                                     .complete = host_complete,
                                     .log = host_log,
                                     .now = host_now,
                                     .random = host_random};
}
