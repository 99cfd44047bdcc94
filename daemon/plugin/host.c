#include "core/message.h"
#include "plugin/remote.h"

#include <string.h>

#define EVENT_LONGEST 64

bool plugin_is_out_of_turn(const struct plugin_instance *instance)
{
    return !instance->inside;
}

static bool has_what_a_submission_needs(const Fascia__Submission *submission)
{
    return submission != NULL && submission->submit != NULL && submission->submit->referral != NULL;
}

static enum fascia_status take_submission(struct plugin_instance *instance, uint64_t delivery,
                                          struct fascia_bytes bytes, uint32_t *item)
{
    struct token *token = plugin_is_out_of_turn(instance) ? NULL : tokens_find(&instance->tokens, delivery);
    Fascia__Submission *submission = NULL;
    enum fascia_status status = FASCIA_E_INVALID;
    void *user = NULL;

    if (token == NULL || token->call != PLUGIN_CALL_DELIVER || token->refused)
        return FASCIA_E_TOKEN;
    if (bytes.size > instance->limits.submission_bytes)
        return FASCIA_E_LIMIT;
    if (bytes.data == NULL)
        return FASCIA_E_INVALID;
    if (token->submitted >= instance->limits.submissions)
        return FASCIA_E_LIMIT;
    token->submitted++;
    user = token->user;
    submission = message_receive(&fascia__submission__descriptor, bytes.data, bytes.size);
    *item = submission == NULL ? 0 : submission->item;
    if (has_what_a_submission_needs(submission))
        status = instance->owner.submit(instance->owner.context, delivery, user, submission);
    fascia__submission__free_unpacked(submission, NULL);
    return status;
}

enum fascia_status plugin_take_submission(struct plugin_instance *instance, uint64_t delivery,
                                          struct fascia_bytes bytes, uint32_t *item)
{
    enum fascia_status status = take_submission(instance, delivery, bytes, item);

    /* The owner being full is no fault of the plugin. */
    if (status != FASCIA_OK && status != FASCIA_E_BUSY)
        instance->counts.refused_submissions++;
    return status;
}

static enum fascia_status host_submit(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    uint32_t item = 0;

    return plugin_take_submission(context, delivery, bytes, &item);
}

/* To a plugin in this process that the host is full is an answer of the function. */
static enum fascia_status host_ask(void *context, uint64_t request, struct fascia_bytes bytes)
{
    uint32_t item = 0;

    return plugin_take_ask(context, request, bytes, &item);
}

static ProtobufCMessage *unpack_ending(enum plugin_call call, struct fascia_bytes bytes)
{
    static const uint8_t none[1];
    static const ProtobufCMessageDescriptor *const descriptors[] = {
        [PLUGIN_CALL_DELIVER] = &fascia__completion__descriptor,
        [PLUGIN_CALL_STATUS] = &fascia__outbound__descriptor,
        [PLUGIN_CALL_ANSWERED] = &fascia__verdict__descriptor,
        [PLUGIN_CALL_NOTIFY] = &fascia__verdict__descriptor,
        [PLUGIN_CALL_JUDGE] = &fascia__judgement__descriptor,
        [PLUGIN_CALL_REQUEST] = &fascia__http_reply__descriptor,
    };

    if (bytes.data == NULL && bytes.size > 0)
        return NULL;
    return message_receive(descriptors[call], bytes.data == NULL ? none : bytes.data, bytes.size);
}

/* Whatever it holds, it is the token's one ending: a plugin that ends wrongly has still ended. */
enum fascia_status plugin_take_completion(struct plugin_instance *instance, uint64_t delivery,
                                          struct fascia_bytes bytes)
{
    ProtobufCMessage *ending = NULL;
    struct token token;
    enum fascia_status status = FASCIA_OK;

    if (plugin_is_out_of_turn(instance) || !tokens_take(&instance->tokens, delivery, &token)) {
        instance->counts.refused_completions++;
        return FASCIA_E_TOKEN;
    }
    if (instance->remote != NULL)
        remote_token_over(instance, &token);
    if (bytes.size > instance->limits.ending_bytes)
        status = FASCIA_E_LIMIT;
    else if ((ending = unpack_ending(token.call, bytes)) == NULL)
        status = FASCIA_E_INVALID;
    if (status == FASCIA_OK)
        instance->counts.completed++;
    else
        instance->counts.refused_completions++;
    instance->owner.ended(instance->owner.context, delivery, token.call, token.user, ending);
    if (ending != NULL)
        protobuf_c_message_free_unpacked(ending, NULL);
    return status;
}

static enum fascia_status host_complete(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    return plugin_take_completion(context, delivery, bytes);
}

static bool is_event_word(const char *event)
{
    size_t size = event == NULL ? 0 : strnlen(event, EVENT_LONGEST + 1);

    if (size == 0 || size > EVENT_LONGEST)
        return false;
    for (size_t i = 0; i < size; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", event[i]) == NULL)
            return false;
    return true;
}

void plugin_host_log(struct plugin_instance *instance, enum fascia_log_level level, const char *event, int64_t number)
{
    bool known = level >= FASCIA_LOG_DEBUG && level <= FASCIA_LOG_ERROR;

    instance->owner.log(instance->owner.context, known ? level : FASCIA_LOG_WARNING,
                        is_event_word(event) ? event : "plugin.event-is-no-word", number);
}

static void host_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    plugin_host_log(context, level, event, number);
}

static int64_t host_now(void *context)
{
    struct plugin_instance *instance = context;

    return instance->owner.now(instance->owner.context);
}

static void host_random(void *context, uint8_t *bytes, size_t size)
{
    struct plugin_instance *instance = context;

    instance->owner.random(instance->owner.context, bytes, size);
}

void plugin_host_fill(struct plugin_instance *instance)
{
    instance->host = (struct fascia_host){.size = sizeof instance->host,
                                          .abi_major = FASCIA_ABI_MAJOR,
                                          .abi_minor = FASCIA_ABI_MINOR,
                                          .context = instance,
                                          .submit = host_submit,
                                          .complete = host_complete,
                                          .log = host_log,
                                          .now = host_now,
                                          .random = host_random,
                                          .ask = host_ask};
}
