#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rows as a later plugin would have them: wider than the daemon knows. */
struct row {
    struct fascia_option now;
    const char *later;
};
#define ROW(...)                                                                                                       \
    {                                                                                                                  \
        .now = {.size = sizeof(struct row), .help = "Some help", __VA_ARGS__ }                                         \
    }

static const struct row listener[] = {
    ROW(.type = FASCIA_OPTION_ADDRESS, .name = "address", .flags = FASCIA_OPTION_REQUIRED),
    ROW(.type = FASCIA_OPTION_DURATION, .name = "wait", .default_value = "5s", .minimum = 100, .maximum = 60000),
    ROW(.type = FASCIA_OPTION_TEXT, .name = "password", .flags = FASCIA_OPTION_SECRET, .maximum = 8),
};
static const struct row table[] = {
    ROW(.type = FASCIA_OPTION_TEXT, .name = "greeting", .default_value = "", .maximum = 5),
    ROW(.type = FASCIA_OPTION_INTEGER, .name = "count", .default_value = "-3", .minimum = -5, .maximum = 5),
    ROW(.type = FASCIA_OPTION_BOOLEAN, .name = "strict", .default_value = "true"),
    ROW(.type = FASCIA_OPTION_SIZE, .name = "limit", .default_value = "64KiB", .maximum = 1 << 20),
    ROW(.type = FASCIA_OPTION_CHOICE, .name = "mode", .default_value = "green", .choices = "red|green"),
    ROW(.type = FASCIA_OPTION_PATH, .name = "spool"),
    ROW(.type = FASCIA_OPTION_MAP, .name = "roles", .default_value = "{MD: physician}", .maximum = 2),
    ROW(.type = FASCIA_OPTION_TEXTS, .name = "columns", .default_value = "[id, 'a name']", .minimum = 1),
    ROW(.type = FASCIA_OPTION_GROUP, .name = "listeners", .children = &listener[0].now, .child_count = 3),
};
#define TABLE &table[0].now, sizeof table / sizeof table[0]

static struct config *config;

/* A source with these options, which stand from line 5 on. */
static Fascia__Options *read_options(const char *options, struct config_errors *errors)
{
    char path[] = "/tmp/fascia-options-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    struct config_errors loading;

    assert_non_null(file);
    fprintf(file, "sources:\n  - name: clinic\n    plugin: p\n    stream: {listen: '127.0.0.1:1'}\n%s", options);
    fclose(file);
    config_destroy(config);
    config = config_load(path, &loading);
    if (config == NULL)
        fail_msg("%s", loading.items[0].text);
    unlink(path);
    config_errors_finish(&loading);
    *errors = (struct config_errors){0};
    return config_options(config, &config->sources[0], TABLE, errors);
}

static Fascia__Options *read_good(const char *text)
{
    struct config_errors errors;
    Fascia__Options *options = read_options(text, &errors);

    if (options == NULL)
        fail_msg("%s", errors.items[0].text);
    assert_int_equal(errors.count, 0);
    return options;
}

static void assert_errors(const char *options, const char *const *expected)
{
    struct config_errors errors;
    size_t count = 0;

    assert_null(read_options(options, &errors));
    for (; expected[count] != NULL; count++) {
        const char *said = count < errors.count ? strchr(errors.items[count].text, ':') : "";
        assert_non_null(said);
        assert_string_equal(said, expected[count]);
    }
    assert_int_equal(errors.count, count);
    config_errors_finish(&errors);
}
#define ASSERT_ERRORS(text, ...) assert_errors(text, (const char *const[]){__VA_ARGS__, NULL})

static const Fascia__OptionValue *find(const Fascia__Options *options, const char *name)
{
    for (size_t i = 0; i < options->n_values; i++)
        if (strcmp(options->values[i]->name, name) == 0)
            return options->values[i];
    return NULL;
}

static void what_is_not_written_has_its_default(void **state)
{
    Fascia__Options *options = read_good("");

    (void)state;
    assert_int_equal(options->n_values, 7);
    assert_string_equal(find(options, "greeting")->text, "");
    assert_int_equal(find(options, "count")->number, -3);
    assert_true(find(options, "strict")->flag);
    assert_int_equal(find(options, "limit")->number, 65536);
    assert_string_equal(find(options, "mode")->text, "green");
    assert_null(find(options, "spool"));
    assert_null(find(options, "listeners"));
    assert_int_equal(find(options, "roles")->map->n_entries, 1);
    assert_string_equal(find(options, "roles")->map->entries[0]->key, "MD");
    assert_string_equal(find(options, "roles")->map->entries[0]->value, "physician");
    assert_int_equal(find(options, "columns")->texts->n_items, 2);
    assert_string_equal(find(options, "columns")->texts->items[1], "a name");
    fascia__options__free_unpacked(options, NULL);
}

static void what_is_written_is_read_by_its_type(void **state)
{
    Fascia__Options *options = read_good("    options:\n"
                                         "      greeting: hello\n"
                                         "      count: 5\n"
                                         "      strict: false\n"
                                         "      limit: 1MiB\n"
                                         "      mode: red\n"
                                         "      spool: /var/spool\n"
                                         "      roles: {PT: physiotherapist, 'DC': chiropractor}\n"
                                         "      columns: [one]\n"
                                         "      listeners:\n"
                                         "        - address: '[::1]:80'\n"
                                         "        - {address: 'ehr.example:2575', wait: 250ms, password: s3cret}\n");
    const Fascia__OptionList *list = NULL;

    (void)state;
    assert_string_equal(find(options, "greeting")->text, "hello");
    assert_int_equal(find(options, "count")->number, 5);
    assert_false(find(options, "strict")->flag);
    assert_int_equal(find(options, "limit")->number, 1 << 20);
    assert_string_equal(find(options, "mode")->text, "red");
    assert_string_equal(find(options, "spool")->text, "/var/spool");
    assert_int_equal(find(options, "roles")->map->n_entries, 2);
    assert_string_equal(find(options, "roles")->map->entries[1]->value, "chiropractor");
    assert_int_equal(find(options, "columns")->texts->n_items, 1);
    list = find(options, "listeners")->list;
    assert_int_equal(list->n_items, 2);
    assert_string_equal(find(list->items[0], "address")->text, "[::1]:80");
    assert_int_equal(find(list->items[0], "wait")->number, 5000);
    assert_null(find(list->items[0], "password"));
    assert_int_equal(find(list->items[1], "wait")->number, 250);
    assert_string_equal(find(list->items[1], "password")->text, "s3cret");
    fascia__options__free_unpacked(options, NULL);
}

static void options_survive_the_way_into_the_plugin(void **state)
{
    Fascia__Options *options = read_good("    options: {listeners: [{address: 'a:1'}], roles: {A: b}}\n"), *read = NULL;
    uint8_t bytes[1024];
    size_t size = fascia__options__pack(options, bytes);

    (void)state;
    assert_true(size <= sizeof bytes);
    read = fascia__options__unpack(NULL, size, bytes);
    assert_non_null(read);
    assert_int_equal(read->n_values, options->n_values);
    assert_string_equal(find(find(read, "listeners")->list->items[0], "address")->text, "a:1");
    fascia__options__free_unpacked(read, NULL);
    fascia__options__free_unpacked(options, NULL);
}

static void each_wrong_value_is_told_with_its_place(void **state)
{
    (void)state;
    ASSERT_ERRORS("    options:\n"
                  "      greeting: too long\n"
                  "      count: 6\n"
                  "      strict: yes\n"
                  "      limit: 2MiB\n"
                  "      mode: blue\n"
                  "      spool: var/spool\n"
                  "      roles: {A: b, C: d, E: f}\n"
                  "      columns: []\n"
                  "      colums: [x]\n"
                  "      listeners: {address: 'a:1'}\n",
                  ":14:7: sources.clinic.options: 'colums' is no key here; did you mean 'columns'?",
                  ":6:17: sources.clinic.options.greeting 'too long' is not a text with at most 5 bytes",
                  ":7:14: sources.clinic.options.count '6' is not a whole number from -5 to 5",
                  ":8:15: sources.clinic.options.strict 'yes' is not true or false",
                  ":9:14: sources.clinic.options.limit '2MiB' is not a size (64KiB, 16MiB, 1GiB) from 0 to 1MiB",
                  ":10:13: sources.clinic.options.mode 'blue' is not one of red, green",
                  ":11:14: sources.clinic.options.spool 'var/spool' is not an absolute path",
                  ":12:14: sources.clinic.options.roles has 3 entries; write a map of texts with at most 2 entries",
                  ":13:16: sources.clinic.options.columns has 0 entries; write a list of texts with at least 1 entries",
                  ":15:18: sources.clinic.options.listeners is a map; write a list of maps");
}

static void each_wrong_value_of_a_group_is_told_with_its_place(void **state)
{
    (void)state;
    ASSERT_ERRORS(
        "    options:\n"
        "      listeners:\n"
        "        - {wait: 2m, colour: red}\n"
        "        - text\n"
        "      roles: {A: [b], C: ~}\n"
        "      columns: [a, {b: c}]\n",
        ":9:18: sources.clinic.options.roles.A is a list; write a text",
        ":9:26: sources.clinic.options.roles.C has no value; write a text, or remove the key",
        ":10:20: sources.clinic.options.columns is a map; write a text",
        ":7:22: sources.clinic.options.listeners[1]: 'colour' is no key here; the keys are address, wait, "
        "password",
        ":7:11: sources.clinic.options.listeners[1].address is missing; write an address (192.0.2.7:2575, "
        "host:2575, [::1]:2575)",
        ":7:18: sources.clinic.options.listeners[1].wait '2m' is not a duration (250ms, 30s, 5m, 24h, 7d) from "
        "100ms to 1m",
        ":8:11: sources.clinic.options.listeners[2] is a text; write a map of options");
}

static void a_secret_is_never_repeated(void **state)
{
    struct config_errors errors;

    (void)state;
    assert_null(read_options("    options: {listeners: [{address: 'a:1', password: hunter2-and-more}]}\n", &errors));
    assert_int_equal(errors.count, 1);
    assert_null(strstr(errors.items[0].text, "hunter2"));
    assert_non_null(strstr(errors.items[0].text,
                           ":5:54: sources.clinic.options.listeners[1].password is not a text with at most 8 bytes"));
    config_errors_finish(&errors);
}

static void a_long_value_is_cut_where_a_character_ends(void **state)
{
    (void)state;
    ASSERT_ERRORS(
        "    options: {count: "
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9\xc3\xa9'}\n",
        ":5:22: sources.clinic.options.count "
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' is not a whole number from -5 to 5");
}

static void nothing_of_the_file_breaks_a_line_or_speaks_to_a_terminal(void **state)
{
    struct config_errors errors;
    (void)state;
    assert_null(read_options("    options: {\"\\e[2J\\x9B\\n\": 1}\n", &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.items[0].text, "'?[2J?\?\?' is no key here"));
    config_errors_finish(&errors);
}

static void the_manual_comes_from_the_table(void **state)
{
    char *help = config_options_help(TABLE);

    (void)state;
    assert_non_null(strstr(help, "count\n    Some help.\n    Write a whole number from -5 to 5. Default: -3\n"));
    assert_non_null(strstr(help, "greeting\n    Some help.\n    Write a text with at most 5 bytes. Default: ''\n"));
    assert_non_null(strstr(help, "spool\n    Some help.\n    Write an absolute path. Optional.\n"));
    assert_non_null(strstr(help, "    address\n        Some help.\n        Write an address"));
    assert_non_null(strstr(help,
                           "    password\n        Some help.\n        Write a text with at most 8 bytes; it is never "
                           "shown. Optional.\n"));
    free(help);
}

static int finish(void **state)
{
    (void)state;
    config_destroy(config);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_written_has_its_default),
        cmocka_unit_test(what_is_written_is_read_by_its_type),
        cmocka_unit_test(options_survive_the_way_into_the_plugin),
        cmocka_unit_test(each_wrong_value_is_told_with_its_place),
        cmocka_unit_test(each_wrong_value_of_a_group_is_told_with_its_place),
        cmocka_unit_test(a_secret_is_never_repeated),
        cmocka_unit_test(a_long_value_is_cut_where_a_character_ends),
        cmocka_unit_test(nothing_of_the_file_breaks_a_line_or_speaks_to_a_terminal),
        cmocka_unit_test(the_manual_comes_from_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
