/* What the files of this room know of a loaded plugin. */
#ifndef FASCIA_PLUGIN_LOAD_H
#define FASCIA_PLUGIN_LOAD_H

#include "plugin/plugin.h"
#include "plugin/trust.h"

#define PLUGINS_MOST 64

struct plugin {
    char *path;
    dev_t device;
    ino_t inode;
    void *handle; /* of dlopen(); never closed */
    const struct fascia_plugin *described;
    struct plugin_registry *registry;
};

/* Loads what a descriptor of ours holds, and whoever opened it has checked; named is what messages call it. */
MUST_CHECK enum plugin_error plugin_load_checked(struct plugin_registry *registry, const char *opened,
                                                 const char *named, const struct plugin **plugin, struct fault *fault);

struct plugin_registry {
    struct plugin *plugins[PLUGINS_MOST];
    size_t count;
    uint64_t sequence; /* of the last token of any instance */
};

#endif
