#include "plugin/plugin.h"

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

/* Animals are copied into a directory of our own: what may be written around the build tree is not for these tests to say. */
static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/fascia-plugin-XXXXXX");
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
    static char paths[16][128];
    static unsigned next;
    char *path = paths[next++ % 16];

    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static void put(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(path_of(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path_of(name), 0755), 0);
}

/* Copies tests/plugin_zoo/NAME.so into a new directory of ours: a file that is loaded must not be written again. */
static const char *animal(const char *name)
{
    static char bytes[1 << 21];
    static int copies;
    char source[256], file_name[64];
    FILE *file = NULL;
    size_t size = 0;

    snprintf(source, sizeof source, "%s/tests/plugin_zoo/%s.so", FASCIA_BUILD, name);
    file = fopen(source, "rb");
    assert_non_null(file);
    size = fread(bytes, 1, sizeof bytes, file);
    assert_true(size > 0 && size < sizeof bytes);
    fclose(file);
    snprintf(file_name, sizeof file_name, "%d", ++copies);
    assert_int_equal(mkdir(path_of(file_name), 0755), 0);
    snprintf(file_name, sizeof file_name, "%d/%s.so", copies, name);
    put(file_name, bytes, size);
    return path_of(file_name);
}

static void assert_refused(const char *path, enum plugin_error error, const char *expected)
{
    struct plugin_registry *registry = plugin_registry_create();
    const struct plugin *plugin = NULL;
    struct fault fault = {{0}};
    enum plugin_error got = plugin_load(registry, path, &plugin, &fault);

    assert_string_equal(plugin_error_name(got), plugin_error_name(error));
    assert_null(plugin);
    if (strstr(fault.text, expected) == NULL)
        fail_msg("'%s' does not say '%s'", fault.text, expected);
    plugin_registry_destroy(registry);
}

static void assert_animal_refused(const char *name, enum plugin_error error, const char *expected)
{
    const char *path = animal(name);

    assert_refused(path, error, expected);
    assert_refused(path, error, path);
}

static void assert_loads(const char *path)
{
    struct plugin_registry *registry = plugin_registry_create();
    const struct plugin *plugin = NULL;
    struct fault fault = {{0}};

    if (plugin_load(registry, path, &plugin, &fault) != PLUGIN_OK)
        fail_msg("%s", fault.text);
    assert_non_null(plugin);
    plugin_registry_destroy(registry);
}

static void what_is_right_is_loaded_and_described(void **state)
{
    struct plugin_registry *registry = plugin_registry_create();
    const struct plugin *plugin = NULL, *again = NULL;
    struct fault fault = {{0}};
    const char *path = animal("table_good");

    (void)state;
    assert_int_equal(plugin_load(registry, path, &plugin, &fault), PLUGIN_OK);
    assert_string_equal(plugin_describe(plugin)->name, "table-good");
    assert_int_equal(plugin_describe(plugin)->option_count, 9);
    assert_string_equal(plugin_option(plugin_describe(plugin)->options, 8)->name, "listeners");
    assert_int_equal(plugin_load(registry, path, &again, &fault), PLUGIN_OK);
    assert_ptr_equal(plugin, again);
    plugin_registry_destroy(registry);
}

static void a_newer_minor_version_and_a_source_without_streams_are_right(void **state)
{
    (void)state;
    assert_loads(animal("grown"));
    assert_loads(animal("folder_only"));
}

static void rows_are_found_however_wide_they_are(void **state)
{
    struct wide_row {
        struct fascia_option now;
        const char *later[3];
    } rows[3] = {{.now = {.size = sizeof rows[0], .name = "a"}}, {.now = {.name = "b"}}, {.now = {.name = "c"}}};

    (void)state;
    assert_string_equal(plugin_option(&rows[0].now, 2)->name, "c");
}

static void each_wrong_head_has_its_error(void **state)
{
    (void)state;
    assert_animal_refused("no_symbol", PLUGIN_SYMBOL, "exports no fascia_plugin(); is it a fascia plugin");
    assert_animal_refused("null", PLUGIN_NULL, "its fascia_plugin() returned NULL");
    assert_animal_refused("unresolved", PLUGIN_OPEN, "a_symbol_that_nobody_has");
    assert_animal_refused("wrong_magic", PLUGIN_MAGIC, "its magic is 0x4f474e4d, not 0x41435346");
    assert_animal_refused("small", PLUGIN_SIZE, "ABI 1.0 has 120; set .size = sizeof(struct fascia_plugin)");
    assert_animal_refused("wrong_major", PLUGIN_VERSION, "it was built for plugin ABI 2, this daemon has ABI 1");
    assert_animal_refused("unknown_kind", PLUGIN_KIND, "its kind 9 is unknown");
    assert_animal_refused("fed_policy", PLUGIN_KIND, "its transports name a way in");
    assert_animal_refused("no_transport", PLUGIN_KIND, "transports names none of stream, folder");
}

static void each_wrong_name_and_function_has_its_error(void **state)
{
    (void)state;
    assert_animal_refused("bad_name", PLUGIN_NAME, "its name must be a lower-case letter followed by");
    assert_animal_refused("empty_name", PLUGIN_NAME, "its name must be a lower-case letter followed by");
    assert_animal_refused("endless_name", PLUGIN_NAME, "at most 32 bytes");
    assert_animal_refused("two_line_summary", PLUGIN_NAME, "its summary must be one line of 1 to 200 bytes");
    assert_animal_refused("no_deliver", PLUGIN_FUNCTION, "its function deliver is NULL; a source must have it");
    assert_animal_refused("no_frame", PLUGIN_FUNCTION, "its function frame is NULL; a source that takes streams");
}

static void each_wrong_route_has_its_error(void **state)
{
    (void)state;
    assert_animal_refused("http_no_routes", PLUGIN_ROUTES, "it takes HTTP but has no routes; write 1 to 64");
    assert_animal_refused("http_no_request", PLUGIN_FUNCTION, "its function request is NULL; a source must have it");
    assert_animal_refused("http_bad_path", PLUGIN_ROUTES, "row 1 of its routes: path must begin with '/'");
    assert_animal_refused("http_bad_methods", PLUGIN_ROUTES, "row 1 of its routes: methods must be words such as");
    assert_animal_refused("http_twice", PLUGIN_ROUTES, "row 2 of its routes: the same path stands in a row before");
}

static void each_wrong_table_has_its_error(void **state)
{
    (void)state;
    assert_animal_refused("table_null", PLUGIN_TABLE, "its options table is NULL but should have 3 rows");
    assert_animal_refused("table_twice", PLUGIN_TABLE, "its option 'port' is in its table twice");
    assert_animal_refused("table_type", PLUGIN_TABLE, "its option 'port' has a type that this daemon does not know");
    assert_animal_refused("table_default", PLUGIN_TABLE, "its option 'wait' has a default that does not fit");
    assert_animal_refused("table_choice", PLUGIN_TABLE, "its option 'mode' has a default that does not fit");
    assert_animal_refused("table_name", PLUGIN_TABLE, "an option's name must be a lower-case letter followed by");
    assert_animal_refused("table_width", PLUGIN_TABLE, "says it has 0 bytes; set .size = sizeof(struct fascia_option)");
    assert_animal_refused("table_deep", PLUGIN_TABLE,
                          "in the group 'first': in the group 'second': its option 'third' nests deeper");
}

static void a_name_is_taken_once(void **state)
{
    struct plugin_registry *registry = plugin_registry_create();
    const struct plugin *plugin = NULL;
    struct fault fault = {{0}};
    const char *first = animal("good");

    (void)state;
    assert_int_equal(plugin_load(registry, first, &plugin, &fault), PLUGIN_OK);
    assert_int_equal(plugin_load(registry, animal("good_twin"), &plugin, &fault), PLUGIN_NAME);
    assert_non_null(strstr(fault.text, "its name 'good' is already taken by "));
    assert_non_null(strstr(fault.text, first));
    plugin_registry_destroy(registry);
}

static void a_path_must_be_absolute_and_there(void **state)
{
    (void)state;
    assert_refused("good.so", PLUGIN_PATH, "good.so: a plugin is named by its absolute path, beginning with '/'");
    assert_refused("", PLUGIN_PATH, "a plugin is named by its absolute path");
    assert_refused("/", PLUGIN_PATH, "/: names no file");
    assert_refused(path_of("nowhere.so"), PLUGIN_PATH, "there is no such file; check the plugin's path");
    assert_refused(path_of("nowhere/good.so"), PLUGIN_PATH, "there is no such file; check the plugin's path");
    assert_refused(directory, PLUGIN_PATH, "is no regular file; a plugin is a shared object (.so)");
}

static void a_file_that_is_no_elf_is_refused(void **state)
{
    (void)state;
    put("text.so", "#!/bin/sh\necho hello\n", 21);
    assert_refused(path_of("text.so"), PLUGIN_OPEN, "/text.so: can't be loaded: ");
    put("empty.so", "", 0);
    assert_refused(path_of("empty.so"), PLUGIN_OPEN, "/empty.so: can't be loaded: ");
}

static void a_file_that_others_may_write_is_refused(void **state)
{
    const char *path = animal("good");

    (void)state;
    assert_int_equal(chmod(path, 0757), 0);
    assert_refused(path, PLUGIN_OWNER, "its mode 0757 lets everybody change what is loaded; run: chmod go-w '");
    assert_int_equal(chmod(path, 0775), 0);
    assert_refused(path, PLUGIN_OWNER, "its mode 0775 lets its group change what is loaded");
    assert_int_equal(chmod(path, 0644), 0);
    assert_loads(path);
}

static void a_directory_that_others_may_write_is_refused_unless_sticky(void **state)
{
    const char *folder = path_of("open");
    char path[160];

    (void)state;
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_int_equal(rename(animal("good"), path_of("open/good.so")), 0);
    snprintf(path, sizeof path, "%s", path_of("open/good.so"));
    assert_loads(path);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_refused(path, PLUGIN_OWNER, "/open: its mode 0777 lets everybody change what is loaded; run: chmod go-w '");
    assert_int_equal(chmod(folder, 01777), 0);
    assert_loads(path);
    assert_int_equal(chmod(folder, 0755), 0);
}

static void a_file_of_somebody_else_is_refused(void **state)
{
    const char *path = animal("good");

    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give a file away */
    assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
    assert_refused(path, PLUGIN_OWNER,
                   "belongs to user 12345, who could change what is loaded; it must belong to root");
    assert_int_equal(chown(path, 0, (gid_t)-1), 0);
    assert_int_equal(chown(directory, 12345, (gid_t)-1), 0);
    assert_refused(path, PLUGIN_OWNER, "belongs to user 12345");
    assert_int_equal(chown(directory, 0, (gid_t)-1), 0);
    assert_loads(path);
}

static void the_file_is_no_link_but_directories_may_be(void **state)
{
    const char *path = animal("good");

    (void)state;
    assert_int_equal(symlink(path, path_of("link.so")), 0);
    assert_refused(path_of("link.so"), PLUGIN_PATH, "is a symbolic link; name the plugin's file itself");
    assert_int_equal(symlink(directory, path_of("current")), 0);
    assert_int_equal(rename(path, path_of("good.so")), 0);
    assert_loads(path_of("current/good.so"));
    assert_loads(path_of("./1/../good.so"));
    assert_loads(path_of("current/./current/good.so"));
    assert_int_equal(symlink("loop", path_of("loop")), 0);
    assert_refused(path_of("loop/good.so"), PLUGIN_PATH, "too many symbolic links");
}

/* A link may not lead past the check: what it points at is walked like any path. */
static void a_link_into_an_open_directory_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("wide"), 0755), 0);
    assert_int_equal(rename(animal("good"), path_of("wide/good.so")), 0);
    assert_int_equal(chmod(path_of("wide"), 0777), 0);
    assert_int_equal(symlink("wide", path_of("narrow")), 0);
    assert_refused(path_of("narrow/good.so"), PLUGIN_OWNER, "/wide: its mode 0777");
}

static void a_link_to_the_same_file_by_another_name_is_the_same_plugin(void **state)
{
    struct plugin_registry *registry = plugin_registry_create();
    const struct plugin *plugin = NULL, *again = NULL;
    const char *path = NULL;
    struct fault fault = {{0}};

    (void)state;
    path = animal("good");
    assert_int_equal(link(path, path_of("hard.so")), 0);
    assert_int_equal(plugin_load(registry, path, &plugin, &fault), PLUGIN_OK);
    assert_int_equal(plugin_load(registry, path_of("hard.so"), &again, &fault), PLUGIN_OK);
    assert_ptr_equal(plugin, again);
    plugin_registry_destroy(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_is_loaded_and_described),
        cmocka_unit_test(a_newer_minor_version_and_a_source_without_streams_are_right),
        cmocka_unit_test(rows_are_found_however_wide_they_are),
        cmocka_unit_test(each_wrong_head_has_its_error),
        cmocka_unit_test(each_wrong_name_and_function_has_its_error),
        cmocka_unit_test(each_wrong_route_has_its_error),
        cmocka_unit_test(each_wrong_table_has_its_error),
        cmocka_unit_test(a_name_is_taken_once),
        cmocka_unit_test(a_path_must_be_absolute_and_there),
        cmocka_unit_test(a_file_that_is_no_elf_is_refused),
        cmocka_unit_test(a_file_that_others_may_write_is_refused),
        cmocka_unit_test(a_directory_that_others_may_write_is_refused_unless_sticky),
        cmocka_unit_test(a_file_of_somebody_else_is_refused),
        cmocka_unit_test(the_file_is_no_link_but_directories_may_be),
        cmocka_unit_test(a_link_into_an_open_directory_is_refused),
        cmocka_unit_test(a_link_to_the_same_file_by_another_name_is_the_same_plugin),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
