#include "ctl/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The part of a value's name that only repeats the type's: "VISIT_MODE_" of VisitMode. */
static size_t prefix_size(const ProtobufCEnumDescriptor *type, const char *name)
{
    size_t at = 0;

    for (const char *letter = type->short_name; *letter != '\0'; letter++) {
        if (letter != type->short_name && isupper((unsigned char)*letter) && name[at++] != '_')
            return 0;
        if (name[at++] != toupper((unsigned char)*letter))
            return 0;
    }
    return name[at] == '_' ? at + 1 : 0;
}

static char folded(char letter)
{
    return letter == '_' ? '-' : (char)tolower((unsigned char)letter);
}

static void make_word(const ProtobufCEnumDescriptor *type, const char *name, char word[64])
{
    size_t size = 0;

    for (name += prefix_size(type, name); *name != '\0' && size < 63; name++)
        word[size++] = folded(*name);
    word[size] = '\0';
}

const char *ctl_word(const ProtobufCEnumDescriptor *type, int value, char word[64])
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);

    if (found != NULL)
        make_word(type, found->name, word);
    else
        snprintf(word, 64, "unknown");
    return word;
}

bool ctl_word_value(const ProtobufCEnumDescriptor *type, const char *word, int *value)
{
    char known[64];

    for (unsigned i = 0; i < type->n_values; i++) {
        size_t at = 0;
        make_word(type, type->values[i].name, known);
        while (word[at] != '\0' && folded(word[at]) == known[at])
            at++;
        if (word[at] == '\0' && known[at] == '\0') {
            *value = type->values[i].value;
            return true;
        }
    }
    return false;
}

void ctl_words(const ProtobufCEnumDescriptor *type, char *list, size_t size)
{
    size_t used = 0;
    char word[64];

    list[0] = '\0';
    for (unsigned i = 0; i < type->n_values && used < size; i++) {
        if (type->values[i].value == 0)
            continue;
        make_word(type, type->values[i].name, word);
        used += (size_t)snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", word);
    }
}
