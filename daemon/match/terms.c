#include "match/terms.h"

#include "core/fault.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define ONES UINT64_C(0x0101010101010101)

/* Each byte of A to Z becomes that of a to z; others stay. */
static uint64_t folded(uint64_t bytes)
{
    uint64_t low = bytes & ONES * 0x7f, from_a = low + ONES * (0x80 - 'A'), after_z = low + ONES * (0x7f - 'Z');
    uint64_t capital = (from_a & ~after_z & ~bytes & ONES * 0x80) >> 2;

    return bytes | capital;
}

/* Up to eight bytes; the rest 0. */
static uint64_t eight_of(const char *text, size_t size, bool fold_case)
{
    uint64_t bytes = 0;

    if (size >= 8)
        memcpy(&bytes, text, 8);
    else
        memcpy(&bytes, text, size);
    return fold_case ? folded(bytes) : bytes;
}

/* Finds buckets only: its value is never kept. */
uint64_t match_text_hash(const char *text, bool fold_case)
{
    size_t left = strlen(text);
    uint64_t hash = left * UINT64_C(0x9e3779b97f4a7c15);

    for (; left > 8; left -= 8, text += 8)
        hash = ((hash ^ eight_of(text, 8, fold_case)) * UINT64_C(0x9fb21c651e98df25)) ^ hash >> 29;
    hash = (hash ^ eight_of(text, left, fold_case)) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ hash >> 32;
}

bool match_text_equal(const char *left, const char *right, bool fold_case)
{
    size_t size = strlen(left);

    if (!fold_case)
        return strcmp(left, right) == 0;
    if (strlen(right) != size)
        return false;
    for (; size > 8; size -= 8, left += 8, right += 8)
        if (eight_of(left, 8, true) != eight_of(right, 8, true))
            return false;
    return eight_of(left, size, true) == eight_of(right, size, true);
}

void match_terms_init(struct match_terms *terms, bool fold_case)
{
    memset(terms, 0, sizeof *terms);
    terms->fold_case = fold_case;
}

void match_terms_finish(struct match_terms *terms)
{
    for (uint32_t number = 0; number < terms->count; number++)
        free(terms->texts[number]);
    free(terms->texts);
    free(terms->buckets);
    match_terms_init(terms, terms->fold_case);
}

/* Where the text stands, or the empty bucket where it would. */
static uint32_t bucket_of(const struct match_terms *terms, const char *text)
{
    uint32_t mask = terms->bucket_count - 1;
    uint32_t bucket = (uint32_t)match_text_hash(text, terms->fold_case) & mask;

    while (terms->buckets[bucket] != 0 &&
           !match_text_equal(terms->texts[terms->buckets[bucket] - 1], text, terms->fold_case))
        bucket = (bucket + 1) & mask;
    return bucket;
}

static void widen(struct match_terms *terms)
{
    free(terms->buckets);
    terms->bucket_count = terms->bucket_count == 0 ? 64 : terms->bucket_count * 2;
    terms->buckets = memory_allocate(terms->bucket_count, sizeof *terms->buckets);
    for (uint32_t number = 0; number < terms->count; number++)
        terms->buckets[bucket_of(terms, terms->texts[number])] = number + 1;
}

uint32_t match_terms_find(const struct match_terms *terms, const char *text)
{
    if (terms->bucket_count == 0)
        return TERM_NONE;
    /* An empty bucket holds 0, and 0 - 1 is TERM_NONE. */
    return terms->buckets[bucket_of(terms, text)] - 1;
}

uint32_t match_terms_add(struct match_terms *terms, const char *text)
{
    uint32_t number = match_terms_find(terms, text);

    if (number != TERM_NONE)
        return number;
    INVARIANT(terms->count < UINT32_MAX / 4);
    if (terms->count * 2 >= terms->bucket_count)
        widen(terms);
    terms->texts = memory_grow(terms->texts, &terms->room, (size_t)terms->count + 1, sizeof *terms->texts);
    number = terms->count++;
    terms->texts[number] = memory_text(text);
    terms->buckets[bucket_of(terms, text)] = number + 1;
    return number;
}
