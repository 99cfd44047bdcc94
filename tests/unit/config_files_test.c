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
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/fascia-config-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static struct config *load_good(const char *path)
{
    struct config_errors errors;
    struct config *config = config_load(path, &errors);

    if (config == NULL)
        fail_msg("%s", errors.items[0].text);
    config_errors_finish(&errors);
    return config;
}

/* One error that says the text; the name of our directory is left out of what is compared. */
static void assert_one_error(const char *path, const char *expected)
{
    struct config_errors errors;
    char said[1024] = "";
    size_t length = strlen(directory), used = 0;

    assert_null(config_load(path, &errors));
    assert_int_equal(errors.count, 1);
    for (const char *at = errors.items[0].text; *at != '\0';) {
        if (strncmp(at, directory, length) == 0)
            at += length + 1;
        else
            said[used++] = *at++;
    }
    assert_string_equal(said, expected);
    config_errors_finish(&errors);
}

static void make_includes(void)
{
    mkdir(path_of("conf.d"), 0755);
    write_file("main.yaml", "node: {name: main}\ninclude: [conf.d/*.yaml, extra.yaml]\n"
                            "sources: [{name: first, plugin: p, folder: {path: /a}}]\n");
    write_file("conf.d/20-b.yaml", "sources: [{name: third, plugin: p, folder: {path: /c}}]\n");
    write_file("conf.d/10-a.yaml", "sources: [{name: second, plugin: p, folder: {path: /b}}]\n");
    write_file("conf.d/.hidden.yaml", "this: is never read\n");
    write_file("extra.yaml", "matching: {duration: 30}\n");
}

static void sources_of_included_files_add_up_in_order(void **state)
{
    struct config *config = NULL;

    (void)state;
    make_includes();
    config = load_good(path_of("main.yaml"));
    assert_int_equal(config->source_count, 3);
    assert_string_equal(config->sources[0].name, "first");
    assert_string_equal(config->sources[1].name, "second");
    assert_string_equal(config->sources[2].name, "third");
    assert_int_equal(config->duration_minutes, 30);
    config_destroy(config);
}

static void another_key_stands_once_in_all_files(void **state)
{
    (void)state;
    make_includes();
    write_file("extra.yaml", "node:\n  name: again\n");
    assert_one_error(path_of("main.yaml"), "extra.yaml:2:3: node.name already stands at main.yaml:1; write it once");
}

static void an_error_names_the_file_it_stands_in(void **state)
{
    (void)state;
    make_includes();
    write_file("conf.d/20-b.yaml", "delivery:\n  refusals: none\n");
    assert_one_error(path_of("main.yaml"),
                     "conf.d/20-b.yaml:2:13: delivery.refusals 'none' is not a whole number from 1 to 1000");
}

static void two_sources_share_nothing(void **state)
{
    (void)state;
    make_includes();
    write_file("conf.d/20-b.yaml", "sources: [{name: first, plugin: p, folder: {path: /c}}]\n");
    assert_one_error(path_of("main.yaml"),
                     "conf.d/20-b.yaml:1:11: sources: the name 'first' is also that of the source "
                     "at main.yaml:3; give each its own");
    write_file("conf.d/20-b.yaml", "sources: [{name: x, plugin: p, folder: {path: /a}}]\n");
    assert_one_error(path_of("main.yaml"), "conf.d/20-b.yaml:1:11: sources: the folder '/a' is also that of the source "
                                           "at main.yaml:3; give each its own");
    write_file("conf.d/20-b.yaml", "sources: [{name: x, plugin: p, stream: {listen: '127.0.0.1:9128'}}]\n");
    assert_one_error(path_of("main.yaml"),
                     "conf.d/20-b.yaml:1:11: sources: the address '127.0.0.1:9128' is also that of "
                     "node.http; give each its own");
    write_file("conf.d/20-b.yaml", "sources: [{name: x, plugin: p, stream: {listen: '127.0.0.1:0'}},\n"
                                   "          {name: y, plugin: p, stream: {listen: '127.0.0.1:0'}}]\n");
    config_destroy(load_good(path_of("main.yaml")));
}

static void a_file_that_is_named_must_be_there(void **state)
{
    (void)state;
    write_file("main.yaml", "include: [none/*.yaml]\n");
    config_destroy(load_good(path_of("main.yaml")));
    write_file("main.yaml", "include: none.yaml\n");
    assert_one_error(path_of("main.yaml"), "main.yaml:1:10: include 'none.yaml': there is no such file");
    assert_one_error(path_of("nowhere.yaml"), "nowhere.yaml: nowhere.yaml can't be read: No such file or directory");
    assert_one_error(path_of(""), ":  is no regular file");
}

static void a_file_is_read_once_and_not_by_itself(void **state)
{
    (void)state;
    write_file("main.yaml", "include: main.yaml\n");
    assert_one_error(path_of("main.yaml"),
                     "main.yaml:1:10: include: main.yaml includes itself; take it out of the patterns");
    write_file("main.yaml", "include: [one.yaml, one.yaml]\n");
    write_file("one.yaml", "node: {}\n");
    assert_one_error(path_of("main.yaml"), "main.yaml:1:21: include: one.yaml is already included; name it once");
    write_file("main.yaml", "include: one.yaml\n");
    write_file("one.yaml", "include: two.yaml\n");
    write_file("two.yaml", "include: one.yaml\n");
    assert_one_error(path_of("main.yaml"),
                     "two.yaml:1:10: include: one.yaml includes itself; take it out of the patterns");
}

static void includes_nest_four_deep(void **state)
{
    (void)state;
    write_file("main.yaml", "include: 1.yaml\n");
    write_file("1.yaml", "include: 2.yaml\n");
    write_file("2.yaml", "include: 3.yaml\n");
    write_file("3.yaml", "include: 4.yaml\n");
    write_file("4.yaml", "node: {name: deep}\n");
    config_destroy(load_good(path_of("main.yaml")));
    write_file("4.yaml", "include: 5.yaml\n");
    write_file("5.yaml", "node: {name: deep}\n");
    assert_one_error(path_of("main.yaml"), "4.yaml:1:10: include: 5.yaml would be nested deeper than 4 files");
}

static void a_file_that_is_too_large_or_not_a_file_is_refused(void **state)
{
    static char text[(1 << 20) + 2];

    (void)state;
    memset(text, '#', sizeof text - 1);
    write_file("large.yaml", text);
    write_file("main.yaml", "include: large.yaml\n");
    assert_one_error(path_of("main.yaml"),
                     "main.yaml:1:10: large.yaml is larger than 1 MiB; split it and include the parts");
    text[1 << 20] = '\0';
    write_file("large.yaml", text);
    config_destroy(load_good(path_of("main.yaml")));
    assert_int_equal(mkfifo(path_of("pipe.yaml"), 0600), 0);
    write_file("main.yaml", "include: pipe.yaml\n");
    assert_one_error(path_of("main.yaml"), "main.yaml:1:10: pipe.yaml is no regular file");
}

/* The directory of the including file is a name and no pattern. */
static void a_directory_with_a_bracket_is_found(void **state)
{
    (void)state;
    mkdir(path_of("a[b]*"), 0755);
    write_file("a[b]*/main.yaml", "include: part-*.yaml\n");
    write_file("a[b]*/part-1.yaml", "node: {name: inside}\n");
    struct config *config = load_good(path_of("a[b]*/main.yaml"));
    assert_string_equal(config->name, "inside");
    config_destroy(config);
}

static void no_more_than_a_hundred_errors_are_told(void **state)
{
    struct config_errors errors;
    static char text[8192];
    size_t used = 0;

    (void)state;
    used += (size_t)sprintf(text, "node:\n");
    for (int i = 0; i < 150; i++)
        used += (size_t)sprintf(text + used, "  wrong%d: 1\n", i);
    write_file("main.yaml", text);
    assert_null(config_load(path_of("main.yaml"), &errors));
    assert_int_equal(errors.count, 101);
    assert_string_equal(errors.items[100].text, "there are more errors than the 100 above");
    config_errors_finish(&errors);
}

static size_t differences(const char *running, const char *wanted, const char **names, size_t room)
{
    struct config *before = NULL, *after = NULL;
    size_t count = 0;

    write_file("before.yaml", running);
    write_file("after.yaml", wanted);
    before = load_good(path_of("before.yaml"));
    after = load_good(path_of("after.yaml"));
    count = config_fixed_differences(before, after, names, room);
    config_destroy(before);
    config_destroy(after);
    return count;
}

static void a_reload_says_what_it_can_not_take(void **state)
{
    const char *names[8];
    static const char source[] = "sources: [{name: a, plugin: p, folder: {path: /a}, options: {x: 1, y: [2]}}]\n";

    (void)state;
    assert_int_equal(differences("node: {log_level: info}\n",
                                 "node: {log_level: debug}\nmatching: {weights: {load: 7}}\ndelivery: {refusals: 3}\n",
                                 names, 8),
                     0);
    assert_int_equal(differences("node: {node_key_file: /k}\n", "node: {queue: 99, http: ''}\n", names, 8), 3);
    assert_string_equal(names[0], "node.node_key_file");
    assert_string_equal(names[1], "node.http");
    assert_string_equal(names[2], "node.queue");
    assert_int_equal(differences("node: {node_key_file: /k}\n", "node: {queue: 99, http: ''}\n", names, 2), 2);
    /* The order of keys says nothing; a value deep in a plugin's options does. */
    assert_int_equal(
        differences(source, "sources: [{plugin: p, name: a, folder: {path: /a}, options: {y: [2], x: 1}}]\n", names, 8),
        0);
    assert_int_equal(
        differences(source, "sources: [{name: a, plugin: p, folder: {path: /a}, options: {x: 1, y: [3]}}]\n", names, 8),
        1);
    assert_string_equal(names[0], "sources");
}

/* The example shows every key, and each with its default. */
static void the_example_is_what_it_says(void **state)
{
    struct config *example = load_good(FASCIA_SOURCE "/deploy/fascia.example.yaml"), *defaults = NULL;
    char *help = config_help();
    static char text[65536];
    FILE *file = fopen(FASCIA_SOURCE "/deploy/fascia.example.yaml", "r");
    const char *names[4];

    (void)state;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (char *line = strtok(help, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char key[64];
        size_t name = strspn(line, " "), end = name + strspn(line + name, "abcdefghijklmnopqrstuvwxyz_");
        /* A line of one word is a key, or with a colon a section. */
        if (end == name || (line[end] != '\0' && strcmp(line + end, ":") != 0))
            continue;
        snprintf(key, sizeof key, "%.*s:", (int)(end - name), line + name);
        if (strstr(text, key) == NULL)
            fail_msg("the example does not show '%s'", key);
    }
    write_file("defaults.yaml",
               "sources:\n  - {name: clinic-hl7, plugin: hl7v2, stream: {listen: '127.0.0.1:2575'}}\n");
    defaults = load_good(path_of("defaults.yaml"));
    assert_int_equal(config_fixed_differences(example, defaults, names, 4), 1); /* sources: only as it is written */
    assert_string_equal(names[0], "sources");
    assert_memory_equal(example->offer_lifetime, defaults->offer_lifetime, sizeof example->offer_lifetime);
    assert_memory_equal(example->weight, defaults->weight, sizeof example->weight);
    assert_int_equal(example->max_distance, defaults->max_distance);
    assert_int_equal(example->duration_minutes, defaults->duration_minutes);
    assert_int_equal(example->maximum_offers, defaults->maximum_offers);
    assert_int_equal(example->payer_required, defaults->payer_required);
    assert_int_equal(example->rating_mean, defaults->rating_mean);
    assert_int_equal(example->rating_prior, defaults->rating_prior);
    assert_int_equal(example->experience_full, defaults->experience_full);
    assert_int_equal(example->earliest_span_ms, defaults->earliest_span_ms);
    assert_int_equal(example->retry_first_ms, defaults->retry_first_ms);
    assert_int_equal(example->retry_last_ms, defaults->retry_last_ms);
    assert_int_equal(example->give_up_after_ms, defaults->give_up_after_ms);
    assert_int_equal(example->answer_timeout_ms, defaults->answer_timeout_ms);
    assert_int_equal(example->refusals, defaults->refusals);
    assert_memory_equal(&example->sources[0].stream.connections, &defaults->sources[0].stream.connections,
                        sizeof example->sources[0].stream - sizeof(char *));
    config_destroy(example);
    config_destroy(defaults);
    free(help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_of_included_files_add_up_in_order),
        cmocka_unit_test(another_key_stands_once_in_all_files),
        cmocka_unit_test(an_error_names_the_file_it_stands_in),
        cmocka_unit_test(two_sources_share_nothing),
        cmocka_unit_test(a_file_that_is_named_must_be_there),
        cmocka_unit_test(a_file_is_read_once_and_not_by_itself),
        cmocka_unit_test(includes_nest_four_deep),
        cmocka_unit_test(a_file_that_is_too_large_or_not_a_file_is_refused),
        cmocka_unit_test(a_directory_with_a_bracket_is_found),
        cmocka_unit_test(no_more_than_a_hundred_errors_are_told),
        cmocka_unit_test(a_reload_says_what_it_can_not_take),
        cmocka_unit_test(the_example_is_what_it_says),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
