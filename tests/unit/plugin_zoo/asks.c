/* Asks the node how it is, for each request; tells what it was answered, and completes with it. */
#include "zoo.h"

/* Ask {item: 3, request: {version: 1, node_status: {}}}, and HttpReply {status: 200, body: "ok"} */
static const uint8_t ask[] = {0x08, 3, 0x12, 4, 0x08, 1, 0x7a, 0};
static const uint8_t reply[] = {0x08, 0xc8, 0x01, 0x1a, 2, 'o', 'k'};

static void take(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct zoo *zoo = instance;

    zoo_say(zoo, "request", message.size > 0);
    zoo_say(zoo, "asked", (int64_t)zoo->host->ask(zoo->host->context, token, ZOO_BYTES(ask)));
    zoo_say(zoo, "garbage", (int64_t)zoo->host->ask(zoo->host->context, token, ZOO_BYTES(zoo_garbage)));
    zoo_say(zoo, "foreign", (int64_t)zoo->host->ask(zoo->host->context, token + 65536, ZOO_BYTES(ask)));
    zoo_say(zoo, "submitted", (int64_t)zoo->host->submit(zoo->host->context, token, ZOO_BYTES(zoo_submission)));
}

static void hear(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct zoo *zoo = instance;

    zoo_say(zoo, "answer", message.size > 1 ? message.data[1] : -1);
    zoo->host->complete(zoo->host->context, token, ZOO_BYTES(reply));
}

ZOO("asks", (described = zoo_http("asks"), described.request = take, described.answer = hear))
