#include "node/outbox_parts.h"

#include "io/log.h"
#include "node/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void go_on(struct outbox *outbox);

void message_destroy(struct message *message)
{
    if (message == NULL)
        return;
    message->outbox->in_hand--;
    free(message->row.payload);
    free(message->bytes);
    free(message);
}

/* ---- what became of a message, into the store ------------------------------------------------------------------------ */

static void push_notes(struct outbox *outbox);

static void note_destroy(struct note *note)
{
    note->outbox->note_count--;
    work_destroy(note->work);
    free(note);
}

/* Nothing of it was kept. What was heard is not sent again for that, but noted again. */
static void note_again(struct note *note)
{
    struct work *work = note->work;

    if (work->result != NULL)
        fascia__result__free_unpacked(work->result, NULL);
    if (work->response != NULL)
        fascia__control_response__free_unpacked(work->response, NULL);
    work->result = NULL;
    work->response = NULL;
    work->failed = false;
    TAILQ_INSERT_TAIL(&note->outbox->unsaved, note, link);
    io_timer_set(note->outbox->note_timer, 1000);
}

static void noted(struct work *work)
{
    struct note *note = work->context;
    struct outbox *outbox = note->outbox;

    TAILQ_REMOVE(&outbox->saving, note, link);
    if (work->failed && note->ends && !outbox->stopped) {
        note_again(note);
        return;
    }
    note_destroy(note);
    if (outbox->again && outbox->note_count == NOTES - 1)
        go_on(outbox);
}

/* In the order in which they were made, as long as the core has room. */
static void push_notes(struct outbox *outbox)
{
    struct note *note;

    while ((note = TAILQ_FIRST(&outbox->unsaved)) != NULL) {
        if (!work_push(outbox->stages, note->work)) {
            io_timer_set(outbox->note_timer, 100);
            return;
        }
        TAILQ_REMOVE(&outbox->unsaved, note, link);
        TAILQ_INSERT_TAIL(&outbox->saving, note, link);
    }
}

static void notes_due(void *context)
{
    push_notes(context);
}

static void add_note(struct outbox *outbox, struct work *work)
{
    struct note *note = calloc(1, sizeof *note);

    INVARIANT(note != NULL);
    *note = (struct note){
        .outbox = outbox, .work = work, .row = work->outbox->outbox, .ends = work->outbox->state != OUTBOX_PENDING};
    work->context = note;
    outbox->note_count++;
    TAILQ_INSERT_TAIL(&outbox->unsaved, note, link);
    push_notes(outbox);
}

static void push_update(struct message *message, Fascia__Command *command, enum outbox_state state, const char *word,
                        int64_t due)
{
    struct work *work = work_create(noted, NULL);

    work->command = command;
    work->outbox = calloc(1, sizeof *work->outbox);
    INVARIANT(work->outbox != NULL);
    *work->outbox = message->row;
    work->outbox->payload = NULL;
    work->outbox->size = 0;
    work->outbox->update = true;
    work->outbox->state = state;
    work->outbox->due = due;
    snprintf(work->outbox->error, sizeof work->outbox->error, "%s", word);
    add_note(message->outbox, work);
}

void outbox_note_attempt(struct message *message, const char *word, int64_t due)
{
    message->outbox->retried++;
    message->row.attempts++;
    push_update(message, NULL, OUTBOX_PENDING, word, due);
}

bool message_is_notice(const struct message *message)
{
    return message->row.referral == 0;
}

static Fascia__Command *done_command(const struct message *message, bool given_up)
{
    Fascia__Command *command = calloc(1, sizeof *command);

    INVARIANT(command != NULL);
    fascia__command__init(command);
    command->actor = strdup("outbox");
    command->body_case = FASCIA__COMMAND__BODY_OUTBOX_DONE;
    command->outbox_done = calloc(1, sizeof *command->outbox_done);
    INVARIANT(command->actor != NULL && command->outbox_done != NULL);
    fascia__outbox_done__init(command->outbox_done);
    command->outbox_done->outbox = message->row.outbox;
    command->outbox_done->referral = message->row.referral;
    command->outbox_done->given_up = given_up;
    return command;
}

/* That a notice was heard is no event, or it would be told in its turn. */
void outbox_settle(struct message *message, bool given_up, const char *word)
{
    Fascia__Command *command = message_is_notice(message) ? NULL : done_command(message, given_up);

    message->row.attempts++;
    if (given_up) {
        message->outbox->given_up++;
        LOG(LOG_LEVEL_ERROR, "outbox.given-up", LOG_NUMBER("referral", message->row.referral),
            LOG_NUMBER("outbox", message->row.outbox), LOG_WORD("because", word),
            LOG_CONFIGURED("source", message->source != NULL ? message->source->config->name : "?"));
    } else {
        message->outbox->delivered++;
    }
    push_update(message, command, given_up ? OUTBOX_GIVEN_UP : OUTBOX_DELIVERED, word, 0);
    message_destroy(message);
}

bool outbox_too_old(const struct message *message)
{
    return message->at != 0 && io_now() - message->at > message->outbox->config->give_up_after_ms;
}

/* ---- encoding: status and content to the sender's own bytes ----------------------------------------------------------- */

struct content_job {
    struct read_job job;
    struct message *message;
    Fascia__Referral *referral; /* NULL: erased, or not readable */
    enum store_status status;
};

static void read_content(struct store_reader *reader, struct read_job *base)
{
    struct content_job *job = (struct content_job *)base;
    struct referral_row row;
    struct fault fault = {{0}};

    job->status = store_read_referral(reader, job->message->row.referral, &row, &fault);
    if (job->status == STORE_OK)
        job->referral = content_read(reader, row.content_sequence, &job->status, &fault);
}

/* Replaces a later look, never an earlier one. */
static void look_in(struct outbox *outbox, int64_t delay)
{
    const int64_t at = io_monotonic() + delay;

    if (outbox->stopped || (outbox->look_at >= 0 && outbox->look_at <= at))
        return;
    outbox->look_at = at;
    io_timer_set(outbox->timer, delay);
}

/* It stays pending in the store, and so does all of its source that is read behind it. A later look finds them again. */
static void put_back(struct message *message)
{
    struct outbox *outbox = message->outbox;
    const struct config *config = outbox->config;

    outbox->pause = outbox->pause == 0 ? config->retry_first_ms : outbox->pause * 2;
    if (outbox->pause > config->retry_last_ms)
        outbox->pause = config->retry_last_ms;
    message->source->stuck = true;
    outbox_leave(outbox, message->row.outbox);
    message_destroy(message);
    look_in(outbox, outbox->pause);
}

static void write_file(struct message *message, const Fascia__Outbound *outbound)
{
    struct outbox *outbox = message->outbox;
    struct fault fault = {{0}};

    if (message->source->folder == NULL) {
        outbox_settle(message, true, "no-folder");
    } else if (io_folder_write(message->source->folder, outbound->file_name, outbound->payload.data,
                               outbound->payload.len, &fault)) {
        outbox->pause = 0;
        outbox_settle(message, false, "");
    } else if (outbox_too_old(message)) {
        outbox_settle(message, true, "not-written");
    } else {
        LOG(LOG_LEVEL_WARNING, "outbox.file-not-written", LOG_CONFIGURED("source", message->source->config->name),
            LOG_FAULT(fault.text));
        put_back(message);
    }
}

static void encoded(struct ending *ending, const ProtobufCMessage *base)
{
    struct message *message = (struct message *)ending;
    struct outbox *outbox = message->outbox;
    const Fascia__Outbound *outbound = (const Fascia__Outbound *)base;

    outbox->encoding = NULL;
    if (outbox->stopped || outbound == NULL || outbound->kind == FASCIA__OUTBOUND__KIND__RETRY) {
        put_back(message);
    } else if (outbound->kind == FASCIA__OUTBOUND__KIND__NOTHING) {
        outbox_settle(message, false, "not-wanted");
    } else if (outbound->kind == FASCIA__OUTBOUND__KIND__FILE) {
        write_file(message, outbound);
    } else {
        outbox->pause = 0;
        message->size = outbound->payload.len;
        message->bytes = malloc(message->size > 0 ? message->size : 1);
        INVARIANT(message->bytes != NULL);
        memcpy(message->bytes, outbound->payload.data, message->size);
        message->answer_timeout = outbound->answer_timeout;
        endpoint_send(outbox, outbound->address, message);
    }
    go_on(outbox);
}

static void encode(struct read_job *base)
{
    struct content_job *job = (struct content_job *)base;
    struct message *message = job->message;
    struct outbox *outbox = message->outbox;
    struct source *source = message->source; /* the message may be gone when plugin_status() returns */
    Fascia__Status *status = fascia__status__unpack(NULL, message->row.size, message->row.payload);
    Fascia__StatusNotice notice = FASCIA__STATUS_NOTICE__INIT;

    if (status == NULL || job->referral == NULL) {
        outbox->encoding = NULL;
        if (job->status == STORE_OK || job->status == STORE_MISSING)
            outbox_settle(message, true, "erased");
        else
            put_back(message);
        go_on(outbox);
    } else {
        message->at = status->at;
        notice.outbox = message->row.outbox;
        notice.status = status;
        notice.referral = job->referral;
        notice.attempt = message->row.attempts + 1;
        message->ending.ended = encoded;
        if (outbox->stopped || plugin_status(source->instance, &notice, &message->ending) == 0)
            encoded(&message->ending, NULL);
        else
            source_touch_expiry(source);
    }
    if (status != NULL)
        fascia__status__free_unpacked(status, NULL);
    if (job->referral != NULL)
        fascia__referral__free_unpacked(job->referral, NULL);
    free(job);
}

static void read_content_of(struct message *message)
{
    struct outbox *outbox = message->outbox;
    struct content_job *job = calloc(1, sizeof *job);

    INVARIANT(job != NULL);
    job->job = (struct read_job){.run = read_content, .done = encode};
    job->message = message;
    outbox->encoding = message;
    if (read_push(outbox->stages, &job->job))
        return;
    free(job);
    outbox->encoding = NULL;
    put_back(message);
}

/* One at a time: the order of the rows is the order in which they reach their endpoints. */
static void encode_next(struct outbox *outbox)
{
    while (outbox->encoding == NULL && outbox->reading_first != NULL) {
        struct message *message = outbox->reading_first;

        outbox->reading_first = message->next;
        if (outbox->reading_first == NULL)
            outbox->reading_last = NULL;
        message->next = NULL;
        if (message->source == NULL || message->source->config->is_plugin != message_is_notice(message)) {
            outbox_settle(message, true, "no-such-source");
        } else if (message_is_notice(message)) {
            endpoint_send(outbox, "", message);
        } else if (message->source->stuck) {
            outbox_leave(outbox, message->row.outbox);
            message_destroy(message);
        } else {
            read_content_of(message);
        }
    }
}

/* ---- reading rows --------------------------------------------------------------------------------------------------- */

struct page_job {
    struct read_job job;
    struct outbox *outbox;
    uint64_t after;
    struct outbox_row rows[OUTBOX_PAGE];
    size_t count;
    bool failed;
};

static bool keep_row(void *context, const struct outbox_row *row)
{
    struct page_job *page = context;
    struct outbox_row *kept = &page->rows[page->count++];

    *kept = *row;
    kept->payload = malloc(row->size > 0 ? row->size : 1);
    INVARIANT(kept->payload != NULL);
    if (row->size > 0)
        memcpy(kept->payload, row->payload, row->size);
    return page->count < OUTBOX_PAGE;
}

static void run_page(struct store_reader *reader, struct read_job *base)
{
    struct page_job *page = (struct page_job *)base;
    struct fault fault = {{0}};

    page->failed =
        store_read_outbox(reader, OUTBOX_PENDING, page->after, OUTBOX_PAGE, keep_row, page, &fault) != STORE_OK;
    if (page->failed)
        LOG(LOG_LEVEL_ERROR, "outbox.not-readable", LOG_FAULT(fault.text));
}

static struct source *source_named(const struct outbox *outbox, const char *name)
{
    for (size_t i = 0; i < outbox->source_count; i++)
        if (strcmp(outbox->sources[i]->config->name, name) == 0)
            return outbox->sources[i];
    return NULL;
}

static void take_row(struct outbox *outbox, struct outbox_row *row)
{
    struct message *message;

    if (row->outbox > outbox->cursor)
        outbox->cursor = row->outbox;
    if (outbox->stopped || (row->outbox <= outbox->highest && outbox_holds(outbox, row->outbox))) {
        free(row->payload);
        return;
    }
    if (row->outbox > outbox->highest)
        outbox->highest = row->outbox;
    message = calloc(1, sizeof *message);
    INVARIANT(message != NULL);
    message->outbox = outbox;
    message->row = *row;
    message->source = source_named(outbox, row->source);
    if (outbox->reading_last != NULL)
        outbox->reading_last->next = message;
    else
        outbox->reading_first = message;
    outbox->reading_last = message;
    outbox->in_hand++;
}

static void page_read(struct read_job *base)
{
    struct page_job *page = (struct page_job *)base;
    struct outbox *outbox = page->outbox;

    outbox->reading = false;
    for (size_t i = 0; i < page->count; i++)
        take_row(outbox, &page->rows[i]);
    if (page->count == OUTBOX_PAGE)
        outbox->again = true;
    if (page->failed)
        look_in(outbox, outbox->config->retry_first_ms);
    free(page);
    go_on(outbox);
}

static void read_page(struct outbox *outbox)
{
    struct page_job *page = calloc(1, sizeof *page);

    INVARIANT(page != NULL);
    page->job = (struct read_job){.run = run_page, .done = page_read};
    page->outbox = outbox;
    page->after = outbox->cursor;
    outbox->again = false;
    outbox->reading = true;
    if (read_push(outbox->stages, &page->job))
        return;
    free(page);
    outbox->reading = false;
    look_in(outbox, 1000);
}

/* Back to the lowest row that was left. What is read and not yet encoded is forgotten, or it would overtake that row. */
static void rewind_cursor(struct outbox *outbox)
{
    outbox->look_again = false;
    outbox->again = true;
    for (size_t i = 0; i < outbox->source_count; i++)
        outbox->sources[i]->stuck = false;
    endpoints_reopen(outbox);
    if (!outbox->held)
        return;
    if (outbox->held_cursor < outbox->cursor)
        outbox->cursor = outbox->held_cursor;
    if (outbox->reading_first != NULL && outbox->reading_first->row.outbox <= outbox->cursor)
        outbox->cursor = outbox->reading_first->row.outbox - 1;
    while (outbox->reading_first != NULL) {
        struct message *message = outbox->reading_first;
        outbox->reading_first = message->next;
        message_destroy(message);
    }
    outbox->reading_last = NULL;
    outbox->held = false;
}

/* The one place where the next step is chosen: nothing is read, rewound or encoded beside something that is. */
static void go_on(struct outbox *outbox)
{
    if (outbox->stopped || outbox->reading || outbox->encoding != NULL)
        return;
    if (outbox->look_again)
        rewind_cursor(outbox);
    encode_next(outbox);
    if (outbox->encoding == NULL && outbox->again && outbox->note_count < NOTES)
        read_page(outbox);
}

static bool has_note(const struct notes *notes, uint64_t id)
{
    const struct note *note;

    TAILQ_FOREACH(note, notes, link)
    {
        if (note->ends && note->row == id)
            return true;
    }
    return false;
}

bool outbox_holds(const struct outbox *outbox, uint64_t id)
{
    if (has_note(&outbox->saving, id) || has_note(&outbox->unsaved, id))
        return true;
    if (outbox->encoding != NULL && outbox->encoding->row.outbox == id)
        return true;
    for (const struct message *message = outbox->reading_first; message != NULL; message = message->next)
        if (message->row.outbox == id)
            return true;
    for (const struct endpoint *endpoint = outbox->endpoints; endpoint != NULL; endpoint = endpoint->next)
        for (const struct message *message = endpoint->first; message != NULL; message = message->next)
            if (message->row.outbox == id)
                return true;
    return false;
}

/* Rows that were put back, or left in the store for want of room, are looked for again from the lowest of them. */
static void look_again(void *context)
{
    struct outbox *outbox = context;

    outbox->look_at = -1;
    outbox->look_again = true;
    go_on(outbox);
}

void outbox_leave(struct outbox *outbox, uint64_t id)
{
    if (!outbox->held || id - 1 < outbox->held_cursor)
        outbox->held_cursor = id - 1;
    outbox->held = true;
}

void outbox_drained(struct outbox *outbox)
{
    look_in(outbox, 0);
}

/* ---- door ------------------------------------------------------------------------------------------------------------- */

struct outbox *outbox_create(struct io_loop *loop, struct stages *stages, const struct config *config,
                             struct source *const *sources, size_t source_count)
{
    struct outbox *outbox = calloc(1, sizeof *outbox);

    INVARIANT(outbox != NULL);
    outbox->loop = loop;
    outbox->stages = stages;
    outbox->config = config;
    outbox->sources = sources;
    outbox->source_count = source_count;
    TAILQ_INIT(&outbox->unsaved);
    TAILQ_INIT(&outbox->saving);
    outbox->timer = io_timer_create(loop, look_again, outbox);
    outbox->note_timer = io_timer_create(loop, notes_due, outbox);
    outbox->look_at = -1;
    look_in(outbox, 0);
    return outbox;
}

void outbox_sources(struct outbox *outbox, struct source *const *sources, size_t source_count)
{
    outbox->sources = sources;
    outbox->source_count = source_count;
    outbox_restart(outbox);
}

void outbox_poke(struct outbox *outbox)
{
    outbox->again = true;
    go_on(outbox);
}

void outbox_configure(struct outbox *outbox, const struct config *config)
{
    outbox->config = config;
}

void outbox_restart(struct outbox *outbox)
{
    outbox_leave(outbox, 1);
    look_in(outbox, 0);
}

void outbox_stop(struct outbox *outbox)
{
    outbox->stopped = true;
    io_timer_set(outbox->timer, -1);
}

void outbox_close(struct outbox *outbox)
{
    outbox->stopped = true;
    endpoints_close(outbox);
    io_timer_destroy(outbox->timer);
    io_timer_destroy(outbox->note_timer);
    outbox->timer = NULL;
    outbox->note_timer = NULL;
}

void outbox_destroy(struct outbox *outbox)
{
    if (outbox == NULL)
        return;
    for (struct message *message = outbox->reading_first, *next; message != NULL; message = next) {
        next = message->next;
        message_destroy(message);
    }
    endpoints_destroy(outbox);
    if (outbox->encoding != NULL)
        message_destroy(outbox->encoding);
    for (struct note *note; (note = TAILQ_FIRST(&outbox->unsaved)) != NULL;) {
        TAILQ_REMOVE(&outbox->unsaved, note, link);
        note_destroy(note);
    }
    free(outbox);
}

void outbox_counts(const struct outbox *outbox, struct outbox_counts *counts)
{
    *counts = (struct outbox_counts){.delivered = outbox->delivered,
                                     .retried = outbox->retried,
                                     .given_up = outbox->given_up,
                                     .waiting = outbox->in_hand,
                                     .endpoints = outbox->endpoint_count};
}
