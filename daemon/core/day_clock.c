#include "core/calendar_data.h"

/* Offsets differ by at most 52 hours, so that from the fourth day after a change on no wall clock time was shown before it. */
#define DAYS_AFTER_CHANGE 4
#define DAY_NONE          INT32_MIN

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

struct day_clock day_clock_of(const struct zone *zone)
{
    return (struct day_clock){
        .zone = zone, .stretches = {{.first = 0, .last = -1}, {.first = 0, .last = -1}}, .odd_day = DAY_NONE};
}

/* The first day on which no wall clock time was shown before the stretch. Where the stretch before is so long that those before it can't matter,
 * that is the first to begin after both sides of the change. */
static int32_t first_plain_day(const struct zone *zone, const struct zone_stretch *stretch)
{
    struct zone_stretch before;
    int64_t told;

    if (stretch->from == INT64_MIN)
        return ZONE_FIRST_DAY;
    before = zone_stretch(zone, stretch->from - 1);
    if (before.from != INT64_MIN && before.to - before.from < (DAYS_AFTER_CHANGE + 1) * DAY_MS)
        return (int32_t)floor_divide(stretch->from + stretch->offset, DAY_MS) + DAYS_AFTER_CHANGE;
    told = stretch->from + (before.offset > stretch->offset ? before.offset : stretch->offset);
    return (int32_t)floor_divide(told + DAY_MS - 1, DAY_MS);
}

/* The second place changes, so that the first keeps the stretch that is asked for most. */
static const struct day_stretch *aim(struct day_clock *clock, int32_t day)
{
    struct zone_stretch stretch = zone_stretch(clock->zone, zone_instant(clock->zone, day, 720));
    struct day_stretch *aimed = &clock->stretches[clock->stretches[0].first <= clock->stretches[0].last];
    struct day_stretch found;

    found.offset = (int32_t)stretch.offset;
    found.quarters = stretch.offset % QUARTER_MS == 0 ? (int32_t)(stretch.offset / QUARTER_MS) : NOTHING;
    found.first = first_plain_day(clock->zone, &stretch);
    /* the last day ends before the change: at the change itself 24:00 may not have come yet, where clocks go back at midnight */
    found.last = stretch.to == INT64_MAX ? ZONE_LAST_DAY - 1
                                         : (int32_t)floor_divide(stretch.to + stretch.offset - 1, DAY_MS) - 1;
    if (day < found.first || day > found.last) {
        clock->odd_day = day;
        return NULL;
    }
    *aimed = found;
    return aimed;
}

static bool holds(const struct day_stretch *stretch, int32_t day)
{
    return stretch->first <= day && day <= stretch->last;
}

const struct day_stretch *day_clock_stretch(struct day_clock *clock, int32_t day)
{
    if (holds(&clock->stretches[0], day))
        return &clock->stretches[0];
    if (holds(&clock->stretches[1], day))
        return &clock->stretches[1];
    return day == clock->odd_day ? NULL : aim(clock, day);
}

int64_t day_clock_instant(struct day_clock *clock, int32_t day, int32_t minute)
{
    const struct day_stretch *stretch = day_clock_stretch(clock, day);

    return stretch == NULL ? zone_instant(clock->zone, day, minute)
                           : day * DAY_MS + minute * MINUTE_MS - stretch->offset;
}

int32_t day_clock_day(struct day_clock *clock, int64_t instant)
{
    int32_t local_day, minute;

    for (int i = 0; i < 2; i++) {
        int64_t day = floor_divide(instant + clock->stretches[i].offset, DAY_MS);
        if (day >= clock->stretches[i].first && day <= clock->stretches[i].last)
            return (int32_t)day;
    }
    zone_local(clock->zone, instant, &local_day, &minute);
    return local_day - 1; /* where clocks go back over midnight, the day before can be told anew */
}
