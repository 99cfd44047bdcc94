/*
 * Minimal lower layer protocol: where a message begins and ends in a stream.
 *
 * A frame is 0x0B, the message, 0x1C 0x0D. Read with these allowances, the same at whatever bytes the stream is split:
 *   - anything outside a frame is noise and is skipped (line ends between frames, a message without its 0x0B);
 *   - 0x1C directly before the 0x0B of a next frame ends a frame too: some senders leave the CR out. A lone 0x1C is content;
 *   - 0x0B "MSH" inside a frame begins a new one: a sender that broke off and started anew. What it broke off is skipped.
 * Pure: no state, no allocation. Any thread.
 */
#ifndef HL7V2_MLLP_H
#define HL7V2_MLLP_H

#include "fascia/plugin.h"

#define HL7_FRAME_START 0x0B
#define HL7_FRAME_END   0x1C

/* The message of a frame that has begun, as far as it has come: what stands behind the 0x0B. */
struct fascia_bytes hl7_mllp_begun(struct fascia_bytes stream);

void hl7_mllp_frame(struct fascia_bytes buffered, size_t already, struct fascia_frame *frame);

#endif
