#include "ctl/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static struct ctl_zones *zones;

static int make_zones(void **state)
{
    (void)state;
    zones = ctl_zones_create();
    return 0;
}

static int drop_zones(void **state)
{
    (void)state;
    ctl_zones_destroy(zones);
    return 0;
}

static int64_t parsed(const char *zone, const char *text)
{
    struct fault fault = {{0}};
    int64_t instant = 0;

    if (!ctl_when_parse(zone != NULL ? ctl_zone(zones, zone) : NULL, text, &instant, &fault))
        fail_msg("%s: %s", text, fault.text);
    return instant;
}

static void refused(const char *zone, const char *text, const char *expected)
{
    struct fault fault = {{0}};
    int64_t instant = 0;

    assert_false(ctl_when_parse(zone != NULL ? ctl_zone(zones, zone) : NULL, text, &instant, &fault));
    assert_string_equal(fault.text, expected);
}

static void a_time_with_an_offset_needs_no_zone(void **state)
{
    (void)state;
    assert_int_equal(parsed(NULL, "2026-12-03T09:15:00-05:00"), INT64_C(1796307300000));
    assert_int_equal(parsed(NULL, "2026-12-03T14:15:00Z"), INT64_C(1796307300000));
    assert_int_equal(parsed(NULL, "2026-12-03 19:45:00.25+05:30"), INT64_C(1796307300000));
}

static void a_wall_clock_time_is_of_its_zone(void **state)
{
    (void)state;
    assert_int_equal(parsed("America/New_York", "2026-12-03 09:15"), INT64_C(1796307300000));
    assert_int_equal(parsed("America/New_York", "2026-07-03T10:15"), parsed(NULL, "2026-07-03T10:15:00-04:00"));
    refused(NULL, "2026-12-03 09:15", "the time needs an offset, such as 2026-12-03T09:15:00-05:00, or --zone");
}

static void a_time_that_the_clocks_skip_is_refused(void **state)
{
    (void)state;
    refused("America/New_York", "2026-03-08 02:30",
            "the clocks of America/New_York skip this time; the next that exists is 03:00");
    assert_int_equal(parsed("America/New_York", "2026-03-08 03:00"), parsed(NULL, "2026-03-08T07:00:00Z"));
}

static void a_time_that_comes_twice_asks_for_its_offset(void **state)
{
    (void)state;
    refused("America/New_York", "2026-11-01 01:30",
            "the clocks of America/New_York show this time twice: write 2026-11-01T01:30:00-04:00 or "
            "2026-11-01T01:30:00-05:00");
    assert_int_equal(parsed("America/New_York", "2026-11-01 00:59"), parsed(NULL, "2026-11-01T04:59:00Z"));
    assert_int_equal(parsed("America/New_York", "2026-11-01 02:00"), parsed(NULL, "2026-11-01T07:00:00Z"));
    /* half an hour, and on the other side of the earth */
    refused("Australia/Lord_Howe", "2026-04-05 01:45",
            "the clocks of Australia/Lord_Howe show this time twice: write 2026-04-05T01:45:00+11:00 or "
            "2026-04-05T01:45:00+10:30");
}

static void what_is_no_time_is_refused(void **state)
{
    const char *wrong[] = {"",
                           "2026-12-03",
                           "2026-02-30 09:15",
                           "2026-12-03 24:15",
                           "2026-12-03 9:15",
                           "tomorrow at ten",
                           "2026-12-03x09:15"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused("America/New_York", wrong[i],
                "a time is written 2026-12-03T09:15:00-05:00, or 2026-12-03 09:15 by the clock of a zone");
    refused("America/New_York", "2026-12-03 09:15 EST", "after the time comes nothing, Z, or an offset such as -05:00");
}

static void a_zone_is_found_only_among_the_zones(void **state)
{
    (void)state;
    assert_non_null(ctl_zone(zones, "Europe/Berlin"));
    assert_ptr_equal(ctl_zone(zones, "Europe/Berlin"), ctl_zone(zones, "Europe/Berlin"));
    assert_null(ctl_zone(zones, "Europe/Atlantis"));
    assert_null(ctl_zone(zones, "../../../etc/passwd"));
    assert_null(ctl_zone(zones, "/etc/localtime"));
    assert_non_null(ctl_zone(zones, ""));
}

static void an_instant_is_shown_with_weekday_and_offset(void **state)
{
    char text[40];

    (void)state;
    assert_string_equal(ctl_when(ctl_zone(zones, "America/New_York"), INT64_C(1796307300000), text),
                        "Thu 2026-12-03 09:15 -05:00");
    assert_string_equal(ctl_when(ctl_zone(zones, "Asia/Kolkata"), INT64_C(1796307300000), text),
                        "Thu 2026-12-03 19:45 +05:30");
    assert_string_equal(ctl_when(ctl_zone(zones, "Asia/Kolkata"), 0, text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_with_an_offset_needs_no_zone),
        cmocka_unit_test(a_wall_clock_time_is_of_its_zone),
        cmocka_unit_test(a_time_that_the_clocks_skip_is_refused),
        cmocka_unit_test(a_time_that_comes_twice_asks_for_its_offset),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_zone_is_found_only_among_the_zones),
        cmocka_unit_test(an_instant_is_shown_with_weekday_and_offset),
    };
    return cmocka_run_group_tests(tests, make_zones, drop_zones);
}
