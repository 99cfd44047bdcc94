/*
 * Who gets whom, when several referrals want the same few therapists: the best placement over all of them at once.
 *
 * Best is, in this order: as many as possible of the most urgent class; then of the next class, and so on; then the greatest sum of
 * scores, less the tolls of therapists who get several; then the older ones placed (of all placements that are equal so far, the one that places the oldest, and
 * among those the next oldest ...). Where even the same referrals could be placed in several equally good ways, lower therapist numbers are looked at
 * first. The answer depends only on what the referrals and their edges say, never on how they or their edges are ordered in memory.
 *
 * The algorithm is that of successive shortest augmenting paths with potentials, one referral after another and a Dijkstra
 * search for each: R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment
 * problems", Computing 38 (1987), with room for several at each column, each dearer by a toll than the one before. A referral that finds no free place may push another out; that it
 * is never one of a more urgent class is a matter of weights: the sets of referrals that can be placed are the independent sets of a
 * transversal matroid (J. Edmonds, D. R. Fulkerson, 1965), in which any weights that fall from class to class lead to the same counts, so that small
 * whole numbers do. Pure, no state, any thread. At worst n searches over all edges: O(n * edges * log edges).
 */
#ifndef FASCIA_CORE_ASSIGN_H
#define FASCIA_CORE_ASSIGN_H

#include <stddef.h>
#include <stdint.h>

#define ASSIGN_REFERRALS_MOST 4096
#define ASSIGN_EDGES_MOST     10 /* of one referral */
#define ASSIGN_CLASSES_MOST   8
#define ASSIGN_NOBODY         UINT32_MAX

struct assign_edge {
    uint32_t therapist; /* below therapist_count, and once in a referral's edges */
    int32_t score;
};

struct assign_referral {
    uint32_t class; /* 0 is the most urgent */
    uint64_t age;   /* smaller is older; no two referrals of a class have the same */
    const struct assign_edge *edges;
    uint32_t edge_count;
};

struct assign_therapist {
    uint32_t room; /* how many more they can take */
    int32_t toll;  /* 0..: the first of them costs nothing, the next one this, the third twice this ... */
};

struct assign_problem {
    const struct assign_referral *referrals;
    size_t referral_count;
    const struct assign_therapist *therapists;
    size_t therapist_count;
};

/* places[i]: which of the edges of referral i, or ASSIGN_NOBODY. Sizes beyond the bounds break an invariant: the caller cuts. */
void assign_place(const struct assign_problem *problem, uint32_t *places);

#endif
