/*
 * Memory that lives as long as the handling of one request, and is given back in one piece.
 *
 * What is taken is zeroed and aligned for anything. Sizes are bounded by the request that is being handled: every caller takes at
 * most a small multiple of its bytes. A process that is out of memory stops. One thread at a time.
 */
#ifndef FHIR_ARENA_H
#define FHIR_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct fhir_block;
struct fhir_arena {
    struct fhir_block *blocks;
};

/* Heap that outlives a request; stops the process when there is none. */
void *fhir_allocate(size_t size);

void *fhir_arena_take(struct fhir_arena *arena, size_t size);
/* A copy that ends in NUL. */
char *fhir_arena_text(struct fhir_arena *arena, const char *text, size_t size);
__attribute__((format(printf, 2, 3))) char *fhir_arena_format(struct fhir_arena *arena, const char *format, ...);
/* Adds item to a list of pointers that the arena holds. */
void fhir_arena_push(struct fhir_arena *arena, void ***list, size_t *count, void *item);
void fhir_arena_finish(struct fhir_arena *arena);

/* For protobuf-c's repeated fields, whose lists are pointers to their own type. */
#define FHIR_PUSH(arena, list, count, item)                                                                            \
    do {                                                                                                               \
        void **fhir_list = (void **)(list);                                                                            \
        fhir_arena_push((arena), &fhir_list, &(count), (item));                                                        \
        (list) = (void *)fhir_list;                                                                                    \
    } while (0)

#endif
