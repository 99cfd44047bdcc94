/*
 * What a calendar is inside: one block of memory with the hours of a local day as 96 bits, each kind of day once, and what is taken, in order.
 *
 * A typical therapist takes 248 bytes with room for some forty takes, 4 cache lines together with malloc's own; takes for which there is no room lie
 * apart, and are those furthest ahead. Nothing that time alone changes is in it: the day and its horizon are the zone's (struct calendar_today), and what the
 * patient's windows come to is the search's (struct calendar_prepared). On a plain day (no clock change near, offset of whole quarters) the runs
 * of 96 quarters are found at once and tried against the takes in order; other days are walked piece by piece (calendar_walk.c).
 */
#ifndef FASCIA_CORE_CALENDAR_DATA_H
#define FASCIA_CORE_CALENDAR_DATA_H

#include "core/calendar.h"
#include "core/zone_data.h"

#define QUARTERS_PER_DAY 96
#define NOTHING          INT32_MAX

/* ---- day_clock.c: local days to instants ---- */

static inline int32_t quarter_at_or_before(int64_t instant)
{
    return (int32_t)(instant / QUARTER_MS - (instant % QUARTER_MS < 0));
}

static inline int32_t quarter_at_or_after(int64_t instant)
{
    return (int32_t)(instant / QUARTER_MS + (instant % QUARTER_MS > 0));
}

struct day_clock day_clock_of(const struct zone *zone);
/* The stretch of plain days that the day lies in; NULL when it is not plain. Valid until the next question. */
const struct day_stretch *day_clock_stretch(struct day_clock *clock, int32_t day);
int64_t day_clock_instant(struct day_clock *clock, int32_t day, int32_t minute);
/* A local day that begins at or before the instant: its own, or the one before where clocks change near. */
int32_t day_clock_day(struct day_clock *clock, int64_t instant);

/* day_weekday() of a day of the years that zones know, the first of which was a Monday. */
static inline int calendar_weekday(int32_t day)
{
    return (int)((uint32_t)(day - (ZONE_FIRST_DAY - 700)) % 7);
}

/* ---- what a calendar is ---- */

struct calendar_span {
    int32_t from, to; /* quarters since 1970 */
};

struct calendar_today {
    struct day_clock clock;       /* knows the stretches of today and of the horizon's end */
    int64_t from, to;             /* instants; equal before the first advance */
    struct calendar_span horizon; /* quarters */
};

struct calendar {
    struct calendar_today *today;
    uint32_t *more; /* takes after the first kept_room */
    uint32_t take_count, more_room;
    uint16_t kept_room, exception_count, kind_count;
    uint8_t week[7]; /* kind of day by weekday */
    bool own_today;
    uint32_t words[]; /* kinds of day, three words each; exceptions by day; takes in order */
};

/* A take: its first quarter since 1900 in 24 bits, then its length, 1..255. Length 0 stands for 255 quarters that the next take goes on from,
 * so that a take may have any length. */
#define TAKE_LONGEST 255

/* An exception: its day since 1900 in 17 bits, then the kind of day. */
#define EXCEPTION_KIND_BITS 15

static inline calendar_bits calendar_kind(const struct calendar *calendar, uint32_t kind)
{
    const uint32_t *words = calendar->words + 3 * kind;

    return (calendar_bits)words[2] << 64 | (uint64_t)words[1] << 32 | words[0];
}

/* Takes that lie in the block. */
static inline const uint32_t *calendar_kept(const struct calendar *calendar)
{
    return calendar->words + 3 * calendar->kind_count + calendar->exception_count;
}

static inline uint32_t calendar_take_at(const struct calendar *calendar, uint32_t at)
{
    return at < calendar->kept_room ? calendar_kept(calendar)[at] : calendar->more[at - calendar->kept_room];
}

static inline int32_t take_from(uint32_t take)
{
    return (int32_t)(take >> 8) + ZONE_FIRST_DAY * QUARTERS_PER_DAY;
}

static inline int32_t take_to(uint32_t take)
{
    return take_from(take) + ((take & 255) == 0 ? TAKE_LONGEST : (int32_t)(take & 255));
}

static inline uint32_t take_of(int32_t from, uint32_t length)
{
    return (uint32_t)(from - ZONE_FIRST_DAY * QUARTERS_PER_DAY) << 8 | length;
}

static inline bool take_goes_on(uint32_t take)
{
    return (take & 255) == 0;
}

static inline int32_t exception_day(uint32_t exception)
{
    return (int32_t)(exception >> EXCEPTION_KIND_BITS) + ZONE_FIRST_DAY;
}

/* The first of the exceptions on the day or after. */
uint32_t calendar_exception_from(const struct calendar *calendar, int32_t day);
/* The hours of a local day. */
calendar_bits calendar_hours_of(const struct calendar *calendar, int32_t day, int weekday);
/* The first of the takes that ends after the quarter. */
uint32_t calendar_taken_after(const struct calendar *calendar, int32_t quarter);

/* Walks the takes in order: those in the block, then those that lie apart. */
struct calendar_takes {
    const uint32_t *at, *end;
    const uint32_t *apart, *apart_end; /* NULL: there are no more */
};
/* Those that end after the quarter. */
struct calendar_takes calendar_takes_after(const struct calendar *calendar, int32_t quarter);
/* false at the end; else *take is the one at hand. */
static inline bool calendar_next_take(struct calendar_takes *takes, uint32_t *take)
{
    if (takes->at == takes->end) {
        if (takes->apart == NULL)
            return false;
        takes->at = takes->apart;
        takes->end = takes->apart_end;
        takes->apart = NULL;
    }
    *take = *takes->at;
    return true;
}

/* count 0..128 */
static inline calendar_bits calendar_low_bits(int32_t count)
{
    return count >= 128 ? ~(calendar_bits)0 : ((calendar_bits)1 << count) - 1;
}

/* ---- windows ---- */

static inline bool calendar_window_is_on(const struct calendar_window *window, int weekday)
{
    return window->weekdays == 0 || (window->weekdays >> weekday & 1) != 0;
}

static inline int32_t calendar_minute_of_day(int16_t minute)
{
    return minute < 0 ? 0 : minute > 1440 ? 1440 : minute;
}

/* ---- calendar_search.c: what a prepared search comes to ---- */

/* Quarters in which the run must lie. */
struct calendar_span calendar_bounds(const struct calendar_search *search);
/* Where runs may begin for therapists whose clock is so many quarters behind the patient's. */
struct calendar_starts *calendar_starts_of(const struct calendar_search *search, int32_t shift);
/* The same on a weekday of the therapist's; for the first time. */
calendar_bits calendar_find_starts(const struct calendar_search *search, struct calendar_starts *starts,
                                   int32_t weekday);
static inline calendar_bits calendar_starts_on(const struct calendar_search *search, struct calendar_starts *starts,
                                               int32_t weekday)
{
    return (starts->known >> weekday & 1) != 0 ? starts->weekdays[weekday]
                                               : calendar_find_starts(search, starts, weekday);
}

/* ---- calendar_walk.c: any day, piece by piece ---- */

/* The earliest run of so many free quarters within the span, or NOTHING. */
int32_t calendar_walk(const struct calendar *calendar, struct day_clock *clock, struct calendar_span within,
                      int32_t wanted);
/* Where the free time that begins at the quarter within.from ends, at within.to at the latest. */
int32_t calendar_walk_end(const struct calendar *calendar, struct day_clock *clock, struct calendar_span within);
/* The earliest that the prepared search asks for, its windows too, within the span. */
int32_t calendar_walk_windows(const struct calendar *calendar, struct day_clock *clock,
                              const struct calendar_search *search, struct calendar_span within);

#endif
