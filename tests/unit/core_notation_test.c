#include "core/notation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <string.h>

typedef bool (*number_function)(const char *text, int64_t *value);

static void assert_number(number_function read, const char *text, int64_t expected)
{
    int64_t value = -77;

    if (!read(text, &value))
        fail_msg("'%s' is not taken", text);
    assert_true(value == expected);
}

static void assert_no_number(number_function read, const char *text)
{
    int64_t value = -77;

    if (read(text, &value))
        fail_msg("'%s' is taken", text);
    assert_true(value == -77);
}

static void an_integer_is_digits_and_nothing_else(void **state)
{
    static const char *const wrong[] = {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "9223372036854775808", "--1"};

    (void)state;
    assert_number(notation_integer, "0", 0);
    assert_number(notation_integer, "-12", -12);
    assert_number(notation_integer, "9223372036854775807", INT64_MAX);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_no_number(notation_integer, wrong[i]);
}

static void a_duration_has_one_unit(void **state)
{
    static const char *const wrong[] = {"", "30", "s", "-1s", "1.5h", "1h30m", "1 h", "1H", "1w", "106751991168d"};

    (void)state;
    assert_number(notation_duration, "0", 0);
    assert_number(notation_duration, "250ms", 250);
    assert_number(notation_duration, "30s", 30000);
    assert_number(notation_duration, "5m", 300000);
    assert_number(notation_duration, "24h", 86400000);
    assert_number(notation_duration, "7d", 604800000);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_no_number(notation_duration, wrong[i]);
}

static void a_size_counts_in_binary_units(void **state)
{
    static const char *const wrong[] = {"", "KiB", "1kB", "1 KiB", "1KB", "1TiB", "-1", "8589934592GiB"};

    (void)state;
    assert_number(notation_size, "512", 512);
    assert_number(notation_size, "64KiB", 65536);
    assert_number(notation_size, "16MiB", 16 << 20);
    assert_number(notation_size, "1GiB", 1 << 30);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_no_number(notation_size, wrong[i]);
}

static void a_distance_is_in_metres_unless_it_says_otherwise(void **state)
{
    (void)state;
    assert_number(notation_distance, "60000", 60000);
    assert_number(notation_distance, "800m", 800);
    assert_number(notation_distance, "40 km", 40000);
    assert_no_number(notation_distance, "5 miles");
    assert_no_number(notation_distance, "40  km");
    assert_no_number(notation_distance, "-1km");
}

static void an_address_is_a_host_and_a_port(void **state)
{
    static const char *const right[] = {"127.0.0.1:2575", "[::1]:0", "ehr.clinic-a.example:65535", "[2001:db8::7]:80"};
    static const char *const wrong[] = {"",        "2575",     ":2575",     "host:",   "host:65536", "::1:2575",
                                        "ho st:1", "[host]:1", "[::1:2575", "host:1x", "host:-1",    "-host:1"};

    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_true(notation_is_address(right[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (notation_is_address(wrong[i]))
            fail_msg("'%s' is taken", wrong[i]);
}

static void a_choice_is_one_whole_word(void **state)
{
    (void)state;
    assert_true(notation_is_choice("red", "red|green"));
    assert_true(notation_is_choice("green", "red|green"));
    assert_false(notation_is_choice("gre", "red|green"));
    assert_false(notation_is_choice("red|green", "red|green"));
    assert_false(notation_is_choice("", "red|green"));
    assert_false(notation_is_choice("ed", "red|green"));
}

static void a_name_is_read_no_further_than_its_bound(void **state)
{
    const char unended[4] = {'a', 'b', 'c', 'd'};

    (void)state;
    assert_true(notation_is_name("hl7v2", '-', 32));
    assert_true(notation_is_name("status_to", '_', 48));
    assert_false(notation_is_name("status_to", '-', 48));
    assert_false(notation_is_name("2fast", '-', 32));
    assert_false(notation_is_name("", '-', 32));
    assert_false(notation_is_name(unended, '-', 3));
    assert_true(notation_is_name("abc", '-', 3));
}

static void a_path_is_absolute_and_printable(void **state)
{
    char path[5000];

    (void)state;
    assert_true(notation_is_path("/srv/in"));
    assert_false(notation_is_path("srv/in"));
    assert_false(notation_is_path(""));
    assert_false(notation_is_path("/srv\n/in"));
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_false(notation_is_path(path));
    path[4095] = '\0';
    assert_true(notation_is_path(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_integer_is_digits_and_nothing_else),
        cmocka_unit_test(a_duration_has_one_unit),
        cmocka_unit_test(a_size_counts_in_binary_units),
        cmocka_unit_test(a_distance_is_in_metres_unless_it_says_otherwise),
        cmocka_unit_test(an_address_is_a_host_and_a_port),
        cmocka_unit_test(a_choice_is_one_whole_word),
        cmocka_unit_test(a_name_is_read_no_further_than_its_bound),
        cmocka_unit_test(a_path_is_absolute_and_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
