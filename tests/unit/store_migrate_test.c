#include "unit/store_sample.h"

#include <dirent.h>

#define FIXTURE(version, file) FASCIA_SOURCE "/tests/system/fixtures/store-v" version "/" file

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);

    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    return text;
}

static void put_key(const struct sample *sample)
{
    char *hex = read_text(FIXTURE("1", "node.key.hex"));
    FILE *file = fopen(sample_file(sample, "node.key"), "wb");

    assert_non_null(file);
    for (int i = 0; i < 32; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        fputc((int)byte, file);
    }
    fclose(file);
    assert_int_equal(chmod(sample_file(sample, "node.key"), 0600), 0);
    free(hex);
}

static int set_up(void **state, char *events, char *keys, uint64_t sequence)
{
    struct sample *sample = NULL;

    if (sample_setup(state) != 0)
        return -1;
    sample = *state;
    sample_tamper(sample, "fascia.db", events);
    sample_tamper(sample, "keys.db", keys);
    put_key(sample);
    sample->sequence = sequence;
    free(events);
    free(keys);
    return 0;
}

/* Directories as the first, the second and the third schema left them: recorded, not made by today's code. */
static int setup_v1(void **state)
{
    return set_up(state, read_text(FIXTURE("1", "fascia.sql")), read_text(FIXTURE("1", "keys.sql")), 5);
}

static int setup_v2(void **state)
{
    return set_up(state, read_text(FIXTURE("2", "fascia.sql")), read_text(FIXTURE("2", "keys.sql")), 6);
}

static int setup_v3(void **state)
{
    return set_up(state, read_text(FIXTURE("3", "fascia.sql")), read_text(FIXTURE("3", "keys.sql")), 6);
}

/* The name of the one backup in the directory; "" when there is none. */
static void find_backup(const struct sample *sample, char name[256])
{
    DIR *folder = opendir(sample->directory);

    name[0] = '\0';
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (strncmp(entry->d_name, "fascia-schema1-", 15) != 0 || strcmp(entry->d_name + length - 3, ".db") != 0)
            continue;
        assert_string_equal(name, "");
        snprintf(name, 256, "%s", entry->d_name);
    }
    closedir(folder);
}

static void expect_v1_content(struct sample *sample)
{
    struct sample_load *load = sample_load(sample);
    struct store_reader *reader = sample_reader(sample);
    struct store_audit audit;
    struct fault fault = {{0}};
    uint64_t pending = 0, given_up = 0;

    assert_int_equal(load->therapists, 1);
    assert_string_equal(load->therapist[0], "Lena's record");
    assert_int_equal(load->referrals, 3);
    assert_true(load->referral[1].erased);
    assert_int_equal(load->events, 1);
    assert_string_equal(load->text[0], "received by the first schema");
    assert_int_equal(load->last_sequence, 5);
    assert_int_equal(load->last_outbox, 3);
    sample_expect(STORE_OK, store_verify_audit(reader, &audit, &fault), &fault);
    assert_true(audit.whole);
    assert_int_equal(audit.entries, 5);
    sample_expect(STORE_OK, store_count_outbox(reader, &pending, &given_up, &fault), &fault);
    assert_int_equal(pending, 1);
    assert_int_equal(given_up, 1);
    store_reader_close(reader);
    free(load);
}

static void the_first_schema_is_brought_forward_with_all_it_holds(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(sample_number(sample, "fascia.db", "SELECT max(version) FROM migration"), 1);
    sample_open(sample);
    expect_v1_content(sample);
    sample_put(sample, 4, "by the newest schema");
    sample_close(sample);
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT max(version) FROM migration"), 4);
    assert_int_equal(sample_number(sample, "fascia.db",
                                   "SELECT count(*) FROM sqlite_schema WHERE name IN"
                                   " ('outbox_waiting', 'referral_erased')"),
                     2);
}

static void whose_a_referral_is_stays_unknown_until_it_is_written_again(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;

    assert_int_equal(sample_number(sample, "fascia.db", "SELECT max(version) FROM migration"), 2);
    sample_open(sample);
    load = sample_load(sample);
    assert_int_equal(load->referrals, 4);
    for (size_t i = 0; i < load->referrals; i++)
        assert_string_equal(load->referral[i].sender, "");
    assert_int_equal(load->events, 2);
    assert_string_equal(load->text[1], "received by the second schema");
    free(load);
    sample_put(sample, 4, "by the newest schema");
    sample_reopen(sample);
    load = sample_load(sample);
    assert_string_equal(load->referral[2].sender, "");
    assert_string_equal(load->referral[3].sender, "BLUEGRASS_EHR");
    free(load);
}

static void the_third_schema_gets_room_for_accounts(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;
    struct account_row row = {.name = "alice", .size = 3};
    struct record_batch batch;

    assert_int_equal(sample_number(sample, "fascia.db", "SELECT max(version) FROM migration"), 3);
    sample_open(sample);
    load = sample_load(sample);
    assert_int_equal(load->referrals, 4);
    assert_string_equal(load->referral[3].sender, "BLUEGRASS_EHR");
    free(load);
    record_batch_init(&batch);
    row.payload = sample_bytes("one");
    record_add_account(&batch, &row);
    sample_commit(sample, &batch);
    sample_close(sample);
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT count(*) FROM account WHERE name = 'alice'"), 1);
}

/* The text of every table, index and trigger; the caller frees it. */
static char *schema_of(const struct sample *sample)
{
    static const char sql[] = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema"
                              " WHERE sql IS NOT NULL ORDER BY name)";
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    char *text = NULL;

    assert_int_equal(sqlite3_open(sample_file(sample, "fascia.db"), &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    text = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return text;
}

static void a_migrated_file_has_the_same_schema_as_a_new_one(void **state)
{
    struct sample *migrated = *state;
    void *fresh = NULL;
    char *one = NULL, *two = NULL;

    sample_open(migrated);
    sample_close(migrated);
    assert_int_equal(sample_setup_open(&fresh), 0);
    sample_close(fresh);
    one = schema_of(migrated);
    two = schema_of(fresh);
    assert_string_equal(one, two);
    sample_teardown(&fresh);
    free(one);
    free(two);
}

static void a_backup_is_made_first_and_restores_as_it_was(void **state)
{
    struct sample *sample = *state, other = {0};
    char name[256], command[SAMPLE_PATH * 3];
    struct fault fault = {{0}};

    sample_open(sample);
    sample_close(sample);
    find_backup(sample, name);
    assert_string_not_equal(name, "");
    assert_int_equal(sample_number(sample, name, "SELECT max(version) FROM migration"), 1);

    snprintf(other.directory, sizeof other.directory, "%.200s/elsewhere", sample->directory);
    other.settings.directory = other.directory;
    snprintf(command, sizeof command, "mkdir '%s' && cp -p '%s/node.key' '%s'", other.directory, sample->directory,
             other.directory);
    assert_int_equal(system(command), 0);
    sample_expect(STORE_OK, store_restore(sample_file(sample, name), NULL, &other.settings, false, &fault), &fault);
    sample_open(&other);
    expect_v1_content(&other);
    sample_close(&other);
}

static void without_a_backup_nothing_is_migrated(void **state)
{
    struct sample *sample = *state;
    struct store *store = NULL;
    struct fault fault = {{0}};

    sample->settings.backup_directory = sample_file(sample, "no/such/place");
    sample_expect(STORE_MISSING, store_open(&sample->settings, &store, &fault), &fault);
    assert_non_null(strstr(fault.text, "without a backup"));
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT max(version) FROM migration"), 1);
}

static void the_newest_schema_needs_no_backup(void **state)
{
    struct sample *sample = *state;
    char name[256];

    sample_open(sample);
    sample_reopen(sample);
    find_backup(sample, name);
    assert_string_equal(name, "");
}

static void a_later_schema_is_left_alone(void **state)
{
    struct sample *sample = *state;
    struct store *store = NULL;
    struct fault fault = {{0}};

    sample_open(sample);
    sample_close(sample);
    sample_tamper(sample, "fascia.db", "INSERT INTO migration VALUES (99, 'of the future', 0)");
    sample_expect(STORE_NEWER, store_open(&sample->settings, &store, &fault), &fault);
    assert_non_null(strstr(fault.text, "schema 99"));
    sample_expect(STORE_NEWER, store_check(&sample->settings, &fault), &fault);
    sample_tamper(sample, "fascia.db", "DELETE FROM migration WHERE version = 99");
    sample_tamper(sample, "keys.db", "PRAGMA user_version = 9");
    sample_expect(STORE_NEWER, store_open(&sample->settings, &store, &fault), &fault);
    assert_non_null(strstr(fault.text, "keys.db"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_schema_is_brought_forward_with_all_it_holds, setup_v1,
                                        sample_teardown),
        cmocka_unit_test_setup_teardown(whose_a_referral_is_stays_unknown_until_it_is_written_again, setup_v2,
                                        sample_teardown),
        cmocka_unit_test_setup_teardown(the_third_schema_gets_room_for_accounts, setup_v3, sample_teardown),
        cmocka_unit_test_setup_teardown(a_migrated_file_has_the_same_schema_as_a_new_one, setup_v3, sample_teardown),
        cmocka_unit_test_setup_teardown(a_migrated_file_has_the_same_schema_as_a_new_one, setup_v1, sample_teardown),
        cmocka_unit_test_setup_teardown(a_migrated_file_has_the_same_schema_as_a_new_one, setup_v2, sample_teardown),
        cmocka_unit_test_setup_teardown(a_backup_is_made_first_and_restores_as_it_was, setup_v1, sample_teardown),
        cmocka_unit_test_setup_teardown(without_a_backup_nothing_is_migrated, setup_v1, sample_teardown),
        cmocka_unit_test_setup_teardown(the_newest_schema_needs_no_backup, sample_setup, sample_teardown),
        cmocka_unit_test_setup_teardown(a_later_schema_is_left_alone, sample_setup, sample_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
