#include "offers.h"

#include "core/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEGREE 1000000
#define METRES_DEGREE                                                                                                  \
    111190.0 /* a little less than on the sphere of daemon/match/sphere.h, so that boxes are a little large */
#define CELL (DEGREE / CELLS_PER_DEGREE)

static int row_of(int32_t latitude)
{
    return (int)((latitude + INT64_C(90) * DEGREE) * ROWS_PER_DEGREE / DEGREE);
}

static int column_of(int32_t longitude)
{
    return (int)((longitude + INT64_C(180) * DEGREE) * COLUMNS_PER_DEGREE / DEGREE);
}

static void add_keys(struct offers *offers, size_t *room, const struct person *person, const struct offer_row *row)
{
    uint64_t cell = (uint64_t)row_of(row->latitude) << 40 | (uint64_t)column_of(row->longitude) << 27;

    if (offers->count + 96 > *room)
        offers->keys = memory_grow(offers->keys, room, offers->count + 96, sizeof *offers->keys);
    for (unsigned i = 0; i < person->payer_count; i++) {
        for (unsigned j = 0; j < person->condition_count; j++)
            offers->keys[offers->count++] =
                (uint64_t)person->payers[i] << 56 | (uint64_t)person->conditions[j] << 52 | cell | person->number;
    }
}

/* By bytes, the lowest first. */
static void sort(struct offers *offers)
{
    uint64_t *from = offers->keys, *to = memory_allocate(offers->count, sizeof *to), *swap;

    for (unsigned shift = 0; shift < 64; shift += 16) {
        size_t *starts = memory_allocate(65537, sizeof *starts);

        for (size_t i = 0; i < offers->count; i++)
            starts[(from[i] >> shift & 65535) + 1]++;
        for (size_t i = 0; i < 65536; i++)
            starts[i + 1] += starts[i];
        for (size_t i = 0; i < offers->count; i++)
            to[starts[from[i] >> shift & 65535]++] = from[i];
        free(starts);
        swap = from;
        from = to;
        to = swap;
    }
    offers->keys = from;
    free(to);
}

void offers_init(struct offers *offers, const struct country *country, uint64_t seed, uint32_t therapists)
{
    size_t room = 0;

    memset(offers, 0, sizeof *offers);
    offers->rows = memory_allocate(therapists, sizeof *offers->rows);
    for (uint32_t number = 0; number < therapists; number++) {
        struct offer_row *row = &offers->rows[number];
        struct person person;

        person_make(country, seed, number, &person);
        *row = (struct offer_row){.point = country->places[person.place].point,
                                  .latitude = country->places[person.place].latitude,
                                  .longitude = country->places[person.place].longitude,
                                  .traits = person_traits(&person),
                                  .states = {person.states[0], person.states[1]},
                                  .points = (uint16_t)person_points(&person)};
        for (unsigned i = 0; i < person.condition_count; i++)
            row->experience[person.conditions[i]] = (uint8_t)person_experience(&person, i);
        add_keys(offers, &room, &person, row);
    }
    sort(offers);
}

void offers_finish(struct offers *offers)
{
    free(offers->rows);
    free(offers->keys);
}

struct offer_box offer_box_of(const struct country *country, const struct ask *ask)
{
    const struct country_place *place = &country->places[ask->place];
    double up = (ask->max_distance + 10) / METRES_DEGREE, widest = fabs(place->latitude / 1e6) + up, across;
    struct offer_box box;

    across = widest >= 80 || up >= 40
                 ? 180
                 : asin(sin(up * M_PI / 180) / cos(fabs(place->latitude / 1e6) * M_PI / 180)) * 180 / M_PI + 0.0001;
    box.south = (int32_t)fmax(place->latitude - up * DEGREE, -90.0 * DEGREE);
    box.north = (int32_t)fmin(place->latitude + up * DEGREE, 90.0 * DEGREE);
    box.west = (int32_t)fmax(place->longitude - across * DEGREE, -179.999999 * DEGREE);
    box.east = (int32_t)fmin(place->longitude + across * DEGREE, 179.999999 * DEGREE);
    box.first_row = row_of(box.south);
    box.last_row = row_of(box.north);
    box.first_column = column_of(box.west);
    box.last_column = column_of(box.east);
    return box;
}
