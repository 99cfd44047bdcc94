/*
 * Memory that is given out piece by piece and taken back all at once.
 *
 * For what is made in one go and ends in one go: a message that is unpacked, looked at and dropped (its hundreds of pieces then cost
 * an addition each), or the entries of a table that are never removed. Pieces are zeroed by nobody and freed by nobody: a reset, or the end of the
 * arena, ends them all. It begins without memory. Not shared between threads.
 */
#ifndef FASCIA_CORE_ARENA_H
#define FASCIA_CORE_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *newest;
    size_t used, room;              /* of the newest block */
    ProtobufCAllocator for_message; /* valid while the arena stays where it is */
};

void arena_begin(struct arena *arena);
void arena_finish(struct arena *arena);
/* size bytes, aligned for pointers and 64-bit numbers. Who calls bounds size. */
void *arena_take(struct arena *arena, size_t size) __attribute__((returns_nonnull));
/* Ends every piece; keeps one block for those to come. */
void arena_reset(struct arena *arena);
/* For unpack() of protobuf-c: the message is then ended by arena_reset() and not by free_unpacked(). Its fields may not be freed, so not set by
 * message_set() either. */
ProtobufCAllocator *arena_allocator(struct arena *arena);

#endif
