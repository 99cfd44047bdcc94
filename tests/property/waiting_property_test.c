/*
 * The index of who waits against asking everybody: over random worlds, a therapist finds exactly those whom every gate and the calendar allow, as the
 * oracle says. Then the index is told something else than the oracle, and the comparison must notice: it can fail.
 */
#include "match/waiting.h"
#include "property/match_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { WORLDS = 250, NEEDS = 40 };

#define FIRST_SEED 20261123
#include "property/match_tables.h"

struct list {
    struct world *world, *others[4];
    struct match_waiting *waiting;
    Fascia__Need needs[NEEDS];
    bool foreign[NEEDS]; /* it is somewhere else, where distances may round another way than the oracle's */
    uint32_t places[NEEDS];
    uint64_t keys[NEEDS];
};

/* ---- who waits ---- */

static void take_other_place(Fascia__Need *need, const Fascia__Need *other)
{
    need->position = other->position;
    need->position_known = other->position_known;
}

/* The need of the world with a few things of another's. */
static void mix(struct list *list, size_t i)
{
    const Fascia__Need *other = list->others[world_pick(list->world, 4)]->questions[0].need;
    Fascia__Need *need = &list->needs[i];
    const uint32_t what = world_pick(list->world, 512);

    *need = *list->world->questions[0].need;
    list->foreign[i] = (what & 7) == 1;
    if (list->foreign[i])
        take_other_place(need, other);
    if (what & 8) {
        need->payers = other->payers;
        need->n_payers = other->n_payers;
    }
    if (what & 16)
        need->max_distance = world_pick(list->world, 8) == 0 ? UINT32_MAX : other->max_distance * (1 + what % 25);
    if (what & 32)
        need->visit_mode = other->visit_mode;
    if ((what & 192) == 64) {
        need->conditions = other->conditions;
        need->n_conditions = other->n_conditions;
    }
    if ((what & 192) == 128)
        need->jurisdiction = other->jurisdiction;
    if (what & 256) {
        need->n_languages = 0;
        need->therapist = "";
    }
}

static uint64_t some_key(struct list *list, size_t i)
{
    return match_waiting_key(world_pick(list->world, 3), 1 + i);
}

static void add(struct list *list, size_t i, const Fascia__Need *need)
{
    list->keys[i] = some_key(list, i);
    list->places[i] = match_waiting_add(list->waiting, list->keys[i], need, list->world->questions[0].query.zone,
                                        list->world->questions[0].query.now);
}

/* Everybody comes; some leave and come back. */
static void fill(struct list *list, void (*lie)(Fascia__Need *need))
{
    for (size_t i = 0; i < NEEDS; i++) {
        Fascia__Need told;

        mix(list, i);
        told = list->needs[i];
        if (lie != NULL)
            lie(&told);
        add(list, i, &told);
        if (lie == NULL && world_pick(list->world, 3) == 0) {
            size_t other = world_pick(list->world, (uint32_t)i + 1);

            match_waiting_remove(list->waiting, list->places[other]);
            add(list, other, &list->needs[other]);
        }
    }
    assert_int_equal(match_waiting_count(list->waiting), NEEDS);
}

/* Of some, all time is taken but for a few hours. */
static void fill_calendar(struct list *list, struct calendar *calendar)
{
    const int64_t first = list->world->questions[0].query.now / HOUR_MS - 24,
                  gap = first + 24 + world_pick(list->world, 240);
    const int64_t length = 1 + world_pick(list->world, 6);

    for (int64_t hour = first; hour < first + 120 * 24; hour++)
        if (hour < gap || hour >= gap + length)
            (void)!calendar_take(calendar, hour * HOUR_MS, (hour + 1) * HOUR_MS, true);
}

static void fill_calendars(struct list *list)
{
    for (size_t i = 0; i < list->world->count; i++)
        if (world_pick(list->world, 3) == 0)
            fill_calendar(list, list->world->calendars[list->world->therapists[i].number]);
}

static void list_begin(struct list *list, uint64_t seed, void (*lie)(Fascia__Need *need))
{
    list->world = world_create(&tables, seed);
    for (size_t i = 0; i < 4; i++)
        list->others[i] = world_create(&tables, seed * 5 + i + 1);
    world_fill_restlessly(list->world);
    fill_calendars(list);
    list->waiting = match_waiting_create(tables.codes);
    fill(list, lie);
}

static void list_end(struct list *list)
{
    match_waiting_destroy(list->waiting);
    for (size_t i = 0; i < 4; i++)
        world_destroy(list->others[i]);
    world_destroy(list->world);
}

/* ---- whom a therapist may help ---- */

static bool is_helped(struct list *list, size_t need, const struct oracle_therapist *who)
{
    struct match_query query = list->world->questions[0].query;

    query.need = &list->needs[need];
    return match_earliest(list->world->index, &query, who->number) != INT64_MAX;
}

static bool is_helped_by_oracle(struct list *list, size_t need, const struct oracle_therapist *who)
{
    struct match_query query = list->world->questions[0].query;
    const struct oracle_question question = {&query, &list->world->questions[0].settings, tables.codes};
    struct oracle_answer answer;
    bool helped;

    query.need = &list->needs[need];
    oracle_answer(&question, who, 1, &answer);
    helped = answer.passed == 1;
    oracle_answer_finish(&answer);
    return helped;
}

/* Marks whom the index names; they come in order, each once. */
static void ask(struct list *list, const struct oracle_therapist *who, uint64_t after, bool named[NEEDS])
{
    struct match_waiting_found found = {0};
    uint64_t key, before = after;

    memset(named, 0, NEEDS * sizeof *named);
    match_waiting_ask(list->waiting, who->therapist, match_hours_of(who->calendar, list->world->questions[0].query.now),
                      after, &found);
    while (match_waiting_next(&found, &key)) {
        assert_true(key > before);
        before = key;
        assert_true(match_waiting_number(key) >= 1 && match_waiting_number(key) <= NEEDS);
        named[match_waiting_number(key) - 1] = true;
    }
    match_waiting_found_finish(&found);
}

struct tally {
    size_t helped, named, asked, missed;
};

static void compare(struct list *list, const struct oracle_therapist *who, struct tally *tally)
{
    const uint64_t after = world_pick(list->world, 4) == 0 ? list->keys[world_pick(list->world, NEEDS)] : 0;
    bool named[NEEDS];

    ask(list, who, after, named);
    for (size_t i = 0; i < NEEDS; i++) {
        const bool helped = is_helped(list, i, who);

        if (!list->foreign[i])
            assert_int_equal(helped, is_helped_by_oracle(list, i, who));
        tally->asked++;
        tally->named += named[i];
        tally->helped += helped;
        if (list->keys[i] <= after)
            assert_false(named[i]);
        else
            tally->missed += helped && !named[i];
    }
}

static void compare_worlds(uint64_t seeds, void (*lie)(Fascia__Need *need), struct tally *tally)
{
    struct list list;

    for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
        list_begin(&list, seed, lie);
        for (size_t i = 0; i < list.world->count; i++) {
            const size_t before = tally->missed;

            compare(&list, &list.world->therapists[i], tally);
            if (lie == NULL && tally->missed > before)
                fail_msg("FASCIA_SEED=%llu: therapist %zu would help one that the index does not name",
                         (unsigned long long)seed, i);
        }
        list_end(&list);
    }
}

static void a_therapist_finds_all_whom_they_can_help(void **state)
{
    struct tally tally = {0};

    (void)state;
    compare_worlds(WORLDS, NULL, &tally);
    print_message("%zu asked about, %zu named, %zu helped\n", tally.asked, tally.named, tally.helped);
    assert_true(tally.helped > 1000);
    assert_true(tally.named < tally.asked / 3);
}

static void say_nearer(Fascia__Need *need)
{
    need->max_distance /= 2;
}

static void say_other_payer(Fascia__Need *need)
{
    static char *payer[] = {"somebody else"};

    need->payers = payer;
    need->n_payers = 1;
}

static void say_one_condition_more(Fascia__Need *need)
{
    static char *conditions[] = {"condition-0"};

    need->conditions = conditions;
    need->n_conditions = 1;
}

static void an_index_that_was_told_something_else_is_found_out(void **state)
{
    static void (*const lies[])(Fascia__Need *) = {say_nearer, say_other_payer, say_one_condition_more};

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct tally tally = {0};

        compare_worlds(40, lies[i], &tally);
        assert_true(tally.missed > 0);
    }
}

static void who_left_is_not_named(void **state)
{
    struct list list;
    bool named[NEEDS];

    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + 40; seed++) {
        list_begin(&list, seed, NULL);
        for (size_t i = 0; i < NEEDS; i += 2)
            match_waiting_remove(list.waiting, list.places[i]);
        for (size_t i = 0; i < list.world->count; i++) {
            ask(&list, &list.world->therapists[i], 0, named);
            for (size_t j = 0; j < NEEDS; j += 2)
                assert_false(named[j]);
        }
        for (size_t i = 1; i < NEEDS; i += 2)
            match_waiting_remove(list.waiting, list.places[i]);
        assert_int_equal(match_waiting_count(list.waiting), 0);
        list_end(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_therapist_finds_all_whom_they_can_help),
                                       cmocka_unit_test(an_index_that_was_told_something_else_is_found_out),
                                       cmocka_unit_test(who_left_is_not_named)};

    return cmocka_run_group_tests(tests, open_tables, close_tables);
}
