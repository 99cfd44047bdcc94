#include "core/arena.h"

#include "fascia/v1/therapist.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void pieces_are_aligned_and_keep_what_was_written(void **state)
{
    struct arena arena;
    uint8_t *pieces[1000];

    (void)state;
    arena_begin(&arena);
    for (size_t i = 0; i < 1000; i++) {
        pieces[i] = arena_take(&arena, i + 1);
        assert_int_equal(0, (uintptr_t)pieces[i] % sizeof(uint64_t));
        memset(pieces[i], (int)(i % 251), i + 1);
    }
    for (size_t i = 0; i < 1000; i++)
        for (size_t j = 0; j <= i; j++)
            assert_int_equal(i % 251, pieces[i][j]);
    arena_finish(&arena);
}

static void after_a_reset_the_same_memory_is_given_out_again(void **state)
{
    struct arena arena;
    void *first;

    (void)state;
    arena_begin(&arena);
    first = arena_take(&arena, 100);
    for (int i = 0; i < 100000; i++) {
        arena_reset(&arena);
        assert_ptr_equal(first, arena_take(&arena, 100));
        (void)arena_take(&arena, 5000);
    }
    arena_finish(&arena);
}

static void a_piece_larger_than_any_block_fits_and_is_not_kept(void **state)
{
    struct arena arena;
    const size_t large = (size_t)8 << 20;
    uint8_t *piece;

    (void)state;
    arena_begin(&arena);
    (void)arena_take(&arena, 1);
    piece = arena_take(&arena, large);
    memset(piece, 1, large);
    arena_reset(&arena);
    assert_true(arena.room < large);
    (void)arena_take(&arena, 1);
    arena_finish(&arena);
    arena_finish(&arena); /* it can end twice, and begin anew */
    (void)arena_take(&arena, 1);
    arena_finish(&arena);
}

static void a_message_that_is_unpacked_into_it_needs_no_free(void **state)
{
    Fascia__Therapist therapist = FASCIA__THERAPIST__INIT;
    char *techniques[] = {"sports", "prenatal"};
    uint8_t packed[256];
    struct arena arena;
    size_t size;

    (void)state;
    therapist.identifier = "T1";
    therapist.techniques = techniques;
    therapist.n_techniques = 2;
    size = fascia__therapist__pack(&therapist, packed);
    arena_begin(&arena);
    for (int i = 0; i < 1000; i++) {
        Fascia__Therapist *read = fascia__therapist__unpack(arena_allocator(&arena), size, packed);
        assert_non_null(read);
        assert_string_equal("T1", read->identifier);
        assert_string_equal("prenatal", read->techniques[1]);
        assert_null(fascia__therapist__unpack(arena_allocator(&arena), size - 1, packed));
        arena_reset(&arena);
    }
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_keep_what_was_written),
        cmocka_unit_test(after_a_reset_the_same_memory_is_given_out_again),
        cmocka_unit_test(a_piece_larger_than_any_block_fits_and_is_not_kept),
        cmocka_unit_test(a_message_that_is_unpacked_into_it_needs_no_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
