/*
 * Enum values as people write them: STATE_NEEDS_INFORMATION of State is "needs-information".
 *
 * The words come from the generated descriptors, so that a new value needs no second list. Pure.
 */
#ifndef FASCIA_CTL_WORDS_H
#define FASCIA_CTL_WORDS_H

#include "core/fault.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* The word of a value, or "unknown" for one that this release does not know. word holds at least 64 bytes. */
const char *ctl_word(const ProtobufCEnumDescriptor *type, int value, char word[64]);
/* false when the word is none of the enum's. Case and '_' for '-' do not matter. */
MUST_CHECK bool ctl_word_value(const ProtobufCEnumDescriptor *type, const char *word, int *value);
/* "female, male, other", for a message about what would be right. Without the value 0, which is "unspecified" or nothing. */
void ctl_words(const ProtobufCEnumDescriptor *type, char *list, size_t size);

#endif
