/* Entries of `plugins`: notifiers and policies. What one may do is granted in words, and nothing is by default. */
#include "config/keys.h"
#include "config/sources.h"
#include "core/engine.h"
#include "fascia/v1/event.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static uint32_t read_event(const char *word)
{
    char name[ENGINE_EVENT_NAME];

    for (unsigned i = 0; i < fascia__event__descriptor.n_fields; i++) {
        const uint32_t kind = fascia__event__descriptor.fields[i].id;

        engine_name_event(kind, name);
        if (strcmp(name, word) == 0)
            return UINT32_C(1) << kind;
    }
    return 0;
}

static void read_lists(struct config_source *plugin, const struct config_node *entry, const char *prefix,
                       const struct config_filling *filling, struct config_errors *errors)
{
    const struct config_node *grants = config_tree_find(entry, "grants"), *events = config_tree_find(entry, "events");
    char path[128];

    (void)filling;
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

const struct config_entries config_plugin_entries = {.name = "plugins",
                                                     .each = "each",
                                                     .all = "sources and plugins",
                                                     .section = &config_plugin_section,
                                                     .are_plugins = true,
                                                     .complete = read_lists};

void config_plugins_check(const struct config *config, struct config_errors *errors)
{
    size_t notifiers = 0, policies = 0;

    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *plugin = &config->sources[i];
        const bool hears = (plugin->grants & CONFIG_GRANT_EVENTS) != 0,
                   judges = (plugin->grants & CONFIG_GRANTS_OF_POLICY) != 0;
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
