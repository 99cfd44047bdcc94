#include "io/http_server.h"

#include <event2/util.h>
#include <string.h>

/* So much of the replies before may still wait to be sent when the next request is read. */
enum { UNSENT_MOST = 256 << 10, ENDED_MS = 5000 };

/* ---- time ----------------------------------------------------------------------------------------------------------- */

/* INT64_MAX: none. How long a reply takes is up to the handler, and to the stream whether the client reads it. */
static int64_t deadline_of(const struct http_connection *connection)
{
    const struct io_http_settings *settings = &connection->http->settings;

    if (connection->closing)
        return INT64_MAX;
    if (connection->exchange.state == EXCHANGE_READING)
        return connection->since + settings->body_ms;
    if (connection->exchange.state == EXCHANGE_WAITING && connection->ended)
        return connection->since + ENDED_MS;
    if (connection->exchange.state != EXCHANGE_NONE || io_unsent(connection->stream) > 0)
        return INT64_MAX;
    return connection->since + (connection->amid ? settings->head_ms : settings->idle_ms);
}

void exchange_arm(struct http_connection *connection)
{
    const int64_t deadline = deadline_of(connection);
    const int64_t delay = deadline - io_monotonic();

    /* Deadlines mostly move away: the timer then fires too early, once, and is set anew. */
    if (deadline == INT64_MAX || (connection->armed >= 0 && connection->armed <= deadline))
        return;
    connection->armed = deadline;
    io_timer_set(connection->timer, delay > 1 ? delay : 1);
}

void exchange_timer(void *context)
{
    struct http_connection *connection = context;
    const bool reading = connection->exchange.state == EXCHANGE_READING;

    connection->armed = -1;
    if (deadline_of(connection) > io_monotonic()) {
        exchange_arm(connection);
    } else if (reading || connection->amid) {
        connection->http->counts.too_slow++;
        reply_refusal(&connection->exchange, 408, reading ? "the body took too long" : "the header took too long", 0,
                      true);
    } else {
        exchange_abandon(connection);
        exchange_close(connection);
    }
}

/* ---- ends ----------------------------------------------------------------------------------------------------------- */

void exchange_close(struct http_connection *connection)
{
    connection->closing = true;
    /* A reply that takes long to read is bounded by its progress, as long as the stream is open. */
    if (io_unsent(connection->stream) > 0)
        return;
    if (connection->cut)
        io_close_amid(connection->stream);
    else
        io_close(connection->stream, true);
}

static void end(struct io_http_exchange *exchange)
{
    if (exchange->counted)
        exchange->connection->http->waiting--;
    exchange->counted = exchange->admitted = false;
    exchange->state = EXCHANGE_NONE;
    exchange->user = NULL;
}

void exchange_abandon(struct http_connection *connection)
{
    struct io_http_exchange *exchange = &connection->exchange;
    const struct io_http_handler *handler = &connection->http->handler;
    const bool known = exchange->admitted;

    connection->closing = true;
    if (exchange->state == EXCHANGE_NONE)
        return;
    if (known && handler->gone != NULL)
        handler->gone(handler->context, exchange);
    end(exchange);
}

void exchange_over(struct io_http_exchange *exchange)
{
    struct http_connection *connection = exchange->connection;

    end(exchange);
    connection->amid = false;
    connection->since = io_monotonic();
    if (exchange->keep) {
        http_reader_next(&connection->reader);
        if (!connection->busy)
            io_turn_queue(connection->http->loop, &connection->turn);
    } else {
        connection->cut = http_reader_has_rest(&connection->reader);
        exchange_close(connection);
    }
}

/* ---- a request ------------------------------------------------------------------------------------------------------ */

static bool is_hexadecimal(const char *text, size_t length)
{
    return strspn(text, "0123456789abcdefABCDEF") >= length;
}

void exchange_draw_id(struct io_http_exchange *exchange)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[16];
    size_t i;

    evutil_secure_rng_get_bytes(bytes, sizeof bytes);
    for (i = 0; i < sizeof bytes; i++) {
        exchange->id[2 * i] = digits[bytes[i] >> 4];
        exchange->id[2 * i + 1] = digits[bytes[i] & 15];
    }
    exchange->id[32] = '\0';
}

/* The trace that the client is in, W3C Trace Context 3.2, or its own id when it has our form. */
static void choose_id(struct io_http_exchange *exchange, const struct http_head *head)
{
    static const char none[] = "00000000000000000000000000000000";
    size_t i;

    for (i = 0; i < head->field_count; i++) {
        const char *name = head->fields[i].name, *value = head->fields[i].value;
        const bool trace = strcmp(name, "traceparent") == 0 && strlen(value) == 55 && strncmp(value, "00-", 3) == 0 &&
                           value[35] == '-' && is_hexadecimal(value + 3, 32) && strncmp(value + 3, none, 32) != 0;
        const bool own = strcmp(name, "x-request-id") == 0 && strlen(value) == 32 && is_hexadecimal(value, 32);

        if (trace || own) {
            memcpy(exchange->id, value + (trace ? 3 : 0), 32);
            exchange->id[32] = '\0';
            return;
        }
    }
    exchange_draw_id(exchange);
}

static void begin(struct http_connection *connection)
{
    const struct http_head *head = &connection->reader.head;
    struct io_http_exchange *exchange = &connection->exchange;

    exchange->state = EXCHANGE_ADMITTING;
    exchange->bodiless = strcmp(head->method, "HEAD") == 0;
    exchange->chunked = false;
    choose_id(exchange, head);
    exchange->request = (struct io_http_request){.id = exchange->id,
                                                 .method = head->method,
                                                 .path = head->path,
                                                 .query = head->query,
                                                 .host = head->host,
                                                 .fields = head->fields,
                                                 .field_count = head->field_count,
                                                 .body = (const uint8_t *)"",
                                                 .peer = io_connection_peer(connection->stream),
                                                 .secure = io_connection_secure(connection->stream),
                                                 .certificate = io_connection_certificate(connection->stream)};
    connection->amid = false;
    connection->http->counts.requests++;
}

/* Whether the server itself has room for one more. */
static bool within_limits(struct http_connection *connection)
{
    static const uint8_t none[16];
    struct io_http *http = connection->http;
    const uint8_t *host = io_connection_host(connection->stream);
    const bool rest = http_reader_has_rest(&connection->reader);
    int64_t wait = 0;

    if (http->rate != NULL && memcmp(host, none, sizeof none) != 0)
        wait = http_rate_take(http->rate, host, io_monotonic());
    if (wait > 0) {
        reply_refusal(&connection->exchange, 429, "there are too many requests from this address",
                      (int)((wait + 999) / 1000), rest);
        return false;
    }
    if (http->waiting >= http->settings.in_flight) {
        reply_refusal(&connection->exchange, 503, "too many requests wait for their replies", 1, rest);
        return false;
    }
    return true;
}

static void admit(struct http_connection *connection, bool more_waits)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct io_http *http = connection->http;
    struct io_http_exchange *exchange = &connection->exchange;
    const struct http_head *head = &connection->reader.head;
    size_t most = http->settings.body_bytes;
    int status = 0;

    begin(connection);
    if (!within_limits(connection))
        return;
    if (http->handler.admit != NULL)
        status = http->handler.admit(http->handler.context, exchange, &exchange->request, &most);
    if (exchange->state != EXCHANGE_ADMITTING)
        return; /* it has replied, or the server is destroyed */
    if (status != 0) {
        io_http_reply_text(exchange, status, reply_phrase(status));
        return;
    }
    exchange->admitted = true;
    exchange->state = EXCHANGE_READING;
    connection->since = io_monotonic();
    if (most > http->settings.body_bytes)
        most = http->settings.body_bytes;
    http_reader_admit(&connection->reader, most);
    if (head->expects && !more_waits && (head->chunked || head->length <= most))
        io_write(connection->stream, (const uint8_t *)go_on, sizeof go_on - 1);
}

static void hand_over(struct http_connection *connection)
{
    struct io_http *http = connection->http;
    struct io_http_exchange *exchange = &connection->exchange;

    if (http->waiting >= http->settings.in_flight) {
        reply_refusal(exchange, 503, "too many requests wait for their replies", 1, false);
        return;
    }
    if (connection->reader.size > 0)
        exchange->request.body = connection->reader.body;
    exchange->request.size = connection->reader.size;
    exchange->state = EXCHANGE_WAITING;
    exchange->counted = true;
    http->waiting++;
    http->handler.request(http->handler.context, exchange, &exchange->request);
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* false: nothing more can be done now. */
static bool read_some(struct http_connection *connection)
{
    const enum exchange_state state = connection->exchange.state;
    size_t size, used;
    const uint8_t *bytes;
    enum http_step step;

    if (connection->closing || (state != EXCHANGE_NONE && state != EXCHANGE_READING) ||
        (state == EXCHANGE_NONE && io_unsent(connection->stream) > UNSENT_MOST))
        return false;
    bytes = io_peek(connection->stream, &size);
    if (size == 0 && state == EXCHANGE_NONE)
        return false;
    step = http_reader_read(&connection->reader, bytes, size, &used);
    io_take(connection->stream, used);
    if (step == HTTP_HEAD)
        admit(connection, used < size);
    else if (step == HTTP_WHOLE)
        hand_over(connection);
    else if (step == HTTP_REFUSED)
        reply_refusal(&connection->exchange, connection->reader.status, connection->reader.why, 0, true);
    else if (state == EXCHANGE_NONE && used < size && !connection->amid) {
        connection->amid = true;
        connection->since = io_monotonic();
    }
    return step != HTTP_MORE;
}

static void drop_input(struct http_connection *connection)
{
    size_t size;

    (void)io_peek(connection->stream, &size);
    io_take(connection->stream, size);
}

void exchange_readable(struct http_connection *connection)
{
    if (connection->busy)
        return;
    connection->busy = true;
    if (connection->paused && connection->exchange.state == EXCHANGE_NONE) {
        connection->paused = false;
        io_pause(connection->stream, false);
    }
    while (read_some(connection))
        ;
    connection->busy = false;
    if (connection->closing)
        drop_input(connection);
    else if (connection->ended)
        exchange_ended(connection);
    else
        exchange_arm(connection);
}

void exchange_turn(void *context)
{
    exchange_readable(context);
}

/* Who has sent a whole request and then ends may still read the reply, or be gone: only a reply would tell, and is waited for a little. A reply in pieces
 * may never end by itself: there it means that the client is gone. */
void exchange_ended(struct http_connection *connection)
{
    size_t size;

    connection->ended = true;
    if (connection->exchange.state == EXCHANGE_STREAMING || connection->exchange.state == EXCHANGE_READING) {
        exchange_abandon(connection);
        io_close(connection->stream, false);
        return;
    }
    if (connection->exchange.state == EXCHANGE_WAITING) {
        connection->since = io_monotonic();
        exchange_arm(connection);
        return;
    }
    /* Further requests may wait behind a reply that has not left yet. */
    (void)io_peek(connection->stream, &size);
    if (connection->exchange.state == EXCHANGE_NONE &&
        (size == 0 || connection->amid || io_unsent(connection->stream) <= UNSENT_MOST))
        exchange_close(connection);
}
