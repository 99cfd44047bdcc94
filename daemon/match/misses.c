#include "match/misses.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* Gates not met, a bit each; 0 for who is not among those asked about. */
struct match_near {
    const struct match_block *block;
    uint32_t row;
    uint32_t unmet;
};

/* Who of a block is left, and what they miss. */
struct tally {
    unsigned most; /* gates that they may miss */
    uint64_t left[MATCH_WORDS], missed[2][MATCH_WORDS], unmet[GATE_TIME][MATCH_WORDS];
};

/* Those of left who are not met miss the gate, too. false when nobody is left. */
static bool miss_gate(struct tally *tally, unsigned gate, const uint64_t met[MATCH_WORDS])
{
    uint64_t any = 0;

    for (unsigned word = 0; word < MATCH_WORDS; word++) {
        uint64_t misses = tally->left[word] & ~met[word];

        tally->unmet[gate][word] |= misses;
        tally->left[word] &= ~(misses & (tally->most == 0 ? UINT64_MAX : tally->missed[tally->most - 1][word]));
        tally->missed[1][word] |= tally->missed[0][word] & misses;
        tally->missed[0][word] |= misses;
        any |= tally->left[word];
    }
    return any != 0;
}

typedef void test_days(const struct match_plan *plan, const struct match_block *block, uint64_t words[MATCH_WORDS]);

/* Of those who have such a credential at all. */
static bool miss_days(struct tally *tally, unsigned gate, const struct match_plan *plan,
                      const struct match_block *block, test_days *test)
{
    uint64_t met[MATCH_WORDS];

    for (unsigned word = 0; word < MATCH_WORDS; word++)
        met[word] = tally->left[word] & ~tally->unmet[gate][word];
    test(plan, block, met);
    for (unsigned word = 0; word < MATCH_WORDS; word++)
        met[word] |= tally->unmet[gate][word];
    return miss_gate(tally, gate, met);
}

/* In any order it comes to the same: first what removes most, last what is asked one by one. */
static bool miss_gates(struct tally *tally, const struct match_plan *plan, const struct match_block *block,
                       bool with_distance)
{
    static const uint8_t order[] = {GATE_MODE,          GATE_PAYER,     GATE_LICENCE, GATE_CONDITION, GATE_TECHNIQUE,
                                    GATE_CERTIFICATION, GATE_NAMED,     GATE_GENDER,  GATE_LANGUAGE,  GATE_PROFESSION,
                                    GATE_CAPACITY,      GATE_ACCEPTING, GATE_CAUTION, GATE_DECLINED,  GATE_DISTANCE};
    _Static_assert(sizeof order == GATE_TIME, "each gate once");

    for (unsigned i = 0; i < GATE_TIME; i++) {
        uint64_t met[MATCH_WORDS];

        if (order[i] == GATE_DISTANCE && !with_distance)
            continue;
        memcpy(met, tally->left, sizeof met);
        match_gate_columns((enum match_gate)order[i], plan, block, met);
        if (!miss_gate(tally, order[i], met))
            return false;
    }
    return miss_days(tally, GATE_LICENCE, plan, block, match_test_licence) &&
           miss_days(tally, GATE_CERTIFICATION, plan, block, match_test_certification);
}

/* Adds those of words who miss at most so many of the gates; time is not asked. */
static void near_of_block(const struct match_plan *plan, const struct match_block *block,
                          const uint64_t among[MATCH_WORDS], bool with_distance, unsigned most)
{
    struct match_index *index = plan->index;
    struct tally tally = {.most = most};

    memcpy(tally.left, among, sizeof tally.left);
    if (!miss_gates(&tally, plan, block, with_distance))
        return;
    for (uint32_t word = 0; word < MATCH_WORDS; word++) {
        for (uint64_t rest = tally.left[word]; rest != 0; rest &= rest - 1) {
            struct match_near *near;

            index->nears = memory_grow(index->nears, &index->near_room, index->near_count + 1, sizeof *index->nears);
            near = &index->nears[index->near_count++];
            *near = (struct match_near){block, word * 64 + (uint32_t)__builtin_ctzll(rest), 0};
            for (unsigned gate = 0; gate < GATE_TIME; gate++)
                near->unmet |= (uint32_t)((tally.unmet[gate][word] & rest & -rest) != 0) << gate;
        }
    }
}

static bool misses_gate(uint32_t unmet, enum match_gate gate)
{
    return (unmet >> gate & 1) != 0;
}

static int64_t first_free_of(const struct match_plan *plan, const struct match_near *near)
{
    return match_first_free(plan, near->block, near->row, !misses_gate(near->unmet, GATE_LICENCE),
                            !misses_gate(near->unmet, GATE_CERTIFICATION));
}

/* ---- around: who meets distance ---- */

static void count_one(struct match_misses *misses, const struct match_plan *plan, const struct match_near *near,
                      bool time_asked)
{
    int64_t first_free = time_asked ? first_free_of(plan, near) : INT64_MAX;
    uint32_t unmet = near->unmet;
    struct match_score score, *best;
    int first, second;

    if (time_asked ? first_free == INT64_MAX : unmet == 0)
        unmet |= UINT32_C(1) << GATE_TIME;
    if (unmet == 0 || __builtin_popcount(unmet) > 2)
        return;
    first = __builtin_ctz(unmet);
    second = 31 - __builtin_clz(unmet);
    score = match_score_begin(plan, near->block, near->row, first_free);
    best = &misses->best[first][second];
    if (misses->count[first][second]++ == 0 || match_score_precedes(plan, &score, best))
        *best = score;
}

/* A little later. */
static void fetch_calendars(const struct match_near *nears, size_t at, size_t count)
{
    const struct match_near *soon = &nears[at + 16], *next = &nears[at + 8];

    if (at + 16 < count)
        __builtin_prefetch(&soon->block->calendars[soon->row]);
    if (at + 8 < count)
        calendar_prefetch(next->block->calendars[next->row]);
}

/* Of a block far away only those who treat by video are asked about: they are few, and gone after a gate or two. */
static void fetch_around(const struct match_plan *plan, const struct match_block *block)
{
    if (match_reach_near(plan, block)) {
        match_fetch(plan, block);
        return;
    }
    __builtin_prefetch(block);
    __builtin_prefetch(match_block_column(block, SLOT_USED));
    __builtin_prefetch(match_block_column(block, SLOT_CLINIC));
    __builtin_prefetch(match_block_column(block, SLOT_REMOTE));
}

static void count_around(struct match_misses *misses, const struct match_plan *plan)
{
    struct match_index *index = plan->index;
    size_t hits = plan->position_known
                      ? match_boxes_hit(index, plan->position, plan->chord_limit, true, match_reach_remote(plan))
                      : index->block_count;
    bool time_asked;

    index->near_count = 0;

    for (size_t i = 0; i < hits; i++) {
        const struct match_block *block = index->order[plan->position_known ? index->hits[i] : i];
        uint64_t words[MATCH_WORDS];

        if (plan->position_known && i + MATCH_AHEAD < hits)
            fetch_around(plan, index->order[index->hits[i + MATCH_AHEAD]]);
        memcpy(words, block->columns[SLOT_USED], sizeof words);
        if (plan->position_known)
            match_gate_test(GATE_DISTANCE, plan, block, words);
        near_of_block(plan, block, words, !plan->position_known, 2);
    }
    time_asked = index->near_count <= index->settings.opened_most;
    misses->bounded = misses->bounded || !time_asked;
    for (size_t i = 0; i < index->near_count; i++) {
        if (time_asked)
            fetch_calendars(index->nears, i, index->near_count);
        count_one(misses, plan, &index->nears[i], time_asked);
    }
}

/* ---- beyond: who misses distance ---- */

/* A group of blocks (`unmet` says which), a block, or somebody of it, by the metres that they are away at least: what is sought comes up nearest
 * first, however blocks lie. */
#define A_BLOCK UINT32_MAX
#define A_GROUP (UINT32_MAX - 1)
struct match_step {
    uint32_t metres, row, unmet;
    const struct match_block *block;
};

struct search {
    const struct match_plan *plan;
    struct match_misses *misses;
    bool pairs; /* with one other gate; else distance alone */
    uint32_t opened[GATE_COUNT];
    bool stopped[GATE_COUNT]; /* by the bound */
};

static void add_step(struct match_index *index, struct match_step step)
{
    struct match_step *items;
    size_t at = index->step_count++;

    index->steps = items = memory_grow(index->steps, &index->step_room, index->step_count, sizeof *items);
    for (; at > 0 && items[(at - 1) / 2].metres > step.metres; at = (at - 1) / 2)
        items[at] = items[(at - 1) / 2];
    items[at] = step;
}

static struct match_step take_step(struct match_index *index)
{
    struct match_step *items = index->steps, first = items[0], last = items[--index->step_count];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= index->step_count)
            break;
        if (child + 1 < index->step_count && items[child + 1].metres < items[child].metres)
            child++;
        if (items[child].metres >= last.metres)
            break;
        items[at] = items[child];
        at = child;
    }
    items[at] = last;
    return first;
}

/* The near miss of distance and this gate; GATE_DISTANCE: alone. */
static uint32_t *count_with(struct match_misses *misses, unsigned gate, struct match_score **best)
{
    unsigned first = gate < GATE_DISTANCE ? gate : GATE_DISTANCE, second = gate < GATE_DISTANCE ? GATE_DISTANCE : gate;

    *best = &misses->best[first][second];
    return &misses->count[first][second];
}

static void keep_nearest(const struct search *search, unsigned gate, const struct match_score *score)
{
    struct match_score *best;
    uint32_t *count = count_with(search->misses, gate, &best);

    if (*count == 0 || score->reach.distance < best->reach.distance) {
        *count = 1;
        *best = *score;
    } else if (score->reach.distance == best->reach.distance) {
        ++*count;
        if (match_score_precedes(search->plan, score, best))
            *best = *score;
    }
}

static bool is_no_nearer(const struct search *search, unsigned gate, uint32_t distance)
{
    struct match_score *best;

    return *count_with(search->misses, gate, &best) > 0 && distance > best->reach.distance;
}

static bool is_settled(const struct search *search, unsigned gate, uint32_t metres)
{
    return search->stopped[gate] || is_no_nearer(search, gate, metres);
}

static unsigned gate_of(const struct search *search, uint32_t unmet)
{
    if (unmet != 0)
        return (unsigned)__builtin_ctz(unmet);
    return search->pairs ? GATE_TIME : GATE_DISTANCE;
}

static void look_beyond(struct search *search, const struct match_step *step)
{
    const struct match_near near = {step->block, step->row, step->unmet};
    unsigned gate = gate_of(search, step->unmet);
    int64_t first_free;
    struct match_score score;

    if (is_settled(search, gate, step->metres))
        return;
    if (search->opened[gate]++ == search->plan->index->settings.opened_most) {
        struct match_score *best;

        search->stopped[gate] = search->misses->bounded = true;
        *count_with(search->misses, gate, &best) = 0; /* what the bound cut short says nothing */
        return;
    }
    first_free = first_free_of(search->plan, &near);
    if ((first_free == INT64_MAX) != (gate == GATE_TIME))
        return;
    score = match_score_begin(search->plan, near.block, near.row, first_free);
    keep_nearest(search, gate, &score);
}

/* Nobody so far away can be the nearest of anything any more. */
static bool is_done(const struct search *search, uint32_t metres)
{
    for (unsigned gate = 0; gate < GATE_COUNT; gate++)
        if (search->pairs == (gate != GATE_DISTANCE) && !is_settled(search, gate, metres))
            return false;
    return true;
}

static void step_into_block(struct search *search, const struct match_block *block)
{
    struct match_index *index = search->plan->index;
    uint64_t words[MATCH_WORDS];

    memcpy(words, block->columns[search->pairs ? SLOT_USED : SLOT_READY], sizeof words);
    if (!search->pairs && (search->plan->hopeless || !match_gates_select(search->plan, block, words, words)))
        return;
    index->near_count = 0;
    near_of_block(search->plan, block, words, false, search->pairs ? 1 : 0);
    for (size_t i = 0; i < index->near_count; i++) {
        const struct match_near *near = &index->nears[i];
        struct match_reach reach = match_reach(search->plan, block, near->row);

        if (!reach.met && reach.measured)
            add_step(index, (struct match_step){reach.distance, near->row, near->unmet, block});
    }
}

static void step_into_group(struct search *search, uint32_t group)
{
    struct match_index *index = search->plan->index;

    for (uint32_t at = group * GROUP_BLOCKS; at < (group + 1) * GROUP_BLOCKS && at < index->block_count; at++) {
        uint64_t chord = match_boxes_chord(&index->boxes, at, search->plan->position);

        if (chord != UINT64_MAX)
            add_step(index, (struct match_step){match_chord_metres(chord), A_BLOCK, 0, index->order[at]});
    }
}

/* Boxes of groups are up to date: those around were found by them. */
static void search_beyond(struct search *search)
{
    struct match_index *index = search->plan->index;

    index->step_count = 0;
    for (uint32_t group = 0; group * GROUP_BLOCKS < index->block_count; group++) {
        uint64_t chord = match_boxes_chord(&index->groups, group, search->plan->position);

        if (chord != UINT64_MAX)
            add_step(index, (struct match_step){match_chord_metres(chord), A_GROUP, group, NULL});
    }
    while (index->step_count > 0 && !is_done(search, index->steps[0].metres)) {
        struct match_step step = take_step(index);

        if (step.row == A_GROUP)
            step_into_group(search, step.unmet);
        else if (step.row == A_BLOCK)
            step_into_block(search, step.block);
        else
            look_beyond(search, &step);
    }
}

static bool has_single(const struct match_misses *misses)
{
    for (unsigned gate = 0; gate < GATE_COUNT; gate++)
        if (misses->count[gate][gate] > 0)
            return true;
    return false;
}

static void count_beyond(struct match_misses *misses, const struct match_plan *plan)
{
    struct search alone = {.plan = plan, .misses = misses}, pairs = {.plan = plan, .misses = misses, .pairs = true};

    search_beyond(&alone);
    if (!has_single(misses))
        search_beyond(&pairs);
}

struct match_misses *match_misses_count(const struct match_plan *plan)
{
    struct match_misses *misses = memory_allocate(1, sizeof *misses);

    count_around(misses, plan);
    if (plan->position_known)
        count_beyond(misses, plan);
    return misses;
}

/* ---- explained ---- */

struct miss {
    enum match_gate first, second; /* second is first's equal for a single gate */
    uint32_t therapists;
    const struct match_score *nearest;
};

static int by_therapists(const void *left, const void *right)
{
    const struct miss *a = left, *b = right;
    bool a_pair = a->first != a->second, b_pair = b->first != b->second;

    if (a_pair != b_pair)
        return a_pair ? 1 : -1;
    if (a->therapists != b->therapists)
        return a->therapists > b->therapists ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return (a->second > b->second) - (a->second < b->second);
}

static const struct match_score *better(const struct match_plan *plan, const struct match_misses *misses,
                                        enum match_gate gate, const struct match_score *than)
{
    const struct match_score *best = &misses->best[gate][gate];

    return misses->count[gate][gate] > 0 && match_score_precedes(plan, best, than) ? best : than;
}

/* Without both gates of a pair pass those who miss both, and those who miss either. */
static struct miss miss_of(const struct match_plan *plan, const struct match_misses *misses, enum match_gate first,
                           enum match_gate second)
{
    struct miss miss = {first, second, misses->count[first][second], &misses->best[first][second]};

    if (first == second || miss.therapists == 0)
        return miss;
    miss.therapists += misses->count[first][first] + misses->count[second][second];
    miss.nearest = better(plan, misses, first, miss.nearest);
    miss.nearest = better(plan, misses, second, miss.nearest);
    return miss;
}

static void say_size(Fascia__NearMiss *near, const struct miss *miss, const struct match_free *free)
{
    const struct match_reach *reach = &miss->nearest->reach;

    if ((miss->first == GATE_DISTANCE || miss->second == GATE_DISTANCE) && reach->measured && !reach->met) {
        near->distance = reach->distance;
        near->beyond_home_radius = match_misses_beyond_home_radius(miss->nearest);
    }
    if (free->sought && free->at != INT64_MAX) {
        near->first_free = free->at;
        near->days_late = free->days_late;
    }
}

static Fascia__NearMiss *near_miss(const struct match_plan *plan, const struct miss *miss)
{
    Fascia__NearMiss *near = memory_allocate(1, sizeof *near);
    bool pair = miss->first != miss->second;
    const struct match_names *names = plan->index->names;
    struct match_free free = {.sought = false};

    fascia__near_miss__init(near);
    near->n_gates = pair ? 2 : 1;
    near->gates = memory_allocate(near->n_gates, sizeof(char *));
    near->gates[0] = memory_text(match_gate_name(miss->first));
    if (pair)
        near->gates[1] = memory_text(match_gate_name(miss->second));
    near->therapists = miss->therapists;
    near->nearest = memory_text(names->name(names->context, miss->nearest->number));
    if (miss->first == GATE_TIME || miss->second == GATE_TIME)
        free = match_misses_free(plan, miss->nearest);
    near->relaxation =
        match_misses_text(plan, miss->therapists, miss->first, pair ? miss->second : GATE_NONE, miss->nearest, &free);
    say_size(near, miss, &free);
    return near;
}

void match_misses_explain(const struct match_plan *plan, const struct match_misses *misses,
                          Fascia__Explanation *explanation)
{
    struct miss found[GATE_COUNT * (GATE_COUNT + 1) / 2];
    size_t count = 0;

    for (int first = 0; first < GATE_COUNT; first++) {
        for (int second = first; second < GATE_COUNT; second++) {
            struct miss miss = miss_of(plan, misses, (enum match_gate)first, (enum match_gate)second);

            if (miss.therapists > 0)
                found[count++] = miss;
        }
    }
    qsort(found, count, sizeof *found, by_therapists);
    count = count < MISSES_LISTED ? count : MISSES_LISTED;
    explanation->near_misses = memory_allocate(count, sizeof(Fascia__NearMiss *));
    for (size_t i = 0; i < count; i++)
        explanation->near_misses[explanation->n_near_misses++] = near_miss(plan, &found[i]);
}
