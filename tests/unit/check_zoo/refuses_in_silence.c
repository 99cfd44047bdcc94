/* refuse() ends the delivery and says nothing to whoever sent it. */
#include "lines.h"

static void say_nothing(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    const Fascia__Completion completion = FASCIA__COMPLETION__INIT;

    (void)bytes;
    lines_end(instance, token, &completion.base);
}

ANIMAL(described.refuse = say_nothing)
