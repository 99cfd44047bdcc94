/* Takes everything and answers nothing. */
#include "zoo.h"

static void deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    (void)instance;
    (void)delivery;
    (void)message;
}

ZOO("never-completes", described.deliver = deliver)
