/*
 * The matcher against the oracle on directories of thousands, grown in three ways: laid out at once; one by one with questions between; and by heavy
 * churn with questions between. One way a test, one ground a world, so that a failure says how it came about.
 */
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

#define FIRST_SEED 20270301

static struct world_tables tables;
static uint64_t first_seed = FIRST_SEED;
static bool sanitized;
static uint64_t worlds = GROUND_COUNT; /* that grow or churn */

static int open_tables(void **state)
{
    const char *seed = getenv("FASCIA_SEED"), *how = getenv("FASCIA_SANITIZE");

    (void)state;
    sanitized = how != NULL && *how != '\0';
    if (sanitized)
        worlds = 6;
    if (seed != NULL) {
        first_seed = strtoull(seed, NULL, 10);
        worlds = 1;
    }
    world_tables_init(&tables);
    return 0;
}

static int close_tables(void **state)
{
    (void)state;
    world_tables_finish(&tables);
    return 0;
}

static void tell(const char *how, const struct met *met)
{
    printf("%s: %u questions, somebody passed in %u, several near misses in %u, bounded %u + %u + %u, distance missed "
           "alone "
           "%u\n",
           how, met->questions, met->passed, met->several_misses, met->bounded_passing, met->bounded_near,
           met->bounded_beyond, met->distance_alone);
    if (first_seed == FIRST_SEED)
        assert_true(met->passed > 0 && met->several_misses > 0);
}

/* ---- at once ---- */

static void a_directory_laid_out_at_once_answers_as_the_oracle(void **state)
{
    static const struct world_plan plans[] = {
        {.people = 6000, .questions = 10, .ground = GROUND_CITIES},
        {.people = 12000, .questions = 8, .ground = GROUND_GLOBE},
        {.people = 3000, .questions = 10, .ground = GROUND_MIXED, .wide = true},
        {.people = 2500, .questions = 8, .ground = GROUND_POLES},
        {.people = 2500, .questions = 8, .ground = GROUND_DATE_LINE},
        {.people = 2200, .questions = 8, .ground = GROUND_ONE_POINT},
        {.people = 2048, .questions = 8, .ground = GROUND_ONE_CELL},
        {.people = 2500, .questions = 8, .ground = GROUND_CONTINENTS},
        {.people = 2500, .questions = 8, .ground = GROUND_NOWHERE},
        {.people = 2100, .questions = 8, .ground = GROUND_REMOTE},
        {.people = 4000, .questions = 10, .ground = GROUND_GLOBE},
        {.people = 3000, .questions = 10, .ground = GROUND_LATTICE},
        {.people = 2300, .questions = 8, .ground = GROUND_CITIES, .identical = true},
        {.people = 3500, .questions = 10, .ground = GROUND_CITIES, .wide = true},
    };
    struct met met = {0};

    (void)state;
    for (uint64_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        uint64_t seed = first_seed + (worlds == 1 ? 0 : i);
        struct world *world = world_create_planned(&tables, seed, &plans[i]);

        world_fill(world);
        match_index_settle(world->index);
        compare_all_questions(world, seed, "at once", &met);
        world_churn(world, world->count / 4);
        compare_all_questions(world, seed, "at once, changed since", &met);
        world_destroy(world);
    }
    tell("at once", &met);
}

/* ---- one by one ---- */

static bool is_worth_asking(size_t count)
{
    return count < 4 || count % 448 < 1 || count % 512 < 2 || count % 64 == 63 || count % 101 == 0;
}

static void a_directory_that_grows_one_by_one_answers_as_the_oracle(void **state)
{
    struct met met = {0};

    (void)state;
    for (uint64_t i = 0; i < worlds; i++) {
        uint64_t seed = first_seed + i;
        struct world_plan plan = {
            .others = seed % 3 == 0 ? 2600 : 1100, .questions = 8, .ground = (enum world_ground)(seed % GROUND_COUNT)};
        struct world *world;

        if (plan.ground == GROUND_CITIES && !sanitized)
            plan.others = 8500;
        world = world_create_planned(&tables, seed, &plan);
        world_fill(world);
        compare_all_questions(world, seed, "empty", &met);
        while (world_join(world))
            if (is_worth_asking(world->count))
                compare_one_question(world, world->count % world->question_count, seed, "one by one", &met);
        compare_all_questions(world, seed, "all one by one", &met);
        while (world->count > 0) {
            world_leave(world, world_pick(world, (uint32_t)world->count));
            if (world->count % 301 == 0)
                compare_one_question(world, world->count % world->question_count, seed, "leaving", &met);
        }
        compare_all_questions(world, seed, "empty again", &met);
        world_destroy(world);
    }
    tell("one by one", &met);
}

/* ---- churn ---- */

static void a_directory_in_heavy_churn_answers_as_the_oracle(void **state)
{
    struct met met = {0};

    (void)state;
    for (uint64_t i = 0; i < worlds; i++) {
        uint64_t seed = first_seed + i;
        struct world_plan plan = {.people = 900 + (uint32_t)(seed % 4) * 700,
                                  .others = 600,
                                  .questions = 8,
                                  .ground = (enum world_ground)(seed % GROUND_COUNT),
                                  .wide = seed % 5 == 4};
        struct world *world = world_create_planned(&tables, seed, &plan);

        world_fill_restlessly(world);
        for (unsigned round = 0; round < 24; round++) {
            world_churn(world, round % 2 == 0 ? 7 : 250);
            compare_one_question(world, round % world->question_count, seed, "in churn", &met);
        }
        match_index_settle(world->index);
        compare_all_questions(world, seed, "after churn", &met);
        world_destroy(world);
    }
    tell("churn", &met);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_laid_out_at_once_answers_as_the_oracle),
        cmocka_unit_test(a_directory_that_grows_one_by_one_answers_as_the_oracle),
        cmocka_unit_test(a_directory_in_heavy_churn_answers_as_the_oracle),
    };
    return cmocka_run_group_tests(tests, open_tables, close_tables);
}
