/*
 * The core stage: the one thread that owns the engine. It takes all commands that wait and executes them into one commit.
 *
 * Matching is work that nobody waits for at a socket: it is done when no command has come for a moment, and beside a flood only for a small share of the
 * time. So a sender's acknowledgement waits neither for the matching of others nor for the disk to keep it, and no flood
 * can starve matching.
 */
#include "io/log.h"
#include "node/stages.h"

#include <stdlib.h>
#include <time.h>

#define WORK_EVERY_US   5000 /* beside a flood: so often, */
#define WORK_SHARE_US   1000 /* for so long */
#define WORK_IDLE_US    5000 /* with nobody waiting: for so long before looking up */
#define WORK_PIECES     8    /* between two looks at the clock, beside a flood */
#define IDLE_PIECES     32   /* with nobody waiting: more are placed together */
#define QUIET_MS        1    /* without a command: nobody waits */
#define IDLE_MS         20   /* least wait when the engine says that work is due and then finds none */
#define RELOAD_FIRST_MS 1000
#define RELOAD_LAST_MS  30000

struct core_stage {
    struct stages *stages;
    void *taken[STAGE_TAKE];
    int64_t retry_at; /* monotonic: when a spoiled engine is built anew; 0 while all is well */
    int64_t retry_delay;
    bool found_nothing;      /* when it was last asked to work */
    int64_t worked_at;       /* us, monotonic */
    uint64_t commits_before; /* when the engine was last built anew */
};

static int64_t now_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static struct commit *commit_create(struct stages *stages, size_t works)
{
    struct commit *commit = calloc(1, sizeof *commit);

    INVARIANT(commit != NULL);
    record_batch_init(&commit->batch);
    commit->works = works > 0 ? calloc(works, sizeof *commit->works) : NULL;
    INVARIANT(works == 0 || commit->works != NULL);
    commit->generation = stages->generation;
    commit->stages = stages;
    return commit;
}

static void execute(struct stages *stages, struct work *work, int64_t now, struct record_batch *batch)
{
    if (work->command != NULL)
        engine_execute(stages->engine, work->command, now, batch, &work->result);
    else if (work->run != NULL)
        work->run(stages->engine, work, now, batch);
    if (work->outbox != NULL) {
        record_add_outbox(batch, work->outbox);
        work->outbox->payload = NULL;
    }
}

static void hand_on(struct stages *stages, struct commit *commit)
{
    if (commit->work_count == 0 && record_batch_is_empty(&commit->batch)) {
        record_batch_finish(&commit->batch);
        free(commit->works);
        free(commit);
        return;
    }
    const bool pushed = queue_push_wait(stages->store_queue, commit);
    INVARIANT(pushed); /* the store's queue closes only after this thread has ended */
}

static int64_t wait_time(struct core_stage *stage)
{
    int64_t deadline;

    if (stage->retry_at != 0) {
        const int64_t left = stage->retry_at - io_monotonic();
        return left > 0 ? left : 0;
    }
    deadline = engine_next_deadline(stage->stages->engine);
    if (deadline == INT64_MAX)
        return 60000;
    deadline = deadline == 0 ? 0 : deadline - io_now();
    if (deadline <= 0)
        return stage->found_nothing ? IDLE_MS : QUIET_MS;
    return deadline < 60000 ? deadline : 60000;
}

/* While the engine is ahead of a disk that refused, nothing is executed: everybody is told to come back. */
static void refuse_all(struct stages *stages, void **taken, size_t count)
{
    struct commit *commit;

    if (count == 0)
        return;
    commit = commit_create(stages, count);
    for (size_t i = 0; i < count; i++)
        commit->works[commit->work_count++] = taken[i];
    commit_finish(commit, true);
}

static void grow_delay(struct core_stage *stage)
{
    stage->retry_delay = stage->retry_delay == 0 ? RELOAD_FIRST_MS : stage->retry_delay * 2;
    if (stage->retry_delay > RELOAD_LAST_MS)
        stage->retry_delay = RELOAD_LAST_MS;
    stage->retry_at = io_monotonic() + stage->retry_delay;
}

static void ask_for_reload(struct core_stage *stage)
{
    struct stages *stages = stage->stages;
    struct commit *commit;
    bool built;

    stages->generation++;
    commit = commit_create(stages, 0);
    commit->reload = true;
    pthread_mutex_lock(&stages->reload_lock);
    stages->reload_state = 1;
    pthread_mutex_unlock(&stages->reload_lock);
    const bool pushed = queue_push_wait(stages->store_queue, commit);
    INVARIANT(pushed);
    pthread_mutex_lock(&stages->reload_lock);
    while (stages->reload_state == 1)
        pthread_cond_wait(&stages->reload_done, &stages->reload_lock);
    built = stages->reload_state == 2;
    pthread_mutex_unlock(&stages->reload_lock);
    if (built) {
        stage->retry_at = 0;
        stage->commits_before = atomic_load(&stages->commits);
        atomic_fetch_add(&stages->reloads, 1);
        return;
    }
    atomic_store(&stages->spoiled, stages->generation);
    grow_delay(stage);
}

static void notice_failure(struct core_stage *stage)
{
    struct stages *stages = stage->stages;

    if (stage->retry_at != 0 || atomic_load(&stages->spoiled) < stages->generation)
        return;
    grow_delay(stage);
}

static void work_for_a_while(struct core_stage *stage, bool idle, int64_t now, struct record_batch *batch)
{
    const int64_t started = now_us();
    const int64_t until = started + (idle ? WORK_IDLE_US : WORK_SHARE_US);
    const size_t most = idle ? IDLE_PIECES : WORK_PIECES;
    size_t done = 0;

    if (!idle && started - stage->worked_at < WORK_EVERY_US)
        return;
    do {
        const size_t pieces = engine_work(stage->stages->engine, now, most, batch);
        if (pieces == 0)
            break;
        done += pieces;
    } while (now_us() < until && batch->bytes < STAGE_BATCH_BYTES);
    stage->found_nothing = done == 0;
    stage->worked_at = now_us();
}

/* ---- policies ---- */

struct asked {
    const struct stages_settings *settings;
    uint64_t ask;
    Fascia__Question *question;
};

static void tell_asked(void *context)
{
    struct asked *asked = context;

    asked->settings->asked(asked->settings->context, asked->ask, asked->question);
    free(asked);
}

/* Not after the disk: what is asked changes nothing, and is asked again by an engine that is built anew. */
static void hand_over_questions(struct stages *stages)
{
    Fascia__Question *question = NULL;
    uint64_t ask = 0;

    while (engine_next_question(stages->engine, &ask, &question)) {
        struct asked *asked = calloc(1, sizeof *asked);

        INVARIANT(asked != NULL);
        *asked = (struct asked){&stages->settings, ask, question};
        if (stages->settings.asked != NULL && io_post(stages->settings.loop, tell_asked, asked))
            continue;
        fascia__question__free_unpacked(question, NULL);
        free(asked);
    }
}

static void execute_all(struct core_stage *stage, size_t count)
{
    struct stages *stages = stage->stages;
    struct commit *commit = commit_create(stages, count);
    const int64_t now = io_now();

    for (size_t i = 0; i < count; i++) {
        execute(stages, stage->taken[i], now, &commit->batch);
        commit->works[commit->work_count++] = stage->taken[i];
        if (commit->batch.bytes > STAGE_BATCH_BYTES && i + 1 < count) {
            hand_on(stages, commit);
            commit = commit_create(stages, count - i - 1);
        }
    }
    atomic_fetch_add(&stages->commands, count);
    work_for_a_while(stage, count == 0, now, &commit->batch);
    hand_over_questions(stages);
    hand_on(stages, commit);
}

void *core_stage_run(void *context)
{
    struct core_stage *stage = calloc(1, sizeof *stage);
    struct stages *stages = context;

    INVARIANT(stage != NULL);
    stage->stages = stages;
    for (;;) {
        const size_t count = queue_take(stages->core_queue, stage->taken, STAGE_TAKE, wait_time(stage));
        notice_failure(stage);
        stages_take_settings(stages);
        if (stage->retry_at != 0) {
            refuse_all(stages, stage->taken, count);
            if (io_monotonic() >= stage->retry_at && !queue_is_closed(stages->core_queue))
                ask_for_reload(stage);
        } else {
            execute_all(stage, count);
            if (atomic_load(&stages->commits) > stage->commits_before)
                stage->retry_delay = 0;
        }
        if (count == 0 && queue_is_closed(stages->core_queue) && queue_length(stages->core_queue) == 0)
            break;
    }
    free(stage);
    return NULL;
}
