/* What is taken of a calendar, and the day that it shares. */
#include "core/calendar.h"

#include "core/calendar_data.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- today ---- */

struct calendar_today *calendar_today_create(const struct zone *zone)
{
    struct calendar_today *today = memory_allocate(1, sizeof *today);

    today->clock = day_clock_of(zone);
    today->from = today->to = INT64_MIN;
    return today;
}

void calendar_today_destroy(struct calendar_today *today)
{
    free(today);
}

void calendar_today_advance(struct calendar_today *today, int64_t now)
{
    const struct zone *zone = today->clock.zone;
    int32_t day, minute;

    if (now >= today->from && now < today->to)
        return;
    zone_local(zone, now, &day, &minute);
    today->from = zone_instant(zone, day, 0);
    today->to = zone_instant(zone, day, 1440);
    today->horizon.from = quarter_at_or_after(today->from);
    today->horizon.to = quarter_at_or_before(zone_instant(zone, day + CALENDAR_DAYS, 0));
    today->clock = day_clock_of(zone);
    for (int32_t first = day; day_clock_stretch(&today->clock, first) == NULL && first < day + 7; first++)
        ; /* the stretch in which most searches end */
    (void)day_clock_stretch(&today->clock, day + CALENDAR_DAYS);
}

int64_t calendar_today_end(const struct calendar_today *today)
{
    return today->to;
}

void calendar_advance(struct calendar *calendar, int64_t now)
{
    INVARIANT(calendar->own_today);
    calendar_today_advance(calendar->today, now);
}

/* ---- takes ---- */

/* In one line after another, so that the cache fetches all at once; what lies apart is far ahead and seldom read. */
void calendar_prefetch(const struct calendar *calendar)
{
    uintptr_t first = (uintptr_t)calendar;

    __builtin_prefetch((const void *)first);
    __builtin_prefetch((const void *)(first + 64));
    __builtin_prefetch((const void *)(first + 128));
    __builtin_prefetch((const void *)(first + 192));
}

/* How many of the takes are at most this. Those of a block are so few that comparing all of them, several at once, is quicker than a search whose
 * every step waits for the one before. */
static uint32_t count_kept(const uint32_t *takes, uint32_t count, uint32_t most)
{
    uint32_t until = 0;

    for (uint32_t i = 0; i < count; i++)
        until += takes[i] <= most;
    return until;
}

static uint32_t count_apart(const uint32_t *takes, uint32_t count, uint32_t most)
{
    uint32_t low = 0, high = count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (takes[middle] <= most)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t calendar_taken_after(const struct calendar *calendar, int32_t quarter)
{
    const int32_t earliest = ZONE_FIRST_DAY * QUARTERS_PER_DAY;
    const uint32_t *kept = calendar_kept(calendar);
    uint32_t room = calendar->kept_room, count = calendar->take_count;
    uint32_t most = take_of(quarter < earliest ? earliest : quarter, 255), until;

    if (count <= room)
        until = count_kept(kept, count, most);
    else if (kept[room - 1] > most)
        until = count_kept(kept, room, most);
    else
        until = room + count_apart(calendar->more, count - room, most);
    return until > 0 && take_to(calendar_take_at(calendar, until - 1)) > quarter ? until - 1 : until;
}

struct calendar_takes calendar_takes_after(const struct calendar *calendar, int32_t quarter)
{
    uint32_t first = calendar_taken_after(calendar, quarter), room = calendar->kept_room;
    const uint32_t *kept = calendar_kept(calendar), *apart_end;

    if (calendar->take_count <= room)
        return (struct calendar_takes){kept + first, kept + calendar->take_count, NULL, NULL};
    apart_end = calendar->more + (calendar->take_count - room);
    if (first >= room)
        return (struct calendar_takes){calendar->more + (first - room), apart_end, NULL, NULL};
    return (struct calendar_takes){kept + first, kept + room, calendar->more, apart_end};
}

static uint32_t *kept_takes(struct calendar *calendar)
{
    return calendar->words + 3 * calendar->kind_count + calendar->exception_count;
}

/* Where the block is full its last take goes to the front of those that lie apart. */
static void insert(struct calendar *calendar, uint32_t at, uint32_t take)
{
    uint32_t kept_room = calendar->kept_room, count = calendar->take_count;
    uint32_t kept = count < kept_room ? count : kept_room, apart = count - kept;

    if (count >= kept_room && apart == calendar->more_room) {
        calendar->more_room += 8 + calendar->more_room / 4;
        calendar->more = memory_resize(calendar->more, calendar->more_room, sizeof take);
    }
    if (at < kept_room) {
        uint32_t *takes = kept_takes(calendar), last = takes[kept_room - 1];
        memmove(takes + at + 1, takes + at, ((kept < kept_room ? kept : kept - 1) - at) * sizeof take);
        takes[at] = take;
        take = last;
        at = kept_room;
    }
    if (count >= kept_room) {
        uint32_t *takes = calendar->more + (at - kept_room);
        memmove(takes + 1, takes, (count - at) * sizeof take);
        *takes = take;
    }
    calendar->take_count++;
}

static void erase(struct calendar *calendar, uint32_t at)
{
    uint32_t kept_room = calendar->kept_room, count = calendar->take_count;

    if (at < kept_room) {
        uint32_t *takes = kept_takes(calendar), kept = count < kept_room ? count : kept_room;
        memmove(takes + at, takes + at + 1, (kept - 1 - at) * sizeof *takes);
        if (count > kept_room)
            takes[kept_room - 1] = calendar->more[0];
        at = kept_room;
    }
    if (count > at) {
        uint32_t *takes = calendar->more + (at - kept_room);
        memmove(takes, takes + 1, (count - 1 - at) * sizeof *takes);
    }
    calendar->take_count--;
}

/* Only whole quarters of the years that zones know can be taken. */
static bool read_span(int64_t from, int64_t to, struct calendar_span *span)
{
    const int64_t earliest = ZONE_FIRST_DAY * DAY_MS, latest = (ZONE_LAST_DAY + 1) * DAY_MS;

    if (from < earliest || to > latest || from >= to || from % QUARTER_MS != 0 || to % QUARTER_MS != 0)
        return false;
    *span = (struct calendar_span){(int32_t)(from / QUARTER_MS), (int32_t)(to / QUARTER_MS)};
    return true;
}

bool calendar_take(struct calendar *calendar, int64_t from, int64_t to, bool force)
{
    struct calendar_span span;
    uint32_t at;

    calendar_prefetch(calendar);
    if (!read_span(from, to, &span))
        return false;
    at = calendar_taken_after(calendar, span.from);
    if (at < calendar->take_count && take_from(calendar_take_at(calendar, at)) < span.to)
        return false;
    if (!force && !calendar_is_free(calendar, from, to))
        return false;
    for (; span.to - span.from > TAKE_LONGEST; span.from += TAKE_LONGEST)
        insert(calendar, at++, take_of(span.from, 0));
    insert(calendar, at, take_of(span.from, (uint32_t)(span.to - span.from)));
    return true;
}

/* Where exactly [from, to) stands among the takes: places *first to *last; false when it does not. */
static bool find_taken(const struct calendar *calendar, int64_t from, int64_t to, uint32_t *first, uint32_t *last)
{
    struct calendar_span span;
    uint32_t take;

    if (!read_span(from, to, &span))
        return false;
    *first = *last = calendar_taken_after(calendar, span.from);
    if (*first == calendar->take_count || take_from(calendar_take_at(calendar, *first)) != span.from)
        return false;
    if (*first > 0 && take_goes_on(calendar_take_at(calendar, *first - 1)))
        return false;
    for (take = calendar_take_at(calendar, *last); take_goes_on(take); take = calendar_take_at(calendar, *last))
        ++*last;
    return take_to(take) == span.to;
}

bool calendar_give(struct calendar *calendar, int64_t from, int64_t to)
{
    uint32_t first, last;

    calendar_prefetch(calendar);
    if (!find_taken(calendar, from, to, &first, &last))
        return false;
    for (uint32_t at = last + 1; at > first; at--)
        erase(calendar, at - 1);
    return true;
}

bool calendar_is_taken(const struct calendar *calendar, int64_t from, int64_t to)
{
    uint32_t first, last;

    return find_taken(calendar, from, to, &first, &last);
}
