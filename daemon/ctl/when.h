/*
 * Instants as people write and read them: RFC 3339, or the wall clock of a zone ("2026-12-03 09:15").
 *
 * Zones are read from the system's zone files ($TZDIR, /usr/share/zoneinfo) and kept until the end. One thread.
 */
#ifndef FASCIA_CTL_WHEN_H
#define FASCIA_CTL_WHEN_H

#include "core/zone.h"

#include <stdbool.h>

struct ctl_zones;

struct ctl_zones *ctl_zones_create(void);
void ctl_zones_destroy(struct ctl_zones *zones);
/* NULL for a name that has no file. "" is the machine's own zone. The zone lives as long as zones. */
const struct zone *ctl_zone(struct ctl_zones *zones, const char *name);

/* A wall-clock time that the zone skips, or has twice, is refused: the fault says how to write it with an offset. zone may be NULL: then only times
 * that carry their own offset can be read. */
MUST_CHECK bool ctl_when_parse(const struct zone *zone, const char *text, int64_t *instant, struct fault *fault);

/* "Thu 2026-12-03 09:15 -05:00"; "" for 0. text holds at least 40 bytes and is returned. */
const char *ctl_when(const struct zone *zone, int64_t instant, char text[40]);

#endif
