#include "core/memory.h"
#include "io/http_gzip.h"
#include "io/http_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { NUMBER_BYTES = 32 };

const char *reply_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {{200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {204, "No Content"},
                   {206, "Partial Content"},
                   {301, "Moved Permanently"},
                   {302, "Found"},
                   {303, "See Other"},
                   {304, "Not Modified"},
                   {307, "Temporary Redirect"},
                   {308, "Permanent Redirect"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {406, "Not Acceptable"},
                   {408, "Request Timeout"},
                   {409, "Conflict"},
                   {410, "Gone"},
                   {411, "Length Required"},
                   {412, "Precondition Failed"},
                   {413, "Content Too Large"},
                   {414, "URI Too Long"},
                   {415, "Unsupported Media Type"},
                   {417, "Expectation Failed"},
                   {422, "Unprocessable Content"},
                   {428, "Precondition Required"},
                   {429, "Too Many Requests"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {502, "Bad Gateway"},
                   {503, "Service Unavailable"},
                   {504, "Gateway Timeout"},
                   {505, "HTTP Version Not Supported"},
                   {507, "Insufficient Storage"}};
    size_t i;

    for (i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "";
}

/* ---- the header ----------------------------------------------------------------------------------------------------- */

static const char *date_now(struct io_http *http)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t now = (time_t)(io_now() / 1000);
    char clock[24];
    struct tm tm;

    if (http->date_second == now)
        return http->date;
    /* The names are English in every locale, RFC 9110 5.6.7. */
    gmtime_r(&now, &tm);
    strftime(clock, sizeof clock, "%Y %H:%M:%S", &tm);
    snprintf(http->date, sizeof http->date, "%s, %02d %s %s GMT", days[tm.tm_wday], tm.tm_mday % 32, months[tm.tm_mon],
             clock);
    http->date_second = now;
    return http->date;
}

static void put(struct io_http *http, const char *text)
{
    const size_t length = strlen(text);

    http->text = memory_grow(http->text, &http->text_room, http->text_size + length, 1);
    memcpy(http->text + http->text_size, text, length);
    http->text_size += length;
}

static void put_field(struct io_http *http, const char *name, const char *value)
{
    put(http, name);
    put(http, ": ");
    put(http, value);
    put(http, "\r\n");
}

bool io_http_field_fits(const struct io_http_field *field)
{
    return http_is_token(field->name, strlen(field->name)) && http_is_field_text(field->value, strlen(field->value));
}

/* The server writes these itself. */
static bool is_own(const char *name)
{
    static const char *const own[] = {"connection", "content-length",    "date",
                                      "keep-alive", "transfer-encoding", "x-request-id"};
    size_t i;

    for (i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcasecmp(name, own[i]) == 0)
            return true;
    }
    return false;
}

static void put_head(struct io_http_exchange *exchange, int status, const struct io_http_field *fields, size_t count)
{
    struct io_http *http = exchange->connection->http;
    char number[NUMBER_BYTES];
    size_t i;

    http->text_size = 0;
    snprintf(number, sizeof number, "HTTP/1.1 %d ", status);
    put(http, number);
    put(http, reply_phrase(status));
    put(http, "\r\n");
    put_field(http, "Date", date_now(http));
    for (i = 0; i < count; i++) {
        INVARIANT(io_http_field_fits(&fields[i]));
        if (!is_own(fields[i].name))
            put_field(http, fields[i].name, fields[i].value);
    }
    put_field(http, "X-Request-Id", exchange->id);
    if (!exchange->keep)
        put(http, "Connection: close\r\n");
    else if (exchange->connection->reader.head.minor == 0)
        put(http, "Connection: keep-alive\r\n");
}

static void send_text(struct http_connection *connection)
{
    io_write(connection->stream, (const uint8_t *)connection->http->text, connection->http->text_size);
}

/* ---- whole replies -------------------------------------------------------------------------------------------------- */

/* Decides what becomes of the connection, and whether the body goes with the header. */
static void prepare(struct io_http_exchange *exchange, int status)
{
    const struct http_connection *connection = exchange->connection;

    INVARIANT(exchange->state == EXCHANGE_ADMITTING || exchange->state == EXCHANGE_WAITING);
    INVARIANT(status >= 200 && status <= 599);
    exchange->keep =
        connection->reader.head.keep && !connection->http->draining && !http_reader_has_rest(&connection->reader);
    exchange->bodiless = exchange->bodiless || status == 204 || status == 304;
}

/* packing: what the body's coding adds to the header; "". */
static void write_whole(struct io_http_exchange *exchange, int status, const struct io_http_field *fields, size_t count,
                        const char *packing, const void *body, size_t size)
{
    struct io_http *http = exchange->connection->http;
    char number[NUMBER_BYTES];

    put_head(exchange, status, fields, count);
    put(http, packing);
    if (status != 204 && status != 304) {
        snprintf(number, sizeof number, "%zu", size);
        put_field(http, "Content-Length", number);
    }
    put(http, "\r\n");
    send_text(exchange->connection);
    if (!exchange->bodiless)
        io_write(exchange->connection->stream, body, size);
    exchange_over(exchange);
}

void io_http_reply(struct io_http_exchange *exchange, int status, const struct io_http_field *fields, size_t count,
                   const void *body, size_t size)
{
    size_t packed = 0;
    void *packet = NULL;
    bool suits;

    prepare(exchange, status);
    suits = http_gzip_suits(status, fields, count, size);
    if (suits && http_gzip_taken(&exchange->request))
        packet = http_gzip(body, size, &packed);
    if (packet != NULL)
        write_whole(exchange, status, fields, count, "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n", packet,
                    packed);
    else
        write_whole(exchange, status, fields, count, suits ? "Vary: Accept-Encoding\r\n" : "", body, size);
    free(packet);
}

static const struct io_http_field text_fields[] = {{"Content-Type", "text/plain; charset=utf-8"},
                                                   {"Cache-Control", "no-store"},
                                                   {"X-Content-Type-Options", "nosniff"},
                                                   {"Retry-After", ""}};
enum { TEXT_FIELDS = 3 };

void io_http_reply_text(struct io_http_exchange *exchange, int status, const char *text)
{
    char line[512];
    const int length = snprintf(line, sizeof line, "%.500s\n", text);

    io_http_reply(exchange, status, text_fields, TEXT_FIELDS, line, (size_t)length);
}

void reply_refusal(struct io_http_exchange *exchange, int status, const char *why, int retry_s, bool close)
{
    struct http_connection *connection = exchange->connection;
    struct io_http *http = connection->http;
    struct io_http_field fields[TEXT_FIELDS + 1];
    char line[160], seconds[NUMBER_BYTES];
    const int length = snprintf(line, sizeof line, "%.150s\n", why);

    if (retry_s > 0)
        http->counts.limited++;
    else
        http->counts.refused++;
    if (exchange->admitted && http->handler.gone != NULL)
        http->handler.gone(http->handler.context, exchange);
    if (http->destroyed)
        return;
    memcpy(fields, text_fields, sizeof fields);
    snprintf(seconds, sizeof seconds, "%d", retry_s);
    fields[TEXT_FIELDS].value = seconds;
    exchange->keep = !close && connection->reader.head.keep && !http->draining;
    exchange->bodiless = exchange->bodiless && exchange->state != EXCHANGE_NONE;
    if (exchange->state == EXCHANGE_NONE)
        exchange_draw_id(exchange);
    write_whole(exchange, status, fields, retry_s > 0 ? TEXT_FIELDS + 1 : TEXT_FIELDS, "", line, (size_t)length);
}

size_t reply_unwanted(struct io_http *http, int status, const char *why, char *text, size_t room)
{
    const int length =
        snprintf(text, room,
                 "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
                 "Retry-After: 1\r\nConnection: close\r\n\r\n%s\n",
                 status, reply_phrase(status), date_now(http), strlen(why) + 1, why);

    INVARIANT(length > 0 && (size_t)length < room);
    return (size_t)length;
}

/* ---- replies in pieces ---------------------------------------------------------------------------------------------- */

void io_http_begin(struct io_http_exchange *exchange, int status, const struct io_http_field *fields, size_t count)
{
    struct http_connection *connection = exchange->connection;
    struct io_http *http = connection->http;

    prepare(exchange, status);
    exchange->chunked = connection->reader.head.minor == 1 && !exchange->bodiless;
    /* HTTP/1.0 has no chunks: the end of the connection is the end of the body. */
    if (!exchange->chunked && !exchange->bodiless)
        exchange->keep = false;
    put_head(exchange, status, fields, count);
    if (exchange->chunked)
        put(http, "Transfer-Encoding: chunked\r\n");
    put(http, "\r\n");
    send_text(connection);
    if (exchange->counted)
        http->waiting--;
    exchange->counted = false;
    exchange->admitted = true;
    exchange->state = EXCHANGE_STREAMING;
}

void io_http_send(struct io_http_exchange *exchange, const void *bytes, size_t size)
{
    struct io_connection *stream = exchange->connection->stream;
    char number[NUMBER_BYTES];
    int length;

    INVARIANT(exchange->state == EXCHANGE_STREAMING);
    /* An empty chunk would be the last. */
    if (size == 0 || exchange->bodiless)
        return;
    if (exchange->chunked) {
        length = snprintf(number, sizeof number, "%zx\r\n", size);
        io_write(stream, (const uint8_t *)number, (size_t)length);
    }
    io_write(stream, bytes, size);
    if (exchange->chunked)
        io_write(stream, (const uint8_t *)"\r\n", 2);
}

size_t io_http_unsent(const struct io_http_exchange *exchange)
{
    return io_unsent(exchange->connection->stream);
}

void io_http_finish(struct io_http_exchange *exchange)
{
    INVARIANT(exchange->state == EXCHANGE_STREAMING);
    if (exchange->chunked)
        io_write(exchange->connection->stream, (const uint8_t *)"0\r\n\r\n", 5);
    exchange_over(exchange);
}

/* ---- what a handler asks -------------------------------------------------------------------------------------------- */

void io_http_set_user(struct io_http_exchange *exchange, void *user)
{
    exchange->user = user;
}

void *io_http_user(const struct io_http_exchange *exchange)
{
    return exchange->user;
}

const struct io_http_request *io_http_request(const struct io_http_exchange *exchange)
{
    return &exchange->request;
}
