/*
 * Which search parameters there are, a table: what dispatch reads searches by, what matching looks at, and what the CapabilityStatement says.
 *
 * Names and kinds are those of R4. A path names members below the resource, lists are looked through; '|' stands between alternatives.
 */
#ifndef FHIR_PARAMETERS_H
#define FHIR_PARAMETERS_H

#include <stddef.h>

enum fhir_parameter_kind { FHIR_TOKEN, FHIR_STRING, FHIR_REFERENCE, FHIR_DATE, FHIR_URI };

/* What else a parameter's values tell, so that not everything has to be looked at. */
enum fhir_parameter_hint {
    FHIR_HINT_NONE,
    FHIR_HINT_KEY,      /* whose referral, or which therapist, the resource is made from */
    FHIR_HINT_THERAPIST /* who has the referral that the resource is made from */
};

struct fhir_parameter {
    const char *type; /* "": of every type */
    const char *name;
    enum fhir_parameter_kind kind;
    const char *path;
    const char *target; /* of a reference: the type when a value is a bare id; "": any */
    enum fhir_parameter_hint hint;
    const char *help;
};

/* NULL: this type has no such parameter. */
const struct fhir_parameter *fhir_parameter_find(const char *type, const char *name);
/* The rows of a type after `after`, those of every type first; NULL begins, NULL ends. */
const struct fhir_parameter *fhir_parameter_next(const char *type, const struct fhir_parameter *after);
const char *fhir_parameter_kind_name(enum fhir_parameter_kind kind);

#endif
