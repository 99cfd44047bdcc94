#include "plugin/remote.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define IN_FLIGHT_DEFAULT   4096
#define DEADLINE_DEFAULT    (30 * 1000)
#define ENDING_DEFAULT      ((size_t)64 << 20)
#define SUBMISSION_DEFAULT  ((size_t)32 << 20)
#define SUBMISSIONS_DEFAULT (1u << 20)
#define ASKS_DEFAULT        1000
#define PACKED_KEPT         ((size_t)64 << 10) /* a larger buffer is given back after its call */

static struct plugin_limits complete_limits(const struct plugin_limits *given)
{
    struct plugin_limits limits = given == NULL ? (struct plugin_limits){0} : *given;

    limits.in_flight = limits.in_flight == 0 ? IN_FLIGHT_DEFAULT : limits.in_flight;
    limits.in_flight = limits.in_flight > TOKENS_MOST ? TOKENS_MOST : limits.in_flight;
    limits.deadline_ms = limits.deadline_ms <= 0 ? DEADLINE_DEFAULT : limits.deadline_ms;
    limits.ending_bytes = limits.ending_bytes == 0 ? ENDING_DEFAULT : limits.ending_bytes;
    limits.submissions = limits.submissions == 0 ? SUBMISSIONS_DEFAULT : limits.submissions;
    limits.asks = limits.asks == 0 ? ASKS_DEFAULT : limits.asks;
    limits.submission_bytes = limits.submission_bytes == 0 ? SUBMISSION_DEFAULT : limits.submission_bytes;
    return limits;
}

void plugin_clean_line(char *text, size_t room)
{
    text[room - 1] = '\0';
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
}

static enum plugin_error call_open(struct plugin_instance *instance, const Fascia__Options *options,
                                   struct fault *fault)
{
    const struct fascia_plugin *described = instance->plugin->described;
    size_t size = fascia__options__get_packed_size(options);
    uint8_t *bytes = memory_resize(NULL, size > 0 ? size : 1, 1);
    char why[256] = "";
    enum fascia_status status;

    fascia__options__pack(options, bytes);
    instance->inside = true;
    status = described->open(&instance->host, (struct fascia_bytes){bytes, size}, &instance->state, why, sizeof why);
    instance->inside = false;
    free(bytes);
    if (status == FASCIA_OK)
        return PLUGIN_OK;
    plugin_clean_line(why, sizeof why);
    fault_set(fault, "source '%s': the plugin '%s' refused its options: %s", instance->name, described->name,
              why[0] != '\0' ? why : "it does not say why");
    return PLUGIN_OPTIONS;
}

static void free_instance(struct plugin_instance *instance)
{
    tokens_finish(&instance->tokens);
    numbered_finish(&instance->by_stream);
    free(instance->packed);
    free(instance->name);
    free(instance);
}

static struct plugin_instance *make_instance(const char *name, const struct plugin_owner *owner,
                                             const struct plugin_limits *limits, uint64_t *sequence)
{
    struct plugin_instance *instance = memory_allocate(1, sizeof *instance);

    INVARIANT(owner->submit != NULL && owner->ended != NULL && owner->log != NULL && owner->now != NULL &&
              owner->random != NULL);
    instance->name = memory_text(name);
    instance->owner = *owner;
    instance->limits = complete_limits(limits);
    instance->queued_end = &instance->queued;
    LIST_INIT(&instance->framers);
    tokens_init(&instance->tokens, instance->limits.in_flight, sequence);
    return instance;
}

enum plugin_error plugin_open(const struct plugin *plugin, const char *name, const Fascia__Options *options,
                              const struct plugin_owner *owner, const struct plugin_limits *limits,
                              struct plugin_instance **opened, struct fault *fault)
{
    struct plugin_instance *instance = make_instance(name, owner, limits, &plugin->registry->sequence);
    enum plugin_error error = PLUGIN_OK;

    *opened = NULL;
    instance->plugin = plugin;
    plugin_host_fill(instance);
    error = call_open(instance, options, fault);
    if (error != PLUGIN_OK)
        free_instance(instance);
    else
        *opened = instance;
    return error;
}

struct plugin_instance *plugin_isolated_create(struct plugin_registry *registry, const char *name,
                                               const struct plugin_owner *owner, const struct plugin_limits *limits,
                                               const struct plugin_process *process)
{
    struct plugin_instance *instance = make_instance(name, owner, limits, &registry->sequence);

    instance->remote = remote_create(process);
    return instance;
}

static void enter(struct plugin_instance *instance, enum entry entry, uint64_t token, struct fascia_bytes message)
{
    const struct fascia_plugin *described = instance->plugin->described;

    /* What waited may have lost its token meanwhile; only an abandonment is about a token that is gone. */
    if (entry != ENTRY_ABANDON && tokens_find(&instance->tokens, token) == NULL)
        return;
    instance->inside = true;
    switch (entry) {
    case ENTRY_DELIVER:
        described->deliver(instance->state, token, message);
        break;
    case ENTRY_RESULT:
        described->result(instance->state, token, message);
        break;
    case ENTRY_STATUS:
        described->status(instance->state, token, message);
        break;
    case ENTRY_ANSWERED:
        described->answered(instance->state, token, message);
        break;
    case ENTRY_ABANDON:
        described->abandon(instance->state, token);
        break;
    case ENTRY_REFUSE:
        described->refuse(instance->state, token, message);
        break;
    case ENTRY_NOTIFY:
        described->notify(instance->state, token, message);
        break;
    case ENTRY_JUDGE:
        described->judge(instance->state, token, message);
        break;
    case ENTRY_REQUEST:
        described->request(instance->state, token, message);
        break;
    case ENTRY_ANSWER:
        described->answer(instance->state, token, message);
        break;
    }
    instance->inside = false;
}

static void run_queued(struct plugin_instance *instance)
{
    while (instance->queued != NULL) {
        struct queued_call *call = instance->queued;
        instance->queued = call->next;
        if (instance->queued == NULL)
            instance->queued_end = &instance->queued;
        enter(instance, call->entry, call->token, (struct fascia_bytes){call->bytes, call->size});
        free(call);
    }
}

static void queue(struct plugin_instance *instance, enum entry entry, uint64_t token, const ProtobufCMessage *message)
{
    size_t size = message == NULL ? 0 : protobuf_c_message_get_packed_size(message);
    struct queued_call *call = memory_resize(NULL, 1, sizeof *call + size);

    *call = (struct queued_call){.entry = entry, .token = token, .size = size};
    if (message != NULL)
        protobuf_c_message_pack(message, call->bytes);
    *instance->queued_end = call;
    instance->queued_end = &call->next;
}

static void reserve_packed(struct plugin_instance *instance, size_t size)
{
    if (size <= instance->packed_room)
        return;
    free(instance->packed);
    instance->packed_room = size < 4096 ? 4096 : size;
    instance->packed = memory_resize(NULL, instance->packed_room, 1);
}

static void give_back_packed(struct plugin_instance *instance)
{
    if (instance->packed_room <= PACKED_KEPT)
        return;
    free(instance->packed);
    instance->packed = NULL;
    instance->packed_room = 0;
}

void plugin_enter(struct plugin_instance *instance, enum entry entry, uint64_t token, const ProtobufCMessage *message)
{
    size_t size = 0;

    if (instance->remote != NULL) {
        remote_call(instance, entry, token, message);
        return;
    }
    if (instance->inside || instance->queued != NULL) {
        queue(instance, entry, token, message);
        return;
    }
    if (message != NULL) {
        size = protobuf_c_message_get_packed_size(message);
        reserve_packed(instance, size);
        protobuf_c_message_pack(message, instance->packed);
    }
    enter(instance, entry, token, (struct fascia_bytes){instance->packed, size});
    run_queued(instance);
    give_back_packed(instance);
}

uint64_t plugin_begin(struct plugin_instance *instance, enum plugin_call kind, enum entry entry,
                      const ProtobufCMessage *message, void *user)
{
    int64_t now = instance->owner.now(instance->owner.context);
    uint64_t token = 0;

    if (instance->closing || (instance->remote != NULL && kind == PLUGIN_CALL_DELIVER &&
                              !remote_has_room(instance, protobuf_c_message_get_packed_size(message))))
        return 0;
    token = tokens_add(&instance->tokens, kind, user, now + instance->limits.deadline_ms);
    if (token == 0)
        return 0;
    tokens_find(&instance->tokens, token)->refused = entry == ENTRY_REFUSE;
    instance->counts.delivered++;
    plugin_enter(instance, entry, token, message);
    return token;
}

uint64_t plugin_deliver(struct plugin_instance *instance, const Fascia__Delivery *delivery, void *user)
{
    return plugin_begin(instance, PLUGIN_CALL_DELIVER, ENTRY_DELIVER, &delivery->base, user);
}

uint64_t plugin_refuse(struct plugin_instance *instance, const Fascia__Delivery *delivery, void *user)
{
    return plugin_begin(instance, PLUGIN_CALL_DELIVER, ENTRY_REFUSE, &delivery->base, user);
}

bool plugin_can_refuse(const struct plugin_instance *instance)
{
    const struct fascia_plugin *described = NULL;

    if (instance->remote != NULL)
        return remote_can_refuse(instance->remote);
    described = instance->plugin->described;
    return FASCIA_HAS(described, refuse) && described->refuse != NULL;
}

uint64_t plugin_status(struct plugin_instance *instance, const Fascia__StatusNotice *notice, void *user)
{
    return plugin_begin(instance, PLUGIN_CALL_STATUS, ENTRY_STATUS, &notice->base, user);
}

uint64_t plugin_answered(struct plugin_instance *instance, const Fascia__Answered *answered, void *user)
{
    return plugin_begin(instance, PLUGIN_CALL_ANSWERED, ENTRY_ANSWERED, &answered->base, user);
}

uint64_t plugin_notify(struct plugin_instance *instance, const Fascia__Notice *notice, void *user)
{
    return plugin_begin(instance, PLUGIN_CALL_NOTIFY, ENTRY_NOTIFY, &notice->base, user);
}

uint64_t plugin_judge(struct plugin_instance *instance, const Fascia__Question *question, void *user)
{
    return plugin_begin(instance, PLUGIN_CALL_JUDGE, ENTRY_JUDGE, &question->base, user);
}

void plugin_result(struct plugin_instance *instance, uint64_t delivery, uint32_t item, const Fascia__Result *result)
{
    const struct token *token = tokens_find(&instance->tokens, delivery);
    Fascia__SubmissionResult message = FASCIA__SUBMISSION_RESULT__INIT;

    if (token == NULL || token->call != PLUGIN_CALL_DELIVER)
        return;
    message.item = item;
    message.result = (Fascia__Result *)result; /* only packed */
    plugin_enter(instance, ENTRY_RESULT, delivery, &message.base);
}

/* The plugin forgets the token before the owner hears, so that nothing it does then can name it. */
void plugin_give_up(struct plugin_instance *instance, uint64_t number)
{
    struct token token;

    INVARIANT(tokens_take(&instance->tokens, number, &token));
    if (instance->remote != NULL)
        remote_token_over(instance, &token);
    plugin_enter(instance, ENTRY_ABANDON, number, NULL);
    instance->owner.ended(instance->owner.context, number, token.call, token.user, NULL);
}

int64_t plugin_expire(struct plugin_instance *instance, int64_t now)
{
    const struct token *token = NULL;

    while ((token = tokens_earliest(&instance->tokens)) != NULL && token->deadline <= now) {
        instance->counts.expired++;
        plugin_give_up(instance, token->number);
    }
    return token == NULL ? INT64_MAX : token->deadline;
}

void plugin_close(struct plugin_instance *instance)
{
    const struct token *token = NULL;

    if (instance == NULL)
        return;
    /* The owner closes from its own loop, never from inside what the plugin called. */
    INVARIANT(!instance->inside);
    instance->closing = true;
    while ((token = tokens_earliest(&instance->tokens)) != NULL)
        plugin_give_up(instance, token->number);
    framers_let_go(instance);
    if (instance->remote != NULL)
        remote_destroy(instance);
    else
        instance->plugin->described->close(instance->state);
    INVARIANT(instance->queued == NULL);
    free_instance(instance);
}

void plugin_counts(const struct plugin_instance *instance, struct plugin_counts *counts)
{
    *counts = instance->counts;
    counts->open = instance->tokens.open;
}
