/*
 * A source to copy: a small real format, streams and folders, and every function that a source must have.
 *
 * Read it from here: what the plugin says of itself, its options, its life. line.c knows the format, exchange.c the deliveries. README.md walks through it.
 */
#include "exchange.h"
#include "line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options: one table gives checking, defaults, errors with line and column, and the manual ------------------------------ */

#define ROW .size = sizeof(struct fascia_option)
static const struct fascia_option options[] = {
    {ROW, .type = FASCIA_OPTION_TEXT, .name = "sender",
     .help = "What the sending program is called; referrals are known by it and their id", .default_value = "lines",
     .minimum = 1, .maximum = 64},
    {ROW, .type = FASCIA_OPTION_INTEGER, .name = "window",
     .help = "How many lines of one file may be on their way at one time", .default_value = "32", .minimum = 1,
     .maximum = 1024},
    {ROW, .type = FASCIA_OPTION_INTEGER, .name = "lines", .help = "How many lines one file may have",
     .default_value = "100000", .minimum = 1, .maximum = 1000000},
    {ROW, .type = FASCIA_OPTION_BOOLEAN, .name = "status_files",
     .help = "Whether each later status is written as a file into results/; only for a folder",
     .default_value = "false"},
};

/* The host has checked every option against the table and put the defaults in: it is there, and of its type. */
static const Fascia__OptionValue *option(const Fascia__Options *given, const char *name)
{
    static const Fascia__OptionValue none = FASCIA__OPTION_VALUE__INIT;

    for (size_t i = 0; i < given->n_values; i++)
        if (strcmp(given->values[i]->name, name) == 0)
            return given->values[i];
    return &none;
}

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

static void template_close(void *instance)
{
    struct source *source = instance;

    exchange_forget_all(source);
    free(source->sender);
    free(source);
}

static enum fascia_status template_open(const struct fascia_host *host, struct fascia_bytes bytes, void **instance,
                                        char *fault, size_t fault_size)
{
    Fascia__Options *given = fascia__options__unpack(NULL, bytes.size, bytes.data);
    struct source *source = calloc(1, sizeof *source);

    if (given == NULL || source == NULL || (source->sender = strdup(option(given, "sender")->text)) == NULL) {
        snprintf(fault, fault_size, "there is no memory for this source");
        fascia__options__free_unpacked(given, NULL);
        free(source);
        return FASCIA_E_INTERNAL;
    }
    source->host = host;
    source->window = (uint32_t)option(given, "window")->number;
    source->lines = (uint32_t)option(given, "lines")->number;
    source->status_files = option(given, "status_files")->flag;
    fascia__options__free_unpacked(given, NULL);
    /* What one row of the table can't say is checked here, and refused in words for the administrator. */
    if (strchr(source->sender, '|') != NULL) {
        snprintf(fault, fault_size, "sender holds '|', which separates columns; leave it out");
        template_close(source);
        return FASCIA_E_INVALID;
    }
    *instance = source;
    return FASCIA_OK;
}

/* Pure: it may be called for any connection, at any time. */
static void template_frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    (void)instance;
    line_frame(buffered, already, frame);
}

/* ---- statuses: what the sender hears later --------------------------------------------------------------------------------- */

static void complete_with(struct source *source, uint64_t token, const ProtobufCMessage *ending)
{
    uint8_t *packed = malloc(protobuf_c_message_get_packed_size(ending) + 1);

    if (packed == NULL)
        return; /* the host tries this status again after the deadline */
    source->host->complete(source->host->context, token,
                           (struct fascia_bytes){packed, protobuf_c_message_pack(ending, packed)});
    free(packed);
}

/* Then the status of the whole referral follows; only a format that keeps calendars has something to say here. */
static bool is_of_a_visit_alone(const Fascia__Status *status)
{
    return status->appointment != NULL && status->appointment->alone;
}

/* This format has no message for a status: a sender asks with ASK, or reads the files. NOTHING counts as delivered. */
static void template_status(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__StatusNotice *notice = fascia__status_notice__unpack(NULL, message.size, message.data);
    Fascia__Outbound outbound = FASCIA__OUTBOUND__INIT;
    char name[64], text[LINE_ANSWER];

    outbound.kind = notice == NULL ? FASCIA__OUTBOUND__KIND__RETRY : FASCIA__OUTBOUND__KIND__NOTHING;
    if (notice != NULL && source->status_files && notice->status != NULL && notice->referral != NULL &&
        !is_of_a_visit_alone(notice->status)) {
        Fascia__Result result = FASCIA__RESULT__INIT;
        result.referral = notice->status->referral;
        result.status = notice->status;
        /* Named after the host's own number: an id of the sender may hold anything, a '/' too. The same status has the same name each time. */
        snprintf(name, sizeof name, "status-%" PRIu64 "-%" PRIu32 ".txt", notice->status->referral,
                 notice->status->number);
        outbound.kind = FASCIA__OUTBOUND__KIND__FILE;
        outbound.file_name = name;
        outbound.payload.data = (uint8_t *)text;
        outbound.payload.len = line_answer_result(text, sizeof text, notice->referral->sender_referral_id, &result);
    }
    complete_with(source, delivery, &outbound.base);
    fascia__status_notice__free_unpacked(notice, NULL);
}

/* Called only for answers to an Outbound STREAM, which this source never sends. It still must end what it is given. */
static void template_answered(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    Fascia__Verdict verdict = FASCIA__VERDICT__INIT;

    (void)message;
    verdict.kind = FASCIA__VERDICT__KIND__UNRELATED;
    complete_with(instance, delivery, &verdict.base);
}

/* ---- what the plugin says of itself ------------------------------------------------------------------------------------------ */

static const struct fascia_plugin described = {
    .magic = FASCIA_PLUGIN_MAGIC,
    .size = sizeof(struct fascia_plugin),
    .abi_major = FASCIA_ABI_MAJOR,
    .abi_minor = FASCIA_ABI_MINOR,
    .kind = FASCIA_KIND_SOURCE,
    .transports = FASCIA_TRANSPORT_STREAM | FASCIA_TRANSPORT_FOLDER,
    .option_count = sizeof options / sizeof options[0],
    .name = "template", /* choose your own: a node loads a name once */
    .version = "1.0",
    .summary = "Referral lines: columns between bars, one referral a line",
    .options = options,
    .open = template_open,
    .close = template_close,
    .frame = template_frame,
    .deliver = exchange_deliver,
    .result = exchange_result,
    .status = template_status,
    .answered = template_answered,
    .abandon = exchange_abandon,
    .refuse = exchange_refuse,
};

const struct fascia_plugin *fascia_plugin(void)
{
    return &described;
}
