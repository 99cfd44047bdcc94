#include "io/loop.h"

#include "core/memory.h"
#include "io/log.h"
#include "io/lookup.h"
#include "io/turn.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct posted {
    struct posted *next;
    void (*function)(void *context);
    void *context;
};

struct signal_watch {
    struct signal_watch *next;
    struct event *event;
    void (*function)(void *context);
    void *context;
};

TAILQ_HEAD(turns, io_turn);

struct io_loop {
    struct event_base *base;
    pthread_mutex_t mutex; /* over first, last and stopping */
    struct posted *first, **last;
    bool stopping;
    int wake_fd;
    struct event *wake;
    struct event *turn_event;
    struct turns turns;
    struct signal_watch *signals;
    struct io_lookups *lookups;
    uint8_t scratch[IO_SCRATCH_BYTES];
};

struct io_timer {
    struct event *event;
    int64_t due;
    void (*function)(void *context);
    void *context;
};

static int64_t clock_ms(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int64_t io_now(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t io_monotonic(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

/* ---- what other threads post --------------------------------------------------------------------------------------- */

static void wake(struct io_loop *loop)
{
    uint64_t one = 1;

    /* EAGAIN means that the counter is full, so that the loop wakes anyway. */
    while (write(loop->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

/* Runs what waits now; what it posts meanwhile is for the next round. */
static bool run_posted(struct io_loop *loop, bool *stopping)
{
    struct posted *batch, *next;

    pthread_mutex_lock(&loop->mutex);
    batch = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    *stopping = loop->stopping;
    pthread_mutex_unlock(&loop->mutex);
    if (batch == NULL)
        return false;
    for (; batch != NULL; batch = next) {
        next = batch->next;
        batch->function(batch->context);
        free(batch);
    }
    return true;
}

static void on_wake(int fd, short what, void *context)
{
    struct io_loop *loop = context;
    uint64_t count;
    bool stopping;

    (void)what;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    run_posted(loop, &stopping);
    if (stopping)
        event_base_loopbreak(loop->base);
}

bool io_post(struct io_loop *loop, void (*function)(void *context), void *context)
{
    struct posted *posted = memory_allocate(1, sizeof *posted);
    bool was_empty;

    posted->function = function;
    posted->context = context;
    pthread_mutex_lock(&loop->mutex);
    if (loop->stopping) {
        pthread_mutex_unlock(&loop->mutex);
        free(posted);
        return false;
    }
    was_empty = loop->first == NULL;
    *loop->last = posted;
    loop->last = &posted->next;
    pthread_mutex_unlock(&loop->mutex);
    if (was_empty)
        wake(loop);
    return true;
}

void io_stop(struct io_loop *loop)
{
    /* Woken before the lock is let go: whoever sees it stop may destroy it, and the descriptor with it. */
    pthread_mutex_lock(&loop->mutex);
    loop->stopping = true;
    wake(loop);
    pthread_mutex_unlock(&loop->mutex);
}

/* ---- turns --------------------------------------------------------------------------------------------------------- */

static void run_turns(struct io_loop *loop)
{
    struct io_turn *last = TAILQ_LAST(&loop->turns, turns);
    struct io_turn *turn;
    bool was_last = last == NULL;

    /* Each is taken from the head before it runs, so that a turn may cancel any other; those queued meanwhile wait for the next event. */
    while (!was_last && (turn = TAILQ_FIRST(&loop->turns)) != NULL) {
        was_last = turn == last;
        TAILQ_REMOVE(&loop->turns, turn, link);
        turn->queued = false;
        turn->function(turn->context);
    }
}

static void on_turn(int fd, short what, void *context)
{
    struct io_loop *loop = context;

    (void)fd;
    (void)what;
    run_turns(loop);
    if (!TAILQ_EMPTY(&loop->turns))
        event_active(loop->turn_event, EV_TIMEOUT, 1);
}

void io_turn_queue(struct io_loop *loop, struct io_turn *turn)
{
    if (turn->queued)
        return;
    turn->queued = true;
    if (TAILQ_EMPTY(&loop->turns))
        event_active(loop->turn_event, EV_TIMEOUT, 1);
    TAILQ_INSERT_TAIL(&loop->turns, turn, link);
}

void io_turn_cancel(struct io_loop *loop, struct io_turn *turn)
{
    if (!turn->queued)
        return;
    turn->queued = false;
    TAILQ_REMOVE(&loop->turns, turn, link);
}

/* ---- the loop ------------------------------------------------------------------------------------------------------ */

/* The library's own warnings (a nameserver that fails, an fd that epoll refuses) are lines like all others. */
static void log_library(int severity, const char *message)
{
    if (severity >= EVENT_LOG_WARN)
        LOG(severity == EVENT_LOG_ERR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "io.libevent", LOG_FAULT(message));
}

static void prepare_process(void)
{
    event_set_log_callback(log_library);
    /* Locks for what libevent shares between bases; the bases themselves need none, as only wake_fd crosses threads. */
    evthread_use_pthreads();
    /* A peer that has gone is an error of write(), not the end of the daemon. */
    signal(SIGPIPE, SIG_IGN);
}

static struct event_base *create_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config == NULL)
        return NULL;
    if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
        base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

struct io_loop *io_loop_create(struct fault *fault)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct io_loop *loop = memory_allocate(1, sizeof *loop);

    pthread_once(&once, prepare_process);
    TAILQ_INIT(&loop->turns);
    loop->last = &loop->first;
    loop->base = create_base();
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->base == NULL || loop->wake_fd < 0) {
        fault_set(fault, "no event loop: %s (is the limit of open files too low?)", strerror(errno));
        if (loop->base != NULL)
            event_base_free(loop->base);
        if (loop->wake_fd >= 0)
            close(loop->wake_fd);
        free(loop);
        return NULL;
    }
    pthread_mutex_init(&loop->mutex, NULL);
    loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
    loop->turn_event = event_new(loop->base, -1, 0, on_turn, loop);
    INVARIANT(loop->wake != NULL && loop->turn_event != NULL && event_add(loop->wake, NULL) == 0);
    return loop;
}

/* What was posted or closed before the end still happens; a callback that keeps queueing turns does not hold the end up. */
static void finish(struct io_loop *loop)
{
    bool stopping;
    int rounds = 0;

    while (run_posted(loop, &stopping) || (!TAILQ_EMPTY(&loop->turns) && rounds < 64)) {
        run_turns(loop);
        rounds++;
    }
}

void io_loop_run(struct io_loop *loop)
{
    event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
    finish(loop);
}

void io_loop_destroy(struct io_loop *loop)
{
    struct signal_watch *watch, *next;

    if (loop == NULL)
        return;
    io_stop(loop);
    finish(loop);
    io_lookups_destroy(loop->lookups);
    for (watch = loop->signals; watch != NULL; watch = next) {
        next = watch->next;
        event_free(watch->event);
        free(watch);
    }
    event_free(loop->wake);
    event_free(loop->turn_event);
    event_base_free(loop->base);
    close(loop->wake_fd);
    pthread_mutex_destroy(&loop->mutex);
    free(loop);
}

struct event_base *io_loop_base(struct io_loop *loop)
{
    return loop->base;
}

uint8_t *io_loop_scratch(struct io_loop *loop)
{
    return loop->scratch;
}

struct io_lookups **io_loop_lookups(struct io_loop *loop)
{
    return &loop->lookups;
}

/* ---- timers and signals -------------------------------------------------------------------------------------------- */

static void arm(struct io_timer *timer, int64_t delay_ms)
{
    struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};

    INVARIANT(event_add(timer->event, &delay) == 0);
}

static void on_timer(int fd, short what, void *context)
{
    struct io_timer *timer = context;
    int64_t early = timer->due - io_monotonic();

    (void)fd;
    (void)what;
    /* libevent counts with the kernel's coarse clock and from the start of the round, and so can be some ms early. */
    if (early > 0)
        arm(timer, early);
    else
        timer->function(timer->context);
}

struct io_timer *io_timer_create(struct io_loop *loop, void (*function)(void *context), void *context)
{
    struct io_timer *timer = memory_allocate(1, sizeof *timer);

    timer->function = function;
    timer->context = context;
    timer->event = event_new(loop->base, -1, 0, on_timer, timer);
    INVARIANT(timer->event != NULL);
    return timer;
}

void io_timer_set(struct io_timer *timer, int64_t delay_ms)
{
    const int64_t longest = INT64_C(1000) * 60 * 60 * 24 * 365;

    if (delay_ms < 0) {
        event_del(timer->event);
        return;
    }
    if (delay_ms > longest)
        delay_ms = longest;
    timer->due = io_monotonic() + delay_ms;
    arm(timer, delay_ms);
}

void io_timer_destroy(struct io_timer *timer)
{
    if (timer == NULL)
        return;
    event_free(timer->event);
    free(timer);
}

static void on_signal(int number, short what, void *context)
{
    struct signal_watch *watch = context;

    (void)number;
    (void)what;
    watch->function(watch->context);
}

bool io_on_signal(struct io_loop *loop, int number, void (*function)(void *context), void *context, struct fault *fault)
{
    struct signal_watch *watch = memory_allocate(1, sizeof *watch);

    watch->function = function;
    watch->context = context;
    watch->event = evsignal_new(loop->base, number, on_signal, watch);
    if (watch->event == NULL || evsignal_add(watch->event, NULL) < 0) {
        fault_set(fault, "signal %d cannot be watched", number);
        if (watch->event != NULL)
            event_free(watch->event);
        free(watch);
        return false;
    }
    watch->next = loop->signals;
    loop->signals = watch;
    return true;
}
