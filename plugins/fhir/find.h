/*
 * How a search is worked off, in three steps: candidates (find_candidates.c) are listed or named by the criteria, looked at (find.c) and kept when they match, and
 * what is included with them is fetched (find_related.c); then the Bundle is written (find_bundle.c).
 *
 * A page ends when it is full or enough was looked at. Where it ends is a position, which the link "next" carries: nothing is kept between requests, and a resource that
 * comes or goes meanwhile moves no other.
 */
#ifndef FHIR_FIND_H
#define FHIR_FIND_H

#include "fhir/work.h"

enum {
    FHIR_FIND_AT_ONCE = 16,    /* asks under way */
    FHIR_FIND_LOOKS = 500,     /* candidates that are looked at for one page */
    FHIR_FIND_SORTED = 500,    /* resources that are sorted at most */
    FHIR_FIND_BYTES = 8 << 20, /* of the resources of one page, after which it ends; and of those that are sorted */
    FHIR_FIND_RELATED = 200,   /* asks for what is included */
    FHIR_FIND_CANDIDATES = 500 /* that criteria can name */
};

/* Candidates after `key`; with skip over 0 key itself first, without its first `skip` matches. Of a sorted search only skip counts. */
struct fhir_position {
    struct fhir_key key;
    uint32_t skip;
};

struct fhir_look {
    struct fhir_key key;
    const struct fhir_type *type;
    const struct fhir_json *list;   /* what came of it; NULL: nothing */
    const struct fhir_json *common; /* of Slots: what all of the therapist's have; they are asked for next */
    const char *only;               /* id of the one that is wanted; NULL: all */
};

struct fhir_finding {
    struct fhir_search search;
    const struct fhir_type *type;
    struct fhir_search rest; /* without criteria that candidates meet by what they are */
    /* candidates */
    bool named; /* by criteria; else listed */
    struct fhir_key *candidates;
    size_t candidate_count, candidate_at;
    bool descending;       /* by number, from the last */
    bool exhausted;        /* no more come after these */
    struct fhir_key after; /* listing goes on behind this */
    Fascia__State states[32];
    size_t state_count;
    const char *therapist; /* whose referrals are listed; "": everybody's */
    /* position */
    struct fhir_position start;
    bool has_start;
    const char *earlier; /* positions of the pages before, as in the cursor */
    struct fhir_position next;
    bool full, more;
    uint32_t skip; /* of the candidate that comes now */
    /* looking */
    struct fhir_look looks[FHIR_FIND_AT_ONCE];
    size_t look_count, looked_at;
    const struct fhir_json **found;
    size_t found_count;
    size_t found_bytes;
    uint64_t total;
    bool total_known, total_is_least;
    /* related */
    bool relating;
    struct fhir_look *related;
    size_t related_count, related_at;
    const struct fhir_json **included;
    size_t included_count;
    bool related_cut;
};

/* ---- find_candidates.c ---- */
/* Which candidates criteria name, and which may be listed. */
void fhir_find_plan(struct fhir_call *call, struct fhir_finding *finding);
/* Before the cursor is read: an order that the list has anyway is no sort. */
void fhir_find_order(struct fhir_finding *finding);
/* Whether candidates are all that is counted, so that none has to be looked at. */
bool fhir_find_counts_unseen(const struct fhir_finding *finding);
/* Asks for the next page of the list. */
void fhir_find_list(struct fhir_call *call, struct fhir_finding *finding);
void fhir_find_listed(struct fhir_call *call, struct fhir_finding *finding, const Fascia__ControlResponse *response);
int fhir_key_compare(const struct fhir_key *a, const struct fhir_key *b);
/* ---- find_cursor.c ---- */
bool fhir_cursor_read(struct fhir_call *call, struct fhir_finding *finding);
/* Of the page after this one; and of the one before: NULL: there is none, "": the first. */
const char *fhir_cursor_next(struct fhir_call *call, const struct fhir_finding *finding);
const char *fhir_cursor_previous(struct fhir_call *call, const struct fhir_finding *finding);
/* ---- find_related.c ---- */
/* Puts into related what is to be included. false: the call has ended. */
bool fhir_find_relate(struct fhir_call *call, struct fhir_finding *finding);
void fhir_find_include(struct fhir_call *call, struct fhir_finding *finding, const struct fhir_look *look);
/* ---- find_bundle.c ---- */
void fhir_find_end(struct fhir_call *call, struct fhir_finding *finding);

#endif
