/* Ends what the host had given up, with the next delivery. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    struct lines *lines = instance;

    if (lines->token != 0)
        lines_reply(lines, lines->token, "LATER", "");
    lines->token = 0;
    lines_deliver(instance, token, bytes);
}

static void abandon(void *instance, uint64_t token)
{
    struct lines *lines = instance;

    lines->token = token;
    lines_abandon(instance, token);
}

ANIMAL((described.deliver = deliver, described.abandon = abandon))
