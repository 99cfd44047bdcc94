/*
 * A loop with a line-by-line server on one side, and on the other a peer with plain blocking sockets in a thread of its own.
 *
 * The peer's function runs beside the loop; when it returns the loop stops. It asserts nothing itself: it leaves what it saw in the
 * scene, and the test looks at it afterwards. For the io_*_test.c files.
 */
#ifndef FASCIA_TESTS_IO_PEER_H
#define FASCIA_TESTS_IO_PEER_H

#include "io/loop.h"
#include "io/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
/* cmocka wants four of the above first */
#include <cmocka.h>

enum { PATIENCE_MS = 4000, CLOSES = 4096 };

struct scene {
    struct io_loop *loop;
    struct io_timer *watchdog;
    struct io_timer *timer; /* the test's, if it wants one */
    struct io_listener *listener;
    struct io_connection *last; /* opened last, and still there */
    void (*peer)(struct scene *scene);
    char address[320];
    bool late;          /* the watchdog had to stop the loop */
    bool mute;          /* the server takes lines and does not answer */
    bool deaf;          /* the server takes nothing */
    bool close_on_line; /* the server answers a line and closes, flushing */
    size_t answer_size; /* an answer of so many bytes instead of the line; 0: the line itself */
    atomic_int opened, closed, lines, ended;
    _Atomic enum io_close_reason reason; /* of the last close */
    /* what the peer saw */
    char got[1 << 16];
    size_t got_size;
    int64_t took_ms;
    int numbers[4];
};

static inline void answer_line(struct scene *scene, struct io_connection *connection, const uint8_t *line, size_t size)
{
    static uint8_t block[1 << 20];
    size_t left, part;

    scene->lines++;
    if (scene->mute)
        return;
    if (scene->answer_size == 0)
        io_write(connection, line, size);
    for (left = scene->answer_size; left > 0; left -= part) {
        part = left < sizeof block ? left : sizeof block;
        io_write(connection, block, part);
    }
    if (scene->close_on_line)
        io_close(connection, true);
}

static inline void scene_readable(void *context, struct io_connection *connection)
{
    struct scene *scene = context;
    const uint8_t *bytes, *end;
    size_t size;

    if (scene->deaf)
        return;
    while ((bytes = io_peek(connection, &size)) != NULL && (end = memchr(bytes, '\n', size)) != NULL) {
        size = (size_t)(end - bytes) + 1;
        answer_line(scene, connection, bytes, size);
        io_take(connection, size);
    }
}

static inline void scene_opened(void *context, struct io_connection *connection)
{
    struct scene *scene = context;

    scene->last = connection;
    scene->opened++;
}

static inline void scene_closed(void *context, struct io_connection *connection, enum io_close_reason reason)
{
    struct scene *scene = context;

    if (scene->last == connection)
        scene->last = NULL;
    scene->reason = reason;
    scene->closed++;
}

static inline struct io_handler scene_handler(struct scene *scene)
{
    return (struct io_handler){
        .context = scene, .opened = scene_opened, .readable = scene_readable, .closed = scene_closed};
}

static inline void scene_watchdog(void *context)
{
    struct scene *scene = context;

    scene->late = true;
    io_stop(scene->loop);
}

static inline int scene_set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct fault fault;

    scene->loop = io_loop_create(&fault);
    assert_non_null(scene->loop);
    scene->watchdog = io_timer_create(scene->loop, scene_watchdog, scene);
    *state = scene;
    return 0;
}

static inline int scene_tear_down(void **state)
{
    struct scene *scene = *state;

    io_listener_destroy(scene->listener, true);
    io_timer_destroy(scene->watchdog);
    io_timer_destroy(scene->timer);
    io_loop_destroy(scene->loop);
    assert_int_equal(scene->opened, scene->closed); /* of what was opened everything is closed, and nothing leaks */
    free(scene);
    return 0;
}

static inline void scene_listen(struct scene *scene, const char *address, const struct io_limits *limits)
{
    struct io_handler handler = scene_handler(scene);
    struct fault fault = {{0}};

    scene->listener = io_listen(scene->loop, address, 0600, limits, &handler, &fault);
    if (scene->listener == NULL)
        fail_msg("%s", fault.text);
    snprintf(scene->address, sizeof scene->address, "%s", io_listener_address(scene->listener));
}

static inline void *scene_peer_thread(void *context)
{
    struct scene *scene = context;

    scene->peer(scene);
    io_stop(scene->loop);
    return NULL;
}

/* Runs loop and peer until the peer is done. */
static inline void scene_run(struct scene *scene, void (*peer)(struct scene *scene))
{
    pthread_t thread;

    scene->peer = peer;
    io_timer_set(scene->watchdog, PATIENCE_MS);
    assert_int_equal(pthread_create(&thread, NULL, scene_peer_thread, scene), 0);
    io_loop_run(scene->loop);
    /* Ends a peer that still waits for us. */
    io_listener_destroy(scene->listener, true);
    scene->listener = NULL;
    io_timer_destroy(scene->watchdog);
    io_timer_destroy(scene->timer);
    scene->watchdog = scene->timer = NULL;
    io_loop_destroy(scene->loop);
    scene->loop = NULL;
    pthread_join(thread, NULL);
    assert_false(scene->late);
}

/* ---- for peers: blocking, bounded by the socket's own timeouts ------------------------------------------------------- */

static inline void sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static inline int peer_connect(const char *address)
{
    struct timeval patience = {.tv_sec = 3};
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in four = {.sin_family = AF_INET};
    bool local = strncmp(address, "unix:", 5) == 0;
    int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), result;

    if (local)
        snprintf(path.sun_path, sizeof path.sun_path, "%s", address + 5);
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    result =
        local ? connect(fd, (struct sockaddr *)&path, sizeof path) : connect(fd, (struct sockaddr *)&four, sizeof four);
    if (result < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline bool peer_send(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* Reads until size bytes are there, the end or an error; what came is in got, ending in NUL. true: size bytes came. */
static inline bool peer_receive(struct scene *scene, int fd, size_t size)
{
    ssize_t result;

    scene->got_size = 0;
    while (scene->got_size < size) {
        result = recv(fd, scene->got + scene->got_size, size - scene->got_size, 0);
        if (result <= 0)
            break;
        scene->got_size += (size_t)result;
    }
    scene->got[scene->got_size] = '\0';
    return scene->got_size == size;
}

/* Whether the other side ends the connection, cleanly or not, within the patience; what it still sends is counted into took. */
static inline bool peer_sees_end(int fd, size_t *took)
{
    static _Thread_local char bytes[1 << 16];
    ssize_t result;

    *took = 0;
    while ((result = recv(fd, bytes, sizeof bytes, 0)) > 0)
        *took += (size_t)result;
    return result == 0 || errno == ECONNRESET;
}

#endif
