/* Ends deliveries that it was never given. */
#include "zoo.h"

static void deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    (void)message;
    zoo_say(instance, "before", zoo_complete(instance, delivery - 65536)); /* another instance's, when it has one */
    zoo_say(instance, "next", zoo_complete(instance, delivery + 65536));
    zoo_say(instance, "neighbour", zoo_complete(instance, delivery + 1));
    zoo_say(instance, "zero", zoo_complete(instance, 0));
    zoo_say(instance, "all", zoo_complete(instance, UINT64_MAX));
    zoo_complete(instance, delivery);
}

ZOO("completes-foreign", described.deliver = deliver)
