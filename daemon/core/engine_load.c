#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

static bool check_therapist(const struct engine *engine, const Fascia__Therapist *content, struct fault *fault)
{
    const size_t name_size = strlen(content->identifier);

    if (name_size < 1 || name_size > RECORD_NAME_BYTES) {
        fault_set(fault, "a stored therapist has no identifier");
        return false;
    }
    if (engine->zones.find(engine->zones.context, content->time_zone) == NULL) {
        fault_set(fault, "therapist \"%s\": time zone \"%s\" is not in the system's zone data", content->identifier,
                  content->time_zone);
        return false;
    }
    if (calendar_check_hours(content, fault))
        return true;
    fault_prefix(fault, "therapist \"%s\"", content->identifier);
    return false;
}

bool engine_load_unpacked(struct engine *engine, const Fascia__Therapist *content, uint8_t *packed, size_t size,
                          struct fault *fault)
{
    engine->loading = true;
    if (!check_therapist(engine, content, fault)) {
        free(packed);
        return false;
    }
    directory_put(engine->directory, directory_refer(engine->directory, content->identifier), content, packed, size, 0);
    return true;
}

bool engine_load_therapist(struct engine *engine, const uint8_t *packed, size_t size, struct fault *fault)
{
    const Fascia__Therapist *content = fascia__therapist__unpack(arena_allocator(&engine->messages), size, packed);
    bool good = content != NULL;

    if (good) {
        uint8_t *copy = memory_resize(NULL, size, 1);

        memcpy(copy, packed, size);
        good = engine_load_unpacked(engine, content, copy, size, fault);
    } else {
        fault_set(fault, "a stored therapist is no therapist");
    }
    arena_reset(&engine->messages);
    return good;
}

/* An open one begins empty: its events tell its life again. A closed one is what its row says. */
bool engine_load_referral(struct engine *engine, const struct referral_row *row, struct fault *fault)
{
    struct referral *referral;

    engine->loading = true;
    if (row->referral == 0 || row->referral == UINT64_MAX || engine_find_referral(engine, row->referral) != NULL) {
        fault_set(fault, "referral %llu is stored twice, or has no number", (unsigned long long)row->referral);
        return false;
    }
    if (lifecycle_words((Fascia__State)row->state)->open != row->open || row->state >= STATES ||
        row->state == FASCIA__STATE__STATE_NONE) {
        fault_set(fault, "referral %llu is stored in state %u, which it can't be in", (unsigned long long)row->referral,
                  row->state);
        return false;
    }
    referral = engine_make_referral(engine, row->referral);
    referral->statuses = row->statuses;
    memcpy(referral->sender_key, row->sender_key, RECORD_KEY_BYTES);
    engine_link_sender(engine, referral);
    if (row->open)
        return true;
    referral->state = (uint8_t)row->state;
    referral->priority = (uint8_t)row->priority;
    referral->opened = row->opened;
    referral->changed = row->changed;
    referral->content_sequence = row->content_sequence;
    referral->match_sequence = row->match_sequence;
    referral->erased = row->erased;
    referral->source = engine_intern_source(engine, row->source);
    referral->sender = senders_refer(&engine->senders, row->sender);
    if (row->therapist[0] != '\0')
        referral->therapist = directory_refer(engine->directory, row->therapist);
    memcpy(referral->content_key, row->content_key, RECORD_KEY_BYTES);
    memcpy(referral->patient_key, row->patient_key, RECORD_KEY_BYTES);
    engine_link_patient(engine, referral);
    return true;
}

bool engine_load_event(struct engine *engine, const struct event_record *event, struct fault *fault)
{
    struct referral *referral = engine_find_referral(engine, event->referral);
    Fascia__Event *body;
    bool applied;

    engine->loading = true;
    if (event->referral == 0)
        return true;
    if (referral != NULL && referral->open == NULL && referral->state != FASCIA__STATE__STATE_NONE)
        return true; /* its row has said all */
    body = fascia__event__unpack(arena_allocator(&engine->messages), event->size, event->payload);
    if (body == NULL)
        fault_set(fault, "event %llu can't be read", (unsigned long long)event->sequence);
    applied = body != NULL && engine_apply(engine, event, body, fault);
    arena_reset(&engine->messages);
    return applied;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void engine_load_finish(struct engine *engine, uint64_t last_referral, uint64_t last_sequence, uint64_t last_outbox,
                        int64_t now)
{
    engine->last_referral = larger(engine->last_referral, last_referral);
    engine->last_sequence = larger(engine->last_sequence, last_sequence);
    engine->last_outbox = larger(engine->last_outbox, last_outbox);
    engine->loading = false;
    engine_let_time_pass(engine, now);
    for (size_t i = 0; i < directory_entries(engine->directory); i++) {
        struct therapist *therapist = directory_entry(engine->directory, i);

        if (therapist->present && therapist->cases != NULL)
            INVARIANT(engine_retake_time(engine, therapist));
    }
    for (size_t i = 0; i < engine->referral_room; i++) {
        struct referral *referral = engine->referrals[i];

        if (referral == NULL)
            continue;
        INVARIANT(referral->state != FASCIA__STATE__STATE_NONE); /* every open referral has its events */
        engine_list_loaded(referral);
        if (referral->therapist != NULL && referral->state != FASCIA__STATE__STATE_OFFERED)
            engine_recent_add(engine, referral);
    }
    for (size_t i = 0; i < directory_entries(engine->directory); i++) {
        const struct therapist *therapist = directory_entry(engine->directory, i);

        if (therapist->offered + therapist->accepted + therapist->recent > 0)
            directory_tell_load(engine->directory, therapist);
    }
    arena_finish(&engine->messages); /* it begins anew with the next need */
    engine_waiting_loaded(engine);
}
