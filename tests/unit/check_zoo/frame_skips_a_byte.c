/* Goes on one byte behind where it stopped: an end that comes alone is missed. */
#include "lines.h"

static void frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    lines_frame(instance, buffered, already == 0 ? 0 : already + 1, frame);
}

ANIMAL(described.frame = frame)
