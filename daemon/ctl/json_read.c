#include "core/memory.h"
#include "ctl/json.h"
#include "ctl/words.h"

#include <string.h>

static bool refuse(struct fault *fault, const ProtobufCFieldDescriptor *field, const char *what)
{
    fault_set(fault, "%s: %s", field->name, what);
    return false;
}

static bool read_number(const ProtobufCFieldDescriptor *field, const json_t *value, int64_t minimum, int64_t maximum,
                        int64_t *number, struct fault *fault)
{
    if (!json_is_integer(value))
        return refuse(fault, field, "must be a whole number");
    *number = json_integer_value(value);
    if (*number >= minimum && *number <= maximum)
        return true;
    fault_set(fault, "%s: must be from %lld to %lld", field->name, (long long)minimum, (long long)maximum);
    return false;
}

static bool read_word(const ProtobufCFieldDescriptor *field, const json_t *value, int *number, struct fault *fault)
{
    char words[256];

    if (json_is_string(value) && ctl_word_value(field->descriptor, json_string_value(value), number))
        return true;
    ctl_words(field->descriptor, words, sizeof words);
    fault_set(fault, "%s: must be one of %s", field->name, words);
    return false;
}

static bool read_message(const ProtobufCFieldDescriptor *field, const json_t *value, ProtobufCMessage **message,
                         struct fault *fault)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;

    if (!json_is_object(value))
        return refuse(fault, field, "must be an object");
    if (*message == NULL) {
        *message = memory_allocate(1, type->sizeof_message);
        protobuf_c_message_init(type, *message);
    }
    if (ctl_json_read(value, *message, fault))
        return true;
    return false;
}

/* One value; at is where it goes. */
static bool read_value(const ProtobufCFieldDescriptor *field, const json_t *value, void *at, struct fault *fault)
{
    int64_t number = 0;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
        if (!read_number(field, value, INT32_MIN, INT32_MAX, &number, fault))
            return false;
        *(int32_t *)at = (int32_t)number;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
        if (!read_number(field, value, 0, UINT32_MAX, &number, fault))
            return false;
        *(uint32_t *)at = (uint32_t)number;
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
        return read_number(field, value, INT64_MIN, INT64_MAX, at, fault);
    case PROTOBUF_C_TYPE_UINT64:
        return read_number(field, value, 0, INT64_MAX, at, fault);
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = json_is_true(value);
        return json_is_boolean(value) || refuse(fault, field, "must be true or false");
    case PROTOBUF_C_TYPE_ENUM:
        return read_word(field, value, at, fault);
    case PROTOBUF_C_TYPE_STRING:
        if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
            return refuse(fault, field, "must be text");
        *(char **)at = memory_text(json_string_value(value));
        return true;
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(field, value, at, fault);
    default:
        return refuse(fault, field, "can't be given here");
    }
}

static size_t element_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
        return 8;
    default:
        return 4;
    }
}

/* "places: must be an object" and "postal_code: ..." become "places[2].postal_code: ..." */
static void locate(struct fault *fault, const ProtobufCFieldDescriptor *field, size_t position)
{
    const struct fault inner = *fault;
    const size_t own = strlen(field->name);
    const bool direct = strncmp(inner.text, field->name, own) == 0 && inner.text[own] == ':';

    if (direct && field->type != PROTOBUF_C_TYPE_MESSAGE)
        fault_set(fault, "%s[%zu]%s", field->name, position + 1, inner.text + own);
    else
        fault_set(fault, "%s[%zu].%s", field->name, position + 1, inner.text);
}

static bool read_list(const ProtobufCFieldDescriptor *field, const json_t *value, uint8_t *message, struct fault *fault)
{
    size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
    uint8_t **values = (uint8_t **)(void *)(message + field->offset);
    const size_t size = element_size(field->type);

    if (!json_is_array(value))
        return refuse(fault, field, "must be a list in [ ]");
    if (json_array_size(value) == 0)
        return true;
    *values = memory_allocate(json_array_size(value), size);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *element = json_array_get(value, i);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && !json_is_object(element)) {
            fault_set(fault, "%s[%zu]: must be an object", field->name, i + 1);
            return false;
        }
        /* counted first: a message that is half read is freed with the rest */
        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            *count = i + 1;
        if (!read_value(field, element, *values + i * size, fault)) {
            locate(fault, field, i);
            return false;
        }
        *count = i + 1;
    }
    return true;
}

static bool read_field(const ProtobufCFieldDescriptor *field, const json_t *value, uint8_t *message,
                       struct fault *fault)
{
    if (json_is_null(value))
        return true;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_list(field, value, message, fault);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return refuse(fault, field, "can't be given here");
    if (read_value(field, value, message + field->offset, fault))
        return true;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && json_is_object(value)) {
        const struct fault inner = *fault;
        fault_set(fault, "%s.%s", field->name, inner.text);
    }
    return false;
}

bool ctl_json_read_member(const char *name, const json_t *value, ProtobufCMessage *message, struct fault *fault)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

    if (field != NULL)
        return read_field(field, value, (uint8_t *)message, fault);
    /* a member's name is shown only as far as it can be one of ours */
    fault_set(fault, "%.48s: there is no such member", name);
    return false;
}

bool ctl_json_read(const json_t *object, ProtobufCMessage *message, struct fault *fault)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        if (!ctl_json_read_member(name, value, message, fault))
            return false;
    }
    return true;
}
