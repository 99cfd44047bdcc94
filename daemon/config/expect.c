#include "config/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* In the largest unit that says it exactly. */
static void write_quantity(char *text, size_t room, int64_t value, const struct unit *units)
{
    while (units->factor > 1 && (value == 0 || value % units->factor != 0))
        units++;
    snprintf(text, room, "%" PRId64 "%s", value / units->factor, units->name);
}

static void write_number(char *text, size_t room, uint32_t type, int64_t value)
{
    static const struct unit durations[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    static const struct unit sizes[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};

    if (type == FASCIA_OPTION_DURATION)
        write_quantity(text, room, value, durations);
    else if (type == FASCIA_OPTION_SIZE)
        write_quantity(text, room, value, sizes);
    else
        snprintf(text, room, "%" PRId64, value);
}

static void add_range(struct config_expected *expected, const struct fascia_option *option)
{
    char minimum[32], maximum[32];
    size_t used = strlen(expected->text);

    write_number(minimum, sizeof minimum, option->type, option->minimum);
    write_number(maximum, sizeof maximum, option->type, option->maximum);
    if (option->maximum != 0)
        snprintf(expected->text + used, sizeof expected->text - used, " from %s to %s", minimum, maximum);
    else if (option->minimum != 0)
        snprintf(expected->text + used, sizeof expected->text - used, " of at least %s", minimum);
}

static void add_length(struct config_expected *expected, const struct fascia_option *option, const char *what)
{
    size_t used = strlen(expected->text);

    if (option->minimum > 0 && option->maximum > 0)
        snprintf(expected->text + used, sizeof expected->text - used, " with %" PRId64 " to %" PRId64 " %s",
                 option->minimum, option->maximum, what);
    else if (option->maximum > 0)
        snprintf(expected->text + used, sizeof expected->text - used, " with at most %" PRId64 " %s", option->maximum,
                 what);
    else if (option->minimum > 0)
        snprintf(expected->text + used, sizeof expected->text - used, " with at least %" PRId64 " %s", option->minimum,
                 what);
}

static void write_choices(struct config_expected *expected, const char *choices)
{
    size_t used = (size_t)snprintf(expected->text, sizeof expected->text, "one of ");

    for (const char *at = choices; *at != '\0' && used < sizeof expected->text - 4; at++) {
        if (*at == '|')
            expected->text[used++] = ',';
        expected->text[used++] = *at == '|' ? ' ' : *at;
    }
    expected->text[used] = '\0';
}

struct config_expected config_expect(const struct fascia_option *option)
{
    static const char *const words[] = {
        [FASCIA_OPTION_TEXT] = "a text",
        [FASCIA_OPTION_INTEGER] = "a whole number",
        [FASCIA_OPTION_BOOLEAN] = "true or false",
        [FASCIA_OPTION_DURATION] = "a duration (250ms, 30s, 5m, 24h, 7d)",
        [FASCIA_OPTION_SIZE] = "a size (64KiB, 16MiB, 1GiB)",
        [FASCIA_OPTION_ADDRESS] = "an address (192.0.2.7:2575, host:2575, [::1]:2575)",
        [FASCIA_OPTION_PATH] = "an absolute path",
        [FASCIA_OPTION_MAP] = "a map of texts",
        [FASCIA_OPTION_GROUP] = "a list of maps",
        [FASCIA_OPTION_TEXTS] = "a list of texts",
    };
    struct config_expected expected = {""};

    if (option->type == FASCIA_OPTION_CHOICE) {
        write_choices(&expected, option->choices);
        return expected;
    }
    snprintf(expected.text, sizeof expected.text, "%s", words[option->type]);
    if (option->type == FASCIA_OPTION_TEXT)
        add_length(&expected, option, "bytes");
    else if (option->type >= FASCIA_OPTION_MAP)
        add_length(&expected, option, "entries");
    else
        add_range(&expected, option);
    return expected;
}
