/*
 * Finding the tables' words in what people wrote.
 *
 * Text becomes words: letters and digits, lower case, apostrophes dropped, everything else between words. At each word the longest phrase of
 * the table that begins there is taken, and reading goes on behind it. See codes_flags_in_text() for what negation is understood.
 */
#ifndef FASCIA_CORE_CODES_WORDS_H
#define FASCIA_CORE_CODES_WORDS_H

#include "core/codes_tables.h"

#define WORDS_IN_PHRASE 8
#define PHRASE_BYTES    160

/* The phrase as a key. false when it is empty, too long, or has more than WORDS_IN_PHRASE words. */
bool codes_phrase_key(const char *text, char key[PHRASE_BYTES + 1]);
/* key must be kept by the caller and not be there yet. */
void codes_phrase_put(struct codes *codes, struct codes_phrases *phrases, const char *key, uint32_t row);

/* A mention that is not negated; size is the phrase's length in bytes. */
typedef void codes_mention(void *context, uint32_t row, size_t size);
void codes_phrases_scan(const struct codes_phrases *phrases, const char *text, codes_mention *mention, void *context);
/* The row of the longest mention, the first of equals; CODES_NONE. */
uint32_t codes_phrases_longest(const struct codes_phrases *phrases, const char *text);

#endif
