/*
 * Inside the stages: what core_stage.c, store_stage.c and read_stage.c share. Not for others.
 */
#ifndef FASCIA_NODE_STAGES_H
#define FASCIA_NODE_STAGES_H

#include "io/queue.h"
#include "node/work.h"

#include <pthread.h>
#include <stdatomic.h>

#define STAGE_TAKE        1024 /* commands executed into one commit at most */
#define STAGE_COMMITS     64   /* commits that may wait for the store */
#define STAGE_BATCH_BYTES (16u << 20)

/* What the core stage hands to the store stage: a batch, and the works that wait for it. */
struct commit {
    struct record_batch batch;
    struct work **works;
    size_t work_count;
    uint64_t generation; /* of the engine that made it: a failed commit spoils all of its generation */
    bool reload;         /* no batch: build a new engine and give it to the core stage */
    struct stages *stages;
};

struct new_settings {
    struct engine_settings engine;
    struct match_settings match;
};

struct stages {
    struct stages_settings settings;
    struct engine_settings engine_settings;
    struct match_settings match_settings;
    struct engine_hash hash;
    struct engine *engine; /* the core stage's, but while it waits for a reload */
    struct queue *core_queue, *store_queue, *read_queue, *slow_queue;
    pthread_t core_thread, store_thread, read_thread, slow_thread, checkpoint_thread;
    struct store *store;
    struct store_reader *reader, *slow_reader;

    uint64_t generation;      /* core stage */
    _Atomic uint64_t spoiled; /* highest generation with a failed commit */
    _Atomic int spoiled_by;   /* enum store_status */
    pthread_mutex_t reload_lock;
    pthread_cond_t reload_done;
    int reload_state; /* 0 none, 1 asked, 2 done, 3 failed */
    pthread_mutex_t checkpoint_lock;
    pthread_cond_t checkpoint_due;
    bool checkpoint_wanted, checkpoint_stop;

    _Atomic(struct new_settings *) wanted; /* not taken by the core stage yet; NULL: none */
    bool stopped;

    _Atomic size_t pending;
    _Atomic uint64_t commands, commits, commit_failures, events, reloads, commit_microseconds;
};

void *core_stage_run(void *context);
void *store_stage_run(void *context);
void *read_stage_run(void *context);
void *slow_stage_run(void *context);
void *checkpoint_run(void *context);
/* From the store's present content. */
/* ---- loading.c ---- */
/* A new engine from all that the store has; NULL, and why. `starting`: the service manager is kept waiting meanwhile. */
MUST_CHECK struct engine *stages_load_engine(struct stages *stages, bool starting, enum store_status *status,
                                             struct fault *fault);
void stages_free_accounts(struct account_row *accounts, size_t count); /* with the array */
/* Ends every work of the commit on the loop's thread, and frees the commit. */
void commit_finish(struct commit *commit, bool failed);
const char *stages_refusal(int status);
/* Core stage: takes the settings of a reload, if there are any. */
void stages_take_settings(struct stages *stages);

#endif
