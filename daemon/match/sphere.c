#include "match/sphere.h"

#include "match/match.h"

#include <math.h>

#define RADIUS_UNITS (INT64_C(6371009) * UNITS_PER_METRE)
#define ONE          (INT64_C(1) << 30)          /* fixed point */
#define HALF_TURN    (INT64_C(2561934729) * ONE) /* pi R, in units times ONE */

static double radians(int32_t millionths)
{
    return (double)millionths * (M_PI / 180e6);
}

struct match_point match_point_of(int32_t latitude, int32_t longitude)
{
    double north = radians(latitude), east = radians(longitude);
    double ring = (double)RADIUS_UNITS * cos(north);

    return (struct match_point){.x = (int32_t)lrint(ring * cos(east)),
                                .y = (int32_t)lrint(ring * sin(east)),
                                .z = (int32_t)lrint((double)RADIUS_UNITS * sin(north))};
}

static uint64_t square_root(uint64_t square)
{
    uint64_t root = (uint64_t)sqrt((double)square);

    while (root > 0 && root * root > square)
        root--;
    while ((root + 1) * (root + 1) <= square)
        root++;
    return root;
}

/* arc = chord * (1 + t/6 + 3t²/40 + ...), t = (chord / 2R)²: the series of the arcsine, cut after t^10. All terms are positive and each
 * step rounds down, so that a longer chord never gives a shorter arc. Up to t = 1/4 what is cut off is a quarter of a metre.
 * In units times ONE. */
static int64_t arc_of(uint64_t root)
{
    static const int64_t series[] = {
        ONE * 46189 / 5505024,
        ONE * 12155 / 1245184,
        ONE * 6435 / 557056,
        ONE * 143 / 10240,
        ONE * 231 / 13312,
        ONE * 63 / 2816,
        ONE * 35 / 1152,
        ONE * 5 / 112,
        ONE * 3 / 40,
        ONE / 6,
        ONE,
    };
    int64_t ratio = (int64_t)(root << 30) / (2 * RADIUS_UNITS);
    int64_t t = ratio * ratio >> 30, factor = 0;

    for (unsigned term = 0; term < sizeof series / sizeof series[0]; term++)
        factor = series[term] + (factor * t >> 30);
    return (int64_t)root * factor;
}

/* A chord longer than the radius is short of the diameter by `rest`: asin x = pi/2 - 2 asin sqrt((1 - x) / 2), where the series is good again. Each
 * branch errs away from the other, so that the arc grows where they meet. */
static uint32_t arc_metres(uint64_t root)
{
    const uint64_t rest = root < 2 * (uint64_t)RADIUS_UNITS ? 2 * (uint64_t)RADIUS_UNITS - root : 0;
    int64_t arc = root <= (uint64_t)RADIUS_UNITS ? arc_of(root)
                                                 : HALF_TURN - 2 * arc_of(square_root((uint64_t)RADIUS_UNITS * rest));

    return (uint32_t)((arc + ONE * UNITS_PER_METRE / 2) / (ONE * UNITS_PER_METRE));
}

uint32_t match_chord_metres(uint64_t chord)
{
    return arc_metres(square_root(chord));
}

uint64_t match_chord_limit(uint32_t metres)
{
    uint64_t within = 0, beyond = 2 * (uint64_t)RADIUS_UNITS + UNITS_PER_METRE;

    if (arc_metres(beyond) <= metres)
        return UINT64_MAX;
    while (beyond - within > 1) {
        uint64_t middle = (within + beyond) / 2;

        if (arc_metres(middle) <= metres)
            within = middle;
        else
            beyond = middle;
    }
    return beyond * beyond;
}

uint32_t match_distance(int32_t latitude_a, int32_t longitude_a, int32_t latitude_b, int32_t longitude_b)
{
    return match_chord_metres(
        match_chord(match_point_of(latitude_a, longitude_a), match_point_of(latitude_b, longitude_b)));
}
