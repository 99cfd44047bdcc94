/* The fast question: who may treat, the best of them. */
#include "core/memory.h"
#include "match/score.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD MATCH_AHEAD
#define LATER 3 /* and what these lead to */

/* Scores are many bytes, and none is read before it is written. */
void match_best_begin(struct match_best *best, const struct match_query *query, size_t most)
{
    best->count = 0;
    best->limit = query->limit < 1 ? 1 : query->limit < most ? query->limit : most;
    best->passed = best->timeless = best->unopened = 0;
    best->bounded = false;
}

void match_survive(struct match_index *index, size_t at, const struct match_block *block, uint32_t row)
{
    index->survivors = memory_grow(index->survivors, &index->survivor_room, at + 1, sizeof *index->survivors);
    index->survivors[at] = (struct match_survivor){.block = block, .row = row};
    __builtin_prefetch(&block->rows[row]);
}

/* ---- who meets every gate but time ---- */

/* What a block is asked for, before it is known to be in the cache: nothing here may wait for memory. */
void match_fetch(const struct match_plan *plan, const struct match_block *block)
{
    const uint32_t *program = plan->program;

    __builtin_prefetch(block);
    for (size_t i = 0; i < plan->other_count; i++)
        __builtin_prefetch(&block->fences[plan->others[i]->rare[0] % FENCES]);
    __builtin_prefetch(match_block_column(block, SLOT_READY));
    while (*program != 0)
        for (uint32_t slots = *program++; slots > 0; slots--)
            __builtin_prefetch(match_block_column(block, *program++));
}

/* A little later: what the block's first lines lead to. */
static void fetch_pairs(const struct match_plan *plan, const struct match_block *block)
{
    for (size_t i = 0; i < plan->other_count; i++)
        __builtin_prefetch(&block->pairs[block->fences[plan->others[i]->rare[0] % FENCES]]);
}

static size_t gather_block(const struct match_plan *plan, const struct match_block *block, unsigned remote,
                           size_t count)
{
    bool near = plan->asked_mode != MODE_REMOTE && match_reach_near(plan, block);
    const uint64_t *from = match_block_column(block, SLOT_READY);
    alignas(64) uint64_t words[MATCH_WORDS];

    if (!near && remote == 0) /* a corner of the cube */
        return count;
    if (!near) {
        for (unsigned word = 0; word < MATCH_WORDS; word++)
            words[word] = from[word] & block->columns[SLOT_REMOTE][word];
        from = words;
    }
    if (!match_gates_select(plan, block, from, words))
        return count;
    if (plan->query->declined_count > 0)
        match_gate_test(GATE_DECLINED, plan, block, words);
    for (uint32_t word = 0; word < MATCH_WORDS; word++)
        for (uint64_t left = words[word]; left != 0; left &= left - 1)
            match_survive(plan->index, count++, block, word * 64 + (uint32_t)__builtin_ctzll(left));
    for (size_t i = 0; i < plan->condition_count; i++)
        __builtin_prefetch(&block->cases_first[plan->index->attributes[plan->conditions[i]].ordinal]);
    return count;
}

static size_t gather_named(const struct match_plan *plan)
{
    uint64_t words[MATCH_WORDS] = {0};
    struct match_block *block;
    uint32_t row;

    if (!match_index_find(plan->index, plan->named, &block, &row))
        return 0;
    words[row / 64] = block->columns[SLOT_READY][row / 64] & UINT64_C(1) << row % 64;
    if (!match_gates_select(plan, block, words, words))
        return 0;
    match_gate_test(GATE_DECLINED, plan, block, words);
    if (!match_mask_has(words, row))
        return 0;
    match_survive(plan->index, 0, block, row);
    return 1;
}

static size_t gather(const struct match_plan *plan)
{
    struct match_index *index = plan->index;
    bool near = plan->position_known && plan->asked_mode != MODE_REMOTE;
    unsigned remote = plan->asked_mode < 0 || plan->asked_mode == MODE_REMOTE ? REMOTE_SOME : 0;
    size_t hits, count = 0;

    if (plan->hopeless)
        return 0;
    if (plan->is_named)
        return gather_named(plan);
    hits = match_boxes_hit(index, plan->position, plan->chord_limit, near, remote);
    for (size_t i = 0; i < hits && i < AHEAD; i++)
        match_fetch(plan, index->order[index->hits[i]]);
    for (size_t i = 0; i < hits && i < LATER; i++)
        fetch_pairs(plan, index->order[index->hits[i]]);
    for (size_t i = 0; i < hits; i++) {
        if (i + AHEAD < hits)
            match_fetch(plan, index->order[index->hits[i + AHEAD]]);
        if (i + LATER < hits)
            fetch_pairs(plan, index->order[index->hits[i + LATER]]);
        count = gather_block(plan, index->order[index->hits[i]], remote, count);
    }
    return count;
}

/* Distance and days of credentials, which columns do not know; leaves a bound of the points with those who stay. */
static size_t sift(const struct match_plan *plan, size_t count)
{
    struct match_survivor *survivors = plan->index->survivors;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        struct match_survivor *each = &survivors[i];
        const struct match_row *self = &each->block->rows[each->row];
        uint64_t chord = 0;

        if (plan->asked_mode == MODE_CLINIC && (self->flags & ROW_SPOT) != 0) {
            chord = match_chord(plan->position, self->point); /* no block is near when the position is not known */
            if (chord >= plan->chord_limit)
                continue;
        } else if (!match_reach(plan, each->block, each->row).met) {
            continue;
        }
        if (!match_credentials_hold(plan, each->block, each->row))
            continue;
        for (size_t j = 0; j < plan->condition_count; j++)
            match_block_fetch_cases(plan->index, each->block, each->row, plan->conditions[j]);
        survivors[kept] = *each;
        survivors[kept++].chord = chord;
    }
    for (size_t i = 0; i < kept; i++)
        survivors[i].points = match_score_bound(plan, survivors[i].block, survivors[i].row, survivors[i].chord);
    return kept;
}

void match_find(struct match_index *index, const struct match_query *query, struct match_found *found)
{
    struct match_plan plan;
    struct match_best best;

    match_plan_init(&plan, index, query);
    match_best_begin(&best, query, MATCH_CANDIDATES);
    match_choose(&plan, sift(&plan, gather(&plan)), 0, &best);
    found->count = best.count;
    found->bounded = best.bounded;
    for (size_t i = 0; i < best.count; i++) {
        struct match_score *score = &best.scores[i];
        struct match_candidate *candidate = &found->candidates[i];

        candidate->therapist = score->number;
        candidate->total = score->total;
        memcpy(candidate->points, score->points, sizeof score->points);
        candidate->first_free = score->first_free;
        candidate->distance = score->reach.distance;
        candidate->place = score->reach.place;
    }
    match_plan_finish(&plan);
}
