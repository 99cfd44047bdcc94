/*
 * The tables of a group of property tests, and the seed that its worlds begin with: FIRST_SEED, which is defined before this is included, or
 * FASCIA_SEED of the environment.
 */
#ifndef FASCIA_TESTS_MATCH_TABLES_H
#define FASCIA_TESTS_MATCH_TABLES_H

#include "property/match_world.h"

#include <stdlib.h>

static struct world_tables tables;
static uint64_t first_seed = FIRST_SEED;

static int open_tables(void **state)
{
    const char *given = getenv("FASCIA_SEED");

    (void)state;
    if (given != NULL)
        first_seed = strtoull(given, NULL, 10);
    world_tables_init(&tables);
    return 0;
}

static int close_tables(void **state)
{
    (void)state;
    world_tables_finish(&tables);
    return 0;
}

#endif
