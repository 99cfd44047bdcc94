#include "config/files.h"

#include <stdio.h>
#include <string.h>

static struct config_where write_place(const struct config_place *place)
{
    struct config_where where = {""};

    if (place->line > 0)
        snprintf(where.text, sizeof where.text, "%.300s:%d:%d", place->file, place->line, place->column);
    else
        snprintf(where.text, sizeof where.text, "%.300s", place->file);
    return where;
}

/* Down the words of a path, as far as they were written. */
static const struct config_node *follow(const struct config_node *node, const char *path)
{
    while (node != NULL && *path != '\0') {
        const size_t size = strcspn(path, ".");
        char key[64];
        const struct config_node *next = NULL;
        snprintf(key, sizeof key, "%.*s", (int)size, path);
        if (node->kind == CONFIG_MAP)
            next = config_tree_find(node, key);
        if (next == NULL)
            break;
        node = next;
        path += size + (path[size] == '.');
    }
    return node;
}

struct config_where config_where(const struct config *config, const char *path)
{
    const struct config_files *files = config->document;
    const char *name = strrchr(path, '.');
    const struct config_place whole = {.file = files->count > 0 ? files->files[0].name : "the configuration"};

    for (size_t i = 0; i < files->count; i++) {
        char section[64];
        const struct config_node *found;
        snprintf(section, sizeof section, "%.*s", name != NULL ? (int)(name - path) : 0, path);
        found = config_tree_find(follow(files->files[i].root, section), name != NULL ? name + 1 : path);
        if (found != NULL)
            return write_place(&found->place);
    }
    return write_place(&whole);
}

struct config_where config_where_of_source(const struct config_source *source, const char *path)
{
    return write_place(&follow(source->options, path)->place);
}
