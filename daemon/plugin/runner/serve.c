#include "plugin/runner/serve.h"

#include "core/fault.h"
#include "core/memory.h"
#include "core/message.h"
#include "plugin/describe.h"
#include "plugin/runner/streams.h"
#include "plugin/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#define READ_BYTES    ((size_t)64 << 10)
#define FLUSH_BYTES   ((size_t)1 << 20)
#define TOKENS        65536u /* the low 16 bits of a token are its place among the open ones */
#define EXIT_PROTOCOL 70

struct server {
    int socket;
    const struct fascia_plugin *plugin;
    struct fascia_host host;
    void *instance; /* NULL until it is open */
    bool inside;    /* the plugin has been called */
    uint64_t open[TOKENS];
    bool delivers[TOKENS], requests[TOKENS]; /* what kind of token it is */
    uint64_t returned;
    struct wire_buffer out;
    struct streams streams;
};

/* ---- to the host ------------------------------------------------------------------------------------------------- */

static void write_all(struct server *server)
{
    size_t at = 0;

    while (at < server->out.size) {
        ssize_t written = send(server->socket, server->out.bytes + at, server->out.size - at, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) /* the host is gone */
            exit(0);
        at += (size_t)written;
    }
    wire_clear(&server->out);
}

static void say(struct server *server, Fascia__FromPlugin *message)
{
    wire_put(&server->out, &message->base);
    if (server->out.size >= FLUSH_BYTES)
        write_all(server);
}

static void say_bytes(struct server *server, Fascia__FromPlugin__BodyCase what, uint64_t token,
                      struct fascia_bytes bytes)
{
    Fascia__FromPlugin message = FASCIA__FROM_PLUGIN__INIT;
    Fascia__PluginBytes body = FASCIA__PLUGIN_BYTES__INIT;

    body.token = token;
    body.message = (ProtobufCBinaryData){bytes.size, (uint8_t *)(uintptr_t)bytes.data};
    message.body_case = what;
    if (what == FASCIA__FROM_PLUGIN__BODY_SUBMISSION)
        message.submission = &body;
    else if (what == FASCIA__FROM_PLUGIN__BODY_ASK)
        message.ask = &body;
    else
        message.completion = &body;
    say(server, &message);
}

static void say_returned(struct server *server)
{
    Fascia__FromPlugin message = FASCIA__FROM_PLUGIN__INIT;

    if (server->returned > 0) {
        message.body_case = FASCIA__FROM_PLUGIN__BODY_RETURNED;
        message.returned = server->returned;
        say(server, &message);
    }
    server->returned = 0;
    write_all(server);
}

void serve_describe(int socket, const struct fascia_plugin *described, const char *failed)
{
    struct server *server = memory_allocate(1, sizeof *server);
    Fascia__FromPlugin message = FASCIA__FROM_PLUGIN__INIT;
    Fascia__PluginDescription refusal = FASCIA__PLUGIN_DESCRIPTION__INIT;
    Fascia__PluginDescription *description = described == NULL ? NULL : plugin_description_pack(described);

    server->socket = socket;
    refusal.failed = (char *)(uintptr_t)failed;
    message.body_case = FASCIA__FROM_PLUGIN__BODY_DESCRIBED;
    message.described = description != NULL ? description : &refusal;
    say(server, &message);
    write_all(server);
    fascia__plugin_description__free_unpacked(description, NULL);
    wire_release(&server->out);
    free(server);
}

/* ---- what the plugin sees of the host -------------------------------------------------------------------------------- */

static bool is_open(const struct server *server, uint64_t token)
{
    return token != 0 && server->open[token % TOKENS] == token;
}

static enum fascia_status host_submit(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    struct server *server = context;
    Fascia__Submission *submission = NULL;
    bool good = false;

    if (!server->inside || !is_open(server, delivery) || !server->delivers[delivery % TOKENS])
        return FASCIA_E_TOKEN;
    if (bytes.size > WIRE_MOST / 2)
        return FASCIA_E_LIMIT;
    submission = bytes.data == NULL ? NULL : message_receive(&fascia__submission__descriptor, bytes.data, bytes.size);
    good = submission != NULL && submission->submit != NULL && submission->submit->referral != NULL;
    fascia__submission__free_unpacked(submission, NULL);
    if (!good)
        return FASCIA_E_INVALID;
    say_bytes(server, FASCIA__FROM_PLUGIN__BODY_SUBMISSION, delivery, bytes);
    return FASCIA_OK;
}

static enum fascia_status host_ask(void *context, uint64_t request, struct fascia_bytes bytes)
{
    struct server *server = context;
    Fascia__Ask *ask = NULL;
    bool good = false;

    if (!server->inside || !is_open(server, request) || !server->requests[request % TOKENS])
        return FASCIA_E_TOKEN;
    if (bytes.size > WIRE_MOST / 2)
        return FASCIA_E_LIMIT;
    ask = bytes.data == NULL ? NULL : message_receive(&fascia__ask__descriptor, bytes.data, bytes.size);
    good = ask != NULL && ask->request != NULL;
    fascia__ask__free_unpacked(ask, NULL);
    if (!good)
        return FASCIA_E_INVALID;
    say_bytes(server, FASCIA__FROM_PLUGIN__BODY_ASK, request, bytes);
    return FASCIA_OK;
}

/* A second ending is told to the host too, which counts them. */
static enum fascia_status host_complete(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    struct server *server = context;
    bool good = server->inside && is_open(server, delivery) && bytes.size <= WIRE_MOST - 1024;

    if (!good)
        bytes = (struct fascia_bytes){NULL, 0};
    say_bytes(server, FASCIA__FROM_PLUGIN__BODY_COMPLETION, delivery, bytes);
    if (is_open(server, delivery))
        server->open[delivery % TOKENS] = 0;
    return good ? FASCIA_OK : FASCIA_E_TOKEN;
}

static void host_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    Fascia__FromPlugin message = FASCIA__FROM_PLUGIN__INIT;
    Fascia__PluginLog line = FASCIA__PLUGIN_LOG__INIT;
    char word[80] = "";

    /* What is no word is refused by the host; here it is only kept from being no text. */
    for (size_t i = 0; event != NULL && event[i] != '\0' && i < sizeof word - 1; i++)
        word[i] = (unsigned char)event[i] < 0x80 ? event[i] : '?';
    line.level = (uint32_t)level;
    line.event = word;
    line.number = number;
    message.body_case = FASCIA__FROM_PLUGIN__BODY_LOG;
    message.log = &line;
    say(context, &message);
}

static int64_t host_now(void *context)
{
    struct timespec now;

    (void)context;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void host_random(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    while (size > 0) {
        ssize_t got = getrandom(bytes, size, 0);
        INVARIANT(got > 0);
        bytes += got;
        size -= (size_t)got;
    }
}

/* ---- from the host ---------------------------------------------------------------------------------------------------- */

static bool take_open(struct server *server, const Fascia__OpenPlugin *open)
{
    Fascia__FromPlugin message = FASCIA__FROM_PLUGIN__INIT;
    Fascia__PluginOpened opened = FASCIA__PLUGIN_OPENED__INIT;
    Fascia__Options none = FASCIA__OPTIONS__INIT;
    const Fascia__Options *options = open->options != NULL ? open->options : &none;
    size_t size = fascia__options__get_packed_size(options);
    uint8_t *bytes = memory_resize(NULL, size + 1, 1);
    char why[256] = "";
    enum fascia_status status = FASCIA_OK;

    if (server->instance != NULL)
        return false;
    fascia__options__pack(options, bytes);
    server->inside = true;
    status =
        server->plugin->open(&server->host, (struct fascia_bytes){bytes, size}, &server->instance, why, sizeof why);
    server->inside = false;
    free(bytes);
    why[sizeof why - 1] = '\0';
    for (char *at = why; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at >= 0x7f)
            *at = '?';
    opened.refused = status != FASCIA_OK;
    opened.fault = why;
    message.body_case = FASCIA__FROM_PLUGIN__BODY_OPENED;
    message.opened = &opened;
    say(server, &message);
    return true;
}

static void call_refuse(struct server *server, uint64_t token, struct fascia_bytes message)
{
    const struct fascia_plugin *plugin = server->plugin;

    if (FASCIA_HAS(plugin, refuse) && plugin->refuse != NULL)
        plugin->refuse(server->instance, token, message);
}

static void begin(struct server *server, const Fascia__PluginCall *call)
{
    bool delivers = call->entry == FASCIA__PLUGIN_CALL__ENTRY__DELIVER;
    bool requests = call->entry == FASCIA__PLUGIN_CALL__ENTRY__REQUEST;

    if (!delivers && !requests && call->entry != FASCIA__PLUGIN_CALL__ENTRY__STATUS &&
        call->entry != FASCIA__PLUGIN_CALL__ENTRY__ANSWERED && call->entry != FASCIA__PLUGIN_CALL__ENTRY__REFUSE &&
        call->entry != FASCIA__PLUGIN_CALL__ENTRY__NOTIFY && call->entry != FASCIA__PLUGIN_CALL__ENTRY__JUDGE)
        return;
    server->open[call->token % TOKENS] = call->token;
    server->delivers[call->token % TOKENS] = delivers;
    server->requests[call->token % TOKENS] = requests;
}

/* What a plugin's kind need not have is not asked of it: a host that does so breaks the protocol. */
static bool may_be_called(const struct fascia_plugin *plugin, Fascia__PluginCall__Entry entry)
{
    switch (entry) {
    case FASCIA__PLUGIN_CALL__ENTRY__NOTIFY:
        return plugin->kind == FASCIA_KIND_NOTIFIER;
    case FASCIA__PLUGIN_CALL__ENTRY__JUDGE:
        return plugin->kind == FASCIA_KIND_POLICY;
    case FASCIA__PLUGIN_CALL__ENTRY__ABANDON:
        return true;
    case FASCIA__PLUGIN_CALL__ENTRY__REQUEST:
    case FASCIA__PLUGIN_CALL__ENTRY__ANSWER:
        return plugin->kind == FASCIA_KIND_SOURCE && (plugin->transports & FASCIA_TRANSPORT_HTTP) != 0;
    default:
        return plugin->kind == FASCIA_KIND_SOURCE;
    }
}

static bool take_call(struct server *server, const Fascia__PluginCall *call)
{
    const struct fascia_plugin *plugin = server->plugin;
    const struct fascia_bytes message = {call->message.data, call->message.len};

    if (server->instance == NULL || !may_be_called(plugin, call->entry))
        return false;
    begin(server, call);
    server->inside = true;
    switch (call->entry) {
    case FASCIA__PLUGIN_CALL__ENTRY__DELIVER:
        plugin->deliver(server->instance, call->token, message);
        break;
    case FASCIA__PLUGIN_CALL__ENTRY__RESULT:
        plugin->result(server->instance, call->token, message);
        break;
    case FASCIA__PLUGIN_CALL__ENTRY__STATUS:
        plugin->status(server->instance, call->token, message);
        break;
    case FASCIA__PLUGIN_CALL__ENTRY__ANSWERED:
        plugin->answered(server->instance, call->token, message);
        break;
    case FASCIA__PLUGIN_CALL__ENTRY__ABANDON:
        if (is_open(server, call->token))
            server->open[call->token % TOKENS] = 0;
        plugin->abandon(server->instance, call->token);
        break;
    case FASCIA__PLUGIN_CALL__ENTRY__REFUSE:
        call_refuse(server, call->token, message);
        break;
    case FASCIA__PLUGIN_CALL__ENTRY__NOTIFY:
        plugin->notify(server->instance, call->token, message);
        break;
    case FASCIA__PLUGIN_CALL__ENTRY__JUDGE:
        plugin->judge(server->instance, call->token, message);
        break;
    case FASCIA__PLUGIN_CALL__ENTRY__REQUEST:
        plugin->request(server->instance, call->token, message);
        break;
    case FASCIA__PLUGIN_CALL__ENTRY__ANSWER:
        if (is_open(server, call->token))
            plugin->answer(server->instance, call->token, message);
        break;
    default: /* a host of a later version asks more than this runner knows */
        break;
    }
    server->inside = false;
    server->returned++;
    return true;
}

static bool take_feed(struct server *server, const Fascia__StreamFeed *feed)
{
    Fascia__FromPlugin message = FASCIA__FROM_PLUGIN__INIT;
    Fascia__StreamFrames *frames = NULL;

    if (server->instance == NULL || server->plugin->frame == NULL)
        return false;
    frames = streams_feed(&server->streams, server->plugin, server->instance, feed);
    message.body_case = FASCIA__FROM_PLUGIN__BODY_FRAMES;
    message.frames = frames;
    say(server, &message);
    fascia__stream_frames__free_unpacked(frames, NULL);
    server->returned++;
    return true;
}

static bool take(struct server *server, const Fascia__ToPlugin *message)
{
    switch (message->body_case) {
    case FASCIA__TO_PLUGIN__BODY_OPEN:
        return take_open(server, message->open);
    case FASCIA__TO_PLUGIN__BODY_CALL:
        return take_call(server, message->call);
    case FASCIA__TO_PLUGIN__BODY_FEED:
        return take_feed(server, message->feed);
    case FASCIA__TO_PLUGIN__BODY_FORGET:
        streams_forget(&server->streams, message->forget);
        return true;
    case FASCIA__TO_PLUGIN__BODY_CLOSE:
        if (server->instance != NULL)
            server->plugin->close(server->instance);
        say_returned(server);
        exit(0);
    default:
        return false;
    }
}

static bool take_all(struct server *server, const uint8_t *bytes, size_t size, size_t *taken)
{
    const uint8_t *message = NULL;
    size_t message_size = 0, total = 0;
    enum wire_cut cut = WIRE_MORE;
    bool good = true;

    *taken = 0;
    while (good && (cut = wire_next(bytes + *taken, size - *taken, &message, &message_size, &total)) == WIRE_WHOLE) {
        Fascia__ToPlugin *said = fascia__to_plugin__unpack(NULL, message_size, message);
        good = said != NULL && take(server, said);
        fascia__to_plugin__free_unpacked(said, NULL);
        *taken += total;
    }
    return good && cut != WIRE_TOO_LONG;
}

int serve(int socket, const struct fascia_plugin *described)
{
    struct server *server = memory_allocate(1, sizeof *server);
    uint8_t *bytes = NULL;
    size_t held = 0, room = 0, taken = 0;

    server->socket = socket;
    server->plugin = described;
    server->host = (struct fascia_host){.size = sizeof server->host,
                                        .abi_major = FASCIA_ABI_MAJOR,
                                        .abi_minor = FASCIA_ABI_MINOR,
                                        .context = server,
                                        .submit = host_submit,
                                        .complete = host_complete,
                                        .log = host_log,
                                        .now = host_now,
                                        .random = host_random,
                                        .ask = host_ask};
    for (;;) {
        ssize_t got = 0;
        bytes = memory_grow(bytes, &room, held + READ_BYTES, 1);
        got = recv(socket, bytes + held, READ_BYTES, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) /* the host is gone, and what it wanted with it */
            return 0;
        held += (size_t)got;
        if (!take_all(server, bytes, held, &taken))
            return EXIT_PROTOCOL;
        held -= taken;
        memmove(bytes, bytes + taken, held);
        say_returned(server);
    }
}
