/*
 * Byte streams: listeners and dialled connections over TCP and Unix sockets, of listeners with TLS too, with their limits.
 *
 * The owner looks at what has come (io_peek), takes what it understood (io_take) and writes (io_write). Limits are kept here:
 * a peer that sends too slowly, too much, or does not read is closed with a reason. Back-pressure: io_pause stops reading,
 * and TCP does the rest. Callbacks may call any of these functions, io_close() of the same connection too. Loop's thread only.
 */
#ifndef FASCIA_IO_STREAM_H
#define FASCIA_IO_STREAM_H

#include "core/fault.h"
#include "io/loop.h"
#include "io/tls.h"

struct io_connection;
struct io_listener;

struct io_limits {
    uint32_t connections; /* of a listener, at one time; further ones are accepted and closed at once. 0: 1024 */
    uint32_t per_peer;    /* connections from one address; 0: no bound of its own */
    size_t input;         /* bytes that may wait unread; 0: 16 MiB */
    size_t output;        /* bytes that may wait unsent, then the connection is closed; 0: 64 MiB */
    int64_t idle_ms;      /* nothing in, nothing out (while paused: unsent bytes do not move); 0: 300 s */
    int64_t frame_ms;     /* from the first byte left waiting until the owner took something, pauses apart; 0: 60 s */
    int64_t connect_ms;   /* of a dial, and of the handshake of a listener's TLS; 0: 10 s */
    /* The owner keeps the time of what comes: frame_ms does not count, and idle_ms only from when unsent bytes last moved. */
    bool untimed;
};

enum io_close_reason {
    IO_CLOSED_BY_PEER,
    IO_CLOSED_BY_OWNER,
    IO_CLOSED_IDLE,
    IO_CLOSED_SLOW,
    IO_CLOSED_INPUT_LIMIT,
    IO_CLOSED_OUTPUT_LIMIT,
    IO_CLOSED_ERROR,
    IO_CLOSED_REFUSED
};
const char *io_close_reason_name(enum io_close_reason reason);

struct io_handler {
    void *context;
    void (*opened)(void *context, struct io_connection *connection); /* accepted, or a dial that succeeded */
    void (*readable)(void *context,
                     struct io_connection *connection); /* more bytes wait than before, or io_pause ended */
    void (*closed)(
        void *context, struct io_connection *connection,
        enum io_close_reason
            reason); /* last call; the connection is freed after it. Also for a dial that failed, without opened */
    /* May be NULL. The peer sends no more, but may still read: close (flush) when the last answer is written. When NULL the connection is
     * closed as IO_CLOSED_BY_PEER a few seconds later, once its output has gone. */
    void (*ended)(void *context, struct io_connection *connection);
    /* May be NULL. As much waits as may, and readable() took nothing of it: the owner pauses, or says its last and closes (flush), now or after
     * the pause. When it does neither, or is NULL, the connection is closed as IO_CLOSED_INPUT_LIMIT. */
    void (*full)(void *context, struct io_connection *connection);
    /* May be NULL. All that was written has left. */
    void (*drained)(void *context, struct io_connection *connection);
};

/* address: "host:port", "[::1]:port" (numeric or name), "unix:/path". Port 0 takes any free one: see io_listener_address.
 * mode: permissions of a Unix socket. handler and limits are copied. */
MUST_CHECK struct io_listener *io_listen(struct io_loop *loop, const char *address, unsigned mode,
                                         const struct io_limits *limits, const struct io_handler *handler,
                                         struct fault *fault);
/* With TLS between the sockets and the owner: opened() comes after the handshake, and of a peer that fails in it the owner hears nothing. tls is lent until the
 * listener is destroyed; NULL: as io_listen(). not_tls: what a peer is told that begins with something else, in its own protocol; NULL: nothing. Lent as well. */
MUST_CHECK struct io_listener *io_listen_tls(struct io_loop *loop, const char *address, unsigned mode,
                                             const struct io_limits *limits, const struct io_handler *handler,
                                             struct io_tls *tls, const char *not_tls, struct fault *fault);
const char *io_listener_address(const struct io_listener *listener);
uint32_t io_listener_connections(const struct io_listener *listener);
uint64_t io_listener_refused(const struct io_listener *listener); /* closed at once so far, by limits */
uint64_t io_listener_handshakes_failed(const struct io_listener *listener);
void io_listener_pause(struct io_listener *listener, bool paused); /* accept no more for now */
/* Closes the listener; its connections stay, and are closed by close_connections. */
void io_listener_destroy(struct io_listener *listener, bool close_connections);

MUST_CHECK struct io_connection *io_dial(struct io_loop *loop, const char *address, const struct io_limits *limits,
                                         const struct io_handler *handler, struct fault *fault);

/* Takes over a connected stream socket, made by the owner. opened() is not called. Never fails. */
struct io_connection *io_adopt(struct io_loop *loop, int fd, const struct io_limits *limits,
                               const struct io_handler *handler);

uint64_t io_connection_id(const struct io_connection *connection); /* never used twice in a process */
const char *io_connection_peer(const struct io_connection *connection);
/* Of a Unix socket: who is on the other side. */
MUST_CHECK bool io_connection_credentials(const struct io_connection *connection, uint32_t *uid, uint32_t *gid,
                                          int32_t *pid);
bool io_connection_secure(const struct io_connection *connection); /* over TLS */
/* SHA-256 of the peer's certificate, in hexadecimal, when it showed one and was verified; "". */
const char *io_connection_certificate(const struct io_connection *connection);
void io_connection_set_user(struct io_connection *connection, void *user);
void *io_connection_user(const struct io_connection *connection);
/* Equal when the host on the other side is the same; all zero of a Unix socket, and of what was dialled or adopted. */
const uint8_t *io_connection_host(const struct io_connection *connection); /* 16 bytes */

/* All bytes that wait, as one run; lent until the next call on this connection. */
const uint8_t *io_peek(struct io_connection *connection, size_t *size);
void io_take(struct io_connection *connection, size_t size);
void io_write(struct io_connection *connection, const uint8_t *bytes, size_t size);
size_t io_unsent(const struct io_connection *connection); /* bytes that were written and have not left */
void io_pause(struct io_connection *connection, bool paused);
/* flush: after what was written has gone out (bounded by idle_ms). closed() is called later, from the loop. What the peer still sends is
 * read and thrown away for a while, or its reset would take the last words with it; for longer after full() or io_close_amid(). */
void io_close(struct io_connection *connection, bool flush);
/* Flushes, for a peer that is refused amid what it sends, and may read nothing before it has sent all of it. */
void io_close_amid(struct io_connection *connection);

#endif
