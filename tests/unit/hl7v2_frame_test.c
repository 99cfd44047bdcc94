#include "hl7v2/mllp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <string.h>

static struct fascia_frame frame_of(const char *text, size_t already)
{
    struct fascia_frame frame = {.size = sizeof frame};

    hl7_mllp_frame((struct fascia_bytes){(const uint8_t *)text, strlen(text)}, already, &frame);
    return frame;
}

static void assert_frame(const char *text, const char *payload, size_t total)
{
    struct fascia_frame frame = frame_of(text, 0);

    assert_int_equal(frame.result, FASCIA_FRAME_COMPLETE);
    assert_int_equal(frame.payload_size, strlen(payload));
    assert_memory_equal(text + frame.payload_offset, payload, frame.payload_size);
    assert_int_equal(frame.total, total);
    assert_true(frame.payload_offset >= frame.skip);
}

static void a_frame_is_found(void **state)
{
    (void)state;
    assert_frame("\x0BMSH|a\r\x1C\r", "MSH|a\r", 9);
}

static void what_stands_between_frames_is_skipped(void **state)
{
    (void)state;
    assert_frame("\r\nMSH|without start\r\n\x0BMSH|b\x1C\r", "MSH|b", 29);
    assert_int_equal(frame_of("\r\n\r\n", 0).skip, 4);
    assert_int_equal(frame_of("\r\n\r\n", 0).result, FASCIA_FRAME_MORE);
}

static void a_lone_end_byte_is_content(void **state)
{
    (void)state;
    assert_frame("\x0BMSH|a\x1Cz\x1C\r", "MSH|a\x1Cz", 10);
}

static void a_frame_without_its_last_cr_ends_at_the_next_start(void **state)
{
    (void)state;
    assert_frame("\x0BMSH|a\x1C\x0BMSH|b\x1C\r", "MSH|a", 7);
}

static void a_message_begun_anew_replaces_what_was_broken_off(void **state)
{
    struct fascia_frame frame = frame_of("\x0BMSH|half\x0BMSH|whole\x1C\r", 0);

    (void)state;
    assert_int_equal(frame.result, FASCIA_FRAME_COMPLETE);
    assert_int_equal(frame.skip, 9);
    assert_int_equal(frame.payload_size, strlen("MSH|whole"));
}

static void a_vertical_tab_in_a_text_is_content(void **state)
{
    (void)state;
    assert_frame("\x0BMSH|a\rNTE|1||b\x0B"
                 "c\x1C\r",
                 "MSH|a\rNTE|1||b\x0B"
                 "c",
                 19);
}

static void half_a_frame_asks_for_more_and_says_how_far_it_looked(void **state)
{
    struct fascia_frame frame = frame_of("\x0BMSH|abcdefgh\x1C", 0);

    (void)state;
    assert_int_equal(frame.result, FASCIA_FRAME_MORE);
    assert_int_equal(frame.skip, 0);
    assert_true(frame.scanned > 0 && frame.scanned <= 13);
}

static void an_empty_frame_is_a_frame(void **state)
{
    (void)state;
    assert_frame("\x0B\x1C\r", "", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_found),
        cmocka_unit_test(what_stands_between_frames_is_skipped),
        cmocka_unit_test(a_lone_end_byte_is_content),
        cmocka_unit_test(a_frame_without_its_last_cr_ends_at_the_next_start),
        cmocka_unit_test(a_message_begun_anew_replaces_what_was_broken_off),
        cmocka_unit_test(a_vertical_tab_in_a_text_is_content),
        cmocka_unit_test(half_a_frame_asks_for_more_and_says_how_far_it_looked),
        cmocka_unit_test(an_empty_frame_is_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
