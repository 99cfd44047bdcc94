/*
 * A configured source at work (or a notifier or policy, which is the same without a way in): a plugin's instance, the connections or the folder that feed it, and the road of its
 * submissions into the core and of their results back. Loop's thread only.
 *
 * Answers on one connection go out in the order in which its frames came, whatever order they were finished in. When the
 * node can't take more, reading stops and the sender's own flow control does the rest.
 */
#ifndef FASCIA_NODE_SOURCE_H
#define FASCIA_NODE_SOURCE_H

#include "io/folder.h"
#include "io/stream.h"
#include "node/inspector.h"
#include "node/isolation.h"
#include "node/work.h"
#include "plugin/plugin.h"

#define SESSION_OPEN 256 /* frames of one connection that may wait for their answers */

/* Every token's `user`: what to do when it ends. message is lent, NULL when the plugin failed to end it. */
struct ending {
    void (*ended)(struct ending *ending, const ProtobufCMessage *message);
};

struct session;
struct web;
struct source {
    struct io_loop *loop;
    struct stages *stages;
    struct web *web;           /* the servers, for one that takes HTTP */
    struct web_routes *routes; /* of its plugin as it described itself last; NULL: it has not, or has none */
    const struct config_source *config;
    const struct config *whole;              /* that config is of */
    const struct fascia_plugin *description; /* of a plugin in this process */
    struct isolation *isolation;             /* of one in its own; NULL */
    struct plugin_instance *instance;
    struct io_listener *listener; /* NULL: takes no streams */
    struct io_folder *folder;     /* NULL: watches no folder */
    struct io_timer *expiry;
    struct session *sessions;                     /* all of them */
    struct session *waiting_first, *waiting_last; /* those that the plugin had no room for, longest first */
    bool draining, expiry_armed;
    bool retired; /* taken out while the node runs */
    bool stuck;   /* the outbox put a row of it back, and so does it with those behind, lest they overtake it */
    uint64_t frames, files, refused, busy, failed_endings;
    uint64_t connections_opened, closed_by_limit;
};

/* The plugin that a source asks for, by path or by its name in the plugin directory. NULL and a fault. */
MUST_CHECK const struct plugin *source_plugin(struct plugin_registry *registry, const struct config *config,
                                              const struct config_source *wanted, struct fault *fault);

/* What sources are made with. */
struct source_rooms {
    struct io_loop *loop;
    struct stages *stages;
    struct plugin_registry *registry;
    struct spawner *spawner;
    struct web *web;
};

/* Loads the plugin, checks the options, opens the instance; listens to nothing yet. One that is isolated does all that in its own time, once it is started. */
MUST_CHECK struct source *source_create(const struct source_rooms *rooms, const struct config *config,
                                        const struct config_source *wanted, struct fault *fault);
/* Whether its plugin runs in a process of its own. */
bool source_is_isolated(const struct config *config, const struct config_source *wanted);
/* The file of its plugin. path: PATH_MAX bytes */
void source_plugin_path(const struct config *config, const struct config_source *wanted, char *path);
/* Whether source_create() would take the source as it is configured, in two steps: the way in, and the options; begins nothing. */
MUST_CHECK bool source_check_transport(const struct fascia_plugin *plugin, const struct config_source *wanted,
                                       struct fault *fault);
MUST_CHECK bool source_check(const struct plugin *plugin, const struct config_source *wanted,
                             const Fascia__Options *options, struct fault *fault);
/* What the plugin of one that is isolated is (heap); it is asked in a process of its own, which then waits for inspector_open(). NULL and a fault. */
MUST_CHECK struct plugin_described *source_inspect(struct inspector *inspector, const struct config *config,
                                                   const struct config_source *wanted, struct fault *fault);
MUST_CHECK bool source_start(struct source *source, struct fault *fault);
/* No new connection, frame or file. */
void source_drain(struct source *source);
/* ---- of an isolated one, while the node runs ---- */
/* Another process with this configuration takes over; also after a drain or a retirement. */
MUST_CHECK bool source_change(struct source *source, const struct config *config, const struct config_source *wanted,
                              struct fault *fault);
/* Drained, and its process ended: nothing more goes through it. Called until it says true. */
MUST_CHECK bool source_retire(struct source *source);
const char *source_plugin_name(const struct source *source);
const char *source_plugin_version(const struct source *source);
/* Frames and files whose answers have not gone out. */
size_t source_open(const struct source *source);
/* Ends the instance and closes what it listens to; the loop then ends the connections. */
void source_close(struct source *source);
/* After source_close() and the end of the loop, or when it was never started. */
void source_destroy(struct source *source);
uint32_t source_connections(const struct source *source);

/* ---- between the files of this part ---- */
MUST_CHECK bool stream_source_start(struct source *source, struct fault *fault);
void stream_source_drain(struct source *source);
void stream_source_stop(struct source *source);   /* closes the listener and its connections */
void stream_source_resume(struct source *source); /* something ended: sessions that waited may go on */
size_t stream_source_open(const struct source *source);
MUST_CHECK bool folder_source_start(struct source *source, struct fault *fault);
void source_touch_expiry(struct source *source);

#endif
