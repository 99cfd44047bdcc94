#include "exchange.h"

#include "line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct exchange {
    struct exchange *next;
    uint64_t token;
    uint8_t *text; /* our copy: what the host gives is lent for the call only */
    size_t size, at;
    uint32_t open;   /* lines that were submitted and are not answered */
    bool failed;     /* a line was not taken */
    bool incomplete; /* memory ran out while answering: better no answer than half of one */
    bool is_file;
    uint8_t *reply;
    size_t reply_size, reply_room;
};

static struct exchange **find(struct source *source, uint64_t token)
{
    struct exchange **at = &source->waiting;

    while (*at != NULL && (*at)->token != token)
        at = &(*at)->next;
    return at;
}

static void forget(struct exchange **at)
{
    struct exchange *exchange = *at;

    *at = exchange->next;
    free(exchange->text);
    free(exchange->reply);
    free(exchange);
}

void exchange_forget_all(struct source *source)
{
    while (source->waiting != NULL)
        forget(&source->waiting);
}

/* ---- ending ------------------------------------------------------------------------------------------------------------ */

static void complete(struct source *source, uint64_t token, const uint8_t *reply, size_t size, bool failed)
{
    Fascia__Completion completion = FASCIA__COMPLETION__INIT;
    uint8_t *packed = NULL;

    completion.reply = (ProtobufCBinaryData){size, (uint8_t *)reply};
    completion.failed = failed; /* a file with a line that was not taken goes to failed/: somebody should look */
    packed = malloc(fascia__completion__get_packed_size(&completion) + 1);
    if (packed == NULL)
        return; /* the host gives the delivery up at its deadline, and nobody was told a lie */
    source->host->complete(source->host->context, token,
                           (struct fascia_bytes){packed, fascia__completion__pack(&completion, packed)});
    free(packed);
}

static void append(struct exchange *exchange, const char *bytes, size_t size)
{
    if (size == 0 || exchange->incomplete)
        return;
    if (exchange->reply_size + size > exchange->reply_room) {
        size_t room = 2 * (exchange->reply_size + size);
        uint8_t *grown = realloc(exchange->reply, room);
        if (grown == NULL) {
            exchange->incomplete = true;
            return;
        }
        exchange->reply = grown;
        exchange->reply_room = room;
    }
    memcpy(exchange->reply + exchange->reply_size, bytes, size);
    exchange->reply_size += size;
}

/* ---- going through the lines -------------------------------------------------------------------------------------------- */

/* The line at an offset, without its end; *next is where the following one begins. */
static struct fascia_bytes line_at(const struct exchange *exchange, size_t offset, size_t *next)
{
    const uint8_t *start = exchange->text + offset;
    const uint8_t *end = memchr(start, '\n', exchange->size - offset);
    size_t size = end == NULL ? exchange->size - offset : (size_t)(end - start);

    *next = offset + size + (end != NULL);
    return (struct fascia_bytes){start, size > 0 && start[size - 1] == '\r' ? size - 1 : size};
}

static bool is_noise(const struct exchange *exchange, struct fascia_bytes line)
{
    return line.size == 0 || (exchange->is_file && line.data[0] == '#');
}

/* The host's answer to a submission. The item is the line's offset: unique in the delivery, and enough to find its id again. */
static enum fascia_status submit(struct source *source, const struct exchange *exchange, struct line *line,
                                 size_t offset)
{
    enum fascia_status status = FASCIA_E_INTERNAL;
    uint8_t *packed = NULL;

    line->submission.item = (uint32_t)offset;
    packed = malloc(fascia__submission__get_packed_size(&line->submission) + 1);
    if (packed != NULL)
        status =
            source->host->submit(source->host->context, exchange->token,
                                 (struct fascia_bytes){packed, fascia__submission__pack(&line->submission, packed)});
    free(packed);
    return status;
}

/* False when the line must wait until another one is answered. */
static bool take_line(struct source *source, struct exchange *exchange, struct fascia_bytes bytes, size_t offset)
{
    struct line line;
    struct line_problem problem;
    char answer[LINE_ANSWER];
    enum fascia_status status;

    if (!line_read(&line, bytes, source->sender, &problem)) {
        append(exchange, answer, line_answer_problem(answer, sizeof answer, line_id(&line), &problem));
        exchange->failed = true;
        return true;
    }
    status = submit(source, exchange, &line, offset);
    if (status == FASCIA_OK) {
        exchange->open++;
        return true;
    }
    if (status == FASCIA_E_BUSY && exchange->open > 0)
        return false;
    append(exchange, answer, line_answer_later(answer, sizeof answer, line_id(&line)));
    exchange->failed = true;
    return true;
}

/* Submits what the window allows, and ends the delivery when nothing is left. */
static void advance(struct source *source, struct exchange **at)
{
    struct exchange *exchange = *at;

    while (exchange->at < exchange->size && exchange->open < source->window) {
        size_t next = 0;
        struct fascia_bytes line = line_at(exchange, exchange->at, &next);
        if (!is_noise(exchange, line) && !take_line(source, exchange, line, exchange->at))
            return;
        exchange->at = next;
    }
    if (exchange->at < exchange->size || exchange->open > 0)
        return;
    if (!exchange->incomplete)
        complete(source, exchange->token, exchange->reply, exchange->reply_size, exchange->failed);
    forget(at);
}

static size_t count_lines(const struct exchange *exchange)
{
    size_t lines = 0;

    for (size_t at = 0; at < exchange->size; lines++)
        line_at(exchange, at, &at);
    return lines;
}

static struct exchange *begin(struct source *source, uint64_t token, const Fascia__Delivery *delivery)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);

    if (exchange == NULL || (exchange->text = malloc(delivery->payload.len + 1)) == NULL) {
        free(exchange);
        return NULL;
    }
    if (delivery->payload.len > 0)
        memcpy(exchange->text, delivery->payload.data, delivery->payload.len);
    exchange->size = delivery->payload.len;
    exchange->token = token;
    exchange->is_file = delivery->connection == 0;
    exchange->next = source->waiting;
    source->waiting = exchange;
    return exchange;
}

void exchange_deliver(void *instance, uint64_t token, struct fascia_bytes message)
{
    static const char too_many[] = "NO||file|has more lines than this source takes; split it\n", later[] = "LATER|\n";
    struct source *source = instance;
    Fascia__Delivery *delivery = fascia__delivery__unpack(NULL, message.size, message.data);
    struct exchange *exchange = delivery == NULL ? NULL : begin(source, token, delivery);

    if (exchange == NULL) {
        complete(source, token, (const uint8_t *)later, sizeof later - 1, true);
    } else if (count_lines(exchange) > source->lines) {
        complete(source, token, (const uint8_t *)too_many, sizeof too_many - 1, true);
        forget(&source->waiting);
    } else {
        advance(source, &source->waiting);
    }
    fascia__delivery__free_unpacked(delivery, NULL);
}

/* Working it off ended this plugin's process before, or it is larger than the host takes. Only what addresses the answer is read: the id
 * between the first two bars, if it stands there at all. */
void exchange_refuse(void *instance, uint64_t token, struct fascia_bytes message)
{
    static const struct line_problem problem = {"line", "this node can't work it off; ask before it is sent again"};
    static const struct line_problem large = {"line", "it is longer than this node takes"};
    Fascia__Delivery *delivery = fascia__delivery__unpack(NULL, message.size, message.data);
    char id[LINE_LONGEST + 1] = "", answer[LINE_ANSWER];

    if (delivery != NULL && delivery->connection != 0 && delivery->payload.len > 0) {
        size_t shown = delivery->payload.len < LINE_LONGEST ? delivery->payload.len : LINE_LONGEST;
        const uint8_t *end = delivery->payload.data + shown;
        const uint8_t *bar = memchr(delivery->payload.data, '|', shown);
        const uint8_t *next = bar == NULL ? NULL : memchr(bar + 1, '|', (size_t)(end - bar - 1));
        size_t size = bar == NULL ? 0 : (size_t)((next == NULL ? end : next) - bar - 1);
        memcpy(id, bar == NULL ? end : bar + 1, size);
        id[strcspn(id, "\r\n")] = '\0';
    }
    complete(
        instance, token, (const uint8_t *)answer,
        line_answer_problem(answer, sizeof answer, id, delivery != NULL && delivery->limit > 0 ? &large : &problem),
        true);
    fascia__delivery__free_unpacked(delivery, NULL);
}

/* ---- what became of a line ------------------------------------------------------------------------------------------------ */

void exchange_result(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct source *source = instance;
    struct exchange **at = find(source, token);
    Fascia__SubmissionResult *result = fascia__submission_result__unpack(NULL, message.size, message.data);
    char answer[LINE_ANSWER];

    if (*at != NULL && result != NULL && result->result != NULL && result->item < (*at)->size) {
        struct line line;
        struct line_problem problem;
        size_t next = 0;
        (void)!line_read(&line, line_at(*at, result->item, &next), source->sender, &problem);
        append(*at, answer, line_answer_result(answer, sizeof answer, line_id(&line), result->result));
        if (result->result->verdict != FASCIA__RESULT__VERDICT__OK &&
            result->result->verdict != FASCIA__RESULT__VERDICT__DUPLICATE)
            (*at)->failed = true;
        (*at)->open--;
        advance(source, at);
    }
    fascia__submission_result__free_unpacked(result, NULL);
}

/* The host has given up waiting: what it will not hear of any more need not be kept. */
void exchange_abandon(void *instance, uint64_t token)
{
    struct exchange **at = find(instance, token);

    if (*at != NULL)
        forget(at);
}
