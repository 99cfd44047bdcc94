/*
 * Compares rows of a referral field by field: what lies between fields is nobody's business, and differs between compilers.
 * After cmocka.h.
 */
#ifndef FASCIA_TESTS_SAME_ROW_H
#define FASCIA_TESTS_SAME_ROW_H

#include "core/record.h"

static inline void assert_same_row(const struct referral_row *found, const struct referral_row *expected)
{
    assert_int_equal(found->referral, expected->referral);
    assert_int_equal(found->state, expected->state);
    assert_int_equal(found->priority, expected->priority);
    assert_int_equal(found->open, expected->open);
    assert_string_equal(found->source, expected->source);
    assert_string_equal(found->sender, expected->sender);
    assert_string_equal(found->therapist, expected->therapist);
    assert_int_equal(found->opened, expected->opened);
    assert_int_equal(found->changed, expected->changed);
    assert_int_equal(found->due, expected->due);
    assert_int_equal(found->content_sequence, expected->content_sequence);
    assert_int_equal(found->match_sequence, expected->match_sequence);
    assert_int_equal(found->statuses, expected->statuses);
    assert_memory_equal(found->sender_key, expected->sender_key, RECORD_KEY_BYTES);
    assert_memory_equal(found->content_key, expected->content_key, RECORD_KEY_BYTES);
    assert_memory_equal(found->patient_key, expected->patient_key, RECORD_KEY_BYTES);
    assert_int_equal(found->erased, expected->erased);
}

#endif
