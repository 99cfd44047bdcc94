/* Hands over a referral of what is not to be worked off. */
#include "zoo.h"

static void refuse(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct zoo *zoo = instance;

    (void)message;
    zoo_say(zoo, "submit", zoo->host->submit(zoo->host->context, delivery, ZOO_BYTES(zoo_submission)));
    zoo_complete(zoo, delivery);
}

ZOO("submits-in-refuse", described.refuse = refuse)
