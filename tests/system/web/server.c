/*
 * The HTTP server of daemon/io with pages for tests and measurements: prints the address it listens on, and serves until SIGTERM, on which it drains.
 * SIGHUP reads the certificates anew.
 *
 *   GET /hello           5 bytes                         GET /text/N     N bytes of text, which may be compressed
 *   any /echo            the body                        GET /who        peer, id, secure, certificate of the client
 *   GET /later/MS        a reply that takes so long      GET /counts     of the server
 *   GET /events          a line each 20 ms, for ever     GET /stream/N   N bytes in pieces, as fast as the client reads
 *   any /small           at most 10 bytes of body        any /forbidden  403 before the body
 */
#include "core/memory.h"
#include "io/http.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { PIECE = 65536, UNSENT = 1 << 20, TEXT_MOST = 8 << 20, EVENT_MS = 20, DRAIN_MS = 10 };

/* An exchange that is not answered at once. */
struct task {
    TAILQ_ENTRY(task) link;
    struct server *server;
    struct io_http_exchange *exchange;
    struct io_timer *timer;
    size_t left; /* of a stream */
    bool events;
};

struct server {
    struct io_loop *loop;
    struct io_tls *tls;
    struct io_http *http;
    struct io_timer *drain;
    uint64_t gone;
    TAILQ_HEAD(tasks, task) tasks;
};

static const struct io_http_field plain[] = {{"Content-Type", "text/plain; charset=utf-8"}};

static void end_task(struct task *task)
{
    TAILQ_REMOVE(&task->server->tasks, task, link);
    io_timer_destroy(task->timer);
    free(task);
}

static void on_timer(void *context)
{
    struct task *task = context;

    if (task->events) {
        io_http_send(task->exchange, "data: tick\n\n", 12);
        io_timer_set(task->timer, EVENT_MS);
        return;
    }
    io_http_reply_text(task->exchange, 200, "at last");
    end_task(task);
}

static struct task *begin_task(struct server *server, struct io_http_exchange *exchange)
{
    struct task *task = memory_allocate(1, sizeof *task);

    task->server = server;
    task->exchange = exchange;
    task->timer = io_timer_create(server->loop, on_timer, task);
    TAILQ_INSERT_TAIL(&server->tasks, task, link);
    io_http_set_user(exchange, task);
    return task;
}

static void pump(struct task *task)
{
    static char piece[PIECE];
    size_t size;

    memset(piece, 's', sizeof piece);
    while (task->left > 0 && io_http_unsent(task->exchange) < UNSENT) {
        size = task->left < sizeof piece ? task->left : sizeof piece;
        io_http_send(task->exchange, piece, size);
        task->left -= size;
    }
    if (task->left > 0)
        return;
    io_http_finish(task->exchange);
    end_task(task);
}

static void reply_who(struct io_http_exchange *exchange, const struct io_http_request *request)
{
    char text[512];
    const int length = snprintf(text, sizeof text, "peer %s\nid %s\nsecure %d\ncertificate %s\n", request->peer,
                                request->id, request->secure, request->certificate);

    io_http_reply(exchange, 200, plain, 1, text, (size_t)length);
}

static void reply_counts(struct server *server, struct io_http_exchange *exchange)
{
    struct io_http_counts counts;
    char text[512];
    int length;

    io_http_counts(server->http, &counts);
    length =
        snprintf(text, sizeof text,
                 "requests %lu\nrefused %lu\ntoo_slow %lu\nlimited %lu\nconnections %u\ngone %lu\nhandshakes %lu\n",
                 (unsigned long)counts.requests, (unsigned long)counts.refused, (unsigned long)counts.too_slow,
                 (unsigned long)counts.limited, counts.connections, (unsigned long)server->gone,
                 (unsigned long)counts.handshakes);
    io_http_reply(exchange, 200, plain, 1, text, (size_t)length);
}

static void reply_long_text(struct io_http_exchange *exchange, size_t size)
{
    static char text[TEXT_MOST];
    size_t i;

    size = size < sizeof text ? size : sizeof text;
    for (i = 0; i < size; i++)
        text[i] = "referral network\n"[i % 17];
    io_http_reply(exchange, 200, plain, 1, text, size);
}

static void on_request(void *context, struct io_http_exchange *exchange, const struct io_http_request *request)
{
    struct server *server = context;
    const char *path = request->path;
    struct task *task;

    if (strcmp(path, "/hello") == 0) {
        io_http_reply(exchange, 200, plain, 1, "hello", 5);
    } else if (strcmp(path, "/echo") == 0 || strcmp(path, "/small") == 0) {
        io_http_reply(exchange, 200, NULL, 0, request->body, request->size);
    } else if (strncmp(path, "/text/", 6) == 0) {
        reply_long_text(exchange, strtoul(path + 6, NULL, 10));
    } else if (strcmp(path, "/who") == 0) {
        reply_who(exchange, request);
    } else if (strcmp(path, "/counts") == 0) {
        reply_counts(server, exchange);
    } else if (strncmp(path, "/later/", 7) == 0) {
        io_timer_set(begin_task(server, exchange)->timer, strtol(path + 7, NULL, 10));
    } else if (strcmp(path, "/events") == 0) {
        task = begin_task(server, exchange);
        task->events = true;
        io_http_begin(exchange, 200, plain, 1);
        io_timer_set(task->timer, EVENT_MS);
    } else if (strncmp(path, "/stream/", 8) == 0) {
        task = begin_task(server, exchange);
        task->left = strtoul(path + 8, NULL, 10);
        io_http_begin(exchange, 200, plain, 1);
        pump(task);
    } else {
        io_http_reply_text(exchange, 404, "there is no such page");
    }
}

static int on_admit(void *context, struct io_http_exchange *exchange, const struct io_http_request *head,
                    size_t *body_most)
{
    (void)context;
    (void)exchange;
    *body_most = strcmp(head->path, "/small") == 0 ? 10 : SIZE_MAX;
    return strcmp(head->path, "/forbidden") == 0 ? 403 : 0;
}

static void on_gone(void *context, struct io_http_exchange *exchange)
{
    struct server *server = context;

    server->gone++;
    if (io_http_user(exchange) != NULL)
        end_task(io_http_user(exchange));
}

static void on_writable(void *context, struct io_http_exchange *exchange)
{
    struct task *task = io_http_user(exchange);

    (void)context;
    if (!task->events)
        pump(task);
}

/* ---- life ----------------------------------------------------------------------------------------------------------- */

static void look_whether_drained(void *context)
{
    struct server *server = context;

    if (io_http_open(server->http) == 0)
        io_stop(server->loop);
    else
        io_timer_set(server->drain, DRAIN_MS);
}

static void on_terminate(void *context)
{
    struct server *server = context;

    io_http_drain(server->http);
    look_whether_drained(server);
}

static void on_reload(void *context)
{
    struct server *server = context;
    struct fault fault = {{0}};

    if (server->tls != NULL)
        printf("%s\n", io_tls_reload(server->tls, &fault) ? "reloaded" : fault.text);
}

static const struct option options[] = {
    {"address", required_argument, NULL, 'a'},    {"certificate", required_argument, NULL, 'c'},
    {"key", required_argument, NULL, 'k'},        {"client-ca", required_argument, NULL, 'u'},
    {"client-required", no_argument, NULL, 'r'},  {"connections", required_argument, NULL, 'n'},
    {"per-peer", required_argument, NULL, 'p'},   {"requests", required_argument, NULL, 'q'},
    {"in-flight", required_argument, NULL, 'f'},  {"head-ms", required_argument, NULL, 'h'},
    {"body-ms", required_argument, NULL, 'b'},    {"idle-ms", required_argument, NULL, 'i'},
    {"body-bytes", required_argument, NULL, 'B'}, {0}};

static bool read_option(int option, struct io_http_settings *http, struct io_tls_settings *tls)
{
    const long number = optarg == NULL ? 0 : strtol(optarg, NULL, 10);

    switch (option) {
    case 'a':
        http->address = optarg;
        return true;
    case 'c':
        tls->certificate_file = optarg;
        return true;
    case 'k':
        tls->key_file = optarg;
        return true;
    case 'u':
        tls->client_ca_file = optarg;
        return true;
    case 'r':
        tls->client_required = true;
        return true;
    case 'n':
        http->connections = (uint32_t)number;
        return true;
    case 'p':
        http->per_peer = (uint32_t)number;
        return true;
    case 'q':
        http->requests_each_s = (uint32_t)number;
        return true;
    case 'f':
        http->in_flight = (uint32_t)number;
        return true;
    case 'h':
        http->head_ms = number;
        return true;
    case 'b':
        http->body_ms = number;
        return true;
    case 'i':
        http->idle_ms = number;
        return true;
    case 'B':
        http->body_bytes = (size_t)number;
        return true;
    default:
        return false;
    }
}

static bool start(struct server *server, struct io_http_settings *settings, const struct io_tls_settings *tls,
                  struct fault *fault)
{
    const struct io_http_handler handler = {
        .context = server, .admit = on_admit, .request = on_request, .gone = on_gone, .writable = on_writable};

    server->loop = io_loop_create(fault);
    if (server->loop == NULL)
        return false;
    if (tls->certificate_file != NULL) {
        server->tls = io_tls_create(tls, fault);
        if (server->tls == NULL)
            return false;
    }
    settings->tls = server->tls;
    server->http = io_http_listen(server->loop, settings, &handler, fault);
    server->drain = io_timer_create(server->loop, look_whether_drained, server);
    return server->http != NULL && io_on_signal(server->loop, SIGTERM, on_terminate, server, fault) &&
           io_on_signal(server->loop, SIGHUP, on_reload, server, fault);
}

int main(int count, char **arguments)
{
    struct io_http_settings settings = {.address = "127.0.0.1:0"};
    struct io_tls_settings tls = {0};
    struct server server = {0};
    struct fault fault = {{0}};
    int option;

    while ((option = getopt_long(count, arguments, "", options, NULL)) >= 0) {
        if (!read_option(option, &settings, &tls))
            return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    TAILQ_INIT(&server.tasks);
    if (start(&server, &settings, &tls, &fault)) {
        printf("%s\n", io_http_address(server.http));
        io_loop_run(server.loop);
    } else {
        printf("%s\n", fault.text);
    }
    io_http_destroy(server.http);
    io_timer_destroy(server.drain);
    if (server.loop != NULL)
        io_loop_destroy(server.loop);
    io_tls_destroy(server.tls);
    return fault.text[0] == '\0' ? 0 : 1;
}
