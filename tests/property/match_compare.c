#include "property/match_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- match_run ---- */

static const char *compare_candidate(const Fascia__Candidate *candidate, const struct oracle_verdict *verdict)
{
    if (strcmp(candidate->therapist, verdict->therapist->identifier) != 0)
        return "who";
    if (candidate->n_parts != PART_COUNT)
        return "parts";
    for (unsigned part = 0; part < PART_COUNT; part++) {
        if (candidate->parts[part]->points != verdict->points[part])
            return match_part_name((enum match_part)part);
        if (candidate->parts[part]->because[0] == '\0')
            return "because";
    }
    if (candidate->score != verdict->total)
        return "score";
    if (candidate->first_free != verdict->first_free)
        return "first free";
    if (candidate->distance != verdict->distance)
        return "metres";
    return candidate->place != verdict->place ? "place" : NULL;
}

static const char *compare_gates(const Fascia__Explanation *explanation, const struct oracle_answer *answer)
{
    if (explanation->n_gates != GATE_COUNT)
        return "gates";
    for (unsigned gate = 0; gate < GATE_COUNT; gate++) {
        if (explanation->gates[gate]->removed != answer->removed[gate])
            return match_gate_name((enum match_gate)gate);
        if (explanation->gates[gate]->only != answer->only[gate])
            return "only";
    }
    return NULL;
}

static const char *compare_misses(const Fascia__Explanation *explanation, const struct oracle_answer *answer)
{
    if (explanation->n_near_misses != answer->miss_count)
        return "number of near misses";
    for (size_t i = 0; i < answer->miss_count; i++) {
        const Fascia__NearMiss *near = explanation->near_misses[i];
        const struct oracle_miss *miss = &answer->misses[i];
        size_t gates = miss->first == miss->second ? 1 : 2;

        if (near->n_gates != gates || strcmp(near->gates[0], match_gate_name(miss->first)) != 0 ||
            strcmp(near->gates[gates - 1], match_gate_name(miss->second)) != 0)
            return "gates of a near miss";
        if (near->therapists != miss->therapists)
            return "therapists of a near miss";
        if (strcmp(near->nearest, miss->nearest->therapist->identifier) != 0)
            return "nearest";
        if (near->relaxation[0] == '\0')
            return "relaxation";
    }
    return NULL;
}

static uint32_t wanted(const struct world_question *question, const struct oracle_answer *answer, uint32_t most)
{
    uint32_t limit = question->query.limit;

    limit = limit < 1 ? 1 : limit > most ? most : limit;
    return answer->passed < limit ? answer->passed : limit;
}

static const char *compare_explanation(const Fascia__Explanation *explanation, const struct oracle_answer *answer,
                                       const struct world *world, const struct world_question *question)
{
    const struct oracle_bounds *bounds = &answer->bounded;
    const char *difference = NULL;

    if (explanation->considered != world->count || explanation->passed != answer->passed)
        return "passed";
    if (explanation->not_looked_into != answer->not_looked_into)
        return "not looked into";
    if (explanation->n_candidates != wanted(question, answer, MATCH_SHORTLIST))
        return "candidates";
    for (size_t i = 0; i < explanation->n_candidates && difference == NULL; i++)
        difference = compare_candidate(explanation->candidates[i], answer->order[i]);
    if (difference == NULL)
        difference = compare_gates(explanation, answer);
    if (difference == NULL)
        difference = compare_misses(explanation, answer);
    if (difference == NULL && explanation->bounded != (bounds->passing || bounds->near || bounds->beyond))
        difference = "bounded";
    return difference;
}

/* ---- match_find ---- */

static const char *compare_found(const struct match_found *found, const struct oracle_answer *answer,
                                 const struct world_question *question)
{
    if (found->count != wanted(question, answer, MATCH_CANDIDATES))
        return "match_find: count";
    if (found->bounded && !answer->bounded.passing)
        return "match_find: bounded";
    for (size_t i = 0; i < found->count; i++) {
        const struct match_candidate *candidate = &found->candidates[i];
        const struct oracle_verdict *verdict = answer->order[i];

        if (candidate->therapist != verdict->number || candidate->total != verdict->total ||
            memcmp(candidate->points, verdict->points, sizeof candidate->points) != 0)
            return "match_find: who";
        if (candidate->first_free != verdict->first_free || candidate->distance != verdict->distance ||
            candidate->place != verdict->place)
            return "match_find: time or place";
    }
    return NULL;
}

/* ---- replay ---- */

static uint32_t *read_numbers(const struct world *world, char *const *names, size_t count)
{
    uint32_t *numbers = calloc(count + 1, sizeof *numbers);

    assert_non_null(numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = world->names.number(world->names.context, names[i]);
    return numbers;
}

static Fascia__Explanation *ask_again(const struct world *world, const struct world_question *question,
                                      const Fascia__Explanation *kept)
{
    uint32_t *declined = read_numbers(world, kept->declined, kept->n_declined);
    uint32_t *treated_by = read_numbers(world, kept->treated_by, kept->n_treated_by);
    struct match_query query = {.need = kept->need,
                                .zone = question->query.zone,
                                .now = kept->asked_at,
                                .declined = declined,
                                .declined_count = kept->n_declined,
                                .treated_by = treated_by,
                                .treated_by_count = kept->n_treated_by,
                                .limit = question->query.limit};
    Fascia__Explanation *again = match_run(world->index, &query);

    free(declined);
    free(treated_by);
    return again;
}

static bool same_settings(const Fascia__MatchWeights *weights, const struct match_settings *settings)
{
    return weights != NULL && weights->n_parts == PART_COUNT &&
           memcmp(weights->parts, settings->weight, sizeof settings->weight) == 0 &&
           weights->rating_mean == settings->rating_mean && weights->rating_prior == settings->rating_prior &&
           weights->earliest_span == settings->earliest_span && weights->experience_full == settings->experience_full &&
           (settings->opened_most == 0 || weights->opened_most == settings->opened_most);
}

static const char *compare_replay(const struct world *world, const struct world_question *question,
                                  const Fascia__Explanation *explanation)
{
    size_t size = fascia__explanation__get_packed_size(explanation);
    uint8_t *bytes = malloc(size), *other = malloc(size);
    Fascia__Explanation *kept, *again;
    bool same;

    assert_true(bytes != NULL && other != NULL);
    fascia__explanation__pack(explanation, bytes);
    kept = fascia__explanation__unpack(NULL, size, bytes);
    assert_non_null(kept);
    again = ask_again(world, question, kept);
    same = fascia__explanation__get_packed_size(again) == size;
    if (same)
        fascia__explanation__pack(again, other);
    same = same && memcmp(bytes, other, size) == 0 && same_settings(kept->weights, &question->settings);
    fascia__explanation__free_unpacked(again, NULL);
    fascia__explanation__free_unpacked(kept, NULL);
    free(bytes);
    free(other);
    return same ? NULL : "replay";
}

/* ---- all of it ---- */

/* Of a difference, for whoever looks for its cause. */
static void print_answers(const Fascia__Explanation *explanation, const struct oracle_answer *answer,
                          const struct match_settings *settings)
{
    const struct oracle_bounds *bounds = &answer->bounded;

    printf("opened_most %u; bounded %d, by the oracle %d + %d + %d; passed %u and %u\n", settings->opened_most,
           explanation->bounded, bounds->passing, bounds->near, bounds->beyond, explanation->passed, answer->passed);
    for (unsigned gate = 0; gate < GATE_COUNT && gate < explanation->n_gates; gate++)
        printf("  %-14s removed %u and %u, only %u and %u\n", match_gate_name((enum match_gate)gate),
               explanation->gates[gate]->removed, answer->removed[gate], explanation->gates[gate]->only,
               answer->only[gate]);
    for (size_t i = 0; i < explanation->n_near_misses; i++)
        printf("  matcher: %s %s: %u, nearest %s\n", explanation->near_misses[i]->gates[0],
               explanation->near_misses[i]->n_gates > 1 ? explanation->near_misses[i]->gates[1] : "",
               explanation->near_misses[i]->therapists, explanation->near_misses[i]->nearest);
    for (size_t i = 0; i < answer->miss_count; i++)
        printf("  oracle: %s %s: %u, nearest %s, %u m\n", match_gate_name(answer->misses[i].first),
               answer->misses[i].first == answer->misses[i].second ? "" : match_gate_name(answer->misses[i].second),
               answer->misses[i].therapists, answer->misses[i].nearest->therapist->identifier,
               answer->misses[i].nearest->distance);
}

const char *compare_question(struct world *world, const struct world_question *question,
                             const struct world_question *told, struct oracle_answer *answer)
{
    struct oracle_question asked = {&told->query, &told->settings, world->tables->codes};
    Fascia__Explanation *explanation;
    struct match_found found;
    const char *difference;

    match_index_configure(world->index, &question->settings);
    match_find(world->index, &question->query, &found);
    explanation = match_run(world->index, &question->query);
    oracle_answer(&asked, world->therapists, world->count, answer);
    difference = compare_explanation(explanation, answer, world, question);
    if (difference == NULL)
        difference = compare_found(&found, answer, question);
    if (difference == NULL)
        difference = compare_replay(world, question, explanation);
    if (difference != NULL && question == told)
        print_answers(explanation, answer, &question->settings);
    fascia__explanation__free_unpacked(explanation, NULL);
    return difference;
}

static void count_misses(const struct world_question *question, const struct oracle_answer *answer, struct met *met)
{
    bool positioned = question->need->position_known && question->need->position != NULL;

    met->several_misses += answer->miss_count > 2;
    met->without_position += !positioned && answer->miss_count > 1;
    for (size_t i = 0; i < answer->miss_count && positioned; i++) {
        const struct oracle_miss *miss = &answer->misses[i];

        if (miss->first == GATE_DISTANCE && miss->second == GATE_DISTANCE) {
            met->distance_alone++;
            met->several_as_near += miss->therapists > 1;
        } else if (miss->first == GATE_DISTANCE || miss->second == GATE_DISTANCE) {
            met->distance_and_other[miss->first == GATE_DISTANCE ? miss->second : miss->first]++;
        }
    }
}

static void count(const struct world_question *question, const struct oracle_answer *answer, struct met *met)
{
    met->questions++;
    met->passed += answer->passed > 0;
    met->bounded_passing += answer->bounded.passing;
    met->bounded_near += answer->bounded.near;
    met->bounded_beyond += answer->bounded.beyond;
    for (unsigned gate = 0; gate < GATE_COUNT; gate++) {
        met->removed[gate] += answer->removed[gate];
        met->only[gate] += answer->only[gate];
    }
    count_misses(question, answer, met);
}

void compare_one_question(struct world *world, size_t number, uint64_t seed, const char *stage, struct met *met)
{
    const struct world_question *question = &world->questions[number];
    struct oracle_answer answer;
    const char *difference = compare_question(world, question, question, &answer);

    if (difference != NULL)
        fail_msg("FASCIA_SEED=%" PRIu64 ", %s, question %zu of %zu, %zu therapists on ground %d: they differ in: %s",
                 seed, stage, number, world->question_count, world->count, (int)world->plan.ground, difference);
    count(question, &answer, met);
    oracle_answer_finish(&answer);
}

void compare_all_questions(struct world *world, uint64_t seed, const char *stage, struct met *met)
{
    for (size_t i = 0; i < world->question_count; i++)
        compare_one_question(world, i, seed, stage, met);
}
