/*
 * Who waits: the core says who and what they need, the store why, by the match that it recorded. Both know no patient by name.
 */
#include "node/control.h"

#include "core/memory.h"

#include <stdlib.h>

struct waiting_job {
    struct read_job job;
    struct control_request *request;
    Fascia__ControlResponse *response;
};

static void take_misses(Fascia__WaitingRow *row, Fascia__Explanation *explanation)
{
    row->matched_at = explanation->at;
    row->considered = explanation->considered;
    row->near_misses = explanation->near_misses;
    row->n_near_misses = explanation->n_near_misses;
    explanation->near_misses = NULL;
    explanation->n_near_misses = 0;
}

/* What can't be read, because it was erased meanwhile, is left out. */
static void explain_row(struct store_reader *reader, Fascia__WaitingRow *row)
{
    struct event_record record = {0};
    struct fault fault = {{0}};
    Fascia__Event *event = NULL;

    if (row->matched != 0 && store_read_event(reader, row->matched, &record, &fault) == STORE_OK)
        event = fascia__event__unpack(NULL, record.size, record.payload);
    free(record.payload);
    if (event == NULL)
        return;
    if (event->body_case == FASCIA__EVENT__BODY_MATCHED && event->matched->explanation != NULL)
        take_misses(row, event->matched->explanation);
    fascia__event__free_unpacked(event, NULL);
}

static void explain_rows(struct store_reader *reader, struct read_job *base)
{
    struct waiting_job *job = (struct waiting_job *)base;

    for (size_t i = 0; i < job->response->n_waiting; i++)
        explain_row(reader, job->response->waiting[i]);
}

static void explained(struct read_job *base)
{
    struct waiting_job *job = (struct waiting_job *)base;

    control_answer(job->request, job->response, true);
    free(job);
}

static void look(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    const struct control_request *request = work->context;

    (void)now;
    (void)batch;
    work->response = engine_list_waiting(engine, request->request->list_waiting, request->request->reach);
}

static void looked(struct work *work)
{
    struct control_request *request = work->context;
    struct waiting_job *job;

    if (work->failed || work->response->n_waiting == 0) {
        control_answer(request, work->response, true);
        work->response = NULL;
        work_destroy(work);
        return;
    }
    job = memory_allocate(1, sizeof *job);
    *job = (struct waiting_job){{.run = explain_rows, .done = explained}, request, work->response};
    work->response = NULL;
    work_destroy(work);
    if (read_push(control_stages(request->control), &job->job))
        return;
    fascia__control_response__free_unpacked(job->response, NULL);
    free(job);
    control_busy(request);
}

void control_list_waiting(struct control_request *request)
{
    struct work *work = work_create(looked, request);

    work->run = look;
    if (work_push(control_stages(request->control), work))
        return;
    work_destroy(work);
    control_busy(request);
}
