/*
 * An HTTP server on a loop, whose pages do what the tests need, beside a peer of io_peer.h. For the io_http*_test.c files.
 */
#ifndef FASCIA_TESTS_IO_HTTP_PEER_H
#define FASCIA_TESTS_IO_HTTP_PEER_H

#include "io/http.h"

#include "io_peer.h"

struct pages {
    struct scene scene; /* first: peers get it as a scene */
    struct io_http *http;
    struct io_http_settings settings;
    const char *request;
    size_t request_size; /* 0: a text */
    bool shut;           /* the peer ends its side behind the request */
    struct io_http_exchange *later;
    struct io_timer *timer;
    size_t sent;
    atomic_int admitted, asked, gone, writable;
    char seen[4096]; /* of the last request: METHOD path?query|host|field=value,...|body */
};

enum { STREAM_BYTES = 32 << 20, STREAM_PIECE = 100000, STREAM_UNSENT = 1 << 20 };

static inline void pages_note(struct pages *pages, const struct io_http_request *request)
{
    size_t length = (size_t)snprintf(pages->seen, sizeof pages->seen, "%s %s?%s|%s|", request->method, request->path,
                                     request->query, request->host),
           i;

    for (i = 0; i < request->field_count; i++)
        length += (size_t)snprintf(pages->seen + length, sizeof pages->seen - length, "%s=%s,", request->fields[i].name,
                                   request->fields[i].value);
    snprintf(pages->seen + length, sizeof pages->seen - length, "|%.*s",
             (int)(request->size < 1000 ? request->size : 1000), (const char *)request->body);
}

static inline int pages_admit(void *context, struct io_http_exchange *exchange, const struct io_http_request *head,
                              size_t *body_most)
{
    struct pages *pages = context;
    static const struct io_http_field fields[] = {{"WWW-Authenticate", "Bearer"}};

    pages->admitted++;
    *body_most = strcmp(head->path, "/small") == 0 ? 10 : (size_t)1 << 30;
    if (strcmp(head->path, "/forbidden") == 0)
        return 403;
    if (strcmp(head->path, "/secret") == 0) {
        io_http_reply(exchange, 401, fields, 1, "who?\n", 5);
        return 401;
    }
    return 0;
}

static inline void pages_stream(struct pages *pages, struct io_http_exchange *exchange)
{
    static uint8_t piece[STREAM_PIECE];

    while (pages->sent < STREAM_BYTES && io_http_unsent(exchange) < STREAM_UNSENT) {
        memset(piece, 'a' + (int)(pages->sent / STREAM_PIECE % 26), sizeof piece);
        io_http_send(exchange, piece, sizeof piece);
        pages->sent += sizeof piece;
    }
    if (pages->sent >= STREAM_BYTES)
        io_http_finish(exchange);
}

static inline void pages_on_timer(void *context)
{
    struct pages *pages = context;

    if (pages->later != NULL)
        io_http_reply_text(pages->later, 200, "at last");
    pages->later = NULL;
}

static inline void pages_request(void *context, struct io_http_exchange *exchange,
                                 const struct io_http_request *request)
{
    struct pages *pages = context;
    static const struct io_http_field json[] = {{"Content-Type", "application/json"}};
    static char large[4 << 20];

    pages->asked++;
    pages_note(pages, request);
    if (strcmp(request->path, "/healthz") == 0) {
        io_http_reply(exchange, 200, NULL, 0, "well\n", 5);
    } else if (strcmp(request->path, "/echo") == 0) {
        io_http_reply(exchange, 201, json, 1, request->body, request->size);
    } else if (strcmp(request->path, "/empty") == 0) {
        io_http_reply(exchange, 204, NULL, 0, NULL, 0);
    } else if (strcmp(request->path, "/large") == 0) {
        memset(large, 'x', sizeof large);
        io_http_reply(exchange, 200, json, 1, large, sizeof large);
    } else if (strcmp(request->path, "/later") == 0 || strcmp(request->path, "/never") == 0) {
        pages->later = exchange;
        io_timer_set(pages->timer, strcmp(request->path, "/later") == 0 ? 50 : -1);
    } else if (strcmp(request->path, "/stream") == 0 || strcmp(request->path, "/events") == 0) {
        pages->later = exchange;
        io_http_begin(exchange, 200, json, 1);
        io_http_send(exchange, "begun\n", 6);
        io_http_send(exchange, "", 0);
        if (strcmp(request->path, "/stream") == 0)
            pages_stream(pages, exchange);
    } else if (strcmp(request->path, "/pieces") == 0) {
        io_http_begin(exchange, 200, json, 1);
        io_http_send(exchange, "one ", 4);
        io_http_send(exchange, "and two\n", 8);
        io_http_finish(exchange);
    } else {
        io_http_reply_text(exchange, 404, "there is no such page");
    }
}

static inline void pages_gone(void *context, struct io_http_exchange *exchange)
{
    struct pages *pages = context;

    if (pages->later == exchange)
        pages->later = NULL;
    pages->gone++;
}

static inline void pages_writable(void *context, struct io_http_exchange *exchange)
{
    struct pages *pages = context;

    pages->writable++;
    if (strcmp(io_http_request(exchange)->path, "/stream") == 0)
        pages_stream(pages, exchange);
}

static inline struct io_http_handler pages_handler(struct pages *pages)
{
    return (struct io_http_handler){.context = pages,
                                    .admit = pages_admit,
                                    .request = pages_request,
                                    .gone = pages_gone,
                                    .writable = pages_writable};
}

static inline int pages_set_up(void **state)
{
    struct pages *pages = calloc(1, sizeof *pages);
    struct fault fault;

    pages->scene.loop = io_loop_create(&fault);
    pages->scene.watchdog = io_timer_create(pages->scene.loop, scene_watchdog, &pages->scene);
    pages->timer = io_timer_create(pages->scene.loop, pages_on_timer, pages);
    pages->settings.address = "127.0.0.1:0";
    *state = pages;
    return 0;
}

static inline int pages_tear_down(void **state)
{
    free(*state);
    return 0;
}

static inline void pages_listen(struct pages *pages)
{
    const struct io_http_handler handler = pages_handler(pages);
    struct fault fault = {{0}};

    pages->http = io_http_listen(pages->scene.loop, &pages->settings, &handler, &fault);
    if (pages->http == NULL)
        fail_msg("%s", fault.text);
    snprintf(pages->scene.address, sizeof pages->scene.address, "%s", io_http_address(pages->http));
}

static inline void pages_end(struct pages *pages)
{
    io_http_destroy(pages->http);
    io_timer_destroy(pages->timer);
    io_timer_destroy(pages->scene.watchdog);
    io_loop_destroy(pages->scene.loop);
}

/* Runs the peer against the pages, and ends both. */
static inline void pages_run(struct pages *pages, void (*peer)(struct scene *scene))
{
    pthread_t thread;

    if (pages->http == NULL)
        pages_listen(pages);
    pages->scene.peer = peer;
    io_timer_set(pages->scene.watchdog, PATIENCE_MS);
    assert_int_equal(pthread_create(&thread, NULL, scene_peer_thread, &pages->scene), 0);
    io_loop_run(pages->scene.loop);
    pages_end(pages);
    pthread_join(thread, NULL);
    assert_false(pages->scene.late);
}

/* Sends the request and reads until the server closes. */
static inline void pages_ask(struct scene *scene)
{
    struct pages *pages = (struct pages *)scene;
    int fd = peer_connect(scene->address);

    if (pages->request_size > 0)
        send(fd, pages->request, pages->request_size, MSG_NOSIGNAL);
    else
        peer_send(fd, pages->request);
    if (pages->shut)
        shutdown(fd, SHUT_WR);
    peer_receive(scene, fd, sizeof scene->got - 1);
    close(fd);
}

static inline const char *pages_answer(void **state, const char *request)
{
    struct pages *pages = *state;

    pages->request = request;
    pages_run(pages, pages_ask);
    return pages->scene.got;
}

static inline void assert_starts(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0)
        fail_msg("'%.120s' does not start with '%s'", text, start);
}

static inline void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%.600s' has no '%s'", text, part);
}

static inline void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("'%.600s' has '%s'", text, part);
}

#define PAGES(name) cmocka_unit_test_setup_teardown(name, pages_set_up, pages_tear_down)

#endif
