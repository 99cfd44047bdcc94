/*
 * The two inner loops, in plain C and for processors with AVX2: chosen once, when the index is made; both give the same bits.
 */
#ifndef FASCIA_MATCH_KERNEL_H
#define FASCIA_MATCH_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MATCH_ROWS  512
#define MATCH_WORDS (MATCH_ROWS / 64) /* a column: one cache line */

/* Boxes that meet a cube; all bounds belong to both. Arrays of so many, as in struct match_boxes. */
struct match_cube {
    int32_t low[3], high[3];
};

struct match_kernel {
    const char *name;
    /* mask = from and, for each clause of the program, the union of its columns. A program is count, slot, slot ..., count, ..., 0. false, at
     * once, when nothing is left. from may be mask. */
    bool (*select)(const uint64_t (*columns)[MATCH_WORDS], const uint32_t *program, const uint64_t from[MATCH_WORDS],
                   uint64_t mask[MATCH_WORDS]);
    uint32_t (*count)(const uint64_t mask[MATCH_WORDS]);
    /* Bits before the row. */
    uint32_t (*rank)(const uint64_t column[MATCH_WORDS], uint32_t row);
    /* Bit i: box first + i meets the cube; of at most 64. */
    uint64_t (*meet)(int32_t *const low[3], int32_t *const high[3], size_t first, size_t count,
                     const struct match_cube *cube);
};

extern const struct match_kernel match_kernel_plain;
/* The best that this processor has. */
const struct match_kernel *match_kernel_best(void);

#endif
