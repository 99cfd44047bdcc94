/*
 * What both SQL engines keep at their best: a row for each payer and condition of each therapist, sorted by place within these.
 *
 * Everything that a question asks but time stands in that row, so that one range of one tree answers it: masks, the position, and the points that do
 * not depend on the patient. Cells are squares of degrees.
 */
#ifndef FASCIA_BENCH_OFFERS_H
#define FASCIA_BENCH_OFFERS_H

#include "people.h"

#define ROWS_PER_DEGREE    20
#define COLUMNS_PER_DEGREE 20

struct offer_row { /* of a therapist */
    struct match_point point;
    int32_t latitude, longitude;
    uint64_t traits;
    uint8_t states[2];
    uint16_t points;
    uint8_t experience[CONDITIONS];
};
struct offers {
    struct offer_row *rows; /* by number */
    uint64_t *keys;         /* ascending; see offer_* */
    size_t count;
};
void offers_init(struct offers *offers, const struct country *country, uint64_t seed, uint32_t therapists);
void offers_finish(struct offers *offers);

/* payer, condition, row and column of the cell, therapist, from the highest bits on. */
static inline unsigned offer_payer(uint64_t key)
{
    return (unsigned)(key >> 56);
}
static inline unsigned offer_condition(uint64_t key)
{
    return (unsigned)(key >> 52 & 15);
}
static inline int offer_cell_row(uint64_t key)
{
    return (int)(key >> 40 & 4095);
}
static inline int offer_cell_column(uint64_t key)
{
    return (int)(key >> 27 & 8191);
}
static inline uint32_t offer_therapist(uint64_t key)
{
    return (uint32_t)(key & ((1u << 27) - 1));
}

/* Where therapists within so many metres can be: millionths of a degree, and cells. */
struct offer_box {
    int32_t south, north, west, east;
    int first_row, last_row, first_column, last_column;
};
struct offer_box offer_box_of(const struct country *country, const struct ask *ask);

#endif
