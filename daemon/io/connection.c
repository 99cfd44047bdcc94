#include "io/connection.h"

#include "core/memory.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *io_close_reason_name(enum io_close_reason reason)
{
    static const char *const names[] = {[IO_CLOSED_BY_PEER] = "by-peer",
                                        [IO_CLOSED_BY_OWNER] = "by-owner",
                                        [IO_CLOSED_IDLE] = "idle",
                                        [IO_CLOSED_SLOW] = "slow",
                                        [IO_CLOSED_INPUT_LIMIT] = "input-limit",
                                        [IO_CLOSED_OUTPUT_LIMIT] = "output-limit",
                                        [IO_CLOSED_ERROR] = "error",
                                        [IO_CLOSED_REFUSED] = "refused"};

    return (size_t)reason < sizeof names / sizeof names[0] ? names[reason] : "?";
}

struct io_limits io_limits_complete(const struct io_limits *limits)
{
    struct io_limits complete = limits == NULL ? (struct io_limits){0} : *limits;

    if (complete.connections == 0)
        complete.connections = 1024;
    if (complete.input == 0)
        complete.input = (size_t)16 << 20;
    if (complete.output == 0)
        complete.output = (size_t)64 << 20;
    if (complete.idle_ms <= 0)
        complete.idle_ms = 300000;
    if (complete.frame_ms <= 0)
        complete.frame_ms = 60000;
    if (complete.connect_ms <= 0)
        complete.connect_ms = 10000;
    return complete;
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

void connection_update_reading(struct io_connection *connection)
{
    bool discarding = connection->state == CONNECTION_FLUSHING || connection->state == CONNECTION_LINGERING;
    bool taking = connection->state == CONNECTION_OPEN && !connection->paused &&
                  evbuffer_get_length(connection->input) < connection->limits.input;
    bool wanted = (discarding || taking || connection->state == CONNECTION_HANDSHAKE) && !connection->ended;

    if (connection->read == NULL || wanted == connection->reading)
        return;
    connection->reading = wanted;
    if (wanted)
        INVARIANT(event_add(connection->read, NULL) == 0);
    else
        event_del(connection->read);
    if (wanted && connection->more)
        connection_read_soon(connection);
}

static bool is_full(const struct io_connection *connection)
{
    return connection->state == CONNECTION_OPEN && !connection->took && !connection->paused &&
           evbuffer_get_length(connection->input) >= connection->limits.input;
}

static void overflow(struct io_connection *connection)
{
    connection->overfull = true;
    if (connection->handler.full != NULL)
        connection->handler.full(connection->handler.context, connection);
    if (is_full(connection))
        connection_shut(connection, IO_CLOSED_INPUT_LIMIT);
}

/* Shows the owner what waits. Afterwards the connection may be closed, but it is still there. */
static void deliver(struct io_connection *connection)
{
    connection->took = false;
    connection->again = false;
    if (connection->handler.readable != NULL)
        connection->handler.readable(connection->handler.context, connection);
    if (connection->state != CONNECTION_OPEN)
        return;
    if (evbuffer_get_length(connection->input) == 0)
        connection->waiting_since = -1;
    else if (connection->took || connection->waiting_since < 0)
        connection->waiting_since = io_monotonic();
    if (is_full(connection))
        overflow(connection);
    if (connection->state != CONNECTION_OPEN)
        return;
    connection_update_reading(connection);
    connection_arm(connection);
}

static void end_of_input(struct io_connection *connection)
{
    connection->ended = true;
    connection_update_reading(connection);
    if (connection->state == CONNECTION_LINGERING) {
        connection_shut(connection, IO_CLOSED_BY_OWNER);
    } else if (connection->state == CONNECTION_OPEN) {
        connection->closing_since = io_monotonic();
        connection_arm(connection);
        if (connection->handler.ended != NULL)
            connection->handler.ended(connection->handler.context, connection);
    }
}

/* What is thrown away need not be understood. */
static ssize_t read_some(struct io_connection *connection, uint8_t *bytes, size_t room)
{
    if (connection->tls == NULL || connection->state != CONNECTION_OPEN)
        return read(connection->fd, bytes, room);
    return tls_session_read(connection->tls, bytes, room, &connection->more);
}

static void on_readable(int fd, short what, void *context)
{
    struct io_connection *connection = context;
    uint8_t *scratch = io_loop_scratch(connection->loop);
    size_t room = IO_SCRATCH_BYTES;
    ssize_t result;

    (void)fd;
    (void)what;
    if (connection->state == CONNECTION_HANDSHAKE) {
        connection_handshake(connection);
        return;
    }
    if (connection->state == CONNECTION_OPEN &&
        room > connection->limits.input - evbuffer_get_length(connection->input))
        room = connection->limits.input - evbuffer_get_length(connection->input);
    result = read_some(connection, scratch, room);
    if (result < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (result < 0) {
        connection_shut(connection, connection->state == CONNECTION_OPEN ? IO_CLOSED_ERROR : IO_CLOSED_BY_OWNER);
    } else if (result == 0) {
        end_of_input(connection);
    } else if (connection->state == CONNECTION_OPEN) {
        connection->activity = io_monotonic();
        INVARIANT(evbuffer_add(connection->input, scratch, (size_t)result) == 0);
        deliver(connection);
        if (connection->more)
            connection_read_soon(connection);
    } else {
        connection->activity = io_monotonic();
    }
}

static void on_soon(int fd, short what, void *context)
{
    struct io_connection *connection = context;

    (void)fd;
    if (connection->reading && connection->more)
        on_readable(connection->fd, what, connection);
}

void connection_read_soon(struct io_connection *connection)
{
    const struct timeval now = {0};

    /* An event that is only made active runs before the loop looks at any other: who sends fast would be alone with it. */
    if (connection->soon == NULL)
        connection->soon = event_new(io_loop_base(connection->loop), -1, 0, on_soon, connection);
    INVARIANT(connection->soon != NULL && event_add(connection->soon, &now) == 0);
}

const uint8_t *io_peek(struct io_connection *connection, size_t *size)
{
    static const uint8_t nothing[1];

    *size = connection->state == CONNECTION_OPEN ? evbuffer_get_length(connection->input) : 0;
    if (*size == 0)
        return nothing;
    /* libevent gives the run a power of two of room, so that what comes next is appended and not copied again. */
    return evbuffer_pullup(connection->input, -1);
}

void io_take(struct io_connection *connection, size_t size)
{
    if (connection->state != CONNECTION_OPEN || size == 0)
        return;
    INVARIANT(size <= evbuffer_get_length(connection->input));
    evbuffer_drain(connection->input, size);
    connection->took = true;
    connection->waiting_since = evbuffer_get_length(connection->input) > 0 ? io_monotonic() : -1;
    connection_update_reading(connection);
    connection_arm(connection);
}

void io_pause(struct io_connection *connection, bool paused)
{
    if (connection->paused == paused)
        return;
    connection->paused = paused;
    if (connection->state != CONNECTION_OPEN)
        return;
    if (!paused) {
        /* The time of the pause is not the peer's. */
        connection->activity = io_monotonic();
        if (evbuffer_get_length(connection->input) > 0) {
            connection->waiting_since = connection->activity;
            connection->again = true;
            io_turn_queue(connection->loop, &connection->turn);
        }
    }
    connection_update_reading(connection);
    connection_arm(connection);
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

static void begin_linger(struct io_connection *connection)
{
    if (connection->tls != NULL)
        tls_session_end(connection->tls);
    if (connection->ended || shutdown(connection->fd, SHUT_WR) < 0) {
        connection_shut(connection, IO_CLOSED_BY_OWNER);
        return;
    }
    connection->state = CONNECTION_LINGERING;
    connection->closing_since = io_monotonic();
    connection_update_reading(connection);
    connection_arm(connection);
}

int connection_queued(const struct io_connection *connection)
{
    int queued = 0;

    return ioctl(connection->fd, SIOCOUTQ, &queued) == 0 ? queued : 0;
}

static ssize_t write_some(struct io_connection *connection)
{
    if (connection->tls == NULL)
        return evbuffer_write(connection->output, connection->fd);
    return tls_session_write(connection->tls, connection->output);
}

void connection_flush(struct io_connection *connection)
{
    size_t before = evbuffer_get_length(connection->output), left;

    if (before > 0 && write_some(connection) < 0 && errno != EAGAIN && errno != EINTR) {
        connection_shut(connection, connection->state != CONNECTION_OPEN ? IO_CLOSED_BY_OWNER
                                    : connection->ended                  ? IO_CLOSED_BY_PEER
                                                                         : IO_CLOSED_ERROR);
        return;
    }
    left = evbuffer_get_length(connection->output);
    if (left < before)
        connection->activity = connection->sent = io_monotonic();
    if ((left > 0) != connection->writing) {
        connection->writing = left > 0;
        connection->queued = left > 0 ? connection_queued(connection) : 0;
        if (connection->writing)
            INVARIANT(event_add(connection->write, NULL) == 0);
        else
            event_del(connection->write);
        connection_arm(connection);
    }
    if (left == 0 && connection->state == CONNECTION_FLUSHING)
        begin_linger(connection);
    else if (left == 0 && before > 0 && connection->state == CONNECTION_OPEN && connection->handler.drained != NULL)
        connection->handler.drained(connection->handler.context, connection);
}

static void on_writable(int fd, short what, void *context)
{
    struct io_connection *connection = context;

    (void)fd;
    (void)what;
    if (connection->state == CONNECTION_HANDSHAKE)
        connection_handshake(connection);
    else
        connection_flush(connection);
}

void io_write(struct io_connection *connection, const uint8_t *bytes, size_t size)
{
    size_t waiting = evbuffer_get_length(connection->output);

    if ((connection->state != CONNECTION_OPEN && connection->state != CONNECTION_CONNECTING) || size == 0)
        return;
    if (size > connection->limits.output - waiting) {
        connection_shut(connection, IO_CLOSED_OUTPUT_LIMIT);
        return;
    }
    if (waiting == 0)
        connection->activity = connection->sent = io_monotonic();
    INVARIANT(evbuffer_add(connection->output, bytes, size) == 0);
    if (connection->state == CONNECTION_OPEN && !connection->writing)
        io_turn_queue(connection->loop, &connection->turn);
}

size_t io_unsent(const struct io_connection *connection)
{
    return evbuffer_get_length(connection->output);
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static void release_socket(struct io_connection *connection)
{
    struct event **events[] = {&connection->read, &connection->write, &connection->timer, &connection->soon};
    size_t i;

    dial_finish(connection);
    if (connection->tls != NULL && connection->reason != IO_CLOSED_ERROR)
        tls_session_end(connection->tls);
    for (i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (*events[i] != NULL)
            event_free(*events[i]);
        *events[i] = NULL;
    }
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
    if (connection->listener != NULL)
        listener_release(connection->listener, connection);
    connection->listener = NULL;
}

static void connection_turn(void *context)
{
    struct io_connection *connection = context;

    if (connection->state == CONNECTION_CLOSED) {
        release_socket(connection);
        if (connection->handler.closed != NULL && !connection->unknown)
            connection->handler.closed(connection->handler.context, connection, connection->reason);
        io_turn_cancel(connection->loop, &connection->turn);
        evbuffer_free(connection->input);
        evbuffer_free(connection->output);
        tls_session_destroy(connection->tls);
        free(connection);
        return;
    }
    if (connection->again && connection->state == CONNECTION_OPEN && !connection->paused)
        deliver(connection);
    if (connection->state == CONNECTION_OPEN || connection->state == CONNECTION_FLUSHING)
        connection_flush(connection);
}

struct io_connection *connection_create(struct io_loop *loop, const struct io_limits *limits,
                                        const struct io_handler *handler)
{
    static _Atomic uint64_t last_id;
    struct io_connection *connection = memory_allocate(1, sizeof *connection);

    connection->loop = loop;
    connection->id = ++last_id;
    connection->fd = -1;
    connection->limits = *limits;
    connection->handler = *handler;
    connection->turn.function = connection_turn;
    connection->turn.context = connection;
    connection->started = connection->activity = io_monotonic();
    connection->waiting_since = connection->armed = -1;
    connection->input = evbuffer_new();
    connection->output = evbuffer_new();
    connection->timer = event_new(io_loop_base(loop), -1, 0, connection_timer, connection);
    INVARIANT(connection->input != NULL && connection->output != NULL && connection->timer != NULL);
    return connection;
}

static void set_options(int fd)
{
    int on = 1;

    /* Both fail on a Unix socket, which needs neither. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void connection_start(struct io_connection *connection, int fd)
{
    struct event_base *base = io_loop_base(connection->loop);

    set_options(fd);
    connection->fd = fd;
    connection->state = connection->tls == NULL ? CONNECTION_OPEN : CONNECTION_HANDSHAKE;
    connection->activity = io_monotonic();
    connection->read = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, connection);
    connection->write = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, connection);
    INVARIANT(connection->read != NULL && connection->write != NULL);
    connection_update_reading(connection);
    connection_arm(connection);
    if (evbuffer_get_length(connection->output) > 0)
        io_turn_queue(connection->loop, &connection->turn);
    if (connection->state == CONNECTION_OPEN)
        connection_opened(connection);
}

void connection_opened(struct io_connection *connection)
{
    connection->unknown = false;
    if (connection->handler.opened != NULL)
        connection->handler.opened(connection->handler.context, connection);
}

struct io_connection *io_adopt(struct io_loop *loop, int fd, const struct io_limits *limits,
                               const struct io_handler *handler)
{
    const struct io_limits complete = io_limits_complete(limits);
    struct io_connection *connection = connection_create(loop, &complete, handler);

    connection->handler.opened = NULL;
    INVARIANT(evutil_make_socket_nonblocking(fd) == 0);
    connection_start(connection, fd);
    return connection;
}

void connection_shut(struct io_connection *connection, enum io_close_reason reason)
{
    if (connection->state == CONNECTION_CLOSED)
        return;
    connection->state = CONNECTION_CLOSED;
    connection->reason = reason;
    connection->writing = false;
    connection_update_reading(connection);
    if (connection->write != NULL)
        event_del(connection->write);
    event_del(connection->timer);
    io_turn_queue(connection->loop, &connection->turn);
}

void io_close(struct io_connection *connection, bool flush_first)
{
    if (!flush_first || connection->state == CONNECTION_CONNECTING) {
        connection_shut(connection, IO_CLOSED_BY_OWNER);
    } else if (connection->state == CONNECTION_OPEN) {
        connection->state = CONNECTION_FLUSHING;
        connection->closing_since = io_monotonic();
        evbuffer_drain(connection->input, evbuffer_get_length(connection->input));
        connection_update_reading(connection);
        connection_arm(connection);
        io_turn_queue(connection->loop, &connection->turn);
    }
}

void io_close_amid(struct io_connection *connection)
{
    connection->overfull = true;
    io_close(connection, true);
}

uint64_t io_connection_id(const struct io_connection *connection)
{
    return connection->id;
}

const char *io_connection_peer(const struct io_connection *connection)
{
    return connection->peer;
}

const uint8_t *io_connection_host(const struct io_connection *connection)
{
    return connection->host_key;
}

bool io_connection_secure(const struct io_connection *connection)
{
    return connection->tls != NULL;
}

const char *io_connection_certificate(const struct io_connection *connection)
{
    return connection->tls == NULL ? "" : tls_session_certificate(connection->tls);
}

bool io_connection_credentials(const struct io_connection *connection, uint32_t *uid, uint32_t *gid, int32_t *pid)
{
    struct sockaddr_storage own = {0};
    socklen_t length = sizeof own;
    struct ucred credentials;

    if (connection->fd < 0 || getsockname(connection->fd, (struct sockaddr *)&own, &length) < 0 ||
        own.ss_family != AF_UNIX)
        return false;
    length = sizeof credentials;
    if (getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
        return false;
    *uid = credentials.uid;
    *gid = credentials.gid;
    *pid = credentials.pid;
    return true;
}

void io_connection_set_user(struct io_connection *connection, void *user)
{
    connection->user = user;
}

void *io_connection_user(const struct io_connection *connection)
{
    return connection->user;
}
