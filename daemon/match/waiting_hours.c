/* Hours of the day and days of the week at which a visit could be at all. */
#include "core/memory.h"
#include "match/waiting_cells.h"

#define FEW_HOURS    12
#define DAYS_SAMPLED 400 /* every offset that a zone has lasts longer than a day, and comes again within the year */
#define DAY_MINUTES  1440

static uint32_t hour_bits(int64_t hour)
{
    const int64_t day = hour >= 0 ? hour / 24 : -((23 - hour) / 24);

    return UINT32_C(1) << (hour - day * 24) | UINT32_C(1) << (24 + day_weekday((int32_t)day));
}

uint32_t match_hours_of(const struct calendar *calendar, int64_t from)
{
    struct calendar_search search = {.not_before = from, .not_after = INT64_MAX, .quarters = 1};
    uint32_t hours = 0;

    for (unsigned i = 0; i <= FEW_HOURS; i++) {
        const int64_t found = calendar_first_free(calendar, &search);

        if (found == INT64_MAX)
            return hours;
        hours |= hour_bits(found / HOUR_MS);
        search.not_before = (found / HOUR_MS + 1) * HOUR_MS;
    }
    return MATCH_HOURS_ALWAYS;
}

static const struct waiting_zone *offsets_of(struct match_waiting *waiting, const struct zone *zone, int64_t now)
{
    struct waiting_zone found = {zone, INT32_MAX, INT32_MIN};

    for (size_t i = 0; i < waiting->zone_count; i++)
        if (waiting->zones[i].zone == zone)
            return &waiting->zones[i];
    for (int i = 0; i < DAYS_SAMPLED; i++) {
        const int64_t at = now + i * DAY_MS;
        int32_t day, minute, offset;

        zone_local(zone, at, &day, &minute);
        offset = (int32_t)((int64_t)day * DAY_MINUTES + minute - at / MINUTE_MS);
        found.least = offset < found.least ? offset : found.least;
        found.most = offset > found.most ? offset : found.most;
    }
    waiting->zones = memory_grow(waiting->zones, &waiting->zone_room, waiting->zone_count + 1, sizeof *waiting->zones);
    waiting->zones[waiting->zone_count] = found;
    return &waiting->zones[waiting->zone_count++];
}

/* However the clocks stand when it begins and when it ends. */
static uint32_t window_hours(const Fascia__Window *window, const struct waiting_zone *zone)
{
    const uint32_t weekdays = (window->weekdays & 0x7f) == 0 ? 0x7f : window->weekdays & 0x7f;
    const int32_t to = (int32_t)(window->to_minute < DAY_MINUTES ? window->to_minute : DAY_MINUTES);
    uint32_t hours = 0;

    if (window->from_minute >= DAY_MINUTES || (int32_t)window->from_minute >= to)
        return 0;
    /* day 74 of 1970 was a Monday; so late in the year no number is negative */
    for (int32_t minute = (int32_t)window->from_minute - zone->most; minute < to - zone->least + 60; minute += 60)
        for (int32_t weekday = 0; weekday < 7; weekday++)
            if ((weekdays >> weekday & 1) != 0)
                hours |= hour_bits(((int64_t)(74 + weekday) * DAY_MINUTES + minute) / 60);
    return hours;
}

uint32_t waiting_hours(struct match_waiting *waiting, const Fascia__Need *need, const struct zone *zone, int64_t now)
{
    const struct waiting_zone *offsets;
    uint32_t hours = 0;

    if (need->n_windows == 0)
        return MATCH_HOURS_ALWAYS;
    offsets = offsets_of(waiting, zone, now);
    for (size_t i = 0; i < need->n_windows; i++)
        hours |= window_hours(need->windows[i], offsets);
    return hours;
}
