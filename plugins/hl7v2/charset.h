/*
 * Character sets that MSH-18 can name (HL7 table 0211), to and from UTF-8.
 *
 * A message is converted whole before it is split: in sets with shifts (ISO IR87) a separator's byte can be part of a character.
 * No set, or ASCII, is read as UTF-8 when it is valid UTF-8, else as 8859/1 with a warning: senders leave MSH-18 empty.
 * UTF-16 and UTF-32 can't travel in MLLP frames and are refused. Converters are opened when first needed and kept.
 * One thread at a time per struct hl7_charsets.
 */
#ifndef HL7V2_CHARSET_H
#define HL7V2_CHARSET_H

#include "hl7v2/arena.h"

#include <stdbool.h>

struct hl7_charset; /* a row of the table; static */
struct hl7_charsets;

enum hl7_charset_result {
    HL7_CHARSET_OK,
    HL7_CHARSET_GUESSED,  /* none named and not UTF-8: read as 8859/1 */
    HL7_CHARSET_UNKNOWN,  /* no such set */
    HL7_CHARSET_WIDE,     /* UTF-16, UTF-32 */
    HL7_CHARSET_MALFORMED /* bytes that the set does not have; *bad_at is the first */
};

struct hl7_charsets *hl7_charsets_create(void);
void hl7_charsets_destroy(struct hl7_charsets *charsets);

/* By a name of table 0211 or one that senders use for it ("8859/1" "ISO-8859-1" "UNICODE UTF-8" "utf8"); NULL: unknown. "" is the row for none. */
const struct hl7_charset *hl7_charset_find(const char *name);
/* The set that HL7 text is in once the message was read. */
const struct hl7_charset *hl7_charset_utf8(void);
bool hl7_charset_is_wide(const struct hl7_charset *charset);
/* No set was named, or ASCII: anything beyond ASCII has to say what it is. */
bool hl7_charset_is_ascii(const struct hl7_charset *charset);

/* *text is in the arena and ends in NUL. */
enum hl7_charset_result hl7_charset_read(struct hl7_charsets *charsets, const struct hl7_charset *charset,
                                         struct hl7_arena *arena, const uint8_t *bytes, size_t size, char **text,
                                         size_t *text_size, size_t *bad_at);
/* From UTF-8. A character that the set does not have becomes '?'; true when there was none such. */
bool hl7_charset_write(struct hl7_charsets *charsets, const struct hl7_charset *charset, struct hl7_arena *arena,
                       const char *text, size_t size, uint8_t **bytes, size_t *bytes_size);

bool hl7_utf8_valid(const uint8_t *bytes, size_t size, size_t *bad_at);

#endif
