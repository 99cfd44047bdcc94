/*
 * A query made ready: codes looked up, dates and windows as instants, distances as chords.
 *
 * Most of a question is clauses: each asks for one of some attributes, and all must be met. A clause that asks for what nobody in
 * the index has is met by nobody, without a search. The plan borrows the query and the index; init before, finish after. Small plans
 * live inside the struct: no allocation.
 */
#ifndef FASCIA_MATCH_PLAN_H
#define FASCIA_MATCH_PLAN_H

#include "match/index.h"

#define PLAN_MEMORY 2048

enum match_mode { MODE_CLINIC, MODE_HOME, MODE_REMOTE, MODE_COUNT };

/* One of these. */
struct match_clause {
    enum match_gate gate;
    uint32_t column_count, rare_count;
    uint32_t *columns;  /* slots */
    uint32_t *rare;     /* attributes without a column */
    uint64_t frequency; /* at most so many therapists have one */
};

/* Numbers of certifications, one of which is needed. */
struct match_group {
    uint32_t *numbers;
    size_t count;
};

struct match_plan {
    struct match_index *index;
    const struct match_query *query;
    const Fascia__Need *need;

    bool is_named;
    uint32_t named; /* number; MATCH_NOBODY */

    struct match_clause *clauses; /* in the order of gates */
    size_t clause_count;
    uint32_t *program;            /* for match_kernel.select: clauses of columns alone, rarest first */
    struct match_clause **others; /* clauses with rare attributes, rarest first */
    size_t other_count;
    bool hopeless; /* some clause is met by nobody */

    bool licence_needed;
    uint32_t jurisdiction;        /* number; TERM_NONE: nobody has a licence of it */
    struct match_stretch days;    /* on which treatment may be */
    uint16_t row_from, row_until; /* and to the horizon, as rows say days; FOREVER, ALWAYS: out of their years */
    bool all_days;                /* credentials must hold on all of them; else on one */
    struct match_group *groups;
    size_t group_count;
    uint32_t *conditions; /* attributes */
    size_t condition_count;
    bool unknown_condition;

    int asked_mode; /* enum match_mode, -1: any */
    bool position_known;
    struct match_point position;
    uint64_t chord_limit;
    double distance_scale; /* weight of distance by metres: for bounds only */

    struct calendar_search search;
    struct calendar_window *windows;
    int64_t earliest; /* instant from which waiting counts */
    int32_t horizon;  /* a day that no calendar reaches */
    bool own_case;    /* the referral counts in open cases already */

    int32_t weight[PART_COUNT]; /* 0..10000 */
    size_t memory_used;
    void *memory_more;                    /* list of pieces on the heap */
    alignas(16) char memory[PLAN_MEMORY]; /* this and what follows is not zeroed */
    struct calendar_prepared prepared;
};

void match_plan_init(struct match_plan *plan, struct match_index *index, const struct match_query *query);
/* Treatment is at this time and no other: credentials must hold on each of its days. */
void match_plan_fix_time(struct match_plan *plan, int64_t from, int64_t to);
void match_plan_finish(struct match_plan *plan);

/* Whether a licence is of a profession that counts: the therapist's own, or one that the need lists. */
bool match_plan_licence_profession(const struct match_plan *plan, uint32_t number);

#endif
