/* The fence around system calls (seccomp). */
#ifndef FASCIA_PLUGIN_RUNNER_CALLS_H
#define FASCIA_PLUGIN_RUNNER_CALLS_H

#include "plugin/runner/fence.h"

void calls_fence(const struct fence *fence);

#endif
