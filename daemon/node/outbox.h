/*
 * The outbox: every status that a sender should hear, and every notice for a notifier, until it has been heard.
 *
 * Rows are in the store; this part reads them from there in order of their ids, has the source encode each, sends it to its endpoint and waits
 * for the answer that the source recognises. One message at a time is under way to an endpoint, so answers can't be
 * mixed up and statuses of a referral arrive in order. A dead endpoint is tried again with growing pauses and holds up
 * nobody else. A notifier is an endpoint of its own: it is given its notices one after another, and says of each what became of it. Delivered at least once, with an id by which the receiver can do it once. Loop's thread only.
 */
#ifndef FASCIA_NODE_OUTBOX_H
#define FASCIA_NODE_OUTBOX_H

#include "node/source.h"

struct outbox;

struct outbox_counts {
    uint64_t delivered, retried, given_up, waiting, endpoints;
};

/* sources: borrowed array of borrowed pointers. */
struct outbox *outbox_create(struct io_loop *loop, struct stages *stages, const struct config *config,
                             struct source *const *sources, size_t source_count);
/* There are others, or some can be used again. None that was there is gone. */
void outbox_sources(struct outbox *outbox, struct source *const *sources, size_t source_count);
/* There may be new rows. */
void outbox_poke(struct outbox *outbox);
/* Retry settings of a reloaded configuration; config is borrowed from now on. */
void outbox_configure(struct outbox *outbox, const struct config *config);
/* Rows that were given up are pending again: look at all from the start. */
void outbox_restart(struct outbox *outbox);
/* Sends nothing more. */
void outbox_stop(struct outbox *outbox);
/* Closes every connection; the loop then ends them. */
void outbox_close(struct outbox *outbox);
/* After outbox_close() and the end of the loop. */
void outbox_destroy(struct outbox *outbox);
void outbox_counts(const struct outbox *outbox, struct outbox_counts *counts);

#endif
