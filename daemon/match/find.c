/* The fast question: who may treat, the best of them. */
#include "core/memory.h"
#include "match/score.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD 6 /* blocks whose columns are fetched before they are asked */
#define LATER 3 /* and what these lead to */
#define FIRST 8 /* calendars that are fetched at once */

size_t match_limit_of(const struct match_query *query)
{
    return query->limit < 1 ? 1 : query->limit < MATCH_CANDIDATES ? query->limit : MATCH_CANDIDATES;
}

void match_survive(struct match_index *index, size_t at, const struct match_block *block, uint32_t row)
{
    index->survivors = memory_grow(index->survivors, &index->survivor_room, at + 1, sizeof *index->survivors);
    index->survivors[at] = (struct match_survivor){.block = block, .row = row};
    __builtin_prefetch(&block->rows[row]);
}

/* ---- who meets every gate but time ---- */

/* What a block is asked for, before it is known to be in the cache: nothing here may wait for memory. */
static void fetch(const struct match_plan *plan, const struct match_block *block)
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
        fetch(plan, index->order[index->hits[i]]);
    for (size_t i = 0; i < hits && i < LATER; i++)
        fetch_pairs(plan, index->order[index->hits[i]]);
    for (size_t i = 0; i < hits; i++) {
        if (i + AHEAD < hits)
            fetch(plan, index->order[index->hits[i + AHEAD]]);
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

/* ---- the best of them ---- */

static void keep_best(const struct match_plan *plan, struct match_best *best, const struct match_score *score)
{
    size_t at = best->count;

    if (at == best->limit && score->total < best->scores[at - 1].total)
        return;
    while (at > 0 && match_score_precedes(plan, score, &best->scores[at - 1]))
        at--;
    if (at == best->limit)
        return;
    if (best->count < best->limit)
        best->count++;
    memmove(&best->scores[at + 1], &best->scores[at], (best->count - at - 1) * sizeof *score);
    best->scores[at] = *score;
}

static void sink(struct match_survivor *heap, size_t count, size_t at)
{
    struct match_survivor moved = heap[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= count)
            break;
        if (child + 1 < count && heap[child + 1].points > heap[child].points)
            child++;
        if (heap[child].points <= moved.points)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

static void look_into(const struct match_plan *plan, const struct match_survivor *each, struct match_best *best)
{
    int64_t first_free = match_first_free(plan, each->block, each->row, true, true);
    struct match_score score;

    if (first_free == INT64_MAX) {
        best->timeless++;
        return;
    }
    score = match_score_begin(plan, each->block, each->row, first_free);
    keep_best(plan, best, &score);
    best->passed++;
}

/* Best first by the bound of their points, until nobody who is left can enter. */
static void choose_quickly(const struct match_plan *plan, size_t count, struct match_best *best)
{
    struct match_survivor *heap = plan->index->survivors;

    for (size_t at = count / 2; at-- > 0;)
        sink(heap, count, at);
    for (size_t at = 0; at < FIRST && at < count; at++)
        __builtin_prefetch(&heap[at].block->calendars[heap[at].row]);
    for (size_t at = 0; at < FIRST && at < count; at++)
        calendar_prefetch(heap[at].block->calendars[heap[at].row]);
    while (count > 0) {
        struct match_survivor first = heap[0];

        if (best->count == best->limit &&
            first.points + plan->weight[PART_EARLIEST] < best->scores[best->limit - 1].total)
            return;
        heap[0] = heap[--count];
        if (count > 0) {
            sink(heap, count, 0);
            for (size_t at = 1; at < 3 && at < count; at++)
                calendar_prefetch(heap[at].block->calendars[heap[at].row]);
            for (size_t at = 3; at < FIRST && at < count; at++)
                __builtin_prefetch(&heap[at].block->calendars[heap[at].row]);
        }
        look_into(plan, &first, best);
    }
}

/* ---- more of them than calendars may be looked into ---- */

struct ranked {
    struct match_survivor survivor;
    const char *name;
};

static int by_points(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;

    if (a->survivor.points != b->survivor.points)
        return a->survivor.points > b->survivor.points ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* The first so many by points, then identifier, to the front. */
static void rank(const struct match_plan *plan, size_t count, size_t most)
{
    struct match_survivor *survivors = plan->index->survivors;
    const struct match_names *names = plan->index->names;
    struct ranked *ranked = memory_allocate(count, sizeof *ranked);

    for (size_t i = 0; i < count; i++) {
        struct match_survivor *each = &survivors[i];

        each->points = match_score_begin(plan, each->block, each->row, INT64_MAX).total;
        ranked[i] = (struct ranked){*each, names->name(names->context, each->block->rows[each->row].number)};
    }
    qsort(ranked, count, sizeof *ranked, by_points);
    for (size_t i = 0; i < most; i++)
        survivors[i] = ranked[i].survivor;
    free(ranked);
}

static void complete(const struct match_plan *plan, struct match_best *best)
{
    for (size_t i = 0; i < best->count; i++)
        __builtin_prefetch(&plan->index->entries[best->scores[i].number]);
    for (size_t i = 0; i < best->count; i++)
        match_score_complete(plan, &best->scores[i]);
}

void match_choose(const struct match_plan *plan, size_t survivors, bool all, struct match_best *best)
{
    size_t most = plan->index->settings.opened_most;

    if (survivors > most) {
        rank(plan, survivors, most);
        survivors = most;
        best->bounded = true;
    }
    if (!all)
        choose_quickly(plan, survivors, best);
    for (size_t i = 0; all && i < survivors; i++)
        look_into(plan, &plan->index->survivors[i], best);
    complete(plan, best);
}

void match_find(struct match_index *index, const struct match_query *query, struct match_found *found)
{
    struct match_plan plan;
    struct match_best best;

    match_plan_init(&plan, index, query);
    best.count = 0;
    best.limit = match_limit_of(query);
    best.passed = best.timeless = 0;
    best.bounded = false;
    match_choose(&plan, sift(&plan, gather(&plan)), false, &best);
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
