/*
 * Replays of explanations (core/replay.h): a job of the slow stage, beside the node that runs. It reads events in pages, so that no long read
 * keeps the log from being moved into the database, and ends early when nobody waits for it any more or the node drains.
 */
#include "core/memory.h"
#include "core/replay.h"
#include "io/log.h"
#include "node/control_match.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_EVENTS   4096
#define REPORTED_MOST 1000
#define PROGRESS_MS   250

struct replay_job {
    struct read_job job;
    struct control_request *request;
    Fascia__ControlResponse *response;
    Fascia__ReplayReport *report; /* of the response */
    const struct stages_settings *settings;
    struct store_reader *reader;
    struct replay *replay;
    uint64_t last;  /* event to be read */
    uint64_t read;  /* so far */
    uint64_t event; /* of the explanation that is wanted; 0: all */
    bool failed;
    struct fault fault;
    int64_t told_at;
    _Atomic bool unwanted;
};

/* ---- progress ------------------------------------------------------------------------------------------------------- */

struct progress {
    struct replay_job *job;
    uint64_t events, last;
};

static void tell_progress(void *context)
{
    struct progress *progress = context;
    struct replay_job *job = progress->job;
    Fascia__ControlResponse *response;

    if (control_is_unwanted(job->request)) {
        atomic_store(&job->unwanted, true);
    } else {
        response = control_response();
        response->replay = memory_allocate(1, sizeof *response->replay);
        fascia__replay_report__init(response->replay);
        response->replay->events = progress->events;
        response->replay->last_event = progress->last;
        control_answer(job->request, response, false);
    }
    free(progress);
}

/* The job outlives what it posts: its own end is posted after. */
static void report_progress(struct replay_job *job)
{
    const int64_t now = io_monotonic();
    struct progress *progress;

    if (now - job->told_at < PROGRESS_MS)
        return;
    job->told_at = now;
    progress = memory_allocate(1, sizeof *progress);
    *progress = (struct progress){job, job->report->events, job->last};
    if (io_post(job->settings->loop, tell_progress, progress))
        return;
    free(progress);
    atomic_store(&job->unwanted, true);
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

static bool find_erasure(void *context, const struct event_record *event, const uint8_t chain[32], bool erased)
{
    struct replay_erased *known = context;

    (void)chain;
    (void)erased;
    known->recorded = known->recorded || event->kind == FASCIA__EVENT__BODY_ERASED;
    return !known->recorded;
}

static bool find_erased(void *context, uint64_t referral, struct replay_erased *known)
{
    struct replay_job *job = context;
    struct fault fault;

    memset(known, 0, sizeof *known);
    return store_read_referral(job->reader, referral, &known->row, &fault) == STORE_OK &&
           store_read_events(job->reader, referral, 0, UINT32_MAX, find_erasure, known, &fault) == STORE_OK;
}

static bool go_on(void *context, uint64_t sequence)
{
    struct replay_job *job = context;

    job->report->events = sequence;
    report_progress(job);
    return !atomic_load(&job->unwanted);
}

static bool take_event(void *context, const struct event_record *event, const uint8_t chain[32], bool erased)
{
    struct replay_job *job = context;

    (void)chain;
    if (event->sequence > job->last)
        return false;
    job->failed = !replay_event(job->replay, event, erased, &job->fault);
    job->read = event->sequence;
    return !job->failed;
}

/* ---- verdicts ---------------------------------------------------------------------------------------------------------- */

/* Who asked for all of them left no trace at each: what was matched stays out of the answer. */
static void leave_out_values(Fascia__Replay *verdict)
{
    for (size_t i = 0; i < verdict->n_differences; i++) {
        Fascia__ReplayDifference *difference = verdict->differences[i];

        if (difference->stored != (char *)protobuf_c_empty_string)
            free(difference->stored);
        if (difference->replayed != (char *)protobuf_c_empty_string)
            free(difference->replayed);
        difference->stored = difference->replayed = (char *)(uintptr_t)protobuf_c_empty_string;
    }
}

static void take_verdict(void *context, Fascia__Replay *verdict)
{
    struct replay_job *job = context;
    Fascia__ReplayReport *report = job->report;

    report->same += verdict->verdict == FASCIA__REPLAY__VERDICT__SAME;
    report->different += verdict->verdict == FASCIA__REPLAY__VERDICT__DIFFERENT;
    report->inconclusive += verdict->verdict == FASCIA__REPLAY__VERDICT__INCONCLUSIVE;
    if (job->event == 0 && (verdict->verdict == FASCIA__REPLAY__VERDICT__SAME || report->n_replays == REPORTED_MOST)) {
        fascia__replay__free_unpacked(verdict, NULL);
        return;
    }
    if (job->event == 0)
        leave_out_values(verdict);
    report->replays[report->n_replays++] = verdict;
}

/* ---- the job ----------------------------------------------------------------------------------------------------------- */

/* Before all that came before is read. An event that can't be read any more is left for the replay to say so. */
static enum store_status check_kind(struct replay_job *job)
{
    const uint64_t referral = job->request->request->replay_match->referral;
    struct event_record record = {0};
    struct fault fault;

    if (store_read_event(job->reader, job->event, &record, &fault) != STORE_OK)
        return STORE_OK;
    free(record.payload);
    if (record.kind == FASCIA__EVENT__BODY_MATCHED && record.referral == referral)
        return STORE_OK;
    fault_set(&job->fault, "event %llu is no match of R%llu", (unsigned long long)job->event,
              (unsigned long long)referral);
    return STORE_MISSING;
}

static enum store_status find_what(struct replay_job *job)
{
    const Fascia__ReplayMatch *wanted = job->request->request->replay_match;
    struct referral_row row;
    enum store_status status;

    if (wanted->referral == 0)
        return STORE_OK;
    job->event = wanted->event;
    status = control_find_match(job->reader, wanted->referral, &job->event, &row, &job->fault);
    if (status == STORE_OK && job->event > job->last) {
        fault_set(&job->fault, "there is no event %llu", (unsigned long long)job->event);
        status = STORE_MISSING;
    }
    job->last = job->event;
    return status == STORE_OK ? check_kind(job) : status;
}

/* Whether the event is a match of the referral is known once it has been read. */
static void check_found(struct replay_job *job)
{
    const Fascia__ReplayMatch *wanted = job->request->request->replay_match;

    if (job->event == 0 || (job->report->n_replays == 1 && job->report->replays[0]->referral == wanted->referral))
        return;
    for (size_t i = 0; i < job->report->n_replays; i++)
        fascia__replay__free_unpacked(job->report->replays[i], NULL);
    job->report->n_replays = 0;
    fault_set(&job->fault, "event %llu is no match of R%llu", (unsigned long long)job->event,
              (unsigned long long)wanted->referral);
    job->failed = true;
}

static void read_all(struct replay_job *job)
{
    enum store_status status = STORE_OK;

    while (status == STORE_OK && !job->failed && job->read < job->last) {
        const uint64_t before = job->read;

        status = store_read_events(job->reader, 0, before, PAGE_EVENTS, take_event, job, &job->fault);
        if (job->read == before && status == STORE_OK && !job->failed) {
            fault_set(&job->fault, "event %llu is missing", (unsigned long long)before + 1);
            job->failed = true;
        }
    }
    job->failed = job->failed || status != STORE_OK;
    if (!job->failed)
        job->failed = !replay_finish(job->replay, &job->fault);
    job->report->events = job->read;
    if (!job->failed)
        check_found(job);
}

static void run_replay(struct store_reader *reader, struct read_job *base)
{
    struct replay_job *job = (struct replay_job *)base;
    struct replay_settings settings = {.codes = job->settings->codes,
                                       .zones = job->settings->zones,
                                       .context = job,
                                       .find_erased = find_erased,
                                       .go_on = go_on,
                                       .verdict = take_verdict};

    job->reader = reader;
    if (find_what(job) == STORE_OK) {
        settings.event = job->event;
        job->report->last_event = job->last;
        job->replay = replay_create(&settings);
        read_all(job);
        replay_destroy(job->replay);
    } else {
        job->failed = true;
    }
}

static void replayed(struct read_job *base)
{
    struct replay_job *job = (struct replay_job *)base;

    if (job->failed) {
        fascia__replay_report__free_unpacked(job->report, NULL);
        job->response->replay = NULL;
        job->response->error = memory_text(job->fault.text);
        job->response->unavailable = atomic_load(&job->unwanted);
    } else {
        LOG(LOG_LEVEL_INFO, "match.replayed", LOG_NUMBER("events", job->report->events),
            LOG_NUMBER("same", job->report->same), LOG_NUMBER("different", job->report->different),
            LOG_NUMBER("inconclusive", job->report->inconclusive));
    }
    control_answer(job->request, job->response, true);
    free(job);
}

void control_replay(struct control_request *request, uint64_t last_event)
{
    struct replay_job *job = memory_allocate(1, sizeof *job);

    job->job = (struct read_job){run_replay, replayed, NULL};
    job->request = request;
    job->settings = stages_settings(control_stages(request->control));
    job->last = last_event;
    job->response = control_response();
    job->report = job->response->replay = memory_allocate(1, sizeof *job->report);
    fascia__replay_report__init(job->report);
    job->report->replays = memory_allocate(REPORTED_MOST, sizeof(Fascia__Replay *));
    if (slow_push(control_stages(request->control), &job->job))
        return;
    fascia__control_response__free_unpacked(job->response, NULL);
    free(job);
    control_busy(request);
}
