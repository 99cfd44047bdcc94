/*
 * Texts of the code tables, kept once, and maps from a text to the number of a row.
 *
 * Open addressing; nothing is ever removed. Keys are the tables' own, so that a sender cannot choose what collides.
 */
#ifndef FASCIA_CORE_CODES_MAP_H
#define FASCIA_CORE_CODES_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODES_NONE UINT32_MAX

/* Texts live until the store is finished, and do not move. */
struct codes_texts {
    struct codes_texts_block *newest;
};
const char *codes_texts_keep(struct codes_texts *texts, const char *text, size_t size);
void codes_texts_finish(struct codes_texts *texts);

struct codes_map_place {
    const char *key; /* NULL: free */
    uint32_t hash, row;
};
struct codes_map {
    struct codes_map_place *places;
    size_t count, room;
};
/* The row of the first size bytes of key, or CODES_NONE. */
uint32_t codes_map_find(const struct codes_map *map, const char *key, size_t size);
/* key is borrowed, and not in the map yet. */
void codes_map_put(struct codes_map *map, const char *key, uint32_t row);
/* Another row for a key that is there. */
void codes_map_replace(struct codes_map *map, const char *key, uint32_t row);
void codes_map_finish(struct codes_map *map);

#endif
