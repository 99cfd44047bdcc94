#include "core/zone.h"

#include "core/memory.h"
#include "core/zone_data.h"

#include <stdio.h>
#include <stdlib.h>

static struct zone utc = {.name = (char[]){"UTC"}};

struct zone *zone_utc(void)
{
    return &utc;
}

void zone_destroy(struct zone *zone)
{
    if (zone == NULL || zone == &utc)
        return;
    free(zone->name);
    free(zone->changes);
    free(zone);
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

int64_t zone_earliest(void)
{
    return ZONE_FIRST_DAY * DAY_MS;
}

int64_t zone_latest(void)
{
    return (ZONE_LAST_DAY + 1) * DAY_MS - 1;
}

static int64_t clamp(int64_t instant)
{
    int64_t earliest = zone_earliest(), latest = zone_latest();

    return instant < earliest ? earliest : instant > latest ? latest : instant;
}

void zone_add_change(struct zone *zone, int64_t at, int32_t offset)
{
    INVARIANT(zone->count == 0 || zone->changes[zone->count - 1].at <= at);
    if (at > zone_latest())
        return;
    if (at <= zone_earliest()) {
        zone->first_offset = offset;
        return;
    }
    if (zone->count > 0 && zone->changes[zone->count - 1].at == at)
        zone->count--;
    if (offset == (zone->count > 0 ? zone->changes[zone->count - 1].offset : zone->first_offset))
        return;
    zone->changes = memory_grow(zone->changes, &zone->room, zone->count + 1, sizeof *zone->changes);
    zone->changes[zone->count++] = (struct zone_change){at, offset};
}

/* How many changes lie at or before the instant. */
static size_t changes_until(const struct zone *zone, int64_t instant)
{
    size_t low = 0, high = zone->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->changes[middle].at <= instant)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Stretch n lies between change n - 1 and change n. */
static struct zone_stretch stretch_at(const struct zone *zone, size_t n)
{
    return (struct zone_stretch){.from = n == 0 ? INT64_MIN : zone->changes[n - 1].at,
                                 .to = n == zone->count ? INT64_MAX : zone->changes[n].at,
                                 .offset = n == 0 ? zone->first_offset : zone->changes[n - 1].offset};
}

struct zone_stretch zone_stretch(const struct zone *zone, int64_t instant)
{
    return stretch_at(zone, changes_until(zone, clamp(instant)));
}

int64_t zone_offset(const struct zone *zone, int64_t instant)
{
    return zone_stretch(zone, instant).offset;
}

int64_t zone_instant(const struct zone *zone, int32_t day, int32_t minute)
{
    int64_t local;

    day = day < ZONE_FIRST_DAY ? ZONE_FIRST_DAY : day > ZONE_LAST_DAY ? ZONE_LAST_DAY : day;
    minute = minute < 0 ? 0 : minute > 1440 ? 1440 : minute;
    local = day * DAY_MS + minute * MINUTE_MS;
    /* No offset is larger than this, so that the stretch found begins before the instant wanted. Walking on from there, the first
     * stretch that contains the local time is its first coming, and one that begins past it has skipped it. */
    for (size_t n = changes_until(zone, local - (ZONE_MAXIMUM_OFFSET + 1) * SECOND_MS);; n++) {
        struct zone_stretch stretch = stretch_at(zone, n);
        int64_t instant = local - stretch.offset;
        if (instant < stretch.from)
            return stretch.from;
        if (instant < stretch.to)
            return instant;
    }
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

void zone_local(const struct zone *zone, int64_t instant, int32_t *day, int32_t *minute)
{
    int64_t local;

    instant = clamp(instant);
    local = instant + zone_offset(zone, instant);
    *day = (int32_t)floor_divide(local, DAY_MS);
    *minute = (int32_t)((local - *day * DAY_MS) / MINUTE_MS);
}

void instant_format(const struct zone *zone, int64_t instant, char *text, size_t size)
{
    /* RFC 3339 section 4.2 has no seconds in an offset: those of times before standard time are dropped, and the local time
     * written is the one of the offset written. */
    int64_t offset, local;
    int year, month, day_of_month;
    int32_t day;
    int second, shift;

    instant = clamp(instant);
    offset = zone_offset(zone, instant) / MINUTE_MS * MINUTE_MS;
    local = instant + offset;
    day = (int32_t)floor_divide(local, DAY_MS);
    second = (int)((local - day * DAY_MS) / SECOND_MS);
    shift = (int)((offset < 0 ? -offset : offset) / MINUTE_MS);
    day_to_civil(day, &year, &month, &day_of_month);
    snprintf(text, size, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", year, month, day_of_month, second / 3600,
             second / 60 % 60, second % 60, offset < 0 ? '-' : '+', shift / 60, shift % 60);
}
