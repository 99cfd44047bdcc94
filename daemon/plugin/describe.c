#include "plugin/describe.h"

#include "core/memory.h"
#include "plugin/examine.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST (PLUGIN_TABLE_DEPTH + 1)

struct plugin_described {
    struct fascia_plugin plugin;
    Fascia__PluginDescription *message; /* whose strings the structure lends */
    bool can_refuse;
};

/* ---- a plugin as a message -------------------------------------------------------------------------------------- */

static char *text_or_nothing(const char *text)
{
    return text == NULL ? (char *)protobuf_c_empty_string : memory_text(text);
}

static Fascia__PluginOption **pack_table(const struct fascia_option *options, uint32_t count);

static Fascia__PluginOption *pack_option(const struct fascia_option *option)
{
    Fascia__PluginOption *packed = memory_allocate(1, sizeof *packed);

    fascia__plugin_option__init(packed);
    packed->type = option->type;
    packed->name = text_or_nothing(option->name);
    packed->help = text_or_nothing(option->help);
    packed->has_default = option->default_value != NULL;
    packed->default_value = text_or_nothing(option->default_value);
    packed->minimum = option->minimum;
    packed->maximum = option->maximum;
    packed->choices = text_or_nothing(option->choices);
    packed->flags = option->flags;
    if (option->children != NULL && option->child_count > 0) {
        packed->n_children = option->child_count;
        packed->children = pack_table(option->children, option->child_count);
    }
    return packed;
}

static Fascia__PluginOption **pack_table(const struct fascia_option *options, uint32_t count)
{
    Fascia__PluginOption **packed = memory_allocate(count, sizeof *packed);

    for (uint32_t i = 0; i < count; i++)
        packed[i] = pack_option(plugin_option(options, i));
    return packed;
}

static void pack_routes(const struct fascia_plugin *described, Fascia__PluginDescription *packed)
{
    packed->n_routes = plugin_route_count(described);
    if (packed->n_routes > 0)
        packed->routes = memory_allocate(packed->n_routes, sizeof *packed->routes);
    for (uint32_t i = 0; i < packed->n_routes; i++) {
        const struct fascia_route *route = plugin_route(described, i);
        packed->routes[i] = memory_allocate(1, sizeof *packed->routes[i]);
        fascia__plugin_route__init(packed->routes[i]);
        packed->routes[i]->body_bytes = route->body_bytes;
        packed->routes[i]->methods = text_or_nothing(route->methods);
        packed->routes[i]->path = text_or_nothing(route->path);
    }
}

Fascia__PluginDescription *plugin_description_pack(const struct fascia_plugin *described)
{
    Fascia__PluginDescription *packed = memory_allocate(1, sizeof *packed);

    fascia__plugin_description__init(packed);
    packed->abi_major = described->abi_major;
    packed->abi_minor = described->abi_minor;
    packed->kind = described->kind;
    packed->transports = described->transports;
    packed->name = memory_text(described->name);
    packed->version = memory_text(described->version);
    packed->summary = memory_text(described->summary);
    packed->can_refuse = FASCIA_HAS(described, refuse) && described->refuse != NULL;
    if (described->option_count > 0) {
        packed->n_options = described->option_count;
        packed->options = pack_table(described->options, described->option_count);
    }
    pack_routes(described, packed);
    return packed;
}

/* ---- a message as a plugin -------------------------------------------------------------------------------------- */

static void free_table(const struct fascia_option *options, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free_table(options[i].children, options[i].child_count);
    free((void *)(uintptr_t)options);
}

static const struct fascia_option *read_table(Fascia__PluginOption *const *messages, size_t count, unsigned depth)
{
    struct fascia_option *options = NULL;

    if (count == 0 || count > PLUGIN_OPTIONS_MOST || depth > DEPTH_MOST)
        return NULL;
    options = memory_allocate(count, sizeof *options);
    for (size_t i = 0; i < count; i++) {
        const Fascia__PluginOption *message = messages[i];
        options[i] = (struct fascia_option){.size = sizeof options[i],
                                            .type = message->type,
                                            .name = message->name,
                                            .help = message->help,
                                            .default_value = message->has_default ? message->default_value : NULL,
                                            .minimum = message->minimum,
                                            .maximum = message->maximum,
                                            .choices = message->choices[0] != '\0' ? message->choices : NULL,
                                            .flags = message->flags};
        options[i].children = read_table(message->children, message->n_children, depth + 1);
        options[i].child_count = options[i].children != NULL ? (uint32_t)message->n_children : 0;
    }
    return options;
}

static const struct fascia_route *read_routes(const Fascia__PluginDescription *message)
{
    struct fascia_route *routes = NULL;

    if (message->n_routes == 0 || message->n_routes > PLUGIN_ROUTES_MOST)
        return NULL;
    routes = memory_allocate(message->n_routes, sizeof *routes);
    for (size_t i = 0; i < message->n_routes; i++)
        routes[i] = (struct fascia_route){.size = sizeof routes[i],
                                          .body_bytes = message->routes[i]->body_bytes,
                                          .methods = message->routes[i]->methods,
                                          .path = message->routes[i]->path};
    return routes;
}

struct plugin_described *plugin_description_read(const Fascia__PluginDescription *message, struct fault *fault)
{
    struct plugin_described *described = memory_allocate(1, sizeof *described);
    struct fascia_plugin *plugin = &described->plugin;
    size_t size = fascia__plugin_description__get_packed_size(message);
    uint8_t *bytes = memory_resize(NULL, size + 1, 1);

    fascia__plugin_description__pack(message, bytes);
    described->message = fascia__plugin_description__unpack(NULL, size, bytes);
    free(bytes);
    message = described->message;
    if (message == NULL) { /* a field that nobody knows need not come out as it went in */
        fault_set(fault, "its description cannot be kept: it does not unpack after it is packed again");
        free(described);
        return NULL;
    }
    *plugin = (struct fascia_plugin){.magic = FASCIA_PLUGIN_MAGIC,
                                     .size = sizeof *plugin,
                                     .abi_major = (uint16_t)message->abi_major,
                                     .abi_minor = (uint16_t)message->abi_minor,
                                     .kind = message->kind,
                                     .transports = message->transports,
                                     .name = message->name,
                                     .version = message->version,
                                     .summary = message->summary};
    plugin->options = read_table(message->options, message->n_options, 0);
    plugin->option_count = (uint32_t)message->n_options;
    plugin->routes = read_routes(message);
    plugin->route_count = (uint32_t)message->n_routes;
    described->can_refuse = message->can_refuse;
    if (plugin_examine_description(plugin, fault) == PLUGIN_OK)
        return described;
    plugin_described_destroy(described);
    return NULL;
}

void plugin_described_destroy(struct plugin_described *described)
{
    if (described == NULL)
        return;
    if (described->plugin.options != NULL)
        free_table(described->plugin.options, described->plugin.option_count);
    free((void *)(uintptr_t)described->plugin.routes);
    fascia__plugin_description__free_unpacked(described->message, NULL);
    free(described);
}

const struct fascia_plugin *plugin_described_plugin(const struct plugin_described *described)
{
    return &described->plugin;
}

bool plugin_described_can_refuse(const struct plugin_described *described)
{
    return described->can_refuse;
}
