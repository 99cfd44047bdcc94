/* Finds frames that are larger than what is there. */
#include "zoo.h"

static void frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *found)
{
    (void)instance;
    (void)already;
    found->result = FASCIA_FRAME_COMPLETE;
    found->payload_offset = 1;
    found->payload_size = SIZE_MAX;
    found->total = buffered.size;
}

ZOO("frames-nonsense", described.frame = frame)
