/*
 * The stages behind the loop: core, store and reader, a thread each, and the queues between them.
 *
 *   loop --work--> core stage --commit--> store stage --works, done--> loop
 *   loop --read--> read stage ----------------------------> loop
 *
 * A work is one command (or one look at the engine). The core stage executes all that waits, puts what is to be kept into one commit, and goes on;
 * the store stage makes all commits that wait durable in one transaction; only then does each work's done() run, on the loop's thread. So nobody is told
 * anything that could still be lost. Queues are bounded: work_push() says no when the core's is full.
 *
 * When a commit fails, every work of it and of all commits behind it ends with `failed`, and the engine, which is ahead of
 * the disk, is built anew from the store before anything else is executed.
 */
#ifndef FASCIA_NODE_WORK_H
#define FASCIA_NODE_WORK_H

#include "config/config.h"
#include "core/engine.h"
#include "io/loop.h"
#include "match/match.h"
#include "store/store.h"

struct stages;

struct work {
    Fascia__Command *command; /* executed; owned by the work. NULL: none */
    void (*run)(struct engine *engine, struct work *work, int64_t now,
                struct record_batch *batch); /* on the core's thread, instead */
    struct outbox_row *outbox;               /* added to the batch as it is; owned. NULL: none */
    void (*done)(struct work *work);         /* on the loop's thread, once durable or failed; the work is its to free */
    void *context;                           /* the maker's */
    uint64_t number[2];                      /* the maker's */
    Fascia__Result *result;                  /* of a command; owned */
    Fascia__ControlResponse *response;       /* of a run; owned */
    bool failed;                             /* nothing of it was kept; result says FAILED */
};
struct work *work_create(void (*done)(struct work *work), void *context);
void work_destroy(struct work *work);

/* A job for the read stage: run() there, then done() on the loop's thread, whose it is to free. */
struct read_job {
    void (*run)(struct store_reader *reader, struct read_job *job);
    void (*done)(struct read_job *job);
    struct stages *stages; /* set by the push */
};

struct stage_counts {
    uint64_t commands, commits, commit_failures, events, reloads;
    uint64_t commit_microseconds; /* in all */
    uint64_t queue_core, queue_store, queue_read;
    bool accepting;
    const char *because; /* static; "" when accepting */
};

struct stages_settings {
    struct io_loop *loop;
    const struct config *config;
    const struct codes *codes; /* borrowed, as the next */
    const struct zone_source *zones;
    struct store *store; /* already open; closed by stages_destroy */
    /* On the loop's thread: policies are asked; question is theirs. Each answers with a Judged command, or its time passes. May be NULL. */
    void (*asked)(void *context, uint64_t ask, Fascia__Question *question);
    /* On the loop's thread, before anybody hears that it was done: these accounts are durable; whole: they are all that there are. May be NULL. */
    void (*accounts)(void *context, const struct account_row *rows, size_t count, bool whole);
    void (*outbox_grew)(void *context); /* on the loop's thread: new outbox rows are durable */
    void (*broken)(void *context); /* on the loop's thread: the disk can't be trusted any more; the process must end */
    void *context;
};

/* What never changes while they run: loop, codes, zones. Any thread. */
const struct stages_settings *stages_settings(const struct stages *stages);
/* Loads the engine from the store and starts the threads. */
MUST_CHECK struct stages *stages_create(const struct stages_settings *settings, struct fault *fault);
/* Finishes what waits, then ends the threads and closes the store. Pushes fail from now on. The engine stays until the process ends. */
void stages_stop(struct stages *stages);
/* After stages_stop() and the end of the loop, which may still hold what the stages posted. */
void stages_destroy(struct stages *stages);

/* Loop's thread. false: the queue is full, nothing was taken (the work stays the caller's). */
MUST_CHECK bool work_push(struct stages *stages, struct work *work);
MUST_CHECK bool read_push(struct stages *stages, struct read_job *job);
/* For jobs that may take minutes (a backup, a walk over the whole audit trail): a thread and a reader of their own. */
MUST_CHECK bool slow_push(struct stages *stages, struct read_job *job);
/* For after a reload of the configuration. Never lost: a full queue or a refusing disk only delays it. */
void stages_reconfigure(struct stages *stages, const struct config *config);
void stages_counts(struct stages *stages, struct stage_counts *counts);
/* Works and jobs given that have not been done yet. */
size_t stages_pending(struct stages *stages);

void engine_settings_from(const struct config *config, struct engine_settings *settings, struct match_settings *match);

#endif
