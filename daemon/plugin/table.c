#include "plugin/examine.h"

#include "core/notation.h"

#include <inttypes.h>
#include <string.h>

#define ROW_SIZE_MOST   4096
#define TEXT_LONGEST    4096 /* of a help, a default or a list of choices */
#define SIZE_OF_ROW_1_0 (offsetof(struct fascia_option, flags) + sizeof((struct fascia_option *)0)->flags)

const struct fascia_option *plugin_option(const struct fascia_option *options, uint32_t index)
{
    return (const struct fascia_option *)(const void *)((const char *)options + (size_t)options->size * index);
}

static bool is_bounded(const char *text)
{
    return text != NULL && strnlen(text, TEXT_LONGEST + 1) <= TEXT_LONGEST;
}

static bool is_counted(const struct fascia_option *option)
{
    return option->type == FASCIA_OPTION_INTEGER || option->type == FASCIA_OPTION_DURATION ||
           option->type == FASCIA_OPTION_SIZE;
}

static bool in_range(const struct fascia_option *option, int64_t number)
{
    return number >= option->minimum && (option->maximum == 0 || number <= option->maximum);
}

static bool counted_default_fits(const struct fascia_option *option)
{
    int64_t number = 0;
    bool read = false;

    if (option->type == FASCIA_OPTION_INTEGER)
        read = notation_integer(option->default_value, &number);
    else if (option->type == FASCIA_OPTION_DURATION)
        read = notation_duration(option->default_value, &number);
    else
        read = notation_size(option->default_value, &number);
    return read && in_range(option, number);
}

/* A list or a map stands in the configuration's flow form; the configuration reads it fully. */
static bool is_enclosed(const char *text, char first, char last)
{
    size_t size = strlen(text);

    return size >= 2 && text[0] == first && text[size - 1] == last;
}

static bool default_fits(const struct fascia_option *option)
{
    bool flag = false;

    switch (option->type) {
    case FASCIA_OPTION_TEXT:
        return option->maximum == 0 || strlen(option->default_value) <= (size_t)option->maximum;
    case FASCIA_OPTION_INTEGER:
    case FASCIA_OPTION_DURATION:
    case FASCIA_OPTION_SIZE:
        return counted_default_fits(option);
    case FASCIA_OPTION_BOOLEAN:
        return notation_boolean(option->default_value, &flag);
    case FASCIA_OPTION_CHOICE:
        return notation_is_choice(option->default_value, option->choices);
    case FASCIA_OPTION_ADDRESS:
        return notation_is_address(option->default_value);
    case FASCIA_OPTION_PATH:
        return notation_is_path(option->default_value);
    case FASCIA_OPTION_MAP:
        return is_enclosed(option->default_value, '{', '}');
    case FASCIA_OPTION_TEXTS:
        return is_enclosed(option->default_value, '[', ']');
    default:
        return false; /* a group has none */
    }
}

static enum plugin_error refuse(struct fault *fault, const struct fascia_option *option, const char *problem)
{
    fault_set(fault, "its option '%.*s' %s", PLUGIN_OPTION_LONGEST, option->name, problem);
    return PLUGIN_TABLE;
}

static enum plugin_error examine_table(const struct fascia_option *options, uint32_t count, int depth,
                                       struct fault *fault);

static enum plugin_error examine_group(const struct fascia_option *option, int depth, struct fault *fault)
{
    enum plugin_error error = PLUGIN_OK;

    if (option->type != FASCIA_OPTION_GROUP)
        return option->child_count == 0 ? PLUGIN_OK : refuse(fault, option, "has children but is no group");
    if (option->child_count == 0 || option->children == NULL)
        return refuse(fault, option, "is a group without children");
    if (depth >= PLUGIN_TABLE_DEPTH)
        return refuse(fault, option, "nests deeper than groups in groups");
    error = examine_table(option->children, option->child_count, depth + 1, fault);
    if (error != PLUGIN_OK)
        fault_prefix(fault, "in the group '%s'", option->name);
    return error;
}

static enum plugin_error examine_row(const struct fascia_option *option, int depth, struct fault *fault)
{
    if (option->name == NULL || !notation_is_name(option->name, '_', PLUGIN_OPTION_LONGEST)) {
        fault_set(fault,
                  "an option's name must be a lower-case letter followed by letters, digits and '_', at most %d bytes",
                  PLUGIN_OPTION_LONGEST);
        return PLUGIN_TABLE;
    }
    if (option->type < FASCIA_OPTION_TEXT || option->type > FASCIA_OPTION_TEXTS)
        return refuse(fault, option, "has a type that this daemon does not know");
    if (!is_bounded(option->help) || option->help[0] == '\0')
        return refuse(fault, option, "has no help");
    if (option->type == FASCIA_OPTION_CHOICE && (!is_bounded(option->choices) || option->choices[0] == '\0'))
        return refuse(fault, option, "is a choice without choices");
    if (option->maximum != 0 && option->minimum > option->maximum)
        return refuse(fault, option, "has a minimum above its maximum");
    if (!is_counted(option) && (option->minimum < 0 || option->maximum < 0))
        return refuse(fault, option, "has a bound below 0 on a length");
    if (option->default_value != NULL && !is_bounded(option->default_value))
        return refuse(fault, option, "has a default that is too long");
    if (option->default_value != NULL && (option->flags & FASCIA_OPTION_REQUIRED) != 0)
        return refuse(fault, option, "is required and has a default; it can only be one of them");
    if (option->default_value != NULL && !default_fits(option))
        return refuse(fault, option, "has a default that does not fit its own type and bounds");
    return examine_group(option, depth, fault);
}

static enum plugin_error examine_width(const struct fascia_option *options, uint32_t count, struct fault *fault)
{
    if (options == NULL) {
        fault_set(fault, "its options table is NULL but should have %" PRIu32 " rows", count);
        return PLUGIN_TABLE;
    }
    if (count > PLUGIN_OPTIONS_MOST) {
        fault_set(fault, "its options table has %" PRIu32 " rows; at most %d are taken", count, PLUGIN_OPTIONS_MOST);
        return PLUGIN_TABLE;
    }
    if (options->size < SIZE_OF_ROW_1_0 || options->size > ROW_SIZE_MOST ||
        options->size % _Alignof(struct fascia_option) != 0) {
        fault_set(fault,
                  "a row of its options table says it has %" PRIu32 " bytes; set .size = sizeof(struct fascia_option)",
                  options->size);
        return PLUGIN_TABLE;
    }
    return PLUGIN_OK;
}

static enum plugin_error examine_table(const struct fascia_option *options, uint32_t count, int depth,
                                       struct fault *fault)
{
    enum plugin_error error = count == 0 ? PLUGIN_OK : examine_width(options, count, fault);

    for (uint32_t i = 0; error == PLUGIN_OK && i < count; i++) {
        const struct fascia_option *option = plugin_option(options, i);
        if (option->size != options->size) {
            fault_set(fault,
                      "row %" PRIu32 " of its options table has another size than the first; set .size = sizeof(struct "
                      "fascia_option) in each",
                      i + 1);
            return PLUGIN_TABLE;
        }
        error = examine_row(option, depth, fault);
        for (uint32_t j = 0; error == PLUGIN_OK && j < i; j++)
            if (strcmp(plugin_option(options, j)->name, option->name) == 0)
                error = refuse(fault, option, "is in its table twice");
    }
    return error;
}

enum plugin_error plugin_examine_table(const struct fascia_option *options, uint32_t count, struct fault *fault)
{
    return examine_table(options, count, 0, fault);
}
