/*
 * One node: every room built, wired and run from one configuration. The only place beside main.c that knows all rooms.
 *
 * Order of building: tables and zones, loop, store, stages (which load the engine), plugins and sources, control socket, HTTP, and
 * last the listeners: nobody is let in before everything that answers is there. Ending is the same backwards.
 */
#ifndef FASCIA_NODE_NODE_H
#define FASCIA_NODE_NODE_H

#include "core/fault.h"

/* Exit codes of fasciad; in fasciad(8). */
enum node_exit {
    NODE_EXIT_OK = 0,
    NODE_EXIT_CONFIGURATION = 2, /* the configuration, a table or a plugin is wrong */
    NODE_EXIT_STORE = 3,         /* the database can't be opened: locked, damaged, newer, read-only, full */
    NODE_EXIT_RUNTIME = 4,       /* an address is taken, a socket can't be made */
    NODE_EXIT_BROKEN = 5         /* the disk failed while running: what was acknowledged is safe; start again */
};

/* Runs until SIGTERM or SIGINT, then drains. Errors go to the log, those of the configuration to stderr. */
enum node_exit node_run(const char *config_path);
/* Everything that node_run would check before it opens the store. Prints what is wrong, or that all is well. */
enum node_exit node_check_config(const char *config_path);
/* Reads the whole store; no daemon may be running on it. */
enum node_exit node_check_store(const char *config_path);
enum node_exit node_restore(const char *config_path, const char *backup, const char *keys, int force);
/* The options of a plugin, as text for people; it says them in a process of its own. interpreter: of a script, or NULL. */
enum node_exit node_plugin_help(const char *path, const char *interpreter);

#endif
