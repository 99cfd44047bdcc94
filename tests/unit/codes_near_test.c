/* The nearest postal code, against looking at all of them. */
#include "core/codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PLACES 400

static struct codes *codes;
static int32_t places[PLACES][2];
static uint64_t random_state = 20261123;

static int32_t pick(int32_t from, int32_t to)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return from + (int32_t)((random_state >> 33) % (uint64_t)((int64_t)to - from + 1));
}

/* Poles, the date line, and a crowd in between. */
static void place_somewhere(int32_t place[2], unsigned kind)
{
    place[0] = kind == 0 ? pick(89800000, 90000000) : kind == 1 ? pick(-90000000, -89800000) : pick(-700000, 700000);
    place[1] = kind < 2    ? pick(-180000000, 180000000)
               : kind == 2 ? (pick(0, 1) ? pick(179000000, 180000000) : pick(-180000000, -179000000))
                           : pick(9000000, 10500000);
}

static int begin(void **state)
{
    static char text[PLACES * 64];
    struct fault fault = {{0}};
    size_t used = (size_t)snprintf(text, sizeof text, "country,postal_code,latitude,longitude,zone\n");

    (void)state;
    for (unsigned i = 0; i < PLACES; i++) {
        place_somewhere(places[i], i % 4);
        used += (size_t)snprintf(text + used, sizeof text - used, "US,%05u,%.6f,%.6f,\n", i, places[i][0] / 1e6,
                                 places[i][1] / 1e6);
    }
    codes = codes_create();
    codes_set_home(codes, "US");
    if (!codes_load(codes, "places.csv", "places.csv", (const uint8_t *)text, used, &fault) ||
        !codes_finish(codes, &fault))
        fail_msg("%s", fault.text);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    codes_destroy(codes);
    return 0;
}

static double metres(const int32_t a[2], int32_t latitude, int32_t longitude)
{
    const double north = M_PI / 180e6 * a[0], other = M_PI / 180e6 * latitude;
    const double across = sin(M_PI / 180e6 * (longitude - a[1]) / 2), along = sin((other - north) / 2);

    return 2 * 6371009 * asin(sqrt(along * along + cos(north) * cos(other) * across * across));
}

static void the_nearest_is_found_and_nobody_far(void **state)
{
    unsigned found = 0;

    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        struct codes_place place;
        int32_t here[2];
        double nearest = 1e9, given;
        unsigned number = 0;
        bool is;

        place_somewhere(here, i % 4);
        for (unsigned j = 0; j < PLACES; j++)
            nearest = fmin(nearest, metres(places[j], here[0], here[1]));
        is = codes_near(codes, here[0], here[1], &place);
        found += is;
        if (nearest > 32000)
            assert_false(is);
        if (!is) {
            assert_true(nearest > 25000 || i % 4 < 2);
            continue;
        }
        assert_int_equal(sscanf(place.name, "US %u", &number), 1);
        assert_int_equal(place.longitude, places[number][1]);
        given = metres(places[number], here[0], here[1]);
        if (i % 4 >= 2) /* at the poles the earth is taken as flat, and longitudes lie close */
            assert_true(given < nearest + 100);
    }
    assert_true(found > 1000);
}

static void an_empty_table_has_nobody_near(void **state)
{
    struct codes *empty = codes_create();
    struct codes_place place;
    struct fault fault = {{0}};

    (void)state;
    assert_true(codes_finish(empty, &fault));
    assert_false(codes_near(empty, 38000000, -85000000, &place));
    codes_destroy(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_nearest_is_found_and_nobody_far),
                                       cmocka_unit_test(an_empty_table_has_nobody_near)};

    return cmocka_run_group_tests(tests, begin, finish);
}
