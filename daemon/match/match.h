/*
 * The matcher: which therapists may treat, who of them is best, and why not the others.
 *
 * Gates first, in the order of enum match_gate; then score, as named parts that add up; then order, ties by recent cases, then identifier.
 * All arithmetic that decides is integer arithmetic: the same inputs give the same answer on every machine.
 * Strings are interned on put; a code that no therapist has fails its gate without a search. Nothing here bounds how many
 * payers, techniques or conditions there are.
 * The index behind this door can change without its callers: they put therapists, and ask. Not shared between threads.
 */
#ifndef FASCIA_MATCH_MATCH_H
#define FASCIA_MATCH_MATCH_H

#include "core/calendar.h"
#include "core/codes.h"
#include "fascia/v1/event.pb-c.h"
#include "fascia/v1/therapist.pb-c.h"

enum match_gate {
    GATE_NAMED,     /* the therapist that the referrer named, when one was */
    GATE_DISTANCE,  /* clinic: nearest place within max_distance; home: within it and the therapist's radius */
    GATE_MODE,      /* visit mode */
    GATE_ACCEPTING, /* not switched off */
    GATE_DECLINED,  /* has not declined this referral, or let its offer expire */
    GATE_PROFESSION,
    GATE_LICENCE,       /* active, in the patient's jurisdiction, on the treatment date; where one is required */
    GATE_CERTIFICATION, /* one of each group asked for or implied, active on the treatment date */
    GATE_TECHNIQUE,     /* every required one, and one of the suitable ones */
    GATE_CONDITION,     /* treats every category of the referral */
    GATE_CAUTION,       /* offers a technique that no caution of the referral rules out */
    GATE_PAYER,
    GATE_LANGUAGE,
    GATE_GENDER,
    GATE_CAPACITY, /* fewer open cases than capacity */
    GATE_TIME,     /* enough consecutive free time in the patient's windows and dates */
    GATE_COUNT,
    GATE_NONE = GATE_COUNT
};
const char *match_gate_name(enum match_gate gate); /* "licence" */

enum match_part { PART_DISTANCE, PART_EXPERIENCE, PART_REVIEWS, PART_EARLIEST, PART_CONTINUITY, PART_LOAD, PART_COUNT };
const char *match_part_name(enum match_part part);

/* Weights in points at a part's best; 0 switches it off. Defaults 300 200 150 200 100 50. */
struct match_settings {
    int32_t weight[PART_COUNT]; /* 0..10000 */
    uint32_t rating_mean;       /* 0..100, towards which few reviews are shrunk; 80 */
    uint32_t rating_prior;      /* how many reviews the mean counts as; 10 */
    int64_t earliest_span;      /* ms after which an earliest time earns nothing; 28 days */
    uint32_t experience_full;   /* cases that earn the whole of experience */
    uint32_t
        opened_most; /* calendars looked into for one question, best first; sixteen times as many while nobody has time; 16,384 */
};
void match_settings_default(struct match_settings *settings);

/* Therapists are known here by small numbers that the caller gives, 0.. without large gaps, each forever the same therapist's. Both calls are
 * pure; names live as long as the index. */
#define MATCH_NOBODY UINT32_MAX
struct match_names {
    void *context;
    const char *(*name)(void *context, uint32_t number);       /* of a number that was put */
    uint32_t (*number)(void *context, const char *identifier); /* MATCH_NOBODY when never heard of */
};

struct match_index;
/* settings NULL: defaults. codes and what names points to are borrowed. */
struct match_index *match_index_create(const struct match_settings *settings, const struct codes *codes,
                                       const struct match_names *names);
void match_index_destroy(struct match_index *index);
void match_index_configure(struct match_index *index, const struct match_settings *settings);

/* Adds, or replaces and keeps the load. The calendar is borrowed until remove, replace or destroy; it may change meanwhile. */
void match_index_put(struct match_index *index, uint32_t number, const Fascia__Therapist *therapist,
                     const struct calendar *calendar);
void match_index_remove(struct match_index *index, uint32_t number);
/* Lays out what was put since the index was made or grew much: once after loading; else the next question does it. */
void match_index_settle(struct match_index *index);
/* Open cases count against capacity; recent ones (accepted in the last 90 days) against the load part; 65,535 stands for all beyond. */
void match_index_set_load(struct match_index *index, uint32_t number, uint32_t open_cases, uint32_t recent_cases);
size_t match_index_count(const struct match_index *index);
/* The answers are the same to the last bit; PLAIN is what a processor without AVX2 gets, and tests. */
enum match_path { MATCH_PATH_BEST, MATCH_PATH_PLAIN };
void match_index_set_path(struct match_index *index, enum match_path path);
size_t match_index_bytes(const struct match_index *index); /* of memory; calendars and where they are not counted */

struct match_query {
    const Fascia__Need *need;
    const struct zone *zone; /* of need's windows and dates */
    int64_t now;
    const uint32_t *declined; /* numbers */
    size_t declined_count;
    const uint32_t *treated_by; /* who treated this patient before */
    size_t treated_by_count;
    uint32_t limit; /* candidates wanted, 1..10; of match_run, 1..64 */
    /* Metres at which distance earns half of its points, where max_distance is to bound nothing; 0: it earns none at max_distance. */
    uint32_t distance_half;
    bool has_case; /* match_check: the therapist has accepted it already, so accepting and capacity are not asked */
};

#define MATCH_CANDIDATES 10
#define MATCH_SHORTLIST  64
struct match_candidate {
    uint32_t therapist; /* number */
    int32_t total, points[PART_COUNT];
    int64_t first_free;
    uint32_t distance; /* metres; 0 when remote */
    uint32_t place;    /* number among the therapist's places */
};
struct match_found {
    size_t count;
    bool bounded; /* more calendars than opened_most had to be looked into: there may be others */
    struct match_candidate candidates[MATCH_CANDIDATES]; /* best first */
};
/* Who may treat, the best of them: the same as match_run's candidates, without its counts and words. */
void match_find(struct match_index *index, const struct match_query *query, struct match_found *found);

/* Never NULL; free with fascia__explanation__free_unpacked(.., NULL). `need` is copied into it. */
Fascia__Explanation *match_run(struct match_index *index, const struct match_query *query);

/* One therapist, at one time, once more: the first gate not met, or GATE_NONE. from == to leaves GATE_TIME out;
 * otherwise the slot must be free unless held is true, and credentials must hold on all its days. own_case: the referral already counts in
 * open_cases. Who is not in the index does not meet GATE_ACCEPTING. */
enum match_gate match_check(struct match_index *index, const struct match_query *query, uint32_t therapist,
                            int64_t from, int64_t to, bool held, bool own_case);

/* One therapist, as match_find sees them: the first free time of who meets every gate, else INT64_MAX. */
int64_t match_earliest(struct match_index *index, const struct match_query *query, uint32_t therapist);

/* Metres between two points on the sphere, by integer chord: exact to the metre below 100 km, within two as far as 19,000,
 * monotone everywhere. */
uint32_t match_distance(int32_t latitude_a, int32_t longitude_a, int32_t latitude_b, int32_t longitude_b);

#endif
