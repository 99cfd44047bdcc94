/* The fence around files (Landlock). */
#ifndef FASCIA_PLUGIN_RUNNER_FILES_H
#define FASCIA_PLUGIN_RUNNER_FILES_H

#include "plugin/runner/fence.h"

/* false: this kernel has none. */
bool files_fence(const struct fence *fence);

#endif
