/*
 * A host with one isolated instance and no process: what is sent to the process is kept and read, and what the process would say is said here.
 */
#ifndef FASCIA_TESTS_REMOTE_HOST_H
#define FASCIA_TESTS_REMOTE_HOST_H

#include "core/fault.h"
#include "core/memory.h"
#include "fascia/v1/runner.pb-c.h"
#include "plugin/plugin.h"
#include "plugin/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct remote_host {
    struct plugin_registry *registry;
    struct plugin_instance *instance;
    int64_t clock;
    struct wire_buffer sent; /* to the process, and not read yet */
    size_t read;
    char heard[8192]; /* one word an event of the owner */
    size_t endings;
    enum fascia_status submit_status;
    uint8_t held[1 << 16]; /* from the process, and not taken yet */
    size_t held_size;
};

static inline void remote_note(struct remote_host *host, const char *word)
{
    size_t used = strlen(host->heard);

    snprintf(host->heard + used, sizeof host->heard - used, "%s ", word);
}

static inline enum fascia_status remote_submit(void *context, uint64_t delivery, void *user,
                                               Fascia__Submission *submission)
{
    struct remote_host *host = context;

    (void)delivery;
    (void)user;
    (void)submission;
    remote_note(host, "submit");
    return host->submit_status;
}

static inline void remote_ended(void *context, uint64_t delivery, enum plugin_call call, void *user,
                                const ProtobufCMessage *ending)
{
    (void)delivery;
    (void)call;
    (void)user;
    ((struct remote_host *)context)->endings++;
    remote_note(context, ending == NULL ? "given-up" : "ended");
}

static inline void remote_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    (void)level;
    (void)number;
    remote_note(context, event);
}

static inline int64_t remote_now(void *context)
{
    return ((struct remote_host *)context)->clock;
}

static inline void remote_random(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    memset(bytes, 4, size);
}

static inline void remote_send(void *context, const uint8_t *bytes, size_t size)
{
    struct remote_host *host = context;

    host->sent.bytes = memory_grow(host->sent.bytes, &host->sent.room, host->sent.size + size, 1);
    memcpy(host->sent.bytes + host->sent.size, bytes, size);
    host->sent.size += size;
}

static inline void remote_described(void *context, const struct fascia_plugin *described, const char *fault)
{
    remote_note(context, described != NULL ? "described" : fault);
}

static inline void remote_opened(void *context, const char *fault)
{
    remote_note(context, fault == NULL ? "opened" : fault);
}

static inline void remote_room(void *context)
{
    remote_note(context, "room");
}

static inline void remote_host_begin(struct remote_host *host)
{
    const struct plugin_owner owner = {host, remote_submit, remote_ended, remote_log, remote_now, remote_random};
    const struct plugin_process process = {host, remote_send, remote_described, remote_opened, remote_room};

    memset(host, 0, sizeof *host);
    host->clock = 1000000;
    host->registry = plugin_registry_create();
    host->instance = plugin_isolated_create(host->registry, "clinic", &owner, NULL, &process);
    plugin_isolated_connected(host->instance);
}

static inline void remote_host_end(struct remote_host *host)
{
    plugin_close(host->instance);
    plugin_registry_destroy(host->registry);
    wire_release(&host->sent);
}

/* Bytes of the process, in pieces of that size. NULL: all is well; or why it must end. */
static inline const char *remote_say_bytes(struct remote_host *host, const uint8_t *bytes, size_t size, size_t piece)
{
    const char *why = NULL;

    for (size_t at = 0; at < size && why == NULL; at += piece) {
        size_t more = size - at < piece ? size - at : piece, taken = 0;
        INVARIANT(host->held_size + more <= sizeof host->held);
        memcpy(host->held + host->held_size, bytes + at, more);
        host->held_size += more;
        if (!plugin_isolated_input(host->instance, host->held, host->held_size, &taken, &why))
            INVARIANT(why != NULL);
        INVARIANT(taken <= host->held_size);
        host->held_size -= taken;
        memmove(host->held, host->held + taken, host->held_size);
    }
    return why;
}

static inline const char *remote_say_in(struct remote_host *host, const Fascia__FromPlugin *message, size_t piece)
{
    struct wire_buffer out = {0};
    const char *why = NULL;

    wire_put(&out, &message->base);
    why = remote_say_bytes(host, out.bytes, out.size, piece);
    wire_release(&out);
    return why;
}

static inline const char *remote_say(struct remote_host *host, const Fascia__FromPlugin *message)
{
    return remote_say_in(host, message, SIZE_MAX / 2);
}

/* The next message to the process, or NULL; free_unpacked(). */
static inline Fascia__ToPlugin *remote_next(struct remote_host *host)
{
    const uint8_t *message = NULL;
    size_t size = 0, total = 0;
    Fascia__ToPlugin *said = NULL;

    if (wire_next(host->sent.bytes + host->read, host->sent.size - host->read, &message, &size, &total) != WIRE_WHOLE)
        return NULL;
    said = fascia__to_plugin__unpack(NULL, size, message);
    INVARIANT(said != NULL);
    host->read += total;
    return said;
}

/* What a source says of itself. */
static inline Fascia__PluginDescription remote_description(void)
{
    Fascia__PluginDescription description = FASCIA__PLUGIN_DESCRIPTION__INIT;

    description.abi_major = FASCIA_ABI_MAJOR;
    description.abi_minor = FASCIA_ABI_MINOR;
    description.kind = FASCIA_KIND_SOURCE;
    description.transports = FASCIA_TRANSPORT_STREAM;
    description.name = "lines";
    description.version = "1";
    description.summary = "Lines";
    description.can_refuse = true;
    return description;
}

static inline const char *remote_describe(struct remote_host *host, const Fascia__PluginDescription *description)
{
    Fascia__FromPlugin message = FASCIA__FROM_PLUGIN__INIT;

    message.body_case = FASCIA__FROM_PLUGIN__BODY_DESCRIBED;
    message.described = (Fascia__PluginDescription *)(uintptr_t)description;
    return remote_say(host, &message);
}

/* Described and opened; what it was sent for that is read. */
static inline void remote_make_ready(struct remote_host *host, bool can_refuse)
{
    Fascia__FromPlugin message = FASCIA__FROM_PLUGIN__INIT;
    Fascia__PluginOpened opened = FASCIA__PLUGIN_OPENED__INIT;
    Fascia__Options options = FASCIA__OPTIONS__INIT;
    Fascia__PluginDescription description = remote_description();
    Fascia__ToPlugin *said = NULL;

    description.can_refuse = can_refuse;
    INVARIANT(remote_describe(host, &description) == NULL);
    plugin_isolated_open(host->instance, &options);
    said = remote_next(host);
    INVARIANT(said != NULL && said->body_case == FASCIA__TO_PLUGIN__BODY_OPEN);
    fascia__to_plugin__free_unpacked(said, NULL);
    message.body_case = FASCIA__FROM_PLUGIN__BODY_OPENED;
    message.opened = &opened;
    INVARIANT(remote_say(host, &message) == NULL);
}

/* This process ends, and another is there. */
static inline void remote_replace(struct remote_host *host, bool by_us, bool can_refuse)
{
    host->held_size = 0;
    host->read = host->sent.size;
    plugin_isolated_lost(host->instance, by_us);
    plugin_isolated_connected(host->instance);
    remote_make_ready(host, can_refuse);
}

#endif
