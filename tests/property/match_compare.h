/*
 * The matcher's two answers beside the oracle's: people, order, parts, times and places of match_run and match_find, counts at each gate,
 * near misses; and that an explanation, read back from its bytes, gives itself again.
 */
#ifndef FASCIA_TESTS_MATCH_COMPARE_H
#define FASCIA_TESTS_MATCH_COMPARE_H

#include "property/match_world.h"

/* What has been met so far: worlds in which nothing happens prove nothing. */
struct met {
    uint32_t questions, passed, several_misses, removed[GATE_COUNT], only[GATE_COUNT];
    uint32_t bounded_passing, bounded_near, bounded_beyond;
    uint32_t distance_alone, several_as_near, distance_and_other[GATE_COUNT], without_position;
};

/* The index is asked the question, with its settings; the oracle what it is told, the same unless a test lies to it. NULL, or where they differ
 * first. The answer is the caller's to finish. */
const char *compare_question(struct world *world, const struct world_question *question,
                             const struct world_question *told, struct oracle_answer *answer);
/* The same, counted in met; a difference fails the test, and names the seed and the stage. */
void compare_one_question(struct world *world, size_t number, uint64_t seed, const char *stage, struct met *met);
void compare_all_questions(struct world *world, uint64_t seed, const char *stage, struct met *met);

#endif
