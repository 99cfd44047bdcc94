#include "core/assign.h"
#include "core/fault.h"
#include "core/memory.h"

#include <stdbool.h>
#include <stdlib.h>

#define NONE UINT32_MAX

/* Referrals are rows, by rank: the most urgent class first, then the older. Therapists are columns. A cost is what a score lacks to the highest
 * of all; to stay without a place costs `unplaced`, more than any difference of scores can make up. */
struct column {
    int64_t price;         /* its potential: 0 at first, falling as it is fought over */
    int64_t distance;      /* of the search in hand */
    uint32_t taken, first; /* first: the latest of the rows that it has */
    uint32_t from, edge;   /* the row, and that row's edge, by which the search came */
    uint32_t seen;         /* number of the last search that came by */
    bool settled;
};

struct row {
    const struct assign_referral *referral;
    size_t place_in_problem;
    uint32_t edge; /* of its place, or NONE */
    uint32_t next; /* row at the same column */
};

struct waypoint {
    int64_t distance;
    uint32_t column;
};

struct search {
    const struct assign_problem *problem;
    struct row *rows;
    struct column *columns;
    struct waypoint *heap;
    size_t heap_count, heap_room;
    uint32_t *settled; /* columns, in the order in which they were settled */
    size_t settled_count;
    uint32_t number;
    int32_t highest;
    int64_t step; /* between the costs of leaving two neighbouring classes without a place */
    /* the best end of the path so far: a column with room, or when that is NONE a row that goes without */
    int64_t end_distance;
    uint32_t end_row, end_column;
};

/* ---- a heap by distance, ties by column ---- */

static bool comes_before(const struct waypoint *a, const struct waypoint *b)
{
    return a->distance != b->distance ? a->distance < b->distance : a->column < b->column;
}

static void heap_push(struct search *search, int64_t distance, uint32_t column)
{
    const struct waypoint waypoint = {distance, column};
    size_t place = search->heap_count++;

    search->heap = memory_grow(search->heap, &search->heap_room, search->heap_count, sizeof *search->heap);
    while (place > 0 && comes_before(&waypoint, &search->heap[(place - 1) / 2])) {
        search->heap[place] = search->heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    search->heap[place] = waypoint;
}

static struct waypoint heap_pop(struct search *search)
{
    const struct waypoint first = search->heap[0], last = search->heap[--search->heap_count];
    size_t place = 0, child;

    while ((child = 2 * place + 1) < search->heap_count) {
        if (child + 1 < search->heap_count && comes_before(&search->heap[child + 1], &search->heap[child]))
            child++;
        if (!comes_before(&search->heap[child], &last))
            break;
        search->heap[place] = search->heap[child];
        place = child;
    }
    search->heap[place] = last;
    return first;
}

/* ---- costs ---- */

static int64_t cost_of(const struct search *search, const struct assign_edge *edge)
{
    return (int64_t)search->highest - edge->score;
}

static int64_t unplaced(const struct search *search, uint32_t row)
{
    return (int64_t)(ASSIGN_CLASSES_MOST - search->rows[row].referral->class) * search->step;
}

/* What a row pays where it stands: with prices, no other place of its own would cost it less. */
static int64_t paid_by(const struct search *search, uint32_t row)
{
    const struct row *placed = &search->rows[row];
    const struct assign_edge *edge = &placed->referral->edges[placed->edge];

    return cost_of(search, edge) - search->columns[edge->therapist].price;
}

/* What one more costs there, by a path that costs `distance` and the column's price. */
static int64_t cost_of_ending(const struct search *search, uint32_t column, int64_t distance)
{
    return distance + search->columns[column].price +
           (int64_t)search->columns[column].taken * search->problem->therapists[column].toll;
}

/* ---- one search ---- */

/* Among equals, who comes last by rank goes without. */
static void consider_leaving_out(struct search *search, uint32_t row, int64_t distance)
{
    if (distance > search->end_distance || (distance == search->end_distance && row < search->end_row))
        return;
    search->end_distance = distance;
    search->end_row = row;
    search->end_column = NONE;
}

static void consider_ending_at(struct search *search, uint32_t column, int64_t distance)
{
    if (search->columns[column].taken == search->problem->therapists[column].room)
        return;
    distance = cost_of_ending(search, column, distance);
    if (distance > search->end_distance || (distance == search->end_distance && column > search->end_column))
        return;
    search->end_distance = distance;
    search->end_column = column;
}

/* A place ends the search for another that costs as much; a row left out does not, for another may be the one to go without. */
static bool is_over(const struct search *search)
{
    if (search->heap_count == 0)
        return true;
    return search->end_column == NONE ? search->heap[0].distance > search->end_distance
                                      : search->heap[0].distance >= search->end_distance;
}

/* `distance` is that of the row, less what it pays where it stands. */
static void look_from(struct search *search, uint32_t row, int64_t distance)
{
    const struct assign_referral *referral = search->rows[row].referral;

    consider_leaving_out(search, row, distance + unplaced(search, row));
    for (uint32_t i = 0; i < referral->edge_count; i++) {
        const uint32_t to = referral->edges[i].therapist;
        struct column *column = &search->columns[to];
        const int64_t there = distance + cost_of(search, &referral->edges[i]) - column->price;

        if (there > search->end_distance)
            continue;
        if (column->seen != search->number) {
            column->seen = search->number;
            column->settled = false;
        } else if (column->settled || there >= column->distance) {
            continue;
        }
        column->distance = there;
        column->from = row;
        column->edge = i;
        heap_push(search, there, to);
    }
}

static void search_from(struct search *search, uint32_t row)
{
    search->number++;
    search->heap_count = search->settled_count = 0;
    search->end_distance = INT64_MAX;
    search->end_row = row;
    search->end_column = NONE;
    look_from(search, row, 0);
    while (!is_over(search)) {
        const struct waypoint waypoint = heap_pop(search);
        struct column *column = &search->columns[waypoint.column];

        if (column->settled)
            continue;
        column->settled = true;
        search->settled[search->settled_count++] = waypoint.column;
        consider_ending_at(search, waypoint.column, waypoint.distance);
        for (uint32_t at = column->first; at != NONE; at = search->rows[at].next)
            look_from(search, at, waypoint.distance - paid_by(search, at));
    }
}

/* ---- moving along the path that was found ---- */

static uint32_t column_of(const struct search *search, uint32_t row)
{
    const struct row *placed = &search->rows[row];

    return placed->edge == NONE ? NONE : placed->referral->edges[placed->edge].therapist;
}

static void leave(struct search *search, uint32_t row)
{
    uint32_t *link = &search->columns[column_of(search, row)].first;

    while (*link != row)
        link = &search->rows[*link].next;
    *link = search->rows[row].next;
    search->rows[row].edge = NONE;
}

static void enter(struct search *search, uint32_t row, uint32_t edge)
{
    struct column *column = &search->columns[search->rows[row].referral->edges[edge].therapist];

    search->rows[row].edge = edge;
    search->rows[row].next = column->first;
    column->first = row;
}

static void settle_prices(struct search *search)
{
    for (size_t i = 0; i < search->settled_count; i++) {
        struct column *column = &search->columns[search->settled[i]];

        column->price += column->distance - search->end_distance;
    }
}

/* Each row on the path takes the column before which the search met it, and leaves its own to the one behind. */
static void move_along(struct search *search, uint32_t started)
{
    uint32_t gap = search->end_column;

    if (gap != NONE) {
        search->columns[gap].taken++;
    } else {
        gap = column_of(search, search->end_row);
        if (gap != NONE)
            leave(search, search->end_row);
    }
    while (gap != NONE) {
        const struct column *column = &search->columns[gap];
        const uint32_t row = column->from, edge = column->edge;

        gap = column_of(search, row);
        INVARIANT((gap == NONE) == (row == started));
        if (gap != NONE)
            leave(search, row);
        enter(search, row, edge);
    }
}

/* ---- all of it ---- */

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a, *right = b;

    if (left->referral->class != right->referral->class)
        return left->referral->class < right->referral->class ? -1 : 1;
    return (left->referral->age > right->referral->age) - (left->referral->age < right->referral->age);
}

static void rank_rows(struct search *search)
{
    const struct assign_problem *problem = search->problem;
    const int64_t count = (int64_t)problem->referral_count;
    int32_t lowest = INT32_MAX, toll = 0;

    search->highest = INT32_MIN;
    for (size_t i = 0; i < problem->referral_count; i++) {
        const struct assign_referral *referral = &problem->referrals[i];

        INVARIANT(referral->edge_count <= ASSIGN_EDGES_MOST && referral->class < ASSIGN_CLASSES_MOST);
        search->rows[i] = (struct row){referral, i, NONE, NONE};
        for (uint32_t e = 0; e < referral->edge_count; e++) {
            INVARIANT(referral->edges[e].therapist < problem->therapist_count);
            lowest = referral->edges[e].score < lowest ? referral->edges[e].score : lowest;
            search->highest = referral->edges[e].score > search->highest ? referral->edges[e].score : search->highest;
        }
    }
    if (lowest > search->highest)
        lowest = search->highest;
    for (size_t i = 0; i < problem->therapist_count; i++) {
        INVARIANT(problem->therapists[i].toll >= 0);
        toll = problem->therapists[i].toll > toll ? problem->therapists[i].toll : toll;
    }
    search->step = (count + 1) * ((int64_t)search->highest - lowest + 1) + count * count / 2 * toll;
    qsort(search->rows, problem->referral_count, sizeof *search->rows, compare_rows);
}

void assign_place(const struct assign_problem *problem, uint32_t *places)
{
    struct search search = {.problem = problem};

    INVARIANT(problem->referral_count <= ASSIGN_REFERRALS_MOST);
    INVARIANT(problem->therapist_count <= (size_t)ASSIGN_REFERRALS_MOST * ASSIGN_EDGES_MOST);
    search.rows = memory_allocate(problem->referral_count, sizeof *search.rows);
    search.columns = memory_allocate(problem->therapist_count, sizeof *search.columns);
    search.settled = memory_allocate(problem->therapist_count, sizeof *search.settled);
    for (size_t i = 0; i < problem->therapist_count; i++)
        search.columns[i].first = NONE;
    rank_rows(&search);
    for (uint32_t row = 0; row < problem->referral_count; row++) {
        search_from(&search, row);
        settle_prices(&search);
        move_along(&search, row);
    }
    for (size_t i = 0; i < problem->referral_count; i++)
        places[search.rows[i].place_in_problem] = search.rows[i].edge;
    free(search.rows);
    free(search.columns);
    free(search.settled);
    free(search.heap);
}
