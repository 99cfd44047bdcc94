/* Thinks of one more referral when the delivery is over. */
#include "zoo.h"

static void deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct zoo *zoo = instance;

    (void)message;
    zoo_complete(zoo, delivery);
    zoo_say(zoo, "submit", zoo->host->submit(zoo->host->context, delivery, ZOO_BYTES(zoo_submission)));
}

ZOO("submits-after-complete", described.deliver = deliver)
