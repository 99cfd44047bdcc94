#include "clinic.h"
#include "node/load_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MANY 1000 /* batches in plenty, and a last one that is not full */

static struct clinic clinic;

static int begin(void **state)
{
    (void)state;
    clinic_begin(&clinic);
    return 0;
}

static int end(void **state)
{
    (void)state;
    clinic_end(&clinic);
    return 0;
}

static uint8_t *pack(size_t number, const char *zone, size_t *size)
{
    char name[32];
    Fascia__Therapist *therapist;
    uint8_t *packed;

    snprintf(name, sizeof name, "T%zu", number);
    therapist = clinic_therapist(name, 3);
    if (zone != NULL)
        message_set(&therapist->time_zone, zone);
    packed = message_pack(&therapist->base, size);
    fascia__therapist__free_unpacked(therapist, NULL);
    return packed;
}

static void an_engine_is_the_same_whether_loaded_through_a_line_or_not(void **state)
{
    struct engine *through = clinic_engine(&clinic), *plain = clinic_engine(&clinic);
    struct load_line *line = load_line_begin(through);
    struct fault fault = {{0}};

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        size_t size;
        uint8_t *packed = pack(i, NULL, &size);

        assert_true(load_line_add(line, packed, size, &fault));
        assert_true(engine_load_therapist(plain, packed, size, &fault));
        free(packed);
    }
    assert_true(load_line_end(line, &fault));
    engine_load_finish(through, 0, MANY, 0, CLINIC_NOW);
    engine_load_finish(plain, 0, MANY, 0, CLINIC_NOW);
    assert_int_equal(engine_digest(plain), engine_digest(through));
    engine_destroy(plain);
    engine_destroy(through);
}

/* Wherever it stands: the line may hear of it late, but not never. */
static void one_that_the_engine_refuses_is_named(void **state)
{
    static const size_t places[] = {0, 1, 300, MANY - 1};

    (void)state;
    for (size_t place = 0; place < 4; place++) {
        struct engine *engine = clinic_engine(&clinic);
        struct load_line *line = load_line_begin(engine);
        struct fault fault = {{0}};
        bool good = true, ended;

        for (size_t i = 0; i < MANY && good; i++) {
            size_t size;
            uint8_t *packed = pack(i, i == places[place] ? "Nowhere/Atlantis" : NULL, &size);

            good = load_line_add(line, packed, size, &fault);
            free(packed);
        }
        if (!good)
            assert_non_null(strstr(fault.text, "Nowhere/Atlantis"));
        fault.text[0] = '\0';
        ended = load_line_end(line, &fault);
        assert_false(ended);
        assert_non_null(strstr(fault.text, "Nowhere/Atlantis"));
        engine_destroy(engine);
    }
}

static void bytes_that_are_no_therapist_are_refused_at_once(void **state)
{
    static const uint8_t noise[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct engine *engine = clinic_engine(&clinic);
    struct load_line *line = load_line_begin(engine);
    struct fault fault = {{0}};
    size_t size;
    uint8_t *packed = pack(1, NULL, &size);

    (void)state;
    assert_true(load_line_add(line, packed, size, &fault));
    assert_false(load_line_add(line, noise, sizeof noise, &fault));
    assert_string_equal("a stored therapist is no therapist", fault.text);
    assert_true(load_line_end(line, &fault)); /* the one before was well */
    free(packed);
    engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engine_is_the_same_whether_loaded_through_a_line_or_not),
        cmocka_unit_test(one_that_the_engine_refuses_is_named),
        cmocka_unit_test(bytes_that_are_no_therapist_are_refused_at_once),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
