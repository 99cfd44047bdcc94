/* Ends a delivery that the host has given up: at once in abandon(), and again with the next delivery. */
#include "zoo.h"

static void deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct zoo *zoo = instance;

    (void)message;
    if (zoo->kept != 0)
        zoo_say(zoo, "late", zoo_complete(zoo, zoo->kept));
    zoo->kept = delivery;
}

static void abandon(void *instance, uint64_t delivery)
{
    zoo_say(instance, "in-abandon", zoo_complete(instance, delivery));
}

ZOO("completes-late", (described.deliver = deliver, described.abandon = abandon))
