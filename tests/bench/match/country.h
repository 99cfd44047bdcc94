/*
 * The country of the bench: postal codes with positions, states, zones, and how many people live around each.
 *
 * Postal codes are those of deploy/tables/places.csv that lie in one of the 50 states or the District of Columbia. The state is told by the first
 * three digits; a zone that the table leaves empty is that of the postal code before it.
 * Weights: a city of the list (GeoNames, 15,000 inhabitants and more, from Debian's libtimezonemap-data) shares its inhabitants equally between the
 * postal codes within 5 km + 6 m times the root of its inhabitants of its centre, or gives them to the nearest; New York counts by its boroughs.
 * All others of 308,745,538 (census of 2010, as the list) are spread equally over all postal codes. Without a list every postal code weighs the same.
 */
#ifndef FASCIA_BENCH_COUNTRY_H
#define FASCIA_BENCH_COUNTRY_H

#include "core/codes.h"
#include "core/zone.h"
#include "match/sphere.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTRY_STATES 51
#define COUNTRY_NOW    INT64_C(1780308000000) /* Monday 2026-06-01T10:00Z; no clock changes in the four weeks after it */

struct country_place {
    int32_t latitude, longitude;
    struct match_point point;
    uint8_t state, zone;
    uint64_t until; /* inhabitants of all places up to this one */
};
struct country {
    struct country_place *places;
    size_t count;
    struct zone *zones[32];
    char zone_names[32][40];
    size_t zone_count;
    bool weighted;
    struct codes *codes; /* professions and jurisdictions: every state asks for a licence */
};

void country_init(struct country *country, const char *places_csv, const char *cities);
void country_finish(struct country *country);
const char *country_jurisdiction(unsigned state); /* "US-KY" */
/* The place of the inhabitant with this number, taken modulo all. */
uint32_t country_place_of(const struct country *country, uint64_t inhabitant);

/* Prints, and ends the program. */
_Noreturn void bench_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
