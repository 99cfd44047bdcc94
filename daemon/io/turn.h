/*
 * The inside of the loop, for the files of this room only: libevent's base, and turns.
 *
 * A turn is work that waits until the callbacks that are due now have run: what they wrote to one connection then leaves in one
 * system call, and a connection that they closed is freed when none of them is on the stack. Loop's thread only.
 */
#ifndef FASCIA_IO_TURN_H
#define FASCIA_IO_TURN_H

#include "io/loop.h"

#include <stddef.h>
#include <sys/queue.h>

struct event_base;
struct io_lookups;

/* Lives in its owner; function may free the owner. */
struct io_turn {
    TAILQ_ENTRY(io_turn) link;
    void (*function)(void *context);
    void *context;
    bool queued;
};

struct event_base *io_loop_base(struct io_loop *loop);
/* Queues the turn once. */
void io_turn_queue(struct io_loop *loop, struct io_turn *turn);
void io_turn_cancel(struct io_loop *loop, struct io_turn *turn);
/* Room to read into, shared by all connections of the loop; its content lasts until the callback returns. */
enum { IO_SCRATCH_BYTES = 65536 };
uint8_t *io_loop_scratch(struct io_loop *loop);
/* Names being looked up (lookup.h), freed with the loop. */
struct io_lookups **io_loop_lookups(struct io_loop *loop);

#endif
