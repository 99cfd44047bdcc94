/*
 * A queue of referrals by a number, ties by age: the smallest first. A referral stands in at most one at a time.
 *
 * A binary heap in which each referral knows its place, so that leaving early costs as little as coming. Which one is
 * first depends only on who is in it, never on how they came.
 */
#ifndef FASCIA_CORE_ORDER_H
#define FASCIA_CORE_ORDER_H

#include "core/referral.h"

struct order {
    struct referral **places;
    size_t count, room;
};

void order_finish(struct order *order);
/* The referral is open and stands in no order. */
void order_add(struct order *order, struct referral *referral, int64_t key);
/* Does nothing when it stands in none. */
void order_leave(struct referral *referral);
struct referral *order_first(const struct order *order);
/* The first ones, at most `most` (1..ORDER_SOME), in their order. How many. */
#define ORDER_SOME 128
size_t order_some(const struct order *order, struct referral **first, size_t most);

#endif
