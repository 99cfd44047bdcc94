#include "hl7v2/escape.h"

#include <ctype.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

struct output {
    char *text;
    size_t used;
};

static void add(struct output *output, const char *text, size_t size)
{
    memcpy(output->text + output->used, text, size);
    output->used += size;
}

/* NUL would cut the text short for every reader in C. */
static void add_text(struct output *output, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0')
            add(output, replacement, 3);
        else
            output->text[output->used++] = text[i] == '\r' ? '\n' : text[i];
    }
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = (char)toupper((unsigned char)digit);
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* \Xhh..\: bytes of the message's own set. false when it is not pairs of digits. */
static bool add_hex(const struct hl7_message *message, struct output *output, const char *digits, size_t size)
{
    uint8_t *bytes;
    char *text = NULL;
    size_t count = size / 2, text_size = 0, bad_at;
    enum hl7_charset_result result = HL7_CHARSET_UNKNOWN;

    if (size == 0 || size % 2 != 0)
        return false;
    bytes = hl7_arena_take(message->arena, count);
    for (size_t i = 0; i < count; i++) {
        int high = hex_digit(digits[2 * i]), low = hex_digit(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    if (message->charsets != NULL && message->charset != NULL)
        result = hl7_charset_read(message->charsets, message->charset, message->arena, bytes, count, &text, &text_size,
                                  &bad_at);
    else if (hl7_utf8_valid(bytes, count, &bad_at)) {
        result = HL7_CHARSET_OK;
        text = (char *)bytes;
        text_size = count;
    }
    if (result == HL7_CHARSET_OK || result == HL7_CHARSET_GUESSED)
        add_text(output, text, text_size);
    else
        for (size_t i = 0; i < count; i++)
            add(output, replacement, 3);
    return true;
}

/* \.br\ \.sp3\ \.ce\ and so on; bounded, so that text never grows past the room for it. */
static bool add_command(struct output *output, const char *command, size_t size)
{
    if (size >= 2 &&
        (memcmp(command, "br", 2) == 0 || memcmp(command, "sp", 2) == 0 || memcmp(command, "ce", 2) == 0)) {
        add(output, "\n", 1);
        return true;
    }
    if (size >= 2 &&
        (memcmp(command, "sk", 2) == 0 || memcmp(command, "in", 2) == 0 || memcmp(command, "ti", 2) == 0)) {
        add(output, " ", 1);
        return true;
    }
    return size >= 2 && (memcmp(command, "fi", 2) == 0 || memcmp(command, "nf", 2) == 0);
}

static bool add_separator(const struct hl7_separators *separators, struct output *output, char letter)
{
    char value = '\0';

    switch (letter) {
    case 'F':
        value = separators->field;
        break;
    case 'S':
        value = separators->component;
        break;
    case 'T':
        value = separators->subcomponent;
        break;
    case 'R':
        value = separators->repetition;
        break;
    case 'E':
        value = separators->escape;
        break;
    case 'P':
        value = separators->truncation;
        break;
    case 'H':
    case 'N':
        return true;
    default:
        break;
    }
    if (value == '\0')
        return false;
    add(output, &value, 1);
    return true;
}

static bool add_sequence(const struct hl7_message *message, struct output *output, const char *inside, size_t size)
{
    if (size == 0)
        return false;
    if (size == 1)
        return add_separator(&message->separators, output, inside[0]);
    if (inside[0] == 'X')
        return add_hex(message, output, inside + 1, size - 1);
    if (inside[0] == '.')
        return add_command(output, inside + 1, size - 1);
    return false;
}

char *hl7_unescape(const struct hl7_message *message, struct hl7_span span)
{
    char escape = message->separators.escape;
    const char *end = span.at + span.size;
    /* The longest any byte becomes is U+FFFD's three for a bare NUL; \X..\ gives at most four bytes for two digits. */
    struct output output = {hl7_arena_take(message->arena, span.size * 3 + 1), 0};

    for (const char *at = span.at; at < end;) {
        const char *close = NULL;
        if (escape != '\0' && *at == escape && end - at > 1)
            close = memchr(at + 1, escape, (size_t)(end - at) - 1);
        if (close != NULL && add_sequence(message, &output, at + 1, (size_t)(close - at) - 1)) {
            at = close + 1;
            continue;
        }
        add_text(&output, at, 1);
        at++;
    }
    output.text[output.used] = '\0';
    return output.text;
}
