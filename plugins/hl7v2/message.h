/*
 * An HL7 v2 message in ER7 (chapter 2.6): segments, fields, repetitions, components, subcomponents.
 *
 * Parsing finds segments and fields; what is inside a field is split when it is asked for. Positions count from 1 as the standard does;
 * MSH-1 is the field separator itself. The message remembers what was asked for, so that what nobody asked for can be kept.
 * Tolerated: segments that end in CR, LF or CRLF; blank lines; a line that does not look like a segment is the rest of the
 * field before it (a raw line break in a text). Everything lives in the arena. One thread at a time.
 */
#ifndef HL7V2_MESSAGE_H
#define HL7V2_MESSAGE_H

#include "hl7v2/arena.h"
#include "hl7v2/charset.h"

#include <stdbool.h>

enum {
    HL7_MAX_SEGMENTS = 10000,
    HL7_MAX_FIELDS = 512,    /* of a segment */
    HL7_MAX_REPETITIONS = 64 /* of a field, that are looked at one by one; the rest is kept as it came */
};

struct hl7_span {
    const char *at;
    size_t size;
};

/* NUL where the message has none. */
struct hl7_separators {
    char field, component, repetition, escape, subcomponent, truncation;
};
extern const struct hl7_separators hl7_separators_default;

/* Which components of a field were asked for; bit 31 stands for all beyond. */
struct hl7_asked {
    uint32_t first, others; /* of the first repetition, of the others */
};

struct hl7_segment {
    char name[4];
    uint32_t number; /* 1 for the first of its name */
    struct hl7_span text;
    uint32_t field_count;
    struct hl7_span *fields; /* [0] is the name */
    struct hl7_asked *asked;
};

struct hl7_message {
    struct hl7_arena *arena;
    struct hl7_charsets *charsets; /* for \X..\; may be NULL */
    const struct hl7_charset *charset;
    struct hl7_separators separators;
    struct hl7_segment *segments;
    size_t segment_count;
};

enum hl7_parse_result {
    HL7_PARSE_OK,
    HL7_PARSE_EMPTY,
    HL7_PARSE_NO_MSH,
    HL7_PARSE_SEPARATORS, /* MSH-1 or MSH-2 */
    HL7_PARSE_SEGMENTS,   /* too many: the message then is its MSH alone */
    HL7_PARSE_FIELDS      /* too many in the last segment of the message as it then is; MSH has its first ones */
};

/* text is UTF-8 and outlives the message. message->arena is set by the caller. */
enum hl7_parse_result hl7_message_parse(struct hl7_message *message, const char *text, size_t size);
/* Only the separators of a message that begins with MSH. */
bool hl7_separators_read(struct hl7_separators *separators, const char *text, size_t size);

/* The number-th segment of that name, or NULL. */
struct hl7_segment *hl7_segment_find(const struct hl7_message *message, const char *name, uint32_t number);

/* As it came, not decoded, not remembered; empty when absent. repetition 0: the whole field; component 0: the whole repetition;
 * subcomponent 0: the whole component. */
struct hl7_span hl7_span_of(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field,
                            uint32_t repetition, uint32_t component, uint32_t subcomponent);
uint32_t hl7_repetitions(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field);

/* Decoded and trimmed. Never NULL; "" when absent or the explicit null. Not remembered: for what may turn out not to be understood. */
const char *hl7_peek(struct hl7_message *message, const struct hl7_segment *segment, uint32_t field,
                     uint32_t repetition, uint32_t component, uint32_t subcomponent);
/* The same, and remembered as asked for. */
const char *hl7_text(struct hl7_message *message, struct hl7_segment *segment, uint32_t field, uint32_t repetition,
                     uint32_t component, uint32_t subcomponent);
/* Every repetition of a field of free text, separators inside left as text, joined by line ends. */
const char *hl7_free_text(struct hl7_message *message, struct hl7_segment *segment, uint32_t field);

/* Remembers a whole field as asked for. */
void hl7_ask(struct hl7_segment *segment, uint32_t field);
/* Whether something of the field that is not empty was never asked for. */
bool hl7_field_left(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field);
bool hl7_segment_asked(const struct hl7_segment *segment);

#endif
