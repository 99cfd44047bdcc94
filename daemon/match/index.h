/*
 * How therapists lie in memory.
 *
 * In blocks of up to 512, in the order of a Hilbert curve over the sphere, so that who is near lies near. In a block each attribute (a payer, a
 * technique, a licence of a jurisdiction ...) that many therapists have is a column: one bit a therapist, one cache line. What few have is
 * kept as sorted pairs. A gate is some lines ANDed and ORed; only who is left is looked at, in 32 bytes of its own, and only who can still
 * become a candidate has its calendar opened. What does not fit a row (credentials with dates of their own, more places than
 * one) stands in an extra record. Boxes around blocks, sixteen blocks to a group, say which blocks a search has to visit.
 *
 * Which attributes have columns is decided when the index is laid out: as a whole while it is small or after loading; later,
 * blocks that are full are split, and new attributes stay pairs.
 */
#ifndef FASCIA_MATCH_INDEX_H
#define FASCIA_MATCH_INDEX_H

#include "match/days.h"
#include "match/kernel.h"
#include "match/match.h"
#include "match/sphere.h"
#include "match/terms.h"

#include <stdalign.h>

#define BLOCK_FILL     500 /* rows of a block that is laid out; the rest is for who comes later */
#define FENCES         128
#define GROUP_BLOCKS   16
#define NOWHERE        UINT32_MAX       /* not put */
#define WAITING        (UINT32_MAX - 1) /* put, but not laid out */
#define LAID_OUT_WHOLE 32768 /* up to so many therapists the index is laid out anew as it grows: some 50 ms */

enum match_kind {
    KIND_JURISDICTION, /* of licences */
    KIND_CERTIFICATION,
    KIND_TECHNIQUE,
    KIND_CONDITION,
    KIND_LANGUAGE,
    KIND_PAYER,
    KIND_PROFESSION,
    KIND_COUNT
};

/* Columns that every block has, at these slots. */
enum match_slot {
    SLOT_USED,
    SLOT_READY, /* used, accepting, and with room */
    SLOT_ACCEPTING,
    SLOT_ROOM, /* fewer open cases than capacity */
    SLOT_CLINIC,
    SLOT_HOME,
    SLOT_REMOTE,
    SLOT_GENDER,                   /* four, by Fascia__Gender */
    SLOT_PLACED = SLOT_GENDER + 4, /* some place has a position */
    SLOT_DIRTY,                    /* not used any more, and not wiped */
    SLOT_FIXED
};
#define NO_SLOT UINT16_MAX

struct match_attribute {
    uint32_t count;   /* therapists who have it */
    uint16_t slot;    /* NO_SLOT: kept as pairs */
    uint16_t ordinal; /* of conditions with a column: where their cases are */
    bool is_condition;
};

struct match_kind_table {
    struct match_terms terms;
    uint32_t *attributes; /* by number of the term */
    size_t room;
    bool *treats; /* of professions: codes_treats */
    size_t treats_room;
};

/* Days in 16 bits: since DAY_BASE, from 1; with no bound at an end, or one that no day of these years is beyond. */
#define DAY_BASE 10957 /* 2000-01-01 */
#define ALWAYS   0
#define FOREVER  UINT16_MAX

/* A licence, or a certification: only those that can count at all are kept, active and with dates that can be read. */
struct match_credential {
    uint32_t code; /* number of the jurisdiction; of the certification */
    uint32_t
        qualifier; /* profession of the licence, TERM_NONE: the therapist's own; jurisdiction of the certification, TERM_NONE: everywhere */
    uint16_t from, until;
};
struct match_place {
    struct match_point point;
    uint32_t number; /* among the therapist's places */
};
struct match_cases {
    uint32_t attribute, cases;
};

/* What a row has no room for, in one piece of 4-byte words: this, then licences, certifications, places that have a position (by number), and
 * cases of conditions with more than a block counts. */
struct match_extra {
    uint16_t licence_count, certification_count, place_count, cases_count;
};

static inline const struct match_credential *match_extra_licences(const struct match_extra *extra)
{
    return (const struct match_credential *)(extra + 1);
}
static inline const struct match_credential *match_extra_certifications(const struct match_extra *extra)
{
    return match_extra_licences(extra) + extra->licence_count;
}
static inline const struct match_place *match_extra_places(const struct match_extra *extra)
{
    return (const struct match_place *)(match_extra_certifications(extra) + extra->certification_count);
}
static inline const struct match_cases *match_extra_cases(const struct match_extra *extra)
{
    return (const struct match_cases *)(match_extra_places(extra) + extra->place_count);
}
static inline size_t match_extra_words(const struct match_extra *extra)
{
    return (sizeof *extra +
            ((size_t)extra->licence_count + extra->certification_count) * sizeof(struct match_credential) +
            extra->place_count * sizeof(struct match_place) + extra->cases_count * sizeof(struct match_cases)) /
           sizeof(uint32_t);
}

/* bits of match_row.flags */
enum {
    ROW_PLAIN = 1, /* the row says all: no extra record */
    ROW_SPOT = 2,  /* one place with a position, the first of all: the row's point says all */
};

struct match_row {
    struct match_point point; /* of the first place that has a position */
    uint32_t number;
    uint32_t home_radius; /* metres */
    union {
        uint32_t extra; /* words into match_index.pool */
        struct {
            uint16_t from, until; /* days on which all certifications hold, everywhere */
        } certified;              /* of a plain one */
    };
    uint16_t from,
        until; /* days on which all licences hold, of the own profession; unless plain, all credentials: none when from is FOREVER */
    uint16_t merit; /* points of reviews and load */
    uint16_t flags;
};
_Static_assert(sizeof(struct match_row) == 32, "two rows a cache line");

#define CASES_FULL 255u /* of a pair in a block: so many or more, and the extra record says how many */

/* One piece of memory, so that where a column lies follows from where the block lies: this, columns, rows, calendars, cases_first. The first line
 * is what a search needs of it. */
struct match_block {
    alignas(64) uint64_t (*columns)[MATCH_WORDS]; /* by slot */
    struct match_row *rows;
    const struct calendar **calendars;
    /* attributes without a column: pair_of() in block.c, ascending; fences: where each of their buckets begins */
    uint32_t *pairs;
    /* cases of conditions with a column: for each, in the order of its rows; of others: beside their pairs */
    uint8_t *cases;
    uint32_t *cases_first; /* by ordinal, and one more */
    uint32_t id, position; /* in blocks, in order */
    uint32_t count;        /* rows used */
    uint32_t pair_count;
    uint32_t fences[FENCES + 1];
    uint32_t pair_room, cases_count, cases_room, rare_count, rare_room;
    uint32_t *rare_conditions;
    uint8_t *rare_cases;
    uint64_t first_key;
};
static inline const uint64_t *match_block_column(const struct match_block *block, uint32_t slot)
{
    return (const uint64_t *)(block + 1) + (size_t)slot * MATCH_WORDS;
}

static inline struct match_row *match_block_row(struct match_block *block, uint32_t slot_count, uint32_t row)
{
    uint64_t(*columns)[MATCH_WORDS] = (void *)(block + 1);

    return (struct match_row *)(columns + slot_count) + row;
}

/* Boxes and what else a search asks of a block before it visits it: in order of position. */
struct match_boxes {
    int32_t *low[3], *high[3]; /* low above high: nothing in it has a position */
    uint8_t *remote;           /* REMOTE_... of those in it */
    size_t room;
};

/* Somebody treats by video; and does not treat in a clinic, or at home. */
enum { REMOTE_SOME = 1, REMOTE_WITHOUT_CLINIC = 2, REMOTE_WITHOUT_HOME = 4 };

/* By number; packed, for there is one for everybody. */
struct __attribute__((packed, aligned(2))) match_entry {
    uint32_t where; /* block id * MATCH_ROWS + row, or NOWHERE, WAITING */
    uint32_t rating_sum, rating_count;
    uint16_t capacity, open_cases, recent_cases; /* 65,535 stands for all beyond */
};

#define LIMITS 16 /* four bits of a hash */
struct match_limit {
    bool known;
    uint32_t metres;
    uint64_t chord; /* match_chord_limit */
};

/* Who may be a candidate: found, not looked at yet, or looked at. */
struct match_survivor {
    const struct match_block *block;
    uint64_t chord; /* squared, to where treatment would be; 0 when that is not how it is measured */
    uint32_t row;
    int32_t points; /* without earliest, or a bound of them */
};

struct match_index {
    struct match_settings settings;
    const struct codes *codes;
    const struct match_names *names;
    const struct match_kernel *kernel;
    struct match_kind_table kinds[KIND_COUNT];
    struct match_attribute *attributes;
    uint32_t attribute_count;
    size_t attribute_room;
    uint32_t slot_count, ordinal_count;
    struct match_entry *entries;
    size_t entry_room;
    size_t count;
    struct match_block **blocks; /* by id; NULL: free */
    size_t block_room;
    uint32_t block_ids;
    struct match_block **order; /* by position */
    size_t order_room;
    uint32_t block_count;
    struct match_boxes boxes, groups;
    bool groups_stale;
    size_t video_alone[2];        /* how many treat by video and not in a clinic, not at home */
    struct match_fresh **waiting; /* to be laid out; by number */
    size_t waiting_count, waiting_room;
    size_t laid_out, since; /* therapists then, and put since */
    uint32_t *pool;         /* extra records */
    size_t pool_used, pool_room, pool_wasted;
    struct match_limit limits[LIMITS];
    uint16_t experience[CASES_FULL + 1]; /* points by cases */
    /* scratch of one question */
    uint32_t *hits;
    size_t hit_room;
    struct match_survivor *survivors;
    size_t survivor_room;
    struct match_near *nears; /* misses.c */
    size_t near_count, near_room;
    struct match_step *steps;
    size_t step_count, step_room;
};

/* A therapist read, on the way into a block. */
struct match_fresh {
    uint64_t key; /* class of spread, then place on the curve */
    struct match_row row;
    const struct calendar *calendar;
    struct match_extra *extra; /* owned until it is in a block */
    int32_t low[3], high[3];   /* around all places; low above high: none */
    uint16_t fixed;            /* bits by enum match_slot, from SLOT_ACCEPTING on */
    uint32_t count;
    uint8_t *cases;        /* of each attribute; 0 for what is no condition */
    uint32_t attributes[]; /* cases follow */
};
_Static_assert(SLOT_FIXED <= 16, "fixed slots are bits of match_fresh.fixed");

static inline bool match_mask_has(const uint64_t *words, uint32_t row)
{
    return (words[row / 64] >> row % 64 & 1) != 0;
}
static inline bool match_row_has(const struct match_block *block, enum match_slot slot, uint32_t row)
{
    return match_mask_has(block->columns[slot], row);
}

static inline const struct match_entry *match_entry_of(const struct match_index *index, const struct match_row *row)
{
    return &index->entries[row->number];
}
static inline const struct match_extra *match_extra_of(const struct match_index *index, const struct match_row *row)
{
    return (row->flags & ROW_PLAIN) != 0 ? NULL : (const struct match_extra *)(index->pool + row->extra);
}

/* ---- index.c ---- */
/* Its block and row; false when it is not there. After match_index_settle. */
bool match_index_find(const struct match_index *index, uint32_t number, struct match_block **block, uint32_t *row);
/* Points of reviews and of load, which wait for no question, and both. */
uint16_t match_index_reviews(const struct match_index *index, const struct match_entry *entry);
uint16_t match_index_load(const struct match_index *index, const struct match_entry *entry);
uint16_t match_index_merit(const struct match_index *index, const struct match_entry *entry);
int32_t match_index_experience(const struct match_index *index, uint32_t cases);
/* Reviews shrunk towards the mean: points of all reviews, and of so many more at the mean. */
void match_index_shrink(const struct match_settings *settings, const struct match_entry *entry, uint64_t *sum,
                        uint64_t *count);
/* Attribute of a term; UINT32_MAX when nobody has it. */
uint32_t match_index_attribute(const struct match_index *index, enum match_kind kind, const char *text);

/* ---- fresh.c ---- */
/* Reads; counts its attributes in. extra belongs to it. */
struct match_fresh *match_fresh_read(struct match_index *index, uint32_t number, const Fascia__Therapist *source,
                                     const struct calendar *calendar);
struct match_fresh *match_fresh_create(uint32_t room);
/* Box, class of spread and key, from its places. */
void match_fresh_place(struct match_fresh *fresh);
void match_fresh_destroy(struct match_fresh *fresh);

/* ---- extra.c ---- */
/* Into the pool; where. */
uint32_t match_extra_keep(struct match_index *index, const struct match_extra *extra);
void match_extra_forget(struct match_index *index, const struct match_row *row);
/* On the heap. */
struct match_extra *match_extra_copy(const struct match_extra *extra);

/* ---- block.c ---- */
struct match_block *match_block_create(const struct match_index *index);
void match_block_destroy(struct match_block *block);
/* Gives back what it has room for beyond what is in it. */
void match_block_trim(struct match_block *block);
size_t match_block_bytes(const struct match_index *index, const struct match_block *block);
/* Into a free row; there is one. Which. */
uint32_t match_block_add(struct match_index *index, struct match_block *block, const struct match_fresh *fresh);
/* How many of the block treat by video and not as this slot says, SLOT_CLINIC or SLOT_HOME. */
uint32_t match_block_video_alone(const struct match_index *index, const struct match_block *block, uint32_t slot);
/* Marks the row as not used; it is wiped when it is used again. */
void match_block_remove(struct match_index *index, struct match_block *block, uint32_t row);
void match_block_set_room(struct match_block *block, uint32_t row, bool room);
/* All of its rows, in a new array of block->count; extra records are copied. */
struct match_fresh **match_block_take_apart(struct match_index *index, struct match_block *block);
/* Rows that have the attribute, which has no column. */
void match_block_pairs(const struct match_block *block, uint32_t attribute, uint64_t words[MATCH_WORDS]);
/* Before match_block_cases() of many. */
void match_block_fetch_cases(const struct match_index *index, const struct match_block *block, uint32_t row,
                             uint32_t attribute);
uint32_t match_block_cases(const struct match_index *index, const struct match_block *block, uint32_t row,
                           uint32_t attribute);

/* ---- layout.c ---- */
/* Puts one that was read where it belongs; fresh is taken over. */
void match_layout_insert(struct match_index *index, struct match_fresh *fresh);
void match_layout_whole(struct match_index *index);

/* ---- boxes.c ---- */
void match_boxes_finish(struct match_boxes *boxes);
/* Nothing in it yet. */
void match_boxes_empty(struct match_index *index, uint32_t position);
void match_boxes_widen(struct match_index *index, uint32_t position, const struct match_fresh *fresh);
/* Makes room for a block at the position. */
void match_boxes_insert(struct match_index *index, uint32_t position);
/* Positions of blocks that a search has to visit, ascending, into index->hits: whose box meets the ball (squared chord below limit) when near is
 * asked for, and those with one of the bits of remote. How many. */
size_t match_boxes_hit(struct match_index *index, struct match_point centre, uint64_t chord_limit, bool near,
                       unsigned remote);
/* Squared chord from the point to the box, rounded down; UINT64_MAX when it is empty. */
uint64_t match_boxes_chord(const struct match_boxes *boxes, size_t position, struct match_point point);
/* To its farthest corner; of one that is not empty. */
uint64_t match_boxes_farthest(const struct match_boxes *boxes, size_t position, struct match_point point);

/* ---- hilbert.c ---- */
uint64_t match_hilbert(struct match_point point); /* 60 bits */

#endif
