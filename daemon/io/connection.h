/*
 * The inside of streams, for listen.c, dial.c, connection.c and deadline.c: what a connection is, and its states.
 *
 *   CONNECTING or HANDSHAKE -> OPEN -> FLUSHING -> LINGERING -> CLOSED, and from any of them straight to CLOSED.
 *
 * FLUSHING sends what was written and throws away what comes; LINGERING has told the peer that nothing follows, and reads on until the
 * peer ends too, because a socket that is closed over unread bytes resets the connection and takes the last answer with it (RFC 1122
 * 4.2.2.13); after full() as long as bytes keep coming, up to LINGER_MOST_MS. CLOSED waits for its turn, in which closed() is called and the connection freed. Plain events and evbuffers rather than
 * bufferevents: in libevent 2.1 those read 4 KiB at a time, and wait a round and two epoll_ctl() before they send.
 */
#ifndef FASCIA_IO_CONNECTION_H
#define FASCIA_IO_CONNECTION_H

#include "io/address.h"
#include "io/lookup.h"
#include "io/stream.h"
#include "io/tls_session.h"
#include "io/turn.h"

#include <event2/buffer.h>
#include <event2/event.h>

enum { LINGER_MS = 2000, LINGER_MOST_MS = 30000, ENDED_MS = 5000 };

enum connection_state {
    CONNECTION_CONNECTING,
    CONNECTION_HANDSHAKE,
    CONNECTION_OPEN,
    CONNECTION_FLUSHING,
    CONNECTION_LINGERING,
    CONNECTION_CLOSED
};

/* The addresses of a dial that are yet to be tried. */
struct dial {
    struct sockaddr_storage addresses[IO_LOOKUP_MOST];
    socklen_t lengths[IO_LOOKUP_MOST];
    size_t count, next;
    struct io_lookup *lookup;
};

struct io_connection {
    TAILQ_ENTRY(io_connection) link; /* in its listener */
    struct io_loop *loop;
    struct io_listener *listener; /* NULL: dialled */
    struct dial *dial;            /* while connecting */
    struct tls_session *tls;      /* NULL: plain */
    uint64_t id;
    int fd;
    struct event *read, *write, *timer;
    struct event *soon; /* of TLS: reads what the session holds */
    struct evbuffer *input, *output;
    struct io_limits limits;
    struct io_handler handler;
    void *user;
    enum connection_state state;
    enum io_close_reason reason;
    bool paused, ended, reading, writing;
    bool overfull;         /* the peer is amid what does not fit, and may read nothing before it has sent all of it */
    bool unknown;          /* to the owner: opened() was not called, so that closed() is not either */
    bool greeted;          /* the peer has begun a handshake */
    bool more;             /* the session may hold bytes of which the socket knows nothing */
    bool again;            /* readable() is owed although nothing new came: the pause is over */
    bool took;             /* the owner took something since this was last cleared */
    int64_t started;       /* ms, monotonic, as are the others; of the dial */
    int64_t activity;      /* bytes came or went */
    int64_t sent;          /* bytes went, or the first of them began to wait */
    int queued;            /* how many bytes waited in the socket then */
    int64_t waiting_since; /* first byte that the owner has left; -1: none */
    int64_t closing_since; /* FLUSHING or LINGERING began, or the peer ended */
    int64_t armed;         /* when the timer fires; -1: it does not */
    struct io_turn turn;
    uint8_t host_key[16];
    char peer[IO_ADDRESS_TEXT];
};

TAILQ_HEAD(io_connections, io_connection);

struct io_limits io_limits_complete(const struct io_limits *limits);
struct io_connection *connection_create(struct io_loop *loop, const struct io_limits *limits,
                                        const struct io_handler *handler);
/* Takes over a connected fd, and tells the owner. */
void connection_start(struct io_connection *connection, int fd);
/* Tells the owner of a connection that is open. */
void connection_opened(struct io_connection *connection);
/* One step of the handshake, when the socket is ready. */
void connection_handshake(struct io_connection *connection);
/* Reads on in the next round, after the others: the socket will not tell of what the session already holds. */
void connection_read_soon(struct io_connection *connection);
void connection_update_reading(struct io_connection *connection);
void connection_flush(struct io_connection *connection);
/* Ends it now; closed() comes in its turn. */
void connection_shut(struct io_connection *connection, enum io_close_reason reason);
/* Sets the timer to the earliest deadline, if that is earlier than what it is set to. */
void connection_arm(struct io_connection *connection);
void connection_timer(int fd, short what, void *context);
/* Bytes that the socket has taken and the peer has not. */
int connection_queued(const struct io_connection *connection);
/* Frees what a dial holds. */
void dial_finish(struct io_connection *connection);
const char *listener_not_tls(const struct io_listener *listener);
/* A connection of the listener is gone. */
void listener_release(struct io_listener *listener, struct io_connection *connection);

#endif
