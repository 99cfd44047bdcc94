/*
 * One endpoint: a sender's listener. Messages wait in line; the first is sent and stays the first until the source says that
 * its answer came. No answer, a closed connection or a negative answer: pause, connect anew, send it again.
 */
#include "io/log.h"
#include "node/outbox_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void endpoint_advance(struct endpoint *endpoint);

/* A notifier has no connection on which anything else could come. */
static bool is_notifier(const struct endpoint *endpoint)
{
    return endpoint->source->config->is_plugin;
}

static void drop_framer(struct endpoint *endpoint)
{
    plugin_framer_destroy(endpoint->framer);
    endpoint->framer = NULL;
}

static void more_is_known(void *context);

/* Of a new connection, or of one whose bytes were thrown away. */
static void new_framer(struct endpoint *endpoint)
{
    drop_framer(endpoint);
    endpoint->framer = plugin_framer_create(endpoint->source->instance, more_is_known, endpoint);
}

static void endpoint_drop_connection(struct endpoint *endpoint)
{
    struct io_connection *connection = endpoint->connection;

    endpoint->connection = NULL;
    endpoint->connected = false;
    endpoint->ended = false;
    drop_framer(endpoint);
    endpoint->answered = 0;
    endpoint->generation++;
    if (connection != NULL) {
        io_connection_set_user(connection, NULL);
        io_close(connection, false);
    }
}

static struct message *take_first(struct endpoint *endpoint)
{
    struct message *message = endpoint->first;

    endpoint->first = message->next;
    if (endpoint->first == NULL)
        endpoint->last = NULL;
    message->next = NULL;
    endpoint->waiting--;
    return message;
}

/* The first message has come to its end. */
static void settle_first(struct endpoint *endpoint, bool given_up, const char *word)
{
    outbox_settle(take_first(endpoint), given_up, word);
    if (endpoint->overflowed && endpoint->waiting < ENDPOINT_WAITING / 4)
        outbox_drained(endpoint->outbox);
}

static void pause_endpoint(struct endpoint *endpoint)
{
    const struct config *config = endpoint->outbox->config;

    endpoint->pause = endpoint->pause == 0 ? config->retry_first_ms : endpoint->pause * 2;
    if (endpoint->pause > config->retry_last_ms)
        endpoint->pause = config->retry_last_ms;
    endpoint->pausing = true;
    io_timer_set(endpoint->timer, endpoint->pause);
}

/* The first message was not delivered this time. */
static void attempt_failed(struct endpoint *endpoint, const char *word, bool refused)
{
    const struct config *config = endpoint->outbox->config;
    struct message *message = endpoint->first;

    endpoint_drop_connection(endpoint);
    io_timer_set(endpoint->timer, -1);
    if (endpoint->outbox->stopped || message == NULL)
        return;
    if (refused && ++message->refusals >= config->refusals) {
        settle_first(endpoint, true, word);
        endpoint_advance(endpoint); /* the endpoint is alive: the next message may fare better at once */
        return;
    }
    if (endpoint->pause < config->retry_last_ms)
        LOG(LOG_LEVEL_WARNING, "outbox.attempt-failed",
            LOG_CONFIGURED("address", is_notifier(endpoint) ? endpoint->source->config->name : endpoint->address),
            LOG_WORD("because", word), LOG_NUMBER("waiting", endpoint->waiting));
    pause_endpoint(endpoint);
    if (outbox_too_old(message))
        settle_first(endpoint, true, word);
    else
        outbox_note_attempt(message, word, io_now() + endpoint->pause);
}

/* A listener may hang up after an answer, in the moment in which the next message goes out to it: that is no failure, once. */
static void connection_lost(struct endpoint *endpoint, const char *word)
{
    const bool had_answered = endpoint->answered > 0;

    if (!had_answered || endpoint->first == NULL || endpoint->outbox->stopped) {
        attempt_failed(endpoint, word, false);
        return;
    }
    io_timer_set(endpoint->timer, -1);
    endpoint_drop_connection(endpoint);
    endpoint_advance(endpoint);
}

static void time_is_up(void *context)
{
    struct endpoint *endpoint = context;

    if (endpoint->pausing) {
        endpoint->pausing = false;
        endpoint_advance(endpoint);
        return;
    }
    attempt_failed(endpoint, "no-answer", false);
}

/* ---- answers --------------------------------------------------------------------------------------------------------- */

struct judgement {
    struct ending ending;
    struct endpoint *endpoint;
    uint64_t generation;
};

/* The endpoint has dealt with the first message, one way or the other. */
static void first_is_over(struct endpoint *endpoint, bool given_up, const char *word)
{
    endpoint->pause = 0;
    endpoint->answered++;
    io_timer_set(endpoint->timer, -1);
    settle_first(endpoint, given_up, word);
    endpoint_advance(endpoint);
}

static void read_answers(struct endpoint *endpoint);

static void read_on(struct endpoint *endpoint)
{
    const int64_t left = endpoint->answer_by - io_monotonic();

    if (endpoint->connection == NULL) {
        connection_lost(endpoint, "closed");
        return;
    }
    io_timer_set(endpoint->timer, left > 0 ? left : 0);
    read_answers(endpoint);
    if (endpoint->ended && endpoint->connection != NULL && !endpoint->judging)
        connection_lost(endpoint, "closed");
}

static void take_verdict(struct endpoint *endpoint, const Fascia__Verdict *verdict)
{
    char word[32];

    snprintf(word, sizeof word, "%s", verdict->reason);
    switch (verdict->kind) {
    case FASCIA__VERDICT__KIND__DELIVERED:
        first_is_over(endpoint, false, "");
        break;
    case FASCIA__VERDICT__KIND__UNRELATED:
        read_on(endpoint);
        break;
    case FASCIA__VERDICT__KIND__GIVE_UP:
        first_is_over(endpoint, true, word);
        break;
    default:
        attempt_failed(endpoint, word[0] != '\0' ? word : "refused", true);
    }
}

static void judged(struct ending *ending, const ProtobufCMessage *base)
{
    struct judgement *judgement = (struct judgement *)ending;
    const Fascia__Verdict *verdict = (const Fascia__Verdict *)base;
    struct endpoint *endpoint = judgement->endpoint;
    const bool current = judgement->generation == endpoint->generation;

    free(judgement);
    endpoint->judging = false;
    if (endpoint->outbox->stopped) { /* nothing more is sent, but what was heard is noted */
        if (current && verdict != NULL && verdict->kind == FASCIA__VERDICT__KIND__DELIVERED)
            settle_first(endpoint, false, "");
    } else if (!current) {
        endpoint_advance(endpoint);
    } else if (verdict == NULL) {
        attempt_failed(endpoint, "not-judged", false);
    } else if (is_notifier(endpoint) && verdict->kind == FASCIA__VERDICT__KIND__UNRELATED) {
        attempt_failed(endpoint, "unrelated", true);
    } else {
        take_verdict(endpoint, verdict);
    }
}

static void judge(struct endpoint *endpoint, const uint8_t *bytes, const struct fascia_frame *frame)
{
    struct judgement *judgement = calloc(1, sizeof *judgement);
    Fascia__Answered answered = FASCIA__ANSWERED__INIT;
    uint8_t *answer = malloc(frame->payload_size > 0 ? frame->payload_size : 1);
    uint64_t token;

    INVARIANT(judgement != NULL && answer != NULL);
    /* The verdict may come during the call, and with it the next frame or the end of the connection: take this one off first. */
    memcpy(answer, bytes + frame->payload_offset, frame->payload_size);
    plugin_framer_take(endpoint->framer, frame->total);
    io_take(endpoint->connection, frame->total);
    judgement->ending.ended = judged;
    judgement->endpoint = endpoint;
    judgement->generation = endpoint->generation;
    answered.outbox = endpoint->first->row.outbox;
    answered.sent.data = endpoint->first->bytes;
    answered.sent.len = endpoint->first->size;
    answered.answer.data = answer;
    answered.answer.len = frame->payload_size;
    endpoint->judging = true;
    io_timer_set(endpoint->timer, -1); /* it has answered: how long the source takes is not its fault */
    token = plugin_answered(endpoint->source->instance, &answered, &judgement->ending);
    free(answer);
    if (token == 0) {
        free(judgement);
        endpoint->judging = false;
        attempt_failed(endpoint, "busy", false);
        return;
    }
    source_touch_expiry(endpoint->source);
}

static void read_answers(struct endpoint *endpoint)
{
    while (endpoint->connection != NULL && !endpoint->judging && endpoint->first != NULL) {
        struct fascia_frame frame;
        size_t size = 0;
        const uint8_t *bytes = io_peek(endpoint->connection, &size);

        if (size == 0)
            return;
        plugin_framer_next(endpoint->framer, (struct fascia_bytes){bytes, size}, &frame);
        if (frame.result == FASCIA_FRAME_MORE) {
            if (frame.skip == 0)
                return;
            plugin_framer_take(endpoint->framer, frame.skip);
            io_take(endpoint->connection, frame.skip);
            continue; /* what is behind the noise may have come since */
        }
        if (frame.result != FASCIA_FRAME_COMPLETE) {
            attempt_failed(endpoint, "unreadable", false);
            return;
        }
        judge(endpoint, bytes, &frame);
    }
}

/* ---- connection ------------------------------------------------------------------------------------------------------ */

static void endpoint_write(struct endpoint *endpoint)
{
    const struct message *message = endpoint->first;
    const int64_t wait =
        message->answer_timeout > 0 ? message->answer_timeout : endpoint->outbox->config->answer_timeout_ms;

    io_write(endpoint->connection, message->bytes, message->size);
    endpoint->answer_by = io_monotonic() + wait;
    io_timer_set(endpoint->timer, wait);
}

static void dial_opened(void *context, struct io_connection *connection)
{
    struct endpoint *endpoint = context;

    if (endpoint->connection != connection)
        return;
    endpoint->connected = true;
    if (endpoint->first != NULL)
        endpoint_write(endpoint);
}

static void dial_readable(void *context, struct io_connection *connection)
{
    struct endpoint *endpoint = context;
    size_t size = 0;

    if (endpoint->connection != connection)
        return;
    if (endpoint->first == NULL) { /* an answer to nothing */
        io_peek(connection, &size);
        io_take(connection, size);
        new_framer(endpoint);
        return;
    }
    read_answers(endpoint);
}

static void dial_closed(void *context, struct io_connection *connection, enum io_close_reason reason)
{
    struct endpoint *endpoint = context;
    const bool was_connected = endpoint->connected;

    if (endpoint->connection != connection)
        return;
    endpoint->connection = NULL;
    if (endpoint->judging)
        return; /* its answer is with the source, which will say */
    connection_lost(endpoint, was_connected ? "closed" : io_close_reason_name(reason));
}

/* Nothing more comes: when no answer was among what came, the message is sent again. */
static void read_to_the_end(struct endpoint *endpoint)
{
    const struct io_connection *connection = endpoint->connection;

    read_answers(endpoint);
    if (endpoint->connection == connection && !endpoint->judging && !plugin_framer_waits(endpoint->framer))
        connection_lost(endpoint, "closed");
}

static void more_is_known(void *context)
{
    struct endpoint *endpoint = context;

    if (endpoint->ended)
        read_to_the_end(endpoint);
    else
        read_answers(endpoint);
}

/* A listener that hangs up after its answer: what it said before is read first, then a new connection is made for what comes next. */
static void dial_ended(void *context, struct io_connection *connection)
{
    struct endpoint *endpoint = context;

    if (endpoint->connection != connection)
        return;
    endpoint->ended = true;
    read_to_the_end(endpoint);
}

static void endpoint_connect(struct endpoint *endpoint)
{
    const struct io_limits limits = {.input = 1u << 20, .idle_ms = endpoint->outbox->config->answer_timeout_ms + 60000};
    const struct io_handler handler = {.context = endpoint,
                                       .opened = dial_opened,
                                       .readable = dial_readable,
                                       .ended = dial_ended,
                                       .closed = dial_closed};
    struct fault fault = {{0}};

    endpoint->connected = endpoint->ended = false;
    endpoint->answered = 0;
    new_framer(endpoint);
    endpoint->connection = io_dial(endpoint->outbox->loop, endpoint->address, &limits, &handler, &fault);
    if (endpoint->connection == NULL)
        attempt_failed(endpoint, "bad-address", false);
}

/* ---- notifiers --------------------------------------------------------------------------------------------------------- */

/* Its verdict may come during the call, and with it the next notice. */
static void endpoint_notify(struct endpoint *endpoint)
{
    struct message *message = endpoint->first;
    struct source *source = endpoint->source;
    struct judgement *judgement = calloc(1, sizeof *judgement);
    Fascia__Notice *notice =
        message->row.size > 0 ? fascia__notice__unpack(NULL, message->row.size, message->row.payload) : NULL;
    uint64_t token = 0;

    INVARIANT(judgement != NULL);
    if (notice == NULL) {
        free(judgement);
        first_is_over(endpoint, true, "unreadable");
        return;
    }
    message->at = notice->at;
    notice->attempt = message->row.attempts + 1;
    *judgement = (struct judgement){.ending.ended = judged, .endpoint = endpoint, .generation = endpoint->generation};
    endpoint->judging = true;
    token = plugin_notify(source->instance, notice, &judgement->ending);
    fascia__notice__free_unpacked(notice, NULL);
    if (token != 0) {
        source_touch_expiry(source);
        return;
    }
    free(judgement);
    endpoint->judging = false;
    attempt_failed(endpoint, "busy", false);
}

/* Sends the first message, if it is not under way and nothing forbids it. */
static void endpoint_advance(struct endpoint *endpoint)
{
    if (endpoint->outbox->stopped || endpoint->first == NULL || endpoint->pausing || endpoint->judging)
        return;
    if (is_notifier(endpoint)) {
        endpoint_notify(endpoint);
        return;
    }
    if (endpoint->ended)
        endpoint_drop_connection(endpoint);
    if (endpoint->connection == NULL)
        endpoint_connect(endpoint);
    else if (endpoint->connected)
        endpoint_write(endpoint);
}

static struct endpoint *endpoint_at(struct outbox *outbox, const char *address, struct source *source)
{
    struct endpoint *endpoint;

    for (endpoint = outbox->endpoints; endpoint != NULL; endpoint = endpoint->next)
        if (endpoint->source == source && strcmp(endpoint->address, address) == 0)
            return endpoint;
    if (outbox->endpoint_count >= ENDPOINTS)
        return NULL;
    endpoint = calloc(1, sizeof *endpoint);
    INVARIANT(endpoint != NULL);
    endpoint->outbox = outbox;
    endpoint->source = source;
    endpoint->address = strdup(address);
    INVARIANT(endpoint->address != NULL);
    endpoint->timer = io_timer_create(outbox->loop, time_is_up, endpoint);
    endpoint->next = outbox->endpoints;
    outbox->endpoints = endpoint;
    outbox->endpoint_count++;
    return endpoint;
}

void endpoint_send(struct outbox *outbox, const char *address, struct message *message)
{
    struct endpoint *endpoint = endpoint_at(outbox, address, message->source);

    if (endpoint == NULL) {
        outbox_settle(message, true, "too-many-endpoints");
        return;
    }
    /* Once one was left in the store, all later ones are too, or they would overtake it. */
    if (endpoint->overflowed || endpoint->waiting >= ENDPOINT_WAITING) {
        endpoint->overflowed = true;
        outbox_leave(outbox, message->row.outbox);
        message_destroy(message);
        if (endpoint->waiting < ENDPOINT_WAITING / 4)
            outbox_drained(outbox);
        return;
    }
    if (endpoint->last != NULL)
        endpoint->last->next = message;
    else
        endpoint->first = message;
    endpoint->last = message;
    if (++endpoint->waiting == 1)
        endpoint_advance(endpoint);
}

void endpoints_reopen(struct outbox *outbox)
{
    for (struct endpoint *endpoint = outbox->endpoints; endpoint != NULL; endpoint = endpoint->next)
        if (endpoint->waiting < ENDPOINT_WAITING / 4)
            endpoint->overflowed = false;
}

void endpoints_close(struct outbox *outbox)
{
    for (struct endpoint *endpoint = outbox->endpoints; endpoint != NULL; endpoint = endpoint->next) {
        endpoint_drop_connection(endpoint);
        io_timer_destroy(endpoint->timer);
        endpoint->timer = NULL;
    }
}

void endpoints_destroy(struct outbox *outbox)
{
    for (struct endpoint *endpoint = outbox->endpoints, *next; endpoint != NULL; endpoint = next) {
        next = endpoint->next;
        while (endpoint->first != NULL)
            message_destroy(take_first(endpoint));
        free(endpoint->address);
        free(endpoint);
    }
    outbox->endpoints = NULL;
}
