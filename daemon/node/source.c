#include "node/source.h"

#include "io/log.h"
#include "node/web.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FILE_DEADLINE_MS     INT64_C(3600000)
#define SUBMISSIONS_OF_FRAME 256

/* ---- what the plugin room asks of us ------------------------------------------------------------------------------ */

static void submission_done(struct work *work)
{
    struct source *source = work->context;

    if (source->instance != NULL)
        plugin_result(source->instance, work->number[0], (uint32_t)work->number[1], work->result);
    if (work->result->verdict == FASCIA__RESULT__VERDICT__REFUSED)
        source->refused++;
    work_destroy(work);
    stream_source_resume(source);
}

static Fascia__Command *submit_command(const struct source *source, Fascia__Submit *submit)
{
    Fascia__Command *command = calloc(1, sizeof *command);
    int written;

    INVARIANT(command != NULL);
    fascia__command__init(command);
    written = asprintf(&command->actor, "source:%s", source->config->name);
    INVARIANT(written >= 0);
    command->body_case = FASCIA__COMMAND__BODY_SUBMIT;
    command->submit = submit;
    return command;
}

static enum fascia_status take_submission(void *context, uint64_t delivery, void *user, Fascia__Submission *submission)
{
    struct source *source = context;
    struct work *work;

    (void)user;
    work = work_create(submission_done, source);
    work->command = submit_command(source, submission->submit);
    work->number[0] = delivery;
    work->number[1] = submission->item;
    submission->submit = NULL;
    if (work_push(source->stages, work))
        return FASCIA_OK;
    source->busy++;
    work_destroy(work);
    return FASCIA_E_BUSY;
}

static void token_ended(void *context, uint64_t delivery, enum plugin_call call, void *user,
                        const ProtobufCMessage *message)
{
    struct source *source = context;
    struct ending *ending = user;

    (void)delivery;
    (void)call;
    if (message == NULL) {
        source->failed_endings++;
        LOG(LOG_LEVEL_WARNING, "source.delivery-not-ended", LOG_CONFIGURED("source", source->config->name));
    }
    ending->ended(ending, message);
}

static void plugin_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    const struct source *source = context;

    log_write((enum log_level)level, "plugin.says",
              (const struct log_field[]){LOG_CONFIGURED("source", source->config->name),
                                         LOG_WORD("word", event),
                                         LOG_NUMBER("number", number),
                                         {.name = NULL}});
}

static int64_t plugin_now(void *context)
{
    (void)context;
    return io_now();
}

static void plugin_random(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    while (size > 0) {
        const ssize_t got = getrandom(bytes, size, 0);
        INVARIANT(got > 0);
        bytes += got;
        size -= (size_t)got;
    }
}

static void expire(void *context)
{
    struct source *source = context;
    source->expiry_armed = false;
    if (plugin_expire(source->instance, io_now()) != INT64_MAX)
        source_touch_expiry(source);
    stream_source_resume(source);
}

/* Deadlines are long and mostly met: a look a second is enough, and cheaper than a timer each. */
void source_touch_expiry(struct source *source)
{
    if (source->expiry_armed)
        return;
    source->expiry_armed = true;
    io_timer_set(source->expiry, 1000);
}

/* ---- life ----------------------------------------------------------------------------------------------------------- */

static bool refuse_kind(struct fault *fault, const char *name, const char *why)
{
    fault_set(fault, "plugin %s %s", name, why);
    return false;
}

/* Where a notifier or a policy stands is said too: what it was granted is only found wrong when its kind is known. */
static void name_entry(const struct config_source *wanted, struct fault *fault)
{
    if (wanted->is_plugin)
        fault_prefix(fault, "%s: plugin %s", config_where_of_source(wanted, "grants").text, wanted->name);
    else
        fault_prefix(fault, "source %s", wanted->name);
}

/* What a kind does must be granted, and what is granted must be something that it does. */
static bool kind_fits(const struct fascia_plugin *description, const struct config_source *wanted, struct fault *fault)
{
    const unsigned events = wanted->grants & CONFIG_GRANT_EVENTS, judging = wanted->grants & CONFIG_GRANTS_OF_POLICY;

    if (!wanted->is_plugin)
        return description->kind == FASCIA_KIND_SOURCE ||
               refuse_kind(fault, description->name, "is no source; write it under plugins");
    if (description->kind == FASCIA_KIND_SOURCE)
        return refuse_kind(fault, description->name, "is a source; write it under sources");
    if (description->kind == FASCIA_KIND_NOTIFIER && events == 0)
        return refuse_kind(fault, description->name,
                           "is a notifier, and hears of nothing unless it is granted; write grants: [events]");
    if (description->kind == FASCIA_KIND_NOTIFIER && judging != 0)
        return refuse_kind(fault, description->name, "is a notifier, and judges nobody; write grants: [events]");
    if (description->kind == FASCIA_KIND_POLICY && judging == 0)
        return refuse_kind(fault, description->name,
                           "is a policy, and is asked nothing unless it is granted; write grants: [gate], [score] or "
                           "[gate, score]");
    if (description->kind == FASCIA_KIND_POLICY && events != 0)
        return refuse_kind(fault, description->name,
                           "is a policy, and hears of no events; leave events out of its grants");
    return true;
}

static const char *ways_of(const struct fascia_plugin *description)
{
    const bool stream = (description->transports & FASCIA_TRANSPORT_STREAM) != 0,
               folder = (description->transports & FASCIA_TRANSPORT_FOLDER) != 0;

    return stream && folder ? "a stream or a folder" : stream ? "a stream" : folder ? "a folder" : "http";
}

static bool transport_fits(const struct fascia_plugin *description, const struct config_source *wanted,
                           struct fault *fault)
{
    const struct {
        bool wanted;
        uint32_t transport;
        const char *what;
    } ways[] = {{wanted->stream.listen != NULL, FASCIA_TRANSPORT_STREAM, "streams"},
                {wanted->folder.path != NULL, FASCIA_TRANSPORT_FOLDER, "files"},
                {wanted->http.listen != NULL, FASCIA_TRANSPORT_HTTP, "requests over HTTP"}};

    if (!kind_fits(description, wanted, fault))
        return false;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (ways[i].wanted && (description->transports & ways[i].transport) == 0) {
            fault_set(fault, "plugin %s takes no %s; give it %s", description->name, ways[i].what,
                      ways_of(description));
            return false;
        }
    return true;
}

/* A file is one delivery, whose rows take turns: it has an hour, however short a message's deadline is. */
static int64_t deadline_of(const struct config_source *source)
{
    if ((source->grants & CONFIG_GRANTS_OF_POLICY) != 0)
        return source->judge_ms;
    return source->folder.path != NULL ? FILE_DEADLINE_MS : source->deadline_ms;
}

void source_plugin_path(const struct config *config, const struct config_source *wanted, char *path)
{
    if (wanted->plugin[0] == '/')
        snprintf(path, PATH_MAX, "%s", wanted->plugin);
    else
        snprintf(path, PATH_MAX, "%s/%s.so", config->plugin_directory, wanted->plugin);
}

bool source_is_isolated(const struct config *config, const struct config_source *wanted)
{
    const size_t length = strlen(config->plugin_directory);

    if (wanted->isolation != CONFIG_ISOLATION_AUTO)
        return wanted->isolation == CONFIG_ISOLATION_PROCESS;
    return wanted->plugin[0] == '/' && (strncmp(wanted->plugin, config->plugin_directory, length) != 0 ||
                                        wanted->plugin[length] != '/' || strchr(wanted->plugin + length + 1, '/'));
}

const struct plugin *source_plugin(struct plugin_registry *registry, const struct config *config,
                                   const struct config_source *wanted, struct fault *fault)
{
    const struct plugin *plugin = NULL;
    char path[PATH_MAX];

    source_plugin_path(config, wanted, path);
    return plugin_load(registry, path, &plugin, fault) == PLUGIN_OK ? plugin : NULL;
}

static struct plugin_owner owner_of(struct source *source)
{
    return (struct plugin_owner){.context = source,
                                 .submit = take_submission,
                                 .ended = token_ended,
                                 .log = plugin_log,
                                 .now = plugin_now,
                                 .random = plugin_random,
                                 .ask = source->web != NULL ? web_ask : NULL};
}

/* A message of a connection asks one thing; a file as many as it has rows. */
static struct plugin_limits limits_of(const struct config_source *config)
{
    return (struct plugin_limits){.in_flight = config->in_flight,
                                  .deadline_ms = deadline_of(config),
                                  .submissions = config->folder.path != NULL ? 0 : SUBMISSIONS_OF_FRAME};
}

static Fascia__Options *options_of(const struct source *source, const struct fascia_plugin *description,
                                   struct fault *fault)
{
    struct config_errors errors = {0};
    Fascia__Options *options =
        config_options(source->whole, source->config, description->options, description->option_count, &errors);

    if (options == NULL)
        fault_set(fault, "%s", errors.count > 0 ? errors.items[0].text : "the options can't be used");
    for (size_t i = 1; options == NULL && i < errors.count; i++)
        LOG(LOG_LEVEL_ERROR, "config.option-wrong", LOG_FAULT(errors.items[i].text));
    config_errors_finish(&errors);
    return options;
}

static bool open_instance(struct source *source, struct plugin_registry *registry, struct fault *fault)
{
    const struct plugin_owner owner = owner_of(source);
    const struct plugin_limits limits = limits_of(source->config);
    const struct plugin *plugin = source_plugin(registry, source->whole, source->config, fault);
    Fascia__Options *options = NULL;
    bool opened = false;

    if (plugin == NULL)
        return false;
    source->description = plugin_describe(plugin);
    if (!transport_fits(source->description, source->config, fault))
        return false;
    source->routes = web_routes_create(source->description);
    options = options_of(source, source->description, fault);
    if (options == NULL)
        return false;
    opened = plugin_open(plugin, source->config->name, options, &owner, &limits, &source->instance, fault) == PLUGIN_OK;
    fascia__options__free_unpacked(options, NULL);
    return opened;
}

/* ---- a plugin in a process of its own ------------------------------------------------------------------------------- */

static Fascia__Options *isolated_described(void *context, const struct fascia_plugin *described, struct fault *fault)
{
    struct source *source = context;

    if (transport_fits(described, source->config, fault)) {
        web_routes_destroy(source->routes);
        source->routes = web_routes_create(described);
        return options_of(source, described, fault);
    }
    if (source->config->is_plugin)
        name_entry(source->config, fault);
    return NULL;
}

static bool begin_transports(struct source *source, struct fault *fault)
{
    if (source->config->stream.listen != NULL && source->listener == NULL && !stream_source_start(source, fault))
        return false;
    if (source->config->folder.path != NULL && source->folder == NULL && !folder_source_start(source, fault))
        return false;
    return source->config->http.listen == NULL || web_serves(source->web, source) ||
           web_serve(source->web, source, fault);
}

/* Senders of a source that does not work find out at once, and come again; its files stay where they are. */
static void isolated_works(void *context, bool works)
{
    struct source *source = context;
    struct fault fault = {{0}};

    if (source->folder != NULL)
        io_folder_pause(source->folder, !works || source->draining);
    /* A server that others share, or will be needed again, stays: it says that its plugin is not there. */
    if (!works)
        stream_source_stop(source);
    else if (!source->draining && !begin_transports(source, &fault))
        LOG(LOG_LEVEL_ERROR, "source.not-listening", LOG_FAULT(fault.text));
}

static void isolated_room(void *context)
{
    stream_source_resume(context);
}

static void isolation_settings_of(const struct source *source, char *path, struct isolation_settings *settings)
{
    source_plugin_path(source->whole, source->config, path);
    *settings = (struct isolation_settings){.name = source->config->name,
                                            .path = path,
                                            .memory = source->config->memory,
                                            .network = source->config->network,
                                            .call_timeout_ms = source->config->call_timeout_ms,
                                            .interpreter = source->config->interpreter,
                                            .reads = source->config->reads};
}

static bool isolate_instance(struct source *source, const struct source_rooms *rooms, struct fault *fault)
{
    const struct isolation_owner owner = {
        .context = source, .described = isolated_described, .works = isolated_works, .room = isolated_room};
    const struct plugin_owner instance_owner = owner_of(source);
    const struct plugin_limits limits = limits_of(source->config);
    struct isolation_settings settings;
    struct plugin_process process;
    char path[PATH_MAX];

    if (rooms->spawner == NULL) {
        fault_set(fault, "its plugin can't be isolated: node.plugin_runner could not be started");
        return false;
    }
    isolation_settings_of(source, path, &settings);
    source->isolation = isolation_create(source->loop, rooms->spawner, &settings, &owner);
    process = isolation_process(source->isolation);
    source->instance =
        plugin_isolated_create(rooms->registry, source->config->name, &instance_owner, &limits, &process);
    return true;
}

static bool differ(const char *left, const char *right)
{
    return strcmp(left != NULL ? left : "", right != NULL ? right : "") != 0;
}

bool source_change(struct source *source, const struct config *config, const struct config_source *wanted,
                   struct fault *fault)
{
    struct isolation_settings settings;
    char path[PATH_MAX];
    const struct config_source *before = source->config;
    const bool moved =
        differ(wanted->stream.listen, before->stream.listen) || differ(wanted->folder.path, before->folder.path) ||
        differ(wanted->http.listen, before->http.listen) || differ(wanted->http.prefix, before->http.prefix);

    if (moved) {
        stream_source_stop(source);
        io_folder_destroy(source->folder);
        source->folder = NULL;
        if (source->web != NULL)
            web_leave(source->web, source);
    }
    source->whole = config;
    source->config = wanted;
    source->draining = source->retired = false;
    plugin_isolated_retire(source->instance, false);
    isolation_settings_of(source, path, &settings);
    isolation_change(source->isolation, &settings);
    if (source->folder != NULL)
        io_folder_pause(source->folder, false);
    if (source->listener != NULL)
        io_listener_pause(source->listener, false);
    return begin_transports(source, fault);
}

bool source_retire(struct source *source)
{
    if (!source->draining)
        source_drain(source);
    if (source->retired)
        return true;
    if (source_open(source) > 0)
        return false;
    plugin_isolated_retire(source->instance, true);
    stream_source_stop(source);
    isolation_end(source->isolation);
    plugin_isolated_lost(source->instance, true);
    source->retired = true;
    return true;
}

const char *source_plugin_name(const struct source *source)
{
    return source->isolation != NULL ? source->isolation->plugin : source->description->name;
}

const char *source_plugin_version(const struct source *source)
{
    return source->isolation != NULL ? source->isolation->version : source->description->version;
}

/* ---- life, again ------------------------------------------------------------------------------------------------------- */

bool source_check(const struct plugin *plugin, const struct config_source *wanted, const Fascia__Options *options,
                  struct fault *fault)
{
    /* Nothing is delivered to it, so that of the owner it can only ask the time, a number or a line of log. */
    struct source source = {.config = wanted};
    const struct plugin_owner owner = owner_of(&source);
    const struct plugin_limits limits = {.in_flight = wanted->in_flight, .deadline_ms = wanted->deadline_ms};
    bool good = plugin_open(plugin, wanted->name, options, &owner, &limits, &source.instance, fault) == PLUGIN_OK;

    plugin_close(source.instance);
    return good;
}

bool source_check_transport(const struct fascia_plugin *plugin, const struct config_source *wanted, struct fault *fault)
{
    return transport_fits(plugin, wanted, fault);
}

struct plugin_described *source_inspect(struct inspector *inspector, const struct config *config,
                                        const struct config_source *wanted, struct fault *fault)
{
    const struct source source = {.config = wanted, .whole = config};
    struct isolation_settings settings;
    char path[PATH_MAX];

    isolation_settings_of(&source, path, &settings);
    return inspector_describe(inspector,
                              &(struct spawn_settings){.path = path,
                                                       .interpreter = settings.interpreter,
                                                       .reads = settings.reads,
                                                       .memory = settings.memory,
                                                       .network = settings.network},
                              fault);
}

struct source *source_create(const struct source_rooms *rooms, const struct config *config,
                             const struct config_source *wanted, struct fault *fault)
{
    struct source *source = calloc(1, sizeof *source);
    bool made = false;

    INVARIANT(source != NULL);
    source->loop = rooms->loop;
    source->stages = rooms->stages;
    source->web = rooms->web;
    source->whole = config;
    source->config = wanted;
    source->expiry = io_timer_create(rooms->loop, expire, source);
    if (source_is_isolated(config, wanted))
        made = isolate_instance(source, rooms, fault);
    else
        made = open_instance(source, rooms->registry, fault);
    if (made)
        return source;
    name_entry(wanted, fault);
    source_destroy(source);
    return NULL;
}

bool source_start(struct source *source, struct fault *fault)
{
    if (source->isolation != NULL)
        isolation_start(source->isolation, source->instance);
    return begin_transports(source, fault);
}

void source_drain(struct source *source)
{
    source->draining = true;
    if (source->folder != NULL)
        io_folder_pause(source->folder, true);
    stream_source_drain(source);
}

size_t source_open(const struct source *source)
{
    struct plugin_counts counts;

    if (source->instance == NULL)
        return 0;
    plugin_counts(source->instance, &counts);
    return counts.open + stream_source_open(source);
}

uint32_t source_connections(const struct source *source)
{
    if (source->web != NULL && source->config->http.listen != NULL)
        return web_connections(source->web, source);
    return source->listener != NULL ? io_listener_connections(source->listener) : 0;
}

void source_close(struct source *source)
{
    if (source->isolation != NULL)
        isolation_close(source->isolation);
    if (source->web != NULL)
        web_leave(source->web, source);
    if (source->instance != NULL)
        plugin_close(source->instance);
    source->instance = NULL;
    if (source->listener != NULL)
        io_listener_destroy(source->listener, true);
    source->listener = NULL;
    io_folder_destroy(source->folder);
    source->folder = NULL;
    io_timer_destroy(source->expiry);
    source->expiry = NULL;
}

void source_destroy(struct source *source)
{
    if (source == NULL)
        return;
    source_close(source);
    isolation_destroy(source->isolation);
    web_routes_destroy(source->routes);
    free(source);
}
