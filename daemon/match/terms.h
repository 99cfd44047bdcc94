/*
 * Interned strings: each distinct code of a kind gets a small number, counted from 0, that stays its own.
 *
 * A number is never taken back, so that rows can be compared by number alone; a directory's codes are few beside its
 * therapists, and the same codes come back with every import. Not shared between threads while it grows.
 */
#ifndef FASCIA_MATCH_TERMS_H
#define FASCIA_MATCH_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TERM_NONE UINT32_MAX

struct match_terms {
    bool fold_case; /* ASCII letters compare without case */
    char **texts;   /* by number */
    size_t room;
    uint32_t count;
    uint32_t *buckets; /* number + 1; 0 is empty */
    uint32_t bucket_count;
};

void match_terms_init(struct match_terms *terms, bool fold_case);
void match_terms_finish(struct match_terms *terms);
uint32_t match_terms_add(struct match_terms *terms, const char *text);
uint32_t match_terms_find(const struct match_terms *terms, const char *text); /* TERM_NONE when nobody has it */

/* fold_case as above. */
uint64_t match_text_hash(const char *text, bool fold_case);
bool match_text_equal(const char *left, const char *right, bool fold_case);

#endif
