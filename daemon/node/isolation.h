/*
 * The life of one plugin in a process of its own: started, opened with its options, watched, started again when it ends (plugin/health.h),
 * replaced while it works, ended. What it says and what it is given is the instance's (plugin/plugin.h); here are the process, its socket and its clock.
 * Loop's thread only.
 */
#ifndef FASCIA_NODE_ISOLATION_H
#define FASCIA_NODE_ISOLATION_H

#include "io/stream.h"
#include "node/spawner.h"
#include "plugin/health.h"
#include "plugin/plugin.h"

enum isolation_state {
    ISOLATION_STARTING,
    ISOLATION_RUNNING,
    ISOLATION_PAUSED,   /* ended; started again after a pause */
    ISOLATION_BROKEN,   /* ended too often; started again after a long pause */
    ISOLATION_REFUSED,  /* it can't be used as it is configured: stays so until it is reloaded */
    ISOLATION_CHANGING, /* finishes what it has under way, for another to take its place */
    ISOLATION_ENDED
};
const char *isolation_state_name(enum isolation_state state);

struct isolation_owner {
    void *context;
    /* What the plugin is; the owner gives its options (heap), or NULL and why they or the plugin can't be used. */
    Fascia__Options *(*described)(void *context, const struct fascia_plugin *described, struct fault *fault);
    /* It works, or does not for longer than a short pause: whoever sends to it should find out. */
    void (*works)(void *context, bool works);
    void (*room)(void *context);
};

struct isolation_settings {
    const char *name; /* of the source, for the log */
    const char *path; /* of the plugin's file, which is checked each time before it is started */
    uint64_t memory;
    bool network;
    int64_t call_timeout_ms;
    const char *interpreter, *reads; /* "" : none */
};

struct isolation {
    struct io_loop *loop;
    struct spawner *spawner;
    struct isolation_owner owner;
    struct isolation_settings settings;
    char *name, *path, *interpreter, *reads; /* that settings point to */
    struct plugin_instance *instance;
    struct io_connection *connection;
    struct io_timer *timer; /* the pause, or a look at how it is */
    struct health health;
    enum isolation_state state;
    uint64_t spawn; /* 0: no process */
    bool works, changing, ended_by_us, why_known;
    int64_t state_until; /* monotonic: when it is started again, or a patience ends */
    int pid;
    char user[64];
    char plugin[40], version[72]; /* of the latest that described itself */
    char why[512];                /* what ended or refused it last */
    int64_t why_at;               /* instant; 0: nothing did */
};

/* Begins nothing yet. The strings of settings are copied. */
struct isolation *isolation_create(struct io_loop *loop, struct spawner *spawner,
                                   const struct isolation_settings *settings, const struct isolation_owner *owner);
/* The instance is the owner's, made for isolation_process(). */
struct plugin_process isolation_process(struct isolation *isolation);
void isolation_start(struct isolation *isolation, struct plugin_instance *instance);
/* Another process in place of this one, with these settings, once what is under way has ended: what comes meanwhile waits. */
void isolation_change(struct isolation *isolation, const struct isolation_settings *settings);
/* Ends the process. The instance may be closed afterwards. */
void isolation_end(struct isolation *isolation);
/* The same for good: nothing can be begun again, and the loop may end. */
void isolation_close(struct isolation *isolation);
/* After isolation_close() and the end of the loop, which still tells of the connection. Takes NULL. */
void isolation_destroy(struct isolation *isolation);

#endif
