/*
 * Requests of people that the store answers: a referral's history and content, the outbox, the audit trail, backups.
 */
#include "fascia/v1/plugin.pb-c.h"
#include "node/control.h"

#include "core/lifecycle.h"
#include "core/memory.h"
#include "io/log.h"
#include "node/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_EVENTS 2000
#define LIST_ROWS      1000
#define LIST_DEFAULT   100

/* One job for all of them: run fills the response on the reader's thread. */
struct control_job {
    struct read_job job;
    struct control_request *request;
    Fascia__ControlResponse *response;
    void (*fill)(struct store_reader *reader, struct control_job *job, struct fault *fault, enum store_status *status);
    size_t room;
    struct outbox_row *rows; /* of a retry */
    size_t row_count;
};

static void set_error(Fascia__ControlResponse *response, const char *text)
{
    if (response->error != NULL && response->error != (char *)protobuf_c_empty_string)
        free(response->error);
    response->error = strdup(text);
    INVARIANT(response->error != NULL);
}

static void run_job(struct store_reader *reader, struct read_job *base)
{
    struct control_job *job = (struct control_job *)base;
    struct fault fault = {{0}};
    enum store_status status = STORE_OK;

    job->fill(reader, job, &fault, &status);
    if (status != STORE_OK)
        set_error(job->response, fault.text[0] != '\0' ? fault.text : store_status_name(status));
}

static void job_done(struct read_job *base)
{
    struct control_job *job = (struct control_job *)base;

    control_answer(job->request, job->response, true);
    free(job);
}

static struct control_job *job_create(struct control_request *request, Fascia__ControlResponse *response,
                                      void (*fill)(struct store_reader *, struct control_job *, struct fault *,
                                                   enum store_status *))
{
    struct control_job *job = calloc(1, sizeof *job);

    INVARIANT(job != NULL);
    job->job = (struct read_job){run_job, job_done};
    job->request = request;
    job->response = response != NULL ? response : control_response();
    job->fill = fill;
    return job;
}

static void push_job(struct control_job *job, bool slow)
{
    struct control_request *request = job->request;
    struct stages *stages = control_stages(request->control);

    if (slow ? slow_push(stages, &job->job) : read_push(stages, &job->job))
        return;
    fascia__control_response__free_unpacked(job->response, NULL);
    free(job);
    control_busy(request);
}

static uint32_t bounded(uint32_t limit)
{
    return limit == 0 ? LIST_DEFAULT : limit > LIST_ROWS ? LIST_ROWS : limit;
}

/* ---- a referral ------------------------------------------------------------------------------------------------------- */

static bool add_history(void *context, const struct event_record *event, const uint8_t chain[32], bool erased)
{
    Fascia__ReferralDetail *detail = context;
    Fascia__HistoryEntry *entry = calloc(1, sizeof *entry);
    Fascia__Referral *content;

    (void)chain;
    INVARIANT(entry != NULL);
    fascia__history_entry__init(entry);
    entry->sequence = event->sequence;
    entry->at = event->at;
    entry->actor = memory_text(event->actor);
    entry->erased = erased;
    if (!erased)
        entry->event = fascia__event__unpack(NULL, event->size, event->payload);
    /* Content is asked for, and shown, by itself. */
    content = entry->event != NULL ? content_take(entry->event) : NULL;
    if (content != NULL)
        fascia__referral__free_unpacked(content, NULL);
    detail->history[detail->n_history++] = entry;
    return detail->n_history < HISTORY_EVENTS;
}

static void fill_row(const struct referral_row *row, Fascia__ReferralDetail *detail)
{
    Fascia__ReferralRow *filled = calloc(1, sizeof *filled);

    INVARIANT(filled != NULL);
    fascia__referral_row__init(filled);
    filled->referral = row->referral;
    filled->state = (Fascia__State)row->state;
    filled->priority = (Fascia__Priority)row->priority;
    filled->source = memory_text(row->source);
    filled->sender = memory_text(row->sender);
    filled->therapist = memory_text(row->therapist);
    filled->opened = row->opened;
    filled->changed = row->changed;
    filled->due = row->due;
    detail->row = filled;
}

static void fill_referral(struct store_reader *reader, struct control_job *job, struct fault *fault,
                          enum store_status *status)
{
    const Fascia__ShowReferral *wanted = job->request->request->show_referral;
    Fascia__ReferralDetail *detail = job->response->detail;
    struct referral_row row;

    *status = store_read_referral(reader, wanted->referral, &row, fault);
    if (*status == STORE_MISSING) {
        fault_set(fault, "there is no referral R%llu", (unsigned long long)wanted->referral);
        job->response->not_found = true;
    }
    if (*status != STORE_OK)
        return;
    if (detail == NULL) { /* long closed: the core holds no more of it than its keys */
        detail = calloc(1, sizeof *detail);
        INVARIANT(detail != NULL);
        fascia__referral_detail__init(detail);
        job->response->detail = detail;
        job->response->not_found = false;
        set_error(job->response, "");
    }
    if (detail->row == NULL)
        fill_row(&row, detail);
    detail->erased = row.erased;
    if (wanted->content && !row.erased)
        detail->content = content_read(reader, row.content_sequence, status, fault);
    if (wanted->history && *status == STORE_OK) {
        detail->history = calloc(HISTORY_EVENTS, sizeof(Fascia__HistoryEntry *));
        INVARIANT(detail->history != NULL);
        *status = store_read_events(reader, wanted->referral, 0, HISTORY_EVENTS, add_history, detail, fault);
    }
}

/* Who looks at content or history leaves a trace before seeing it. */
static void look_at_referral(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    struct control_request *request = work->context;
    const Fascia__ShowReferral *wanted = request->request->show_referral;

    if (wanted->content || wanted->history) {
        Fascia__Command command = FASCIA__COMMAND__INIT;
        Fascia__View view = FASCIA__VIEW__INIT;
        char what[] = "content";
        char history[] = "history";

        command.actor = request->actor;
        command.reach = request->request->reach;
        command.body_case = FASCIA__COMMAND__BODY_VIEW;
        command.view = &view;
        view.referral = wanted->referral;
        view.what = wanted->content ? what : history;
        engine_execute(engine, &command, now, batch, &work->result);
    }
    work->response = engine_show_referral(engine, wanted->referral, request->request->reach);
}

static void looked_at_referral(struct work *work)
{
    struct control_request *request = work->context;
    Fascia__ControlResponse *response = work->response;

    work->response = NULL;
    if (work->failed || (request->request->reach != NULL && response->not_found))
        control_answer(request, response, true);
    else
        push_job(job_create(request, response, fill_referral), false);
    work_destroy(work);
}

static void show_referral(struct control_request *request)
{
    struct work *work = work_create(looked_at_referral, request);

    work->run = look_at_referral;
    if (work_push(control_stages(request->control), work))
        return;
    work_destroy(work);
    control_busy(request);
}

/* ---- the outbox --------------------------------------------------------------------------------------------------------- */

static void describe_status(const struct outbox_row *row, Fascia__OutboxRow *added)
{
    Fascia__Status *status = fascia__status__unpack(NULL, row->size, row->payload);

    if (status == NULL)
        return;
    added->state = status->state;
    fascia__status__free_unpacked(status, NULL);
}

static void describe_notice(const struct outbox_row *row, Fascia__OutboxRow *added)
{
    Fascia__Notice *notice = fascia__notice__unpack(NULL, row->size, row->payload);

    if (notice == NULL)
        return;
    added->referral = notice->referral;
    added->state = notice->state;
    added->event = memory_text(notice->kind);
    fascia__notice__free_unpacked(notice, NULL);
}

static bool add_outbox(void *context, const struct outbox_row *row)
{
    struct control_job *job = context;
    Fascia__ControlResponse *response = job->response;
    Fascia__OutboxRow *added = calloc(1, sizeof *added);

    INVARIANT(added != NULL);
    fascia__outbox_row__init(added);
    added->outbox = row->outbox;
    added->referral = row->referral;
    added->source = memory_text(row->source);
    added->attempts = row->attempts;
    added->due = row->due;
    added->given_up = row->state == OUTBOX_GIVEN_UP;
    added->last_error = memory_text(row->error);
    if (row->referral == 0)
        describe_notice(row, added);
    else
        describe_status(row, added);
    response->outbox[response->n_outbox++] = added;
    return response->n_outbox < job->room;
}

static void fill_outbox(struct store_reader *reader, struct control_job *job, struct fault *fault,
                        enum store_status *status)
{
    const Fascia__ListOutbox *wanted = job->request->request->list_outbox;

    job->room = bounded(wanted->limit);
    job->response->outbox = calloc(job->room, sizeof(Fascia__OutboxRow *));
    INVARIANT(job->response->outbox != NULL);
    *status = store_read_outbox(reader, wanted->given_up ? OUTBOX_GIVEN_UP : OUTBOX_PENDING, 0, (uint32_t)job->room,
                                add_outbox, job, fault);
}

void control_status_lacks(Fascia__Node *node, const char *const *names, size_t count)
{
    node->unknown = realloc(node->unknown, (node->n_unknown + count) * sizeof *node->unknown);
    INVARIANT(node->unknown != NULL);
    for (size_t i = 0; i < count; i++)
        node->unknown[node->n_unknown++] = memory_text(names[i]);
}

/* A status is told even when the store can't be read: that is when it is asked for. */
static void fill_outbox_counts(struct store_reader *reader, struct control_job *job, struct fault *fault,
                               enum store_status *status)
{
    static const char *const outbox_numbers[] = {"outbox_pending", "outbox_given_up"};
    Fascia__Node *node = job->response->node;

    (void)status;
    if (store_count_outbox(reader, &node->outbox_pending, &node->outbox_given_up, fault) != STORE_OK)
        control_status_lacks(node, outbox_numbers, 2);
}

void control_answer_status(struct control_request *request, Fascia__ControlResponse *response)
{
    push_job(job_create(request, response, fill_outbox_counts), false);
}

static bool keep_given_up(void *context, const struct outbox_row *row)
{
    struct control_job *job = context;
    const uint64_t wanted = job->request->request->retry_outbox->outbox;

    if (wanted != 0 && row->outbox != wanted)
        return true;
    job->rows[job->row_count] = *row;
    job->rows[job->row_count].payload = NULL;
    job->rows[job->row_count].size = 0;
    return ++job->row_count < LIST_ROWS;
}

static void find_given_up(struct store_reader *reader, struct control_job *job, struct fault *fault,
                          enum store_status *status)
{
    *status = store_read_outbox(reader, OUTBOX_GIVEN_UP, 0, UINT32_MAX, keep_given_up, job, fault);
}

/* Pending again, as if never tried. */
static void put_pending(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    struct control_job *job = work->context;

    (void)engine;
    for (size_t i = 0; i < job->row_count; i++) {
        job->rows[i].update = true;
        job->rows[i].state = OUTBOX_PENDING;
        job->rows[i].attempts = 0;
        job->rows[i].due = now;
        record_add_outbox(batch, &job->rows[i]);
    }
}

static void retry_over(struct control_job *job, const char *error, bool unavailable)
{
    struct control_request *request = job->request;

    if (error != NULL)
        set_error(job->response, error);
    job->response->unavailable = unavailable;
    control_answer(request, job->response, true);
    free(job->rows);
    free(job);
}

static void pending_again(struct work *work)
{
    struct control_job *job = work->context;
    const struct control_host *host = control_host(job->request->control);

    if (!work->failed)
        host->outbox_restarted(host->context);
    retry_over(job, work->failed ? work->response->error : NULL, work->failed);
    work_destroy(work);
}

static void given_up_found(struct read_job *base)
{
    struct control_job *job = (struct control_job *)base;
    struct work *work;

    if (job->row_count == 0) {
        retry_over(job, "nothing that was given up has that number", false);
        return;
    }
    work = work_create(pending_again, job);
    work->run = put_pending;
    if (work_push(control_stages(job->request->control), work))
        return;
    work_destroy(work);
    retry_over(job, "the node is busy: try again", true);
}

static void retry_outbox(struct control_request *request)
{
    struct control_job *job = job_create(request, NULL, find_given_up);

    job->job.done = given_up_found;
    job->rows = calloc(LIST_ROWS, sizeof *job->rows);
    INVARIANT(job->rows != NULL);
    if (read_push(control_stages(request->control), &job->job))
        return;
    retry_over(job, "the node is busy: try again", true);
}

/* ---- audit and backup ------------------------------------------------------------------------------------------------------ */

static const char *event_kind_name(uint32_t kind)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(&fascia__event__descriptor, kind);

    return field != NULL ? field->name : "unknown";
}

static bool add_audit(void *context, const struct event_record *event, const uint8_t chain[32], bool erased)
{
    struct control_job *job = context;
    Fascia__ControlResponse *response = job->response;
    Fascia__AuditRow *row = calloc(1, sizeof *row);

    (void)erased;
    INVARIANT(row != NULL);
    fascia__audit_row__init(row);
    row->sequence = event->sequence;
    row->at = event->at;
    row->actor = memory_text(event->actor);
    row->referral = event->referral;
    row->kind = memory_text(event_kind_name(event->kind));
    row->chain.len = 32;
    row->chain.data = malloc(32);
    INVARIANT(row->chain.data != NULL);
    memcpy(row->chain.data, chain, 32);
    response->audit[response->n_audit++] = row;
    return response->n_audit < job->room;
}

static void fill_audit(struct store_reader *reader, struct control_job *job, struct fault *fault,
                       enum store_status *status)
{
    const Fascia__AuditList *wanted = job->request->request->audit_list;

    job->room = bounded(wanted->limit);
    job->response->audit = calloc(job->room, sizeof(Fascia__AuditRow *));
    INVARIANT(job->response->audit != NULL);
    *status = store_read_events(reader, wanted->referral, wanted->after, (uint32_t)job->room, add_audit, job, fault);
}

static void fill_audit_report(struct store_reader *reader, struct control_job *job, struct fault *fault,
                              enum store_status *status)
{
    struct store_audit audit = {0};
    Fascia__AuditReport *report = calloc(1, sizeof *report);

    INVARIANT(report != NULL);
    fascia__audit_report__init(report);
    *status = store_verify_audit(reader, &audit, fault);
    report->entries = audit.entries;
    report->whole = audit.whole;
    report->first_bad = audit.first_bad;
    report->head.len = sizeof audit.head;
    report->head.data = malloc(sizeof audit.head);
    INVARIANT(report->head.data != NULL);
    memcpy(report->head.data, audit.head, sizeof audit.head);
    job->response->audit_report = report;
}

static void make_backup(struct store_reader *reader, struct control_job *job, struct fault *fault,
                        enum store_status *status)
{
    const char *path = job->request->request->backup->path;
    struct store_backup_result result;

    if (path[0] != '/') {
        fault_set(fault, "the backup's path must be absolute");
        *status = STORE_MISSING;
        return;
    }
    *status = store_backup(reader, path, &result, fault);
    if (*status == STORE_OK)
        LOG(LOG_LEVEL_INFO, "store.backed-up", LOG_NUMBER("bytes", result.bytes),
            LOG_NUMBER("last", result.last_sequence));
}

void control_read(struct control_request *request)
{
    switch (request->request->body_case) {
    case FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL:
        show_referral(request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_LIST_OUTBOX:
        push_job(job_create(request, NULL, fill_outbox), false);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_RETRY_OUTBOX:
        retry_outbox(request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_AUDIT_LIST:
        push_job(job_create(request, NULL, fill_audit), false);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_AUDIT_VERIFY:
        push_job(job_create(request, NULL, fill_audit_report), true);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_BACKUP:
        push_job(job_create(request, NULL, make_backup), true);
        break;
    default:
        control_refuse(request, "the request asks nothing that this daemon knows");
    }
}
