/*
 * A therapist as one row of text: each column's notation, both ways.
 *
 * Lists have ';' between their items; an item with parts has ':' between them (places: '|'). A backslash before one of these, or before a backslash, takes it
 * as it is. daemon/ctl/README.md describes every column. Pure.
 */
#ifndef FASCIA_CTL_COLUMNS_H
#define FASCIA_CTL_COLUMNS_H

#include "core/fault.h"
#include "fascia/v1/therapist.pb-c.h"

#include <stdbool.h>
#include <stdio.h>

struct ctl_column {
    const char *name;
    bool required; /* in the header, and in every row */
    /* Reads the text (which it may change) into a therapist that has nothing there yet. The fault names the item, and says what would be right. */
    bool (*read)(char *text, Fascia__Therapist *therapist, struct fault *fault);
    void (*write)(FILE *out, const Fascia__Therapist *therapist);
};

extern const struct ctl_column ctl_columns[];
extern const size_t ctl_column_count;
#define CTL_COLUMNS_MOST 32

/* "37.7479,-84.2947" and parts of it: degrees as millionths. */
MUST_CHECK bool ctl_degrees_parse(const char *text, int32_t limit, int32_t *millionths);

/* "15", "7.5": kilometres as metres, at most `most` of these. */
MUST_CHECK bool ctl_kilometres_parse(const char *text, int64_t most, int64_t *metres);

#endif
