#include "plugin/runner/spawner.h"

#include "core/fault.h"
#include "core/memory.h"
#include "plugin/runner/child.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_MOST 64

struct child {
    uint64_t id;
    pid_t pid; /* 0: this place is free */
    char temporary[64];
};

struct spawner {
    struct child children[CHILDREN_MOST];
    struct child_user user;
};

/* ---- users ---------------------------------------------------------------------------------------------------------- */

static struct child_user find_user(const char *name)
{
    struct child_user user = {.uid = geteuid(), .gid = getegid()};
    char *end = NULL;
    unsigned long number = strtoul(name, &end, 10);
    const struct passwd *found = *name != '\0' && *end == '\0' ? getpwuid((uid_t)number) : getpwnam(name);

    /* Whatever is configured, nobody's code runs as root. */
    if (found == NULL && geteuid() == 0)
        found = getpwnam("nobody");
    if (found != NULL && child_may_become(found->pw_uid, found->pw_gid)) {
        user.uid = found->pw_uid;
        user.gid = found->pw_gid;
        user.other = true;
    }
    found = getpwuid(user.uid);
    if (found != NULL)
        snprintf(user.name, sizeof user.name, "%s", found->pw_name);
    else
        snprintf(user.name, sizeof user.name, "%u", (unsigned)user.uid);
    return user;
}

/* ---- to the daemon ----------------------------------------------------------------------------------------------------- */

static void report(enum spawn_kind kind, uint64_t id, pid_t pid, const char *text)
{
    struct spawn_report message = {.kind = kind, .id = id, .pid = pid};

    snprintf(message.text, sizeof message.text, "%s", text);
    while (send(SPAWN_SOCKET, &message, sizeof message, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            exit(0); /* the daemon is gone */
}

static void report_end(const struct child *child, int status)
{
    char text[128];

    if (WIFSIGNALED(status))
        snprintf(text, sizeof text, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, sizeof text, "exit %d", WEXITSTATUS(status));
    report(SPAWN_ENDED, child->id, child->pid, text);
}

/* ---- children ------------------------------------------------------------------------------------------------------------ */

static struct child *find_child(struct spawner *spawner, pid_t pid, uint64_t id)
{
    for (size_t i = 0; i < CHILDREN_MOST; i++)
        if (spawner->children[i].pid == pid && (id == 0 || spawner->children[i].id == id))
            return &spawner->children[i];
    return NULL;
}

static bool are_texts(const struct spawn_request *request)
{
    return memchr(request->path, '\0', sizeof request->path) != NULL &&
           memchr(request->interpreter, '\0', sizeof request->interpreter) != NULL &&
           memchr(request->reads, '\0', sizeof request->reads) != NULL;
}

static void start(struct spawner *spawner, const struct spawn_request *request, int socket)
{
    struct child *child = find_child(spawner, 0, 0);
    pid_t pid = -1;

    if (child == NULL || !are_texts(request)) {
        report(SPAWN_ENDED, request->id, 0, child == NULL ? "too many processes" : "bad path");
        return;
    }
    child_temporary_name(child->temporary);
    pid = fork();
    if (pid == 0)
        child_become(request, socket, &spawner->user, child->temporary);
    if (pid < 0) {
        report(SPAWN_ENDED, request->id, 0, "fork failed");
        return;
    }
    child->pid = pid;
    child->id = request->id;
    report(SPAWN_STARTED, child->id, pid, spawner->user.name);
}

static void kill_child(struct spawner *spawner, uint64_t id)
{
    for (size_t i = 0; i < CHILDREN_MOST; i++)
        if (spawner->children[i].pid > 0 && spawner->children[i].id == id)
            kill(spawner->children[i].pid, SIGKILL);
}

static void reap(struct spawner *spawner)
{
    int status = 0;
    pid_t pid = 0;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child *child = find_child(spawner, pid, 0);
        if (child == NULL) /* one that removed a directory */
            continue;
        child_remove_temporary(child->temporary, &spawner->user);
        report_end(child, status);
        *child = (struct child){0};
    }
}

/* Nobody outlives the daemon. */
static void end_all(struct spawner *spawner)
{
    for (size_t i = 0; i < CHILDREN_MOST; i++)
        if (spawner->children[i].pid > 0)
            kill(spawner->children[i].pid, SIGKILL);
    for (size_t i = 0; i < CHILDREN_MOST; i++)
        if (spawner->children[i].pid > 0) {
            waitpid(spawner->children[i].pid, NULL, 0);
            child_remove_temporary(spawner->children[i].temporary, &spawner->user);
        }
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

/* ---- from the daemon -------------------------------------------------------------------------------------------------------- */

static bool take_request(struct spawner *spawner)
{
    struct spawn_request request;
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec bytes = {&request, sizeof request};
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    const struct cmsghdr *head = NULL;
    ssize_t got = recvmsg(SPAWN_SOCKET, &message, MSG_CMSG_CLOEXEC);
    int socket = -1;

    if (got < 0 && errno == EINTR)
        return true;
    if (got != sizeof request)
        return false;
    head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&socket, CMSG_DATA(head), sizeof socket);
    if (request.kind == SPAWN_START && socket >= 0)
        start(spawner, &request, socket);
    else if (request.kind == SPAWN_KILL)
        kill_child(spawner, request.id);
    if (socket >= 0)
        close(socket);
    return true;
}

int spawner_run(const char *user)
{
    struct spawner *spawner = memory_allocate(1, sizeof *spawner);
    struct pollfd waits[2] = {{.fd = SPAWN_SOCKET, .events = POLLIN}, {.events = POLLIN}};
    struct signalfd_siginfo signal_told;
    sigset_t ends;

    prctl(PR_SET_NAME, "fascia-spawner");
    prctl(PR_SET_DUMPABLE, 0);
    /* Signals to end are for the daemon, which finishes what is under way and then closes the socket. */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    waits[1].fd = signalfd(-1, &ends, SFD_CLOEXEC);
    INVARIANT(waits[1].fd >= 0);
    spawner->user = find_user(user);
    for (;;) {
        if (poll(waits, 2, -1) < 0 && errno != EINTR)
            break;
        if ((waits[1].revents & POLLIN) != 0 &&
            read(waits[1].fd, &signal_told, sizeof signal_told) == sizeof signal_told)
            reap(spawner);
        if (waits[0].revents != 0 && !take_request(spawner))
            break;
    }
    end_all(spawner);
    free(spawner);
    return 0;
}
