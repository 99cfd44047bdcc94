/* How much would have to give for the nearest of a near miss to pass. */
#include "match/misses.h"

static bool meets(const struct match_plan *plan, enum match_gate gate, const struct match_score *nearest)
{
    uint64_t words[MATCH_WORDS] = {0};

    words[nearest->row / 64] = UINT64_C(1) << nearest->row % 64;
    match_gate_test(gate, plan, nearest->block, words);
    return words[nearest->row / 64] != 0;
}

/* Credentials bound it as before; one that is itself missed does not. */
static int64_t first_free_unbound(const struct match_plan *plan, const struct match_score *nearest)
{
    Fascia__Need need = *plan->need;
    struct match_query query = *plan->query;
    struct match_plan unbound;
    int64_t at;

    need.n_windows = 0;
    need.not_after = "";
    query.need = &need;
    match_plan_init(&unbound, plan->index, &query);
    at = match_first_free(&unbound, nearest->block, nearest->row, meets(plan, GATE_LICENCE, nearest),
                          meets(plan, GATE_CERTIFICATION, nearest));
    match_plan_finish(&unbound);
    return at;
}

struct match_free match_misses_free(const struct match_plan *plan, const struct match_score *nearest)
{
    struct match_free free = {.at = INT64_MAX};
    int32_t last = 0, day, minute;
    bool dated = day_parse(plan->need->not_after, &last);

    free.sought = nearest->first_free == INT64_MAX && (dated || plan->need->n_windows > 0);
    if (!free.sought)
        return free;
    free.at = first_free_unbound(plan, nearest);
    if (free.at == INT64_MAX || !dated)
        return free;
    /* A visit may begin on the last date and end after it. */
    zone_local(plan->query->zone, free.at + (int64_t)plan->search.quarters * QUARTER_MS - 1, &day, &minute);
    free.days_late = day > last ? (uint32_t)(day - last) : 0;
    return free;
}

bool match_misses_beyond_home_radius(const struct match_score *nearest)
{
    return nearest->reach.mode == MODE_HOME && nearest->reach.measured &&
           nearest->reach.distance > nearest->block->rows[nearest->row].home_radius;
}
