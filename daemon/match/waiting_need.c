/* A need as the waiting list's index sees it: signatures, a place, and how far it reaches. */
#include "match/waiting_cells.h"

#define UNITS_PER_METRE 128

uint32_t waiting_hash(const char *text, bool fold_case)
{
    uint32_t hash = (uint32_t)match_text_hash(text, fold_case);

    return hash <= PAYER_SEVERAL ? hash + 2 : hash;
}

uint64_t waiting_bit(uint32_t number, unsigned width)
{
    return UINT64_C(1) << number % width;
}

uint64_t waiting_language_bit(const char *language)
{
    return waiting_bit(waiting_hash(language, false), 63);
}

struct cell_place waiting_cell_at(struct match_point point, uint32_t level)
{
    const unsigned side = waiting_cell_side(level);

    return (struct cell_place){level, point.x >> side, point.y >> side, point.z >> side};
}

/* No two places are farther apart than this, in units of the sphere. */
#define FARTHEST (UINT32_C(1) << 31)

static uint32_t reach_of(uint32_t metres)
{
    const uint64_t reach = ((uint64_t)metres + 1) * UNITS_PER_METRE;

    return reach < FARTHEST ? (uint32_t)reach : FARTHEST;
}

static uint32_t level_of(uint32_t metres)
{
    uint32_t level = 0;

    while (level + 1 < CELL_LEVELS && reach_of(metres) > UINT32_C(1) << waiting_cell_side(level))
        level++;
    return level;
}

static uint64_t every_of(struct match_terms *terms, char *const *codes, size_t count)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < count; i++)
        bits |= waiting_bit(match_terms_add(terms, codes[i]), 32);
    return bits;
}

static uint64_t any_of(struct match_terms *terms, char *const *codes, size_t count)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < count; i++)
        bits |= waiting_bit(match_terms_add(terms, codes[i]), 63);
    return count == 0 ? ANYTHING : bits;
}

static uint64_t languages_of(const Fascia__Need *need)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < need->n_languages; i++)
        bits |= waiting_language_bit(need->languages[i]);
    return need->n_languages == 0 ? ANYTHING : bits;
}

/* Of several groups the first decides here, and the matcher about the rest. */
static uint64_t certified_of(struct match_waiting *waiting, const Fascia__Need *need)
{
    for (size_t i = 0; i < need->n_certifications; i++) {
        const Fascia__Alternatives *group = need->certifications[i];

        if (group->n_any_of > 0)
            return any_of(&waiting->certifications, group->any_of, group->n_any_of);
    }
    return ANYTHING;
}

static uint32_t payer_of(const Fascia__Need *need)
{
    if (need->n_payers == 0)
        return PAYER_NONE;
    return need->n_payers == 1 ? waiting_hash(need->payers[0], true) : PAYER_SEVERAL;
}

static void read_place(const Fascia__Need *need, struct waiting_reading *reading)
{
    const bool any = (unsigned)need->visit_mode > FASCIA__VISIT_MODE__VISIT_MODE_REMOTE || need->visit_mode == 0;

    reading->row.mode = any ? 0 : (uint8_t)need->visit_mode;
    reading->remote = any || need->visit_mode == FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    reading->placed =
        need->position_known && need->position != NULL && need->visit_mode != FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    if (!reading->placed)
        return;
    reading->row.point = match_point_of(need->position->latitude, need->position->longitude);
    reading->row.limit = match_chord_limit(need->max_distance);
    reading->level = level_of(need->max_distance);
    reading->reach = reach_of(need->max_distance);
}

void waiting_read(struct match_waiting *waiting, const Fascia__Need *need, struct waiting_reading *reading)
{
    struct waiting_row *row = &reading->row;
    const bool gendered = need->therapist_gender > FASCIA__GENDER__GENDER_UNSPECIFIED &&
                          need->therapist_gender <= FASCIA__GENDER__GENDER_OTHER;

    *reading = (struct waiting_reading){0};
    reading->payer = payer_of(need);
    reading->every = every_of(&waiting->conditions, need->conditions, need->n_conditions) |
                     every_of(&waiting->techniques, need->techniques_required, need->n_techniques_required) << 32;
    row->suitable = any_of(&waiting->techniques, need->techniques_suitable, need->n_techniques_suitable);
    row->certified = certified_of(waiting, need);
    row->languages = languages_of(need);
    row->jurisdiction = codes_licence_required(waiting->codes, need->jurisdiction)
                            ? waiting_hash(need->jurisdiction, false)
                            : NOTHING_NEEDED;
    row->named = need->therapist[0] != '\0' ? waiting_hash(need->therapist, false) : NOTHING_NEEDED;
    row->gender = gendered ? (uint8_t)need->therapist_gender : 0;
    read_place(need, reading);
}
