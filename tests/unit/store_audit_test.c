#include "unit/store_sample.h"

#define EVENTS 10

static struct store_audit verify(struct sample *sample)
{
    struct store_reader *reader = sample_reader(sample);
    struct store_audit audit;
    struct fault fault = {{0}};

    sample_expect(STORE_OK, store_verify_audit(reader, &audit, &fault), &fault);
    store_reader_close(reader);
    return audit;
}

static int setup_events(void **state)
{
    struct sample *sample = NULL;

    if (sample_setup_open(state) != 0)
        return -1;
    sample = *state;
    for (int i = 0; i < EVENTS; i++)
        sample_put(sample, 1 + (uint64_t)i % 3, "what happened");
    return 0;
}

static void an_untouched_trail_is_whole(void **state)
{
    struct sample *sample = *state;
    struct store_audit audit = verify(sample), later;

    assert_true(audit.whole);
    assert_int_equal(audit.entries, EVENTS);
    assert_int_equal(audit.first_bad, 0);
    sample_reopen(sample);
    sample_put(sample, 1, "more");
    later = verify(sample);
    assert_true(later.whole);
    assert_int_equal(later.entries, EVENTS + 1);
    assert_memory_not_equal(audit.head, later.head, 32);
}

static void an_empty_trail_is_whole(void **state)
{
    struct store_audit audit = verify(*state);

    assert_true(audit.whole);
    assert_int_equal(audit.entries, 0);
}

static void sql_cannot_change_or_remove_an_event(void **state)
{
    struct sample *sample = *state;
    sqlite3 *database = NULL;

    sample_close(sample);
    assert_int_equal(sqlite3_open(sample_file(sample, "fascia.db"), &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "UPDATE event SET at = 0 WHERE sequence = 4", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(database, "DELETE FROM event WHERE sequence = 4", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    sqlite3_close(database);
}

struct forgery {
    const char *sql;
    uint64_t first_bad;
};

static const struct forgery forgeries[] = {
    {"UPDATE event SET at = at + 1 WHERE sequence = 4", 4},
    {"UPDATE event SET actor = 'therapist:omar' WHERE sequence = 5", 5},
    {"UPDATE event SET actor = actor || char(0) || 'x' WHERE sequence = 5", 5},
    {"UPDATE event SET kind = 8 WHERE sequence = 1", 1},
    {"UPDATE event SET referral = 2 WHERE sequence = 10", 10},
    {"UPDATE event SET payload = CAST(substr(payload, 1, 30) || x'00' || substr(payload, 32) AS BLOB) WHERE sequence = "
     "6",
     6},
    {"UPDATE event SET chain = zeroblob(32) WHERE sequence = 7", 7},
    {"DELETE FROM event WHERE sequence = 5", 5},
    {"DELETE FROM event WHERE sequence = 1", 1},
    {"DELETE FROM event WHERE sequence = 5; UPDATE event SET sequence = sequence - 1 WHERE sequence > 5", 5},
    {"UPDATE event SET sequence = -1 WHERE sequence = 3; UPDATE event SET sequence = 3 WHERE sequence = 8;"
     "UPDATE event SET sequence = 8 WHERE sequence = -1",
     3},
};

static void each_forgery_is_found_at_its_place(void **state)
{
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        struct sample *sample = NULL;
        struct store_audit audit;
        void *fresh = NULL;
        (void)state;
        assert_int_equal(setup_events(&fresh), 0);
        sample = fresh;
        sample_close(sample);
        sample_tamper(sample, "fascia.db", "DROP TRIGGER event_is_never_changed; DROP TRIGGER event_is_never_removed");
        sample_tamper(sample, "fascia.db", forgeries[i].sql);
        sample_open(sample);
        audit = verify(sample);
        if (audit.whole || audit.first_bad != forgeries[i].first_bad)
            fail_msg("%s: found at %d", forgeries[i].sql, (int)audit.first_bad);
        sample_teardown(&fresh);
    }
}

static void a_trail_of_another_store_is_not_taken_for_this_ones(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = NULL;
    struct store_audit audit;
    struct fault fault = {{0}};

    /* The start of the chain is the store's own: replacing the identity alone breaks the first link. */
    sample_close(sample);
    sample_tamper(sample, "fascia.db", "UPDATE meta SET value = zeroblob(16) WHERE name = 'store'");
    sample_tamper(sample, "keys.db", "UPDATE meta SET value = zeroblob(16) WHERE name = 'store'");
    sample_open(sample);
    reader = sample_reader(sample);
    sample_expect(STORE_OK, store_verify_audit(reader, &audit, &fault), &fault);
    assert_false(audit.whole);
    assert_int_equal(audit.first_bad, 1);
    store_reader_close(reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_events, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_untouched_trail_is_whole),
        cmocka_unit_test_setup_teardown(an_empty_trail_is_whole, sample_setup_open, sample_teardown),
        TEST(sql_cannot_change_or_remove_an_event),
        cmocka_unit_test(each_forgery_is_found_at_its_place),
        TEST(a_trail_of_another_store_is_not_taken_for_this_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
