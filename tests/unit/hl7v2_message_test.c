/* Messages, escapes and character sets. */
#include "hl7v2/decode.h"
#include "hl7v2/escape.h"
#include "hl7v2/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <string.h>

static struct hl7_arena arena;
static struct hl7_message message;

static int release(void **state)
{
    (void)state;
    hl7_arena_finish(&arena);
    return 0;
}

static enum hl7_parse_result parse(const char *text)
{
    message = (struct hl7_message){.arena = &arena, .separators = hl7_separators_default};
    return hl7_message_parse(&message, text, strlen(text));
}

static const char *text_of(const char *name, uint32_t number, uint32_t field, uint32_t repetition, uint32_t component,
                           uint32_t subcomponent)
{
    return hl7_text(&message, hl7_segment_find(&message, name, number), field, repetition, component, subcomponent);
}

static void every_level_is_reached_by_its_number(void **state)
{
    (void)state;
    assert_int_equal(parse("MSH|^~\\&|A|B\rPID|1||a^b&c^d~e^f\rNTE|1\rNTE|2||two\r"), HL7_PARSE_OK);
    assert_int_equal(message.segment_count, 4);
    assert_string_equal(text_of("MSH", 1, 1, 1, 0, 0), "|");
    assert_string_equal(text_of("MSH", 1, 2, 1, 0, 0), "^~\\&");
    assert_string_equal(text_of("MSH", 1, 3, 1, 1, 0), "A");
    assert_string_equal(text_of("PID", 1, 3, 1, 2, 2), "c");
    assert_string_equal(text_of("PID", 1, 3, 1, 2, 0), "b&c");
    assert_string_equal(text_of("PID", 1, 3, 2, 2, 0), "f");
    assert_string_equal(text_of("NTE", 2, 3, 1, 1, 0), "two");
    assert_string_equal(text_of("PID", 1, 400, 1, 1, 0), "");
    assert_string_equal(text_of("ZZZ", 1, 1, 1, 1, 0), "");
}

static void segments_end_in_cr_lf_or_both(void **state)
{
    static const char *const messages[] = {"MSH|^~\\&|A\rPID|1\rNTE|1", "MSH|^~\\&|A\nPID|1\nNTE|1\n",
                                           "MSH|^~\\&|A\r\nPID|1\r\nNTE|1\r\n", "\r\nMSH|^~\\&|A\r\n\r\nPID|1\nNTE|1"};

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        assert_int_equal(parse(messages[i]), HL7_PARSE_OK);
        assert_int_equal(message.segment_count, 3);
        assert_non_null(hl7_segment_find(&message, "NTE", 1));
    }
}

static void a_line_break_inside_a_text_stays_in_it(void **state)
{
    (void)state;
    assert_int_equal(parse("MSH|^~\\&|A\rNTE|1||first line\nsecond line, not a segment\rPID|1\r"), HL7_PARSE_OK);
    assert_int_equal(message.segment_count, 3);
    assert_string_equal(hl7_free_text(&message, hl7_segment_find(&message, "NTE", 1), 3),
                        "first line\nsecond line, not a segment");
}

static void the_explicit_null_is_empty(void **state)
{
    (void)state;
    assert_int_equal(parse("MSH|^~\\&|A\rPID|1||\"\"\r"), HL7_PARSE_OK);
    assert_string_equal(text_of("PID", 1, 3, 1, 1, 0), "");
}

static void escapes_are_read(void **state)
{
    static const char *const cases[][2] = {
        {"a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"},
        {"one\\.br\\two\\.sp2\\three", "one\ntwo\nthree"},
        {"\\H\\bold\\N\\ plain", "bold plain"},
        {"\\X41\\\\X42C3BC\\", "AB\xC3\xBC"},
        {"\\X00\\", "\xEF\xBF\xBD"},
        {"\\XFF\\", "\xEF\xBF\xBD"},
        {"\\X4\\ \\XZZ\\", "\\X4\\ \\XZZ\\"},
        {"C:\\temp\\new", "C:\\temp\\new"},
        {"\\Zlocal\\ and \\C2842\\", "\\Zlocal\\ and \\C2842\\"},
        {"end\\", "end\\"},
        {"\\\\", "\\\\"},
    };

    (void)state;
    assert_int_equal(parse("MSH|^~\\&|A"), HL7_PARSE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(hl7_unescape(&message, (struct hl7_span){cases[i][0], strlen(cases[i][0])}), cases[i][1]);
}

static void separators_have_to_be_different_punctuation(void **state)
{
    (void)state;
    assert_int_equal(parse("MSH|^^\\&|A"), HL7_PARSE_SEPARATORS);
    assert_int_equal(parse("MSH||A"), HL7_PARSE_SEPARATORS);
    assert_int_equal(parse("MSH|A~\\&|A"), HL7_PARSE_SEPARATORS);
    assert_int_equal(parse("MSHa^~\\&aA"), HL7_PARSE_SEPARATORS);
    assert_int_equal(parse("MSH|^~\\&#|A"), HL7_PARSE_OK);
    assert_int_equal(parse("MSH|^|A"), HL7_PARSE_OK);
    assert_int_equal(parse("PID|1"), HL7_PARSE_NO_MSH);
    assert_int_equal(parse(" \r\n"), HL7_PARSE_EMPTY);
}

static void too_much_is_refused(void **state)
{
    size_t size = 20 + 4 * (HL7_MAX_SEGMENTS + 1);
    char *text = hl7_arena_take(&arena, size);

    (void)state;
    strcpy(text, "MSH|^~\\&|A");
    for (size_t i = 0; i < HL7_MAX_SEGMENTS; i++)
        strcpy(text + 10 + 4 * i, "\rZAA");
    assert_int_equal(parse(text), HL7_PARSE_SEGMENTS);
    text[strlen(text) - 4] = '\0';
    assert_int_equal(parse(text), HL7_PARSE_OK);
    assert_int_equal(message.segments[message.segment_count - 1].number, HL7_MAX_SEGMENTS - 1);
    memset(text, '|', 600);
    memcpy(text, "MSH|^~\\&|A\rPID", 14);
    text[600] = '\0';
    assert_int_equal(parse(text), HL7_PARSE_FIELDS);
}

static void what_nobody_asked_for_is_known(void **state)
{
    struct hl7_segment *pid;

    (void)state;
    assert_int_equal(parse("MSH|^~\\&|A\rPID|1|x|a^b~c^d|\"\"|p&q\r"), HL7_PARSE_OK);
    pid = hl7_segment_find(&message, "PID", 1);
    assert_false(hl7_segment_asked(pid));
    hl7_text(&message, pid, 3, 1, 1, 0);
    assert_true(hl7_segment_asked(pid));
    assert_true(hl7_field_left(&message, pid, 2));
    assert_true(hl7_field_left(&message, pid, 3));
    hl7_text(&message, pid, 3, 1, 2, 0);
    assert_true(hl7_field_left(&message, pid, 3)); /* the second repetition */
    hl7_text(&message, pid, 3, 2, 1, 0);
    hl7_text(&message, pid, 3, 2, 2, 0);
    assert_false(hl7_field_left(&message, pid, 3));
    assert_false(hl7_field_left(&message, pid, 4));
    hl7_text(&message, pid, 5, 1, 1, 1);
    assert_true(hl7_field_left(&message, pid, 5)); /* the second subcomponent */
}

/* ---- character sets ---------------------------------------------------------------------------------------------- */

static void sets_are_found_by_the_names_that_are_sent(void **state)
{
    (void)state;
    assert_ptr_equal(hl7_charset_find("UNICODE UTF-8"), hl7_charset_find("utf8"));
    assert_ptr_equal(hl7_charset_find("8859/1"), hl7_charset_find("ISO-8859-1"));
    assert_ptr_equal(hl7_charset_find("8859/15"), hl7_charset_find("ISO IR203"));
    assert_ptr_not_equal(hl7_charset_find("8859/1"), hl7_charset_find("8859/15"));
    assert_true(hl7_charset_is_wide(hl7_charset_find("UNICODE UTF-16")));
    assert_true(hl7_charset_is_ascii(hl7_charset_find("")));
    assert_null(hl7_charset_find("8859/77"));
    assert_null(hl7_charset_find("88"));
    assert_null(hl7_charset_find("a name that is very much longer than any name of a set could be"));
}

static void assert_reads(struct hl7_charsets *charsets, const char *set, const char *bytes, const char *text)
{
    const struct hl7_charset *charset = hl7_charset_find(set);
    size_t size, bad_at, back_size;
    uint8_t *back;
    char *read;

    assert_non_null(charset);
    assert_int_equal(
        hl7_charset_read(charsets, charset, &arena, (const uint8_t *)bytes, strlen(bytes), &read, &size, &bad_at),
        HL7_CHARSET_OK);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(read, text, size);
    assert_true(hl7_charset_write(charsets, charset, &arena, text, strlen(text), &back, &back_size));
    assert_int_equal(back_size, strlen(bytes));
    assert_memory_equal(back, bytes, back_size);
}

static void sets_are_read_and_written(void **state)
{
    struct hl7_charsets *charsets = hl7_charsets_create();
    const char question[] = "\xE2\x82\xAC and \xC3\xA9"; /* the euro is not in 8859/1 */
    uint8_t *bytes;
    size_t size;

    (void)state;
    for (int pass = 0; pass < 2; pass++) { /* a kept converter starts afresh */
        assert_reads(charsets, "8859/1", "caf\xE9", "caf\xC3\xA9");
        assert_reads(charsets, "8859/2", "\xB3\xF3\xBF", "\xC5\x82\xC3\xB3\xC5\xBC");
        assert_reads(charsets, "8859/5", "\xBC\xD8\xE0", "\xD0\x9C\xD0\xB8\xD1\x80");
        assert_reads(charsets, "8859/15", "\xA4", "\xE2\x82\xAC");
        assert_reads(charsets, "ISO IR87", "A\x1B$B$\"\x1B(BB",
                     "A\xE3\x81\x82"
                     "B");
        assert_reads(charsets, "GB 18030-2000", "\xC4\xE3", "\xE4\xBD\xA0");
        assert_reads(charsets, "KS X 1001", "\xB0\xA1", "\xEA\xB0\x80");
    }
    assert_false(
        hl7_charset_write(charsets, hl7_charset_find("8859/1"), &arena, question, strlen(question), &bytes, &size));
    assert_int_equal(size, 7);
    assert_memory_equal(bytes, "? and \xE9", 7);
    assert_false(
        hl7_charset_write(charsets, hl7_charset_find("8859/2"), &arena, question, strlen(question), &bytes, &size));
    assert_memory_equal(bytes, "? and \xE9", 7);
    hl7_charsets_destroy(charsets);
}

static void malformed_utf_8_is_found(void **state)
{
    static const char *const bad[] = {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "\xFE"};
    size_t bad_at = 99;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(hl7_utf8_valid((const uint8_t *)bad[i], strlen(bad[i]), &bad_at));
    assert_false(hl7_utf8_valid((const uint8_t *)"ok\xC3\xA9\xFF", 5, &bad_at));
    assert_int_equal(bad_at, 4);
    assert_true(hl7_utf8_valid((const uint8_t *)"\xF0\x9F\x98\x80", 4, &bad_at));
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static void dates_are_days_that_exist(void **state)
{
    static const char *const cases[][2] = {{"20240229", "2024-02-29"},
                                           {"20230229", NULL},
                                           {"19000229", NULL},
                                           {"20241301", NULL},
                                           {"20240100", NULL},
                                           {"2024", "2024"},
                                           {"202402", "2024-02"},
                                           {"202", NULL},
                                           {"20240", NULL},
                                           {"202401251620+0000", "2024-01-25"},
                                           {"20240125162000.123-0500", "2024-01-25"},
                                           {"2024-01-25", NULL},
                                           {"today", NULL},
                                           {"", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *date = hl7_decode_date(&arena, cases[i][0]);
        if (cases[i][1] == NULL)
            assert_null(date);
        else
            assert_string_equal(date, cases[i][1]);
    }
}

static void languages_become_their_short_codes(void **state)
{
    (void)state;
    assert_string_equal(hl7_decode_language(&arena, "EN", "ENGLISH"), "en");
    assert_string_equal(hl7_decode_language(&arena, "spa", ""), "es");
    assert_string_equal(hl7_decode_language(&arena, "", "Vietnamese"), "vi");
    assert_string_equal(hl7_decode_language(&arena, "pt-BR", ""), "pt-br");
    assert_null(hl7_decode_language(&arena, "gibberish", ""));
    assert_null(hl7_decode_language(&arena, "e|", ""));
}

int main(void)
{
#define MESSAGE_TEST(name) cmocka_unit_test_teardown(name, release)
    const struct CMUnitTest tests[] = {
        MESSAGE_TEST(every_level_is_reached_by_its_number),
        MESSAGE_TEST(segments_end_in_cr_lf_or_both),
        MESSAGE_TEST(a_line_break_inside_a_text_stays_in_it),
        MESSAGE_TEST(the_explicit_null_is_empty),
        MESSAGE_TEST(escapes_are_read),
        MESSAGE_TEST(separators_have_to_be_different_punctuation),
        MESSAGE_TEST(too_much_is_refused),
        MESSAGE_TEST(what_nobody_asked_for_is_known),
        MESSAGE_TEST(sets_are_found_by_the_names_that_are_sent),
        MESSAGE_TEST(sets_are_read_and_written),
        MESSAGE_TEST(malformed_utf_8_is_found),
        MESSAGE_TEST(dates_are_days_that_exist),
        MESSAGE_TEST(languages_become_their_short_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
