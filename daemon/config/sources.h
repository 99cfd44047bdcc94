/*
 * The list of sources: each entry on its own, then what they must not share.
 */
#ifndef FASCIA_CONFIG_SOURCES_H
#define FASCIA_CONFIG_SOURCES_H

#include "config/keys.h"
#include "config/tree.h"

#define CONFIG_SOURCES_MOST 256

/* A list of entries: of sources, or of notifiers and policies (plugins.c), which stand in the same array. */
struct config_entries {
    const char *name;       /* of the list */
    const char *each, *all; /* one of them, and all that are counted, for people */
    const struct config_section *section;
    bool are_plugins;
    /* What the section does not say of one entry. */
    void (*complete)(struct config_source *source, const struct config_node *entry, const char *prefix,
                     const struct config_filling *filling, struct config_errors *errors);
};
extern const struct config_entries config_source_entries, config_plugin_entries;

/* Adds what stands in a file's list to config->sources. */
void config_entries_read(struct config *config, const struct config_entries *entries, const struct config_node *list,
                         struct config_errors *errors);
void config_plugins_check(const struct config *config, struct config_errors *errors);
/* Names, addresses and folders that are there twice. */
void config_sources_check(const struct config *config, struct config_errors *errors);
void config_sources_clear(struct config *config);
bool config_sources_equal(const struct config *left, const struct config *right);

#endif
