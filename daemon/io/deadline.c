#include "io/connection.h"

#include <stdint.h>

struct deadline {
    int64_t at;
    enum io_close_reason reason;
};

static void earlier(struct deadline *deadline, int64_t at, enum io_close_reason reason)
{
    if (at < deadline->at)
        *deadline = (struct deadline){.at = at, .reason = reason};
}

/* While the owner has paused the peer, only a peer that does not read what waits for it can be too slow. */
static struct deadline deadline_open(const struct io_connection *connection)
{
    const struct io_limits *limits = &connection->limits;
    struct deadline deadline = {.at = INT64_MAX};
    bool unsent = evbuffer_get_length(connection->output) > 0;

    if (limits->untimed) {
        if (unsent)
            earlier(&deadline, connection->sent + limits->idle_ms, IO_CLOSED_SLOW);
        return deadline;
    }
    if (!connection->paused || unsent)
        earlier(&deadline, connection->activity + limits->idle_ms, unsent ? IO_CLOSED_SLOW : IO_CLOSED_IDLE);
    if (!connection->paused && connection->waiting_since >= 0)
        earlier(&deadline, connection->waiting_since + limits->frame_ms, IO_CLOSED_SLOW);
    if (connection->ended && connection->handler.ended == NULL && !unsent)
        earlier(&deadline, connection->closing_since + ENDED_MS, IO_CLOSED_BY_PEER);
    return deadline;
}

/* One that sends a frame too large to its end, and only then reads, still finds its answer. */
static struct deadline deadline_lingering(const struct io_connection *connection)
{
    struct deadline deadline = {connection->closing_since + LINGER_MS, IO_CLOSED_BY_OWNER};

    if (!connection->overfull)
        return deadline;
    if (connection->activity > connection->closing_since)
        deadline.at = connection->activity + LINGER_MS;
    earlier(&deadline, connection->closing_since + LINGER_MOST_MS, IO_CLOSED_BY_OWNER);
    return deadline;
}

static struct deadline deadline_of(const struct io_connection *connection)
{
    const struct io_limits *limits = &connection->limits;

    switch (connection->state) {
    case CONNECTION_CONNECTING:
    case CONNECTION_HANDSHAKE:
        return (struct deadline){connection->started + limits->connect_ms, IO_CLOSED_SLOW};
    case CONNECTION_OPEN:
        return deadline_open(connection);
    case CONNECTION_FLUSHING:
        return (struct deadline){connection->closing_since + limits->idle_ms, IO_CLOSED_BY_OWNER};
    case CONNECTION_LINGERING:
        return deadline_lingering(connection);
    case CONNECTION_CLOSED:
        break;
    }
    return (struct deadline){.at = INT64_MAX};
}

void connection_arm(struct io_connection *connection)
{
    struct deadline deadline = deadline_of(connection);
    int64_t delay = deadline.at - io_monotonic();
    struct timeval time;

    /* Deadlines mostly move away: the timer then fires too early, once, and is set anew. */
    if (deadline.at == INT64_MAX || (connection->armed >= 0 && connection->armed <= deadline.at))
        return;
    if (delay < 1)
        delay = 1;
    time = (struct timeval){.tv_sec = delay / 1000, .tv_usec = delay % 1000 * 1000};
    connection->armed = deadline.at;
    INVARIANT(event_add(connection->timer, &time) == 0);
}

/* A socket may hold megabytes, and is not writable again before a good part of them has gone: who reads slowly does read. */
static bool is_reading(struct io_connection *connection)
{
    const int queued = connection_queued(connection), before = connection->queued;

    connection->queued = queued;
    if (!connection->limits.untimed || connection->state != CONNECTION_OPEN || queued == before)
        return false;
    connection->sent = io_monotonic();
    return true;
}

void connection_timer(int fd, short what, void *context)
{
    struct io_connection *connection = context;
    struct deadline deadline = deadline_of(connection);

    (void)fd;
    (void)what;
    connection->armed = -1;
    if (deadline.at <= io_monotonic() && !is_reading(connection))
        connection_shut(connection, deadline.reason);
    else
        connection_arm(connection);
}
