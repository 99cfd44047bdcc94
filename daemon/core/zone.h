/*
 * Time zones: from an instant to local wall-clock time and back, right on the days the clocks change.
 *
 * A zone is made from the bytes of a TZif file (RFC 8536, versions 1 to 4) that the caller read; nothing here opens one.
 * Instants are int64 milliseconds since 1970-01-01T00:00Z. Days are counted from 1970-01-01 (day 0, a Thursday), in the
 * proleptic Gregorian calendar. Valid instants are years 1900 to 2199; outside, functions clamp.
 * Zones are immutable after parsing: any thread may read.
 */
#ifndef FASCIA_CORE_ZONE_H
#define FASCIA_CORE_ZONE_H

#include "core/fault.h"

#include <stdbool.h>
#include <stdint.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

struct zone;

/* NULL and a fault when the bytes are no valid TZif. name is copied ("America/Kentucky/Louisville"). */
MUST_CHECK struct zone *zone_parse(const char *name, const uint8_t *bytes, size_t size, struct fault *fault);
struct zone *zone_utc(void);
void zone_destroy(struct zone *zone);
const char *zone_name(const struct zone *zone);

/* Offset from UTC in milliseconds, east positive. */
int64_t zone_offset(const struct zone *zone, int64_t instant);

/* The longest stretch [from, to) around the instant in which the offset stays the same; INT64_MIN and INT64_MAX where it has
 * no end. For who converts many times that lie close together. */
struct zone_stretch {
    int64_t from, to;
    int64_t offset;
};
struct zone_stretch zone_stretch(const struct zone *zone, int64_t instant);

/* The instant of a local day and minute (0..1440). A time that the clocks skip is the instant at which they
 * jump past it; a time that comes twice is its first coming. */
int64_t zone_instant(const struct zone *zone, int32_t day, int32_t minute);

/* The local day, and the minute of it (0..1439) by wall clock. */
void zone_local(const struct zone *zone, int64_t instant, int32_t *day, int32_t *minute);

/* Dates. */
int32_t day_from_civil(int year, int month, int day_of_month);
void day_to_civil(int32_t day, int *year, int *month, int *day_of_month);
int day_weekday(int32_t day); /* 0 Monday .. 6 Sunday */
/* "YYYY-MM-DD" exactly, a date that exists, 1900..2199. */
MUST_CHECK bool day_parse(const char *text, int32_t *day);
void day_format(int32_t day, char text[11]);
/* "2026-12-03T09:15:00-05:00" in the zone; text holds at least 32 bytes. */
void instant_format(const struct zone *zone, int64_t instant, char *text, size_t size);

/* Where rooms get zones by name. find returns NULL for an unknown name; the zone lives as long as the source. */
struct zone_source {
    void *context;
    const struct zone *(*find)(void *context, const char *name);
};

#endif
