/*
 * What a plugin says of itself, as a message that crosses a socket, and back: the daemon knows an isolated plugin without loading any of it.
 */
#ifndef FASCIA_PLUGIN_DESCRIBE_H
#define FASCIA_PLUGIN_DESCRIBE_H

#include "fascia/v1/runner.pb-c.h"
#include "plugin/plugin.h"

/* Everything that plugin_examine() has let pass; free with free_unpacked. */
Fascia__PluginDescription *plugin_description_pack(const struct fascia_plugin *described);

/* The same as a structure: all functions are NULL. It is checked as a loaded one would be; NULL and a fault when anything is wrong with it. Heap. */
struct plugin_described;
MUST_CHECK struct plugin_described *plugin_description_read(const Fascia__PluginDescription *message,
                                                            struct fault *fault);
void plugin_described_destroy(struct plugin_described *described); /* takes NULL */
const struct fascia_plugin *plugin_described_plugin(const struct plugin_described *described);
bool plugin_described_can_refuse(const struct plugin_described *described);

#endif
