#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { POSTS = 20000 };

struct scene {
    struct io_loop *loop;
    struct io_timer *timer, *other;
    pthread_t thread, loop_thread;
    int seen, expected, fired;
    int64_t since, after;
    bool in_order, accepted;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct fault fault;

    scene->loop = io_loop_create(&fault);
    assert_non_null(scene->loop);
    scene->in_order = true;
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    io_timer_destroy(scene->timer);
    io_timer_destroy(scene->other);
    io_loop_destroy(scene->loop);
    free(scene);
    return 0;
}

struct numbered {
    struct scene *scene;
    int number;
};

static void take_number(void *context)
{
    struct numbered *numbered = context;
    struct scene *scene = numbered->scene;

    if (numbered->number != scene->seen || !pthread_equal(pthread_self(), scene->loop_thread))
        scene->in_order = false;
    scene->seen++;
    free(numbered);
}

static void *post_and_stop(void *context)
{
    struct scene *scene = context;
    struct numbered *numbered;
    int i;

    scene->accepted = true;
    for (i = 0; i < POSTS; i++) {
        numbered = malloc(sizeof *numbered);
        *numbered = (struct numbered){.scene = scene, .number = i};
        if (!io_post(scene->loop, take_number, numbered)) {
            scene->accepted = false;
            free(numbered);
        }
    }
    io_stop(scene->loop);
    return NULL;
}

static void what_another_thread_posts_runs_on_the_loop_in_order_and_before_the_stop(void **state)
{
    struct scene *scene = *state;

    scene->loop_thread = pthread_self();
    assert_int_equal(pthread_create(&scene->thread, NULL, post_and_stop, scene), 0);
    io_loop_run(scene->loop);
    pthread_join(scene->thread, NULL);
    assert_true(scene->accepted);
    assert_true(scene->in_order);
    assert_int_equal(scene->seen, POSTS);
}

static void count_one(void *context)
{
    ((struct scene *)context)->seen++;
}

static void after_a_stop_posting_is_refused(void **state)
{
    struct scene *scene = *state;

    assert_true(io_post(scene->loop, count_one, scene));
    io_stop(scene->loop);
    assert_false(io_post(scene->loop, count_one, scene));
    io_loop_run(scene->loop);
    assert_int_equal(scene->seen, 1);
}

static void post_again(void *context)
{
    struct scene *scene = context;

    if (++scene->seen == 3)
        io_stop(scene->loop);
    else
        assert_true(io_post(scene->loop, post_again, scene));
}

static void what_is_posted_may_post(void **state)
{
    struct scene *scene = *state;

    assert_true(io_post(scene->loop, post_again, scene));
    io_loop_run(scene->loop);
    assert_int_equal(scene->seen, 3);
}

static void fire_and_stop(void *context)
{
    struct scene *scene = context;

    scene->after = io_monotonic() - scene->since;
    scene->fired++;
    io_stop(scene->loop);
}

static void a_timer_fires_once_and_never_early(void **state)
{
    struct scene *scene = *state;

    scene->timer = io_timer_create(scene->loop, fire_and_stop, scene);
    scene->since = io_monotonic();
    io_timer_set(scene->timer, 5);
    io_timer_set(scene->timer, 53); /* replaces */
    io_loop_run(scene->loop);
    assert_int_equal(scene->fired, 1);
    assert_in_range(scene->after, 53, 2000);
}

static void fire_often(void *context)
{
    struct scene *scene = context;

    if (io_monotonic() - scene->since < 3)
        scene->seen++; /* too early */
    if (++scene->fired == 60) {
        io_stop(scene->loop);
        return;
    }
    scene->since = io_monotonic();
    io_timer_set(scene->timer, 3);
}

static void short_timers_are_not_early_either(void **state)
{
    struct scene *scene = *state;

    scene->timer = io_timer_create(scene->loop, fire_often, scene);
    scene->since = io_monotonic();
    io_timer_set(scene->timer, 3);
    io_loop_run(scene->loop);
    assert_int_equal(scene->seen, 0);
}

static void stop_the_other(void *context)
{
    struct scene *scene = context;

    io_timer_set(scene->other, -1);
    io_timer_destroy(scene->timer); /* itself */
    scene->timer = io_timer_create(scene->loop, fire_and_stop, scene);
    io_timer_set(scene->timer, 40);
}

static void count_fire(void *context)
{
    ((struct scene *)context)->seen++;
}

static void a_timer_can_be_switched_off_and_can_destroy_itself(void **state)
{
    struct scene *scene = *state;

    scene->timer = io_timer_create(scene->loop, stop_the_other, scene);
    scene->other = io_timer_create(scene->loop, count_fire, scene);
    io_timer_set(scene->timer, 1);
    io_timer_set(scene->other, 20);
    io_loop_run(scene->loop);
    assert_int_equal(scene->seen, 0);
    assert_int_equal(scene->fired, 1);
}

static void *send_signal(void *context)
{
    (void)context;
    kill(getpid(), SIGUSR1);
    return NULL;
}

static void a_signal_arrives_on_the_loop(void **state)
{
    struct scene *scene = *state;
    struct fault fault;

    assert_true(io_on_signal(scene->loop, SIGUSR1, fire_and_stop, scene, &fault));
    assert_int_equal(pthread_create(&scene->thread, NULL, send_signal, NULL), 0);
    io_loop_run(scene->loop);
    pthread_join(scene->thread, NULL);
    assert_int_equal(scene->fired, 1);
}

static void a_number_that_is_no_signal_is_a_fault(void **state)
{
    struct scene *scene = *state;
    struct fault fault;

    assert_false(io_on_signal(scene->loop, 9999, fire_and_stop, scene, &fault));
    assert_string_equal(fault.text, "signal 9999 cannot be watched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_another_thread_posts_runs_on_the_loop_in_order_and_before_the_stop, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(after_a_stop_posting_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_posted_may_post, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_fires_once_and_never_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(short_timers_are_not_early_either, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_can_be_switched_off_and_can_destroy_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_arrives_on_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_number_that_is_no_signal_is_a_fault, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
