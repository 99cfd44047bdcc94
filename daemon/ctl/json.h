/*
 * JSON for any message of the protocol, by its descriptor: what --json prints, and what NDJSON imports read.
 *
 * Members are called as in the .proto files. Enums are their words (words.h), instants and other 64-bit numbers are numbers, bytes are
 * base64, a map is an object, of a oneof only the member that is set appears, and a message that is not set does not appear.
 */
#ifndef FASCIA_CTL_JSON_H
#define FASCIA_CTL_JSON_H

#include "core/fault.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

enum ctl_json_form {
    CTL_JSON_FULL,  /* every number, text, word and list, set or not */
    CTL_JSON_SPARSE /* only what differs from its default */
};

/* A new reference. */
json_t *ctl_json_write(const ProtobufCMessage *message, enum ctl_json_form form);

/* Fills an initialised message from an object; all that it adds is heap, freed with the message. Unknown members, wrong types and numbers out of
 * range are refused with a path ("places[1].postal_code"), never with the value. Bytes and maps are not read. The first of the two reads one member. */
MUST_CHECK bool ctl_json_read_member(const char *name, const json_t *value, ProtobufCMessage *message,
                                     struct fault *fault);
MUST_CHECK bool ctl_json_read(const json_t *object, ProtobufCMessage *message, struct fault *fault);

#endif
