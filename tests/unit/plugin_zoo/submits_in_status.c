/* Hands over a referral where none was asked for. */
#include "zoo.h"

static void status(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct zoo *zoo = instance;

    (void)message;
    zoo_say(zoo, "submit", zoo->host->submit(zoo->host->context, delivery, ZOO_BYTES(zoo_submission)));
    zoo_complete(zoo, delivery);
}

ZOO("submits-in-status", described.status = status)
