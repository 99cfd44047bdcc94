/* Looks at the byte behind the buffer, as if it ended in NUL. */
#include "lines.h"

static void frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    struct lines *lines = instance;

    lines->count += ((const volatile uint8_t *)buffered.data)[buffered.size];
    lines_frame(instance, buffered, already, frame);
}

ANIMAL(described.frame = frame)
