#include "unit/store_sample.h"

struct seen {
    size_t count, stop_after;
    uint64_t number[SAMPLE_ROWS];
    char text[SAMPLE_ROWS][256];
    uint32_t state[SAMPLE_ROWS];
    bool erased[SAMPLE_ROWS];
};

static bool see_event(void *context, const struct event_record *event, const uint8_t chain[32], bool erased)
{
    struct seen *seen = context;
    uint8_t any = 0;

    for (int i = 0; i < 32; i++)
        any |= chain[i];
    assert_int_not_equal(any, 0);
    sample_copy_text(seen->text[seen->count], event->payload, event->size);
    seen->erased[seen->count] = erased;
    seen->number[seen->count++] = event->sequence;
    return seen->count != seen->stop_after;
}

static bool see_referral(void *context, const struct referral_row *row)
{
    struct seen *seen = context;

    seen->state[seen->count] = row->state;
    seen->number[seen->count++] = row->referral;
    return seen->count != seen->stop_after;
}

static bool see_message(void *context, const struct outbox_row *row)
{
    struct seen *seen = context;

    sample_copy_text(seen->text[seen->count], row->payload, row->size);
    seen->state[seen->count] = row->state;
    seen->number[seen->count++] = row->outbox;
    return seen->count != seen->stop_after;
}

static void events_are_read_by_page_of_one_referral_or_all(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = NULL;
    struct seen seen = {0};
    struct fault fault = {{0}};

    sample_put(sample, 1, "one");
    sample_put(sample, 2, "two");
    sample_put(sample, 1, "three");
    sample_put(sample, 1, "four");
    reader = sample_reader(sample);
    sample_expect(STORE_OK, store_read_events(reader, 0, 1, 2, see_event, &seen, &fault), &fault);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.text[0], "two");
    assert_int_equal(seen.number[1], 3);

    seen = (struct seen){0};
    sample_expect(STORE_OK, store_read_events(reader, 1, 0, 100, see_event, &seen, &fault), &fault);
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.text[2], "four");
    assert_false(seen.erased[2]);

    seen = (struct seen){.stop_after = 2};
    sample_expect(STORE_OK, store_read_events(reader, 1, 0, 100, see_event, &seen, &fault), &fault);
    assert_int_equal(seen.count, 2);
    store_reader_close(reader);
}

static void a_reader_sees_what_is_committed_later(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = sample_reader(sample);
    struct event_record event;
    struct fault fault = {{0}};

    sample_expect(STORE_MISSING, store_read_event(reader, 1, &event, &fault), &fault);
    assert_string_equal(fault.text, "there is no event 1");
    sample_put(sample, 1, "later");
    sample_expect(STORE_OK, store_read_event(reader, 1, &event, &fault), &fault);
    assert_int_equal(event.size, 5);
    assert_memory_equal(event.payload, "later", 5);
    assert_string_equal(event.actor, "therapist:lena");
    free(event.payload);
    store_reader_close(reader);
}

static void referrals_are_read_by_number_and_by_state(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = NULL;
    struct record_batch batch;
    struct referral_row row, expected = sample_referral(3, false);
    struct seen seen = {0};
    struct fault fault = {{0}};

    record_batch_init(&batch);
    for (uint64_t referral = 1; referral <= 6; referral++)
        sample_add_referral(&batch, referral, referral % 2 == 0);
    sample_commit(sample, &batch);
    reader = sample_reader(sample);
    sample_expect(STORE_OK, store_read_referral(reader, 3, &row, &fault), &fault);
    assert_same_row(&row, &expected);
    sample_expect(STORE_MISSING, store_read_referral(reader, 7, &row, &fault), &fault);

    sample_expect(STORE_OK, store_read_referrals(reader, 2, 100, 0, see_referral, &seen, &fault), &fault);
    assert_int_equal(seen.count, 4);
    seen = (struct seen){0};
    sample_expect(STORE_OK, store_read_referrals(reader, 2, 100, 1u << 4, see_referral, &seen, &fault), &fault);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.number[0], 4);
    assert_int_equal(seen.number[1], 6);
    seen = (struct seen){0};
    sample_expect(STORE_OK, store_read_referrals(reader, 0, 2, (1u << 4) | (1u << 13), see_referral, &seen, &fault),
                  &fault);
    assert_int_equal(seen.count, 2);
    store_reader_close(reader);
}

static void update(struct sample *sample, uint64_t outbox, enum outbox_state to)
{
    struct record_batch batch;
    struct outbox_row row = {.update = true, .outbox = outbox, .state = to, .attempts = 3, .due = 77, .error = "AE"};

    record_batch_init(&batch);
    record_add_outbox(&batch, &row);
    sample_commit(sample, &batch);
}

static void messages_wait_until_they_are_delivered_or_given_up(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = NULL;
    struct record_batch batch;
    struct seen seen = {0};
    uint64_t pending = 0, given_up = 0;
    struct fault fault = {{0}};

    record_batch_init(&batch);
    for (uint64_t outbox = 1; outbox <= 4; outbox++)
        sample_add_outbox(&batch, outbox, 1, "status");
    sample_commit(sample, &batch);
    update(sample, 2, OUTBOX_DELIVERED);
    update(sample, 3, OUTBOX_GIVEN_UP);
    update(sample, 4, OUTBOX_PENDING);
    sample_reopen(sample);
    reader = sample_reader(sample);
    sample_expect(STORE_OK, store_read_outbox(reader, OUTBOX_PENDING, 0, 100, see_message, &seen, &fault), &fault);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.number[0], 1);
    assert_int_equal(seen.number[1], 4);
    assert_string_equal(seen.text[1], "status");
    seen = (struct seen){0};
    sample_expect(STORE_OK, store_read_outbox(reader, OUTBOX_PENDING, 1, 100, see_message, &seen, &fault), &fault);
    assert_int_equal(seen.count, 1);
    seen = (struct seen){0};
    sample_expect(STORE_OK, store_read_outbox(reader, OUTBOX_GIVEN_UP, 0, 100, see_message, &seen, &fault), &fault);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.number[0], 3);
    assert_string_equal(seen.text[0], "status");
    seen = (struct seen){0};
    sample_expect(STORE_OK, store_read_outbox(reader, OUTBOX_DELIVERED, 0, 100, see_message, &seen, &fault), &fault);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.text[0], ""); /* what was delivered is kept no longer */
    sample_expect(STORE_OK, store_count_outbox(reader, &pending, &given_up, &fault), &fault);
    assert_int_equal(pending, 2);
    assert_int_equal(given_up, 1);
    store_reader_close(reader);
}

static void a_message_that_is_not_there_cannot_change_and_a_number_is_used_once(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct outbox_row row = {.update = true, .outbox = 5};
    struct fault fault = {{0}};

    record_batch_init(&batch);
    record_add_outbox(&batch, &row);
    sample_expect(STORE_CONFLICT, sample_try(sample, &batch, &fault), &fault);
    record_batch_init(&batch);
    sample_add_outbox(&batch, 5, 1, "status");
    sample_expect(STORE_OK, sample_try(sample, &batch, &fault), &fault);
    record_batch_init(&batch);
    sample_add_outbox(&batch, 5, 1, "another");
    sample_expect(STORE_CONFLICT, sample_try(sample, &batch, &fault), &fault);
}

static void a_payload_put_into_another_row_does_not_open(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = NULL;
    struct seen seen = {0};
    struct fault fault = {{0}};

    sample_put(sample, 1, "one");
    sample_put(sample, 1, "two");
    sample_close(sample);
    sample_tamper(sample, "fascia.db",
                  "DROP TRIGGER event_is_never_changed;"
                  "UPDATE event SET payload = (SELECT payload FROM event WHERE sequence = 1) WHERE sequence = 2");
    sample_open(sample);
    reader = sample_reader(sample);
    sample_expect(STORE_DAMAGED, store_read_events(reader, 0, 0, 100, see_event, &seen, &fault), &fault);
    assert_int_equal(seen.count, 1);
    assert_non_null(strstr(fault.text, "event 2 can't be unsealed"));
    store_reader_close(reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup_open, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_are_read_by_page_of_one_referral_or_all),
        TEST(a_reader_sees_what_is_committed_later),
        TEST(referrals_are_read_by_number_and_by_state),
        TEST(messages_wait_until_they_are_delivered_or_given_up),
        TEST(a_message_that_is_not_there_cannot_change_and_a_number_is_used_once),
        TEST(a_payload_put_into_another_row_does_not_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
