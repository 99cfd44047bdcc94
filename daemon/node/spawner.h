/*
 * The daemon's side of the spawner (plugin/spawn.h): a small process, started first, that starts the processes of isolated plugins. Loop's thread only.
 */
#ifndef FASCIA_NODE_SPAWNER_H
#define FASCIA_NODE_SPAWNER_H

#include "io/loop.h"

struct spawner;

/* Starts it. Before any thread is made, and before privileges are dropped. */
MUST_CHECK struct spawner *spawner_create(const char *runner, const char *user, struct fault *fault);
/* From now on reports are heard. */
void spawner_attach(struct spawner *spawner, struct io_loop *loop);
/* Ends it, and with it every process that it started. */
void spawner_destroy(struct spawner *spawner);

struct spawn_settings {
    const char *path;
    const char *interpreter, *reads; /* NULL: none */
    uint64_t memory;
    bool network;
    void *context;
    void (*started)(void *context, int pid, const char *user);
    void (*ended)(void *context, const char *how); /* once, for each spawn that gave a number, unless forgotten */
};
/* Whether a plugin may be given this program to execute ("" : none is given): only root or the daemon's user can change it. */
MUST_CHECK bool spawner_check_interpreter(const char *interpreter, struct fault *fault);
/* Our end of the new process's socket, or -1 and a fault. *id names it. */
MUST_CHECK int spawner_start(struct spawner *spawner, const struct spawn_settings *settings, uint64_t *id,
                             struct fault *fault);
void spawner_kill(struct spawner *spawner, uint64_t id);
/* Kills it, and tells nobody of its end. */
void spawner_forget(struct spawner *spawner, uint64_t id);

#endif
