/*
 * When nobody passes: who would, but for one gate or two, and what to ask less of.
 */
#ifndef FASCIA_MATCH_MISSES_H
#define FASCIA_MATCH_MISSES_H

#include "match/score.h"

#define MISSES_LISTED 8 /* near misses that an explanation holds */

/* Therapists whose unmet gates are exactly these: the single one on the diagonal, a pair above it. With distance, where the patient's position is
 * known: the nearest alone. */
struct match_misses {
    uint32_t count[GATE_COUNT][GATE_COUNT];
    struct match_score best[GATE_COUNT][GATE_COUNT];
    bool bounded; /* more calendars than the bound allows would have had to be looked into */
};

/* Heap. Meant for a plan that nobody passes. */
struct match_misses *match_misses_count(const struct match_plan *plan);
/* Fills near_misses: single gates first, then pairs that let more in than each alone; in each, more therapists first. */
void match_misses_explain(const struct match_plan *plan, const struct match_misses *misses,
                          Fascia__Explanation *explanation);
/* ---- misses_size.c: how much would have to give ---- */

/* When a therapist who has no time is first free, were there no windows and no last date. */
struct match_free {
    bool sought;        /* they miss time, and windows or a last date are asked for */
    int64_t at;         /* INT64_MAX: never */
    uint32_t days_late; /* after the last date; 0: not after it */
};
struct match_free match_misses_free(const struct match_plan *plan, const struct match_score *nearest);
/* Of one who misses distance: they come to the patient's home, and not so far. */
bool match_misses_beyond_home_radius(const struct match_score *nearest);

/* misses_text.c: "3 pass but for a licence in US-KY"; second is GATE_NONE for a single gate. */
char *match_misses_text(const struct match_plan *plan, uint32_t therapists, enum match_gate first,
                        enum match_gate second, const struct match_score *nearest, const struct match_free *free);

#endif
