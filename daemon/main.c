/*
 * fasciad: reads its arguments and runs a node, or does one of the things that are done while none runs.
 */
#include "node/node.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#ifndef FASCIA_CONFIG_FILE
#define FASCIA_CONFIG_FILE "/etc/fascia/fascia.yaml"
#endif

struct arguments {
    const char *config, *backup, *keys, *plugin, *interpreter;
    bool check_config, check_store, force;
};

enum {
    OPTION_CHECK_CONFIG = 256,
    OPTION_CHECK_STORE,
    OPTION_RESTORE,
    OPTION_KEYS,
    OPTION_FORCE,
    OPTION_PLUGIN_HELP,
    OPTION_INTERPRETER
};

static const struct argp_option options[] = {
    {"config", 'c', "FILE", 0, "the configuration (" FASCIA_CONFIG_FILE ")", 0},
    {"check-config", OPTION_CHECK_CONFIG, NULL, 0, "check the configuration, its tables and plugins, and exit", 0},
    {"check-store", OPTION_CHECK_STORE, NULL, 0, "read the whole store and exit; the daemon must not be running", 0},
    {"restore", OPTION_RESTORE, "BACKUP", 0, "put a backup in place of an empty store and exit", 0},
    {"keys", OPTION_KEYS, "FILE", 0,
     "with --restore: the key file to go with it (the present keys of the same store, else BACKUP.keys)", 0},
    {"force", OPTION_FORCE, NULL, 0, "with --restore: replace a store that is not empty", 0},
    {"plugin-help", OPTION_PLUGIN_HELP, "PLUGIN", 0, "print what a plugin is and its options, and exit", 0},
    {"interpreter", OPTION_INTERPRETER, "PROGRAM", 0, "with --plugin-help: what executes it, of a script", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case OPTION_CHECK_CONFIG:
        arguments->check_config = true;
        return 0;
    case OPTION_CHECK_STORE:
        arguments->check_store = true;
        return 0;
    case OPTION_RESTORE:
        arguments->backup = value;
        return 0;
    case OPTION_KEYS:
        arguments->keys = value;
        return 0;
    case OPTION_FORCE:
        arguments->force = true;
        return 0;
    case OPTION_PLUGIN_HELP:
        arguments->plugin = value;
        return 0;
    case OPTION_INTERPRETER:
        arguments->interpreter = value;
        return 0;
    case ARGP_KEY_ARG:
        argp_usage(state);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int count, char **values)
{
    const struct argp argp = {
        .options = options, .parser = parse_option, .doc = "fasciad, the referral network daemon"};
    struct arguments arguments = {.config = FASCIA_CONFIG_FILE};

    argp_program_version = "fasciad " FASCIA_VERSION;
    argp_err_exit_status = NODE_EXIT_CONFIGURATION;
    argp_parse(&argp, count, values, 0, NULL, &arguments);
    if (arguments.plugin != NULL)
        return node_plugin_help(arguments.plugin, arguments.interpreter);
    if (arguments.check_config)
        return node_check_config(arguments.config);
    if (arguments.check_store)
        return node_check_store(arguments.config);
    if (arguments.backup != NULL)
        return node_restore(arguments.config, arguments.backup, arguments.keys, arguments.force);
    return node_run(arguments.config);
}
