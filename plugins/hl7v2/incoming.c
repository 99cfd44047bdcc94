#include "hl7v2/incoming.h"

#include <stdio.h>
#include <string.h>

void hl7_find(struct hl7_arena *arena, struct hl7_findings *findings, enum hl7_error_code code, bool warning,
              const char *field, const char *text, const char *location, ...)
{
    struct hl7_finding *finding;
    va_list values;

    if (!warning)
        findings->errors++;
    if (findings->list == NULL)
        findings->list = hl7_arena_take(arena, HL7_MAX_FINDINGS * sizeof *findings->list);
    if (findings->count == HL7_MAX_FINDINGS)
        return;
    finding = &findings->list[findings->count++];
    *finding = (struct hl7_finding){.code = code, .warning = warning, .field = field, .text = text};
    va_start(values, location);
    vsnprintf(finding->location, sizeof finding->location, location, values);
    va_end(values);
}

/* Of the header, of the set or of the frame: the message is rejected. */
static void fault(struct hl7_incoming *incoming, enum hl7_error_code code, const char *text, const char *location)
{
    incoming->rejected = true;
    hl7_find(incoming->message.arena, &incoming->findings, code, false, "", text, "%s", location);
}

static void doubt(struct hl7_incoming *incoming, enum hl7_error_code code, const char *text, const char *location)
{
    hl7_find(incoming->message.arena, &incoming->findings, code, true, "", text, "%s", location);
}

/* ---- header ------------------------------------------------------------------------------------------------------ */

unsigned hl7_version_number(const char *text)
{
    static const struct {
        const char *text;
        unsigned number;
    } versions[] = {{"2.3", 230}, {"2.3.1", 231}, {"2.4", 240}, {"2.5", 250},   {"2.5.1", 251}, {"2.6", 260},
                    {"2.7", 270}, {"2.7.1", 271}, {"2.8", 280}, {"2.8.1", 281}, {"2.8.2", 282}};

    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (strcmp(versions[i].text, text) == 0)
            return versions[i].number;
    return 0;
}

static enum hl7_kind kind_of(const char *type)
{
    if (strcmp(type, "REF") == 0)
        return HL7_KIND_REFERRAL;
    if (strcmp(type, "OMG") == 0)
        return HL7_KIND_ORDER;
    return strcmp(type, "OSU") == 0 ? HL7_KIND_ORDER_STATUS : HL7_KIND_OTHER;
}

bool hl7_incoming_is_order(const struct hl7_incoming *incoming)
{
    return incoming->kind == HL7_KIND_ORDER || incoming->kind == HL7_KIND_ORDER_STATUS;
}

/* HD. 360X names systems by their universal id alone; referrals go by the local name, as they always did. */
static const char *system_name(struct hl7_incoming *incoming, uint32_t field)
{
    const char *name = hl7_text(&incoming->message, incoming->msh, field, 1, 1, 0);

    if (name[0] != '\0' || !hl7_incoming_is_order(incoming))
        return name;
    return hl7_text(&incoming->message, incoming->msh, field, 1, 2, 0);
}

static void read_header(struct hl7_incoming *incoming, const struct hl7_settings *settings)
{
    struct hl7_message *message = &incoming->message;
    struct hl7_segment *msh = incoming->msh;

    incoming->type = hl7_text(message, msh, 9, 1, 1, 0);
    incoming->kind = kind_of(incoming->type);
    incoming->application = system_name(incoming, 3);
    incoming->facility = system_name(incoming, 4);
    incoming->event = hl7_text(message, msh, 9, 1, 2, 0);
    incoming->control_id = hl7_text(message, msh, 10, 1, 0, 0);
    incoming->version = hl7_version_number(hl7_text(message, msh, 12, 1, 1, 0));
    incoming->accept = hl7_text(message, msh, 15, 1, 1, 0);
    incoming->apply = hl7_text(message, msh, 16, 1, 1, 0);
    incoming->sender = hl7_settings_sender(settings, incoming->application, incoming->facility);
    /* What belongs to the transport and not to the referral; a resend may differ in it. */
    for (uint32_t field = 1; field <= 19; field++)
        if (field != 8)
            hl7_ask(msh, field);
    if (hl7_incoming_is_order(incoming)) /* the profile: 360X */
        hl7_ask(msh, 21);
}

static bool is_taken(const struct hl7_incoming *incoming)
{
    unsigned needed = hl7_incoming_is_order(incoming) ? HL7_TAKES_ORDERS : HL7_TAKES_REFERRALS;

    return incoming->kind != HL7_KIND_OTHER && (incoming->sender->requests & needed) != 0;
}

static const char *types_taken(const struct hl7_sender *sender)
{
    if (sender->requests == HL7_TAKES_REFERRALS)
        return "only REF messages are taken here";
    return sender->requests == HL7_TAKES_ORDERS ? "only OMG messages, and OSU to cancel, are taken here"
                                                : "only REF and OMG messages, and OSU to cancel, are taken here";
}

static void check_event(struct hl7_incoming *incoming)
{
    static const char *const missing[] = {[HL7_KIND_REFERRAL] =
                                              "MSH-9 does not name the event; it is I12, I13, I14 or I15",
                                          [HL7_KIND_ORDER] = "MSH-9 does not name the event; it is O19",
                                          [HL7_KIND_ORDER_STATUS] = "MSH-9 does not name the event; it is O51"};
    static const char *const wrong[] = {[HL7_KIND_REFERRAL] = "events I12, I13, I14 and I15 are taken here",
                                        [HL7_KIND_ORDER] = "of OMG, event O19 is taken here",
                                        [HL7_KIND_ORDER_STATUS] = "of OSU, event O51 is taken here"};
    const char *event = incoming->event;
    bool good = incoming->kind == HL7_KIND_ORDER ? strcmp(event, "O19") == 0
                : incoming->kind == HL7_KIND_ORDER_STATUS
                    ? strcmp(event, "O51") == 0
                    : strlen(event) == 3 && memcmp(event, "I1", 2) == 0 && event[2] >= '2' && event[2] <= '5';

    if (event[0] == '\0')
        fault(incoming, HL7_REQUIRED, missing[incoming->kind], "MSH[1]-9.2");
    else if (!good)
        fault(incoming, HL7_EVENT, wrong[incoming->kind], "MSH[1]-9.2");
}

static void check_header(struct hl7_incoming *incoming, const struct hl7_settings *settings)
{
    struct hl7_message *message = &incoming->message;
    const char *processing = hl7_text(message, incoming->msh, 11, 1, 1, 0);

    if (hl7_text(message, incoming->msh, 12, 1, 1, 0)[0] == '\0')
        fault(incoming, HL7_REQUIRED, "MSH-12 does not name the HL7 version; send 2.3 to 2.8", "MSH[1]-12");
    else if (incoming->version == 0)
        fault(incoming, HL7_VERSION, "versions 2.3, 2.3.1, 2.4, 2.5, 2.5.1, 2.6, 2.7, 2.7.1 and 2.8 are supported",
              "MSH[1]-12.1");
    if (incoming->type[0] == '\0')
        fault(incoming, HL7_REQUIRED, "MSH-9 does not name the message type; referrals are REF^I12", "MSH[1]-9.1");
    else if (!is_taken(incoming))
        fault(incoming, HL7_MESSAGE_TYPE, types_taken(incoming->sender), "MSH[1]-9.1");
    else
        check_event(incoming);
    if (processing[0] == '\0')
        fault(incoming, HL7_REQUIRED, "MSH-11 does not say whether this is production (P)", "MSH[1]-11.1");
    else if (strlen(processing) != 1 || strchr(settings->processing_ids, processing[0]) == NULL)
        fault(incoming, HL7_PROCESSING_ID, "messages with this processing id are not taken here", "MSH[1]-11.1");
    if (incoming->control_id[0] == '\0')
        doubt(incoming, HL7_REQUIRED, "MSH-10 is empty, so the answer can't be told apart from another", "MSH[1]-10");
    if (hl7_segment_find(message, "MSH", 2) != NULL)
        fault(incoming, HL7_SEQUENCE, "a frame holds one message; a second MSH stands in it", "MSH[2]");
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static size_t header_size(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    while (at < size && bytes[at] != '\r' && bytes[at] != '\n')
        at++;
    return at;
}

static void parse(struct hl7_incoming *incoming, const char *text, size_t size)
{
    struct hl7_message *message = &incoming->message;
    const struct hl7_segment *last;

    switch (hl7_message_parse(message, text, size)) {
    case HL7_PARSE_OK:
        incoming->decodable = true;
        break;
    case HL7_PARSE_EMPTY:
    case HL7_PARSE_NO_MSH:
        fault(incoming, HL7_SEQUENCE, "a message begins with an MSH segment", "MSH[1]");
        break;
    case HL7_PARSE_SEPARATORS:
        fault(incoming, HL7_DATA_TYPE, "MSH-1 and MSH-2 must be different punctuation characters, such as |^~\\&",
              "MSH[1]-2");
        break;
    case HL7_PARSE_SEGMENTS:
        hl7_find(message->arena, &incoming->findings, HL7_APPLICATION, false, "",
                 "the message is too large: it has more than 10000 segments, which is the limit here", "%s", "");
        break;
    case HL7_PARSE_FIELDS:
        last = &message->segments[message->segment_count - 1];
        hl7_find(message->arena, &incoming->findings, HL7_APPLICATION, false, "",
                 "the segment has more than 512 fields, which is the limit here", "%s[%u]", last->name, last->number);
        break;
    }
    if (message->segment_count > 0 && message->segments[0].fields != NULL)
        incoming->msh = &message->segments[0];
}

/* The header as far as bytes tell; a set's own bytes can't stand in the separators or in MSH-18. */
static void parse_header_only(struct hl7_incoming *incoming, const uint8_t *bytes, size_t size)
{
    struct hl7_message *message = &incoming->message;
    size_t line = header_size(bytes, size), bad_at, text_size;
    char *text;

    if (hl7_charset_read(message->charsets, hl7_charset_find("8859/1"), message->arena, bytes, line, &text, &text_size,
                         &bad_at) != HL7_CHARSET_OK)
        return;
    (void)hl7_message_parse(message, text, text_size);
    if (message->segment_count > 0)
        incoming->msh = &message->segments[0];
}

/* Which segment the byte stands in: "PID[1]" can't be told without reading, a line's first letters can. */
static void locate(const uint8_t *bytes, size_t bad_at, char location[HL7_LOCATION_BYTES])
{
    size_t line = bad_at, number = 1;

    while (line > 0 && bytes[line - 1] != '\r' && bytes[line - 1] != '\n')
        line--;
    for (size_t i = 0; i < 3; i++)
        if (line + i >= bad_at || bytes[line + i] < '0' || bytes[line + i] > 'Z') {
            snprintf(location, HL7_LOCATION_BYTES, "MSH[1]-18");
            return;
        }
    for (size_t at = 0; at + 3 < line; at++)
        if ((at == 0 || bytes[at - 1] == '\r' || bytes[at - 1] == '\n') && memcmp(bytes + at, bytes + line, 3) == 0)
            number++;
    snprintf(location, HL7_LOCATION_BYTES, "%.3s[%zu]", (const char *)bytes + line, number);
}

static bool convert(struct hl7_incoming *incoming, const uint8_t *bytes, size_t size, char **text, size_t *text_size)
{
    struct hl7_message *message = &incoming->message;
    char location[HL7_LOCATION_BYTES];
    size_t bad_at = 0;

    switch (
        hl7_charset_read(message->charsets, incoming->charset, message->arena, bytes, size, text, text_size, &bad_at)) {
    case HL7_CHARSET_OK:
        return true;
    case HL7_CHARSET_GUESSED:
        doubt(incoming, HL7_DATA_TYPE, "bytes beyond ASCII were read as 8859/1, because MSH-18 names no set",
              "MSH[1]-18");
        incoming->charset = hl7_charset_find("8859/1");
        return true;
    case HL7_CHARSET_WIDE:
        fault(incoming, HL7_DATA_TYPE, "UTF-16 and UTF-32 can't be carried by MLLP; send UNICODE UTF-8", "MSH[1]-18");
        return false;
    case HL7_CHARSET_UNKNOWN:
        fault(incoming, HL7_TABLE_VALUE, "this character set can't be read here; send UNICODE UTF-8", "MSH[1]-18");
        return false;
    case HL7_CHARSET_MALFORMED:
        break;
    }
    locate(bytes, bad_at, location);
    fault(incoming, HL7_DATA_TYPE, "the bytes here are none of the character set that MSH-18 names", location);
    return false;
}

/* MSH-18 names the set of the message in its first repetition; Japanese senders leave that empty and name the shifted set second. */
static bool find_charset(struct hl7_incoming *incoming)
{
    struct hl7_message *message = &incoming->message;
    const char *name = hl7_text(message, incoming->msh, 18, 1, 1, 0);

    if (name[0] == '\0')
        name = hl7_text(message, incoming->msh, 18, 2, 1, 0);
    incoming->charset = hl7_charset_find(name);
    if (name[0] == '\0' && incoming->sender->charset != NULL)
        incoming->charset = incoming->sender->charset;
    if (incoming->charset != NULL)
        return true;
    fault(incoming, HL7_TABLE_VALUE, "this character set is not known here; send UNICODE UTF-8", "MSH[1]-18");
    return false;
}

static void begin(struct hl7_incoming *incoming, struct hl7_arena *arena, struct hl7_charsets *charsets,
                  const struct hl7_settings *settings)
{
    *incoming = (struct hl7_incoming){.charset = hl7_charset_find(""),
                                      .sender = &settings->unknown,
                                      .application = "",
                                      .facility = "",
                                      .type = "",
                                      .event = "",
                                      .control_id = "",
                                      .accept = "",
                                      .apply = ""};
    incoming->message.arena = arena;
    incoming->message.charsets = charsets;
    incoming->message.separators = hl7_separators_default;
}

/* false when the bytes can't be those of a message in any set that keeps ASCII as it is. */
static bool check_bytes(struct hl7_incoming *incoming, const uint8_t *bytes, size_t size)
{
    if (size >= 2 && ((bytes[0] == 0xFE && bytes[1] == 0xFF) || (bytes[0] == 0xFF && bytes[1] == 0xFE))) {
        fault(incoming, HL7_DATA_TYPE, "UTF-16 and UTF-32 can't be carried by MLLP; send UNICODE UTF-8", "MSH[1]-18");
        return false;
    }
    if (size > 0 && memchr(bytes, '\0', size) != NULL) {
        fault(incoming, HL7_DATA_TYPE, "the message holds a byte of value zero, as UTF-16 does; send UNICODE UTF-8",
              "MSH[1]-18");
        return false;
    }
    return true;
}

void hl7_incoming_read(struct hl7_incoming *incoming, struct hl7_arena *arena, struct hl7_charsets *charsets,
                       const struct hl7_settings *settings, const uint8_t *bytes, size_t size)
{
    bool readable;
    char *text;
    size_t text_size;

    begin(incoming, arena, charsets, settings);
    readable = check_bytes(incoming, bytes, size);
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark that some put before MSH */
        bytes += 3;
        size -= 3;
    }
    while (size > 0 && (*bytes == '\r' || *bytes == '\n' || *bytes == ' ')) {
        bytes++;
        size--;
    }
    parse_header_only(incoming, bytes, size);
    if (incoming->msh != NULL) {
        read_header(incoming, settings);
        if (!readable || !find_charset(incoming) || !convert(incoming, bytes, size, &text, &text_size))
            return;
        incoming->message.charset = incoming->charset;
        incoming->msh = NULL;
        parse(incoming, text, text_size);
    } else if (readable) {
        parse(incoming, (const char *)bytes, size);
    }
    if (incoming->msh != NULL) {
        read_header(incoming, settings);
        check_header(incoming, settings);
    }
}

void hl7_incoming_again(struct hl7_incoming *incoming, struct hl7_arena *arena, struct hl7_charsets *charsets,
                        const struct hl7_settings *settings, const struct hl7_charset *charset, const char *text,
                        size_t size)
{
    begin(incoming, arena, charsets, settings);
    incoming->charset = incoming->message.charset = charset;
    parse(incoming, text, size);
    if (incoming->msh != NULL)
        read_header(incoming, settings);
}

struct hl7_span hl7_incoming_echo(const struct hl7_incoming *incoming, bool referral)
{
    const struct hl7_message *message = &incoming->message;
    struct hl7_span echo = {NULL, 0};
    char *text;

    for (int pass = 0; pass < 2; pass++) {
        size_t used = 0;
        text = pass == 0 ? NULL : hl7_arena_take(message->arena, echo.size + 1);
        for (size_t i = 0; i < message->segment_count; i++) {
            const struct hl7_segment *segment = &message->segments[i];
            bool needed = i == 0 || (hl7_incoming_is_order(incoming) && strcmp(segment->name, "ORC") == 0) ||
                          (referral && (strcmp(segment->name, "RF1") == 0 || strcmp(segment->name, "PRD") == 0 ||
                                        strcmp(segment->name, "PID") == 0));
            if (!needed)
                continue;
            if (text != NULL) {
                memcpy(text + used, segment->text.at, segment->text.size);
                text[used + segment->text.size] = '\r';
            }
            used += segment->text.size + 1;
        }
        echo = (struct hl7_span){text, used};
    }
    return echo;
}
