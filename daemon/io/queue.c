#include "io/queue.h"

#include "core/fault.h"
#include "core/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct queue {
    pthread_mutex_t *mutex; /* apart, so that asking a const queue its length can lock */
    pthread_cond_t filled;
    pthread_cond_t emptied;
    size_t bound, start, length;
    size_t takers, pushers; /* threads that wait */
    bool closed;
    void *items[];
};

struct queue *queue_create(size_t bound)
{
    struct queue *queue;
    pthread_condattr_t attributes;

    INVARIANT(bound >= 1 && bound <= 1048576);
    queue = memory_allocate(1, sizeof *queue + bound * sizeof(void *));
    queue->mutex = memory_allocate(1, sizeof *queue->mutex);
    queue->bound = bound;
    pthread_mutex_init(queue->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &attributes);
    pthread_cond_init(&queue->emptied, &attributes);
    pthread_condattr_destroy(&attributes);
    return queue;
}

void queue_destroy(struct queue *queue)
{
    if (queue == NULL)
        return;
    pthread_cond_destroy(&queue->filled);
    pthread_cond_destroy(&queue->emptied);
    pthread_mutex_destroy(queue->mutex);
    free(queue->mutex);
    free(queue);
}

static void append(struct queue *queue, void *item)
{
    queue->items[(queue->start + queue->length) % queue->bound] = item;
    queue->length++;
    if (queue->takers > 0)
        pthread_cond_signal(&queue->filled);
}

bool queue_push(struct queue *queue, void *item)
{
    bool room;

    pthread_mutex_lock(queue->mutex);
    room = !queue->closed && queue->length < queue->bound;
    if (room)
        append(queue, item);
    pthread_mutex_unlock(queue->mutex);
    return room;
}

bool queue_push_wait(struct queue *queue, void *item)
{
    bool open;

    pthread_mutex_lock(queue->mutex);
    queue->pushers++;
    while (!queue->closed && queue->length == queue->bound)
        pthread_cond_wait(&queue->emptied, queue->mutex);
    queue->pushers--;
    open = !queue->closed;
    if (open)
        append(queue, item);
    pthread_mutex_unlock(queue->mutex);
    return open;
}

static struct timespec after(int64_t wait_ms)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += wait_ms / 1000;
    time.tv_nsec += wait_ms % 1000 * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

static void await_filled(struct queue *queue, int64_t wait_ms)
{
    struct timespec until = after(wait_ms < 0 ? 0 : wait_ms);
    int result = 0;

    queue->takers++;
    while (!queue->closed && queue->length == 0 && result == 0) {
        if (wait_ms < 0)
            pthread_cond_wait(&queue->filled, queue->mutex);
        else
            result = pthread_cond_timedwait(&queue->filled, queue->mutex, &until);
    }
    queue->takers--;
}

size_t queue_take(struct queue *queue, void **items, size_t room, int64_t wait_ms)
{
    size_t count = 0;

    pthread_mutex_lock(queue->mutex);
    if (queue->length == 0 && wait_ms != 0)
        await_filled(queue, wait_ms);
    for (; count < room && queue->length > 0; count++) {
        items[count] = queue->items[queue->start];
        queue->start = (queue->start + 1) % queue->bound;
        queue->length--;
    }
    if (count > 0 && queue->pushers > 0)
        pthread_cond_broadcast(&queue->emptied);
    pthread_mutex_unlock(queue->mutex);
    return count;
}

size_t queue_length(const struct queue *queue)
{
    size_t length;

    pthread_mutex_lock(queue->mutex);
    length = queue->length;
    pthread_mutex_unlock(queue->mutex);
    return length;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_cond_broadcast(&queue->emptied);
    pthread_mutex_unlock(queue->mutex);
}

bool queue_is_closed(const struct queue *queue)
{
    bool closed;

    pthread_mutex_lock(queue->mutex);
    closed = queue->closed;
    pthread_mutex_unlock(queue->mutex);
    return closed;
}
