#include "core/codes_map.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536

struct codes_texts_block {
    struct codes_texts_block *older;
    size_t used, room;
    char bytes[];
};

const char *codes_texts_keep(struct codes_texts *texts, const char *text, size_t size)
{
    struct codes_texts_block *block = texts->newest;
    char *kept;

    if (block == NULL || block->room - block->used <= size) {
        size_t room = size < BLOCK_BYTES ? BLOCK_BYTES : size + 1;
        block = memory_allocate(1, sizeof *block + room);
        block->room = room;
        block->older = texts->newest;
        texts->newest = block;
    }
    kept = block->bytes + block->used;
    memcpy(kept, text, size);
    kept[size] = 0;
    block->used += size + 1;
    return kept;
}

void codes_texts_finish(struct codes_texts *texts)
{
    while (texts->newest != NULL) {
        struct codes_texts_block *older = texts->newest->older;
        free(texts->newest);
        texts->newest = older;
    }
}

/* FNV-1a */
static uint32_t hash_of(const char *key, size_t size)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)key[i]) * 16777619u;
    return hash;
}

static struct codes_map_place *find_place(const struct codes_map *map, uint32_t hash, const char *key, size_t size)
{
    size_t at = (hash ^ hash >> 15) & (map->room - 1);

    for (;; at = (at + 1) & (map->room - 1)) {
        struct codes_map_place *place = &map->places[at];
        if (place->key == NULL || (place->hash == hash && strncmp(place->key, key, size) == 0 && place->key[size] == 0))
            return place;
    }
}

uint32_t codes_map_find(const struct codes_map *map, const char *key, size_t size)
{
    struct codes_map_place *place;

    if (map->count == 0)
        return CODES_NONE;
    place = find_place(map, hash_of(key, size), key, size);
    return place->key == NULL ? CODES_NONE : place->row;
}

static void make_room(struct codes_map *map)
{
    struct codes_map_place *old = map->places;
    size_t old_room = map->room;

    if ((map->count + 1) * 2 <= map->room)
        return;
    map->room = old_room == 0 ? 16 : old_room * 2;
    map->places = memory_allocate(map->room, sizeof *map->places);
    for (size_t i = 0; i < old_room; i++)
        if (old[i].key != NULL)
            *find_place(map, old[i].hash, old[i].key, strlen(old[i].key)) = old[i];
    free(old);
}

void codes_map_put(struct codes_map *map, const char *key, uint32_t row)
{
    size_t size = strlen(key);
    uint32_t hash = hash_of(key, size);

    make_room(map);
    *find_place(map, hash, key, size) = (struct codes_map_place){key, hash, row};
    map->count++;
}

void codes_map_replace(struct codes_map *map, const char *key, uint32_t row)
{
    size_t size = strlen(key);

    if (map->count > 0)
        find_place(map, hash_of(key, size), key, size)->row = row;
}

void codes_map_finish(struct codes_map *map)
{
    free(map->places);
    *map = (struct codes_map){0};
}
