#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MOST    1000

Fascia__ControlResponse *engine_response_new(void)
{
    Fascia__ControlResponse *response = memory_allocate(1, sizeof *response);

    fascia__control_response__init(response);
    response->last = true;
    return response;
}

uint32_t engine_rows_of(uint32_t limit)
{
    if (limit == 0)
        return LIMIT_DEFAULT;
    return limit < LIMIT_MOST ? limit : LIMIT_MOST;
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
    Fascia__ControlResponse *response = engine_response_new();
    uint32_t limit = engine_rows_of(query->limit);
    const struct therapist *therapist = directory_after(engine->directory, query->after);

    for (; therapist != NULL && response->n_therapists < limit;
         therapist = directory_after(engine->directory, therapist->identifier))
        message_push(&response->therapists, &response->n_therapists, therapist_view(engine, therapist));
    return response;
}

Fascia__ControlResponse *engine_show_therapist(const struct engine *engine, const char *identifier)
{
    Fascia__ControlResponse *response = engine_response_new();
    const struct therapist *therapist = directory_find(engine->directory, identifier);

    if (therapist == NULL || !therapist->present)
        message_set(&response->error, "there is no therapist of this identifier");
    else
        message_push(&response->therapists, &response->n_therapists, therapist_view(engine, therapist));
    return response;
}
