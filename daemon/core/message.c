#include "core/message.h"

#include "core/fault.h"
#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *message_text(const char *text)
{
    return text == NULL || *text == '\0' ? MESSAGE_EMPTY : memory_text(text);
}

void message_clear(char **field)
{
    if (*field != MESSAGE_EMPTY)
        free(*field);
    *field = MESSAGE_EMPTY;
}

void message_set(char **field, const char *text)
{
    char *copy = message_text(text);

    message_clear(field);
    *field = copy;
}

/* Room is a power of two and follows from count, as a repeated field has nowhere to keep it. */
void message_push(void *list, size_t *count, void *item)
{
    void **items;

    memcpy(&items, list, sizeof items);
    if ((*count & (*count - 1)) == 0) {
        items = realloc(items, (*count == 0 ? 1 : *count * 2) * sizeof *items);
        INVARIANT(items != NULL);
    }
    items[(*count)++] = item;
    memcpy(list, &items, sizeof items);
}

void message_push_text(char ***list, size_t *count, const char *text)
{
    message_push(list, count, memory_text(text));
}

bool message_has_text(char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

uint8_t *message_pack(const ProtobufCMessage *message, size_t *size)
{
    uint8_t *bytes;

    *size = protobuf_c_message_get_packed_size(message);
    bytes = memory_allocate(*size, 1);
    protobuf_c_message_pack(message, bytes);
    return bytes;
}

size_t message_value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

void *message_copy(const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *bytes = message_pack(message, &size);
    ProtobufCMessage *copy = protobuf_c_message_unpack(message->descriptor, NULL, size, bytes);

    free(bytes);
    INVARIANT(copy != NULL);
    return copy;
}

Fascia__Problem *problem_new(Fascia__Problem__Severity severity, Fascia__Problem__Kind kind, const char *location,
                             const char *field, const char *text, ...)
{
    Fascia__Problem *problem = memory_allocate(1, sizeof *problem);
    char line[512];
    va_list arguments;

    fascia__problem__init(problem);
    va_start(arguments, text);
    vsnprintf(line, sizeof line, text, arguments);
    va_end(arguments);
    problem->severity = severity;
    problem->kind = kind;
    problem->location = message_text(location);
    problem->field = message_text(field);
    problem->message = message_text(line);
    return problem;
}
