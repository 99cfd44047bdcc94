/*
 * Short texts for people, of bounded length: what does not fit is cut, at the end of a character.
 */
#ifndef FASCIA_MATCH_TEXT_H
#define FASCIA_MATCH_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct match_text {
    char characters[512];
    size_t size;
};

void match_text_add(struct match_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void match_text_add_distance(struct match_text *text, uint32_t metres); /* "850 m" "4.2 km" "310 km"; rounded down */
/* Rounded up: who goes so far arrives. */
void match_text_add_distance_needed(struct match_text *text, uint32_t metres);

#endif
