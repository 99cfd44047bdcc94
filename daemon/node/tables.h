/*
 * What the node reads from the disk for the core: code tables, and the system's time zones.
 */
#ifndef FASCIA_NODE_TABLES_H
#define FASCIA_NODE_TABLES_H

#include "core/codes.h"
#include "core/zone.h"

/* Every table of codes.h that is in the directory; conditions, techniques, categories and professions must be. */
MUST_CHECK struct codes *tables_load(const char *directory, const char *home_country, struct fault *fault);

struct zones; /* zones by name, read on first use; any thread */
struct zones *zones_create(const char *directory);
void zones_destroy(struct zones *zones);
struct zone_source zones_source(struct zones *zones);

#endif
