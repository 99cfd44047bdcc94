/*
 * The plugin interface as it was published, byte for byte (LP64): a plugin built with any header of ABI 1 must find everything where it was.
 *
 * A line here may never change; a field that is added at an end adds a line, and the sizes below become the smallest that are accepted.
 */
#include <fascia/plugin.h>

_Static_assert(sizeof(void *) == 8 && sizeof(long) == 8 && sizeof(size_t) == 8 && sizeof(int) == 4, "LP64");

#define AT(type, field, offset, bytes)                                                                                 \
    _Static_assert(offsetof(struct type, field) == (offset), #type "." #field " has moved");                           \
    _Static_assert(sizeof(((struct type *)0)->field) == (bytes), #type "." #field " has another size")
#define IS(name, value) _Static_assert((name) == (value), #name " has another value")

IS(FASCIA_PLUGIN_MAGIC, 0x41435346);
IS(FASCIA_ABI_MAJOR, 1);
IS(FASCIA_ABI_MINOR, 3);
_Static_assert(sizeof FASCIA_PLUGIN_SYMBOL == sizeof "fascia_plugin", "the symbol's name has changed");

_Static_assert(sizeof(struct fascia_bytes) == 16, "fascia_bytes is passed by value: it can't grow");
AT(fascia_bytes, data, 0, 8);
AT(fascia_bytes, size, 8, 8);

IS(FASCIA_KIND_SOURCE, 1);
IS(FASCIA_KIND_NOTIFIER, 2);
IS(FASCIA_KIND_POLICY, 3);
IS(FASCIA_TRANSPORT_STREAM, 1);
IS(FASCIA_TRANSPORT_FOLDER, 2);
IS(FASCIA_TRANSPORT_HTTP, 4);
IS(FASCIA_TRANSPORT_POLL, 8);
_Static_assert(sizeof(enum fascia_status) == 4, "enum fascia_status has another size");
IS(FASCIA_OK, 0);
IS(FASCIA_E_INVALID, 1);
IS(FASCIA_E_TOKEN, 2);
IS(FASCIA_E_LIMIT, 3);
IS(FASCIA_E_BUSY, 4);
IS(FASCIA_E_INTERNAL, 5);
IS(FASCIA_OPTION_TEXT, 1);
IS(FASCIA_OPTION_INTEGER, 2);
IS(FASCIA_OPTION_BOOLEAN, 3);
IS(FASCIA_OPTION_DURATION, 4);
IS(FASCIA_OPTION_SIZE, 5);
IS(FASCIA_OPTION_CHOICE, 6);
IS(FASCIA_OPTION_ADDRESS, 7);
IS(FASCIA_OPTION_PATH, 8);
IS(FASCIA_OPTION_MAP, 9);
IS(FASCIA_OPTION_GROUP, 10);
IS(FASCIA_OPTION_TEXTS, 11);
IS(FASCIA_OPTION_REQUIRED, 1);
IS(FASCIA_OPTION_SECRET, 2);
_Static_assert(sizeof(enum fascia_log_level) == 4, "enum fascia_log_level has another size");
IS(FASCIA_LOG_DEBUG, 0);
IS(FASCIA_LOG_INFO, 1);
IS(FASCIA_LOG_WARNING, 2);
IS(FASCIA_LOG_ERROR, 3);
IS(FASCIA_FRAME_MORE, 0);
IS(FASCIA_FRAME_COMPLETE, 1);
IS(FASCIA_FRAME_INVALID, 2);

_Static_assert(sizeof(struct fascia_option) == 72, "fascia_option has another size");
AT(fascia_option, size, 0, 4);
AT(fascia_option, type, 4, 4);
AT(fascia_option, name, 8, 8);
AT(fascia_option, help, 16, 8);
AT(fascia_option, default_value, 24, 8);
AT(fascia_option, minimum, 32, 8);
AT(fascia_option, maximum, 40, 8);
AT(fascia_option, choices, 48, 8);
AT(fascia_option, children, 56, 8);
AT(fascia_option, child_count, 64, 4);
AT(fascia_option, flags, 68, 4);

_Static_assert(sizeof(struct fascia_host) == 64, "fascia_host has another size");
AT(fascia_host, size, 0, 4);
AT(fascia_host, abi_major, 4, 2);
AT(fascia_host, abi_minor, 6, 2);
AT(fascia_host, context, 8, 8);
AT(fascia_host, submit, 16, 8);
AT(fascia_host, complete, 24, 8);
AT(fascia_host, log, 32, 8);
AT(fascia_host, now, 40, 8);
AT(fascia_host, random, 48, 8);
AT(fascia_host, ask, 56, 8);

_Static_assert(sizeof(struct fascia_frame) == 64, "fascia_frame has another size");
AT(fascia_frame, size, 0, 4);
AT(fascia_frame, result, 4, 4);
AT(fascia_frame, skip, 8, 8);
AT(fascia_frame, payload_offset, 16, 8);
AT(fascia_frame, payload_size, 24, 8);
AT(fascia_frame, total, 32, 8);
AT(fascia_frame, scanned, 40, 8);
AT(fascia_frame, reply, 48, 16);

_Static_assert(sizeof(struct fascia_route) == 24, "fascia_route has another size");
AT(fascia_route, size, 0, 4);
AT(fascia_route, body_bytes, 4, 4);
AT(fascia_route, methods, 8, 8);
AT(fascia_route, path, 16, 8);

_Static_assert(sizeof(struct fascia_plugin) == 176, "fascia_plugin has another size");
AT(fascia_plugin, magic, 0, 4);
AT(fascia_plugin, size, 4, 4);
AT(fascia_plugin, abi_major, 8, 2);
AT(fascia_plugin, abi_minor, 10, 2);
AT(fascia_plugin, kind, 12, 4);
AT(fascia_plugin, transports, 16, 4);
AT(fascia_plugin, option_count, 20, 4);
AT(fascia_plugin, name, 24, 8);
AT(fascia_plugin, version, 32, 8);
AT(fascia_plugin, summary, 40, 8);
AT(fascia_plugin, options, 48, 8);
AT(fascia_plugin, open, 56, 8);
AT(fascia_plugin, close, 64, 8);
AT(fascia_plugin, frame, 72, 8);
AT(fascia_plugin, deliver, 80, 8);
AT(fascia_plugin, result, 88, 8);
AT(fascia_plugin, status, 96, 8);
AT(fascia_plugin, answered, 104, 8);
AT(fascia_plugin, abandon, 112, 8);
AT(fascia_plugin, refuse, 120, 8);
AT(fascia_plugin, notify, 128, 8);
AT(fascia_plugin, judge, 136, 8);
AT(fascia_plugin, request, 144, 8);
AT(fascia_plugin, answer, 152, 8);
AT(fascia_plugin, routes, 160, 8);
AT(fascia_plugin, route_count, 168, 4);

/* The signatures: an assignment of another type would be a warning, and warnings are errors. */
static void check_signatures(const struct fascia_plugin *plugin, const struct fascia_host *host)
{
    enum fascia_status (*submit)(void *, uint64_t, struct fascia_bytes) = host->submit;
    enum fascia_status (*complete)(void *, uint64_t, struct fascia_bytes) = host->complete;
    void (*log)(void *, enum fascia_log_level, const char *, int64_t) = host->log;
    int64_t (*now)(void *) = host->now;
    void (*random)(void *, uint8_t *, size_t) = host->random;
    enum fascia_status (*open)(const struct fascia_host *, struct fascia_bytes, void **, char *, size_t) = plugin->open;
    void (*close)(void *) = plugin->close;
    void (*frame)(void *, struct fascia_bytes, size_t, struct fascia_frame *) = plugin->frame;
    enum fascia_status (*ask)(void *, uint64_t, struct fascia_bytes) = host->ask;
    void (*calls[])(void *, uint64_t, struct fascia_bytes) = {plugin->deliver,  plugin->result,  plugin->status,
                                                              plugin->answered, plugin->refuse,  plugin->notify,
                                                              plugin->judge,    plugin->request, plugin->answer};
    void (*abandon)(void *, uint64_t) = plugin->abandon;
    fascia_plugin_function function = NULL;
    const struct fascia_plugin *(*symbol)(void) = function;

    (void)submit, (void)complete, (void)log, (void)now, (void)random, (void)open, (void)close, (void)frame;
    (void)calls, (void)abandon, (void)symbol, (void)ask;
}

int main(void)
{
    static const struct fascia_plugin plugin;
    static const struct fascia_host host;

    check_signatures(&plugin, &host);
    return 0;
}
