/*
 * What stands behind the '?' of a URL, or in a form that is posted: pairs of name and value, decoded strictly.
 *
 * "%" needs two hexadecimal digits behind it, the result must be UTF-8 without NUL, and '+' is a blank (WHATWG URL, application/x-www-form-urlencoded).
 * Pure; any thread.
 */
#ifndef FHIR_QUERY_H
#define FHIR_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "fhir/arena.h"

enum { FHIR_QUERY_PAIRS = 200, FHIR_QUERY_FAULT_BYTES = 160 };

struct fhir_pair {
    const char *name;     /* without its modifier */
    const char *modifier; /* what stands behind the ':' of the name; "": nothing */
    const char *value;
};
struct fhir_query {
    struct fhir_pair pairs[FHIR_QUERY_PAIRS];
    size_t count;
};

/* Adds to query. false, and fault says why without repeating what was sent. */
bool fhir_query_read(struct fhir_arena *arena, const char *text, size_t size, struct fhir_query *query,
                     char fault[FHIR_QUERY_FAULT_BYTES]);
/* NULL: it can't be decoded. plus: a '+' is a blank. */
const char *fhir_percent_decode(struct fhir_arena *arena, const char *text, size_t size, bool plus);
/* With all but the unreserved characters of RFC 3986 and those of `also` encoded. */
const char *fhir_percent_encode(struct fhir_arena *arena, const char *text, const char *also);
/* The value of the first pair of that name; NULL. */
const char *fhir_query_find(const struct fhir_query *query, const char *name);
/* UTF-8 by RFC 3629, and no NUL. */
bool fhir_is_text(const char *text, size_t size);

#endif
