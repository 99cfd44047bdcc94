#include "io/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <string.h>
#include <sys/socket.h>

enum { TLS_HANDSHAKE_RECORD = 0x16 }; /* what a client begins with, RFC 8446 5.1 */

/* The alert, or what is said instead, must not be taken away by a reset. */
static void give_up(struct io_connection *connection, const char *last_words)
{
    tls_session_destroy(connection->tls);
    connection->tls = NULL;
    if (last_words != NULL)
        evbuffer_add(connection->output, last_words, strlen(last_words));
    connection->writing = false;
    event_del(connection->write);
    connection->state = CONNECTION_FLUSHING;
    connection->closing_since = io_monotonic();
    connection_flush(connection);
    if (connection->state != CONNECTION_CLOSED) {
        connection_update_reading(connection);
        connection_arm(connection);
    }
}

/* Whether the peer has begun with TLS; otherwise the connection is being closed, or nothing has come yet. */
static bool is_greeted(struct io_connection *connection)
{
    uint8_t first;
    ssize_t result;

    if (connection->greeted)
        return true;
    result = recv(connection->fd, &first, 1, MSG_PEEK);
    if (result < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (result <= 0) {
        connection_shut(connection, IO_CLOSED_BY_PEER);
        return false;
    }
    connection->greeted = first == TLS_HANDSHAKE_RECORD;
    if (!connection->greeted)
        give_up(connection, connection->listener == NULL ? NULL : listener_not_tls(connection->listener));
    return connection->greeted;
}

static void want_write(struct io_connection *connection, bool wanted)
{
    if (connection->writing == wanted)
        return;
    connection->writing = wanted;
    if (wanted)
        INVARIANT(event_add(connection->write, NULL) == 0);
    else
        event_del(connection->write);
}

void connection_handshake(struct io_connection *connection)
{
    if (!is_greeted(connection))
        return;
    switch (tls_session_handshake(connection->tls)) {
    case TLS_HANDSHAKE_DONE:
        want_write(connection, false);
        connection->state = CONNECTION_OPEN;
        connection->activity = io_monotonic();
        /* The first request may have come with the handshake's last record, of which the socket then knows nothing. */
        connection->more = true;
        connection_opened(connection);
        connection_read_soon(connection);
        connection_arm(connection);
        break;
    case TLS_HANDSHAKE_READS:
        want_write(connection, false);
        break;
    case TLS_HANDSHAKE_WRITES:
        want_write(connection, true);
        break;
    case TLS_HANDSHAKE_FAILED:
        give_up(connection, NULL);
        break;
    }
}
