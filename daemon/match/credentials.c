/* On which days a therapist may treat: licences, and certifications asked for or implied. */
#include "match/gates.h"

static struct match_stretch stretch_of(uint16_t from, uint16_t until)
{
    return (struct match_stretch){.first = from == ALWAYS ? DAY_FIRST : DAY_BASE + from,
                                  .last = until == FOREVER ? DAY_LAST : DAY_BASE + until};
}

struct match_stretch match_row_licensed(const struct match_row *row)
{
    return stretch_of(row->from, row->until);
}

struct match_stretch match_row_certified(const struct match_row *row)
{
    return stretch_of(row->certified.from, row->certified.until);
}

void match_licence_days(const struct match_plan *plan, const struct match_extra *extra, struct match_days *days)
{
    for (uint32_t i = 0; i < extra->licence_count; i++) {
        const struct match_credential *licence = &match_extra_licences(extra)[i];

        if (licence->code == plan->jurisdiction && match_plan_licence_profession(plan, licence->qualifier))
            match_days_add(days, stretch_of(licence->from, licence->until));
    }
    match_days_settle(days);
}

static bool is_wished(const struct match_group *group, uint32_t number)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->numbers[i] == number)
            return true;
    }
    return false;
}

static void group_days(const struct match_plan *plan, const struct match_group *group, const struct match_extra *extra,
                       struct match_days *days)
{
    for (uint32_t i = 0; i < extra->certification_count; i++) {
        const struct match_credential *certification = &match_extra_certifications(extra)[i];
        bool here = certification->qualifier == TERM_NONE || certification->qualifier == plan->jurisdiction;

        if (here && is_wished(group, certification->code))
            match_days_add(days, stretch_of(certification->from, certification->until));
    }
    match_days_settle(days);
}

void match_certification_days(const struct match_plan *plan, const struct match_extra *extra, struct match_days *days)
{
    match_days_add(days, (struct match_stretch){.first = DAY_FIRST, .last = DAY_LAST});
    for (size_t i = 0; i < plan->group_count; i++) {
        struct match_days group;

        match_days_init(&group);
        group_days(plan, &plan->groups[i], extra, &group);
        match_days_keep(days, &group);
        match_days_finish(&group);
    }
}

static bool holds(const struct match_plan *plan, const struct match_days *days)
{
    return plan->all_days ? match_days_cover(days, plan->days) : match_days_meet(days, plan->days);
}

static bool stretch_holds(const struct match_plan *plan, struct match_stretch valid)
{
    if (plan->all_days)
        return valid.first <= plan->days.first && valid.last >= plan->days.last;
    return valid.first <= plan->days.last && valid.last >= plan->days.first;
}

typedef void days_of(const struct match_plan *plan, const struct match_extra *extra, struct match_days *days);

static bool extra_holds(const struct match_plan *plan, const struct match_block *block, uint32_t row, days_of *read)
{
    struct match_days days;
    bool met;

    match_days_init(&days);
    read(plan, match_extra_of(plan->index, &block->rows[row]), &days);
    met = holds(plan, &days);
    match_days_finish(&days);
    return met;
}

bool match_row_holds(const struct match_plan *plan, const struct match_row *row)
{
    if (row->from > plan->row_from || row->until < plan->row_until)
        return false;
    return (row->flags & ROW_PLAIN) == 0 ||
           (row->certified.from <= plan->row_from && row->certified.until >= plan->row_until);
}

/* Of one who has a licence of the jurisdiction. */
static bool licence_holds(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    const struct match_row *self = &block->rows[row];

    if (match_row_holds(plan, self))
        return true;
    if ((self->flags & ROW_PLAIN) != 0)
        return stretch_holds(plan, match_row_licensed(self));
    return extra_holds(plan, block, row, match_licence_days);
}

/* Of one who has a certification of each group. */
static bool certification_holds(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    const struct match_row *self = &block->rows[row];

    if (match_row_holds(plan, self))
        return true;
    if ((self->flags & ROW_PLAIN) != 0)
        return stretch_holds(plan, match_row_certified(self));
    return extra_holds(plan, block, row, match_certification_days);
}

bool match_credentials_hold(const struct match_plan *plan, const struct match_block *block, uint32_t row)
{
    if (match_row_holds(plan, &block->rows[row]))
        return true;
    return (!plan->licence_needed || licence_holds(plan, block, row)) &&
           (plan->group_count == 0 || certification_holds(plan, block, row));
}

static void keep(const struct match_plan *plan, const struct match_block *block, uint64_t words[MATCH_WORDS],
                 bool (*test)(const struct match_plan *, const struct match_block *, uint32_t))
{
    for (uint32_t word = 0; word < MATCH_WORDS; word++)
        for (uint64_t left = words[word]; left != 0; left &= left - 1)
            if (!test(plan, block, word * 64 + (uint32_t)__builtin_ctzll(left)))
                words[word] &= ~(left & -left);
}

void match_test_licence(const struct match_plan *plan, const struct match_block *block, uint64_t words[MATCH_WORDS])
{
    if (plan->licence_needed)
        keep(plan, block, words, licence_holds);
}

void match_test_certification(const struct match_plan *plan, const struct match_block *block,
                              uint64_t words[MATCH_WORDS])
{
    if (plan->group_count > 0)
        keep(plan, block, words, certification_holds);
}
