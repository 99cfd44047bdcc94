#include "io/http.h"

#include "core/memory.h"
#include "io/http_parse.h"
#include "io/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUTES = 8 };

struct route {
    char path[HTTP_PATH_BYTES];
    io_http_get get;
    void *context;
};

struct io_http {
    struct io_listener *listener;
    struct route routes[ROUTES];
    size_t count;
};

static const char *reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {{200, "OK"},
                   {400, "Bad Request"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {411, "Length Required"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {503, "Service Unavailable"},
                   {505, "HTTP Version Not Supported"}};
    size_t i;

    for (i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "";
}

static void format_date(char *text, size_t room)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(io_now() / 1000);
    char clock[32];
    struct tm tm;

    /* The names are English in every locale, RFC 9110 5.6.7. */
    gmtime_r(&now, &tm);
    strftime(clock, sizeof clock, "%Y %H:%M:%S", &tm);
    snprintf(text, room, "%s, %02d %s %s GMT", days[tm.tm_wday], tm.tm_mday % 32, months[tm.tm_mon], clock);
}

static void answer(struct io_connection *connection, const struct io_http_answer *what, bool with_body, bool keep)
{
    char head[1024], date[64];
    int length;

    format_date(date, sizeof date);
    length = snprintf(head, sizeof head,
                      "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %.200s\r\nContent-Length: %zu\r\n"
                      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s%s\r\n",
                      what->status, reason_phrase(what->status), date, what->content_type, what->size,
                      what->status == 405 ? "Allow: GET, HEAD\r\n" : "", keep ? "" : "Connection: close\r\n");
    io_write(connection, (const uint8_t *)head, (size_t)length);
    if (with_body && what->size > 0)
        io_write(connection, (const uint8_t *)what->body, what->size);
    if (!keep)
        io_close(connection, true);
}

static void answer_text(struct io_connection *connection, int status, const char *text, bool with_body, bool keep)
{
    char body[160];
    int length = snprintf(body, sizeof body, "%.150s\n", text);
    struct io_http_answer what = {
        .status = status, .content_type = "text/plain; charset=utf-8", .body = body, .size = (size_t)length};

    answer(connection, &what, with_body, keep);
}

static const struct route *find_route(const struct io_http *http, const char *path)
{
    size_t i;

    for (i = 0; i < http->count; i++) {
        if (strcmp(http->routes[i].path, path) == 0)
            return &http->routes[i];
    }
    return NULL;
}

static void serve(struct io_http *http, struct io_connection *connection, const struct http_request *request)
{
    const struct route *route = find_route(http, request->path);
    struct io_http_answer what = {.status = 200, .content_type = "text/plain; charset=utf-8"};

    if (route == NULL) {
        answer_text(connection, 404, "there is no such page", !request->head, request->keep);
    } else if (!request->get && !request->head) {
        answer_text(connection, 405, "only GET and HEAD are served", true, request->keep);
    } else {
        route->get(route->context, &what);
        answer(connection, &what, !request->head, request->keep);
        free(what.body);
    }
}

static void on_readable(void *context, struct io_connection *connection)
{
    struct http_request request;
    const char *why = "";
    const uint8_t *bytes;
    size_t size, used;
    int status;

    for (;;) {
        bytes = io_peek(connection, &size);
        status = size == 0 ? -1 : http_parse(bytes, size, &request, &used, &why);
        if (status < 0)
            return;
        if (status > 0) {
            answer_text(connection, status, why, true, false);
            return;
        }
        io_take(connection, used);
        serve(context, connection, &request);
    }
}

static void on_ended(void *context, struct io_connection *connection)
{
    (void)context;
    io_close(connection, true); /* every answer is written at once */
}

struct io_http *io_http_listen(struct io_loop *loop, const char *address, struct fault *fault)
{
    const struct io_limits limits = {
        .connections = 64, .input = HTTP_HEAD_BYTES, .output = (size_t)16 << 20, .idle_ms = 30000, .frame_ms = 10000};
    struct io_http *http = memory_allocate(1, sizeof *http);
    struct io_handler handler = {.context = http, .readable = on_readable, .ended = on_ended};

    http->listener = io_listen(loop, address, 0660, &limits, &handler, fault);
    if (http->listener == NULL) {
        free(http);
        return NULL;
    }
    return http;
}

void io_http_route(struct io_http *http, const char *path, io_http_get get, void *context)
{
    struct route *route = &http->routes[http->count];

    INVARIANT(http->count < ROUTES && strlen(path) < sizeof route->path);
    snprintf(route->path, sizeof route->path, "%s", path);
    route->get = get;
    route->context = context;
    http->count++;
}

const char *io_http_address(const struct io_http *http)
{
    return io_listener_address(http->listener);
}

void io_http_destroy(struct io_http *http)
{
    if (http == NULL)
        return;
    io_listener_destroy(http->listener, true);
    free(http);
}
