#include "node/stages.h"

#include "io/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct stages_settings *stages_settings(const struct stages *stages)
{
    return &stages->settings;
}

struct work *work_create(void (*done)(struct work *work), void *context)
{
    struct work *work = calloc(1, sizeof *work);

    INVARIANT(work != NULL);
    work->done = done;
    work->context = context;
    return work;
}

void work_destroy(struct work *work)
{
    if (work == NULL)
        return;
    if (work->command != NULL)
        fascia__command__free_unpacked(work->command, NULL);
    if (work->result != NULL)
        fascia__result__free_unpacked(work->result, NULL);
    if (work->response != NULL)
        fascia__control_response__free_unpacked(work->response, NULL);
    if (work->outbox != NULL)
        free(work->outbox->payload);
    free(work->outbox);
    free(work);
}

static void take_policies(const struct config *config, struct engine_settings *settings)
{
    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *source = &config->sources[i];
        const bool may_gate = (source->grants & CONFIG_GRANT_GATE) != 0,
                   may_score = (source->grants & CONFIG_GRANT_SCORE) != 0;

        if ((!may_gate && !may_score) || settings->policy_count == ENGINE_POLICIES)
            continue;
        struct engine_policy *policy = &settings->policies[settings->policy_count++];
        snprintf(policy->name, sizeof policy->name, "%s", source->name);
        policy->weight = source->policy_weight;
        policy->may_gate = may_gate;
        policy->may_score = may_score;
        policy->time = source->judge_ms;
    }
}

static void take_notifiers(const struct config *config, struct engine_settings *settings)
{
    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *source = &config->sources[i];

        if ((source->grants & CONFIG_GRANT_EVENTS) == 0 || settings->notifier_count == ENGINE_NOTIFIERS)
            continue;
        struct engine_notifier *notifier = &settings->notifiers[settings->notifier_count++];
        snprintf(notifier->name, sizeof notifier->name, "%s", source->name);
        notifier->events = source->events;
    }
}

void engine_settings_from(const struct config *config, struct engine_settings *settings, struct match_settings *match)
{
    match_settings_default(match);
    for (int part = 0; part < PART_COUNT; part++)
        match->weight[part] = config->weight[part];
    match->rating_mean = config->rating_mean;
    match->rating_prior = config->rating_prior;
    match->earliest_span = config->earliest_span_ms;
    match->experience_full = config->experience_full;

    engine_settings_default(settings);
    memcpy(settings->offer_lifetime, config->offer_lifetime, sizeof settings->offer_lifetime);
    settings->default_max_distance = config->max_distance;
    settings->default_duration = config->duration_minutes;
    settings->payer_required = config->payer_required;
    settings->maximum_offers = config->maximum_offers;
    snprintf(settings->default_zone, sizeof settings->default_zone, "%s", config->time_zone);
    snprintf(settings->default_country, sizeof settings->default_country, "%s", config->country);
    settings->match = match;
    take_notifiers(config, settings);
    take_policies(config, settings);
}

static void keyed_hash(void *context, const uint8_t *bytes, size_t size, uint8_t key[RECORD_KEY_BYTES])
{
    store_keyed_hash(context, bytes, size, key);
}

/* ---- starting and ending --------------------------------------------------------------------------------------- */

static void start_thread(pthread_t *thread, void *(*function)(void *), struct stages *stages)
{
    int failed = pthread_create(thread, NULL, function, stages);

    INVARIANT(failed == 0);
}

struct stages *stages_create(const struct stages_settings *settings, struct fault *fault)
{
    struct stages *stages = calloc(1, sizeof *stages);
    enum store_status status = STORE_OK;

    INVARIANT(stages != NULL);
    stages->settings = *settings;
    stages->store = settings->store;
    stages->generation = 1;
    stages->hash = (struct engine_hash){.context = stages->store, .keyed = keyed_hash};
    engine_settings_from(settings->config, &stages->engine_settings, &stages->match_settings);
    pthread_mutex_init(&stages->reload_lock, NULL);
    pthread_cond_init(&stages->reload_done, NULL);
    pthread_mutex_init(&stages->checkpoint_lock, NULL);
    pthread_cond_init(&stages->checkpoint_due, NULL);
    stages->engine = stages_load_engine(stages, true, &status, fault);
    if (stages->engine != NULL)
        status = store_reader_open(stages->store, &stages->reader, fault);
    if (stages->reader != NULL)
        status = store_reader_open(stages->store, &stages->slow_reader, fault);
    if (stages->engine == NULL || status != STORE_OK) {
        store_reader_close(stages->reader);
        engine_destroy(stages->engine);
        free(stages);
        return NULL;
    }
    stages->core_queue = queue_create(settings->config->queue);
    stages->store_queue = queue_create(STAGE_COMMITS);
    stages->read_queue = queue_create(settings->config->queue);
    stages->slow_queue = queue_create(64);
    start_thread(&stages->core_thread, core_stage_run, stages);
    start_thread(&stages->store_thread, store_stage_run, stages);
    start_thread(&stages->read_thread, read_stage_run, stages);
    start_thread(&stages->slow_thread, slow_stage_run, stages);
    start_thread(&stages->checkpoint_thread, checkpoint_run, stages);
    return stages;
}

/* The millions of pieces of a large engine end sooner with the process than one by one. What stands here is not lost to a leak checker. */
static void leave_to_the_end(struct engine *engine)
{
    static struct engine *left;

    engine_destroy(left);
    left = engine;
}

void stages_stop(struct stages *stages)
{
    if (stages == NULL || stages->stopped)
        return;
    stages->stopped = true;
    /* In the direction of the data: what a stage still holds goes through the next one before that ends. */
    queue_close(stages->core_queue);
    pthread_join(stages->core_thread, NULL);
    queue_close(stages->store_queue);
    pthread_join(stages->store_thread, NULL);
    queue_close(stages->read_queue);
    pthread_join(stages->read_thread, NULL);
    queue_close(stages->slow_queue);
    pthread_join(stages->slow_thread, NULL);
    pthread_mutex_lock(&stages->checkpoint_lock);
    stages->checkpoint_stop = true;
    pthread_cond_signal(&stages->checkpoint_due);
    pthread_mutex_unlock(&stages->checkpoint_lock);
    pthread_join(stages->checkpoint_thread, NULL);
    store_reader_close(stages->slow_reader);
    store_reader_close(stages->reader);
    leave_to_the_end(stages->engine);
    store_close(stages->store);
}

void stages_destroy(struct stages *stages)
{
    if (stages == NULL)
        return;
    stages_stop(stages);
    queue_destroy(stages->core_queue);
    queue_destroy(stages->store_queue);
    queue_destroy(stages->read_queue);
    queue_destroy(stages->slow_queue);
    pthread_mutex_destroy(&stages->reload_lock);
    pthread_cond_destroy(&stages->reload_done);
    pthread_mutex_destroy(&stages->checkpoint_lock);
    pthread_cond_destroy(&stages->checkpoint_due);
    free(atomic_load(&stages->wanted));
    free(stages);
}

bool work_push(struct stages *stages, struct work *work)
{
    atomic_fetch_add(&stages->pending, 1);
    if (queue_push(stages->core_queue, work))
        return true;
    atomic_fetch_sub(&stages->pending, 1);
    return false;
}

static bool push_job(struct stages *stages, struct queue *queue, struct read_job *job)
{
    atomic_fetch_add(&stages->pending, 1);
    if (queue_push(queue, job))
        return true;
    atomic_fetch_sub(&stages->pending, 1);
    return false;
}

bool read_push(struct stages *stages, struct read_job *job)
{
    job->stages = stages;
    return push_job(stages, stages->read_queue, job);
}

bool slow_push(struct stages *stages, struct read_job *job)
{
    job->stages = stages;
    return push_job(stages, stages->slow_queue, job);
}

size_t stages_pending(struct stages *stages)
{
    return atomic_load(&stages->pending);
}

const char *stages_refusal(int status)
{
    switch (status) {
    case STORE_OK:
        return "";
    case STORE_FULL:
        return "the disk is full";
    case STORE_READONLY:
        return "the database can't be written";
    case STORE_CONFLICT:
        return "a change did not fit what is stored";
    default:
        return "the database failed";
    }
}

void stages_counts(struct stages *stages, struct stage_counts *counts)
{
    const int refusal = atomic_load(&stages->spoiled_by);

    *counts = (struct stage_counts){
        .commands = atomic_load(&stages->commands),
        .commits = atomic_load(&stages->commits),
        .commit_failures = atomic_load(&stages->commit_failures),
        .events = atomic_load(&stages->events),
        .reloads = atomic_load(&stages->reloads),
        .commit_microseconds = atomic_load(&stages->commit_microseconds),
        .queue_core = queue_length(stages->core_queue),
        .queue_store = queue_length(stages->store_queue),
        .queue_read = queue_length(stages->read_queue),
        .accepting = refusal == STORE_OK,
        .because = stages_refusal(refusal),
    };
}

/* ---- new settings --------------------------------------------------------------------------------------------------- */

void stages_take_settings(struct stages *stages)
{
    struct new_settings *wanted = atomic_exchange(&stages->wanted, NULL);

    if (wanted == NULL)
        return;
    stages->match_settings = wanted->match;
    stages->engine_settings = wanted->engine;
    stages->engine_settings.match = &stages->match_settings;
    engine_reconfigure(stages->engine, &stages->engine_settings);
    free(wanted);
    LOG(LOG_LEVEL_INFO, "config.settings-taken");
}

/* Apart from the queue, which may be full, and from the commits, which a disk may refuse. */
void stages_reconfigure(struct stages *stages, const struct config *config)
{
    struct new_settings *wanted = calloc(1, sizeof *wanted);
    struct work *nudge = work_create(work_destroy, NULL);

    INVARIANT(wanted != NULL);
    engine_settings_from(config, &wanted->engine, &wanted->match);
    /* Notifiers and policies are those that were loaded. */
    wanted->engine.notifier_count = wanted->engine.policy_count = 0;
    take_notifiers(stages->settings.config, &wanted->engine);
    take_policies(stages->settings.config, &wanted->engine);
    free(atomic_exchange(&stages->wanted, wanted));
    if (!work_push(stages, nudge))
        work_destroy(nudge); /* then the core is awake */
}
