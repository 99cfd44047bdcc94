/*
 * Looking at referrals: lists of them, one of them, and what is offered.
 *
 * A list is walked along the shortest way there is: the numbers asked for, the list of a sender or of a therapist, the open ones, or all. The walk has a
 * bound, for everything else waits meanwhile: where it ends early the page says where to go on.
 */
#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

#define IDS_MOST  1000
#define LOOKED_AT 250000 /* of a page, and of a total */

/* The list of an owned need goes over into a row. */
static void take_lists(Fascia__Need *need, char ***conditions, size_t *condition_count, char ***techniques,
                       size_t *technique_count)
{
    bool named = need->n_techniques_required > 0;

    *conditions = need->conditions;
    *condition_count = need->n_conditions;
    need->conditions = NULL;
    need->n_conditions = 0;
    *techniques = named ? need->techniques_required : need->techniques_suitable;
    *technique_count = named ? need->n_techniques_required : need->n_techniques_suitable;
    if (named) {
        need->techniques_required = NULL;
        need->n_techniques_required = 0;
    } else {
        need->techniques_suitable = NULL;
        need->n_techniques_suitable = 0;
    }
}

/* ---- which are wanted ---- */

struct filter {
    const Fascia__ListReferrals *query;
    const Fascia__Reach *reach;
    uint32_t states, priorities; /* bits */
    const struct sender *sender; /* NULL: any */
    const struct therapist *therapist;
    uint64_t ids[IDS_MOST]; /* sorted */
    size_t id_count;
    bool nobody; /* a sender, or a therapist, whom nothing names */
};

static uint32_t open_states(void)
{
    uint32_t states = 0;

    for (unsigned state = 0; state < STATES; state++)
        if (lifecycle_words((Fascia__State)state)->open)
            states |= UINT32_C(1) << state;
    return states;
}

static uint32_t wanted_states(const Fascia__ListReferrals *query)
{
    uint32_t states = 0;

    if (query->n_states == 0)
        return query->all_states ? UINT32_MAX : open_states();
    for (size_t i = 0; i < query->n_states; i++)
        if (query->states[i] > 0 && (unsigned)query->states[i] < STATES)
            states |= UINT32_C(1) << query->states[i];
    return states;
}

static unsigned priority_of(uint32_t priority)
{
    return priority < FASCIA__PRIORITY__PRIORITY_URGENT ? FASCIA__PRIORITY__PRIORITY_ROUTINE : priority;
}

static uint32_t wanted_priorities(const Fascia__ListReferrals *query)
{
    uint32_t priorities = 0;

    for (size_t i = 0; i < query->n_priorities; i++)
        if ((uint32_t)query->priorities[i] < 32)
            priorities |= UINT32_C(1) << priority_of((uint32_t)query->priorities[i]);
    return query->n_priorities == 0 ? UINT32_MAX : priorities;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

    return (one > other) - (one < other);
}

static void take_ids(struct filter *filter, const Fascia__ListReferrals *query)
{
    size_t kept = 0;

    filter->id_count = query->n_ids;
    if (query->n_ids == 0)
        return;
    memcpy(filter->ids, query->ids, query->n_ids * sizeof *filter->ids);
    qsort(filter->ids, filter->id_count, sizeof *filter->ids, by_number);
    for (size_t i = 0; i < filter->id_count; i++)
        if (i == 0 || filter->ids[i] != filter->ids[i - 1])
            filter->ids[kept++] = filter->ids[i];
    filter->id_count = kept;
}

static void filter_begin(struct filter *filter, const struct engine *engine, const Fascia__ListReferrals *query,
                         const Fascia__Reach *reach)
{
    filter->query = query;
    filter->reach = reach;
    filter->states = wanted_states(query);
    filter->priorities = wanted_priorities(query);
    filter->sender = NULL;
    filter->therapist = NULL;
    take_ids(filter, query);
    if (*query->sender != '\0')
        filter->sender = senders_find(&engine->senders, query->sender);
    if (*query->therapist != '\0')
        filter->therapist = directory_find(engine->directory, query->therapist);
    filter->nobody =
        (*query->sender != '\0' && filter->sender == NULL) || (*query->therapist != '\0' && filter->therapist == NULL);
}

static bool is_between(int64_t at, int64_t since, int64_t until)
{
    return (since == 0 || at >= since) && (until == 0 || at < until);
}

static bool is_wanted(const struct engine *engine, const struct referral *referral, const struct filter *filter)
{
    const Fascia__ListReferrals *query = filter->query;

    if ((filter->states >> referral->state & 1) == 0 ||
        (filter->priorities >> priority_of(referral->priority) & 1) == 0)
        return false;
    if ((filter->sender != NULL && referral->sender != filter->sender) ||
        (filter->therapist != NULL && referral->therapist != filter->therapist))
        return false;
    return is_between(referral->changed, query->changed_since, query->changed_until) &&
           is_between(referral->opened, query->opened_since, query->opened_until) &&
           engine_reaches(engine, referral, filter->reach) &&
           (filter->therapist == NULL || !engine_hides_offer(engine, referral, filter->reach));
}

/* ---- the walk ---- */

struct walk {
    const struct engine *engine;
    const uint64_t *ids; /* NULL: it goes another way, the first of these that is given */
    size_t id_count;
    const struct listing *lists[2]; /* both together */
    size_t list_count;
    bool open;   /* the open ones; else all */
    bool nobody; /* there is nothing on the way */
    bool descending;
    uint64_t at;                     /* number: what comes next is behind it */
    const struct referral *open_one; /* of this number, while it is known */
};

static const struct referral *next_of_ids(struct walk *walk)
{
    const struct referral *found = NULL;

    while (walk->id_count > 0 && found == NULL) {
        const uint64_t number = walk->descending ? walk->ids[walk->id_count - 1] : *walk->ids++;

        walk->id_count--;
        if (walk->descending ? number < walk->at : number > walk->at)
            found = engine_find_referral(walk->engine, number);
    }
    return found;
}

/* Behind a number; NULL. */
static const struct referral *next_of_list(const struct listing *list, uint64_t number, bool descending)
{
    uint32_t place;

    if (descending) {
        place = listing_find(list, number);
        return place > 0 ? list->referrals[place - 1] : NULL;
    }
    place = number == UINT64_MAX ? list->count : listing_find(list, number + 1);
    return place < list->count ? list->referrals[place] : NULL;
}

static const struct referral *next_of_lists(const struct walk *walk)
{
    const struct referral *next = NULL;

    for (size_t i = 0; i < walk->list_count; i++) {
        const struct referral *one = next_of_list(walk->lists[i], walk->at, walk->descending);

        if (one != NULL &&
            (next == NULL || (walk->descending ? one->number > next->number : one->number < next->number)))
            next = one;
    }
    return next;
}

static const struct referral *next_of_all(const struct walk *walk, bool open)
{
    const struct engine *engine = walk->engine;
    uint64_t number = walk->at;

    if (walk->descending && number > engine->referral_room)
        number = engine->referral_room;
    while (walk->descending ? number-- > 1 : ++number < engine->referral_room) {
        const struct referral *referral = engine->referrals[number];

        if (referral != NULL && (!open || referral->open != NULL))
            return referral;
    }
    return NULL;
}

static const struct referral *next_of_open(const struct walk *walk)
{
    if (walk->open_one != NULL)
        return walk->descending ? walk->open_one->open->open_before : walk->open_one->open->open_after;
    if (walk->at == (walk->descending ? UINT64_MAX : 0))
        return walk->descending ? walk->engine->open_last : walk->engine->open_first;
    return next_of_all(walk, true);
}

static const struct referral *walk_next(struct walk *walk)
{
    const struct referral *next;

    if (walk->nobody)
        return NULL;
    if (walk->ids != NULL)
        next = next_of_ids(walk);
    else if (walk->list_count > 0)
        next = next_of_lists(walk);
    else
        next = walk->open ? next_of_open(walk) : next_of_all(walk, false);
    if (next == NULL)
        return NULL;
    walk->at = next->number;
    walk->open_one = walk->open ? next : NULL;
    return next;
}

static void walk_list(struct walk *walk, const struct listing *listing)
{
    walk->lists[walk->list_count++] = listing;
}

/* Along what is reached, when nothing narrower is asked for. */
static void walk_reach(struct walk *walk, const Fascia__Reach *reach)
{
    const struct sender *sender = *reach->sender == '\0' ? NULL : senders_find(&walk->engine->senders, reach->sender);
    const struct therapist *therapist =
        *reach->therapist == '\0' ? NULL : directory_find(walk->engine->directory, reach->therapist);

    if (sender != NULL)
        walk_list(walk, &sender->listing);
    if (therapist != NULL)
        walk_list(walk, &therapist->listing);
    walk->nobody = walk->nobody || walk->list_count == 0;
}

static void walk_begin(struct walk *walk, const struct engine *engine, const struct filter *filter, uint64_t after)
{
    const struct listing *sender = filter->sender != NULL ? &filter->sender->listing : NULL;
    const struct listing *therapist = filter->therapist != NULL ? &filter->therapist->listing : NULL;

    *walk = (struct walk){.engine = engine,
                          .nobody = filter->nobody,
                          .descending = filter->query->descending,
                          .at = after == 0 && filter->query->descending ? UINT64_MAX : after};
    if (filter->id_count > 0) {
        walk->ids = filter->ids;
        walk->id_count = filter->id_count;
    } else if (sender != NULL && (therapist == NULL || sender->count <= therapist->count)) {
        walk_list(walk, sender);
    } else if (therapist != NULL) {
        walk_list(walk, therapist);
    } else if (filter->reach != NULL) {
        walk_reach(walk, filter->reach);
    } else {
        walk->open = (filter->states & ~open_states()) == 0;
    }
}

/* ---- lists ---- */

static Fascia__ReferralRow *referral_view(const struct referral *referral, bool offer_is_hidden)
{
    Fascia__ReferralRow *row = memory_allocate(1, sizeof *row);
    Fascia__Need *need;

    fascia__referral_row__init(row);
    row->referral = referral->number;
    row->state = (Fascia__State)referral->state;
    row->priority = (Fascia__Priority)referral->priority;
    message_set(&row->source, referral->source);
    message_set(&row->sender, sender_name(referral->sender));
    if (referral->therapist != NULL && !offer_is_hidden)
        message_set(&row->therapist, referral->therapist->identifier);
    row->opened = referral->opened;
    row->changed = referral->changed;
    if (referral->open == NULL)
        return row;
    row->due = referral->open->due;
    row->offers = referral->open->offers;
    need = engine_need_of(referral);
    take_lists(need, &row->conditions, &row->n_conditions, &row->techniques, &row->n_techniques);
    fascia__need__free_unpacked(need, NULL);
    return row;
}

static void list_page(const struct engine *engine, const struct filter *filter, Fascia__ControlResponse *response)
{
    const uint32_t limit = engine_rows_of(filter->query->limit);
    const struct referral *referral;
    uint64_t before = 0;
    struct walk walk;

    walk_begin(&walk, engine, filter, filter->query->after);
    for (uint32_t looked_at = 0; (referral = walk_next(&walk)) != NULL; before = referral->number, looked_at++) {
        const bool wanted = is_wanted(engine, referral, filter);

        if (looked_at == LOOKED_AT || (wanted && response->n_referrals == limit)) {
            response->page->next = before;
            return;
        }
        if (wanted)
            message_push(&response->referrals, &response->n_referrals,
                         referral_view(referral, engine_hides_offer(engine, referral, filter->reach)));
    }
}

static void count_all(const struct engine *engine, const struct filter *filter, Fascia__ReferralPage *page)
{
    const struct referral *referral;
    struct walk walk;

    walk_begin(&walk, engine, filter, 0);
    for (uint32_t looked_at = 0; (referral = walk_next(&walk)) != NULL; looked_at++) {
        if (looked_at == LOOKED_AT) {
            page->total_is_least = true;
            return;
        }
        page->total += is_wanted(engine, referral, filter);
    }
}

Fascia__ControlResponse *engine_list_referrals(const struct engine *engine, const Fascia__ListReferrals *query,
                                               const Fascia__Reach *reach)
{
    Fascia__ControlResponse *response = engine_response_new();
    struct filter filter;

    if (query->n_ids > IDS_MOST) {
        message_set(&response->error, "a list is of at most 1000 numbers");
        return response;
    }
    filter_begin(&filter, engine, query, reach);
    response->page = memory_allocate(1, sizeof *response->page);
    fascia__referral_page__init(response->page);
    list_page(engine, &filter, response);
    if (query->total)
        count_all(engine, &filter, response->page);
    return response;
}

Fascia__ControlResponse *engine_show_referral(const struct engine *engine, uint64_t number, const Fascia__Reach *reach)
{
    const struct referral *referral = engine_find_referral(engine, number);
    Fascia__ControlResponse *response;
    Fascia__ReferralDetail *detail;

    if (referral == NULL || !engine_reaches(engine, referral, reach))
        return engine_response_no_referral(number);
    response = engine_response_new();
    detail = memory_allocate(1, sizeof *detail);
    fascia__referral_detail__init(detail);
    detail->row = referral_view(referral, engine_hides_offer(engine, referral, reach));
    detail->status = engine_status_of(engine, referral);
    detail->erased = referral->erased;
    if (referral->open != NULL)
        detail->need = engine_need_of(referral);
    response->detail = detail;
    return response;
}

/* ---- offers ---- */

static Fascia__OfferRow *offer_view(const struct referral *referral)
{
    const struct referral_open *open = referral->open;
    Fascia__OfferRow *row = memory_allocate(1, sizeof *row);
    Fascia__Therapist *content = directory_content(referral->therapist);
    Fascia__Need *need = engine_need_of(referral);

    fascia__offer_row__init(row);
    row->referral = referral->number;
    message_set(&row->therapist, referral->therapist->identifier);
    if (content != NULL) {
        message_set(&row->therapist_name, content->name);
        message_set(&row->time_zone, content->time_zone);
        fascia__therapist__free_unpacked(content, NULL);
    }
    row->hold_from = open->hold_from;
    row->hold_to = open->hold_to;
    row->expires = open->due;
    row->priority = (Fascia__Priority)referral->priority;
    row->score = open->score;
    take_lists(need, &row->conditions, &row->n_conditions, &row->techniques, &row->n_techniques);
    fascia__need__free_unpacked(need, NULL);
    return row;
}

Fascia__ControlResponse *engine_list_offers(const struct engine *engine, const Fascia__ListOffers *query,
                                            const Fascia__Reach *reach)
{
    Fascia__ControlResponse *response = engine_response_new();
    const uint32_t limit = engine_rows_of(query->limit);
    Fascia__State offered = FASCIA__STATE__STATE_OFFERED;
    Fascia__ListReferrals all = FASCIA__LIST_REFERRALS__INIT;
    const struct referral *referral;
    struct filter filter;
    struct walk walk;

    all.states = &offered;
    all.n_states = 1;
    all.therapist = query->therapist;
    filter_begin(&filter, engine, &all, reach);
    walk_begin(&walk, engine, &filter, 0);
    while (response->n_offers < limit && (referral = walk_next(&walk)) != NULL)
        if (is_wanted(engine, referral, &filter) && !engine_hides_offer(engine, referral, reach))
            message_push(&response->offers, &response->n_offers, offer_view(referral));
    return response;
}
