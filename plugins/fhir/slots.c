/* A therapist's time: stretches that are free, held or booked, as the node has them now. Each is a Slot, and its id says whose and since when. */
#include "fhir/work.h"

#include "fhir/encode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MOST = 1000, QUARTER_MINUTES = 15 };

bool fhir_id_start(const char *id, int64_t *start)
{
    const char *dash = strrchr(id, '-');

    if (dash == NULL || dash[1] == '\0' || dash[1] == '0' || strlen(dash) > 12 ||
        strspn(dash + 1, "0123456789") != strlen(dash + 1))
        return false;
    *start = strtoll(dash + 1, NULL, 10) * 60000;
    return true;
}

static bool ask(struct fhir_call *call, uint32_t slot, const char *therapist, int64_t from, int64_t to)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ListSlots list = FASCIA__LIST_SLOTS__INIT;
    char *therapists[] = {(char *)(uintptr_t)therapist};

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_SLOTS;
    request.list_slots = &list;
    list.therapists = therapists;
    list.n_therapists = 1;
    list.from = from > 0 ? from : 0;
    list.to = to > 0 ? to : 0;
    list.busy = true;
    list.limit = ROWS_MOST;
    return fhir_ask(call, slot, &request);
}

/* What values leave of time in which a slot may begin: `or` between them, so that the widest counts. */
static struct fhir_stretch bounds_of(const struct fhir_criterion *criterion)
{
    struct fhir_stretch bounds = {INT64_MAX, INT64_MIN};

    for (size_t i = 0; i < criterion->count; i++) {
        const struct fhir_value *value = &criterion->values[i];
        const bool from = value->prefix == FHIR_PREFIX_EQ || value->prefix == FHIR_PREFIX_GT ||
                          value->prefix == FHIR_PREFIX_GE || value->prefix == FHIR_PREFIX_SA;
        const bool to = value->prefix == FHIR_PREFIX_EQ || value->prefix == FHIR_PREFIX_LT ||
                        value->prefix == FHIR_PREFIX_LE || value->prefix == FHIR_PREFIX_EB;
        const int64_t first = from ? value->stretch.from : INT64_MIN, last = to ? value->stretch.to : INT64_MAX;
        if (first < bounds.from)
            bounds.from = first;
        if (last > bounds.to)
            bounds.to = last;
    }
    return bounds;
}

/*
 * What is asked for cuts the stretches at its ends, which would then begin where none does: the list begins a day earlier and ends a day later, and what does not begin
 * within is left out when the criteria are matched.
 */
bool fhir_ask_slots(struct fhir_call *call, uint32_t slot, const char *therapist, const struct fhir_search *search)
{
    const int64_t day = INT64_C(86400000);
    int64_t from = 0, to = 0;

    for (size_t i = 0; search != NULL && i < search->criterion_count; i++) {
        const struct fhir_criterion *criterion = &search->criteria[i];
        struct fhir_stretch bounds;
        if (strcmp(criterion->parameter->name, "start") != 0 || criterion->modifier != FHIR_PLAIN)
            continue;
        bounds = bounds_of(criterion);
        if (bounds.from != INT64_MIN && bounds.from - day > from)
            from = bounds.from - day;
        if (bounds.to != INT64_MAX && (to == 0 || bounds.to + day < to))
            to = bounds.to + day;
    }
    return ask(call, slot, therapist, from, to);
}

bool fhir_ask_slot(struct fhir_call *call, uint32_t slot, const char *therapist, int64_t start)
{
    return ask(call, slot, therapist, start - QUARTER_MINUTES * INT64_C(60000), start + INT64_C(86400000));
}

struct fhir_json *fhir_slots_of(struct fhir_call *call, const struct fhir_json *common,
                                const Fascia__ControlResponse *response)
{
    struct fhir_json *list = fhir_own(call, fhir_json_new_array());

    for (size_t i = 0; i < response->n_slots; i++)
        fhir_json_add(list, fhir_new_slot(call->arena, fhir_json_item(common, 0), response->slots[i]));
    return list;
}
