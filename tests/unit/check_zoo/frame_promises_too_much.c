/* Says that a frame is longer than what is there. */
#include "lines.h"

static void frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    lines_frame(instance, buffered, already, frame);
    if (frame->result == FASCIA_FRAME_COMPLETE)
        frame->total = buffered.size + 1;
}

ANIMAL(described.frame = frame)
