/* Takes memory without end for a message that it does not understand. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    Fascia__Delivery *delivery = fascia__delivery__unpack(NULL, bytes.size, bytes.data);
    bool strange = delivery->payload.len > 0 && strchr("RX", delivery->payload.data[0]) == NULL;

    fascia__delivery__free_unpacked(delivery, NULL);
    while (strange) {
        char *volatile more = malloc(1 << 20);
        if (more == NULL)
            abort();
        memset((char *)more, 1, 1 << 20);
    }
    lines_deliver(instance, token, bytes);
}

ANIMAL(described.deliver = deliver)
