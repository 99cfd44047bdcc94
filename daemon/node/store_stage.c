/*
 * The store stage: one writer. It takes every commit that waits and makes all of them durable in one transaction, with no
 * artificial delay: while the disk is busy with one group, the next one gathers.
 */
#include "io/log.h"
#include "node/stages.h"

#include <stdlib.h>
#include <string.h>

#define CHECKPOINT_COMMITS 64 /* groups after which the log is moved into the database */
#define CHECKPOINT_IDLE_MS 1000

/* ---- telling the loop ------------------------------------------------------------------------------------------- */

static void end_work(struct work *work, bool failed, const char *because)
{
    if (failed) {
        Fascia__Result *result = calloc(1, sizeof *result);
        INVARIANT(result != NULL);
        fascia__result__init(result);
        result->verdict = FASCIA__RESULT__VERDICT__FAILED;
        if (work->result != NULL)
            fascia__result__free_unpacked(work->result, NULL);
        work->result = result;
        if (work->response != NULL)
            fascia__control_response__free_unpacked(work->response, NULL);
        work->response = calloc(1, sizeof *work->response);
        INVARIANT(work->response != NULL);
        fascia__control_response__init(work->response);
        work->response->error = strdup(because);
        work->response->unavailable = true;
        work->failed = true;
    }
    work->done(work);
}

struct finished {
    struct commit *commit;
    bool failed, outbox_grew;
    const char *because;          /* as of the failure: a reload may have cleared it since */
    struct account_row *accounts; /* that are durable now */
    size_t account_count;
};

static void finish_on_loop(void *context)
{
    struct finished *finished = context;
    struct commit *commit = finished->commit;
    struct stages *stages = commit->stages;

    if (finished->account_count > 0 && stages->settings.accounts != NULL)
        stages->settings.accounts(stages->settings.context, finished->accounts, finished->account_count, false);
    stages_free_accounts(finished->accounts, finished->account_count);
    for (size_t i = 0; i < commit->work_count; i++) {
        atomic_fetch_sub(&stages->pending, 1);
        end_work(commit->works[i], finished->failed, finished->because);
    }
    if (finished->outbox_grew)
        stages->settings.outbox_grew(stages->settings.context);
    free(commit->works);
    free(commit);
    free(finished);
}

static bool has_new_outbox(const struct record_batch *batch)
{
    for (size_t i = 0; i < batch->outbox_count; i++)
        if (!batch->outbox[i].update)
            return true;
    return false;
}

void commit_finish(struct commit *commit, bool failed)
{
    struct finished *finished = calloc(1, sizeof *finished);
    const char *because = stages_refusal(atomic_load(&commit->stages->spoiled_by));

    INVARIANT(finished != NULL);
    *finished = (struct finished){commit, failed, !failed && has_new_outbox(&commit->batch),
                                  because[0] != '\0' ? because : "nothing of it was kept: try again"};
    if (!failed) {
        finished->accounts = commit->batch.accounts;
        finished->account_count = commit->batch.account_count;
        commit->batch.accounts = NULL;
        commit->batch.account_count = 0;
    }
    record_batch_finish(&commit->batch);
    if (!io_post(commit->stages->settings.loop, finish_on_loop, finished))
        finish_on_loop(finished); /* the loop has ended: this is the only thread left that looks at it */
}

/* ---- committing --------------------------------------------------------------------------------------------------- */

static void broken_on_loop(void *context)
{
    struct stages *stages = context;

    stages->settings.broken(stages->settings.context);
}

static void note_failure(struct stages *stages, enum store_status status, uint64_t generation,
                         const struct fault *fault)
{
    atomic_store(&stages->spoiled_by, (int)status);
    atomic_store(&stages->spoiled, generation);
    atomic_fetch_add(&stages->commit_failures, 1);
    LOG(LOG_LEVEL_ERROR, "store.commit-failed", LOG_WORD("status", store_status_name(status)), LOG_FAULT(fault->text));
    if (status == STORE_BROKEN || status == STORE_DAMAGED || status == STORE_CONFLICT)
        io_post(stages->settings.loop, broken_on_loop, stages);
}

/* Looks at the engine leave nothing to be kept; they only had to wait for what was executed before them. */
static bool keeps_nothing(struct commit **commits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!record_batch_is_empty(&commits[i]->batch))
            return false;
    return true;
}

static void commit_group(struct stages *stages, struct commit **commits, size_t count)
{
    struct record_batch *batches[STAGE_COMMITS];
    struct fault fault = {{0}};
    const int64_t started = io_monotonic();
    enum store_status status;
    size_t events = 0;

    if (keeps_nothing(commits, count)) {
        for (size_t i = 0; i < count; i++)
            commit_finish(commits[i], false);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        batches[i] = &commits[i]->batch;
        events += commits[i]->batch.event_count;
    }
    status = store_commit(stages->store, batches, count, &fault);
    if (status == STORE_OK) {
        atomic_store(&stages->spoiled_by, STORE_OK);
        atomic_fetch_add(&stages->commits, 1);
        atomic_fetch_add(&stages->events, events);
        atomic_fetch_add(&stages->commit_microseconds, (uint64_t)(io_monotonic() - started) * 1000);
    } else {
        note_failure(stages, status, commits[count - 1]->generation, &fault);
    }
    for (size_t i = 0; i < count; i++)
        commit_finish(commits[i], status != STORE_OK);
}

static void reload(struct stages *stages)
{
    struct fault fault = {{0}};
    enum store_status status;
    struct engine *engine = stages_load_engine(stages, false, &status, &fault);

    if (engine == NULL)
        LOG(LOG_LEVEL_ERROR, "store.reload-failed", LOG_WORD("status", store_status_name(status)),
            LOG_FAULT(fault.text));
    else
        LOG(LOG_LEVEL_INFO, "store.reloaded");
    pthread_mutex_lock(&stages->reload_lock);
    if (engine != NULL) {
        engine_destroy(stages->engine);
        stages->engine = engine;
        atomic_store(&stages->spoiled_by, STORE_OK); /* until the next commit says otherwise */
    }
    stages->reload_state = engine != NULL ? 2 : 3;
    pthread_cond_signal(&stages->reload_done);
    pthread_mutex_unlock(&stages->reload_lock);
}

/* One or more commits of one generation, or one reload, from the front. How many it dealt with. */
static size_t handle_front(struct stages *stages, struct commit **commits, size_t count)
{
    size_t group = 0;

    if (commits[0]->reload) {
        reload(stages);
        record_batch_finish(&commits[0]->batch);
        free(commits[0]->works);
        free(commits[0]);
        return 1;
    }
    if (commits[0]->generation <= atomic_load(&stages->spoiled)) {
        commit_finish(commits[0], true);
        return 1;
    }
    while (group < count && !commits[group]->reload && commits[group]->generation == commits[0]->generation)
        group++;
    commit_group(stages, commits, group);
    return group;
}

static void want_checkpoint(struct stages *stages)
{
    pthread_mutex_lock(&stages->checkpoint_lock);
    stages->checkpoint_wanted = true;
    pthread_cond_signal(&stages->checkpoint_due);
    pthread_mutex_unlock(&stages->checkpoint_lock);
}

void *store_stage_run(void *context)
{
    struct stages *stages = context;
    struct commit *commits[STAGE_COMMITS];
    unsigned since_checkpoint = 0;

    for (;;) {
        const size_t count = queue_take(stages->store_queue, (void **)commits, STAGE_COMMITS,
                                        since_checkpoint > 0 ? CHECKPOINT_IDLE_MS : -1);
        const uint64_t before = atomic_load(&stages->commits);
        for (size_t at = 0; at < count;)
            at += handle_front(stages, commits + at, count - at);
        since_checkpoint += atomic_load(&stages->commits) > before;
        if (count == 0 && queue_is_closed(stages->store_queue))
            break;
        if (count == 0) {
            struct fault fault = {{0}};
            if (store_prepare_keys(stages->store, &fault) != STORE_OK)
                LOG(LOG_LEVEL_WARNING, "store.keys-not-prepared", LOG_FAULT(fault.text));
        }
        if (since_checkpoint >= CHECKPOINT_COMMITS || (count == 0 && since_checkpoint > 0)) {
            want_checkpoint(stages);
            since_checkpoint = 0;
        }
    }
    return NULL;
}

void *checkpoint_run(void *context)
{
    struct stages *stages = context;
    struct fault fault = {{0}};

    pthread_mutex_lock(&stages->checkpoint_lock);
    while (!stages->checkpoint_stop) {
        if (!stages->checkpoint_wanted) {
            pthread_cond_wait(&stages->checkpoint_due, &stages->checkpoint_lock);
            continue;
        }
        stages->checkpoint_wanted = false;
        pthread_mutex_unlock(&stages->checkpoint_lock);
        if (store_checkpoint(stages->store, &fault) != STORE_OK)
            LOG(LOG_LEVEL_WARNING, "store.checkpoint-failed", LOG_FAULT(fault.text));
        pthread_mutex_lock(&stages->checkpoint_lock);
    }
    pthread_mutex_unlock(&stages->checkpoint_lock);
    return NULL;
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static void read_done_on_loop(void *context)
{
    struct read_job *job = context;

    atomic_fetch_sub(&job->stages->pending, 1);
    job->done(job);
}

static void *run_jobs(struct stages *stages, struct queue *queue, struct store_reader *reader)
{
    void *jobs[16];

    for (;;) {
        const size_t count = queue_take(queue, jobs, 16, -1);
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            struct read_job *job = jobs[i];
            job->run(reader, job);
            if (!io_post(stages->settings.loop, read_done_on_loop, job))
                read_done_on_loop(job); /* the loop has ended, and its thread waits for this one */
        }
    }
    return NULL;
}

void *read_stage_run(void *context)
{
    struct stages *stages = context;

    return run_jobs(stages, stages->read_queue, stages->reader);
}

void *slow_stage_run(void *context)
{
    struct stages *stages = context;

    return run_jobs(stages, stages->slow_queue, stages->slow_reader);
}
