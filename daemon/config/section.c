#include "config/keys.h"

#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MOST 24 /* of one section, nested ones counted */
#define OTHERS    (sizeof((struct config_section *)0)->others / sizeof(const char *))

static const struct config_key *find_key(const struct config_section *section, const char *name)
{
    for (size_t i = 0; i < section->count; i++)
        if (strcmp(section->keys[i].option.name, name) == 0)
            return &section->keys[i];
    return NULL;
}

static const struct config_section *find_nested(const struct config_section *section, const char *name)
{
    for (size_t i = 0; i < section->nested_count; i++)
        if (strcmp(section->nested[i].name, name) == 0)
            return &section->nested[i];
    return NULL;
}

static void refuse_unknown(const struct config_section *section, const struct config_node *key, const char *prefix,
                           struct config_errors *errors)
{
    const char *names[KEYS_MOST + 1];
    size_t count = 0;

    INVARIANT(section->count + section->nested_count + OTHERS <= KEYS_MOST);
    for (size_t i = 0; i < section->count; i++)
        names[count++] = section->keys[i].option.name;
    for (size_t i = 0; i < section->nested_count; i++)
        names[count++] = section->nested[i].name;
    for (size_t i = 0; i < OTHERS && section->others[i] != NULL; i++)
        names[count++] = section->others[i];
    names[count] = NULL;
    config_unknown_key(key, prefix, names, errors);
}

static bool is_read_by_others(const struct config_section *section, const char *name)
{
    for (size_t i = 0; i < OTHERS && section->others[i] != NULL; i++)
        if (strcmp(section->others[i], name) == 0)
            return true;
    return false;
}

static void put(const struct config_key *key, void *base, const char *text, const struct config_scalar *scalar)
{
    void *at = (char *)base + key->offset;

    switch (key->target) {
    case TARGET_TEXT:
        free(*(char **)at);
        *(char **)at = memory_text(text);
        break;
    case TARGET_U32:
        *(uint32_t *)at = (uint32_t)scalar->number;
        break;
    case TARGET_I32:
        *(int32_t *)at = (int32_t)scalar->number;
        break;
    case TARGET_I64:
        *(int64_t *)at = scalar->number;
        break;
    case TARGET_SIZE:
        *(size_t *)at = (size_t)scalar->number;
        break;
    case TARGET_BOOL:
        *(bool *)at = scalar->flag;
        break;
    case TARGET_INT:
        *(int *)at = (int)scalar->number;
        break;
    }
}

static bool read_notation(const struct config_key *key, const struct config_node *node, const char *path,
                          struct config_scalar *scalar, struct config_errors *errors)
{
    if (!config_is_scalar(node, path, key->notation->expected, errors))
        return false;
    if (key->notation->read(node->text, &scalar->number))
        return true;
    config_errors_add(errors, &node->place, "%s%s is not %s", path, config_show(node->text).text,
                      key->notation->expected);
    return false;
}

static void read_key(const struct config_key *key, const struct config_node *node, const char *prefix, void *base,
                     struct config_errors *errors)
{
    struct config_scalar scalar = {0};
    char path[192];
    bool read = false;

    snprintf(path, sizeof path, "%s.%s", prefix, key->option.name);
    if (key->notation != NULL)
        read = read_notation(key, node, path, &scalar, errors);
    else
        read = config_scalar_read(&key->option, node, path, &scalar, errors);
    if (read)
        put(key, base, node->text, &scalar);
}

/* NULL, or where the key was written before. */
static const struct config_node *written_before(const struct config_filling *filling, const struct config_key *key)
{
    for (size_t i = 0; i < filling->count; i++)
        if (filling->filled[i].key == key)
            return filling->filled[i].node;
    return NULL;
}

static void take_key(const struct config_key *key, const struct config_item *item, const char *prefix, void *base,
                     struct config_filling *filling, struct config_errors *errors)
{
    const struct config_node *before = written_before(filling, key);

    /* Twice in one file was said when that file was read. */
    if (before != NULL && before->place.file == item->key->place.file)
        return;
    if (before != NULL) {
        config_errors_add(errors, &item->key->place, "%s.%s already stands at %s:%d; write it once", prefix,
                          key->option.name, before->place.file, before->place.line);
        return;
    }
    INVARIANT(filling->count < sizeof filling->filled / sizeof filling->filled[0]);
    filling->filled[filling->count].key = key;
    filling->filled[filling->count++].node = item->key;
    read_key(key, item->value, prefix, base, errors);
}

void config_section_read(const struct config_section *section, const struct config_node *node, const char *prefix,
                         void *base, struct config_filling *filling, struct config_errors *errors)
{
    if (node->kind != CONFIG_MAP) {
        config_errors_add(errors, &node->place, "%s is %s; write a map of its keys", prefix,
                          config_tree_is_null(node) ? "empty" : config_kind_name(node->kind));
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct config_item *item = &node->items[i];
        const struct config_key *key = find_key(section, item->key->text);
        const struct config_section *nested = find_nested(section, item->key->text);
        if (key != NULL) {
            take_key(key, item, prefix, base, filling, errors);
        } else if (nested != NULL) {
            char path[160];
            snprintf(path, sizeof path, "%s.%s", prefix, nested->name);
            config_section_read(nested, item->value, path, base, filling, errors);
        } else if (!is_read_by_others(section, item->key->text)) {
            refuse_unknown(section, item->key, prefix, errors);
        }
    }
}

void config_section_complete(const struct config_section *section, const char *prefix, void *base,
                             const struct config_filling *filling, bool nested, const struct config_place *place,
                             struct config_errors *errors)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct config_key *key = &section->keys[i];
        char *text = (char *)(uintptr_t)key->option.default_value; /* only read */
        struct config_node node = {.kind = CONFIG_SCALAR, .place = *place, .text = text};
        if (written_before(filling, key) != NULL)
            continue;
        if (text != NULL)
            read_key(key, &node, prefix, base, errors);
        else if ((key->option.flags & FASCIA_OPTION_REQUIRED) != 0)
            config_errors_add(errors, place, "%s.%s is missing; write %s", prefix, key->option.name,
                              key->notation != NULL ? key->notation->expected : config_expect(&key->option).text);
    }
    for (size_t i = 0; nested && i < section->nested_count; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s.%s", prefix, section->nested[i].name);
        config_section_complete(&section->nested[i], path, base, filling, true, place, errors);
    }
}

void config_section_clear(const struct config_section *section, void *base)
{
    for (size_t i = 0; i < section->count; i++)
        if (section->keys[i].target == TARGET_TEXT)
            free(*(char **)(void *)((char *)base + section->keys[i].offset));
    for (size_t i = 0; i < section->nested_count; i++)
        config_section_clear(&section->nested[i], base);
}

bool config_key_equal(const struct config_key *key, const void *left, const void *right)
{
    static const size_t sizes[] = {[TARGET_TEXT] = 0,
                                   [TARGET_U32] = sizeof(uint32_t),
                                   [TARGET_I32] = sizeof(int32_t),
                                   [TARGET_I64] = sizeof(int64_t),
                                   [TARGET_SIZE] = sizeof(size_t),
                                   [TARGET_BOOL] = sizeof(bool),
                                   [TARGET_INT] = sizeof(int)};
    const void *first = (const char *)left + key->offset, *second = (const char *)right + key->offset;
    const char *text = NULL, *other = NULL;

    if (key->target != TARGET_TEXT)
        return memcmp(first, second, sizes[key->target]) == 0;
    text = *(char *const *)first;
    other = *(char *const *)second;
    return text == NULL || other == NULL ? text == other : strcmp(text, other) == 0;
}
