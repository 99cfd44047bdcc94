/*
 * Method and path to an interaction, by a table; also what media types are taken and given, and which scopes an interaction needs.
 * The CapabilityStatement is made from the same table.
 */
#ifndef FHIR_DISPATCH_H
#define FHIR_DISPATCH_H

#include "fhir/resource.h"
#include "fhir/search.h"

enum fhir_interaction {
    FHIR_DO_CAPABILITIES,
    FHIR_DO_BATCH,
    FHIR_DO_SEARCH,
    FHIR_DO_CREATE,
    FHIR_DO_READ,
    FHIR_DO_VREAD,
    FHIR_DO_HISTORY,
    FHIR_DO_UPDATE,
    FHIR_DO_PATCH,
    FHIR_DO_MATCH,
    FHIR_DO_EXPLAIN
};

struct fhir_target {
    enum fhir_interaction interaction;
    const struct fhir_type *type; /* NULL: of the whole server */
    const char *id, *version;     /* NULL: none in the path */
    bool form;                    /* a search by POST: parameters are in the body, too */
};

enum fhir_dispatched {
    FHIR_FOUND,
    FHIR_NO_SUCH_TYPE,   /* 404 */
    FHIR_NO_SUCH_PATH,   /* 404 */
    FHIR_NO_SUCH_METHOD, /* 405: *allow has those that there are */
    FHIR_BAD_PATH        /* 400: percent-encoding, or no valid id */
};

/* path begins with '/', as sent. */
enum fhir_dispatched fhir_dispatch(struct fhir_arena *arena, const char *method, const char *path,
                                   struct fhir_target *target, const char **allow);

/* Rows of operations, for the CapabilityStatement: NULL ends. */
struct fhir_operation {
    const char *type, *name, *definition;
};
const struct fhir_operation *fhir_operation_at(size_t index);

/* Whether JSON of FHIR R4 may be given: by _format where it is there (NULL: not), else by Accept ("": not sent). */
bool fhir_accepts(const char *format, const char *accept);
/* Whether a body of this media type is taken: plain JSON of FHIR. */
bool fhir_is_fhir_json(const char *content_type);
bool fhir_is_media_type(const char *content_type, const char *type);

/* Whether SMART scopes (v1 and v2, system/ and user/) let this be done; letter is one of c r u d s. */
bool fhir_scope_allows(char *const *scopes, size_t count, const char *type, char letter);
char fhir_scope_letter(enum fhir_interaction interaction);

#endif
