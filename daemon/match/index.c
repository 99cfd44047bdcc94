#include "match/index.h"

#include "core/fault.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define OPENED_MOST 16384
#define SINCE_LEAST 1024 /* puts before the index is laid out anew */

void match_settings_default(struct match_settings *settings)
{
    *settings = (struct match_settings){
        .weight = {[PART_DISTANCE] = 300,
                   [PART_EXPERIENCE] = 200,
                   [PART_REVIEWS] = 150,
                   [PART_EARLIEST] = 200,
                   [PART_CONTINUITY] = 100,
                   [PART_LOAD] = 50},
        .rating_mean = 80,
        .rating_prior = 10,
        .earliest_span = 28 * DAY_MS,
        .experience_full = 50,
        .opened_most = OPENED_MOST,
    };
}

struct match_index *match_index_create(const struct match_settings *settings, const struct codes *codes,
                                       const struct match_names *names)
{
    struct match_index *index = memory_allocate(1, sizeof *index);

    index->codes = codes;
    index->names = names;
    index->kernel = match_kernel_best();
    index->slot_count = SLOT_FIXED;
    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        match_terms_init(&index->kinds[kind].terms, kind == KIND_PAYER);
    match_index_configure(index, settings);
    return index;
}

void match_index_destroy(struct match_index *index)
{
    if (index == NULL)
        return;
    for (uint32_t id = 0; id < index->block_count; id++)
        match_block_destroy(index->blocks[id]);
    for (size_t number = 0; number < index->waiting_room; number++)
        match_fresh_destroy(index->waiting[number]);
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        match_terms_finish(&index->kinds[kind].terms);
        free(index->kinds[kind].attributes);
        free(index->kinds[kind].treats);
    }
    match_boxes_finish(&index->boxes);
    match_boxes_finish(&index->groups);
    free(index->attributes);
    free(index->entries);
    free(index->blocks);
    free(index->order);
    free(index->waiting);
    free(index->pool);
    free(index->hits);
    free(index->survivors);
    free(index->nears);
    free(index->steps);
    free(index);
}

void match_index_set_path(struct match_index *index, enum match_path path)
{
    index->kernel = path == MATCH_PATH_PLAIN ? &match_kernel_plain : match_kernel_best();
}

size_t match_index_count(const struct match_index *index)
{
    return index->count;
}

static size_t boxes_bytes(const struct match_boxes *boxes)
{
    return boxes->room * (6 * sizeof(int32_t) + 1);
}

size_t match_index_bytes(const struct match_index *index)
{
    size_t bytes = sizeof *index + index->attribute_room * sizeof *index->attributes +
                   index->entry_room * sizeof *index->entries + boxes_bytes(&index->boxes) +
                   boxes_bytes(&index->groups) + (index->block_room + index->order_room) * sizeof(void *) +
                   index->pool_room * sizeof *index->pool + index->hit_room * sizeof *index->hits +
                   index->survivor_room * sizeof *index->survivors;

    for (uint32_t id = 0; id < index->block_count; id++)
        bytes += match_block_bytes(index, index->blocks[id]);
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        const struct match_terms *terms = &index->kinds[kind].terms;

        bytes += terms->room * sizeof(char *) + terms->bucket_count * sizeof(uint32_t);
        for (uint32_t number = 0; number < terms->count; number++)
            bytes += strlen(terms->texts[number]) + 1;
    }
    return bytes;
}

uint32_t match_index_attribute(const struct match_index *index, enum match_kind kind, const char *text)
{
    uint32_t number = match_terms_find(&index->kinds[kind].terms, text);

    return number == TERM_NONE ? UINT32_MAX : index->kinds[kind].attributes[number];
}

/* ---- points that wait for no question ---- */

static uint64_t weight_of(const struct match_settings *settings, enum match_part part)
{
    int32_t given = settings->weight[part];

    return given < 0 ? 0 : given > 10000 ? 10000 : (uint64_t)given;
}

void match_index_shrink(const struct match_settings *settings, const struct match_entry *entry, uint64_t *sum,
                        uint64_t *count)
{
    uint64_t prior = settings->rating_prior;

    if (entry->rating_count == 0 && prior == 0)
        prior = 1;
    *count = (uint64_t)entry->rating_count + prior;
    *sum = (uint64_t)entry->rating_sum + prior * (settings->rating_mean < 100 ? settings->rating_mean : 100);
    if (*sum > *count * 100)
        *sum = *count * 100;
}

uint16_t match_index_reviews(const struct match_index *index, const struct match_entry *entry)
{
    uint64_t sum, count;

    match_index_shrink(&index->settings, entry, &sum, &count);
    return (uint16_t)(weight_of(&index->settings, PART_REVIEWS) * sum / (count * 100));
}

/* Half at as many recent cases as capacity, never quite nothing: equals take turns however busy they are. */
uint16_t match_index_load(const struct match_index *index, const struct match_entry *entry)
{
    uint64_t capacity = entry->capacity, all = capacity + entry->recent_cases;

    return all == 0 ? 0 : (uint16_t)(weight_of(&index->settings, PART_LOAD) * capacity / all);
}

int32_t match_index_experience(const struct match_index *index, uint32_t cases)
{
    uint64_t full = index->settings.experience_full == 0 ? 1 : index->settings.experience_full;

    return (int32_t)(weight_of(&index->settings, PART_EXPERIENCE) * (cases < full ? cases : full) / full);
}

uint16_t match_index_merit(const struct match_index *index, const struct match_entry *entry)
{
    return (uint16_t)(match_index_reviews(index, entry) + match_index_load(index, entry));
}

void match_index_configure(struct match_index *index, const struct match_settings *settings)
{
    if (settings == NULL)
        match_settings_default(&index->settings);
    else
        index->settings = *settings;
    if (index->settings.opened_most == 0)
        index->settings.opened_most = OPENED_MOST;
    for (uint32_t cases = 0; cases <= CASES_FULL; cases++)
        index->experience[cases] = (uint16_t)match_index_experience(index, cases);
    for (uint32_t id = 0; id < index->block_count; id++)
        for (uint32_t row = 0; row < MATCH_ROWS; row++)
            if (match_row_has(index->blocks[id], SLOT_USED, row))
                index->blocks[id]->rows[row].merit =
                    match_index_merit(index, match_entry_of(index, &index->blocks[id]->rows[row]));
}

/* ---- entries ---- */

static struct match_entry *entry_at(struct match_index *index, uint32_t number)
{
    return number < index->entry_room && index->entries[number].where != NOWHERE ? &index->entries[number] : NULL;
}

/* By an eighth once there are many: doubling would take as much again as all of them. */
static void make_room(struct match_index *index, uint32_t number)
{
    size_t before = index->entry_room, room = (size_t)number + 1;

    if (number < before)
        return;
    room += room / 16 + 64;
    index->entries = memory_resize(index->entries, room, sizeof *index->entries);
    index->entry_room = room;
    for (size_t at = before; at < room; at++)
        index->entries[at] = (struct match_entry){.where = NOWHERE};
}

static void make_waiting_room(struct match_index *index, uint32_t number)
{
    size_t before = index->waiting_room;

    if (number < before)
        return;
    index->waiting = memory_grow(index->waiting, &index->waiting_room, (size_t)number + 1, sizeof(void *));
    memset(index->waiting + before, 0, (index->waiting_room - before) * sizeof(void *));
}

bool match_index_find(const struct match_index *index, uint32_t number, struct match_block **block, uint32_t *row)
{
    if (number >= index->entry_room || index->entries[number].where >= WAITING)
        return false;
    *block = index->blocks[index->entries[number].where / MATCH_ROWS];
    *row = index->entries[number].where % MATCH_ROWS;
    return true;
}

/* Out of where it is; its number stays. */
static void take_out(struct match_index *index, const struct match_entry *entry, uint32_t number)
{
    if (entry->where == WAITING) {
        match_fresh_destroy(index->waiting[number]);
        index->waiting[number] = NULL;
        index->waiting_count--;
        return;
    }
    match_block_remove(index, index->blocks[entry->where / MATCH_ROWS], entry->where % MATCH_ROWS);
}

static uint16_t in_sixteen(uint32_t count)
{
    return (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
}

void match_index_put(struct match_index *index, uint32_t number, const Fascia__Therapist *therapist,
                     const struct calendar *calendar)
{
    struct match_fresh *fresh = match_fresh_read(index, number, therapist, calendar);
    struct match_entry *entry;

    INVARIANT(number < MATCH_NOBODY);
    make_room(index, number);
    entry = &index->entries[number];
    if (entry->where != NOWHERE) {
        take_out(index, entry, number);
    } else {
        entry->open_cases = entry->recent_cases = 0;
        index->count++;
    }
    entry->rating_sum = therapist->rating_sum;
    entry->rating_count = therapist->rating_count;
    entry->capacity = in_sixteen(therapist->capacity);
    if (index->block_count > 0) {
        match_layout_insert(index, fresh);
        index->since++;
        return;
    }
    entry->where = WAITING;
    make_waiting_room(index, number);
    index->waiting[number] = fresh;
    index->waiting_count++;
}

void match_index_settle(struct match_index *index)
{
    size_t many = index->laid_out > SINCE_LEAST ? index->laid_out : SINCE_LEAST;

    if (index->waiting_count > 0 || (index->since > many && index->count <= LAID_OUT_WHOLE))
        match_layout_whole(index);
}

void match_index_remove(struct match_index *index, uint32_t number)
{
    struct match_entry *entry = entry_at(index, number);

    if (entry == NULL)
        return;
    take_out(index, entry, number);
    entry->where = NOWHERE;
    index->count--;
}

void match_index_set_load(struct match_index *index, uint32_t number, uint32_t open_cases, uint32_t recent_cases)
{
    struct match_entry *entry = entry_at(index, number);
    struct match_block *block;
    struct match_row *self;
    uint32_t row;

    if (entry == NULL)
        return;
    entry->open_cases = in_sixteen(open_cases);
    entry->recent_cases = in_sixteen(recent_cases);
    if (!match_index_find(index, number, &block, &row))
        return;
    self = match_block_row(block, index->slot_count, row);
    __builtin_prefetch(self, 1);
    match_block_set_room(block, row, entry->open_cases < entry->capacity);
    self->merit = match_index_merit(index, entry);
}
