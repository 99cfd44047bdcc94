/* Logs what a sender wrote. */
#include "zoo.h"

static void deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    (void)message;
    zoo_say(instance, "Patient JOHN DOE", 1);
    zoo_complete(instance, delivery);
}

ZOO("logs-what-was-sent", described.deliver = deliver)
