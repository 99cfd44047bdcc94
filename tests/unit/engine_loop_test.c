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
    return desk_close(&desk);
}

/* A referral that one therapist has on offer. */
static void offer_one(void)
{
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
}

static void accept_one(void)
{
    offer_one();
    assert_ok(desk_accept(&desk, 1, "anna", 0));
}

static void expect_status(const char *rf1, const char *task, const char *business, const char *text)
{
    Fascia__Status *status = desk_last_status(&desk);

    assert_non_null(status);
    assert_string_equal(status->rf1_status, rf1);
    assert_string_equal(status->task_status, task);
    assert_string_equal(status->business_status, business);
    if (strstr(status->text, text) == NULL)
        fail_msg("the text is: %s", status->text);
    fascia__status__free_unpacked(status, NULL);
}

static void a_referral_goes_all_the_way_round(void **state)
{
    char history[512];

    (void)state;
    accept_one();
    assert_int_equal(desk_state(&desk, 1), S(SCHEDULED));
    expect_status("A", "in-progress", "5.1.1", "anna");
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE));
    assert_int_equal(desk_state(&desk, 1), S(IN_PROGRESS));
    assert_ok(desk_outcome(&desk, 1));
    assert_int_equal(desk_state(&desk, 1), S(COMPLETED));
    expect_status("A", "completed", "7.0", "completed");
    assert_ok(desk_delivered(&desk, desk.shelf.outbox_count, false));
    assert_int_equal(desk_state(&desk, 1), S(CLOSED));
    desk_history(&desk, 1, history, sizeof history);
    assert_string_equal(history, "received screened matched offered accepted booked ended outcome delivered moved");
    assert_int_equal(desk.shelf.slot_count, 0);
}

static void only_the_outcome_s_own_message_closes(void **state)
{
    (void)state;
    accept_one();
    assert_ok(desk_outcome(&desk, 1));
    assert_ok(desk_delivered(&desk, 1, false));
    assert_int_equal(desk_state(&desk, 1), S(COMPLETED));
    assert_ok(desk_delivered(&desk, desk.shelf.outbox_count, true));
    assert_int_equal(desk_state(&desk, 1), S(COMPLETED));
    assert_ok(desk_delivered(&desk, desk.shelf.outbox_count, false));
    assert_int_equal(desk_state(&desk, 1), S(CLOSED));
}

static void an_accepted_referral_tells_its_sender_twice_with_numbers_that_count(void **state)
{
    Fascia__Status *first, *second;

    (void)state;
    accept_one();
    assert_int_equal(desk.shelf.outbox_count, 2);
    first = fascia__status__unpack(NULL, desk.shelf.outbox[0].size, desk.shelf.outbox[0].payload);
    second = fascia__status__unpack(NULL, desk.shelf.outbox[1].size, desk.shelf.outbox[1].payload);
    assert_int_equal(first->state, S(ACCEPTED));
    assert_int_equal(first->number, 1);
    assert_string_equal(first->therapist_phone, "+1 502 555 0100");
    assert_int_equal(second->state, S(SCHEDULED));
    assert_int_equal(second->number, 2);
    assert_string_equal(second->time_zone, "America/New_York");
    assert_int_equal(second->visit_from, desk_slot(&desk, 1)->from);
    assert_int_equal(second->visit_to - second->visit_from, HOUR_MS);
    assert_string_equal(desk.shelf.outbox[1].source, "clinic-hl7");
    fascia__status__free_unpacked(first, NULL);
    fascia__status__free_unpacked(second, NULL);
}

static void an_offer_holds_the_first_free_time_and_is_not_told(void **state)
{
    const struct slot_row *slot;

    (void)state;
    offer_one();
    slot = desk_slot(&desk, 1);
    assert_non_null(slot);
    assert_false(slot->booked);
    assert_true(slot->from >= desk.now + HOUR_MS);
    assert_int_equal(slot->to - slot->from, HOUR_MS);
    assert_true(desk_row(&desk, 1)->due <= slot->from);
    assert_int_equal(desk.shelf.outbox_count, 0);
}

static void an_answer_to_a_new_referral_says_that_it_is_matching(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    assert_int_equal(desk.result->referral, 1);
    assert_int_equal(desk.result->state, S(MATCHING));
    assert_string_equal(desk.result->status->rf1_status, "P");
    assert_int_equal(engine_next_deadline(desk.engine), 0);
}

static void a_therapist_may_accept_another_time_that_is_free(void **state)
{
    int64_t held;

    (void)state;
    offer_one();
    held = desk_slot(&desk, 1)->from;
    assert_int_equal(desk_accept(&desk, 1, "anna", held + 7), VERDICT(REFUSED));
    assert_int_equal(desk_accept(&desk, 1, "anna", held + 12 * HOUR_MS), VERDICT(CONFLICT));
    assert_int_equal(desk.records, 0);
    assert_ok(desk_accept(&desk, 1, "anna", held + QUARTER_MS)); /* overlaps the own hold */
    assert_int_equal(desk_slot(&desk, 1)->from, held + QUARTER_MS);
    assert_true(desk_slot(&desk, 1)->booked);
}

static void only_who_holds_the_offer_may_accept_it(void **state)
{
    (void)state;
    offer_one();
    assert_ok(desk_put(&desk, clinic_therapist("berta", 5)));
    assert_int_equal(desk_accept(&desk, 1, "berta", 0), VERDICT(CONFLICT));
    assert_int_equal(desk_accept(&desk, 1, "", 0), VERDICT(REFUSED));
    assert_int_equal(desk_accept(&desk, 2, "anna", 0), VERDICT(NOT_FOUND));
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    assert_int_equal(desk_accept(&desk, 1, "anna", 0), VERDICT(DUPLICATE));
    assert_int_equal(desk.records, 0);
}

static void a_declined_offer_moves_on_and_does_not_come_back(void **state)
{
    (void)state;
    offer_one();
    assert_ok(desk_put(&desk, clinic_therapist("berta", 5)));
    assert_int_equal(desk_decline(&desk, 1, "anna", "because"), VERDICT(REFUSED));
    assert_ok(desk_decline(&desk, 1, "anna", "no-time"));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
    assert_string_equal(desk_therapist(&desk, 1), "berta");
}

static void an_expired_offer_moves_on_by_the_timer(void **state)
{
    (void)state;
    offer_one();
    assert_ok(desk_put(&desk, clinic_therapist("berta", 5)));
    desk_work(&desk);
    assert_int_equal(engine_next_deadline(desk.engine), desk_row(&desk, 1)->due);
    desk.now = desk_row(&desk, 1)->due;
    assert_int_equal(desk_accept(&desk, 1, "anna", 0), VERDICT(CONFLICT));
    desk_work(&desk);
    assert_string_equal(desk_therapist(&desk, 1), "berta");
    assert_int_equal(desk.shelf.slot_count, 1);
}

static void when_everybody_declined_the_referrer_hears_rejected_and_it_waits(void **state)
{
    (void)state;
    offer_one();
    assert_ok(desk_decline(&desk, 1, "anna", "not-my-field"));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    expect_status("R", "on-hold", "4.0", "declined");
    assert_ok(desk_put(&desk, clinic_therapist("berta", 5)));
    desk_work(&desk);
    assert_string_equal(desk_therapist(&desk, 1), "berta");
}

static void nobody_there_puts_it_on_the_waiting_list_until_somebody_is(void **state)
{
    size_t told;

    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    expect_status("P", "on-hold", "2.0", "no therapist with free capacity passes yet; kept on the waiting list");
    told = desk.shelf.outbox_count;
    assert_int_equal(desk_work(&desk), 0);
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    assert_int_equal(engine_next_deadline(desk.engine), 0);
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
    assert_int_equal(desk.shelf.outbox_count, told);
}

static void who_waits_past_the_last_date_goes_back_to_the_referrer(void **state)
{
    Fascia__Referral *referral = clinic_referral("R1"), *later = clinic_referral("R1");

    (void)state;
    message_set(&referral->preferences->not_after, "2026-11-24");
    assert_ok(desk_new(&desk, referral));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    assert_true(engine_next_deadline(desk.engine) < desk.now + DAY_MS);
    desk.now += DAY_MS;
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    desk.now += DAY_MS;
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(NEEDS_INFORMATION));
    expect_status("P", "on-hold", "2.0", "more information");
    message_set(&later->preferences->not_after, "2026-12-24");
    assert_ok(desk_submit(&desk, FASCIA__SUBMIT__ACTION__MODIFY, later, false));
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
}

static void capacity_that_comes_free_wakes_the_oldest_of_the_most_urgent(void **state)
{
    Fascia__Referral *urgent;

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_new(&desk, clinic_referral("R2")));
    desk_work(&desk);
    urgent = clinic_referral("R3");
    urgent->priority = FASCIA__PRIORITY__PRIORITY_URGENT;
    assert_ok(desk_new(&desk, urgent));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 2), S(WAITLISTED));
    assert_int_equal(desk_state(&desk, 3), S(WAITLISTED));
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 3), S(WAITLISTED)); /* the case still takes the capacity */
    assert_ok(desk_outcome(&desk, 1));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 3), S(OFFERED));
    assert_int_equal(desk_state(&desk, 2), S(WAITLISTED));
}

static void stat_referrals_are_matched_before_older_ones(void **state)
{
    Fascia__Referral *stat = clinic_referral("R2");

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    stat->priority = FASCIA__PRIORITY__PRIORITY_STAT;
    assert_ok(desk_new(&desk, stat));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 2), S(OFFERED));
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
}

static void an_accepted_case_can_still_be_given_back(void **state)
{
    (void)state;
    accept_one();
    assert_ok(desk_put(&desk, clinic_therapist("berta", 5)));
    assert_ok(desk_decline(&desk, 1, "anna", "no-time"));
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
    assert_int_equal(desk.shelf.slot_count, 0);
    expect_status("P", "received", "2.0", "given the case back");
    desk_work(&desk);
    assert_string_equal(desk_therapist(&desk, 1), "berta");
}

static void visits_are_booked_moved_missed_and_called_off(void **state)
{
    int64_t first, later;

    (void)state;
    accept_one();
    first = desk_slot(&desk, 1)->from;
    later = first + 2 * HOUR_MS;
    assert_int_equal(desk_book(&desk, 1, first, 0, false), VERDICT(CONFLICT)); /* taken by itself */
    assert_ok(desk_book(&desk, 1, later, 30, true));
    assert_int_equal(desk_slot(&desk, 1)->from, later);
    assert_int_equal(desk_slot(&desk, 1)->to, later + HOUR_MS / 2);
    assert_ok(desk_book(&desk, 1, later + DAY_MS, 0, false));
    assert_int_equal(desk.shelf.slot_count, 2);
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__NO_SHOW));
    assert_int_equal(desk_state(&desk, 1), S(NO_SHOW));
    expect_status("A", "in-progress", "5.1.2", "did not come");
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__CANCELLED));
    assert_int_equal(desk_state(&desk, 1), S(VISIT_CANCELLED));
    assert_int_equal(desk.shelf.slot_count, 0);
    assert_int_equal(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE), VERDICT(CONFLICT));
    assert_int_equal(desk_book(&desk, 1, later, 0, true), VERDICT(CONFLICT));
    assert_ok(desk_book(&desk, 1, later, 0, false));
    assert_int_equal(desk_state(&desk, 1), S(SCHEDULED));
}

static void a_visit_in_the_past_or_beside_working_hours_is_refused(void **state)
{
    (void)state;
    accept_one();
    assert_int_equal(desk_book(&desk, 1, desk.now - DAY_MS, 0, false), VERDICT(CONFLICT));
    assert_int_equal(desk_book(&desk, 1, desk.now + 14 * HOUR_MS, 0, false), VERDICT(CONFLICT));
    assert_int_equal(desk_book(&desk, 1, desk.now + DAY_MS, 20, false), VERDICT(REFUSED));
    assert_int_equal(desk_book(&desk, 1, 0, 0, false), VERDICT(REFUSED));
    assert_int_equal(desk.records, 0);
}

/* Whether who reported the end of a visit, or the outcome, insisted: of the last such event. */
static bool insisted(void)
{
    for (size_t i = desk.shelf.event_count; i > 0; i--) {
        const struct event_record *record = &desk.shelf.events[i - 1];
        Fascia__Event *event = fascia__event__unpack(NULL, record->size, record->payload);
        const Fascia__Event__BodyCase body = event->body_case;
        const bool anyway = body == FASCIA__EVENT__BODY_VISIT_ENDED
                                ? event->visit_ended->anyway
                                : body == FASCIA__EVENT__BODY_OUTCOME && event->outcome->anyway;
        fascia__event__free_unpacked(event, NULL);
        if (body == FASCIA__EVENT__BODY_VISIT_ENDED || body == FASCIA__EVENT__BODY_OUTCOME)
            return anyway;
    }
    return false;
}

static void what_has_not_begun_is_over_only_for_who_insists(void **state)
{
    int64_t first;

    (void)state;
    accept_one();
    first = desk_slot(&desk, 1)->from;
    desk.waits = true;
    assert_int_equal(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE), VERDICT(CONFLICT));
    assert_string_equal(desk.result->problems[0]->field, "how");
    assert_int_equal(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__NO_SHOW), VERDICT(CONFLICT));
    assert_int_equal(desk_outcome(&desk, 1), VERDICT(CONFLICT));
    assert_string_equal(desk.result->problems[0]->field, "outcome.visits");
    assert_int_equal(desk_state(&desk, 1), S(SCHEDULED));
    assert_ok(desk_book(&desk, 1, first + DAY_MS, 0, false));
    desk.now = first;
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE));
    assert_false(insisted());
    desk.waits = false;
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE));
    assert_true(insisted());
    desk.waits = true;
    assert_ok(desk_outcome(&desk, 1));
    assert_false(insisted());
}

static void an_outcome_without_a_visit_is_one_that_somebody_insists_on(void **state)
{
    (void)state;
    accept_one();
    desk.waits = true;
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__CANCELLED));
    assert_int_equal(desk_outcome(&desk, 1), VERDICT(CONFLICT));
    desk.waits = false;
    assert_ok(desk_outcome(&desk, 1));
    assert_true(insisted());
    assert_int_equal(desk_state(&desk, 1), S(COMPLETED));
}

static void an_outcome_frees_what_was_still_booked(void **state)
{
    (void)state;
    accept_one();
    assert_ok(desk_book(&desk, 1, desk_slot(&desk, 1)->from + DAY_MS, 0, false));
    desk.now += 2 * HOUR_MS; /* the first visit has begun */
    assert_ok(desk_outcome(&desk, 1));
    assert_int_equal(desk.shelf.slot_count, 0);
    assert_int_equal(desk.result->status->visits_done, 1);
    assert_int_equal(desk_outcome(&desk, 1), VERDICT(CONFLICT));
}

static void people_of_the_node_can_withdraw_what_is_not_finished(void **state)
{
    (void)state;
    accept_one();
    assert_ok(desk_withdraw(&desk, 1));
    assert_int_equal(desk_state(&desk, 1), S(WITHDRAWN));
    expect_status("R", "rejected", "4.0", "withdrawn");
    assert_int_equal(desk.shelf.slot_count, 0);
    assert_int_equal(desk_withdraw(&desk, 1), VERDICT(DUPLICATE));
}

static void only_a_finished_referral_is_erased_and_its_patient_key_goes(void **state)
{
    static const uint8_t none[RECORD_KEY_BYTES];

    (void)state;
    accept_one();
    assert_int_equal(desk_erase(&desk, 1), VERDICT(CONFLICT));
    assert_memory_not_equal(desk_row(&desk, 1)->patient_key, none, sizeof none);
    assert_ok(desk_withdraw(&desk, 1));
    assert_ok(desk_erase(&desk, 1));
    assert_memory_equal(desk_row(&desk, 1)->patient_key, none, sizeof none);
    assert_true(desk_row(&desk, 1)->erased);
    assert_int_equal(desk_erase(&desk, 1), VERDICT(DUPLICATE));
    assert_int_equal(desk_new(&desk, clinic_referral("R1")), VERDICT(DUPLICATE));
}

static void a_completed_one_whose_sender_could_not_be_told_can_be_erased(void **state)
{
    (void)state;
    accept_one();
    assert_ok(desk_outcome(&desk, 1));
    assert_int_equal(desk_erase(&desk, 1), VERDICT(CONFLICT));
    assert_ok(desk_delivered(&desk, desk.shelf.outbox_count, true));
    assert_ok(desk_erase(&desk, 1));
    assert_int_equal(desk_state(&desk, 1), S(CLOSED));
}

static Fascia__Referral *of_same_patient(const char *id)
{
    Fascia__Referral *referral = clinic_referral(id);

    message_set(&referral->patient->given_name, "Same");
    return referral;
}

/* Everything else is equal, so that without it the first by name would be offered the second referral too. */
static void who_treated_the_patient_before_is_preferred_even_after_a_restart(void **state)
{
    struct fault fault = {{0}};

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("berta", 5)));
    assert_ok(desk_new(&desk, of_same_patient("R1")));
    desk_work(&desk);
    assert_ok(desk_accept(&desk, 1, "berta", 0));
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE));
    assert_ok(desk_outcome(&desk, 1));
    assert_ok(desk_delivered(&desk, desk.shelf.outbox_count, false));
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    engine_destroy(desk.engine);
    desk.engine = clinic_engine(&clinic);
    assert_true(shelf_load(&desk.shelf, desk.engine, desk.now, &fault));
    assert_ok(desk_new(&desk, clinic_referral("R2")));
    desk_work(&desk);
    assert_string_equal(desk_therapist(&desk, 2), "anna");
    assert_ok(desk_withdraw(&desk, 2));
    assert_ok(desk_new(&desk, of_same_patient("R3")));
    desk_work(&desk);
    assert_string_equal(desk_therapist(&desk, 3), "berta");
}

static void what_is_stored_wrong_is_refused_on_loading(void **state)
{
    struct referral_row row = {.referral = 7, .state = FASCIA__STATE__STATE_CLOSED, .open = true};
    struct event_record event = {.sequence = 1, .referral = 9, .size = 3, .payload = (uint8_t *)"\xff\xff\xff"};
    struct engine *engine = clinic_engine(&clinic);
    struct fault fault = {{0}};

    (void)state;
    assert_false(engine_load_therapist(engine, (const uint8_t *)"\xff", 1, &fault));
    assert_non_null(strstr(fault.text, "therapist"));
    assert_false(engine_load_referral(engine, &row, &fault));
    row.open = false;
    assert_true(engine_load_referral(engine, &row, &fault));
    assert_false(engine_load_referral(engine, &row, &fault));
    assert_non_null(strstr(fault.text, "twice"));
    assert_false(engine_load_event(engine, &event, &fault));
    assert_non_null(strstr(fault.text, "can't be read"));
    event.size = 0;
    assert_false(engine_load_event(engine, &event, &fault));
    engine_destroy(engine);
}

static void looking_leaves_a_trace_and_changes_nothing(void **state)
{
    char history[256];
    uint64_t before;

    (void)state;
    offer_one();
    before = desk_row(&desk, 1)->changed;
    desk.now += MINUTE_MS;
    assert_ok(desk_view(&desk, 1));
    desk_history(&desk, 1, history, sizeof history);
    assert_string_equal(history, "received screened matched offered viewed");
    assert_int_equal(desk_row(&desk, 1)->changed, before);
    assert_string_equal(desk.shelf.events[desk.shelf.event_count - 1].actor, "user:office");
    assert_int_equal(desk_view(&desk, 9), VERDICT(NOT_FOUND));
}

static void more_offers_than_the_most_wait_for_a_change_of_the_referral(void **state)
{
    char name[RECORD_NAME_BYTES + 1];

    (void)state;
    clinic.settings.maximum_offers = 3;
    engine_reconfigure(desk.engine, &clinic.settings);
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "t%d", i);
        assert_ok(desk_put(&desk, clinic_therapist(name, 5)));
    }
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    for (int i = 0; i < 3; i++) {
        desk_work(&desk);
        assert_int_equal(desk_state(&desk, 1), S(OFFERED));
        snprintf(name, sizeof name, "%s", desk_therapist(&desk, 1));
        assert_ok(desk_decline(&desk, 1, name, "too-far"));
    }
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    expect_status("R", "on-hold", "4.0", "declined");
    assert_ok(desk_put(&desk, clinic_therapist("t9", 5)));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    clinic.settings.maximum_offers = 25;
}

/* It waits for a person, but not for ever: its last date goes by as anybody's. */
static void more_offers_than_the_most_end_with_the_last_date(void **state)
{
    Fascia__Referral *referral = clinic_referral("R1");

    (void)state;
    clinic.settings.maximum_offers = 1;
    engine_reconfigure(desk.engine, &clinic.settings);
    message_set(&referral->preferences->not_after, "2026-11-24");
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, referral));
    desk_work(&desk);
    assert_ok(desk_decline(&desk, 1, "anna", "too-far"));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    for (int day = 0; day < 2; day++) {
        assert_true(engine_next_deadline(desk.engine) <= desk.now + DAY_MS);
        desk.now += DAY_MS;
        desk_work(&desk);
    }
    assert_int_equal(desk_state(&desk, 1), S(NEEDS_INFORMATION));
    clinic.settings.maximum_offers = 25;
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
        AT_DESK(a_referral_goes_all_the_way_round),
        AT_DESK(only_the_outcome_s_own_message_closes),
        AT_DESK(an_accepted_referral_tells_its_sender_twice_with_numbers_that_count),
        AT_DESK(an_offer_holds_the_first_free_time_and_is_not_told),
        AT_DESK(an_answer_to_a_new_referral_says_that_it_is_matching),
        AT_DESK(a_therapist_may_accept_another_time_that_is_free),
        AT_DESK(only_who_holds_the_offer_may_accept_it),
        AT_DESK(a_declined_offer_moves_on_and_does_not_come_back),
        AT_DESK(an_expired_offer_moves_on_by_the_timer),
        AT_DESK(when_everybody_declined_the_referrer_hears_rejected_and_it_waits),
        AT_DESK(nobody_there_puts_it_on_the_waiting_list_until_somebody_is),
        AT_DESK(who_waits_past_the_last_date_goes_back_to_the_referrer),
        AT_DESK(more_offers_than_the_most_end_with_the_last_date),
        AT_DESK(capacity_that_comes_free_wakes_the_oldest_of_the_most_urgent),
        AT_DESK(stat_referrals_are_matched_before_older_ones),
        AT_DESK(an_accepted_case_can_still_be_given_back),
        AT_DESK(visits_are_booked_moved_missed_and_called_off),
        AT_DESK(a_visit_in_the_past_or_beside_working_hours_is_refused),
        AT_DESK(what_has_not_begun_is_over_only_for_who_insists),
        AT_DESK(an_outcome_without_a_visit_is_one_that_somebody_insists_on),
        AT_DESK(an_outcome_frees_what_was_still_booked),
        AT_DESK(people_of_the_node_can_withdraw_what_is_not_finished),
        AT_DESK(only_a_finished_referral_is_erased_and_its_patient_key_goes),
        AT_DESK(a_completed_one_whose_sender_could_not_be_told_can_be_erased),
        AT_DESK(who_treated_the_patient_before_is_preferred_even_after_a_restart),
        AT_DESK(what_is_stored_wrong_is_refused_on_loading),
        AT_DESK(looking_leaves_a_trace_and_changes_nothing),
        AT_DESK(more_offers_than_the_most_wait_for_a_change_of_the_referral),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
