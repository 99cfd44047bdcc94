/* Sources and their plugins: how they are, and what can be done with them while the node runs. */
#include "ctl/call.h"
#include "ctl/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void show_why(struct ctl_call *call, const struct zone *zone, const Fascia__PluginStatus *status)
{
    char when[40];

    if (status->why_at == 0)
        return;
    fprintf(call->out, "  %s, %s: %s\n", status->source, ctl_when(zone, status->why_at, when), status->why);
}

static void show_plugins(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    struct ctl_table *table =
        ctl_table_create("SOURCE|PLUGIN|VERSION|WHERE|STATE|>PID|USER|>OPEN|>DELIVERED|>AGAIN|>REFUSED|>RESTARTS");
    const struct zone *zone = ctl_call_zone(call, NULL);

    for (size_t i = 0; i < response->n_plugins; i++) {
        const Fascia__PluginStatus *status = response->plugins[i];
        ctl_table_row(table);
        ctl_table_cell(table, "%s", status->source);
        ctl_table_cell(table, "%s", status->plugin);
        ctl_table_cell(table, "%s", status->version);
        ctl_table_cell(table, "%s", status->isolation);
        ctl_table_cell(table, "%s", status->state);
        if (status->pid > 0)
            ctl_table_cell(table, "%" PRId32, status->pid);
        else
            ctl_table_cell(table, "%s", "");
        ctl_table_cell(table, "%s", status->user);
        ctl_table_cell(table, "%" PRIu32, status->open);
        ctl_table_cell(table, "%" PRIu64, status->delivered);
        ctl_table_cell(table, "%" PRIu64, status->given_again);
        ctl_table_cell(table, "%" PRIu64, status->refused);
        ctl_table_cell(table, "%" PRIu64, status->restarts);
    }
    ctl_table_finish(table, call, "no sources are configured");
    for (size_t i = 0; i < response->n_plugins; i++)
        show_why(call, zone, response->plugins[i]);
}

static int list_plugins(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ListPlugins query = FASCIA__LIST_PLUGINS__INIT;

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_PLUGINS;
    request.list_plugins = &query;
    return ctl_ask_and_show(call, &request, "plugins", show_plugins);
}

static bool is_as_asked(const Fascia__PluginStatus *status, Fascia__ChangePlugin__Verb verb)
{
    const char *wanted = verb == FASCIA__CHANGE_PLUGIN__VERB__DRAIN    ? "drained"
                         : verb == FASCIA__CHANGE_PLUGIN__VERB__REMOVE ? "removed"
                                                                       : "running";

    return strcmp(status->state, wanted) == 0;
}

/* A source that did not become what was asked is shown as it is, and is a refusal to a script. */
static int change(struct ctl_call *call, Fascia__ChangePlugin__Verb verb)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ChangePlugin query = FASCIA__CHANGE_PLUGIN__INIT;
    Fascia__ControlResponse *response = NULL;
    int code;

    query.verb = verb;
    query.source = (char *)(uintptr_t)call->words[0];
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_CHANGE_PLUGIN;
    request.change_plugin = &query;
    code = ctl_ask_and_keep(call, &request, "plugins", show_plugins, &response);
    if (code == CTL_OK && (response->n_plugins != 1 || !is_as_asked(response->plugins[0], verb)))
        code = CTL_REFUSED;
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

static int add(struct ctl_call *call)
{
    return change(call, FASCIA__CHANGE_PLUGIN__VERB__ADD);
}

static int reload(struct ctl_call *call)
{
    return change(call, FASCIA__CHANGE_PLUGIN__VERB__RELOAD);
}

static int drain(struct ctl_call *call)
{
    return change(call, FASCIA__CHANGE_PLUGIN__VERB__DRAIN);
}

static int remove_source(struct ctl_call *call)
{
    return change(call, FASCIA__CHANGE_PLUGIN__VERB__REMOVE);
}

static void show_description(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    const Fascia__PluginDescription *description = response->description;

    if (description == NULL)
        return;
    fprintf(call->out, "%s %s: %s\n", description->name, description->version, description->summary);
    ctl_show_field(call, "interface", "ABI %" PRIu32 ".%" PRIu32, description->abi_major, description->abi_minor);
    ctl_show_field(call, "takes", "%s%s", (description->transports & 1) != 0 ? "streams " : "",
                   (description->transports & 2) != 0 ? "folders" : "");
    fprintf(call->out, "\n%s", response->plugin_help);
}

static int describe(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__DescribePlugin query = FASCIA__DESCRIBE_PLUGIN__INIT;

    if (call->words[0][0] == '/')
        query.path = (char *)(uintptr_t)call->words[0];
    else
        query.source = (char *)(uintptr_t)call->words[0];
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_DESCRIBE_PLUGIN;
    request.describe_plugin = &query;
    return ctl_ask_and_show(call, &request, NULL, show_description);
}

const struct ctl_verb ctl_plugin_verbs[] = {
    {"plugin", "list", "", "list sources, where their plugins run, how they are and why", {0}, list_plugins},
    {"plugin", "add", "SOURCE", "begin a source that was added to the configuration", {0}, add},
    {"plugin",
     "reload",
     "SOURCE",
     "take its plugin's file and configuration anew, without losing anything",
     {0},
     reload},
    {"plugin", "drain", "SOURCE", "take nothing new, and finish what is under way", {0}, drain},
    {"plugin", "remove", "SOURCE", "drain it, and end its plugin", {0}, remove_source},
    {"plugin",
     "describe",
     "SOURCE|FILE",
     "what a plugin is and its options; a FILE is looked into outside the daemon",
     {0},
     describe},
    {0}};
