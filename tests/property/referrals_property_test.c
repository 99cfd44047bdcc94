/*
 * Lists of referrals against the rows that a store keeps: whatever is asked for, by whoever reaches whatever, in whatever order and pages, the pages together are
 * the rows that a walk over all of them finds, each once; and the total is their number.
 *
 * A failing seed is named; give it as the first argument to run it alone.
 */
#include "property/engine_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define SEEDS   25
#define STEPS   300
#define EVERY   10 /* steps */
#define QUERIES 12

static struct clinic clinic;
static uint64_t only_seed;

struct asking {
    struct life *life;
    uint64_t random;
    Fascia__ListReferrals query;
    Fascia__Reach reach;
    bool reaches_all;
    Fascia__State states[4];
    Fascia__Priority priorities[2];
    uint64_t ids[20];
    char therapist[8], own[8];
};

static uint64_t draw(struct asking *asking, uint64_t below)
{
    asking->random = asking->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (asking->random >> 33) % below;
}

/* ---- what is asked ---- */

static void draw_lists(struct asking *asking)
{
    Fascia__ListReferrals *query = &asking->query;

    query->n_states = draw(asking, 3) == 0 ? draw(asking, 4) + 1 : 0;
    for (size_t i = 0; i < query->n_states; i++)
        asking->states[i] = (Fascia__State)draw(asking, 17);
    query->n_priorities = draw(asking, 3) == 0 ? draw(asking, 2) + 1 : 0;
    for (size_t i = 0; i < query->n_priorities; i++)
        asking->priorities[i] = (Fascia__Priority)draw(asking, 4);
    query->n_ids = draw(asking, 5) == 0 ? draw(asking, 20) + 1 : 0;
    for (size_t i = 0; i < query->n_ids; i++)
        asking->ids[i] = draw(asking, asking->life->desk.shelf.last_referral + 3);
    query->states = asking->states;
    query->priorities = asking->priorities;
    query->ids = asking->ids;
}

static int64_t draw_instant(struct asking *asking)
{
    const int64_t since = asking->life->desk.now - CLINIC_NOW + 1;

    return draw(asking, 4) != 0 ? 0 : CLINIC_NOW + (int64_t)draw(asking, (uint64_t)since);
}

static const char *draw_sender(struct asking *asking)
{
    const uint64_t sender = draw(asking, LIFE_SENDERS + 1);

    return sender == LIFE_SENDERS ? "nobody" : life_senders[sender];
}

static void draw_query(struct asking *asking)
{
    Fascia__ListReferrals *query = &asking->query;

    fascia__list_referrals__init(query);
    fascia__reach__init(&asking->reach);
    draw_lists(asking);
    query->all_states = draw(asking, 2) == 0;
    query->descending = draw(asking, 2) == 0;
    query->total = true;
    query->changed_since = draw_instant(asking);
    query->changed_until = draw_instant(asking);
    query->opened_since = draw_instant(asking);
    query->opened_until = draw_instant(asking);
    snprintf(asking->therapist, sizeof asking->therapist, "t%u", (unsigned)draw(asking, LIFE_THERAPISTS + 1));
    snprintf(asking->own, sizeof asking->own, "t%u", (unsigned)draw(asking, LIFE_THERAPISTS + 1));
    if (draw(asking, 3) == 0)
        query->therapist = asking->therapist;
    if (draw(asking, 3) == 0)
        query->sender = (char *)draw_sender(asking);
    asking->reaches_all = draw(asking, 2) == 0;
    if (draw(asking, 3) > 0)
        asking->reach.sender = (char *)draw_sender(asking);
    if (draw(asking, 3) > 0)
        asking->reach.therapist = asking->own;
}

/* ---- which rows that is ---- */

static bool has_state(const struct asking *asking, const struct referral_row *row)
{
    if (asking->query.n_states == 0)
        return asking->query.all_states || row->open;
    for (size_t i = 0; i < asking->query.n_states; i++)
        if (asking->states[i] == (Fascia__State)row->state)
            return true;
    return false;
}

static bool has_priority(const struct asking *asking, const struct referral_row *row)
{
    for (size_t i = 0; i < asking->query.n_priorities; i++)
        if (asking->priorities[i] == (Fascia__Priority)row->priority ||
            (asking->priorities[i] < 2 && row->priority < 2))
            return true;
    return asking->query.n_priorities == 0;
}

static bool is_among(const struct asking *asking, uint64_t number)
{
    for (size_t i = 0; i < asking->query.n_ids; i++)
        if (asking->ids[i] == number)
            return true;
    return asking->query.n_ids == 0;
}

static bool is_of_therapist(const struct asking *asking, const struct referral_row *row)
{
    const uint32_t state = row->state;

    if (*asking->reach.therapist == '\0' || strcmp(asking->reach.therapist, row->therapist) != 0)
        return false;
    if (state == FASCIA__STATE__STATE_OFFERED)
        return row->due > asking->life->desk.now;
    return state >= FASCIA__STATE__STATE_ACCEPTED && state <= FASCIA__STATE__STATE_CLOSED;
}

static bool is_reached(const struct asking *asking, const struct referral_row *row)
{
    return asking->reaches_all || is_of_therapist(asking, row) ||
           (*asking->reach.sender != '\0' && strcmp(asking->reach.sender, row->sender) == 0);
}

/* To whom it is offered, its sender is not told. */
static bool is_with(const struct asking *asking, const struct referral_row *row)
{
    if (*asking->query.therapist == '\0')
        return true;
    if (strcmp(asking->query.therapist, row->therapist) != 0)
        return false;
    return asking->reaches_all || row->state != FASCIA__STATE__STATE_OFFERED || is_of_therapist(asking, row);
}

static bool is_between(int64_t at, int64_t since, int64_t until)
{
    return (since == 0 || since <= at) && (until == 0 || at < until);
}

static bool is_expected(const struct asking *asking, const struct referral_row *row)
{
    const Fascia__ListReferrals *query = &asking->query;

    return row->referral != 0 && has_state(asking, row) && has_priority(asking, row) &&
           is_among(asking, row->referral) && is_with(asking, row) && is_reached(asking, row) &&
           (*query->sender == '\0' || strcmp(query->sender, row->sender) == 0) &&
           is_between(row->changed, query->changed_since, query->changed_until) &&
           is_between(row->opened, query->opened_since, query->opened_until);
}

/* ---- and what the engine says ---- */

static void expect(const struct asking *asking, bool holds, const char *what)
{
    if (!holds)
        fail_msg("seed %llu: %s", (unsigned long long)asking->life->seed, what);
}

static void expect_row(const struct asking *asking, const Fascia__ReferralRow *found, const struct referral_row *row)
{
    expect(asking, found->referral == row->referral, "another referral is listed than is there");
    expect(asking, strcmp(found->sender, row->sender) == 0, "the sender is another");
    expect(asking, found->state == (Fascia__State)row->state, "the state is another");
}

/* The next row that is wanted behind this number; NULL. */
static const struct referral_row *next_expected(const struct asking *asking, uint64_t *at)
{
    const struct shelf *shelf = &asking->life->desk.shelf;
    const bool down = asking->query.descending;

    while (down ? *at > 1 : *at < shelf->last_referral) {
        *at += down ? (uint64_t)-1 : 1;
        if (is_expected(asking, &shelf->referrals[*at]))
            return &shelf->referrals[*at];
    }
    return NULL;
}

static size_t compare_pages(struct asking *asking)
{
    uint64_t at = asking->query.descending ? asking->life->desk.shelf.last_referral + 1 : 0;
    size_t count = 0, total = 0;

    do {
        Fascia__ControlResponse *response;

        asking->query.limit = (uint32_t)draw(asking, 7) + 1;
        response = engine_list_referrals(asking->life->desk.engine, &asking->query,
                                         asking->reaches_all ? NULL : &asking->reach);
        expect(asking, response->n_referrals <= asking->query.limit, "a page is longer than asked for");
        expect(asking, response->n_referrals > 0 || response->page->next == 0, "an empty page is followed by another");
        for (size_t i = 0; i < response->n_referrals; i++, count++) {
            const struct referral_row *row = next_expected(asking, &at);

            expect(asking, row != NULL, "more is listed than is there");
            if (row != NULL)
                expect_row(asking, response->referrals[i], row);
        }
        total = response->page->total;
        asking->query.after = response->page->next;
        fascia__control_response__free_unpacked(response, NULL);
    } while (asking->query.after != 0);
    expect(asking, next_expected(asking, &at) == NULL, "less is listed than is there");
    expect(asking, total == count, "the total is another");
    return count;
}

static size_t ask_some(struct life *life, uint64_t step)
{
    struct asking asking = {.life = life, .random = life->seed * 1000003 + step};
    size_t found = 0;

    life_work(life); /* and so the engine knows what time it is */
    for (int i = 0; i < QUERIES; i++) {
        draw_query(&asking);
        found += compare_pages(&asking);
    }
    return found;
}

static void pages_of_a_list_are_what_a_walk_over_all_finds(void **state)
{
    size_t found = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct life life;

        if (only_seed != 0 && seed != only_seed)
            continue;
        life_begin(&life, seed, &clinic);
        for (uint64_t i = 0; i < STEPS; i++) {
            life_step(&life);
            if (i % EVERY == 0)
                found += ask_some(&life, i);
        }
        life_end(&life);
    }
    print_message("%zu listed\n", found);
    if (only_seed == 0)
        assert_true(found > 1000);
}

static int begin(void **state)
{
    (void)state;
    clinic_begin(&clinic);
    return 0;
}

static int end(void **state)
{
    (void)state;
    clinic_end(&clinic);
    return 0;
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pages_of_a_list_are_what_a_walk_over_all_finds)};

    if (count > 1)
        only_seed = strtoull(arguments[1], NULL, 10);
    return cmocka_run_group_tests(tests, begin, end);
}
