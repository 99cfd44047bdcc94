/*
 * The list of sources: each entry on its own, then what they must not share.
 */
#ifndef FASCIA_CONFIG_SOURCES_H
#define FASCIA_CONFIG_SOURCES_H

#include "config/tree.h"

#define CONFIG_SOURCES_MOST 256

/* Adds what stands in a file's list to config->sources. */
void config_sources_read(struct config *config, const struct config_node *list, struct config_errors *errors);
/* The same of notifiers and policies (plugins.c), which stand in the same array. */
void config_plugins_read(struct config *config, const struct config_node *list, struct config_errors *errors);
void config_plugins_check(const struct config *config, struct config_errors *errors);
/* Names, addresses and folders that are there twice. */
void config_sources_check(const struct config *config, struct config_errors *errors);
void config_sources_clear(struct config *config);
bool config_sources_equal(const struct config *left, const struct config *right);

#endif
