#include "node/inspector.h"

#include "core/memory.h"
#include "core/message.h"
#include "plugin/plugin.h"
#include "plugin/wire.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS INT64_C(15000)
#define READ_BYTES  ((size_t)64 << 10)

struct inspector {
    const char *runner, *user;
    struct spawner *spawner; /* NULL until the first is asked */
    int socket;              /* of the process; -1: none */
    uint64_t spawn;
    uint8_t *bytes; /* that came from it and are not taken */
    size_t size, room;
};

/* ---- life ---------------------------------------------------------------------------------------------------------- */

struct inspector *inspector_create(const char *runner, const char *user)
{
    struct inspector *inspector = memory_allocate(1, sizeof *inspector);

    inspector->runner = runner;
    inspector->user = user;
    inspector->socket = -1;
    return inspector;
}

static void end_process(struct inspector *inspector)
{
    if (inspector->socket < 0)
        return;
    close(inspector->socket);
    spawner_forget(inspector->spawner, inspector->spawn);
    inspector->socket = -1;
    inspector->size = 0;
}

void inspector_destroy(struct inspector *inspector)
{
    if (inspector == NULL)
        return;
    end_process(inspector);
    spawner_destroy(inspector->spawner);
    free(inspector->bytes);
    free(inspector);
}

void inspector_find_runner(char *path)
{
    static const char *const places[] = {"", "/../libexec/fascia"};
    char itself[PATH_MAX], found[PATH_MAX + 64];
    ssize_t size = readlink("/proc/self/exe", itself, sizeof itself - 1);

    snprintf(path, PATH_MAX, "%s", config_default_runner());
    if (size <= 0)
        return;
    itself[size] = '\0';
    dirname(itself);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(found, sizeof found, "%s%s/fascia-plugin-runner", itself, places[i]);
        if (access(found, X_OK) == 0 && strlen(found) < PATH_MAX) {
            snprintf(path, PATH_MAX, "%s", found);
            return;
        }
    }
}

/* ---- its socket ---------------------------------------------------------------------------------------------------- */

static bool read_more(struct inspector *inspector, int64_t until, struct fault *fault)
{
    struct pollfd wait = {.fd = inspector->socket, .events = POLLIN};
    const int64_t left = until - io_monotonic();
    ssize_t got = 0;

    if (left <= 0 || poll(&wait, 1, (int)left) == 0) {
        fault_set(fault, "it did not answer within %d s", (int)(PATIENCE_MS / 1000));
        return false;
    }
    inspector->bytes = memory_grow(inspector->bytes, &inspector->room, inspector->size + READ_BYTES, 1);
    got = recv(inspector->socket, inspector->bytes + inspector->size, READ_BYTES, 0);
    if (got > 0)
        inspector->size += (size_t)got;
    else if (got == 0 || errno != EINTR)
        fault_set(fault, "it ended before it had answered");
    return got > 0 || (got < 0 && errno == EINTR);
}

/* The next message that is not a line of log. NULL and a fault. */
static Fascia__FromPlugin *receive(struct inspector *inspector, struct fault *fault)
{
    const int64_t until = io_monotonic() + PATIENCE_MS;
    const uint8_t *message = NULL;
    size_t size = 0, total = 0;
    Fascia__FromPlugin *said = NULL;

    for (;;) {
        switch (wire_next(inspector->bytes, inspector->size, &message, &size, &total)) {
        case WIRE_WHOLE:
            said = message_receive(&fascia__from_plugin__descriptor, message, size);
            inspector->size -= total;
            memmove(inspector->bytes, inspector->bytes + total, inspector->size);
            if (said == NULL || said->body_case != FASCIA__FROM_PLUGIN__BODY_LOG)
                goto ended;
            fascia__from_plugin__free_unpacked(said, NULL);
            said = NULL;
            break;
        case WIRE_TOO_LONG:
            goto ended;
        case WIRE_MORE:
            if (!read_more(inspector, until, fault))
                return NULL;
        }
    }
ended:
    if (said == NULL)
        fault_set(fault, "it does not speak as a plugin does");
    return said;
}

static bool send_all(struct inspector *inspector, Fascia__ToPlugin *message, struct fault *fault)
{
    struct wire_buffer out = {0};
    size_t at = 0;
    ssize_t sent = 0;

    wire_put(&out, &message->base);
    while (at < out.size &&
           ((sent = send(inspector->socket, out.bytes + at, out.size - at, MSG_NOSIGNAL)) > 0 || errno == EINTR))
        at += sent > 0 ? (size_t)sent : 0;
    if (at < out.size)
        fault_set(fault, "it ended before it was given its options");
    wire_release(&out);
    return sent > 0;
}

/* ---- questions ----------------------------------------------------------------------------------------------------- */

static struct plugin_described *read_description(const Fascia__FromPlugin *said, struct fault *fault)
{
    if (said->body_case != FASCIA__FROM_PLUGIN__BODY_DESCRIBED) {
        fault_set(fault, "it does not describe itself as a plugin does");
        return NULL;
    }
    if (said->described->failed[0] != '\0') {
        fault_set(fault, "%.400s", said->described->failed);
        return NULL;
    }
    return plugin_description_read(said->described, fault);
}

struct plugin_described *inspector_describe(struct inspector *inspector, const struct spawn_settings *settings,
                                            struct fault *fault)
{
    Fascia__FromPlugin *said = NULL;
    struct plugin_described *described = NULL;

    end_process(inspector);
    if (plugin_check_file(settings->path, fault) != PLUGIN_OK ||
        !spawner_check_interpreter(settings->interpreter != NULL ? settings->interpreter : "", fault))
        return NULL;
    if (inspector->spawner == NULL)
        inspector->spawner = spawner_create(inspector->runner, inspector->user, fault);
    if (inspector->spawner == NULL)
        return NULL;
    inspector->socket = spawner_start(inspector->spawner, settings, &inspector->spawn, fault);
    if (inspector->socket < 0)
        return NULL;
    said = receive(inspector, fault);
    if (said != NULL)
        described = read_description(said, fault);
    fascia__from_plugin__free_unpacked(said, NULL);
    plugin_clean_line(fault->text, sizeof fault->text);
    if (described == NULL && strncmp(fault->text, settings->path, strlen(settings->path)) != 0)
        fault_prefix(fault, "%s", settings->path);
    return described;
}

bool inspector_open(struct inspector *inspector, const Fascia__Options *options, struct fault *fault)
{
    Fascia__ToPlugin message = FASCIA__TO_PLUGIN__INIT;
    Fascia__OpenPlugin open = FASCIA__OPEN_PLUGIN__INIT;
    Fascia__FromPlugin *said = NULL;
    bool opened = false;

    open.options = (Fascia__Options *)(uintptr_t)options; /* only packed */
    message.body_case = FASCIA__TO_PLUGIN__BODY_OPEN;
    message.open = &open;
    said = send_all(inspector, &message, fault) ? receive(inspector, fault) : NULL;
    if (said != NULL && said->body_case != FASCIA__FROM_PLUGIN__BODY_OPENED)
        fault_set(fault, "it does not answer to its options");
    else if (said != NULL && said->opened->refused)
        fault_set(fault, "the plugin refused its options: %s",
                  said->opened->fault[0] != '\0' ? said->opened->fault : "it does not say why");
    else
        opened = said != NULL;
    fascia__from_plugin__free_unpacked(said, NULL);
    plugin_clean_line(fault->text, sizeof fault->text);
    return opened;
}
