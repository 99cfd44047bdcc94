/* Whatever became of it, the sender hears OK. */
#include "lines.h"

static void result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    (void)bytes;
    lines_forget(lines_find(instance, token));
    lines_reply(instance, token, "OK", "");
}

ANIMAL(described.result = result)
