#include "property/match_making.h"

#include <math.h>

#define ENOUGH_TRIES 300

static Fascia__Position *position_at(struct world *world, int64_t latitude, int64_t longitude)
{
    Fascia__Position *position = making_give(world, 1, sizeof *position);

    fascia__position__init(position);
    position->latitude = (int32_t)(latitude > 90000000 ? 90000000 : latitude < -90000000 ? -90000000 : latitude);
    if (longitude > 180000000)
        longitude -= 360000000;
    if (longitude < -180000000)
        longitude += 360000000;
    position->longitude = (int32_t)longitude;
    return position;
}

static int64_t around_zero(struct world *world, uint32_t spread)
{
    return (int64_t)world_pick(world, 2 * spread + 1) - spread;
}

static Fascia__Position *near(struct world *world, const Fascia__Position *position, uint32_t spread)
{
    return position_at(world, position->latitude + around_zero(world, spread),
                       position->longitude + around_zero(world, spread));
}

static Fascia__Position *some_anchor(struct world *world)
{
    static const int32_t anchors[][2] = {{38254200, -85759400}, {90000000, 0},          {-90000000, 45000000},
                                         {0, 180000000},        {52000000, -180000000}, {0, 0},
                                         {89990000, 30000000},  {-33868800, 151209300}};
    const int32_t *anchor = anchors[world_pick(world, sizeof anchors / sizeof *anchors)];

    return position_at(world, anchor[0], anchor[1]);
}

static Fascia__Position *somewhere(struct world *world)
{
    return position_at(world, around_zero(world, 90000000), around_zero(world, 180000000));
}

/* Of two dozen cities, the first the largest. */
static Fascia__Position *in_a_city(struct world *world)
{
    uint32_t city = world_pick(world, 1 + world_pick(world, 24));
    Fascia__Position centre = FASCIA__POSITION__INIT;

    centre.latitude = 25000000 + (int32_t)(city * 7919 % 23) * 1000000;
    centre.longitude = -122000000 + (int32_t)(city * 104729 % 51) * 1000000;
    return near(world, near(world, &centre, 90000), 90000);
}

static Fascia__Position *mixed(struct world *world)
{
    const Fascia__Position *from = world->need == NULL ? NULL : world->need->position;

    if (from == NULL || making_chance(world, 15))
        return some_anchor(world);
    if (making_chance(world, 10))
        return position_at(world, from->latitude, from->longitude);
    return near(world, from, making_chance(world, 60) ? 300000 : making_chance(world, 50) ? 900000 : 180000000);
}

static Fascia__Position *of_the_ground(struct world *world)
{
    const Fascia__Position *spot = world->spot;

    switch (world->plan.ground) {
    case GROUND_ONE_POINT:
        return position_at(world, spot->latitude, spot->longitude);
    case GROUND_ONE_CELL:
        return near(world, spot, 900);
    case GROUND_POLES:
        return position_at(world, (making_chance(world, 50) ? 1 : -1) * (90000000 - (int64_t)world_pick(world, 400000)),
                           around_zero(world, 180000000));
    case GROUND_DATE_LINE:
        return position_at(world, 52000000 + around_zero(world, 300000), 180000000 + around_zero(world, 400000));
    case GROUND_CONTINENTS:
        return near(world, some_anchor(world), 300000);
    case GROUND_CITIES:
        return in_a_city(world);
    case GROUND_GLOBE:
        return somewhere(world);
    case GROUND_LATTICE:
        return position_at(world, spot->latitude / 1000 * 999 + 5000 * around_zero(world, 25),
                           spot->longitude / 1000 * 999 + 5000 * around_zero(world, 25));
    default:
        return mixed(world);
    }
}

/* ---- clear of doubt ---- */

static bool rounds_clearly(const Fascia__Position *from, const Fascia__Position *position)
{
    long double metres = oracle_metres(from, position);

    return metres > 99999 || fabsl(metres - floorl(metres) - 0.5L) > 0.06L;
}

static bool is_nearer_clearly(const Fascia__Position *from, const Fascia__Position *position,
                              const Fascia__Position *other)
{
    return oracle_metres(position, other) < 0.000001L ||
           fabsl(oracle_chord(from, position) - oracle_chord(from, other)) > 0.1L;
}

bool making_is_clear(struct world *world, const Fascia__Position *position, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < world->question_count && world->questions[i].need != NULL; i++) {
        const Fascia__Position *from = world->questions[i].need->position;

        if (from == NULL)
            continue;
        if (!rounds_clearly(from, position))
            return false;
        for (size_t j = 0; j < therapist->n_places && therapist->places[j] != NULL; j++)
            if (therapist->places[j]->position != NULL &&
                !is_nearer_clearly(from, position, therapist->places[j]->position))
                return false;
    }
    return true;
}

/* NULL when no try was clear. */
static Fascia__Position *clear_position(struct world *world, const Fascia__Therapist *therapist)
{
    for (int tries = 0; tries < ENOUGH_TRIES; tries++) {
        Fascia__Position *position = of_the_ground(world);

        if (making_is_clear(world, position, therapist))
            return position;
    }
    return NULL;
}

Fascia__Position *making_patient_position(struct world *world)
{
    Fascia__Position *position;

    do {
        if (making_chance(world, 15))
            position = some_anchor(world);
        else if (world->plan.ground == GROUND_LATTICE)
            position = near(world, world->spot, 20000);
        else if (world->plan.ground == GROUND_ONE_POINT || world->plan.ground == GROUND_ONE_CELL)
            position = near(world, world->spot, making_chance(world, 30) ? 2000 : 300000);
        else if (world->plan.ground == GROUND_MIXED)
            position = some_anchor(world);
        else
            position = of_the_ground(world);
    } while (!rounds_clearly(position, world->spot));
    return position;
}

/* ---- a therapist's ---- */

static void make_radius(struct world *world, Fascia__Therapist *therapist)
{
    const Fascia__Position *from = world->need->position;
    const Fascia__Position *base = therapist->n_places == 0 ? NULL : therapist->places[0]->position;

    therapist->home_radius = making_chance(world, 30) ? world_pick(world, 5000) : 200000;
    if (making_chance(world, 3))
        therapist->home_radius = UINT32_MAX;
    else if (from != NULL && base != NULL && making_chance(world, 30))
        therapist->home_radius = oracle_distance(from, base) + world_pick(world, 3);
    else
        return;
    if (therapist->home_radius > 0 && making_chance(world, 50))
        therapist->home_radius--;
}

static void make_modes(struct world *world, Fascia__Therapist *therapist)
{
    therapist->n_visit_modes = world_pick(world, 4);
    therapist->visit_modes = making_give(world, therapist->n_visit_modes + 1, sizeof(Fascia__VisitMode));
    for (size_t i = 0; i < therapist->n_visit_modes; i++)
        therapist->visit_modes[i] =
            making_spoilt(world) ? (Fascia__VisitMode)world_pick(world, 4) : world->need->visit_mode;
    if (world->plan.ground != GROUND_REMOTE)
        return;
    therapist->n_visit_modes = 1;
    therapist->visit_modes[0] = FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
}

void making_places(struct world *world, Fascia__Therapist *therapist)
{
    size_t many = world->plan.ground == GROUND_CONTINENTS ? 9 : 3;

    therapist->n_places = making_chance(world, 5) ? 0 : 1 + world_pick(world, (uint32_t)many);
    therapist->places = making_give(world, therapist->n_places, sizeof(Fascia__Place *));
    for (size_t i = 0; i < therapist->n_places; i++) {
        bool nowhere = world->plan.ground == GROUND_NOWHERE || making_chance(world, 8);
        Fascia__Position *position = nowhere ? NULL : clear_position(world, therapist);
        Fascia__Place *place = making_give(world, 1, sizeof *place);

        fascia__place__init(place);
        place->position = position;
        therapist->places[i] = place;
    }
    make_modes(world, therapist);
    make_radius(world, therapist);
}
