#include "core/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the reader makes of the bytes, as text: fields in [], rows ended by '|', faults as <...>. step is how many bytes are shown more at a time. */
static char *reading(const struct csv_options *options, const char *bytes, size_t size, size_t step)
{
    struct csv *reader = csv_create(options);
    char *out = NULL;
    size_t out_size = 0, at = 0, shown = step < size ? step : size;
    FILE *stream = open_memstream(&out, &out_size);

    for (;;) {
        size_t taken = 0;
        struct csv_row row;
        struct fault fault = {{0}};
        enum csv_status status =
            csv_next(reader, (const uint8_t *)bytes + at, shown - at, shown == size, &taken, &row, &fault);

        at += taken;
        assert_true(at <= shown);
        if (status == CSV_END)
            break;
        if (status == CSV_MORE) {
            assert_true(shown < size);
            shown = shown + step < size ? shown + step : size;
        } else if (status == CSV_BAD) {
            fprintf(stream, "<%s>", fault.text);
        } else {
            fprintf(stream, "%zu", row.line);
            for (size_t i = 0; i < row.count; i++)
                fprintf(stream, "[%s]", row.fields[i]);
            fputc('|', stream);
        }
    }
    fclose(stream);
    csv_destroy(reader);
    return out;
}

static void expect_with(const struct csv_options *options, const char *bytes, const char *expected)
{
    const size_t steps[] = {1000, 1, 2, 3, 7};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char *out = reading(options, bytes, strlen(bytes), steps[i]);
        assert_string_equal(out, expected);
        free(out);
    }
}

static void expect(const char *bytes, const char *expected)
{
    expect_with(NULL, bytes, expected);
}

static void rows_end_with_any_line_end(void **state)
{
    (void)state;
    expect("a,b\r\nc\nd\re", "1[a][b]|2[c]|3[d]|4[e]|");
    expect("a\r\n", "1[a]|");
    expect("", "");
}

static void quoted_fields_hold_delimiters_quotes_and_line_ends(void **state)
{
    (void)state;
    expect("\"a,b\",\"say \"\"so\"\"\",\"two\r\nlines\"\nnext", "1[a,b][say \"so\"][two\r\nlines]|3[next]|");
    expect("\"\",,\"\"", "1[][][]|");
}

static void a_byte_order_mark_and_empty_lines_are_passed_over(void **state)
{
    (void)state;
    expect("\xef\xbb\xbf\r\n\r\na\n\n\nb\n\n", "3[a]|6[b]|");
    expect("a\n\xef\xbb\xbf", "1[a]|2[\xef\xbb\xbf]|");
}

static void comments_are_passed_over_only_when_asked_for(void **state)
{
    struct csv_options options = {.comment = '#'};

    (void)state;
    expect_with(&options, "# why, \"that\r\na,#b\n#end", "2[a][#b]|");
    expect("#a\n", "1[#a]|");
}

static void another_delimiter_can_be_named(void **state)
{
    struct csv_options options = {.delimiter = ';'};

    (void)state;
    expect_with(&options, "a,b;c\n", "1[a,b][c]|");
}

static void a_broken_row_is_named_and_its_neighbours_are_read(void **state)
{
    (void)state;
    expect("a\nb,\"c\"d\ne\n", "1[a]|<line 2 column 6: text follows the quote that closes the field>3[e]|");
    expect("a\nb,\"c\nd\ne", "1[a]|<line 2 column 3: a quote opens here that nothing closes>3[d]|4[e]|");
    expect("\xc3\xa4 5'10\"\nb", "<line 1 column 7: a quote stands inside a field that does not begin with one; put "
                                 "the field in quotes and double the quote>2[b]|");
}

static void text_that_is_not_utf8_is_refused_with_its_place(void **state)
{
    (void)state;
    expect("a,\xff\nb", "<line 1 column 3: these bytes are not UTF-8 text>2[b]|");
    expect("\xc3\xa9\xed\xa0\x80\nb", "<line 1 column 2: these bytes are not UTF-8 text>2[b]|");
    expect("\xe2\x82\xac,\xf0\x9f\x98\x80,\xc0\xaf", "<line 1 column 5: these bytes are not UTF-8 text>");
    expect("\xe2\x82\xac\xf0\x9f\x98\x80", "1[\xe2\x82\xac\xf0\x9f\x98\x80]|");
    expect("a\xe2\x82", "<line 1 column 2: these bytes are not UTF-8 text>");
}

static void a_nul_byte_is_refused(void **state)
{
    char *out = reading(NULL, "a\0b\nc", 5, 2);

    (void)state;
    assert_string_equal(out, "<line 1 column 2: a NUL byte can't stand in a file of text>2[c]|");
    free(out);
}

static void rows_are_bounded_in_bytes_and_fields(void **state)
{
    struct csv_options options = {.maximum_row = 8, .maximum_fields = 3};

    (void)state;
    expect_with(&options, "1,2,3\n1,2,3,4\n5", "1[1][2][3]|<line 2 column 7: the row has too many fields>3[5]|");
    expect_with(&options, "123456789012345\r\nb",
                "<line 1: the row is longer than 8 bytes, or a quote in it is not closed>2[b]|");
    expect_with(&options, "\"\nb\nc\nd\ne\nf",
                "<line 1: the row is longer than 8 bytes, or a quote in it is not closed>2[b]|3[c]|4[d]|5[e]|6[f]|");
}

static void what_is_written_reads_back(void **state)
{
    const char *texts[] = {"plain", "a,b", "say \"so\"", "two\r\nlines", " space", "space ", "", "#x", "\xc3\xa4;"};
    char line[256];
    size_t size = 0;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (i > 0)
            line[size++] = ',';
        size += csv_write_field(line + size, sizeof line - size, texts[i], ',');
    }
    char *out = reading(NULL, line, size, 1000);
    assert_string_equal(out, "1[plain][a,b][say \"so\"][two\r\nlines][ space][space ][][#x][\xc3\xa4;]|");
    free(out);
    assert_int_equal(csv_write_field(line, 2, "a,b", ','), 5);
}

static void fields_know_their_columns(void **state)
{
    struct csv *reader = csv_create(NULL);
    struct csv_row row;
    size_t taken = 0;
    const char *bytes = "\xc3\xa4,\"b\",c";

    (void)state;
    assert_int_equal(csv_next(reader, (const uint8_t *)bytes, strlen(bytes), true, &taken, &row, NULL), CSV_ROW);
    assert_int_equal(row.count, 3);
    assert_int_equal(row.columns[0], 1);
    assert_int_equal(row.columns[1], 3);
    assert_int_equal(row.columns[2], 7);
    csv_destroy(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_end_with_any_line_end),
        cmocka_unit_test(quoted_fields_hold_delimiters_quotes_and_line_ends),
        cmocka_unit_test(a_byte_order_mark_and_empty_lines_are_passed_over),
        cmocka_unit_test(comments_are_passed_over_only_when_asked_for),
        cmocka_unit_test(another_delimiter_can_be_named),
        cmocka_unit_test(a_broken_row_is_named_and_its_neighbours_are_read),
        cmocka_unit_test(text_that_is_not_utf8_is_refused_with_its_place),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(rows_are_bounded_in_bytes_and_fields),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(fields_know_their_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
