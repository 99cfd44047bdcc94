#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MOST    1000

static Fascia__ControlResponse *response_new(void)
{
    Fascia__ControlResponse *response = memory_allocate(1, sizeof *response);

    fascia__control_response__init(response);
    response->last = true;
    return response;
}

static uint32_t limit_of(uint32_t limit)
{
    if (limit == 0)
        return LIMIT_DEFAULT;
    return limit < LIMIT_MOST ? limit : LIMIT_MOST;
}

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

/* ---- referrals ---- */

static Fascia__ReferralRow *referral_view(const struct referral *referral)
{
    Fascia__ReferralRow *row = memory_allocate(1, sizeof *row);
    Fascia__Need *need;

    fascia__referral_row__init(row);
    row->referral = referral->number;
    row->state = (Fascia__State)referral->state;
    row->priority = (Fascia__Priority)referral->priority;
    message_set(&row->source, referral->source);
    if (referral->therapist != NULL)
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

static bool is_wanted(const struct referral *referral, const Fascia__ListReferrals *query)
{
    bool found = query->n_states == 0;

    if (query->n_states == 0 && referral->open == NULL)
        return false;
    for (size_t i = 0; i < query->n_states && !found; i++)
        found = query->states[i] == (Fascia__State)referral->state;
    if (!found)
        return false;
    return *query->therapist == '\0' ||
           (referral->therapist != NULL && strcmp(referral->therapist->identifier, query->therapist) == 0);
}

static bool only_open(const Fascia__ListReferrals *query)
{
    for (size_t i = 0; i < query->n_states; i++)
        if (!lifecycle_words(query->states[i])->open)
            return false;
    return true;
}

/* The next by number; of open ones by their list, once one of them is found. */
static const struct referral *next_referral(const struct engine *engine, const struct referral *at, uint64_t after,
                                            bool open)
{
    if (at != NULL && open)
        return at->open->open_after;
    if (at == NULL && open) {
        at = engine->open_first;
        while (at != NULL && at->number <= after)
            at = at->open->open_after;
        return at;
    }
    for (uint64_t number = (at != NULL ? at->number : after) + 1; number != 0 && number < engine->referral_room;
         number++)
        if (engine->referrals[number] != NULL)
            return engine->referrals[number];
    return NULL;
}

Fascia__ControlResponse *engine_list_referrals(const struct engine *engine, const Fascia__ListReferrals *query)
{
    Fascia__ControlResponse *response = response_new();
    uint32_t limit = limit_of(query->limit);
    bool open = only_open(query);
    const struct referral *referral = next_referral(engine, NULL, query->after, open);

    for (; referral != NULL && response->n_referrals < limit; referral = next_referral(engine, referral, 0, open))
        if (is_wanted(referral, query))
            message_push(&response->referrals, &response->n_referrals, referral_view(referral));
    return response;
}

Fascia__ControlResponse *engine_show_referral(const struct engine *engine, uint64_t number)
{
    Fascia__ControlResponse *response = response_new();
    const struct referral *referral = engine_find_referral(engine, number);
    Fascia__ReferralDetail *detail;

    if (referral == NULL) {
        message_set(&response->error, "there is no referral of this number");
        return response;
    }
    detail = memory_allocate(1, sizeof *detail);
    fascia__referral_detail__init(detail);
    detail->row = referral_view(referral);
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

Fascia__ControlResponse *engine_list_offers(const struct engine *engine, const Fascia__ListOffers *query)
{
    Fascia__ControlResponse *response = response_new();
    uint32_t limit = limit_of(query->limit);
    const struct referral *referral = engine->open_first;

    for (; referral != NULL && response->n_offers < limit; referral = referral->open->open_after) {
        if (referral->state != FASCIA__STATE__STATE_OFFERED)
            continue;
        if (*query->therapist == '\0' || strcmp(referral->therapist->identifier, query->therapist) == 0)
            message_push(&response->offers, &response->n_offers, offer_view(referral));
    }
    return response;
}

/* ---- therapists ---- */

static Fascia__TherapistRow *therapist_view(const struct engine *engine, const struct therapist *therapist)
{
    Fascia__TherapistRow *row = memory_allocate(1, sizeof *row);
    const struct calendar_search search = {.zone = therapist->zone,
                                           .not_before = engine->now,
                                           .not_after = INT64_MAX,
                                           .quarters = (engine->settings.default_duration + 14) / 15};
    int64_t first = calendar_first_free(therapist->calendar, &search);

    fascia__therapist_row__init(row);
    row->therapist = directory_content(therapist);
    row->open_cases = therapist->accepted;
    row->first_free = first == INT64_MAX ? 0 : first;
    return row;
}

Fascia__ControlResponse *engine_list_therapists(const struct engine *engine, const Fascia__ListTherapists *query)
{
    Fascia__ControlResponse *response = response_new();
    uint32_t limit = limit_of(query->limit);
    const struct therapist *therapist = directory_after(engine->directory, query->after);

    for (; therapist != NULL && response->n_therapists < limit;
         therapist = directory_after(engine->directory, therapist->identifier))
        message_push(&response->therapists, &response->n_therapists, therapist_view(engine, therapist));
    return response;
}

Fascia__ControlResponse *engine_show_therapist(const struct engine *engine, const char *identifier)
{
    Fascia__ControlResponse *response = response_new();
    const struct therapist *therapist = directory_find(engine->directory, identifier);

    if (therapist == NULL || !therapist->present)
        message_set(&response->error, "there is no therapist of this identifier");
    else
        message_push(&response->therapists, &response->n_therapists, therapist_view(engine, therapist));
    return response;
}
