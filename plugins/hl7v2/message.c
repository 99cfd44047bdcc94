#include "hl7v2/message.h"
#include "hl7v2/escape.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct hl7_separators hl7_separators_default = {'|', '^', '~', '\\', '&', '\0'};

/* ---- parsing ---------------------------------------------------------------------------------------------------- */

static bool is_separator(char value)
{
    return value > ' ' && value < 0x7F && !isalnum((unsigned char)value);
}

bool hl7_separators_read(struct hl7_separators *separators, const char *text, size_t size)
{
    char *slots[] = {&separators->component, &separators->repetition, &separators->escape, &separators->subcomponent,
                     &separators->truncation};
    char seen[7] = {0};
    size_t count = 0;

    memset(separators, 0, sizeof *separators);
    if (size < 5 || memcmp(text, "MSH", 3) != 0 || !is_separator(text[3]))
        return false;
    separators->field = seen[0] = text[3];
    for (size_t at = 4; at < size && text[at] != separators->field; at++) {
        if (text[at] == '\r' || text[at] == '\n')
            break;
        if (count == sizeof slots / sizeof slots[0] || !is_separator(text[at]) || strchr(seen, text[at]) != NULL)
            return false;
        *slots[count] = text[at];
        seen[++count] = text[at];
    }
    return count > 0;
}

static bool looks_like_segment(const struct hl7_separators *separators, const char *line, size_t size)
{
    return size >= 3 && isalnum((unsigned char)line[0]) && isalnum((unsigned char)line[1]) &&
           isalnum((unsigned char)line[2]) && (size == 3 || line[3] == separators->field);
}

static struct hl7_span next_line(const char **at, const char *end)
{
    struct hl7_span line = {*at, 0};

    while (*at < end && **at != '\r' && **at != '\n')
        (*at)++;
    line.size = (size_t)(*at - line.at);
    if (*at < end)
        (*at)++;
    return line;
}

static size_t count_segments(const struct hl7_separators *separators, const char *text, const char *end)
{
    size_t count = 0;

    while (text < end) {
        struct hl7_span line = next_line(&text, end);
        if (line.size > 0 && looks_like_segment(separators, line.at, line.size))
            count++;
    }
    return count;
}

static void find_segments(struct hl7_message *message, const char *text, const char *end)
{
    struct hl7_segment *current = NULL;

    while (text < end) {
        struct hl7_span line = next_line(&text, end);
        if (line.size == 0)
            continue;
        if (looks_like_segment(&message->separators, line.at, line.size)) {
            current = &message->segments[message->segment_count++];
            current->text = line;
            memcpy(current->name, line.at, 3);
        } else if (current != NULL) {
            current->text.size = (size_t)(line.at + line.size - current->text.at);
        }
    }
}

static void number_segments(struct hl7_message *message)
{
    /* 36^3 names at most, but a message has few: the last of a name is near, or there is none. A table keeps this linear. */
    enum { SLOTS = 1 << 14 };
    uint16_t *last = hl7_allocate(SLOTS * sizeof *last);

    for (size_t i = 0; i < message->segment_count; i++) {
        struct hl7_segment *segment = &message->segments[i];
        size_t slot = (((size_t)segment->name[0] * 37 + (size_t)segment->name[1]) * 37 + (size_t)segment->name[2]);
        for (slot %= SLOTS; last[slot] != 0; slot = (slot + 1) % SLOTS) {
            const struct hl7_segment *former = &message->segments[last[slot] - 1];
            if (memcmp(former->name, segment->name, 3) == 0) {
                segment->number = former->number;
                break;
            }
        }
        segment->number++;
        last[slot] = (uint16_t)(i + 1);
    }
    free(last);
}

/* MSH-1 is the separator that stands before MSH-2, so MSH's fields are one further on. */
static bool split_fields(struct hl7_message *message, struct hl7_segment *segment)
{
    const char *at = segment->text.at, *end = at + segment->text.size;
    bool header = memcmp(segment->name, "MSH", 3) == 0;
    size_t count = header ? 1 : 0;
    bool fits;

    for (const char *p = at; (p = memchr(p, message->separators.field, (size_t)(end - p))) != NULL; p++)
        count++;
    fits = count <= HL7_MAX_FIELDS;
    if (!fits && !header)
        return false;
    count = fits ? count : HL7_MAX_FIELDS; /* a header is read as far as that: it addresses the refusal */
    segment->field_count = (uint32_t)count;
    segment->fields = hl7_arena_take(message->arena, (count + 1) * sizeof *segment->fields);
    segment->asked = hl7_arena_take(message->arena, (count + 1) * sizeof *segment->asked);
    for (size_t field = 0; field <= count; field++) {
        const char *stop;
        if (header && field == 1) {
            segment->fields[1] = (struct hl7_span){segment->text.at + 3, 1};
            continue;
        }
        stop = memchr(at, message->separators.field, (size_t)(end - at));
        segment->fields[field] = (struct hl7_span){at, (size_t)((stop != NULL ? stop : end) - at)};
        at = stop != NULL ? stop + 1 : end;
    }
    return fits;
}

static enum hl7_parse_result parse_header_alone(struct hl7_message *message, const char *text, const char *end)
{
    struct hl7_segment *header = hl7_arena_take(message->arena, sizeof *header);

    header->text = next_line(&text, end);
    memcpy(header->name, header->text.at, 3);
    header->number = 1;
    message->segments = header;
    message->segment_count = 1;
    (void)split_fields(message, header);
    return HL7_PARSE_SEGMENTS;
}

enum hl7_parse_result hl7_message_parse(struct hl7_message *message, const char *text, size_t size)
{
    const char *end = text + size;
    size_t count;

    message->segments = NULL;
    message->segment_count = 0;
    while (text < end && isspace((unsigned char)*text))
        text++;
    if (text == end)
        return HL7_PARSE_EMPTY;
    if (end - text < 4 || memcmp(text, "MSH", 3) != 0)
        return HL7_PARSE_NO_MSH;
    if (!hl7_separators_read(&message->separators, text, (size_t)(end - text))) {
        message->separators = hl7_separators_default; /* for whoever answers */
        return HL7_PARSE_SEPARATORS;
    }
    count = count_segments(&message->separators, text, end);
    if (count > HL7_MAX_SEGMENTS)
        return parse_header_alone(message, text, end);
    message->segments = hl7_arena_take(message->arena, count * sizeof *message->segments);
    find_segments(message, text, end);
    number_segments(message);
    for (size_t i = 0; i < message->segment_count; i++)
        if (!split_fields(message, &message->segments[i])) {
            message->segment_count = i + 1;
            return HL7_PARSE_FIELDS;
        }
    return HL7_PARSE_OK;
}

struct hl7_segment *hl7_segment_find(const struct hl7_message *message, const char *name, uint32_t number)
{
    for (size_t i = 0; i < message->segment_count; i++)
        if (message->segments[i].number == number && strcmp(message->segments[i].name, name) == 0)
            return &message->segments[i];
    return NULL;
}

/* ---- inside a field --------------------------------------------------------------------------------------------- */

static bool is_header_separators(const struct hl7_segment *segment, uint32_t field)
{
    return field <= 2 && strcmp(segment->name, "MSH") == 0;
}

/* The number-th piece between separators. Past the end: empty. */
static struct hl7_span piece(struct hl7_span span, char separator, uint32_t number)
{
    const char *at = span.at, *end = at + span.size;

    if (separator == '\0' || span.size == 0)
        return number == 1 ? span : (struct hl7_span){end, 0};
    for (uint32_t i = 1;; i++) {
        const char *stop = memchr(at, separator, (size_t)(end - at));
        if (i == number)
            return (struct hl7_span){at, (size_t)((stop != NULL ? stop : end) - at)};
        if (stop == NULL)
            return (struct hl7_span){end, 0};
        at = stop + 1;
    }
}

static uint32_t pieces(struct hl7_span span, char separator)
{
    const char *at = span.at, *end = at + span.size;
    uint32_t count = 1;

    if (separator == '\0' || span.size == 0)
        return 1;
    while ((at = memchr(at, separator, (size_t)(end - at))) != NULL) {
        at++;
        count++;
    }
    return count;
}

struct hl7_span hl7_span_of(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field,
                            uint32_t repetition, uint32_t component, uint32_t subcomponent)
{
    const struct hl7_separators *separators = &message->separators;
    struct hl7_span span;

    if (segment == NULL || field > segment->field_count)
        return (struct hl7_span){"", 0};
    span = segment->fields[field];
    if (repetition == 0 || is_header_separators(segment, field))
        return span;
    span = piece(span, separators->repetition, repetition);
    if (component == 0)
        return span;
    span = piece(span, separators->component, component);
    return subcomponent == 0 ? span : piece(span, separators->subcomponent, subcomponent);
}

uint32_t hl7_repetitions(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field)
{
    uint32_t count;

    if (segment == NULL || field > segment->field_count || segment->fields[field].size == 0)
        return 0;
    if (is_header_separators(segment, field))
        return 1;
    count = pieces(segment->fields[field], message->separators.repetition);
    return count < HL7_MAX_REPETITIONS ? count : HL7_MAX_REPETITIONS;
}

static uint32_t component_bit(uint32_t component)
{
    return component == 0 ? UINT32_MAX : UINT32_C(1) << (component < 32 ? component - 1 : 31);
}

static struct hl7_span trim(struct hl7_span span)
{
    while (span.size > 0 && isspace((unsigned char)span.at[0])) {
        span.at++;
        span.size--;
    }
    while (span.size > 0 && isspace((unsigned char)span.at[span.size - 1]))
        span.size--;
    return span;
}

static bool is_null(struct hl7_span span)
{
    return span.size == 2 && span.at[0] == '"' && span.at[1] == '"';
}

const char *hl7_peek(struct hl7_message *message, const struct hl7_segment *segment, uint32_t field,
                     uint32_t repetition, uint32_t component, uint32_t subcomponent)
{
    struct hl7_span span = trim(hl7_span_of(message, segment, field, repetition, component, subcomponent));

    return span.size == 0 || is_null(span) ? "" : hl7_unescape(message, span);
}

const char *hl7_text(struct hl7_message *message, struct hl7_segment *segment, uint32_t field, uint32_t repetition,
                     uint32_t component, uint32_t subcomponent)
{
    struct hl7_span span = hl7_span_of(message, segment, field, repetition, component, subcomponent), whole;

    if (segment == NULL || field > segment->field_count)
        return "";
    /* One subcomponent of several does not make the component read. */
    whole = hl7_span_of(message, segment, field, repetition, component, 0);
    if (subcomponent == 0 || whole.size == span.size) {
        if (repetition <= 1)
            segment->asked[field].first |= component_bit(component);
        if (repetition != 1)
            segment->asked[field].others |= component_bit(component);
    }
    return hl7_peek(message, segment, field, repetition, component, subcomponent);
}

const char *hl7_free_text(struct hl7_message *message, struct hl7_segment *segment, uint32_t field)
{
    struct hl7_span span = hl7_span_of(message, segment, field, 0, 0, 0);
    const char separator = message->separators.repetition, *at = span.at, *end = at + span.size;
    size_t used = 0;
    char *text;

    if (segment == NULL || span.size == 0)
        return "";
    hl7_ask(segment, field);
    text = hl7_arena_take(message->arena, span.size * 3 + 1);
    while (at <= end) {
        const char *stop = separator != '\0' && at < end ? memchr(at, separator, (size_t)(end - at)) : NULL;
        struct hl7_span part = {at, (size_t)((stop != NULL ? stop : end) - at)};
        if (!is_null(part)) {
            const char *decoded = hl7_unescape(message, part);
            size_t length = strlen(decoded);
            memcpy(text + used, decoded, length);
            used += length;
        }
        if (stop == NULL)
            break;
        text[used++] = '\n';
        at = stop + 1;
    }
    return text;
}

/* ---- what was asked for ------------------------------------------------------------------------------------------ */

void hl7_ask(struct hl7_segment *segment, uint32_t field)
{
    if (segment != NULL && field <= segment->field_count)
        segment->asked[field] = (struct hl7_asked){UINT32_MAX, UINT32_MAX};
}

static bool repetition_left(const struct hl7_message *message, struct hl7_span span, uint32_t asked)
{
    const char separator = message->separators.component, *at = span.at, *end = at + span.size;

    for (uint32_t component = 1; at <= end; component++) {
        const char *stop = separator != '\0' && at < end ? memchr(at, separator, (size_t)(end - at)) : NULL;
        struct hl7_span part = trim((struct hl7_span){at, (size_t)((stop != NULL ? stop : end) - at)});
        if (part.size > 0 && !is_null(part) && (asked & component_bit(component)) == 0)
            return true;
        if (stop == NULL)
            break;
        at = stop + 1;
    }
    return false;
}

bool hl7_field_left(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field)
{
    struct hl7_span span = hl7_span_of(message, segment, field, 0, 0, 0);
    const char separator = message->separators.repetition, *at = span.at, *end = at + span.size;

    if (span.size == 0)
        return false;
    if (is_header_separators(segment, field))
        return false;
    for (uint32_t repetition = 1; at <= end; repetition++) {
        const char *stop = separator != '\0' && at < end ? memchr(at, separator, (size_t)(end - at)) : NULL;
        struct hl7_span part = {at, (size_t)((stop != NULL ? stop : end) - at)};
        const struct hl7_asked *asked = &segment->asked[field];
        uint32_t mask = repetition == 1 ? asked->first : asked->others;
        /* Nobody looks beyond the bound, unless at the whole field. */
        if (repetition > HL7_MAX_REPETITIONS && asked->others != UINT32_MAX)
            mask = 0;
        if (repetition_left(message, part, mask))
            return true;
        if (stop == NULL)
            break;
        at = stop + 1;
    }
    return false;
}

bool hl7_segment_asked(const struct hl7_segment *segment)
{
    for (uint32_t field = 1; field <= segment->field_count; field++)
        if (segment->asked[field].first != 0 || segment->asked[field].others != 0)
            return true;
    return false;
}
