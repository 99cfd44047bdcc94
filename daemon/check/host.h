/* Between rig.c and host.c. */
#ifndef FASCIA_CHECK_HOST_H
#define FASCIA_CHECK_HOST_H

#include "check/rig.h"

void check_host_fill(struct rig *rig);

#endif
