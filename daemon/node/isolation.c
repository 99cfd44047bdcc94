#include "node/isolation.h"

#include "core/memory.h"
#include "io/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS     INT64_C(15000) /* to load, describe itself and open */
#define LOOK_MS      INT64_C(200)
#define CHANGE_MS    INT64_C(10000) /* for what is under way to end, before it is given to the next process */
#define FINISH_MS    INT64_C(3000)  /* to end by itself when asked */
#define FOREVER_MS   (INT64_C(100) * 365 * 86400000)
#define INPUT_BYTES  ((size_t)96 << 20)
#define OUTPUT_BYTES ((size_t)256 << 20)

static void begin(struct isolation *isolation);

const char *isolation_state_name(enum isolation_state state)
{
    static const char *const names[] = {
        [ISOLATION_STARTING] = "starting", [ISOLATION_RUNNING] = "running", [ISOLATION_PAUSED] = "paused",
        [ISOLATION_BROKEN] = "broken",     [ISOLATION_REFUSED] = "refused", [ISOLATION_CHANGING] = "changing",
        [ISOLATION_ENDED] = "ended"};

    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "?";
}

static void set_works(struct isolation *isolation, bool works)
{
    if (isolation->works == works)
        return;
    isolation->works = works;
    isolation->owner.works(isolation->owner.context, works);
}

static void wait_in(struct isolation *isolation, enum isolation_state state, int64_t ms)
{
    isolation->state = state;
    isolation->state_until = io_monotonic() + ms;
    io_timer_set(isolation->timer, ms < LOOK_MS ? ms : LOOK_MS);
}

static void note(struct isolation *isolation, const char *why)
{
    snprintf(isolation->why, sizeof isolation->why, "%s", why);
    isolation->why_at = io_now();
    isolation->why_known = true;
}

/* ---- its end ------------------------------------------------------------------------------------------------------------- */

/* It must end, and why; what happens then happens when it has. */
static void end_process(struct isolation *isolation, const char *why)
{
    if (why != NULL && !isolation->ended_by_us && !isolation->why_known)
        note(isolation, why);
    if (isolation->spawn != 0)
        spawner_kill(isolation->spawner, isolation->spawn);
}

static void drop_connection(struct isolation *isolation)
{
    struct io_connection *connection = isolation->connection;

    isolation->connection = NULL;
    isolation->spawn = 0;
    isolation->pid = 0;
    if (connection != NULL)
        io_close(connection, false);
}

static void refuse(struct isolation *isolation, const char *why)
{
    note(isolation, why);
    isolation->state = ISOLATION_REFUSED;
    LOG(LOG_LEVEL_ERROR, "plugin.refused", LOG_CONFIGURED("source", isolation->name), LOG_FAULT(why));
    io_timer_set(isolation->timer, -1);
    plugin_isolated_give_up(isolation->instance);
    set_works(isolation, false);
}

static void pause_or_break(struct isolation *isolation)
{
    int64_t pause = health_failed(&isolation->health, io_monotonic());

    LOG(LOG_LEVEL_WARNING, isolation->health.broken ? "plugin.broken" : "plugin.ended",
        LOG_CONFIGURED("source", isolation->name), LOG_FAULT(isolation->why),
        LOG_NUMBER("failures", isolation->health.failures), LOG_NUMBER("again_in_ms", pause));
    wait_in(isolation, isolation->health.broken ? ISOLATION_BROKEN : ISOLATION_PAUSED, pause);
    if (!isolation->health.broken)
        return;
    plugin_isolated_give_up(isolation->instance);
    set_works(isolation, false);
}

static void process_ended(void *context, const char *how)
{
    struct isolation *isolation = context;
    const bool refused = isolation->state == ISOLATION_REFUSED;

    if (!isolation->ended_by_us && !refused && !isolation->why_known)
        note(isolation, how);
    drop_connection(isolation);
    plugin_isolated_lost(isolation->instance, isolation->ended_by_us || refused);
    if (isolation->changing) {
        isolation->changing = false;
        plugin_isolated_hold(isolation->instance, false);
        health_reset(&isolation->health);
        begin(isolation);
    } else if (!refused) {
        pause_or_break(isolation);
    }
}

/* ---- its socket ------------------------------------------------------------------------------------------------------------ */

static void came(void *context, struct io_connection *connection)
{
    struct isolation *isolation = context;
    size_t size = 0, taken = 0;
    const char *why = NULL;
    const uint8_t *bytes = io_peek(connection, &size);

    if (isolation->connection != connection)
        return;
    if (!plugin_isolated_input(isolation->instance, bytes, size, &taken, &why)) {
        end_process(isolation, why);
        /* Nothing more of it is heard. */
        isolation->connection = NULL;
        io_close(connection, false);
        return;
    }
    if (isolation->connection == connection)
        io_take(connection, taken);
}

static void closed(void *context, struct io_connection *connection, enum io_close_reason reason)
{
    struct isolation *isolation = context;

    if (isolation->connection != connection)
        return;
    isolation->connection = NULL;
    end_process(isolation, reason == IO_CLOSED_OUTPUT_LIMIT ? "it does not read what it is given" : NULL);
}

static void send_bytes(void *context, const uint8_t *bytes, size_t size)
{
    struct isolation *isolation = context;

    if (isolation->connection != NULL)
        io_write(isolation->connection, bytes, size);
}

static void was_described(void *context, const struct fascia_plugin *described, const char *fault)
{
    struct isolation *isolation = context;
    struct fault why = {{0}};
    Fascia__Options *options = NULL;

    if (described == NULL) {
        refuse(isolation, fault);
        end_process(isolation, NULL);
        return;
    }
    snprintf(isolation->plugin, sizeof isolation->plugin, "%s", described->name);
    snprintf(isolation->version, sizeof isolation->version, "%s", described->version);
    options = isolation->owner.described(isolation->owner.context, described, &why);
    if (options == NULL) {
        refuse(isolation, why.text);
        end_process(isolation, NULL);
        return;
    }
    plugin_isolated_open(isolation->instance, options);
    fascia__options__free_unpacked(options, NULL);
}

static void was_opened(void *context, const char *fault)
{
    struct isolation *isolation = context;

    if (fault != NULL) {
        refuse(isolation, fault);
        end_process(isolation, NULL);
        return;
    }
    isolation->state = ISOLATION_RUNNING;
    health_started(&isolation->health, io_monotonic());
    io_timer_set(isolation->timer, LOOK_MS);
    LOG(LOG_LEVEL_INFO, "plugin.started", LOG_CONFIGURED("source", isolation->name),
        LOG_CONFIGURED("plugin", isolation->plugin), LOG_CONFIGURED("version", isolation->version),
        LOG_NUMBER("pid", isolation->pid), LOG_CONFIGURED("user", isolation->user));
    set_works(isolation, true);
}

static void has_room(void *context)
{
    const struct isolation *isolation = context;

    isolation->owner.room(isolation->owner.context);
}

struct plugin_process isolation_process(struct isolation *isolation)
{
    return (struct plugin_process){
        .context = isolation, .send = send_bytes, .described = was_described, .opened = was_opened, .room = has_room};
}

/* ---- its beginning ------------------------------------------------------------------------------------------------------------ */

static void process_started(void *context, int pid, const char *user)
{
    struct isolation *isolation = context;

    isolation->pid = pid;
    snprintf(isolation->user, sizeof isolation->user, "%s", user);
}

static void begin(struct isolation *isolation)
{
    const struct io_handler handler = {.context = isolation, .readable = came, .closed = closed};
    const struct io_limits limits = {
        .input = INPUT_BYTES, .output = OUTPUT_BYTES, .idle_ms = FOREVER_MS, .frame_ms = FOREVER_MS};
    const struct spawn_settings settings = {.path = isolation->path,
                                            .interpreter = isolation->interpreter,
                                            .reads = isolation->reads,
                                            .memory = isolation->settings.memory,
                                            .network = isolation->settings.network,
                                            .context = isolation,
                                            .started = process_started,
                                            .ended = process_ended};
    struct fault fault = {{0}};
    int socket = -1;

    if (plugin_check_file(isolation->path, &fault) != PLUGIN_OK ||
        !spawner_check_interpreter(isolation->interpreter, &fault)) {
        refuse(isolation, fault.text);
        return;
    }
    isolation->ended_by_us = false;
    isolation->why_known = false;
    socket = spawner_start(isolation->spawner, &settings, &isolation->spawn, &fault);
    if (socket < 0) {
        note(isolation, fault.text);
        pause_or_break(isolation);
        return;
    }
    isolation->connection = io_adopt(isolation->loop, socket, &limits, &handler);
    plugin_isolated_connected(isolation->instance);
    wait_in(isolation, ISOLATION_STARTING, START_MS);
}

/* ---- its clock ------------------------------------------------------------------------------------------------------------------ */

static void look_after(struct isolation *isolation)
{
    const int64_t since = plugin_isolated_busy_since(isolation->instance);
    char why[120];

    if (since != INT64_MAX && io_now() - since > isolation->settings.call_timeout_ms) {
        snprintf(why, sizeof why, "a call did not return within %lld ms",
                 (long long)isolation->settings.call_timeout_ms);
        end_process(isolation, why);
    }
    io_timer_set(isolation->timer, LOOK_MS);
}

static void finish(struct isolation *isolation)
{
    isolation->ended_by_us = true;
    plugin_isolated_finish(isolation->instance);
    wait_in(isolation, ISOLATION_CHANGING, FINISH_MS);
}

static void look_at_change(struct isolation *isolation, bool too_late)
{
    if (isolation->ended_by_us && too_late)
        end_process(isolation, NULL);
    else if (!isolation->ended_by_us && (too_late || plugin_isolated_under_way(isolation->instance) == 0))
        finish(isolation);
    io_timer_set(isolation->timer, isolation->ended_by_us ? LOOK_MS : 5);
}

static void time_passed(void *context)
{
    struct isolation *isolation = context;
    const bool too_late = io_monotonic() >= isolation->state_until;

    switch (isolation->state) {
    case ISOLATION_RUNNING:
        look_after(isolation);
        break;
    case ISOLATION_STARTING:
        if (too_late)
            end_process(isolation, "it did not describe and open itself within 15 s");
        io_timer_set(isolation->timer, LOOK_MS);
        break;
    case ISOLATION_PAUSED:
    case ISOLATION_BROKEN:
        if (too_late)
            begin(isolation);
        else
            io_timer_set(isolation->timer, LOOK_MS);
        break;
    case ISOLATION_CHANGING:
        look_at_change(isolation, too_late);
        break;
    case ISOLATION_REFUSED:
    case ISOLATION_ENDED:
        break;
    }
}

/* ---- door ------------------------------------------------------------------------------------------------------------------------ */

static void free_texts(struct isolation *isolation)
{
    free(isolation->name);
    free(isolation->path);
    free(isolation->interpreter);
    free(isolation->reads);
}

static void take_settings(struct isolation *isolation, const struct isolation_settings *settings)
{
    char *name = memory_text(settings->name), *path = memory_text(settings->path);
    char *interpreter = memory_text(settings->interpreter), *reads = memory_text(settings->reads);

    free_texts(isolation);
    isolation->settings = *settings;
    isolation->settings.name = isolation->name = name;
    isolation->settings.path = isolation->path = path;
    isolation->settings.interpreter = isolation->interpreter = interpreter;
    isolation->settings.reads = isolation->reads = reads;
}

struct isolation *isolation_create(struct io_loop *loop, struct spawner *spawner,
                                   const struct isolation_settings *settings, const struct isolation_owner *owner)
{
    struct isolation *isolation = memory_allocate(1, sizeof *isolation);

    isolation->loop = loop;
    isolation->spawner = spawner;
    isolation->owner = *owner;
    isolation->state = ISOLATION_ENDED;
    isolation->works = true; /* as long as nothing says otherwise its senders wait */
    isolation->timer = io_timer_create(loop, time_passed, isolation);
    take_settings(isolation, settings);
    return isolation;
}

void isolation_start(struct isolation *isolation, struct plugin_instance *instance)
{
    isolation->instance = instance;
    begin(isolation);
}

void isolation_change(struct isolation *isolation, const struct isolation_settings *settings)
{
    take_settings(isolation, settings);
    if (isolation->spawn == 0) { /* nothing is under way with a process that is not there */
        health_reset(&isolation->health);
        begin(isolation);
        return;
    }
    isolation->changing = true;
    plugin_isolated_hold(isolation->instance, true);
    wait_in(isolation, ISOLATION_CHANGING, CHANGE_MS);
    time_passed(isolation);
}

void isolation_end(struct isolation *isolation)
{
    struct io_connection *connection = isolation->connection;

    if (isolation->spawn != 0) {
        plugin_isolated_finish(isolation->instance);
        spawner_forget(isolation->spawner, isolation->spawn);
    }
    isolation->spawn = 0;
    isolation->connection = NULL;
    isolation->state = ISOLATION_ENDED;
    io_timer_set(isolation->timer, -1);
    if (connection != NULL)
        io_close(connection, false);
}

void isolation_close(struct isolation *isolation)
{
    if (isolation->timer == NULL)
        return;
    isolation_end(isolation);
    io_timer_destroy(isolation->timer);
    isolation->timer = NULL;
}

void isolation_destroy(struct isolation *isolation)
{
    if (isolation == NULL)
        return;
    INVARIANT(isolation->timer == NULL);
    free_texts(isolation);
    free(isolation);
}
