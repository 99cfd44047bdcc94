#include "config/value.h"
#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a plugin's options are read: which source, which group. */
struct reading {
    struct config_errors *errors;
    const char *prefix; /* "sources.clinic-a.options" */
};

static Fascia__Options *read_table(struct reading *reading, const struct config_node *map,
                                   const struct config_place *place, const struct fascia_option *table, uint32_t count);

/* Rows are as wide as the plugin was built with. */
static const struct fascia_option *row(const struct fascia_option *table, uint32_t index)
{
    return (const struct fascia_option *)(const void *)((const char *)table + (size_t)table->size * index);
}

static bool check_count(const struct reading *reading, const struct fascia_option *option,
                        const struct config_node *node, enum config_node_kind kind, const char *path)
{
    struct config_expected expected = config_expect(option);

    if (node->kind != kind) {
        config_errors_add(reading->errors, &node->place, "%s is %s; write %s", path,
                          config_tree_is_null(node) ? "empty" : config_kind_name(node->kind), expected.text);
        return false;
    }
    if ((int64_t)node->count >= option->minimum && (option->maximum == 0 || (int64_t)node->count <= option->maximum))
        return true;
    config_errors_add(reading->errors, &node->place, "%s has %zu entries; write %s", path, node->count, expected.text);
    return false;
}

static bool check_entry(const struct reading *reading, const struct config_node *node, const char *path)
{
    return config_is_scalar(node, path, "a text", reading->errors);
}

static void read_map(struct reading *reading, const struct fascia_option *option, const struct config_node *node,
                     const char *path, Fascia__OptionValue *value)
{
    Fascia__OptionMap *map = NULL;

    if (!check_count(reading, option, node, CONFIG_MAP, path))
        return;
    map = memory_allocate(1, sizeof *map);
    fascia__option_map__init(map);
    map->entries = memory_allocate(node->count + 1, sizeof(void *));
    for (size_t i = 0; i < node->count; i++) {
        Fascia__OptionMap__EntriesEntry *entry = NULL;
        char entry_path[256];
        snprintf(entry_path, sizeof entry_path, "%.200s.%.48s", path, node->items[i].key->text);
        if (!check_entry(reading, node->items[i].value, entry_path))
            continue;
        entry = memory_allocate(1, sizeof *entry);
        fascia__option_map__entries_entry__init(entry);
        entry->key = memory_text(node->items[i].key->text);
        entry->value = memory_text(node->items[i].value->text);
        map->entries[map->n_entries++] = entry;
    }
    value->value_case = FASCIA__OPTION_VALUE__VALUE_MAP;
    value->map = map;
}

static void read_texts(struct reading *reading, const struct fascia_option *option, const struct config_node *node,
                       const char *path, Fascia__OptionValue *value)
{
    Fascia__TextList *texts = NULL;

    if (!check_count(reading, option, node, CONFIG_LIST, path))
        return;
    texts = memory_allocate(1, sizeof *texts);
    fascia__text_list__init(texts);
    texts->items = memory_allocate(node->count + 1, sizeof *texts->items);
    for (size_t i = 0; i < node->count; i++)
        if (check_entry(reading, node->items[i].value, path))
            texts->items[texts->n_items++] = memory_text(node->items[i].value->text);
    value->value_case = FASCIA__OPTION_VALUE__VALUE_TEXTS;
    value->texts = texts;
}

static void read_group(struct reading *reading, const struct fascia_option *option, const struct config_node *node,
                       const char *path, Fascia__OptionValue *value)
{
    Fascia__OptionList *list = NULL;

    if (!check_count(reading, option, node, CONFIG_LIST, path))
        return;
    list = memory_allocate(1, sizeof *list);
    fascia__option_list__init(list);
    list->items = memory_allocate(node->count + 1, sizeof(void *));
    for (size_t i = 0; i < node->count; i++) {
        const struct config_node *item = node->items[i].value;
        char item_path[256];
        struct reading inner = {.errors = reading->errors, .prefix = item_path};
        snprintf(item_path, sizeof item_path, "%.200s[%zu]", path, i + 1);
        list->items[list->n_items++] = read_table(&inner, item, &item->place, option->children, option->child_count);
    }
    value->value_case = FASCIA__OPTION_VALUE__VALUE_LIST;
    value->list = list;
}

static void read_scalar(struct reading *reading, const struct fascia_option *option, const struct config_node *node,
                        const char *path, Fascia__OptionValue *value)
{
    struct config_scalar scalar;

    if (!config_scalar_read(option, node, path, &scalar, reading->errors))
        return;
    switch (option->type) {
    case FASCIA_OPTION_BOOLEAN:
        value->value_case = FASCIA__OPTION_VALUE__VALUE_FLAG;
        value->flag = scalar.flag;
        break;
    case FASCIA_OPTION_INTEGER:
    case FASCIA_OPTION_DURATION:
    case FASCIA_OPTION_SIZE:
        value->value_case = FASCIA__OPTION_VALUE__VALUE_NUMBER;
        value->number = scalar.number;
        break;
    default:
        value->value_case = FASCIA__OPTION_VALUE__VALUE_TEXT;
        value->text = memory_text(node->text);
        break;
    }
}

static Fascia__OptionValue *read_value(struct reading *reading, const struct fascia_option *option,
                                       const struct config_node *node)
{
    Fascia__OptionValue *value = memory_allocate(1, sizeof *value);
    char path[256];

    fascia__option_value__init(value);
    value->name = memory_text(option->name);
    snprintf(path, sizeof path, "%.200s.%.48s", reading->prefix, option->name);
    if (option->type == FASCIA_OPTION_MAP)
        read_map(reading, option, node, path, value);
    else if (option->type == FASCIA_OPTION_TEXTS)
        read_texts(reading, option, node, path, value);
    else if (option->type == FASCIA_OPTION_GROUP)
        read_group(reading, option, node, path, value);
    else
        read_scalar(reading, option, node, path, value);
    return value;
}

/* A list or a map in flow form is read as the administrator's own would be. */
static Fascia__OptionValue *read_default(struct reading *reading, const struct fascia_option *option)
{
    bool is_container = option->type == FASCIA_OPTION_MAP || option->type == FASCIA_OPTION_TEXTS;
    struct reading inner = {.errors = reading->errors, .prefix = reading->prefix};
    struct config_node scalar = {.kind = CONFIG_SCALAR, .place = {.file = "the plugin's own default"}};
    struct config_node *tree = NULL;
    Fascia__OptionValue *value = NULL;

    if (!is_container) {
        scalar.text = (char *)(uintptr_t)option->default_value; /* only read */
        return read_value(&inner, option, &scalar);
    }
    tree = config_tree_parse(scalar.place.file, option->default_value, strlen(option->default_value), reading->errors);
    value = tree == NULL ? NULL : read_value(&inner, option, tree);
    config_tree_free(tree);
    return value;
}

static void refuse_unknown(const struct reading *reading, const struct config_node *map,
                           const struct fascia_option *table, uint32_t count)
{
    const char **names = memory_allocate((size_t)count + 1, sizeof *names);

    for (uint32_t i = 0; i < count; i++)
        names[i] = row(table, i)->name;
    for (size_t i = 0; i < map->count; i++) {
        const struct config_node *key = map->items[i].key;
        size_t known = 0;
        while (names[known] != NULL && strcmp(names[known], key->text) != 0)
            known++;
        if (names[known] == NULL)
            config_unknown_key(key, reading->prefix, names, reading->errors);
    }
    free(names);
}

static void add(Fascia__Options *options, Fascia__OptionValue *value)
{
    if (value != NULL)
        options->values[options->n_values++] = value;
}

/* map is NULL when nothing was written. */
static Fascia__Options *read_table(struct reading *reading, const struct config_node *map,
                                   const struct config_place *place, const struct fascia_option *table, uint32_t count)
{
    Fascia__Options *options = memory_allocate(1, sizeof *options);

    fascia__options__init(options);
    options->values = memory_allocate((size_t)count + 1, sizeof(void *));
    if (map != NULL && map->kind != CONFIG_MAP) {
        config_errors_add(reading->errors, place, "%s is %s; write a map of options", reading->prefix,
                          config_kind_name(map->kind));
        return options;
    }
    if (map != NULL)
        refuse_unknown(reading, map, table, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct fascia_option *option = row(table, i);
        const struct config_node *node = config_tree_find(map, option->name);
        if (node != NULL)
            add(options, read_value(reading, option, node));
        else if (option->default_value != NULL)
            add(options, read_default(reading, option));
        else if ((option->flags & FASCIA_OPTION_REQUIRED) != 0)
            config_errors_add(reading->errors, place, "%s.%s is missing; write %s", reading->prefix, option->name,
                              config_expect(option).text);
    }
    return options;
}

Fascia__Options *config_options(const struct config *config, const struct config_source *source,
                                const struct fascia_option *table, uint32_t count, struct config_errors *errors)
{
    const struct config_node *entry = source->options, *written = config_tree_find(entry, "options");
    size_t before = errors->count;
    char prefix[96];
    struct reading reading = {.errors = errors, .prefix = prefix};
    Fascia__Options *options = NULL;

    (void)config;
    snprintf(prefix, sizeof prefix, "%s.%.63s.options", source->is_plugin ? "plugins" : "sources", source->name);
    options = read_table(&reading, written, written != NULL ? &written->place : &entry->place, table, count);
    if (errors->count == before)
        return options;
    fascia__options__free_unpacked(options, NULL);
    return NULL;
}
