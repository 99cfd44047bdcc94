#include "io/watch.h"

#include "core/memory.h"
#include "io/turn.h"

#include <event2/event.h>
#include <stdlib.h>

struct io_watch {
    struct event *event;
    void (*readable)(void *context);
    void *context;
};

static void on_readable(int fd, short what, void *context)
{
    const struct io_watch *watch = context;

    (void)fd;
    (void)what;
    watch->readable(watch->context);
}

struct io_watch *io_watch_create(struct io_loop *loop, int fd, void (*readable)(void *context), void *context)
{
    struct io_watch *watch = memory_allocate(1, sizeof *watch);

    watch->readable = readable;
    watch->context = context;
    watch->event = event_new(io_loop_base(loop), fd, EV_READ | EV_PERSIST, on_readable, watch);
    INVARIANT(watch->event != NULL && event_add(watch->event, NULL) == 0);
    return watch;
}

void io_watch_destroy(struct io_watch *watch)
{
    if (watch == NULL)
        return;
    event_free(watch->event);
    free(watch);
}
