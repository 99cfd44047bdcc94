/* Boxes around blocks, and around sixteen blocks each: which blocks a search visits. */
#include "core/memory.h"
#include "match/index.h"

#include <stdlib.h>
#include <string.h>

void match_boxes_finish(struct match_boxes *boxes)
{
    for (unsigned axis = 0; axis < 3; axis++) {
        free(boxes->low[axis]);
        free(boxes->high[axis]);
    }
    free(boxes->remote);
    memset(boxes, 0, sizeof *boxes);
}

static void make_room(struct match_boxes *boxes, size_t need)
{
    size_t room = boxes->room;

    if (need <= room)
        return;
    room = room < 64 ? 64 : room * 2;
    for (unsigned axis = 0; axis < 3; axis++) {
        boxes->low[axis] = memory_resize(boxes->low[axis], room, sizeof(int32_t));
        boxes->high[axis] = memory_resize(boxes->high[axis], room, sizeof(int32_t));
    }
    boxes->remote = memory_resize(boxes->remote, room, 1);
    boxes->room = room;
}

static void put(struct match_boxes *boxes, size_t at, const int32_t low[3], const int32_t high[3], unsigned remote)
{
    for (unsigned axis = 0; axis < 3; axis++) {
        boxes->low[axis][at] = low[axis];
        boxes->high[axis][at] = high[axis];
    }
    boxes->remote[at] = (uint8_t)remote;
}

static void widen(struct match_boxes *boxes, size_t at, const int32_t low[3], const int32_t high[3], unsigned remote)
{
    for (unsigned axis = 0; axis < 3; axis++) {
        if (low[axis] < boxes->low[axis][at])
            boxes->low[axis][at] = low[axis];
        if (high[axis] > boxes->high[axis][at])
            boxes->high[axis][at] = high[axis];
    }
    boxes->remote[at] = (uint8_t)(boxes->remote[at] | remote);
}

static const int32_t nowhere_low[3] = {INT32_MAX, INT32_MAX, INT32_MAX},
                     nowhere_high[3] = {INT32_MIN, INT32_MIN, INT32_MIN};

void match_boxes_empty(struct match_index *index, uint32_t position)
{
    put(&index->boxes, position, nowhere_low, nowhere_high, 0);
    index->groups_stale = true;
}

static unsigned remote_of(const struct match_fresh *fresh)
{
    if ((fresh->fixed >> SLOT_REMOTE & 1) == 0)
        return 0;
    return REMOTE_SOME | ((fresh->fixed >> SLOT_CLINIC & 1) == 0 ? REMOTE_WITHOUT_CLINIC : 0U) |
           ((fresh->fixed >> SLOT_HOME & 1) == 0 ? REMOTE_WITHOUT_HOME : 0U);
}

void match_boxes_widen(struct match_index *index, uint32_t position, const struct match_fresh *fresh)
{
    widen(&index->boxes, position, fresh->low, fresh->high, remote_of(fresh));
    if (!index->groups_stale)
        widen(&index->groups, position / GROUP_BLOCKS, fresh->low, fresh->high, remote_of(fresh));
}

void match_boxes_insert(struct match_index *index, uint32_t position)
{
    struct match_boxes *boxes = &index->boxes;
    size_t after = index->block_count - position;

    make_room(boxes, (size_t)index->block_count + 1);
    for (unsigned axis = 0; axis < 3; axis++) {
        memmove(boxes->low[axis] + position + 1, boxes->low[axis] + position, after * sizeof(int32_t));
        memmove(boxes->high[axis] + position + 1, boxes->high[axis] + position, after * sizeof(int32_t));
    }
    memmove(boxes->remote + position + 1, boxes->remote + position, after);
    index->groups_stale = true;
}

static void group(struct match_index *index)
{
    const struct match_boxes *boxes = &index->boxes;

    for (uint32_t position = 0; position < index->block_count; position++) {
        int32_t lower[3], upper[3];

        if (position % GROUP_BLOCKS == 0) {
            make_room(&index->groups, position / GROUP_BLOCKS + 1);
            put(&index->groups, position / GROUP_BLOCKS, nowhere_low, nowhere_high, 0);
        }
        for (unsigned axis = 0; axis < 3; axis++) {
            lower[axis] = boxes->low[axis][position];
            upper[axis] = boxes->high[axis][position];
        }
        widen(&index->groups, position / GROUP_BLOCKS, lower, upper, boxes->remote[position]);
    }
    index->groups_stale = false;
}

/* ---- searched ---- */

static uint64_t square_root_above(uint64_t square)
{
    uint64_t low = 0, high = UINT64_C(1) << 32;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (middle * middle < square)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct match_cube cube_around(struct match_point centre, uint64_t chord_limit)
{
    const int32_t at[3] = {centre.x, centre.y, centre.z};
    int64_t radius = (int64_t)square_root_above(chord_limit);
    struct match_cube cube;

    for (unsigned axis = 0; axis < 3; axis++) {
        int64_t low = at[axis] - radius, high = at[axis] + radius;

        cube.low[axis] = low < INT32_MIN + 1 ? INT32_MIN + 1 : (int32_t)low;
        cube.high[axis] = high > INT32_MAX - 1 ? INT32_MAX - 1 : (int32_t)high;
    }
    return cube;
}

uint64_t match_boxes_chord(const struct match_boxes *boxes, size_t position, struct match_point point)
{
    const int32_t at[3] = {point.x, point.y, point.z};
    uint64_t chord = 0;

    if (boxes->low[0][position] > boxes->high[0][position])
        return UINT64_MAX;
    for (unsigned axis = 0; axis < 3; axis++) {
        int64_t below = (int64_t)boxes->low[axis][position] - at[axis],
                above = (int64_t)at[axis] - boxes->high[axis][position],
                apart = below > 0   ? below
                        : above > 0 ? above
                                    : 0;

        chord += (uint64_t)(apart * apart);
    }
    return chord;
}

uint64_t match_boxes_farthest(const struct match_boxes *boxes, size_t position, struct match_point point)
{
    const int32_t at[3] = {point.x, point.y, point.z};
    uint64_t chord = 0;

    for (unsigned axis = 0; axis < 3; axis++) {
        int64_t below = (int64_t)at[axis] - boxes->low[axis][position],
                above = (int64_t)boxes->high[axis][position] - at[axis], apart = below > above ? below : above;

        chord += (uint64_t)(apart * apart);
    }
    return chord;
}

static uint64_t remote_bits(const struct match_boxes *boxes, size_t first, size_t count, unsigned remote)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < count; i++)
        bits |= (uint64_t)((boxes->remote[first + i] & remote) != 0) << i;
    return bits;
}

static size_t hit_group(struct match_index *index, size_t group, const struct match_cube *cube, bool near,
                        unsigned remote, size_t hits)
{
    size_t first = group * GROUP_BLOCKS, count = index->block_count - first;
    uint64_t bits = 0;

    count = count < GROUP_BLOCKS ? count : GROUP_BLOCKS;
    if (near)
        bits |= index->kernel->meet(index->boxes.low, index->boxes.high, first, count, cube);
    if (remote != 0)
        bits |= remote_bits(&index->boxes, first, count, remote);
    for (; bits != 0; bits &= bits - 1)
        index->hits[hits++] = (uint32_t)(first + (size_t)__builtin_ctzll(bits));
    return hits;
}

size_t match_boxes_hit(struct match_index *index, struct match_point centre, uint64_t chord_limit, bool near,
                       unsigned remote)
{
    struct match_cube cube = {{0}, {0}};
    size_t hits = 0, groups = (index->block_count + GROUP_BLOCKS - 1) / GROUP_BLOCKS;

    if (index->groups_stale)
        group(index);
    if (near)
        cube = cube_around(centre, chord_limit);
    index->hits = memory_grow(index->hits, &index->hit_room, (size_t)index->block_count + 1, sizeof *index->hits);
    for (size_t first = 0; first < groups; first += 64) {
        size_t count = groups - first < 64 ? groups - first : 64;
        uint64_t bits = 0;

        if (near)
            bits |= index->kernel->meet(index->groups.low, index->groups.high, first, count, &cube);
        if (remote != 0)
            bits |= remote_bits(&index->groups, first, count, remote);
        for (; bits != 0; bits &= bits - 1)
            hits = hit_group(index, first + (size_t)__builtin_ctzll(bits), &cube, near, remote, hits);
    }
    return hits;
}
