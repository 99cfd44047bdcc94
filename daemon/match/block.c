/* A block: columns, pairs, cases and rows of up to 512 therapists. */
#include "core/fault.h"
#include "core/memory.h"
#include "match/index.h"

#include <stdlib.h>
#include <string.h>

#define ROW_BITS    9
#define BUCKET_BITS 7
_Static_assert(1 << ROW_BITS == MATCH_ROWS && 1 << BUCKET_BITS == FENCES, "a pair is bucket, attribute and row");

/* Ordered by bucket, then attribute, then row: what a fence finds is then a few pairs away. */
static uint32_t pair_of(uint32_t attribute, uint32_t row)
{
    return (attribute & (FENCES - 1)) << (32 - BUCKET_BITS) | attribute >> BUCKET_BITS << ROW_BITS | row;
}

static uint32_t attribute_of_pair(uint32_t pair)
{
    return pair >> (32 - BUCKET_BITS) | (pair << BUCKET_BITS >> (BUCKET_BITS + ROW_BITS)) << BUCKET_BITS;
}

static size_t chunk_of(const struct match_index *index)
{
    return sizeof(struct match_block) + (size_t)index->slot_count * MATCH_WORDS * sizeof(uint64_t) +
           MATCH_ROWS * (sizeof(struct match_row) + sizeof(struct calendar *)) +
           ((size_t)index->ordinal_count + 1) * sizeof(uint32_t);
}

struct match_block *match_block_create(const struct match_index *index)
{
    struct match_block *block = memory_allocate_lines(chunk_of(index));

    block->columns = (uint64_t(*)[MATCH_WORDS])(block + 1);
    block->rows = (struct match_row *)(block->columns + index->slot_count);
    block->calendars = (const struct calendar **)(block->rows + MATCH_ROWS);
    block->cases_first = (uint32_t *)(block->calendars + MATCH_ROWS);
    return block;
}

size_t match_block_bytes(const struct match_index *index, const struct match_block *block)
{
    return chunk_of(index) - MATCH_ROWS * sizeof(struct calendar *) +
           ((size_t)block->pair_room + block->rare_room) * sizeof(uint32_t) + block->cases_room + block->rare_room;
}

void match_block_trim(struct match_block *block)
{
    block->pair_room = block->pair_count;
    block->pairs = memory_resize(block->pairs, block->pair_room, sizeof *block->pairs);
    block->cases_room = block->cases_count;
    block->cases = memory_resize(block->cases, block->cases_room, 1);
    block->rare_room = block->rare_count;
    block->rare_conditions = memory_resize(block->rare_conditions, block->rare_room, sizeof *block->rare_conditions);
    block->rare_cases = memory_resize(block->rare_cases, block->rare_room, 1);
}

void match_block_destroy(struct match_block *block)
{
    if (block == NULL)
        return;
    free(block->pairs);
    free(block->cases);
    free(block->rare_conditions);
    free(block->rare_cases);
    free(block);
}

/* ---- pairs ---- */

static uint32_t first_at_least(const uint32_t *pairs, uint32_t low, uint32_t high, uint32_t pair)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (pairs[middle] < pair)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Rooms are counted in 32 bits: there are never more pairs than codes fit. */
static void *grow(void *pieces, uint32_t *room, uint32_t need, size_t size)
{
    if (need > *room) {
        *room = need + need / 4 + 8;
        pieces = memory_resize(pieces, *room, size);
    }
    return pieces;
}

static void add_pair(struct match_block *block, uint32_t attribute, uint32_t row)
{
    uint32_t bucket = attribute & (FENCES - 1), pair = pair_of(attribute, row), at;

    at = first_at_least(block->pairs, block->fences[bucket], block->fences[bucket + 1], pair);
    block->pairs = grow(block->pairs, &block->pair_room, block->pair_count + 1, sizeof *block->pairs);
    memmove(block->pairs + at + 1, block->pairs + at, (block->pair_count - at) * sizeof *block->pairs);
    block->pairs[at] = pair;
    block->pair_count++;
    for (uint32_t fence = bucket + 1; fence <= FENCES; fence++)
        block->fences[fence]++;
}

/* A bucket has a few pairs, in one cache line or two: no search is quicker than going through them. */
void match_block_pairs(const struct match_block *block, uint32_t attribute, uint64_t words[MATCH_WORDS])
{
    uint32_t bucket = attribute & (FENCES - 1), first = pair_of(attribute, 0);

    for (uint32_t at = block->fences[bucket]; at < block->fences[bucket + 1]; at++) {
        uint32_t row = block->pairs[at] - first;

        if (row < MATCH_ROWS)
            words[row / 64] |= UINT64_C(1) << row % 64;
    }
}

/* ---- cases ---- */

/* The row's bit is not set yet. */
static void add_cases(struct match_index *index, struct match_block *block, const struct match_attribute *attribute,
                      uint32_t row, uint8_t cases)
{
    uint32_t at = block->cases_first[attribute->ordinal] + index->kernel->rank(block->columns[attribute->slot], row);

    block->cases = grow(block->cases, &block->cases_room, block->cases_count + 1, 1);
    memmove(block->cases + at + 1, block->cases + at, block->cases_count - at);
    block->cases[at] = cases;
    block->cases_count++;
    for (uint32_t ordinal = attribute->ordinal + 1U; ordinal <= index->ordinal_count; ordinal++)
        block->cases_first[ordinal]++;
}

/* The row's bit is still set. */
static void drop_cases(struct match_index *index, struct match_block *block, const struct match_attribute *attribute,
                       uint32_t row)
{
    uint32_t at = block->cases_first[attribute->ordinal] + index->kernel->rank(block->columns[attribute->slot], row);

    block->cases_count--;
    memmove(block->cases + at, block->cases + at + 1, block->cases_count - at);
    for (uint32_t ordinal = attribute->ordinal + 1U; ordinal <= index->ordinal_count; ordinal++)
        block->cases_first[ordinal]--;
}

static void add_rare_cases(struct match_block *block, uint32_t attribute, uint32_t row, uint8_t cases)
{
    uint32_t pair = pair_of(attribute, row), room = block->rare_room,
             at = first_at_least(block->rare_conditions, 0, block->rare_count, pair);

    block->rare_conditions = grow(block->rare_conditions, &block->rare_room, block->rare_count + 1, sizeof pair);
    if (block->rare_room != room)
        block->rare_cases = memory_resize(block->rare_cases, block->rare_room, 1);
    memmove(block->rare_conditions + at + 1, block->rare_conditions + at, (block->rare_count - at) * sizeof pair);
    memmove(block->rare_cases + at + 1, block->rare_cases + at, block->rare_count - at);
    block->rare_conditions[at] = pair;
    block->rare_cases[at] = cases;
    block->rare_count++;
}

static uint8_t kept_cases(const struct match_index *index, const struct match_block *block, uint32_t row,
                          uint32_t attribute)
{
    const struct match_attribute *known = &index->attributes[attribute];
    uint32_t pair = pair_of(attribute, row), at;

    if (known->slot != NO_SLOT)
        return match_mask_has(block->columns[known->slot], row)
                   ? block->cases[block->cases_first[known->ordinal] +
                                  index->kernel->rank(block->columns[known->slot], row)]
                   : 0;
    at = first_at_least(block->rare_conditions, 0, block->rare_count, pair);
    return at < block->rare_count && block->rare_conditions[at] == pair ? block->rare_cases[at] : 0;
}

void match_block_fetch_cases(const struct match_index *index, const struct match_block *block, uint32_t row,
                             uint32_t attribute)
{
    const struct match_attribute *known = &index->attributes[attribute];

    if (known->slot != NO_SLOT)
        __builtin_prefetch(&block->cases[block->cases_first[known->ordinal] +
                                         index->kernel->rank(match_block_column(block, known->slot), row)]);
}

uint32_t match_block_cases(const struct match_index *index, const struct match_block *block, uint32_t row,
                           uint32_t attribute)
{
    uint32_t cases = kept_cases(index, block, row, attribute);
    const struct match_extra *extra;

    if (cases < CASES_FULL)
        return cases;
    extra = match_extra_of(index, &block->rows[row]);
    for (uint32_t i = 0; extra != NULL && i < extra->cases_count; i++)
        if (match_extra_cases(extra)[i].attribute == attribute && match_extra_cases(extra)[i].cases > cases)
            cases = match_extra_cases(extra)[i].cases;
    return cases;
}

/* ---- rows ---- */

static void set_bit(uint64_t words[MATCH_WORDS], uint32_t row, bool value)
{
    words[row / 64] = (words[row / 64] & ~(UINT64_C(1) << row % 64)) | (uint64_t)value << row % 64;
}

static uint32_t drop_row(uint32_t *pairs, uint8_t *beside, uint32_t count, uint32_t row)
{
    uint32_t kept = 0;

    for (uint32_t at = 0; at < count; at++) {
        if (pairs[at] % MATCH_ROWS == row)
            continue;
        if (beside != NULL)
            beside[kept] = beside[at];
        pairs[kept++] = pairs[at];
    }
    return kept;
}

/* What its last therapist left. */
static void wipe(struct match_index *index, struct match_block *block, uint32_t row)
{
    for (uint32_t i = 0; i < index->attribute_count; i++) {
        const struct match_attribute *attribute = &index->attributes[i];

        if (attribute->slot == NO_SLOT || !match_mask_has(block->columns[attribute->slot], row))
            continue;
        if (attribute->is_condition)
            drop_cases(index, block, attribute, row);
        set_bit(block->columns[attribute->slot], row, false);
    }
    for (uint32_t slot = 0; slot < SLOT_FIXED; slot++)
        set_bit(block->columns[slot], row, false);
    block->rare_count = drop_row(block->rare_conditions, block->rare_cases, block->rare_count, row);
    block->pair_count = drop_row(block->pairs, NULL, block->pair_count, row);
    for (uint32_t bucket = 1, at = 0; bucket <= FENCES; bucket++) {
        while (at < block->pair_count && block->pairs[at] >> (32 - BUCKET_BITS) < bucket)
            at++;
        block->fences[bucket] = at;
    }
}

static uint32_t free_row(const struct match_block *block)
{
    uint32_t dirty = MATCH_ROWS;

    for (uint32_t word = 0; word < MATCH_WORDS; word++) {
        uint64_t unused = ~block->columns[SLOT_USED][word], clean = unused & ~block->columns[SLOT_DIRTY][word];

        if (clean != 0)
            return word * 64 + (uint32_t)__builtin_ctzll(clean);
        if (unused != 0 && dirty == MATCH_ROWS)
            dirty = word * 64 + (uint32_t)__builtin_ctzll(unused);
    }
    INVARIANT(dirty < MATCH_ROWS);
    return dirty;
}

/* Comes, or goes. */
static void count_video(struct match_index *index, const struct match_block *block, uint32_t row, bool comes)
{
    if (!match_row_has(block, SLOT_REMOTE, row))
        return;
    for (uint32_t way = 0; way < 2; way++)
        if (!match_mask_has(block->columns[SLOT_CLINIC + way], row))
            index->video_alone[way] += comes ? 1 : SIZE_MAX;
}

uint32_t match_block_video_alone(const struct match_index *index, const struct match_block *block, uint32_t slot)
{
    uint64_t words[MATCH_WORDS];

    for (unsigned word = 0; word < MATCH_WORDS; word++)
        words[word] = block->columns[SLOT_USED][word] & block->columns[SLOT_REMOTE][word] & ~block->columns[slot][word];
    return index->kernel->count(words);
}

uint32_t match_block_add(struct match_index *index, struct match_block *block, const struct match_fresh *fresh)
{
    const struct match_entry *entry = &index->entries[fresh->row.number];
    uint32_t row = free_row(block);

    if (match_row_has(block, SLOT_DIRTY, row))
        wipe(index, block, row);
    block->rows[row] = fresh->row;
    if (fresh->extra != NULL)
        block->rows[row].extra = match_extra_keep(index, fresh->extra);
    block->rows[row].merit = match_index_merit(index, entry);
    block->calendars[row] = fresh->calendar;
    set_bit(block->columns[SLOT_USED], row, true);
    for (uint32_t slot = SLOT_ACCEPTING; slot < SLOT_DIRTY; slot++)
        if ((fresh->fixed >> slot & 1) != 0)
            set_bit(block->columns[slot], row, true);
    count_video(index, block, row, true);
    match_block_set_room(block, row, entry->open_cases < entry->capacity);
    for (uint32_t i = 0; i < fresh->count; i++) {
        const struct match_attribute *attribute = &index->attributes[fresh->attributes[i]];

        if (attribute->slot == NO_SLOT) {
            add_pair(block, fresh->attributes[i], row);
            if (attribute->is_condition)
                add_rare_cases(block, fresh->attributes[i], row, fresh->cases[i]);
        } else {
            if (attribute->is_condition)
                add_cases(index, block, attribute, row, fresh->cases[i]);
            set_bit(block->columns[attribute->slot], row, true);
        }
    }
    block->count++;
    return row;
}

void match_block_remove(struct match_index *index, struct match_block *block, uint32_t row)
{
    match_extra_forget(index, &block->rows[row]);
    count_video(index, block, row, false);
    set_bit(block->columns[SLOT_USED], row, false);
    set_bit(block->columns[SLOT_READY], row, false);
    set_bit(block->columns[SLOT_DIRTY], row, true);
    block->count--;
}

void match_block_set_room(struct match_block *block, uint32_t row, bool room)
{
    uint64_t(*columns)[MATCH_WORDS] =
        (void *)(block + 1); /* all at once out of memory: not by way of the block's first line */

    set_bit(columns[SLOT_ROOM], row, room);
    set_bit(columns[SLOT_READY], row, room && match_mask_has(columns[SLOT_ACCEPTING], row));
}

/* ---- taken apart ---- */

static void count_attributes(const struct match_index *index, const struct match_block *block,
                             uint32_t counts[MATCH_ROWS])
{
    memset(counts, 0, MATCH_ROWS * sizeof *counts);
    for (uint32_t i = 0; i < index->attribute_count; i++) {
        if (index->attributes[i].slot == NO_SLOT)
            continue;
        for (uint32_t word = 0; word < MATCH_WORDS; word++)
            for (uint64_t left = block->columns[index->attributes[i].slot][word]; left != 0; left &= left - 1)
                counts[word * 64 + (uint32_t)__builtin_ctzll(left)]++;
    }
    for (uint32_t at = 0; at < block->pair_count; at++)
        counts[block->pairs[at] % MATCH_ROWS]++;
}

static void give_attribute(struct match_fresh *fresh, uint32_t attribute, uint8_t cases)
{
    if (fresh == NULL)
        return;
    fresh->attributes[fresh->count] = attribute;
    fresh->cases[fresh->count++] = cases;
}

static void give_attributes(const struct match_index *index, const struct match_block *block,
                            struct match_fresh *rows[MATCH_ROWS])
{
    for (uint32_t i = 0; i < index->attribute_count; i++) {
        const struct match_attribute *attribute = &index->attributes[i];
        uint32_t at;

        if (attribute->slot == NO_SLOT)
            continue;
        at = attribute->is_condition ? block->cases_first[attribute->ordinal] : 0;
        for (uint32_t word = 0; word < MATCH_WORDS; word++)
            for (uint64_t left = block->columns[attribute->slot][word]; left != 0; left &= left - 1)
                give_attribute(rows[word * 64 + (uint32_t)__builtin_ctzll(left)], i,
                               attribute->is_condition ? block->cases[at++] : 0);
    }
    for (uint32_t at = 0; at < block->pair_count; at++) {
        uint32_t row = block->pairs[at] % MATCH_ROWS, attribute = attribute_of_pair(block->pairs[at]);
        bool is_condition = index->attributes[attribute].is_condition;

        if (rows[row] != NULL)
            give_attribute(rows[row], attribute, is_condition ? kept_cases(index, block, row, attribute) : 0);
    }
}

static struct match_fresh *take_row(struct match_index *index, struct match_block *block, uint32_t row, uint32_t room)
{
    struct match_fresh *fresh = match_fresh_create(room);

    fresh->row = block->rows[row];
    fresh->calendar = block->calendars[row];
    fresh->extra = match_extra_copy(match_extra_of(index, &block->rows[row]));
    match_extra_forget(index, &block->rows[row]);
    count_video(index, block, row, false);
    for (uint32_t slot = SLOT_ACCEPTING; slot < SLOT_DIRTY; slot++)
        fresh->fixed = (uint16_t)(fresh->fixed | (unsigned)match_mask_has(block->columns[slot], row) << slot);
    fresh->fixed &= (uint16_t) ~(1U << SLOT_ROOM);
    match_fresh_place(fresh);
    return fresh;
}

struct match_fresh **match_block_take_apart(struct match_index *index, struct match_block *block)
{
    struct match_fresh **taken = memory_allocate(block->count, sizeof *taken), *rows[MATCH_ROWS] = {NULL};
    uint32_t counts[MATCH_ROWS], count = 0;

    count_attributes(index, block, counts);
    for (uint32_t row = 0; row < MATCH_ROWS; row++) {
        if (!match_row_has(block, SLOT_USED, row))
            continue;
        rows[row] = take_row(index, block, row, counts[row]);
        taken[count++] = rows[row];
    }
    INVARIANT(count == block->count);
    give_attributes(index, block, rows);
    return taken;
}
