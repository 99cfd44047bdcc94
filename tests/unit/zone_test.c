#include "core/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    uint8_t bytes[8192];
    size_t size;
};

static struct file read_zone_file(const char *name)
{
    struct file zone_file;
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    zone_file.size = fread(zone_file.bytes, 1, sizeof zone_file.bytes, file);
    fclose(file);
    return zone_file;
}

static struct zone *zone_of(const char *name)
{
    struct file file = read_zone_file(name);
    struct fault fault = {{0}};
    struct zone *zone = zone_parse(name, file.bytes, file.size, &fault);

    if (zone == NULL)
        fail_msg("%s: %s", name, fault.text);
    return zone;
}

/* A version 2 file of one type, no change, and this footer. */
static struct file file_with_footer(const char *footer)
{
    static const uint8_t block[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                   "\0\0\0\0\0\0LMT";
    struct file file = {.size = 2 * sizeof block};

    memcpy(file.bytes, block, sizeof block);
    memcpy(file.bytes + sizeof block, block, sizeof block);
    file.size += (size_t)snprintf((char *)file.bytes + file.size, sizeof file.bytes - file.size, "\n%s\n", footer);
    return file;
}

static int64_t local_instant(const struct zone *zone, int year, int month, int day, int hour, int minute)
{
    return zone_instant(zone, day_from_civil(year, month, day), hour * 60 + minute);
}

static void assert_written(const struct zone *zone, int64_t instant, const char *expected)
{
    char text[32];

    instant_format(zone, instant, text, sizeof text);
    assert_string_equal(text, expected);
}

static void a_time_that_the_clocks_skip_is_the_instant_of_the_jump(void **state)
{
    struct zone *zone = zone_of("America/Kentucky/Louisville");

    (void)state;
    assert_written(zone, local_instant(zone, 2027, 3, 14, 1, 59), "2027-03-14T01:59:00-05:00");
    assert_written(zone, local_instant(zone, 2027, 3, 14, 2, 0), "2027-03-14T03:00:00-04:00");
    assert_written(zone, local_instant(zone, 2027, 3, 14, 2, 45), "2027-03-14T03:00:00-04:00");
    assert_written(zone, local_instant(zone, 2027, 3, 14, 3, 15), "2027-03-14T03:15:00-04:00");
    zone_destroy(zone);
}

static void a_time_that_comes_twice_is_its_first_coming(void **state)
{
    struct zone *zone = zone_of("Australia/Lord_Howe"); /* half an hour */

    (void)state;
    assert_written(zone, local_instant(zone, 2027, 4, 4, 1, 30), "2027-04-04T01:30:00+11:00");
    assert_written(zone, local_instant(zone, 2027, 4, 4, 1, 45), "2027-04-04T01:45:00+11:00");
    assert_written(zone, local_instant(zone, 2027, 4, 4, 2, 0), "2027-04-04T02:00:00+10:30");
    zone_destroy(zone);
}

static void days_last_as_long_as_the_clocks_say(void **state)
{
    struct zone *zone = zone_of("America/New_York");

    (void)state;
    for (int month = 1; month <= 12; month++)
        for (int day = 1; day <= 28; day++) {
            int64_t hours =
                (local_instant(zone, 2027, month, day, 24, 0) - local_instant(zone, 2027, month, day, 0, 0)) / HOUR_MS;
            int expected = month == 3 && day == 14 ? 23 : month == 11 && day == 7 ? 25 : 24;
            assert_int_equal(hours, expected);
        }
    zone_destroy(zone);
}

static void a_day_that_a_zone_left_out_is_empty(void **state)
{
    struct zone *zone = zone_of("Pacific/Apia"); /* there was no 30 December 2011 */

    (void)state;
    assert_int_equal(local_instant(zone, 2011, 12, 30, 0, 0), local_instant(zone, 2011, 12, 30, 24, 0));
    assert_written(zone, local_instant(zone, 2011, 12, 30, 12, 0), "2011-12-31T00:00:00+14:00");
    zone_destroy(zone);
}

static void a_stretch_lasts_from_change_to_change(void **state)
{
    struct zone *zone = zone_of("Europe/Dublin");
    struct zone_stretch winter = zone_stretch(zone, local_instant(zone, 2027, 1, 10, 0, 0));

    (void)state;
    assert_written(zone_utc(), winter.from, "2026-10-25T01:00:00+00:00");
    assert_written(zone_utc(), winter.to, "2027-03-28T01:00:00+00:00");
    assert_int_equal(winter.offset, 0);
    assert_int_equal(zone_stretch(zone, winter.to).offset, HOUR_MS);
    assert_int_equal(zone_stretch(zone_utc(), 0).from, INT64_MIN);
    zone_destroy(zone);
}

static void rules_reach_beyond_the_last_change_that_a_file_lists(void **state)
{
    struct zone *zone = zone_of("America/New_York");

    (void)state;
    assert_int_equal(zone_offset(zone, local_instant(zone, 2199, 7, 1, 12, 0)), -4 * HOUR_MS);
    assert_int_equal(zone_offset(zone, local_instant(zone, 2199, 12, 1, 12, 0)), -5 * HOUR_MS);
    zone_destroy(zone);
}

static void a_version_1_file_is_read(void **state)
{
    struct file file = read_zone_file("Asia/Kathmandu");
    struct fault fault;
    struct zone *zone;

    (void)state;
    file.bytes[4] = 0; /* the rest is then trailing data, which RFC 8536 section 4 lets readers pass over */
    zone = zone_parse("Asia/Kathmandu", file.bytes, file.size, &fault);
    if (zone == NULL)
        fail_msg("%s", fault.text);
    assert_string_equal(zone_name(zone), "Asia/Kathmandu");
    zone_destroy(zone);
}

static void every_cut_of_a_file_is_refused_with_a_text(void **state)
{
    struct file file = read_zone_file("America/Kentucky/Louisville");

    (void)state;
    for (size_t size = 0; size < file.size; size++) {
        struct fault fault = {{0}};
        uint8_t *cut = malloc(size == 0 ? 1 : size); /* on the heap, so that the sanitizer sees a read past it */
        assert_non_null(cut);
        memcpy(cut, file.bytes, size);
        assert_null(zone_parse("cut", cut, size, &fault));
        assert_true(strlen(fault.text) > 0);
        free(cut);
    }
}

static void assert_footer_refused(const char *footer)
{
    struct file file = file_with_footer(footer);
    struct fault fault = {{0}};
    struct zone *zone = zone_parse("Test/Footer", file.bytes, file.size, &fault);

    if (zone != NULL)
        fail_msg("the footer %s was taken", footer);
    assert_true(strlen(fault.text) > 0);
}

static void footers_that_are_no_rule_are_refused(void **state)
{
    static const char *const footers[] = {"EST",
                                          "ES5",
                                          "EST5EDT",
                                          "EST5EDT,M3.2.0",
                                          "EST5EDT,M3.2.0,M11.1.0,",
                                          "EST5EDT,M13.2.0,M11.1.0",
                                          "EST5EDT,M0.2.0,M11.1.0",
                                          "EST5EDT,M3.0.0,M11.1.0",
                                          "EST5EDT,M3.6.0,M11.1.0",
                                          "EST5EDT,M3.2.7,M11.1.0",
                                          "EST5EDT,J0,M11.1.0",
                                          "EST5EDT,J366,M11.1.0",
                                          "EST5EDT,366,M11.1.0",
                                          "EST5EDT,M3.2.0/168,M11.1.0",
                                          "EST5EDT,M3.2.0/2:60,M11.1.0",
                                          "EST25",
                                          "<ES>5",
                                          "<EST5",
                                          "EST5\001",
                                          "EST99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof footers / sizeof *footers; i++)
        assert_footer_refused(footers[i]);
}

static int64_t offset_on(const char *footer, int year, int month, int day)
{
    struct file file = file_with_footer(footer);
    struct fault fault = {{0}};
    struct zone *zone = zone_parse("Test/Footer", file.bytes, file.size, &fault);
    int64_t offset;

    if (zone == NULL)
        fail_msg("%s: %s", footer, fault.text);
    offset = zone_offset(zone, local_instant(zone, year, month, day, 12, 0));
    zone_destroy(zone);
    return offset;
}

/* glibc's date says the same of these */
static void days_counted_from_zero_count_the_leap_day_and_days_counted_from_one_do_not(void **state)
{
    static const char from_zero[] = "XXX3YYY,59/2,299/2", from_one[] = "XXX3YYY,J59/2,J300/2",
                      march[] = "XXX3YYY,J60/2,J300/2";

    (void)state;
    assert_int_equal(offset_on(from_zero, 2020, 2, 28), -3 * HOUR_MS);
    assert_int_equal(offset_on(from_zero, 2020, 2, 29), -2 * HOUR_MS);
    assert_int_equal(offset_on(from_zero, 2021, 2, 28), -3 * HOUR_MS);
    assert_int_equal(offset_on(from_zero, 2021, 3, 1), -2 * HOUR_MS);
    assert_int_equal(offset_on(from_one, 2020, 2, 27), -3 * HOUR_MS);
    assert_int_equal(offset_on(from_one, 2020, 2, 28), -2 * HOUR_MS);
    assert_int_equal(offset_on(march, 2020, 2, 29), -3 * HOUR_MS);
    assert_int_equal(offset_on(march, 2020, 3, 1), -2 * HOUR_MS);
    assert_int_equal(offset_on(march, 2021, 3, 1), -2 * HOUR_MS);
}

static void daylight_time_that_never_ends_is_all_year_round(void **state)
{
    (void)state;
    for (int month = 1; month <= 12; month++) {
        assert_int_equal(offset_on("XXX3YYY4,0/0,J365/23", 2027, month, 1), -4 * HOUR_MS);
        assert_int_equal(offset_on("XXX3YYY4,0/0,J365/23", 2028, month, 28), -4 * HOUR_MS);
    }
}

static void a_zone_that_counts_leap_seconds_is_refused(void **state)
{
    struct file file = read_zone_file("right/America/New_York");
    struct fault fault;

    (void)state;
    assert_null(zone_parse("right/America/New_York", file.bytes, file.size, &fault));
    assert_non_null(strstr(fault.text, "leap seconds"));
}

static void instants_and_days_outside_of_the_years_kept_are_clamped(void **state)
{
    struct zone *zone = zone_of("America/New_York");
    int32_t day, minute;

    (void)state;
    zone_local(zone, INT64_MIN, &day, &minute);
    assert_int_equal(day, day_from_civil(1899, 12, 31));
    zone_local(zone, INT64_MAX, &day, &minute);
    assert_int_equal(day, day_from_civil(2199, 12, 31));
    assert_int_equal(zone_instant(zone, INT32_MIN, 0), zone_instant(zone, day_from_civil(1900, 1, 1), 0));
    assert_int_equal(zone_instant(zone, INT32_MAX, INT32_MAX), zone_instant(zone, day_from_civil(2199, 12, 31), 1440));
    assert_written(zone_utc(), INT64_MAX, "2199-12-31T23:59:59+00:00");
    zone_destroy(zone);
}

static void days_and_dates_go_both_ways(void **state)
{
    int32_t expected = day_from_civil(1900, 1, 1);

    (void)state;
    assert_int_equal(day_from_civil(1970, 1, 1), 0);
    assert_int_equal(day_weekday(0), 3);
    assert_int_equal(day_weekday(-1), 2);
    assert_int_equal(day_weekday(INT32_MIN), day_weekday(INT32_MIN + 7));
    for (int32_t day = expected; day <= day_from_civil(2199, 12, 31); day++) {
        int year, month, day_of_month;
        int32_t parsed;
        char text[11];
        day_to_civil(day, &year, &month, &day_of_month);
        assert_int_equal(day_from_civil(year, month, day_of_month), day);
        day_format(day, text);
        assert_true(day_parse(text, &parsed));
        assert_int_equal(parsed, day);
    }
    assert_int_equal(day_from_civil(INT_MAX, INT_MIN, INT_MAX), day_from_civil(9999, 1, 31));
}

static void dates_that_do_not_exist_are_refused(void **state)
{
    static const char *const texts[] = {"",           "2026",       "2026-02-29", "2024-13-01", "2024-00-10",
                                        "2024-01-00", "1899-12-31", "2200-01-01", "2024-1-1",   "2024-01-011",
                                        "2024/01/01", "+024-01-01", "2024-01-1 ", "2024-04-31"};
    int32_t day;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(day_parse(texts[i], &day));
    assert_true(day_parse("2024-02-29", &day));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_that_the_clocks_skip_is_the_instant_of_the_jump),
        cmocka_unit_test(a_time_that_comes_twice_is_its_first_coming),
        cmocka_unit_test(days_last_as_long_as_the_clocks_say),
        cmocka_unit_test(a_day_that_a_zone_left_out_is_empty),
        cmocka_unit_test(a_stretch_lasts_from_change_to_change),
        cmocka_unit_test(rules_reach_beyond_the_last_change_that_a_file_lists),
        cmocka_unit_test(a_version_1_file_is_read),
        cmocka_unit_test(every_cut_of_a_file_is_refused_with_a_text),
        cmocka_unit_test(footers_that_are_no_rule_are_refused),
        cmocka_unit_test(days_counted_from_zero_count_the_leap_day_and_days_counted_from_one_do_not),
        cmocka_unit_test(daylight_time_that_never_ends_is_all_year_round),
        cmocka_unit_test(a_zone_that_counts_leap_seconds_is_refused),
        cmocka_unit_test(instants_and_days_outside_of_the_years_kept_are_clamped),
        cmocka_unit_test(days_and_dates_go_both_ways),
        cmocka_unit_test(dates_that_do_not_exist_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
