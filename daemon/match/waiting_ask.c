/* A therapist's question to those who wait. */
#include "match/waiting_cells.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* The therapist as rows see them. */
struct asker {
    const struct match_waiting *waiting;
    struct match_waiting_found *found;
    uint64_t after;
    uint64_t every, suitable, certified, languages;
    uint32_t *payers; /* of groups that count, ascending */
    size_t payer_count;
    uint32_t *jurisdictions;
    size_t jurisdiction_count;
    struct match_point *places; /* of clinics */
    size_t place_count;
    bool has_base;
    struct match_point base;
    uint64_t home_limit;
    uint32_t identifier, hours;
    uint8_t gender;
    bool clinic, home, remote;
};

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

/* ---- reading ---- */

static uint64_t bits_of(const struct match_terms *terms, const char *code, unsigned width)
{
    uint32_t number = match_terms_find(terms, code);

    return number == TERM_NONE ? 0 : waiting_bit(number, width);
}

static void read_codes(struct asker *asker, const Fascia__Therapist *therapist)
{
    const struct match_waiting *waiting = asker->waiting;

    asker->suitable = asker->certified = asker->languages = ANYTHING;
    for (size_t i = 0; i < therapist->n_conditions; i++)
        asker->every |= bits_of(&waiting->conditions, therapist->conditions[i]->condition, 32);
    for (size_t i = 0; i < therapist->n_techniques; i++) {
        asker->every |= bits_of(&waiting->techniques, therapist->techniques[i], 32) << 32;
        asker->suitable |= bits_of(&waiting->techniques, therapist->techniques[i], 63);
    }
    for (size_t i = 0; i < therapist->n_certifications; i++)
        asker->certified |= bits_of(&waiting->certifications, therapist->certifications[i]->code, 63);
    for (size_t i = 0; i < therapist->n_languages; i++)
        asker->languages |= waiting_language_bit(therapist->languages[i]);
}

static void read_payers(struct asker *asker, const Fascia__Therapist *therapist)
{
    asker->payers = memory_allocate(therapist->n_payers + 2, sizeof *asker->payers);
    asker->payers[asker->payer_count++] = PAYER_NONE;
    asker->payers[asker->payer_count++] = PAYER_SEVERAL;
    for (size_t i = 0; i < therapist->n_payers; i++)
        asker->payers[asker->payer_count++] = waiting_hash(therapist->payers[i], true);
    qsort(asker->payers, asker->payer_count, sizeof *asker->payers, by_size);
}

static void read_jurisdictions(struct asker *asker, const Fascia__Therapist *therapist)
{
    size_t kept = 0;

    asker->jurisdictions = memory_allocate(therapist->n_licences + 1, sizeof *asker->jurisdictions);
    asker->jurisdictions[asker->jurisdiction_count++] = NOTHING_NEEDED;
    for (size_t i = 0; i < therapist->n_licences; i++)
        asker->jurisdictions[asker->jurisdiction_count++] = waiting_hash(therapist->licences[i]->jurisdiction, false);
    qsort(asker->jurisdictions, asker->jurisdiction_count, sizeof *asker->jurisdictions, by_size);
    for (size_t i = 0; i < asker->jurisdiction_count; i++)
        if (kept == 0 || asker->jurisdictions[kept - 1] != asker->jurisdictions[i])
            asker->jurisdictions[kept++] = asker->jurisdictions[i];
    asker->jurisdiction_count = kept;
}

/* Who lists no mode that means anything treats in clinic. */
static void read_modes(struct asker *asker, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < therapist->n_visit_modes; i++) {
        asker->clinic = asker->clinic || therapist->visit_modes[i] == FASCIA__VISIT_MODE__VISIT_MODE_CLINIC;
        asker->home = asker->home || therapist->visit_modes[i] == FASCIA__VISIT_MODE__VISIT_MODE_HOME;
        asker->remote = asker->remote || therapist->visit_modes[i] == FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    }
    if (!asker->clinic && !asker->home && !asker->remote)
        asker->clinic = true;
}

static void read_places(struct asker *asker, const Fascia__Therapist *therapist)
{
    asker->places = memory_allocate(therapist->n_places, sizeof *asker->places);
    for (size_t i = 0; i < therapist->n_places; i++) {
        const Fascia__Position *position = therapist->places[i]->position;

        if (position == NULL)
            continue;
        asker->places[asker->place_count] = match_point_of(position->latitude, position->longitude);
        if (i == 0 && asker->home) {
            asker->has_base = true;
            asker->base = asker->places[0];
            asker->home_limit = match_chord_limit(therapist->home_radius);
        }
        if (asker->clinic)
            asker->place_count++;
    }
}

/* ---- rows ---- */

static void keep(struct asker *asker, uint64_t key)
{
    struct match_waiting_found *found = asker->found;

    if (key <= asker->after)
        return;
    found->keys = memory_grow(found->keys, &found->room, found->count + 1, sizeof *found->keys);
    found->keys[found->count++] = key;
}

static bool is_licensed(const struct asker *asker, uint32_t jurisdiction)
{
    for (size_t i = 0; i < asker->jurisdiction_count; i++)
        if (asker->jurisdictions[i] == jurisdiction)
            return true;
    return false;
}

static bool is_near(const struct asker *asker, const struct waiting_row *row)
{
    if (row->mode != FASCIA__VISIT_MODE__VISIT_MODE_HOME) {
        for (size_t i = 0; i < asker->place_count; i++)
            if (match_chord(asker->places[i], row->point) < row->limit)
                return true;
    }
    if (!asker->has_base || row->mode == FASCIA__VISIT_MODE__VISIT_MODE_CLINIC)
        return false;
    const uint64_t chord = match_chord(asker->base, row->point);
    return chord < row->limit && chord < asker->home_limit;
}

static bool can_meet(uint32_t patient, uint32_t therapist)
{
    const uint32_t both = patient & therapist;

    return (both & 0xffffff) != 0 && both >> 24 != 0;
}

static bool fits(const struct asker *asker, const struct waiting_row *row)
{
    return (row->suitable & asker->suitable) != 0 && (row->certified & asker->certified) != 0 &&
           (row->languages & asker->languages) != 0 && can_meet(row->hours, asker->hours) &&
           (row->gender == 0 || row->gender == asker->gender) &&
           (row->named == NOTHING_NEEDED || row->named == asker->identifier) && is_licensed(asker, row->jurisdiction);
}

/* Who would be served by video is found by jurisdiction, and not again by place. */
static bool comes_in_person(const struct asker *asker, const struct waiting_row *row)
{
    return !(asker->remote && row->mode == 0) && is_near(asker, row);
}

static void ask_group(struct asker *asker, const struct waiting_group *group)
{
    const bool remote = group->cell->at.level == CELL_REMOTE;

    for (size_t i = 0; i < group->count; i++) {
        if ((group->every[i] & ~asker->every) == 0 && fits(asker, &group->rows[i]) &&
            (remote || comes_in_person(asker, &group->rows[i])))
            keep(asker, group->rows[i].key);
    }
}

/* Groups and payers both ascend. */
static void ask_cell(struct asker *asker, struct cell_place at)
{
    const struct waiting_cell *cell = waiting_cell_find(asker->waiting, at);
    size_t payer = 0;

    for (size_t i = 0; cell != NULL && i < cell->count; i++) {
        while (payer < asker->payer_count && asker->payers[payer] < cell->payers[i])
            payer++;
        if (payer == asker->payer_count)
            return;
        if (asker->payers[payer] == cell->payers[i])
            ask_group(asker, cell->groups[i]);
    }
}

static uint64_t squared(int64_t number)
{
    return (uint64_t)(number * number);
}

#define SPHERE_RADIUS (INT64_C(6371009) * 128) /* units of sphere.h */

/* Squares of how near to, and how far from, the middle of the sphere the cell's part of one axis is. */
static void add_axis(int32_t cell, unsigned side, uint64_t *nearest, uint64_t *farthest)
{
    const int64_t from = (int64_t)cell * (INT64_C(1) << side), to = from + (INT64_C(1) << side);

    *farthest += squared(-from > to ? from : to);
    if (from > 0)
        *nearest += squared(from);
    if (to < 0)
        *nearest += squared(to);
}

/* Most cubes beside one on the surface hold nothing of it. */
static bool meets_surface(struct cell_place at)
{
    const unsigned side = waiting_cell_side(at.level);
    const int64_t radius = SPHERE_RADIUS;
    uint64_t nearest = 0, farthest = 0;

    add_axis(at.x, side, &nearest, &farthest);
    add_axis(at.y, side, &nearest, &farthest);
    add_axis(at.z, side, &nearest, &farthest);
    return nearest <= squared(radius + 2) && farthest >= squared(radius - 2);
}

/* Cells along an axis that have something within reach. */
struct span {
    int32_t from, to;
};

static int32_t cell_at(int64_t at, unsigned side)
{
    const int64_t inside = at < -SPHERE_RADIUS ? -SPHERE_RADIUS : at > SPHERE_RADIUS ? SPHERE_RADIUS : at;

    return (int32_t)(inside >> side);
}

static struct span span_of(int32_t at, uint32_t reach, unsigned side)
{
    return (struct span){cell_at((int64_t)at - reach, side), cell_at((int64_t)at + reach, side)};
}

static void ask_level(struct asker *asker, struct match_point point, uint32_t level)
{
    const uint32_t reach = asker->waiting->level_reaches[level];
    const unsigned side = waiting_cell_side(level);
    const struct span x = span_of(point.x, reach, side), y = span_of(point.y, reach, side),
                      z = span_of(point.z, reach, side);
    struct cell_place at = {.level = level};

    for (at.x = x.from; at.x <= x.to; at.x++)
        for (at.y = y.from; at.y <= y.to; at.y++)
            for (at.z = z.from; at.z <= z.to; at.z++)
                if (meets_surface(at))
                    ask_cell(asker, at);
}

static void ask_around(struct asker *asker, struct match_point point)
{
    for (uint32_t level = 0; level < CELL_LEVELS; level++)
        if (asker->waiting->level_counts[level] > 0)
            ask_level(asker, point, level);
}

/* ---- a heap of keys ---- */

static void sink(struct match_waiting_found *found, size_t place)
{
    const uint64_t key = found->keys[place];
    size_t child;

    while ((child = 2 * place + 1) < found->count) {
        if (child + 1 < found->count && found->keys[child + 1] < found->keys[child])
            child++;
        if (found->keys[child] >= key)
            break;
        found->keys[place] = found->keys[child];
        place = child;
    }
    found->keys[place] = key;
}

void match_waiting_ask(const struct match_waiting *waiting, const Fascia__Therapist *therapist, uint32_t hours,
                       uint64_t after, struct match_waiting_found *found)
{
    struct asker asker = {.waiting = waiting, .found = found, .after = after, .hours = hours};

    found->count = 0;
    asker.identifier = waiting_hash(therapist->identifier, false);
    asker.gender = (uint8_t)therapist->gender;
    read_codes(&asker, therapist);
    read_payers(&asker, therapist);
    read_jurisdictions(&asker, therapist);
    read_modes(&asker, therapist);
    read_places(&asker, therapist);
    for (size_t i = 0; i < asker.place_count; i++)
        ask_around(&asker, asker.places[i]);
    if (asker.has_base && !asker.clinic)
        ask_around(&asker, asker.base);
    for (size_t i = 0; i < asker.jurisdiction_count && asker.remote; i++)
        ask_cell(&asker, (struct cell_place){CELL_REMOTE, (int32_t)asker.jurisdictions[i], 0, 0});
    for (size_t i = found->count / 2; i-- > 0;)
        sink(found, i);
    free(asker.payers);
    free(asker.jurisdictions);
    free(asker.places);
}

bool match_waiting_next(struct match_waiting_found *found, uint64_t *key)
{
    if (found->count == 0)
        return false;
    *key = found->keys[0];
    while (found->count > 0 && found->keys[0] == *key) { /* several places lead to the same referral */
        found->keys[0] = found->keys[--found->count];
        if (found->count > 0)
            sink(found, 0);
    }
    return true;
}

void match_waiting_found_finish(struct match_waiting_found *found)
{
    free(found->keys);
    *found = (struct match_waiting_found){0};
}
