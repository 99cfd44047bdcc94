/*
 * Asks a plugin what it is, and whether it takes its options, in a process of its own: for the commands that run no node. Nothing of it is loaded here. Blocks.
 */
#ifndef FASCIA_NODE_INSPECTOR_H
#define FASCIA_NODE_INSPECTOR_H

#include "config/config.h"
#include "node/spawner.h"
#include "plugin/describe.h"

struct inspector;

/* Starts nothing yet. Both texts are borrowed. */
struct inspector *inspector_create(const char *runner, const char *user);
void inspector_destroy(struct inspector *inspector); /* takes NULL; ends the process that it has */

/* What the file is (heap), or NULL and a fault. Its process waits for options until the next one begins. Of settings: path, interpreter, reads, memory, network. */
MUST_CHECK struct plugin_described *inspector_describe(struct inspector *inspector,
                                                       const struct spawn_settings *settings, struct fault *fault);
/* Whether the one that was described opens with these options. */
MUST_CHECK bool inspector_open(struct inspector *inspector, const Fascia__Options *options, struct fault *fault);

/* The program that runs plugins of this fasciad: beside it, or where it was installed with it. path: PATH_MAX bytes */
void inspector_find_runner(char *path);

#endif
