#include "io/queue.h"

#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <pthread.h>

enum { THREADS = 4, EACH = 20000 };

static void *item(uintptr_t number)
{
    return (void *)(number + 1);
}

static void a_full_queue_says_so_and_keeps_the_order(void **state)
{
    struct queue *queue = queue_create(3);
    void *items[8];

    (void)state;
    assert_true(queue_push(queue, item(0)));
    assert_true(queue_push(queue, item(1)));
    assert_int_equal(queue_take(queue, items, 1, 0), 1);
    assert_ptr_equal(items[0], item(0));
    assert_true(queue_push(queue, item(2)));
    assert_true(queue_push(queue, item(3))); /* wraps around */
    assert_false(queue_push(queue, item(4)));
    assert_int_equal(queue_length(queue), 3);
    assert_int_equal(queue_take(queue, items, 8, 0), 3);
    assert_ptr_equal(items[0], item(1));
    assert_ptr_equal(items[2], item(3));
    queue_destroy(queue);
}

static void taking_from_an_empty_queue_ends_when_the_time_is_up(void **state)
{
    struct queue *queue = queue_create(1);
    int64_t since = io_monotonic();
    void *items[1];

    (void)state;
    assert_int_equal(queue_take(queue, items, 1, 0), 0);
    assert_int_equal(queue_take(queue, items, 1, 60), 0);
    assert_in_range(io_monotonic() - since, 59, 2000);
    queue_destroy(queue);
}

static void a_closed_queue_takes_nothing_and_gives_what_is_left(void **state)
{
    struct queue *queue = queue_create(2);
    void *items[2];

    (void)state;
    assert_true(queue_push(queue, item(7)));
    assert_false(queue_is_closed(queue));
    queue_close(queue);
    assert_true(queue_is_closed(queue));
    assert_false(queue_push(queue, item(8)));
    assert_false(queue_push_wait(queue, item(8)));
    assert_int_equal(queue_take(queue, items, 2, -1), 1);
    assert_ptr_equal(items[0], item(7));
    assert_int_equal(queue_take(queue, items, 2, -1), 0);
    queue_destroy(queue);
}

static void *close_soon(void *context)
{
    void *items[1];

    queue_take(context, items, 0, 30); /* a pause: room 0 takes nothing */
    queue_close(context);
    return NULL;
}

static void closing_wakes_who_waits_for_an_item_and_who_waits_for_room(void **state)
{
    struct queue *empty = queue_create(1), *full = queue_create(1);
    pthread_t threads[2];
    void *items[1];

    (void)state;
    assert_true(queue_push(full, item(1)));
    pthread_create(&threads[0], NULL, close_soon, empty);
    assert_int_equal(queue_take(empty, items, 1, -1), 0);
    pthread_create(&threads[1], NULL, close_soon, full);
    assert_false(queue_push_wait(full, item(2)));
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    queue_destroy(empty);
    queue_destroy(full);
}

struct pusher {
    struct queue *queue;
    uintptr_t number;
    pthread_t thread;
};

static void *push_all(void *context)
{
    struct pusher *pusher = context;
    uintptr_t i;

    for (i = 0; i < EACH; i++) {
        if (!queue_push_wait(pusher->queue, item(pusher->number * EACH + i)))
            return NULL;
    }
    return pusher;
}

static void many_threads_push_and_nothing_is_lost_or_reordered(void **state)
{
    struct queue *queue = queue_create(64);
    struct pusher pushers[THREADS];
    uintptr_t next[THREADS] = {0}, value;
    size_t taken = 0, count, i;
    void *items[32], *result;

    (void)state;
    for (i = 0; i < THREADS; i++) {
        pushers[i] = (struct pusher){.queue = queue, .number = i};
        assert_int_equal(pthread_create(&pushers[i].thread, NULL, push_all, &pushers[i]), 0);
    }
    while (taken < (size_t)THREADS * EACH) {
        count = queue_take(queue, items, 32, 3000);
        assert_in_range(count, 1, 32);
        for (i = 0; i < count; i++) {
            value = (uintptr_t)items[i] - 1;
            assert_int_equal(value % EACH, next[value / EACH]);
            next[value / EACH]++;
        }
        taken += count;
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(pushers[i].thread, &result);
        assert_non_null(result);
    }
    assert_int_equal(queue_length(queue), 0);
    queue_destroy(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_queue_says_so_and_keeps_the_order),
        cmocka_unit_test(taking_from_an_empty_queue_ends_when_the_time_is_up),
        cmocka_unit_test(a_closed_queue_takes_nothing_and_gives_what_is_left),
        cmocka_unit_test(closing_wakes_who_waits_for_an_item_and_who_waits_for_room),
        cmocka_unit_test(many_threads_push_and_nothing_is_lost_or_reordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
