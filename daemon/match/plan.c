#include "match/plan.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- memory of a plan: inside while it fits ---- */

static void *give(struct match_plan *plan, size_t count, size_t size)
{
    size_t bytes = (count * size + 15) / 16 * 16;
    void **piece;

    if (bytes <= PLAN_MEMORY - plan->memory_used) {
        void *memory = plan->memory + plan->memory_used;

        plan->memory_used += bytes;
        return memory;
    }
    piece = memory_allocate(1, 16 + bytes);
    *piece = plan->memory_more;
    plan->memory_more = piece;
    return (char *)piece + 16;
}

/* ---- clauses ---- */

static struct match_clause *clause_begin(struct match_plan *plan, enum match_gate gate, size_t room)
{
    struct match_clause *clause = &plan->clauses[plan->clause_count++];

    *clause = (struct match_clause){.gate = gate};
    clause->columns = give(plan, room, sizeof *clause->columns);
    clause->rare = give(plan, room, sizeof *clause->rare);
    return clause;
}

static void clause_add(const struct match_plan *plan, struct match_clause *clause, uint32_t attribute)
{
    const struct match_attribute *known;

    if (attribute == UINT32_MAX)
        return;
    known = &plan->index->attributes[attribute];
    clause->frequency += known->count;
    if (known->slot == NO_SLOT)
        clause->rare[clause->rare_count++] = attribute;
    else
        clause->columns[clause->column_count++] = known->slot;
}

static void clause_of_slot(struct match_plan *plan, enum match_gate gate, uint32_t slot, uint64_t frequency)
{
    struct match_clause *clause = clause_begin(plan, gate, 1);

    clause->columns[clause->column_count++] = slot;
    clause->frequency = frequency;
}

static void clause_of_texts(struct match_plan *plan, enum match_gate gate, enum match_kind kind, char *const *texts,
                            size_t count)
{
    struct match_clause *clause = clause_begin(plan, gate, count);

    for (size_t i = 0; i < count; i++)
        clause_add(plan, clause, match_index_attribute(plan->index, kind, texts[i]));
}

static void clause_of_each(struct match_plan *plan, enum match_gate gate, enum match_kind kind, char *const *texts,
                           size_t count)
{
    for (size_t i = 0; i < count; i++)
        clause_of_texts(plan, gate, kind, texts + i, 1);
}

static void clause_if_any(struct match_plan *plan, enum match_gate gate, enum match_kind kind, char *const *texts,
                          size_t count)
{
    if (count > 0)
        clause_of_texts(plan, gate, kind, texts, count);
}

/* ---- gates that are clauses ---- */

static bool is_listed_profession(const Fascia__Need *need, const char *profession)
{
    for (size_t i = 0; i < need->n_professions; i++) {
        if (strncmp(profession, need->professions[i], strlen(need->professions[i])) == 0)
            return true;
    }
    return false;
}

bool match_plan_licence_profession(const struct match_plan *plan, uint32_t number)
{
    return number == TERM_NONE ||
           is_listed_profession(plan->need, plan->index->kinds[KIND_PROFESSION].terms.texts[number]);
}

static void read_professions(struct match_plan *plan)
{
    const struct match_kind_table *table = &plan->index->kinds[KIND_PROFESSION];
    struct match_clause *clause = clause_begin(plan, GATE_PROFESSION, table->terms.count);

    for (uint32_t number = 0; number < table->terms.count; number++)
        if (plan->need->n_professions > 0 ? is_listed_profession(plan->need, table->terms.texts[number])
                                          : table->treats[number])
            clause_add(plan, clause, table->attributes[number]);
}

static void read_licence(struct match_plan *plan)
{
    plan->licence_needed = codes_licence_required(plan->index->codes, plan->need->jurisdiction);
    plan->jurisdiction = match_terms_find(&plan->index->kinds[KIND_JURISDICTION].terms, plan->need->jurisdiction);
    if (plan->licence_needed)
        clause_of_texts(plan, GATE_LICENCE, KIND_JURISDICTION, &plan->need->jurisdiction, 1);
}

static void read_groups(struct match_plan *plan)
{
    const Fascia__Need *need = plan->need;
    const struct match_terms *terms = &plan->index->kinds[KIND_CERTIFICATION].terms;

    plan->groups = give(plan, need->n_certifications, sizeof *plan->groups);
    for (size_t i = 0; i < need->n_certifications; i++) {
        const Fascia__Alternatives *alternatives = need->certifications[i];
        struct match_group *group = &plan->groups[plan->group_count];

        if (alternatives->n_any_of == 0)
            continue;
        plan->group_count++;
        group->count = 0;
        group->numbers = give(plan, alternatives->n_any_of, sizeof *group->numbers);
        for (size_t j = 0; j < alternatives->n_any_of; j++) {
            uint32_t number = match_terms_find(terms, alternatives->any_of[j]);

            if (number != TERM_NONE)
                group->numbers[group->count++] = number;
        }
        clause_of_texts(plan, GATE_CERTIFICATION, KIND_CERTIFICATION, alternatives->any_of, alternatives->n_any_of);
    }
}

static bool is_avoided(const Fascia__Need *need, const char *technique)
{
    for (size_t i = 0; i < need->n_techniques_avoided; i++) {
        if (strcmp(need->techniques_avoided[i], technique) == 0)
            return true;
    }
    return false;
}

static void read_cautions(struct match_plan *plan)
{
    const Fascia__Need *need = plan->need;
    const struct match_kind_table *table = &plan->index->kinds[KIND_TECHNIQUE];
    size_t listed = need->n_techniques_required + need->n_techniques_suitable;
    struct match_clause *clause;

    if (need->n_techniques_avoided == 0)
        return;
    clause = clause_begin(plan, GATE_CAUTION, listed > 0 ? listed : table->terms.count);
    for (size_t i = 0; i < listed; i++) {
        const char *technique = i < need->n_techniques_required
                                    ? need->techniques_required[i]
                                    : need->techniques_suitable[i - need->n_techniques_required];

        if (!is_avoided(need, technique))
            clause_add(plan, clause, match_index_attribute(plan->index, KIND_TECHNIQUE, technique));
    }
    for (uint32_t number = 0; listed == 0 && number < table->terms.count; number++)
        if (!is_avoided(need, table->terms.texts[number]))
            clause_add(plan, clause, table->attributes[number]);
}

static void read_conditions(struct match_plan *plan)
{
    const Fascia__Need *need = plan->need;

    plan->conditions = give(plan, need->n_conditions, sizeof *plan->conditions);
    for (size_t i = 0; i < need->n_conditions; i++) {
        uint32_t attribute = match_index_attribute(plan->index, KIND_CONDITION, need->conditions[i]);

        if (attribute == UINT32_MAX)
            plan->unknown_condition = true;
        else
            plan->conditions[plan->condition_count++] = attribute;
    }
    clause_of_each(plan, GATE_CONDITION, KIND_CONDITION, need->conditions, need->n_conditions);
}

static void read_clauses(struct match_plan *plan)
{
    const Fascia__Need *need = plan->need;
    unsigned gender = (unsigned)need->therapist_gender;
    size_t count = plan->index->count,
           room = 12 + need->n_certifications + need->n_techniques_required + need->n_conditions;

    plan->clauses = give(plan, room, sizeof *plan->clauses);
    if (plan->asked_mode >= 0)
        clause_of_slot(plan, GATE_MODE, SLOT_CLINIC + (uint32_t)plan->asked_mode, count);
    clause_of_slot(plan, GATE_ACCEPTING, SLOT_ACCEPTING, count);
    read_professions(plan);
    read_licence(plan);
    read_groups(plan);
    clause_of_each(plan, GATE_TECHNIQUE, KIND_TECHNIQUE, need->techniques_required, need->n_techniques_required);
    clause_if_any(plan, GATE_TECHNIQUE, KIND_TECHNIQUE, need->techniques_suitable, need->n_techniques_suitable);
    read_conditions(plan);
    read_cautions(plan);
    clause_if_any(plan, GATE_PAYER, KIND_PAYER, need->payers, need->n_payers);
    clause_if_any(plan, GATE_LANGUAGE, KIND_LANGUAGE, need->languages, need->n_languages);
    if (gender != FASCIA__GENDER__GENDER_UNSPECIFIED && gender <= FASCIA__GENDER__GENDER_OTHER)
        clause_of_slot(plan, GATE_GENDER, SLOT_GENDER + gender, count / 2);
    clause_of_slot(plan, GATE_CAPACITY, SLOT_ROOM, count);
}

/* Clauses of columns alone become the program, the others a list; both rarest first. */
static void order_clauses(struct match_plan *plan)
{
    struct match_clause **sorted = give(plan, plan->clause_count, sizeof *sorted);
    size_t words = 1;
    uint32_t *program;

    for (size_t i = 0; i < plan->clause_count; i++) {
        struct match_clause *clause = &plan->clauses[i];
        size_t at = i;

        for (; at > 0 && sorted[at - 1]->frequency > clause->frequency; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = clause;
        words += 1 + clause->column_count;
        plan->hopeless = plan->hopeless || (clause->column_count == 0 && clause->rare_count == 0);
    }
    plan->program = program = give(plan, words, sizeof *program);
    plan->others = give(plan, plan->clause_count, sizeof(struct match_clause *));
    for (size_t i = 0; i < plan->clause_count; i++) {
        const struct match_clause *clause = sorted[i];

        if (clause->gate == GATE_ACCEPTING || clause->gate == GATE_CAPACITY)
            continue; /* SLOT_READY */
        if (clause->rare_count > 0) {
            plan->others[plan->other_count++] = sorted[i];
            continue;
        }
        if (clause->column_count == 0)
            continue;
        *program++ = clause->column_count;
        memcpy(program, clause->columns, clause->column_count * sizeof *program);
        program += clause->column_count;
    }
    *program = 0;
}

/* ---- time and place ---- */

static void read_windows(struct match_plan *plan)
{
    const Fascia__Need *need = plan->need;

    plan->windows = give(plan, need->n_windows, sizeof *plan->windows);
    for (size_t i = 0; i < need->n_windows; i++) {
        const Fascia__Window *window = need->windows[i];
        uint32_t last = 24 * 60;

        plan->windows[i] = (struct calendar_window){
            .weekdays = (uint8_t)((window->weekdays & 0x7f) == 0 ? 0x7f : window->weekdays & 0x7f),
            .from_minute = (int16_t)(window->from_minute < last ? window->from_minute : last),
            .to_minute = (int16_t)(window->to_minute < last ? window->to_minute : last),
        };
    }
    plan->search.windows = plan->windows;
    plan->search.window_count = need->n_windows;
}

/* A row whose credentials hold on all of these bounds nothing. Those of other years never do: their extra records say. */
static void read_row_days(struct match_plan *plan)
{
    int32_t first = plan->days.first - DAY_BASE,
            last = (plan->days.last > plan->horizon ? plan->days.last : plan->horizon) - DAY_BASE;

    plan->row_from = first > 0 && first < FOREVER ? (uint16_t)first : 0;
    plan->row_until = last > 0 && last < FOREVER ? (uint16_t)last : FOREVER;
}

static void read_time(struct match_plan *plan)
{
    const Fascia__Need *need = plan->need;
    const struct zone *zone = plan->query->zone;
    uint32_t quarters = need->duration_minutes / 15;
    int32_t today, minute, first, last;
    bool ends = need->not_after[0] != '\0' && day_parse(need->not_after, &last);

    zone_local(zone, plan->query->now, &today, &minute);
    plan->horizon = today + CALENDAR_DAYS + 2; /* zones lie up to two days apart */
    plan->earliest = plan->query->now;
    if (need->not_before[0] == '\0' || !day_parse(need->not_before, &first) || first <= today) {
        first = today;
    } else {
        plan->earliest = zone_instant(zone, first, 0);
    }
    plan->search.zone = zone;
    plan->search.quarters = quarters < 1 ? 1 : quarters > 32 ? 32 : quarters;
    plan->search.not_before = plan->earliest;
    plan->search.not_after = ends ? zone_instant(zone, last + 1, 0) : INT64_MAX;
    if (!ends)
        last = today + CALENDAR_DAYS - 1;
    plan->days = (struct match_stretch){.first = first, .last = last > first ? last : first};
    read_row_days(plan);
    read_windows(plan);
    calendar_search_prepare(&plan->search, &plan->prepared);
}

/* The limits asked for are few: the last ones are remembered. */
static uint64_t chord_limit_of(struct match_index *index, uint32_t metres)
{
    struct match_limit *limit = &index->limits[metres * UINT32_C(2654435761) >> 28];

    if (!limit->known || limit->metres != metres)
        *limit = (struct match_limit){true, metres, match_chord_limit(metres)};
    return limit->chord;
}

static void read_place(struct match_plan *plan)
{
    const Fascia__Need *need = plan->need;

    switch (need->visit_mode) {
    case FASCIA__VISIT_MODE__VISIT_MODE_CLINIC:
        plan->asked_mode = MODE_CLINIC;
        break;
    case FASCIA__VISIT_MODE__VISIT_MODE_HOME:
        plan->asked_mode = MODE_HOME;
        break;
    case FASCIA__VISIT_MODE__VISIT_MODE_REMOTE:
        plan->asked_mode = MODE_REMOTE;
        break;
    default:
        plan->asked_mode = -1;
    }
    plan->position_known = need->position_known && need->position != NULL;
    if (!plan->position_known)
        return;
    plan->position = match_point_of(need->position->latitude, need->position->longitude);
    plan->chord_limit = chord_limit_of(plan->index, need->max_distance);
    plan->distance_scale =
        need->max_distance == 0 ? 0 : (double)plan->weight[PART_DISTANCE] / (double)need->max_distance;
}

void match_plan_init(struct match_plan *plan, struct match_index *index, const struct match_query *query)
{
    const Fascia__Need *need = query->need;

    match_index_settle(index);
    memset(plan, 0, offsetof(struct match_plan, memory));
    plan->index = index;
    plan->query = query;
    plan->need = need;
    for (unsigned part = 0; part < PART_COUNT; part++) {
        int32_t given = index->settings.weight[part];

        plan->weight[part] = given < 0 ? 0 : given > 10000 ? 10000 : given;
    }
    plan->is_named = need->therapist[0] != '\0';
    plan->named = plan->is_named ? index->names->number(index->names->context, need->therapist) : MATCH_NOBODY;
    read_place(plan);
    read_clauses(plan);
    order_clauses(plan);
    read_time(plan);
}

void match_plan_fix_time(struct match_plan *plan, int64_t from, int64_t to)
{
    int32_t minute;

    zone_local(plan->query->zone, from, &plan->days.first, &minute);
    zone_local(plan->query->zone, to - 1, &plan->days.last, &minute);
    plan->all_days = true;
    read_row_days(plan);
}

void match_plan_finish(struct match_plan *plan)
{
    while (plan->memory_more != NULL) {
        void **piece = plan->memory_more;

        plan->memory_more = *piece;
        free(piece);
    }
}
