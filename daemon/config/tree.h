/*
 * One YAML text as a small tree whose every node knows where it stands.
 *
 * YAML's events are read one by one, so that depth and count are bounded while reading and not after. What makes a configuration hard to read or to
 * trust is refused: aliases, anchors, tags, keys that are no words, keys that stand twice, a second document.
 */
#ifndef FASCIA_CONFIG_TREE_H
#define FASCIA_CONFIG_TREE_H

#include "config/errors.h"

#define CONFIG_DEPTH_MOST 16
#define CONFIG_NODES_MOST 65536 /* of one text */
#define CONFIG_KEYS_MOST  4096  /* of one map */

enum config_node_kind { CONFIG_SCALAR, CONFIG_LIST, CONFIG_MAP };

struct config_node {
    enum config_node_kind kind;
    struct config_place place;
    char *text; /* SCALAR, ends in NUL and has no other */
    bool plain; /* SCALAR: written without quotes */
    size_t count, room;
    struct config_item {
        struct config_node *key; /* MAP; NULL in a LIST */
        struct config_node *value;
    } * items;
};

/* NULL when there is an error, or nothing in the text. file is lent for as long as the tree lives. */
struct config_node *config_tree_parse(const char *file, const char *text, size_t size, struct config_errors *errors);
void config_tree_free(struct config_node *node);

/* The value of a key, or NULL. map may be NULL. */
const struct config_node *config_tree_find(const struct config_node *map, const char *key);
/* "", "~" and "null" without quotes: somebody wrote the key and no value. */
bool config_tree_is_null(const struct config_node *node);
bool config_tree_equal(const struct config_node *left, const struct config_node *right);
/* "a text", "a list", "a map" */
const char *config_kind_name(enum config_node_kind kind);

#endif
