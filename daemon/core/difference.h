/*
 * Where two messages of one type differ, field by field, by their descriptor.
 *
 * A path reads as the .proto does: "candidates[0].parts[2].points". Lists of different lengths differ in "candidates.count", and then in the
 * items that both have. A value is text of at most DIFFERENCE_VALUE bytes: numbers, words of enums, strings cut short; "" for what is not there.
 * Pure. Messages with a oneof are not for this.
 */
#ifndef FASCIA_CORE_DIFFERENCE_H
#define FASCIA_CORE_DIFFERENCE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#define DIFFERENCE_PATH  160
#define DIFFERENCE_VALUE 160

/* Texts are lent for the call. */
typedef void (*difference_visitor)(void *context, const char *path, const char *left, const char *right);
/* path is what stands before every field: "", or "need.". */
void message_differences(const ProtobufCMessage *left, const ProtobufCMessage *right, const char *path,
                         difference_visitor visit, void *context);

#endif
