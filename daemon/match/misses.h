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
/* misses_text.c: "3 pass but for a licence in US-KY"; second is GATE_NONE for a single gate. */
char *match_misses_text(const struct match_plan *plan, uint32_t therapists, enum match_gate first,
                        enum match_gate second, const struct match_score *nearest);

#endif
