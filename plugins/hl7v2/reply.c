#include "hl7v2/reply.h"
#include "hl7v2/mllp.h"
#include "hl7v2/org.h"
#include "hl7v2/rri.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *hl7_timestamp(struct hl7_arena *arena, int64_t instant)
{
    time_t seconds = (time_t)(instant / 1000);
    struct tm civil;
    char text[32];

    if (gmtime_r(&seconds, &civil) == NULL || strftime(text, sizeof text, "%Y%m%d%H%M%S+0000", &civil) == 0)
        return "";
    return hl7_arena_text(arena, text, strlen(text));
}

/* ---- MSH and frame ----------------------------------------------------------------------------------------------- */

static bool is_ascii(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static void write_raw_field(struct hl7_writer *writer, const struct hl7_incoming *incoming, uint32_t field,
                            const char *absent)
{
    struct hl7_span span = {"", 0};

    if (incoming->msh != NULL)
        span = hl7_span_of(&incoming->message, incoming->msh, field, 0, 0, 0);
    hl7_write_field(writer);
    if (span.size > 0)
        hl7_write_raw(writer, span);
    else
        hl7_write_text(writer, absent);
}

/* MSH-18 says what the answer's bytes are: the sender's set, unless that had to be guessed or can't hold the text. */
static void write_charset(struct hl7_writer *writer, const struct hl7_incoming *incoming,
                          const struct hl7_charset *charset)
{
    if (charset != incoming->charset)
        hl7_write_field_text(writer, "UNICODE UTF-8");
    else
        write_raw_field(writer, incoming, 18,
                        charset == hl7_charset_find("8859/1") && incoming->sender->charset != charset ? "8859/1" : "");
}

static void write_msh(struct hl7_writer *writer, const struct hl7_settings *settings,
                      const struct hl7_incoming *incoming, const struct hl7_reply_header *header,
                      const struct hl7_charset *charset)
{
    const struct hl7_separators *separators = &writer->separators;
    const char encoding[] = {separators->component, separators->repetition, separators->escape,
                             separators->subcomponent, separators->truncation};
    size_t count = 0;

    while (count < sizeof encoding && encoding[count] != '\0')
        count++;
    hl7_write_segment(writer, "MSH");
    hl7_write_field(writer);
    hl7_write_raw(writer, (struct hl7_span){encoding, count});
    write_raw_field(writer, incoming, 5, settings->application);
    write_raw_field(writer, incoming, 6, settings->facility);
    write_raw_field(writer, incoming, 3, "");
    write_raw_field(writer, incoming, 4, "");
    hl7_write_field_text(writer, hl7_timestamp(writer->arena, header->now));
    hl7_write_field(writer);
    hl7_write_field_text(writer, header->type);
    if (header->event[0] != '\0') {
        hl7_write_component(writer);
        hl7_write_text(writer, header->event);
        /* MSH-9.3 came with 2.3.1. */
        if (incoming->version != 230) {
            hl7_write_component(writer);
            hl7_write_text(writer, header->structure);
        }
    }
    hl7_write_field_text(writer, header->control_id);
    write_raw_field(writer, incoming, 11, "P");
    if (header->version[0] != '\0')
        hl7_write_field_text(writer, header->version);
    else
        write_raw_field(writer, incoming, 12, "2.5.1");
    hl7_write_fields_empty(writer, 2);
    hl7_write_field_text(writer, header->accept);
    hl7_write_field_text(writer, header->apply);
    write_raw_field(writer, incoming, 17, "");
    write_charset(writer, incoming, charset);
    write_raw_field(writer, incoming, 19, "");
    if (header->profile != NULL) {
        hl7_write_field(writer);
        write_raw_field(writer, incoming, 21, header->profile);
    }
    hl7_write_end(writer);
}

struct hl7_span hl7_reply_frame(const struct hl7_settings *settings, struct hl7_incoming *incoming,
                                const struct hl7_reply_header *header, const struct hl7_writer *body)
{
    struct hl7_arena *arena = incoming->message.arena;
    const struct hl7_charset *charset = incoming->charset != NULL ? incoming->charset : hl7_charset_find("");
    struct hl7_writer writer;
    uint8_t *bytes;
    size_t size;
    char *frame;

    if (hl7_charset_is_wide(charset))
        charset = hl7_charset_find("");
    if (hl7_charset_is_ascii(charset) &&
        !(is_ascii(body->text, body->used) &&
          (incoming->msh == NULL || is_ascii(incoming->msh->text.at, incoming->msh->text.size))))
        charset = hl7_charset_utf8();
    hl7_write_begin(&writer, arena, &body->separators);
    write_msh(&writer, settings, incoming, header, charset);
    hl7_write_segments(&writer, body);
    hl7_charset_write(incoming->message.charsets, charset, arena, writer.text, writer.used, &bytes, &size);
    frame = hl7_arena_take(arena, size + 4);
    frame[0] = HL7_FRAME_START;
    memcpy(frame + 1, bytes, size);
    frame[size + 1] = HL7_FRAME_END;
    frame[size + 2] = '\r';
    return (struct hl7_span){frame, size + 3};
}

/* ---- ERR --------------------------------------------------------------------------------------------------------- */

static const char *error_text(enum hl7_error_code code)
{
    switch (code) {
    case HL7_SEQUENCE:
        return "Segment sequence error";
    case HL7_REQUIRED:
        return "Required field missing";
    case HL7_DATA_TYPE:
        return "Data type error";
    case HL7_TABLE_VALUE:
        return "Table value not found";
    case HL7_MESSAGE_TYPE:
        return "Unsupported message type";
    case HL7_EVENT:
        return "Unsupported event code";
    case HL7_PROCESSING_ID:
        return "Unsupported processing id";
    case HL7_VERSION:
        return "Unsupported version id";
    case HL7_UNKNOWN_KEY:
        return "Unknown key identifier";
    case HL7_DUPLICATE_KEY:
        return "Duplicate key identifier";
    case HL7_LOCKED:
        return "Application record locked";
    case HL7_APPLICATION:
        break;
    }
    return "Application error";
}

/* ERL: segment ^ sequence ^ field ^ repetition ^ component ^ subcomponent, as far as is known. ELD has its first three, always. */
static void write_location(struct hl7_writer *writer, const char *location, bool eld)
{
    unsigned numbers[5] = {0, 0, 0, 0, 0}; /* sequence, field, repetition, component, subcomponent */
    bool known = strlen(location) >= 3 && isalnum((unsigned char)location[0]);
    const char *at = known ? location + 3 : "";

    if (*at == '[')
        numbers[0] = (unsigned)strtoul(at + 1, (char **)&at, 10);
    at += *at == ']';
    if (*at == '-') {
        numbers[1] = (unsigned)strtoul(at + 1, (char **)&at, 10);
        numbers[2] = 1;
        if (*at == '[') {
            numbers[2] = (unsigned)strtoul(at + 1, (char **)&at, 10);
            at += *at == ']';
        }
    }
    for (unsigned i = 3; i < 5 && *at == '.'; i++)
        numbers[i] = (unsigned)strtoul(at + 1, (char **)&at, 10);
    if (known)
        hl7_write_format(writer, "%.3s", location);
    for (unsigned i = 0; i < (eld ? 2 : 5) && (eld || numbers[i] != 0); i++) {
        hl7_write_component(writer);
        if (numbers[i] != 0)
            hl7_write_format(writer, "%u", numbers[i]);
    }
}

static void write_code(struct hl7_writer *writer, enum hl7_error_code code, void (*separate)(struct hl7_writer *))
{
    hl7_write_format(writer, "%d", (int)code);
    separate(writer);
    hl7_write_text(writer, error_text(code));
    separate(writer);
    hl7_write_text(writer, "HL70357");
}

/* 2.5 and later: a segment for each. */
static void write_err(struct hl7_writer *writer, const struct hl7_finding *finding, bool warning)
{
    hl7_write_segment(writer, "ERR");
    hl7_write_fields_empty(writer, 2);
    write_location(writer, finding->location, false);
    hl7_write_field(writer);
    write_code(writer, finding->code, hl7_write_component);
    hl7_write_field_text(writer, warning ? "W" : "E");
    hl7_write_fields_empty(writer, 3);
    hl7_write_text(writer, finding->field);
    hl7_write_field_text(writer, finding->text);
    hl7_write_end(writer);
}

/* Before 2.5: one segment, one repetition of ERR-1 for each, the code in subcomponents of its fourth component. */
static void write_err_old(struct hl7_writer *writer, const struct hl7_findings *findings)
{
    bool first = true;

    if (findings->errors == 0)
        return;
    hl7_write_segment(writer, "ERR");
    for (size_t i = 0; i < findings->count; i++) {
        const struct hl7_finding *finding = &findings->list[i];
        if (finding->warning)
            continue;
        if (first)
            hl7_write_field(writer);
        else
            hl7_write_repetition(writer);
        first = false;
        write_location(writer, finding->location, true);
        hl7_write_component(writer);
        write_code(writer, finding->code, hl7_write_subcomponent);
    }
    hl7_write_end(writer);
}

/* ---- MSA and the messages ---------------------------------------------------------------------------------------- */

static bool is_old(const struct hl7_incoming *incoming)
{
    return incoming->version != 0 && incoming->version < 250;
}

static const struct hl7_finding *first_error(const struct hl7_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (!findings->list[i].warning)
            return &findings->list[i];
    return NULL;
}

void hl7_reply_msa(struct hl7_writer *writer, const struct hl7_incoming *incoming, const char *code,
                   const struct hl7_findings *findings)
{
    const struct hl7_finding *error = findings != NULL ? first_error(findings) : NULL;

    hl7_write_segment(writer, "MSA");
    hl7_write_field_text(writer, code);
    write_raw_field(writer, incoming, 10, "");
    /* MSA-3 and MSA-6 are how systems before 2.5 show what is wrong. */
    if (error != NULL && is_old(incoming)) {
        hl7_write_field(writer);
        if (error->location[0] != '\0')
            hl7_write_format(writer, "%s: ", error->location);
        hl7_write_text(writer, error->text);
        hl7_write_fields_empty(writer, 3);
        write_code(writer, error->code, hl7_write_component);
    }
    hl7_write_end(writer);
}

static void write_findings(struct hl7_writer *writer, const struct hl7_settings *settings,
                           const struct hl7_incoming *incoming, const struct hl7_findings *findings, bool taken)
{
    if (is_old(incoming)) {
        if (!taken)
            write_err_old(writer, findings);
        return;
    }
    for (size_t i = 0; i < findings->count; i++) {
        const struct hl7_finding *finding = &findings->list[i];
        /* Beside an acceptance nothing is an error, whatever the core calls it: the referral stands and waits. */
        if (!(taken || finding->warning) || settings->warnings)
            write_err(writer, finding, taken || finding->warning);
    }
}

static void append(struct hl7_arena *arena, struct hl7_span *all, struct hl7_span frame)
{
    char *text = hl7_arena_take(arena, all->size + frame.size);

    if (all->size > 0)
        memcpy(text, all->at, all->size);
    memcpy(text + all->size, frame.at, frame.size);
    *all = (struct hl7_span){text, all->size + frame.size};
}

struct composition {
    const struct hl7_settings *settings;
    struct hl7_incoming *incoming;
    const struct hl7_reply *reply;
    struct hl7_span frames;
    bool enhanced;
};

/* Beside the general acknowledgement. */
enum form { FORM_ACK, FORM_RRI, FORM_ORG };
static const struct {
    const char *type, *event, *structure; /* event NULL: the one that is answered */
} forms[] = {
    [FORM_ACK] = {"ACK", NULL, "ACK"}, [FORM_RRI] = {"RRI", NULL, "RRI_I12"}, [FORM_ORG] = {"ORG", "O20", "ORG_O20"}};

/* findings: false leaves them to the application's acknowledgement. */
static void add_answer(struct composition *composition, const char *code, bool findings, enum form form)
{
    struct hl7_incoming *incoming = composition->incoming;
    const struct hl7_reply *reply = composition->reply;
    struct hl7_arena *arena = incoming->message.arena;
    bool taken = code[1] == 'A';
    struct hl7_reply_header header = {.type = forms[form].type,
                                      .event = forms[form].event != NULL ? forms[form].event : incoming->event,
                                      .structure = forms[form].structure,
                                      .control_id = reply->next_id(reply->context, arena),
                                      .version = "",
                                      .accept = composition->enhanced ? "NE" : "",
                                      .apply = composition->enhanced ? "NE" : "",
                                      .now = reply->now};
    struct hl7_writer body;

    hl7_write_begin(&body, arena, &incoming->message.separators);
    hl7_reply_msa(&body, incoming, code, findings && !taken ? reply->findings : NULL);
    if (form == FORM_RRI)
        hl7_rri_write(&body, incoming, reply->status, reply->referral_id, findings ? reply->findings : NULL);
    else if (findings)
        write_findings(&body, composition->settings, incoming, reply->findings, taken);
    if (form == FORM_ORG)
        hl7_org_write(&body, incoming, reply);
    append(arena, &composition->frames, hl7_reply_frame(composition->settings, incoming, &header, &body));
}

/* HL7 table 0155. An empty one in enhanced mode means that none is wanted. */
static bool wanted(const char *condition, bool success)
{
    if (strcmp(condition, "ER") == 0)
        return !success;
    if (strcmp(condition, "SU") == 0)
        return success;
    return condition[0] != '\0' && strcmp(condition, "NE") != 0;
}

/* The application's own. What is refused is answered with ACK where the other has no ERR segment (RRI), or when not even the header
 * was understood. */
static enum form application_form(const struct composition *composition)
{
    const struct hl7_incoming *incoming = composition->incoming;
    enum hl7_outcome outcome = composition->reply->outcome;

    if (incoming->kind == HL7_KIND_ORDER)
        return outcome == HL7_REJECT || incoming->sender->orders_acknowledged ? FORM_ACK : FORM_ORG;
    if (incoming->kind == HL7_KIND_ORDER_STATUS || outcome != HL7_TAKEN || composition->reply->status == NULL)
        return FORM_ACK;
    return incoming->sender->answer == HL7_ANSWER_RRI || strcmp(incoming->event, "I15") == 0 ? FORM_RRI : FORM_ACK;
}

static void compose_original(struct composition *composition)
{
    switch (composition->reply->outcome) {
    case HL7_TAKEN:
        add_answer(composition, "AA", true, application_form(composition));
        break;
    case HL7_REJECT:
        add_answer(composition, "AR", true, FORM_ACK);
        break;
    case HL7_ERROR:
    case HL7_LATER:
    case HL7_UNREAD:
        add_answer(composition, "AE", true, application_form(composition));
        break;
    }
}

/* A commit acknowledgement says that the message is in safe storage; what an application makes of it follows if MSH-16 asks.
 * When nothing will follow, the commit acknowledgement itself has to tell that the message was not kept. */
static void compose_enhanced(struct composition *composition, const char *accept, const char *apply)
{
    const char *negative = composition->reply->outcome == HL7_REJECT ? "R" : "E";
    char commit[3] = {'C', negative[0], '\0'}, application[3] = {'A', negative[0], '\0'};

    switch (composition->reply->outcome) {
    case HL7_TAKEN:
        if (wanted(accept, true))
            add_answer(composition, "CA", !wanted(apply, true), FORM_ACK);
        if (wanted(apply, true))
            add_answer(composition, "AA", true, application_form(composition));
        break;
    case HL7_ERROR:
        if (wanted(apply, false)) {
            if (wanted(accept, true))
                add_answer(composition, "CA", false, FORM_ACK);
            add_answer(composition, application, true, application_form(composition));
        } else if (wanted(accept, false)) {
            add_answer(composition, commit, true, FORM_ACK);
        }
        break;
    case HL7_REJECT:
    case HL7_LATER:
    case HL7_UNREAD:
        if (wanted(accept, false))
            add_answer(composition, commit, true, FORM_ACK);
        else if (wanted(apply, false))
            add_answer(composition, application, true, application_form(composition));
        break;
    }
}

struct hl7_span hl7_reply_compose(const struct hl7_settings *settings, struct hl7_incoming *incoming,
                                  const struct hl7_reply *reply)
{
    struct composition composition = {.settings = settings, .incoming = incoming, .reply = reply};
    enum hl7_mode mode = incoming->sender->mode;

    composition.enhanced = mode == HL7_MODE_COMMIT ||
                           (mode == HL7_MODE_AUTO && (incoming->accept[0] != '\0' || incoming->apply[0] != '\0'));
    if (mode == HL7_MODE_COMMIT)
        compose_enhanced(&composition, "AL", "NE");
    else if (composition.enhanced)
        compose_enhanced(&composition, incoming->accept, incoming->apply);
    else
        compose_original(&composition);
    return composition.frames;
}
