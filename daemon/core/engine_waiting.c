#include "core/engine_state.h"
#include "core/memory.h"

#include <stdlib.h>

#define CHECKS_MOST   32   /* in one piece of work */
#define SWEEP_STEP_MS 1000 /* so often ... */
#define SWEEP_LEAST   32   /* ... at least so many are tried, */
#define SWEEP_STEPS   900  /* and as many as end the sweep in so many steps */

void engine_waiting_init(struct engine *engine)
{
    engine->list.needs = match_waiting_create(engine->codes);
}

void engine_waiting_finish(struct engine *engine)
{
    struct engine_waiting *list = &engine->list;

    for (size_t i = 0; i < CLASSES; i++) {
        order_finish(&list->asleep[i]);
        order_finish(&list->woken[i]);
    }
    free(list->news.changes);
    free(list->rests.changes);
    match_waiting_found_finish(&list->found);
    match_waiting_destroy(list->needs);
}

/* ---- queues of changes ---- */

static void queue_add(struct change_queue *queue, struct change change)
{
    if (queue->count == queue->room) {
        size_t room = queue->room == 0 ? 16 : queue->room * 2;
        struct change *changes = memory_allocate(room, sizeof *changes);

        for (size_t i = 0; i < queue->count; i++)
            changes[i] = queue->changes[(queue->first + i) % queue->room];
        free(queue->changes);
        *queue = (struct change_queue){changes, 0, queue->count, room};
    }
    queue->changes[(queue->first + queue->count++) % queue->room] = change;
}

static struct change queue_take(struct change_queue *queue)
{
    const struct change change = queue->changes[queue->first];

    queue->first = (queue->first + 1) % queue->room;
    queue->count--;
    return change;
}

static void queue_forget(struct change_queue *queue, const struct therapist *therapist)
{
    for (size_t i = 0; i < queue->count; i++) {
        struct change *change = &queue->changes[(queue->first + i) % queue->room];

        if (change->therapist == therapist)
            change->therapist = NULL;
    }
}

/* Several changes of one therapist that were not looked at yet count as one. Who begins to wait later was matched with the therapist as they are
 * now. */
void engine_note_change(struct engine *engine, struct therapist *therapist)
{
    struct engine_waiting *list = &engine->list;

    if (!therapist->present || therapist->change == CHANGE_NEW || match_waiting_count(list->needs) == 0)
        return;
    if (therapist->change == CHANGE_PART)
        queue_forget(&list->news, therapist);
    if (therapist->change == CHANGE_REST)
        queue_forget(&list->rests, therapist);
    therapist->change = CHANGE_NEW;
    queue_add(&list->news, (struct change){therapist, 0});
}

void engine_note_sweep(struct engine *engine)
{
    engine->list.sweep++;
}

/* ---- who waits ---- */

bool engine_waits_for_person(const struct engine *engine, const struct referral *referral)
{
    return referral->open->offers_fresh >= engine->settings.maximum_offers;
}

static bool may_be_woken(const struct engine *engine, const struct referral *referral)
{
    return referral->state == FASCIA__STATE__STATE_WAITLISTED && !engine_waits_for_person(engine, referral);
}

static void forget_need(struct engine *engine, struct referral_open *open)
{
    if (open->waiting != 0)
        match_waiting_remove(engine->list.needs, open->waiting - 1);
    open->waiting = 0;
    open->woken = false;
}

/* The need of one that waits does not change but by a move to another state. */
static void know_need(struct engine *engine, struct referral *referral)
{
    const uint64_t key = match_waiting_key(engine_class_of(referral), referral->number);
    const struct zone *zone;
    Fascia__Need *need;

    if (referral->open->waiting != 0 || engine->loading)
        return;
    need = engine_need_of(referral);
    zone = engine->zones.find(engine->zones.context, need->time_zone);
    referral->open->waiting =
        match_waiting_add(engine->list.needs, key, need, zone != NULL ? zone : zone_utc(), engine->now) + 1;
    fascia__need__free_unpacked(need, NULL);
}

void engine_waiting_enter(struct engine *engine, struct referral *referral)
{
    const unsigned class = engine_class_of(referral);

    if (may_be_woken(engine, referral))
        know_need(engine, referral);
    else
        forget_need(engine, referral->open);
    if (referral->state != FASCIA__STATE__STATE_WAITLISTED)
        return;
    /* One that waits for a person is looked at in each sweep all the same: its last date passes too. */
    if (referral->open->woken)
        order_add(&engine->list.woken[class], referral, 0);
    else
        order_add(&engine->list.asleep[class], referral, referral->open->swept);
}

void engine_waiting_leave(struct engine *engine, struct referral *referral)
{
    forget_need(engine, referral->open);
}

void engine_waiting_loaded(struct engine *engine)
{
    for (struct referral *referral = engine->open_first; referral != NULL; referral = referral->open->open_after)
        if (may_be_woken(engine, referral))
            know_need(engine, referral);
    engine_note_sweep(engine);
}

static void move_to(struct engine *engine, struct referral *referral, bool woken)
{
    order_leave(referral);
    referral->open->woken = woken;
    engine_waiting_enter(engine, referral);
}

void engine_waiting_tried(struct engine *engine, struct referral *referral)
{
    referral->open->swept = engine->list.sweep;
    move_to(engine, referral, false);
}

/* ---- waking ---- */

static uint32_t room_of(const struct therapist *therapist, const Fascia__Therapist *content)
{
    const uint32_t cases = therapist->offered + therapist->accepted;

    return content->not_accepting || cases >= content->capacity ? 0 : content->capacity - cases;
}

static bool is_helped(const struct engine *engine, const struct referral *referral, const struct therapist *therapist)
{
    struct question question;
    bool helped;

    engine_question_begin(engine, referral, NULL, engine->now + NOTICE_MS, &question);
    helped = match_earliest(engine->index, &question.query, therapist->number) != INT64_MAX;
    engine_question_end(&question);
    return helped;
}

static void go_on_with(struct change_queue *queue, struct change change, enum therapist_change as)
{
    change.therapist->change = (uint8_t)as;
    queue_add(queue, change);
}

/* Of those who were found, in their order, as many as there is room for. One that is awake already takes none of it: others may be its cause. */
static void wake(struct engine *engine, struct change change, uint32_t room)
{
    struct engine_waiting *list = &engine->list;
    unsigned checks = 0;

    while (room > 0 && checks < CHECKS_MOST && match_waiting_next(&list->found, &change.after)) {
        struct referral *referral = engine_find_referral(engine, match_waiting_number(change.after));

        if (referral->open->woken)
            continue;
        checks++;
        if (!is_helped(engine, referral, change.therapist))
            continue;
        move_to(engine, referral, true);
        room--;
    }
    if (list->found.count == 0)
        return;
    if (room > 0)
        go_on_with(&list->news, change, CHANGE_PART);
    else
        go_on_with(&list->rests, change, CHANGE_REST);
}

bool engine_wake_some(struct engine *engine)
{
    struct engine_waiting *list = &engine->list;
    Fascia__Therapist *content;
    struct change change;
    uint32_t room, hours = 0;

    if (list->news.count == 0)
        return false;
    change = queue_take(&list->news);
    if (change.therapist == NULL)
        return true;
    change.therapist->change = CHANGE_NONE;
    content = directory_content(change.therapist);
    room = content == NULL ? 0 : room_of(change.therapist, content);
    if (room > 0 && match_waiting_count(list->needs) > 0)
        hours = match_hours_of(change.therapist->calendar, engine->now + NOTICE_MS);
    if (hours != 0) {
        match_waiting_ask(list->needs, content, hours, change.after, &list->found);
        wake(engine, change, room);
    }
    if (content != NULL)
        fascia__therapist__free_unpacked(content, NULL);
    return true;
}

bool engine_resume_changes(struct engine *engine)
{
    struct engine_waiting *list = &engine->list;

    if (list->rests.count == 0)
        return false;
    while (list->rests.count > 0) {
        const struct change change = queue_take(&list->rests);

        if (change.therapist == NULL)
            continue;
        go_on_with(&list->news, change, CHANGE_PART);
    }
    return true;
}

/* ---- sweeping ---- */

size_t engine_waiting_count(const struct engine *engine)
{
    size_t count = 0;

    for (unsigned class = 0; class < CLASSES; class ++)
        count += engine->list.asleep[class].count + engine->list.woken[class].count;
    return count;
}

static struct referral *next_due(const struct engine *engine)
{
    for (unsigned class = 0; class < CLASSES; class ++) {
        struct referral *referral = order_first(&engine->list.asleep[class]);

        if (referral != NULL && referral->open->swept != engine->list.sweep)
            return referral;
    }
    return NULL;
}

struct referral *engine_sweep_next(struct engine *engine)
{
    struct engine_waiting *list = &engine->list;
    struct referral *referral = next_due(engine);

    if (referral == NULL)
        return NULL;
    if (list->sweep_left == 0) {
        const size_t share = engine_waiting_count(engine) / SWEEP_STEPS;

        if (engine->now < list->sweep_at)
            return NULL;
        list->sweep_at = engine->now + SWEEP_STEP_MS;
        list->sweep_left = share > SWEEP_LEAST ? (uint32_t)share : SWEEP_LEAST;
    }
    list->sweep_left--;
    return referral;
}

int64_t engine_waiting_deadline(const struct engine *engine)
{
    const struct engine_waiting *list = &engine->list;
    const int64_t day = engine_waiting_count(engine) > 0 ? directory_next_day(engine->directory) : INT64_MAX;

    if (list->news.count > 0 || list->rests.count > 0)
        return 0;
    for (unsigned class = 0; class < CLASSES; class ++)
        if (list->woken[class].count > 0)
            return 0;
    if (next_due(engine) == NULL)
        return day;
    return list->sweep_left > 0 ? 0 : list->sweep_at < day ? list->sweep_at : day;
}
