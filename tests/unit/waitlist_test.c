/* What would help most of those who wait, from rows made by hand. */
#include "core/memory.h"
#include "core/message.h"
#include "ctl/waitlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MOST 64

static Fascia__WaitingRow *rows[ROWS_MOST];
static size_t row_count;
static struct waitlist_help helps[8];
static size_t help_count;

static void *made(const ProtobufCMessageDescriptor *descriptor)
{
    void *message = memory_allocate(1, descriptor->sizeof_message);

    protobuf_c_message_init(descriptor, message);
    return message;
}

/* Somewhere on the equator, so many kilometres east of the rest. */
static Fascia__WaitingRow *add_row(const char *place, int32_t km_east, uint32_t max_distance)
{
    Fascia__WaitingRow *row = made(&fascia__waiting_row__descriptor);

    row->referral = row_count + 1;
    row->priority = FASCIA__PRIORITY__PRIORITY_ROUTINE;
    row->need = made(&fascia__need__descriptor);
    row->need->max_distance = max_distance;
    row->need->duration_minutes = 60;
    message_set(&row->need->jurisdiction, "US-KY");
    if (place != NULL) {
        message_set(&row->place, place);
        row->place_position = made(&fascia__position__descriptor);
        row->place_position->longitude = km_east * 8993; /* millionths of a degree in a kilometre */
    }
    return rows[row_count++] = row;
}

static void add_miss(Fascia__WaitingRow *row, const char *gate, const char *other)
{
    Fascia__NearMiss *miss = made(&fascia__near_miss__descriptor);

    message_push_text(&miss->gates, &miss->n_gates, gate);
    if (other != NULL)
        message_push_text(&miss->gates, &miss->n_gates, other);
    message_set(&miss->nearest, "t1");
    message_push(&row->near_misses, &row->n_near_misses, miss);
}

static void require(Fascia__WaitingRow *row, const char *one, const char *other)
{
    Fascia__Alternatives *group = made(&fascia__alternatives__descriptor);

    message_push_text(&group->any_of, &group->n_any_of, one);
    message_push_text(&group->any_of, &group->n_any_of, other);
    message_push(&row->need->certifications, &row->need->n_certifications, group);
}

static void work_out(void)
{
    help_count = waitlist_helps(rows, row_count, helps, sizeof helps / sizeof *helps);
}

static int clean(void **state)
{
    (void)state;
    for (size_t i = 0; i < row_count; i++)
        fascia__waiting_row__free_unpacked(rows[i], NULL);
    for (size_t i = 0; i < help_count; i++)
        free(helps[i].what);
    row_count = help_count = 0;
    return 0;
}

static void expect_help(size_t i, size_t referrals, const char *what, const char *place, unsigned km)
{
    assert_true(i < help_count);
    assert_string_equal(helps[i].what, what);
    assert_string_equal(helps[i].place, place);
    assert_int_equal(helps[i].referrals, referrals);
    assert_int_equal(helps[i].km, km);
}

static void seventeen_wait_for_a_certification_around_goodtown(void **state)
{
    (void)state;
    for (int i = 0; i < 17; i++) {
        Fascia__WaitingRow *row = add_row(i < 9    ? "Goodtown"
                                          : i < 13 ? "East"
                                                   : "West",
                                          i < 9    ? 0
                                          : i < 13 ? 20
                                                   : -24,
                                          25000);

        require(row, "CLT", "CLT-LANA");
        add_miss(row, "certification", NULL);
    }
    add_miss(add_row("Goodtown", 0, 25000), "licence", NULL);
    work_out();
    assert_int_equal(help_count, 2);
    expect_help(0, 17, "a certification CLT or CLT-LANA", "Goodtown", 24);
    expect_help(1, 1, "a licence in US-KY", "Goodtown", 0);
    assert_int_equal(helps[0].oldest, 1);
}

static void who_would_not_go_so_far_is_not_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        add_miss(add_row("A", 0, 10000), "licence", NULL);
    add_miss(add_row("B", 9, 10000), "licence", NULL);
    add_miss(add_row("C", 25, 10000), "licence", NULL);
    work_out();
    expect_help(0, 4, "a licence in US-KY", "A", 9);
    expect_help(1, 1, "a licence in US-KY", "C", 0);
}

static void each_referral_counts_once(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        Fascia__WaitingRow *row = add_row("A", 0, 10000);

        add_miss(row, "licence", NULL);
        add_miss(row, "capacity", NULL);
        if (i >= 3)
            row->priority = FASCIA__PRIORITY__PRIORITY_URGENT;
    }
    add_miss(add_row("A", 0, 10000), "capacity", NULL);
    work_out();
    assert_int_equal(help_count, 1);
    expect_help(0, 6, "t1 to have room for another case", "", 0);
    assert_int_equal(helps[0].urgent, 2);
}

static void pairs_stand_in_only_where_no_gate_alone_helps(void **state)
{
    Fascia__WaitingRow *one = add_row("A", 0, 10000), *other = add_row("B", 500, 10000),
                       *none = add_row("C", 900, 10000);

    (void)state;
    (void)none;
    add_miss(one, "licence", NULL);
    add_miss(one, "licence", "time");
    add_miss(other, "licence", "time");
    work_out();
    assert_int_equal(help_count, 3);
    expect_help(1, 1, "a licence in US-KY, and 60 free minutes with somebody for US-KY", "B", 0);
    for (size_t i = 0; i < help_count; i++)
        if (strcmp(helps[i].place, "C") == 0)
            assert_string_equal(helps[i].what, "anybody who comes near to passing");
}

static void without_a_place_the_jurisdiction_holds_them_together(void **state)
{
    (void)state;
    add_miss(add_row(NULL, 0, 10000), "licence", NULL);
    add_miss(add_row(NULL, 0, 10000), "licence", NULL);
    add_miss(add_row("A", 0, 10000), "licence", NULL);
    work_out();
    expect_help(0, 2, "a licence in US-KY", "US-KY", 0);
    assert_false(helps[0].placed);
    expect_help(1, 1, "a licence in US-KY", "A", 0);
}

static void expect_gap(Fascia__WaitingRow *row, const char *gate, const char *expected)
{
    Fascia__NearMiss miss = FASCIA__NEAR_MISS__INIT;
    char *gates[] = {(char *)gate}, *text;

    miss.gates = gates;
    miss.n_gates = 1;
    miss.nearest = "t9";
    text = waitlist_gap(row->need, &miss, INT64_C(20784) * 86400000); /* 2026-11-27 */
    assert_string_equal(text, expected);
    free(text);
}

static void gaps_are_said_as_what_somebody_could_have(void **state)
{
    Fascia__WaitingRow *row = add_row("A", 0, 10000);
    Fascia__Need *need = row->need;

    (void)state;
    message_push_text(&need->conditions, &need->n_conditions, "back-pain");
    message_push_text(&need->techniques_required, &need->n_techniques_required, "sports");
    message_push_text(&need->techniques_suitable, &need->n_techniques_suitable, "deep-tissue");
    message_push_text(&need->techniques_suitable, &need->n_techniques_suitable, "scar-tissue");
    message_push_text(&need->payers, &need->n_payers, "HUMANA");
    message_push_text(&need->languages, &need->n_languages, "fi");
    require(row, "CLT", "CLT-LANA");
    require(row, "PRENATAL", "NMT");
    need->therapist_gender = FASCIA__GENDER__GENDER_FEMALE;
    need->visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_HOME;
    expect_gap(row, "certification", "a certification CLT or CLT-LANA and PRENATAL or NMT");
    expect_gap(row, "technique", "somebody who offers sports and one of deep-tissue or scar-tissue");
    expect_gap(row, "condition", "somebody who treats back-pain");
    expect_gap(row, "payer", "somebody who accepts the payer HUMANA");
    expect_gap(row, "language", "somebody who speaks fi");
    expect_gap(row, "gender", "a female therapist");
    expect_gap(row, "mode", "somebody who visits at home");
    expect_gap(row, "distance",
               "somebody for US-KY who visits at home, treats back-pain, offers sports and one of deep-tissue or "
               "scar-tissue, is certified CLT or CLT-LANA, is certified PRENATAL or NMT, accepts the payer HUMANA, "
               "speaks fi, is "
               "female");
    expect_gap(row, "something-new", "something-new");
}

static void gaps_of_one_therapist_name_them(void **state)
{
    Fascia__WaitingRow *row = add_row("A", 0, 10000);

    (void)state;
    message_set(&row->need->therapist, "t4");
    expect_gap(row, "named", "leave to ask another than t4, who was named");
    expect_gap(row, "accepting", "t9 to accept patients again");
    expect_gap(row, "declined", "t9, who declined or let the offer expire, to think again");
    expect_gap(row, "capacity", "t9 to have room for another case");
}

static void what_cautions_leave_is_said(void **state)
{
    Fascia__WaitingRow *row = add_row("A", 0, 10000);
    Fascia__Need *need = row->need;

    (void)state;
    message_push_text(&need->techniques_avoided, &need->n_techniques_avoided, "deep-tissue");
    expect_gap(row, "caution", "somebody who offers more than deep-tissue");
    message_push_text(&need->techniques_suitable, &need->n_techniques_suitable, "deep-tissue");
    expect_gap(row, "caution", "another technique to be asked for: a caution rules out deep-tissue");
    message_push_text(&need->techniques_suitable, &need->n_techniques_suitable, "scar-tissue");
    message_push_text(&need->techniques_suitable, &need->n_techniques_suitable, "sports");
    expect_gap(row, "caution", "somebody who offers scar-tissue or sports");
}

static void add_window(Fascia__WaitingRow *row, uint32_t weekdays, uint32_t from, uint32_t to)
{
    Fascia__Window *window = made(&fascia__window__descriptor);

    window->weekdays = weekdays;
    window->from_minute = from;
    window->to_minute = to;
    message_push(&row->need->windows, &row->need->n_windows, window);
}

static void time_is_said_with_its_windows_and_dates(void **state)
{
    Fascia__WaitingRow *row = add_row("A", 0, 10000);

    (void)state;
    message_set(&row->need->time_zone, "America/New_York");
    message_set(&row->need->not_before, "2026-11-20"); /* past: it bounds nothing */
    expect_gap(row, "time", "60 free minutes with somebody for US-KY");
    add_window(row, 0x05, 540, 720);
    add_window(row, 0, 1080, 1200);
    message_set(&row->need->not_after, "2026-12-20");
    expect_gap(row, "time",
               "60 free minutes on Mon,Wed 09:00-12:00; 18:00-20:00 (America/New_York) by 2026-12-20 with somebody for "
               "US-KY");
    message_set(&row->need->not_before, "2026-12-01");
    expect_gap(row, "time",
               "60 free minutes on Mon,Wed 09:00-12:00; 18:00-20:00 (America/New_York) from 2026-12-01 by 2026-12-20 "
               "with somebody for US-KY");
}

/* Each gate with two needs that no single deed closes. */
static void different_needs_are_different_groups(void **state)
{
    static const char *const gates[] = {"named", "distance", "declined", "capacity", "accepting", "caution", "time"};

    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
        for (int which = 0; which < 4; which++) {
            Fascia__WaitingRow *row = add_row("A", 0, 10000);
            Fascia__Need *need = row->need;

            add_miss(row, gates[i], NULL);
            message_set(&need->therapist, which % 2 == 0 ? "n1" : "n2");
            message_set(&row->near_misses[0]->nearest, which % 2 == 0 ? "t1" : "t2");
            message_push_text(&need->techniques_suitable, &need->n_techniques_suitable,
                              which % 2 == 0 ? "sports" : "scar-tissue");
            add_window(row, which % 2 == 0 ? 1 : 2, 540, 720);
        }
        work_out();
        assert_int_equal(help_count, 2);
        assert_int_equal(helps[0].referrals, 2);
        assert_int_equal(helps[1].referrals, 2);
        clean(state);
    }
}

static void what_can_be_added_goes_before_asking_to_go_farther(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        Fascia__WaitingRow *row = add_row("A", 0, 10000);

        add_miss(row, "distance", NULL);
        if (i > 0)
            add_miss(row, "licence", NULL);
    }
    add_miss(add_row("A", 0, 10000), "named", "time");
    add_miss(rows[3], "licence", "payer");
    work_out();
    assert_int_equal(help_count, 3);
    expect_help(0, 2, "a licence in US-KY", "A", 0);
    for (size_t i = 1; i < 3; i++)
        assert_true(strcmp(helps[i].what, "somebody for US-KY") == 0 ||
                    strcmp(helps[i].what, "a licence in US-KY, and somebody who accepts the payer ") == 0);
}

static void one_therapists_deed_helps_wherever_patients_are(void **state)
{
    (void)state;
    add_miss(add_row("A", 0, 10000), "capacity", NULL);
    add_miss(add_row("B", 18, 10000), "capacity", NULL);
    add_miss(add_row(NULL, 0, 10000), "capacity", NULL);
    work_out();
    assert_int_equal(help_count, 1);
    expect_help(0, 3, "t1 to have room for another case", "", 0);
    assert_false(helps[0].placed);
}

static void nobody_waits(void **state)
{
    (void)state;
    work_out();
    assert_int_equal(help_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(seventeen_wait_for_a_certification_around_goodtown, clean),
        cmocka_unit_test_teardown(who_would_not_go_so_far_is_not_counted, clean),
        cmocka_unit_test_teardown(each_referral_counts_once, clean),
        cmocka_unit_test_teardown(pairs_stand_in_only_where_no_gate_alone_helps, clean),
        cmocka_unit_test_teardown(without_a_place_the_jurisdiction_holds_them_together, clean),
        cmocka_unit_test_teardown(gaps_are_said_as_what_somebody_could_have, clean),
        cmocka_unit_test_teardown(gaps_of_one_therapist_name_them, clean),
        cmocka_unit_test_teardown(what_cautions_leave_is_said, clean),
        cmocka_unit_test_teardown(time_is_said_with_its_windows_and_dates, clean),
        cmocka_unit_test_teardown(different_needs_are_different_groups, clean),
        cmocka_unit_test_teardown(what_can_be_added_goes_before_asking_to_go_farther, clean),
        cmocka_unit_test_teardown(one_therapists_deed_helps_wherever_patients_are, clean),
        cmocka_unit_test_teardown(nobody_waits, clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
