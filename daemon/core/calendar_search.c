/* What a search comes to, whoever's calendar it is asked of. */
#include "core/calendar_data.h"

static int64_t clamp(int64_t instant)
{
    const int64_t earliest = ZONE_FIRST_DAY * DAY_MS, latest = (ZONE_LAST_DAY + 1) * DAY_MS;

    return instant < earliest ? earliest : instant > latest ? latest : instant;
}

static void read_bounds(const struct calendar_search *search, struct calendar_prepared *prepared)
{
    prepared->not_before = search->not_before;
    prepared->not_after = search->not_after;
    prepared->within_from = quarter_at_or_after(clamp(search->not_before));
    prepared->within_to = quarter_at_or_before(clamp(search->not_after));
}

void calendar_search_prepare(struct calendar_search *search, struct calendar_prepared *prepared)
{
    read_bounds(search, prepared);
    prepared->patient = day_clock_of(search->zone);
    prepared->count = prepared->next = 1;
    prepared->shifts[0].shift = 0;
    prepared->shifts[0].known = 0;
    search->prepared = prepared;
}

struct calendar_span calendar_bounds(const struct calendar_search *search)
{
    struct calendar_prepared *prepared = search->prepared;

    if (prepared->not_before != search->not_before || prepared->not_after != search->not_after)
        read_bounds(search, prepared);
    return (struct calendar_span){prepared->within_from, prepared->within_to};
}

struct calendar_starts *calendar_starts_of(const struct calendar_search *search, int32_t shift)
{
    struct calendar_prepared *prepared = search->prepared;
    struct calendar_starts *starts;

    for (uint32_t i = 0; i < prepared->count; i++)
        if (prepared->shifts[i].shift == shift)
            return &prepared->shifts[i];
    starts = &prepared->shifts[prepared->next];
    prepared->count += prepared->count < CALENDAR_SHIFTS;
    prepared->next = prepared->next + 1 < CALENDAR_SHIFTS ? prepared->next + 1 : 1;
    starts->shift = shift;
    starts->known = 0;
    return starts;
}

/* In the patient's own day. */
static calendar_bits own_starts(const struct calendar_search *search, int32_t weekday)
{
    calendar_bits starts = 0;

    if (search->window_count == 0)
        return calendar_low_bits(QUARTERS_PER_DAY);
    for (size_t i = 0; i < search->window_count; i++) {
        const struct calendar_window *window = &search->windows[i];
        int32_t from = (calendar_minute_of_day(window->from_minute) + 14) / 15;
        int32_t to = calendar_minute_of_day(window->to_minute) / 15 - (int32_t)search->quarters + 1;
        if (from < to && calendar_window_is_on(window, weekday))
            starts |= calendar_low_bits(to) & ~calendar_low_bits(from);
    }
    return starts;
}

/* Parts of two of the patient's days. */
static calendar_bits shifted_starts(const struct calendar_search *search, int32_t shift, int32_t weekday)
{
    struct calendar_starts *own = &search->prepared->shifts[0];
    int32_t ahead = shift + (weekday + 7) * QUARTERS_PER_DAY; /* a week more, so that it is not negative */
    int32_t day = ahead / QUARTERS_PER_DAY, rest = ahead % QUARTERS_PER_DAY;
    calendar_bits first = calendar_starts_on(search, own, day % 7) >> rest;
    calendar_bits second = calendar_starts_on(search, own, (day + 1) % 7) << (QUARTERS_PER_DAY - rest);

    return (first | second) & calendar_low_bits(QUARTERS_PER_DAY);
}

calendar_bits calendar_find_starts(const struct calendar_search *search, struct calendar_starts *starts,
                                   int32_t weekday)
{
    starts->weekdays[weekday] =
        starts->shift == 0 ? own_starts(search, weekday) : shifted_starts(search, starts->shift, weekday);
    starts->known |= 1U << weekday;
    return starts->weekdays[weekday];
}

bool calendar_search_allows(const struct calendar_search *search, int64_t from, int64_t to)
{
    int32_t first_day, minute;

    if (from >= to || from < search->not_before || to > search->not_after)
        return false;
    if (search->window_count == 0)
        return true;
    zone_local(search->zone, from, &first_day, &minute);
    /* where clocks go back over midnight, the instant can lie in the next day, told before */
    for (int32_t day = first_day; day <= first_day + 1; day++)
        for (size_t i = 0; i < search->window_count; i++)
            if (calendar_window_is_on(&search->windows[i], calendar_weekday(day)) &&
                zone_instant(search->zone, day, search->windows[i].from_minute) <= from &&
                to <= zone_instant(search->zone, day, search->windows[i].to_minute))
                return true;
    return false;
}
