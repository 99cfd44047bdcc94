#include "unit/store_sample.h"

static void what_was_committed_is_loaded_again(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct referral_row expected = sample_referral(1, true);
    struct sample_load *load = NULL;

    record_batch_init(&batch);
    sample_add_event(sample, &batch, 1, "first");
    sample_add_event(sample, &batch, 0, "of no referral");
    sample_add_event(sample, &batch, 1, "second");
    sample_add_event(sample, &batch, 2, "closed");
    sample_add_referral(&batch, 1, true);
    sample_add_referral(&batch, 2, false);
    sample_add_outbox(&batch, 9, 1, "status");
    sample_add_therapist(&batch, "lena", "Lena's record");
    sample_commit(sample, &batch);
    sample_reopen(sample);
    load = sample_load(sample);

    assert_int_equal(load->therapists, 1);
    assert_string_equal(load->therapist[0], "Lena's record");
    assert_int_equal(load->referrals, 2);
    assert_same_row(&load->referral[0], &expected);
    assert_false(load->referral[1].open);
    assert_int_equal(load->events, 2);
    assert_string_equal(load->text[0], "first");
    assert_string_equal(load->text[1], "second");
    assert_int_equal(load->event[1].sequence, 3);
    assert_int_equal(load->event[1].at, 1700000000003);
    assert_int_equal(load->event[1].referral, 1);
    assert_int_equal(load->event[1].kind, 7);
    assert_string_equal(load->event[1].actor, "therapist:lena");
    assert_int_equal(load->last_referral, 2);
    assert_int_equal(load->last_sequence, 4);
    assert_int_equal(load->last_outbox, 9);
    free(load);
}

static void many_batches_are_one_transaction(void **state)
{
    struct sample *sample = *state;
    struct record_batch one, two, *batches[] = {&one, &two};
    struct fault fault = {{0}};
    struct sample_load *load = NULL;

    record_batch_init(&one);
    record_batch_init(&two);
    sample_add_event(sample, &one, 1, "kept only if the other is");
    sample_add_referral(&one, 1, true);
    sample->sequence++; /* leaves a gap */
    sample_add_event(sample, &two, 2, "wrong");
    sample_expect(STORE_CONFLICT, store_commit(sample->store, batches, 2, &fault), &fault);
    assert_non_null(strstr(fault.text, "sequence"));
    load = sample_load(sample);
    assert_int_equal(load->referrals, 0);
    assert_int_equal(load->last_sequence, 0);
    free(load);

    two.events[0].sequence = 2;
    sample_expect(STORE_OK, store_commit(sample->store, batches, 2, &fault), &fault);
    load = sample_load(sample);
    assert_int_equal(load->referrals, 1);
    assert_int_equal(load->last_sequence, 2);
    free(load);
    record_batch_finish(&one);
    record_batch_finish(&two);
}

static void nothing_to_commit_is_well(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch, *batches[] = {&batch};
    struct fault fault = {{0}};

    record_batch_init(&batch);
    sample_expect(STORE_OK, store_commit(sample->store, NULL, 0, &fault), &fault);
    sample_expect(STORE_OK, store_commit(sample->store, batches, 1, &fault), &fault);
}

static void a_later_row_of_a_referral_replaces_the_earlier(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct referral_row row = sample_referral(1, true);
    struct sample_load *load = NULL;

    sample_put(sample, 1, "received");
    record_batch_init(&batch);
    row.state = 6;
    row.due = 5;
    row.open = false;
    snprintf(row.therapist, sizeof row.therapist, "omar");
    memset(row.content_key, 9, sizeof row.content_key);
    record_add_referral(&batch, &row);
    sample_commit(sample, &batch);
    sample_reopen(sample);
    load = sample_load(sample);
    assert_int_equal(load->referrals, 1);
    assert_same_row(&load->referral[0], &row);
    free(load);
}

static void a_therapist_is_replaced_and_removed(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct therapist_row gone = {.identifier = "omar", .remove = true};
    struct sample_load *load = NULL;
    struct fault fault = {{0}};

    record_batch_init(&batch);
    sample_add_therapist(&batch, "lena", "one");
    sample_add_therapist(&batch, "omar", "two");
    sample_add_therapist(&batch, "lena", "three");
    record_add_therapist(&batch, &gone);
    sample_commit(sample, &batch);
    load = sample_load(sample);
    assert_int_equal(load->therapists, 1);
    assert_string_equal(load->therapist[0], "three");
    free(load);

    record_batch_init(&batch);
    record_add_therapist(&batch, &gone);
    sample_expect(STORE_CONFLICT, sample_try(sample, &batch, &fault), &fault);
}

static void one_who_is_said_to_be_new_and_is_not_is_refused(void **state)
{
    struct sample *sample = *state;
    struct therapist_row row = {.identifier = "lena", .added = true};
    struct record_batch batch;
    struct sample_load *load = NULL;
    struct fault fault = {{0}};

    for (int turn = 0; turn < 2; turn++) {
        record_batch_init(&batch);
        row.payload = sample_bytes(turn == 0 ? "one" : "two");
        row.size = 3;
        record_add_therapist(&batch, &row);
        sample_expect(turn == 0 ? STORE_OK : STORE_CONFLICT, sample_try(sample, &batch, &fault), &fault);
    }
    load = sample_load(sample);
    assert_int_equal(load->therapists, 1);
    assert_string_equal(load->therapist[0], "one");
    free(load);
}

static bool refuse(void *context, const struct event_record *event, struct fault *why)
{
    (void)context;
    fault_set(why, "event %d says nothing", (int)event->sequence);
    return false;
}

static void a_loader_that_refuses_stops_the_load_with_its_own_words(void **state)
{
    struct sample *sample = *state;
    struct sample_load load = {0};
    struct store_loader loader = {&load, sample_take_therapist, sample_take_referral, NULL, sample_take_finish, NULL};
    struct fault fault = {{0}};

    sample_put(sample, 1, "received");
    loader.event = refuse;
    sample_expect(STORE_DAMAGED, store_load(sample->store, &loader, &fault), &fault);
    assert_string_equal(fault.text, "event 1 says nothing");
}

static void an_empty_payload_comes_back_empty(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;

    sample_put(sample, 1, "");
    load = sample_load(sample);
    assert_int_equal(load->events, 1);
    assert_int_equal(load->event[0].size, 0);
    free(load);
}

static void a_large_payload_comes_back_whole(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct store_reader *reader = NULL;
    struct event_record event = {.sequence = 1, .referral = 1, .size = 3000000}, found;
    struct fault fault = {{0}};

    event.payload = malloc(event.size);
    for (size_t i = 0; i < event.size; i++)
        event.payload[i] = (uint8_t)(i * 7 + i / 251);
    record_batch_init(&batch);
    record_add_event(&batch, &event);
    sample_add_referral(&batch, 1, true);
    assert_int_equal(store_commit(sample->store, &(struct record_batch *){&batch}, 1, &fault), STORE_OK);
    reader = sample_reader(sample);
    sample_expect(STORE_OK, store_read_event(reader, 1, &found, &fault), &fault);
    assert_int_equal(found.size, event.size);
    assert_memory_equal(found.payload, batch.events[0].payload, event.size);
    free(found.payload);
    store_reader_close(reader);
    record_batch_finish(&batch);
}

static void nothing_of_a_patient_is_readable_on_the_disk(void **state)
{
    struct sample *sample = *state;
    const char *names[] = {"fascia.db", "fascia.db-wal", "keys.db"};
    struct record_batch batch;

    sample_put(sample, 1, "PATIENTMARKER in an event");
    record_batch_init(&batch);
    sample_add_outbox(&batch, 1, 1, "PATIENTMARKER in a message");
    sample_commit(sample, &batch);
    for (size_t i = 0; i < 3; i++) {
        FILE *file = fopen(sample_file(sample, names[i]), "rb");
        static char bytes[4 << 20];
        size_t size = 0;
        assert_non_null(file);
        size = fread(bytes, 1, sizeof bytes, file);
        assert_true(size > 1000);
        assert_null(memmem(bytes, size, "PATIENTMARKER", 13));
        /* The file that was looked at is the one that holds the row. */
        if (i == 1)
            assert_non_null(memmem(bytes, size, "therapist:lena", 14));
        fclose(file);
    }
}

static void a_referral_far_ahead_is_refused(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct fault fault = {{0}};

    record_batch_init(&batch);
    sample_add_event(sample, &batch, UINT64_C(1) << 40, "far");
    sample_expect(STORE_CONFLICT, sample_try(sample, &batch, &fault), &fault);
}

static void keys_are_made_as_far_as_a_commit_needs_them(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;
    struct fault fault = {{0}};

    sample_put(sample, 30000, "beyond the keys made at first");
    for (int i = 0; i < 12; i++)
        sample_expect(STORE_OK, store_prepare_keys(sample->store, &fault), &fault);
    sample_reopen(sample);
    load = sample_load(sample);
    assert_string_equal(load->text[0], "beyond the keys made at first");
    free(load);
    sample_close(sample);
    assert_true(sample_number(sample, "keys.db", "SELECT max(id) FROM key") >= 30000 + 65536);
    assert_true(sample_number(sample, "keys.db", "SELECT count(*) = max(id) FROM key"));
}

static void a_keyed_hash_is_the_same_after_a_restart_and_differs_between_nodes(void **state)
{
    struct sample *sample = *state, other = {{0}};
    uint8_t before[RECORD_KEY_BYTES], after[RECORD_KEY_BYTES], elsewhere[RECORD_KEY_BYTES];
    void *second = NULL;

    store_keyed_hash(sample->store, (const uint8_t *)"sender", 6, before);
    sample_reopen(sample);
    store_keyed_hash(sample->store, (const uint8_t *)"sender", 6, after);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(sample_setup_open(&second), 0);
    other = *(struct sample *)second;
    store_keyed_hash(other.store, (const uint8_t *)"sender", 6, elsewhere);
    assert_memory_not_equal(before, elsewhere, sizeof before);
    sample_teardown(&second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup_open, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_committed_is_loaded_again),
        TEST(many_batches_are_one_transaction),
        TEST(nothing_to_commit_is_well),
        TEST(a_later_row_of_a_referral_replaces_the_earlier),
        TEST(a_therapist_is_replaced_and_removed),
        TEST(one_who_is_said_to_be_new_and_is_not_is_refused),
        TEST(a_loader_that_refuses_stops_the_load_with_its_own_words),
        TEST(an_empty_payload_comes_back_empty),
        TEST(a_large_payload_comes_back_whole),
        TEST(nothing_of_a_patient_is_readable_on_the_disk),
        TEST(a_referral_far_ahead_is_refused),
        TEST(keys_are_made_as_far_as_a_commit_needs_them),
        TEST(a_keyed_hash_is_the_same_after_a_restart_and_differs_between_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
