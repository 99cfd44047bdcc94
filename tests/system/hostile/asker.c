/*
 * A source over HTTP that looks at nothing and does what it is told: whoever comes may make it ask the node anything. What they get to see then is what the host lets them.
 *
 *   GET POST /echo/x    who asks, as text: "METHOD PATH QUERY BYTES account refused"
 *   POST /ask           the body is a ControlRequest; the reply is the last Answer to it, 403 when it was forbidden
 *   GET /crash /hang /never /unsendable /twice
 */
#include <fascia/plugin.h>

#include "fascia/v1/http.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct asker {
    const struct fascia_host *host;
};

static enum fascia_status asker_open(const struct fascia_host *host, struct fascia_bytes options, void **instance,
                                     char *fault, size_t fault_size)
{
    struct asker *asker = calloc(1, sizeof *asker);

    (void)options;
    (void)fault;
    (void)fault_size;
    asker->host = host;
    *instance = asker;
    return FASCIA_OK;
}

static void reply(const struct asker *asker, uint64_t token, uint32_t status, const uint8_t *body, size_t size)
{
    Fascia__HttpReply message = FASCIA__HTTP_REPLY__INIT;
    Fascia__HttpField type = FASCIA__HTTP_FIELD__INIT, *fields[] = {&type};
    uint8_t *bytes = NULL;
    size_t packed = 0;

    type.name = "Content-Type";
    type.value = "text/plain";
    message.status = status;
    message.fields = fields;
    message.n_fields = 1;
    message.body = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)body};
    packed = fascia__http_reply__get_packed_size(&message);
    bytes = malloc(packed + 1);
    fascia__http_reply__pack(&message, bytes);
    asker->host->complete(asker->host->context, token, (struct fascia_bytes){bytes, packed});
    free(bytes);
}

static void echo(const struct asker *asker, uint64_t token, const Fascia__HttpRequest *request)
{
    char line[4096];
    int size = snprintf(line, sizeof line, "%s %s %s %zu %s %s %s\n", request->method, request->path, request->query,
                        request->body.len, request->principal != NULL ? request->principal->account : "-",
                        request->refused[0] != '\0' ? request->refused : "-", request->url);

    for (size_t i = 0; i < request->n_fields && size < (int)sizeof line; i++)
        size += snprintf(line + size, sizeof line - (size_t)size, "%s: %s\n", request->fields[i]->name,
                         request->fields[i]->value);
    reply(asker, token, 200, (const uint8_t *)line, (size_t)size < sizeof line ? (size_t)size : sizeof line);
}

static void ask(const struct asker *asker, uint64_t token, const Fascia__HttpRequest *request)
{
    Fascia__Ask message = FASCIA__ASK__INIT;
    uint8_t *bytes = NULL;
    size_t packed = 0;
    enum fascia_status status = FASCIA_E_INVALID;

    message.item = 1;
    message.request = fascia__control_request__unpack(NULL, request->body.len, request->body.data);
    if (message.request != NULL) {
        packed = fascia__ask__get_packed_size(&message);
        bytes = malloc(packed);
        fascia__ask__pack(&message, bytes);
        status = asker->host->ask(asker->host->context, token, (struct fascia_bytes){bytes, packed});
        fascia__control_request__free_unpacked(message.request, NULL);
        free(bytes);
    }
    if (status != FASCIA_OK)
        reply(asker, token, status == FASCIA_E_BUSY ? 503 : 400, NULL, 0);
}

static void misbehave(const struct asker *asker, uint64_t token, const char *path)
{
    if (strcmp(path, "/crash") == 0)
        abort();
    while (strcmp(path, "/hang") == 0)
        pause();
    if (strcmp(path, "/unsendable") == 0)
        reply(asker, token, 42, NULL, 0);
    if (strcmp(path, "/twice") == 0) {
        reply(asker, token, 200, (const uint8_t *)"once", 4);
        reply(asker, token, 200, (const uint8_t *)"twice", 5);
    }
}

static void asker_request(void *instance, uint64_t token, struct fascia_bytes message)
{
    Fascia__HttpRequest *request = fascia__http_request__unpack(NULL, message.size, message.data);

    if (strncmp(request->path, "/echo", 5) == 0)
        echo(instance, token, request);
    else if (strcmp(request->path, "/ask") == 0)
        ask(instance, token, request);
    else
        misbehave(instance, token, request->path);
    fascia__http_request__free_unpacked(request, NULL);
}

static void asker_answer(void *instance, uint64_t token, struct fascia_bytes message)
{
    Fascia__Answer *answer = fascia__answer__unpack(NULL, message.size, message.data);

    if (answer->response->last)
        reply(instance, token, answer->forbidden ? 403 : 200, message.data, message.size);
    fascia__answer__free_unpacked(answer, NULL);
}

static void asker_none(void *instance, uint64_t token, struct fascia_bytes message)
{
    (void)instance;
    (void)token;
    (void)message;
}

static void asker_abandon(void *instance, uint64_t token)
{
    const struct asker *asker = instance;

    (void)token;
    asker->host->log(asker->host->context, FASCIA_LOG_INFO, "abandoned", 1);
}

const struct fascia_plugin *fascia_plugin(void)
{
    static const struct fascia_route routes[] = {
        {.size = sizeof routes[0], .body_bytes = 1 << 16, .methods = "GET POST", .path = "/echo/*"},
        {.size = sizeof routes[0], .body_bytes = 16 << 20, .methods = "POST", .path = "/ask"},
        {.size = sizeof routes[0], .methods = "GET", .path = "/crash"},
        {.size = sizeof routes[0], .methods = "GET", .path = "/hang"},
        {.size = sizeof routes[0], .methods = "GET", .path = "/never"},
        {.size = sizeof routes[0], .methods = "GET", .path = "/unsendable"},
        {.size = sizeof routes[0], .methods = "GET", .path = "/twice"},
    };
    static const struct fascia_plugin plugin = {.magic = FASCIA_PLUGIN_MAGIC,
                                                .size = sizeof plugin,
                                                .abi_major = FASCIA_ABI_MAJOR,
                                                .abi_minor = FASCIA_ABI_MINOR,
                                                .kind = FASCIA_KIND_SOURCE,
                                                .transports = FASCIA_TRANSPORT_HTTP,
                                                .name = "asker",
                                                .version = "1.0",
                                                .summary = "Asks what it is told to ask",
                                                .open = asker_open,
                                                .close = free,
                                                .status = asker_none,
                                                .answered = asker_none,
                                                .abandon = asker_abandon,
                                                .request = asker_request,
                                                .answer = asker_answer,
                                                .routes = routes,
                                                .route_count = sizeof routes / sizeof routes[0]};

    return &plugin;
}
