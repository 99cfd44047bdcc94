/*
 * The matcher's rules once more, as plain loops over what was put: written from daemon/match/README.md, slow, and knowing nothing
 * of daemon/match but the names in its door. Distance is measured by haversine in long double, to the metre below 100 km; beyond, the matcher's is taken, and
 * must be no farther off than its chord is unsure.
 * match_oracle.c judges one therapist; match_oracle_answer.c puts the answer together: the bound, and what is said when nobody passes.
 */
#ifndef FASCIA_TESTS_MATCH_ORACLE_H
#define FASCIA_TESTS_MATCH_ORACLE_H

#include "match/match.h"

#include <stdbool.h>
#include <stddef.h>

struct oracle_therapist {
    uint32_t number;
    const Fascia__Therapist *therapist;
    const struct calendar *calendar;
    uint32_t open_cases, recent_cases;
};

struct oracle_question {
    const struct match_query *query;
    const struct match_settings *settings;
    const struct codes *codes;
};

struct oracle_verdict {
    const Fascia__Therapist *therapist;
    uint32_t number;
    bool unmet[GATE_COUNT]; /* time is asked only of who misses at most two others */
    unsigned unmet_but_time;
    int32_t points[PART_COUNT], total;
    int64_t first_free;
    bool measured;
    uint32_t distance, place;
    uint32_t recent_cases; /* as far as they are told apart */
};

struct oracle_miss {
    enum match_gate first, second; /* equal for a single gate */
    uint32_t therapists;
    const struct oracle_verdict *nearest;
};

/* Why an answer is bounded. */
struct oracle_bounds {
    bool passing;      /* somebody who was not looked into might have been a candidate */
    bool near, beyond; /* near misses: around; of distance */
};

struct oracle_answer {
    struct oracle_verdict *verdicts; /* one for each therapist */
    struct oracle_bounds bounded;
    uint32_t removed[GATE_COUNT], only[GATE_COUNT];
    uint32_t passed, not_looked_into;
    const struct oracle_verdict **order; /* who passed, best first */
    struct oracle_miss misses[GATE_COUNT * GATE_COUNT];
    size_t miss_count;
};

void oracle_answer(const struct oracle_question *question, const struct oracle_therapist *therapists, size_t count,
                   struct oracle_answer *answer);
void oracle_answer_finish(struct oracle_answer *answer);
/* One therapist's gates, score and distance, without any bound. */
struct oracle_verdict oracle_judge(const struct oracle_question *question, const struct oracle_therapist *therapist);
/* As match_check. */
enum match_gate oracle_check(const struct oracle_question *question, const struct oracle_therapist *therapist,
                             int64_t from, int64_t to, bool held, bool own_case);
/* Metres, not rounded: along the sphere, and straight through it. */
long double oracle_metres(const Fascia__Position *a, const Fascia__Position *b);
long double oracle_chord(const Fascia__Position *a, const Fascia__Position *b);
uint32_t oracle_distance(const Fascia__Position *a, const Fascia__Position *b); /* as it is answered */

#endif
