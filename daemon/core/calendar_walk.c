/* Free time on any day, also where clocks change or a zone's offset is no multiple of a quarter: hours become instants one piece at a time. */
#include "core/calendar_data.h"

/* A run of free quarters that grows as free time is found in order. */
struct run {
    int32_t from, to;
    int32_t wanted;
    uint32_t taken; /* the first of the takes that may still lie ahead */
};

/* Adds the free part of the working quarters from..to; true when the run is long enough. */
static bool add_working(const struct calendar *calendar, struct run *run, int32_t from, int32_t to)
{
    while (from < to) {
        int32_t free_to = to, next = to;
        while (run->taken < calendar->take_count && take_to(calendar_take_at(calendar, run->taken)) <= from)
            run->taken++;
        if (run->taken < calendar->take_count) {
            uint32_t take = calendar_take_at(calendar, run->taken);
            if (take_from(take) < to) {
                free_to = take_from(take);
                next = take_to(take);
            }
        }
        if (free_to > from) {
            if (run->to != from)
                run->from = from;
            run->to = free_to;
            if (run->to - run->from >= run->wanted)
                return true;
        }
        from = next;
    }
    return false;
}

/* The next stretch of working time of a local day, in quarters of it; bits lose it. */
static struct calendar_span next_piece(calendar_bits *bits)
{
    struct calendar_span piece = {0, 0};

    while ((*bits >> piece.from & 1) == 0)
        piece.from++;
    for (piece.to = piece.from; (*bits >> piece.to & 1) != 0; piece.to++)
        *bits &= ~((calendar_bits)1 << piece.to);
    return piece;
}

/* One piece of hours on its day, as whole quarters. Where it adjoins the piece before, in a zone whose offset is no multiple of a quarter, the
 * quarter that both share is whole. */
static struct calendar_span working_quarters(struct day_clock *clock, int32_t day, struct calendar_span piece,
                                             int64_t *closed)
{
    int64_t opens = day_clock_instant(clock, day, piece.from * 15);
    int64_t closes = day_clock_instant(clock, day, piece.to * 15);
    struct calendar_span working = {opens == *closed ? quarter_at_or_before(opens) : quarter_at_or_after(opens),
                                    quarter_at_or_before(closes)};

    *closed = closes;
    return working;
}

int32_t calendar_walk(const struct calendar *calendar, struct day_clock *clock, struct calendar_span within,
                      int32_t wanted)
{
    int32_t from = within.from, to = within.to;
    struct run run = {.from = from, .to = from, .wanted = wanted, .taken = calendar_taken_after(calendar, from)};
    int32_t day = day_clock_day(clock, from * QUARTER_MS);
    int weekday = calendar_weekday(day);
    int64_t closed = INT64_MIN;

    for (; quarter_at_or_before(day_clock_instant(clock, day, 0)) < to; day++) {
        calendar_bits bits = calendar_hours_of(calendar, day, weekday);
        while (bits != 0) {
            struct calendar_span working = working_quarters(clock, day, next_piece(&bits), &closed);
            if (add_working(calendar, &run, working.from > from ? working.from : from,
                            working.to < to ? working.to : to))
                return run.from;
        }
        weekday = weekday == 6 ? 0 : weekday + 1;
    }
    return NOTHING;
}

/* Goes on with the working quarters from..to; false when free time ends in or before them. */
static bool reach_through(struct calendar_takes *takes, int32_t *end, struct calendar_span working)
{
    uint32_t take;
    bool more;

    if (working.to <= *end)
        return true;
    if (working.from > *end)
        return false;
    for (more = calendar_next_take(takes, &take); more && take_to(take) <= *end;
         more = calendar_next_take(takes, &take))
        takes->at++;
    if (more && take_from(take) < working.to) {
        *end = take_from(take) > *end ? take_from(take) : *end;
        return false;
    }
    *end = working.to;
    return true;
}

int32_t calendar_walk_end(const struct calendar *calendar, struct day_clock *clock, struct calendar_span within)
{
    struct calendar_takes takes = calendar_takes_after(calendar, within.from);
    int32_t end = within.from, day = day_clock_day(clock, within.from * QUARTER_MS);
    int64_t closed = INT64_MIN;
    bool goes_on = true;

    for (; goes_on && end < within.to && quarter_at_or_before(day_clock_instant(clock, day, 0)) <= end; day++) {
        calendar_bits bits = calendar_hours_of(calendar, day, calendar_weekday(day));

        while (goes_on && bits != 0)
            goes_on = reach_through(&takes, &end, working_quarters(clock, day, next_piece(&bits), &closed));
    }
    return end < within.to ? end : within.to;
}

/* The earliest run inside one of the windows of the patient's day. */
static int32_t walk_day(const struct calendar *calendar, struct day_clock *clock, const struct calendar_search *search,
                        struct day_clock *patient, int32_t day, struct calendar_span within)
{
    int weekday = calendar_weekday(day);
    int32_t earliest = NOTHING;

    for (size_t i = 0; i < search->window_count; i++) {
        const struct calendar_window *window = &search->windows[i];
        struct calendar_span open;
        int32_t found;
        if (!calendar_window_is_on(window, weekday))
            continue;
        open.from = quarter_at_or_after(day_clock_instant(patient, day, calendar_minute_of_day(window->from_minute)));
        open.to = quarter_at_or_before(day_clock_instant(patient, day, calendar_minute_of_day(window->to_minute)));
        open.from = open.from > within.from ? open.from : within.from;
        open.to = open.to < within.to ? open.to : within.to;
        if (open.to - open.from < (int32_t)search->quarters)
            continue;
        found = calendar_walk(calendar, clock, open, (int32_t)search->quarters);
        earliest = found < earliest ? found : earliest;
    }
    return earliest;
}

int32_t calendar_walk_windows(const struct calendar *calendar, struct day_clock *clock,
                              const struct calendar_search *search, struct calendar_span within)
{
    struct day_clock *patient = &search->prepared->patient;
    int32_t day, found = NOTHING;

    if (search->window_count == 0)
        return calendar_walk(calendar, clock, within, (int32_t)search->quarters);
    day = day_clock_day(patient, within.from * QUARTER_MS);
    for (; found == NOTHING && quarter_at_or_before(day_clock_instant(patient, day, 0)) < within.to; day++)
        found = walk_day(calendar, clock, search, patient, day, within);
    return found;
}
