/* Whether patient and therapist can come together: distance, by visit mode. */
#include "match/gates.h"

/* The visit modes that count for a therapist: the one asked for when they offer it, else all that they offer. */
static bool counts(const struct match_plan *plan, const struct match_block *block, uint32_t row, enum match_mode mode)
{
    if (!match_mask_has(block->columns[SLOT_CLINIC + mode], row))
        return false;
    return plan->asked_mode < 0 || (int)mode == plan->asked_mode ||
           !match_mask_has(block->columns[SLOT_CLINIC + (uint32_t)plan->asked_mode], row);
}

static void counting(const struct match_plan *plan, const struct match_block *block, enum match_mode mode,
                     uint64_t words[MATCH_WORDS])
{
    const uint64_t *asked = plan->asked_mode < 0 || (int)mode == plan->asked_mode
                                ? NULL
                                : block->columns[SLOT_CLINIC + (uint32_t)plan->asked_mode];

    for (unsigned word = 0; word < MATCH_WORDS; word++)
        words[word] = block->columns[SLOT_CLINIC + mode][word] & (asked == NULL ? UINT64_MAX : ~asked[word]);
}

unsigned match_reach_remote(const struct match_plan *plan)
{
    switch (plan->asked_mode) {
    case MODE_CLINIC:
        return REMOTE_WITHOUT_CLINIC;
    case MODE_HOME:
        return REMOTE_WITHOUT_HOME;
    default:
        return REMOTE_SOME;
    }
}

bool match_reach_near(const struct match_plan *plan, const struct match_block *block)
{
    return plan->position_known &&
           match_boxes_chord(&plan->index->boxes, block->position, plan->position) < plan->chord_limit;
}

/* ---- clinic ---- */

/* The nearest place, the first of equals; false when none has a position. */
static bool nearest_place(const struct match_plan *plan, const struct match_block *block, uint32_t row, uint64_t *chord,
                          uint32_t *place)
{
    const struct match_extra *extra;

    *place = 0;
    if ((block->rows[row].flags & ROW_SPOT) != 0) {
        *chord = match_chord(plan->position, block->rows[row].point);
        return true;
    }
    if (!match_row_has(block, SLOT_PLACED, row))
        return false;
    extra = match_extra_of(plan->index, &block->rows[row]);
    for (uint32_t i = 0; i < extra->place_count; i++) {
        uint64_t each = match_chord(plan->position, match_extra_places(extra)[i].point);

        if (i == 0 || each < *chord) {
            *place = match_extra_places(extra)[i].number;
            *chord = each;
        }
    }
    return true;
}

static bool clinic_is_near(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    uint64_t chord = 0;
    uint32_t place;

    return nearest_place(plan, block, row, &chord, &place) && chord < plan->chord_limit;
}

static struct match_reach clinic_reach(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    struct match_reach reach = {.mode = MODE_CLINIC, .limit = plan->need->max_distance};
    uint64_t chord = 0;

    reach.measured = nearest_place(plan, block, row, &chord, &reach.place);
    if (!reach.measured)
        return reach;
    reach.distance = match_chord_metres(chord);
    reach.met = reach.distance <= reach.limit;
    return reach;
}

/* ---- home ---- */

/* The base of home visits is the first place of all, so that one without a position leaves none. */
static bool has_base(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    return (block->rows[row].flags & ROW_SPOT) != 0 ||
           (match_row_has(block, SLOT_PLACED, row) &&
            match_extra_places(match_extra_of(plan->index, &block->rows[row]))[0].number == 0);
}

static uint32_t home_limit(const struct match_plan *plan, const struct match_row *row)
{
    uint32_t limit = plan->need->max_distance;

    return row->home_radius < limit ? row->home_radius : limit;
}

static bool base_is_near(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    const struct match_row *self = &block->rows[row];
    uint64_t chord = 0;

    if (!has_base(plan, block, row))
        return false;
    chord = match_chord(plan->position, self->point);
    return chord < plan->chord_limit && match_chord_metres(chord) <= home_limit(plan, self);
}

static struct match_reach home_reach(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    const struct match_row *self = &block->rows[row];
    struct match_reach reach = {.mode = MODE_HOME, .limit = home_limit(plan, self)};

    if (!has_base(plan, block, row))
        return reach;
    reach.measured = true;
    reach.distance = match_chord_metres(match_chord(plan->position, self->point));
    reach.met = reach.distance <= reach.limit;
    return reach;
}

/* ---- both ---- */

static void test_mode(const struct match_plan *plan, const struct match_block *block, enum match_mode mode,
                      const uint64_t among[MATCH_WORDS], uint64_t met[MATCH_WORDS],
                      bool (*near)(const struct match_plan *, const struct match_block *, uint32_t))
{
    uint64_t words[MATCH_WORDS];

    counting(plan, block, mode, words);
    for (uint32_t word = 0; word < MATCH_WORDS; word++) {
        uint64_t left = among[word] & ~met[word] & words[word] & block->columns[SLOT_PLACED][word];

        for (; left != 0; left &= left - 1)
            if (near(plan, block, word * 64 + (uint32_t)__builtin_ctzll(left)))
                met[word] |= left & -left;
    }
}

/* All of the block's places are near: who treats in a clinic and has one need not be measured. */
static void accept_clinics(const struct match_plan *plan, const struct match_block *block,
                           const uint64_t among[MATCH_WORDS], uint64_t met[MATCH_WORDS])
{
    uint64_t words[MATCH_WORDS];

    counting(plan, block, MODE_CLINIC, words);
    for (unsigned word = 0; word < MATCH_WORDS; word++)
        met[word] |= among[word] & words[word] & block->columns[SLOT_PLACED][word];
}

void match_test_distance(const struct match_plan *plan, const struct match_block *block, uint64_t words[MATCH_WORDS])
{
    uint64_t met[MATCH_WORDS];

    counting(plan, block, MODE_REMOTE, met);
    for (unsigned word = 0; word < MATCH_WORDS; word++)
        met[word] &= words[word];
    if (match_reach_near(plan, block)) {
        if (match_boxes_farthest(&plan->index->boxes, block->position, plan->position) < plan->chord_limit)
            accept_clinics(plan, block, words, met);
        else
            test_mode(plan, block, MODE_CLINIC, words, met, clinic_is_near);
        test_mode(plan, block, MODE_HOME, words, met, base_is_near);
    }
    for (unsigned word = 0; word < MATCH_WORDS; word++)
        words[word] = met[word];
}

struct match_reach match_reach(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    struct match_reach best = {0};

    if (plan->position_known && counts(plan, block, row, MODE_CLINIC))
        best = clinic_reach(plan, block, row);
    if (!best.met && plan->position_known && counts(plan, block, row, MODE_HOME)) {
        struct match_reach home = home_reach(plan, block, row);

        if (home.met || !best.measured)
            best = home;
    }
    if (!best.met && counts(plan, block, row, MODE_REMOTE))
        best = (struct match_reach){.met = true, .mode = MODE_REMOTE};
    return best;
}
