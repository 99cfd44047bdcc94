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

static Fascia__TherapistRow *shown(Fascia__ControlResponse *response)
{
    assert_int_equal(response->n_therapists, 1);
    return response->therapists[0];
}

static void a_therapist_put_twice_leaves_records_once(void **state)
{
    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_int_equal(desk.shelf.therapist_count, 1);
    assert_int_equal(desk.shelf.event_count, 1);
    assert_int_equal(desk.shelf.events[0].referral, 0);
    assert_int_equal(desk_put(&desk, clinic_therapist("anna", 5)), VERDICT(DUPLICATE));
    assert_int_equal(desk.records, 0);
    assert_ok(desk_put(&desk, clinic_therapist("anna", 6)));
}

static void a_place_is_found_by_its_postal_code(void **state)
{
    Fascia__ControlResponse *response;
    Fascia__TherapistRow *row;

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    response = engine_show_therapist(desk.engine, "anna");
    row = shown(response);
    assert_non_null(row->therapist->places[0]->position);
    assert_true(row->therapist->places[0]->position->latitude > 38000000);
    assert_true(row->first_free > desk.now - DAY_MS);
    fascia__control_response__free_unpacked(response, NULL);
}

/* Puts a therapist with one thing wrong and expects to hear which. */
static void expect_wrong(Fascia__Therapist *therapist, const char *field)
{
    bool found = false;

    assert_int_equal(desk_put(&desk, therapist), VERDICT(REFUSED));
    assert_int_equal(desk.records, 0);
    for (size_t i = 0; i < desk.result->n_problems; i++)
        found = found || strcmp(desk.result->problems[i]->field, field) == 0;
    if (!found)
        fail_msg("no problem names %s", field);
}

/* What is kept of a therapist. */
static Fascia__Therapist *kept(const char *identifier)
{
    Fascia__ControlResponse *response = engine_show_therapist(desk.engine, identifier);
    Fascia__Therapist *therapist = response->therapists[0]->therapist;

    response->therapists[0]->therapist = NULL;
    fascia__control_response__free_unpacked(response, NULL);
    return therapist;
}

static void what_was_filled_in_is_marked_and_filled_in_anew(void **state)
{
    Fascia__Therapist *therapist = clinic_therapist("anna", 5), *again;

    (void)state;
    message_clear(&therapist->time_zone);
    assert_ok(desk_put(&desk, therapist));
    again = kept("anna");
    assert_true(again->places[0]->position_derived);
    assert_true(again->places[0]->position->latitude != 0);
    assert_true(again->time_zone_derived);
    assert_string_not_equal(again->time_zone, "");
    again->places[0]->position->latitude = 1;
    message_set(&again->time_zone, "UTC");
    assert_int_equal(desk_put(&desk, again), VERDICT(DUPLICATE)); /* as it came: where it is is the table's to say */
    again = kept("anna");
    assert_int_not_equal(again->places[0]->position->latitude, 1);
    assert_string_not_equal(again->time_zone, "UTC");
    again->places[0]->position_derived = again->time_zone_derived = false;
    assert_ok(desk_put(&desk, again));
    again = kept("anna");
    assert_false(again->places[0]->position_derived);
    assert_false(again->time_zone_derived);
    fascia__therapist__free_unpacked(again, NULL);
}

static void what_is_wrong_with_a_therapist_is_named(void **state)
{
    Fascia__Therapist *therapist;

    (void)state;
    expect_wrong(clinic_therapist("", 5), "identifier");
    expect_wrong(clinic_therapist("two words", 5), "identifier");
    therapist = clinic_therapist("anna", 5);
    message_set(&therapist->profession, "111111111X");
    expect_wrong(therapist, "profession");
    therapist = clinic_therapist("anna", 5);
    message_set(&therapist->time_zone, "Mars/Olympus");
    expect_wrong(therapist, "time_zone");
    therapist = clinic_therapist("anna", 5);
    message_set(&therapist->techniques[1], "levitation");
    expect_wrong(therapist, "techniques[2]");
    therapist = clinic_therapist("anna", 5);
    message_set(&therapist->conditions[0]->condition, "boredom");
    expect_wrong(therapist, "conditions[1].condition");
    therapist = clinic_therapist("anna", 5);
    message_set(&therapist->licences[0]->valid_to, "2026-02-30");
    expect_wrong(therapist, "licences[1].valid_to");
    therapist = clinic_therapist("anna", 5);
    message_set(&therapist->places[0]->postal_code, "00000");
    expect_wrong(therapist, "places[1].postal_code");
    therapist = clinic_therapist("anna", 5);
    therapist->hours[0]->to_minute = 7;
    expect_wrong(therapist, "hours");
    therapist = clinic_therapist("anna", 5);
    therapist->rating_sum = 101;
    therapist->rating_count = 1;
    expect_wrong(therapist, "rating_sum");
}

static void removing_a_therapist_withdraws_the_offer_and_keeps_the_booking(void **state)
{
    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    assert_ok(desk_new(&desk, clinic_referral("R2")));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 2), S(OFFERED));
    assert_ok(desk_remove(&desk, "anna"));
    assert_int_equal(desk_state(&desk, 2), S(MATCHING));
    assert_int_equal(desk_state(&desk, 1), S(SCHEDULED));
    assert_int_equal(desk.shelf.slot_count, 1);
    assert_int_equal(desk_remove(&desk, "anna"), VERDICT(NOT_FOUND));
    assert_int_equal(desk_book(&desk, 1, desk.now + DAY_MS, 0, false), VERDICT(CONFLICT));
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE));
}

static void who_comes_back_finds_their_time_taken(void **state)
{
    int64_t from;

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    from = desk_slot(&desk, 1)->from;
    assert_ok(desk_remove(&desk, "anna"));
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R2")));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 2), S(OFFERED));
    assert_true(desk_slot(&desk, 2)->from >= from + HOUR_MS);
}

static void a_change_that_breaks_a_gate_withdraws_open_offers_only(void **state)
{
    Fascia__Therapist *elsewhere = clinic_therapist("anna", 5);

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    assert_ok(desk_new(&desk, clinic_referral("R2")));
    desk_work(&desk);
    message_set(&elsewhere->licences[0]->jurisdiction, "US-IN");
    assert_ok(desk_put(&desk, elsewhere));
    assert_int_equal(desk_state(&desk, 1), S(SCHEDULED));
    assert_int_equal(desk_state(&desk, 2), S(MATCHING));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 2), S(WAITLISTED));
}

/* Neither is a reason to leave the patients that one has. */
static void who_takes_no_more_patients_still_books_for_the_present_ones(void **state)
{
    Fascia__Therapist *full = clinic_therapist("anna", 0), *off = clinic_therapist("anna", 5);

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    assert_ok(desk_new(&desk, clinic_referral("R2")));
    desk_work(&desk);
    assert_ok(desk_put(&desk, full));
    assert_int_equal(desk_state(&desk, 2), S(MATCHING));
    assert_ok(desk_book(&desk, 1, desk_slot(&desk, 1)->from + DAY_MS, 0, false));
    off->not_accepting = true;
    assert_ok(desk_put(&desk, off));
    assert_ok(desk_book(&desk, 1, desk.now + 2 * DAY_MS + HOUR_MS, 0, false));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 2), S(WAITLISTED));
}

static void other_hours_keep_what_is_booked(void **state)
{
    Fascia__Therapist *early = clinic_therapist("anna", 5);

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_ok(desk_accept(&desk, 1, "anna", desk.now + 4 * HOUR_MS));
    for (size_t i = 0; i < early->n_hours; i++)
        early->hours[i]->to_minute = 10 * 60;
    assert_ok(desk_put(&desk, early));
    assert_int_equal(desk.shelf.slot_count, 1);
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE));
}

/* ---- import ---- */

static Fascia__ControlResponse *import(const char *const *names, size_t count, bool dry_run)
{
    Fascia__ImportTherapists request = FASCIA__IMPORT_THERAPISTS__INIT;
    Fascia__ControlResponse *response;
    struct record_batch batch;

    request.dry_run = dry_run;
    for (size_t i = 0; i < count; i++)
        message_push(&request.therapists, &request.n_therapists, clinic_therapist(names[i], 3));
    record_batch_init(&batch);
    response = engine_import_therapists(desk.engine, &request, "user:office", desk.now, &batch);
    desk_keep(&desk, &batch);
    for (size_t i = 0; i < count; i++)
        fascia__therapist__free_unpacked(request.therapists[i], NULL);
    free(request.therapists);
    return response;
}

static void an_import_counts_and_places_its_problems(void **state)
{
    static const char *const names[] = {"anna", "", "berta"};
    Fascia__ControlResponse *response;

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 3)));
    assert_ok(desk_put(&desk, clinic_therapist("berta", 2)));
    response = import(names, 3, false);
    assert_true(response->last);
    assert_int_equal(response->import_answer->added, 0);
    assert_int_equal(response->import_answer->updated, 1);
    assert_int_equal(response->import_answer->unchanged, 1);
    assert_true(response->import_answer->n_problems > 0);
    assert_string_equal(response->import_answer->problems[0]->location, "row 2");
    fascia__control_response__free_unpacked(response, NULL);
}

static void a_dry_run_changes_nothing(void **state)
{
    static const char *const names[] = {"anna"};
    Fascia__ControlResponse *response = import(names, 1, true);

    (void)state;
    assert_int_equal(response->import_answer->added, 1);
    assert_int_equal(desk.records, 0);
    fascia__control_response__free_unpacked(response, NULL);
    response = engine_show_therapist(desk.engine, "anna");
    assert_string_not_equal(response->error, "");
    fascia__control_response__free_unpacked(response, NULL);
}

/* ---- lists ---- */

static void therapists_are_listed_in_pages_by_identifier(void **state)
{
    static const char *const names[] = {"dora", "anna", "cleo", "berta"};
    Fascia__ListTherapists query = FASCIA__LIST_THERAPISTS__INIT;
    Fascia__ControlResponse *response = import(names, 4, false);

    (void)state;
    fascia__control_response__free_unpacked(response, NULL);
    query.limit = 2;
    query.after = (char *)"anna";
    response = engine_list_therapists(desk.engine, &query);
    assert_int_equal(response->n_therapists, 2);
    assert_string_equal(response->therapists[0]->therapist->identifier, "berta");
    assert_string_equal(response->therapists[1]->therapist->identifier, "cleo");
    fascia__control_response__free_unpacked(response, NULL);
}

static void referrals_and_offers_are_listed_and_shown(void **state)
{
    Fascia__ListReferrals query = FASCIA__LIST_REFERRALS__INIT;
    Fascia__ListOffers offers = FASCIA__LIST_OFFERS__INIT;
    Fascia__State closed[] = {S(WITHDRAWN)};
    Fascia__ControlResponse *response;

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    for (int i = 1; i <= 4; i++) {
        char id[8];

        snprintf(id, sizeof id, "R%d", i);
        assert_ok(desk_new(&desk, clinic_referral(id)));
    }
    assert_ok(desk_withdraw(&desk, 2));
    desk_work(&desk);
    query.after = 1;
    response = engine_list_referrals(desk.engine, &query, NULL);
    assert_int_equal(response->n_referrals, 2);
    assert_int_equal(response->referrals[0]->referral, 3);
    assert_string_equal(response->referrals[0]->conditions[0], "back-pain");
    assert_string_equal(response->referrals[0]->source, "clinic-hl7");
    fascia__control_response__free_unpacked(response, NULL);
    query.after = 0;
    query.n_states = 1;
    query.states = closed;
    response = engine_list_referrals(desk.engine, &query, NULL);
    assert_int_equal(response->n_referrals, 1);
    assert_int_equal(response->referrals[0]->referral, 2);
    fascia__control_response__free_unpacked(response, NULL);
    offers.therapist = (char *)"anna";
    response = engine_list_offers(desk.engine, &offers, NULL);
    assert_int_equal(response->n_offers, 3);
    assert_true(response->offers[0]->hold_from < response->offers[1]->hold_from);
    assert_string_equal(response->offers[0]->time_zone, "America/New_York");
    fascia__control_response__free_unpacked(response, NULL);
    response = engine_show_referral(desk.engine, 1, NULL);
    assert_string_equal(response->detail->need->jurisdiction, "US-KY");
    assert_int_equal(response->detail->row->offers, 1);
    fascia__control_response__free_unpacked(response, NULL);
    response = engine_show_referral(desk.engine, 99, NULL);
    assert_string_not_equal(response->error, "");
    fascia__control_response__free_unpacked(response, NULL);
}

static void counts_follow_the_states(void **state)
{
    struct engine_counts counts;

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    assert_ok(desk_new(&desk, clinic_referral("R2")));
    engine_counts(desk.engine, &counts);
    assert_int_equal(counts.pending_matches, 2);
    desk_work(&desk);
    assert_ok(desk_new(&desk, clinic_referral("R3")));
    assert_ok(desk_withdraw(&desk, 3));
    engine_counts(desk.engine, &counts);
    assert_int_equal(counts.referrals_open, 2);
    assert_int_equal(counts.offers_open, 1);
    assert_int_equal(counts.waitlisted, 1);
    assert_int_equal(counts.therapists, 1);
    assert_int_equal(counts.by_state[S(OFFERED)], 1);
}

/* One change among many who wait: the command itself is short, and of those who wait only as many are looked at as there is room for. */
static void a_change_does_not_try_all_who_wait(void **state)
{
    char id[16];

    (void)state;
    for (int i = 0; i < 500; i++) {
        snprintf(id, sizeof id, "R%d", i);
        assert_ok(desk_new(&desk, clinic_referral(id)));
    }
    desk_work(&desk);
    assert_ok(desk_put(&desk, clinic_therapist("anna", 2)));
    assert_true(desk.records < 5);
    assert_true(desk_work(&desk) < 10);
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
    assert_int_equal(desk_state(&desk, 2), S(OFFERED));
    assert_int_equal(desk_state(&desk, 3), S(WAITLISTED));
    assert_int_equal(desk_work(&desk), 0); /* no change, no work */
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
        AT_DESK(a_therapist_put_twice_leaves_records_once),
        AT_DESK(a_place_is_found_by_its_postal_code),
        AT_DESK(what_is_wrong_with_a_therapist_is_named),
        AT_DESK(what_was_filled_in_is_marked_and_filled_in_anew),
        AT_DESK(removing_a_therapist_withdraws_the_offer_and_keeps_the_booking),
        AT_DESK(who_comes_back_finds_their_time_taken),
        AT_DESK(a_change_that_breaks_a_gate_withdraws_open_offers_only),
        AT_DESK(who_takes_no_more_patients_still_books_for_the_present_ones),
        AT_DESK(other_hours_keep_what_is_booked),
        AT_DESK(an_import_counts_and_places_its_problems),
        AT_DESK(a_dry_run_changes_nothing),
        AT_DESK(therapists_are_listed_in_pages_by_identifier),
        AT_DESK(referrals_and_offers_are_listed_and_shown),
        AT_DESK(counts_follow_the_states),
        AT_DESK(a_change_does_not_try_all_who_wait),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
