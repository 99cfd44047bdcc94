#include "plugin/load.h"

#include "core/memory.h"
#include "plugin/examine.h"
#include "plugin/trust.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *plugin_error_name(enum plugin_error error)
{
    static const char *const names[] = {"ok",   "path",    "owner", "open", "symbol", "null",     "magic",
                                        "size", "version", "kind",  "name", "table",  "function", "options"};

    return (size_t)error < sizeof names / sizeof names[0] ? names[error] : "unknown";
}

struct plugin_registry *plugin_registry_create(void)
{
    return memory_allocate(1, sizeof(struct plugin_registry));
}

/* The shared objects stay: their code may still be on somebody's stack, or in a handler it left behind. */
void plugin_registry_destroy(struct plugin_registry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = 0; i < registry->count; i++) {
        free(registry->plugins[i]->path);
        free(registry->plugins[i]);
    }
    free(registry);
}

const struct fascia_plugin *plugin_describe(const struct plugin *plugin)
{
    return plugin->described;
}

/* What dlopen() mapped must be the file that was checked, not one that took its name meanwhile. */
static bool is_file_that_was_checked(void *handle, const struct trusted_file *file)
{
    struct link_map *map = NULL;
    struct stat status;

    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == NULL || stat(map->l_name, &status) != 0)
        return false;
    return status.st_dev == file->status.st_dev && status.st_ino == file->status.st_ino &&
           status.st_ctim.tv_sec == file->status.st_ctim.tv_sec &&
           status.st_ctim.tv_nsec == file->status.st_ctim.tv_nsec;
}

static enum plugin_error open_object(const struct trusted_file *file, void **handle, struct fault *fault)
{
    *handle = dlopen(file->path, RTLD_NOW | RTLD_LOCAL);
    if (*handle == NULL) {
        const char *why = dlerror();
        size_t length = strlen(file->path);
        if (why != NULL && strncmp(why, file->path, length) == 0 && strncmp(why + length, ": ", 2) == 0)
            why += length + 2;
        fault_set(fault, "can't be loaded: %s", why != NULL ? why : "the linker does not say why");
        return PLUGIN_OPEN;
    }
    if (!is_file_that_was_checked(*handle, file)) {
        fault_set(fault, "the file changed while it was being loaded; try again when nobody writes there");
        return PLUGIN_OPEN;
    }
    return PLUGIN_OK;
}

static enum plugin_error ask_object(void *handle, const struct fascia_plugin **described, struct fault *fault)
{
    void *symbol = dlsym(handle, FASCIA_PLUGIN_SYMBOL);
    fascia_plugin_function function;

    if (symbol == NULL) {
        fault_set(fault, "exports no %s(); is it a fascia plugin, and is that function marked FASCIA_EXPORT?",
                  FASCIA_PLUGIN_SYMBOL);
        return PLUGIN_SYMBOL;
    }
    /* ISO C has no cast from an object's pointer to a function's; POSIX dlsym() promises that the bits are good. */
    memcpy(&function, &symbol, sizeof function);
    *described = function();
    if (*described == NULL) {
        fault_set(fault, "its %s() returned NULL", FASCIA_PLUGIN_SYMBOL);
        return PLUGIN_NULL;
    }
    return plugin_examine(*described, fault);
}

static enum plugin_error check_unique(const struct plugin_registry *registry, const struct fascia_plugin *described,
                                      struct fault *fault)
{
    for (size_t i = 0; i < registry->count; i++)
        if (strcmp(registry->plugins[i]->described->name, described->name) == 0) {
            fault_set(fault, "its name '%s' is already taken by %s; load only one of them", described->name,
                      registry->plugins[i]->path);
            return PLUGIN_NAME;
        }
    return PLUGIN_OK;
}

static const struct plugin *keep(struct plugin_registry *registry, const struct trusted_file *file, void *handle,
                                 const struct fascia_plugin *described)
{
    struct plugin *plugin = memory_allocate(1, sizeof *plugin);

    plugin->path = strdup(file->path);
    INVARIANT(plugin->path != NULL);
    plugin->device = file->status.st_dev;
    plugin->inode = file->status.st_ino;
    plugin->handle = handle;
    plugin->described = described;
    plugin->registry = registry;
    registry->plugins[registry->count++] = plugin;
    return plugin;
}

/* By the file's own identity too: another name of the same file is the same plugin. */
static const struct plugin *already_loaded(const struct plugin_registry *registry, const struct trusted_file *file)
{
    for (size_t i = 0; i < registry->count; i++) {
        const struct plugin *plugin = registry->plugins[i];
        if (strcmp(plugin->path, file->path) == 0 ||
            (plugin->device == file->status.st_dev && plugin->inode == file->status.st_ino))
            return plugin;
    }
    return NULL;
}

static enum plugin_error load_new(struct plugin_registry *registry, const struct trusted_file *file,
                                  const struct plugin **plugin, struct fault *fault)
{
    const struct fascia_plugin *described = NULL;
    void *handle = NULL;
    enum plugin_error error = PLUGIN_OK;

    if (registry->count == PLUGINS_MOST) {
        fault_set(fault, "%d plugins are loaded already, no more are taken", PLUGINS_MOST);
        return PLUGIN_OPEN;
    }
    error = open_object(file, &handle, fault);
    if (error == PLUGIN_OK)
        error = ask_object(handle, &described, fault);
    if (error == PLUGIN_OK)
        error = check_unique(registry, described, fault);
    if (error == PLUGIN_OK)
        *plugin = keep(registry, file, handle, described);
    else if (handle != NULL)
        dlclose(handle);
    return error;
}

enum plugin_error plugin_load(struct plugin_registry *registry, const char *path, const struct plugin **plugin,
                              struct fault *fault)
{
    struct trusted_file file;
    struct fault why = {{0}};
    enum plugin_error error = plugin_trust(path, &file, fault);

    *plugin = NULL;
    if (error != PLUGIN_OK)
        return error;
    *plugin = already_loaded(registry, &file);
    if (*plugin != NULL)
        return PLUGIN_OK;
    error = load_new(registry, &file, plugin, &why);
    if (error != PLUGIN_OK)
        fault_set(fault, "%.200s: %s", file.path, why.text);
    return error;
}

enum plugin_error plugin_load_checked(struct plugin_registry *registry, const char *opened, const char *named,
                                      const struct plugin **plugin, struct fault *fault)
{
    struct trusted_file file = {.path = ""};
    struct fault why = {{0}};
    enum plugin_error error = PLUGIN_OK;

    *plugin = NULL;
    snprintf(file.path, sizeof file.path, "%s", opened);
    if (stat(opened, &file.status) != 0) {
        fault_set(fault, "%.200s: can't be read by the user that plugins run as", named);
        return PLUGIN_PATH;
    }
    error = load_new(registry, &file, plugin, &why);
    if (error != PLUGIN_OK)
        fault_set(fault, "%.200s: %s", named, why.text);
    return error;
}

enum plugin_error plugin_check_file(const char *path, struct fault *fault)
{
    struct trusted_file file;

    return plugin_trust(path, &file, fault);
}
