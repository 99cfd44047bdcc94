#include "match/waiting_cells.h"

#include "core/fault.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

struct match_waiting *match_waiting_create(const struct codes *codes)
{
    struct match_waiting *waiting = memory_allocate(1, sizeof *waiting);

    waiting->codes = codes;
    waiting->first_free = MATCH_WAITING_NONE;
    match_terms_init(&waiting->conditions, false);
    match_terms_init(&waiting->techniques, false);
    match_terms_init(&waiting->certifications, false);
    waiting->bucket_count = 64;
    waiting->buckets = memory_allocate(waiting->bucket_count, sizeof(struct waiting_cell *));
    return waiting;
}

static void group_destroy(struct waiting_group *group)
{
    free(group->every);
    free(group->rows);
    free(group);
}

static void cell_destroy(struct waiting_cell *cell)
{
    for (size_t i = 0; i < cell->count; i++)
        group_destroy(cell->groups[i]);
    free(cell->payers);
    free(cell->groups);
    free(cell);
}

void match_waiting_destroy(struct match_waiting *waiting)
{
    struct waiting_cell *next;

    if (waiting == NULL)
        return;
    for (size_t i = 0; i < waiting->bucket_count; i++) {
        for (struct waiting_cell *cell = waiting->buckets[i]; cell != NULL; cell = next) {
            next = cell->next;
            cell_destroy(cell);
        }
    }
    free(waiting->buckets);
    free(waiting->places);
    free(waiting->zones);
    match_terms_finish(&waiting->conditions);
    match_terms_finish(&waiting->techniques);
    match_terms_finish(&waiting->certifications);
    free(waiting);
}

/* ---- cells ---- */

static size_t hash_of(struct cell_place at)
{
    uint64_t hash = at.level * UINT64_C(0x9e3779b97f4a7c15);

    hash = (hash ^ (uint32_t)at.x) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 32 ^ (uint32_t)at.y) * UINT64_C(0xc4ceb9fe1a85ec53);
    hash = (hash ^ hash >> 32 ^ (uint32_t)at.z) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash ^ hash >> 32);
}

static bool is_at(const struct waiting_cell *cell, struct cell_place at)
{
    return cell->at.level == at.level && cell->at.x == at.x && cell->at.y == at.y && cell->at.z == at.z;
}

static struct waiting_cell **bucket_of(const struct match_waiting *waiting, struct cell_place at)
{
    return &waiting->buckets[hash_of(at) & (waiting->bucket_count - 1)];
}

struct waiting_cell *waiting_cell_find(const struct match_waiting *waiting, struct cell_place at)
{
    struct waiting_cell *cell = *bucket_of(waiting, at);

    while (cell != NULL && !is_at(cell, at))
        cell = cell->next;
    return cell;
}

static void link_cell(struct match_waiting *waiting, struct waiting_cell *cell)
{
    struct waiting_cell **bucket = bucket_of(waiting, cell->at);

    cell->next = *bucket;
    *bucket = cell;
}

static void widen(struct match_waiting *waiting)
{
    struct waiting_cell **before = waiting->buckets, *next;
    size_t count = waiting->bucket_count;

    waiting->bucket_count *= 2;
    waiting->buckets = memory_allocate(waiting->bucket_count, sizeof(struct waiting_cell *));
    for (size_t i = 0; i < count; i++) {
        for (struct waiting_cell *cell = before[i]; cell != NULL; cell = next) {
            next = cell->next;
            link_cell(waiting, cell);
        }
    }
    free(before);
}

static struct waiting_cell *cell_of(struct match_waiting *waiting, struct cell_place at)
{
    struct waiting_cell *cell = waiting_cell_find(waiting, at);

    if (cell != NULL)
        return cell;
    if (waiting->cell_count++ >= waiting->bucket_count)
        widen(waiting);
    cell = memory_allocate(1, sizeof *cell);
    cell->at = at;
    link_cell(waiting, cell);
    return cell;
}

static void drop_cell(struct match_waiting *waiting, struct waiting_cell *cell)
{
    struct waiting_cell **link = bucket_of(waiting, cell->at);

    while (*link != cell)
        link = &(*link)->next;
    *link = cell->next;
    waiting->cell_count--;
    cell_destroy(cell);
}

/* ---- groups ---- */

/* The first whose payer is not smaller. */
static size_t place_of_payer(const struct waiting_cell *cell, uint32_t payer)
{
    size_t low = 0, high = cell->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (cell->payers[middle] < payer)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct waiting_group *group_of(struct waiting_cell *cell, uint32_t payer)
{
    size_t place = place_of_payer(cell, payer);
    struct waiting_group *group;

    if (place < cell->count && cell->payers[place] == payer)
        return cell->groups[place];
    group = memory_allocate(1, sizeof *group);
    group->payer = payer;
    group->cell = cell;
    cell->groups = memory_grow(cell->groups, &cell->room, cell->count + 1, sizeof(struct waiting_group *));
    memmove(&cell->groups[place + 1], &cell->groups[place], (cell->count - place) * sizeof(struct waiting_group *));
    cell->payers = memory_grow(cell->payers, &cell->payer_room, cell->count + 1, sizeof *cell->payers);
    memmove(&cell->payers[place + 1], &cell->payers[place], (cell->count - place) * sizeof *cell->payers);
    cell->payers[place] = payer;
    cell->groups[place] = group;
    cell->count++;
    return group;
}

static void drop_group(struct match_waiting *waiting, struct waiting_group *group)
{
    struct waiting_cell *cell = group->cell;
    size_t place = place_of_payer(cell, group->payer);

    INVARIANT(cell->groups[place] == group);
    memmove(&cell->payers[place], &cell->payers[place + 1], (cell->count - 1 - place) * sizeof *cell->payers);
    memmove(&cell->groups[place], &cell->groups[place + 1], (--cell->count - place) * sizeof(struct waiting_group *));
    group_destroy(group);
    if (cell->count == 0)
        drop_cell(waiting, cell);
}

/* ---- rows ---- */

static size_t *level_count(struct match_waiting *waiting, const struct waiting_cell *cell)
{
    static size_t unused;

    return cell->at.level < CELL_LEVELS ? &waiting->level_counts[cell->at.level] : &unused;
}

static uint32_t take_place(struct match_waiting *waiting)
{
    uint32_t place = waiting->first_free;

    if (place != MATCH_WAITING_NONE) {
        waiting->first_free = waiting->places[place].next_free;
        return place;
    }
    INVARIANT(waiting->place_count < MATCH_WAITING_NONE);
    waiting->places =
        memory_grow(waiting->places, &waiting->place_room, waiting->place_count + 1, sizeof *waiting->places);
    return (uint32_t)waiting->place_count++;
}

/* Most groups have one row, and stay so. */
static void widen_group(struct waiting_group *group)
{
    group->room += 1 + group->room / 2;
    group->every = memory_resize(group->every, group->room, sizeof *group->every);
    group->rows = memory_resize(group->rows, group->room, sizeof *group->rows);
}

static void add_row(struct match_waiting *waiting, struct cell_place at, const struct waiting_reading *reading,
                    unsigned which)
{
    struct waiting_cell *cell = cell_of(waiting, at);
    struct waiting_group *group = group_of(cell, reading->payer);
    struct waiting_place *place = &waiting->places[reading->row.place];

    if (group->count == group->room)
        widen_group(group);
    group->every[group->count] = reading->every;
    group->rows[group->count] = reading->row;
    place->group[which] = group;
    place->row[which] = (uint32_t)group->count++;
    ++*level_count(waiting, cell);
}

/* The last row of the group comes in its place. */
static void remove_row(struct match_waiting *waiting, uint32_t number, unsigned which)
{
    struct waiting_group *group = waiting->places[number].group[which];
    uint32_t row = waiting->places[number].row[which], last;

    if (group == NULL)
        return;
    last = (uint32_t)--group->count;
    --*level_count(waiting, group->cell);
    group->every[row] = group->every[last];
    group->rows[row] = group->rows[last];
    waiting->places[group->rows[row].place].row[which] = row;
    if (group->count == 0)
        drop_group(waiting, group);
}

uint32_t match_waiting_add(struct match_waiting *waiting, uint64_t key, const Fascia__Need *need,
                           const struct zone *zone, int64_t now)
{
    struct waiting_reading reading;
    uint32_t number = take_place(waiting);

    waiting->places[number] = (struct waiting_place){.next_free = MATCH_WAITING_NONE};
    waiting_read(waiting, need, &reading);
    reading.row.key = key;
    reading.row.hours = waiting_hours(waiting, need, zone, now);
    reading.row.place = number;
    if (reading.placed) {
        if (waiting->level_reaches[reading.level] < reading.reach)
            waiting->level_reaches[reading.level] = reading.reach;
        add_row(waiting, waiting_cell_at(reading.row.point, reading.level), &reading, 0);
    }
    if (reading.remote)
        add_row(waiting, (struct cell_place){CELL_REMOTE, (int32_t)reading.row.jurisdiction, 0, 0}, &reading, 1);
    waiting->count++;
    return number;
}

void match_waiting_remove(struct match_waiting *waiting, uint32_t number)
{
    INVARIANT(number < waiting->place_count);
    remove_row(waiting, number, 0);
    remove_row(waiting, number, 1);
    waiting->places[number] = (struct waiting_place){.next_free = waiting->first_free};
    waiting->first_free = number;
    waiting->count--;
}

size_t match_waiting_count(const struct match_waiting *waiting)
{
    return waiting->count;
}

static size_t cell_bytes(const struct waiting_cell *cell)
{
    size_t bytes = sizeof *cell + cell->room * sizeof(struct waiting_group *) + cell->payer_room * sizeof *cell->payers;

    for (size_t i = 0; i < cell->count; i++)
        bytes += sizeof *cell->groups[i] + cell->groups[i]->room * (sizeof(uint64_t) + sizeof(struct waiting_row));
    return bytes;
}

size_t match_waiting_bytes(const struct match_waiting *waiting)
{
    size_t bytes = sizeof *waiting + waiting->bucket_count * sizeof(struct waiting_cell *) +
                   waiting->place_room * sizeof *waiting->places;

    for (size_t i = 0; i < waiting->bucket_count; i++)
        for (const struct waiting_cell *cell = waiting->buckets[i]; cell != NULL; cell = cell->next)
            bytes += cell_bytes(cell);
    return bytes;
}
