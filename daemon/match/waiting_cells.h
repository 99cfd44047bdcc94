/*
 * How needs lie in memory (waiting.h): cells by a hash of where they are, in each cell a group for each payer, in each group a row for each need.
 *
 * A cell is a cube whose side is at least as long as the distance of the needs in it, so that whoever is near enough stands in the same
 * cube or in one beside it. Codes of the tables get bits by number; what senders write freely (payers, languages) is hashed, so that nobody's
 * text grows anything here. Bit ANYTHING stands for "nothing asked", and everybody has it.
 */
#ifndef FASCIA_MATCH_WAITING_CELLS_H
#define FASCIA_MATCH_WAITING_CELLS_H

#include "match/match.h"
#include "match/sphere.h"
#include "match/terms.h"
#include "match/waiting.h"

#define CELL_LEVELS    13  /* sides of 2^19 units (4 km) to 2^31: more than the sphere measures */
#define CELL_REMOTE    255 /* in place of a level: by jurisdiction, for visits by video */
#define ANYTHING       (UINT64_C(1) << 63)
#define PAYER_NONE     0 /* of groups, beside hashes: no payer asked for */
#define PAYER_SEVERAL  1 /* one of several */
#define NOTHING_NEEDED 0 /* in place of hashes of jurisdictions and identifiers */

struct cell_place {
    uint32_t level;
    int32_t x, y, z;
};

struct waiting_row {
    uint64_t suitable, certified, languages; /* one of these must be there */
    uint64_t key;
    uint64_t limit; /* squared chord: nearer than this */
    struct match_point point;
    uint32_t jurisdiction, named; /* hashes */
    uint32_t hours;               /* at which the patient can come */
    uint32_t place;
    uint8_t gender, mode; /* Fascia__Gender, Fascia__VisitMode; 0: any */
};

struct waiting_group {
    uint32_t payer;
    struct waiting_cell *cell;
    size_t count, room;
    uint64_t *every;          /* by row: all of these must be there; conditions below, required techniques above */
    struct waiting_row *rows; /* beside every */
};

struct waiting_cell {
    struct cell_place at;
    uint32_t *payers;              /* of the groups, ascending */
    struct waiting_group **groups; /* beside payers */
    size_t count, payer_room, room;
    struct waiting_cell *next; /* of the same hash */
};

/* Where the rows of a need are: one in a cell of the sphere, one in a cell of a jurisdiction; either may be missing. */
struct waiting_place {
    struct waiting_group *group[2];
    uint32_t row[2];
    uint32_t next_free;
};

/* A zone and how its clocks may stand: local time less UTC, in minutes. */
struct waiting_zone {
    const struct zone *zone;
    int32_t least, most;
};

struct match_waiting {
    const struct codes *codes;
    struct match_terms conditions, techniques, certifications;
    struct waiting_cell **buckets;
    size_t bucket_count, cell_count;
    size_t level_counts[CELL_LEVELS];    /* rows */
    uint32_t level_reaches[CELL_LEVELS]; /* the farthest that any row ever reached, in units of the sphere */
    struct waiting_place *places;
    size_t place_count, place_room;
    uint32_t first_free;
    struct waiting_zone *zones;
    size_t zone_count, zone_room;
    size_t count;
};

/* A need as a row, and what it is found by. */
struct waiting_reading {
    struct waiting_row row;
    uint64_t every;
    uint32_t payer;
    bool placed, remote; /* whether a visit in person, and one by video, is possible at all */
    uint32_t level, reach;
};

/* waiting_hours.c */
uint32_t waiting_hours(struct match_waiting *waiting, const Fascia__Need *need, const struct zone *zone, int64_t now);

/* waiting_need.c */
void waiting_read(struct match_waiting *waiting, const Fascia__Need *need, struct waiting_reading *reading);
uint32_t waiting_hash(const char *text, bool fold_case); /* never one of the small numbers above */
uint64_t waiting_language_bit(const char *language);
uint64_t waiting_bit(uint32_t number, unsigned width);

/* log2 of the side, in units of the sphere. */
static inline unsigned waiting_cell_side(uint32_t level)
{
    return 19 + level;
}
struct cell_place waiting_cell_at(struct match_point point, uint32_t level);
/* NULL when there is none. */
struct waiting_cell *waiting_cell_find(const struct match_waiting *waiting, struct cell_place at);

#endif
