/*
 * What stands around a plugin in its own process, from before its file is opened: no privileges to gain, no network, no other process, no file but those that
 * a library needs to be read and its own temporary directory, and bounds on memory, files and threads.
 */
#ifndef FASCIA_PLUGIN_RUNNER_FENCE_H
#define FASCIA_PLUGIN_RUNNER_FENCE_H

#include <stdbool.h>
#include <stdint.h>

struct fence {
    uint64_t memory;         /* bytes; 0: no bound */
    bool network;            /* granted */
    bool program;            /* its file is executed */
    const char *path;        /* of the plugin: what stands beside it may be read */
    const char *interpreter; /* that may be executed, too, for a script; NULL or "" : nothing */
    const char *reads;       /* what may be read, too: paths with ':' between them; NULL: nothing */
    const char *temporary;
};

/* There is no way back. Ends the process when a fence that this system has can't be put up. */
void fence_enter(const struct fence *fence);
/* Whether files could be fenced: an old kernel can't. */
bool fence_holds_files(void);

#endif
