/*
 * The path that this processor is best at and the plain one give the same bytes, for every question: people, points, counts, near misses and words.
 */
#include "property/match_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WORLDS = 500, LARGE = 5 };
#define FIRST_SEED 20270601

#include "property/match_tables.h"

struct answer {
    struct match_found found;
    uint8_t *explanation;
    size_t size;
};

static struct answer ask(struct world *world, const struct world_question *question, enum match_path path)
{
    Fascia__Explanation *explanation;
    struct answer answer;

    memset(&answer, 0, sizeof answer);
    match_index_configure(world->index, &question->settings);
    match_index_set_path(world->index, path);
    match_find(world->index, &question->query, &answer.found);
    explanation = match_run(world->index, &question->query);
    answer.size = fascia__explanation__get_packed_size(explanation);
    answer.explanation = malloc(answer.size);
    assert_non_null(answer.explanation);
    fascia__explanation__pack(explanation, answer.explanation);
    fascia__explanation__free_unpacked(explanation, NULL);
    return answer;
}

static bool same_found(const struct match_found *left, const struct match_found *right)
{
    if (left->count != right->count || left->bounded != right->bounded)
        return false;
    for (size_t i = 0; i < left->count; i++) {
        const struct match_candidate *a = &left->candidates[i], *b = &right->candidates[i];

        if (a->therapist != b->therapist || a->total != b->total || a->first_free != b->first_free ||
            a->distance != b->distance || a->place != b->place || memcmp(a->points, b->points, sizeof a->points) != 0)
            return false;
    }
    return true;
}

static bool same(const struct answer *left, const struct answer *right)
{
    return same_found(&left->found, &right->found) && left->size == right->size &&
           memcmp(left->explanation, right->explanation, left->size) == 0;
}

static void compare_paths(struct world *world, uint64_t seed)
{
    for (size_t i = 0; i < world->question_count; i++) {
        struct answer best = ask(world, &world->questions[i], MATCH_PATH_BEST);
        struct answer plain = ask(world, &world->questions[i], MATCH_PATH_PLAIN);
        struct answer again = ask(world, &world->questions[i], MATCH_PATH_BEST);

        if (!same(&best, &plain) || !same(&best, &again))
            fail_msg("FASCIA_SEED=%" PRIu64 ", question %zu, %zu therapists: the paths differ", seed, i, world->count);
        free(best.explanation);
        free(plain.explanation);
        free(again.explanation);
    }
}

static void small_directories_get_the_same_answer_on_both_paths(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + WORLDS; seed++) {
        struct world *world = world_create(&tables, seed);

        world_fill_restlessly(world);
        compare_paths(world, seed);
        world_destroy(world);
    }
}

static void large_directories_get_the_same_answer_on_both_paths(void **state)
{
    static const enum world_ground grounds[LARGE] = {GROUND_CITIES, GROUND_LATTICE, GROUND_POLES, GROUND_GLOBE,
                                                     GROUND_MIXED};

    (void)state;
    for (uint64_t i = 0; i < LARGE; i++) {
        struct world_plan plan = {
            .people = 2100, .others = 300, .questions = 12, .ground = grounds[i], .wide = i % 2 == 1};
        struct world *world = world_create_planned(&tables, first_seed + i, &plan);

        world_fill(world);
        compare_paths(world, first_seed + i);
        world_churn(world, 500);
        compare_paths(world, first_seed + i);
        world_destroy(world);
    }
}

static void a_path_chosen_between_changes_changes_nothing(void **state)
{
    struct world_plan plan = {.others = 700, .questions = 12, .ground = GROUND_CITIES};
    struct world *world = world_create_planned(&tables, first_seed, &plan);

    (void)state;
    world_fill(world);
    while (world_join(world)) {
        match_index_set_path(world->index, world->count % 2 == 0 ? MATCH_PATH_PLAIN : MATCH_PATH_BEST);
        if (world->count % 64 == 0)
            compare_paths(world, first_seed);
    }
    compare_paths(world, first_seed);
    world_destroy(world);
}

/* Answers of two questions are not the same: the comparison can fail. */
static void answers_that_differ_are_seen_to_differ(void **state)
{
    uint32_t different = 0;

    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + 50; seed++) {
        struct world *world = world_create(&tables, seed);
        struct answer first, second;

        world_fill(world);
        first = ask(world, &world->questions[0], MATCH_PATH_BEST);
        second = ask(world, &world->questions[1], MATCH_PATH_PLAIN);
        different += !same(&first, &second);
        free(first.explanation);
        free(second.explanation);
        world_destroy(world);
    }
    assert_int_equal(different, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_directories_get_the_same_answer_on_both_paths),
        cmocka_unit_test(large_directories_get_the_same_answer_on_both_paths),
        cmocka_unit_test(a_path_chosen_between_changes_changes_nothing),
        cmocka_unit_test(answers_that_differ_are_seen_to_differ),
    };
    return cmocka_run_group_tests(tests, open_tables, close_tables);
}
