/*
 * Reads what a plugin says of itself, field by field, before anything of it but fascia_plugin() is called. Every string and table is read with a bound.
 */
#ifndef FASCIA_PLUGIN_EXAMINE_H
#define FASCIA_PLUGIN_EXAMINE_H

#include "plugin/plugin.h"

#define PLUGIN_NAME_LONGEST   32
#define PLUGIN_OPTION_LONGEST 48
#define PLUGIN_OPTIONS_MOST   256 /* rows of one table */
#define PLUGIN_TABLE_DEPTH    2   /* groups in groups */
#define PLUGIN_ROUTES_MOST    64
#define PLUGIN_PATH_LONGEST   200

MUST_CHECK enum plugin_error plugin_examine(const struct fascia_plugin *described, struct fault *fault);
/* The same of a plugin in another process, whose functions are not here. */
MUST_CHECK enum plugin_error plugin_examine_description(const struct fascia_plugin *described, struct fault *fault);
MUST_CHECK enum plugin_error plugin_examine_table(const struct fascia_option *options, uint32_t count,
                                                  struct fault *fault);
MUST_CHECK enum plugin_error plugin_examine_routes(const struct fascia_plugin *described, struct fault *fault);

#endif
