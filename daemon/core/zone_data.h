/*
 * What a zone is inside: the instants at which its offset changes, from 1900 to 2199, in order.
 *
 * The rule for the future that ends a TZif file is laid out into such changes when the file is parsed, so that every
 * question is one search in one array.
 */
#ifndef FASCIA_CORE_ZONE_DATA_H
#define FASCIA_CORE_ZONE_DATA_H

#include "core/zone.h"

#include <stddef.h>

#define ZONE_FIRST_YEAR      1900
#define ZONE_LAST_YEAR       2199
#define ZONE_FIRST_DAY       (-25567) /* their first and last days, as day_from_civil() counts */
#define ZONE_LAST_DAY        84005
#define ZONE_MAXIMUM_OFFSET  (26 * 3600) /* seconds either way; RFC 8536 section 3.2 asks for a little less */
#define ZONE_MAXIMUM_CHANGES 8192

struct zone_change {
    int64_t at;     /* ms */
    int32_t offset; /* from here on, ms */
};

struct zone {
    char *name;
    int32_t first_offset; /* before the first change, ms */
    struct zone_change *changes;
    size_t count, room;
};

int64_t zone_earliest(void);
int64_t zone_latest(void);
/* Adds a change later than those that are there, or in place of the last one at the same instant. One outside of the years kept
 * is dropped, but for what it leaves behind: the offset at the first of them. */
void zone_add_change(struct zone *zone, int64_t at, int32_t offset);

#endif
