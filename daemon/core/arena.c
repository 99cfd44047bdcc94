#include "core/arena.h"

#include "core/fault.h"
#include "core/memory.h"

#include <stdint.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)256 << 10)
#define ALIGNMENT   sizeof(uint64_t)

struct arena_block {
    struct arena_block *older;
    size_t room;
    uint64_t pieces[];
};

static void *take_for_message(void *context, size_t size)
{
    return arena_take(context, size);
}

static void leave_to_reset(void *context, void *piece)
{
    (void)context;
    (void)piece;
}

void arena_begin(struct arena *arena)
{
    *arena =
        (struct arena){.for_message = {.alloc = take_for_message, .free = leave_to_reset, .allocator_data = arena}};
}

static void drop_older(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *older = block->older;

        free(block);
        block = older;
    }
}

void arena_finish(struct arena *arena)
{
    drop_older(arena->newest);
    arena->newest = NULL;
    arena->used = arena->room = 0;
}

static void add_block(struct arena *arena, size_t size)
{
    const size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct arena_block *block = malloc(sizeof *block + room);

    INVARIANT(block != NULL);
    block->older = arena->newest;
    block->room = room;
    arena->newest = block;
    arena->used = 0;
    arena->room = room;
}

void *arena_take(struct arena *arena, size_t size)
{
    void *piece;

    INVARIANT(size <= SIZE_MAX / 2);
    size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (size > arena->room - arena->used)
        add_block(arena, size);
    piece = (uint8_t *)arena->newest->pieces + arena->used;
    arena->used += size;
    return piece;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->newest;

    if (block == NULL)
        return;
    drop_older(block->older);
    block->older = NULL;
    arena->used = 0;
    if (block->room > BLOCK_BYTES) /* one large message must not keep its room for ever */
        arena_finish(arena);
}

ProtobufCAllocator *arena_allocator(struct arena *arena)
{
    return &arena->for_message;
}
