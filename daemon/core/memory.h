/*
 * Allocation in the core, and in the rooms that know it: it works or the daemon stops.
 *
 * A daemon that can't get memory can't keep its promises, so a failure is a broken invariant and never a return value.
 * That holds for sizes that the core itself bounds; whoever lets input choose a size bounds it before asking here.
 */
#ifndef FASCIA_CORE_MEMORY_H
#define FASCIA_CORE_MEMORY_H

#include <stddef.h>

/* count pieces of size bytes each, all zero; count 0 gives one. free() them. */
void *memory_allocate(size_t count, size_t size) __attribute__((returns_nonnull));
/* size bytes, all zero, that begin on a cache line of 64. free() them. */
void *memory_allocate_lines(size_t size) __attribute__((returns_nonnull));
/* Exactly count pieces from now on; new ones are not zeroed. */
void *memory_resize(void *pieces, size_t count, size_t size) __attribute__((returns_nonnull));
/* Makes room for `need` pieces of size bytes and keeps what is there; *room is how many fit. At least doubles. */
void *memory_grow(void *pieces, size_t *room, size_t need, size_t size) __attribute__((returns_nonnull));
char *memory_text(const char *text) __attribute__((returns_nonnull));

#endif
