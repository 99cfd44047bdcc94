/*
 * Many calendars asked by one prepared search, over the whole horizon, against an oracle of plain arrays.
 *
 * Like its neighbour (calendar_property_test.c) the oracle knows only the local time of each minute, and the latest wall clock seen so far. Here it is
 * kept for every minute of the horizon and zone, so that thousands of takes, hundreds of exceptions, clock changes and turns of the year come
 * together in one calendar.
 */
#include "core/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAD_DAYS = 4, /* before today, for the wall clock's high-water mark to settle */
    DAYS = LEAD_DAYS + CALENDAR_DAYS + 4,
    QUARTERS = DAYS * 96,
    CLOCKS = 4,
    CROWD = 8,
    SEARCHES = 10,
    TRIES = 4000,
    MAXIMUM_TAKES = 4000
};

static uint64_t seed;

static uint32_t pick(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % below;
}

static const char *const names[] = {"America/New_York",  "Europe/Dublin",      "Australia/Lord_Howe",
                                    "Africa/Casablanca", "Asia/Kathmandu",     "America/St_Johns",
                                    "America/Havana",    "America/Santiago",   "America/Scoresbysund",
                                    "Antarctica/Troll",  "Pacific/Kiritimati", "Pacific/Pago_Pago"};
#define ZONES (sizeof names / sizeof *names)
static struct zone *zones[ZONES];

static int open_zones(void **state)
{
    static uint8_t bytes[65536];
    struct fault fault = {{0}};

    (void)state;
    for (size_t i = 0; i < ZONES; i++) {
        char path[256];
        FILE *file;
        snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", names[i]);
        file = fopen(path, "rb");
        assert_non_null(file);
        zones[i] = zone_parse(names[i], bytes, fread(bytes, 1, sizeof bytes, file), &fault);
        fclose(file);
        assert_non_null(zones[i]);
    }
    return 0;
}

static int close_zones(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZONES; i++)
        zone_destroy(zones[i]);
    return 0;
}

/* A zone, and the latest wall clock seen at the beginning of each minute from `begin` on. */
struct clock {
    const struct zone *zone;
    struct calendar_today *today;
    int32_t first_day;
    int32_t day[QUARTERS * 15];
    int16_t minute[QUARTERS * 15];
};

struct member {
    const struct clock *clock;
    struct calendar *calendar;
    bool working[QUARTERS], taken[QUARTERS];
    int32_t takes[MAXIMUM_TAKES][2]; /* quarters since begin */
    size_t take_count;
};

static struct clock clocks[CLOCKS];
static struct member crowd[CROWD];
static int64_t begin, now;

static void wind(struct clock *clock, const struct zone *zone)
{
    int32_t day, minute;

    clock->zone = zone;
    clock->today = calendar_today_create(zone);
    calendar_today_advance(clock->today, now);
    zone_local(zone, now, &clock->first_day, &minute);
    for (int32_t i = 0; i < QUARTERS * 15; i++) {
        zone_local(zone, begin + i * MINUTE_MS, &day, &minute);
        clock->day[i] = day;
        clock->minute[i] = (int16_t)minute;
        if (i > 0 && (day < clock->day[i - 1] || (day == clock->day[i - 1] && minute < clock->minute[i - 1]))) {
            clock->day[i] = clock->day[i - 1];
            clock->minute[i] = clock->minute[i - 1];
        }
    }
}

/* ---- people ---- */

#define MAXIMUM_STRETCHES (14 + 2 * CALENDAR_MAXIMUM_EXCEPTIONS)
static Fascia__Hours stretches[MAXIMUM_STRETCHES];
static Fascia__Hours *lists[MAXIMUM_STRETCHES];
static Fascia__HoursException exceptions[CALENDAR_MAXIMUM_EXCEPTIONS], *exception_list[CALENDAR_MAXIMUM_EXCEPTIONS];
static char dates[CALENDAR_MAXIMUM_EXCEPTIONS][11];

/* Zero to two stretches of a day, now and then up to midnight; what is open is marked. */
static size_t random_day(size_t first, uint32_t weekday, bool open[96])
{
    size_t count = pick(8) == 0 ? 0 : 1 + pick(2);
    uint32_t at = pick(2) == 0 ? 0 : pick(40);

    memset(open, 0, 96 * sizeof *open);
    for (size_t i = 0; i < count; i++) {
        Fascia__Hours *hours = &stretches[first + i];
        uint32_t to = pick(2) == 0 && i + 1 == count ? 96 : at + 1 + pick(24);
        fascia__hours__init(hours);
        hours->weekday = weekday;
        hours->from_minute = at * 15;
        hours->to_minute = to * 15;
        lists[first + i] = hours;
        for (uint32_t quarter = at; quarter < to; quarter++)
            open[quarter] = true;
        at = to + pick(8); /* the next stretch may begin where this one ends */
    }
    return count;
}

static void mark_working(struct member *member, bool week[7][96], bool special[][96], const int16_t of_day[DAYS + 8])
{
    const struct clock *clock = member->clock;
    int32_t base = (int32_t)(begin / DAY_MS) - 4;

    for (int32_t quarter = 0; quarter < QUARTERS; quarter++) {
        member->working[quarter] = true;
        for (int32_t i = quarter * 15; i < quarter * 15 + 15; i++) {
            int32_t day = clock->day[i], at = clock->minute[i] / 15;
            bool open = of_day[day - base] < 0 ? week[day_weekday(day)][at] : special[of_day[day - base]][at];
            if (!open || day < clock->first_day || day >= clock->first_day + CALENDAR_DAYS)
                member->working[quarter] = false;
        }
    }
}

/* density: of so many days one is an exception; 0: none. */
static void random_member(struct member *member, const struct clock *clock, uint32_t density)
{
    static bool week[7][96], special[CALENDAR_MAXIMUM_EXCEPTIONS][96];
    int16_t of_day[DAYS + 8];
    Fascia__Therapist therapist;
    size_t count = 0, given = 0;

    memset(member, 0, sizeof *member);
    member->clock = clock;
    fascia__therapist__init(&therapist);
    for (uint32_t weekday = 0; weekday < 7; weekday++)
        count += random_day(count, weekday, week[weekday]);
    therapist.hours = lists;
    therapist.n_hours = count;
    memset(of_day, -1, sizeof of_day);
    /* with many, most lie before and after what is looked at */
    for (int32_t day = density == 1 ? -200 : 0; density > 0 && given < CALENDAR_MAXIMUM_EXCEPTIONS && day < 400;
         day++) {
        Fascia__HoursException *exception = &exceptions[given];
        if (pick(density) != 0)
            continue;
        fascia__hours_exception__init(exception);
        day_format((int32_t)(begin / DAY_MS) - 4 + day, dates[given]);
        exception->date = dates[given];
        exception->hours = &lists[count];
        exception->n_hours = random_day(count, 0, special[given]);
        count += exception->n_hours;
        if (day >= 0 && day < DAYS + 8)
            of_day[day] = (int16_t)given;
        exception_list[given++] = exception;
    }
    for (size_t i = 0; i < given / 2; i++) { /* in no order */
        Fascia__HoursException *swapped = exception_list[i];
        exception_list[i] = exception_list[given - 1 - i];
        exception_list[given - 1 - i] = swapped;
    }
    therapist.exceptions = exception_list;
    therapist.n_exceptions = given;
    mark_working(member, week, special, of_day);
    member->calendar = calendar_create_on(clock->today, &therapist);
}

/* ---- takes ---- */

static int64_t instant_of(int32_t quarter)
{
    return begin + quarter * QUARTER_MS;
}

static void take_some(struct member *member, size_t tries)
{
    for (size_t i = 0; i < tries && member->take_count < MAXIMUM_TAKES; i++) {
        int32_t from = (int32_t)pick(QUARTERS - 8), to = from + 1 + (int32_t)pick(3);
        bool force = pick(4) == 0, expected = true;
        for (int32_t quarter = from; quarter < to; quarter++)
            expected = expected && !member->taken[quarter] && (force || member->working[quarter]);
        assert_int_equal(calendar_take(member->calendar, instant_of(from), instant_of(to), force), expected);
        if (!expected)
            continue;
        memset(member->taken + from, true, (size_t)(to - from) * sizeof(bool));
        member->takes[member->take_count][0] = from;
        member->takes[member->take_count++][1] = to;
    }
}

static void give_some_back(struct member *member)
{
    for (size_t left = member->take_count / 3; left > 0; left--) {
        size_t at = pick((uint32_t)member->take_count);
        int32_t from = member->takes[at][0], to = member->takes[at][1];
        assert_true(calendar_is_taken(member->calendar, instant_of(from), instant_of(to)));
        assert_false(calendar_is_taken(member->calendar, instant_of(from), instant_of(to + 1)));
        assert_false(calendar_give(member->calendar, instant_of(from - 1), instant_of(to)));
        assert_true(calendar_give(member->calendar, instant_of(from), instant_of(to)));
        assert_false(calendar_is_taken(member->calendar, instant_of(from), instant_of(to)));
        memset(member->taken + from, false, (size_t)(to - from) * sizeof(bool));
        member->take_count--;
        memcpy(member->takes[at], member->takes[member->take_count], sizeof member->takes[at]);
    }
}

/* ---- searches ---- */

static bool window_holds(const struct calendar_window *window, const struct clock *patient, int32_t from, int32_t to)
{
    int32_t day = patient->day[from * 15];

    if (window->weekdays != 0 && (window->weekdays >> day_weekday(day) & 1) == 0)
        return false;
    for (int32_t i = from * 15; i < to * 15; i++)
        if (patient->day[i] != day || patient->minute[i] < window->from_minute ||
            patient->minute[i] >= window->to_minute)
            return false;
    return true;
}

static bool oracle_fits(const struct member *member, const struct calendar_search *search, const struct clock *patient,
                        int32_t from)
{
    int32_t to = from + (int32_t)search->quarters;

    if (instant_of(from) < search->not_before || instant_of(to) > search->not_after)
        return false;
    for (int32_t quarter = from; quarter < to; quarter++)
        if (!member->working[quarter] || member->taken[quarter])
            return false;
    for (size_t i = 0; i < search->window_count; i++)
        if (window_holds(&search->windows[i], patient, from, to))
            return true;
    return search->window_count == 0;
}

static int64_t oracle_first_free(const struct member *member, const struct calendar_search *search,
                                 const struct clock *patient)
{
    for (int32_t from = 0; from + (int32_t)search->quarters <= QUARTERS; from++)
        if (oracle_fits(member, search, patient, from))
            return instant_of(from);
    return INT64_MAX;
}

static void random_windows(struct calendar_window windows[4], struct calendar_search *search)
{
    search->windows = windows;
    search->window_count = pick(4);
    for (size_t i = 0; i < search->window_count; i++) {
        int from = (int)pick(1300);
        windows[i] = (struct calendar_window){.weekdays = (uint8_t)(1U << pick(7) | 1U << pick(7)),
                                              .from_minute = (int16_t)from,
                                              .to_minute = (int16_t)(from + 1 + (int)pick((uint32_t)(1440 - from)))};
        if (pick(4) == 0)
            windows[i] = (struct calendar_window){.weekdays = 0, .from_minute = 0, .to_minute = 1440};
    }
}

static size_t answered, found_some;

static void ask(const struct member *member, const struct calendar_search *search, const struct clock *patient)
{
    int64_t expected = oracle_first_free(member, search, patient);
    int64_t found = calendar_first_free(member->calendar, search);
    struct calendar_search alone = *search;

    if (found != expected)
        fail_msg("%s for a patient in %s: found quarter %lld, expected %lld of %lld", zone_name(member->clock->zone),
                 zone_name(patient->zone), (long long)((found - begin) / QUARTER_MS),
                 (long long)((expected - begin) / QUARTER_MS), (long long)begin);
    alone.prepared = NULL;
    assert_int_equal(calendar_first_free(member->calendar, &alone), expected);
    answered++;
    found_some += expected != INT64_MAX;
    if (expected == INT64_MAX)
        return;
    assert_true(calendar_is_free(member->calendar, expected, expected + search->quarters * QUARTER_MS));
    assert_true(calendar_search_allows(search, expected, expected + search->quarters * QUARTER_MS));
}

/* Somewhere, or within the two days before one of the clocks changes, so that what lies there is the first to be found. */
static int64_t random_not_before(void)
{
    struct zone_stretch stretch = zone_stretch(clocks[pick(CLOCKS)].zone, now);
    int64_t end = instant_of(QUARTERS);

    if (pick(6) == 0)
        return INT64_MIN;
    if (pick(3) == 0 || stretch.to >= end)
        return instant_of((int32_t)pick(QUARTERS)) + (int64_t)pick(2) * MINUTE_MS;
    return stretch.to - (int64_t)pick(192) * QUARTER_MS;
}

/* All of the crowd, and then with bounds of their own that some have. */
static void search_crowd(void)
{
    const struct clock *patient = &clocks[pick(CLOCKS)];
    struct calendar_window windows[4];
    struct calendar_prepared prepared;
    struct calendar_search search = {.zone = patient->zone, .quarters = 1 + pick(pick(4) == 0 ? 32 : 6)};

    random_windows(windows, &search);
    search.not_before = random_not_before();
    search.not_after = pick(2) == 0 ? INT64_MAX : search.not_before / 2 + instant_of(QUARTERS) / 2;
    calendar_search_prepare(&search, &prepared);
    for (size_t i = 0; i < CROWD; i++) {
        struct calendar_search narrow = search;
        calendar_prefetch(crowd[i].calendar);
        ask(&crowd[i], &search, patient);
        narrow.not_before = instant_of((int32_t)pick(QUARTERS));
        if (narrow.not_before > search.not_before)
            ask(&crowd[i], &narrow, patient);
    }
}

/* Mostly so that clocks change, or a year turns, within the horizon; often near its beginning. */
static int64_t random_now(size_t number)
{
    int64_t instant = day_from_civil(2020 + (int)pick(12), 1 + (int)pick(12), 1 + (int)pick(28)) * DAY_MS;
    struct zone_stretch stretch = zone_stretch(clocks[0].zone, instant);

    if (number % 3 == 0)
        return day_from_civil(2020 + (int)pick(12), 12, 20 + (int)pick(12)) * DAY_MS + pick(1440) * MINUTE_MS;
    if (stretch.to != INT64_MAX)
        instant = stretch.to - (int64_t)pick(number % 3 == 1 ? 4 : 100) * DAY_MS;
    return instant + pick(1440) * MINUTE_MS;
}

static void run_case(size_t number)
{
    seed = UINT64_C(0x9e3779b97f4a7c15) * (number + 1); /* a failing case replays by its number */
    clocks[0].zone = zones[pick(ZONES)];
    now = random_now(number);
    begin = now / DAY_MS * DAY_MS - LEAD_DAYS * DAY_MS;
    for (size_t i = 0; i < CLOCKS; i++)
        wind(&clocks[i], i == 0 ? clocks[0].zone : zones[pick(ZONES)]);
    for (size_t i = 0; i < CROWD; i++) {
        random_member(&crowd[i], &clocks[pick(CLOCKS)], i == 0 ? 1 : i < 4 ? 5 + pick(40) : 0);
        take_some(&crowd[i], i % 2 == 0 ? TRIES : pick(80));
    }
    for (size_t i = 0; i < SEARCHES; i++) {
        search_crowd();
        if (i == SEARCHES / 2)
            for (size_t j = 0; j < CROWD; j++)
                give_some_back(&crowd[j]);
    }
    for (size_t i = 0; i < CROWD; i++)
        calendar_destroy(crowd[i].calendar);
    for (size_t i = 0; i < CLOCKS; i++)
        calendar_today_destroy(clocks[i].today);
}

static void one_prepared_search_answers_for_many_calendars_as_the_oracle_does(void **state)
{
    enum { CASES = 60 };

    (void)state;
    for (size_t number = 0; number < CASES; number++)
        run_case(number);
    /* neither answer is rare, or the comparison would say little */
    assert_in_range(found_some, answered / 5, answered * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_prepared_search_answers_for_many_calendars_as_the_oracle_does)};
    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
