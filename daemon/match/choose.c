/* The best of those who meet every gate but time: whose calendars are looked into, and for how long. */
#include "core/memory.h"
#include "match/score.h"

#include <stdlib.h>
#include <string.h>

#define FIRST  8  /* calendars that are fetched at once */
#define PIECES 16 /* of opened_most, while nobody has time */

static void keep_best(const struct match_plan *plan, struct match_best *best, const struct match_score *score)
{
    size_t at = best->count;

    if (at == best->limit && score->total < best->scores[at - 1].total)
        return;
    while (at > 0 && match_score_precedes(plan, score, &best->scores[at - 1]))
        at--;
    if (at == best->limit)
        return;
    if (best->count < best->limit)
        best->count++;
    memmove(&best->scores[at + 1], &best->scores[at], (best->count - at - 1) * sizeof *score);
    best->scores[at] = *score;
}

static void look_into(const struct match_plan *plan, const struct match_survivor *each, struct match_best *best)
{
    int64_t first_free = match_first_free(plan, each->block, each->row, true, true);
    struct match_score score;

    if (first_free == INT64_MAX) {
        best->timeless++;
        return;
    }
    score = match_score_begin(plan, each->block, each->row, first_free);
    keep_best(plan, best, &score);
    best->passed++;
}

/* Nobody with so many points, or fewer, before `earliest` can become a candidate any more. */
static bool is_settled(const struct match_plan *plan, const struct match_best *best, int32_t points)
{
    return best->count == best->limit && points + plan->weight[PART_EARLIEST] < best->scores[best->limit - 1].total;
}

/* What is looked into a little later; where a calendar is stands in a line of its own. */
static void fetch_ahead(const struct match_survivor *survivors, size_t at, size_t count)
{
    if (at + 2 * FIRST < count)
        __builtin_prefetch(&survivors[at + 2 * FIRST].block->calendars[survivors[at + 2 * FIRST].row]);
    if (at + FIRST < count)
        calendar_prefetch(survivors[at + FIRST].block->calendars[survivors[at + FIRST].row]);
}

/* ---- few of them, or only the best are wanted: by bounds of their points ---- */

static void sink(struct match_survivor *heap, size_t count, size_t at)
{
    struct match_survivor moved = heap[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= count)
            break;
        if (child + 1 < count && heap[child + 1].points > heap[child].points)
            child++;
        if (heap[child].points <= moved.points)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

/* Best first by the bound of their points, until nobody who is left can enter. */
static void choose_quickly(const struct match_plan *plan, size_t count, struct match_best *best)
{
    struct match_survivor *heap = plan->index->survivors;

    for (size_t at = count / 2; at-- > 0;)
        sink(heap, count, at);
    for (size_t at = 0; at < FIRST && at < count; at++)
        __builtin_prefetch(&heap[at].block->calendars[heap[at].row]);
    for (size_t at = 0; at < FIRST && at < count; at++)
        calendar_prefetch(heap[at].block->calendars[heap[at].row]);
    while (count > 0 && !is_settled(plan, best, heap[0].points)) {
        struct match_survivor first = heap[0];

        heap[0] = heap[--count];
        if (count > 0) {
            sink(heap, count, 0);
            for (size_t at = 1; at < 3 && at < count; at++)
                calendar_prefetch(heap[at].block->calendars[heap[at].row]);
            for (size_t at = 3; at < FIRST && at < count; at++)
                __builtin_prefetch(&heap[at].block->calendars[heap[at].row]);
        }
        look_into(plan, &first, best);
    }
}

static void choose_all(const struct match_plan *plan, size_t count, struct match_best *best)
{
    for (size_t at = 0; at < count; at++) {
        fetch_ahead(plan->index->survivors, at, count);
        look_into(plan, &plan->index->survivors[at], best);
    }
}

/* ---- many of them: in order of their points, so that where it ends does not hang on how they lie ---- */

/* Most points first; equals in any order. */
static void order_by_points(struct match_index *index, size_t count, int32_t least, int32_t most)
{
    size_t *ends = memory_allocate((size_t)(most - least) + 2, sizeof *ends);
    struct match_survivor *ordered = memory_allocate(count, sizeof *ordered);

    for (size_t i = 0; i < count; i++)
        ends[most - index->survivors[i].points + 1]++;
    for (int32_t points = 0; points < most - least; points++)
        ends[points + 1] += ends[points];
    for (size_t i = 0; i < count; i++)
        ordered[ends[most - index->survivors[i].points]++] = index->survivors[i];
    free(ends);
    free(index->survivors);
    index->survivors = ordered;
    index->survivor_room = count;
}

static void order(const struct match_plan *plan, size_t count)
{
    int32_t least = INT32_MAX, most = INT32_MIN;

    for (size_t i = 0; i < count; i++) {
        struct match_survivor *each = &plan->index->survivors[i];

        each->points = match_score_begin(plan, each->block, each->row, INT64_MAX).total;
        least = each->points < least ? each->points : least;
        most = each->points > most ? each->points : most;
    }
    order_by_points(plan->index, count, least, most);
}

struct named {
    struct match_survivor survivor;
    const char *name;
};

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct named *)left)->name, ((const struct named *)right)->name);
}

/* Equals among whom the bound may end: by identifier. */
static void order_by_name(const struct match_plan *plan, struct match_survivor *equals, size_t count)
{
    const struct match_names *names = plan->index->names;
    struct named *named = memory_allocate(count, sizeof *named);

    for (size_t i = 0; i < count; i++)
        named[i] = (struct named){equals[i], names->name(names->context, equals[i].block->rows[equals[i].row].number)};
    qsort(named, count, sizeof *named, by_name);
    for (size_t i = 0; i < count; i++)
        equals[i] = named[i].survivor;
    free(named);
}

static size_t end_of_equals(const struct match_survivor *survivors, size_t at, size_t count)
{
    const int32_t points = survivors[at].points;

    while (at < count && survivors[at].points == points)
        at++;
    return at;
}

/* At least `enough` of them, and all equals of the last. */
static void choose_in_order(const struct match_plan *plan, size_t count, size_t enough, struct match_best *best)
{
    const size_t piece = plan->index->settings.opened_most;
    size_t allowed = piece, equals_end = 0, at;
    struct match_survivor *survivors;

    order(plan, count);
    survivors = plan->index->survivors;
    for (at = 0; at < count; at++) {
        if (at == equals_end && at >= enough && is_settled(plan, best, survivors[at].points))
            break;
        if (at == allowed && is_settled(plan, best, survivors[at].points))
            break;
        if (at == allowed && (best->passed > 0 || allowed == PIECES * piece)) {
            best->bounded = true;
            break;
        }
        allowed += at == allowed ? piece : 0;
        if (at == equals_end) {
            equals_end = end_of_equals(survivors, at, count);
            if (equals_end > allowed)
                order_by_name(plan, &survivors[at], equals_end - at);
        }
        fetch_ahead(survivors, at, count);
        look_into(plan, &survivors[at], best);
    }
    best->unopened = count - at;
}

static void complete(const struct match_plan *plan, struct match_best *best)
{
    for (size_t i = 0; i < best->count; i++)
        __builtin_prefetch(&plan->index->entries[best->scores[i].number]);
    for (size_t i = 0; i < best->count; i++)
        match_score_complete(plan, &best->scores[i]);
}

void match_choose(const struct match_plan *plan, size_t survivors, size_t counted, struct match_best *best)
{
    const size_t most = plan->index->settings.opened_most;

    if (survivors <= counted && survivors <= most)
        choose_all(plan, survivors, best);
    else if (counted > 0 || survivors > most)
        choose_in_order(plan, survivors, counted, best);
    else
        choose_quickly(plan, survivors, best);
    complete(plan, best);
}
