/*
 * The event loop: one thread, libevent underneath. Nothing outside this room names libevent.
 *
 * All functions belong to the loop's thread, but io_post(), io_stop() and io_now(). Callbacks run on the loop's thread and must not block.
 */
#ifndef FASCIA_IO_LOOP_H
#define FASCIA_IO_LOOP_H

#include "core/fault.h"

#include <stdbool.h>
#include <stdint.h>

struct io_loop;
MUST_CHECK struct io_loop *io_loop_create(struct fault *fault);
/* After what was made with it (listeners, timers, folders ...) has been destroyed. Connections that were closed still get closed(). */
void io_loop_destroy(struct io_loop *loop);
/* Until io_stop(). */
void io_loop_run(struct io_loop *loop);
void io_stop(struct io_loop *loop); /* any thread */
/* Runs function on the loop's thread, in order of posting; wakes the loop. Any thread. false when the loop is stopping. */
bool io_post(struct io_loop *loop, void (*function)(void *context), void *context);

int64_t io_now(void);       /* wall clock, ms since 1970; any thread */
int64_t io_monotonic(void); /* ms, never goes back; any thread */

struct io_timer;
struct io_timer *io_timer_create(struct io_loop *loop, void (*function)(void *context), void *context);
void io_timer_set(struct io_timer *timer, int64_t delay_ms); /* once; replaces an earlier setting; negative: off */
void io_timer_destroy(struct io_timer *timer);

/* function is called on the loop's thread, not in signal context. */
MUST_CHECK bool io_on_signal(struct io_loop *loop, int number, void (*function)(void *context), void *context,
                             struct fault *fault);

#endif
