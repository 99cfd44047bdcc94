/*
 * Writes HL7 v2 messages: segments of fields, escaped for the separators in use.
 *
 * What is written is UTF-8 in a buffer of the arena; hl7_reply_frame() turns it into the receiver's character set. One thread at a time.
 */
#ifndef HL7V2_WRITE_H
#define HL7V2_WRITE_H

#include "hl7v2/message.h"

struct hl7_writer {
    struct hl7_arena *arena;
    struct hl7_separators separators;
    char *text;
    size_t used, room;
};

void hl7_write_begin(struct hl7_writer *writer, struct hl7_arena *arena, const struct hl7_separators *separators);
/* Each begins what its name says; the first field, component ... of a level begins with the level above. */
void hl7_write_segment(struct hl7_writer *writer, const char *name);
void hl7_write_field(struct hl7_writer *writer);
void hl7_write_repetition(struct hl7_writer *writer);
void hl7_write_component(struct hl7_writer *writer);
void hl7_write_subcomponent(struct hl7_writer *writer);
void hl7_write_end(struct hl7_writer *writer); /* of a segment: trailing empty fields go, then CR */

void hl7_write_text(struct hl7_writer *writer, const char *text); /* escaped */
void hl7_write_raw(struct hl7_writer *writer, struct hl7_span span);
__attribute__((format(printf, 2, 3))) void hl7_write_format(struct hl7_writer *writer, const char *format, ...);

void hl7_write_segments(struct hl7_writer *writer, const struct hl7_writer *from); /* those of another, as they are */

/* Shorthands: one field with this text; so many empty fields. */
void hl7_write_field_text(struct hl7_writer *writer, const char *text);
void hl7_write_fields_empty(struct hl7_writer *writer, unsigned count);

#endif
