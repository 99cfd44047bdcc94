#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define S(state)       FASCIA__STATE__STATE_##state
#define VERDICT(kind)  FASCIA__RESULT__VERDICT__##kind
#define assert_ok(did) assert_int_equal(did, VERDICT(OK))

static struct clinic clinic;
static struct desk desk;

static int open_desk(void **state)
{
    (void)state;
    desk_begin(&desk, &clinic);
    return 0;
}

static int close_desk(void **state)
{
    (void)state;
    desk_end(&desk);
    return desk.wrong == NULL ? 0 : -1;
}

/* ---- who waits ---- */

static void wait_for(Fascia__Referral *referral)
{
    assert_ok(desk_new(&desk, referral));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, desk.shelf.last_referral), S(WAITLISTED));
}

static Fascia__Referral *insured_by(const char *id, const char *payer)
{
    Fascia__Referral *referral = clinic_referral(id);
    Fascia__Coverage *coverage = CLINIC_NEW(Fascia__Coverage, coverage);

    message_set(&coverage->payer, payer);
    message_push(&referral->coverages, &referral->n_coverages, coverage);
    return referral;
}

static Fascia__Referral *of_priority(const char *id, Fascia__Priority priority)
{
    Fascia__Referral *referral = clinic_referral(id);

    referral->priority = priority;
    return referral;
}

static Fascia__Referral *at_times(const char *id, uint32_t from_minute, uint32_t to_minute)
{
    Fascia__Referral *referral = clinic_referral(id);
    Fascia__Window *window = CLINIC_NEW(Fascia__Window, window);

    window->from_minute = from_minute;
    window->to_minute = to_minute;
    message_push(&referral->preferences->windows, &referral->preferences->n_windows, window);
    return referral;
}

static Fascia__Referral *of_length(const char *id, uint32_t minutes)
{
    Fascia__Referral *referral = clinic_referral(id);

    referral->preferences->duration_minutes = minutes;
    return referral;
}

/* Works on one day only, next week's Tuesday, between these minutes. */
static Fascia__Therapist *one_day(const char *identifier, uint32_t capacity, uint32_t from_minute, uint32_t to_minute)
{
    Fascia__Therapist *therapist = clinic_therapist(identifier, capacity);
    Fascia__HoursException *exception = CLINIC_NEW(Fascia__HoursException, hours_exception);
    Fascia__Hours *hours = CLINIC_NEW(Fascia__Hours, hours);

    for (size_t i = 0; i < therapist->n_hours; i++)
        fascia__hours__free_unpacked(therapist->hours[i], NULL);
    therapist->n_hours = 0;
    message_set(&exception->date, "2026-12-01");
    hours->from_minute = from_minute;
    hours->to_minute = to_minute;
    message_push(&exception->hours, &exception->n_hours, hours);
    message_push(&therapist->exceptions, &therapist->n_exceptions, exception);
    return therapist;
}

static void expect_states(const Fascia__State *states, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (desk_state(&desk, i + 1) != states[i])
            fail_msg("R%zu is in state %d, not %d", i + 1, desk_state(&desk, i + 1), states[i]);
}
#define EXPECT_STATES(...)                                                                                             \
    expect_states((const Fascia__State[]){__VA_ARGS__},                                                                \
                  sizeof((const Fascia__State[]){__VA_ARGS__}) / sizeof(Fascia__State))

/* ---- what wakes ---- */

static void a_new_therapist_wakes_whom_they_can_help_and_nobody_else(void **state)
{
    Fascia__Referral *finnish = clinic_referral("R2");

    (void)state;
    message_push_text(&finnish->preferences->languages, &finnish->preferences->n_languages, "fi");
    wait_for(insured_by("R1", "AETNA"));
    wait_for(finnish);
    wait_for(clinic_referral("R3"));
    assert_int_equal(desk_work(&desk), 0);
    assert_ok(desk_put(&desk, clinic_therapist("anna", 9)));
    assert_int_equal(desk_work(&desk), 2); /* a look at the change, and one referral */
    EXPECT_STATES(S(WAITLISTED), S(WAITLISTED), S(OFFERED));
}

static void a_payer_that_is_added_wakes_its_own(void **state)
{
    Fascia__Therapist *more = clinic_therapist("anna", 9);

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 9)));
    wait_for(insured_by("R1", "AETNA"));
    wait_for(insured_by("R2", "HUMANA"));
    message_push_text(&more->payers, &more->n_payers, "humana");
    assert_ok(desk_put(&desk, more));
    assert_int_equal(desk_work(&desk), 2);
    EXPECT_STATES(S(WAITLISTED), S(OFFERED));
}

static void load_that_falls_wakes_the_next(void **state)
{
    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    wait_for(clinic_referral("R2"));
    wait_for(clinic_referral("R3"));
    assert_ok(desk_withdraw(&desk, 1));
    desk_work(&desk);
    EXPECT_STATES(S(WITHDRAWN), S(OFFERED), S(WAITLISTED));
}

static void a_visit_that_is_called_off_wakes_those_whose_windows_it_fits(void **state)
{
    (void)state;
    assert_ok(desk_put(&desk, one_day("anna", 9, 9 * 60, 10 * 60)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    assert_int_equal(desk_state(&desk, 1), S(SCHEDULED));
    wait_for(at_times("R2", 13 * 60, 18 * 60));
    wait_for(at_times("R3", 8 * 60, 12 * 60));
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__CANCELLED));
    assert_int_equal(desk_work(&desk), 2);
    EXPECT_STATES(S(VISIT_CANCELLED), S(WAITLISTED), S(OFFERED));
}

static void what_cannot_help_wakes_nobody(void **state)
{
    Fascia__Therapist *off = clinic_therapist("berta", 9);

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    wait_for(clinic_referral("R2"));
    assert_ok(desk_accept(&desk, 1, "anna", 0)); /* capacity used */
    assert_int_equal(desk_work(&desk), 0);
    off->not_accepting = true;
    assert_ok(desk_put(&desk, off));
    assert_ok(desk_put(&desk, clinic_therapist("clara", 0)));
    assert_int_equal(desk_work(&desk), 2); /* the looks alone */
    assert_ok(desk_remove(&desk, "berta"));
    assert_int_equal(desk_work(&desk), 0);
    EXPECT_STATES(S(SCHEDULED), S(WAITLISTED));
}

static void who_declined_is_not_woken_by_the_same_therapist(void **state)
{
    Fascia__Therapist *again = clinic_therapist("anna", 9);

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_decline(&desk, 1, "anna", "too-far"));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    assert_ok(desk_put(&desk, again));
    assert_int_equal(desk_work(&desk), 1);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
}

/* ---- in what order ---- */

static void the_urgent_come_before_the_old_and_the_old_before_the_young(void **state)
{
    (void)state;
    wait_for(clinic_referral("R1"));
    wait_for(clinic_referral("R2"));
    wait_for(of_priority("R3", FASCIA__PRIORITY__PRIORITY_URGENT));
    wait_for(of_priority("R4", FASCIA__PRIORITY__PRIORITY_URGENT));
    wait_for(of_priority("R5", FASCIA__PRIORITY__PRIORITY_STAT));
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    desk_work(&desk);
    EXPECT_STATES(S(WAITLISTED), S(WAITLISTED), S(WAITLISTED), S(WAITLISTED), S(OFFERED));
    assert_ok(desk_put(&desk, clinic_therapist("berta", 3)));
    desk_work(&desk);
    EXPECT_STATES(S(OFFERED), S(WAITLISTED), S(OFFERED), S(OFFERED), S(OFFERED));
}

static void several_changes_at_once_still_serve_the_urgent_first(void **state)
{
    (void)state;
    wait_for(insured_by("R1", "AETNA"));
    wait_for(of_priority("R2", FASCIA__PRIORITY__PRIORITY_URGENT));
    wait_for(clinic_referral("R3"));
    for (int i = 0; i < 2; i++) {
        Fascia__Therapist *therapist = clinic_therapist(i == 0 ? "anna" : "berta", 1);

        message_push_text(&therapist->payers, &therapist->n_payers, "AETNA");
        assert_ok(desk_put(&desk, therapist));
    }
    desk_work(&desk);
    EXPECT_STATES(S(OFFERED), S(OFFERED), S(WAITLISTED));
}

/* Two pass when they are looked at, but one takes the time of the other; what is left of it serves a third. */
static void room_that_is_left_serves_those_behind(void **state)
{
    (void)state;
    wait_for(of_length("R1", 60));
    wait_for(of_length("R2", 60));
    wait_for(of_length("R3", 45));
    wait_for(of_length("R4", 30));
    assert_ok(desk_put(&desk, one_day("anna", 2, 9 * 60, 10 * 60 + 30)));
    desk_work(&desk);
    EXPECT_STATES(S(OFFERED), S(WAITLISTED), S(WAITLISTED), S(OFFERED));
    assert_int_equal(desk_work(&desk), 0);
}

/* What changes again while those behind wait for their turn is looked at from the beginning. */
static void a_second_change_is_not_lost_behind_the_first(void **state)
{
    (void)state;
    wait_for(insured_by("R1", "AETNA"));
    wait_for(of_length("R2", 60));
    wait_for(of_length("R3", 60));
    wait_for(of_length("R4", 60));
    assert_ok(desk_put(&desk, clinic_therapist("anna", 2)));
    desk_work_some(&desk, 1);
    EXPECT_STATES(S(WAITLISTED), S(WAITLISTED), S(WAITLISTED), S(WAITLISTED));
    {
        Fascia__Therapist *more = clinic_therapist("anna", 3);

        message_push_text(&more->payers, &more->n_payers, "AETNA");
        assert_ok(desk_put(&desk, more));
    }
    desk_work(&desk);
    EXPECT_STATES(S(OFFERED), S(OFFERED), S(OFFERED), S(WAITLISTED));
}

/* ---- the sweep ---- */

static void wait_in_great_number(int count)
{
    char id[16];

    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof id, "R%d", i);
        assert_ok(desk_new(&desk, clinic_referral(id)));
    }
    desk_work(&desk);
}

static void a_new_day_tries_all_who_wait_a_few_at_a_time(void **state)
{
    size_t all = 0, done;

    (void)state;
    wait_in_great_number(100);
    desk.now += DAY_MS;
    for (int seconds = 0; seconds < 10; seconds++) {
        done = desk_work(&desk);
        assert_true(done <= 32);
        all += done;
        if (all < 100)
            assert_int_equal(engine_next_deadline(desk.engine), desk.now + 1000);
        desk.now += 1000;
    }
    assert_int_equal(all, 100);
    assert_true(engine_next_deadline(desk.engine) > desk.now + HOUR_MS);
}

/* Time that lay beyond the calendars' reach comes near with the days. */
static void a_day_that_comes_into_reach_is_found(void **state)
{
    Fascia__Therapist *therapist = one_day("anna", 3, 9 * 60, 10 * 60);

    (void)state;
    message_set(&therapist->exceptions[0]->date, "2027-03-20");
    assert_ok(desk_put(&desk, therapist));
    wait_for(clinic_referral("R1"));
    for (int day = 0; day < 10 && desk_state(&desk, 1) == S(WAITLISTED); day++) {
        desk.now += DAY_MS;
        desk_work(&desk);
    }
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
}

/* A change that nobody looked at before the node went down is not lost with it. */
static void after_a_start_everybody_is_tried_once(void **state)
{
    struct fault fault = {{0}};
    struct engine *before = desk.engine;

    (void)state;
    wait_in_great_number(3);
    assert_ok(desk_put(&desk, clinic_therapist("anna", 2)));
    desk.engine = clinic_engine(&clinic);
    engine_destroy(before);
    assert_true(shelf_load(&desk.shelf, desk.engine, desk.now, &fault));
    EXPECT_STATES(S(WAITLISTED), S(WAITLISTED), S(WAITLISTED));
    assert_int_equal(engine_next_deadline(desk.engine), 0);
    assert_int_equal(desk_work(&desk), 3);
    EXPECT_STATES(S(OFFERED), S(OFFERED), S(WAITLISTED));
    assert_int_equal(desk_work(&desk), 0);
}

static void other_settings_try_all_once_more(void **state)
{
    (void)state;
    wait_in_great_number(5);
    engine_reconfigure(desk.engine, &clinic.settings);
    assert_int_equal(desk_work(&desk), 5);
    assert_int_equal(desk_work(&desk), 0);
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
        AT_DESK(a_new_therapist_wakes_whom_they_can_help_and_nobody_else),
        AT_DESK(a_payer_that_is_added_wakes_its_own),
        AT_DESK(load_that_falls_wakes_the_next),
        AT_DESK(a_visit_that_is_called_off_wakes_those_whose_windows_it_fits),
        AT_DESK(what_cannot_help_wakes_nobody),
        AT_DESK(who_declined_is_not_woken_by_the_same_therapist),
        AT_DESK(the_urgent_come_before_the_old_and_the_old_before_the_young),
        AT_DESK(several_changes_at_once_still_serve_the_urgent_first),
        AT_DESK(room_that_is_left_serves_those_behind),
        AT_DESK(a_second_change_is_not_lost_behind_the_first),
        AT_DESK(a_new_day_tries_all_who_wait_a_few_at_a_time),
        AT_DESK(a_day_that_comes_into_reach_is_found),
        AT_DESK(after_a_start_everybody_is_tried_once),
        AT_DESK(other_settings_try_all_once_more),
    };

    return cmocka_run_group_tests(tests, begin, finish);
}
