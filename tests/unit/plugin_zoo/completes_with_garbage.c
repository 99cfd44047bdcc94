/* Ends a delivery with bytes that are no Completion. */
#include "zoo.h"

static void deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct zoo *zoo = instance;

    (void)message;
    zoo_say(zoo, "garbage", zoo->host->complete(zoo->host->context, delivery, ZOO_BYTES(zoo_garbage)));
    zoo_say(zoo, "second", zoo_complete(zoo, delivery));
}

ZOO("completes-with-garbage", described.deliver = deliver)
