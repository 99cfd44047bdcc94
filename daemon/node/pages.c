#include "node/pages.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 64, HEAD_BYTES = 8192, IDLE_MS = 30000 };

static void answer_metrics(const struct pages_host *host, struct io_http_exchange *exchange)
{
    static const struct io_http_field fields[] = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                                                  {"Cache-Control", "no-store"},
                                                  {"X-Content-Type-Options", "nosniff"}};
    size_t size = 0;
    char *text = host->metrics(host->context, &size);

    io_http_reply(exchange, 200, fields, sizeof fields / sizeof fields[0], text, size);
    free(text);
}

static void answer(void *context, struct io_http_exchange *exchange, const struct io_http_request *request)
{
    const struct pages_host *host = context;
    const char *because = "";

    if (strcmp(request->path, "/healthz") == 0) {
        io_http_reply_text(exchange, 200, "ok");
    } else if (strcmp(request->path, "/readyz") == 0) {
        if (host->ready(host->context, &because))
            io_http_reply_text(exchange, 200, "ready");
        else
            io_http_reply_text(exchange, 503, because);
    } else if (strcmp(request->path, "/metrics") == 0) {
        answer_metrics(host, exchange);
    } else {
        io_http_reply_text(exchange, 404, "there is no such page");
    }
}

static int admit(void *context, struct io_http_exchange *exchange, const struct io_http_request *head,
                 size_t *body_most)
{
    static const struct io_http_field allow[] = {{"Content-Type", "text/plain; charset=utf-8"}, {"Allow", "GET, HEAD"}};
    static const char text[] = "only GET and HEAD are served\n";

    (void)context;
    *body_most = 0;
    if (strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0)
        return 0;
    io_http_reply(exchange, 405, allow, sizeof allow / sizeof allow[0], text, sizeof text - 1);
    return 405;
}

struct io_http *pages_listen(struct io_loop *loop, const char *address, const struct pages_host *host,
                             struct fault *fault)
{
    const struct io_http_settings settings = {
        .address = address, .mode = 0660, .head_bytes = HEAD_BYTES, .connections = CONNECTIONS, .idle_ms = IDLE_MS};
    const struct io_http_handler handler = {.context = (void *)host, .admit = admit, .request = answer};

    return io_http_listen(loop, &settings, &handler, fault);
}
