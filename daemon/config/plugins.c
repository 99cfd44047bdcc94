/* Entries of `plugins`: notifiers and policies. What one may do is granted in words, and nothing is by default. */
#include "config/keys.h"
#include "config/sources.h"
#include "core/memory.h"
#include "fascia/v1/event.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "plugins.ledger" once the name is known, "plugins[2]" before. */
static void name_plugin(char *prefix, size_t room, const struct config_node *entry, size_t number)
{
    const struct config_node *name = config_tree_find(entry, "name");

    if (name != NULL && name->kind == CONFIG_SCALAR && name->text[0] != '\0')
        snprintf(prefix, room, "plugins.%.63s", name->text);
    else
        snprintf(prefix, room, "plugins[%zu]", number);
}

/* One word of a list; its bit, or 0 when there is no such word. */
typedef uint32_t word_reader(const char *word);

static uint32_t read_words(const struct config_node *list, const char *path, const char *expected, word_reader *read,
                           struct config_errors *errors)
{
    uint32_t bits = 0;

    if (list->kind != CONFIG_LIST) {
        config_errors_add(errors, &list->place, "%s is %s; write a list of %s", path,
                          config_tree_is_null(list) ? "empty" : config_kind_name(list->kind), expected);
        return 0;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct config_node *word = list->items[i].value;
        const uint32_t bit = word->kind == CONFIG_SCALAR ? read(word->text) : 0;

        if (bit == 0)
            config_errors_add(errors, &word->place, "%s%s is none of %s", path,
                              config_show(word->kind == CONFIG_SCALAR ? word->text : "").text, expected);
        bits |= bit;
    }
    return bits;
}

static uint32_t read_grant(const char *word)
{
    static const struct {
        const char *word;
        enum config_grant grant;
    } grants[] = {{"events", CONFIG_GRANT_EVENTS}, {"gate", CONFIG_GRANT_GATE}, {"score", CONFIG_GRANT_SCORE}};

    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++)
        if (strcmp(grants[i].word, word) == 0)
            return grants[i].grant;
    return 0;
}

/* An event is called as its field in event.proto, with '-' for '_'. */
static uint32_t read_event(const char *word)
{
    for (unsigned i = 0; i < fascia__event__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &fascia__event__descriptor.fields[i];
        size_t at = 0;

        while (field->name[at] != '\0' && (field->name[at] == '_' ? '-' : field->name[at]) == word[at])
            at++;
        if (field->name[at] == '\0' && word[at] == '\0')
            return UINT32_C(1) << field->id;
    }
    return 0;
}

static void read_lists(struct config_source *plugin, const struct config_node *entry, const char *prefix,
                       struct config_errors *errors)
{
    const struct config_node *grants = config_tree_find(entry, "grants"), *events = config_tree_find(entry, "events");
    char path[128];

    snprintf(path, sizeof path, "%s.grants", prefix);
    if (grants != NULL)
        plugin->grants = read_words(grants, path, "events, gate, score", read_grant, errors);
    snprintf(path, sizeof path, "%s.events", prefix);
    plugin->events = UINT32_MAX;
    if (events != NULL)
        plugin->events = read_words(
            events, path,
            "received, modified, screened, moved, matched, offered, offer-closed, accepted, visit-booked, visit-ended, "
            "outcome, flag-cleared, viewed, erased, status-delivered, therapist-changed",
            read_event, errors);
    if ((plugin->grants & CONFIG_GRANT_EVENTS) == 0)
        plugin->events = 0;
    if (events != NULL && (plugin->grants & CONFIG_GRANT_EVENTS) == 0)
        config_errors_add(errors, &events->place,
                          "%s is written, but grants do not hold events; write grants: [events] to let it hear them",
                          path);
}

static void read_plugin(struct config *config, const struct config_node *entry, struct config_errors *errors)
{
    struct config_source *plugin = &config->sources[config->source_count++];
    struct config_filling filling = {.count = 0};
    const struct config_node *options = config_tree_find(entry, "options");
    char prefix[96];

    name_plugin(prefix, sizeof prefix, entry, config->source_count);
    *plugin = (struct config_source){.is_plugin = true, .options = (void *)(uintptr_t)entry}; /* only read */
    config_section_read(&config_plugin_section, entry, prefix, plugin, &filling, errors);
    if (entry->kind != CONFIG_MAP)
        return;
    config_section_complete(&config_plugin_section, prefix, plugin, &filling, false, &entry->place, errors);
    read_lists(plugin, entry, prefix, errors);
    if (options != NULL && options->kind != CONFIG_MAP)
        config_errors_add(errors, &options->place, "%s.options is %s; write a map of the plugin's options", prefix,
                          config_tree_is_null(options) ? "empty" : config_kind_name(options->kind));
}

void config_plugins_read(struct config *config, const struct config_node *list, struct config_errors *errors)
{
    if (list->kind != CONFIG_LIST) {
        config_errors_add(errors, &list->place, "plugins is %s; write a list: each begins with '- name:'",
                          config_tree_is_null(list) ? "empty" : config_kind_name(list->kind));
        return;
    }
    if (config->source_count + list->count > CONFIG_SOURCES_MOST) {
        config_errors_add(errors, &list->place, "there are more than %d sources and plugins", CONFIG_SOURCES_MOST);
        return;
    }
    if (list->count == 0)
        return;
    config->sources = memory_resize(config->sources, config->source_count + list->count, sizeof *config->sources);
    for (size_t i = 0; i < list->count; i++)
        read_plugin(config, list->items[i].value, errors);
}

void config_plugins_check(const struct config *config, struct config_errors *errors)
{
    size_t notifiers = 0, policies = 0;

    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *plugin = &config->sources[i];
        const bool hears = (plugin->grants & CONFIG_GRANT_EVENTS) != 0,
                   judges = (plugin->grants & (CONFIG_GRANT_GATE | CONFIG_GRANT_SCORE)) != 0;
        const struct config_place *place = &((const struct config_node *)plugin->options)->place;

        notifiers += hears;
        policies += judges;
        if (hears && judges)
            config_errors_add(errors, place,
                              "plugins.%.63s is granted events, which are of a notifier, and gate or score, which are "
                              "of a policy; no plugin is both",
                              plugin->name);
        if ((hears && notifiers == CONFIG_NOTIFIERS_MOST + 1) || (judges && policies == CONFIG_POLICIES_MOST + 1))
            config_errors_add(errors, place, "there are more than %d %s", CONFIG_NOTIFIERS_MOST,
                              hears ? "notifiers" : "policies");
    }
}
