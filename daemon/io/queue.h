/*
 * A bounded queue between stages: many threads push, one takes all that waits. Items are pointers; the queue owns none.
 */
#ifndef FASCIA_IO_QUEUE_H
#define FASCIA_IO_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;
struct queue *queue_create(size_t bound); /* 1..1048576 items */
void queue_destroy(struct queue *queue);
/* false when full or closed: the caller says "come back". */
bool queue_push(struct queue *queue, void *item);
/* Waits while full; false only when closed. For stages that must not lose. */
bool queue_push_wait(struct queue *queue, void *item);
/* Up to room items, oldest first. Waits up to wait_ms (negative: for ever) for the first. 0: time is up, or closed and empty. */
size_t queue_take(struct queue *queue, void **items, size_t room, int64_t wait_ms);
size_t queue_length(const struct queue *queue);
void queue_close(struct queue *queue); /* pushes fail, takers get what is left */
bool queue_is_closed(const struct queue *queue);

#endif
