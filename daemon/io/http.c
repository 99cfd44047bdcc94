#include "io/http.h"

#include "core/memory.h"
#include "io/http_server.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Connections beyond the bound that may be there for a moment, to be told that there is no room. */
enum { SPARE = 64, SPARE_OF_PEER = 4, ROOM_AFTER_MS = 1000 };

static void free_when_unused(struct io_http *http)
{
    if (!http->destroyed || http->strangers > 0 || !TAILQ_EMPTY(&http->connections))
        return;
    http_rate_destroy(http->rate);
    free(http->text);
    free(http);
}

/* ---- connections ---------------------------------------------------------------------------------------------------- */

static uint32_t count_of_peer(const struct io_http *http, const uint8_t *host)
{
    static const uint8_t none[16];
    const struct http_connection *connection;
    uint32_t count = 0;

    if (memcmp(host, none, sizeof none) == 0)
        return 0;
    TAILQ_FOREACH(connection, &http->connections, link)
    {
        count += memcmp(io_connection_host(connection->stream), host, sizeof none) == 0;
    }
    return count;
}

static bool is_idle(const struct http_connection *connection)
{
    return connection->exchange.state == EXCHANGE_NONE && !connection->amid && !connection->closing &&
           io_unsent(connection->stream) == 0;
}

/* A connection that only rests between requests goes before one that wants to be served. */
static bool make_room(struct io_http *http)
{
    struct http_connection *connection, *oldest = NULL;

    TAILQ_FOREACH(connection, &http->connections, link)
    {
        if (is_idle(connection) && connection->since + ROOM_AFTER_MS <= io_monotonic() &&
            (oldest == NULL || connection->since < oldest->since))
            oldest = connection;
    }
    if (oldest != NULL)
        exchange_close(oldest);
    return oldest != NULL;
}

static void turn_away(struct io_http *http, struct io_connection *stream, int status, const char *why)
{
    char text[512];
    const size_t size = reply_unwanted(http, status, why, text, sizeof text);

    http->counts.limited++;
    http->strangers++;
    io_connection_set_user(stream, NULL);
    io_write(stream, (const uint8_t *)text, size);
    io_close(stream, true);
}

static void on_opened(void *context, struct io_connection *stream)
{
    struct io_http *http = context;
    const struct io_http_settings *settings = &http->settings;
    struct http_connection *connection;

    if (settings->per_peer > 0 && count_of_peer(http, io_connection_host(stream)) >= settings->per_peer) {
        turn_away(http, stream, 429, "there are too many connections from this address");
        return;
    }
    if (http->counts.connections >= settings->connections && !make_room(http)) {
        turn_away(http, stream, 503, "there are too many connections");
        return;
    }
    connection = memory_allocate(1, sizeof *connection);
    connection->http = http;
    connection->stream = stream;
    connection->since = io_monotonic();
    connection->armed = -1;
    connection->timer = io_timer_create(http->loop, exchange_timer, connection);
    connection->turn.function = exchange_turn;
    connection->turn.context = connection;
    connection->exchange.connection = connection;
    http_reader_init(&connection->reader, settings->head_bytes);
    TAILQ_INSERT_TAIL(&http->connections, connection, link);
    http->counts.connections++;
    io_connection_set_user(stream, connection);
    exchange_arm(connection);
}

static void on_readable(void *context, struct io_connection *stream)
{
    struct http_connection *connection = io_connection_user(stream);

    (void)context;
    if (connection != NULL)
        exchange_readable(connection);
}

static void on_ended(void *context, struct io_connection *stream)
{
    struct http_connection *connection = io_connection_user(stream);

    (void)context;
    if (connection != NULL)
        exchange_ended(connection);
}

static void on_full(void *context, struct io_connection *stream)
{
    struct http_connection *connection = io_connection_user(stream);

    (void)context;
    if (connection == NULL)
        return;
    connection->paused = true;
    io_pause(stream, true);
}

static void on_drained(void *context, struct io_connection *stream)
{
    struct http_connection *connection = io_connection_user(stream);
    struct io_http *http = context;

    if (connection == NULL)
        return;
    if (connection->closing) {
        exchange_close(connection);
    } else if (connection->exchange.state == EXCHANGE_STREAMING) {
        if (http->handler.writable != NULL)
            http->handler.writable(http->handler.context, &connection->exchange);
    } else if (connection->exchange.state == EXCHANGE_NONE) {
        if (!connection->amid)
            connection->since = io_monotonic();
        exchange_readable(connection);
    }
}

static void on_closed(void *context, struct io_connection *stream, enum io_close_reason reason)
{
    struct http_connection *connection = io_connection_user(stream);
    struct io_http *http = context;

    if (connection == NULL) {
        http->strangers--;
        free_when_unused(http);
        return;
    }
    if (reason == IO_CLOSED_SLOW)
        http->counts.too_slow++;
    exchange_abandon(connection);
    TAILQ_REMOVE(&http->connections, connection, link);
    http->counts.connections--;
    io_timer_destroy(connection->timer);
    io_turn_cancel(http->loop, &connection->turn);
    http_reader_finish(&connection->reader);
    free(connection);
    free_when_unused(http);
}

/* ---- life ----------------------------------------------------------------------------------------------------------- */

static struct io_http_settings complete(const struct io_http_settings *settings)
{
    struct io_http_settings all = *settings;

    all.head_bytes = all.head_bytes > 0 ? all.head_bytes : (size_t)16 << 10;
    all.body_bytes = all.body_bytes > 0 ? all.body_bytes : (size_t)16 << 20;
    all.connections = all.connections > 0 ? all.connections : 1024;
    all.in_flight = all.in_flight > 0 ? all.in_flight : 1024;
    all.head_ms = all.head_ms > 0 ? all.head_ms : 10000;
    all.body_ms = all.body_ms > 0 ? all.body_ms : 60000;
    all.idle_ms = all.idle_ms > 0 ? all.idle_ms : 60000;
    all.address = NULL; /* lent for the call only */
    return all;
}

static struct io_limits limits_of(const struct io_http_settings *settings)
{
    const size_t scratch = IO_SCRATCH_BYTES;

    return (struct io_limits){.connections = settings->connections + SPARE,
                              .per_peer = settings->per_peer > 0 ? settings->per_peer + SPARE_OF_PEER : 0,
                              .input = settings->head_bytes > scratch ? settings->head_bytes : scratch,
                              .output = (size_t)256 << 20,
                              .idle_ms = settings->idle_ms,
                              .connect_ms = settings->head_ms,
                              .untimed = true};
}

struct io_http *io_http_listen(struct io_loop *loop, const struct io_http_settings *settings,
                               const struct io_http_handler *handler, struct fault *fault)
{
    struct io_http *http = memory_allocate(1, sizeof *http);
    static const char not_tls[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                  "Connection: close\r\n\r\nthis port speaks TLS: use https\n";
    const struct io_handler callbacks = {.context = http,
                                         .opened = on_opened,
                                         .readable = on_readable,
                                         .closed = on_closed,
                                         .ended = on_ended,
                                         .full = on_full,
                                         .drained = on_drained};
    struct io_limits limits;
    uint64_t seed;

    http->loop = loop;
    http->settings = complete(settings);
    http->handler = *handler;
    TAILQ_INIT(&http->connections);
    limits = limits_of(&http->settings);
    http->listener =
        io_listen_tls(loop, settings->address, settings->mode, &limits, &callbacks, settings->tls, not_tls, fault);
    if (http->listener == NULL) {
        free(http);
        return NULL;
    }
    snprintf(http->address, sizeof http->address, "%s", io_listener_address(http->listener));
    evutil_secure_rng_get_bytes(&seed, sizeof seed);
    if (settings->requests_each_s > 0)
        http->rate = http_rate_create(settings->requests_each_s, seed);
    return http;
}

const char *io_http_address(const struct io_http *http)
{
    return http->address;
}

void io_http_drain(struct io_http *http)
{
    struct http_connection *connection;

    if (http->draining)
        return;
    http->draining = true;
    io_http_counts(http, &http->counts);
    io_listener_destroy(http->listener, false);
    http->listener = NULL;
    TAILQ_FOREACH(connection, &http->connections, link)
    {
        if (is_idle(connection))
            exchange_close(connection);
    }
}

size_t io_http_open(const struct io_http *http)
{
    const struct http_connection *connection;
    size_t open = 0;

    TAILQ_FOREACH(connection, &http->connections, link)
    {
        open += connection->exchange.state != EXCHANGE_NONE || io_unsent(connection->stream) > 0;
    }
    return open;
}

void io_http_counts(const struct io_http *http, struct io_http_counts *counts)
{
    *counts = http->counts;
    if (http->listener == NULL)
        return;
    counts->limited += io_listener_refused(http->listener);
    counts->handshakes = io_listener_handshakes_failed(http->listener);
}

void io_http_destroy(struct io_http *http)
{
    struct http_connection *connection;

    if (http == NULL)
        return;
    http->destroyed = true;
    io_listener_destroy(http->listener, true);
    http->listener = NULL;
    TAILQ_FOREACH(connection, &http->connections, link)
    {
        exchange_abandon(connection);
        io_close(connection->stream, false);
    }
    free_when_unused(http);
}
