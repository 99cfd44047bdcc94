/*
 * Memory that lives as long as the handling of one message, and is given back in one piece.
 *
 * What is taken is zeroed and aligned for anything. Sizes are bounded by the message that is being handled: every caller takes at
 * most a small multiple of its bytes. A process that is out of memory stops. One thread at a time.
 */
#ifndef HL7V2_ARENA_H
#define HL7V2_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct hl7_block;
struct hl7_arena {
    struct hl7_block *blocks;
};

/* Heap that outlives a message; stops the process when there is none. */
void *hl7_allocate(size_t size);

void *hl7_arena_take(struct hl7_arena *arena, size_t size);
/* A copy that ends in NUL. */
char *hl7_arena_text(struct hl7_arena *arena, const char *text, size_t size);
__attribute__((format(printf, 2, 3))) char *hl7_arena_format(struct hl7_arena *arena, const char *format, ...);
/* Adds item to a list of pointers that the arena holds. */
void hl7_arena_push(struct hl7_arena *arena, void ***list, size_t *count, void *item);
void hl7_arena_finish(struct hl7_arena *arena);

/* For protobuf-c's repeated fields, whose lists are pointers to their own type. */
#define HL7_PUSH(arena, list, count, item)                                                                             \
    do {                                                                                                               \
        void **hl7_list = (void **)(list);                                                                             \
        hl7_arena_push((arena), &hl7_list, &(count), (item));                                                          \
        (list) = (void *)hl7_list;                                                                                     \
    } while (0)

#endif
