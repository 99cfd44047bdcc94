/*
 * A source that is right in everything, from which each animal of this zoo departs in one thing.
 *
 * The bytes of its messages are written by hand, so that the zoo needs no library: a Completion {reply: "ok"}, a Submission {item: 7, submit: {referral: {}}}.
 * What it sees of the host, it tells through log(), which the tests read.
 */
#ifndef FASCIA_TESTS_PLUGIN_ZOO_H
#define FASCIA_TESTS_PLUGIN_ZOO_H

#include <fascia/plugin.h>

#include <stdlib.h>
#include <string.h>

struct zoo {
    const struct fascia_host *host;
    uint64_t kept; /* a token for later mischief */
};

static const uint8_t zoo_ok[] = {0x0a, 2, 'o', 'k'};
static const uint8_t zoo_submission[] = {0x08, 7, 0x12, 2, 0x12, 0};
static const uint8_t zoo_garbage[] = {0xff, 0xff, 0xff, 0xff};
#define ZOO_BYTES(array) ((struct fascia_bytes){(array), sizeof(array)})

static inline enum fascia_status zoo_complete(struct zoo *zoo, uint64_t token)
{
    return zoo->host->complete(zoo->host->context, token, ZOO_BYTES(zoo_ok));
}

static inline void zoo_say(struct zoo *zoo, const char *event, int64_t number)
{
    zoo->host->log(zoo->host->context, FASCIA_LOG_INFO, event, number);
}

static inline enum fascia_status zoo_open(const struct fascia_host *host, struct fascia_bytes options, void **instance,
                                          char *fault, size_t fault_size)
{
    struct zoo *zoo = calloc(1, sizeof *zoo);

    (void)options;
    (void)fault;
    (void)fault_size;
    zoo->host = host;
    *instance = zoo;
    return FASCIA_OK;
}

static inline void zoo_close(void *instance)
{
    zoo_say(instance, "close", 0);
    free(instance);
}

static inline void zoo_frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    (void)instance;
    (void)already;
    frame->result = buffered.size > 0 ? FASCIA_FRAME_COMPLETE : FASCIA_FRAME_MORE;
    frame->payload_size = frame->total = buffered.size;
}

static inline void zoo_end(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    (void)message;
    zoo_complete(instance, delivery);
}

static inline void zoo_abandon(void *instance, uint64_t delivery)
{
    (void)delivery;
    zoo_say(instance, "abandon", 0);
}

static inline struct fascia_plugin zoo_good(const char *name)
{
    return (struct fascia_plugin){.magic = FASCIA_PLUGIN_MAGIC,
                                  .size = sizeof(struct fascia_plugin),
                                  .abi_major = FASCIA_ABI_MAJOR,
                                  .abi_minor = FASCIA_ABI_MINOR,
                                  .kind = FASCIA_KIND_SOURCE,
                                  .transports = FASCIA_TRANSPORT_STREAM | FASCIA_TRANSPORT_FOLDER,
                                  .name = name,
                                  .version = "1.0",
                                  .summary = "An animal of the zoo",
                                  .open = zoo_open,
                                  .close = zoo_close,
                                  .frame = zoo_frame,
                                  .deliver = zoo_end,
                                  .result = zoo_end,
                                  .status = zoo_end,
                                  .answered = zoo_end,
                                  .abandon = zoo_abandon};
}

/* One that serves HTTP, alone. */
static const struct fascia_route zoo_routes[] = {
    {.size = sizeof(struct fascia_route), .methods = "GET", .path = "/metadata"},
    {.size = sizeof(struct fascia_route), .body_bytes = 64 << 10, .methods = "GET POST", .path = "/things/*"},
};

static inline struct fascia_plugin zoo_http(const char *name)
{
    struct fascia_plugin described = zoo_good(name);

    described.transports = FASCIA_TRANSPORT_HTTP;
    described.frame = NULL;
    described.deliver = described.result = NULL;
    described.request = zoo_end;
    described.answer = zoo_end;
    described.routes = zoo_routes;
    described.route_count = 2;
    return described;
}

/* Defines fascia_plugin() of a source that is right but for what the statement does to `described`. */
#define ZOO(name_, departs)                                                                                            \
    const struct fascia_plugin *fascia_plugin(void)                                                                    \
    {                                                                                                                  \
        static struct fascia_plugin described;                                                                         \
        described = zoo_good(name_);                                                                                   \
        departs;                                                                                                       \
        return &described;                                                                                             \
    }

#endif
