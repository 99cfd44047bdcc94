#include "core/message.h"

#include <string.h>

/* A message of ours nests some ten deep. */
#define DEPTH_MOST 32

/* Wire types of a key's low three bits. */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_COUNTED = 2, WIRE_FIXED32 = 5 };

struct scan {
    const uint8_t *at;
    size_t left;
};

static bool take_varint(struct scan *scan, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (scan->left == 0)
            return false;
        if (shift < 64)
            *value |= (uint64_t)(*scan->at & 0x7f) << shift;
        scan->left--;
        if ((*scan->at++ & 0x80) == 0)
            return true;
    }
    return false;
}

static bool skip(struct scan *scan, uint64_t size)
{
    if (size > scan->left)
        return false;
    scan->at += size;
    scan->left -= (size_t)size;
    return true;
}

static bool is_sound(const ProtobufCMessageDescriptor *descriptor, struct scan scan, unsigned depth);

/* What a counted field holds is looked into where it is a message; an unknown one stays bytes. */
static bool is_sound_inside(const ProtobufCMessageDescriptor *descriptor, uint64_t number, struct scan *scan,
                            unsigned depth)
{
    const ProtobufCFieldDescriptor *field =
        number > UINT32_MAX ? NULL : protobuf_c_message_descriptor_get_field(descriptor, (unsigned)number);
    struct scan inside;
    uint64_t size;

    if (!take_varint(scan, &size))
        return false;
    inside = (struct scan){scan->at, (size_t)size};
    if (!skip(scan, size))
        return false;
    return field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE || is_sound(field->descriptor, inside, depth + 1);
}

static bool is_sound(const ProtobufCMessageDescriptor *descriptor, struct scan scan, unsigned depth)
{
    uint64_t key, value;

    if (depth > DEPTH_MOST)
        return false;
    while (scan.left > 0) {
        bool good = take_varint(&scan, &key) && key >> 3 != 0;

        if (!good)
            return false;
        switch (key & 7) {
        case WIRE_VARINT:
            good = take_varint(&scan, &value);
            break;
        case WIRE_FIXED64:
            good = skip(&scan, 8);
            break;
        case WIRE_COUNTED:
            good = is_sound_inside(descriptor, key >> 3, &scan, depth);
            break;
        case WIRE_FIXED32:
            good = skip(&scan, 4);
            break;
        default:
            good = false;
        }
        if (!good)
            return false;
    }
    return true;
}

void *message_receive(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size)
{
    if (!is_sound(descriptor, (struct scan){bytes, size}, 0))
        return NULL;
    return protobuf_c_message_unpack(descriptor, NULL, size, bytes);
}
