#ifndef FASCIA_NODE_CHECK_SOURCE_H
#define FASCIA_NODE_CHECK_SOURCE_H

#include "config/config.h"
#include "node/inspector.h"
#include "plugin/plugin.h"

/* Whether a node would begin with the source as it is configured. What is wrong was printed on stderr, each with file, line and column. */
MUST_CHECK bool check_source(const struct config *config, const struct config_source *source,
                             struct plugin_registry *registry, struct inspector *inspector);

#endif
