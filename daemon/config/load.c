#include "config/files.h"
#include "config/keys.h"
#include "config/sources.h"
#include "core/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECTIONS (sizeof config_sections / sizeof config_sections[0])

static void read_top(struct config *config, const struct config_item *item, struct config_filling *filling,
                     struct config_errors *errors)
{
    static const char *const names[] = {"node", "matching", "delivery", "sources", "plugins", "include", NULL};

    for (size_t i = 0; i < SECTIONS; i++)
        if (strcmp(item->key->text, config_sections[i].name) == 0) {
            config_section_read(&config_sections[i], item->value, config_sections[i].name, config, filling, errors);
            return;
        }
    if (strcmp(item->key->text, "sources") == 0)
        config_entries_read(config, &config_source_entries, item->value, errors);
    else if (strcmp(item->key->text, "plugins") == 0)
        config_entries_read(config, &config_plugin_entries, item->value, errors);
    else if (strcmp(item->key->text, "include") != 0) /* followed when the files were read */
        config_unknown_key(item->key, "the file", names, errors);
}

static void read_root(struct config *config, const struct config_node *root, struct config_filling *filling,
                      struct config_errors *errors)
{
    if (root->kind != CONFIG_MAP) {
        config_errors_add(errors, &root->place,
                          "this is %s; write a map with node, matching, delivery, sources, plugins",
                          config_kind_name(root->kind));
        return;
    }
    for (size_t i = 0; i < root->count; i++)
        read_top(config, &root->items[i], filling, errors);
}

/* Where a key of the node was written, or the first file. */
static struct config_place place_of(const struct config_filling *filling, const char *path, const char *file)
{
    for (size_t i = 0; i < filling->count; i++)
        if (strcmp(filling->filled[i].key->path, path) == 0)
            return filling->filled[i].node->place;
    return (struct config_place){.file = file};
}

/* Only when what it is made of could be read. */
static void check_zone(const struct config *config, const struct config_filling *filling, const char *file,
                       struct config_errors *errors)
{
    struct config_place place = place_of(filling, "node.time_zone", file);
    struct stat status;
    char path[PATH_MAX + 72];

    if (config->time_zone == NULL || config->zoneinfo_directory == NULL)
        return;
    snprintf(path, sizeof path, "%s/%s", config->zoneinfo_directory, config->time_zone);
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        config_errors_add(errors, &place,
                          "node.time_zone%s is no zone in %.200s; write one that is, such as America/New_York",
                          config_show(config->time_zone).text, config->zoneinfo_directory);
}

static void check_whole(const struct config *config, const struct config_filling *filling, const char *file,
                        struct config_errors *errors)
{
    struct config_place place = place_of(filling, "delivery.retry_last", file);

    check_zone(config, filling, file, errors);
    if (config->retry_last_ms < config->retry_first_ms)
        config_errors_add(errors, &place,
                          "delivery.retry_last is less than delivery.retry_first; make it at least that");
    place = place_of(filling, "delivery.give_up_after", file);
    if (config->give_up_after_ms < config->retry_first_ms)
        config_errors_add(errors, &place,
                          "delivery.give_up_after is less than delivery.retry_first: nothing would be tried twice");
    config_sources_check(config, errors);
    config_plugins_check(config, errors);
}

struct config *config_load(const char *path, struct config_errors *errors)
{
    struct config *config = memory_allocate(1, sizeof *config);
    struct config_filling filling = {.count = 0};
    const struct config_place place = {.file = path};
    struct config_files *files = NULL;

    *errors = (struct config_errors){0};
    files = memory_allocate(1, sizeof *files);
    config->document = files;
    config_files_read(files, path, errors);
    for (size_t i = 0; i < files->count; i++)
        if (files->files[i].root != NULL)
            read_root(config, files->files[i].root, &filling, errors);
    for (size_t i = 0; i < SECTIONS; i++)
        config_section_complete(&config_sections[i], config_sections[i].name, config, &filling, true, &place, errors);
    config->offer_lifetime[FASCIA__PRIORITY__PRIORITY_UNSPECIFIED] =
        config->offer_lifetime[FASCIA__PRIORITY__PRIORITY_ROUTINE];
    check_whole(config, &filling, path, errors);
    if (errors->count == 0)
        return config;
    config_destroy(config);
    return NULL;
}

void config_destroy(struct config *config)
{
    if (config == NULL)
        return;
    config_sources_clear(config);
    for (size_t i = 0; i < SECTIONS; i++)
        config_section_clear(&config_sections[i], config);
    config_files_free(config->document);
    free(config);
}

static size_t compare_section(const struct config_section *section, const struct config *running,
                              const struct config *wanted, const char **names, size_t room, size_t count)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct config_key *key = &section->keys[i];
        if (key->reloadable || config_key_equal(key, running, wanted))
            continue;
        if (count < room)
            names[count] = key->path;
        count++;
    }
    for (size_t i = 0; i < section->nested_count; i++)
        count = compare_section(&section->nested[i], running, wanted, names, room, count);
    return count;
}

size_t config_fixed_differences(const struct config *running, const struct config *wanted, const char **names,
                                size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < SECTIONS; i++)
        count = compare_section(&config_sections[i], running, wanted, names, room, count);
    if (!config_sources_equal(running, wanted)) {
        if (count < room)
            names[count] = "sources";
        count++;
    }
    return count < room ? count : room;
}
