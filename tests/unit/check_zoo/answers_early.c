/* Promises before the referral is durable. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_deliver(instance, token, bytes);
    if (*lines_find(instance, token) == NULL)
        return;
    lines_forget(lines_find(instance, token));
    lines_reply(instance, token, "OK", "");
}

ANIMAL(described.deliver = deliver)
