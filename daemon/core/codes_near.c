/* Which postal code is near. */
#include "core/codes_tables.h"
#include "core/memory.h"

#include <math.h>
#include <stdlib.h>

#define BAND    250000 /* millionths of a degree: 28 km */
#define ROUND   360000000
#define REACHED 0.27 /* degrees of a great circle: 30 km */

struct standing {
    int32_t band, longitude;
    uint32_t place;
};

static int32_t band_of(int32_t latitude)
{
    return (latitude + 90000000) / BAND;
}

static int by_band(const void *left, const void *right)
{
    const struct standing *a = left, *b = right;

    if (a->band != b->band)
        return a->band < b->band ? -1 : 1;
    if (a->longitude != b->longitude)
        return a->longitude < b->longitude ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

void codes_sort_places(struct codes *codes)
{
    struct standing *standing = memory_allocate(codes->place_count, sizeof *standing);

    for (size_t i = 0; i < codes->place_count; i++)
        standing[i] = (struct standing){band_of(codes->places[i].latitude), codes->places[i].longitude, (uint32_t)i};
    qsort(standing, codes->place_count, sizeof *standing, by_band);
    codes->places_by_band = memory_allocate(codes->place_count, sizeof *codes->places_by_band);
    for (size_t i = 0; i < codes->place_count; i++)
        codes->places_by_band[i] = standing[i].place;
    free(standing);
}

/* The first that does not stand before. */
static size_t first_at(const struct codes *codes, int32_t band, int64_t longitude)
{
    size_t low = 0, high = codes->place_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct codes_place *place = &codes->places[codes->places_by_band[middle]];
        const int32_t at = band_of(place->latitude);

        if (at < band || (at == band && place->longitude < longitude))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A place asked about, and the nearest so far. The earth is flat for 30 km. */
struct seeking {
    const struct codes *codes;
    int32_t latitude, longitude;
    double narrowing; /* of a degree of longitude */
    double nearest;   /* square of degrees */
    const struct codes_place *found;
};

static void look_at(struct seeking *seeking, int32_t band, int64_t from, int64_t to, int64_t turn)
{
    const struct codes *codes = seeking->codes;

    for (size_t i = first_at(codes, band, from); i < codes->place_count; i++) {
        const struct codes_place *place = &codes->places[codes->places_by_band[i]];
        double north, east, square;

        if (band_of(place->latitude) != band || place->longitude > to)
            return;
        north = (place->latitude - seeking->latitude) / 1e6;
        east = (double)(place->longitude + turn - seeking->longitude) / 1e6 * seeking->narrowing;
        square = north * north + east * east;
        if (square < seeking->nearest) {
            seeking->nearest = square;
            seeking->found = place;
        }
    }
}

bool codes_near(const struct codes *codes, int32_t latitude, int32_t longitude, struct codes_place *place)
{
    struct seeking seeking = {codes, latitude, longitude, cos(latitude * (M_PI / 180e6)), REACHED * REACHED, NULL};
    const double wide = seeking.narrowing < 0.01 ? 180 : REACHED / seeking.narrowing;
    const int64_t half = wide > 180 ? ROUND / 2 : (int64_t)(wide * 1e6);

    for (int32_t band = band_of(latitude) - 2; band <= band_of(latitude) + 2; band++) {
        const int64_t from = longitude - half, to = longitude + half;

        look_at(&seeking, band, from, to, 0);
        if (from < -ROUND / 2)
            look_at(&seeking, band, from + ROUND, ROUND / 2, -ROUND);
        if (to > ROUND / 2)
            look_at(&seeking, band, -ROUND / 2, to - ROUND, ROUND);
    }
    if (seeking.found != NULL)
        *place = *seeking.found;
    return seeking.found != NULL;
}
