#include "unit/store_sample.h"

/* One slot in a commit of its own. */
static enum store_status put(struct sample *sample, const char *therapist, int64_t from, int64_t to, uint64_t referral,
                             bool booked)
{
    struct record_batch batch;
    struct fault fault = {{0}};

    record_batch_init(&batch);
    sample_add_slot(&batch, therapist, from, to, referral, booked);
    return sample_try(sample, &batch, &fault);
}

static enum store_status take_away(struct sample *sample, const char *therapist, int64_t from, int64_t to,
                                   uint64_t referral)
{
    struct record_batch batch;
    struct fault fault = {{0}};

    record_batch_init(&batch);
    sample_add_slot(&batch, therapist, from, to, referral, false);
    batch.slots[0].remove = true;
    return sample_try(sample, &batch, &fault);
}

static void no_two_slots_of_a_therapist_overlap(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(put(sample, "lena", 100, 200, 1, true), STORE_OK);
    assert_int_equal(put(sample, "lena", 300, 400, 2, true), STORE_OK);
    assert_int_equal(put(sample, "lena", 150, 250, 3, false), STORE_CONFLICT);
    assert_int_equal(put(sample, "lena", 50, 101, 3, false), STORE_CONFLICT);
    assert_int_equal(put(sample, "lena", 199, 300, 3, false), STORE_CONFLICT);
    assert_int_equal(put(sample, "lena", 120, 130, 3, false), STORE_CONFLICT);
    assert_int_equal(put(sample, "lena", 0, 1000, 3, false), STORE_CONFLICT);
    assert_int_equal(put(sample, "lena", 100, 200, 3, false), STORE_CONFLICT);
    assert_int_equal(put(sample, "lena", 100, 150, 1, true), STORE_CONFLICT);
    assert_int_equal(put(sample, "omar", 150, 250, 3, false), STORE_OK);
}

static void slots_may_touch(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(put(sample, "lena", 100, 200, 1, true), STORE_OK);
    assert_int_equal(put(sample, "lena", 200, 300, 2, true), STORE_OK);
    assert_int_equal(put(sample, "lena", 0, 100, 3, true), STORE_OK);
}

static void a_slot_has_a_length(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(put(sample, "lena", 100, 100, 1, true), STORE_CONFLICT);
    assert_int_equal(put(sample, "lena", 100, 50, 1, true), STORE_CONFLICT);
}

static void a_hold_becomes_a_booking_of_the_same_referral(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(put(sample, "lena", 100, 200, 1, false), STORE_OK);
    assert_int_equal(put(sample, "lena", 100, 200, 1, true), STORE_OK);
    sample_close(sample);
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT count(*) FROM slot"), 1);
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT booked + 10 * visit FROM slot"), 11);
}

static void a_freed_slot_can_be_taken_again(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(put(sample, "lena", 100, 200, 1, false), STORE_OK);
    assert_int_equal(take_away(sample, "lena", 100, 200, 1), STORE_OK);
    assert_int_equal(put(sample, "lena", 150, 250, 2, false), STORE_OK);
}

static void only_a_slot_that_is_there_is_freed(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(put(sample, "lena", 100, 200, 1, false), STORE_OK);
    assert_int_equal(take_away(sample, "lena", 100, 200, 2), STORE_CONFLICT);
    assert_int_equal(take_away(sample, "lena", 100, 201, 1), STORE_CONFLICT);
    assert_int_equal(take_away(sample, "omar", 100, 200, 1), STORE_CONFLICT);
    assert_int_equal(take_away(sample, "lena", 100, 200, 1), STORE_OK);
}

static void slots_of_one_commit_are_taken_in_order(void **state)
{
    struct sample *sample = *state;
    struct record_batch one, two, *batches[] = {&one, &two};
    struct fault fault = {{0}};

    assert_int_equal(put(sample, "lena", 100, 200, 1, false), STORE_OK);
    record_batch_init(&one);
    record_batch_init(&two);
    sample_add_slot(&one, "lena", 100, 200, 1, false);
    one.slots[0].remove = true;
    sample_add_slot(&two, "lena", 150, 250, 2, true);
    sample_expect(STORE_OK, store_commit(sample->store, batches, 2, &fault), &fault);
    record_batch_finish(&one);
    record_batch_finish(&two);
}

static void a_conflict_keeps_nothing_of_its_commit(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct fault fault = {{0}};
    struct sample_load *load = NULL;

    assert_int_equal(put(sample, "lena", 100, 200, 1, true), STORE_OK);
    record_batch_init(&batch);
    sample_add_event(sample, &batch, 2, "accepted");
    sample_add_referral(&batch, 2, true);
    sample_add_outbox(&batch, 1, 2, "accepted");
    sample_add_slot(&batch, "lena", 500, 600, 2, true);
    sample_add_slot(&batch, "lena", 150, 250, 2, true);
    sample_expect(STORE_CONFLICT, sample_try(sample, &batch, &fault), &fault);
    load = sample_load(sample);
    assert_int_equal(load->last_sequence, 0);
    assert_int_equal(load->referrals, 0);
    assert_int_equal(load->last_outbox, 0);
    free(load);
    assert_int_equal(put(sample, "lena", 500, 600, 3, true), STORE_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_setup_open, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_two_slots_of_a_therapist_overlap),
        TEST(slots_may_touch),
        TEST(a_slot_has_a_length),
        TEST(a_hold_becomes_a_booking_of_the_same_referral),
        TEST(a_freed_slot_can_be_taken_again),
        TEST(only_a_slot_that_is_there_is_freed),
        TEST(slots_of_one_commit_are_taken_in_order),
        TEST(a_conflict_keeps_nothing_of_its_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
