/* Finding free time: plain days 96 quarters at once, others by calendar_walk.c. */
#include "core/calendar_data.h"

#define LONGEST_RUN 32 /* quarters that a run may reach into the next day */
#define EVERY_DAY   0x7f

/* A search of one calendar. Days tile time: to each belong the starts from its first whole quarter to that of the next. */
struct finder {
    const struct calendar *calendar;
    const struct calendar_search *search; /* prepared */
    struct day_clock clock;
    struct calendar_span within;
    int32_t wanted;
};

/* A day on, among days that repeat by the week. */
struct walker {
    int32_t day;
    int weekday;
    uint32_t exception; /* the first on the day or after */
    uint8_t barren;     /* weekdays on whose usual hours no run fits, even if nothing is taken */
    bool has_takes;
    struct calendar_takes takes; /* those that end after the last start tried */
};

/* ---- one plain day ---- */

/* Where runs of so many bits begin. */
static calendar_bits runs_of(calendar_bits bits, int32_t wanted)
{
    int32_t length = 1;

    for (; 2 * length <= wanted; length *= 2)
        bits &= bits >> length;
    return length < wanted ? bits & bits >> (wanted - length) : bits;
}

/* Those of the starts, counted from the quarter `base`, whose runs lie within the finder's bounds. */
static calendar_bits clip(const struct finder *finder, calendar_bits starts, int32_t base)
{
    int32_t early = finder->within.from - base, late = finder->within.to - finder->wanted + 1 - base;

    if (early > 0)
        starts &= ~calendar_low_bits(early);
    if (late < QUARTERS_PER_DAY)
        starts &= calendar_low_bits(late > 0 ? late : 0);
    return starts;
}

/* The hours of the walker's day, and those of the next that begin at midnight where a run may reach over it. */
static calendar_bits hours_at(const struct finder *finder, const struct walker *walker, bool usual)
{
    const struct calendar *calendar = finder->calendar;
    calendar_bits bits = usual ? calendar_kind(calendar, calendar->week[walker->weekday])
                               : calendar_hours_of(calendar, walker->day, walker->weekday);

    if ((bits >> (QUARTERS_PER_DAY - 1)) != 0 && finder->wanted > 1)
        bits |= calendar_hours_of(calendar, walker->day + 1, walker->weekday == 6 ? 0 : walker->weekday + 1)
                << QUARTERS_PER_DAY;
    return bits;
}

static int32_t lowest(calendar_bits bits)
{
    uint64_t low = (uint64_t)bits;

    return low != 0 ? __builtin_ctzll(low) : 64 + __builtin_ctzll((uint64_t)(bits >> 64));
}

/* The earliest of the starts whose run meets no take, or NOTHING. A start is tried in turn, and one that meets a take gives way to the first after it. */
static int32_t untaken(const struct finder *finder, struct walker *walker, calendar_bits starts, int32_t base)
{
    struct calendar_takes *takes = &walker->takes;

    if (!walker->has_takes)
        *takes = calendar_takes_after(finder->calendar, base + lowest(starts));
    walker->has_takes = true;
    while (starts != 0) {
        int32_t start = base + lowest(starts);
        uint32_t take;
        bool more = calendar_next_take(takes, &take);
        for (; more && take_to(take) <= start; more = calendar_next_take(takes, &take))
            takes->at++;
        if (!more || take_from(take) >= start + finder->wanted)
            return start;
        starts &= ~calendar_low_bits(take_to(take) - base);
    }
    return NOTHING;
}

/* The earliest start on the walker's day, which begins at the quarter `base`, or NOTHING. usual: its hours and those of the next are the week's. */
static int32_t find_on(const struct finder *finder, struct calendar_starts *allowed, struct walker *walker,
                       int32_t base, bool usual)
{
    calendar_bits starts;

    if (usual && (walker->barren >> walker->weekday & 1) != 0)
        return NOTHING;
    starts = calendar_starts_on(finder->search, allowed, walker->weekday);
    if (starts != 0)
        starts &= runs_of(hours_at(finder, walker, usual), finder->wanted);
    if (starts == 0) {
        walker->barren |= (uint8_t)(usual << walker->weekday);
        return NOTHING;
    }
    starts = clip(finder, starts, base);
    return starts == 0 ? NOTHING : untaken(finder, walker, starts, base);
}

/* ---- plain days ---- */

/* Plain days of both clocks, from one on. */
struct plain {
    int32_t last, own_last; /* own_last: of the therapist's clock alone */
    int32_t offset;         /* of the therapist, quarters */
    struct calendar_starts *allowed;
};

static int32_t floor_days(int32_t quarters)
{
    return quarters / QUARTERS_PER_DAY - (quarters % QUARTERS_PER_DAY < 0);
}

/* false when the day is not plain. */
static bool plain_from(struct finder *finder, int32_t day, struct plain *plain)
{
    const struct calendar_search *search = finder->search;
    const struct day_stretch *own = day_clock_stretch(&finder->clock, day), *patient;
    int32_t shift = 0, first, last;

    if (own == NULL || own->quarters == NOTHING)
        return false;
    *plain = (struct plain){.last = own->last, .own_last = own->last, .offset = own->quarters};
    if (search->window_count > 0 && search->zone != finder->clock.zone) {
        patient = day_clock_stretch(&search->prepared->patient, day);
        if (patient == NULL || patient->quarters == NOTHING)
            return false;
        /* the patient's days on which the therapist's begins and ends */
        shift = patient->quarters - own->quarters;
        first = floor_days(shift);
        last = floor_days(shift + QUARTERS_PER_DAY - 1);
        if (day + first < patient->first || day + last > patient->last)
            return false;
        plain->last = patient->last - last < plain->last ? patient->last - last : plain->last;
    }
    plain->allowed = calendar_starts_of(search, shift);
    return true;
}

/* The first exception on the walker's day or after. */
static int32_t next_exception(const struct calendar *calendar, struct walker *walker)
{
    const uint32_t *exceptions = calendar->words + 3 * calendar->kind_count;
    uint32_t at = walker->exception;

    while (at < calendar->exception_count && exception_day(exceptions[at]) < walker->day)
        at++;
    walker->exception = at;
    return at < calendar->exception_count ? exception_day(exceptions[at]) : NOTHING;
}

/* Days from..to. Where no weekday has room, only exceptions are looked at, and the days before them, whose runs may reach into them. */
static int32_t find_plain(const struct finder *finder, const struct plain *plain, int32_t from, int32_t to)
{
    struct walker walker = {
        .day = from, .weekday = calendar_weekday(from), .exception = calendar_exception_from(finder->calendar, from)};
    int32_t exception = next_exception(finder->calendar, &walker), found = NOTHING;

    while (walker.day <= to && found == NOTHING) {
        bool usual = walker.day < exception - 1;
        if (usual && walker.barren == EVERY_DAY) {
            walker.day = exception - 1 <= to ? exception - 1 : to + 1;
            walker.weekday = calendar_weekday(walker.day);
            continue;
        }
        found = find_on(finder, plain->allowed, &walker, walker.day * QUARTERS_PER_DAY - plain->offset, usual);
        walker.weekday = walker.weekday == 6 ? 0 : walker.weekday + 1;
        if (++walker.day > exception)
            exception = next_exception(finder->calendar, &walker);
    }
    return found;
}

/* ---- all days ---- */

static int32_t first_quarter(struct finder *finder, int32_t day)
{
    return quarter_at_or_after(day_clock_instant(&finder->clock, day, 0));
}

/* The earliest start on a day that is not plain. */
static int32_t find_odd(struct finder *finder, int32_t day)
{
    struct calendar_span within = {first_quarter(finder, day), first_quarter(finder, day + 1) + finder->wanted - 1};

    if (calendar_hours_of(finder->calendar, day, calendar_weekday(day)) == 0)
        return NOTHING;
    within.from = within.from > finder->within.from ? within.from : finder->within.from;
    within.to = within.to < finder->within.to ? within.to : finder->within.to;
    if (within.to - within.from < finder->wanted)
        return NOTHING;
    return calendar_walk_windows(finder->calendar, &finder->clock, finder->search, within);
}

/* Whether a run that begins on the day may reach into one of another stretch. */
static bool may_leave(const struct finder *finder, const struct plain *plain, int32_t day)
{
    return day == plain->own_last && finder->wanted > 1 &&
           calendar_hours_of(finder->calendar, day, calendar_weekday(day)) >> (QUARTERS_PER_DAY - 1) != 0;
}

static int32_t first_day(struct finder *finder)
{
    const struct day_stretch *likely = finder->clock.stretches;
    int32_t day = likely->quarters == NOTHING ? 0 : floor_days(finder->within.from + likely->quarters);

    if (likely->quarters != NOTHING && day >= likely->first && day <= likely->last)
        return day;
    return day_clock_day(&finder->clock, finder->within.from * QUARTER_MS);
}

static int32_t find(struct finder *finder)
{
    int32_t latest = finder->within.to - finder->wanted, day = first_day(finder), found = NOTHING;

    while (found == NOTHING) {
        struct plain plain;
        int32_t end, last;
        if (!plain_from(finder, day, &plain)) {
            if (first_quarter(finder, day) > latest)
                break;
            found = find_odd(finder, day++);
            continue;
        }
        end = floor_days(latest + plain.offset);
        last = plain.last < end && may_leave(finder, &plain, plain.last) ? plain.last - 1 : plain.last;
        found = find_plain(finder, &plain, day, last < end ? last : end);
        if (found != NOTHING || end <= last)
            break;
        day = last + 1;
        if (last < plain.last)
            found = find_odd(finder, day++);
    }
    return found;
}

static int64_t first_free_alone(const struct calendar *calendar, struct calendar_search search)
{
    struct calendar_prepared prepared;

    calendar_search_prepare(&search, &prepared);
    return calendar_first_free(calendar, &search);
}

int64_t calendar_first_free(const struct calendar *calendar, const struct calendar_search *search)
{
    const struct calendar_span *horizon = &calendar->today->horizon;
    struct finder finder = {.calendar = calendar, .search = search, .wanted = (int32_t)search->quarters};
    int32_t found;

    if (search->quarters == 0 || search->quarters > QUARTERS_PER_DAY)
        return INT64_MAX;
    if (search->prepared == NULL)
        return first_free_alone(calendar, *search);
    finder.within = calendar_bounds(search);
    finder.within.from = finder.within.from > horizon->from ? finder.within.from : horizon->from;
    finder.within.to = finder.within.to < horizon->to ? finder.within.to : horizon->to;
    if (finder.within.to - finder.within.from < finder.wanted)
        return INT64_MAX;
    finder.clock = calendar->today->clock;
    __builtin_prefetch(calendar->more); /* seldom needed, but then soon */
    found = finder.wanted <= LONGEST_RUN ? find(&finder)
                                         : calendar_walk_windows(calendar, &finder.clock, search, finder.within);
    return found == NOTHING ? INT64_MAX : found * QUARTER_MS;
}

/* ---- stretches ---- */

bool calendar_next_stretch(const struct calendar *calendar, int64_t from, int64_t to, uint32_t quarters,
                           int64_t *begins, int64_t *ends)
{
    struct day_clock clock = calendar->today->clock;
    const struct calendar_search search = {
        .zone = clock.zone, .not_before = from, .not_after = to, .quarters = quarters};
    const int64_t horizon = calendar->today->horizon.to * QUARTER_MS;
    struct calendar_span within;

    *begins = calendar_first_free(calendar, &search);
    if (*begins == INT64_MAX)
        return false;
    within = (struct calendar_span){quarter_at_or_before(*begins), quarter_at_or_before(to < horizon ? to : horizon)};
    *ends = calendar_walk_end(calendar, &clock, within) * QUARTER_MS;
    return true;
}

/* ---- one time ---- */

bool calendar_is_free(const struct calendar *calendar, int64_t from, int64_t to)
{
    const struct calendar_today *today = calendar->today;
    struct day_clock clock = today->clock;
    const struct day_stretch *stretch;
    struct calendar_span span;
    uint32_t at;
    int32_t day;

    if (from >= to || from < today->horizon.from * QUARTER_MS || to > today->horizon.to * QUARTER_MS)
        return false;
    span = (struct calendar_span){quarter_at_or_before(from), quarter_at_or_after(to)};
    at = calendar_taken_after(calendar, span.from);
    if (at < calendar->take_count && take_from(calendar_take_at(calendar, at)) < span.to)
        return false;
    day = day_clock_day(&clock, from);
    stretch = day_clock_stretch(&clock, day);
    if (stretch != NULL && stretch->quarters != NOTHING) {
        int32_t begin = span.from - (day * QUARTERS_PER_DAY - stretch->quarters), end = begin + (span.to - span.from);
        if (end <= QUARTERS_PER_DAY) {
            calendar_bits asked = calendar_low_bits(end) & ~calendar_low_bits(begin);
            return (calendar_hours_of(calendar, day, calendar_weekday(day)) & asked) == asked;
        }
    }
    return calendar_walk(calendar, &clock, span, span.to - span.from) == span.from;
}
