/* One request on its way: who asks, the plugin, the reply. */
#include "node/web.h"

#include "access/access.h"
#include "core/memory.h"
#include "io/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MOST 64 /* of a plugin's reply */

static void exchange_ended(struct ending *ending, const ProtobufCMessage *message);
static void exchange_gone(struct web_waiting *waiting);

static struct web_exchange *exchange_create(struct web *web, struct source *source, struct io_http_exchange *io)
{
    struct web_exchange *exchange = memory_allocate(1, sizeof *exchange);

    exchange->ending.ended = exchange_ended;
    exchange->waiting.gone = exchange_gone;
    exchange->web = web;
    exchange->source = source;
    exchange->io = io;
    LIST_INSERT_HEAD(&web->exchanges, exchange, link);
    web->open++;
    io_http_set_user(io, &exchange->waiting);
    return exchange;
}

void web_exchange_free_if_over(struct web_exchange *exchange)
{
    if (!exchange->ended || exchange->asks > 0)
        return;
    LIST_REMOVE(exchange, link);
    exchange->web->open--;
    fascia__principal__free_unpacked(exchange->principal, NULL);
    free(exchange);
}

/* ---- back ---------------------------------------------------------------------------------------------------------------- */

/* What is the connection's, and the host's to say. */
static bool is_of_the_host(const char *name)
{
    static const char *const names[] = {"connection", "content-length", "date",         "transfer-encoding",
                                        "keep-alive", "server",         "x-request-id", "upgrade",
                                        "te",         "trailer",        "set-cookie",   "proxy-authenticate"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* false: the plugin says what can't be sent. */
static bool read_fields(const Fascia__HttpReply *reply, struct io_http_field *fields, size_t *count)
{
    *count = 0;
    if (reply->status < 200 || reply->status > 599 || reply->n_fields > FIELDS_MOST)
        return false;
    for (size_t i = 0; i < reply->n_fields; i++) {
        const struct io_http_field field = {reply->fields[i]->name, reply->fields[i]->value};
        if (!io_http_field_fits(&field))
            return false;
        if (!is_of_the_host(field.name))
            fields[(*count)++] = field;
    }
    return true;
}

static void reply_failed(struct io_http_exchange *io, const char *why)
{
    io_http_reply(io, 503,
                  (const struct io_http_field[]){{"retry-after", "1"}, {"content-type", "text/plain; charset=utf-8"}},
                  2, why, strlen(why));
}

static void send_reply(struct web_exchange *exchange, const Fascia__HttpReply *reply)
{
    struct io_http_exchange *io = exchange->io;
    struct io_http_field fields[FIELDS_MOST];
    size_t count = 0;

    exchange->io = NULL;
    io_http_set_user(io, NULL);
    if (reply == NULL) {
        reply_failed(io, "what serves this path did not answer; what was asked may have been done\n");
    } else if (!read_fields(reply, fields, &count)) {
        LOG(LOG_LEVEL_ERROR, "web.reply-unsendable", LOG_CONFIGURED("source", exchange->source->config->name));
        io_http_reply_text(io, 500, "what serves this path gave an answer that can't be sent");
    } else {
        io_http_reply(io, (int)reply->status, fields, count, reply->body.data, reply->body.len);
    }
}

static void exchange_ended(struct ending *ending, const ProtobufCMessage *message)
{
    struct web_exchange *exchange = (struct web_exchange *)ending;

    exchange->ended = true;
    if (exchange->io != NULL)
        send_reply(exchange, (const Fascia__HttpReply *)message);
    web_exchange_free_if_over(exchange);
}

static void exchange_gone(struct web_waiting *waiting)
{
    struct web_exchange *exchange = (struct web_exchange *)((char *)waiting - offsetof(struct web_exchange, waiting));

    exchange->io = NULL;
    if (!exchange->ended && exchange->source->instance != NULL)
        plugin_abandon(exchange->source->instance, exchange->token);
}

/* ---- there ---------------------------------------------------------------------------------------------------------------- */

/* What is for the host alone: who asks it has found out, and the connection is its. */
static bool is_kept_back(const char *name)
{
    static const char *const names[] = {"authorization",     "cookie",     "proxy-authorization",
                                        "connection",        "keep-alive", "te",
                                        "transfer-encoding", "upgrade",    "expect"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Behind a proxy as configured, else as the client itself reached it. */
static char *url_of(const struct source *source, const struct io_http_request *request)
{
    char *url = NULL;
    int written = 0;

    if (source->config->http.url[0] != '\0')
        return memory_text(source->config->http.url);
    written =
        asprintf(&url, "%s://%s%s", request->secure ? "https" : "http", request->host, source->config->http.prefix);
    INVARIANT(written >= 0);
    return url;
}

/* All but `fields` is lent; those are the caller's to free. */
static void fill_request(const struct web_exchange *exchange, const struct io_http_request *from, const char *path,
                         Fascia__HttpField *fields, Fascia__HttpRequest *request)
{
    request->id = (char *)(uintptr_t)from->id;
    request->method = (char *)(uintptr_t)from->method;
    request->path = (char *)(uintptr_t)path;
    request->query = (char *)(uintptr_t)from->query;
    request->body = (ProtobufCBinaryData){from->size, (uint8_t *)(uintptr_t)from->body};
    request->received = io_now();
    request->peer = (char *)(uintptr_t)from->peer;
    request->principal = exchange->principal;
    request->fields = memory_allocate(from->field_count + 1, sizeof(Fascia__HttpField *));
    for (size_t i = 0; i < from->field_count; i++) {
        if (is_kept_back(from->fields[i].name))
            continue;
        fascia__http_field__init(&fields[request->n_fields]);
        fields[request->n_fields].name = (char *)(uintptr_t)from->fields[i].name;
        fields[request->n_fields].value = (char *)(uintptr_t)from->fields[i].value;
        request->fields[request->n_fields] = &fields[request->n_fields];
        request->n_fields++;
    }
}

void web_request_begin(struct web *web, struct source *source, const char *path, struct io_http_exchange *io,
                       const struct io_http_request *from)
{
    Fascia__HttpField fields[IO_HTTP_FIELDS];
    Fascia__HttpRequest request = FASCIA__HTTP_REQUEST__INIT;
    struct web_exchange *exchange = NULL;
    const char *refused = "";
    uint64_t token = 0;

    if (source->instance == NULL) {
        reply_failed(io, "what serves this path is not running: try again\n");
        return;
    }
    exchange = exchange_create(web, source, io);
    exchange->principal = web_principal(web, from, &refused);
    if (exchange->principal != NULL)
        access_actor(exchange->principal, exchange->actor);
    fill_request(exchange, from, path, fields, &request);
    request.refused = (char *)(uintptr_t)refused;
    request.url = url_of(source, from);
    source->frames++;
    /* It may end within this call, and then the exchange is gone: the ending says no more of it. */
    exchange->asks++;
    token = plugin_request(source->instance, &request, exchange);
    exchange->asks--;
    free(request.url);
    free(request.fields);
    if (token != 0)
        source_touch_expiry(source);
    if (token == 0) {
        source->busy++;
        exchange->ended = true;
        exchange->io = NULL;
        io_http_set_user(io, NULL);
        reply_failed(io, "the node is busy: try again\n");
    }
    exchange->token = token;
    web_exchange_free_if_over(exchange);
}
