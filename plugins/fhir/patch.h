/*
 * JSON Patch (RFC 6902) with JSON Pointer (RFC 6901), as FHIR's PATCH takes it (http://hl7.org/fhir/R4/http.html#patch).
 *
 * All or nothing: the document that is given stays as it is. Bounded: so many operations, and a result no deeper or larger than what a document may be when it comes.
 */
#ifndef FHIR_PATCH_H
#define FHIR_PATCH_H

#include "fhir/outcome.h"

enum { FHIR_PATCH_OPERATIONS = 200 };

/* A new document, the caller's. NULL: issues say which operation ("operation 3: ...") and why: 400 for what is no patch, 422 for one that does not fit. */
struct fhir_json *fhir_patch_apply(const struct fhir_json *document, const struct fhir_json *patch,
                                   struct fhir_issues *issues);

#endif
