/* Its options are fine for the host, and not for it. */
#include "zoo.h"

#include <stdio.h>

static enum fascia_status open_fails(const struct fascia_host *host, struct fascia_bytes options, void **instance,
                                     char *fault, size_t fault_size)
{
    (void)host;
    (void)options;
    (void)instance;
    snprintf(fault, fault_size, "the column 'patient'\nis mapped twice");
    return FASCIA_E_INVALID;
}

ZOO("open-fails", described.open = open_fails)
