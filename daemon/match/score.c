#include "match/score.h"

#include "core/memory.h"
#include "match/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define LONGEST_SPAN (3660 * DAY_MS) /* keeps products in 64 bits */

static const char *const part_names[PART_COUNT] = {
    [PART_DISTANCE] = "distance", [PART_EXPERIENCE] = "experience", [PART_REVIEWS] = "reviews",
    [PART_EARLIEST] = "earliest", [PART_CONTINUITY] = "continuity", [PART_LOAD] = "load",
};

const char *match_part_name(enum match_part part)
{
    return part < PART_COUNT ? part_names[part] : "none";
}

/* Fewest cases over the referral's categories; 0 when it names none. */
static uint32_t fewest_cases(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    uint32_t fewest = UINT32_MAX;

    if (plan->condition_count == 0 || plan->unknown_condition)
        return 0;
    for (size_t i = 0; i < plan->condition_count; i++) {
        uint32_t cases = match_block_cases(plan->index, block, row, plan->conditions[i]);

        fewest = cases < fewest ? cases : fewest;
    }
    return fewest;
}

static int32_t distance_points(const struct match_plan *plan, const struct match_reach *reach)
{
    uint64_t most = plan->need->max_distance, weight = (uint64_t)plan->weight[PART_DISTANCE];

    if (!reach->met || reach->mode == MODE_REMOTE)
        return 0;
    if (plan->query->distance_half != 0)
        return (int32_t)(weight * plan->query->distance_half /
                         ((uint64_t)plan->query->distance_half + reach->distance));
    return most == 0 ? (int32_t)weight : (int32_t)(weight * (most - reach->distance) / most);
}

static int32_t experience_points(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    uint32_t cases = fewest_cases(plan, block, row);

    return cases <= CASES_FULL ? plan->index->experience[cases] : match_index_experience(plan->index, cases);
}

static int32_t earliest_points(const struct match_plan *plan, int64_t first_free)
{
    int64_t span = plan->index->settings.earliest_span, wait;
    uint64_t weight = (uint64_t)plan->weight[PART_EARLIEST];

    if (first_free == INT64_MAX || span <= 0)
        return 0;
    span = span < LONGEST_SPAN ? span : LONGEST_SPAN;
    wait = first_free - plan->earliest;
    return wait >= span ? 0 : (int32_t)(weight * (uint64_t)(span - wait) / (uint64_t)span);
}

static bool has_treated(const struct match_plan *plan, const struct match_row *self)
{
    for (size_t i = 0; i < plan->query->treated_by_count; i++) {
        if (plan->query->treated_by[i] == self->number)
            return true;
    }
    return false;
}

static int32_t continuity_points(const struct match_plan *plan, const struct match_row *self)
{
    return plan->query->treated_by_count > 0 && has_treated(plan, self) ? plan->weight[PART_CONTINUITY] : 0;
}

int32_t match_score_bound(const struct match_plan *plan, const struct match_block *block, uint32_t row, uint64_t chord)
{
    const struct match_row *self = &block->rows[row];
    double metres = sqrt((double)chord) / UNITS_PER_METRE - 1, most = plan->need->max_distance;
    int32_t distance = most == 0 || plan->query->distance_half != 0
                           ? plan->weight[PART_DISTANCE]
                           : (int32_t)((most - (metres > 0 ? metres : 0)) * plan->distance_scale) + 1;

    return distance + experience_points(plan, block, row) + self->merit + continuity_points(plan, self);
}

struct match_score match_score_begin(const struct match_plan *plan, const struct match_block *block, uint32_t row,
                                     int64_t first_free)
{
    struct match_score score = {
        .block = block, .row = row, .reach = match_reach(plan, block, row), .first_free = first_free};
    const struct match_row *self = &block->rows[row];

    score.number = self->number;
    score.points[PART_DISTANCE] = distance_points(plan, &score.reach);
    score.points[PART_EXPERIENCE] = experience_points(plan, block, row);
    score.points[PART_EARLIEST] = earliest_points(plan, first_free);
    score.points[PART_CONTINUITY] = continuity_points(plan, self);
    score.total = self->merit;
    for (unsigned part = 0; part < PART_COUNT; part++)
        score.total += score.points[part];
    return score;
}

void match_score_complete(const struct match_plan *plan, struct match_score *score)
{
    const struct match_row *self = &score->block->rows[score->row];

    score->points[PART_REVIEWS] = match_index_reviews(plan->index, match_entry_of(plan->index, self));
    score->points[PART_LOAD] = self->merit - score->points[PART_REVIEWS];
}

bool match_precedes(const struct match_plan *plan, int32_t left_points, uint32_t left, int32_t right_points,
                    uint32_t right)
{
    const struct match_names *names = plan->index->names;
    const struct match_entry *entries = plan->index->entries;

    if (left_points != right_points)
        return left_points > right_points;
    if (entries[left].recent_cases != entries[right].recent_cases)
        return entries[left].recent_cases < entries[right].recent_cases;
    return left != right && strcmp(names->name(names->context, left), names->name(names->context, right)) < 0;
}

bool match_score_precedes(const struct match_plan *plan, const struct match_score *left,
                          const struct match_score *right)
{
    return match_precedes(plan, left->total, left->number, right->total, right->number);
}

/* ---- in words ---- */

static void say_distance(struct match_text *text, const struct match_reach *reach)
{
    if (reach->mode == MODE_REMOTE) {
        match_text_add(text, "by video");
        return;
    }
    match_text_add_distance(text, reach->distance);
    if (reach->mode == MODE_HOME)
        match_text_add(text, " to the patient's home");
}

static void say_experience(struct match_text *text, const struct match_plan *plan, const struct match_score *score)
{
    uint32_t cases = fewest_cases(plan, score->block, score->row);

    if (plan->need->n_conditions == 0)
        match_text_add(text, "no condition named");
    else
        match_text_add(text, "%" PRIu32 " %s%s", cases, cases == 1 ? "case" : "cases",
                       plan->need->n_conditions > 1 ? " of the condition treated least" : "");
}

static void say_reviews(struct match_text *text, const struct match_plan *plan, const struct match_entry *entry)
{
    uint64_t sum, count;

    match_index_shrink(&plan->index->settings, entry, &sum, &count);
    if (entry->rating_count == 0)
        match_text_add(text, "no reviews, taken as %" PRIu64 " of 100", sum / count);
    else
        match_text_add(text, "%" PRIu32 " %s, taken as %" PRIu64 " of 100", entry->rating_count,
                       entry->rating_count == 1 ? "review" : "reviews", sum / count);
}

static void say_part(struct match_text *text, const struct match_plan *plan, const struct match_score *score,
                     enum match_part part)
{
    const struct match_row *self = &score->block->rows[score->row];
    const struct match_entry *entry = match_entry_of(plan->index, self);
    char instant[32];

    switch (part) {
    case PART_DISTANCE:
        say_distance(text, &score->reach);
        break;
    case PART_EXPERIENCE:
        say_experience(text, plan, score);
        break;
    case PART_REVIEWS:
        say_reviews(text, plan, entry);
        break;
    case PART_EARLIEST:
        instant_format(plan->query->zone, score->first_free, instant, sizeof instant);
        match_text_add(text, "free at %s", instant);
        break;
    case PART_CONTINUITY:
        match_text_add(text,
                       has_treated(plan, self) ? "treated this patient before" : "has not treated this patient before");
        break;
    default:
        match_text_add(text, "%" PRIu32 " recent %s beside a capacity of %" PRIu32, entry->recent_cases,
                       entry->recent_cases == 1 ? "case" : "cases", entry->capacity);
    }
}

Fascia__Candidate *match_score_explain(const struct match_plan *plan, const struct match_score *score)
{
    Fascia__Candidate *candidate = memory_allocate(1, sizeof *candidate);
    const struct match_names *names = plan->index->names;

    fascia__candidate__init(candidate);
    candidate->therapist = memory_text(names->name(names->context, score->number));
    candidate->score = score->total;
    candidate->first_free = score->first_free;
    candidate->distance = score->reach.distance;
    candidate->place = score->reach.place;
    candidate->n_parts = PART_COUNT;
    candidate->parts = memory_allocate(PART_COUNT, sizeof(Fascia__ScorePart *));
    for (unsigned number = 0; number < PART_COUNT; number++) {
        Fascia__ScorePart *part = memory_allocate(1, sizeof *part);
        struct match_text text = {{0}, 0};

        fascia__score_part__init(part);
        say_part(&text, plan, score, (enum match_part)number);
        part->name = memory_text(part_names[number]);
        part->points = score->points[number];
        part->because = memory_text(text.characters);
        candidate->parts[number] = part;
    }
    return candidate;
}
