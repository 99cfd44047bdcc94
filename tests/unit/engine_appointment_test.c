/* What the sender is told of appointments, one by one: booked, moved, called off, missed. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define S(state)       FASCIA__STATE__STATE_##state
#define HOW(how)       FASCIA__APPOINTMENT_CHANGE__HOW__##how
#define assert_ok(did) assert_int_equal(did, FASCIA__RESULT__VERDICT__OK)

static struct clinic clinic;
static struct desk desk;

static int open_desk(void **state)
{
    (void)state;
    desk_begin(&desk, &clinic);
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    return 0;
}

static int close_desk(void **state)
{
    (void)state;
    return desk_close(&desk);
}

/* The caller frees it. back: 0 for the last message, 1 for the one before. */
static Fascia__Status *told(size_t back)
{
    const struct outbox_row *row = &desk.shelf.outbox[desk.shelf.outbox_count - 1 - back];
    Fascia__Status *status = fascia__status__unpack(NULL, row->size, row->payload);

    assert_non_null(status);
    return status;
}

static void expect_change(size_t back, Fascia__AppointmentChange__How how, uint32_t number, int64_t from, bool alone)
{
    Fascia__Status *status = told(back);

    assert_non_null(status->appointment);
    assert_int_equal(status->appointment->how, how);
    assert_int_equal(status->appointment->number, number);
    assert_int_equal(status->appointment->from, from);
    assert_int_equal(status->appointment->to, from + HOUR_MS);
    assert_int_equal(status->appointment->alone, alone);
    assert_int_equal(status->number == 0, alone);
    fascia__status__free_unpacked(status, NULL);
}

static void expect_no_change(size_t back, Fascia__State state)
{
    Fascia__Status *status = told(back);

    assert_null(status->appointment);
    assert_int_equal(status->state, state);
    assert_true(status->number > 0);
    fascia__status__free_unpacked(status, NULL);
}

static void accepting_is_told_and_then_the_appointment(void **state)
{
    (void)state;
    assert_int_equal(desk.shelf.outbox_count, 2);
    expect_no_change(1, S(ACCEPTED));
    expect_change(0, HOW(BOOKED), 1, desk_slot(&desk, 1)->from, false);
}

static void an_appointment_that_is_moved_keeps_its_number(void **state)
{
    int64_t first = desk_slot(&desk, 1)->from;

    (void)state;
    assert_ok(desk_book(&desk, 1, first + 2 * HOUR_MS, 0, true));
    expect_change(0, HOW(MOVED), 1, first + 2 * HOUR_MS, false);
    assert_ok(desk_book(&desk, 1, first + DAY_MS, 0, false));
    expect_change(0, HOW(BOOKED), 3, first + DAY_MS, false); /* not the earliest, and a number of its own */
    assert_ok(desk_book(&desk, 1, first + 4 * HOUR_MS, 0, true));
    expect_change(0, HOW(MOVED), 1, first + 4 * HOUR_MS, false);
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__NO_SHOW));
    expect_change(0, HOW(NO_SHOW), 1, first + 4 * HOUR_MS, false);
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__CANCELLED));
    expect_change(0, HOW(CANCELLED), 3, first + DAY_MS, false);
}

static void a_moved_appointment_is_the_same_after_a_restart(void **state)
{
    int64_t first = desk_slot(&desk, 1)->from;
    struct fault fault = {{0}};
    uint64_t digest;

    (void)state;
    assert_ok(desk_book(&desk, 1, first + 2 * HOUR_MS, 0, true));
    digest = engine_digest(desk.engine);
    engine_destroy(desk.engine);
    desk.engine = clinic_engine(&clinic);
    assert_true(shelf_load(&desk.shelf, desk.engine, desk.now, &fault));
    assert_int_equal(engine_digest(desk.engine), digest);
    assert_ok(desk_book(&desk, 1, first + 4 * HOUR_MS, 0, true));
    expect_change(0, HOW(MOVED), 1, first + 4 * HOUR_MS, false);
}

static void a_visit_that_took_place_is_told_as_such(void **state)
{
    int64_t first = desk_slot(&desk, 1)->from;

    (void)state;
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE));
    expect_change(0, HOW(TOOK_PLACE), 1, first, false);
    assert_ok(
        desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE)); /* a walk-in: nothing changes for the referral */
    expect_change(0, HOW(TOOK_PLACE), 1, first, false);
    assert_ok(desk_book(&desk, 1, first + DAY_MS, 0, false));
    expect_change(0, HOW(BOOKED), 3, first + DAY_MS, false);
}

static Fascia__Result__Verdict cancel(const char *reason)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Submit submit = FASCIA__SUBMIT__INIT;
    Fascia__Result__Verdict verdict;

    submit.action = FASCIA__SUBMIT__ACTION__CANCEL;
    submit.referral = clinic_referral("R1");
    submit.reason = (char *)(uintptr_t)reason;
    command.body_case = FASCIA__COMMAND__BODY_SUBMIT;
    command.submit = &submit;
    verdict = desk_do(&desk, desk.source_actor, &command);
    fascia__referral__free_unpacked(submit.referral, NULL);
    return verdict;
}

static void a_cancelled_referral_frees_its_appointments_one_by_one_and_then_says_why(void **state)
{
    int64_t first = desk_slot(&desk, 1)->from;
    Fascia__Status *status;

    (void)state;
    assert_ok(desk_book(&desk, 1, first + DAY_MS, 0, false));
    assert_ok(cancel("moved away"));
    assert_int_equal(desk.shelf.outbox_count, 6);
    expect_change(2, HOW(CANCELLED), 1, first, true);
    expect_change(1, HOW(CANCELLED), 2, first + DAY_MS, true);
    expect_no_change(0, S(CANCELLED));
    status = told(0);
    assert_string_equal(status->reason, "moved away");
    assert_int_equal(status->number, 4); /* what is told of an appointment alone is not counted */
    fascia__status__free_unpacked(status, NULL);
}

static void giving_back_and_withdrawing_free_appointments_too(void **state)
{
    int64_t first = desk_slot(&desk, 1)->from;

    (void)state;
    assert_ok(desk_decline(&desk, 1, "anna", "no-time"));
    expect_change(1, HOW(CANCELLED), 1, first, true);
    expect_no_change(0, S(MATCHING));
    assert_ok(desk_put(&desk, clinic_therapist("berta", 5)));
    desk_work(&desk);
    assert_ok(desk_accept(&desk, 1, "berta", 0));
    assert_ok(desk_withdraw(&desk, 1));
    expect_change(1, HOW(CANCELLED), 2, first, true);
    expect_no_change(0, S(WITHDRAWN));
}

static void an_outcome_frees_only_what_has_not_begun(void **state)
{
    int64_t first = desk_slot(&desk, 1)->from;

    (void)state;
    assert_ok(desk_book(&desk, 1, first + DAY_MS, 0, false));
    desk.now = first;
    assert_ok(desk_outcome(&desk, 1));
    assert_int_equal(desk.shelf.outbox_count, 5);
    expect_change(1, HOW(CANCELLED), 2, first + DAY_MS, true);
    expect_no_change(0, S(COMPLETED));
    assert_ok(desk_delivered(&desk, 4, false)); /* that of the appointment closes nothing */
    assert_int_equal(desk_state(&desk, 1), S(COMPLETED));
    assert_ok(desk_delivered(&desk, 5, false));
    assert_int_equal(desk_state(&desk, 1), S(CLOSED));
}

static int begin(void **state)
{
    (void)state;
    clinic_begin(&clinic);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    clinic_end(&clinic);
    return 0;
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(accepting_is_told_and_then_the_appointment),
        AT_DESK(an_appointment_that_is_moved_keeps_its_number),
        AT_DESK(a_moved_appointment_is_the_same_after_a_restart),
        AT_DESK(a_visit_that_took_place_is_told_as_such),
        AT_DESK(a_cancelled_referral_frees_its_appointments_one_by_one_and_then_says_why),
        AT_DESK(giving_back_and_withdrawing_free_appointments_too),
        AT_DESK(an_outcome_frees_only_what_has_not_begun),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
