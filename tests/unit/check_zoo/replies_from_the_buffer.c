/* Refuses a stream with bytes of the stream itself, which are gone when they are sent. */
#include "lines.h"

static void frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    lines_frame(instance, buffered, already, frame);
    if (frame->result == FASCIA_FRAME_INVALID)
        frame->reply = (struct fascia_bytes){buffered.data, 16};
}

ANIMAL(described.frame = frame)
