#include "core/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <string.h>

static void a_prefix_stands_before_the_text(void **state)
{
    struct fault fault = {{0}};

    (void)state;
    fault_set(&fault, "line %d: no date", 14);
    fault_prefix(&fault, "%s", "therapists.csv");
    assert_string_equal(fault.text, "therapists.csv: line 14: no date");
}

static void a_long_text_is_cut_and_ends(void **state)
{
    struct fault fault;

    (void)state;
    memset(&fault, 'x', sizeof fault);
    fault_set(&fault, "%2000d", 7);
    assert_int_equal(strlen(fault.text), sizeof fault.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_prefix_stands_before_the_text),
                                       cmocka_unit_test(a_long_text_is_cut_and_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
