#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define VERDICT(kind)  FASCIA__RESULT__VERDICT__##kind
#define KIND(kind)     FASCIA__SLOT_ROW__KIND__##kind
#define assert_ok(did) assert_int_equal(did, VERDICT(OK))
#define NOW            CLINIC_NOW                          /* Monday, 10:00 of who works from 9 to 17 */
#define DAY(n)         (CLINIC_NOW - HOUR_MS + (n)*DAY_MS) /* 9:00 of the n-th day */

static struct clinic clinic;
static struct desk desk;
static Fascia__ListSlots query;
static Fascia__ControlResponse *response;

static int open_desk(void **state)
{
    (void)state;
    desk_begin(&desk, &clinic);
    fascia__list_slots__init(&query);
    return 0;
}

static int close_desk(void **state)
{
    (void)state;
    if (response != NULL)
        fascia__control_response__free_unpacked(response, NULL);
    response = NULL;
    return desk_close(&desk);
}

static void ask(void)
{
    if (response != NULL)
        fascia__control_response__free_unpacked(response, NULL);
    response = engine_list_slots(desk.engine, &query, desk.now);
}

static void put(const char *identifier)
{
    assert_ok(desk_put(&desk, clinic_therapist(identifier, 5)));
}

static void expect_row(size_t number, const char *therapist, Fascia__SlotRow__Kind kind, int64_t from, int64_t to)
{
    const Fascia__SlotRow *row;

    assert_true(number < response->n_slots);
    row = response->slots[number];
    assert_string_equal(row->therapist, therapist);
    assert_int_equal(row->kind, kind);
    assert_int_equal(row->from, from);
    assert_int_equal(row->to, to);
    assert_string_equal(row->time_zone, "America/New_York");
}

static void who_is_found(const char *expected)
{
    char found[256] = "";

    ask();
    assert_string_equal(response->error, "");
    for (size_t i = 0; i < response->n_slots; i++)
        if (i == 0 || strcmp(response->slots[i]->therapist, response->slots[i - 1]->therapist) != 0) {
            strcat(found, found[0] == '\0' ? "" : " ");
            strcat(found, response->slots[i]->therapist);
        }
    assert_string_equal(found, expected);
}

static void free_time_is_the_hours_from_now_on(void **state)
{
    (void)state;
    put("berta");
    put("anna");
    query.to = DAY(2);
    ask();
    assert_int_equal(response->n_slots, 4);
    expect_row(0, "anna", KIND(FREE), NOW, DAY(0) + 8 * HOUR_MS);
    expect_row(1, "anna", KIND(FREE), DAY(1), DAY(1) + 8 * HOUR_MS);
    expect_row(2, "berta", KIND(FREE), NOW, DAY(0) + 8 * HOUR_MS);
    assert_string_equal(response->slots[0]->place_name, "40203");
    assert_string_equal(response->slot_page->next_therapist, "");
    desk.now += 10 * MINUTE_MS; /* and from the next quarter of an hour */
    ask();
    expect_row(0, "anna", KIND(FREE), NOW + 15 * MINUTE_MS, DAY(0) + 8 * HOUR_MS);
    query.from = DAY(1) + HOUR_MS;
    ask();
    assert_int_equal(response->n_slots, 2);
    expect_row(1, "berta", KIND(FREE), DAY(1) + HOUR_MS, DAY(1) + 8 * HOUR_MS);
    query.to = 0;
    query.limit = 1000;
    ask();
    assert_true(response->n_slots > 2 * 75 && response->n_slots < 2 * 85); /* sixteen weeks of five days */
}

static void what_is_held_and_booked_is_taken_out_and_shown_when_asked_for(void **state)
{
    const struct slot_row *slot;
    int64_t from, to;

    (void)state;
    put("anna");
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    slot = desk_slot(&desk, 1);
    assert_non_null(slot);
    from = slot->from;
    to = slot->to;
    assert_true(from > NOW && to < DAY(0) + 8 * HOUR_MS);
    query.to = DAY(1);
    ask();
    assert_int_equal(response->n_slots, 2);
    expect_row(0, "anna", KIND(FREE), NOW, from);
    expect_row(1, "anna", KIND(FREE), to, DAY(0) + 8 * HOUR_MS);
    query.busy = true;
    ask();
    assert_int_equal(response->n_slots, 3);
    expect_row(1, "anna", KIND(TENTATIVE), from, to);
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    ask();
    assert_int_equal(response->n_slots, 3);
    expect_row(1, "anna", KIND(BUSY), from, to);
    assert_ok(desk_withdraw(&desk, 1));
    ask();
    assert_int_equal(response->n_slots, 1);
}

static void shorter_stretches_are_left_out(void **state)
{
    const struct slot_row *slot;
    int64_t before, after;

    (void)state;
    put("anna");
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    slot = desk_slot(&desk, 1);
    before = slot->from - NOW;
    after = DAY(0) + 8 * HOUR_MS - slot->to;
    assert_true(before < after);
    query.to = DAY(1);
    query.minutes = (uint32_t)(before / MINUTE_MS);
    ask();
    assert_int_equal(response->n_slots, 2);
    query.minutes++;
    ask();
    assert_int_equal(response->n_slots, 1);
    query.minutes = (uint32_t)(after / MINUTE_MS) + 1;
    ask();
    assert_int_equal(response->n_slots, 0);
}

/* Differs from anna in all that can be asked for. */
static void put_berta(void)
{
    Fascia__Therapist *berta = clinic_therapist("berta", 5);
    Fascia__Place *place = CLINIC_NEW(Fascia__Place, place);

    message_push_text(&berta->techniques, &berta->n_techniques, "manual-lymphatic-drainage");
    message_push_text(&berta->payers, &berta->n_payers, "BAV");
    message_push_text(&berta->languages, &berta->n_languages, "es");
    message_set(&berta->profession, "225100000X");
    message_set(&berta->places[0]->postal_code, "10001");
    message_set(&place->postal_code, "40508");
    message_set(&place->name, "Lexington");
    message_push(&berta->places, &berta->n_places, place);
    berta->visit_modes = memory_allocate(1, sizeof *berta->visit_modes);
    berta->visit_modes[berta->n_visit_modes++] = FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    assert_ok(desk_put(&desk, berta));
}

static void who_is_asked_about_is_said_by_what_they_offer(void **state)
{
    Fascia__Therapist *carla = clinic_therapist("carla", 5);

    (void)state;
    put("anna");
    put_berta();
    carla->not_accepting = true;
    assert_ok(desk_put(&desk, carla));
    query.to = DAY(1);
    who_is_found("anna berta");
    query.technique = (char *)"manual-lymphatic-drainage";
    who_is_found("berta");
    query.technique = (char *)"deep-tissue";
    who_is_found("anna berta");
    query.payer = (char *)"bav";
    who_is_found("berta");
    query.payer = (char *)"";
    query.language = (char *)"es";
    who_is_found("berta");
    query.language = (char *)"";
    query.profession = (char *)"2257";
    who_is_found("anna");
    query.profession = (char *)"";
    query.mode = FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    who_is_found("berta");
    query.mode = FASCIA__VISIT_MODE__VISIT_MODE_CLINIC;
    who_is_found("anna");
    query.mode = FASCIA__VISIT_MODE__VISIT_MODE_HOME;
    who_is_found("");
}

static void places_are_measured_from_the_postal_code(void **state)
{
    (void)state;
    put("anna");
    put_berta();
    query.to = DAY(1);
    query.near = (char *)"40508";
    query.within = 5000;
    who_is_found("berta");
    assert_int_equal(response->slots[0]->place, 1);
    assert_string_equal(response->slots[0]->place_name, "Lexington");
    query.within = 200000;
    who_is_found("anna berta");
    query.near = (char *)"00000";
    ask();
    assert_non_null(strstr(response->error, "postal code"));
    assert_null(response->slot_page);
}

static void named_therapists_are_shown_whatever_they_offer(void **state)
{
    char *names[101] = {"carla", "nobody", "anna", "carla"};
    Fascia__Therapist *carla = clinic_therapist("carla", 5);

    (void)state;
    put("anna");
    put_berta();
    carla->not_accepting = true;
    assert_ok(desk_put(&desk, carla));
    query.to = DAY(1);
    query.therapists = names;
    query.n_therapists = 4;
    who_is_found("anna carla");
    assert_int_equal(response->n_slots, 2);
    query.n_therapists = 1;
    query.therapists = &names[1];
    ask();
    assert_true(response->not_found);
    assert_string_equal(response->error, "there is no therapist of this identifier");
    query.therapists = names;
    query.n_therapists = 101;
    ask();
    assert_non_null(strstr(response->error, "at most 100"));
}

static void what_cannot_be_asked_is_said(void **state)
{
    (void)state;
    query.minutes = 1441;
    ask();
    assert_non_null(strstr(response->error, "1440"));
    query.minutes = 0;
    query.from = query.to = DAY(1);
    ask();
    assert_non_null(strstr(response->error, "ends before"));
}

/* ---- pages ---- */

static size_t expect_pages(uint32_t limit)
{
    Fascia__ListSlots whole_query = query;
    Fascia__ControlResponse *whole, *page;
    char after[65] = "";
    size_t at = 0;

    whole_query.limit = 1000;
    whole = engine_list_slots(desk.engine, &whole_query, desk.now);
    assert_string_equal(whole->slot_page->next_therapist, "");
    query.limit = limit;
    query.after_from = 0;
    do {
        query.after_therapist = after;
        page = engine_list_slots(desk.engine, &query, desk.now);
        assert_true(page->n_slots <= limit);
        for (size_t i = 0; i < page->n_slots; i++, at++) {
            assert_true(at < whole->n_slots);
            assert_string_equal(page->slots[i]->therapist, whole->slots[at]->therapist);
            assert_int_equal(page->slots[i]->from, whole->slots[at]->from);
            assert_int_equal(page->slots[i]->to, whole->slots[at]->to);
            assert_int_equal(page->slots[i]->kind, whole->slots[at]->kind);
        }
        snprintf(after, sizeof after, "%s", page->slot_page->next_therapist);
        query.after_from = page->slot_page->next_from;
        fascia__control_response__free_unpacked(page, NULL);
    } while (after[0] != '\0');
    assert_int_equal(at, whole->n_slots);
    fascia__control_response__free_unpacked(whole, NULL);
    query.after_therapist = (char *)"";
    return at;
}

static void pages_together_are_the_whole(void **state)
{
    static char *names[] = {"t0", "t2", "t4"};

    (void)state;
    for (int i = 0; i < 5; i++) {
        char name[8];

        snprintf(name, sizeof name, "t%d", i);
        put(name);
    }
    for (int i = 0; i < 12; i++) {
        char id[8];

        snprintf(id, sizeof id, "R%d", i);
        assert_ok(desk_new(&desk, clinic_referral(id)));
    }
    desk_work(&desk);
    for (uint64_t i = 1; i <= 12; i += 2)
        assert_ok(desk_accept(&desk, i, desk_therapist(&desk, i), 0));
    desk.now += 3 * HOUR_MS + 7 * MINUTE_MS;
    query.to = DAY(3);
    for (uint32_t limit = 1; limit < 9; limit++) {
        query.busy = limit % 2 == 0;
        assert_true(expect_pages(limit) >= 15);
    }
    query.therapists = names;
    query.n_therapists = 3;
    for (uint32_t limit = 1; limit < 9; limit++)
        assert_true(expect_pages(limit) >= 9);
}

static void a_page_ends_where_it_has_looked_at_enough_therapists(void **state)
{
    (void)state;
    put_berta();
    for (int i = 0; i < 1500; i++) {
        char name[8];

        snprintf(name, sizeof name, "a%04d", i);
        put(name);
    }
    query.to = DAY(1);
    query.technique = (char *)"manual-lymphatic-drainage";
    ask();
    assert_int_equal(response->n_slots, 0);
    assert_string_equal(response->slot_page->next_therapist, "a0999");
    assert_int_equal(response->slot_page->next_from, 0);
    query.after_therapist = (char *)"a0999";
    who_is_found("berta");
    assert_string_equal(response->slot_page->next_therapist, "");
}

static int open_clinic(void **state)
{
    (void)state;
    clinic_begin(&clinic);
    return 0;
}

static int close_clinic(void **state)
{
    (void)state;
    clinic_end(&clinic);
    return 0;
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(free_time_is_the_hours_from_now_on),
        AT_DESK(what_is_held_and_booked_is_taken_out_and_shown_when_asked_for),
        AT_DESK(shorter_stretches_are_left_out),
        AT_DESK(who_is_asked_about_is_said_by_what_they_offer),
        AT_DESK(places_are_measured_from_the_postal_code),
        AT_DESK(named_therapists_are_shown_whatever_they_offer),
        AT_DESK(what_cannot_be_asked_is_said),
        AT_DESK(pages_together_are_the_whole),
        AT_DESK(a_page_ends_where_it_has_looked_at_enough_therapists),
    };

    return cmocka_run_group_tests(tests, open_clinic, close_clinic);
}
