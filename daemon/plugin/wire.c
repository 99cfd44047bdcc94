#include "plugin/wire.h"

#include "core/fault.h"
#include "core/memory.h"

#include <stdlib.h>

#define KEPT_MOST ((size_t)256 << 10)

void wire_put(struct wire_buffer *buffer, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *at = NULL;

    INVARIANT(size <= WIRE_MOST);
    buffer->bytes = memory_grow(buffer->bytes, &buffer->room, buffer->size + WIRE_HEAD + size, 1);
    at = buffer->bytes + buffer->size;
    for (int i = 0; i < WIRE_HEAD; i++)
        at[i] = (uint8_t)(size >> (8 * (WIRE_HEAD - 1 - i)));
    protobuf_c_message_pack(message, at + WIRE_HEAD);
    buffer->size += WIRE_HEAD + size;
}

void wire_clear(struct wire_buffer *buffer)
{
    if (buffer->room > KEPT_MOST)
        wire_release(buffer);
    buffer->size = 0;
}

void wire_release(struct wire_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct wire_buffer){0};
}

enum wire_cut wire_next(const uint8_t *bytes, size_t size, const uint8_t **message, size_t *message_size, size_t *total)
{
    size_t length = 0;

    if (size < WIRE_HEAD)
        return WIRE_MORE;
    for (int i = 0; i < WIRE_HEAD; i++)
        length = length << 8 | bytes[i];
    if (length > WIRE_MOST)
        return WIRE_TOO_LONG;
    if (size - WIRE_HEAD < length)
        return WIRE_MORE;
    *message = bytes + WIRE_HEAD;
    *message_size = length;
    *total = WIRE_HEAD + length;
    return WIRE_WHOLE;
}
