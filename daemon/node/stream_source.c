/*
 * Connections of a source: frames in, answers out, in order.
 */
#include "io/log.h"
#include "node/source.h"

#include <stdlib.h>
#include <string.h>

#define FRAMING_BEHIND ((size_t)256 << 10) /* buffered while it is not known what came: read no more for now */
#define REFUSED_SHOWN  ((size_t)64 << 10)  /* of a frame that is too large: enough to tell who sent it */

/* One frame, from its delivery until its answer is written. */
struct frame_delivery {
    struct ending ending;
    struct session *session;
    struct frame_delivery *next;
    bool ended, failed, close;
    uint8_t *reply;
    size_t reply_size;
};

struct session {
    struct source *source;
    struct io_connection *connection; /* NULL once closed */
    struct session *next, *previous;
    struct frame_delivery *first, *last; /* in the order of the frames */
    size_t open;
    struct plugin_framer *framer;
    struct session *waiting_next;
    bool paused;     /* reading has stopped: too much is open */
    bool waiting;    /* in the source's line of those that the plugin had no room for */
    bool unreadable; /* what came can't be framed: nothing more is read, but what came before is answered */
    bool inside;     /* frames are being taken: what ends meanwhile is written after */
    bool closing;
    bool sent_all; /* the peer will send no more, but waits for its answers */
};

static void session_read(struct session *session);

/* Whoever waited longest is first in line, or a busy few would starve the others. */
static void wait_in_line(struct session *session)
{
    struct source *source = session->source;

    session->paused = true;
    session->waiting = true;
    session->waiting_next = NULL;
    if (source->waiting_last != NULL)
        source->waiting_last->waiting_next = session;
    else
        source->waiting_first = session;
    source->waiting_last = session;
}

static struct session *leave_line(struct source *source)
{
    struct session *session = source->waiting_first;

    source->waiting_first = session->waiting_next;
    if (source->waiting_first == NULL)
        source->waiting_last = NULL;
    session->waiting = false;
    session->paused = false;
    return session;
}

static void give_up_line(struct session *session)
{
    struct source *source = session->source;
    struct session *before = NULL;

    if (!session->waiting)
        return;
    for (struct session *at = source->waiting_first; at != session; at = at->waiting_next)
        before = at;
    if (before != NULL)
        before->waiting_next = session->waiting_next;
    else
        source->waiting_first = session->waiting_next;
    if (source->waiting_last == session)
        source->waiting_last = before;
    session->waiting = false;
}

static void session_free_if_over(struct session *session)
{
    if (session->connection != NULL || session->open > 0 || session->inside)
        return;
    if (session->previous != NULL)
        session->previous->next = session->next;
    else
        session->source->sessions = session->next;
    if (session->next != NULL)
        session->next->previous = session->previous;
    plugin_framer_destroy(session->framer);
    free(session);
}

static void close_session(struct session *session)
{
    session->closing = true;
    if (session->connection != NULL)
        io_close(session->connection, true);
}

/* Writes every answer that no earlier frame still holds back. */
static void write_answers(struct session *session)
{
    while (session->first != NULL && session->first->ended) {
        struct frame_delivery *delivery = session->first;
        session->first = delivery->next;
        if (session->first == NULL)
            session->last = NULL;
        session->open--;
        if (session->connection != NULL && !session->closing) {
            if (delivery->reply_size > 0)
                io_write(session->connection, delivery->reply, delivery->reply_size);
            /* A frame that got no answer would shift every later answer to the wrong message: close, and the sender sends again. */
            if (delivery->close || delivery->failed)
                close_session(session);
        }
        free(delivery->reply);
        free(delivery);
    }
    if (session->open == 0 && !session->closing &&
        (session->source->draining || (session->sent_all && !session->paused && !plugin_framer_waits(session->framer))))
        close_session(session);
}

/* Of a session that had too many frames open, once half of them are answered. */
static bool resume_reading(struct session *session)
{
    if (!session->paused || session->waiting || session->open >= SESSION_OPEN / 2)
        return false;
    session->paused = false;
    return true;
}

static void frame_ended(struct ending *ending, const ProtobufCMessage *message)
{
    struct frame_delivery *delivery = (struct frame_delivery *)ending;
    const Fascia__Completion *completion = (const Fascia__Completion *)message;
    struct session *session = delivery->session;

    delivery->ended = true;
    delivery->failed = completion == NULL;
    if (completion != NULL) {
        delivery->close = delivery->close || completion->close;
        delivery->reply_size = completion->reply.len;
        delivery->reply = completion->reply.len > 0 ? malloc(completion->reply.len) : NULL;
        INVARIANT(completion->reply.len == 0 || delivery->reply != NULL);
        if (completion->reply.len > 0)
            memcpy(delivery->reply, completion->reply.data, completion->reply.len);
    }
    if (session->inside)
        return;
    write_answers(session);
    if (session->connection != NULL && resume_reading(session))
        session_read(session);
    else
        session_free_if_over(session);
}

static struct frame_delivery *append_delivery(struct session *session)
{
    struct frame_delivery *delivery = calloc(1, sizeof *delivery);

    INVARIANT(delivery != NULL);
    delivery->ending.ended = frame_ended;
    delivery->session = session;
    if (session->last != NULL)
        session->last->next = delivery;
    else
        session->first = delivery;
    session->last = delivery;
    session->open++;
    return delivery;
}

static void remove_last(struct session *session, struct frame_delivery *delivery)
{
    struct frame_delivery **link = &session->first;
    struct frame_delivery *before = NULL;

    while (*link != delivery) {
        before = *link;
        link = &(*link)->next;
    }
    *link = NULL;
    session->last = before;
    session->open--;
    free(delivery);
}

/* false when the plugin has too much in flight: the frame stays in the buffer. */
static bool deliver_frame(struct session *session, const uint8_t *bytes, const struct fascia_frame *frame)
{
    struct source *source = session->source;
    Fascia__Delivery message = FASCIA__DELIVERY__INIT;
    struct frame_delivery *delivery = append_delivery(session);

    message.payload.data = (uint8_t *)(uintptr_t)(bytes + frame->payload_offset);
    message.payload.len = frame->payload_size;
    message.received = io_now();
    message.peer = (char *)(uintptr_t)io_connection_peer(session->connection);
    message.connection = io_connection_id(session->connection);
    if (plugin_deliver(source->instance, &message, &delivery->ending) == 0) {
        remove_last(session, delivery);
        return false;
    }
    source->frames++;
    source_touch_expiry(source);
    return true;
}

/* What the source says to it goes out in its turn, after the answers to the frames before. */
static void refuse_stream(struct session *session, const struct fascia_frame *frame)
{
    struct frame_delivery *delivery = append_delivery(session);

    LOG(LOG_LEVEL_WARNING, "source.stream-unreadable", LOG_CONFIGURED("source", session->source->config->name));
    session->unreadable = true;
    delivery->ended = true;
    delivery->close = true;
    if (frame->reply.size > 0) {
        delivery->reply = malloc(frame->reply.size);
        INVARIANT(delivery->reply != NULL);
        memcpy(delivery->reply, frame->reply.data, frame->reply.size);
        delivery->reply_size = frame->reply.size;
    }
}

static void take_bytes(struct session *session, size_t size)
{
    plugin_framer_take(session->framer, size);
    io_take(session->connection, size);
}

/* Takes one frame off the buffer. false when there is nothing more to do for now. */
static bool take_frame(struct session *session)
{
    struct fascia_frame frame;
    size_t size = 0;
    const uint8_t *bytes = io_peek(session->connection, &size);

    if (size == 0)
        return false;
    plugin_framer_next(session->framer, (struct fascia_bytes){bytes, size}, &frame);
    if (frame.result == FASCIA_FRAME_INVALID) {
        refuse_stream(session, &frame);
        return false;
    }
    if (frame.result == FASCIA_FRAME_MORE) {
        if (frame.skip > 0)
            take_bytes(session, frame.skip);
        return frame.skip > 0; /* what is behind the noise may have come since, and then nobody was asked of it yet */
    }
    if (!deliver_frame(session, bytes, &frame)) {
        wait_in_line(session);
        return false;
    }
    take_bytes(session, frame.total);
    if (session->open >= SESSION_OPEN)
        session->paused = true;
    return true;
}

static bool may_take(const struct session *session)
{
    return session->connection != NULL && !session->closing && !session->unreadable && !session->paused &&
           !session->source->draining;
}

static bool wants_no_more(const struct session *session)
{
    const size_t most = session->source->config->stream.input;
    size_t size = 0;

    io_peek(session->connection, &size);
    return session->paused || session->unreadable || session->source->draining ||
           ((size >= FRAMING_BEHIND || size >= most) && plugin_framer_waits(session->framer));
}

static void session_read(struct session *session)
{
    if (session->inside || session->connection == NULL)
        return;
    session->inside = true;
    do {
        while (may_take(session) && take_frame(session))
            ;
        write_answers(session);
    } while (resume_reading(session));
    session->inside = false;
    if (session->connection != NULL)
        io_pause(session->connection, wants_no_more(session));
    session_free_if_over(session);
}

static void more_is_known(void *context)
{
    session_read(context);
}

/* false when the plugin has too much in flight to be asked. */
static bool refuse_large(struct session *session)
{
    struct source *source = session->source;
    Fascia__Delivery message = FASCIA__DELIVERY__INIT;
    struct frame_delivery *delivery = append_delivery(session);
    size_t size = 0;

    message.payload.data = (uint8_t *)(uintptr_t)io_peek(session->connection, &size);
    message.payload.len = size < REFUSED_SHOWN ? size : REFUSED_SHOWN;
    message.received = io_now();
    message.peer = (char *)(uintptr_t)io_connection_peer(session->connection);
    message.connection = io_connection_id(session->connection);
    message.limit = source->config->stream.input;
    delivery->close = true;
    if (plugin_refuse(source->instance, &message, &delivery->ending) == 0) {
        remove_last(session, delivery);
        return false;
    }
    source_touch_expiry(source);
    return true;
}

/* A frame that does not fit. Its sender is told, after the answers to the frames before, and nothing more of it is read. */
static void connection_full(void *context, struct io_connection *connection)
{
    struct source *source = context;
    struct session *session = io_connection_user(connection);

    if (session == NULL || !plugin_can_refuse(source->instance))
        return;
    session->inside = true;
    if (refuse_large(session)) {
        session->unreadable = true;
        source->closed_by_limit++;
        LOG(LOG_LEVEL_WARNING, "source.frame-too-large", LOG_CONFIGURED("source", source->config->name),
            LOG_NUMBER("limit", (int64_t)source->config->stream.input));
    } else {
        wait_in_line(session);
    }
    io_pause(connection, true);
    write_answers(session);
    session->inside = false;
    session_free_if_over(session);
}

static void connection_opened(void *context, struct io_connection *connection)
{
    struct source *source = context;
    struct session *session = calloc(1, sizeof *session);

    INVARIANT(session != NULL);
    session->source = source;
    session->connection = connection;
    session->framer = plugin_framer_create(source->instance, more_is_known, session);
    session->next = source->sessions;
    if (source->sessions != NULL)
        source->sessions->previous = session;
    source->sessions = session;
    source->connections_opened++;
    io_connection_set_user(connection, session);
}

static void connection_readable(void *context, struct io_connection *connection)
{
    (void)context;
    session_read(io_connection_user(connection));
}

/* Half a close: senders that shut down after their last message still hear what became of it. */
static void connection_ended(void *context, struct io_connection *connection)
{
    struct session *session = io_connection_user(connection);

    (void)context;
    if (session == NULL)
        return;
    session->sent_all = true;
    session_read(session);
}

static void connection_closed(void *context, struct io_connection *connection, enum io_close_reason reason)
{
    struct source *source = context;
    struct session *session = io_connection_user(connection);

    if (reason != IO_CLOSED_BY_PEER && reason != IO_CLOSED_BY_OWNER) {
        source->closed_by_limit++;
        LOG(LOG_LEVEL_INFO, "source.connection-closed", LOG_CONFIGURED("source", source->config->name),
            LOG_WORD("because", io_close_reason_name(reason)));
    }
    if (session == NULL)
        return;
    session->connection = NULL;
    give_up_line(session);
    session_free_if_over(session);
}

bool stream_source_start(struct source *source, struct fault *fault)
{
    const struct config_stream *wanted = &source->config->stream;
    const struct io_limits limits = {.connections = wanted->connections,
                                     .per_peer = wanted->per_peer,
                                     .input = wanted->input,
                                     .idle_ms = wanted->idle_ms,
                                     .frame_ms = wanted->frame_ms};
    const struct io_handler handler = {.context = source,
                                       .opened = connection_opened,
                                       .readable = connection_readable,
                                       .ended = connection_ended,
                                       .full = connection_full,
                                       .closed = connection_closed};

    source->listener = io_listen(source->loop, wanted->listen, 0600, &limits, &handler, fault);
    if (source->listener == NULL) {
        fault_prefix(fault, "source %s", source->config->name);
        return false;
    }
    LOG(LOG_LEVEL_INFO, "source.listening", LOG_CONFIGURED("source", source->config->name),
        LOG_CONFIGURED("address", io_listener_address(source->listener)));
    return true;
}

/* Each in line goes on once, until the plugin is full again. None that stands in line is freed: its connection is there. */
void stream_source_resume(struct source *source)
{
    const struct session *last = source->waiting_last;
    struct session *session = NULL;

    while (session != last && source->waiting_first != NULL) {
        session = leave_line(source);
        session_read(session);
        if (source->waiting_last == session)
            return;
    }
}

void stream_source_drain(struct source *source)
{
    if (source->listener != NULL)
        io_listener_pause(source->listener, true);
    for (struct session *session = source->sessions, *next; session != NULL; session = next) {
        next = session->next;
        if (session->connection != NULL)
            io_pause(session->connection, true);
        if (session->open == 0 && !session->closing)
            close_session(session);
    }
}

void stream_source_stop(struct source *source)
{
    if (source->listener != NULL)
        io_listener_destroy(source->listener, true);
    source->listener = NULL;
}

size_t stream_source_open(const struct source *source)
{
    size_t open = 0;

    for (const struct session *session = source->sessions; session != NULL; session = session->next)
        open += session->connection != NULL && (session->open > 0 || session->closing);
    return open;
}
