/*
 * A small source that is right in everything, from which each animal of this zoo departs in one thing.
 *
 * A frame is a line: R|id|family|given|birth|diagnosis. It is answered "OK|id", "NO|id" or "LATER|id".
 */
#ifndef FASCIA_TESTS_CHECK_ZOO_LINES_H
#define FASCIA_TESTS_CHECK_ZOO_LINES_H

#include <fascia/plugin.h>
#include <fascia/v1/plugin.pb-c.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LONGEST 65536
#define LINE_COLUMNS 6

/* A line that waits for its result. */
struct waiting {
    struct waiting *next;
    uint64_t token;
    char *line;
};
struct lines {
    const struct fascia_host *host;
    struct waiting *waiting;
    /* for mischief */
    uint64_t token;
    const uint8_t *lent;
    unsigned count;
    char text[128];
};

/* ---- endings ---- */

static inline void lines_end(struct lines *lines, uint64_t token, const ProtobufCMessage *ending)
{
    uint8_t *packed = malloc(protobuf_c_message_get_packed_size(ending) + 1);

    if (packed == NULL)
        return;
    lines->host->complete(lines->host->context, token,
                          (struct fascia_bytes){packed, protobuf_c_message_pack(ending, packed)});
    free(packed);
}

static inline void lines_reply(struct lines *lines, uint64_t token, const char *word, const char *id)
{
    Fascia__Completion completion = FASCIA__COMPLETION__INIT;
    char reply[256];

    completion.reply.data = (uint8_t *)reply;
    completion.reply.len = (size_t)snprintf(reply, sizeof reply, "%s|%.200s\n", word, id);
    lines_end(lines, token, &completion.base);
}

/* ---- what waits ---- */

static inline struct waiting **lines_find(struct lines *lines, uint64_t token)
{
    struct waiting **at = &lines->waiting;

    while (*at != NULL && (*at)->token != token)
        at = &(*at)->next;
    return at;
}

static inline void lines_forget(struct waiting **at)
{
    struct waiting *waiting = *at;

    if (waiting == NULL)
        return;
    *at = waiting->next;
    free(waiting->line);
    free(waiting);
}

static inline void lines_wait(struct lines *lines, uint64_t token, const char *line)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);

    waiting->token = token;
    waiting->line = strdup(line);
    waiting->next = lines->waiting;
    lines->waiting = waiting;
}

/* ---- life ---- */

static inline enum fascia_status lines_open(const struct fascia_host *host, struct fascia_bytes options,
                                            void **instance, char *fault, size_t fault_size)
{
    struct lines *lines = calloc(1, sizeof *lines);

    (void)options;
    (void)fault;
    (void)fault_size;
    lines->host = host;
    *instance = lines;
    return FASCIA_OK;
}

static inline void lines_close(void *instance)
{
    struct lines *lines = instance;

    while (lines->waiting != NULL)
        lines_forget(&lines->waiting);
    free(lines);
}

/* ---- reading ---- */

static inline void lines_frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    const uint8_t *end =
        already < buffered.size ? memchr(buffered.data + already, '\n', buffered.size - already) : NULL;

    (void)instance;
    frame->scanned = buffered.size;
    if (end != NULL) {
        frame->result = FASCIA_FRAME_COMPLETE;
        frame->payload_size = (size_t)(end - buffered.data);
        frame->total = frame->payload_size + 1;
    }
    if ((end == NULL ? buffered.size : frame->payload_size) > LINE_LONGEST)
        frame->result = FASCIA_FRAME_INVALID;
}

/* ASCII alone: what is more is refused. The id of a line is its second column. */
static inline bool lines_read(const Fascia__Delivery *delivery, char *line)
{
    size_t size = delivery->payload.len;

    line[0] = '\0';
    if (size == 0 || size >= LINE_LONGEST)
        return false;
    for (size_t i = 0; i < size; i++)
        if (delivery->payload.data[i] < ' ' || delivery->payload.data[i] > '~')
            return false;
    memcpy(line, delivery->payload.data, size);
    line[size] = '\0';
    return strncmp(line, "R|", 2) == 0 && line[2] != '\0' && line[2] != '|';
}

static inline void lines_split(char *line, char *columns[LINE_COLUMNS])
{
    static char empty[1];

    for (size_t i = 0; i < LINE_COLUMNS; i++) {
        char *bar = line == NULL ? NULL : strchr(line, '|');
        columns[i] = line == NULL ? empty : line;
        if (bar != NULL)
            *bar++ = '\0';
        line = bar;
    }
}

struct lines_message {
    Fascia__Submission submission;
    Fascia__Submit submit;
    Fascia__Referral referral;
    Fascia__Patient patient;
    Fascia__Code code, *codes[1];
    Fascia__Referral__ReplyEntry entry, *entries[1]; /* for mischief */
};

/* line is changed, and lent. */
static inline void lines_fill(struct lines_message *message, char *line, const Fascia__Delivery *delivery)
{
    char *columns[LINE_COLUMNS];

    lines_split(line, columns);
    fascia__submission__init(&message->submission);
    fascia__submit__init(&message->submit);
    fascia__referral__init(&message->referral);
    fascia__patient__init(&message->patient);
    fascia__code__init(&message->code);
    message->submission.item = 1;
    message->submission.submit = &message->submit;
    message->submit.referral = &message->referral;
    message->referral.sender = "lines";
    message->referral.sender_referral_id = columns[1];
    message->referral.original = delivery->payload;
    message->referral.original_media_type = "text/x-line";
    message->referral.patient = &message->patient;
    message->patient.family_name = columns[2];
    message->patient.given_name = columns[3];
    message->patient.birth_date = columns[4];
    message->code.code = columns[5];
    message->code.location = "column 6";
    message->codes[0] = &message->code;
    message->referral.conditions = message->codes;
    message->referral.n_conditions = 1;
}

static inline enum fascia_status lines_submit(struct lines *lines, uint64_t token, const Fascia__Submission *submission)
{
    uint8_t *packed = malloc(fascia__submission__get_packed_size(submission) + 1);
    enum fascia_status status = lines->host->submit(
        lines->host->context, token, (struct fascia_bytes){packed, fascia__submission__pack(submission, packed)});

    free(packed);
    return status;
}

/* An animal changes the message before it is handed over. */
static inline void lines_deliver_with(struct lines *lines, uint64_t token, struct fascia_bytes bytes,
                                      void (*change)(struct lines *lines, struct lines_message *message))
{
    Fascia__Delivery *delivery = fascia__delivery__unpack(NULL, bytes.size, bytes.data);
    struct lines_message message;
    char *line = malloc(LINE_LONGEST), *kept = NULL;

    if (!lines_read(delivery, line)) {
        lines_reply(lines, token, "NO", "");
    } else {
        kept = strdup(line);
        lines_fill(&message, line, delivery);
        if (change != NULL)
            change(lines, &message);
        lines_wait(lines, token, kept);
        if (lines_submit(lines, token, &message.submission) != FASCIA_OK) {
            lines_forget(lines_find(lines, token));
            lines_reply(lines, token, "LATER", message.referral.sender_referral_id);
        }
    }
    free(kept);
    free(line);
    fascia__delivery__free_unpacked(delivery, NULL);
}

static inline void lines_deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_deliver_with(instance, token, bytes, NULL);
}

/* The id, if its bar stands in what is shown. */
static inline void lines_refuse(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    Fascia__Delivery *delivery = fascia__delivery__unpack(NULL, bytes.size, bytes.data);
    char id[64] = "";

    for (size_t i = 2, used = 0; i < delivery->payload.len && used < sizeof id - 1; i++) {
        if (delivery->payload.data[i] < ' ' || delivery->payload.data[i] > '~' || delivery->payload.data[i] == '|')
            break;
        id[used++] = (char)delivery->payload.data[i];
        id[used] = '\0';
    }
    lines_reply(instance, token, "NO", id);
    fascia__delivery__free_unpacked(delivery, NULL);
}

static inline const char *lines_word(struct fascia_bytes bytes)
{
    Fascia__SubmissionResult *result = fascia__submission_result__unpack(NULL, bytes.size, bytes.data);
    Fascia__Result__Verdict verdict = result->result->verdict;

    fascia__submission_result__free_unpacked(result, NULL);
    if (verdict == FASCIA__RESULT__VERDICT__OK || verdict == FASCIA__RESULT__VERDICT__DUPLICATE)
        return "OK";
    return verdict == FASCIA__RESULT__VERDICT__BUSY || verdict == FASCIA__RESULT__VERDICT__FAILED ? "LATER" : "NO";
}

static inline void lines_result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    struct lines *lines = instance;
    struct waiting **at = lines_find(lines, token);
    char *columns[LINE_COLUMNS];

    if (*at == NULL)
        return;
    lines_split((*at)->line, columns);
    lines_reply(lines, token, lines_word(bytes), columns[1]);
    lines_forget(at);
}

static inline void lines_abandon(void *instance, uint64_t token)
{
    lines_forget(lines_find(instance, token));
}

/* ---- statuses ---- */

static inline void lines_status(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    const Fascia__Outbound outbound = FASCIA__OUTBOUND__INIT;

    (void)bytes;
    lines_end(instance, token, &outbound.base);
}

static inline void lines_answered(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    Fascia__Verdict verdict = FASCIA__VERDICT__INIT;

    (void)bytes;
    verdict.kind = FASCIA__VERDICT__KIND__UNRELATED;
    lines_end(instance, token, &verdict.base);
}

static inline struct fascia_plugin lines_good(void)
{
    return (struct fascia_plugin){.magic = FASCIA_PLUGIN_MAGIC,
                                  .size = sizeof(struct fascia_plugin),
                                  .abi_major = FASCIA_ABI_MAJOR,
                                  .abi_minor = FASCIA_ABI_MINOR,
                                  .kind = FASCIA_KIND_SOURCE,
                                  .transports = FASCIA_TRANSPORT_STREAM,
                                  .name = "animal",
                                  .version = "1.0",
                                  .summary = "An animal of the kit's zoo",
                                  .open = lines_open,
                                  .close = lines_close,
                                  .frame = lines_frame,
                                  .deliver = lines_deliver,
                                  .result = lines_result,
                                  .status = lines_status,
                                  .answered = lines_answered,
                                  .abandon = lines_abandon,
                                  .refuse = lines_refuse};
}

/* Defines fascia_plugin() of a source that is right but for what the statement does to `described`. */
#define ANIMAL(departs)                                                                                                \
    const struct fascia_plugin *fascia_plugin(void)                                                                    \
    {                                                                                                                  \
        static struct fascia_plugin described;                                                                         \
        described = lines_good();                                                                                      \
        departs;                                                                                                       \
        return &described;                                                                                             \
    }

#endif
