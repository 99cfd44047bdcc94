#include "fhir/query.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int digit_of(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if (letter >= 'a' && letter <= 'f')
        return letter - 'a' + 10;
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

/* How many bytes of one character begin here; 0: none does. */
static size_t character(const uint8_t *bytes, size_t size)
{
    const uint8_t lead = bytes[0];
    const size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : (lead & 0xf0) == 0xe0 ? 3 : 4;

    if (lead == 0 || (lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    if ((lead == 0xe0 && bytes[1] < 0xa0) || (lead == 0xed && bytes[1] > 0x9f) || (lead == 0xf0 && bytes[1] < 0x90) ||
        (lead == 0xf4 && bytes[1] > 0x8f))
        return 0;
    return length;
}

bool fhir_is_text(const char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)text;

    for (size_t at = 0; at < size;) {
        const size_t length = character(bytes + at, size - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

const char *fhir_percent_decode(struct fhir_arena *arena, const char *text, size_t size, bool plus)
{
    char *out = fhir_arena_take(arena, size + 1);
    size_t length = 0;

    for (size_t at = 0; at < size; at++) {
        if (text[at] == '%') {
            if (at + 2 >= size || digit_of(text[at + 1]) < 0 || digit_of(text[at + 2]) < 0)
                return NULL;
            out[length++] = (char)(digit_of(text[at + 1]) * 16 + digit_of(text[at + 2]));
            at += 2;
        } else {
            out[length++] = plus && text[at] == '+' ? ' ' : text[at];
        }
    }
    return fhir_is_text(out, length) ? out : NULL;
}

const char *fhir_percent_encode(struct fhir_arena *arena, const char *text, const char *also)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    char *out = fhir_arena_take(arena, strlen(text) * 3 + 1);
    size_t length = 0;

    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL || strchr(also, *text) != NULL)
            out[length++] = *text;
        else
            length += (size_t)snprintf(out + length, 4, "%%%02X", (unsigned)(uint8_t)*text);
    }
    return out;
}

static bool read_pair(struct fhir_arena *arena, const char *text, size_t size, struct fhir_pair *pair)
{
    const char *equals = memchr(text, '=', size);
    const size_t before = equals != NULL ? (size_t)(equals - text) : size;
    const char *name = fhir_percent_decode(arena, text, before, true);
    const char *colon;

    if (name == NULL)
        return false;
    colon = strchr(name, ':');
    pair->name = colon != NULL ? fhir_arena_text(arena, name, (size_t)(colon - name)) : name;
    pair->modifier = colon != NULL ? colon + 1 : "";
    pair->value = equals == NULL ? "" : fhir_percent_decode(arena, equals + 1, size - before - 1, true);
    return pair->value != NULL;
}

bool fhir_query_read(struct fhir_arena *arena, const char *text, size_t size, struct fhir_query *query,
                     char fault[FHIR_QUERY_FAULT_BYTES])
{
    for (size_t at = 0, number = 1; at < size; number++) {
        const char *end = memchr(text + at, '&', size - at);
        const size_t length = end != NULL ? (size_t)(end - text) - at : size - at;
        if (length > 0 && query->count == FHIR_QUERY_PAIRS) {
            snprintf(fault, FHIR_QUERY_FAULT_BYTES, "there are more than %d parameters", FHIR_QUERY_PAIRS);
            return false;
        }
        if (length > 0 && !read_pair(arena, text + at, length, &query->pairs[query->count++])) {
            snprintf(fault, FHIR_QUERY_FAULT_BYTES,
                     "parameter %zu can't be decoded: a '%%' needs two hexadecimal digits behind it, and what comes of "
                     "it must be UTF-8 text",
                     number);
            return false;
        }
        at += length + 1;
    }
    return true;
}

const char *fhir_query_find(const struct fhir_query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++)
        if (strcmp(query->pairs[i].name, name) == 0)
            return query->pairs[i].value;
    return NULL;
}
