/* The routes that a plugin takes over HTTP, checked before one of them is used. */
#include "plugin/examine.h"

#include <string.h>

#define ROUTE_WIDEST 4096 /* bytes of a row of any ABI to come */

uint32_t plugin_route_count(const struct fascia_plugin *described)
{
    return FASCIA_HAS(described, route_count) && described->routes != NULL ? described->route_count : 0;
}

const struct fascia_route *plugin_route(const struct fascia_plugin *described, uint32_t index)
{
    const uint8_t *rows = (const uint8_t *)described->routes;

    return (const struct fascia_route *)(const void *)(rows + (size_t)index * described->routes->size);
}

/* Upper-case words with one blank between them. */
static bool are_methods(const char *methods)
{
    const size_t size = methods == NULL ? 0 : strnlen(methods, PLUGIN_PATH_LONGEST + 1);

    if (size == 0 || size > PLUGIN_PATH_LONGEST || methods[0] == ' ' || methods[size - 1] == ' ')
        return false;
    for (size_t i = 0; i < size; i++)
        if (!(methods[i] >= 'A' && methods[i] <= 'Z') && !(methods[i] == ' ' && methods[i - 1] != ' '))
            return false;
    return true;
}

static bool is_path(const char *path)
{
    const size_t size = path == NULL ? 0 : strnlen(path, PLUGIN_PATH_LONGEST + 1);

    if (size == 0 || size > PLUGIN_PATH_LONGEST || path[0] != '/')
        return false;
    for (size_t i = 0; i < size; i++)
        if (path[i] <= ' ' || path[i] >= 0x7f || strchr("?#%\\\"", path[i]) != NULL || (path[i] == '*' && i + 1 < size))
            return false;
    return true;
}

static enum plugin_error refuse(struct fault *fault, uint32_t index, const char *why)
{
    fault_set(fault, "row %u of its routes: %s", (unsigned)index + 1, why);
    return PLUGIN_ROUTES;
}

static enum plugin_error examine_route(const struct fascia_plugin *described, uint32_t index, struct fault *fault)
{
    const struct fascia_route *route = plugin_route(described, index);

    if (route->size != described->routes->size)
        return refuse(fault, index, "its size is another than that of the first");
    if (!are_methods(route->methods))
        return refuse(fault, index, "methods must be words such as \"GET HEAD POST\"");
    if (!is_path(route->path))
        return refuse(fault, index, "path must begin with '/', and may have one '*', at its end");
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(plugin_route(described, i)->path, route->path) == 0)
            return refuse(fault, index, "the same path stands in a row before");
    return PLUGIN_OK;
}

enum plugin_error plugin_examine_routes(const struct fascia_plugin *described, struct fault *fault)
{
    const uint32_t count = plugin_route_count(described);
    enum plugin_error error = PLUGIN_OK;

    if (count == 0 || count > PLUGIN_ROUTES_MOST) {
        fault_set(fault, "it takes HTTP but has %s routes; write 1 to %d", count == 0 ? "no" : "too many",
                  PLUGIN_ROUTES_MOST);
        return PLUGIN_ROUTES;
    }
    if (described->routes->size < sizeof(struct fascia_route) || described->routes->size > ROUTE_WIDEST)
        return refuse(fault, 0, "its size is not that of a struct fascia_route");
    for (uint32_t i = 0; i < count && error == PLUGIN_OK; i++)
        error = examine_route(described, i, fault);
    return error;
}
