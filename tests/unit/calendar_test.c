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

static struct zone *louisville, *lord_howe, *kathmandu, *dublin;

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
    louisville = read_zone("America/Kentucky/Louisville");
    lord_howe = read_zone("Australia/Lord_Howe");
    kathmandu = read_zone("Asia/Kathmandu");
    dublin = read_zone("Europe/Dublin");
    return 0;
}

static int close_zones(void **state)
{
    (void)state;
    zone_destroy(louisville);
    zone_destroy(lord_howe);
    zone_destroy(kathmandu);
    zone_destroy(dublin);
    return 0;
}

/* A therapist with the same stretch of hours on every day, and up to two exceptions. */
struct person {
    Fascia__Hours hours[7], special;
    Fascia__Hours *list[7], *special_list[1];
    Fascia__HoursException exceptions[2], *exception_list[2];
    Fascia__Therapist therapist;
};

static void make_person(struct person *person, uint32_t from_minute, uint32_t to_minute)
{
    memset(person, 0, sizeof *person);
    fascia__therapist__init(&person->therapist);
    for (uint32_t weekday = 0; weekday < 7; weekday++) {
        fascia__hours__init(&person->hours[weekday]);
        person->hours[weekday].weekday = weekday;
        person->hours[weekday].from_minute = from_minute;
        person->hours[weekday].to_minute = to_minute;
        person->list[weekday] = &person->hours[weekday];
    }
    person->therapist.hours = person->list;
    person->therapist.n_hours = 7;
}

static void add_exception(struct person *person, char *date, uint32_t from_minute, uint32_t to_minute)
{
    Fascia__HoursException *exception = &person->exceptions[person->therapist.n_exceptions];

    fascia__hours_exception__init(exception);
    exception->date = date;
    if (from_minute < to_minute) {
        fascia__hours__init(&person->special);
        person->special.from_minute = from_minute;
        person->special.to_minute = to_minute;
        person->special_list[0] = &person->special;
        exception->hours = person->special_list;
        exception->n_hours = 1;
    }
    person->exception_list[person->therapist.n_exceptions++] = exception;
    person->therapist.exceptions = person->exception_list;
}

static int64_t at(const struct zone *zone, const char *date, int32_t minute)
{
    int32_t day;

    assert_true(day_parse(date, &day));
    return zone_instant(zone, day, minute);
}

static struct calendar *calendar_of(struct person *person, const struct zone *zone, const char *today)
{
    struct calendar *calendar = calendar_create(zone, &person->therapist);

    calendar_advance(calendar, at(zone, today, 600));
    return calendar;
}

static struct calendar_search search_of(const struct zone *zone, int64_t not_before, uint32_t quarters)
{
    return (struct calendar_search){
        .zone = zone, .not_before = not_before, .not_after = INT64_MAX, .quarters = quarters};
}

/* How many free quarters [from, to) has. */
static int count_free(const struct calendar *calendar, int64_t from, int64_t to)
{
    int count = 0;

    for (; from < to; from += QUARTER_MS)
        count += calendar_is_free(calendar, from, from + QUARTER_MS);
    return count;
}

static int free_on(const struct calendar *calendar, const struct zone *zone, const char *date)
{
    return count_free(calendar, at(zone, date, 0), at(zone, date, 1440));
}

static void nine_to_five_is_eight_hours_on_days_whose_clocks_change_at_night(void **state)
{
    struct person person;
    struct calendar *calendar;

    (void)state;
    make_person(&person, 540, 1020);
    calendar = calendar_of(&person, louisville, "2027-03-01");
    assert_int_equal(free_on(calendar, louisville, "2027-03-13"), 32);
    assert_int_equal(free_on(calendar, louisville, "2027-03-14"), 32);
    assert_int_equal(free_on(calendar, louisville, "2027-03-15"), 32);
    calendar_destroy(calendar);
}

static void hours_around_the_clock_have_as_many_hours_as_the_day(void **state)
{
    struct person person;
    struct calendar *calendar;

    (void)state;
    make_person(&person, 0, 1440);
    calendar = calendar_of(&person, louisville, "2027-03-01");
    assert_int_equal(free_on(calendar, louisville, "2027-03-14"), 23 * 4);
    calendar_advance(calendar, at(louisville, "2027-11-01", 0));
    assert_int_equal(free_on(calendar, louisville, "2027-11-07"), 25 * 4);
    calendar_destroy(calendar);
    calendar = calendar_of(&person, lord_howe, "2027-04-01"); /* its clocks move by half an hour */
    assert_int_equal(free_on(calendar, lord_howe, "2027-04-04"), 98);
    calendar_advance(calendar, at(lord_howe, "2027-10-01", 0));
    assert_int_equal(free_on(calendar, lord_howe, "2027-10-03"), 94);
    calendar_destroy(calendar);
}

static void hours_that_the_clocks_skip_are_not_there(void **state)
{
    struct person person;
    struct calendar *calendar;

    (void)state;
    make_person(&person, 90, 150); /* 1:30 to 2:30 */
    calendar = calendar_of(&person, louisville, "2027-03-01");
    assert_int_equal(free_on(calendar, louisville, "2027-03-13"), 4);
    assert_int_equal(free_on(calendar, louisville, "2027-03-14"), 2);
    calendar_destroy(calendar);
}

static void an_exception_replaces_the_hours_of_its_date_or_closes_it(void **state)
{
    struct person person;
    struct calendar *calendar;
    struct calendar_search search;

    (void)state;
    make_person(&person, 540, 1020);
    add_exception(&person, "2027-06-08", 0, 0);
    add_exception(&person, "2027-06-07", 1200, 1260);
    calendar = calendar_of(&person, louisville, "2027-06-07");
    search = search_of(louisville, at(louisville, "2027-06-07", 0), 4);
    assert_int_equal(calendar_first_free(calendar, &search), at(louisville, "2027-06-07", 1200));
    assert_int_equal(free_on(calendar, louisville, "2027-06-08"), 0);
    search.not_before = at(louisville, "2027-06-07", 1230);
    assert_int_equal(calendar_first_free(calendar, &search), at(louisville, "2027-06-09", 540));
    calendar_destroy(calendar);
}

static void what_is_taken_is_not_free_until_it_is_given_back(void **state)
{
    struct person person;
    struct calendar *calendar;
    int64_t nine = at(louisville, "2027-06-07", 540);

    (void)state;
    make_person(&person, 540, 1020);
    calendar = calendar_of(&person, louisville, "2027-06-07");
    assert_true(calendar_take(calendar, nine, nine + HOUR_MS, false));
    assert_false(calendar_take(calendar, nine, nine + HOUR_MS, false));
    assert_false(calendar_take(calendar, nine + 3 * QUARTER_MS, nine + 2 * HOUR_MS, true)); /* overlap, even by force */
    assert_true(calendar_take(calendar, nine + HOUR_MS, nine + 2 * HOUR_MS, false));
    assert_false(calendar_is_free(calendar, nine, nine + QUARTER_MS));
    assert_true(calendar_is_taken(calendar, nine, nine + HOUR_MS));
    assert_false(calendar_is_taken(calendar, nine, nine + 2 * HOUR_MS));
    assert_false(calendar_give(calendar, nine, nine + 2 * HOUR_MS));
    assert_true(calendar_give(calendar, nine, nine + HOUR_MS));
    assert_true(calendar_is_free(calendar, nine, nine + HOUR_MS));
    assert_false(calendar_give(calendar, nine, nine + HOUR_MS));
    calendar_destroy(calendar);
}

static void force_takes_outside_of_hours_and_of_the_horizon(void **state)
{
    struct person person;
    struct calendar *calendar;
    int64_t night = at(louisville, "2027-06-07", 120), past = at(louisville, "2027-01-04", 540);

    (void)state;
    make_person(&person, 540, 1020);
    calendar = calendar_of(&person, louisville, "2027-06-07");
    assert_false(calendar_take(calendar, night, night + HOUR_MS, false));
    assert_true(calendar_take(calendar, night, night + HOUR_MS, true));
    assert_false(calendar_take(calendar, past, past + HOUR_MS, false));
    assert_true(calendar_take(calendar, past, past + HOUR_MS, true));
    assert_true(calendar_give(calendar, past, past + HOUR_MS));
    calendar_destroy(calendar);
}

static void a_take_of_any_length_is_given_back_only_as_a_whole(void **state)
{
    const int64_t lengths[] = {1, 254, 255, 256, 257, 510, 511, 5000};
    struct person person;
    struct calendar *calendar;
    int64_t from = at(louisville, "2027-06-07", 540);

    (void)state;
    make_person(&person, 0, 1440);
    calendar = calendar_of(&person, louisville, "2027-06-07");
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        int64_t to = from + lengths[i] * QUARTER_MS, part = from + 255 * QUARTER_MS;
        assert_true(calendar_take(calendar, to, to + QUARTER_MS, false)); /* one that adjoins is another */
        assert_true(calendar_take(calendar, from, to, false));
        assert_true(calendar_is_taken(calendar, from, to));
        assert_false(calendar_is_taken(calendar, from, to + QUARTER_MS));
        assert_false(calendar_is_taken(calendar, from, to - QUARTER_MS));
        assert_false(calendar_take(calendar, to - QUARTER_MS, to, true));
        if (to > part) {
            assert_false(calendar_is_taken(calendar, from, part));
            assert_false(calendar_give(calendar, part, to));
        }
        assert_false(calendar_is_free(calendar, to - QUARTER_MS, to));
        assert_true(calendar_is_free(calendar, from - QUARTER_MS, from));
        assert_true(calendar_give(calendar, from, to));
        assert_true(calendar_is_free(calendar, from, to));
        assert_true(calendar_give(calendar, to, to + QUARTER_MS));
    }
    assert_true(calendar_take(calendar, at(louisville, "1901-01-01", 0), at(louisville, "2199-01-01", 0), true));
    assert_true(calendar_give(calendar, at(louisville, "1901-01-01", 0), at(louisville, "2199-01-01", 0)));
    calendar_destroy(calendar);
}

static void a_therapist_with_forty_bookings_takes_four_cache_lines(void **state)
{
    struct person person;
    struct calendar *calendar;
    int64_t from = at(louisville, "2027-06-07", 540);

    (void)state;
    make_person(&person, 540, 1020);
    add_exception(&person, "2027-07-05", 0, 0);
    calendar = calendar_of(&person, louisville, "2027-06-07");
    for (int i = 0; i < 40; i++)
        assert_true(calendar_take(calendar, from + i % 8 * HOUR_MS + i / 8 * DAY_MS,
                                  from + (i % 8 + 1) * HOUR_MS + i / 8 * DAY_MS, false));
    assert_in_range(calendar_bytes(calendar), 64, 4 * 64 - 8); /* malloc's own are 8 */
    calendar_destroy(calendar);
}

static void calendars_that_share_a_day_move_together(void **state)
{
    struct calendar_today *today = calendar_today_create(louisville);
    int64_t monday = at(louisville, "2027-06-07", 0);
    struct calendar *calendars[2];
    struct person person;

    (void)state;
    make_person(&person, 0, 1440);
    for (int i = 0; i < 2; i++)
        calendars[i] = calendar_create_on(today, &person.therapist);
    assert_true(calendar_today_end(today) < monday);
    for (int day = 0; day < 2; day++) {
        int64_t begin = monday + day * DAY_MS, end = begin + CALENDAR_DAYS * DAY_MS;
        calendar_today_advance(today, begin + HOUR_MS);
        assert_int_equal(calendar_today_end(today), begin + DAY_MS);
        for (int i = 0; i < 2; i++) {
            assert_false(calendar_is_free(calendars[i], begin - QUARTER_MS, begin));
            assert_true(calendar_is_free(calendars[i], begin, begin + QUARTER_MS));
            assert_true(calendar_is_free(calendars[i], end - QUARTER_MS, end));
            assert_false(calendar_is_free(calendars[i], end, end + QUARTER_MS));
        }
    }
    for (int i = 0; i < 2; i++)
        calendar_destroy(calendars[i]);
    calendar_today_destroy(today);
}

static void only_whole_quarters_in_known_years_are_taken(void **state)
{
    struct person person;
    struct calendar *calendar;
    int64_t nine = at(louisville, "2027-06-07", 540);

    (void)state;
    make_person(&person, 540, 1020);
    calendar = calendar_of(&person, louisville, "2027-06-07");
    assert_false(calendar_take(calendar, nine + 1, nine + HOUR_MS, true));
    assert_false(calendar_take(calendar, nine, nine + HOUR_MS - 1, true));
    assert_false(calendar_take(calendar, nine, nine, true));
    assert_false(calendar_take(calendar, nine + HOUR_MS, nine, true));
    assert_false(calendar_take(calendar, INT64_MIN, INT64_MAX, true));
    assert_false(calendar_is_free(calendar, INT64_MIN, INT64_MAX));
    calendar_destroy(calendar);
}

static void nothing_is_free_outside_of_the_horizon(void **state)
{
    struct person person;
    struct calendar *calendar;
    int64_t today = at(louisville, "2027-06-07", 0), end = at(louisville, "2027-09-27", 0);

    (void)state;
    make_person(&person, 0, 1440);
    calendar = calendar_create(louisville, &person.therapist);
    assert_false(calendar_is_free(calendar, today, today + QUARTER_MS)); /* before the first advance */
    calendar_advance(calendar, today + 5 * HOUR_MS);
    assert_true(calendar_is_free(calendar, today, today + QUARTER_MS));
    assert_false(calendar_is_free(calendar, today - QUARTER_MS, today));
    assert_true(calendar_is_free(calendar, end - QUARTER_MS, end));
    assert_false(calendar_is_free(calendar, end, end + QUARTER_MS));
    calendar_advance(calendar, today + DAY_MS);
    assert_false(calendar_is_free(calendar, today, today + QUARTER_MS));
    assert_true(calendar_is_free(calendar, end, end + QUARTER_MS));
    calendar_destroy(calendar);
}

static void a_run_may_go_over_midnight_where_hours_adjoin_but_not_out_of_a_window(void **state)
{
    struct calendar_window evening = {.from_minute = 1380, .to_minute = 1440};
    struct person person;
    struct calendar *calendar;
    struct calendar_search search;

    (void)state;
    make_person(&person, 0, 1440);
    calendar = calendar_of(&person, louisville, "2027-06-07");
    search = search_of(louisville, at(louisville, "2027-06-07", 1395), 8);
    assert_int_equal(calendar_first_free(calendar, &search), search.not_before);
    search.windows = &evening;
    search.window_count = 1;
    assert_int_equal(calendar_first_free(calendar, &search), INT64_MAX);
    search.quarters = 4;
    assert_int_equal(calendar_first_free(calendar, &search), at(louisville, "2027-06-08", 1380));
    calendar_destroy(calendar);
}

static void a_run_over_midnight_into_a_day_that_skips_an_hour_has_an_hour_less(void **state)
{
    struct person person;
    struct calendar *calendar;
    struct calendar_search search;

    (void)state;
    make_person(&person, 0, 210); /* to 3:30, and from 22:00 */
    for (int weekday = 0; weekday < 6; weekday++)
        person.hours[weekday] =
            (Fascia__Hours){.base = person.hours[0].base, .weekday = 6, .from_minute = 1320, .to_minute = 1440};
    person.hours[5].weekday = 5;
    person.list[0] = &person.hours[4];
    person.list[1] = &person.hours[5];
    person.list[2] = &person.hours[6];
    person.therapist.n_hours = 3; /* Saturday and Sunday evening, Sunday before dawn */
    calendar = calendar_of(&person, louisville, "2027-03-01");
    search = search_of(louisville, at(louisville, "2027-03-07", 0), 20);
    assert_int_equal(calendar_first_free(calendar, &search), at(louisville, "2027-03-20", 1320));
    search.quarters = 18;
    assert_int_equal(calendar_first_free(calendar, &search), at(louisville, "2027-03-13", 1320));
    calendar_destroy(calendar);
}

static void windows_of_the_day_on_which_the_patients_clocks_change_are_right(void **state)
{
    struct calendar_window early = {.weekdays = 0x40, .from_minute = 120, .to_minute = 240};
    struct person person;
    struct calendar *calendar;
    struct calendar_search search;

    (void)state;
    make_person(&person, 0, 1440);
    calendar = calendar_of(&person, louisville, "2027-03-20");
    search = search_of(dublin, at(dublin, "2027-03-27", 0), 8); /* in Dublin clocks go forward on the 28th */
    search.windows = &early;
    search.window_count = 1;
    assert_int_equal(calendar_first_free(calendar, &search), at(dublin, "2027-03-28", 120));
    calendar_destroy(calendar);
}

static void windows_are_told_by_the_patients_clock(void **state)
{
    struct calendar_window monday = {.weekdays = 1, .from_minute = 540, .to_minute = 600};
    struct person person;
    struct calendar *calendar;
    struct calendar_search search;
    int64_t expected = at(kathmandu, "2027-06-14", 540); /* 5:45 ahead of Greenwich: still Sunday night in Louisville */

    (void)state;
    make_person(&person, 1260, 1440);
    calendar = calendar_of(&person, louisville, "2027-06-08");
    search = search_of(kathmandu, at(louisville, "2027-06-08", 0), 3);
    search.windows = &monday;
    search.window_count = 1;
    assert_int_equal(calendar_first_free(calendar, &search), expected);
    assert_true(calendar_search_allows(&search, expected, expected + HOUR_MS));
    assert_false(calendar_search_allows(&search, expected, expected + HOUR_MS + QUARTER_MS));
    assert_false(calendar_search_allows(&search, expected + DAY_MS, expected + DAY_MS + HOUR_MS));
    search.not_after = expected + 3 * QUARTER_MS - 1;
    assert_int_equal(calendar_first_free(calendar, &search), INT64_MAX);
    calendar_destroy(calendar);
}

static void a_search_without_bounds_or_sense_ends(void **state)
{
    struct person person;
    struct calendar *calendar;
    struct calendar_search search = {.zone = NULL, .not_before = INT64_MIN, .not_after = INT64_MAX, .quarters = 1};

    (void)state;
    make_person(&person, 540, 1020);
    calendar = calendar_of(&person, louisville, "2027-06-07");
    assert_int_equal(calendar_first_free(calendar, &search), at(louisville, "2027-06-07", 540));
    search.quarters = 0;
    assert_int_equal(calendar_first_free(calendar, &search), INT64_MAX);
    search.quarters = 33; /* longer than the hours of a day */
    assert_int_equal(calendar_first_free(calendar, &search), INT64_MAX);
    search = search_of(louisville, INT64_MAX, 1);
    assert_int_equal(calendar_first_free(calendar, &search), INT64_MAX);
    calendar_destroy(calendar);
}

static void assert_wrong(struct person *person, const char *expected)
{
    struct fault fault = {{0}};

    assert_false(calendar_check_hours(&person->therapist, &fault));
    assert_string_equal(fault.text, expected);
}

static void hours_that_are_wrong_are_named(void **state)
{
    struct person person;
    struct fault fault;

    (void)state;
    make_person(&person, 540, 1020);
    assert_true(calendar_check_hours(&person.therapist, &fault));
    person.hours[2].from_minute = 541;
    assert_wrong(&person, "hours entry 3: times are multiples of 15 minutes");
    person.hours[2].from_minute = 1020;
    assert_wrong(&person, "hours entry 3: the beginning is not before the end");
    person.hours[2].to_minute = 1455;
    assert_wrong(&person, "hours entry 3: the end is at most 1440, which is midnight");
    make_person(&person, 540, 1020);
    person.hours[6].weekday = 0;
    assert_wrong(&person, "hours entry 7: it overlaps with an entry before it");
    person.hours[6].weekday = 7;
    assert_wrong(&person, "hours entry 7: the weekday is 0 for Monday to 6 for Sunday");
}

static void exceptions_that_are_wrong_are_named(void **state)
{
    struct person person;

    (void)state;
    make_person(&person, 540, 1020);
    add_exception(&person, "2027-02-29", 0, 0);
    assert_wrong(&person, "exception 1: its date is no date of the form YYYY-MM-DD");
    make_person(&person, 540, 1020);
    add_exception(&person, "2027-02-28", 0, 0);
    add_exception(&person, "2027-02-28", 540, 600);
    assert_wrong(&person, "exceptions 1 and 2 are for the same date; put their hours into one");
    person.exceptions[1].date = (char[]){"2027-03-01"};
    person.special.to_minute = 601;
    assert_wrong(&person, "exception 2: hours entry 1: times are multiples of 15 minutes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nine_to_five_is_eight_hours_on_days_whose_clocks_change_at_night),
        cmocka_unit_test(hours_around_the_clock_have_as_many_hours_as_the_day),
        cmocka_unit_test(hours_that_the_clocks_skip_are_not_there),
        cmocka_unit_test(an_exception_replaces_the_hours_of_its_date_or_closes_it),
        cmocka_unit_test(what_is_taken_is_not_free_until_it_is_given_back),
        cmocka_unit_test(force_takes_outside_of_hours_and_of_the_horizon),
        cmocka_unit_test(a_take_of_any_length_is_given_back_only_as_a_whole),
        cmocka_unit_test(a_therapist_with_forty_bookings_takes_four_cache_lines),
        cmocka_unit_test(calendars_that_share_a_day_move_together),
        cmocka_unit_test(only_whole_quarters_in_known_years_are_taken),
        cmocka_unit_test(nothing_is_free_outside_of_the_horizon),
        cmocka_unit_test(a_run_may_go_over_midnight_where_hours_adjoin_but_not_out_of_a_window),
        cmocka_unit_test(a_run_over_midnight_into_a_day_that_skips_an_hour_has_an_hour_less),
        cmocka_unit_test(windows_of_the_day_on_which_the_patients_clocks_change_are_right),
        cmocka_unit_test(windows_are_told_by_the_patients_clock),
        cmocka_unit_test(a_search_without_bounds_or_sense_ends),
        cmocka_unit_test(hours_that_are_wrong_are_named),
        cmocka_unit_test(exceptions_that_are_wrong_are_named)};
    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
