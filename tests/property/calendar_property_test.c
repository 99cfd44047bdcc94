/*
 * The calendar against an oracle that walks minute by minute and knows nothing of how wall clocks become instants.
 *
 * The oracle asks only for the local time of each minute in turn, and keeps the latest wall clock time seen so far: hours and windows
 * begin when the wall clock first reaches their beginning, and end when it first reaches their end. That is the calendar's definition, told the
 * other way round.
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
    SPAN_DAYS = 8,
    LEAD_DAYS = 3, /* for the wall clock's high-water mark to settle */
    SPAN_MINUTES = (SPAN_DAYS + LEAD_DAYS) * 1440,
    CASES = 200,
    MAXIMUM_HOURS = 16,
    MAXIMUM_TAKES = 12
};

static uint64_t seed;

static uint32_t pick(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % below;
}

static const char *const names[] = {"America/New_York",    "America/Kentucky/Louisville",
                                    "Australia/Lord_Howe", "Europe/Dublin",
                                    "Africa/Casablanca",   "Pacific/Apia",
                                    "Asia/Kathmandu",      "America/St_Johns",
                                    "America/Havana",      "America/Santiago",
                                    "Asia/Beirut",         "America/Scoresbysund",
                                    "Antarctica/Troll",    "Africa/Cairo",
                                    "Pacific/Chatham",     "Asia/Singapore"};
#define ZONES (sizeof names / sizeof *names)
static struct zone *zones[ZONES];

static struct zone *read_zone(const char *name)
{
    static uint8_t bytes[65536];
    struct fault fault = {{0}};
    struct zone *zone;
    char path[256];
    size_t size;
    FILE *file;

    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    zone = zone_parse(name, bytes, size, &fault);
    if (zone == NULL)
        fail_msg("%s: %s", name, fault.text);
    return zone;
}

static int open_zones(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZONES; i++)
        zones[i] = read_zone(names[i]);
    return 0;
}

static int close_zones(void **state)
{
    (void)state;
    for (size_t i = 0; i < ZONES; i++)
        zone_destroy(zones[i]);
    return 0;
}

/* One case: a therapist, what is taken, a search, and a stretch of minutes to look at. */
struct scene {
    const struct zone *therapist_zone, *patient_zone;
    Fascia__Hours hours[MAXIMUM_HOURS], special[MAXIMUM_HOURS];
    Fascia__Hours *hours_list[MAXIMUM_HOURS], *special_list[MAXIMUM_HOURS];
    Fascia__HoursException exceptions[3];
    Fascia__HoursException *exception_list[3];
    char dates[3][11];
    Fascia__Therapist therapist;
    struct calendar_window windows[4];
    struct calendar_search search;
    int64_t begin, now; /* the first minute looked at */
    int32_t horizon_first_day;
    struct calendar *calendar;
    int64_t takes[MAXIMUM_TAKES][2];
    size_t take_count;
};

/* What the oracle knows of each minute from begin on. */
struct minute {
    bool free;
    int32_t day, minute; /* latest wall clock of the patient so far */
};
static struct minute minutes[SPAN_MINUTES];

static void random_stretch(Fascia__Hours *hours, uint32_t from_quarter, uint32_t to_quarter)
{
    uint32_t from = from_quarter + pick(to_quarter - from_quarter);

    fascia__hours__init(hours);
    hours->from_minute = from * 15;
    hours->to_minute = (from + 1 + pick(to_quarter - from)) * 15;
}

/* One or two stretches a day on most days, sometimes around the clock, often near the small hours in which clocks change. */
static void random_hours(struct scene *scene)
{
    size_t count = 0;

    for (uint32_t weekday = 0; weekday < 7; weekday++) {
        uint32_t kind = pick(6);
        if (kind == 0)
            continue;
        random_stretch(&scene->hours[count], 0, kind == 1 ? 16 : 48);
        if (kind == 2)
            scene->hours[count].from_minute = 0;
        scene->hours[count++].weekday = weekday;
        if (kind < 3)
            continue;
        random_stretch(&scene->hours[count], kind == 3 ? 80 : 48, 96);
        if (kind == 3)
            scene->hours[count].to_minute = 1440;
        scene->hours[count++].weekday = weekday;
    }
    for (size_t i = 0; i < count; i++)
        scene->hours_list[i] = &scene->hours[i];
    scene->therapist.hours = scene->hours_list;
    scene->therapist.n_hours = count;
}

static void random_exceptions(struct scene *scene)
{
    int32_t day = (int32_t)(scene->begin / DAY_MS) + LEAD_DAYS;
    size_t count = pick(4);

    for (size_t i = 0; i < count; i++, day += 1 + (int32_t)pick(3)) {
        fascia__hours_exception__init(&scene->exceptions[i]);
        day_format(day, scene->dates[i]);
        scene->exceptions[i].date = scene->dates[i];
        random_stretch(&scene->special[i], 0, 96);
        scene->special_list[i] = &scene->special[i];
        scene->exceptions[i].hours = &scene->special_list[i];
        scene->exceptions[i].n_hours = pick(2);
        scene->exception_list[i] = &scene->exceptions[i];
    }
    scene->therapist.exceptions = scene->exception_list;
    scene->therapist.n_exceptions = count;
}

static void random_search(struct scene *scene)
{
    scene->search = (struct calendar_search){
        .zone = scene->patient_zone, .windows = scene->windows, .window_count = pick(4), .quarters = 1 + pick(8)};
    for (size_t i = 0; i < scene->search.window_count; i++) {
        int from = (int)pick(1400);
        scene->windows[i] =
            (struct calendar_window){.weekdays = (uint8_t)pick(128),
                                     .from_minute = (int16_t)from,
                                     .to_minute = (int16_t)(from + 1 + (int)pick((uint32_t)(1440 - from)))};
        if (pick(3) == 0)
            scene->windows[i].to_minute = 1440;
        if (pick(4) == 0)
            scene->windows[i].from_minute = 0;
    }
    scene->search.not_before = scene->begin + LEAD_DAYS * DAY_MS + pick(1440) * MINUTE_MS;
    scene->search.not_after = scene->search.not_before + pick((SPAN_DAYS - 1) * 1440) * MINUTE_MS;
}

/* Mostly around a change of one of the two zones' clocks. */
static int64_t random_begin(const struct scene *scene, size_t number)
{
    const struct zone *zone = pick(2) == 0 ? scene->therapist_zone : scene->patient_zone;
    int year = number % 20 == 0 ? 1938 : 2020 + (int)pick(12); /* Singapore was 7:20 ahead then */
    int64_t instant = day_from_civil(year, 1 + (int)pick(12), 1 + (int)pick(28)) * DAY_MS;
    struct zone_stretch stretch = zone_stretch(zone, instant);

    if (stretch.to != INT64_MAX && pick(5) > 0)
        instant = stretch.to / DAY_MS * DAY_MS - 2 * DAY_MS;
    return instant - LEAD_DAYS * DAY_MS;
}

static void make_scene(struct scene *scene, size_t number)
{
    int32_t minute;

    memset(scene, 0, sizeof *scene);
    fascia__therapist__init(&scene->therapist);
    scene->therapist_zone = zones[pick(ZONES)];
    scene->patient_zone = pick(3) == 0 ? scene->therapist_zone : zones[pick(ZONES)];
    if (number % 20 == 0)
        scene->therapist_zone = zones[ZONES - 1];
    scene->begin = random_begin(scene, number);
    random_hours(scene);
    random_exceptions(scene);
    random_search(scene);
    /* now and then the stretch holds the calendar's beginning or its end */
    scene->now = scene->begin + (int64_t)pick(4) * DAY_MS;
    if (pick(4) == 0)
        scene->now -= (CALENDAR_DAYS - 2) * DAY_MS;
    zone_local(scene->therapist_zone, scene->now, &scene->horizon_first_day, &minute);
    scene->calendar = calendar_create(scene->therapist_zone, &scene->therapist);
    calendar_advance(scene->calendar, scene->now);
}

static bool is_working(const struct scene *scene, int32_t day, int32_t minute)
{
    for (size_t i = 0; i < scene->therapist.n_exceptions; i++) {
        const Fascia__HoursException *exception = &scene->exceptions[i];
        int32_t date;
        assert_true(day_parse(exception->date, &date));
        if (date == day)
            return exception->n_hours == 1 && (int32_t)exception->hours[0]->from_minute <= minute &&
                   minute < (int32_t)exception->hours[0]->to_minute;
    }
    for (size_t i = 0; i < scene->therapist.n_hours; i++)
        if ((int)scene->hours[i].weekday == day_weekday(day) && (int32_t)scene->hours[i].from_minute <= minute &&
            minute < (int32_t)scene->hours[i].to_minute)
            return true;
    return false;
}

static bool is_taken(const struct scene *scene, int64_t instant)
{
    for (size_t i = 0; i < scene->take_count; i++)
        if (scene->takes[i][0] <= instant && instant < scene->takes[i][1])
            return true;
    return false;
}

/* Raises the high-water mark of a wall clock to that of the instant. */
static void raise_clock(const struct zone *zone, int64_t instant, int32_t *day, int32_t *minute)
{
    int32_t local_day, local_minute;

    zone_local(zone, instant, &local_day, &local_minute);
    if (local_day > *day || (local_day == *day && local_minute > *minute)) {
        *day = local_day;
        *minute = local_minute;
    }
}

static void look_at_minutes(const struct scene *scene)
{
    int32_t day = 0, minute = 0, patient_day = INT32_MIN, patient_minute = 0;

    day = INT32_MIN;
    for (size_t i = 0; i < SPAN_MINUTES; i++) {
        int64_t instant = scene->begin + (int64_t)i * MINUTE_MS;
        raise_clock(scene->therapist_zone, instant, &day, &minute);
        raise_clock(scene->patient_zone, instant, &patient_day, &patient_minute);
        minutes[i].day = patient_day;
        minutes[i].minute = patient_minute;
        minutes[i].free = day >= scene->horizon_first_day && day < scene->horizon_first_day + CALENDAR_DAYS &&
                          is_working(scene, day, minute) && !is_taken(scene, instant);
    }
}

static bool oracle_is_free(const struct scene *scene, int64_t from, int64_t to)
{
    for (int64_t instant = from; instant < to; instant += MINUTE_MS)
        if (!minutes[(instant - scene->begin) / MINUTE_MS].free)
            return false;
    return true;
}

/* Every minute of the run lies in the same window of the same day. */
static bool oracle_allows(const struct scene *scene, int64_t from, int64_t to)
{
    const struct minute *first = &minutes[(from - scene->begin) / MINUTE_MS];

    if (from < scene->search.not_before || to > scene->search.not_after)
        return false;
    for (size_t i = 0; i < scene->search.window_count; i++) {
        const struct calendar_window *window = &scene->windows[i];
        bool inside = window->weekdays == 0 || (window->weekdays >> day_weekday(first->day) & 1) != 0;
        for (int64_t instant = from; inside && instant < to; instant += MINUTE_MS) {
            const struct minute *now = &minutes[(instant - scene->begin) / MINUTE_MS];
            inside = now->day == first->day && window->from_minute <= now->minute && now->minute < window->to_minute;
        }
        if (inside)
            return true;
    }
    return scene->search.window_count == 0;
}

static int64_t oracle_first_free(const struct scene *scene)
{
    int64_t length = scene->search.quarters * QUARTER_MS;

    int64_t first = scene->begin;

    while (first < scene->search.not_before)
        first += QUARTER_MS;
    for (int64_t from = first; from + length <= scene->search.not_after; from += QUARTER_MS)
        if (oracle_is_free(scene, from, from + length) && oracle_allows(scene, from, from + length))
            return from;
    return INT64_MAX;
}

/* begin lies on a quarter; years before 1970 are negative. */
static int64_t random_quarter(const struct scene *scene)
{
    return scene->begin + LEAD_DAYS * DAY_MS + pick((SPAN_DAYS - 1) * 96) * QUARTER_MS;
}

static bool overlaps_a_take(const struct scene *scene, int64_t from, int64_t to)
{
    for (size_t i = 0; i < scene->take_count; i++)
        if (scene->takes[i][0] < to && from < scene->takes[i][1])
            return true;
    return false;
}

static void take_some(struct scene *scene, size_t number)
{
    for (size_t i = 0; i < MAXIMUM_TAKES; i++) {
        int64_t from = random_quarter(scene), to = from + (1 + pick(12)) * QUARTER_MS;
        bool force = pick(2) == 0, overlap = overlaps_a_take(scene, from, to);
        bool expected = !overlap && (force || oracle_is_free(scene, from, to));
        if (calendar_take(scene->calendar, from, to, force) != expected)
            fail_msg("case %zu: taking was%s expected", number, expected ? "" : " not");
        if (!expected)
            continue;
        scene->takes[scene->take_count][0] = from;
        scene->takes[scene->take_count++][1] = to;
        look_at_minutes(scene);
    }
}

static void give_one_back(struct scene *scene, size_t number)
{
    size_t chosen;

    if (scene->take_count == 0)
        return;
    chosen = pick((uint32_t)scene->take_count);
    if (!calendar_is_taken(scene->calendar, scene->takes[chosen][0], scene->takes[chosen][1]) ||
        calendar_give(scene->calendar, scene->takes[chosen][0], scene->takes[chosen][1] + QUARTER_MS) ||
        !calendar_give(scene->calendar, scene->takes[chosen][0], scene->takes[chosen][1]) ||
        calendar_give(scene->calendar, scene->takes[chosen][0], scene->takes[chosen][1]))
        fail_msg("case %zu: giving back failed", number);
    scene->take_count--;
    memcpy(scene->takes[chosen], scene->takes[scene->take_count], sizeof scene->takes[chosen]);
    look_at_minutes(scene);
}

/* Every stretch between the bounds, whatever the windows. */
static size_t compare_stretches(struct scene scene, size_t number)
{
    const int64_t last = scene.search.not_after;
    size_t count = 0;

    scene.search.window_count = 0;
    for (int64_t from = scene.search.not_before;; count++) {
        int64_t begins, ends, expected_end, expected;
        bool found = calendar_next_stretch(scene.calendar, from, last, scene.search.quarters, &begins, &ends);

        scene.search.not_before = from;
        expected = expected_end = oracle_first_free(&scene);
        while (found && expected_end + QUARTER_MS <= last &&
               oracle_is_free(&scene, expected_end, expected_end + QUARTER_MS))
            expected_end += QUARTER_MS;
        if (found != (expected != INT64_MAX) || (found && (begins != expected || ends != expected_end)))
            fail_msg("case %zu: %s: the stretch after %lld is wrong", number, zone_name(scene.therapist_zone),
                     (long long)from);
        if (!found)
            return count;
        from = ends;
    }
}

static void compare(const struct scene *scene, size_t number)
{
    int64_t found = calendar_first_free(scene->calendar, &scene->search), expected = oracle_first_free(scene);

    if (found != expected)
        fail_msg("case %zu: %s for a patient in %s: found %lld, expected %lld", number,
                 zone_name(scene->therapist_zone), zone_name(scene->patient_zone), (long long)found,
                 (long long)expected);
    for (int i = 0; i < 50; i++) {
        int64_t from = random_quarter(scene), to = from + (1 + pick(8)) * QUARTER_MS;
        if (calendar_is_free(scene->calendar, from, to) != oracle_is_free(scene, from, to))
            fail_msg("case %zu: %s: is_free is wrong", number, zone_name(scene->therapist_zone));
        if (calendar_search_allows(&scene->search, from, to) != oracle_allows(scene, from, to))
            fail_msg("case %zu: %s: search_allows is wrong", number, zone_name(scene->patient_zone));
    }
}

static void the_calendar_agrees_with_the_oracle_around_clock_changes(void **state)
{
    static struct scene scene;
    size_t found = 0, stretches = 0;

    (void)state;
    for (size_t number = 0; number < CASES; number++) {
        seed = UINT64_C(0x9e3779b97f4a7c15) * (number + 1); /* a failing case replays by its number */
        make_scene(&scene, number);
        look_at_minutes(&scene);
        compare(&scene, number);
        take_some(&scene, number);
        compare(&scene, number);
        stretches += compare_stretches(scene, number);
        give_one_back(&scene, number);
        compare(&scene, number);
        found += calendar_first_free(scene.calendar, &scene.search) != INT64_MAX;
        calendar_destroy(scene.calendar);
    }
    /* neither answer is rare, or the comparison would say little */
    assert_in_range(found, CASES / 5, CASES * 4 / 5);
    assert_true(stretches > CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_calendar_agrees_with_the_oracle_around_clock_changes)};
    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
