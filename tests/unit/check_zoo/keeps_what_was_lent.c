/* Reads the message in result(), long after the call for which it was lent. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    struct lines *lines = instance;

    lines->lent = bytes.data;
    lines_deliver(instance, token, bytes);
}

static void result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    struct lines *lines = instance;

    lines->count += *(const volatile uint8_t *)lines->lent;
    lines_result(instance, token, bytes);
}

ANIMAL((described.deliver = deliver, described.result = result))
