/* Ends each delivery a second time. */
#include "lines.h"

static void result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_result(instance, token, bytes);
    lines_reply(instance, token, "OK", "again");
}

ANIMAL(described.result = result)
