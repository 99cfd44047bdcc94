#include "plugin/remote.h"

#include "core/memory.h"
#include "core/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW       1024               /* calls that may be with the process at one time */
#define WINDOW_BYTES ((size_t)8 << 20)  /* and their bytes, unless it is one */
#define KEPT_MOST    ((size_t)64 << 20) /* of deliveries, until they end; one may exceed it */
#define BLAMES_MOST  2                  /* of a delivery that was alone with a process that ended */
#define LOSSES_MOST  4 /* a delivery that was among others with so many processes when they ended is refused */
#define PROBATION_MS 3000
#define WRONG_MOST   1000 /* answers to nothing; then it is ended */

enum { ENTRY_FEED = 100 };

/* A call, or bytes of a stream, on its way. What a delivery holds is not here but kept with its token. */
struct remote_call {
    TAILQ_ENTRY(remote_call) link;
    int entry;
    uint64_t token; /* of a feed: the stream */
    int64_t sent_at;
    size_t size;
    uint8_t bytes[];
};

static int64_t now_of(const struct plugin_instance *instance)
{
    return instance->owner.now(instance->owner.context);
}

static bool is_delivery(int entry)
{
    return entry == ENTRY_DELIVER || entry == ENTRY_REFUSE;
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

struct remote *remote_create(const struct plugin_process *process)
{
    struct remote *remote = memory_allocate(1, sizeof *remote);

    remote->process = *process;
    TAILQ_INIT(&remote->waiting);
    TAILQ_INIT(&remote->sent);
    return remote;
}

static void empty(struct remote_calls *calls)
{
    struct remote_call *call = NULL;

    while ((call = TAILQ_FIRST(calls)) != NULL) {
        TAILQ_REMOVE(calls, call, link);
        free(call);
    }
}

void remote_destroy(struct plugin_instance *instance)
{
    struct remote *remote = instance->remote;

    empty(&remote->waiting);
    empty(&remote->sent);
    plugin_described_destroy(remote->described);
    wire_release(&remote->out);
    free(remote);
    instance->remote = NULL;
}

/* ---- to the process -------------------------------------------------------------------------------------------------- */

static void send(struct remote *remote, Fascia__ToPlugin *message)
{
    wire_put(&remote->out, &message->base);
}

static void flush(struct remote *remote)
{
    if (remote->out.size > 0)
        remote->process.send(remote->process.context, remote->out.bytes, remote->out.size);
    wire_clear(&remote->out);
}

static void send_feed(struct remote *remote, struct remote_call *call)
{
    Fascia__ToPlugin message = FASCIA__TO_PLUGIN__INIT;
    Fascia__StreamFeed feed = FASCIA__STREAM_FEED__INIT;

    feed.stream = call->token;
    feed.bytes = (ProtobufCBinaryData){call->size, call->bytes};
    message.body_case = FASCIA__TO_PLUGIN__BODY_FEED;
    message.feed = &feed;
    send(remote, &message);
}

static void send_call(struct remote *remote, struct remote_call *call, uint8_t *bytes, size_t size)
{
    Fascia__ToPlugin message = FASCIA__TO_PLUGIN__INIT;
    Fascia__PluginCall body = FASCIA__PLUGIN_CALL__INIT;

    body.entry = (Fascia__PluginCall__Entry)call->entry;
    body.token = call->token;
    body.message = (ProtobufCBinaryData){size, bytes};
    message.body_case = FASCIA__TO_PLUGIN__BODY_CALL;
    message.call = &body;
    send(remote, &message);
}

/* false: its token has ended meanwhile, and nothing is said. */
static bool send_one(struct plugin_instance *instance, struct remote_call *call)
{
    const struct token *token = NULL;

    if (call->entry == ENTRY_FEED) {
        send_feed(instance->remote, call);
        return true;
    }
    token = tokens_find(&instance->tokens, call->token);
    if (token == NULL && call->entry != ENTRY_ABANDON)
        return false;
    if (is_delivery(call->entry)) {
        call->size = token->kept->size; /* what counts of the window */
        send_call(instance->remote, call, token->kept->bytes, token->kept->size);
    } else {
        send_call(instance->remote, call, call->bytes, call->size);
    }
    return true;
}

static bool in_probation(const struct plugin_instance *instance)
{
    return instance->remote->again > 0 || now_of(instance) < instance->remote->probation_until;
}

/* What is held back while the process is to come to an end: all but what lets it finish. */
static bool begins_something(int entry)
{
    return entry != ENTRY_RESULT && entry != ENTRY_ABANDON && entry != ENTRY_ANSWER;
}

static void send_next(struct plugin_instance *instance, struct remote_call *call)
{
    struct remote *remote = instance->remote;

    TAILQ_REMOVE(&remote->waiting, call, link);
    if (!send_one(instance, call)) {
        free(call);
        return;
    }
    call->sent_at = now_of(instance);
    TAILQ_INSERT_TAIL(&remote->sent, call, link);
    remote->sent_count++;
    remote->sent_bytes += call->size;
}

static void pump(struct plugin_instance *instance)
{
    struct remote *remote = instance->remote;
    size_t window = 0;
    struct remote_call *call = NULL, *next = NULL;

    if (!remote->ready || TAILQ_EMPTY(&remote->waiting))
        return;
    window = in_probation(instance) ? 1 : WINDOW;
    for (call = TAILQ_FIRST(&remote->waiting); call != NULL; call = next) {
        next = TAILQ_NEXT(call, link);
        if (remote->sent_count >= window || (remote->sent_count > 0 && remote->sent_bytes >= WINDOW_BYTES))
            break;
        if (!remote->holding || !begins_something(call->entry))
            send_next(instance, call);
    }
    flush(remote);
}

static struct remote_call *make_call(int entry, uint64_t token, size_t size)
{
    struct remote_call *call = memory_resize(NULL, 1, sizeof *call + size);

    *call = (struct remote_call){.entry = entry, .token = token, .size = size};
    return call;
}

static void append(struct plugin_instance *instance, struct remote_call *call)
{
    TAILQ_INSERT_TAIL(&instance->remote->waiting, call, link);
    pump(instance);
}

static void keep(struct plugin_instance *instance, struct token *token, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    struct kept_delivery *kept = memory_resize(NULL, 1, sizeof *kept + size);

    *kept = (struct kept_delivery){.size = size, .refusing = token->refused};
    protobuf_c_message_pack(message, kept->bytes);
    token->kept = kept;
    instance->remote->kept_bytes += size;
}

void remote_call(struct plugin_instance *instance, enum entry entry, uint64_t token, const ProtobufCMessage *message)
{
    size_t size = message == NULL ? 0 : protobuf_c_message_get_packed_size(message);
    struct remote_call *call = NULL;

    if (is_delivery((int)entry)) {
        keep(instance, tokens_find(&instance->tokens, token), message);
        append(instance, make_call((int)entry, token, 0));
        return;
    }
    /* To a process that knows nothing yet there is nothing to abandon. */
    if (entry == ENTRY_ABANDON && !instance->remote->ready)
        return;
    call = make_call(entry, token, size);
    if (message != NULL)
        protobuf_c_message_pack(message, call->bytes);
    append(instance, call);
}

bool remote_feed(struct plugin_instance *instance, uint64_t stream, const uint8_t *bytes, size_t size)
{
    struct remote *remote = instance->remote;
    struct remote_call *call = NULL;

    if (!remote->ready || remote->holding)
        return false;
    call = make_call(ENTRY_FEED, stream, size);
    memcpy(call->bytes, bytes, size);
    append(instance, call);
    return true;
}

void remote_forget(struct plugin_instance *instance, uint64_t stream)
{
    Fascia__ToPlugin message = FASCIA__TO_PLUGIN__INIT;

    if (!instance->remote->ready)
        return;
    message.body_case = FASCIA__TO_PLUGIN__BODY_FORGET;
    message.forget = stream;
    send(instance->remote, &message);
    flush(instance->remote);
}

bool remote_has_room(struct plugin_instance *instance, size_t size)
{
    struct remote *remote = instance->remote;
    bool room = remote->kept_bytes == 0 || remote->kept_bytes + size <= KEPT_MOST;

    remote->starved = remote->starved || !room;
    return room;
}

void remote_token_over(struct plugin_instance *instance, const struct token *token)
{
    if (token->kept == NULL)
        return;
    instance->remote->kept_bytes -= token->kept->size;
    instance->remote->again -= token->kept->again;
    free(token->kept);
}

/* ---- from the process ------------------------------------------------------------------------------------------------ */

/* What the plugin was told on its side of the socket, the host now learns: that it is full is an answer like any other. */
static void take_submission(struct plugin_instance *instance, const Fascia__PluginBytes *body)
{
    Fascia__Result busy = FASCIA__RESULT__INIT;
    uint32_t item = 0;
    enum fascia_status status = FASCIA_OK;

    instance->inside = true;
    status = plugin_take_submission(instance, body->token, (struct fascia_bytes){body->message.data, body->message.len},
                                    &item);
    instance->inside = false;
    if (status == FASCIA_E_BUSY) {
        busy.verdict = FASCIA__RESULT__VERDICT__BUSY;
        plugin_result(instance, body->token, item, &busy);
    } else if (status != FASCIA_OK) {
        instance->remote->wrong++;
    }
}

static void take_completion(struct plugin_instance *instance, const Fascia__PluginBytes *body)
{
    enum fascia_status status = FASCIA_OK;

    instance->inside = true;
    status =
        plugin_take_completion(instance, body->token, (struct fascia_bytes){body->message.data, body->message.len});
    instance->inside = false;
    if (status != FASCIA_OK)
        instance->remote->wrong++;
}

/* The plugin was told on its side that it is taken: what the host makes of it comes as an answer. */
static void take_ask(struct plugin_instance *instance, const Fascia__PluginBytes *body)
{
    uint32_t item = 0;
    enum fascia_status status = FASCIA_OK;

    instance->inside = true;
    status =
        plugin_take_ask(instance, body->token, (struct fascia_bytes){body->message.data, body->message.len}, &item);
    instance->inside = false;
    if (status == FASCIA_OK)
        return;
    instance->remote->wrong += status == FASCIA_E_BUSY ? 0 : 1;
    plugin_refuse_ask(instance, body->token, item, status);
}

static bool take_returned(struct remote *remote, uint64_t count)
{
    if (count > remote->sent_count)
        return false;
    for (; count > 0; count--) {
        struct remote_call *call = TAILQ_FIRST(&remote->sent);
        TAILQ_REMOVE(&remote->sent, call, link);
        remote->sent_count--;
        remote->sent_bytes -= call->size;
        free(call);
    }
    return true;
}

static bool take_description(struct plugin_instance *instance, const Fascia__PluginDescription *message)
{
    struct remote *remote = instance->remote;
    struct fault fault = {{0}};

    if (remote->ready || remote->described != NULL)
        return false;
    if (message->failed[0] != '\0')
        fault_set(&fault, "%.400s", message->failed);
    else
        remote->described = plugin_description_read(message, &fault);
    plugin_clean_line(fault.text, sizeof fault.text);
    remote->process.described(remote->process.context,
                              remote->described == NULL ? NULL : plugin_described_plugin(remote->described),
                              fault.text);
    return true;
}

static bool take_opened(struct plugin_instance *instance, Fascia__PluginOpened *message)
{
    struct remote *remote = instance->remote;
    char why[256];

    if (remote->ready || remote->described == NULL)
        return false;
    snprintf(why, sizeof why, "%s", message->fault[0] != '\0' ? message->fault : "it does not say why");
    plugin_clean_line(why, sizeof why);
    remote->ready = !message->refused;
    remote->process.opened(remote->process.context, message->refused ? why : NULL);
    if (remote->ready) {
        framers_go_on(instance);
        pump(instance);
    }
    return true;
}

static const char *take_message(struct plugin_instance *instance, Fascia__FromPlugin *message)
{
    struct remote *remote = instance->remote;
    bool good = true;

    if (message->body_case != FASCIA__FROM_PLUGIN__BODY_DESCRIBED &&
        message->body_case != FASCIA__FROM_PLUGIN__BODY_OPENED && message->body_case != FASCIA__FROM_PLUGIN__BODY_LOG &&
        !remote->ready)
        return "spoke-out-of-turn";
    switch (message->body_case) {
    case FASCIA__FROM_PLUGIN__BODY_DESCRIBED:
        good = take_description(instance, message->described);
        break;
    case FASCIA__FROM_PLUGIN__BODY_OPENED:
        good = take_opened(instance, message->opened);
        break;
    case FASCIA__FROM_PLUGIN__BODY_RETURNED:
        good = take_returned(remote, message->returned);
        break;
    case FASCIA__FROM_PLUGIN__BODY_SUBMISSION:
        take_submission(instance, message->submission);
        break;
    case FASCIA__FROM_PLUGIN__BODY_ASK:
        take_ask(instance, message->ask);
        break;
    case FASCIA__FROM_PLUGIN__BODY_COMPLETION:
        take_completion(instance, message->completion);
        break;
    case FASCIA__FROM_PLUGIN__BODY_FRAMES:
        if (!framers_take(instance, &message->frames))
            return "impossible-frames";
        break;
    case FASCIA__FROM_PLUGIN__BODY_LOG:
        plugin_host_log(instance, (enum fascia_log_level)message->log->level, message->log->event,
                        message->log->number);
        break;
    default:
        good = false;
    }
    return good ? NULL : "spoke-out-of-turn";
}

static void tell_of_room(struct remote *remote)
{
    if (!remote->starved || remote->kept_bytes > KEPT_MOST / 2)
        return;
    remote->starved = false;
    remote->process.room(remote->process.context);
}

bool plugin_isolated_input(struct plugin_instance *instance, const uint8_t *bytes, size_t size, size_t *taken,
                           const char **why)
{
    const uint8_t *message = NULL;
    size_t message_size = 0, total = 0;
    enum wire_cut cut = WIRE_MORE;

    *taken = 0;
    *why = NULL;
    while (*why == NULL &&
           (cut = wire_next(bytes + *taken, size - *taken, &message, &message_size, &total)) == WIRE_WHOLE) {
        Fascia__FromPlugin *said = message_receive(&fascia__from_plugin__descriptor, message, message_size);
        *why = said == NULL ? "garbage" : take_message(instance, said);
        fascia__from_plugin__free_unpacked(said, NULL);
        *taken += total;
        if (instance->remote->wrong > WRONG_MOST)
            *why = "too-many-wrong-answers";
    }
    if (cut == WIRE_TOO_LONG)
        *why = "garbage";
    pump(instance);
    tell_of_room(instance->remote);
    return *why == NULL;
}

/* ---- its end ---------------------------------------------------------------------------------------------------------- */

static void give_again(struct plugin_instance *instance, uint64_t number, struct remote_call **after)
{
    struct remote *remote = instance->remote;
    struct kept_delivery *kept = tokens_find(&instance->tokens, number)->kept;
    struct remote_call *call = NULL;

    number = tokens_renew(&instance->tokens, number, now_of(instance) + instance->limits.deadline_ms);
    call = make_call(kept->refusing ? ENTRY_REFUSE : ENTRY_DELIVER, number, 0);
    remote->again += !kept->again;
    kept->again = true;
    if (*after == NULL)
        TAILQ_INSERT_HEAD(&remote->waiting, call, link);
    else
        TAILQ_INSERT_AFTER(&remote->waiting, *after, call, link);
    *after = call;
}

bool remote_can_refuse(const struct remote *remote)
{
    return remote->described != NULL && plugin_described_can_refuse(remote->described);
}

/* One delivery that was open when its process ended: again, refused, or given up. */
static void settle(struct plugin_instance *instance, uint64_t number, bool blamed, bool somebody_alone,
                   struct remote_call **after)
{
    struct kept_delivery *kept = tokens_find(&instance->tokens, number)->kept;
    bool guilty = false;

    /* Twice, as a process may also be ended from outside while it is at something harmless. When nobody was alone, all share the suspicion. */
    kept->blames += blamed ? 1 : 0;
    kept->losses += somebody_alone ? 0 : 1;
    guilty = kept->blames >= BLAMES_MOST || kept->losses >= LOSSES_MOST;
    if (guilty && (kept->refusing || !remote_can_refuse(instance->remote))) {
        plugin_give_up(instance, number);
        return;
    }
    instance->counts.given_again++;
    if (guilty) {
        instance->counts.refused_deliveries++;
        kept->refusing = tokens_find(&instance->tokens, number)->refused = true;
        kept->losses = kept->blames = 0;
    }
    give_again(instance, number, after);
}

/* Calls whose message is with the token are made anew; of the others only what begins something, and was not sent, is worth keeping. */
static void drop_calls(struct remote *remote)
{
    struct remote_call *call = NULL, *next = NULL;

    empty(&remote->sent);
    remote->sent_count = remote->sent_bytes = 0;
    for (call = TAILQ_FIRST(&remote->waiting); call != NULL; call = next) {
        next = TAILQ_NEXT(call, link);
        if (call->entry != ENTRY_FEED && !is_delivery(call->entry) && begins_something(call->entry))
            continue;
        TAILQ_REMOVE(&remote->waiting, call, link);
        free(call);
    }
}

/* It was begun here and has not been given to the process: that one's end loses nothing of it. */
static bool was_not_sent(const struct remote *remote, uint64_t number)
{
    const struct remote_call *call = NULL;

    TAILQ_FOREACH(call, &remote->waiting, link)
    if (call->entry != ENTRY_FEED && begins_something(call->entry) && call->token == number)
        return true;
    return false;
}

struct loss {
    uint64_t number;
    bool sent;
};

/* How a process ended: while one call was alone with it (that of a delivery, or a feed of a stream; 0: not that), and whether we wished it. */
struct ending_of_process {
    uint64_t delivery, stream;
    bool somebody_alone, by_us;
};

static void settle_all(struct plugin_instance *instance, const struct ending_of_process *ending,
                       const struct loss *losses, size_t count)
{
    struct remote_call *after = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct token *token = tokens_find(&instance->tokens, losses[i].number);
        if (token == NULL) /* ended by what another one's end made its owner do */
            continue;
        if (token->call == PLUGIN_CALL_DELIVER && losses[i].sent && !ending->by_us)
            settle(instance, losses[i].number, losses[i].number == ending->delivery, ending->somebody_alone, &after);
        else if (token->call == PLUGIN_CALL_DELIVER)
            give_again(instance, losses[i].number, &after);
        else if (losses[i].sent)
            plugin_give_up(instance, losses[i].number);
    }
}

void plugin_isolated_lost(struct plugin_instance *instance, bool ended_by_us)
{
    struct remote *remote = instance->remote;
    const struct remote_call *alone = remote->sent_count == 1 && !ended_by_us ? TAILQ_FIRST(&remote->sent) : NULL;
    const struct ending_of_process ending = {.delivery = alone != NULL && alone->entry != ENTRY_FEED ? alone->token : 0,
                                             .stream = alone != NULL && alone->entry == ENTRY_FEED ? alone->token : 0,
                                             .somebody_alone = alone != NULL,
                                             .by_us = ended_by_us};
    size_t count = instance->tokens.open;
    uint64_t *numbers = memory_allocate(count, sizeof *numbers);
    struct loss *losses = memory_allocate(count, sizeof *losses);

    tokens_list(&instance->tokens, numbers);
    for (size_t i = 0; i < count; i++)
        losses[i] = (struct loss){numbers[i], !was_not_sent(remote, numbers[i])};
    remote->connected = remote->ready = false;
    remote->wrong = 0;
    if (!ended_by_us)
        remote->probation_until = now_of(instance) + PROBATION_MS;
    drop_calls(remote);
    settle_all(instance, &ending, losses, count);
    framers_lost(instance, ending.stream, ending.somebody_alone || ending.by_us);
    plugin_described_destroy(remote->described);
    remote->described = NULL;
    free(losses);
    free(numbers);
}

void plugin_isolated_give_up(struct plugin_instance *instance)
{
    size_t count = instance->tokens.open;
    uint64_t *numbers = memory_allocate(count, sizeof *numbers);

    tokens_list(&instance->tokens, numbers);
    for (size_t i = 0; i < count; i++)
        if (tokens_find(&instance->tokens, numbers[i]) != NULL)
            plugin_give_up(instance, numbers[i]);
    empty(&instance->remote->waiting);
    free(numbers);
}

/* ---- what the owner says ------------------------------------------------------------------------------------------------ */

void plugin_isolated_connected(struct plugin_instance *instance)
{
    INVARIANT(!instance->remote->connected);
    instance->remote->connected = true;
}

void plugin_isolated_open(struct plugin_instance *instance, const Fascia__Options *options)
{
    Fascia__ToPlugin message = FASCIA__TO_PLUGIN__INIT;
    Fascia__OpenPlugin open = FASCIA__OPEN_PLUGIN__INIT;

    open.options = (Fascia__Options *)(uintptr_t)options; /* only packed */
    message.body_case = FASCIA__TO_PLUGIN__BODY_OPEN;
    message.open = &open;
    send(instance->remote, &message);
    flush(instance->remote);
}

void plugin_isolated_hold(struct plugin_instance *instance, bool held)
{
    instance->remote->holding = held;
    if (held)
        return;
    if (instance->remote->ready)
        framers_go_on(instance);
    pump(instance);
}

void plugin_isolated_retire(struct plugin_instance *instance, bool retired)
{
    instance->closing = retired;
}

void plugin_isolated_finish(struct plugin_instance *instance)
{
    Fascia__ToPlugin message = FASCIA__TO_PLUGIN__INIT;

    message.body_case = FASCIA__TO_PLUGIN__BODY_CLOSE;
    message.close = true;
    send(instance->remote, &message);
    flush(instance->remote);
}

int64_t plugin_isolated_busy_since(const struct plugin_instance *instance)
{
    const struct remote_call *call = TAILQ_FIRST(&instance->remote->sent);

    return call == NULL ? INT64_MAX : call->sent_at;
}

size_t plugin_isolated_under_way(const struct plugin_instance *instance)
{
    const struct remote_call *call = NULL;
    size_t under_way = instance->remote->sent_count + instance->tokens.open;

    TAILQ_FOREACH(call, &instance->remote->waiting, link)
    under_way -= call->entry != ENTRY_FEED && begins_something(call->entry) && under_way > 0;
    return under_way;
}

const struct fascia_plugin *plugin_isolated_description(const struct plugin_instance *instance)
{
    const struct plugin_described *described = instance->remote->described;

    return described == NULL ? NULL : plugin_described_plugin(described);
}
