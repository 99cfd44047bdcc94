/*
 * Places on the sphere as integer vectors, and the distance between two as an integer chord.
 *
 * A vector is made once, by rounding; from then on comparing and measuring is integer arithmetic, with no seam at the
 * poles or the date line. Units: 1/128 metre on a sphere of 6,371,009 m (the IUGG mean radius). Pure; any thread.
 */
#ifndef FASCIA_MATCH_SPHERE_H
#define FASCIA_MATCH_SPHERE_H

#include <stdint.h>

struct match_point {
    int32_t x, y, z;
};

/* Millionths of a degree. */
struct match_point match_point_of(int32_t latitude, int32_t longitude);

#define UNITS_PER_METRE 128

/* Square of the chord. */
static inline uint64_t match_chord(struct match_point a, struct match_point b)
{
    int64_t x = (int64_t)a.x - b.x, y = (int64_t)a.y - b.y, z = (int64_t)a.z - b.z;

    return (uint64_t)(x * x) + (uint64_t)(y * y) + (uint64_t)(z * z);
}

/* Metres along the sphere, rounded to the nearest. */
uint32_t match_chord_metres(uint64_t chord);
/* The first squared chord that is longer than so many metres: chord < limit exactly when match_chord_metres(chord) <= metres. */
uint64_t match_chord_limit(uint32_t metres);

#endif
