#include "io/folder.h"

#include "core/memory.h"
#include "io/arrivals.h"
#include "io/log.h"
#include "io/shelf.h"
#include "io/turn.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { WATCHED = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MODIFY | IN_DELETE_SELF | IN_MOVE_SELF };

struct io_folder {
    struct io_loop *loop;
    struct io_folder_handler handler;
    char *path;
    int64_t settle_ms, scan_ms;
    size_t maximum_bytes;
    struct shelf shelf;
    struct arrivals *arrivals;
    int notify; /* -1: scanning alone */
    struct event *notified;
    struct io_timer *look;
    int64_t look_at; /* what look is set to; -1: it is off */
    struct io_turn turn;
    bool paused, busy, gone;
    bool look_first; /* what the last look found is not in order any more */
    /* The file that the handler has; or, when it said later, that comes first. */
    char name[NAME_MAX + 1];
    struct stat read;
    uint8_t *bytes;
    int64_t not_before;
};

static void look_in(struct io_folder *folder, int64_t delay_ms)
{
    int64_t at = io_monotonic() + delay_ms;

    if (folder->look_at >= 0 && folder->look_at <= at)
        return;
    folder->look_at = at;
    io_timer_set(folder->look, delay_ms);
}

/* ---- the directory itself ------------------------------------------------------------------------------------------ */

static void on_notified(int fd, short what, void *context)
{
    _Alignas(struct inotify_event) char events[16384];
    struct io_folder *folder = context;
    const struct inotify_event *event;
    ssize_t size, at;
    uint32_t seen = 0;

    (void)what;
    size = read(fd, events, sizeof events);
    for (at = 0; at < size; at += (ssize_t)(sizeof *event + event->len)) {
        event = (const struct inotify_event *)(events + at);
        seen |= event->mask;
        if ((event->mask & IN_Q_OVERFLOW) != 0)
            arrivals_lost_events(folder->arrivals);
        else if (event->len > 0)
            arrivals_event(folder->arrivals, event->name, event->mask);
    }
    /* A file that is being written is looked at when it is closed. Not at once: one look then serves a burst of events. */
    if ((seen & ~(uint32_t)IN_MODIFY) != 0)
        look_in(folder, folder->settle_ms < 1000 ? folder->settle_ms / 4 : 250);
}

static void stop_watching(struct io_folder *folder)
{
    if (folder->notified != NULL)
        event_free(folder->notified);
    folder->notified = NULL;
    if (folder->notify >= 0)
        close(folder->notify);
    folder->notify = -1;
}

static void start_watching(struct io_folder *folder)
{
    folder->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (folder->notify < 0 || inotify_add_watch(folder->notify, folder->path, WATCHED | IN_ONLYDIR) < 0) {
        LOG(LOG_LEVEL_WARNING, "folder.scans-only", LOG_CONFIGURED("path", folder->path), LOG_NUMBER("errno", errno),
            LOG_NUMBER("every_ms", folder->scan_ms));
        stop_watching(folder);
        return;
    }
    folder->notified = event_new(io_loop_base(folder->loop), folder->notify, EV_READ | EV_PERSIST, on_notified, folder);
    INVARIANT(folder->notified != NULL && event_add(folder->notified, NULL) == 0);
}

static bool open_directory(struct io_folder *folder, struct fault *fault)
{
    int root = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (root < 0) {
        fault_set(fault, "%s: %s", folder->path, strerror(errno));
        return false;
    }
    /* Before the first look, so that no file falls between. */
    start_watching(folder);
    if (!shelf_open(&folder->shelf, root, fault)) {
        fault_prefix(fault, "%s", folder->path);
        stop_watching(folder);
        close(root);
        return false;
    }
    return true;
}

static bool is_still_there(const struct io_folder *folder)
{
    struct stat own, other;

    return shelf_is_whole(&folder->shelf) && fstat(folder->shelf.root, &own) == 0 && stat(folder->path, &other) == 0 &&
           own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* A directory may be removed (people clean up results/), or a mount may come and go, while the daemon runs. */
static bool directory_is_open(struct io_folder *folder)
{
    struct fault fault = {{0}};

    if (is_still_there(folder))
        return true;
    shelf_close(&folder->shelf);
    stop_watching(folder);
    if (open_directory(folder, &fault)) {
        LOG(LOG_LEVEL_INFO, "folder.back", LOG_CONFIGURED("path", folder->path));
        folder->gone = false;
        return true;
    }
    if (!folder->gone)
        LOG(LOG_LEVEL_ERROR, "folder.gone", LOG_CONFIGURED("path", folder->path), LOG_FAULT(fault.text));
    folder->gone = true;
    return false;
}

/* ---- handing out --------------------------------------------------------------------------------------------------- */

enum outcome { TAKEN, CHANGED, TOO_LARGE, UNREADABLE };

/* The whole file or nothing: one that grew or shrank meanwhile was not complete. */
static enum outcome read_content(struct io_folder *folder, int fd)
{
    size_t size = (size_t)folder->read.st_size, at = 0;
    struct stat after;
    ssize_t result;

    folder->bytes = malloc(size + 1); /* size is below maximum_bytes */
    if (folder->bytes == NULL)
        return UNREADABLE;
    while ((result = read(fd, folder->bytes + at, size + 1 - at)) != 0) {
        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0)
            return UNREADABLE;
        at += (size_t)result;
        if (at > size)
            return CHANGED;
    }
    if (at != size || fstat(fd, &after) < 0 || after.st_mtim.tv_sec != folder->read.st_mtim.tv_sec ||
        after.st_mtim.tv_nsec != folder->read.st_mtim.tv_nsec)
        return CHANGED;
    return TAKEN;
}

static enum outcome read_file(struct io_folder *folder, const struct stat *seen)
{
    /* NONBLOCK: a pipe that took the file's place must not hold the loop up. */
    int fd = openat(folder->shelf.root, folder->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), error;
    enum outcome outcome;

    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? CHANGED : UNREADABLE;
    if (fstat(fd, &folder->read) < 0)
        outcome = UNREADABLE;
    else if (!S_ISREG(folder->read.st_mode) || folder->read.st_ino != seen->st_ino ||
             folder->read.st_size != seen->st_size || folder->read.st_mtim.tv_sec != seen->st_mtim.tv_sec ||
             folder->read.st_mtim.tv_nsec != seen->st_mtim.tv_nsec)
        outcome = CHANGED;
    else if ((uintmax_t)folder->read.st_size > folder->maximum_bytes)
        outcome = TOO_LARGE;
    else
        outcome = read_content(folder, fd);
    error = errno;
    close(fd);
    errno = error;
    return outcome;
}

static void drop_bytes(struct io_folder *folder)
{
    free(folder->bytes);
    folder->bytes = NULL;
}

static void refuse_large(struct io_folder *folder)
{
    struct fault fault = {{0}};
    char text[160];
    int length = snprintf(text, sizeof text, "error: the file has %jd bytes, but at most %zu are taken\n",
                          (intmax_t)folder->read.st_size, folder->maximum_bytes);

    if (shelf_finish(&folder->shelf, folder->name, &folder->read, true, (const uint8_t *)text, (size_t)length, &fault))
        LOG(LOG_LEVEL_WARNING, "folder.too-large", LOG_CONFIGURED("path", folder->path),
            LOG_NUMBER("inode", folder->read.st_ino), LOG_NUMBER("bytes", folder->read.st_size));
    else if (arrivals_tell(folder->arrivals, folder->name))
        LOG(LOG_LEVEL_ERROR, "folder.stuck", LOG_CONFIGURED("path", folder->path), LOG_FAULT(fault.text));
}

/* Prepares the next file; false when there is none now. */
static bool take_next(struct io_folder *folder)
{
    struct stat seen;
    const char *name;

    while ((name = arrivals_next(folder->arrivals, &seen)) != NULL) {
        snprintf(folder->name, sizeof folder->name, "%s", name);
        switch (read_file(folder, &seen)) {
        case TAKEN:
            return true;
        case CHANGED:
            arrivals_moved_on(folder->arrivals, name, io_monotonic());
            look_in(folder, folder->settle_ms);
            break;
        case TOO_LARGE:
            refuse_large(folder);
            break;
        case UNREADABLE:
            if (arrivals_tell(folder->arrivals, name))
                LOG(LOG_LEVEL_ERROR, "folder.unreadable", LOG_CONFIGURED("path", folder->path),
                    LOG_NUMBER("inode", seen.st_ino), LOG_NUMBER("errno", errno));
            break;
        }
        drop_bytes(folder);
    }
    return false;
}

static void hand_out(void *context)
{
    struct io_folder *folder = context;
    int64_t wait = folder->not_before - io_monotonic();

    if (folder->busy || folder->paused || folder->shelf.root < 0)
        return;
    if (wait > 0 || folder->look_first) {
        look_in(folder, wait > 0 ? wait : 0);
        return;
    }
    if (!take_next(folder))
        return;
    folder->busy = true;
    /* Last: the handler may destroy the folder. */
    folder->handler.file(folder->handler.context, folder, folder->name, folder->bytes, (size_t)folder->read.st_size);
}

static void look(void *context)
{
    struct io_folder *folder = context;
    int64_t soonest;
    bool read;

    folder->look_at = -1;
    look_in(folder, folder->scan_ms);
    if (folder->busy || !directory_is_open(folder))
        return;
    soonest = arrivals_scan(folder->arrivals, folder->shelf.root, io_monotonic(), folder->settle_ms, &read);
    if (!read)
        LOG(LOG_LEVEL_ERROR, "folder.unreadable", LOG_CONFIGURED("path", folder->path), LOG_NUMBER("errno", errno));
    folder->look_first = false;
    if (soonest >= 0)
        look_in(folder, soonest);
    hand_out(folder);
}

/* ---- for the owner ------------------------------------------------------------------------------------------------- */

struct io_folder *io_folder_watch(struct io_loop *loop, const struct io_folder_settings *settings,
                                  const struct io_folder_handler *handler, struct fault *fault)
{
    struct io_folder *folder;

    if (settings->path[0] != '/') {
        fault_set(fault, "%s: the path of a folder must begin with '/'", settings->path);
        return NULL;
    }
    folder = memory_allocate(1, sizeof *folder);
    folder->loop = loop;
    folder->handler = *handler;
    folder->path = memory_text(settings->path);
    folder->settle_ms = settings->settle_ms > 0 ? settings->settle_ms : 1000;
    folder->scan_ms = settings->scan_ms > 0 ? settings->scan_ms : 10000;
    folder->maximum_bytes = settings->maximum_bytes > 0 ? settings->maximum_bytes : (size_t)64 << 20;
    folder->notify = -1;
    folder->look_at = -1;
    folder->turn = (struct io_turn){.function = hand_out, .context = folder};
    if (!open_directory(folder, fault)) {
        free(folder->path);
        free(folder);
        return NULL;
    }
    folder->arrivals = arrivals_create();
    folder->look = io_timer_create(loop, look, folder);
    look_in(folder, 0);
    return folder;
}

static void finish_file(struct io_folder *folder, int64_t wait_ms)
{
    drop_bytes(folder);
    folder->busy = false;
    folder->not_before = io_monotonic() + wait_ms;
    folder->look_first = wait_ms > 0; /* so that the same file is the oldest again */
    if (wait_ms > 0)
        look_in(folder, wait_ms);
    else
        io_turn_queue(folder->loop, &folder->turn);
}

bool io_folder_done(struct io_folder *folder, bool failed, const uint8_t *result, size_t size, struct fault *fault)
{
    bool done;

    INVARIANT(folder->busy);
    done = shelf_finish(&folder->shelf, folder->name, &folder->read, failed, result, size, fault);
    if (!done)
        fault_prefix(fault, "%s", folder->path);
    /* What could not be moved comes again, but not at once: a full disk stays full for a while. */
    finish_file(folder, done ? 0 : folder->scan_ms);
    return done;
}

void io_folder_later(struct io_folder *folder, int64_t delay_ms)
{
    INVARIANT(folder->busy);
    finish_file(folder, delay_ms > 0 ? delay_ms : 1);
}

bool io_folder_write(struct io_folder *folder, const char *name, const uint8_t *bytes, size_t size, struct fault *fault)
{
    if (shelf_write_result(&folder->shelf, name, bytes, size, fault))
        return true;
    fault_prefix(fault, "%s", folder->path);
    return false;
}

void io_folder_pause(struct io_folder *folder, bool paused)
{
    folder->paused = paused;
    if (!paused)
        io_turn_queue(folder->loop, &folder->turn);
}

void io_folder_destroy(struct io_folder *folder)
{
    if (folder == NULL)
        return;
    io_turn_cancel(folder->loop, &folder->turn);
    io_timer_destroy(folder->look);
    stop_watching(folder);
    shelf_close(&folder->shelf);
    arrivals_destroy(folder->arrivals);
    drop_bytes(folder);
    free(folder->path);
    free(folder);
}
