#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERDICT(kind) FASCIA__RESULT__VERDICT__##kind

/* ---- therapists whose content or presence changes ---- */

static int by_number(const void *left, const void *right)
{
    const struct referral *const *a = left, *const *b = right;

    return ((*a)->number > (*b)->number) - ((*a)->number < (*b)->number);
}

/* Open offers of the therapist by age; the list that holds them is in no lasting order. The caller frees it. */
static struct referral **offers_of(const struct therapist *therapist, size_t *count)
{
    struct referral **offers = memory_allocate(therapist->offered, sizeof(struct referral *));

    *count = 0;
    for (struct referral *referral = therapist->cases; referral != NULL; referral = referral->open->case_after)
        if (referral->state == FASCIA__STATE__STATE_OFFERED)
            offers[(*count)++] = referral;
    INVARIANT(*count == therapist->offered);
    qsort(offers, *count, sizeof(struct referral *), by_number);
    return offers;
}

/* Every offer, or those that the therapist as they are now may not have. */
static void withdraw_offers(struct engine *engine, struct therapist *therapist, bool all)
{
    size_t count;
    struct referral **offers = offers_of(therapist, &count);

    for (size_t i = 0; i < count; i++) {
        const struct visit hold = {0, offers[i]->open->hold_from, offers[i]->open->hold_to, 0};

        if (all || engine_check_gates(engine, offers[i], NULL, &hold, &hold) != GATE_NONE)
            engine_emit_let_go(engine, offers[i], false);
    }
    free(offers);
}

static bool retake(struct therapist *therapist, int64_t from, int64_t to)
{
    return to <= from || calendar_take(therapist->calendar, from, to, true);
}

bool engine_retake_time(struct engine *engine, struct therapist *therapist)
{
    bool taken = true;

    (void)engine;
    for (struct referral *referral = therapist->cases; referral != NULL; referral = referral->open->case_after) {
        const struct referral_open *open = referral->open;

        taken = retake(therapist, open->hold_from, open->hold_to) && taken;
        for (size_t i = 0; i < open->visit_count; i++)
            taken = retake(therapist, open->visits[i].from, open->visits[i].to) && taken;
    }
    return taken;
}

/* ---- the one way in which the directory changes ---- */

static bool check_content(const struct engine *engine, const Fascia__TherapistChanged *changed, struct fault *fault)
{
    const Fascia__Therapist *content = changed->therapist;
    size_t size = strlen(changed->identifier);

    if (size < 1 || size > RECORD_NAME_BYTES ||
        (content != NULL && strcmp(content->identifier, changed->identifier) != 0))
        fault_set(fault, "a change of a therapist names none");
    else if (content != NULL && engine->zones.find(engine->zones.context, content->time_zone) == NULL)
        fault_set(fault, "therapist \"%s\": the time zone is not in the system's zone data", changed->identifier);
    else
        return content == NULL || calendar_check_hours(content, fault);
    return false;
}

/* Events of releases that did not keep the content change nothing: the directory's rows say what became of them. */
bool engine_apply_therapist(struct engine *engine, const Fascia__TherapistChanged *changed, struct fault *fault)
{
    struct therapist *therapist;
    uint8_t *packed;
    size_t size;

    if (!check_content(engine, changed, fault))
        return false;
    therapist = directory_refer(engine->directory, changed->identifier);
    if (changed->removed && therapist->present)
        directory_remove(engine->directory, therapist);
    if (changed->removed || changed->therapist == NULL)
        return true;
    packed = message_pack(&changed->therapist->base, &size);
    directory_put(engine->directory, therapist, changed->therapist, packed, size, engine->now);
    if (engine_retake_time(engine, therapist))
        return true;
    fault_set(fault, "therapist \"%s\": two of their cases hold the same time", changed->identifier);
    return false;
}

static void write_therapist(struct engine *engine, const struct therapist *therapist, bool added)
{
    struct therapist_row row = {.remove = !therapist->present, .added = added};

    memcpy(row.identifier, therapist->identifier, strlen(therapist->identifier) + 1);
    if (therapist->present) {
        row.size = therapist->size;
        row.payload = memory_resize(NULL, row.size, 1);
        memcpy(row.payload, therapist->packed, row.size);
    }
    record_add_therapist(engine->batch, &row);
}

static void put(struct engine *engine, const Fascia__Therapist *content)
{
    struct therapist *therapist = directory_refer(engine->directory, content->identifier);
    const bool added = !therapist->present;

    engine_emit_therapist_changed(engine, content->identifier, content);
    write_therapist(engine, therapist, added);
    engine_note_change(engine, therapist);
    withdraw_offers(engine, therapist, content->not_accepting);
}

enum putting { PUT_WRONG, PUT_UNCHANGED, PUT_UPDATED, PUT_ADDED };

static bool is_same(const struct therapist *therapist, const Fascia__Therapist *content)
{
    size_t size = fascia__therapist__get_packed_size(content);
    uint8_t *packed;
    bool same;

    if (therapist->size != size)
        return false;
    packed = message_pack(&content->base, &size);
    same = memcmp(therapist->packed, packed, size) == 0;
    free(packed);
    return same;
}

/* Brings content into its one form where it stands. */
static enum putting try_put(struct engine *engine, Fascia__Therapist *content, bool dry_run,
                            Fascia__Problem ***problems, size_t *count)
{
    const struct therapist *before;
    enum putting putting = PUT_UPDATED;

    if (!directory_check(content, engine->codes, &engine->zones, engine->settings.default_zone, problems, count))
        return PUT_WRONG;
    before = directory_find(engine->directory, content->identifier);
    if (before == NULL || !before->present)
        putting = PUT_ADDED;
    else if (is_same(before, content))
        putting = PUT_UNCHANGED;
    if (putting != PUT_UNCHANGED && !dry_run)
        put(engine, content);
    return putting;
}

/* ---- commands ---- */

Fascia__Result *engine_do_put_therapist(struct engine *engine, const Fascia__Therapist *content)
{
    Fascia__Result *result = engine_answer(engine, NULL, VERDICT(OK));
    Fascia__Therapist *own = message_copy(&content->base);

    switch (try_put(engine, own, false, &result->problems, &result->n_problems)) {
    case PUT_WRONG:
        result->verdict = VERDICT(REFUSED);
        break;
    case PUT_UNCHANGED:
        result->verdict = VERDICT(DUPLICATE);
        break;
    default:
        break;
    }
    fascia__therapist__free_unpacked(own, NULL);
    return result;
}

Fascia__Result *engine_do_remove_therapist(struct engine *engine, const char *identifier)
{
    struct therapist *therapist = directory_find(engine->directory, identifier);

    if (therapist == NULL || !therapist->present)
        return engine_answer_problem(engine, NULL, VERDICT(NOT_FOUND), FASCIA__PROBLEM__KIND__UNKNOWN_KEY, "identifier",
                                     "there is no therapist of this identifier");
    engine_emit_therapist_changed(engine, therapist->identifier, NULL);
    write_therapist(engine, therapist, false);
    withdraw_offers(engine, therapist, true);
    return engine_answer(engine, NULL, VERDICT(OK));
}

static void locate(Fascia__Problem **problems, size_t from, size_t to, size_t row)
{
    char location[32];

    snprintf(location, sizeof location, "row %zu", row);
    for (size_t i = from; i < to; i++)
        message_set(&problems[i]->location, location);
}

Fascia__ControlResponse *engine_import_therapists(struct engine *engine, Fascia__ImportTherapists *import,
                                                  const char *actor, int64_t now, struct record_batch *batch)
{
    Fascia__ControlResponse *response = memory_allocate(1, sizeof *response);
    Fascia__ImportAnswer *counts = memory_allocate(1, sizeof *counts);

    fascia__control_response__init(response);
    fascia__import_answer__init(counts);
    response->last = true;
    response->import_answer = counts;
    engine_let_time_pass(engine, now);
    engine->actor = actor;
    engine->batch = batch;
    for (size_t i = 0; i < import->n_therapists; i++) {
        size_t before = counts->n_problems;
        enum putting putting =
            try_put(engine, import->therapists[i], import->dry_run, &counts->problems, &counts->n_problems);

        counts->added += putting == PUT_ADDED;
        counts->updated += putting == PUT_UPDATED;
        counts->unchanged += putting == PUT_UNCHANGED;
        locate(counts->problems, before, counts->n_problems, i + 1);
    }
    engine->actor = NULL;
    engine->batch = NULL;
    return response;
}
