/*
 * A daemon of our own for tests of fasciactl: it answers the requests of one connection with prepared frames; and a way to run one command line.
 */
#ifndef FASCIA_TESTS_CTL_DAEMON_H
#define FASCIA_TESTS_CTL_DAEMON_H

#include "core/fault.h"
#include "ctl/ctl.h"
#include "fascia/v1/control.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ASKED_MOST 8

/* Answers the requests of one connection with prepared frames, in order. */
struct daemon {
    char path[108];
    int listener;
    pthread_t thread;
    struct {
        uint8_t *bytes; /* with its length in front; several frames may stand behind one another */
        size_t size;
    } answers[ASKED_MOST];
    size_t answer_count;
    Fascia__ControlRequest *asked[ASKED_MOST];
    size_t asked_count;
    bool settled;
};

static inline bool read_all(int socket, void *bytes, size_t size)
{
    for (uint8_t *at = bytes; size > 0;) {
        const ssize_t got = read(socket, at, size);
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static inline void *serve(void *argument)
{
    struct daemon *daemon = argument;
    const int connection = accept(daemon->listener, NULL, NULL);
    uint32_t length;

    while (connection >= 0 && daemon->asked_count < daemon->answer_count && read_all(connection, &length, 4)) {
        const size_t size = ntohl(length);
        uint8_t *bytes = malloc(size + 1);
        INVARIANT(read_all(connection, bytes, size));
        daemon->asked[daemon->asked_count] = fascia__control_request__unpack(NULL, size, bytes);
        free(bytes);
        const size_t whole = daemon->answers[daemon->asked_count].size;
        INVARIANT(write(connection, daemon->answers[daemon->asked_count].bytes, whole) == (ssize_t)whole);
        daemon->asked_count++;
    }
    if (connection >= 0)
        close(connection);
    return NULL;
}

/* Adds a frame to the answer of the request with this number. */
static inline void add_frame(struct daemon *daemon, size_t number, const Fascia__ControlResponse *response)
{
    const size_t size = fascia__control_response__get_packed_size(response);
    const uint32_t length = htonl((uint32_t)size);
    const size_t before = daemon->answers[number].size;

    daemon->answers[number].bytes = realloc(daemon->answers[number].bytes, before + 4 + size);
    memcpy(daemon->answers[number].bytes + before, &length, 4);
    fascia__control_response__pack(response, daemon->answers[number].bytes + before + 4);
    daemon->answers[number].size += 4 + size;
    if (number >= daemon->answer_count)
        daemon->answer_count = number + 1;
}

static inline void start(struct daemon *daemon)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(daemon->path, sizeof daemon->path, "/tmp/ctl-test-%d.sock", (int)getpid());
    memcpy(address.sun_path, daemon->path, sizeof daemon->path);
    unlink(daemon->path);
    daemon->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(daemon->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(daemon->listener, 1), 0);
    daemon->settled = false;
    assert_int_equal(pthread_create(&daemon->thread, NULL, serve, daemon), 0);
}

/* What was asked may be looked at only after the thread that wrote it has ended. */
static inline void settle(struct daemon *daemon)
{
    if (daemon->settled)
        return;
    daemon->settled = true;
    shutdown(daemon->listener, SHUT_RDWR);
    pthread_join(daemon->thread, NULL);
}

static inline void stop(struct daemon *daemon)
{
    settle(daemon);
    close(daemon->listener);
    unlink(daemon->path);
    for (size_t i = 0; i < ASKED_MOST; i++) {
        free(daemon->answers[i].bytes);
        if (daemon->asked[i] != NULL)
            fascia__control_request__free_unpacked(daemon->asked[i], NULL);
    }
}

struct said {
    int code;
    char *out, *errors;
};

/* words ends in NULL. */
static inline struct said run(const char *socket, const char *const *words)
{
    struct said said = {0};
    char *arguments[32] = {strdup("fasciactl"), strdup("--socket"), strdup(socket), strdup("--zone"),
                           strdup("America/New_York")};
    int count = 5;
    size_t size = 0;
    FILE *out = open_memstream(&said.out, &size);
    FILE *errors = open_memstream(&said.errors, &size);

    for (; *words != NULL; words++)
        arguments[count++] = strdup(*words);
    said.code = ctl_run(count, arguments, out, errors);
    fclose(out);
    fclose(errors);
    while (count > 0)
        free(arguments[--count]);
    return said;
}

static inline void forget(struct said *said)
{
    free(said->out);
    free(said->errors);
}

#define RUN(daemon, ...) run((daemon)->path, (const char *const[]){__VA_ARGS__, NULL})

#endif
