/* What happens when several referrals are due at once: the best for all of them, the urgent first. */
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

/* ---- who is there, and who comes ---- */

/* Free on Wednesdays from nine for so many hours: none is offered on the day itself at this hour, so one a week. */
static Fascia__Therapist *with_hours(Fascia__Therapist *therapist, uint32_t hours)
{
    while (therapist->n_hours > 1)
        fascia__hours__free_unpacked(therapist->hours[--therapist->n_hours], NULL);
    therapist->hours[0]->weekday = 2;
    therapist->hours[0]->to_minute = therapist->hours[0]->from_minute + 60 * hours;
    return therapist;
}

static Fascia__Therapist *speaking(Fascia__Therapist *therapist, const char *language, uint32_t cases)
{
    message_push_text(&therapist->languages, &therapist->n_languages, language);
    therapist->conditions[0]->cases = cases;
    return therapist;
}

static Fascia__Referral *of_priority(const char *id, Fascia__Priority priority)
{
    Fascia__Referral *referral = clinic_referral(id);

    referral->priority = priority;
    message_set(&referral->preferences->not_after, "2026-11-30");
    return referral;
}

static Fascia__Referral *routine(const char *id)
{
    return of_priority(id, FASCIA__PRIORITY__PRIORITY_ROUTINE);
}

static Fascia__Referral *urgent(const char *id)
{
    return of_priority(id, FASCIA__PRIORITY__PRIORITY_URGENT);
}

static Fascia__Referral *in_spanish(const char *id)
{
    Fascia__Referral *referral = routine(id);

    message_push_text(&referral->preferences->languages, &referral->preferences->n_languages, "es");
    return referral;
}

static void expect_offered(uint64_t referral, const char *therapist)
{
    assert_int_equal(desk_state(&desk, referral), S(OFFERED));
    assert_string_equal(desk_therapist(&desk, referral), therapist);
}

/* The caller frees it. */
static Fascia__Event *last_match(uint64_t referral)
{
    const struct event_record *found = NULL;

    for (size_t i = 0; i < desk.shelf.event_count; i++)
        if (desk.shelf.events[i].referral == referral && desk.shelf.events[i].kind == FASCIA__EVENT__BODY_MATCHED)
            found = &desk.shelf.events[i];
    assert_non_null(found);
    return fascia__event__unpack(NULL, found->size, found->payload);
}

/* ---- the urgent first ---- */

static void of_two_for_one_place_the_urgent_one_gets_it(void **state)
{
    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    assert_ok(desk_new(&desk, routine("R1")));
    assert_ok(desk_new(&desk, urgent("R2")));
    desk_work(&desk);
    expect_offered(2, "anna");
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
}

static void of_two_for_one_free_hour_the_urgent_one_gets_it(void **state)
{
    (void)state;
    assert_ok(desk_put(&desk, with_hours(clinic_therapist("anna", 5), 1)));
    assert_ok(desk_new(&desk, routine("R1")));
    assert_ok(desk_new(&desk, urgent("R2")));
    desk_work(&desk);
    expect_offered(2, "anna");
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
}

static void of_all_who_wait_the_most_urgent_and_oldest_gets_what_becomes_free(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, routine("R1")));
    assert_ok(desk_new(&desk, urgent("R2")));
    assert_ok(desk_new(&desk, urgent("R3")));
    assert_ok(desk_new(&desk, of_priority("R4", FASCIA__PRIORITY__PRIORITY_ROUTINE)));
    desk_work(&desk);
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    desk_work(&desk);
    expect_offered(2, "anna");
    for (uint64_t i = 1; i <= 4; i++)
        if (i != 2)
            assert_int_equal(desk_state(&desk, i), S(WAITLISTED));
}

/* ---- all of them rather than the first ---- */

/* Both would rather go to anna; only ben is left for nobody but the first. */
static void put_anna_and_ben(uint32_t capacity, uint32_t hours)
{
    assert_ok(desk_put(&desk, with_hours(speaking(clinic_therapist("anna", capacity), "es", 40), hours)));
    assert_ok(desk_put(&desk, with_hours(clinic_therapist("ben", capacity), hours)));
}

static void one_by_one_the_first_takes_the_only_therapist_of_the_second(void **state)
{
    (void)state;
    put_anna_and_ben(1, 8);
    assert_ok(desk_new(&desk, routine("R1")));
    desk_work(&desk);
    assert_ok(desk_new(&desk, in_spanish("R2")));
    desk_work(&desk);
    expect_offered(1, "anna");
    assert_int_equal(desk_state(&desk, 2), S(WAITLISTED));
}

static void at_once_both_are_placed(void **state)
{
    (void)state;
    put_anna_and_ben(1, 8);
    assert_ok(desk_new(&desk, routine("R1")));
    assert_ok(desk_new(&desk, in_spanish("R2")));
    desk_work(&desk);
    expect_offered(1, "ben");
    expect_offered(2, "anna");
}

static void at_once_both_are_placed_when_only_time_is_scarce(void **state)
{
    (void)state;
    put_anna_and_ben(9, 1);
    assert_ok(desk_new(&desk, routine("R1")));
    assert_ok(desk_new(&desk, in_spanish("R2")));
    desk_work(&desk);
    expect_offered(1, "ben");
    expect_offered(2, "anna");
}

static void the_explanation_says_who_was_kept_for_others_and_nothing_of_them(void **state)
{
    Fascia__Event *event;
    const Fascia__Explanation *explanation;
    Fascia__ListOffers query = FASCIA__LIST_OFFERS__INIT;
    Fascia__ControlResponse *offers;

    (void)state;
    query.therapist = (char *)"ben";
    put_anna_and_ben(1, 8);
    assert_ok(desk_new(&desk, routine("R1")));
    assert_ok(desk_new(&desk, in_spanish("R2")));
    desk_work(&desk);
    event = last_match(1);
    explanation = event->matched->explanation;
    assert_string_equal(explanation->candidates[0]->therapist, "anna");
    assert_non_null(explanation->assignment);
    assert_string_equal(explanation->assignment->therapist, "ben");
    assert_int_equal(explanation->assignment->together, 2);
    assert_int_equal(explanation->assignment->n_kept, 1);
    assert_string_equal(explanation->assignment->kept[0], "anna");
    offers = engine_list_offers(desk.engine, &query, NULL);
    assert_int_equal(offers->n_offers, 1);
    assert_int_equal(offers->offers[0]->score, explanation->candidates[1]->score);
    fascia__control_response__free_unpacked(offers, NULL);
    fascia__event__free_unpacked(event, NULL);
    event = last_match(2);
    assert_null(event->matched->explanation->assignment);
    fascia__event__free_unpacked(event, NULL);
}

static void who_was_left_out_says_what_was_missing(void **state)
{
    Fascia__Event *event;

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 1)));
    assert_ok(desk_new(&desk, routine("R1")));
    assert_ok(desk_new(&desk, routine("R2")));
    desk_work(&desk);
    expect_offered(1, "anna");
    event = last_match(2);
    assert_int_equal(event->matched->explanation->n_candidates, 0);
    assert_int_equal(event->matched->explanation->n_near_misses, 1);
    assert_string_equal(event->matched->explanation->near_misses[0]->gates[0], "capacity");
    fascia__event__free_unpacked(event, NULL);
}

/* ---- times, and shares ---- */

static void nobody_s_time_is_offered_twice(void **state)
{
    char id[16];

    (void)state;
    assert_ok(desk_put(&desk, with_hours(clinic_therapist("anna", 20), 5)));
    for (int i = 1; i <= 7; i++) {
        snprintf(id, sizeof id, "R%d", i);
        assert_ok(desk_new(&desk, routine(id)));
    }
    desk_work(&desk);
    for (uint64_t i = 1; i <= 5; i++) {
        expect_offered(i, "anna");
        for (uint64_t other = 1; other < i; other++)
            assert_int_not_equal(desk_slot(&desk, i)->from, desk_slot(&desk, other)->from);
    }
    assert_int_equal(desk_state(&desk, 6), S(WAITLISTED));
    assert_int_equal(desk_state(&desk, 7), S(WAITLISTED));
}

static void equals_share_what_comes_at_once(void **state)
{
    static const char *const names[] = {"anna", "ben", "cleo"};
    uint32_t offers[3] = {0};
    char id[16];

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_ok(desk_put(&desk, clinic_therapist(names[i], 20)));
    for (int i = 1; i <= 12; i++) {
        snprintf(id, sizeof id, "R%d", i);
        assert_ok(desk_new(&desk, routine(id)));
    }
    desk_work(&desk);
    for (uint64_t i = 1; i <= 12; i++)
        for (size_t t = 0; t < 3; t++)
            offers[t] += strcmp(desk_therapist(&desk, i), names[t]) == 0;
    for (size_t t = 0; t < 3; t++)
        assert_int_equal(offers[t], 4);
}

/* ---- pieces ---- */

static void send_a_crowd(void)
{
    char id[16];

    for (int i = 0; i < 6; i++) {
        snprintf(id, sizeof id, "t%d", i);
        assert_ok(desk_put(&desk, with_hours(speaking(clinic_therapist(id, 1 + (uint32_t)i % 3), i % 2 ? "es" : "fr",
                                                      (uint32_t)(i * 7 % 5) * 10),
                                             1 + (uint32_t)i % 2)));
    }
    for (int i = 1; i <= 20; i++) {
        snprintf(id, sizeof id, "R%d", i);
        assert_ok(desk_new(&desk, i % 3 == 0 ? in_spanish(id) : i % 5 == 0 ? urgent(id) : routine(id)));
    }
}

static void count_placed(uint32_t placed[2])
{
    placed[0] = placed[1] = 0;
    for (uint64_t i = 1; i <= 20; i++)
        if (desk_state(&desk, i) == S(OFFERED))
            placed[desk_row(&desk, i)->priority == FASCIA__PRIORITY__PRIORITY_URGENT]++;
}

static void pieces_of_one_place_as_many_as_one_large_piece(void **state)
{
    uint32_t alone[2], at_once[2];

    (void)state;
    send_a_crowd();
    while (desk_work_some(&desk, 1) > 0)
        ;
    count_placed(alone);
    desk_end(&desk);
    desk_begin(&desk, &clinic);
    send_a_crowd();
    assert_int_equal(desk_work_some(&desk, 64), 20);
    count_placed(at_once);
    assert_int_equal(alone[0], at_once[0]);
    assert_int_equal(alone[1], at_once[1]);
    assert_true(at_once[0] > 4 && at_once[1] > 1 && at_once[0] + at_once[1] < 20);
}

static void no_more_is_done_at_once_than_was_asked_for(void **state)
{
    (void)state;
    send_a_crowd();
    assert_int_equal(desk_work_some(&desk, 7), 7);
    assert_int_equal(desk_work_some(&desk, 7), 7);
    assert_int_equal(desk_work_some(&desk, 7), 6);
    assert_int_equal(desk_work_some(&desk, 7), 0);
}

static void a_crowd_larger_than_a_batch_is_placed_urgent_first(void **state)
{
    char id[16];

    (void)state;
    assert_ok(desk_put(&desk, clinic_therapist("anna", 3)));
    for (int i = 1; i <= 300; i++) {
        snprintf(id, sizeof id, "R%d", i);
        assert_ok(desk_new(&desk, i == 77 || i == 299 ? urgent(id) : routine(id)));
    }
    desk_work(&desk);
    for (uint64_t i = 1; i <= 300; i++)
        assert_int_equal(desk_state(&desk, i), i == 1 || i == 77 || i == 299 ? S(OFFERED) : S(WAITLISTED));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)
        TEST(of_two_for_one_place_the_urgent_one_gets_it),
        TEST(of_two_for_one_free_hour_the_urgent_one_gets_it),
        TEST(of_all_who_wait_the_most_urgent_and_oldest_gets_what_becomes_free),
        TEST(one_by_one_the_first_takes_the_only_therapist_of_the_second),
        TEST(at_once_both_are_placed),
        TEST(at_once_both_are_placed_when_only_time_is_scarce),
        TEST(the_explanation_says_who_was_kept_for_others_and_nothing_of_them),
        TEST(who_was_left_out_says_what_was_missing),
        TEST(nobody_s_time_is_offered_twice),
        TEST(equals_share_what_comes_at_once),
        TEST(pieces_of_one_place_as_many_as_one_large_piece),
        TEST(no_more_is_done_at_once_than_was_asked_for),
        TEST(a_crowd_larger_than_a_batch_is_placed_urgent_first),
    };

    return cmocka_run_group_tests(tests, begin, finish);
}
