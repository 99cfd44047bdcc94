/* Keeps nothing of the message as it came. */
#include "lines.h"

static void change(struct lines *lines, struct lines_message *message)
{
    (void)lines;
    message->referral.original.len = 0;
}

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_deliver_with(instance, token, bytes, change);
}

ANIMAL(described.deliver = deliver)
