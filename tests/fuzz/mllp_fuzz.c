/* The first byte says how the rest is split; whatever it is, the frames are those of the unsplit stream. */
#include "hl7v2/mllp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct sink {
    uint64_t sum;
    size_t frames;
};

static void add(struct sink *sink, const uint8_t *payload, size_t size)
{
    sink->frames++;
    sink->sum = (sink->sum ^ size) * UINT64_C(1099511628211);
    for (size_t i = 0; i < size; i++)
        sink->sum = (sink->sum ^ payload[i]) * UINT64_C(1099511628211);
}

/* The stream is one buffer of which the first `held` bytes have come; begin is what was taken. */
static struct sink feed(const uint8_t *bytes, size_t size, size_t piece)
{
    struct sink sink = {0, 0};
    size_t begin = 0, already = 0;

    for (size_t held = piece < size ? piece : size;; held = held + piece < size ? held + piece : size) {
        struct fascia_frame frame = {.size = sizeof frame};
        do {
            frame = (struct fascia_frame){.size = sizeof frame};
            hl7_mllp_frame((struct fascia_bytes){bytes + begin, held - begin}, already, &frame);
            if (frame.result == FASCIA_FRAME_COMPLETE) {
                if (frame.total == 0 || frame.total > held - begin || frame.skip > frame.payload_offset ||
                    frame.payload_offset + frame.payload_size > frame.total)
                    abort();
                add(&sink, bytes + begin + frame.payload_offset, frame.payload_size);
                begin += frame.total;
                already = 0;
            } else {
                if (frame.result != FASCIA_FRAME_MORE || frame.skip > held - begin || frame.scanned < frame.skip ||
                    frame.scanned > held - begin)
                    abort();
                begin += frame.skip;
                already = frame.scanned - frame.skip;
            }
        } while (frame.result == FASCIA_FRAME_COMPLETE && begin < held);
        if (held == size)
            return sink;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct sink whole, split;

    if (size < 2)
        return 0;
    whole = feed(bytes + 1, size - 1, size);
    split = feed(bytes + 1, size - 1, 1 + bytes[0] % 16);
    if (whole.frames != split.frames || whole.sum != split.sum)
        abort();
    return 0;
}
