/* Ends one delivery two times. */
#include "zoo.h"

static void deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    (void)message;
    zoo_complete(instance, delivery);
    zoo_say(instance, "second", zoo_complete(instance, delivery));
}

ZOO("completes-twice", described.deliver = deliver)
