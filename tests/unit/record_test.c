#include "core/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *payload_of(const char *text)
{
    return (uint8_t *)strdup(text);
}

static void a_new_batch_is_empty_and_one_with_anything_is_not(void **state)
{
    struct record_batch batch;

    (void)state;
    record_batch_init(&batch);
    assert_true(record_batch_is_empty(&batch));
    record_add_erasure(&batch, 7);
    assert_false(record_batch_is_empty(&batch));
    record_batch_finish(&batch);
    assert_true(record_batch_is_empty(&batch));
}

static void a_later_row_of_a_referral_replaces_the_earlier_among_thousands(void **state)
{
    enum { MANY = 5000 };
    struct record_batch batch;

    (void)state;
    record_batch_init(&batch);
    for (uint32_t round = 0; round < 3; round++)
        for (uint64_t referral = 1; referral <= MANY; referral++)
            record_add_referral(&batch, &(struct referral_row){.referral = referral << 20, .statuses = round});
    assert_int_equal(batch.referral_count, MANY);
    for (size_t i = 0; i < batch.referral_count; i++) {
        assert_int_equal(batch.referrals[i].referral, (uint64_t)(i + 1) << 20);
        assert_int_equal(batch.referrals[i].statuses, 2);
    }
    record_batch_finish(&batch);
}

static void slots_and_events_stay_in_order_and_payload_bytes_are_counted(void **state)
{
    struct record_batch batch;

    (void)state;
    record_batch_init(&batch);
    for (int i = 0; i < 100; i++) {
        record_add_slot(&batch, &(struct slot_row){.from = i, .remove = i % 2});
        record_add_event(&batch,
                         &(struct event_record){.sequence = (uint64_t)i, .payload = payload_of("abc"), .size = 3});
    }
    record_add_outbox(&batch, &(struct outbox_row){.outbox = 1, .payload = payload_of("12345"), .size = 5});
    record_add_therapist(&batch, &(struct therapist_row){.payload = payload_of("1234567"), .size = 7});
    for (int i = 0; i < 100; i++) {
        assert_int_equal(batch.slots[i].from, i);
        assert_int_equal(batch.events[i].sequence, i);
    }
    assert_int_equal(batch.bytes, 312);
    record_batch_finish(&batch); /* the leak check sees payloads that were not freed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_new_batch_is_empty_and_one_with_anything_is_not),
                                       cmocka_unit_test(a_later_row_of_a_referral_replaces_the_earlier_among_thousands),
                                       cmocka_unit_test(slots_and_events_stay_in_order_and_payload_bytes_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
