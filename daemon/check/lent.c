#include "check/lent.h"

#include "core/fault.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GONE_MOST   256
#define ROOM_LEAST  ((size_t)16 << 10)
#define MEMORY_KEPT ((size_t)256 << 10) /* larger ones give their memory back; their addresses stay taken */

/* The latest that were taken back, in a ring: the oldest of them is given again, if it fits. */
static struct lent gone[GONE_MOST];
static size_t gone_next;

static struct lent *oldest(void)
{
    return &gone[gone_next % GONE_MOST];
}

/* So many bytes and a page behind them that stays forbidden. */
static struct lent map(size_t room, size_t page)
{
    struct lent lent = *oldest();

    if (lent.pages != NULL && lent.size == room + page) {
        *oldest() = (struct lent){0};
        INVARIANT(mprotect(lent.pages, room, PROT_READ | PROT_WRITE) == 0);
        return lent;
    }
    lent.size = room + page;
    lent.pages = mmap(NULL, lent.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    INVARIANT(lent.pages != MAP_FAILED);
    INVARIANT(mprotect(lent.pages + room, page, PROT_NONE) == 0);
    return lent;
}

struct fascia_bytes lent_give(struct lent *lent, struct fascia_bytes bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = ROOM_LEAST;
    uint8_t *at = NULL;

    while (room < bytes.size)
        room *= 2;
    *lent = map(room, page);
    at = lent->pages + room - bytes.size;
    if (bytes.size > 0)
        memcpy(at, bytes.data, bytes.size);
    return (struct fascia_bytes){at, bytes.size};
}

void lent_take_back(struct lent *lent)
{
    struct lent *place = oldest();

    gone_next++;
    if (place->pages != NULL)
        munmap(place->pages, place->size);
    INVARIANT(mprotect(lent->pages, lent->size, PROT_NONE) == 0);
    if (lent->size > MEMORY_KEPT)
        (void)madvise(lent->pages, lent->size, MADV_DONTNEED);
    *place = *lent;
    *lent = (struct lent){0};
}

bool lent_is_gone(const void *address)
{
    const uint8_t *at = address;

    for (size_t i = 0; i < GONE_MOST; i++)
        if (gone[i].pages != NULL && at >= gone[i].pages && at < gone[i].pages + gone[i].size)
            return true;
    return false;
}

/* ---- for frame(), which is called too often for pages to come and go -------------------------------------------------- */

static struct lent kept[2]; /* in turn, so that the same bytes are not at the same place twice */
static size_t kept_next;

static size_t room_of(const struct lent *lent)
{
    return lent->pages == NULL ? 0 : lent->size - (size_t)sysconf(_SC_PAGESIZE);
}

struct fascia_bytes lent_give_often(struct fascia_bytes bytes)
{
    struct lent *lent = &kept[kept_next++ % 2];
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = ROOM_LEAST;
    uint8_t *at = NULL;

    while (room < bytes.size)
        room *= 2;
    if (room > room_of(lent)) {
        if (lent->pages != NULL)
            munmap(lent->pages, lent->size);
        *lent = map(room, page);
    }
    at = lent->pages + room_of(lent) - bytes.size;
    if (bytes.size > 0)
        memcpy(at, bytes.data, bytes.size);
    return (struct fascia_bytes){at, bytes.size};
}

void lent_spoil(struct fascia_bytes bytes)
{
    memset((uint8_t *)(uintptr_t)bytes.data, 0xa5, bytes.size);
}

static struct {
    uint8_t *pages;
    size_t size;
    volatile size_t touched;
} watched;

size_t lent_watch(struct fascia_bytes bytes, size_t from, size_t to)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    /* Only whole pages: its neighbours may be read. */
    uintptr_t first = ((uintptr_t)bytes.data + from + page - 1) / page * page;
    uintptr_t last = ((uintptr_t)bytes.data + to) / page * page;

    watched.touched = 0;
    watched.size = last > first ? last - first : 0;
    watched.pages = (uint8_t *)first; /* NOLINT(performance-no-int-to-ptr) */
    if (watched.size > 0)
        INVARIANT(mprotect(watched.pages, watched.size, PROT_NONE) == 0);
    return watched.size / page;
}

size_t lent_unwatch(void)
{
    if (watched.size > 0)
        INVARIANT(mprotect(watched.pages, watched.size, PROT_READ | PROT_WRITE) == 0);
    watched.size = 0;
    return watched.touched;
}

bool lent_is_watched(const void *address)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const uint8_t *at = address;

    if (watched.size == 0 || at < watched.pages || at >= watched.pages + watched.size)
        return false;
    watched.touched++;
    return mprotect(watched.pages + (size_t)(at - watched.pages) / page * page, page, PROT_READ | PROT_WRITE) == 0;
}

void lent_finish(void)
{
    for (size_t i = 0; i < 2; i++)
        if (kept[i].pages != NULL)
            munmap(kept[i].pages, kept[i].size);
    memset(kept, 0, sizeof kept);
    for (size_t i = 0; i < GONE_MOST; i++)
        if (gone[i].pages != NULL)
            munmap(gone[i].pages, gone[i].size);
    memset(gone, 0, sizeof gone);
}
