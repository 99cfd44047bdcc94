#include "core/difference.h"

#include "core/fault.h"
#include "core/message.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct comparing {
    difference_visitor visit;
    void *context;
};

/* One value; lists are an array of such. */
static void write_value(const ProtobufCFieldDescriptor *field, const void *at, char text[DIFFERENCE_VALUE])
{
    const ProtobufCEnumValue *word;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        snprintf(text, DIFFERENCE_VALUE, "%" PRId32, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        snprintf(text, DIFFERENCE_VALUE, "%" PRIu32, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        snprintf(text, DIFFERENCE_VALUE, "%" PRId64, *(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        snprintf(text, DIFFERENCE_VALUE, "%" PRIu64, *(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        snprintf(text, DIFFERENCE_VALUE, "%s", *(const protobuf_c_boolean *)at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        word = protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)at);
        snprintf(text, DIFFERENCE_VALUE, "%s", word != NULL ? word->name : "unknown");
        break;
    case PROTOBUF_C_TYPE_STRING:
        snprintf(text, DIFFERENCE_VALUE, "%s", *(char *const *)at);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        snprintf(text, DIFFERENCE_VALUE, "%s", *(const void *const *)at != NULL ? "(there)" : "");
        break;
    default:
        snprintf(text, DIFFERENCE_VALUE, "(%zu bytes)", ((const ProtobufCBinaryData *)at)->len);
    }
}

static bool same_bytes(const ProtobufCBinaryData *left, const ProtobufCBinaryData *right)
{
    return left->len == right->len && (left->len == 0 || memcmp(left->data, right->data, left->len) == 0);
}

static bool same_value(const ProtobufCFieldDescriptor *field, const void *left, const void *right)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return strcmp(*(char *const *)left, *(char *const *)right) == 0;
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return same_bytes(left, right);
    return memcmp(left, right, message_value_size(field->type)) == 0;
}

static void compare_value(const struct comparing *comparing, const ProtobufCFieldDescriptor *field, const char *path,
                          const void *left, const void *right)
{
    char texts[2][DIFFERENCE_VALUE];

    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *one = *(const ProtobufCMessage *const *)left;
        const ProtobufCMessage *other = *(const ProtobufCMessage *const *)right;
        char inside[DIFFERENCE_PATH];

        if (one != NULL && other != NULL) {
            snprintf(inside, sizeof inside, "%.*s.", DIFFERENCE_PATH - 2, path);
            message_differences(one, other, inside, comparing->visit, comparing->context);
            return;
        }
        if (one == other)
            return;
    } else if (same_value(field, left, right)) {
        return;
    }
    write_value(field, left, texts[0]);
    write_value(field, right, texts[1]);
    comparing->visit(comparing->context, path, texts[0], texts[1]);
}

static const void *member(const ProtobufCMessage *message, unsigned offset)
{
    return (const char *)message + offset;
}

static void compare_list(const struct comparing *comparing, const ProtobufCFieldDescriptor *field, const char *path,
                         const ProtobufCMessage *left, const ProtobufCMessage *right)
{
    const size_t counts[2] = {*(const size_t *)member(left, field->quantifier_offset),
                              *(const size_t *)member(right, field->quantifier_offset)};
    const char *const *items[2] = {member(left, field->offset), member(right, field->offset)};
    char place[DIFFERENCE_PATH], texts[2][24];

    if (counts[0] != counts[1]) {
        snprintf(place, sizeof place, "%.*s.count", DIFFERENCE_PATH - 7, path);
        for (int side = 0; side < 2; side++)
            snprintf(texts[side], sizeof texts[side], "%zu", counts[side]);
        comparing->visit(comparing->context, place, texts[0], texts[1]);
    }
    for (size_t i = 0; i < counts[0] && i < counts[1]; i++) {
        snprintf(place, sizeof place, "%.*s[%zu]", DIFFERENCE_PATH - 24, path, i);
        compare_value(comparing, field, place, *items[0] + i * message_value_size(field->type),
                      *items[1] + i * message_value_size(field->type));
    }
}

void message_differences(const ProtobufCMessage *left, const ProtobufCMessage *right, const char *path,
                         difference_visitor visit, void *context)
{
    const struct comparing comparing = {visit, context};
    char place[DIFFERENCE_PATH];

    INVARIANT(left->descriptor == right->descriptor);
    for (unsigned i = 0; i < left->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &left->descriptor->fields[i];

        INVARIANT((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0);
        snprintf(place, sizeof place, "%s%s", path, field->name);
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            compare_list(&comparing, field, place, left, right);
        else
            compare_value(&comparing, field, place, member(left, field->offset), member(right, field->offset));
    }
}
