#include "node/control.h"

#include "core/message.h"
#include "io/log.h"

#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct control {
    struct io_loop *loop;
    struct stages *stages;
    struct control_host host;
    struct io_listener *listener;
    struct control_session *sessions;
    size_t open;
    bool draining;
};

/* One connection; its requests are done one after the other. */
struct control_session {
    struct control *control;
    struct io_connection *connection; /* NULL once closed */
    struct control_session *next, *previous;
    struct control_request *request; /* under way */
    bool inside;
    bool ended; /* the peer asks no more, but may wait for its answer */
};

struct stages *control_stages(const struct control *control)
{
    return control->stages;
}

bool control_is_unwanted(const struct control_request *request)
{
    return request->control->draining || request->origin.is_unwanted(request->origin.context);
}

const struct control_host *control_host(const struct control *control)
{
    return &control->host;
}

Fascia__ControlResponse *control_response(void)
{
    Fascia__ControlResponse *response = calloc(1, sizeof *response);

    INVARIANT(response != NULL);
    fascia__control_response__init(response);
    return response;
}

/* ---- sessions -------------------------------------------------------------------------------------------------------- */

static void session_free_if_over(struct control_session *session)
{
    if (session->connection != NULL || session->request != NULL || session->inside)
        return;
    if (session->previous != NULL)
        session->previous->next = session->next;
    else
        session->control->sessions = session->next;
    if (session->next != NULL)
        session->next->previous = session->previous;
    free(session);
}

static void name_actor(const struct io_connection *connection, char *actor, size_t size)
{
    uint32_t uid = 0;
    uint32_t gid = 0;
    int32_t pid = 0;
    char buffer[4096];
    struct passwd entry;
    struct passwd *found = NULL;

    if (!io_connection_credentials(connection, &uid, &gid, &pid)) {
        snprintf(actor, size, "user:?");
        return;
    }
    if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        snprintf(actor, size, "user:%s", found->pw_name);
    else
        snprintf(actor, size, "user:#%u", uid);
}

static void write_response(struct control_session *session, Fascia__ControlResponse *response)
{
    const size_t size = fascia__control_response__get_packed_size(response);
    uint8_t *bytes = malloc(4 + size);
    const uint32_t length = htonl((uint32_t)size);

    INVARIANT(bytes != NULL);
    memcpy(bytes, &length, 4);
    fascia__control_response__pack(response, bytes + 4);
    io_write(session->connection, bytes, 4 + size);
    free(bytes);
}

static void session_read(struct control_session *session);

static void session_answer(void *context, Fascia__ControlResponse *response, bool last)
{
    struct control_session *session = context;

    if (session->connection != NULL)
        write_response(session, response);
    if (!last)
        return;
    session->request = NULL;
    if (session->connection != NULL && session->control->draining)
        io_close(session->connection, true);
    else if (session->connection != NULL && !session->inside) {
        session_read(session); /* frees it, if it is over */
        return;
    }
    session_free_if_over(session);
}

static bool session_is_gone(void *context)
{
    return ((const struct control_session *)context)->connection == NULL;
}

/* ---- requests --------------------------------------------------------------------------------------------------------- */

static struct control_request *request_create(struct control *control, const struct control_origin *origin,
                                              Fascia__ControlRequest *wanted)
{
    struct control_request *request = calloc(1, sizeof *request);

    INVARIANT(request != NULL);
    request->control = control;
    request->origin = *origin;
    request->request = wanted;
    control->open++;
    return request;
}

void control_answer(struct control_request *request, Fascia__ControlResponse *response, bool last)
{
    const struct control_origin origin = request->origin;

    response->last = last;
    if (last) {
        request->control->open--;
        fascia__control_request__free_unpacked(request->request, NULL);
        free(request);
    }
    origin.answer(origin.context, response, last);
    fascia__control_response__free_unpacked(response, NULL);
}

void control_refuse(struct control_request *request, const char *format, ...)
{
    Fascia__ControlResponse *response = control_response();
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vasprintf(&response->error, format, arguments);
    va_end(arguments);
    INVARIANT(written >= 0);
    control_answer(request, response, true);
}

void control_busy(struct control_request *request)
{
    Fascia__ControlResponse *response = control_response();

    response->error = strdup("the node is busy: try again");
    INVARIANT(response->error != NULL);
    response->unavailable = true;
    control_answer(request, response, true);
}

static void begin_request(struct control_request *request)
{
    if (request->request == NULL) {
        request->request = calloc(1, sizeof *request->request);
        INVARIANT(request->request != NULL);
        fascia__control_request__init(request->request);
        control_refuse(request, "the request can't be read: fasciactl and fasciad are of different releases?");
        return;
    }
    if (request->request->version != 1) {
        control_refuse(request, "this daemon speaks version 1 of the control protocol, not %u",
                       request->request->version);
        return;
    }
    control_do(request);
}

/* Whoever may connect reaches all referrals, and says nothing of it; nor is it a source that speaks here. */
static Fascia__ControlRequest *without_what_the_daemon_says(Fascia__ControlRequest *request)
{
    Fascia__Submit *submit = NULL;

    if (request == NULL)
        return NULL;
    if (request->reach != NULL)
        fascia__reach__free_unpacked(request->reach, NULL);
    request->reach = NULL;
    if (request->body_case != FASCIA__CONTROL_REQUEST__BODY_COMMAND ||
        request->command->body_case != FASCIA__COMMAND__BODY_SUBMIT)
        return request;
    submit = request->command->submit;
    message_clear(&submit->source);
    return request;
}

static void start_request(struct control_session *session, const uint8_t *bytes, size_t size)
{
    const struct control_origin origin = {session, session_answer, session_is_gone};
    struct control_request *request = request_create(
        session->control, &origin,
        without_what_the_daemon_says(message_receive(&fascia__control_request__descriptor, bytes, size)));

    name_actor(session->connection, request->actor, sizeof request->actor);
    session->request = request;
    begin_request(request);
}

void control_ask(struct control *control, const struct control_origin *origin, const char *actor,
                 Fascia__ControlRequest *request)
{
    struct control_request *asked = request_create(control, origin, request);

    snprintf(asked->actor, sizeof asked->actor, "%s", actor);
    begin_request(asked);
}

static void refuse_large(struct control_session *session)
{
    Fascia__ControlResponse *response = control_response();
    const int written = asprintf(&response->error, "a request has at most %u bytes", CONTROL_REQUEST_BYTES);

    INVARIANT(written >= 0);
    LOG(LOG_LEVEL_WARNING, "control.request-too-large");
    response->last = true;
    write_response(session, response);
    fascia__control_response__free_unpacked(response, NULL);
    io_close(session->connection, true);
}

/* Takes one request off the buffer, when it is whole. */
static bool take_request(struct control_session *session)
{
    size_t size = 0;
    const uint8_t *bytes = io_peek(session->connection, &size);
    uint32_t length;
    uint8_t *copy;

    if (size < 4)
        return false;
    memcpy(&length, bytes, 4);
    length = ntohl(length);
    if (length > CONTROL_REQUEST_BYTES) {
        refuse_large(session);
        return false;
    }
    if (size < 4 + (size_t)length)
        return false;
    copy = malloc(length > 0 ? length : 1);
    INVARIANT(copy != NULL);
    memcpy(copy, bytes + 4, length);
    io_take(session->connection, 4 + (size_t)length);
    start_request(session, copy, length);
    free(copy);
    return true;
}

static void session_read(struct control_session *session)
{
    if (session->inside)
        return;
    session->inside = true;
    while (session->connection != NULL && session->request == NULL && !session->control->draining &&
           take_request(session))
        ;
    session->inside = false;
    if (session->connection != NULL && session->request == NULL && session->ended)
        io_close(session->connection, true);
    /* While a request is under way the next one waits in the peer's hands, however long this one takes. */
    if (session->connection != NULL)
        io_pause(session->connection, session->request != NULL);
    session_free_if_over(session);
}

/* ---- connections ------------------------------------------------------------------------------------------------------ */

static void opened(void *context, struct io_connection *connection)
{
    struct control *control = context;
    struct control_session *session = calloc(1, sizeof *session);

    INVARIANT(session != NULL);
    session->control = control;
    session->connection = connection;
    session->next = control->sessions;
    if (control->sessions != NULL)
        control->sessions->previous = session;
    control->sessions = session;
    io_connection_set_user(connection, session);
}

static void readable(void *context, struct io_connection *connection)
{
    (void)context;
    session_read(io_connection_user(connection));
}

/* fasciactl has asked all it wanted: what it asked is still answered, then its place is free at once. */
static void ended(void *context, struct io_connection *connection)
{
    struct control_session *session = io_connection_user(connection);

    (void)context;
    session->ended = true;
    session_read(session);
}

static void closed(void *context, struct io_connection *connection, enum io_close_reason reason)
{
    struct control_session *session = io_connection_user(connection);

    (void)context;
    (void)reason;
    if (session == NULL)
        return;
    session->connection = NULL;
    session_free_if_over(session);
}

/* ---- door ------------------------------------------------------------------------------------------------------------- */

static bool set_group(const struct config *config, struct fault *fault)
{
    struct group *group;

    if (config->control_group == NULL || config->control_group[0] == '\0')
        return true;
    group = getgrnam(config->control_group);
    if (group == NULL || chown(config->control_socket, (uid_t)-1, group->gr_gid) != 0) {
        fault_set(fault, "control socket %s can't be given to group %s", config->control_socket, config->control_group);
        return false;
    }
    return true;
}

struct control *control_create(struct io_loop *loop, struct stages *stages, const struct config *config,
                               const struct control_host *host, struct fault *fault)
{
    struct control *control = calloc(1, sizeof *control);
    const struct io_limits limits = {
        .connections = CONTROL_CONNECTIONS, .input = CONTROL_REQUEST_BYTES + 64, .output = 256u << 20};
    const struct io_handler handler = {
        .context = control, .opened = opened, .readable = readable, .ended = ended, .closed = closed};
    char address[4096];

    INVARIANT(control != NULL);
    control->loop = loop;
    control->stages = stages;
    control->host = *host;
    snprintf(address, sizeof address, "unix:%s", config->control_socket);
    control->listener = io_listen(loop, address, config->control_mode, &limits, &handler, fault);
    if (control->listener == NULL || !set_group(config, fault)) {
        control_destroy(control);
        return NULL;
    }
    return control;
}

void control_drain(struct control *control)
{
    control->draining = true;
    io_listener_pause(control->listener, true);
    for (struct control_session *session = control->sessions; session != NULL; session = session->next)
        if (session->request == NULL && session->connection != NULL)
            io_close(session->connection, true);
}

size_t control_open(const struct control *control)
{
    return control->open;
}

void control_close(struct control *control)
{
    if (control->listener != NULL)
        io_listener_destroy(control->listener, true);
    control->listener = NULL;
}

void control_destroy(struct control *control)
{
    if (control == NULL)
        return;
    control_close(control);
    for (struct control_session *session = control->sessions, *next; session != NULL; session = next) {
        next = session->next;
        free(session);
    }
    free(control);
}
