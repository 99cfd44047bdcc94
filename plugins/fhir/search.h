/*
 * A FHIR R4 search: what was asked, read from the query, and whether a resource is what was asked for.
 *
 * https://hl7.org/fhir/R4/search.html: a comma is "or", a parameter again is "and", '\' before '\', ',', '$' or '|' takes it as it is. What is not known is a fault
 * with `Prefer: handling=strict` and left out otherwise, also of the link "self"; what is known and written wrongly is a fault in any case.
 * Pure; one thread at a time.
 */
#ifndef FHIR_SEARCH_H
#define FHIR_SEARCH_H

#include "fhir/json.h"
#include "fhir/moment.h"
#include "fhir/parameters.h"
#include "fhir/query.h"

enum {
    FHIR_SEARCH_VALUES = 500, /* of all criteria together */
    FHIR_SEARCH_LISTED = 64,  /* of _elements, _sort, _include, _revinclude each */
    FHIR_SEARCH_FAULTS = 32,
    FHIR_SEARCH_FAULT_BYTES = 200
};

enum fhir_prefix {
    FHIR_PREFIX_EQ,
    FHIR_PREFIX_NE,
    FHIR_PREFIX_GT,
    FHIR_PREFIX_LT,
    FHIR_PREFIX_GE,
    FHIR_PREFIX_LE,
    FHIR_PREFIX_SA,
    FHIR_PREFIX_EB,
    FHIR_PREFIX_AP
};
enum fhir_modifier {
    FHIR_PLAIN,
    FHIR_MISSING,
    FHIR_EXACT,
    FHIR_CONTAINS,
    FHIR_NOT,
    FHIR_TEXT,
    FHIR_IDENTIFIER,
    FHIR_TYPE /* "subject:Patient" */
};

/* One value between commas. */
struct fhir_value {
    const char *text; /* without escapes */
    /* token, and reference with :identifier */
    const char *system; /* NULL: any; "": none */
    const char *code;   /* NULL: any */
    /* date */
    enum fhir_prefix prefix;
    struct fhir_stretch stretch;
    /* reference */
    const char *target; /* type; "": any */
    const char *id;
    bool missing; /* :missing */
};
struct fhir_criterion {
    const struct fhir_parameter *parameter;
    enum fhir_modifier modifier;
    struct fhir_value *values;
    size_t count;
};
struct fhir_sort {
    const struct fhir_parameter *parameter;
    bool descending;
};
/* _include: from resources of `type`; _revinclude: resources of `type` whose parameter refers to what was found. */
struct fhir_include {
    const char *type;
    const struct fhir_parameter *parameter;
    const char *target; /* ""; any */
};
enum fhir_summary { FHIR_SUMMARY_FALSE, FHIR_SUMMARY_TRUE, FHIR_SUMMARY_TEXT, FHIR_SUMMARY_DATA, FHIR_SUMMARY_COUNT };
enum fhir_total { FHIR_TOTAL_NONE, FHIR_TOTAL_ESTIMATE, FHIR_TOTAL_ACCURATE };

struct fhir_search {
    const char *type;
    struct fhir_criterion criteria[FHIR_QUERY_PAIRS];
    size_t criterion_count, value_count;
    struct fhir_sort sorts[FHIR_SEARCH_LISTED];
    size_t sort_count;
    struct fhir_include includes[FHIR_SEARCH_LISTED], revincludes[FHIR_SEARCH_LISTED];
    size_t include_count, revinclude_count;
    const char *elements[FHIR_SEARCH_LISTED];
    size_t element_count;
    enum fhir_summary summary;
    enum fhir_total total;
    uint32_t page;      /* resources on one */
    const char *cursor; /* NULL: the first page */
    bool pretty;
    int64_t now;      /* what "about" is measured from */
    const char *self; /* query of the link "self", without cursor; begins with '?', or "" */

    char faults[FHIR_SEARCH_FAULTS][FHIR_SEARCH_FAULT_BYTES]; /* each names its parameter */
    size_t fault_count;
    bool unknown; /* something was not known: with strict handling a fault, else a hint */
};

struct fhir_search_bounds {
    bool strict;
    uint32_t page_default, page_most;
    int64_t now;
};

/* What was asked of resources of one type. false: faults say what is wrong. With lenient handling faults may be there, too: what was left out. */
bool fhir_search_read(struct fhir_arena *arena, const char *type, const char *base, const struct fhir_query *query,
                      const struct fhir_search_bounds *bounds, struct fhir_search *search);

/* ---- search_match.c ---- */
/* Whether the resource meets every criterion. base: the server's own URL, with which references may begin. */
bool fhir_search_matches(const struct fhir_search *search, const char *base, const struct fhir_json *resource);
/* Orders resources of the search's type by its sorts, then by id. */
int fhir_search_compare(const struct fhir_search *search, const struct fhir_json *a, const struct fhir_json *b);
/* Calls visit with each value at the parameter's path. */
typedef void (*fhir_visit)(void *context, const struct fhir_json *value);
void fhir_search_visit(const struct fhir_parameter *parameter, const struct fhir_json *resource, fhir_visit visit,
                       void *context);
/* "https://base/Patient/12/_history/3", "Patient/12", "12": false when it is not one of this server's. type and id are of the arena; type is "" for a bare id. */
bool fhir_reference_read(struct fhir_arena *arena, const char *base, const char *text, const char **type,
                         const char **id);

#endif
