#include "hl7v2/source.h"
#include "hl7v2/decode.h"
#include "hl7v2/mllp.h"
#include "hl7v2/pending.h"
#include "hl7v2/reply.h"
#include "hl7v2/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
    const struct fascia_host *host;
    struct hl7_settings *settings;
    struct hl7_charsets *charsets;
    struct hl7_pendings *pendings;
    char run[9];       /* tells this run's MSH-10 from another's */
    uint64_t answered; /* counts MSH-10 */
};

static void note(const struct source *source, enum fascia_log_level level, const char *event, int64_t number)
{
    source->host->log(source->host->context, level, event, number);
}

/* ---- open, close ------------------------------------------------------------------------------------------------- */

static enum fascia_status source_open(const struct fascia_host *host, struct fascia_bytes options, void **instance,
                                      char *fault, size_t fault_size)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    Fascia__Options *values = fascia__options__unpack(NULL, options.size, options.data);
    struct hl7_settings *settings;
    struct source *source;
    uint8_t random[8];

    if (values == NULL) {
        snprintf(fault, fault_size, "the options are unreadable");
        return FASCIA_E_INVALID;
    }
    settings = hl7_settings_create(values, fault, fault_size);
    fascia__options__free_unpacked(values, NULL);
    if (settings == NULL)
        return FASCIA_E_INVALID;
    source = hl7_allocate(sizeof *source);
    source->host = host;
    source->settings = settings;
    source->charsets = hl7_charsets_create();
    source->pendings = hl7_pendings_create();
    host->random(host->context, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        source->run[i] = letters[random[i] % 32];
    *instance = source;
    return FASCIA_OK;
}

static void source_close(void *instance)
{
    struct source *source = instance;

    if (source == NULL)
        return;
    hl7_pendings_destroy(source->pendings);
    hl7_charsets_destroy(source->charsets);
    hl7_settings_destroy(source->settings);
    free(source);
}

static void source_frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    (void)instance;
    hl7_mllp_frame(buffered, already, frame);
}

/* ---- answering --------------------------------------------------------------------------------------------------- */

/* MSH-10 has 20 characters until 2.6. */
static const char *next_id(void *context, struct hl7_arena *arena)
{
    struct source *source = context;

    return hl7_arena_format(arena, "A%s%" PRIu64, source->run, ++source->answered);
}

static void complete(struct source *source, struct hl7_arena *arena, uint64_t delivery, struct hl7_span reply)
{
    Fascia__Completion completion = FASCIA__COMPLETION__INIT;
    struct fascia_bytes ending;
    uint8_t *packed;

    completion.reply = (ProtobufCBinaryData){reply.size, (uint8_t *)(uintptr_t)reply.at};
    packed = hl7_arena_take(arena, fascia__completion__get_packed_size(&completion));
    ending = (struct fascia_bytes){packed, fascia__completion__pack(&completion, packed)};
    if (source->host->complete(source->host->context, delivery, ending) != FASCIA_OK)
        note(source, FASCIA_LOG_WARNING, "hl7v2.completion.refused", 0);
}

static void answer(struct source *source, struct hl7_incoming *incoming, uint64_t delivery, enum hl7_outcome outcome,
                   const Fascia__Status *status, const char *referral_id)
{
    struct hl7_reply reply = {.outcome = outcome,
                              .findings = &incoming->findings,
                              .status = status,
                              .referral_id = referral_id,
                              .now = source->host->now(source->host->context),
                              .next_id = next_id,
                              .context = source};

    complete(source, incoming->message.arena, delivery, hl7_reply_compose(source->settings, incoming, &reply));
}

static void answer_later(struct source *source, struct hl7_incoming *incoming, uint64_t delivery, const char *text)
{
    hl7_find(incoming->message.arena, &incoming->findings, HL7_APPLICATION, false, "", text, "%s", "");
    answer(source, incoming, delivery, HL7_LATER, NULL, "");
}

/* ---- deliver ----------------------------------------------------------------------------------------------------- */

static void submit(struct source *source, struct hl7_incoming *incoming, uint64_t delivery,
                   const Fascia__Submission *submission)
{
    bool rri = incoming->kind == HL7_KIND_REFERRAL &&
               (incoming->sender->answer == HL7_ANSWER_RRI || strcmp(incoming->event, "I15") == 0);
    const char *referral_id = submission->submit->referral->sender_referral_id;
    struct fascia_bytes bytes;
    enum fascia_status status;
    uint8_t *packed;

    if (!hl7_pendings_add(source->pendings, delivery, incoming, hl7_incoming_echo(incoming, rri), referral_id)) {
        answer_later(source, incoming, delivery, "too many messages wait for their result; send this one again later");
        return;
    }
    packed = hl7_allocate(fascia__submission__get_packed_size(submission));
    bytes = (struct fascia_bytes){packed, fascia__submission__pack(submission, packed)};
    status = source->host->submit(source->host->context, delivery, bytes);
    free(packed);
    if (status == FASCIA_OK)
        return;
    hl7_pending_free(hl7_pendings_take(source->pendings, delivery));
    if (status == FASCIA_E_TOKEN)
        return; /* the host waits for it no longer */
    note(source, FASCIA_LOG_WARNING, "hl7v2.submission.not-taken", status);
    answer_later(source, incoming, delivery,
                 status == FASCIA_E_BUSY    ? "the node is busy and has not taken the message; send it again later"
                 : status == FASCIA_E_LIMIT ? "the message is larger than this node takes"
                                            : "the node could not take the message; send it again later");
}

static void deliver(struct source *source, struct hl7_arena *arena, uint64_t delivery, ProtobufCBinaryData payload)
{
    struct hl7_incoming incoming;
    Fascia__Submission *submission;

    if (payload.len == 0) { /* an empty frame keeps a connection alive */
        complete(source, arena, delivery, (struct hl7_span){NULL, 0});
        return;
    }
    hl7_incoming_read(&incoming, arena, source->charsets, source->settings, payload.data, payload.len);
    if (strcmp(incoming.type, "ACK") == 0) { /* an acknowledgement is never acknowledged (chapter 2.9) */
        note(source, FASCIA_LOG_INFO, "hl7v2.acknowledgement.unexpected", 0);
        complete(source, arena, delivery, (struct hl7_span){NULL, 0});
        return;
    }
    if (incoming.rejected) {
        note(source, FASCIA_LOG_INFO, "hl7v2.message.rejected", incoming.findings.list[0].code);
        answer(source, &incoming, delivery, HL7_REJECT, NULL, "");
        return;
    }
    submission = hl7_decode(source->settings, &incoming, (struct fascia_bytes){payload.data, payload.len});
    if (submission == NULL) {
        note(source, FASCIA_LOG_INFO, "hl7v2.message.refused", (int64_t)incoming.findings.errors);
        answer(source, &incoming, delivery, HL7_ERROR, NULL, "");
        return;
    }
    submit(source, &incoming, delivery, submission);
}

static void source_deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__Delivery *unpacked = fascia__delivery__unpack(NULL, message.size, message.data);
    struct hl7_arena arena = {NULL};

    if (unpacked == NULL) {
        note(source, FASCIA_LOG_ERROR, "hl7v2.delivery.unreadable", 0);
        complete(source, &arena, delivery, (struct hl7_span){NULL, 0});
    } else {
        deliver(source, &arena, delivery, unpacked->payload);
    }
    hl7_arena_finish(&arena);
    fascia__delivery__free_unpacked(unpacked, NULL);
}

/* ---- result ------------------------------------------------------------------------------------------------------ */

/* Where a field of fascia's stands in a message, for problems that no place was found for. Longer names first. order: where else it
 * stands in an order. */
static const struct {
    const char *field, *place, *order;
} places[] = {{"patient.address.postal_code", "PID[1]-11.5", NULL},
              {"patient.address.state", "PID[1]-11.4", NULL},
              {"patient.address.country", "PID[1]-11.6", NULL},
              {"patient.address", "PID[1]-11", NULL},
              {"patient.birth_date", "PID[1]-7", NULL},
              {"patient.gender", "PID[1]-8", NULL},
              {"patient.languages", "PID[1]-15", NULL},
              {"patient.identifiers", "PID[1]-3", NULL},
              {"patient.family_name", "PID[1]-5.1", NULL},
              {"patient.given_name", "PID[1]-5.2", NULL},
              {"patient", "PID[1]", NULL},
              {"conditions", "DG1[1]-3", "OBR[1]-31"},
              {"procedures", "PR1[1]-3", "OBR[1]-4"},
              {"flags", "AL1[1]-3", NULL},
              {"coverages", "IN1[1]-2", NULL},
              {"authorization.number", "AUT[1]-6", NULL},
              {"authorization.valid_from", "AUT[1]-4", NULL},
              {"authorization.valid_to", "AUT[1]-5", NULL},
              {"authorization", "AUT[1]", NULL},
              {"preferences.not_before", "RF1[1]-7", "TQ1[1]-7"},
              {"preferences.not_after", "RF1[1]-8", "TQ1[1]-8"},
              {"preferences.windows", "Z[1]-2", NULL},
              {"preferences.time_zone", "Z[1]-3", NULL},
              {"preferences.languages", "Z[1]-4", NULL},
              {"preferences.therapist_gender", "Z[1]-5", NULL},
              {"preferences.visit_mode", "Z[1]-6", NULL},
              {"preferences.max_distance", "Z[1]-7", NULL},
              {"preferences.duration_minutes", "Z[1]-8", NULL},
              {"preferences.therapist", "Z[1]-9", NULL},
              {"priority", "RF1[1]-2", "TQ1[1]-9"},
              {"sender_referral_id", "RF1[1]-6", "ORC[1]-2"}};

static const char *location_of(const struct source *source, struct hl7_incoming *incoming, const char *referrer,
                               const char *field)
{
    struct hl7_arena *arena = incoming->message.arena;
    bool order = hl7_incoming_is_order(incoming);

    if (strcmp(field, "referrer.identifiers") == 0 && strncmp(referrer, "PRD", 3) == 0)
        return hl7_arena_format(arena, "%s-7", referrer);
    if (strncmp(field, "referrer", 8) == 0 && referrer[0] != '\0')
        return hl7_arena_text(arena, referrer, strlen(referrer));
    if (strncmp(field, "referrer", 8) == 0)
        return order ? "ORC[1]-12" : "PRD[1]";
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *place = order && places[i].order != NULL ? places[i].order : places[i].place;
        if (strncmp(field, places[i].field, strlen(places[i].field)) == 0)
            return place[1] != '[' ? place
                                   : hl7_arena_format(arena, "%s%s", source->settings->preferences_segment, place + 1);
    }
    return "";
}

static enum hl7_error_code code_of(Fascia__Problem__Kind kind)
{
    switch (kind) {
    case FASCIA__PROBLEM__KIND__MISSING:
        return HL7_REQUIRED;
    case FASCIA__PROBLEM__KIND__BAD_TYPE:
        return HL7_DATA_TYPE;
    case FASCIA__PROBLEM__KIND__UNKNOWN_CODE:
        return HL7_TABLE_VALUE;
    case FASCIA__PROBLEM__KIND__UNKNOWN_KEY:
        return HL7_UNKNOWN_KEY;
    case FASCIA__PROBLEM__KIND__DUPLICATE_KEY:
        return HL7_DUPLICATE_KEY;
    case FASCIA__PROBLEM__KIND__LOCKED:
        return HL7_LOCKED;
    default:
        return HL7_APPLICATION;
    }
}

static void find_problems(const struct source *source, struct hl7_incoming *incoming, const char *referrer,
                          const Fascia__Result *result)
{
    for (size_t i = 0; i < result->n_problems; i++) {
        const Fascia__Problem *problem = result->problems[i];
        const char *location =
            problem->location[0] != '\0' ? problem->location : location_of(source, incoming, referrer, problem->field);
        hl7_find(incoming->message.arena, &incoming->findings, code_of(problem->kind),
                 problem->severity == FASCIA__PROBLEM__SEVERITY__WARNING, problem->field, problem->message, "%s",
                 location);
    }
}

static void find_verdict(struct hl7_incoming *incoming, enum hl7_error_code code, const char *text,
                         const char *location)
{
    if (incoming->findings.errors == 0)
        hl7_find(incoming->message.arena, &incoming->findings, code, false, "", text, "%s", location);
}

static enum hl7_outcome judge(struct hl7_incoming *incoming, const Fascia__Result *result)
{
    const char *identifier = hl7_incoming_is_order(incoming) ? "ORC[1]-2" : "RF1[1]-6";

    switch (result->verdict) {
    case FASCIA__RESULT__VERDICT__OK:
    case FASCIA__RESULT__VERDICT__DUPLICATE:
        return HL7_TAKEN;
    case FASCIA__RESULT__VERDICT__REFUSED:
        find_verdict(incoming, HL7_APPLICATION, "the referral can't be taken", "");
        return HL7_ERROR;
    case FASCIA__RESULT__VERDICT__NOT_FOUND:
        find_verdict(incoming, HL7_UNKNOWN_KEY, "no referral with this identifier is known from this sender",
                     identifier);
        return HL7_ERROR;
    case FASCIA__RESULT__VERDICT__CONFLICT:
        find_verdict(incoming, HL7_LOCKED, "where the referral stands does not allow this", identifier);
        return HL7_ERROR;
    default:
        find_verdict(incoming, HL7_APPLICATION, "the node could not keep the message; send it again later", "");
        return HL7_LATER;
    }
}

static void source_result(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct source *source = instance;
    struct hl7_pending *pending = hl7_pendings_take(source->pendings, delivery);
    Fascia__SubmissionResult *unpacked = fascia__submission_result__unpack(NULL, message.size, message.data);
    struct hl7_arena arena = {NULL};
    struct hl7_incoming incoming;

    if (pending == NULL) {
        note(source, FASCIA_LOG_WARNING, "hl7v2.result.unknown-delivery", 0);
    } else {
        hl7_incoming_again(&incoming, &arena, source->charsets, source->settings, pending->charset, pending->echo,
                           pending->echo_size);
        for (size_t i = 0; i < pending->warning_count; i++)
            hl7_find(&arena, &incoming.findings, pending->warnings[i].code, true, pending->warnings[i].field,
                     pending->warnings[i].text, "%s", pending->warnings[i].location);
        if (unpacked == NULL || unpacked->result == NULL) {
            answer_later(source, &incoming, delivery, "the node could not keep the message; send it again later");
        } else {
            enum hl7_outcome outcome;
            find_problems(source, &incoming, pending->referrer, unpacked->result);
            outcome = judge(&incoming, unpacked->result);
            answer(source, &incoming, delivery, outcome, unpacked->result->status, pending->referral_id);
        }
    }
    hl7_arena_finish(&arena);
    hl7_pending_free(pending);
    fascia__submission_result__free_unpacked(unpacked, NULL);
}

/* ---- status, answered, abandon ----------------------------------------------------------------------------------- */

static void source_status(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__StatusNotice *notice = fascia__status_notice__unpack(NULL, message.size, message.data);
    Fascia__Outbound outbound = FASCIA__OUTBOUND__INIT;
    struct hl7_arena arena = {NULL};
    uint8_t *packed;

    if (notice != NULL)
        hl7_status_compose(source->settings, source->charsets, &arena, notice, source->host->now(source->host->context),
                           &outbound);
    else
        note(source, FASCIA_LOG_ERROR, "hl7v2.status.unreadable", 0);
    packed = hl7_arena_take(&arena, fascia__outbound__get_packed_size(&outbound));
    source->host->complete(source->host->context, delivery,
                           (struct fascia_bytes){packed, fascia__outbound__pack(&outbound, packed)});
    hl7_arena_finish(&arena);
    fascia__status_notice__free_unpacked(notice, NULL);
}

static void source_answered(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__Answered *answered = fascia__answered__unpack(NULL, message.size, message.data);
    Fascia__Verdict verdict = FASCIA__VERDICT__INIT;
    struct hl7_arena arena = {NULL};
    const char *reason = "unreadable";
    uint8_t *packed;

    verdict.kind = FASCIA__VERDICT__KIND__UNRELATED;
    if (answered != NULL)
        verdict.kind =
            hl7_status_verdict(&arena, answered->outbox, answered->answer.data, answered->answer.len, &reason);
    verdict.reason = (char *)(uintptr_t)reason;
    packed = hl7_arena_take(&arena, fascia__verdict__get_packed_size(&verdict));
    source->host->complete(source->host->context, delivery,
                           (struct fascia_bytes){packed, fascia__verdict__pack(&verdict, packed)});
    hl7_arena_finish(&arena);
    fascia__answered__free_unpacked(answered, NULL);
}

/* The header alone: who asks and what. What a header that may have been cut lacks is not what is wrong with the message. */
static void read_for_refusal(struct source *source, struct hl7_incoming *incoming, struct hl7_arena *arena,
                             struct fascia_bytes message)
{
    const uint8_t *end = memchr(message.data, '\r', message.size);

    hl7_incoming_read(incoming, arena, source->charsets, source->settings, message.data,
                      end == NULL ? message.size : (size_t)(end - message.data) + 1);
    incoming->findings = (struct hl7_findings){NULL, 0, 0};
}

static void refuse(struct source *source, struct hl7_arena *arena, uint64_t delivery, const Fascia__Delivery *message)
{
    struct fascia_bytes bytes = {message->payload.data, message->payload.len};
    struct hl7_incoming incoming;
    const char *text = "this node can't work the message off; a person should look before it is sent again";

    if (message->limit > 0) {
        bytes = hl7_mllp_begun(bytes);
        text = hl7_arena_format(arena,
                                "the message is too large: at most %" PRIu64
                                " bytes are taken here. It was not read, and nothing of it was kept",
                                message->limit);
    }
    if (bytes.size > 0)
        read_for_refusal(source, &incoming, arena, bytes);
    if (bytes.size == 0 || strcmp(incoming.type, "ACK") == 0) {
        complete(source, arena, delivery, (struct hl7_span){NULL, 0});
        return;
    }
    hl7_find(arena, &incoming.findings, HL7_APPLICATION, false, "", text, "%s", "");
    answer(source, &incoming, delivery, message->limit > 0 ? HL7_UNREAD : HL7_ERROR, NULL, "");
}

/* Working it off ended this plugin's process before, or it is larger than the host takes. */
static void source_refuse(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__Delivery *unpacked = fascia__delivery__unpack(NULL, message.size, message.data);
    struct hl7_arena arena = {NULL};

    if (unpacked == NULL) {
        note(source, FASCIA_LOG_ERROR, "hl7v2.delivery.unreadable", 0);
        complete(source, &arena, delivery, (struct hl7_span){NULL, 0});
    } else {
        note(source, unpacked->limit > 0 ? FASCIA_LOG_WARNING : FASCIA_LOG_ERROR,
             unpacked->limit > 0 ? "hl7v2.message.too-large" : "hl7v2.message.not-worked-off",
             (int64_t)unpacked->limit);
        refuse(source, &arena, delivery, unpacked);
    }
    hl7_arena_finish(&arena);
    fascia__delivery__free_unpacked(unpacked, NULL);
}

static void source_abandon(void *instance, uint64_t delivery)
{
    struct source *source = instance;

    hl7_pending_free(hl7_pendings_take(source->pendings, delivery));
}

const struct fascia_plugin hl7_source = {
    .magic = FASCIA_PLUGIN_MAGIC,
    .size = sizeof(struct fascia_plugin),
    .abi_major = FASCIA_ABI_MAJOR,
    .abi_minor = FASCIA_ABI_MINOR,
    .kind = FASCIA_KIND_SOURCE,
    .transports = FASCIA_TRANSPORT_STREAM,
    .option_count = HL7_OPTION_COUNT,
    .name = "hl7v2",
    .version = FASCIA_VERSION,
    .summary = "HL7 v2 referrals (REF^I12 to I15, and OMG^O19 of 360X) over MLLP",
    .options = hl7_options,
    .open = source_open,
    .close = source_close,
    .frame = source_frame,
    .deliver = source_deliver,
    .result = source_result,
    .status = source_status,
    .answered = source_answered,
    .abandon = source_abandon,
    .refuse = source_refuse,
};
