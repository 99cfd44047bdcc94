#include "node/sources.h"

#include "core/memory.h"
#include "io/log.h"
#include "node/describer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS  10
#define PATIENCE INT64_C(30000) /* for a source to become what was asked for */

/* A request that is answered when its source has become what it asks for. */
struct wish {
    struct wish *next;
    struct control_request *request;
    struct source *source;
    Fascia__ChangePlugin__Verb verb;
    int64_t until;
};

/* A configuration that a source was changed by: it lives as long as the node, as sources borrow from it. */
struct kept_config {
    struct kept_config *next;
    struct config *config;
};

struct sources {
    struct source_rooms rooms;
    const char *config_path;
    struct source **all;
    size_t count, room;
    struct kept_config *configs;
    struct outbox *outbox;
    struct io_timer *timer;
    struct wish *wishes;
};

/* ---- life -------------------------------------------------------------------------------------------------------------- */

static void look_at_wishes(void *context);

static void append(struct sources *sources, struct source *source)
{
    sources->all = memory_grow(sources->all, &sources->room, sources->count + 1, sizeof(struct source *));
    sources->all[sources->count++] = source;
}

struct sources *sources_create(const struct source_rooms *rooms, const struct config *config, const char *config_path,
                               struct fault *fault)
{
    struct sources *sources = memory_allocate(1, sizeof *sources);

    sources->rooms = *rooms;
    sources->config_path = config_path;
    sources->timer = io_timer_create(rooms->loop, look_at_wishes, sources);
    for (size_t i = 0; i < config->source_count; i++) {
        struct source *source = source_create(rooms, config, &config->sources[i], fault);
        if (source == NULL) {
            sources_close(sources);
            sources_destroy(sources);
            return NULL;
        }
        append(sources, source);
    }
    return sources;
}

bool sources_start(struct sources *sources, struct fault *fault)
{
    for (size_t i = 0; i < sources->count; i++)
        if (!source_start(sources->all[i], fault))
            return false;
    return true;
}

void sources_drain(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        source_drain(sources->all[i]);
}

size_t sources_open(const struct sources *sources)
{
    size_t open = 0;

    for (size_t i = 0; i < sources->count; i++)
        open += source_open(sources->all[i]);
    return open;
}

void sources_close(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        source_close(sources->all[i]);
    io_timer_destroy(sources->timer);
    sources->timer = NULL;
}

void sources_destroy(struct sources *sources)
{
    if (sources == NULL)
        return;
    for (size_t i = 0; i < sources->count; i++)
        source_destroy(sources->all[i]);
    while (sources->wishes != NULL) {
        struct wish *wish = sources->wishes;
        sources->wishes = wish->next;
        free(wish);
    }
    while (sources->configs != NULL) {
        struct kept_config *kept = sources->configs;
        sources->configs = kept->next;
        config_destroy(kept->config);
        free(kept);
    }
    free(sources->all);
    free(sources);
}

size_t sources_count(const struct sources *sources)
{
    return sources->count;
}

struct source *const *sources_all(const struct sources *sources)
{
    return sources->all;
}

void sources_tell(struct sources *sources, struct outbox *outbox)
{
    sources->outbox = outbox;
}

/* ---- how they are ---------------------------------------------------------------------------------------------------------- */

static const char *state_of(const struct source *source)
{
    if (source->retired)
        return "removed";
    if (source->draining && source_open(source) == 0)
        return "drained";
    if (source->draining)
        return "draining";
    return source->isolation == NULL ? "running" : isolation_state_name(source->isolation->state);
}

static Fascia__PluginStatus *status_of(const struct source *source)
{
    Fascia__PluginStatus *status = memory_allocate(1, sizeof *status);
    const struct isolation *isolation = source->isolation;
    struct plugin_counts counts;
    char path[PATH_MAX];

    fascia__plugin_status__init(status);
    plugin_counts(source->instance, &counts);
    source_plugin_path(source->whole, source->config, path);
    status->source = memory_text(source->config->name);
    status->plugin = memory_text(source_plugin_name(source));
    status->version = memory_text(source_plugin_version(source));
    status->path = memory_text(path);
    status->isolation = memory_text(isolation == NULL ? "inproc" : "process");
    status->state = memory_text(state_of(source));
    status->open = counts.open;
    status->delivered = counts.delivered;
    status->completed = counts.completed;
    status->expired = counts.expired;
    status->refused_completions = counts.refused_completions;
    status->refused_submissions = counts.refused_submissions;
    status->given_again = counts.given_again;
    status->refused = counts.refused_deliveries;
    if (isolation == NULL)
        return status;
    status->pid = isolation->pid;
    status->user = memory_text(isolation->user);
    status->restarts = isolation->health.restarts;
    status->why = memory_text(isolation->why);
    status->why_at = isolation->why_at;
    status->memory = isolation->settings.memory;
    status->network = isolation->settings.network;
    return status;
}

static void answer_with(struct control_request *request, struct source *const *all, size_t count)
{
    Fascia__ControlResponse *response = control_response();

    response->n_plugins = count;
    response->plugins = memory_allocate(count, sizeof(Fascia__PluginStatus *));
    for (size_t i = 0; i < count; i++)
        response->plugins[i] = status_of(all[i]);
    control_answer(request, response, true);
}

/* ---- wishes -------------------------------------------------------------------------------------------------------------------- */

static bool is_settled(const struct source *source)
{
    const enum isolation_state state = source->isolation->state;

    return state == ISOLATION_RUNNING || state == ISOLATION_REFUSED || state == ISOLATION_BROKEN;
}

/* Whether the source has become what was asked for; moves it there. */
static bool is_fulfilled(const struct wish *wish)
{
    switch (wish->verb) {
    case FASCIA__CHANGE_PLUGIN__VERB__DRAIN:
        return source_open(wish->source) == 0;
    case FASCIA__CHANGE_PLUGIN__VERB__REMOVE:
        return source_retire(wish->source);
    default:
        return is_settled(wish->source);
    }
}

static void look_at_wishes(void *context)
{
    struct sources *sources = context;
    struct wish **link = &sources->wishes;

    while (*link != NULL) {
        struct wish *wish = *link;
        if (!is_fulfilled(wish) && io_monotonic() < wish->until) {
            link = &wish->next;
            continue;
        }
        *link = wish->next;
        answer_with(wish->request, &wish->source, 1);
        free(wish);
    }
    if (sources->wishes != NULL)
        io_timer_set(sources->timer, LOOK_MS);
}

static void wish_for(struct sources *sources, struct control_request *request, struct source *source)
{
    struct wish *wish = memory_allocate(1, sizeof *wish);

    wish->request = request;
    wish->source = source;
    wish->verb = request->request->change_plugin->verb;
    wish->until = io_monotonic() + PATIENCE;
    wish->next = sources->wishes;
    sources->wishes = wish;
    io_timer_set(sources->timer, 0);
}

/* ---- verbs ---------------------------------------------------------------------------------------------------------------------- */

static struct source *source_named(const struct sources *sources, const char *name)
{
    for (size_t i = 0; i < sources->count; i++)
        if (strcmp(sources->all[i]->config->name, name) == 0)
            return sources->all[i];
    return NULL;
}

/* The configuration as it is on the disk now, and the source of that name in it; NULL, and the request is answered. */
static const struct config_source *read_anew(struct sources *sources, struct control_request *request, const char *name,
                                             const struct config **config)
{
    struct config_errors errors = {0};
    struct config *wanted = config_load(sources->config_path, &errors);
    struct kept_config *kept = NULL;

    if (wanted == NULL)
        control_refuse(request, "%s", errors.count > 0 ? errors.items[0].text : "the configuration can't be read");
    config_errors_finish(&errors);
    if (wanted == NULL)
        return NULL;
    for (size_t i = 0; i < wanted->source_count; i++)
        if (strcmp(wanted->sources[i].name, name) == 0) {
            kept = memory_allocate(1, sizeof *kept);
            kept->config = wanted;
            kept->next = sources->configs;
            sources->configs = kept;
            *config = wanted;
            return &wanted->sources[i];
        }
    config_destroy(wanted);
    control_refuse(request, "no source '%s' stands in the configuration", name);
    return NULL;
}

static bool must_be_isolated(struct control_request *request, bool isolated, const char *name)
{
    if (!isolated)
        control_refuse(request,
                       "source '%s' runs in the daemon, and what is loaded there stays: restart the node, or give it "
                       "`isolation: process`",
                       name);
    return isolated;
}

/* Matches and events know the notifiers and policies of the start, with what was granted to them then. */
static bool is_for_start_alone(struct control_request *request, const struct source *source,
                               const struct config_source *wanted, const char *name)
{
    const struct config_source *before = source != NULL ? source->config : NULL;

    if (!wanted->is_plugin && (before == NULL || !before->is_plugin))
        return false;
    if (before != NULL && before->is_plugin && wanted->is_plugin && before->grants == wanted->grants &&
        before->events == wanted->events && before->policy_weight == wanted->policy_weight &&
        before->judge_ms == wanted->judge_ms)
        return false;
    control_refuse(request,
                   "'%s' is a notifier or a policy: what stands there, and what is granted to it, is taken up when the "
                   "node starts",
                   name);
    return true;
}

static void add_or_reload(struct sources *sources, struct control_request *request, const char *name)
{
    const bool add = request->request->change_plugin->verb == FASCIA__CHANGE_PLUGIN__VERB__ADD;
    struct source *source = source_named(sources, name);
    const struct config *config = NULL;
    const struct config_source *wanted = NULL;
    struct fault fault = {{0}};
    bool done = false;

    if (add && source != NULL && !source->retired) {
        control_refuse(request, "source '%s' is there already; `reload` takes its new configuration", name);
        return;
    }
    if (!add && source == NULL) {
        control_refuse(request, "there is no source '%s'; `add` begins one that stands in the configuration", name);
        return;
    }
    wanted = read_anew(sources, request, name, &config);
    if (wanted == NULL || is_for_start_alone(request, source, wanted, name) ||
        !must_be_isolated(request, source_is_isolated(config, wanted) && (source == NULL || source->isolation != NULL),
                          name))
        return;
    if (source != NULL) {
        done = source_change(source, config, wanted, &fault);
    } else if ((source = source_create(&sources->rooms, config, wanted, &fault)) != NULL) {
        append(sources, source);
        done = source_start(source, &fault);
    }
    if (source != NULL && sources->outbox != NULL)
        outbox_sources(sources->outbox, sources->all, sources->count);
    if (done)
        wish_for(sources, request, source);
    else
        control_refuse(request, "%s", fault.text);
}

static void drain_or_remove(struct sources *sources, struct control_request *request, const char *name)
{
    struct source *source = source_named(sources, name);

    if (source == NULL) {
        control_refuse(request, "there is no source '%s'", name);
        return;
    }
    if (request->request->change_plugin->verb == FASCIA__CHANGE_PLUGIN__VERB__REMOVE && source->config->is_plugin) {
        control_refuse(request,
                       "'%s' is a notifier or a policy: take it out of the configuration, and restart the node", name);
        return;
    }
    if (request->request->change_plugin->verb == FASCIA__CHANGE_PLUGIN__VERB__REMOVE &&
        !must_be_isolated(request, source->isolation != NULL, name))
        return;
    source_drain(source);
    wish_for(sources, request, source);
}

void sources_control(struct sources *sources, struct control_request *request)
{
    const Fascia__ControlRequest *wanted = request->request;

    if (wanted->body_case == FASCIA__CONTROL_REQUEST__BODY_LIST_PLUGINS) {
        answer_with(request, sources->all, sources->count);
        return;
    }
    if (wanted->body_case == FASCIA__CONTROL_REQUEST__BODY_DESCRIBE_PLUGIN) {
        const char *name = wanted->describe_plugin->source;
        const struct source *source = name[0] == '\0' ? NULL : source_named(sources, name);
        if (name[0] != '\0' && source == NULL)
            control_refuse(request, "there is no source '%s'", name);
        else
            describer_answer(&sources->rooms, source, request);
        return;
    }
    LOG(LOG_LEVEL_INFO, "plugin.asked", LOG_NUMBER("verb", wanted->change_plugin->verb),
        LOG_NUMBER("sources", sources->count));
    if (wanted->change_plugin->verb == FASCIA__CHANGE_PLUGIN__VERB__ADD ||
        wanted->change_plugin->verb == FASCIA__CHANGE_PLUGIN__VERB__RELOAD)
        add_or_reload(sources, request, wanted->change_plugin->source);
    else
        drain_or_remove(sources, request, wanted->change_plugin->source);
}
