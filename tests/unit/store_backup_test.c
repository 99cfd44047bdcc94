#include "unit/store_sample.h"

#include <fcntl.h>

static void put_many(struct sample *sample)
{
    struct record_batch batch;

    for (uint64_t referral = 1; referral <= 5; referral++)
        sample_put(sample, referral, "content");
    record_batch_init(&batch);
    sample_add_outbox(&batch, 1, 1, "status");
    sample_add_outbox(&batch, 2, 2, "status");
    sample_add_slot(&batch, "lena", 100, 200, 2, false);
    sample_add_slot(&batch, "lena", 200, 300, 3, false);
    sample_add_therapist(&batch, "lena", "record");
    sample_commit(sample, &batch);
}

static struct store_backup_result back_up(struct sample *sample, const char *name)
{
    struct store_reader *reader = sample_reader(sample);
    struct store_backup_result result;
    struct fault fault = {{0}};

    sample_expect(STORE_OK, store_backup(reader, sample_file(sample, name), &result, &fault), &fault);
    store_reader_close(reader);
    return result;
}

static void erase(struct sample *sample, uint64_t referral)
{
    struct record_batch batch;

    record_batch_init(&batch);
    sample_add_event(sample, &batch, referral, "erased");
    sample_add_referral(&batch, referral, false);
    record_add_erasure(&batch, referral);
    sample_commit(sample, &batch);
}

static void copy_file(const char *from, const char *to)
{
    char command[SAMPLE_PATH * 3];

    snprintf(command, sizeof command, "cp -p '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

/* Another directory beside, with the node key in it, as an operator would prepare it. */
static struct sample elsewhere(const struct sample *sample)
{
    struct sample other = {.sequence = sample->sequence};

    snprintf(other.directory, sizeof other.directory, "%.200s/elsewhere", sample->directory);
    assert_int_equal(mkdir(other.directory, 0700), 0);
    copy_file(sample_file(sample, "node.key"), sample_file(&other, "node.key"));
    return other;
}

static void restore(struct sample *sample, const char *backup, const char *keys, struct sample *other)
{
    struct fault fault = {{0}};

    other->settings.directory = other->directory;
    sample_expect(STORE_OK,
                  store_restore(sample_file(sample, backup), keys != NULL ? sample_file(sample, keys) : NULL,
                                &other->settings, false, &fault),
                  &fault);
}

static void a_backup_made_while_commits_go_on_restores_what_was_there(void **state)
{
    struct sample *sample = *state, other = elsewhere(sample);
    struct store_backup_result result;
    struct sample_load *before = NULL, *after = NULL;
    struct stat about;
    struct fault fault = {{0}};

    put_many(sample);
    before = sample_load(sample);
    result = back_up(sample, "backup.db");
    assert_int_equal(result.last_sequence, 5);
    assert_int_equal(stat(sample_file(sample, "backup.db"), &about), 0);
    assert_int_equal(result.bytes, about.st_size);
    assert_int_equal(about.st_mode & 0777, 0600);
    sample_put(sample, 6, "after the backup");

    restore(sample, "backup.db", NULL, &other);
    sample_expect(STORE_OK, store_check(&other.settings, &fault), &fault);
    sample_open(&other);
    after = sample_load(&other);
    assert_memory_equal(before, after, sizeof *before);
    other.sequence = 5;
    sample_put(&other, 6, "another life");
    sample_close(&other);
    sample_expect(STORE_OK, store_check(&other.settings, &fault), &fault);
    free(before);
    free(after);
}

static void a_backup_is_one_file_and_its_keys(void **state)
{
    struct sample *sample = *state;
    uint8_t header[20];
    int file = -1;

    put_many(sample);
    back_up(sample, "backup.db");
    file = open(sample_file(sample, "backup.db"), O_RDONLY);
    assert_int_equal(read(file, header, sizeof header), sizeof header);
    close(file);
    assert_int_equal(header[18], 1); /* not WAL: it needs no second file */
    assert_int_equal(access(sample_file(sample, "backup.db-wal"), F_OK), -1);
    assert_int_equal(access(sample_file(sample, "backup.db.part"), F_OK), -1);
    assert_int_equal(access(sample_file(sample, "backup.db.keys"), F_OK), 0);
}

static void a_name_that_is_taken_is_refused(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = NULL;
    struct store_backup_result result;
    struct fault fault = {{0}};

    put_many(sample);
    back_up(sample, "backup.db");
    reader = sample_reader(sample);
    sample_expect(STORE_CONFLICT, store_backup(reader, sample_file(sample, "backup.db"), &result, &fault), &fault);
    sample_expect(STORE_MISSING, store_backup(reader, sample_file(sample, "no/such.db"), &result, &fault), &fault);
    store_reader_close(reader);
}

static void keys_are_not_kept_in_generations(void **state)
{
    struct sample *sample = *state, other = elsewhere(sample);
    struct sample_load *load = NULL;
    FILE *foreign = NULL;

    put_many(sample);
    back_up(sample, "monday.db");
    foreign = fopen(sample_file(sample, "house.keys"), "w");
    fputs("not a key file of any store", foreign);
    fclose(foreign);
    erase(sample, 4);
    back_up(sample, "tuesday.db");
    assert_int_equal(access(sample_file(sample, "monday.db.keys"), F_OK), -1);
    assert_int_equal(access(sample_file(sample, "house.keys"), F_OK), 0);
    assert_int_equal(access(sample_file(sample, "monday.db"), F_OK), 0);

    /* Monday's tables with Tuesday's keys: what was erased on Tuesday stays erased. */
    restore(sample, "monday.db", "tuesday.db.keys", &other);
    sample_open(&other);
    load = sample_load(&other);
    assert_int_equal(load->events, 4);
    assert_true(load->referral[3].erased);
    assert_false(load->referral[3].open);
    assert_int_equal(load->referral[3].state, 16); /* withdrawn: a state in which a referral can be closed */
    free(load);
    sample_close(&other);
}

static void what_was_erased_since_stays_erased_and_holds_nothing(void **state)
{
    struct sample *sample = *state, other = elsewhere(sample);
    struct store_reader *reader = NULL;
    struct store_audit audit;
    struct fault fault = {{0}};
    uint64_t pending = 0, given_up = 0;

    put_many(sample);
    back_up(sample, "backup.db");
    erase(sample, 2);
    restore(sample, "backup.db", "keys.db", &other);
    sample_expect(STORE_OK, store_check(&other.settings, &fault), &fault);
    sample_open(&other);
    reader = sample_reader(&other);
    sample_expect(STORE_OK, store_verify_audit(reader, &audit, &fault), &fault);
    assert_true(audit.whole);
    sample_expect(STORE_OK, store_count_outbox(reader, &pending, &given_up, &fault), &fault);
    assert_int_equal(pending, 1);
    assert_int_equal(given_up, 1);
    store_reader_close(reader);
    sample_close(&other);
    assert_int_equal(sample_number(&other, "fascia.db", "SELECT count(*) FROM slot WHERE referral = 2"), 0);
    assert_int_equal(sample_number(&other, "fascia.db", "SELECT count(*) FROM slot WHERE referral = 3"), 1);
}

static void a_number_erased_after_the_backup_can_be_used_again(void **state)
{
    struct sample *sample = *state, other = elsewhere(sample);
    struct sample_load *load = NULL;

    put_many(sample);
    back_up(sample, "backup.db");
    sample_put(sample, 6, "after the backup");
    erase(sample, 6);
    restore(sample, "backup.db", "keys.db", &other);
    sample_open(&other);
    other.sequence = 5;
    sample_put(&other, 6, "the next in line");
    load = sample_load(&other);
    assert_string_equal(load->text[5], "the next in line");
    free(load);
    sample_close(&other);
}

static void refuses(struct sample *sample, enum store_status expected, const char *backup, const char *keys,
                    const char *words)
{
    struct fault fault = {{0}};

    sample_expect(expected, store_restore(sample_file(sample, backup), keys, &sample->settings, true, &fault), &fault);
    if (strstr(fault.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", fault.text, words);
}

static void a_backup_that_is_not_whole_touches_nothing(void **state)
{
    struct sample *sample = *state;
    struct sample_load *before = NULL, *after = NULL;
    struct stat about;

    put_many(sample);
    back_up(sample, "backup.db");
    sample_put(sample, 6, "after the backup");
    before = sample_load(sample);
    sample_close(sample);
    refuses(sample, STORE_MISSING, "nothing.db", NULL, "no backup");
    refuses(sample, STORE_MISSING, "backup.db", "/nowhere.keys", "no key file");
    refuses(sample, STORE_DAMAGED, "node.key", sample_file(sample, "keys.db"), "node.key");

    /* A file that ends early; then one that is whole for SQLite, but not for the audit trail. */
    assert_int_equal(stat(sample_file(sample, "backup.db"), &about), 0);
    copy_file(sample_file(sample, "backup.db"), sample_file(sample, "short.db"));
    copy_file(sample_file(sample, "backup.db.keys"), sample_file(sample, "short.db.keys"));
    assert_int_equal(truncate(sample_file(sample, "short.db"), about.st_size - 16384), 0);
    refuses(sample, STORE_DAMAGED, "short.db", NULL, "short.db");
    copy_file(sample_file(sample, "backup.db"), sample_file(sample, "forged.db"));
    copy_file(sample_file(sample, "backup.db.keys"), sample_file(sample, "forged.db.keys"));
    sample_tamper(sample, "forged.db",
                  "DROP TRIGGER event_is_never_changed; UPDATE event SET at = at + 1 WHERE sequence = 3");
    refuses(sample, STORE_DAMAGED, "forged.db", NULL, "breaks at event 3");

    sample_open(sample);
    after = sample_load(sample);
    assert_memory_equal(before, after, sizeof *before);
    free(before);
    free(after);
}

static void keys_older_than_the_backup_are_refused(void **state)
{
    struct sample *sample = *state;

    put_many(sample);
    back_up(sample, "early.db");
    copy_file(sample_file(sample, "early.db.keys"), sample_file(sample, "kept.aside"));
    sample_put(sample, 20000, "needs keys that were made later");
    back_up(sample, "late.db");
    sample_close(sample);
    refuses(sample, STORE_DAMAGED, "late.db", sample_file(sample, "kept.aside"), "older than the backup");
}

static void a_store_is_replaced_only_by_force_and_never_under_a_daemon(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;
    struct fault fault = {{0}};

    put_many(sample);
    back_up(sample, "backup.db");
    sample_put(sample, 6, "after the backup");
    sample_expect(STORE_LOCKED, store_restore(sample_file(sample, "backup.db"), NULL, &sample->settings, true, &fault),
                  &fault);
    sample_close(sample);
    sample_expect(STORE_CONFLICT,
                  store_restore(sample_file(sample, "backup.db"), NULL, &sample->settings, false, &fault), &fault);
    sample_expect(STORE_OK,
                  store_restore(sample_file(sample, "backup.db"), sample_file(sample, "keys.db"), &sample->settings,
                                true, &fault),
                  &fault);
    sample_open(sample);
    load = sample_load(sample);
    assert_int_equal(load->last_sequence, 5);
    free(load);
    assert_int_equal(access(sample_file(sample, "fascia.db.restored"), F_OK), -1);
}

/* In place of the store that was backed up, with no keys named. */
static struct sample_load *restore_over(struct sample *sample, const char *backup, uint64_t sequence)
{
    struct fault fault = {{0}};

    sample_close(sample);
    sample_expect(STORE_OK, store_restore(sample_file(sample, backup), NULL, &sample->settings, true, &fault), &fault);
    sample_expect(STORE_OK, store_check(&sample->settings, &fault), &fault);
    sample_open(sample);
    sample->sequence = sequence;
    return sample_load(sample);
}

static void who_was_erased_stays_erased_when_the_store_is_restored_in_its_place(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;

    put_many(sample);
    back_up(sample, "monday.db");
    erase(sample, 2);
    load = restore_over(sample, "monday.db", 5);
    assert_true(load->referral[1].erased);
    assert_false(load->referral[1].open);
    assert_false(load->referral[2].erased);
    assert_string_equal(load->text[2], "content");
    free(load);

    /* And from a backup whose keys gave way to those of a later one. */
    back_up(sample, "tuesday.db");
    assert_int_equal(access(sample_file(sample, "monday.db.keys"), F_OK), -1);
    erase(sample, 3);
    load = restore_over(sample, "monday.db", 5);
    assert_true(load->referral[1].erased);
    assert_true(load->referral[2].erased);
    assert_false(load->referral[3].erased);
    free(load);
}

static void an_erasure_that_a_crash_interrupted_counts_in_a_restore(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;

    put_many(sample);
    back_up(sample, "backup.db");
    sample_close(sample);
    sample_tamper(sample, "fascia.db", "UPDATE referral SET erased = 1 WHERE referral = 2");
    sample_open(sample);
    copy_file(sample_file(sample, "backup.db.keys"), sample_file(sample, "keys.db"));
    load = restore_over(sample, "backup.db", 5);
    assert_true(load->referral[1].erased);
    assert_int_equal(sample_number(sample, "keys.db", "SELECT count(*) FROM key WHERE id = 2"), 0);
    free(load);
}

static void keys_that_only_the_backup_has_are_taken_over(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;

    put_many(sample);
    sample_close(sample);
    copy_file(sample_file(sample, "keys.db"), sample_file(sample, "kept.aside"));
    sample_open(sample);
    sample_put(sample, 20000, "needs keys that were made later");
    back_up(sample, "late.db");
    sample_close(sample);
    copy_file(sample_file(sample, "kept.aside"), sample_file(sample, "keys.db"));
    sample_tamper(sample, "keys.db", "DELETE FROM key WHERE id = 2");
    assert_true(sample_number(sample, "keys.db", "SELECT max(id) FROM key") < 20000);
    load = restore_over(sample, "late.db", 6);
    assert_int_equal(load->events, 5);
    assert_true(load->referral[1].erased);
    assert_true(sample_number(sample, "keys.db", "SELECT max(id) FROM key") >= 20000);
    free(load);
}

static void present_keys_that_cannot_be_read_give_way_only_to_named_ones(void **state)
{
    struct sample *sample = *state;
    struct fault fault = {{0}};

    put_many(sample);
    back_up(sample, "backup.db");
    sample_close(sample);
    assert_int_equal(truncate(sample_file(sample, "keys.db"), 100), 0);
    refuses(sample, STORE_DAMAGED, "backup.db", NULL, "--keys FILE");
    sample_expect(STORE_OK,
                  store_restore(sample_file(sample, "backup.db"), sample_file(sample, "backup.db.keys"),
                                &sample->settings, true, &fault),
                  &fault);
    sample_expect(STORE_OK, store_check(&sample->settings, &fault), &fault);
}

static void a_number_with_two_keys_is_left_to_the_operator(void **state)
{
    struct sample *sample = *state;

    put_many(sample);
    back_up(sample, "early.db");
    sample_put(sample, 6, "erased later");
    back_up(sample, "late.db");
    erase(sample, 6);
    free(restore_over(sample, "early.db", 5)); /* 6 is free again, and gets another key */
    sample_close(sample);
    refuses(sample, STORE_CONFLICT, "late.db", NULL, "referral 6");
    refuses(sample, STORE_DAMAGED, "late.db", sample_file(sample, "keys.db"), "can't be unsealed");
}

static void a_store_of_another_identity_brings_no_keys_into_a_restore(void **state)
{
    struct sample *sample = *state, other = elsewhere(sample);
    struct sample_load *load = NULL;
    struct fault fault = {{0}};

    put_many(sample);
    back_up(sample, "backup.db");
    other.settings.directory = other.directory;
    sample_open(&other);
    other.sequence = 0;
    sample_put(&other, 1, "of another node");
    sample_close(&other);
    sample_expect(STORE_OK, store_restore(sample_file(sample, "backup.db"), NULL, &other.settings, true, &fault),
                  &fault);
    sample_open(&other);
    load = sample_load(&other);
    assert_int_equal(load->events, 5);
    assert_string_equal(load->text[0], "content");
    free(load);
    sample_close(&other);
}

static void a_log_left_by_a_crash_is_not_applied_to_what_is_restored(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;
    struct fault fault = {{0}};

    put_many(sample);
    back_up(sample, "backup.db");
    sample_put(sample, 6, "after the backup");
    copy_file(sample_file(sample, "fascia.db-wal"), sample_file(sample, "log"));
    sample_close(sample);
    copy_file(sample_file(sample, "log"), sample_file(sample, "fascia.db-wal"));
    sample_expect(STORE_OK, store_restore(sample_file(sample, "backup.db"), NULL, &sample->settings, true, &fault),
                  &fault);
    sample_open(sample);
    load = sample_load(sample);
    assert_int_equal(load->last_sequence, 5);
    free(load);
}

static void a_check_finds_what_is_wrong_and_changes_nothing(void **state)
{
    struct sample *sample = *state;
    struct fault fault = {{0}};

    sample_expect(STORE_LOCKED, store_check(&sample->settings, &fault), &fault);
    put_many(sample);
    sample_close(sample);
    sample_expect(STORE_OK, store_check(&sample->settings, &fault), &fault);
    sample_tamper(sample, "fascia.db", "INSERT INTO slot VALUES ('lena', 150, 160, 9, 1, 1)");
    sample_expect(STORE_DAMAGED, store_check(&sample->settings, &fault), &fault);
    assert_non_null(strstr(fault.text, "slots overlap"));
    sample_tamper(sample, "fascia.db", "DELETE FROM slot WHERE referral = 9; UPDATE outbox SET referral = 3");
    sample_expect(STORE_DAMAGED, store_check(&sample->settings, &fault), &fault);
    assert_non_null(strstr(fault.text, "message 1 can't be unsealed"));
    sample->settings.directory = "/nowhere";
    sample_expect(STORE_MISSING, store_check(&sample->settings, &fault), &fault);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup_open, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_backup_made_while_commits_go_on_restores_what_was_there),
        TEST(a_backup_is_one_file_and_its_keys),
        TEST(a_name_that_is_taken_is_refused),
        TEST(keys_are_not_kept_in_generations),
        TEST(what_was_erased_since_stays_erased_and_holds_nothing),
        TEST(a_number_erased_after_the_backup_can_be_used_again),
        TEST(a_backup_that_is_not_whole_touches_nothing),
        TEST(keys_older_than_the_backup_are_refused),
        TEST(a_store_is_replaced_only_by_force_and_never_under_a_daemon),
        TEST(who_was_erased_stays_erased_when_the_store_is_restored_in_its_place),
        TEST(an_erasure_that_a_crash_interrupted_counts_in_a_restore),
        TEST(keys_that_only_the_backup_has_are_taken_over),
        TEST(present_keys_that_cannot_be_read_give_way_only_to_named_ones),
        TEST(a_number_with_two_keys_is_left_to_the_operator),
        TEST(a_store_of_another_identity_brings_no_keys_into_a_restore),
        TEST(a_log_left_by_a_crash_is_not_applied_to_what_is_restored),
        TEST(a_check_finds_what_is_wrong_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
