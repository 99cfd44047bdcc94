/*
 * Sets of days, as sorted stretches that neither touch nor overlap: when a licence holds, when certifications do.
 *
 * Most sets are one stretch and live inside the struct; more go to the heap. init before, finish after. Pure.
 */
#ifndef FASCIA_MATCH_DAYS_H
#define FASCIA_MATCH_DAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAYS_INLINE 8

/* Both days belong to it. Days as in core/zone.h; DAY_FIRST and DAY_LAST stand for "always was" and "open". */
struct match_stretch {
    int32_t first, last;
};
#define DAY_FIRST INT32_MIN
#define DAY_LAST  INT32_MAX

struct match_days {
    struct match_stretch *stretches; /* NULL: inside */
    size_t count, room;
    struct match_stretch inside[DAYS_INLINE];
};

void match_days_init(struct match_days *days);
void match_days_finish(struct match_days *days);
const struct match_stretch *match_days_stretches(const struct match_days *days);
/* Adds in any order; nothing but add, init and finish may follow until settle. */
void match_days_add(struct match_days *days, struct match_stretch stretch);
/* Sorts and joins. */
void match_days_settle(struct match_days *days);
/* days becomes what both have. */
void match_days_keep(struct match_days *days, const struct match_days *other);
bool match_days_meet(const struct match_days *days, struct match_stretch stretch);  /* share a day */
bool match_days_cover(const struct match_days *days, struct match_stretch stretch); /* have all of it */

#endif
