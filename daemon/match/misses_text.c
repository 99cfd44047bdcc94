/* Near misses in plain words: what was asked for, with its limits. That names the condition, so it stays in the explanation, which is kept
 * sealed; it does not go into logs. */
#include "match/misses.h"

#include "core/memory.h"
#include "match/text.h"

#include <inttypes.h>

#define CODES_SAID 4

static void say_codes(struct match_text *text, const struct codes *codes, char *const *names, size_t count,
                      const char *between)
{
    for (size_t i = 0; i < count && i < CODES_SAID; i++)
        match_text_add(text, "%s%s", i == 0 ? "" : between, codes == NULL ? names[i] : codes_label(codes, names[i]));
    if (count > CODES_SAID)
        match_text_add(text, "%s%zu more", between, count - CODES_SAID);
}

static void say_profession(struct match_text *text, const Fascia__Need *need)
{
    match_text_add(text, "their profession");
    if (need->n_professions == 0)
        return;
    match_text_add(text, " (asked for: ");
    say_codes(text, NULL, need->professions, need->n_professions, " or ");
    match_text_add(text, ")");
}

static void say_certifications(struct match_text *text, const Fascia__Need *need)
{
    const char *between = "a certification ";

    for (size_t i = 0; i < need->n_certifications; i++) {
        const Fascia__Alternatives *group = need->certifications[i];

        if (group->n_any_of == 0)
            continue;
        match_text_add(text, "%s", between);
        say_codes(text, NULL, group->any_of, group->n_any_of, " or ");
        between = " and ";
    }
}

static void say_technique(struct match_text *text, const struct codes *codes, const Fascia__Need *need)
{
    match_text_add(text, "offering ");
    say_codes(text, codes, need->techniques_required, need->n_techniques_required, " and ");
    if (need->n_techniques_suitable == 0)
        return;
    if (need->n_techniques_required > 0)
        match_text_add(text, ", and ");
    say_codes(text, codes, need->techniques_suitable, need->n_techniques_suitable, " or ");
}

/* What stands in the way: the patient's limit, how far the therapist's home visits go, or both. */
static void say_limits(struct match_text *text, const struct match_plan *plan, const struct match_score *nearest)
{
    const char *between = " (";

    if (nearest->reach.distance > plan->need->max_distance) {
        match_text_add(text, " (limit ");
        match_text_add_distance(text, plan->need->max_distance);
        between = ", and ";
    }
    if (match_misses_beyond_home_radius(nearest)) {
        match_text_add(text, "%stheir home visits go no further than ", between);
        match_text_add_distance(text, nearest->block->rows[nearest->row].home_radius);
    }
    match_text_add(text, ")");
}

static void say_distance(struct match_text *text, const struct match_plan *plan, const struct match_score *nearest)
{
    if (!plan->position_known) {
        match_text_add(text, "distance: where the patient is is not known");
        return;
    }
    match_text_add(text, "distance: the nearest is ");
    match_text_add_distance_needed(text, nearest->reach.distance);
    match_text_add(text, " away");
    say_limits(text, plan, nearest);
}

static void say_when(struct match_text *text, const struct match_plan *plan, int64_t instant)
{
    static const char *const days[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    int32_t day, minute;
    char date[16];

    zone_local(plan->query->zone, instant, &day, &minute);
    day_format(day, date);
    match_text_add(text, "%s %s %02" PRId32 ":%02" PRId32, days[day_weekday(day)], date, minute / 60, minute % 60);
}

/* When the nearest could, were the patient to come at any time. */
static void say_first_free(struct match_text *text, const struct match_plan *plan, const struct match_free *free)
{
    if (free->at == INT64_MAX) {
        match_text_add(text, " (nor at any other time of the next %d weeks)", CALENDAR_DAYS / 7);
        return;
    }
    match_text_add(text, " (the first is ");
    say_when(text, plan, free->at);
    if (free->days_late > 0)
        match_text_add(text, ", %" PRIu32 " %s after the last date", free->days_late,
                       free->days_late == 1 ? "day" : "days");
    else
        match_text_add(text, ", outside the windows");
    match_text_add(text, ")");
}

static void say_time(struct match_text *text, const struct match_plan *plan, const struct match_free *free)
{
    const Fascia__Need *need = plan->need;

    if (need->duration_minutes == 60)
        match_text_add(text, "a free hour");
    else
        match_text_add(text, "%" PRIu32 " free minutes", need->duration_minutes);
    if (need->n_windows > 0)
        match_text_add(text, " in the patient's windows");
    if (need->not_after[0] != '\0')
        match_text_add(text, " by %s", need->not_after);
    else
        match_text_add(text, " in the next %d weeks", CALENDAR_DAYS / 7);
    if (free->sought)
        say_first_free(text, plan, free);
}

static void say_mode(struct match_text *text, const Fascia__Need *need)
{
    const char *visits = need->visit_mode == FASCIA__VISIT_MODE__VISIT_MODE_HOME     ? "offering home visits"
                         : need->visit_mode == FASCIA__VISIT_MODE__VISIT_MODE_REMOTE ? "treating by video"
                                                                                     : "treating in a clinic";

    match_text_add(text, "%s", visits);
}

static void say_gate(struct match_text *text, const struct match_plan *plan, enum match_gate gate,
                     const struct match_score *nearest, const struct match_free *free)
{
    static const char *const plain[GATE_COUNT] = {
        [GATE_ACCEPTING] = "having switched themselves off",
        [GATE_NAMED] = "not being the therapist named",
        [GATE_DECLINED] = "having declined, or let the offer expire",
        [GATE_CAUTION] = "a technique that no caution rules out",
        [GATE_GENDER] = "the gender asked for",
        [GATE_CAPACITY] = "having no room for another case",
    };
    const Fascia__Need *need = plan->need;
    const struct codes *codes = plan->index->codes;

    if (plain[gate] != NULL) {
        match_text_add(text, "%s", plain[gate]);
    } else if (gate == GATE_PROFESSION) {
        say_profession(text, need);
    } else if (gate == GATE_LICENCE) {
        match_text_add(text, "a licence in %s",
                       need->jurisdiction[0] == '\0' ? "the patient's jurisdiction, which is not known"
                                                     : need->jurisdiction);
    } else if (gate == GATE_CERTIFICATION) {
        say_certifications(text, need);
    } else if (gate == GATE_TECHNIQUE) {
        say_technique(text, codes, need);
    } else if (gate == GATE_CONDITION) {
        match_text_add(text, "treating ");
        say_codes(text, codes, need->conditions, need->n_conditions, " and ");
    } else if (gate == GATE_PAYER) {
        match_text_add(text, "accepting the payer ");
        say_codes(text, NULL, need->payers, need->n_payers, " or ");
    } else if (gate == GATE_LANGUAGE) {
        match_text_add(text, "speaking ");
        say_codes(text, NULL, need->languages, need->n_languages, " or ");
    } else if (gate == GATE_MODE) {
        say_mode(text, need);
    } else if (gate == GATE_DISTANCE) {
        say_distance(text, plan, nearest);
    } else {
        say_time(text, plan, free);
    }
}

char *match_misses_text(const struct match_plan *plan, uint32_t therapists, enum match_gate first,
                        enum match_gate second, const struct match_score *nearest, const struct match_free *free)
{
    struct match_text text = {{0}, 0};

    match_text_add(&text, "%" PRIu32 " %s but for ", therapists, therapists == 1 ? "passes" : "pass");
    say_gate(&text, plan, first, nearest, free);
    if (second != GATE_NONE) {
        match_text_add(&text, ", and ");
        say_gate(&text, plan, second, nearest, free);
    }
    return memory_text(text.characters);
}
