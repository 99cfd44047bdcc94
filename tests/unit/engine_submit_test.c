#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define S(state)       FASCIA__STATE__STATE_##state
#define VERDICT(kind)  FASCIA__RESULT__VERDICT__##kind
#define KIND(kind)     FASCIA__PROBLEM__KIND__##kind
#define ACTION(kind)   FASCIA__SUBMIT__ACTION__##kind
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

static Fascia__Referral *with_note(const char *id, const char *text)
{
    Fascia__Referral *referral = clinic_referral(id);

    clinic_add_note(referral, text);
    return referral;
}

static Fascia__Referral *without_place(const char *id)
{
    Fascia__Referral *referral = clinic_referral(id);

    message_clear(&referral->patient->address->postal_code);
    return referral;
}

static void give_to(const char *therapist)
{
    assert_ok(desk_put(&desk, clinic_therapist(therapist, 5)));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
    assert_ok(desk_accept(&desk, 1, therapist, 0));
}

static void a_resend_with_a_new_message_id_is_the_same_referral(void **state)
{
    Fascia__Referral *again = clinic_referral("R1");

    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    message_set(&again->message_id, "M2");
    again->original.data = shelf_copy((const uint8_t *)"MSH", 3);
    again->original.len = 3;
    assert_int_equal(desk_new(&desk, again), VERDICT(DUPLICATE));
    assert_int_equal(desk.result->referral, 1);
    assert_int_equal(desk.result->state, S(MATCHING));
    assert_int_equal(desk.records, 0);
}

static void a_resend_is_answered_with_the_problems_of_the_first_answer(void **state)
{
    size_t problems;

    (void)state;
    assert_ok(desk_new(&desk, without_place("R1")));
    assert_int_equal(desk.result->state, S(NEEDS_INFORMATION));
    problems = desk.result->n_problems;
    assert_true(problems > 0);
    assert_int_equal(desk.result->status->n_problems, problems);
    assert_int_equal(desk_new(&desk, without_place("R1")), VERDICT(DUPLICATE));
    assert_int_equal(desk.result->n_problems, problems);
    assert_string_equal(desk.result->problems[0]->field, "patient.address.postal_code");
}

static void the_same_id_of_another_sender_or_source_is_another_referral(void **state)
{
    Fascia__Referral *other = clinic_referral("R1");

    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    message_set(&other->sender, "EHR^LEXINGTON");
    assert_ok(desk_new(&desk, other));
    desk.source_actor = "source:folder";
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    assert_int_equal(desk.result->referral, 3);
    assert_string_equal(desk_row(&desk, 3)->source, "folder");
}

static void without_an_id_of_the_referral_the_message_s_id_tells_resends(void **state)
{
    Fascia__Referral *second = clinic_referral("");

    (void)state;
    message_set(&second->message_id, "M2");
    assert_ok(desk_new(&desk, clinic_referral("")));
    assert_int_equal(desk_new(&desk, clinic_referral("")), VERDICT(DUPLICATE));
    assert_ok(desk_new(&desk, second));
}

static void without_any_id_the_content_tells_resends(void **state)
{
    Fascia__Referral *first = clinic_referral(""), *again = clinic_referral(""), *other = with_note("", "else");

    (void)state;
    message_clear(&first->message_id);
    message_clear(&again->message_id);
    message_clear(&other->message_id);
    assert_ok(desk_new(&desk, first));
    assert_int_equal(desk_new(&desk, again), VERDICT(DUPLICATE));
    assert_ok(desk_new(&desk, other));
}

static void other_content_under_the_same_id_is_refused_or_updates(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    assert_int_equal(desk_new(&desk, with_note("R1", "stairs hurt")), VERDICT(REFUSED));
    assert_int_equal(desk.result->problems[0]->kind, KIND(DUPLICATE_KEY));
    assert_int_equal(desk.records, 0);
    assert_ok(desk_submit(&desk, ACTION(NEW), with_note("R1", "stairs hurt"), true));
    assert_int_equal(desk.result->referral, 1);
    assert_int_equal(desk_new(&desk, with_note("R1", "stairs hurt")), VERDICT(DUPLICATE));
}

static void what_can_never_be_a_referral_is_refused_and_not_kept(void **state)
{
    Fascia__Referral *referral = clinic_referral("R1");

    (void)state;
    referral->referrer->role = FASCIA__ROLE__ROLE_UNSPECIFIED;
    assert_int_equal(desk_new(&desk, referral), VERDICT(REFUSED));
    assert_int_equal(desk.records, 0);
    assert_int_equal(desk.result->referral, 0);
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    assert_int_equal(desk.result->referral, 1);
}

static void a_full_node_says_that_it_is_busy(void **state)
{
    (void)state;
    clinic.settings.maximum_open = 1;
    engine_reconfigure(desk.engine, &clinic.settings);
    clinic.settings.maximum_open = 0;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    assert_int_equal(desk_new(&desk, clinic_referral("R2")), VERDICT(BUSY));
    assert_int_equal(desk.records, 0);
    assert_int_equal(desk_new(&desk, clinic_referral("R1")), VERDICT(DUPLICATE));
    assert_ok(desk_withdraw(&desk, 1));
    assert_ok(desk_new(&desk, clinic_referral("R2")));
}

static void information_that_comes_later_lets_matching_begin(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, without_place("R1")));
    assert_int_equal(engine_next_deadline(desk.engine), INT64_MAX);
    assert_ok(desk_submit(&desk, ACTION(MODIFY), clinic_referral("R1"), false));
    assert_int_equal(desk.result->state, S(MATCHING));
    assert_int_equal(desk.result->n_problems, 0);
    assert_int_equal(desk_submit(&desk, ACTION(MODIFY), clinic_referral("R1"), false), VERDICT(DUPLICATE));
}

static void an_unknown_id_can_be_neither_changed_nor_cancelled_nor_asked_about(void **state)
{
    static const Fascia__Submit__Action actions[] = {ACTION(MODIFY), ACTION(CANCEL), ACTION(STATUS)};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(desk_submit(&desk, actions[i], clinic_referral("R1"), false), VERDICT(NOT_FOUND));
        assert_int_equal(desk.result->problems[0]->kind, KIND(UNKNOWN_KEY));
        assert_int_equal(desk.records, 0);
    }
}

static void asking_for_the_status_changes_nothing(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    give_to("anna");
    assert_ok(desk_submit(&desk, ACTION(STATUS), clinic_referral("R1"), false));
    assert_int_equal(desk.result->status->state, S(SCHEDULED));
    assert_string_equal(desk.result->status->therapist_name, "anna");
    assert_true(desk.result->status->visit_from > desk.now);
    assert_int_equal(desk.records, 0);
}

static void a_cancellation_frees_the_time_and_is_done_once(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    give_to("anna");
    assert_int_equal(desk.shelf.slot_count, 1);
    assert_ok(desk_submit(&desk, ACTION(CANCEL), clinic_referral("R1"), false));
    assert_int_equal(desk.result->state, S(CANCELLED));
    assert_string_equal(desk.result->status->business_status, "6.0");
    assert_int_equal(desk.shelf.slot_count, 0);
    assert_int_equal(desk_submit(&desk, ACTION(CANCEL), clinic_referral("R1"), false), VERDICT(DUPLICATE));
    assert_int_equal(desk.records, 0);
    assert_int_equal(desk_submit(&desk, ACTION(MODIFY), with_note("R1", "x"), false), VERDICT(CONFLICT));
    assert_int_equal(desk.result->problems[0]->kind, KIND(LOCKED));
}

static void a_completed_referral_is_locked(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    give_to("anna");
    assert_ok(desk_outcome(&desk, 1));
    assert_int_equal(desk_submit(&desk, ACTION(MODIFY), with_note("R1", "x"), false), VERDICT(CONFLICT));
    assert_int_equal(desk_submit(&desk, ACTION(CANCEL), clinic_referral("R1"), false), VERDICT(CONFLICT));
    assert_int_equal(desk.result->problems[0]->kind, KIND(LOCKED));
    assert_int_equal(desk.records, 0);
}

static void a_change_that_changes_the_need_withdraws_the_offer(void **state)
{
    Fascia__Referral *longer = clinic_referral("R1");

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_submit(&desk, ACTION(MODIFY), with_note("R1", "only a word more"), false));
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
    longer->preferences->duration_minutes = 90;
    assert_ok(desk_submit(&desk, ACTION(MODIFY), longer, false));
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
    assert_int_equal(desk.shelf.slot_count, 0);
    desk_work(&desk);
    assert_string_equal(desk_therapist(&desk, 1), "anna"); /* a withdrawn offer is no refusal */
    assert_int_equal(desk_slot(&desk, 1)->to - desk_slot(&desk, 1)->from, 90 * MINUTE_MS);
}

static void the_day_alone_does_not_change_the_need(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    desk.now += 13 * HOUR_MS;
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
    desk.now += 11 * HOUR_MS; /* the next day */
    assert_ok(desk_submit(&desk, ACTION(MODIFY), with_note("R1", "only a word more"), false));
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
}

static void an_accepted_case_stays_where_the_therapist_still_fits(void **state)
{
    Fascia__Referral *longer = clinic_referral("R1");

    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    give_to("anna");
    longer->preferences->duration_minutes = 90;
    assert_ok(desk_submit(&desk, ACTION(MODIFY), longer, false));
    assert_int_equal(desk_state(&desk, 1), S(SCHEDULED));
    assert_string_equal(desk_therapist(&desk, 1), "anna");
    assert_int_equal(desk.shelf.slot_count, 1);
}

static void an_accepted_case_leaves_a_therapist_who_no_longer_fits(void **state)
{
    Fascia__Referral *moved = clinic_referral("R1");
    Fascia__Status *status;

    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    give_to("anna");
    message_set(&moved->patient->address->state, "IN");
    message_set(&moved->patient->address->postal_code, "47130");
    assert_ok(desk_submit(&desk, ACTION(MODIFY), moved, false));
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
    assert_int_equal(desk.shelf.slot_count, 0);
    status = desk_last_status(&desk);
    assert_non_null(strstr(status->text, "no longer fits"));
    fascia__status__free_unpacked(status, NULL);
}

static void a_slip_in_a_change_does_not_cost_the_patient_the_therapist(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    give_to("anna");
    assert_int_equal(desk_submit(&desk, ACTION(MODIFY), without_place("R1"), false), VERDICT(REFUSED));
    assert_int_equal(desk.records, 0);
    assert_int_equal(desk_state(&desk, 1), S(SCHEDULED));
}

static void a_red_flag_in_a_change_stops_an_accepted_case(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    give_to("anna");
    assert_ok(desk_submit(&desk, ACTION(MODIFY), with_note("R1", "saddle numbness since today"), false));
    assert_int_equal(desk_state(&desk, 1), S(NEEDS_INFORMATION));
    assert_int_equal(desk.shelf.slot_count, 0);
}

static void a_red_flag_holds_until_a_named_clinician_clears_it(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, with_note("R1", "saddle numbness since today")));
    assert_int_equal(desk_state(&desk, 1), S(NEEDS_INFORMATION));
    assert_int_equal(desk.result->problems[0]->kind, KIND(RED_FLAG));
    assert_int_equal(desk_clear(&desk, 1, "  "), VERDICT(REFUSED));
    assert_ok(desk_clear(&desk, 1, "Dr Clear"));
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
    assert_int_equal(desk_clear(&desk, 1, "Dr Clear"), VERDICT(CONFLICT));
    /* the same flag does not hold it again */
    assert_ok(desk_submit(&desk, ACTION(MODIFY), with_note("R1", "saddle numbness, seen by neurology"), false));
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
}

static void a_red_flag_goes_with_a_change_that_is_without_it(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, with_note("R1", "saddle numbness since today")));
    assert_ok(desk_submit(&desk, ACTION(MODIFY), clinic_referral("R1"), false));
    assert_int_equal(desk_state(&desk, 1), S(MATCHING));
}

static void clearing_a_flag_leaves_what_else_is_missing(void **state)
{
    Fascia__Referral *referral = without_place("R1");

    (void)state;
    clinic_add_note(referral, "saddle numbness since today");
    assert_ok(desk_new(&desk, referral));
    assert_ok(desk_clear(&desk, 1, "Dr Clear"));
    assert_int_equal(desk_state(&desk, 1), S(NEEDS_INFORMATION));
    assert_int_equal(desk.result->n_problems, 1);
    assert_string_equal(desk.result->problems[0]->field, "patient.address.postal_code");
}

static void an_empty_command_is_refused(void **state)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Submit submit = FASCIA__SUBMIT__INIT;

    (void)state;
    assert_int_equal(desk_do(&desk, "user:x", &command), VERDICT(REFUSED));
    command.body_case = FASCIA__COMMAND__BODY_SUBMIT;
    command.submit = &submit;
    assert_int_equal(desk_do(&desk, "source:x", &command), VERDICT(REFUSED));
    assert_int_equal(desk.records, 0);
}

/* What stays in memory, and every text but the sealed payloads, says nothing of the patient. */
static void rows_and_answers_do_not_name_the_patient(void **state)
{
    Fascia__Referral *referral = clinic_referral("R1");
    uint8_t *packed;
    size_t size;

    (void)state;
    message_set(&referral->patient->family_name, "MARKERNAME");
    assert_ok(desk_new(&desk, referral));
    give_to("anna");
    packed = message_pack(&desk.result->base, &size);
    assert_null(memmem(packed, size, "MARKERNAME", 10));
    free(packed);
    assert_null(memmem(desk_row(&desk, 1), sizeof *desk_row(&desk, 1), "MARKERNAME", 10));
    for (size_t i = 0; i < desk.shelf.outbox_count; i++)
        assert_null(memmem(desk.shelf.outbox[i].payload, desk.shelf.outbox[i].size, "MARKERNAME", 10));
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
        AT_DESK(a_resend_with_a_new_message_id_is_the_same_referral),
        AT_DESK(a_resend_is_answered_with_the_problems_of_the_first_answer),
        AT_DESK(the_same_id_of_another_sender_or_source_is_another_referral),
        AT_DESK(without_an_id_of_the_referral_the_message_s_id_tells_resends),
        AT_DESK(without_any_id_the_content_tells_resends),
        AT_DESK(other_content_under_the_same_id_is_refused_or_updates),
        AT_DESK(what_can_never_be_a_referral_is_refused_and_not_kept),
        AT_DESK(a_full_node_says_that_it_is_busy),
        AT_DESK(information_that_comes_later_lets_matching_begin),
        AT_DESK(an_unknown_id_can_be_neither_changed_nor_cancelled_nor_asked_about),
        AT_DESK(asking_for_the_status_changes_nothing),
        AT_DESK(a_cancellation_frees_the_time_and_is_done_once),
        AT_DESK(a_completed_referral_is_locked),
        AT_DESK(a_change_that_changes_the_need_withdraws_the_offer),
        AT_DESK(the_day_alone_does_not_change_the_need),
        AT_DESK(an_accepted_case_stays_where_the_therapist_still_fits),
        AT_DESK(an_accepted_case_leaves_a_therapist_who_no_longer_fits),
        AT_DESK(a_slip_in_a_change_does_not_cost_the_patient_the_therapist),
        AT_DESK(a_red_flag_in_a_change_stops_an_accepted_case),
        AT_DESK(a_red_flag_holds_until_a_named_clinician_clears_it),
        AT_DESK(a_red_flag_goes_with_a_change_that_is_without_it),
        AT_DESK(clearing_a_flag_leaves_what_else_is_missing),
        AT_DESK(an_empty_command_is_refused),
        AT_DESK(rows_and_answers_do_not_name_the_patient),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
