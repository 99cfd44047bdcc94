#include "match/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Bytes of a character that was cut in two are dropped (RFC 3629 section 3). */
static size_t whole_characters(const char *characters, size_t size)
{
    size_t start = size, follow = 0;

    while (start > 0 && follow < 3 && ((unsigned char)characters[start - 1] & 0xc0) == 0x80) {
        start--;
        follow++;
    }
    if (start > 0) {
        unsigned char lead = (unsigned char)characters[start - 1];
        size_t need = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;

        if (follow < need)
            return start - 1;
    }
    return size;
}

void match_text_add(struct match_text *text, const char *format, ...)
{
    size_t room = sizeof text->characters - text->size;
    va_list arguments;
    int size;

    va_start(arguments, format);
    size = vsnprintf(text->characters + text->size, room, format, arguments);
    va_end(arguments);
    if (size < 0)
        return;
    if ((size_t)size < room) {
        text->size += (size_t)size;
        return;
    }
    text->size = whole_characters(text->characters, sizeof text->characters - 1);
    text->characters[text->size] = '\0';
}

void match_text_add_distance(struct match_text *text, uint32_t metres)
{
    if (metres < 1000)
        match_text_add(text, "%" PRIu32 " m", metres);
    else if (metres < 100000 && metres % 1000 >= 100)
        match_text_add(text, "%" PRIu32 ".%" PRIu32 " km", metres / 1000, metres % 1000 / 100);
    else
        match_text_add(text, "%" PRIu32 " km", metres / 1000);
}

void match_text_add_distance_needed(struct match_text *text, uint32_t metres)
{
    uint32_t step = metres < 1000 ? 1 : metres < 100000 ? 100 : 1000;

    match_text_add_distance(text, (metres + step - 1) / step * step);
}
