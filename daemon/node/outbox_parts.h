/*
 * Inside the outbox: messages, and the endpoints that they go to. Not for others.
 */
#ifndef FASCIA_NODE_OUTBOX_PARTS_H
#define FASCIA_NODE_OUTBOX_PARTS_H

#include "node/outbox.h"

#include <sys/queue.h>

#define OUTBOX_PAGE      256 /* rows read at a time */
#define ENDPOINT_WAITING 512 /* messages that wait in memory for one endpoint; more stay in the store */
#define ENDPOINTS        4096
#define NOTES            8192 /* endings that are not durable yet; with more, no further rows are read */

struct endpoint;

/* One row of the outbox on its way. */
struct message {
    struct ending ending; /* of the token under way */
    struct outbox *outbox;
    struct source *source;
    struct message *next;
    struct outbox_row row; /* payload: packed Status or Notice, owned */
    int64_t at;            /* when the status became so */
    uint8_t *bytes;        /* encoded, for a stream; owned */
    size_t size;
    uint32_t answer_timeout;
    uint32_t refusals; /* negative answers so far */
};

/* What became of a row, on its way into the store. While it is not there the row must not be read as pending. */
struct note {
    TAILQ_ENTRY(note) link;
    struct outbox *outbox;
    struct work *work;
    uint64_t row;
    bool ends; /* delivered or given up; else one more attempt, which may be lost */
};
TAILQ_HEAD(notes, note);

struct endpoint {
    struct endpoint *next;
    struct outbox *outbox;
    struct source *source;
    char *address;
    struct io_connection *connection;
    bool connected, judging;
    bool ended;      /* the peer sends no more */
    bool overflowed; /* a message for it was left in the store, and so are all later ones, until rows are read anew */
    struct message *first, *last;
    size_t waiting;
    struct plugin_framer *framer; /* of this connection */
    size_t answered;              /* messages that this connection has ended */
    int64_t answer_by;            /* monotonic: of the message under way */
    uint64_t generation;          /* of the connection: a verdict about an older one is void */
    struct io_timer *timer;       /* answer time-out, or the pause before the next try */
    bool pausing;
    int64_t pause;
};

struct outbox {
    struct io_loop *loop;
    struct stages *stages;
    const struct config *config;
    struct source *const *sources;
    size_t source_count;
    struct io_timer *timer, *note_timer;
    int64_t look_at;                              /* what timer is set to; -1: it is off */
    struct message *reading_first, *reading_last; /* read, waiting to be encoded, in order */
    struct message *encoding;                     /* the one that is being encoded */
    int64_t pause;
    struct endpoint *endpoints;
    size_t endpoint_count;
    uint64_t cursor;      /* highest row read */
    uint64_t highest;     /* ever: only rows up to it can be in hand already */
    bool held;            /* rows were read and left in the store for later: */
    uint64_t held_cursor; /* the lowest of them, less one */
    struct notes unsaved, saving;
    size_t note_count;
    bool reading, again, stopped;
    bool look_again; /* rows that were left are to be read anew, as soon as nothing is being read or encoded */
    size_t in_hand;
    uint64_t delivered, retried, given_up;
};

/* Ends a message for good (delivered or given up), or leaves it pending with one more attempt counted. */
void outbox_settle(struct message *message, bool given_up, const char *word);
void outbox_note_attempt(struct message *message, const char *word, int64_t due);
bool outbox_too_old(const struct message *message);
/* A notice for a notifier, and not a status for a sender. */
bool message_is_notice(const struct message *message);
void message_destroy(struct message *message);
/* Takes the message over. */
void endpoint_send(struct outbox *outbox, const char *address, struct message *message);
void endpoints_close(struct outbox *outbox);
void endpoints_destroy(struct outbox *outbox);
bool outbox_holds(const struct outbox *outbox, uint64_t id);
/* Leaves a row in the store for later. */
void outbox_leave(struct outbox *outbox, uint64_t id);
void outbox_drained(struct outbox *outbox); /* an overflowed endpoint has room again */
/* Rows are read anew: those with room take messages again. */
void endpoints_reopen(struct outbox *outbox);

#endif
