/* Prints what comes. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    fprintf(stderr, "%zu bytes\n", bytes.size);
    lines_deliver(instance, token, bytes);
}

ANIMAL(described.deliver = deliver)
