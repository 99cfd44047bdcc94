#include "core/memory.h"
#include "core/message.h"
#include "ctl/json.h"
#include "ctl/words.h"

#include <stdlib.h>
#include <string.h>

/* Standard base64 with padding (RFC 4648 section 4). */
static json_t *write_bytes(const ProtobufCBinaryData *bytes)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t size = (bytes->len + 2) / 3 * 4;
    char *text = memory_allocate(size + 1, 1);
    json_t *value;

    for (size_t at = 0, out = 0; at < bytes->len; at += 3, out += 4) {
        const size_t left = bytes->len - at;
        const uint32_t group = (uint32_t)bytes->data[at] << 16 | (left > 1 ? (uint32_t)bytes->data[at + 1] << 8 : 0) |
                               (left > 2 ? bytes->data[at + 2] : 0);
        text[out] = letters[group >> 18];
        text[out + 1] = letters[group >> 12 & 63];
        text[out + 2] = left > 1 ? letters[group >> 6 & 63] : '=';
        text[out + 3] = left > 2 ? letters[group & 63] : '=';
    }
    value = json_stringn(text, size);
    free(text);
    return value;
}

static json_t *write_word(const ProtobufCFieldDescriptor *field, int value)
{
    char word[64];

    return json_string(ctl_word(field->descriptor, value, word));
}

/* Text is UTF-8 by the protocol; a sender that broke this is still shown. */
static json_t *write_text(const char *text)
{
    json_t *value = json_string(text != NULL ? text : "");

    return value != NULL ? value : json_string("(text that is not UTF-8)");
}

/* One value of the field, repeated or not. at points to it. */
static json_t *write_value(const ProtobufCFieldDescriptor *field, const void *at, enum ctl_json_form form)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *)at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *)at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return json_integer(*(const int64_t *)at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return json_integer((json_int_t) * (const uint64_t *)at);
    case PROTOBUF_C_TYPE_FLOAT:
        return json_real(*(const float *)at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *)at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_ENUM:
        return write_word(field, *(const int *)at);
    case PROTOBUF_C_TYPE_STRING:
        return write_text(*(char *const *)at);
    case PROTOBUF_C_TYPE_BYTES:
        return write_bytes(at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return ctl_json_write(*(ProtobufCMessage *const *)at, form);
    }
    return json_null();
}

static bool is_map(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;

    return field->type == PROTOBUF_C_TYPE_MESSAGE && entry->n_fields == 2 &&
           strcmp(entry->fields[0].name, "key") == 0 && strcmp(entry->fields[1].name, "value") == 0 &&
           entry->fields[0].type == PROTOBUF_C_TYPE_STRING;
}

static json_t *write_map(const ProtobufCFieldDescriptor *field, const uint8_t *const *entries, size_t count,
                         enum ctl_json_form form)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++) {
        const char *key = *(char *const *)(const void *)(entries[i] + entry->fields[0].offset);
        json_object_set_new(object, key, write_value(&entry->fields[1], entries[i] + entry->fields[1].offset, form));
    }
    return object;
}

static json_t *write_list(const ProtobufCFieldDescriptor *field, const uint8_t *message, enum ctl_json_form form)
{
    const size_t count = *(const size_t *)(const void *)(message + field->quantifier_offset);
    const uint8_t *values = *(uint8_t *const *)(const void *)(message + field->offset);
    json_t *list;

    if (count == 0 && form == CTL_JSON_SPARSE)
        return NULL;
    if (is_map(field))
        return write_map(field, (const uint8_t *const *)(const void *)values, count, form);
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, write_value(field, values + i * message_value_size(field->type), form));
    return list;
}

static bool is_default(const ProtobufCFieldDescriptor *field, const void *at)
{
    static const uint8_t zeros[8];

    if (field->type == PROTOBUF_C_TYPE_STRING)
        return *(char *const *)at == NULL || **(char *const *)at == '\0';
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)at)->len == 0;
    return memcmp(at, zeros, message_value_size(field->type)) == 0;
}

/* NULL when the field does not appear. */
static json_t *write_field(const ProtobufCFieldDescriptor *field, const uint8_t *message, enum ctl_json_form form)
{
    const void *at = message + field->offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return write_list(field, message, form);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return *(const uint32_t *)(const void *)(message + field->quantifier_offset) == field->id
                   ? write_value(field, at, form)
                   : NULL;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(void *const *)at == NULL)
        return NULL;
    if (form == CTL_JSON_SPARSE && field->type != PROTOBUF_C_TYPE_MESSAGE && is_default(field, at))
        return NULL;
    return write_value(field, at, form);
}

json_t *ctl_json_write(const ProtobufCMessage *message, enum ctl_json_form form)
{
    json_t *object = json_object();

    INVARIANT(object != NULL);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        json_t *value = write_field(field, (const uint8_t *)message, form);
        if (value != NULL)
            json_object_set_new(object, field->name, value);
    }
    return object;
}
