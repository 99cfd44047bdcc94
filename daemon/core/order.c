#include "core/order.h"

#include "core/memory.h"

#include <stdlib.h>

void order_finish(struct order *order)
{
    free(order->places);
    *order = (struct order){0};
}

static bool is_before(const struct referral *a, const struct referral *b)
{
    if (a->open->order_key != b->open->order_key)
        return a->open->order_key < b->open->order_key;
    return a->number < b->number;
}

static void stand(struct order *order, size_t place, struct referral *referral)
{
    order->places[place] = referral;
    referral->open->order_place = place;
}

static void rise(struct order *order, size_t place, struct referral *referral)
{
    while (place > 0 && is_before(referral, order->places[(place - 1) / 2])) {
        stand(order, place, order->places[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    stand(order, place, referral);
}

static void sink(struct order *order, size_t place, struct referral *referral)
{
    for (;;) {
        size_t child = 2 * place + 1;

        if (child >= order->count)
            break;
        if (child + 1 < order->count && is_before(order->places[child + 1], order->places[child]))
            child++;
        if (!is_before(order->places[child], referral))
            break;
        stand(order, place, order->places[child]);
        place = child;
    }
    stand(order, place, referral);
}

void order_add(struct order *order, struct referral *referral, int64_t key)
{
    INVARIANT(referral->open->order == NULL);
    order->places = memory_grow(order->places, &order->room, order->count + 1, sizeof(struct referral *));
    referral->open->order = order;
    referral->open->order_key = key;
    rise(order, order->count++, referral);
}

void order_leave(struct referral *referral)
{
    struct order *order = referral->open->order;
    size_t place = referral->open->order_place;
    struct referral *last;

    if (order == NULL)
        return;
    INVARIANT(order->places[place] == referral);
    referral->open->order = NULL;
    last = order->places[--order->count];
    if (last == referral)
        return;
    if (place > 0 && is_before(last, order->places[(place - 1) / 2]))
        rise(order, place, last);
    else
        sink(order, place, last);
}

struct referral *order_first(const struct order *order)
{
    return order->count == 0 ? NULL : order->places[0];
}

/* Whoever comes next is a child of one that has come: the frontier grows by one with each. */
size_t order_some(const struct order *order, struct referral **first, size_t most)
{
    size_t frontier[ORDER_SOME + 1] = {0}, waiting = order->count > 0, count = 0;

    INVARIANT(most >= 1 && most <= ORDER_SOME);
    while (count < most && waiting > 0) {
        size_t next = 0, child;

        for (size_t i = 1; i < waiting; i++)
            if (is_before(order->places[frontier[i]], order->places[frontier[next]]))
                next = i;
        first[count++] = order->places[frontier[next]];
        child = 2 * frontier[next] + 1;
        frontier[next] = frontier[--waiting];
        if (child < order->count)
            frontier[waiting++] = child;
        if (child + 1 < order->count)
            frontier[waiting++] = child + 1;
    }
    return count;
}
