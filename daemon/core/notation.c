#include "core/notation.h"

#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The digits at *text, which moves behind them. False when there are none, or more than fit. */
static bool read_digits(const char **text, int64_t *value)
{
    int64_t sum = 0;
    const char *at = *text;

    if (!is_digit(*at))
        return false;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, *at - '0', &sum))
            return false;
    *text = at;
    *value = sum;
    return true;
}

static bool read_quantity(const char *text, const struct unit *units, size_t count, int64_t *value)
{
    int64_t number = 0;

    if (!read_digits(&text, &number))
        return false;
    if (number == 0 && *text == '\0') {
        *value = 0;
        return true;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, units[i].name) == 0)
            return !__builtin_mul_overflow(number, units[i].factor, value);
    return false;
}

bool notation_integer(const char *text, int64_t *value)
{
    bool negative = *text == '-';
    int64_t number = 0;

    text += negative;
    if (!read_digits(&text, &number) || *text != '\0')
        return false;
    *value = negative ? -number : number;
    return true;
}

bool notation_boolean(const char *text, bool *value)
{
    bool is_true = strcmp(text, "true") == 0;

    if (!is_true && strcmp(text, "false") != 0)
        return false;
    *value = is_true;
    return true;
}

bool notation_duration(const char *text, int64_t *milliseconds)
{
    static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    int64_t value = 0;

    if (!read_quantity(text, units, sizeof units / sizeof units[0], &value))
        return false;
    *milliseconds = value;
    return true;
}

bool notation_size(const char *text, int64_t *bytes)
{
    static const struct unit units[] = {{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    int64_t value = 0;

    if (!read_quantity(text, units, sizeof units / sizeof units[0], &value))
        return false;
    *bytes = value;
    return true;
}

bool notation_distance(const char *text, int64_t *metres)
{
    static const struct unit units[] = {{"", 1}, {"m", 1}, {" m", 1}, {"km", 1000}, {" km", 1000}};
    int64_t value = 0;

    if (!read_quantity(text, units, sizeof units / sizeof units[0], &value))
        return false;
    *metres = value;
    return true;
}

/* RFC 3986 3.2.2 allows more in a name; what a resolver takes is less (RFC 1123 2.1). */
static bool is_host_name(const char *host, size_t size)
{
    if (size == 0 || size > 253 || host[0] == '-' || host[0] == '.')
        return false;
    for (size_t i = 0; i < size; i++) {
        char byte = host[i];
        if (!is_digit(byte) && !(byte >= 'a' && byte <= 'z') && !(byte >= 'A' && byte <= 'Z') && byte != '-' &&
            byte != '.' && byte != '_')
            return false;
    }
    return true;
}

static bool is_bracketed(const char *host, size_t size)
{
    if (size < 4 || host[0] != '[' || host[size - 1] != ']')
        return false;
    for (size_t i = 1; i < size - 1; i++)
        if (strchr("0123456789abcdefABCDEF:.", host[i]) == NULL)
            return false;
    return memchr(host, ':', size) != NULL;
}

bool notation_is_address(const char *text)
{
    const char *colon = strrchr(text, ':');
    const char *port = colon == NULL ? NULL : colon + 1;
    int64_t number = 0;

    if (port == NULL || !read_digits(&port, &number) || *port != '\0' || number > 65535)
        return false;
    return is_host_name(text, (size_t)(colon - text)) || is_bracketed(text, (size_t)(colon - text));
}

bool notation_is_path(const char *text)
{
    size_t size = strnlen(text, 4096);

    if (text[0] != '/' || size > 4095)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    return true;
}

bool notation_is_choice(const char *text, const char *choices)
{
    size_t size = strlen(text);

    if (size == 0)
        return false;
    for (const char *word = choices; word != NULL; word = strchr(word, '|')) {
        word += *word == '|';
        size_t length = strcspn(word, "|");
        if (length == size && memcmp(word, text, size) == 0)
            return true;
    }
    return false;
}

bool notation_is_name(const char *text, char separator, size_t longest)
{
    size_t size = strnlen(text, longest + 1);

    if (size == 0 || size > longest || text[0] < 'a' || text[0] > 'z')
        return false;
    for (size_t i = 1; i < size; i++)
        if (!is_digit(text[i]) && !(text[i] >= 'a' && text[i] <= 'z') && text[i] != separator)
            return false;
    return true;
}
