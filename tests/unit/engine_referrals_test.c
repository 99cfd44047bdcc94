/* Lists of many referrals: where a page, and a count, ends early. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define BOUND 250000 /* referrals that a page looks at, as control.proto says */
#define MANY  (BOUND + 1000)

static struct clinic clinic;
static struct engine *engine;

/* Closed ones, of one sender but the last, which is of another and urgent. */
static void load_many(void)
{
    struct referral_row row = {
        .state = FASCIA__STATE__STATE_CLOSED, .opened = CLINIC_NOW, .changed = CLINIC_NOW, .therapist = "anna"};
    struct fault fault = {{0}};

    for (row.referral = 1; row.referral <= MANY; row.referral++) {
        const bool last = row.referral == MANY;

        memcpy(row.sender_key, &row.referral, sizeof row.referral);
        row.priority = last ? FASCIA__PRIORITY__PRIORITY_URGENT : FASCIA__PRIORITY__PRIORITY_ROUTINE;
        snprintf(row.sender, sizeof row.sender, "%s", last ? "the last" : "the others");
        assert_true(engine_load_referral(engine, &row, &fault));
    }
    engine_load_finish(engine, MANY, MANY, 0, CLINIC_NOW);
}

static Fascia__ControlResponse *list(const Fascia__ListReferrals *query)
{
    Fascia__ControlResponse *response = engine_list_referrals(engine, query, NULL);

    assert_string_equal(response->error, "");
    assert_non_null(response->page);
    return response;
}

static void a_page_ends_where_it_has_looked_at_enough_and_says_where_to_go_on(void **state)
{
    Fascia__ListReferrals query = FASCIA__LIST_REFERRALS__INIT;
    Fascia__Priority urgent = FASCIA__PRIORITY__PRIORITY_URGENT;
    Fascia__ControlResponse *response;

    (void)state;
    query.all_states = query.total = true;
    query.priorities = &urgent;
    query.n_priorities = 1;
    response = list(&query);
    assert_int_equal(response->n_referrals, 0);
    assert_int_equal(response->page->next, BOUND);
    assert_int_equal(response->page->total, 0);
    assert_true(response->page->total_is_least);
    query.after = response->page->next;
    fascia__control_response__free_unpacked(response, NULL);
    response = list(&query);
    assert_int_equal(response->n_referrals, 1);
    assert_int_equal(response->referrals[0]->referral, MANY);
    assert_int_equal(response->page->next, 0);
    fascia__control_response__free_unpacked(response, NULL);
    query.after = 0;
    query.descending = true;
    response = list(&query);
    assert_int_equal(response->n_referrals, 1);
    assert_int_equal(response->page->next, MANY - BOUND + 1);
    fascia__control_response__free_unpacked(response, NULL);
}

static void of_a_sender_only_its_own_are_looked_at(void **state)
{
    Fascia__ListReferrals query = FASCIA__LIST_REFERRALS__INIT;
    Fascia__ControlResponse *response;

    (void)state;
    query.all_states = query.total = true;
    query.sender = (char *)"the last";
    response = list(&query);
    assert_int_equal(response->n_referrals, 1);
    assert_int_equal(response->page->next, 0);
    assert_int_equal(response->page->total, 1);
    assert_false(response->page->total_is_least);
    fascia__control_response__free_unpacked(response, NULL);
    query.therapist = (char *)"anna"; /* of both lists the shorter is walked */
    response = list(&query);
    assert_int_equal(response->n_referrals, 1);
    assert_false(response->page->total_is_least);
    fascia__control_response__free_unpacked(response, NULL);
    query.therapist = (char *)"nobody";
    response = list(&query);
    assert_int_equal(response->n_referrals, 0);
    fascia__control_response__free_unpacked(response, NULL);
}

static void a_page_of_a_long_list_begins_anywhere(void **state)
{
    Fascia__ListReferrals query = FASCIA__LIST_REFERRALS__INIT;
    Fascia__ControlResponse *response;

    (void)state;
    query.all_states = true;
    query.sender = (char *)"the others";
    query.after = 200000;
    query.limit = 2;
    response = list(&query);
    assert_int_equal(response->n_referrals, 2);
    assert_int_equal(response->referrals[0]->referral, 200001);
    assert_int_equal(response->page->next, 200002);
    fascia__control_response__free_unpacked(response, NULL);
    query.descending = true;
    response = list(&query);
    assert_int_equal(response->referrals[0]->referral, 199999);
    assert_int_equal(response->page->next, 199998);
    fascia__control_response__free_unpacked(response, NULL);
}

static void a_list_of_too_many_numbers_is_refused(void **state)
{
    Fascia__ListReferrals query = FASCIA__LIST_REFERRALS__INIT;
    uint64_t ids[1001];
    Fascia__ControlResponse *response;

    (void)state;
    for (size_t i = 0; i < 1001; i++)
        ids[i] = MANY - i;
    query.all_states = true;
    query.ids = ids;
    query.n_ids = 1001;
    response = engine_list_referrals(engine, &query, NULL);
    assert_non_null(strstr(response->error, "at most 1000"));
    fascia__control_response__free_unpacked(response, NULL);
    query.n_ids = 1000;
    query.limit = 1000;
    response = list(&query);
    assert_int_equal(response->n_referrals, 1000);
    assert_int_equal(response->referrals[0]->referral, MANY - 999);
    fascia__control_response__free_unpacked(response, NULL);
}

static int begin(void **state)
{
    (void)state;
    clinic_begin(&clinic);
    engine = clinic_engine(&clinic);
    load_many();
    return 0;
}

static int end(void **state)
{
    (void)state;
    engine_destroy(engine);
    clinic_end(&clinic);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_ends_where_it_has_looked_at_enough_and_says_where_to_go_on),
        cmocka_unit_test(of_a_sender_only_its_own_are_looked_at),
        cmocka_unit_test(a_page_of_a_long_list_begins_anywhere),
        cmocka_unit_test(a_list_of_too_many_numbers_is_refused),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
