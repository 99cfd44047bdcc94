#include "node/spawner.h"

#include "core/memory.h"
#include "io/log.h"
#include "io/watch.h"
#include "plugin/plugin.h"
#include "plugin/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct spawned {
    struct spawned *next;
    uint64_t id;
    struct spawn_settings settings; /* of which the texts are not kept */
};

struct spawner {
    int socket; /* -1: it is gone */
    pid_t pid;
    struct io_watch *watch;
    uint64_t last_id;
    struct spawned *spawned;
};

/* ---- life ------------------------------------------------------------------------------------------------------------ */

static bool begin_process(struct spawner *spawner, const char *runner, const char *user, int other_end)
{
    char *const values[] = {"fascia-plugin-runner", "--spawner", "--user", (char *)(uintptr_t)user, NULL};
    posix_spawn_file_actions_t actions;
    int error = 0;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, other_end, SPAWN_SOCKET);
    error = posix_spawn(&spawner->pid, runner, &actions, NULL, values, environ);
    posix_spawn_file_actions_destroy(&actions);
    errno = error;
    return error == 0;
}

struct spawner *spawner_create(const char *runner, const char *user, struct fault *fault)
{
    struct spawner *spawner = memory_allocate(1, sizeof *spawner);
    int ends[2] = {-1, -1};
    int high = -1;

    INVARIANT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    /* Above what it is placed on, so that placing it clears its close-on-exec. */
    high = fcntl(ends[1], F_DUPFD_CLOEXEC, SPAWN_SOCKET + 1);
    close(ends[1]);
    spawner->socket = ends[0];
    if (high >= 0 && begin_process(spawner, runner, user, high)) {
        close(high);
        return spawner;
    }
    fault_set(fault, "%.300s can't be started, so no plugin can be isolated: %s", runner, strerror(errno));
    close(high);
    close(spawner->socket);
    free(spawner);
    return NULL;
}

void spawner_destroy(struct spawner *spawner)
{
    if (spawner == NULL)
        return;
    io_watch_destroy(spawner->watch);
    if (spawner->socket >= 0)
        close(spawner->socket); /* it then ends all that it started, and itself */
    while (waitpid(spawner->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    for (struct spawned *spawned = spawner->spawned, *next = NULL; spawned != NULL; spawned = next) {
        next = spawned->next;
        free(spawned);
    }
    free(spawner);
}

/* ---- reports ----------------------------------------------------------------------------------------------------------- */

static struct spawned *find(const struct spawner *spawner, uint64_t id)
{
    struct spawned *spawned = spawner->spawned;

    while (spawned != NULL && spawned->id != id)
        spawned = spawned->next;
    return spawned;
}

static void take_out(struct spawner *spawner, const struct spawned *spawned)
{
    struct spawned **link = &spawner->spawned;

    while (*link != spawned)
        link = &(*link)->next;
    *link = spawned->next;
}

static void tell_end(struct spawner *spawner, struct spawned *spawned, const char *how)
{
    const struct spawn_settings settings = spawned->settings;

    take_out(spawner, spawned);
    free(spawned);
    settings.ended(settings.context, how);
}

static void spawner_is_gone(struct spawner *spawner)
{
    LOG(LOG_LEVEL_ERROR, "plugin.spawner-ended");
    io_watch_destroy(spawner->watch);
    spawner->watch = NULL;
    close(spawner->socket);
    spawner->socket = -1;
    while (spawner->spawned != NULL)
        tell_end(spawner, spawner->spawned, "its spawner has ended");
}

static void take_report(void *context)
{
    struct spawner *spawner = context;
    struct spawn_report report;
    ssize_t got = recv(spawner->socket, &report, sizeof report, MSG_DONTWAIT);
    struct spawned *spawned = NULL;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got != sizeof report) {
        spawner_is_gone(spawner);
        return;
    }
    report.text[sizeof report.text - 1] = '\0';
    spawned = find(spawner, report.id);
    if (spawned == NULL)
        return;
    if (report.kind == SPAWN_STARTED)
        spawned->settings.started(spawned->settings.context, report.pid, report.text);
    else
        tell_end(spawner, spawned, report.text);
}

void spawner_attach(struct spawner *spawner, struct io_loop *loop)
{
    spawner->watch = io_watch_create(loop, spawner->socket, take_report, spawner);
}

bool spawner_check_interpreter(const char *interpreter, struct fault *fault)
{
    char itself[PATH_MAX]; /* /usr/bin/python3 is a link to one of its versions */

    if (interpreter[0] == '\0')
        return true;
    if (realpath(interpreter, itself) == NULL) {
        fault_set(fault, "interpreter %.300s: %s", interpreter, strerror(errno));
        return false;
    }
    if (plugin_check_file(itself, fault) == PLUGIN_OK)
        return true;
    fault_prefix(fault, "interpreter");
    return false;
}

/* ---- requests ------------------------------------------------------------------------------------------------------------ */

static bool ask(struct spawner *spawner, struct spawn_request *request, int socket)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec bytes = {request, sizeof *request};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};

    if (socket >= 0) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &socket, sizeof socket);
    }
    return spawner->socket >= 0 &&
           sendmsg(spawner->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof *request;
}

static struct spawned *remember(struct spawner *spawner, const struct spawn_settings *settings)
{
    struct spawned *spawned = memory_allocate(1, sizeof *spawned);

    spawned->id = ++spawner->last_id;
    spawned->settings = *settings;
    spawned->settings.path = spawned->settings.interpreter = spawned->settings.reads = NULL;
    spawned->next = spawner->spawned;
    spawner->spawned = spawned;
    return spawned;
}

int spawner_start(struct spawner *spawner, const struct spawn_settings *settings, uint64_t *id, struct fault *fault)
{
    struct spawn_request request = {.kind = SPAWN_START, .memory = settings->memory, .network = settings->network};
    struct spawned *spawned = NULL;
    int ends[2] = {-1, -1};
    bool asked = false;

    snprintf(request.path, sizeof request.path, "%s", settings->path);
    snprintf(request.interpreter, sizeof request.interpreter, "%s",
             settings->interpreter != NULL ? settings->interpreter : "");
    snprintf(request.reads, sizeof request.reads, "%s", settings->reads != NULL ? settings->reads : "");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        fault_set(fault, "no socket for a plugin's process: %s", strerror(errno));
        return -1;
    }
    spawned = remember(spawner, settings);
    request.id = spawned->id;
    asked = ask(spawner, &request, ends[1]);
    close(ends[1]);
    if (asked) {
        *id = spawned->id;
        return ends[0];
    }
    fault_set(fault, spawner->socket < 0 ? "the spawner of plugins has ended; restart the node"
                                         : "the spawner of plugins is busy");
    take_out(spawner, spawned);
    free(spawned);
    close(ends[0]);
    return -1;
}

void spawner_kill(struct spawner *spawner, uint64_t id)
{
    struct spawn_request request = {.kind = SPAWN_KILL, .id = id};

    (void)ask(spawner, &request, -1);
}

void spawner_forget(struct spawner *spawner, uint64_t id)
{
    struct spawned *spawned = find(spawner, id);

    spawner_kill(spawner, id);
    if (spawned == NULL)
        return;
    take_out(spawner, spawned);
    free(spawned);
}
