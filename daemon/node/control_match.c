/*
 * Requests about matches: the stored explanations, questions that nobody sent, and whether explanations come out the same again.
 *
 * Who looks at what a referral needs leaves a trace in its history before seeing it.
 */
#include "node/control.h"

#include "core/memory.h"
#include "node/control_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_EVENTS 2000

static void set_error(Fascia__ControlResponse *response, const char *text)
{
    if (response->error != NULL && response->error != (char *)protobuf_c_empty_string)
        free(response->error);
    response->error = memory_text(text);
}

/* ---- the trace ------------------------------------------------------------------------------------------------------ */

static uint64_t referral_of(const Fascia__ControlRequest *wanted)
{
    switch (wanted->body_case) {
    case FASCIA__CONTROL_REQUEST__BODY_EXPLAIN_MATCH:
        return wanted->explain_match->referral;
    case FASCIA__CONTROL_REQUEST__BODY_TRY_MATCH:
        return wanted->try_match->referral;
    default:
        return wanted->replay_match->referral;
    }
}

static void leave_trace(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    struct control_request *request = work->context;
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__View view = FASCIA__VIEW__INIT;
    char what[] = "explanation";

    view.referral = referral_of(request->request);
    if (view.referral == 0)
        return;
    view.what = what;
    command.actor = request->actor;
    command.reach = request->request->reach;
    command.body_case = FASCIA__COMMAND__BODY_VIEW;
    command.view = &view;
    engine_execute(engine, &command, now, batch, &work->result);
}

static bool is_unknown(const struct work *work)
{
    return work->result != NULL && work->result->verdict == FASCIA__RESULT__VERDICT__NOT_FOUND;
}

static void refuse_unknown(struct control_request *request)
{
    control_answer(request, engine_response_no_referral(referral_of(request->request)), true);
}

/* With a trace, and then `run`. */
static void push_look(struct control_request *request,
                      void (*run)(struct engine *, struct work *, int64_t, struct record_batch *),
                      void (*done)(struct work *))
{
    struct work *work = work_create(done, request);

    work->run = run;
    if (work_push(control_stages(request->control), work))
        return;
    work_destroy(work);
    control_busy(request);
}

/* ---- what if ---------------------------------------------------------------------------------------------------------- */

static void try_match(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    struct control_request *request = work->context;

    leave_trace(engine, work, now, batch);
    work->response = is_unknown(work) ? engine_response_no_referral(referral_of(request->request))
                                      : engine_try_match(engine, request->request->try_match, now);
}

static void tried(struct work *work)
{
    Fascia__ControlResponse *response = work->response;

    work->response = NULL;
    response->unavailable = work->failed;
    control_answer(work->context, response, true);
    work_destroy(work);
}

/* ---- explanations ------------------------------------------------------------------------------------------------------- */

struct explain_job {
    struct read_job job;
    struct control_request *request;
    Fascia__ControlResponse *response;
};

/* Of an event, what tells how the matter went on: who was matched (without the explanation, which is asked for by itself), offered, and what they said. */
static bool tells(Fascia__Event *event)
{
    switch (event->body_case) {
    case FASCIA__EVENT__BODY_MATCHED:
        if (event->matched->explanation != NULL)
            fascia__explanation__free_unpacked(event->matched->explanation, NULL);
        event->matched->explanation = NULL;
        return true;
    case FASCIA__EVENT__BODY_OFFER_CLOSED:
        if (event->offer_closed->reason != (char *)protobuf_c_empty_string)
            free(event->offer_closed->reason);
        event->offer_closed->reason = (char *)(uintptr_t)protobuf_c_empty_string;
        return true;
    case FASCIA__EVENT__BODY_OFFERED:
    case FASCIA__EVENT__BODY_ACCEPTED:
        return true;
    default:
        return false;
    }
}

static bool add_history(void *context, const struct event_record *record, const uint8_t chain[32], bool erased)
{
    Fascia__ReferralDetail *detail = context;
    Fascia__Event *event = erased ? NULL : fascia__event__unpack(NULL, record->size, record->payload);
    Fascia__HistoryEntry *entry;

    (void)chain;
    if (event == NULL)
        return true;
    if (!tells(event)) {
        fascia__event__free_unpacked(event, NULL);
        return true;
    }
    entry = memory_allocate(1, sizeof *entry);
    fascia__history_entry__init(entry);
    entry->sequence = record->sequence;
    entry->at = record->at;
    entry->actor = memory_text(record->actor);
    entry->event = event;
    detail->history[detail->n_history++] = entry;
    return detail->n_history < HISTORY_EVENTS;
}

static enum store_status read_history(struct store_reader *reader, const struct referral_row *row,
                                      Fascia__ControlResponse *response, struct fault *fault)
{
    Fascia__ReferralDetail *detail = memory_allocate(1, sizeof *detail);

    fascia__referral_detail__init(detail);
    response->detail = detail;
    detail->row = memory_allocate(1, sizeof *detail->row);
    fascia__referral_row__init(detail->row);
    detail->row->referral = row->referral;
    detail->row->state = (Fascia__State)row->state;
    detail->row->priority = (Fascia__Priority)row->priority;
    detail->row->source = memory_text(row->source);
    detail->row->sender = memory_text(row->sender);
    detail->row->therapist = memory_text(row->therapist);
    detail->row->opened = row->opened;
    detail->row->changed = row->changed;
    detail->row->due = row->due;
    detail->erased = row->erased;
    detail->history = memory_allocate(HISTORY_EVENTS, sizeof(Fascia__HistoryEntry *));
    return store_read_events(reader, row->referral, 0, UINT32_MAX, add_history, detail, fault);
}

static enum store_status read_explanation(struct store_reader *reader, uint64_t referral, uint64_t sequence,
                                          Fascia__ControlResponse *response, struct fault *fault)
{
    struct event_record record = {0};
    Fascia__Event *event = NULL;
    enum store_status status = store_read_event(reader, sequence, &record, fault);

    if (status == STORE_OK)
        event = fascia__event__unpack(NULL, record.size, record.payload);
    if (event != NULL && record.referral == referral && event->body_case == FASCIA__EVENT__BODY_MATCHED) {
        response->explanation = event->matched->explanation;
        event->matched->explanation = NULL;
    } else if (status == STORE_OK) {
        fault_set(fault, "event %llu is no match of R%llu", (unsigned long long)sequence, (unsigned long long)referral);
        status = STORE_MISSING;
    }
    if (event != NULL)
        fascia__event__free_unpacked(event, NULL);
    free(record.payload);
    return status;
}

enum store_status control_find_match(struct store_reader *reader, uint64_t referral, uint64_t *event,
                                     struct referral_row *row, struct fault *fault)
{
    enum store_status status = store_read_referral(reader, referral, row, fault);

    if (status == STORE_MISSING)
        fault_set(fault, "there is no referral R%llu", (unsigned long long)referral);
    if (status == STORE_OK && *event == 0 && row->match_sequence == 0) {
        fault_set(fault, "R%llu was not matched yet", (unsigned long long)referral);
        status = STORE_MISSING;
    }
    if (*event == 0)
        *event = row->match_sequence;
    return status;
}

static void read_explained(struct store_reader *reader, struct read_job *base)
{
    struct explain_job *job = (struct explain_job *)base;
    const Fascia__ExplainMatch *wanted = job->request->request->explain_match;
    uint64_t event = wanted->event;
    struct fault fault = {{0}};
    struct referral_row row;
    enum store_status status = control_find_match(reader, wanted->referral, &event, &row, &fault);

    if (status == STORE_OK)
        status = read_explanation(reader, wanted->referral, event, job->response, &fault);
    if (status == STORE_OK)
        status = read_history(reader, &row, job->response, &fault);
    if (status != STORE_OK)
        set_error(job->response, fault.text[0] != '\0' ? fault.text : store_status_name(status));
}

static void explained(struct read_job *base)
{
    struct explain_job *job = (struct explain_job *)base;

    control_answer(job->request, job->response, true);
    free(job);
}

static void looked(struct work *work)
{
    struct control_request *request = work->context;
    struct explain_job *job;

    if (work->failed) {
        control_answer(request, work->response, true);
        work->response = NULL;
        work_destroy(work);
        return;
    }
    if (is_unknown(work)) {
        work_destroy(work);
        refuse_unknown(request);
        return;
    }
    work_destroy(work);
    job = memory_allocate(1, sizeof *job);
    *job = (struct explain_job){{read_explained, explained, NULL}, request, control_response()};
    if (read_push(control_stages(request->control), &job->job))
        return;
    fascia__control_response__free_unpacked(job->response, NULL);
    free(job);
    control_busy(request);
}

/* ---- replays ------------------------------------------------------------------------------------------------------------- */

static void count_events(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    struct engine_counts counts;

    leave_trace(engine, work, now, batch);
    engine_counts(engine, &counts);
    work->number[0] = counts.last_sequence;
}

static void counted(struct work *work)
{
    struct control_request *request = work->context;
    const uint64_t last = work->number[0];

    if (work->failed) {
        control_answer(request, work->response, true);
        work->response = NULL;
        work_destroy(work);
    } else if (is_unknown(work)) {
        work_destroy(work);
        refuse_unknown(request);
    } else {
        work_destroy(work);
        control_replay(request, last);
    }
}

void control_match(struct control_request *request)
{
    switch (request->request->body_case) {
    case FASCIA__CONTROL_REQUEST__BODY_TRY_MATCH:
        push_look(request, try_match, tried);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_EXPLAIN_MATCH:
        push_look(request, leave_trace, looked);
        break;
    default:
        if (request->request->replay_match->referral == 0 && request->request->replay_match->event != 0)
            control_refuse(request, "say which referral the event is of");
        else
            push_look(request, count_events, counted);
    }
}
