/*
 * Who could change a plugin's file before or after we load it: nobody but root and the daemon's own user.
 *
 * The path is walked from the root a component at a time, each opened relative to the one before and never through a link unseen, so that what was
 * checked is what is opened. A directory that others may write is taken only when it is sticky and what comes next in it belongs to root or us (as
 * /tmp is): then they can neither rename nor replace it.
 */
#ifndef FASCIA_PLUGIN_TRUST_H
#define FASCIA_PLUGIN_TRUST_H

#include "plugin/plugin.h"

#include <limits.h>
#include <sys/stat.h>

struct trusted_file {
    char path[PATH_MAX]; /* without links, '.' and '..' */
    struct stat status;  /* of the very file that was checked */
};

/* PLUGIN_PATH or PLUGIN_OWNER with a fault that says what would be right. */
MUST_CHECK enum plugin_error plugin_trust(const char *path, struct trusted_file *file, struct fault *fault);

#endif
