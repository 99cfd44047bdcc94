/* Trusts that there is no NUL. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    Fascia__Delivery *delivery = fascia__delivery__unpack(NULL, bytes.size, bytes.data);
    bool nul = delivery->payload.len > 0 && memchr(delivery->payload.data, '\0', delivery->payload.len) != NULL;

    fascia__delivery__free_unpacked(delivery, NULL);
    if (nul)
        abort();
    lines_deliver(instance, token, bytes);
}

ANIMAL(described.deliver = deliver)
