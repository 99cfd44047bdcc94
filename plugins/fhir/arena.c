#include "fhir/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16384 };

struct fhir_block {
    struct fhir_block *next;
    size_t size, used;
    alignas(max_align_t) uint8_t bytes[];
};

void *fhir_allocate(size_t size)
{
    void *memory = calloc(1, size > 0 ? size : 1);

    if (memory == NULL) {
        fputs("fhir: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *fhir_arena_take(struct fhir_arena *arena, size_t size)
{
    struct fhir_block *block = arena->blocks;
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    void *memory;

    if (rounded < size)
        abort();
    if (block == NULL || block->size - block->used < rounded) {
        size_t room = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        block = fhir_allocate(sizeof *block + room);
        block->size = room;
        /* A large piece has a block of its own behind the current one, whose rest stays in use. */
        if (arena->blocks != NULL && rounded > BLOCK_BYTES / 4 && arena->blocks->size - arena->blocks->used > 1024) {
            block->next = arena->blocks->next;
            arena->blocks->next = block;
        } else {
            block->next = arena->blocks;
            arena->blocks = block;
        }
    }
    memory = block->bytes + block->used;
    block->used += rounded;
    return memory;
}

char *fhir_arena_text(struct fhir_arena *arena, const char *text, size_t size)
{
    char *copy = fhir_arena_take(arena, size + 1);

    if (size > 0)
        memcpy(copy, text, size);
    return copy;
}

char *fhir_arena_format(struct fhir_arena *arena, const char *format, ...)
{
    va_list values, again;
    int size;
    char *text;

    va_start(values, format);
    va_copy(again, values);
    size = vsnprintf(NULL, 0, format, values);
    va_end(values);
    if (size < 0)
        abort();
    text = fhir_arena_take(arena, (size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

void fhir_arena_push(struct fhir_arena *arena, void ***list, size_t *count, void *item)
{
    size_t used = *count;

    /* Room grows at 0, 4, 8, 16 ...: a count of the form 2^n is where the last room ended. */
    if (used == 0 || (used >= 4 && (used & (used - 1)) == 0)) {
        size_t room = used == 0 ? 4 : used * 2;
        void **grown = fhir_arena_take(arena, room * sizeof *grown);
        if (used > 0)
            memcpy(grown, *list, used * sizeof *grown);
        *list = grown;
    }
    (*list)[used] = item;
    *count = used + 1;
}

void fhir_arena_finish(struct fhir_arena *arena)
{
    while (arena->blocks != NULL) {
        struct fhir_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}
