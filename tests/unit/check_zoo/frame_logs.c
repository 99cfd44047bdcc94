/* Calls the host from within frame(). */
#include "lines.h"

static void frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    struct lines *lines = instance;

    lines->host->log(lines->host->context, FASCIA_LOG_INFO, "frame.looked", 1);
    lines_frame(instance, buffered, already, frame);
}

ANIMAL(described.frame = frame)
