/*
 * Frames between the host and an isolated plugin: a 4-byte big-endian length and one message (proto/fascia/v1/runner.proto).
 */
#ifndef FASCIA_PLUGIN_WIRE_H
#define FASCIA_PLUGIN_WIRE_H

#include "fascia/v1/runner.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_HEAD 4
#define WIRE_MOST ((size_t)80 << 20) /* one message: the largest file of a folder, and what is around it */

/* Bytes that wait to be written. */
struct wire_buffer {
    uint8_t *bytes;
    size_t size, room;
};
/* One frame more. */
void wire_put(struct wire_buffer *buffer, const ProtobufCMessage *message);
/* Forgets what is in it; a large block is given back. */
void wire_clear(struct wire_buffer *buffer);
void wire_release(struct wire_buffer *buffer);

enum wire_cut { WIRE_MORE, WIRE_WHOLE, WIRE_TOO_LONG };
/* The first frame of bytes: message and message_size lie inside it, total is what it takes. */
enum wire_cut wire_next(const uint8_t *bytes, size_t size, const uint8_t **message, size_t *message_size,
                        size_t *total);

#endif
