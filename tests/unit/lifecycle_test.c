#include "core/lifecycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <string.h>

#define S(state) FASCIA__STATE__STATE_##state

/* The harmonised BSeR/360X table. Its "received" is all the time before a therapist accepts; its "rejected" by a therapist is
 * here a way back to matching, because another therapist may take the case; its 5.1 is refined by 5.1.1 to 5.1.4. */
struct fact {
    int id;
    const char *actor, *trigger, *from, *to;
};
static const struct fact facts[] = {
    {1, "initiator", "send referral package", "draft", "received"},
    {2, "recipient", "accept", "received", "accepted"},
    {3, "recipient", "decline", "received", "rejected"},
    {4, "initiator", "request cancellation", "received", "5.2"},
    {5, "recipient", "decline", "accepted", "rejected"},
    {6, "recipient", "schedule visit", "accepted", "5.1.1"},
    {7, "initiator", "request cancellation", "accepted", "5.2"},
    {8, "recipient", "interim consultation note", "accepted", "5.1.4"},
    {9, "recipient", "outcome", "accepted", "completed"},
    {10, "recipient", "decline", "5.1.1", "rejected"},
    {11, "recipient", "reschedule visit", "5.1.1", "5.1.1"},
    {12, "recipient", "no show", "5.1.1", "5.1.2"},
    {13, "recipient", "cancel appointment", "5.1.1", "5.1.3"},
    {14, "initiator", "request cancellation", "5.1.1", "5.2"},
    {15, "recipient", "interim consultation note", "5.1.1", "5.1.4"},
    {16, "recipient", "outcome", "5.1.1", "completed"},
    {17, "recipient", "decline", "5.1.2", "rejected"},
    {18, "recipient", "reschedule visit", "5.1.2", "5.1.1"},
    {19, "recipient", "cancel appointment", "5.1.2", "5.1.3"},
    {20, "initiator", "request cancellation", "5.1.2", "5.2"},
    {21, "recipient", "schedule visit", "5.1.3", "5.1.1"},
    {22, "initiator", "request cancellation", "5.1.3", "5.2"},
    {23, "recipient", "confirm cancellation", "5.2", "cancelled"},
    {24, "recipient", "outcome", "5.2", "completed"},
    {25, "recipient", "decline", "5.1.4", "rejected"},
    {26, "recipient", "schedule visit", "5.1.4", "5.1.1"},
    {27, "recipient", "cancel appointment", "5.1.4", "5.1.3"},
    {28, "initiator", "request cancellation", "5.1.4", "5.2"},
    {29, "recipient", "interim consultation note", "5.1.4", "5.1.4"},
    {30, "recipient", "outcome", "5.1.4", "completed"},
    {31, "recipient", "schedule visit", "accepted", "5.1"},
    {32, "recipient", "interim consultation note", "accepted", "5.1"},
    {33, "recipient", "decline", "5.1", "rejected"},
    {34, "initiator", "request cancellation", "5.1", "5.2"},
};

static Fascia__State state_of(const char *word)
{
    static const struct {
        const char *word;
        Fascia__State state;
    } states[] = {{"draft", S(NONE)},
                  {"received", S(OFFERED)},
                  {"accepted", S(ACCEPTED)},
                  {"5.1", S(IN_PROGRESS)},
                  {"5.1.1", S(SCHEDULED)},
                  {"5.1.2", S(NO_SHOW)},
                  {"5.1.3", S(VISIT_CANCELLED)},
                  {"5.1.4", S(IN_PROGRESS)},
                  {"completed", S(COMPLETED)},
                  {"cancelled", S(CANCELLED)}};

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(states[i].word, word) == 0)
            return states[i].state;
    fail_msg("no state for %s", word);
    return S(NONE);
}

/* What the trigger is called here. */
static enum lifecycle_trigger trigger_of(const struct fact *fact)
{
    static const struct {
        const char *word;
        enum lifecycle_trigger trigger;
    } triggers[] = {{"send referral package", TRIGGER_RECEIVE},
                    {"accept", TRIGGER_ACCEPT},
                    {"schedule visit", TRIGGER_BOOK},
                    {"reschedule visit", TRIGGER_BOOK},
                    {"no show", TRIGGER_NO_SHOW},
                    {"cancel appointment", TRIGGER_CANCEL_VISIT},
                    {"request cancellation", TRIGGER_CANCEL},
                    {"interim consultation note", TRIGGER_VISIT_DONE},
                    {"outcome", TRIGGER_COMPLETE}};

    if (strcmp(fact->trigger, "decline") == 0)
        return strcmp(fact->from, "received") == 0 ? TRIGGER_UNOFFER : TRIGGER_RELEASE;
    for (size_t i = 0; i < sizeof triggers / sizeof triggers[0]; i++)
        if (strcmp(triggers[i].word, fact->trigger) == 0)
            return triggers[i].trigger;
    fail_msg("no trigger for %s", fact->trigger);
    return TRIGGER_COUNT;
}

static Fascia__State expected_state(const struct fact *fact)
{
    if (strcmp(fact->to, "rejected") == 0)
        return S(MATCHING); /* to the next therapist; the referrer hears "R" when nobody is left */
    if (strcmp(fact->to, "5.2") == 0)
        return S(CANCELLED); /* the referrer's word is enough: no handshake */
    if (strcmp(fact->trigger, "schedule visit") == 0)
        return S(SCHEDULED); /* 31 */
    if (strcmp(fact->to, "received") == 0)
        return S(RECEIVED);
    return state_of(fact->to);
}

static void every_harmonised_transition_has_its_move(void **state)
{
    size_t moved = 0;

    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        Fascia__State to = S(NONE);

        if (strcmp(facts[i].from, "5.2") == 0)
            continue; /* 23, 24: there is no such state here, as a cancellation is immediate */
        if (!lifecycle_move(state_of(facts[i].from), trigger_of(&facts[i]), &to))
            fail_msg("transition %d has no move", facts[i].id);
        if (to != expected_state(&facts[i]))
            fail_msg("transition %d leads to %s", facts[i].id, lifecycle_words(to)->name);
        moved++;
    }
    assert_int_equal(moved, 32);
}

static void the_actor_of_a_transition_may_do_its_move(void **state)
{
    size_t count;
    const struct lifecycle_row *rows = lifecycle_rows(&count);

    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        unsigned wanted = strcmp(facts[i].actor, "initiator") == 0 ? ACTOR_REFERRER : ACTOR_THERAPIST;

        if (strcmp(facts[i].from, "5.2") == 0)
            continue;
        for (size_t j = 0; j < count; j++)
            if (rows[j].from == state_of(facts[i].from) && rows[j].trigger == trigger_of(&facts[i]))
                assert_true(rows[j].actors & wanted);
    }
}

static void business_words_are_the_harmonised_ones(void **state)
{
    (void)state;
    assert_string_equal(lifecycle_words(S(OFFERED))->business_status, "2.0");
    assert_string_equal(lifecycle_words(S(ACCEPTED))->business_status, "3.0");
    assert_string_equal(lifecycle_words(S(REJECTED))->business_status, "4.0");
    assert_string_equal(lifecycle_words(S(SCHEDULED))->business_status, "5.1.1");
    assert_string_equal(lifecycle_words(S(NO_SHOW))->business_status, "5.1.2");
    assert_string_equal(lifecycle_words(S(VISIT_CANCELLED))->business_status, "5.1.3");
    assert_string_equal(lifecycle_words(S(IN_PROGRESS))->business_status, "5.1.4");
    assert_string_equal(lifecycle_words(S(CANCELLED))->business_status, "6.0");
    assert_string_equal(lifecycle_words(S(COMPLETED))->business_status, "7.0");
}

static void a_pair_of_state_and_trigger_stands_once(void **state)
{
    size_t count;
    const struct lifecycle_row *rows = lifecycle_rows(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].actors != 0);
        for (size_t j = i + 1; j < count; j++)
            assert_false(rows[i].from == rows[j].from && rows[i].trigger == rows[j].trigger);
    }
}

static void a_move_that_is_not_in_the_table_changes_nothing(void **state)
{
    Fascia__State to = S(OFFERED);

    (void)state;
    assert_false(lifecycle_move(S(CLOSED), TRIGGER_ACCEPT, &to));
    assert_false(lifecycle_move(S(MATCHING), TRIGGER_ACCEPT, &to));
    assert_false(lifecycle_move(S(COMPLETED), TRIGGER_CANCEL, &to));
    assert_int_equal(to, S(OFFERED));
}

static void a_referrer_can_cancel_all_that_is_not_completed(void **state)
{
    (void)state;
    for (int from = S(RECEIVED); from <= S(WITHDRAWN); from++) {
        Fascia__State to = S(NONE);
        bool may = lifecycle_words((Fascia__State)from)->open && from != S(COMPLETED);

        assert_int_equal(lifecycle_move((Fascia__State)from, TRIGGER_CANCEL, &to), may);
        if (may)
            assert_int_equal(to, S(CANCELLED));
    }
}

static void nothing_leaves_a_state_that_is_not_open(void **state)
{
    size_t count;
    const struct lifecycle_row *rows = lifecycle_rows(&count);

    (void)state;
    for (size_t i = 0; i < count; i++)
        assert_true(rows[i].from == S(NONE) || lifecycle_words(rows[i].from)->open);
}

static void every_state_and_trigger_has_words(void **state)
{
    (void)state;
    for (int each = S(NONE); each <= S(WITHDRAWN); each++) {
        const struct lifecycle_words *words = lifecycle_words((Fascia__State)each);

        assert_int_equal(words->state, each);
        assert_true(*words->name != '\0');
        if (each != S(NONE)) {
            assert_non_null(strchr("PARE", *words->rf1_status));
            assert_true(*words->task_status != '\0' && *words->business_status != '\0');
        }
    }
    for (int each = 0; each < TRIGGER_COUNT; each++)
        assert_string_not_equal(lifecycle_trigger_name((enum lifecycle_trigger)each), "unknown");
    assert_string_equal(lifecycle_words((Fascia__State)99)->name, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_harmonised_transition_has_its_move),
        cmocka_unit_test(the_actor_of_a_transition_may_do_its_move),
        cmocka_unit_test(business_words_are_the_harmonised_ones),
        cmocka_unit_test(a_pair_of_state_and_trigger_stands_once),
        cmocka_unit_test(a_move_that_is_not_in_the_table_changes_nothing),
        cmocka_unit_test(a_referrer_can_cancel_all_that_is_not_completed),
        cmocka_unit_test(nothing_leaves_a_state_that_is_not_open),
        cmocka_unit_test(every_state_and_trigger_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
