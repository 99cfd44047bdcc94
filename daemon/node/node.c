#include "node/node.h"
#include "node/check_source.h"

#include "config/config.h"
#include "core/memory.h"
#include "io/log.h"
#include "node/accounts.h"
#include "node/control.h"
#include "node/metrics.h"
#include "node/outbox.h"
#include "node/pages.h"
#include "node/policies.h"
#include "node/privileges.h"
#include "node/sources.h"
#include "node/tables.h"
#include "node/web.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define DRAIN_MS      25000
#define DRAIN_LOOK_MS 20
#define COUNT_MS      2000
#define HELP_MEMORY   (UINT64_C(256) << 20)
#define HELP_USER     "fascia-plugin" /* where there is no configuration to ask */

struct node {
    const char *config_path;
    struct config *config;   /* as of the start: what sources and sockets were made from */
    struct config *reloaded; /* the latest, when there was a reload */
    struct io_loop *loop;
    struct codes *codes;
    struct zones *zones;
    struct zone_source zone_source;
    struct store *store; /* until the stages have it */
    struct stages *stages;
    struct plugin_registry *registry;
    struct spawner *spawner;
    struct sources *sources;
    struct outbox *outbox;
    struct control *control;
    struct web *web;
    struct access *access;
    struct pages_host pages;
    struct io_http *http;
    struct io_timer *drain_timer, *count_timer, *watchdog_timer;
    int64_t started, drain_until;
    bool draining, counting;
    enum node_exit exit;
    struct engine_counts counts;
};

/* ---- status pages ------------------------------------------------------------------------------------------------------ */

static bool node_ready(struct node *node, const char **because)
{
    struct stage_counts counts;

    stages_counts(node->stages, &counts);
    *because = node->draining ? "draining" : counts.because;
    return !node->draining && counts.accepting;
}

static bool page_ready(void *context, const char **because)
{
    return node_ready(context, because);
}

static char *page_metrics(void *context, size_t *size)
{
    struct node *node = context;
    const char *because;
    const struct metrics_input input = {.stages = node->stages,
                                        .sources = sources_all(node->sources),
                                        .source_count = sources_count(node->sources),
                                        .outbox = node->outbox,
                                        .started = node->started,
                                        .ready = node_ready(node, &because),
                                        .engine = node->counts};

    return metrics_text(&input, size);
}

static void take_counts(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    struct engine_counts *counts = calloc(1, sizeof *counts);

    (void)now;
    (void)batch;
    INVARIANT(counts != NULL);
    engine_counts(engine, counts);
    work->number[0] = (uint64_t)(uintptr_t)counts;
}

static void counts_taken(struct work *work)
{
    struct node *node = work->context;
    struct engine_counts *counts = (struct engine_counts *)(uintptr_t)work->number[0];

    if (counts != NULL)
        node->counts = *counts;
    free(counts);
    node->counting = false;
    work_destroy(work);
}

/* The loop's thread must not look into the engine: now and then it asks for the counts. */
static void count_now(void *context)
{
    struct node *node = context;
    struct work *work;

    if (node->draining)
        return;
    io_timer_set(node->count_timer, COUNT_MS);
    if (node->counting)
        return;
    work = work_create(counts_taken, node);
    work->run = take_counts;
    node->counting = work_push(node->stages, work);
    if (!node->counting)
        work_destroy(work);
}

static Fascia__SourceStatus *source_status(const struct source *source)
{
    Fascia__SourceStatus *status = calloc(1, sizeof *status);

    INVARIANT(status != NULL);
    fascia__source_status__init(status);
    status->name = memory_text(source->config->name);
    status->plugin = memory_text(source_plugin_name(source));
    status->version = memory_text(source_plugin_version(source));
    status->connections = source_connections(source);
    status->deliveries = source->frames + source->files;
    status->refused = source->refused;
    if (source->listener != NULL)
        status->address = memory_text(io_listener_address(source->listener));
    else if (source->config->http.listen != NULL && web_address(source->web, source) != NULL)
        status->address = memory_text(web_address(source->web, source));
    else if (source->config->folder.path != NULL)
        status->address = memory_text(source->config->folder.path);
    return status;
}

static void fill_status(void *context, Fascia__Node *filled)
{
    struct node *node = context;
    const char *because = "";

    filled->version = memory_text(FASCIA_VERSION);
    filled->name = memory_text(node->config->name);
    filled->started = node->started;
    filled->now = io_now();
    filled->accepting = node_ready(node, &because);
    filled->not_accepting_because = memory_text(because);
    filled->sources = memory_allocate(sources_count(node->sources), sizeof(Fascia__SourceStatus *));
    for (size_t i = 0; i < sources_count(node->sources); i++)
        if (!sources_all(node->sources)[i]->config->is_plugin)
            filled->sources[filled->n_sources++] = source_status(sources_all(node->sources)[i]);
}

/* ---- reload -------------------------------------------------------------------------------------------------------------- */

static void log_errors(const struct config_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        LOG(LOG_LEVEL_ERROR, "config.wrong", LOG_FAULT(errors->items[i].text));
}

static bool reload(void *context, struct fault *fault)
{
    struct node *node = context;
    struct config_errors errors = {0};
    struct config *wanted = config_load(node->config_path, &errors);
    const char *fixed[32];
    size_t differences;

    if (wanted == NULL) {
        log_errors(&errors);
        fault_set(fault, "%s", errors.count > 0 ? errors.items[0].text : "the configuration can't be read");
        config_errors_finish(&errors);
        return false;
    }
    config_errors_finish(&errors);
    differences = config_fixed_differences(node->config, wanted, fixed, 32);
    for (size_t i = 0; i < differences && i < 32; i++)
        LOG(LOG_LEVEL_WARNING, "config.needs-restart", LOG_WORD("key", fixed[i]));
    log_set_level((enum log_level)wanted->log_level);
    stages_reconfigure(node->stages, wanted);
    outbox_configure(node->outbox, wanted);
    config_destroy(node->reloaded);
    node->reloaded = wanted;
    LOG(LOG_LEVEL_INFO, "config.reloaded", LOG_NUMBER("needs_restart", differences));
    return true;
}

static void on_reload(void *context)
{
    struct fault fault = {{0}};

    sd_notify(0, "RELOADING=1");
    if (!reload(context, &fault))
        LOG(LOG_LEVEL_ERROR, "config.not-reloaded", LOG_FAULT(fault.text));
    sd_notify(0, "READY=1");
}

static void outbox_restarted(void *context)
{
    struct node *node = context;

    outbox_restart(node->outbox);
}

/* ---- ending ---------------------------------------------------------------------------------------------------------------- */

static void drain_look(void *context)
{
    struct node *node = context;
    size_t open =
        stages_pending(node->stages) + control_open(node->control) + sources_open(node->sources) + web_open(node->web);

    if (open == 0) {
        io_stop(node->loop);
        return;
    }
    if (io_monotonic() > node->drain_until) {
        LOG(LOG_LEVEL_ERROR, "node.drain-timed-out", LOG_NUMBER("open", open));
        /* What was acknowledged is on the disk. */
        _exit(node->exit != NODE_EXIT_OK ? node->exit : NODE_EXIT_RUNTIME);
    }
    io_timer_set(node->drain_timer, DRAIN_LOOK_MS);
}

static void on_terminate(void *context)
{
    struct node *node = context;

    if (node->draining)
        return;
    LOG(LOG_LEVEL_INFO, "node.draining");
    sd_notify(0, "STOPPING=1");
    node->draining = true;
    node->drain_until = io_monotonic() + DRAIN_MS;
    outbox_stop(node->outbox);
    sources_drain(node->sources);
    web_drain(node->web);
    control_drain(node->control);
    io_timer_set(node->drain_timer, 0);
}

static void on_broken(void *context)
{
    struct node *node = context;

    if (node->exit == NODE_EXIT_BROKEN)
        return;
    LOG(LOG_LEVEL_ERROR, "node.disk-broken");
    node->exit = NODE_EXIT_BROKEN;
    on_terminate(node);
}

static void on_asked(void *context, uint64_t ask, Fascia__Question *question)
{
    struct node *node = context;

    if (node->sources != NULL && !node->draining)
        policies_ask(sources_all(node->sources), sources_count(node->sources), ask, question);
    fascia__question__free_unpacked(question, NULL);
}

static void on_accounts(void *context, const struct account_row *rows, size_t count, bool whole)
{
    const struct node *node = context;

    accounts_take(node->access, rows, count, whole);
}

static void on_outbox_grew(void *context)
{
    struct node *node = context;

    if (node->outbox != NULL)
        outbox_poke(node->outbox);
}

static void pat_watchdog(void *context)
{
    struct node *node = context;
    uint64_t interval = 0;

    if (sd_watchdog_enabled(0, &interval) <= 0)
        return;
    sd_notify(0, "WATCHDOG=1");
    io_timer_set(node->watchdog_timer, (int64_t)(interval / 2000));
}

/* ---- building --------------------------------------------------------------------------------------------------------------- */

/* Patient data never reaches a core dump, and no debugger of another user. */
static void forbid_core_dumps(void)
{
    const struct rlimit none = {0, 0};

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
}

static enum node_exit build_tables(struct node *node, struct fault *fault)
{
    node->zones = zones_create(node->config->zoneinfo_directory);
    node->zone_source = zones_source(node->zones);
    if (node->zone_source.find(node->zone_source.context, node->config->time_zone) == NULL) {
        fault_set(fault, "%s: node.time_zone '%s' is not in %s", config_where(node->config, "node.time_zone").text,
                  node->config->time_zone, node->config->zoneinfo_directory);
        return NODE_EXIT_CONFIGURATION;
    }
    node->codes = tables_load(node->config->tables_directory, node->config->country, fault);
    if (node->codes != NULL)
        return NODE_EXIT_OK;
    fault_prefix(fault, "%s: node.tables_directory", config_where(node->config, "node.tables_directory").text);
    return NODE_EXIT_CONFIGURATION;
}

static void store_settings_from(const struct config *config, struct store_settings *settings)
{
    *settings = (struct store_settings){.directory = config->data_directory, .node_key_file = config->node_key_file};
}

static enum node_exit build_stages(struct node *node, struct fault *fault)
{
    struct store_settings settings;
    struct stages_settings wanted = {.loop = node->loop,
                                     .config = node->config,
                                     .codes = node->codes,
                                     .zones = &node->zone_source,
                                     .asked = on_asked,
                                     .accounts = on_accounts,
                                     .outbox_grew = on_outbox_grew,
                                     .broken = on_broken,
                                     .context = node};

    store_settings_from(node->config, &settings);
    if (store_open(&settings, &node->store, fault) != STORE_OK)
        return NODE_EXIT_STORE;
    wanted.store = node->store;
    node->access = accounts_create(node->config, node->store);
    node->stages = stages_create(&wanted, fault);
    if (node->stages == NULL)
        return NODE_EXIT_STORE;
    node->store = NULL;
    return NODE_EXIT_OK;
}

static enum node_exit build_sources(struct node *node, struct fault *fault)
{
    struct source_rooms rooms = {.loop = node->loop, .stages = node->stages, .spawner = node->spawner};

    rooms.registry = node->registry = plugin_registry_create();
    rooms.web = node->web = web_create(node->loop);
    node->sources = sources_create(&rooms, node->config, node->config_path, fault);
    if (node->sources == NULL)
        return NODE_EXIT_CONFIGURATION;
    node->outbox =
        outbox_create(node->loop, node->stages, node->config, sources_all(node->sources), sources_count(node->sources));
    sources_tell(node->sources, node->outbox);
    return NODE_EXIT_OK;
}

/* First of all: it is small then, has no threads, and what it may do the daemon then gives up. Without it only isolated plugins are missing. */
static void build_spawner(struct node *node)
{
    struct fault fault = {{0}};

    node->spawner = spawner_create(node->config->plugin_runner, node->config->plugin_user, &fault);
    if (node->spawner == NULL)
        LOG(LOG_LEVEL_WARNING, "plugin.no-spawner", LOG_FAULT(fault.text));
    privileges_drop();
}

static void control_plugins(void *context, struct control_request *request)
{
    const struct node *node = context;

    sources_control(node->sources, request);
}

static bool build_doors(struct node *node, struct fault *fault)
{
    const struct control_host host = {.context = node,
                                      .access = node->access,
                                      .fill_status = fill_status,
                                      .reload = reload,
                                      .outbox_restarted = outbox_restarted,
                                      .plugins = control_plugins};

    node->control = control_create(node->loop, node->stages, node->config, &host, fault);
    if (node->control == NULL)
        return false;
    web_attach(node->web, node->control, node->access);
    if (node->config->http != NULL && node->config->http[0] != '\0') {
        node->pages = (struct pages_host){.context = node, .ready = page_ready, .metrics = page_metrics};
        node->http = pages_listen(node->loop, node->config->http, &node->pages, fault);
        if (node->http == NULL)
            return false;
        LOG(LOG_LEVEL_INFO, "http.listening", LOG_CONFIGURED("address", io_http_address(node->http)));
    }
    return sources_start(node->sources, fault);
}

static enum node_exit build(struct node *node, struct fault *fault)
{
    enum node_exit result = build_tables(node, fault);

    if (result != NODE_EXIT_OK)
        return result;
    node->loop = io_loop_create(fault);
    /* A reload that is asked for while a large store is loaded waits, and does not end the process. */
    if (node->loop == NULL || !io_on_signal(node->loop, SIGHUP, on_reload, node, fault))
        return NODE_EXIT_RUNTIME;
    if (node->spawner != NULL)
        spawner_attach(node->spawner, node->loop);
    result = build_stages(node, fault);
    if (result == NODE_EXIT_OK)
        result = build_sources(node, fault);
    if (result != NODE_EXIT_OK)
        return result;
    node->drain_timer = io_timer_create(node->loop, drain_look, node);
    node->count_timer = io_timer_create(node->loop, count_now, node);
    node->watchdog_timer = io_timer_create(node->loop, pat_watchdog, node);
    if (!io_on_signal(node->loop, SIGTERM, on_terminate, node, fault) ||
        !io_on_signal(node->loop, SIGINT, on_terminate, node, fault))
        return NODE_EXIT_RUNTIME;
    return build_doors(node, fault) ? NODE_EXIT_OK : NODE_EXIT_RUNTIME;
}

/* Everything that the loop knows is closed before the loop ends, and freed after, for the loop still tells of connections that end. */
static void close_all(struct node *node)
{
    if (node->web != NULL)
        web_close(node->web);
    if (node->sources != NULL)
        sources_close(node->sources);
    if (node->outbox != NULL)
        outbox_close(node->outbox);
    if (node->control != NULL)
        control_close(node->control);
    io_http_destroy(node->http);
    io_timer_destroy(node->drain_timer);
    io_timer_destroy(node->count_timer);
    io_timer_destroy(node->watchdog_timer);
    spawner_destroy(node->spawner);
    io_loop_destroy(node->loop);
}

static void unbuild(struct node *node)
{
    stages_stop(node->stages);
    store_close(node->store);
    close_all(node);
    stages_destroy(node->stages);
    outbox_destroy(node->outbox);
    sources_destroy(node->sources);
    web_destroy(node->web);
    plugin_registry_destroy(node->registry);
    control_destroy(node->control);
    access_destroy(node->access);
    codes_destroy(node->codes);
    zones_destroy(node->zones);
    config_destroy(node->reloaded);
    config_destroy(node->config);
}

/* ---- door --------------------------------------------------------------------------------------------------------------------- */

static struct config *load_or_print(const char *path)
{
    struct config_errors errors = {0};
    struct config *config = config_load(path, &errors);

    for (size_t i = 0; i < errors.count; i++)
        fprintf(stderr, "%s\n", errors.items[i].text);
    config_errors_finish(&errors);
    return config;
}

enum node_exit node_run(const char *config_path)
{
    struct node node = {.config_path = config_path, .config = load_or_print(config_path)};
    struct fault fault = {{0}};

    if (node.config == NULL)
        return NODE_EXIT_CONFIGURATION;
    forbid_core_dumps();
    log_start((enum log_level)node.config->log_level);
    build_spawner(&node);
    node.started = io_now();
    node.exit = build(&node, &fault);
    if (node.exit == NODE_EXIT_OK) {
        LOG(LOG_LEVEL_INFO, "node.ready", LOG_CONFIGURED("name", node.config->name),
            LOG_WORD("version", FASCIA_VERSION), LOG_NUMBER("sources", sources_count(node.sources)));
        sd_notify(0, "READY=1\nSTATUS=");
        count_now(&node);
        pat_watchdog(&node);
        io_loop_run(node.loop);
        LOG(LOG_LEVEL_INFO, "node.ended");
    } else {
        LOG(LOG_LEVEL_ERROR, "node.not-started", LOG_FAULT(fault.text));
    }
    unbuild(&node);
    return node.exit;
}

enum node_exit node_check_config(const char *config_path)
{
    struct inspector *inspector = NULL;
    struct node node = {.config_path = config_path, .config = load_or_print(config_path)};
    struct fault fault = {{0}};
    bool good = node.config != NULL;

    if (!good)
        return NODE_EXIT_CONFIGURATION;
    if (build_tables(&node, &fault) != NODE_EXIT_OK) {
        fprintf(stderr, "%s\n", fault.text);
        good = false;
    }
    node.registry = plugin_registry_create();
    inspector = inspector_create(node.config->plugin_runner, node.config->plugin_user);
    for (size_t i = 0; i < node.config->source_count; i++)
        good = check_source(node.config, &node.config->sources[i], node.registry, inspector) && good;
    inspector_destroy(inspector);
    if (good)
        printf("%s: the configuration is good (%zu sources)\n", config_path, node.config->source_count);
    unbuild(&node);
    return good ? NODE_EXIT_OK : NODE_EXIT_CONFIGURATION;
}

enum node_exit node_check_store(const char *config_path)
{
    struct config *config = load_or_print(config_path);
    struct store_settings settings;
    struct fault fault = {{0}};
    enum store_status status;

    if (config == NULL)
        return NODE_EXIT_CONFIGURATION;
    store_settings_from(config, &settings);
    status = store_check(&settings, &fault);
    if (status == STORE_OK)
        printf("%s: the store is whole\n", config->data_directory);
    else
        fprintf(stderr, "%s: %s: %s\n", config->data_directory, store_status_name(status), fault.text);
    config_destroy(config);
    return status == STORE_OK ? NODE_EXIT_OK : NODE_EXIT_STORE;
}

enum node_exit node_restore(const char *config_path, const char *backup, const char *keys, int force)
{
    struct config *config = load_or_print(config_path);
    struct store_settings settings;
    struct fault fault = {{0}};
    enum store_status status;

    if (config == NULL)
        return NODE_EXIT_CONFIGURATION;
    store_settings_from(config, &settings);
    status = store_restore(backup, keys, &settings, force != 0, &fault);
    if (status == STORE_OK)
        printf("%s: restored from %s\n", config->data_directory, backup);
    else
        fprintf(stderr, "%s: %s\n", store_status_name(status), fault.text);
    config_destroy(config);
    return status == STORE_OK ? NODE_EXIT_OK : NODE_EXIT_STORE;
}

/* A path is no part of the configuration here: what was meant can be told, and typed. */
static void say_whole_path(const char *path)
{
    char whole[PATH_MAX], shipped[PATH_MAX];
    const size_t size = strlen(path);
    const bool ends = size > 3 && strcmp(path + size - 3, ".so") == 0;

    snprintf(shipped, sizeof shipped, "%s/%s%s", FASCIA_PLUGIN_DIRECTORY, path, ends ? "" : ".so");
    if (realpath(path, whole) == NULL && realpath(shipped, whole) == NULL)
        fprintf(stderr,
                "%s: there is no such file here, and none of that name in %s; name the plugin by its whole path\n",
                path, FASCIA_PLUGIN_DIRECTORY);
    else
        fprintf(stderr, "%s: a plugin is named by its whole path; type: fasciad --plugin-help %s\n", path, whole);
}

enum node_exit node_plugin_help(const char *path, const char *interpreter)
{
    const struct spawn_settings settings = {.path = path, .interpreter = interpreter, .memory = HELP_MEMORY};
    struct plugin_described *described = NULL;
    struct inspector *inspector = NULL;
    struct fault fault = {{0}};
    char runner[PATH_MAX];
    bool good = false;

    if (path[0] != '/') {
        say_whole_path(path);
        return NODE_EXIT_CONFIGURATION;
    }
    inspector_find_runner(runner);
    inspector = inspector_create(runner, HELP_USER);
    described = inspector_describe(inspector, &settings, &fault);
    good = described != NULL;
    if (described != NULL) {
        const struct fascia_plugin *plugin = plugin_described_plugin(described);
        char *help = config_options_help(plugin->options, plugin->option_count);
        printf("%s %s: %s\n\n%s", plugin->name, plugin->version, plugin->summary, help);
        free(help);
    } else {
        fprintf(stderr, "%s\n", fault.text);
    }
    inspector_destroy(inspector);
    plugin_described_destroy(described);
    return good ? NODE_EXIT_OK : NODE_EXIT_CONFIGURATION;
}
