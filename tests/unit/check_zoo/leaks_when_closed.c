/* Leaves what waits when it is closed. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    struct lines *lines = instance;

    if (lines->lent == NULL)
        lines->lent = malloc(100);
    lines_deliver(instance, token, bytes);
}

ANIMAL(described.deliver = deliver)
