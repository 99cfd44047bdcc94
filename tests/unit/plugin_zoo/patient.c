/* Does as it should: submits, waits for the result, ends with it; tells when it is called from within another call. */
#include "zoo.h"

static int inside;

static void deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    struct zoo *zoo = instance;

    (void)message;
    zoo_say(zoo, "deliver", inside);
    inside++;
    zoo_say(zoo, "submitted", zoo->host->submit(zoo->host->context, delivery, ZOO_BYTES(zoo_submission)));
    inside--;
}

static void result(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    (void)message;
    zoo_say(instance, "result", inside);
    inside++;
    zoo_complete(instance, delivery);
    inside--;
}

ZOO("patient", (described.deliver = deliver, described.result = result))
