#include "io/arrivals.h"

#include "core/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { BUCKETS = 4096 };

struct arrival {
    struct arrival *next;
    struct stat seen;
    int64_t still_since;
    uint64_t scan; /* the last one that saw it */
    bool known;    /* seen and still_since are set */
    bool created;  /* by a writer that has not closed it, if it is empty; a link that is made has its content at once */
    bool modified; /* by a writer that has not closed it */
    bool told;
    char name[];
};

struct arrivals {
    struct arrival *buckets[BUCKETS];
    size_t count;
    uint64_t scan;
    struct arrival **ready;
    size_t ready_count, ready_next;
};

struct arrivals *arrivals_create(void)
{
    return memory_allocate(1, sizeof(struct arrivals));
}

static void drop_ready(struct arrivals *arrivals)
{
    free(arrivals->ready);
    arrivals->ready = NULL;
    arrivals->ready_count = arrivals->ready_next = 0;
}

/* Forgets what the last scan did not see. */
static void forget(struct arrivals *arrivals, uint64_t scan)
{
    struct arrival **at, *gone;
    size_t i;

    for (i = 0; i < BUCKETS; i++) {
        for (at = &arrivals->buckets[i]; *at != NULL;) {
            if ((*at)->scan == scan) {
                at = &(*at)->next;
                continue;
            }
            gone = *at;
            *at = gone->next;
            free(gone);
            arrivals->count--;
        }
    }
}

void arrivals_destroy(struct arrivals *arrivals)
{
    if (arrivals == NULL)
        return;
    drop_ready(arrivals);
    forget(arrivals, UINT64_MAX);
    free(arrivals);
}

bool arrivals_ignores(const char *name)
{
    static const char *const endings[] = {".tmp", ".part", ".filepart"};
    size_t length = strlen(name), ending, i;

    if (name[0] == '.')
        return true;
    for (i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        ending = strlen(endings[i]);
        if (length >= ending && strcmp(name + length - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

static struct arrival **bucket(struct arrivals *arrivals, const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return &arrivals->buckets[hash % BUCKETS];
}

static struct arrival *find(struct arrivals *arrivals, const char *name)
{
    struct arrival *arrival = *bucket(arrivals, name);

    while (arrival != NULL && strcmp(arrival->name, name) != 0)
        arrival = arrival->next;
    return arrival;
}

/* NULL when there are too many. */
static struct arrival *find_or_add(struct arrivals *arrivals, const char *name)
{
    struct arrival *arrival = find(arrivals, name), **at = bucket(arrivals, name);

    if (arrival != NULL || arrivals->count == ARRIVALS_MOST)
        return arrival;
    arrival = memory_allocate(1, sizeof *arrival + strlen(name) + 1);
    strcpy(arrival->name, name);
    arrival->next = *at;
    *at = arrival;
    arrivals->count++;
    return arrival;
}

void arrivals_event(struct arrivals *arrivals, const char *name, uint32_t mask)
{
    struct arrival *arrival;

    if (arrivals_ignores(name) || (mask & IN_ISDIR) != 0)
        return;
    arrival = find_or_add(arrivals, name);
    if (arrival == NULL)
        return;
    if ((mask & IN_CREATE) != 0)
        arrival->created = true;
    if ((mask & IN_MODIFY) != 0)
        arrival->modified = true;
    if ((mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0)
        arrival->created = arrival->modified = false;
}

void arrivals_lost_events(struct arrivals *arrivals)
{
    struct arrival *arrival;
    size_t i;

    for (i = 0; i < BUCKETS; i++) {
        for (arrival = arrivals->buckets[i]; arrival != NULL; arrival = arrival->next)
            arrival->created = arrival->modified = false;
    }
}

/* ---- looking ------------------------------------------------------------------------------------------------------- */

static bool same_state(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void look_at(struct arrivals *arrivals, int directory, const char *name, int64_t now)
{
    struct arrival *arrival;
    struct stat status;

    if (arrivals_ignores(name) || fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
        !S_ISREG(status.st_mode))
        return;
    arrival = find_or_add(arrivals, name);
    if (arrival == NULL)
        return;
    arrival->scan = arrivals->scan;
    if (arrival->known && same_state(&arrival->seen, &status))
        return;
    arrival->known = true;
    arrival->told = false;
    arrival->seen = status;
    arrival->still_since = now;
}

static bool look_at_all(struct arrivals *arrivals, int directory, int64_t now)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;

    if (entries == NULL) {
        if (copy >= 0)
            close(copy);
        return false;
    }
    while ((entry = readdir(entries)) != NULL)
        look_at(arrivals, directory, entry->d_name, now);
    closedir(entries);
    return true;
}

static int compare_age(const void *a, const void *b)
{
    const struct arrival *left = *(struct arrival *const *)a, *right = *(struct arrival *const *)b;
    const struct timespec *first = &left->seen.st_mtim, *second = &right->seen.st_mtim;

    if (first->tv_sec != second->tv_sec)
        return first->tv_sec < second->tv_sec ? -1 : 1;
    if (first->tv_nsec != second->tv_nsec)
        return first->tv_nsec < second->tv_nsec ? -1 : 1;
    return strcmp(left->name, right->name);
}

static bool is_being_written(const struct arrival *arrival)
{
    return arrival->modified || (arrival->created && arrival->seen.st_size == 0);
}

/* The ms until the file is complete; 0: it is; -1: somebody writes it, and an event will tell. */
static int64_t time_left(const struct arrival *arrival, int64_t now, int64_t settle_ms)
{
    int64_t left = arrival->still_since + settle_ms - now;

    if (is_being_written(arrival))
        return -1;
    return left > 0 ? left : 0;
}

int64_t arrivals_scan(struct arrivals *arrivals, int directory, int64_t now, int64_t settle_ms, bool *read)
{
    int64_t soonest = -1, left;
    struct arrival *arrival;
    size_t i;

    drop_ready(arrivals);
    arrivals->scan++;
    *read = look_at_all(arrivals, directory, now);
    if (!*read)
        return -1;
    forget(arrivals, arrivals->scan);
    arrivals->ready = memory_allocate(arrivals->count + 1, sizeof *arrivals->ready);
    for (i = 0; i < BUCKETS; i++) {
        for (arrival = arrivals->buckets[i]; arrival != NULL; arrival = arrival->next) {
            left = time_left(arrival, now, settle_ms);
            if (left == 0)
                arrivals->ready[arrivals->ready_count++] = arrival;
            else if (left > 0 && (soonest < 0 || left < soonest))
                soonest = left;
        }
    }
    qsort(arrivals->ready, arrivals->ready_count, sizeof *arrivals->ready, compare_age);
    return soonest;
}

const char *arrivals_next(struct arrivals *arrivals, struct stat *seen)
{
    struct arrival *arrival;

    while (arrivals->ready_next < arrivals->ready_count) {
        arrival = arrivals->ready[arrivals->ready_next++];
        if (is_being_written(arrival))
            continue;
        *seen = arrival->seen;
        return arrival->name;
    }
    return NULL;
}

void arrivals_moved_on(struct arrivals *arrivals, const char *name, int64_t now)
{
    struct arrival *arrival = find(arrivals, name);

    if (arrival != NULL) {
        arrival->known = false;
        arrival->still_since = now;
    }
}

bool arrivals_tell(struct arrivals *arrivals, const char *name)
{
    struct arrival *arrival = find(arrivals, name);
    bool told = arrival == NULL || arrival->told;

    if (arrival != NULL)
        arrival->told = true;
    return !told;
}
