/* Where therapists come to lie: laid out as a whole, or put into the block where they belong, which is split when it is full. */
#include "core/fault.h"
#include "core/memory.h"
#include "match/index.h"

#include <stdlib.h>
#include <string.h>

#define COLUMN_SHARE                                                                                                   \
    64 /* one therapist of so many has it: a column takes little more room than pairs, and fewer waits */
#define COLUMNS_MOST 4096

static int by_key(const void *left, const void *right)
{
    const struct match_fresh *a = *(const struct match_fresh *const *)left,
                             *b = *(const struct match_fresh *const *)right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->row.number > b->row.number) - (a->row.number < b->row.number);
}

/* ---- blocks ---- */

static struct match_block *insert_block(struct match_index *index, uint32_t position, uint64_t first_key)
{
    struct match_block *block = match_block_create(index);

    INVARIANT(index->block_count < WAITING / MATCH_ROWS);
    block->first_key = first_key;
    block->id = index->block_count; /* blocks are never given up between layouts, so ids are as many */
    index->blocks = memory_grow(index->blocks, &index->block_room, (size_t)block->id + 1, sizeof(struct match_block *));
    index->blocks[block->id] = block;
    match_boxes_insert(index, position);
    index->order =
        memory_grow(index->order, &index->order_room, (size_t)index->block_count + 1, sizeof(struct match_block *));
    memmove(index->order + position + 1, index->order + position,
            (index->block_count - position) * sizeof(struct match_block *));
    index->order[position] = block;
    index->block_count++;
    for (uint32_t at = position; at < index->block_count; at++)
        index->order[at]->position = at;
    match_boxes_empty(index, position);
    return block;
}

/* fresh is used up. */
static void add(struct match_index *index, struct match_block *block, struct match_fresh *fresh)
{
    struct match_entry *entry = &index->entries[fresh->row.number];
    uint32_t row = match_block_add(index, block, fresh);

    entry->where = block->id * MATCH_ROWS + row;
    match_boxes_widen(index, block->position, fresh);
    match_fresh_destroy(fresh);
}

static void destroy_blocks(struct match_index *index)
{
    for (uint32_t id = 0; id < index->block_count; id++)
        match_block_destroy(index->blocks[id]);
    index->block_count = 0;
}

/* ---- as a whole ---- */

static void count_attributes(struct match_index *index, struct match_fresh *const *all, size_t count)
{
    for (uint32_t i = 0; i < index->attribute_count; i++)
        index->attributes[i].count = 0;
    for (size_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < all[i]->count; j++)
            index->attributes[all[i]->attributes[j]].count++;
}

static void choose_columns(struct match_index *index, size_t therapists)
{
    index->slot_count = SLOT_FIXED;
    index->ordinal_count = 0;
    for (uint32_t i = 0; i < index->attribute_count; i++) {
        struct match_attribute *attribute = &index->attributes[i];
        bool many = attribute->count >= 4 && (uint64_t)attribute->count * COLUMN_SHARE >= therapists;

        attribute->slot = many && index->slot_count < COLUMNS_MOST ? (uint16_t)index->slot_count++ : NO_SLOT;
        attribute->ordinal =
            attribute->slot != NO_SLOT && attribute->is_condition ? (uint16_t)index->ordinal_count++ : 0;
    }
}

static struct match_fresh **gather(struct match_index *index, size_t *count)
{
    struct match_fresh **all = memory_allocate(index->count, sizeof(struct match_fresh *));

    *count = 0;
    for (uint32_t id = 0; id < index->block_count; id++) {
        struct match_fresh **taken = match_block_take_apart(index, index->blocks[id]);

        memcpy(all + *count, taken, index->blocks[id]->count * sizeof *taken);
        *count += index->blocks[id]->count;
        free(taken);
    }
    for (size_t number = 0; number < index->waiting_room; number++)
        if (index->waiting[number] != NULL)
            all[(*count)++] = index->waiting[number];
    INVARIANT(*count == index->count);
    free(index->waiting);
    index->waiting = NULL;
    index->waiting_count = index->waiting_room = 0;
    index->pool_used = index->pool_wasted = 0;
    return all;
}

void match_layout_whole(struct match_index *index)
{
    size_t count;
    struct match_fresh **all = gather(index, &count);
    struct match_block *block = NULL;

    destroy_blocks(index);
    if (count > 1)
        qsort(all, count, sizeof *all, by_key);
    count_attributes(index, all, count);
    choose_columns(index, count);
    for (size_t i = 0; i < count; i++) {
        /* a class begins in a block of its own, so that one who is everywhere makes no box large */
        if (block == NULL || block->count == BLOCK_FILL || all[i]->key >> 60 != block->first_key >> 60)
            block = insert_block(index, index->block_count, block == NULL ? 0 : all[i]->key);
        add(index, block, all[i]);
    }
    for (uint32_t id = 0; id < index->block_count; id++)
        match_block_trim(index->blocks[id]);
    index->laid_out = count;
    index->since = 0;
    free(all);
}

/* ---- one by one ---- */

/* The last block that begins at or before the key. */
static struct match_block *block_of(const struct match_index *index, uint64_t key)
{
    uint32_t low = 0, high = index->block_count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (index->order[middle]->first_key <= key)
            low = middle;
        else
            high = middle;
    }
    return index->order[low];
}

/* Halves it; equal keys may come to lie in either half, which a search by box does not mind. */
static void split(struct match_index *index, struct match_block *block)
{
    uint32_t count = block->count, position = block->position, id = block->id;
    uint64_t first_key = block->first_key;
    struct match_fresh **rows = match_block_take_apart(index, block);
    struct match_block *halves[2];

    qsort(rows, count, sizeof *rows, by_key);
    match_block_destroy(block);
    halves[0] = match_block_create(index);
    halves[0]->id = id;
    halves[0]->position = position;
    halves[0]->first_key = first_key;
    index->blocks[id] = index->order[position] = halves[0];
    match_boxes_empty(index, position);
    halves[1] = insert_block(index, position + 1, rows[count / 2]->key);
    for (uint32_t i = 0; i < count; i++)
        add(index, halves[i >= count / 2], rows[i]);
    free(rows);
}

void match_layout_insert(struct match_index *index, struct match_fresh *fresh)
{
    struct match_block *block;

    INVARIANT(index->block_count > 0);
    block = block_of(index, fresh->key);
    if (block->count == MATCH_ROWS) {
        split(index, block);
        block = block_of(index, fresh->key);
    }
    add(index, block, fresh);
}
