#include "config/tree.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

void config_tree_free(struct config_node *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->count; i++) {
        config_tree_free(node->items[i].key);
        config_tree_free(node->items[i].value);
    }
    free(node->items);
    free(node->text);
    free(node);
}

const struct config_node *config_tree_find(const struct config_node *map, const char *key)
{
    if (map == NULL || map->kind != CONFIG_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->items[i].key->text, key) == 0)
            return map->items[i].value;
    return NULL;
}

bool config_tree_is_null(const struct config_node *node)
{
    return node->kind == CONFIG_SCALAR && node->plain &&
           (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

static bool items_equal(const struct config_node *left, const struct config_node *right)
{
    if (left->count != right->count)
        return false;
    for (size_t i = 0; i < left->count; i++) {
        const struct config_item *item = &left->items[i];
        const struct config_node *other =
            left->kind == CONFIG_LIST ? right->items[i].value : config_tree_find(right, item->key->text);
        if (!config_tree_equal(item->value, other))
            return false;
    }
    return true;
}

bool config_tree_equal(const struct config_node *left, const struct config_node *right)
{
    if (left == NULL || right == NULL)
        return left == right;
    if (left->kind != right->kind)
        return false;
    return left->kind == CONFIG_SCALAR ? strcmp(left->text, right->text) == 0 : items_equal(left, right);
}

const char *config_kind_name(enum config_node_kind kind)
{
    static const char *const names[] = {"a text", "a list", "a map"};

    return names[kind];
}
