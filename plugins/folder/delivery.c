#include "folder/delivery.h"

#include "folder/answer.h"
#include "folder/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct packed {
    uint8_t *bytes;
    size_t size;
};

struct folder_delivery {
    const struct folder_settings *settings;
    const struct fascia_host *host;
    uint64_t token;
    struct folder_file *file;
    struct folder_outcome *outcomes; /* by item */
    size_t count, room;
    size_t open;           /* submitted and not answered */
    struct packed waiting; /* a row that the host was too busy for; its item is the last */
    bool ended;            /* the file has no more rows */
    bool unreadable;       /* it stopped before its end */
    bool later;            /* the host could not keep a row: the file comes again */
};

struct folder_delivery *folder_delivery_create(const struct folder_settings *settings, const struct fascia_host *host,
                                               uint64_t token, const Fascia__Delivery *message)
{
    struct folder_delivery *delivery = folder_allocate(sizeof *delivery);

    delivery->settings = settings;
    delivery->host = host;
    delivery->token = token;
    delivery->file = folder_file_create(settings, message->file_name, message->payload.data, message->payload.len);
    return delivery;
}

void folder_delivery_destroy(struct folder_delivery *delivery)
{
    for (size_t i = 0; i < delivery->count; i++)
        free(delivery->outcomes[i].problem);
    free(delivery->outcomes);
    free(delivery->waiting.bytes);
    folder_file_destroy(delivery->file);
    free(delivery);
}

uint64_t folder_delivery_token(const struct folder_delivery *delivery)
{
    return delivery->token;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static struct folder_outcome *add_outcome(struct folder_delivery *delivery, size_t number)
{
    struct folder_outcome *outcome;

    if (delivery->count == delivery->room) {
        struct folder_outcome *grown;
        delivery->room = delivery->room > 0 ? 2 * delivery->room : 64;
        grown = realloc(delivery->outcomes, delivery->room * sizeof *grown);
        if (grown == NULL)
            abort();
        delivery->outcomes = grown;
    }
    outcome = &delivery->outcomes[delivery->count++];
    *outcome = (struct folder_outcome){.number = number, .state = ""};
    return outcome;
}

static void refuse(struct folder_outcome *outcome, const char *problem)
{
    outcome->result = "refused";
    free(outcome->problem);
    outcome->problem = folder_text(problem);
}

/* What the host said to the last row; true when it was taken, or answered. */
static bool submit(struct folder_delivery *delivery, struct packed packed)
{
    struct folder_outcome *outcome = &delivery->outcomes[delivery->count - 1];

    switch (delivery->host->submit(delivery->host->context, delivery->token,
                                   (struct fascia_bytes){packed.bytes, packed.size})) {
    case FASCIA_OK:
        delivery->open++;
        return true;
    case FASCIA_E_BUSY:
        return false;
    case FASCIA_E_LIMIT:
        refuse(outcome, "the row is larger than a referral may be");
        return true;
    default:
        refuse(outcome, "the row could not be handed over");
        return true;
    }
}

static void submit_or_wait(struct folder_delivery *delivery, struct packed packed)
{
    if (submit(delivery, packed))
        free(packed.bytes);
    else
        delivery->waiting = packed;
}

static void take_row(struct folder_delivery *delivery, Fascia__Submission *submission, size_t number)
{
    struct packed packed;

    add_outcome(delivery, number);
    submission->item = (uint32_t)(delivery->count - 1);
    packed.size = fascia__submission__get_packed_size(submission);
    packed.bytes = folder_allocate(packed.size);
    fascia__submission__pack(submission, packed.bytes);
    fascia__submission__free_unpacked(submission, NULL);
    submit_or_wait(delivery, packed);
}

static void read_row(struct folder_delivery *delivery)
{
    Fascia__Submission *submission = NULL;
    char fault[FOLDER_FAULT];
    size_t number = 0;
    const enum folder_next next = folder_file_next(delivery->file, &submission, &number, fault);

    if (next == FOLDER_ROW && delivery->count < delivery->settings->maximum_rows) {
        take_row(delivery, submission, number);
        return;
    }
    if (next == FOLDER_ROW) {
        fascia__submission__free_unpacked(submission, NULL);
        snprintf(fault, sizeof fault,
                 "the file has more than %u rows (option maximum_rows); this and what follows was not read",
                 delivery->settings->maximum_rows);
    }
    if (next != FOLDER_END)
        refuse(add_outcome(delivery, number), fault);
    delivery->ended = next == FOLDER_END || next == FOLDER_STOP || delivery->count > delivery->settings->maximum_rows;
    delivery->unreadable = next == FOLDER_STOP;
}

void folder_delivery_result(struct folder_delivery *delivery, uint32_t item, const Fascia__Result *result)
{
    struct folder_outcome *outcome = item < delivery->count ? &delivery->outcomes[item] : NULL;

    if (outcome == NULL || outcome->result != NULL || delivery->open == 0)
        return;
    delivery->open--;
    folder_outcome_take(outcome, result);
    if (result->verdict == FASCIA__RESULT__VERDICT__BUSY || result->verdict == FASCIA__RESULT__VERDICT__FAILED)
        delivery->later = true;
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

static size_t count_bad(const struct folder_delivery *delivery)
{
    size_t bad = 0;

    for (size_t i = 0; i < delivery->count; i++)
        bad += !folder_outcome_is_good(&delivery->outcomes[i]);
    return bad;
}

static void complete(struct folder_delivery *delivery)
{
    Fascia__Completion completion = FASCIA__COMPLETION__INIT;
    const size_t bad = count_bad(delivery);
    struct packed packed;

    completion.later = delivery->later;
    if (!delivery->later) {
        completion.reply.data = folder_answer_write(delivery->outcomes, delivery->count,
                                                    folder_file_is_json(delivery->file), &completion.reply.len);
        completion.failed = bad > 0; /* somebody should look */
    }
    packed.size = fascia__completion__get_packed_size(&completion);
    packed.bytes = folder_allocate(packed.size);
    fascia__completion__pack(&completion, packed.bytes);
    free(completion.reply.data);
    delivery->host->log(delivery->host->context, bad > 0 ? FASCIA_LOG_WARNING : FASCIA_LOG_INFO,
                        delivery->later        ? "folder.file-later"
                        : delivery->unreadable ? "folder.file-unreadable"
                        : bad > 0              ? "folder.file-rows-refused"
                                               : "folder.file-done",
                        (int64_t)(bad > 0 ? bad : delivery->count));
    delivery->host->complete(delivery->host->context, delivery->token,
                             (struct fascia_bytes){packed.bytes, packed.size});
    free(packed.bytes);
}

static void retry_waiting(struct folder_delivery *delivery)
{
    const struct packed packed = delivery->waiting;

    delivery->waiting = (struct packed){0};
    submit_or_wait(delivery, packed);
}

bool folder_delivery_advance(struct folder_delivery *delivery)
{
    if (delivery->waiting.bytes != NULL && !delivery->later)
        retry_waiting(delivery);
    while (!delivery->later && !delivery->ended && delivery->waiting.bytes == NULL &&
           delivery->open < delivery->settings->window)
        read_row(delivery);
    if (delivery->open > 0)
        return false;
    /* nothing is under way whose answer could wake what waits */
    if (delivery->waiting.bytes != NULL)
        delivery->later = true;
    if (!delivery->later && !delivery->ended)
        return false;
    complete(delivery);
    return true;
}
