/*
 * The inside of fascia-plugin-runner: lends a shared object the host's services, and speaks for it over a socket (proto/fascia/v1/runner.proto).
 *
 * One thread, blocking. A call that the plugin does not return from is the host's to notice.
 */
#ifndef FASCIA_PLUGIN_RUNNER_SERVE_H
#define FASCIA_PLUGIN_RUNNER_SERVE_H

#include "fascia/plugin.h"

/* Says what the plugin is, or why it can't be used (described NULL). */
void serve_describe(int socket, const struct fascia_plugin *described, const char *failed);
/* Until the host closes or goes. Returns the process's exit code. */
int serve(int socket, const struct fascia_plugin *described);

#endif
