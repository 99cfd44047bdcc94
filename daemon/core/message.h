/*
 * Making protobuf messages in place, so that their own free_unpacked() can free them.
 *
 * An empty string field keeps the generated default, which is never freed; everything else is heap.
 */
#ifndef FASCIA_CORE_MESSAGE_H
#define FASCIA_CORE_MESSAGE_H

#include "fascia/v1/referral.pb-c.h"

#include <stdbool.h>

#define MESSAGE_EMPTY ((char *)protobuf_c_empty_string)

/* A copy for a string field; "" and NULL give the default. */
char *message_text(const char *text);
/* Frees what the field holds and sets a copy. */
void message_set(char **field, const char *text);
void message_clear(char **field);
/* Appends to a repeated field; item is taken over. */
void message_push(void *list, size_t *count, void *item);
void message_push_text(char ***list, size_t *count, const char *text);
bool message_has_text(char *const *list, size_t count, const char *text);
/* Packed bytes on the heap. */
uint8_t *message_pack(const ProtobufCMessage *message, size_t *size);
/*
 * Unpacks bytes that somebody else wrote; NULL when they are no such message. The unpacker alone does not do for them: it follows messages in messages as deep
 * as they go, on the stack, and it takes field number 0 in a long form that it packs in the short one, which it does not take: what is kept of it could never be read again.
 */
void *message_receive(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size);
/* Bytes that one value of the type takes in a message's struct, or in the array of a repeated field. */
size_t message_value_size(ProtobufCType type);
/* A deep copy by packing; free it with its free_unpacked(). */
void *message_copy(const ProtobufCMessage *message);

/* text may be a format. */
Fascia__Problem *problem_new(Fascia__Problem__Severity severity, Fascia__Problem__Kind kind, const char *location,
                             const char *field, const char *text, ...) __attribute__((format(printf, 5, 6)));

#endif
