#include "node/describer.h"

#include "config/config.h"
#include "core/memory.h"
#include "core/message.h"
#include "plugin/describe.h"
#include "plugin/wire.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000
#define MEMORY      (UINT64_C(256) << 20)

struct look {
    struct spawner *spawner;
    struct control_request *request;
    struct io_connection *connection;
    struct io_timer *timer;
    uint64_t spawn;
    char path[PATH_MAX];
};

static void answer(struct control_request *request, const struct fascia_plugin *described)
{
    Fascia__ControlResponse *response = control_response();

    response->description = plugin_description_pack(described);
    response->plugin_help = config_options_help(described->options, described->option_count);
    control_answer(request, response, true);
}

/* The connection frees itself; closed() then finds nobody. */
static void look_over(struct look *look)
{
    struct io_connection *connection = look->connection;

    look->connection = NULL;
    spawner_forget(look->spawner, look->spawn);
    io_timer_destroy(look->timer);
    if (connection != NULL) {
        io_connection_set_user(connection, NULL);
        io_close(connection, false);
    }
    free(look);
}

static void fail(struct look *look, const char *why)
{
    control_refuse(look->request, "%.300s: %s", look->path, why);
    look_over(look);
}

static void take(struct look *look, const uint8_t *message, size_t size)
{
    Fascia__FromPlugin *said = message_receive(&fascia__from_plugin__descriptor, message, size);
    struct plugin_described *described = NULL;
    struct fault fault = {{0}};

    if (said == NULL || said->body_case != FASCIA__FROM_PLUGIN__BODY_DESCRIBED) {
        fail(look, "it does not describe itself as a plugin does");
    } else if (said->described->failed[0] != '\0') {
        control_refuse(look->request, "%.400s", said->described->failed);
        look_over(look);
    } else if ((described = plugin_description_read(said->described, &fault)) == NULL) {
        fail(look, fault.text);
    } else {
        answer(look->request, plugin_described_plugin(described));
        look_over(look);
    }
    plugin_described_destroy(described);
    fascia__from_plugin__free_unpacked(said, NULL);
}

static void came(void *context, struct io_connection *connection)
{
    struct look *look = io_connection_user(connection);
    const uint8_t *message = NULL;
    size_t size = 0, message_size = 0, total = 0;
    const uint8_t *bytes = io_peek(connection, &size);

    (void)context;
    if (look == NULL)
        return;
    switch (wire_next(bytes, size, &message, &message_size, &total)) {
    case WIRE_WHOLE:
        take(look, message, message_size);
        break;
    case WIRE_TOO_LONG:
        fail(look, "it does not describe itself as a plugin does");
        break;
    case WIRE_MORE:
        break;
    }
}

static void closed(void *context, struct io_connection *connection, enum io_close_reason reason)
{
    struct look *look = io_connection_user(connection);

    (void)context;
    (void)reason;
    if (look != NULL)
        look->connection = NULL;
}

static void started(void *context, int pid, const char *user)
{
    (void)context;
    (void)pid;
    (void)user;
}

static void ended(void *context, const char *how)
{
    struct look *look = context;

    /* What it said before is read first. */
    if (look->connection != NULL)
        came(NULL, look->connection);
    else
        fail(look, how);
}

static void too_late(void *context)
{
    fail(context, "it did not describe itself within 10 s");
}

static void look_into(const struct source_rooms *rooms, struct control_request *request)
{
    const struct io_handler handler = {.readable = came, .closed = closed};
    const struct io_limits limits = {0};
    struct look *look = memory_allocate(1, sizeof *look);
    struct spawn_settings settings = {
        .path = look->path, .memory = MEMORY, .context = look, .started = started, .ended = ended};
    struct fault fault = {{0}};
    int socket = -1;

    snprintf(look->path, sizeof look->path, "%s", request->request->describe_plugin->path);
    if (rooms->spawner == NULL)
        fault_set(&fault, "node.plugin_runner could not be started");
    else if (plugin_check_file(look->path, &fault) == PLUGIN_OK)
        socket = spawner_start(rooms->spawner, &settings, &look->spawn, &fault);
    if (socket < 0) {
        control_refuse(request, "%s", fault.text);
        free(look);
        return;
    }
    look->spawner = rooms->spawner;
    look->request = request;
    look->timer = io_timer_create(rooms->loop, too_late, look);
    io_timer_set(look->timer, PATIENCE_MS);
    look->connection = io_adopt(rooms->loop, socket, &limits, &handler);
    io_connection_set_user(look->connection, look);
}

void describer_answer(const struct source_rooms *rooms, const struct source *source, struct control_request *request)
{
    const struct fascia_plugin *described = NULL;

    if (source == NULL) {
        look_into(rooms, request);
        return;
    }
    described = source->isolation == NULL ? source->description : plugin_isolated_description(source->instance);
    if (described == NULL)
        control_refuse(request, "the plugin of source '%s' has not described itself: %s", source->config->name,
                       source->isolation->why);
    else
        answer(request, described);
}
