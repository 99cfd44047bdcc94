/*
 * A therapist's time: weekly hours with exceptions in their own zone, less holds and bookings, in quarters of an hour.
 *
 * A quarter is the number of 15-minute pieces since 1970-01-01T00:00Z. All zones in use have offsets that are
 * multiples of 15 minutes; one that is not has its hours narrowed to whole quarters. Weekly hours are laid out by
 * wall clock, so that "9 to 17" is eight hours on every day but those on which the clocks change within it: hours and windows last
 * from zone_instant() of their beginning to that of their end, so that a time that comes twice opens and closes at its first coming.
 * Hours that adjoin, over midnight too, are one stretch of free time; a run lies within one window of the patient, and no window reaches
 * over midnight.
 * A calendar reaches CALENDAR_DAYS local days from the day of `now` given to calendar_advance(): nothing before or after
 * is free, and nothing at all before the first calendar_advance(). Not shared between threads.
 */
#ifndef FASCIA_CORE_CALENDAR_H
#define FASCIA_CORE_CALENDAR_H

#include "core/fault.h"
#include "core/zone.h"
#include "fascia/v1/therapist.pb-c.h"

#define QUARTER_MS                  (15 * MINUTE_MS)
#define CALENDAR_DAYS               112 /* 16 weeks: at least 12 ahead on any day */
#define CALENDAR_MAXIMUM_EXCEPTIONS 512

struct calendar;

/* A window in which the patient can come: wall clock of `zone`, days of the week, and first and last local day. */
struct calendar_window {
    uint8_t weekdays; /* bit 0 Monday .. bit 6 Sunday; 0: every day */
    int16_t from_minute, to_minute;
};
struct calendar_search {
    const struct zone *zone;               /* of windows and days */
    const struct calendar_window *windows; /* none: any time */
    size_t window_count;
    int64_t not_before, not_after;      /* instants: the run lies within [not_before, not_after) */
    uint32_t quarters;                  /* of consecutive free time, 1..32, all inside one window */
    struct calendar_prepared *prepared; /* calendar_search_prepare(); NULL: none */
};

/* What follows from a search whoever's calendar it is asked of, found out when first needed. The members are the calendar's own business: wall
 * clock to instants on days far from clock changes, and where in a day of the week a run may begin, for so many differences of zones. */
typedef unsigned __int128 calendar_bits; /* bit n: quarter n of a local day */
struct day_stretch {
    int32_t first, last; /* days; none when last is before first */
    int32_t offset;      /* ms */
    int32_t quarters;    /* the same in quarters; INT32_MAX when it is no multiple */
};
struct day_clock {
    const struct zone *zone;
    struct day_stretch stretches[2];
    int32_t odd_day; /* the last found to lie in no stretch */
};
struct calendar_starts {
    int32_t shift;  /* quarters that the patient's clock is ahead of the therapist's */
    uint32_t known; /* weekdays found out */
    calendar_bits weekdays[7];
};
#define CALENDAR_SHIFTS 4 /* the first is always 0 */
struct calendar_prepared {
    int64_t not_before, not_after; /* of the search that asked last, and in quarters */
    int32_t within_from, within_to;
    struct day_clock patient;
    uint32_t count, next; /* of shifts; the one to replace when all are in use */
    struct calendar_starts shifts[CALENDAR_SHIFTS];
};
/* Lets many calendars share the work of one search. `prepared` must outlive the search and its copies; copies may narrow not_before and
 * not_after, and share it; zone, windows and quarters stay as they are. Not shared between threads. */
void calendar_search_prepare(struct calendar_search *search, struct calendar_prepared *prepared);

/* Which day it is in a zone. Calendars of the zone share one, so that a new day costs as much for a million as for one. */
struct calendar_today;
struct calendar_today *calendar_today_create(const struct zone *zone);
void calendar_today_destroy(struct calendar_today *today);
/* Moves the horizon to the local day of now. Cheap when the day did not change. */
void calendar_today_advance(struct calendar_today *today, int64_t now);
/* The instant at which the next day begins; INT64_MIN before the first advance. */
int64_t calendar_today_end(const struct calendar_today *today);

/* today, or zone, must outlive the calendar. Hours were checked (calendar_check_hours). */
struct calendar *calendar_create_on(struct calendar_today *today, const Fascia__Therapist *therapist);
/* A calendar that shares its day with no other. */
struct calendar *calendar_create(const struct zone *zone, const Fascia__Therapist *therapist);
void calendar_destroy(struct calendar *calendar);
/* Memory that it takes. */
size_t calendar_bytes(const struct calendar *calendar);
/* Fetches into the cache what a search will read; calling it some 100 ns ahead hides the wait. The calendar may be NULL. */
void calendar_prefetch(const struct calendar *calendar);

/* Weekly hours and exceptions: multiples of 15, in range, from before to, no overlap. Names the entry that is wrong. */
MUST_CHECK bool calendar_check_hours(const Fascia__Therapist *therapist, struct fault *fault);

/* calendar_today_advance() of the calendar's own day; only for those of calendar_create(). */
void calendar_advance(struct calendar *calendar, int64_t now);

/* Takes [from, to) out of free time; both lie on quarters. false, and nothing done, when part of it is not inside working hours or taken already.
 * force takes it wherever it lies (a booking made by deliberate override, or hours that changed since); still false on overlap with another take. */
MUST_CHECK bool calendar_take(struct calendar *calendar, int64_t from, int64_t to, bool force);
/* Gives back exactly what was taken. false when it was not. */
bool calendar_give(struct calendar *calendar, int64_t from, int64_t to);
/* Whether exactly [from, to) was taken by one call of calendar_take(). */
bool calendar_is_taken(const struct calendar *calendar, int64_t from, int64_t to);

/* Start of the earliest run that fits, or INT64_MAX. Starts lie on quarters. It knows no `now` but the day of calendar_advance(): the search's
 * not_before keeps it out of the past. */
int64_t calendar_first_free(const struct calendar *calendar, const struct calendar_search *search);
/* The first stretch of free time within [from, to) that has so many quarters (1..96) or more, as long as it is there. false: none. */
MUST_CHECK bool calendar_next_stretch(const struct calendar *calendar, int64_t from, int64_t to, uint32_t quarters,
                                      int64_t *begins, int64_t *ends);
bool calendar_is_free(const struct calendar *calendar, int64_t from, int64_t to);
/* Whether [from, to) lies inside one of the search's windows and its bounds (free or not). */
bool calendar_search_allows(const struct calendar_search *search, int64_t from, int64_t to);

#endif
