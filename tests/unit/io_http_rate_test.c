#include "io/http_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <string.h>

static const uint8_t four[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [15] = 7};

static int taken(struct http_rate *rate, const uint8_t address[16], int64_t now, int tries)
{
    int count = 0;

    for (; tries > 0; tries--)
        count += http_rate_take(rate, address, now) == 0;
    return count;
}

static void a_bucket_holds_two_seconds_and_fills_again(void **state)
{
    struct http_rate *rate = http_rate_create(10, 1);

    (void)state;
    assert_int_equal(taken(rate, four, 1000, 100), 20);
    assert_int_equal(http_rate_take(rate, four, 1000), 100);
    assert_int_equal(http_rate_take(rate, four, 1060), 40);
    assert_int_equal(taken(rate, four, 1100, 5), 1);
    assert_int_equal(taken(rate, four, 1600, 100), 5);
    assert_int_equal(taken(rate, four, 1000000, 100), 20);
    http_rate_destroy(rate);
}

static void over_any_time_no_more_than_the_rate_passes(void **state)
{
    struct http_rate *rate = http_rate_create(7, 1);
    int64_t now;
    int count = 0;

    (void)state;
    for (now = 0; now < 100000; now += 3)
        count += taken(rate, four, now, 1);
    assert_in_range(count, 7 * 100 + 13, 7 * 100 + 14);
    http_rate_destroy(rate);
}

static void addresses_do_not_share(void **state)
{
    struct http_rate *rate = http_rate_create(1, 1);
    uint8_t other[16];

    (void)state;
    memcpy(other, four, sizeof other);
    other[15] = 8;
    assert_int_equal(taken(rate, four, 0, 9), 2);
    assert_int_equal(taken(rate, other, 0, 9), 2);
    http_rate_destroy(rate);
}

static void a_network_of_ipv6_is_one(void **state)
{
    struct http_rate *rate = http_rate_create(1, 1);
    uint8_t one[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, two[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2},
            far[16] = {0x20, 0x01, 0x0d, 0xb9, [15] = 1};

    (void)state;
    assert_int_equal(taken(rate, one, 0, 9), 2);
    assert_int_equal(taken(rate, two, 0, 9), 0);
    assert_int_equal(taken(rate, far, 0, 9), 2);
    http_rate_destroy(rate);
}

/* Whoever is limited stays so while a million others come by, each once. */
static void a_crowd_does_not_make_a_flood_forgotten(void **state)
{
    struct http_rate *rate = http_rate_create(1, 99);
    uint8_t other[16];
    int i, passed = 0;

    (void)state;
    memcpy(other, four, sizeof other);
    assert_int_equal(taken(rate, four, 0, 9), 2);
    for (i = 0; i < 1000000; i++) {
        memcpy(other + 12, &i, sizeof i);
        if (memcmp(other, four, sizeof other) != 0)
            (void)http_rate_take(rate, other, 0);
        passed += i % 1000 == 0 && http_rate_take(rate, four, 0) == 0;
    }
    assert_int_equal(passed, 0);
    http_rate_destroy(rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_holds_two_seconds_and_fills_again),
        cmocka_unit_test(over_any_time_no_more_than_the_rate_passes),
        cmocka_unit_test(addresses_do_not_share),
        cmocka_unit_test(a_network_of_ipv6_is_one),
        cmocka_unit_test(a_crowd_does_not_make_a_flood_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
