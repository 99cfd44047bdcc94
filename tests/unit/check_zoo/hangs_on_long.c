/* Never comes back from a long line. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    volatile bool forever = bytes.size > 2000;

    while (forever)
        ;
    lines_deliver(instance, token, bytes);
}

ANIMAL(described.deliver = deliver)
