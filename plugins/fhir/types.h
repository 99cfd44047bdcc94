/*
 * FHIR R4's primitive types (http://hl7.org/fhir/R4/datatypes.html): whether a JSON value is one, by the standard's own expressions, and dates that are days.
 * Pure.
 */
#ifndef FHIR_TYPES_H
#define FHIR_TYPES_H

#include "fhir/json.h"

/* Whether `type` is the name of a primitive type: it begins with a small letter. */
bool fhir_is_primitive(const char *type, size_t size);
/* NULL: the value is of that type. Else what one looks like, for a message: "a date of the form YYYY-MM-DD". */
const char *fhir_type_fault(const char *type, size_t size, const struct fhir_json *value);

/* Of a date or dateTime that is one: its date as far as it goes, "2026-03" of "2026-03"; a time and zone do not move it. */
const char *fhir_date_of(struct fhir_arena *arena, const char *text);
/* Milliseconds since 1970-01-01T00:00Z of an instant, or of a dateTime with time and zone. false: it is none. */
bool fhir_instant_of(const char *text, int64_t *instant);
bool fhir_is_day(const char *text); /* "YYYY-MM-DD", a day of the calendar */

#endif
