#include "unit/store_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

static void refuses(struct sample *sample, enum store_status expected, const char *words)
{
    struct store *store = NULL;
    struct fault fault = {{0}};

    sample_expect(expected, store_open(&sample->settings, &store, &fault), &fault);
    assert_null(store);
    if (strstr(fault.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", fault.text, words);
}

static void overwrite(const struct sample *sample, const char *name, long at, const void *bytes, size_t size)
{
    FILE *file = fopen(sample_file(sample, name), "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static int setup_used(void **state)
{
    if (sample_setup_open(state) != 0)
        return -1;
    sample_put(*state, 1, "content");
    sample_close(*state);
    return 0;
}

static void a_second_opener_is_told_who_has_it(void **state)
{
    struct sample *sample = *state;
    char words[64];
    int status = 0;
    pid_t child = 0;

    sample_open(sample);
    snprintf(words, sizeof words, "pid %ld has this store open", (long)getpid());
    refuses(sample, STORE_LOCKED, words);
    child = fork();
    if (child == 0) { /* another process is refused as well */
        struct store *store = NULL;
        struct fault fault = {{0}};
        _exit(store_open(&sample->settings, &store, &fault) == STORE_LOCKED && strstr(fault.text, words) != NULL ? 7
                                                                                                                 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
    sample_reopen(sample);
}

static void files_are_for_their_owner_only(void **state)
{
    struct sample *sample = *state;
    const char *names[] = {"fascia.db", "keys.db", "node.key", "fascia.lock", "fascia.db-wal"};
    struct stat about;

    sample->settings.directory = sample_file(sample, "made");
    sample_open(sample);
    assert_int_equal(stat(sample->settings.directory, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[SAMPLE_PATH * 2];
        snprintf(path, sizeof path, "%s/%s", sample->settings.directory, names[i]);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    struct sample *sample = *state;

    sample->settings.directory = sample_file(sample, "no/such");
    refuses(sample, STORE_MISSING, "no/such");
}

/* Root may write anywhere, so somebody else tries; the mode is what an operator gets wrong. */
static void as_somebody_else(struct sample *sample, const char *words)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct store *store = NULL;
        struct fault fault = {{0}};
        if (getuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0))
            _exit(2);
        if (store_open(&sample->settings, &store, &fault) == STORE_READONLY && strstr(fault.text, words) != NULL)
            _exit(7);
        fprintf(stderr, "got: %s\n", fault.text);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
}

static void give_away(struct sample *sample)
{
    const char *names[] = {"", "fascia.db", "keys.db", "node.key", "fascia.lock"};

    if (getuid() == 0)
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(chown(sample_file(sample, names[i]), 65534, 65534), 0);
}

static void a_file_that_may_only_be_read_is_refused(void **state)
{
    struct sample *sample = *state;

    give_away(sample);
    assert_int_equal(chmod(sample_file(sample, "fascia.db"), 0400), 0);
    as_somebody_else(sample, "fascia.db: may be read but not written");
    assert_int_equal(chmod(sample_file(sample, "fascia.db"), 0600), 0);
    assert_int_equal(chmod(sample_file(sample, "keys.db"), 0400), 0);
    as_somebody_else(sample, "keys.db: may be read but not written");
}

static void a_directory_that_may_only_be_read_is_refused(void **state)
{
    struct sample *sample = *state;

    give_away(sample);
    assert_int_equal(chmod(sample->directory, 0500), 0);
    as_somebody_else(sample, sample->directory);
    assert_int_equal(chmod(sample->directory, 0700), 0);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    struct sample *sample = *state;

    overwrite(sample, "fascia.db", 0, "this is a letter", 16);
    refuses(sample, STORE_DAMAGED, "fascia.db");
}

static void a_damaged_schema_is_refused(void **state)
{
    struct sample *sample = *state;
    uint8_t noise[4000];

    memset(noise, 0xa5, sizeof noise);
    overwrite(sample, "fascia.db", 100, noise, sizeof noise);
    refuses(sample, STORE_DAMAGED, "fascia.db");
}

static void a_file_cut_short_is_refused(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(truncate(sample_file(sample, "fascia.db"), 3 * 16384), 0);
    refuses(sample, STORE_DAMAGED, "fascia.db");
}

static void a_database_of_another_program_is_left_alone(void **state)
{
    struct sample *sample = *state;

    unlink(sample_file(sample, "fascia.db"));
    unlink(sample_file(sample, "keys.db"));
    sample_tamper(sample, "fascia.db", "CREATE TABLE recipes (name TEXT)");
    refuses(sample, STORE_DAMAGED, "not a file of this store");
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT count(*) FROM sqlite_schema"), 1);
}

static void a_missing_table_is_damage(void **state)
{
    struct sample *sample = *state;

    sample_tamper(sample, "fascia.db", "DROP TABLE slot");
    refuses(sample, STORE_DAMAGED, "fascia.db");
}

static void nothing_is_made_anew_beside_what_is_left_of_a_store(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(rename(sample_file(sample, "fascia.db"), sample_file(sample, "aside")), 0);
    refuses(sample, STORE_DAMAGED, "fascia.db: missing");
    assert_int_equal(access(sample_file(sample, "fascia.db"), F_OK), -1);
    assert_int_equal(rename(sample_file(sample, "aside"), sample_file(sample, "fascia.db")), 0);

    assert_int_equal(rename(sample_file(sample, "keys.db"), sample_file(sample, "aside")), 0);
    refuses(sample, STORE_DAMAGED, "keys.db: missing");
    assert_int_equal(access(sample_file(sample, "keys.db"), F_OK), -1);
    assert_int_equal(rename(sample_file(sample, "aside"), sample_file(sample, "keys.db")), 0);

    assert_int_equal(rename(sample_file(sample, "node.key"), sample_file(sample, "aside")), 0);
    refuses(sample, STORE_DAMAGED, "node.key: the node key is missing");
    assert_int_equal(access(sample_file(sample, "node.key"), F_OK), -1);
    assert_int_equal(rename(sample_file(sample, "aside"), sample_file(sample, "node.key")), 0);
    sample_open(sample);
}

static void a_crash_on_the_first_start_is_no_obstacle(void **state)
{
    struct sample *sample = *state;
    sqlite3 *database = NULL;
    FILE *empty = NULL;

    /* The node key and an empty file; then a file that was only made a WAL database; then tables, but no keys. */
    empty = fopen(sample_file(sample, "fascia.db"), "w");
    assert_non_null(empty);
    fclose(empty);
    sample_open(sample);
    sample_close(sample);
    unlink(sample_file(sample, "fascia.db"));
    unlink(sample_file(sample, "keys.db"));
    assert_int_equal(sqlite3_open(sample_file(sample, "fascia.db"), &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "PRAGMA page_size=16384; PRAGMA journal_mode=WAL", NULL, NULL, NULL), 0);
    sqlite3_close(database);
    sample_open(sample);
    sample_close(sample);
    unlink(sample_file(sample, "keys.db"));
    sample_open(sample);
    sample_put(sample, 1, "content");
}

static void another_nodes_key_is_refused(void **state)
{
    struct sample *sample = *state;
    uint8_t other[32] = {1, 2, 3};

    overwrite(sample, "node.key", 0, other, sizeof other);
    refuses(sample, STORE_DAMAGED, "the node key does not fit");
}

static void a_node_key_that_others_may_read_is_refused(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(chmod(sample_file(sample, "node.key"), 0640), 0);
    refuses(sample, STORE_DAMAGED, "chmod 0600");
}

static void a_node_key_of_another_length_is_refused(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(truncate(sample_file(sample, "node.key"), 31), 0);
    refuses(sample, STORE_DAMAGED, "32 bytes");
}

static void keys_of_another_store_are_refused(void **state)
{
    struct sample *sample = *state;

    sample_tamper(sample, "keys.db", "UPDATE meta SET value = zeroblob(16) WHERE name = 'store'");
    refuses(sample, STORE_DAMAGED, "belong to another store");
}

static void a_node_key_may_live_elsewhere(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;

    sample->settings.node_key_file = sample_file(sample, "secret");
    assert_int_equal(rename(sample_file(sample, "node.key"), sample->settings.node_key_file), 0);
    sample_open(sample);
    load = sample_load(sample);
    assert_string_equal(load->text[0], "content");
    free(load);
}

static void the_log_is_bounded_by_the_writer_itself(void **state)
{
    struct sample *sample = *state;
    struct stat about;
    char payload[2001];

    memset(payload, 'x', 2000);
    payload[2000] = '\0';
    sample->settings.wal_limit = 1 << 20;
    sample_open(sample);
    sample->sequence = 1;
    for (uint64_t i = 0; i < 300; i++)
        sample_put(sample, 1 + i, payload);
    assert_int_equal(stat(sample_file(sample, "fascia.db-wal"), &about), 0);
    assert_in_range(about.st_size, 1, (1 << 20) + 8 * 16384);
}

static void a_checkpoint_moves_the_log_beside_the_writer(void **state)
{
    struct sample *sample = *state;
    struct fault fault = {{0}};
    struct stat before, after;

    sample_open(sample);
    sample->sequence = 1;
    assert_int_equal(stat(sample_file(sample, "fascia.db"), &before), 0);
    for (uint64_t i = 0; i < 100; i++)
        sample_put(sample, 1 + i,
                   "some content that takes a little room, some content that takes a little room, "
                   "some content that takes a little room, some content that takes a little room");
    assert_int_equal(stat(sample_file(sample, "fascia.db"), &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    sample_expect(STORE_OK, store_checkpoint(sample->store, &fault), &fault);
    assert_int_equal(stat(sample_file(sample, "fascia.db"), &after), 0);
    assert_true(after.st_size > before.st_size);
}

static void pages_are_of_the_size_that_is_asked_for(void **state)
{
    struct sample *sample = *state;

    sample_open(sample);
    sample_close(sample);
    assert_int_equal(sample_number(sample, "fascia.db", "PRAGMA page_size"), 16384);
    unlink(sample_file(sample, "fascia.db"));
    unlink(sample_file(sample, "keys.db"));
    sample->settings.page_size = 65536;
    sample_open(sample);
    sample_close(sample);
    assert_int_equal(sample_number(sample, "fascia.db", "PRAGMA page_size"), 65536);
}

static void a_status_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(store_status_name(STORE_OK), "ok");
    assert_string_equal(store_status_name(STORE_BROKEN), "broken");
    assert_string_equal(store_status_name((enum store_status)99), "unknown");
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)
#define USED(name)  cmocka_unit_test_setup_teardown(name, setup_used, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_second_opener_is_told_who_has_it),
        FRESH(files_are_for_their_owner_only),
        FRESH(a_directory_that_cannot_be_made_is_named),
        USED(a_file_that_may_only_be_read_is_refused),
        USED(a_directory_that_may_only_be_read_is_refused),
        USED(a_file_that_is_no_database_is_refused),
        USED(a_damaged_schema_is_refused),
        USED(a_file_cut_short_is_refused),
        USED(a_database_of_another_program_is_left_alone),
        USED(a_missing_table_is_damage),
        USED(nothing_is_made_anew_beside_what_is_left_of_a_store),
        FRESH(a_crash_on_the_first_start_is_no_obstacle),
        USED(another_nodes_key_is_refused),
        USED(a_node_key_that_others_may_read_is_refused),
        USED(a_node_key_of_another_length_is_refused),
        USED(keys_of_another_store_are_refused),
        USED(a_node_key_may_live_elsewhere),
        USED(the_log_is_bounded_by_the_writer_itself),
        USED(a_checkpoint_moves_the_log_beside_the_writer),
        FRESH(pages_are_of_the_size_that_is_asked_for),
        cmocka_unit_test(a_status_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
