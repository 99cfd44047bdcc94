#include "core/engine_state.h"

static bool anybody_is_woken(const struct engine *engine)
{
    for (unsigned class = 0; class < CLASSES; class ++)
        if (engine->list.woken[class].count > 0)
            return true;
    return false;
}

/* All changes are looked at before anybody is tried, so that the most urgent and oldest of all whom they woke comes first; but for stat. */
static bool look_at_change(struct engine *engine)
{
    if (engine->pending[0].count > 0 || engine->list.woken[0].count > 0)
        return false;
    if (engine_wake_some(engine))
        return true;
    return !anybody_is_woken(engine) && engine_resume_changes(engine) && engine_wake_some(engine);
}

/* Two queues of one class, by age. */
static size_t merge(struct referral **due, struct referral *const *one, size_t one_count, struct referral *const *other,
                    size_t other_count, size_t most)
{
    size_t count = 0, a = 0, b = 0;

    while (count < most && (a < one_count || b < other_count)) {
        if (b == other_count || (a < one_count && one[a]->number < other[b]->number))
            due[count++] = one[a++];
        else
            due[count++] = other[b++];
    }
    return count;
}

/* What is pending, and who waits and was woken: the most urgent, and of those the oldest. */
static size_t list_due(const struct engine *engine, struct referral *due[ENGINE_BATCH])
{
    struct referral *pending[ENGINE_BATCH], *woken[ENGINE_BATCH];
    size_t count = 0;

    for (unsigned class = 0; class < CLASSES && count < ENGINE_BATCH; class ++) {
        const size_t pending_count = order_some(&engine->pending[class], pending, ENGINE_BATCH);
        const size_t woken_count = order_some(&engine->list.woken[class], woken, ENGINE_BATCH);

        count += merge(&due[count], pending, pending_count, woken, woken_count, ENGINE_BATCH - count);
    }
    return count;
}

static void do_one(struct engine *engine, struct referral *referral)
{
    if (referral->state == FASCIA__STATE__STATE_MATCHING)
        engine_match_referral(engine, referral);
    else
        engine_try_waiting(engine, referral);
}

static size_t do_pieces(struct engine *engine, size_t limit)
{
    struct referral *due[ENGINE_BATCH], *offer = order_first(&engine->offers);
    size_t count;

    if (offer != NULL && offer->open->due <= engine->now) {
        engine_expire_offer(engine, offer);
        return 1;
    }
    if (engine_judge_overdue(engine))
        return 1;
    if (!engine_may_ask(engine))
        return 0;
    if (look_at_change(engine))
        return 1;
    count = list_due(engine, due);
    if (count > 1 && engine->settings.policy_count == 0)
        return engine_place_batch(engine, due, count, limit);
    if (count == 0)
        due[0] = engine_sweep_next(engine);
    if (due[0] == NULL)
        return 0;
    do_one(engine, due[0]);
    return 1;
}

size_t engine_work(struct engine *engine, int64_t now, size_t limit, struct record_batch *batch)
{
    size_t done = 0, pieces;

    INVARIANT(!engine->loading);
    engine_let_time_pass(engine, now);
    engine->actor = "timer";
    engine->batch = batch;
    while (done < limit && (pieces = do_pieces(engine, limit - done)) > 0)
        done += pieces;
    engine->actor = NULL;
    engine->batch = NULL;
    return done;
}

int64_t engine_next_deadline(const struct engine *engine)
{
    const struct referral *offer = order_first(&engine->offers);
    int64_t due = offer != NULL ? offer->open->due : INT64_MAX;
    const int64_t waiting = engine_waiting_deadline(engine), judged = engine_judge_deadline(engine);

    if (judged < due)
        due = judged;
    if (!engine_may_ask(engine))
        return due;
    for (unsigned class = 0; class < CLASSES; class ++)
        if (engine->pending[class].count > 0)
            return 0;
    return waiting < due ? waiting : due;
}
