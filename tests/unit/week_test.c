#include "core/week.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define SPANS 16

static size_t parsed(const char *text, struct week_span spans[SPANS])
{
    struct fault fault = {{0}};
    size_t count = 0;

    assert_true(week_parse(text, spans, SPANS, &count, &fault));
    return count;
}

static void refused(const char *text, const char *expected)
{
    struct week_span spans[SPANS];
    struct fault fault = {{0}};
    size_t count = 0;

    assert_false(week_parse(text, spans, SPANS, &count, &fault));
    assert_string_equal(fault.text, expected);
}

static void days_are_ranges_and_lists(void **state)
{
    struct week_span spans[SPANS];

    (void)state;
    assert_int_equal(parsed("Mon-Fri 09:00-17:00", spans), 1);
    assert_int_equal(spans[0].weekdays, 0x1f);
    assert_int_equal(spans[0].from_minute, 540);
    assert_int_equal(spans[0].to_minute, 1020);
    assert_int_equal(parsed("monday , WED,Fri-Sat 8:05-24:00", spans), 1);
    assert_int_equal(spans[0].weekdays, 0x01 | 0x04 | 0x10 | 0x20);
    assert_int_equal(spans[0].from_minute, 485);
    assert_int_equal(spans[0].to_minute, 1440);
}

static void a_range_may_pass_sunday(void **state)
{
    struct week_span spans[SPANS];

    (void)state;
    assert_int_equal(parsed("Sat-Mon 10:00-11:00", spans), 1);
    assert_int_equal(spans[0].weekdays, 0x20 | 0x40 | 0x01);
}

static void an_item_has_several_times_and_may_have_no_days(void **state)
{
    struct week_span spans[SPANS];

    (void)state;
    assert_int_equal(parsed(" Tue 09:00-12:00, 13:00-17:00 ; 18:00-19:00;", spans), 3);
    assert_int_equal(spans[0].weekdays, 0x02);
    assert_int_equal(spans[1].weekdays, 0x02);
    assert_int_equal(spans[2].weekdays, 0);
    assert_int_equal(parsed("", spans), 0);
    assert_int_equal(parsed("  ", spans), 0);
}

static void what_is_wrong_is_named_by_item(void **state)
{
    (void)state;
    refused("Mon 09:00-17:00; Foo 09:00-10:00", "item 2: days are written Mon-Fri, or Mon,Wed");
    refused("Mo 09:00-17:00", "item 1: days are written Mon-Fri, or Mon,Wed");
    refused("Mon 9-17", "item 1: times are written 09:00-17:00");
    refused("Mon 09:60-17:00", "item 1: times are written 09:00-17:00");
    refused("Mon 09:00-24:01", "item 1: times are written 09:00-17:00");
    refused("Mon 17:00-09:00", "item 1: a time must end after it begins; one that passes midnight is two");
    refused("Mon 09:00-09:00", "item 1: a time must end after it begins; one that passes midnight is two");
    refused("Mon 09:00-10:00 Tue 09:00-10:00", "item 1: after the times comes nothing, or ';' and the next item");
    refused(
        "Mon 1:00-2:00,2:00-3:00,3:00-4:00,4:00-5:00,5:00-6:00,6:00-7:00,7:00-8:00,8:00-9:00,9:00-10:00,10:00-11:00,"
        "11:00-12:00,12:00-13:00,13:00-14:00,14:00-15:00,15:00-16:00,16:00-17:00,17:00-18:00",
        "item 1: there are more than 16 times");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_ranges_and_lists),
        cmocka_unit_test(a_range_may_pass_sunday),
        cmocka_unit_test(an_item_has_several_times_and_may_have_no_days),
        cmocka_unit_test(what_is_wrong_is_named_by_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
