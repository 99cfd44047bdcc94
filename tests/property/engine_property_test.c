/*
 * Random lives of a small node. Whatever is asked of it, in whatever order: what it leaves behind loads into an engine in
 * the same state, which then goes on in the same way; and none of the promises breaks.
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

#define SEEDS 60
#define STEPS 300

static struct clinic clinic;
static uint64_t only_seed;

static void live(uint64_t seed, struct life *life)
{
    life_begin(life, seed, &clinic);
    for (int i = 0; i < STEPS; i++)
        life_step(life);
    life_work(life);
    life_reload(life, true);
    for (uint64_t i = 1; i <= life->desk.shelf.last_referral; i++)
        life->closed += !life->desk.shelf.referrals[i].open;
    life_end(life);
}

static void random_lives_reload_to_the_same_and_keep_every_promise(void **state)
{
    size_t accepted = 0, resent = 0, reloaded = 0, closed = 0;
    struct life life;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        if (only_seed != 0 && seed != only_seed)
            continue;
        live(seed, &life);
        accepted += life.accepted;
        resent += life.resent;
        reloaded += life.reloaded;
        closed += life.closed;
    }
    print_message("%zu accepted, %zu resent, %zu reloaded, %zu closed\n", accepted, resent, reloaded, closed);
    if (only_seed == 0)
        assert_true(accepted > SEEDS && resent > SEEDS && reloaded > SEEDS && closed > SEEDS);
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

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_lives_reload_to_the_same_and_keep_every_promise)};

    if (count > 1)
        only_seed = strtoull(arguments[1], NULL, 10);
    return cmocka_run_group_tests(tests, begin, finish);
}
