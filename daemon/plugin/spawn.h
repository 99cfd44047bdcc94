/*
 * What the daemon and its spawner say to each other, over a socket of packets. The spawner is started before the daemon gives up what it may do; it starts the
 * processes of isolated plugins under another user, and does nothing else: whoever breaks into the daemon gets no more from it than that.
 * Both are of one build, so that plain structures do.
 */
#ifndef FASCIA_PLUGIN_SPAWN_H
#define FASCIA_PLUGIN_SPAWN_H

#include <limits.h>
#include <stdint.h>

#define SPAWN_SOCKET 3 /* of the spawner, and of every process that it starts: its end of the pair */
#define SPAWN_FILE   4 /* of a process: the shared object, opened */

enum spawn_kind {
    SPAWN_START = 1, /* to the spawner, with the socket of the new process */
    SPAWN_KILL,      /* to the spawner */
    SPAWN_STARTED,   /* from it */
    SPAWN_ENDED      /* from it: once for each that was asked for, started or not */
};

struct spawn_request {
    uint32_t kind;
    uint64_t id; /* the daemon's; never used twice */
    uint64_t memory;
    uint32_t network; /* may it use the network? */
    char path[PATH_MAX];
    char interpreter[PATH_MAX]; /* that it may execute; "" : nothing */
    char reads[PATH_MAX];       /* that it may read: paths with ':' between them */
};

struct spawn_report {
    uint32_t kind;
    uint64_t id;
    int32_t pid;
    char text
        [160]; /* STARTED: the user; ENDED: what ended it, for the administrator: "signal 11 (Segmentation fault)" */
};

#endif
