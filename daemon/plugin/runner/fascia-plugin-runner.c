/*
 * fascia-plugin-runner: runs one plugin in a process of its own for fasciad. People call it only to see what a plugin is (--describe).
 */
#include "core/fault.h"
#include "plugin/load.h"
#include "plugin/runner/fence.h"
#include "plugin/runner/serve.h"
#include "plugin/runner/spawner.h"
#include "plugin/spawn.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_SPAWNER = 256,
    OPTION_SERVE,
    OPTION_MEMORY,
    OPTION_NETWORK,
    OPTION_TEMPORARY,
    OPTION_USER,
    OPTION_INTERPRETER,
    OPTION_READS
};

struct arguments {
    bool spawner, serve, network;
    const char *user, *path, *temporary, *interpreter, *reads;
    uint64_t memory;
};

static const struct argp_option options[] = {
    {"spawner", OPTION_SPAWNER, NULL, OPTION_HIDDEN, "start processes for the daemon at descriptor 3", 0},
    {"user", OPTION_USER, "USER", OPTION_HIDDEN, "with --spawner: whom the processes run as", 0},
    {"serve", OPTION_SERVE, NULL, OPTION_HIDDEN, "serve the daemon at descriptor 3", 0},
    {"memory", OPTION_MEMORY, "BYTES", OPTION_HIDDEN, "bound of memory", 0},
    {"network", OPTION_NETWORK, NULL, OPTION_HIDDEN, "the network may be used", 0},
    {"temporary", OPTION_TEMPORARY, "PATH", OPTION_HIDDEN, "its own directory", 0},
    {"interpreter", OPTION_INTERPRETER, "PATH", OPTION_HIDDEN, "what it may execute besides itself", 0},
    {"reads", OPTION_READS, "PATHS", OPTION_HIDDEN, "what it may read besides", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case OPTION_SPAWNER:
        arguments->spawner = true;
        return 0;
    case OPTION_USER:
        arguments->user = value;
        return 0;
    case OPTION_SERVE:
        arguments->serve = true;
        return 0;
    case OPTION_MEMORY:
        arguments->memory = strtoull(value, NULL, 10);
        return 0;
    case OPTION_NETWORK:
        arguments->network = true;
        return 0;
    case OPTION_TEMPORARY:
        arguments->temporary = value;
        return 0;
    case OPTION_INTERPRETER:
        arguments->interpreter = value;
        return 0;
    case OPTION_READS:
        arguments->reads = value;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL)
            argp_usage(state);
        arguments->path = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A program speaks for itself: what is around it stays. */
static int run_program(const char *path)
{
    char *const values[] = {(char *)(uintptr_t)path, NULL};
    struct fault fault = {{0}};

    execv(path, values);
    if (errno == EACCES)
        fault_set(&fault,
                  "%.200s: can't be executed: it and what is above it must be so for the user of isolated plugins, and "
                  "of a script the source must "
                  "name the program of its first line, as in `interpreter: /usr/bin/python3`",
                  path);
    else
        fault_set(&fault, "%.200s: can't be executed: %s", path, strerror(errno));
    serve_describe(SPAWN_SOCKET, NULL, fault.text);
    return 0;
}

static int run_object(const char *path)
{
    struct plugin_registry *registry = plugin_registry_create();
    const struct plugin *plugin = NULL;
    struct fault fault = {{0}};
    char opened[32];

    snprintf(opened, sizeof opened, "/proc/self/fd/%d", SPAWN_FILE);
    /* The daemon has checked the file, and the descriptor is that file's. */
    if (plugin_load_checked(registry, opened, path, &plugin, &fault) != PLUGIN_OK) {
        serve_describe(SPAWN_SOCKET, NULL, fault.text);
        return 0;
    }
    serve_describe(SPAWN_SOCKET, plugin_describe(plugin), "");
    return serve(SPAWN_SOCKET, plugin_describe(plugin));
}

static int serve_plugin(const struct arguments *arguments)
{
    const size_t size = strlen(arguments->path);
    const bool object = size > 3 && strcmp(arguments->path + size - 3, ".so") == 0;
    const struct fence fence = {.memory = arguments->memory,
                                .network = arguments->network,
                                .program = !object,
                                .path = arguments->path,
                                .interpreter = arguments->interpreter,
                                .reads = arguments->reads,
                                .temporary = arguments->temporary};

    fence_enter(&fence);
    return object ? run_object(arguments->path) : run_program(arguments->path);
}

int main(int count, char **values)
{
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .args_doc = "PLUGIN",
                              .doc = "fascia-plugin-runner, which fasciad starts for `isolation: process`"};
    struct arguments arguments = {0};

    argp_parse(&argp, count, values, 0, NULL, &arguments);
    if (arguments.spawner)
        return spawner_run(arguments.user != NULL ? arguments.user : "");
    if (!arguments.serve || arguments.path == NULL) {
        fputs("fascia-plugin-runner: fasciad starts this program; see fasciad(8). To see what a plugin is: fasciad "
              "--plugin-help PLUGIN\n",
              stderr);
        return 2;
    }
    return serve_plugin(&arguments);
}
