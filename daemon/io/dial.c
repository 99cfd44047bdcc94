#include "io/connection.h"

#include "core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void try_next(struct io_connection *connection);

static void drop_attempt(struct io_connection *connection)
{
    if (connection->write != NULL)
        event_free(connection->write);
    connection->write = NULL;
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
}

void dial_finish(struct io_connection *connection)
{
    if (connection->dial == NULL)
        return;
    io_lookup_cancel(connection->dial->lookup);
    free(connection->dial);
    connection->dial = NULL;
}

/* A dial to a free port of this machine can meet itself, as TCP has a simultaneous open (RFC 9293 3.5). */
static bool met_itself(int fd)
{
    struct sockaddr_storage own = {0}, other = {0};
    socklen_t own_length = sizeof own, other_length = sizeof other;

    return getsockname(fd, (struct sockaddr *)&own, &own_length) == 0 && own.ss_family != AF_UNIX &&
           getpeername(fd, (struct sockaddr *)&other, &other_length) == 0 && own_length == other_length &&
           memcmp(&own, &other, own_length) == 0;
}

static void on_connected(int fd, short what, void *context)
{
    struct io_connection *connection = context;
    socklen_t length = sizeof(int);
    int error = 0;

    (void)what;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 || error != 0 || met_itself(fd)) {
        drop_attempt(connection);
        try_next(connection);
        return;
    }
    event_free(connection->write);
    connection->write = NULL;
    dial_finish(connection);
    connection_start(connection, fd);
}

static bool attempt(struct io_connection *connection, const struct sockaddr_storage *address, socklen_t length)
{
    connection->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        return false;
    if (connect(connection->fd, (const struct sockaddr *)address, length) < 0 && errno != EINPROGRESS) {
        drop_attempt(connection);
        return false;
    }
    connection->write = event_new(io_loop_base(connection->loop), connection->fd, EV_WRITE, on_connected, connection);
    INVARIANT(connection->write != NULL && event_add(connection->write, NULL) == 0);
    return true;
}

static void try_next(struct io_connection *connection)
{
    struct dial *dial = connection->dial;

    while (dial->next < dial->count) {
        if (attempt(connection, &dial->addresses[dial->next], dial->lengths[dial->next])) {
            dial->next++;
            return;
        }
        dial->next++;
    }
    connection_shut(connection, IO_CLOSED_REFUSED);
}

static void on_found(void *context, const struct sockaddr_storage *addresses, const socklen_t *lengths, size_t count)
{
    struct io_connection *connection = context;
    struct dial *dial = connection->dial;

    dial->lookup = NULL;
    if (connection->state != CONNECTION_CONNECTING)
        return;
    memcpy(dial->addresses, addresses, count * sizeof addresses[0]);
    memcpy(dial->lengths, lengths, count * sizeof lengths[0]);
    dial->count = count;
    try_next(connection);
}

struct io_connection *io_dial(struct io_loop *loop, const char *address, const struct io_limits *limits,
                              const struct io_handler *handler, struct fault *fault)
{
    struct io_limits complete = io_limits_complete(limits);
    struct io_connection *connection;
    struct io_address parsed;

    if (!io_address_parse(address, &parsed, fault)) {
        fault_prefix(fault, "%s", address);
        return NULL;
    }
    connection = connection_create(loop, &complete, handler);
    snprintf(connection->peer, sizeof connection->peer, "%s", address);
    connection->dial = memory_allocate(1, sizeof *connection->dial);
    connection_arm(connection);
    if (parsed.storage.ss_family == AF_UNSPEC) {
        io_lookup_start(loop, parsed.host, parsed.port, &connection->dial->lookup, on_found, connection);
    } else {
        connection->dial->addresses[0] = parsed.storage;
        connection->dial->lengths[0] = parsed.length;
        connection->dial->count = 1;
        try_next(connection);
    }
    return connection;
}
