#include "plugin/examine.h"

#include "core/notation.h"

#include <inttypes.h>
#include <string.h>

/* What ABI 1.0 had: a plugin that was built with less was not built with this interface at all. */
#define SIZE_OF_ABI_1_0 (offsetof(struct fascia_plugin, abandon) + sizeof((struct fascia_plugin *)0)->abandon)

#define TRANSPORTS_KNOWN                                                                                               \
    (FASCIA_TRANSPORT_STREAM | FASCIA_TRANSPORT_FOLDER | FASCIA_TRANSPORT_HTTP | FASCIA_TRANSPORT_POLL)

static bool is_one_line(const char *text, size_t longest)
{
    size_t size = text == NULL ? 0 : strnlen(text, longest + 1);

    if (size == 0 || size > longest)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    return true;
}

static enum plugin_error examine_head(const struct fascia_plugin *described, struct fault *fault)
{
    if (described->magic != FASCIA_PLUGIN_MAGIC) {
        fault_set(fault,
                  "its magic is 0x%08" PRIx32
                  ", not 0x%08x: fascia_plugin() returns something else than a struct fascia_plugin",
                  described->magic, FASCIA_PLUGIN_MAGIC);
        return PLUGIN_MAGIC;
    }
    if (described->size < SIZE_OF_ABI_1_0) {
        fault_set(fault,
                  "its struct fascia_plugin has %" PRIu32
                  " bytes, ABI 1.0 has %zu; set .size = sizeof(struct fascia_plugin)",
                  described->size, (size_t)SIZE_OF_ABI_1_0);
        return PLUGIN_SIZE;
    }
    if (described->abi_major != FASCIA_ABI_MAJOR) {
        fault_set(
            fault,
            "it was built for plugin ABI %u, this daemon has ABI %u; build it against this daemon's <fascia/plugin.h>",
            (unsigned)described->abi_major, FASCIA_ABI_MAJOR);
        return PLUGIN_VERSION;
    }
    return PLUGIN_OK;
}

static bool is_source(const struct fascia_plugin *described)
{
    return described->kind == FASCIA_KIND_SOURCE;
}

static enum plugin_error examine_kind(const struct fascia_plugin *described, struct fault *fault)
{
    if (described->kind < FASCIA_KIND_SOURCE || described->kind > FASCIA_KIND_POLICY) {
        fault_set(fault,
                  "its kind %" PRIu32 " is unknown; this daemon takes sources (FASCIA_KIND_SOURCE), notifiers and "
                  "policies",
                  described->kind);
        return PLUGIN_KIND;
    }
    if (!is_source(described) && described->transports != 0) {
        fault_set(fault, "its transports name a way in, but a notifier or a policy is not fed; leave them 0");
        return PLUGIN_KIND;
    }
    if (!is_source(described))
        return PLUGIN_OK;
    if ((described->transports & TRANSPORTS_KNOWN) == 0) {
        fault_set(fault, "it can't be fed: transports names none of stream, folder, http and poll");
        return PLUGIN_KIND;
    }
    return PLUGIN_OK;
}

static enum plugin_error examine_names(const struct fascia_plugin *described, struct fault *fault)
{
    if (described->name == NULL || !notation_is_name(described->name, '-', PLUGIN_NAME_LONGEST)) {
        fault_set(fault, "its name must be a lower-case letter followed by letters, digits and '-', at most %d bytes",
                  PLUGIN_NAME_LONGEST);
        return PLUGIN_NAME;
    }
    if (!is_one_line(described->version, 64)) {
        fault_set(fault, "its version must be one line of 1 to 64 bytes");
        return PLUGIN_NAME;
    }
    if (!is_one_line(described->summary, 200)) {
        fault_set(fault, "its summary must be one line of 1 to 200 bytes");
        return PLUGIN_NAME;
    }
    return PLUGIN_OK;
}

/* A field that the structure is too short for is as good as NULL. */
#define LACKS(described, field) (!FASCIA_HAS(described, field) || (described)->field == NULL)

/* With frames or files. */
static bool is_fed(const struct fascia_plugin *described)
{
    return (described->transports & ~(uint32_t)FASCIA_TRANSPORT_HTTP) != 0;
}

static bool serves_http(const struct fascia_plugin *described)
{
    return (described->transports & FASCIA_TRANSPORT_HTTP) != 0;
}

static enum plugin_error examine_functions(const struct fascia_plugin *described, struct fault *fault)
{
    static const char *const kinds[] = {
        [FASCIA_KIND_SOURCE] = "source", [FASCIA_KIND_NOTIFIER] = "notifier", [FASCIA_KIND_POLICY] = "policy"};
    const bool source = is_source(described);
    const struct {
        const char *name;
        bool missing;
    } functions[] = {
        {"open", described->open == NULL},
        {"close", described->close == NULL},
        {"deliver", source && is_fed(described) && described->deliver == NULL},
        {"result", source && is_fed(described) && described->result == NULL},
        {"status", source && described->status == NULL},
        {"answered", source && described->answered == NULL},
        {"abandon", described->abandon == NULL},
        {"notify", described->kind == FASCIA_KIND_NOTIFIER && LACKS(described, notify)},
        {"judge", described->kind == FASCIA_KIND_POLICY && LACKS(described, judge)},
        {"request", source && serves_http(described) && LACKS(described, request)},
        {"answer", source && serves_http(described) && LACKS(described, answer)},
        {"frame", described->frame == NULL && (described->transports & FASCIA_TRANSPORT_STREAM) != 0},
    };

    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (functions[i].missing) {
            fault_set(fault, "its function %s is NULL; a %s%s must have it", functions[i].name, kinds[described->kind],
                      strcmp(functions[i].name, "frame") == 0 ? " that takes streams" : "");
            return PLUGIN_FUNCTION;
        }
    return PLUGIN_OK;
}

static enum plugin_error examine(const struct fascia_plugin *described, bool functions_are_here, struct fault *fault)
{
    enum plugin_error error = examine_head(described, fault);

    if (error == PLUGIN_OK)
        error = examine_kind(described, fault);
    if (error == PLUGIN_OK)
        error = examine_names(described, fault);
    if (error == PLUGIN_OK && functions_are_here)
        error = examine_functions(described, fault);
    if (error == PLUGIN_OK)
        error = plugin_examine_table(described->options, described->option_count, fault);
    if (error == PLUGIN_OK && serves_http(described))
        error = plugin_examine_routes(described, fault);
    return error;
}

enum plugin_error plugin_examine_description(const struct fascia_plugin *described, struct fault *fault)
{
    return examine(described, false, fault);
}

enum plugin_error plugin_examine(const struct fascia_plugin *described, struct fault *fault)
{
    return examine(described, true, fault);
}
