/* Takes a status and says nothing. */
#include "lines.h"

static void status(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    (void)instance;
    (void)token;
    (void)bytes;
}

ANIMAL(described.status = status)
