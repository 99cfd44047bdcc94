/* Hands over bytes that are no Submission, and one without a referral. */
#include "zoo.h"

static void deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    static const uint8_t without_referral[] = {0x08, 7, 0x12, 0};
    struct zoo *zoo = instance;

    (void)message;
    zoo_say(zoo, "garbage", zoo->host->submit(zoo->host->context, delivery, ZOO_BYTES(zoo_garbage)));
    zoo_say(zoo, "empty", zoo->host->submit(zoo->host->context, delivery, ZOO_BYTES(without_referral)));
    zoo_say(zoo, "null", zoo->host->submit(zoo->host->context, delivery, (struct fascia_bytes){NULL, 5}));
    zoo_complete(zoo, delivery);
}

ZOO("submits-garbage", described.deliver = deliver)
