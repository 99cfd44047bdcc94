/*
 * fascia's own matcher, filled through its door: a calendar and a put for each therapist, and every ask as a query.
 */
#ifndef FASCIA_BENCH_DIRECTORY_H
#define FASCIA_BENCH_DIRECTORY_H

#include "answers.h"
#include "sheets.h"

#include "match/match.h"

struct directory {
    const struct bench *bench;
    char (*identifiers)[16];
    struct calendar_today *todays[32]; /* of the country's zones */
    struct calendar **calendars;
    struct match_names names;
    struct match_index *index;
    struct need_sheet *needs[ASK_SETS];
    struct match_query *queries[ASK_SETS];
};

/* Writes facts of time and bytes. */
void directory_init(struct directory *directory, const struct bench *bench);
void directory_finish(struct directory *directory);
/* The weights that all engines share, or the product's own. */
void directory_weigh(struct directory *directory, bool own);
void directory_person(const struct directory *directory, uint32_t number, struct person *person);

/* updates.c: what changes cost, and what they cost questions. */
void directory_measure_changes(struct directory *directory);
void directory_measure_live(struct directory *directory);

#endif
