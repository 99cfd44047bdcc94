/*
 * Random directories and needs for the matcher, with a liking for edges: poles and the date line, one place for all, credentials that end on the
 * day, ends of years, changing clocks, full caseloads, codes by the thousand, needs that nobody can meet.
 *
 * A world is made from a seed, alike on every run. It owns all that hangs on it. Its therapists have numbers in no order, with gaps.
 * Those in the index stand first in `therapists`; the functions at the end change world and index alike.
 */
#ifndef FASCIA_TESTS_MATCH_WORLD_H
#define FASCIA_TESTS_MATCH_WORLD_H

#include "property/match_oracle.h"

#define WORLD_ZONES     9
#define WORLD_QUESTIONS 12

struct world_tables {
    struct zone *zones[WORLD_ZONES];
    struct codes *codes;
};

/* Where therapists are. */
enum world_ground {
    GROUND_MIXED, /* around the patient, and a few at the ends of the earth */
    GROUND_ONE_POINT,
    GROUND_ONE_CELL, /* all within a hundred metres */
    GROUND_POLES,
    GROUND_DATE_LINE,
    GROUND_CONTINENTS, /* each with many places, far apart */
    GROUND_NOWHERE,
    GROUND_REMOTE,
    GROUND_CITIES,
    GROUND_GLOBE,
    GROUND_LATTICE, /* many at the same distance */
    GROUND_COUNT
};

struct world_plan {
    uint32_t people; /* who are in the index at first */
    uint32_t others; /* who are made, and are not in it yet */
    uint32_t questions;
    enum world_ground ground;
    bool identical; /* all but identifier and number */
    bool wide;      /* 5,000 payers, 300 techniques, 500 conditions, 1,000 languages, 60 jurisdictions */
};

struct world_question {
    Fascia__Need *need;
    struct match_query query;
    struct match_settings settings;
};

struct world_name;
struct world {
    uint64_t random;
    const struct world_tables *tables;
    struct world_plan plan;
    void **memory; /* all that was handed out */
    size_t memory_count, memory_room;
    unsigned spoil; /* of 100: how often a therapist lacks what is asked for */
    unsigned codes; /* how many of each kind there are, unless wide */
    int32_t today;
    Fascia__Position *spot; /* where one point, cell or lattice is */
    size_t count, people;   /* in the index; at all */
    struct oracle_therapist *therapists;
    struct calendar **calendars; /* by number */
    uint32_t numbers;
    struct world_name *by_number, **by_name;
    struct match_names names;
    size_t question_count;
    struct world_question questions[WORLD_QUESTIONS];
    const Fascia__Need *need; /* whom the next therapist is made for */
    struct match_index *index;
};

void world_tables_init(struct world_tables *tables);
void world_tables_finish(struct world_tables *tables);

/* Small, of any ground. */
struct world *world_create(const struct world_tables *tables, uint64_t seed);
struct world *world_create_planned(const struct world_tables *tables, uint64_t seed, const struct world_plan *plan);
void world_destroy(struct world *world); /* and its index */
uint32_t world_pick(struct world *world, uint32_t below);

/* Everybody into an index that is made for it, in random order; the second with a few that are replaced and removed on the way. */
void world_fill(struct world *world);
void world_fill_restlessly(struct world *world);
/* One more, of those who are not in the index; false when all are. */
bool world_join(struct world *world);
void world_leave(struct world *world, size_t who);
void world_put(struct world *world, size_t who);
/* Moved, with other skills and another calendar. */
void world_replace(struct world *world, size_t who);
/* Time taken or given back, without a word to the index. */
void world_book(struct world *world, size_t who);
/* Any of these, and changes of load, as often as said. */
void world_churn(struct world *world, size_t changes);

#endif
