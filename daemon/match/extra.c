/* The pool of extra records: packed, and packed anew when a third of it is waste. */
#include "core/fault.h"
#include "core/memory.h"
#include "match/index.h"

#include <stdlib.h>
#include <string.h>

#define WASTE_LEAST 65536 /* words */

static uint32_t append(uint32_t **pool, size_t *used, size_t *room, const struct match_extra *extra)
{
    size_t words = match_extra_words(extra), at = *used;

    INVARIANT(at + words <= UINT32_MAX);
    if (*pool == NULL || at + words > *room) {
        *room = at + words + at / 8 + 256;
        *pool = memory_resize(*pool, *room, sizeof **pool);
    }
    memcpy(*pool + at, extra, words * sizeof **pool);
    *used += words;
    return (uint32_t)at;
}

static void pack(struct match_index *index)
{
    uint32_t *pool = NULL;
    size_t used = 0, room = 0;

    for (uint32_t id = 0; id < index->block_count; id++) {
        struct match_block *block = index->blocks[id];

        for (uint32_t row = 0; row < MATCH_ROWS; row++)
            if (match_row_has(block, SLOT_USED, row) && (block->rows[row].flags & ROW_PLAIN) == 0)
                block->rows[row].extra = append(&pool, &used, &room, match_extra_of(index, &block->rows[row]));
    }
    free(index->pool);
    index->pool = pool;
    index->pool_used = used;
    index->pool_room = room;
    index->pool_wasted = 0;
}

uint32_t match_extra_keep(struct match_index *index, const struct match_extra *extra)
{
    if (index->pool_wasted > WASTE_LEAST && index->pool_wasted > index->pool_used / 3)
        pack(index);
    return append(&index->pool, &index->pool_used, &index->pool_room, extra);
}

void match_extra_forget(struct match_index *index, const struct match_row *row)
{
    const struct match_extra *extra = match_extra_of(index, row);

    if (extra != NULL)
        index->pool_wasted += match_extra_words(extra);
}

struct match_extra *match_extra_copy(const struct match_extra *extra)
{
    struct match_extra *copy;

    if (extra == NULL)
        return NULL;
    copy = memory_allocate(match_extra_words(extra), sizeof(uint32_t));
    memcpy(copy, extra, match_extra_words(extra) * sizeof(uint32_t));
    return copy;
}
