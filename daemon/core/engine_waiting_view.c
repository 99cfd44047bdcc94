/* Who waits, for people: what is needed and roughly where, never who it is. */
#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>

static void hide_windows(Fascia__Need *need)
{
    for (size_t i = 0; i < need->n_windows; i++)
        fascia__window__free_unpacked(need->windows[i], NULL);
    free(need->windows);
    need->windows = NULL;
    need->n_windows = 0;
}

/* The centre of the postal code in place of where the patient is. */
static void coarsen(const struct engine *engine, Fascia__WaitingRow *row)
{
    Fascia__Position *position = row->need->position;
    struct codes_place place;

    row->need->position = NULL;
    if (position == NULL || !row->need->position_known ||
        !codes_near(engine->codes, position->latitude, position->longitude, &place)) {
        if (position != NULL)
            fascia__position__free_unpacked(position, NULL);
        return;
    }
    message_set(&row->place, place.name);
    position->latitude = place.latitude;
    position->longitude = place.longitude;
    row->place_position = position;
}

static Fascia__WaitingRow *waiting_view(const struct engine *engine, const struct referral *referral,
                                        Fascia__Need *need)
{
    Fascia__WaitingRow *row = memory_allocate(1, sizeof *row);

    fascia__waiting_row__init(row);
    row->referral = referral->number;
    row->priority = (Fascia__Priority)referral->priority;
    row->since = referral->changed;
    row->all_declined = referral->open->all_declined;
    row->matched = referral->match_sequence;
    row->need = need;
    hide_windows(need);
    coarsen(engine, row);
    return row;
}

struct area {
    bool everywhere;
    struct codes_place centre;
    uint32_t within;
};

static bool read_area(const struct engine *engine, const Fascia__ListWaiting *query, struct area *area)
{
    *area = (struct area){.everywhere = query->near[0] == '\0', .within = query->within};
    return area->everywhere || codes_place(engine->codes, query->country, query->near, &area->centre);
}

static bool is_in(const struct area *area, const Fascia__Need *need)
{
    if (area->everywhere)
        return true;
    return need->position_known && need->position != NULL &&
           match_distance(area->centre.latitude, area->centre.longitude, need->position->latitude,
                          need->position->longitude) <= area->within;
}

static const struct referral *first_after(const struct engine *engine, uint64_t after)
{
    const struct referral *referral = engine_find_referral(engine, after);

    if (referral != NULL && referral->open != NULL)
        return referral->open->open_after;
    for (referral = engine->open_first; referral != NULL && referral->number <= after;)
        referral = referral->open->open_after;
    return referral;
}

static bool has_priority(const struct referral *referral, Fascia__Priority priority)
{
    const bool routine = referral->priority < FASCIA__PRIORITY__PRIORITY_URGENT;

    if (priority == FASCIA__PRIORITY__PRIORITY_UNSPECIFIED)
        return true;
    return priority == FASCIA__PRIORITY__PRIORITY_ROUTINE ? routine : referral->priority == priority;
}

Fascia__ControlResponse *engine_list_waiting(const struct engine *engine, const Fascia__ListWaiting *query,
                                             const Fascia__Reach *reach)
{
    Fascia__ControlResponse *response = memory_allocate(1, sizeof *response);
    const uint32_t limit = engine_rows_of(query->limit);
    const struct referral *referral = first_after(engine, query->after);
    struct area area;

    fascia__control_response__init(response);
    response->last = true;
    if (!read_area(engine, query, &area)) {
        message_set(&response->error, "the table of places does not have this postal code");
        return response;
    }
    for (; referral != NULL && response->n_waiting < limit; referral = referral->open->open_after) {
        Fascia__Need *need;

        if (referral->state != FASCIA__STATE__STATE_WAITLISTED || !has_priority(referral, query->priority) ||
            !engine_reaches(engine, referral, reach))
            continue;
        need = engine_need_of(referral);
        if (is_in(&area, need))
            message_push(&response->waiting, &response->n_waiting, waiting_view(engine, referral, need));
        else
            fascia__need__free_unpacked(need, NULL);
    }
    return response;
}
