/*
 * FHIR's date, dateTime, instant: as a stretch of time, since "2026-12" is a month. Instants are milliseconds since 1970-01-01T00:00Z.
 *
 * A time without a zone is taken as UTC, as is a date: the resources of this server write UTC. Years 1900 to 2199. Pure; any thread.
 */
#ifndef FHIR_MOMENT_H
#define FHIR_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

struct fhir_stretch {
    int64_t from, to; /* [from, to); INT64_MIN and INT64_MAX where it has no end */
};

enum { FHIR_MOMENT_BYTES = 32 };

/* false: it is no date or time of R4 (https://hl7.org/fhir/R4/datatypes.html#dateTime). */
bool fhir_moment_read(const char *text, struct fhir_stretch *stretch);
/* "2026-12-03T14:15:00.000Z" */
void fhir_moment_write(int64_t instant, char text[FHIR_MOMENT_BYTES]);
/* "Thu, 03 Dec 2026 14:15:00 GMT" (RFC 9110, 5.6.7) */
void fhir_moment_http(int64_t instant, char text[FHIR_MOMENT_BYTES]);

#endif
