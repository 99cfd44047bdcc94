/*
 * An HTTP/1.1 server (RFC 9110, 9112) on stream.h, over TCP, Unix sockets and TLS: whole requests in, whole or streamed replies out.
 *
 * Strict: what is doubtful is refused and the connection closed, because what two readers understand differently is how requests are smuggled. evhttp of
 * libevent 2.1 takes what it should not (two Content-Lengths, a blank before the colon, no Host), and bounds neither connections nor the time of a head.
 *
 * Limits hold on everything a client can size or delay: head, body, connections, connections and requests a second of one address, the time of a head, of a body and of
 * reading a reply. Whoever breaks one is answered (400, 408, 413, 414, 417, 431, 501, 505 ...) when that can be, and closed; 429 and 503 leave the connection open when no
 * body would come. Requests of a connection are answered one after another, in order: the next is read when the reply before is written. Loop's thread only.
 */
#ifndef FASCIA_IO_HTTP_H
#define FASCIA_IO_HTTP_H

#include "core/fault.h"
#include "io/loop.h"
#include "io/tls.h"

#include <stddef.h>

#define IO_HTTP_FIELDS 100 /* of one request */

struct io_http;
struct io_http_exchange; /* one request and its reply */

struct io_http_field {
    const char *name; /* of a request: lower case */
    const char *value;
};

struct io_http_request {
    const char *
        id; /* 32 hexadecimal digits; the client's own traceparent or X-Request-Id when it is such; goes back as X-Request-Id */
    const char *method; /* a token, as sent */
    const char
        *path; /* begins with '/'; percent-encoding as sent, checked; no "." or ".." segment, also not an encoded one */
    const char *query; /* without '?'; "" */
    const char *host;  /* of the Host field */
    const struct io_http_field *fields;
    size_t field_count;
    const uint8_t *body; /* whole; from a request whose coding was chunked, too */
    size_t size;
    const char *peer;
    bool secure;             /* over TLS */
    const char *certificate; /* SHA-256 of the client's certificate, verified, in hexadecimal; "" */
};

struct io_http_settings {
    const char *address;      /* as of io_listen() */
    unsigned mode;            /* of a Unix socket */
    struct io_tls *tls;       /* NULL: plain. Lent until the server is destroyed */
    size_t head_bytes;        /* 0: 16 KiB */
    size_t body_bytes;        /* the most that admit() may allow; 0: 16 MiB */
    uint32_t connections;     /* beyond, the one that rests longest makes room; else 503, and closed. 0: 1024 */
    uint32_t per_peer;        /* connections of one address; beyond: 429, and closed. 0: no bound of its own */
    uint32_t requests_each_s; /* of one address (IPv6: its /64), twice that at once; beyond: 429. 0: no bound */
    uint32_t in_flight;       /* requests that wait for their replies; beyond: 503 with Retry-After. 0: 1024 */
    int64_t head_ms;          /* from its first byte to its last, and between requests idle_ms; 0: 10 s */
    int64_t body_ms;          /* 0: 60 s */
    int64_t idle_ms;          /* 0: 60 s */
};

struct io_http_handler {
    void *context;
    /* The head is read, the body is not. Returns 0 and how large the body may be, or the status to refuse with; then reply() may be called from within, else the
     * server writes a line of text. With a body to come the connection is closed after it. NULL: any body within body_bytes. */
    int (*admit)(void *context, struct io_http_exchange *exchange, const struct io_http_request *head,
                 size_t *body_most);
    /* The request is whole, and lent until the exchange is over. Ends with io_http_reply(), or io_http_begin() .. io_http_finish(): now or later. */
    void (*request)(void *context, struct io_http_exchange *exchange, const struct io_http_request *request);
    /* The client is gone before the exchange was over, or, after admit() let it in, its body never came or was refused: the exchange is freed after this, and nothing may
     * be written to it. A client that only ends its side of the connection is given 5 s for a reply that has not begun, and is gone from one in pieces. May be NULL. */
    void (*gone)(void *context, struct io_http_exchange *exchange);
    /* May be NULL. Of a streamed reply: what was written has left, and more may follow. */
    void (*writable)(void *context, struct io_http_exchange *exchange);
};

MUST_CHECK struct io_http *io_http_listen(struct io_loop *loop, const struct io_http_settings *settings,
                                          const struct io_http_handler *handler, struct fault *fault);
const char *io_http_address(const struct io_http *http);

void io_http_set_user(struct io_http_exchange *exchange, void *user);
void *io_http_user(const struct io_http_exchange *exchange);
const struct io_http_request *io_http_request(const struct io_http_exchange *exchange);

/* The whole reply; everything is copied. Adds Date, Content-Length, X-Request-Id and, where the request allows and it is worth it, Content-Encoding: gzip
 * (text and JSON of 1 KiB to 1 MiB; never of what a field "cache-control" marks no-transform, or that has a strong "etag"). Of HEAD, 204 and 304 the body is left out.
 * Fields with a CR, LF or NUL in them are an invariant; those that the server writes itself, Connection and Transfer-Encoding too, are left out. */
void io_http_reply(struct io_http_exchange *exchange, int status, const struct io_http_field *fields, size_t count,
                   const void *body, size_t size);
/* A line of text/plain. */
void io_http_reply_text(struct io_http_exchange *exchange, int status, const char *text);
/* A reply in pieces: chunked, each written at once. An HTTP/1.0 client gets it up to the end of the connection. */
void io_http_begin(struct io_http_exchange *exchange, int status, const struct io_http_field *fields, size_t count);
void io_http_send(struct io_http_exchange *exchange, const void *bytes, size_t size);
size_t
io_http_unsent(const struct io_http_exchange *exchange); /* bytes; a client that does not read is closed by idle_ms */
void io_http_finish(struct io_http_exchange *exchange);

/* Accepts no more; idle connections are closed, replies under way are finished with "Connection: close". */
void io_http_drain(struct io_http *http);
size_t io_http_open(const struct io_http *http); /* exchanges that are not over, or whose replies have not left */
struct io_http_counts {
    uint64_t requests; /* whose heads were read */
    uint64_t refused;  /* by the server itself: what was no request, or too large */
    uint64_t too_slow; /* 408, and clients that did not read */
    uint64_t limited;  /* 429 and 503, and connections that were closed at once */
    uint32_t connections;
};
void io_http_counts(const struct io_http *http, struct io_http_counts *counts);
/* gone() is called of what is open. */
void io_http_destroy(struct io_http *http);

#endif
