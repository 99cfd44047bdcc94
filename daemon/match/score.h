/*
 * How good a therapist is for a need, in named parts that add up; and who comes before whom.
 */
#ifndef FASCIA_MATCH_SCORE_H
#define FASCIA_MATCH_SCORE_H

#include "match/gates.h"

struct match_score {
    const struct match_block *block;
    uint32_t row, number;
    int32_t total;
    int32_t points[PART_COUNT];
    struct match_reach reach;
    int64_t first_free; /* INT64_MAX: none, and no points for it */
};

/* In two steps: the total and what it takes, then the parts that the row knows only as a sum. */
struct match_score match_score_begin(const struct match_plan *plan, const struct match_block *block, uint32_t row,
                                     int64_t first_free);
void match_score_complete(const struct match_plan *plan, struct match_score *score);
/* No fewer than the total without earliest, quickly: of one who treats at so long a chord, or nearer. */
int32_t match_score_bound(const struct match_plan *plan, const struct match_block *block, uint32_t row, uint64_t chord);
/* More points first; then fewer recent cases, which points of load are too coarse to tell; then the identifier that sorts first, byte by byte. */
bool match_precedes(const struct match_plan *plan, int32_t left_points, uint32_t left, int32_t right_points,
                    uint32_t right);
bool match_score_precedes(const struct match_plan *plan, const struct match_score *left,
                          const struct match_score *right);
/* The candidate as it is explained; heap. */
Fascia__Candidate *match_score_explain(const struct match_plan *plan, const struct match_score *score);

/* ---- choose.c: the best of those who pass ---- */
struct match_best {
    struct match_score scores[MATCH_SHORTLIST]; /* best first; complete only after match_choose() */
    size_t count, limit;
    uint64_t passed, timeless; /* of those looked into */
    uint64_t unopened;         /* not looked into; known only when some are counted */
    bool bounded;              /* and one of those might have become a candidate */
};
/* Survivors: so many of plan->index->survivors, who meet every gate but time. At least `counted` of them have their calendars looked into, and
 * whoever can become a candidate, as far as the bound allows. With 0 they come with a bound of their points. */
void match_choose(const struct match_plan *plan, size_t survivors, size_t counted, struct match_best *best);
/* ---- find.c ---- */
/* What a block is asked for, into the cache; so many blocks ahead. */
#define MATCH_AHEAD 6
void match_fetch(const struct match_plan *plan, const struct match_block *block);
/* One more survivor, at this place. */
void match_survive(struct match_index *index, size_t at, const struct match_block *block, uint32_t row);
/* Nobody yet; at most as many as the query wants, and as `most`. */
void match_best_begin(struct match_best *best, const struct match_query *query, size_t most);

#endif
