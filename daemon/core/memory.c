#include "core/memory.h"

#include "core/fault.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *memory_allocate(size_t count, size_t size)
{
    void *pieces = calloc(count == 0 ? 1 : count, size);

    INVARIANT(pieces != NULL);
    return pieces;
}

void *memory_allocate_lines(size_t size)
{
    size_t lines = (size + 63) / 64 * 64;
    void *memory = aligned_alloc(64, lines == 0 ? 64 : lines);

    INVARIANT(memory != NULL);
    memset(memory, 0, lines);
    return memory;
}

void *memory_grow(void *pieces, size_t *room, size_t need, size_t size)
{
    size_t wanted = *room < 8 ? 8 : *room;

    if (need <= *room && pieces != NULL)
        return pieces;
    while (wanted < need) {
        INVARIANT(wanted <= SIZE_MAX / 2);
        wanted *= 2;
    }
    INVARIANT(wanted <= SIZE_MAX / size);
    pieces = realloc(pieces, wanted * size);
    INVARIANT(pieces != NULL);
    *room = wanted;
    return pieces;
}

void *memory_resize(void *pieces, size_t count, size_t size)
{
    void *resized = reallocarray(pieces, count == 0 ? 1 : count, size);

    INVARIANT(resized != NULL);
    return resized;
}

char *memory_text(const char *text)
{
    char *copy = strdup(text);

    INVARIANT(copy != NULL);
    return copy;
}
