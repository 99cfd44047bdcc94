#include "config/keys.h"
#include "core/memory.h"

#include <stdio.h>

static const struct fascia_option *row(const struct fascia_option *table, uint32_t index)
{
    return (const struct fascia_option *)(const void *)((const char *)table + (size_t)table->size * index);
}

static void write_row(FILE *out, const struct fascia_option *option, const char *expected, int indent)
{
    fprintf(out, "%*s%s\n%*s%s.\n%*sWrite %s", indent, "", option->name, indent + 4, "", option->help, indent + 4, "",
            expected);
    if ((option->flags & FASCIA_OPTION_SECRET) != 0)
        fprintf(out, "; it is never shown");
    if ((option->flags & FASCIA_OPTION_REQUIRED) != 0)
        fprintf(out, ". Required.\n");
    else if (option->default_value == NULL)
        fprintf(out, ". Optional.\n");
    else
        fprintf(out, ". Default: %s\n", option->default_value[0] == '\0' ? "''" : option->default_value);
}

static void write_table(FILE *out, const struct fascia_option *table, uint32_t count, int indent)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct fascia_option *option = row(table, i);
        write_row(out, option, config_expect(option).text, indent);
        if (option->type == FASCIA_OPTION_GROUP)
            write_table(out, option->children, option->child_count, indent + 4);
    }
}

static void write_section(FILE *out, const struct config_section *section, int indent)
{
    fprintf(out, "%*s%s:\n%*s%s.\n", indent, "", section->name, indent + 2, "", section->help);
    for (size_t i = 0; i < section->count; i++) {
        const struct config_key *key = &section->keys[i];
        write_row(out, &key->option, key->notation != NULL ? key->notation->expected : config_expect(&key->option).text,
                  indent + 2);
    }
    for (size_t i = 0; i < section->nested_count; i++)
        write_section(out, &section->nested[i], indent + 2);
}

char *config_options_help(const struct fascia_option *table, uint32_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    INVARIANT(out != NULL);
    write_table(out, table, count, 0);
    INVARIANT(fclose(out) == 0);
    return text;
}

char *config_help(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    INVARIANT(out != NULL);
    for (size_t i = 0; i < sizeof config_sections / sizeof config_sections[0]; i++)
        write_section(out, &config_sections[i], 0);
    write_section(out, &config_source_section, 0);
    fprintf(out, "  options\n      What the plugin takes: fasciad --plugin-help FILE.so\n");
    write_section(out, &config_plugin_section, 0);
    fprintf(out, "include:\n  More files, as a list of patterns relative to this one; sources and plugins add up, "
                 "other keys stand once.\n");
    INVARIANT(fclose(out) == 0);
    return text;
}
