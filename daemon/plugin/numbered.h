/*
 * Things that are found by a number: the streams of an isolated plugin, on both sides of its socket, of which there can be tens of thousands.
 *
 * The thing embeds its entry; nothing is allocated for it. The numbers are those of the host, which counts: their low bits spread as well as any hash.
 */
#ifndef FASCIA_PLUGIN_NUMBERED_H
#define FASCIA_PLUGIN_NUMBERED_H

#include <stddef.h>
#include <stdint.h>

struct numbered {
    struct numbered *next;
    uint64_t number;
};

/* Begins as {0}. */
struct numbered_table {
    struct numbered **buckets; /* a power of two, at least as many as there are entries */
    size_t bucket_count, count;
};

/* The number is not in the table yet. */
void numbered_add(struct numbered_table *table, struct numbered *entry, uint64_t number);
/* The entry is in the table. */
void numbered_remove(struct numbered_table *table, const struct numbered *entry);
/* NULL: none of that number. */
struct numbered *numbered_find(const struct numbered_table *table, uint64_t number);
/* Frees the table, not what is in it. */
void numbered_finish(struct numbered_table *table);

#endif
