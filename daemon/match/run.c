/* The two questions: who may treat and is best, and whether one therapist still may. */
#include "core/fault.h"
#include "core/memory.h"
#include "match/misses.h"

#include <stdlib.h>
#include <string.h>

#define COUNTED                                                                                                        \
    128 /* calendars that are looked into whether or not they can be a candidate's, so that counts of few are whole */

/* Gates in order, each for those whom the ones before left. */
static size_t pass_block(const struct match_plan *plan, const struct match_block *block, uint64_t words[MATCH_WORDS],
                         uint32_t removed[GATE_COUNT], size_t survivors)
{
    uint32_t left = plan->index->kernel->count(words);

    for (unsigned gate = 0; gate < GATE_TIME && left > 0; gate++) {
        uint32_t before = left;

        match_gate_test((enum match_gate)gate, plan, block, words);
        left = plan->index->kernel->count(words);
        removed[gate] += before - left;
    }
    for (uint32_t word = 0; word < MATCH_WORDS; word++)
        for (uint64_t rest = words[word]; rest != 0; rest &= rest - 1)
            match_survive(plan->index, survivors++, block, word * 64 + (uint32_t)__builtin_ctzll(rest));
    return survivors;
}

/* Everybody but the one who was named is removed by that. */
static size_t pass_named(const struct match_plan *plan, uint32_t removed[GATE_COUNT])
{
    uint64_t words[MATCH_WORDS] = {0};
    struct match_block *block;
    uint32_t row;

    removed[GATE_NAMED] = (uint32_t)plan->index->count;
    if (!match_index_find(plan->index, plan->named, &block, &row))
        return 0;
    removed[GATE_NAMED]--;
    words[row / 64] = UINT64_C(1) << row % 64;
    return pass_block(plan, block, words, removed, 0);
}

/* Blocks out of reach are not visited: distance removes all of theirs, but for those who treat by video. Of these the mode removes who does not
 * treat as is asked for, however far away; how many they are is known. */
static size_t pass_all(const struct match_plan *plan, uint32_t removed[GATE_COUNT])
{
    struct match_index *index = plan->index;
    const bool visits = plan->asked_mode == MODE_CLINIC || plan->asked_mode == MODE_HOME;
    const uint32_t slot = visits ? SLOT_CLINIC + (uint32_t)plan->asked_mode : 0;
    size_t survivors = 0, hits = match_boxes_hit(index, plan->position, plan->chord_limit, plan->position_known,
                                                 visits ? 0 : match_reach_remote(plan));
    uint32_t by_video = visits ? (uint32_t)index->video_alone[plan->asked_mode] : 0;

    removed[GATE_DISTANCE] = (uint32_t)index->count;
    for (size_t i = 0; i < hits; i++) {
        const struct match_block *block = index->order[index->hits[i]];
        uint64_t words[MATCH_WORDS];

        if (i + MATCH_AHEAD < hits)
            match_fetch(plan, index->order[index->hits[i + MATCH_AHEAD]]);
        by_video -= visits ? match_block_video_alone(index, block, slot) : 0;
        memcpy(words, block->columns[SLOT_USED], sizeof words);
        removed[GATE_DISTANCE] -= block->count;
        survivors = pass_block(plan, block, words, removed, survivors);
    }
    removed[GATE_DISTANCE] -= by_video;
    removed[GATE_MODE] += by_video;
    return survivors;
}

static Fascia__Need *copy_need(const Fascia__Need *need)
{
    size_t size = fascia__need__get_packed_size(need);
    uint8_t *bytes = memory_allocate(size, 1);
    Fascia__Need *copy;

    fascia__need__pack(need, bytes);
    copy = fascia__need__unpack(NULL, size, bytes);
    INVARIANT(copy != NULL);
    free(bytes);
    return copy;
}

static void explain_gates(Fascia__Explanation *explanation, const uint32_t removed[GATE_COUNT],
                          const struct match_misses *misses)
{
    explanation->n_gates = GATE_COUNT;
    explanation->gates = memory_allocate(GATE_COUNT, sizeof(Fascia__GateCount *));
    for (unsigned gate = 0; gate < GATE_COUNT; gate++) {
        Fascia__GateCount *count = memory_allocate(1, sizeof *count);

        fascia__gate_count__init(count);
        count->gate = memory_text(match_gate_name((enum match_gate)gate));
        count->removed = removed[gate];
        count->only = misses == NULL ? 0 : misses->count[gate][gate];
        explanation->gates[gate] = count;
    }
}

static char **copy_names(const struct match_index *index, const uint32_t *numbers, size_t count)
{
    char **copy = memory_allocate(count, sizeof(char *));

    for (size_t i = 0; i < count; i++)
        copy[i] = memory_text(index->names->name(index->names->context, numbers[i]));
    return copy;
}

static Fascia__MatchWeights *copy_weights(const struct match_settings *settings)
{
    Fascia__MatchWeights *weights = memory_allocate(1, sizeof *weights);

    fascia__match_weights__init(weights);
    weights->n_parts = PART_COUNT;
    weights->parts = memory_allocate(PART_COUNT, sizeof *weights->parts);
    memcpy(weights->parts, settings->weight, sizeof settings->weight);
    weights->rating_mean = settings->rating_mean;
    weights->rating_prior = settings->rating_prior;
    weights->earliest_span = settings->earliest_span;
    weights->experience_full = settings->experience_full;
    weights->opened_most = settings->opened_most;
    return weights;
}

static void explain_inputs(Fascia__Explanation *explanation, const struct match_index *index,
                           const struct match_query *query)
{
    explanation->at = query->now;
    explanation->need = copy_need(query->need);
    explanation->asked_at = query->now;
    explanation->n_declined = query->declined_count;
    explanation->declined = copy_names(index, query->declined, query->declined_count);
    explanation->n_treated_by = query->treated_by_count;
    explanation->treated_by = copy_names(index, query->treated_by, query->treated_by_count);
    explanation->weights = copy_weights(&index->settings);
}

static void explain_candidates(Fascia__Explanation *explanation, const struct match_plan *plan,
                               const struct match_best *best)
{
    explanation->candidates = memory_allocate(best->count, sizeof(Fascia__Candidate *));
    for (size_t i = 0; i < best->count; i++)
        explanation->candidates[explanation->n_candidates++] = match_score_explain(plan, &best->scores[i]);
}

Fascia__Explanation *match_run(struct match_index *index, const struct match_query *query)
{
    Fascia__Explanation *explanation = memory_allocate(1, sizeof *explanation);
    uint32_t removed[GATE_COUNT] = {0};
    struct match_best best;
    struct match_misses *misses = NULL;
    struct match_plan plan;

    fascia__explanation__init(explanation);
    match_plan_init(&plan, index, query);
    match_best_begin(&best, query, MATCH_SHORTLIST);
    match_choose(&plan, plan.is_named ? pass_named(&plan, removed) : pass_all(&plan, removed), COUNTED, &best);
    removed[GATE_TIME] = (uint32_t)best.timeless;
    explanation->considered = (uint32_t)index->count;
    explanation->passed = (uint32_t)best.passed;
    explanation->not_looked_into = (uint32_t)best.unopened;
    explanation->bounded = best.bounded;
    if (best.passed == 0 && !best.bounded) {
        misses = match_misses_count(&plan);
        explanation->bounded = misses->bounded;
        match_misses_explain(&plan, misses, explanation);
    }
    explain_gates(explanation, removed, misses);
    explain_inputs(explanation, index, query);
    explain_candidates(explanation, &plan, &best);
    free(misses);
    match_plan_finish(&plan);
    return explanation;
}

static bool meets_time(const struct match_plan *plan, const struct calendar *calendar, int64_t from, int64_t to,
                       bool held)
{
    if (from > to || !calendar_search_allows(&plan->search, from, to))
        return false;
    return held || (calendar != NULL && calendar_is_free(calendar, from, to));
}

static bool meets(const struct match_plan *plan, enum match_gate gate, const struct match_block *block, uint32_t row)
{
    uint64_t words[MATCH_WORDS] = {0};

    words[row / 64] = UINT64_C(1) << row % 64;
    match_gate_test(gate, plan, block, words);
    return words[row / 64] != 0;
}

enum match_gate match_check(struct match_index *index, const struct match_query *query, uint32_t number, int64_t from,
                            int64_t to, bool held, bool own_case)
{
    struct match_block *block;
    struct match_plan plan;
    unsigned gate = 0;
    uint32_t row;

    match_plan_init(&plan, index, query);
    plan.own_case = own_case;
    if (from < to)
        match_plan_fix_time(&plan, from, to);
    if (match_index_find(index, number, &block, &row)) {
        while (gate < GATE_TIME && ((query->has_case && (gate == GATE_ACCEPTING || gate == GATE_CAPACITY)) ||
                                    meets(&plan, (enum match_gate)gate, block, row)))
            gate++;
        if (gate == GATE_TIME && (from == to || meets_time(&plan, block->calendars[row], from, to, held)))
            gate = GATE_NONE;
    } else {
        gate = GATE_ACCEPTING;
    }
    match_plan_finish(&plan);
    return (enum match_gate)gate;
}

int64_t match_earliest(struct match_index *index, const struct match_query *query, uint32_t number)
{
    struct match_block *block;
    struct match_plan plan;
    unsigned gate = 0;
    uint32_t row;
    int64_t earliest = INT64_MAX;

    match_plan_init(&plan, index, query);
    if (match_index_find(index, number, &block, &row)) {
        while (gate < GATE_TIME && meets(&plan, (enum match_gate)gate, block, row))
            gate++;
        if (gate == GATE_TIME)
            earliest = match_first_free(&plan, block, row, true, true);
    }
    match_plan_finish(&plan);
    return earliest;
}
