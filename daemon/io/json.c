#include "io/json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void append(struct json_line *line, const char *bytes, size_t size)
{
    if (line->full || size > line->room - line->length) {
        line->full = true;
        return;
    }
    memcpy(line->bytes + line->length, bytes, size);
    line->length += size;
}

void json_raw(struct json_line *line, const char *text)
{
    append(line, text, strlen(text));
}

/* Bytes of the UTF-8 character at text (RFC 3629 section 4), or 0 when there is none. text ends in NUL, which no tail byte is. */
static size_t character_length(const char *text)
{
    const uint8_t *bytes = (const uint8_t *)text;
    uint8_t lowest = 0x80, highest = 0xbf;
    size_t length, i;

    if (bytes[0] < 0x80)
        return 1;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
        return 0;
    length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    if (bytes[0] == 0xe0)
        lowest = 0xa0;
    else if (bytes[0] == 0xed)
        highest = 0x9f;
    else if (bytes[0] == 0xf0)
        lowest = 0x90;
    else if (bytes[0] == 0xf4)
        highest = 0x8f;
    for (i = 1; i < length; i++) {
        if (bytes[i] < lowest || bytes[i] > highest)
            return 0;
        lowest = 0x80;
        highest = 0xbf;
    }
    return length;
}

static void append_escaped(struct json_line *line, char character)
{
    char escape[8];

    snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)character);
    json_raw(line, escape);
}

void json_text(struct json_line *line, const char *text, size_t longest)
{
    const char *end = text + strnlen(text, longest);
    size_t length;

    json_raw(line, "\"");
    while (text < end) {
        length = character_length(text);
        if (length > (size_t)(end - text))
            break;
        if (length == 0) {
            json_raw(line, "\\ufffd");
            length = 1;
        } else if (*text == '"' || *text == '\\') {
            json_raw(line, "\\");
            append(line, text, 1);
        } else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            append_escaped(line, *text);
        } else {
            append(line, text, length);
        }
        text += length;
    }
    json_raw(line, "\"");
}
