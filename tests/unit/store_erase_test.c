#include "unit/store_sample.h"

struct seen {
    size_t events, erased, bytes;
};

static bool see(void *context, const struct event_record *event, const uint8_t chain[32], bool erased)
{
    struct seen *seen = context;

    (void)chain;
    seen->events++;
    seen->erased += erased;
    seen->bytes += event->size;
    return true;
}

static struct seen read_all(struct store_reader *reader, uint64_t referral)
{
    struct seen seen = {0};
    struct fault fault = {{0}};

    sample_expect(STORE_OK, store_read_events(reader, referral, 0, 100, see, &seen, &fault), &fault);
    return seen;
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

static void an_erased_referral_can_never_be_read_again(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = sample_reader(sample);
    struct event_record event;
    struct referral_row row;
    struct store_audit audit;
    struct seen seen;
    struct fault fault = {{0}};

    sample_put(sample, 1, "of the first");
    sample_put(sample, 2, "of the second");
    assert_int_equal(read_all(reader, 1).bytes, 12); /* its key is in the cache now */
    erase(sample, 1);
    seen = read_all(reader, 1);
    assert_int_equal(seen.events, 2);
    assert_int_equal(seen.erased, 2);
    assert_int_equal(seen.bytes, 0);
    sample_expect(STORE_MISSING, store_read_event(reader, 1, &event, &fault), &fault);
    sample_expect(STORE_OK, store_read_referral(reader, 1, &row, &fault), &fault);
    assert_true(row.erased);
    assert_int_equal(read_all(reader, 2).bytes, 13);
    sample_expect(STORE_OK, store_verify_audit(reader, &audit, &fault), &fault);
    assert_true(audit.whole);
    store_reader_close(reader);
}

static void the_key_is_gone_from_every_file(void **state)
{
    struct sample *sample = *state;
    const char *names[] = {"keys.db", "keys.db-journal", "keys.db-wal"};
    uint8_t wrapped[73];
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    static uint8_t bytes[8 << 20];

    sample_put(sample, 7, "to be erased");
    sample_close(sample);
    assert_int_equal(sqlite3_open(sample_file(sample, "keys.db"), &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, "SELECT wrapped FROM key WHERE id = 7", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_bytes(statement, 0), sizeof wrapped);
    memcpy(wrapped, sqlite3_column_blob(statement, 0), sizeof wrapped);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    sample_open(sample);
    erase(sample, 7);
    for (size_t i = 0; i < 3; i++) {
        FILE *file = fopen(sample_file(sample, names[i]), "rb");
        size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
        assert_true(i > 0 || size > 100000);
        assert_null(memmem(bytes, size, wrapped + 25, 48));
        if (file != NULL)
            fclose(file);
    }
}

static void what_comes_after_an_erasure_leaves_no_content(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = NULL;
    struct seen seen;
    struct record_batch batch;

    sample_put(sample, 1, "content");
    erase(sample, 1);
    record_batch_init(&batch);
    sample_add_event(sample, &batch, 1, "viewed");
    sample_add_outbox(&batch, 1, 1, "status");
    sample_commit(sample, &batch);
    sample_close(sample);
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT length(payload) FROM event WHERE sequence = 3"), 0);
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT length(payload) FROM outbox"), 0);
    sample_open(sample);
    reader = sample_reader(sample);
    seen = read_all(reader, 1);
    assert_int_equal(seen.erased, 3);
    assert_int_equal(seen.bytes, 0);
    store_reader_close(reader);
}

static void an_erasure_cut_short_by_a_crash_is_finished_at_the_next_start(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = NULL;

    sample_put(sample, 1, "content");
    sample_put(sample, 2, "other");
    sample_close(sample);
    sample_tamper(sample, "fascia.db", "UPDATE referral SET erased = 1, open = 0 WHERE referral = 1");
    assert_int_equal(sample_number(sample, "keys.db", "SELECT count(*) FROM key WHERE id = 1"), 1);
    sample_open(sample);
    reader = sample_reader(sample);
    assert_int_equal(read_all(reader, 1).erased, 1);
    assert_int_equal(read_all(reader, 2).erased, 0);
    store_reader_close(reader);
    sample_close(sample);
    assert_int_equal(sample_number(sample, "keys.db", "SELECT count(*) FROM key WHERE id = 1"), 0);
}

static void a_key_that_is_missing_without_an_erasure_is_damage(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct fault fault = {{0}};

    sample_put(sample, 1, "content");
    sample_close(sample);
    sample_tamper(sample, "keys.db", "DELETE FROM key WHERE id = 1");
    sample_expect(STORE_DAMAGED, store_check(&sample->settings, &fault), &fault);
    sample_open(sample);
    record_batch_init(&batch);
    sample_add_event(sample, &batch, 1, "more");
    sample_expect(STORE_DAMAGED, sample_try(sample, &batch, &fault), &fault);
    assert_non_null(strstr(fault.text, "key of referral 1 is missing"));
}

static void only_a_referral_that_is_there_is_erased(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct fault fault = {{0}};

    record_batch_init(&batch);
    record_add_erasure(&batch, 5);
    sample_expect(STORE_CONFLICT, sample_try(sample, &batch, &fault), &fault);
    sample_put(sample, 5, "has its key still");
}

static void an_erased_referral_stays_erased_whatever_row_follows(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct sample_load *load = NULL;

    sample_put(sample, 1, "content");
    erase(sample, 1);
    record_batch_init(&batch);
    sample_add_referral(&batch, 1, false);
    sample_commit(sample, &batch);
    sample_reopen(sample);
    load = sample_load(sample);
    assert_true(load->referral[0].erased);
    free(load);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup_open, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_erased_referral_can_never_be_read_again),
        TEST(the_key_is_gone_from_every_file),
        TEST(what_comes_after_an_erasure_leaves_no_content),
        TEST(an_erasure_cut_short_by_a_crash_is_finished_at_the_next_start),
        TEST(a_key_that_is_missing_without_an_erasure_is_damage),
        TEST(only_a_referral_that_is_there_is_erased),
        TEST(an_erased_referral_stays_erased_whatever_row_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
