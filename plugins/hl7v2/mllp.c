#include "hl7v2/mllp.h"

#include <string.h>

/* "MSH" that may still be on its way must not be passed over: this many bytes are looked at again. */
enum { RESTART_TAIL = 3 };

static const uint8_t *find(const uint8_t *from, const uint8_t *end, int byte)
{
    return from < end ? memchr(from, byte, (size_t)(end - from)) : NULL;
}

/* The last restart in [from, to), or NULL. */
static const uint8_t *find_restart(const uint8_t *from, const uint8_t *to)
{
    const uint8_t *last = NULL;

    for (const uint8_t *at = from; (at = find(at, to, HL7_FRAME_START)) != NULL; at++)
        if (to - at > RESTART_TAIL && memcmp(at + 1, "MSH", RESTART_TAIL) == 0)
            last = at;
    return last;
}

static void more(struct fascia_frame *frame, size_t skip, size_t scanned)
{
    frame->result = FASCIA_FRAME_MORE;
    frame->skip = skip;
    frame->scanned = scanned > skip ? scanned : skip;
}

/* The first terminator at or after from: its first byte, and its length in *size. NULL when there is none yet;
 * *scanned then says up to where there surely is none. */
static const uint8_t *find_end(const uint8_t *from, const uint8_t *end, size_t *size, const uint8_t **scanned)
{
    const uint8_t *at = from;

    while ((at = find(at, end, HL7_FRAME_END)) != NULL) {
        if (at + 1 == end) {
            *scanned = at;
            return NULL;
        }
        if (at[1] == '\r' || at[1] == HL7_FRAME_START) {
            *size = at[1] == '\r' ? 2 : 1;
            return at;
        }
        at++;
    }
    *scanned = end;
    return NULL;
}

void hl7_mllp_frame(struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    const uint8_t *begin = buffered.data, *end = begin + buffered.size;
    const uint8_t *start, *from, *stop, *restart, *scanned = end;
    size_t terminator = 0;

    frame->reply = (struct fascia_bytes){NULL, 0};
    if (buffered.size == 0) {
        more(frame, 0, 0);
        return;
    }
    start = find(begin, end, HL7_FRAME_START);
    if (start == NULL) {
        more(frame, buffered.size, buffered.size);
        return;
    }
    from = start + 1;
    if (already > (size_t)(from - begin) && already <= buffered.size)
        from = begin + already;
    stop = find_end(from, end, &terminator, &scanned);
    restart = find_restart(from, stop != NULL ? stop : end);
    if (restart != NULL)
        start = restart;
    if (stop == NULL) {
        size_t looked = (size_t)(scanned - begin), tail = buffered.size - RESTART_TAIL;
        if (buffered.size < RESTART_TAIL)
            tail = 0;
        more(frame, (size_t)(start - begin), looked < tail ? looked : tail);
        return;
    }
    frame->result = FASCIA_FRAME_COMPLETE;
    frame->skip = (size_t)(start - begin);
    frame->payload_offset = frame->skip + 1;
    frame->payload_size = (size_t)(stop - start) - 1;
    frame->total = (size_t)(stop - begin) + terminator;
    frame->scanned = frame->total;
}

struct fascia_bytes hl7_mllp_begun(struct fascia_bytes stream)
{
    const uint8_t *start = stream.size > 0 ? find(stream.data, stream.data + stream.size, HL7_FRAME_START) : NULL;

    if (start == NULL)
        return (struct fascia_bytes){NULL, 0};
    return (struct fascia_bytes){start + 1, (size_t)(stream.data + stream.size - start) - 1};
}
