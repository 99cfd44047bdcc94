#include "io/log.h"

#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* stderr is a file meanwhile. What was written is freed by the next call. */
static int real_stderr, captured;

static void capture(void)
{
    char path[] = "/tmp/fascia-log-XXXXXX";

    captured = mkstemp(path);
    assert_true(captured >= 0);
    unlink(path);
    fcntl(captured, F_SETFL, O_APPEND);
    real_stderr = dup(STDERR_FILENO);
    dup2(captured, STDERR_FILENO);
}

static char *release(void)
{
    static char text[1 << 20];
    ssize_t size;

    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    size = pread(captured, text, sizeof text - 1, 0);
    assert_true(size >= 0);
    text[size] = '\0';
    close(captured);
    return text;
}

static size_t lines(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* The one line that was written, as JSON; duplicate keys are an error. */
static json_t *only_line(const char *text)
{
    json_error_t error;
    json_t *line;

    assert_int_equal(lines(text), 1);
    line = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (line == NULL)
        fail_msg("%s in %s", error.text, text);
    return line;
}

static const char *text_of(json_t *line, const char *name)
{
    return json_string_value(json_object_get(line, name));
}

static void a_line_has_time_level_event_and_fields(void **state)
{
    json_t *line;

    (void)state;
    capture();
    LOG(LOG_LEVEL_WARNING, "test.typed", LOG_NUMBER("count", -7), LOG_WORD("source", "hl7v2"),
        LOG_INSTANT("due", INT64_C(1700000000123)), LOG_CONFIGURED("path", "/var/lib/fascia"),
        LOG_FAULT("line 14: no date"));
    line = only_line(release());
    assert_string_equal(text_of(line, "level"), "warning");
    assert_string_equal(text_of(line, "event"), "test.typed");
    assert_int_equal(json_integer_value(json_object_get(line, "count")), -7);
    assert_string_equal(text_of(line, "source"), "hl7v2");
    assert_string_equal(text_of(line, "due"), "2023-11-14T22:13:20.123Z");
    assert_string_equal(text_of(line, "path"), "/var/lib/fascia");
    assert_string_equal(text_of(line, "fault"), "line 14: no date");
    assert_int_equal(strlen(text_of(line, "time")), 24);
    assert_int_equal(text_of(line, "time")[23], 'Z');
    json_decref(line);
}

static void an_event_without_fields_is_a_line(void **state)
{
    json_t *line;

    (void)state;
    capture();
    LOG(LOG_LEVEL_ERROR, "test.bare");
    line = only_line(release());
    assert_int_equal(json_object_size(line), 3);
    json_decref(line);
}

static void a_configured_text_cannot_leave_its_line(void **state)
{
    const char nasty[] = "a\"b\\c\n{\"level\":\"error\"}\r\x01\x7f\x1b[31m \xc3\xa9 \xff \xc3";
    json_t *line;

    (void)state;
    capture();
    LOG(LOG_LEVEL_INFO, "test.nasty", LOG_CONFIGURED("name", nasty));
    line = only_line(release());
    assert_string_equal(text_of(line, "name"),
                        "a\"b\\c\n{\"level\":\"error\"}\r\x01\x7f\x1b[31m \xc3\xa9 \xef\xbf\xbd \xef\xbf\xbd");
    assert_string_equal(text_of(line, "level"), "info");
    json_decref(line);
}

static void what_is_no_word_is_not_written(void **state)
{
    char *text;

    (void)state;
    capture();
    LOG(LOG_LEVEL_INFO, "test.words", LOG_WORD("a", "Jane Doe"), LOG_WORD("b", NULL), LOG_WORD("c", ""),
        LOG_WORD("d", "01234567890123456789012345678901234567890123456789012345678901234"));
    LOG(LOG_LEVEL_INFO, "Jane Doe");
    text = release();
    assert_null(strstr(text, "Jane"));
    assert_non_null(strstr(text, "\"a\":\"?\",\"b\":\"?\",\"c\":\"?\",\"d\":\"?\"}\n"));
    assert_non_null(strstr(text, "\"event\":\"?\"}\n"));
}

static void two_fields_of_one_name_are_both_kept(void **state)
{
    json_t *line;

    (void)state;
    capture();
    LOG(LOG_LEVEL_INFO, "test.twice", LOG_NUMBER("count", 1), LOG_NUMBER("count", 2), LOG_NUMBER("event", 3));
    line = only_line(release());
    assert_int_equal(json_integer_value(json_object_get(line, "count")), 1);
    assert_int_equal(json_integer_value(json_object_get(line, "count_2")), 2);
    assert_int_equal(json_integer_value(json_object_get(line, "event_2")), 3);
    json_decref(line);
}

static void a_line_stays_below_what_a_pipe_takes_whole(void **state)
{
    char long_text[4000];
    char *text;
    json_t *line;

    (void)state;
    memset(long_text, '"', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    capture();
    LOG(LOG_LEVEL_INFO, "test.long", LOG_CONFIGURED("a", long_text), LOG_CONFIGURED("b", long_text),
        LOG_CONFIGURED("c", long_text), LOG_CONFIGURED("d", long_text), LOG_NUMBER("last", 1));
    text = release();
    assert_in_range(strlen(text), 2000, 4096);
    line = only_line(text);
    assert_true(json_is_true(json_object_get(line, "cut")));
    assert_non_null(json_object_get(line, "a"));
    assert_null(json_object_get(line, "d"));
    json_decref(line);
}

static void what_is_below_the_level_is_not_written(void **state)
{
    enum log_level level;

    (void)state;
    assert_true(log_level_parse("warning", &level));
    assert_false(log_level_parse("loud", &level));
    capture();
    log_set_level(level);
    LOG(LOG_LEVEL_INFO, "test.below");
    LOG(LOG_LEVEL_WARNING, "test.level");
    log_set_level(LOG_LEVEL_INFO);
    assert_int_equal(lines(release()), 1);
}

/* The journal's stream is only believed when it is this very file: systemd.exec(5). */
static void a_journal_stream_of_another_file_is_not_believed(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "1:2", 1);
    log_start(LOG_LEVEL_INFO);
    capture();
    LOG(LOG_LEVEL_INFO, "test.stream");
    assert_int_equal(lines(release()), 1);
    unsetenv("JOURNAL_STREAM");
    log_start(LOG_LEVEL_INFO);
}

static void a_flood_of_one_event_is_cut_and_told(void **state)
{
    struct timespec pause = {.tv_nsec = 1100000000 - 1000000000, .tv_sec = 1};
    char *text;
    int i;

    (void)state;
    capture();
    for (i = 0; i < 5000; i++)
        LOG(LOG_LEVEL_WARNING, "test.flood");
    LOG(LOG_LEVEL_WARNING, "test.other");
    nanosleep(&pause, NULL);
    LOG(LOG_LEVEL_WARNING, "test.other");
    text = release();
    assert_in_range(lines(text), 200, 1500); /* 200 a second, and the machine may be slow */
    assert_non_null(strstr(text, "\"event\":\"log.suppressed\",\"suppressed\":\"test.flood\",\"count\":4"));
    assert_non_null(strstr(text, "\"event\":\"test.other\""));
}

static void *write_many(void *context)
{
    int i;

    for (i = 0; i < 40; i++)
        LOG(LOG_LEVEL_INFO, "test.threads", LOG_CONFIGURED("text", context), LOG_NUMBER("i", i));
    return NULL;
}

static void lines_of_many_threads_stay_whole(void **state)
{
    char texts[4][300], *text, *line, *rest;
    pthread_t threads[4];
    json_t *parsed;
    int i, count = 0;

    (void)state;
    capture();
    for (i = 0; i < 4; i++) {
        memset(texts[i], 'a' + i, sizeof texts[i] - 1);
        texts[i][sizeof texts[i] - 1] = '\0';
        pthread_create(&threads[i], NULL, write_many, texts[i]);
    }
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    text = release();
    for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        parsed = json_loads(line, 0, NULL);
        assert_non_null(parsed);
        assert_int_equal(strlen(text_of(parsed, "text")), 299);
        json_decref(parsed);
        count++;
    }
    assert_int_equal(count, 160);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_event_and_fields),
        cmocka_unit_test(an_event_without_fields_is_a_line),
        cmocka_unit_test(a_configured_text_cannot_leave_its_line),
        cmocka_unit_test(what_is_no_word_is_not_written),
        cmocka_unit_test(two_fields_of_one_name_are_both_kept),
        cmocka_unit_test(a_line_stays_below_what_a_pipe_takes_whole),
        cmocka_unit_test(what_is_below_the_level_is_not_written),
        cmocka_unit_test(a_journal_stream_of_another_file_is_not_believed),
        cmocka_unit_test(a_flood_of_one_event_is_cut_and_told),
        cmocka_unit_test(lines_of_many_threads_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
