#include "match/gates.h"

#include "core/fault.h"

#include <string.h>

static const char *const names[GATE_COUNT] = {
    [GATE_NAMED] = "named",         [GATE_DISTANCE] = "distance",
    [GATE_MODE] = "mode",           [GATE_ACCEPTING] = "accepting",
    [GATE_DECLINED] = "declined",   [GATE_PROFESSION] = "profession",
    [GATE_LICENCE] = "licence",     [GATE_CERTIFICATION] = "certification",
    [GATE_TECHNIQUE] = "technique", [GATE_CONDITION] = "condition",
    [GATE_CAUTION] = "caution",     [GATE_PAYER] = "payer",
    [GATE_LANGUAGE] = "language",   [GATE_GENDER] = "gender",
    [GATE_CAPACITY] = "capacity",   [GATE_TIME] = "time",
};

const char *match_gate_name(enum match_gate gate)
{
    return (unsigned)gate < GATE_COUNT ? names[gate] : "none";
}

static void keep_named(const struct match_plan *plan, const struct match_block *block, uint64_t words[MATCH_WORDS])
{
    struct match_block *where;
    uint64_t kept = 0;
    uint32_t row;

    if (!plan->is_named)
        return;
    if (match_index_find(plan->index, plan->named, &where, &row) && where == block)
        kept = words[row / 64] & UINT64_C(1) << row % 64;
    memset(words, 0, MATCH_WORDS * sizeof *words);
    if (kept != 0)
        words[row / 64] = kept;
}

static void drop_declined(const struct match_plan *plan, const struct match_block *block, uint64_t words[MATCH_WORDS])
{
    for (size_t i = 0; i < plan->query->declined_count; i++) {
        struct match_block *where;
        uint32_t row;

        if (match_index_find(plan->index, plan->query->declined[i], &where, &row) && where == block)
            words[row / 64] &= ~(UINT64_C(1) << row % 64);
    }
}

/* false when nobody is left. */
static bool apply(const struct match_clause *clause, const struct match_block *block, uint64_t words[MATCH_WORDS])
{
    uint64_t any[MATCH_WORDS] = {0}, left = 0;

    for (uint32_t i = 0; i < clause->column_count; i++)
        for (unsigned word = 0; word < MATCH_WORDS; word++)
            any[word] |= block->columns[clause->columns[i]][word];
    for (uint32_t i = 0; i < clause->rare_count; i++)
        match_block_pairs(block, clause->rare[i], any);
    for (unsigned word = 0; word < MATCH_WORDS; word++)
        left |= words[word] &= any[word];
    return left != 0;
}

bool match_gates_select(const struct match_plan *plan, const struct match_block *block,
                        const uint64_t from[MATCH_WORDS], uint64_t words[MATCH_WORDS])
{
    if (plan->other_count > 0 && from != words) {
        memcpy(words, from, MATCH_WORDS * sizeof *words);
        from = words;
    }
    for (size_t i = 0; i < plan->other_count; i++)
        if (!apply(plan->others[i], block, words))
            return false;
    return plan->index->kernel->select((const uint64_t(*)[MATCH_WORDS])block->columns, plan->program, from, words);
}

/* The own case does not count against the therapist who has it. */
static void test_own_capacity(const struct match_plan *plan, const struct match_block *block,
                              uint64_t words[MATCH_WORDS])
{
    for (uint32_t row = 0; row < MATCH_ROWS; row++) {
        const struct match_entry *entry;

        if (!match_mask_has(words, row))
            continue;
        entry = match_entry_of(plan->index, &block->rows[row]);
        if (entry->open_cases - (entry->open_cases > 0) >= entry->capacity)
            words[row / 64] &= ~(UINT64_C(1) << row % 64);
    }
}

static void test_clauses(enum match_gate gate, const struct match_plan *plan, const struct match_block *block,
                         uint64_t words[MATCH_WORDS])
{
    for (size_t i = 0; i < plan->clause_count; i++)
        if (plan->clauses[i].gate == gate && !apply(&plan->clauses[i], block, words))
            return;
}

void match_gate_columns(enum match_gate gate, const struct match_plan *plan, const struct match_block *block,
                        uint64_t words[MATCH_WORDS])
{
    if (gate == GATE_LICENCE || gate == GATE_CERTIFICATION)
        test_clauses(gate, plan, block, words);
    else
        match_gate_test(gate, plan, block, words);
}

void match_gate_test(enum match_gate gate, const struct match_plan *plan, const struct match_block *block,
                     uint64_t words[MATCH_WORDS])
{
    INVARIANT(gate < GATE_TIME);
    switch (gate) {
    case GATE_NAMED:
        keep_named(plan, block, words);
        break;
    case GATE_DECLINED:
        drop_declined(plan, block, words);
        break;
    case GATE_DISTANCE:
        match_test_distance(plan, block, words);
        break;
    case GATE_LICENCE:
        test_clauses(gate, plan, block, words);
        match_test_licence(plan, block, words);
        break;
    case GATE_CERTIFICATION:
        test_clauses(gate, plan, block, words);
        match_test_certification(plan, block, words);
        break;
    case GATE_CAPACITY:
        if (plan->own_case) {
            test_own_capacity(plan, block, words);
            break;
        }
        test_clauses(gate, plan, block, words);
        break;
    default:
        test_clauses(gate, plan, block, words);
    }
}

/* ---- time ---- */

/* The run must lie on days of the stretch, by the calendar of the need's zone. */
static int64_t first_free_within(const struct match_plan *plan, const struct calendar *calendar,
                                 struct match_stretch stretch)
{
    struct calendar_search search;

    if (stretch.first <= plan->days.first && stretch.last >= plan->horizon)
        return calendar_first_free(calendar, &plan->search);
    if (stretch.first > stretch.last || stretch.first > plan->horizon || stretch.last < plan->days.first)
        return INT64_MAX;
    search = plan->search;
    if (stretch.first > plan->days.first) {
        int64_t from = zone_instant(search.zone, stretch.first, 0);

        search.not_before = from > search.not_before ? from : search.not_before;
    }
    if (stretch.last < plan->horizon) {
        int64_t to = zone_instant(search.zone, stretch.last + 1, 0);

        search.not_after = to < search.not_after ? to : search.not_after;
    }
    if (search.not_before >= search.not_after)
        return INT64_MAX;
    return calendar_first_free(calendar, &search);
}

static int64_t first_free_of(const struct match_plan *plan, const struct match_extra *extra,
                             const struct calendar *calendar, bool licence, bool certification)
{
    struct match_days days, licensed;
    int64_t found = INT64_MAX;

    match_days_init(&days);
    match_days_init(&licensed);
    if (certification)
        match_certification_days(plan, extra, &days);
    else
        match_days_add(&days, (struct match_stretch){.first = DAY_FIRST, .last = DAY_LAST});
    if (licence) {
        match_licence_days(plan, extra, &licensed);
        match_days_keep(&days, &licensed);
    }
    for (size_t i = 0; i < days.count && found == INT64_MAX; i++)
        found = first_free_within(plan, calendar, match_days_stretches(&days)[i]);
    match_days_finish(&licensed);
    match_days_finish(&days);
    return found;
}

static struct match_stretch plain_stretch(const struct match_row *self, bool licence, bool certification)
{
    struct match_stretch licensed = match_row_licensed(self), certified = match_row_certified(self);

    if (!licence)
        return certified;
    if (!certification)
        return licensed;
    return (struct match_stretch){.first = licensed.first > certified.first ? licensed.first : certified.first,
                                  .last = licensed.last < certified.last ? licensed.last : certified.last};
}

int64_t match_first_free(const struct match_plan *plan, const struct match_block *block, uint32_t row, bool licence_met,
                         bool certification_met)
{
    const struct match_row *self = &block->rows[row];
    const struct calendar *calendar = block->calendars[row];
    bool licence = licence_met && plan->licence_needed, certification = certification_met && plan->group_count > 0;
    if (calendar == NULL)
        return INT64_MAX;
    if ((!licence && !certification) || match_row_holds(plan, self))
        return calendar_first_free(calendar, &plan->search);
    if ((self->flags & ROW_PLAIN) != 0)
        return first_free_within(plan, calendar, plain_stretch(self, licence, certification));
    return first_free_of(plan, match_extra_of(plan->index, self), calendar, licence, certification);
}
