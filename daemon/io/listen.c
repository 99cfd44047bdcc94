#include "io/connection.h"

#include "core/memory.h"
#include "io/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, ACCEPT_BATCH = 64, BREATH_MS = 100, FAILED_EACH_MS = 1000 };

struct io_listener {
    struct io_loop *loop;
    int fd;
    struct event *accept;
    struct io_timer *breath; /* accepting rests: the process has no file left */
    bool paused, resting, destroyed, in_accept;
    bool told; /* of the rest, until a connection is accepted again */
    struct io_limits limits;
    struct io_handler handler;
    struct io_tls *tls; /* NULL: plain */
    const char *not_tls;
    struct io_connections connections;
    uint32_t count;
    uint64_t refused, failed;
    int64_t failed_told; /* ms, monotonic: the last line about a handshake that failed */
    char address[IO_ADDRESS_TEXT];
    char path[108]; /* of a Unix socket that is ours; "" otherwise */
    dev_t device;
    ino_t inode;
};

static void free_when_unused(struct io_listener *listener)
{
    if (!listener->destroyed || listener->count > 0 || listener->in_accept)
        return;
    free(listener);
}

void listener_release(struct io_listener *listener, struct io_connection *connection)
{
    TAILQ_REMOVE(&listener->connections, connection, link);
    listener->count--;
    free_when_unused(listener);
}

/* ---- accepting ----------------------------------------------------------------------------------------------------- */

static void update_accepting(struct io_listener *listener)
{
    if (listener->paused || listener->resting)
        event_del(listener->accept);
    else
        INVARIANT(event_add(listener->accept, NULL) == 0);
}

static void on_breath(void *context)
{
    struct io_listener *listener = context;

    listener->resting = false;
    update_accepting(listener);
}

static bool has_room(const struct io_listener *listener, const uint8_t key[16], int family)
{
    const struct io_connection *connection;
    uint32_t same = 0;

    if (listener->count >= listener->limits.connections)
        return false;
    if (listener->limits.per_peer == 0 || family == AF_UNIX)
        return true;
    TAILQ_FOREACH(connection, &listener->connections, link)
    {
        if (memcmp(connection->host_key, key, sizeof connection->host_key) == 0)
            same++;
    }
    return same < listener->limits.per_peer;
}

static void accept_one(struct io_listener *listener, int fd, const struct sockaddr_storage *peer)
{
    struct io_connection *connection;
    uint8_t key[16];

    io_address_host_key(peer, key);
    if (!has_room(listener, key, peer->ss_family)) {
        listener->refused++;
        close(fd);
        return;
    }
    connection = connection_create(listener->loop, &listener->limits, &listener->handler);
    connection->listener = listener;
    memcpy(connection->host_key, key, sizeof key);
    if (peer->ss_family == AF_UNIX)
        memcpy(connection->peer, listener->address, sizeof connection->peer);
    else
        io_address_print(peer, connection->peer);
    TAILQ_INSERT_TAIL(&listener->connections, connection, link);
    listener->count++;
    if (listener->tls != NULL) {
        connection->tls = tls_session_create(listener->tls, fd);
        connection->unknown = true;
    }
    connection_start(connection, fd);
}

/* false: nothing more now. */
static bool accept_next(struct io_listener *listener)
{
    struct sockaddr_storage peer = {0};
    socklen_t length = sizeof peer;
    int fd = accept4(listener->fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        listener->told = false;
        accept_one(listener, fd, &peer);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        /* The connection stays in the backlog and would wake the loop at once, again and again. */
        if (!listener->told)
            LOG(LOG_LEVEL_WARNING, "io.accept-rests", LOG_CONFIGURED("address", listener->address),
                LOG_NUMBER("errno", errno));
        listener->told = true;
        listener->resting = true;
        update_accepting(listener);
        io_timer_set(listener->breath, BREATH_MS);
        return false;
    }
    /* accept(2): errors of the new connection itself are reported here too, and the next one may be well. */
    return errno != EAGAIN && errno != EWOULDBLOCK;
}

static void on_acceptable(int fd, short what, void *context)
{
    struct io_listener *listener = context;
    int i;

    (void)fd;
    (void)what;
    listener->in_accept = true;
    for (i = 0; i < ACCEPT_BATCH && !listener->destroyed && !listener->paused; i++) {
        if (!accept_next(listener))
            break;
    }
    listener->in_accept = false;
    free_when_unused(listener);
}

/* ---- Unix sockets -------------------------------------------------------------------------------------------------- */

static bool somebody_answers(const struct io_address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool answered;

    if (fd < 0)
        return true;
    /* EAGAIN is a listener with a full backlog. */
    answered = connect(fd, (const struct sockaddr *)&address->storage, address->length) == 0 || errno != ECONNREFUSED;
    close(fd);
    return answered;
}

static bool remove_stale(const struct io_address *address, struct fault *fault)
{
    const char *path = ((const struct sockaddr_un *)&address->storage)->sun_path;
    struct stat status;

    if (lstat(path, &status) < 0)
        return true; /* bind() says what is wrong, if anything is */
    if (!S_ISSOCK(status.st_mode)) {
        fault_set(fault, "there is a file of this name that is no socket; move it away or choose another path");
        return false;
    }
    if (somebody_answers(address)) {
        fault_set(fault, "another process listens there");
        return false;
    }
    if (unlink(path) < 0) {
        fault_set(fault, "a stale socket is in the way and cannot be removed: %s", strerror(errno));
        return false;
    }
    return true;
}

/* Between bind() and listen() nobody can connect, so that the mode is right before the first one does. */
static bool own_path(struct io_listener *listener, const struct io_address *address, unsigned mode, struct fault *fault)
{
    const char *path = ((const struct sockaddr_un *)&address->storage)->sun_path;
    struct stat status;

    if (chmod(path, mode & 0777) < 0 || lstat(path, &status) < 0) {
        fault_set(fault, "the mode cannot be set: %s", strerror(errno));
        return false;
    }
    snprintf(listener->path, sizeof listener->path, "%s", path);
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
    return true;
}

static void disown_path(struct io_listener *listener)
{
    struct stat status;

    /* Another process may have put its own in the place. */
    if (listener->path[0] != '\0' && lstat(listener->path, &status) == 0 && status.st_dev == listener->device &&
        status.st_ino == listener->inode)
        unlink(listener->path);
    listener->path[0] = '\0';
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static bool open_socket(struct io_listener *listener, const struct io_address *address, unsigned mode,
                        struct fault *fault)
{
    int family = address->storage.ss_family, on = 1;

    if (family == AF_UNIX && !remove_stale(address, fault))
        return false;
    listener->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0 ||
        (family != AF_UNIX && setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) ||
        bind(listener->fd, (const struct sockaddr *)&address->storage, address->length) < 0) {
        fault_set(fault, "cannot listen: %s", strerror(errno));
        return false;
    }
    if (family == AF_UNIX && !own_path(listener, address, mode, fault))
        return false;
    if (listen(listener->fd, BACKLOG) < 0) {
        fault_set(fault, "cannot listen: %s", strerror(errno));
        return false;
    }
    return true;
}

static void read_address(struct io_listener *listener)
{
    struct sockaddr_storage own = {0};
    socklen_t length = sizeof own;

    INVARIANT(getsockname(listener->fd, (struct sockaddr *)&own, &length) == 0);
    io_address_print(&own, listener->address);
}

struct io_listener *io_listen(struct io_loop *loop, const char *address, unsigned mode, const struct io_limits *limits,
                              const struct io_handler *handler, struct fault *fault)
{
    return io_listen_tls(loop, address, mode, limits, handler, NULL, NULL, fault);
}

struct io_listener *io_listen_tls(struct io_loop *loop, const char *address, unsigned mode,
                                  const struct io_limits *limits, const struct io_handler *handler, struct io_tls *tls,
                                  const char *not_tls, struct fault *fault)
{
    struct io_listener *listener = memory_allocate(1, sizeof *listener);
    struct io_address parsed;

    listener->fd = -1;
    listener->loop = loop;
    listener->limits = io_limits_complete(limits);
    listener->handler = *handler;
    listener->tls = tls;
    listener->not_tls = not_tls;
    TAILQ_INIT(&listener->connections);
    if (!io_address_parse(address, &parsed, fault) || !io_address_resolve(&parsed, fault) ||
        !open_socket(listener, &parsed, mode, fault)) {
        fault_prefix(fault, "%s", address);
        disown_path(listener);
        if (listener->fd >= 0)
            close(listener->fd);
        free(listener);
        return NULL;
    }
    read_address(listener);
    listener->breath = io_timer_create(loop, on_breath, listener);
    listener->accept = event_new(io_loop_base(loop), listener->fd, EV_READ | EV_PERSIST, on_acceptable, listener);
    INVARIANT(listener->accept != NULL);
    update_accepting(listener);
    return listener;
}

const char *listener_not_tls(const struct io_listener *listener)
{
    return listener->not_tls;
}

void listener_handshake_failed(struct io_listener *listener, const char *peer, const char *why)
{
    const int64_t now = io_monotonic();

    listener->failed++;
    if (now - listener->failed_told < FAILED_EACH_MS && listener->failed > 1)
        return;
    listener->failed_told = now;
    LOG(LOG_LEVEL_INFO, "tls.handshake-failed", LOG_CONFIGURED("address", listener->address),
        LOG_CONFIGURED("peer", peer), LOG_FAULT(why), LOG_NUMBER("failed", listener->failed));
}

uint64_t io_listener_handshakes_failed(const struct io_listener *listener)
{
    return listener->failed;
}

const char *io_listener_address(const struct io_listener *listener)
{
    return listener->address;
}

uint32_t io_listener_connections(const struct io_listener *listener)
{
    return listener->count;
}

uint64_t io_listener_refused(const struct io_listener *listener)
{
    return listener->refused;
}

void io_listener_pause(struct io_listener *listener, bool paused)
{
    listener->paused = paused;
    update_accepting(listener);
}

void io_listener_destroy(struct io_listener *listener, bool close_connections)
{
    struct io_connection *connection;

    if (listener == NULL)
        return;
    event_free(listener->accept);
    io_timer_destroy(listener->breath);
    disown_path(listener);
    close(listener->fd);
    if (close_connections) {
        TAILQ_FOREACH(connection, &listener->connections, link)
        {
            connection_shut(connection, IO_CLOSED_BY_OWNER);
        }
    }
    listener->destroyed = true;
    free_when_unused(listener);
}
