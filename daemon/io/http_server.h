/*
 * The inside of the HTTP server, for http.c, http_exchange.c and http_reply.c: connections, and the one exchange that each may have.
 *
 *   NONE -> ADMITTING -> READING -> WAITING -> (STREAMING ->) NONE
 *
 * The reader (http_reader.h) knows what bytes mean, the stream keeps limits of bytes, and here is kept what takes how long: a head, a body, the rest between
 * requests. The next request is read when the reply to the one before is written and most of it has left.
 */
#ifndef FASCIA_IO_HTTP_SERVER_H
#define FASCIA_IO_HTTP_SERVER_H

#include "io/http_rate.h"
#include "io/http_reader.h"
#include "io/stream.h"
#include "io/turn.h"

enum { HTTP_ID_BYTES = 33, HTTP_DATE_BYTES = 40 };

enum exchange_state {
    EXCHANGE_NONE,
    EXCHANGE_ADMITTING, /* admit() is on the stack, or the server refuses by itself */
    EXCHANGE_READING,   /* admitted; its body comes */
    EXCHANGE_WAITING,   /* request() was called */
    EXCHANGE_STREAMING  /* io_http_begin() was called */
};

struct io_http_exchange {
    struct http_connection *connection;
    enum exchange_state state;
    bool admitted; /* the handler knows it: gone() is owed when it ends without the handler */
    bool counted;  /* among those that wait for their replies */
    bool bodiless; /* of the reply, only the header is sent */
    bool chunked;  /* the reply is streamed in chunks */
    bool keep;     /* the connection, after the reply that has begun */
    void *user;
    char id[HTTP_ID_BYTES];
    struct io_http_request request;
};

struct http_connection {
    TAILQ_ENTRY(http_connection) link;
    struct io_http *http;
    struct io_connection *stream;
    struct io_timer *timer;
    int64_t armed; /* when the timer fires; -1: it does not */
    int64_t since; /* of a body: when its head was whole; of a head: its first byte; of rest: its beginning */
    struct http_reader reader;
    struct io_http_exchange exchange;
    struct io_turn turn;
    bool amid;    /* the next head has begun */
    bool busy;    /* its bytes are being read, further up the stack */
    bool paused;  /* as much waits as may */
    bool ended;   /* the peer sends no more */
    bool closing; /* the last reply is written, or there will be none */
    bool cut;     /* closing before the peer has sent all it wants to */
};

TAILQ_HEAD(http_connections, http_connection);

struct io_http {
    struct io_loop *loop;
    struct io_listener *listener; /* NULL when it drains */
    struct io_http_settings settings;
    struct io_http_handler handler;
    struct http_rate *rate; /* NULL: no bound */
    struct http_connections connections;
    struct io_http_counts counts;
    uint32_t waiting;   /* exchanges for their replies */
    uint32_t strangers; /* streams that are told that there is no room */
    bool draining, destroyed;
    char *text; /* where headers of replies are put together */
    size_t text_size, text_room;
    int64_t date_second;
    char date[HTTP_DATE_BYTES];
    char address[320];
};

/* ---- http_exchange.c ---- */
void exchange_readable(struct http_connection *connection);
void exchange_turn(void *context);
void exchange_timer(void *context);
/* The peer sends no more. */
void exchange_ended(struct http_connection *connection);
/* The connection is gone, or will be at once. */
void exchange_abandon(struct http_connection *connection);
/* The reply is written. */
void exchange_over(struct io_http_exchange *exchange);
void exchange_close(struct http_connection *connection);
/* An id for what has none. */
void exchange_draw_id(struct io_http_exchange *exchange);
void exchange_arm(struct http_connection *connection);

/* ---- http_reply.c ---- */
/* Refuses in the server's own name, and closes when `close`. retry_s: for Retry-After; 0: none. */
void reply_refusal(struct io_http_exchange *exchange, int status, const char *why, int retry_s, bool close);
const char *reply_phrase(int status);
/* What a connection is told that is not let in: the whole reply. */
size_t reply_unwanted(struct io_http *http, int status, const char *why, char *text, size_t room);

#endif
