#include "core/engine_state.h"

#include <string.h>

/* FNV-1a over the state, referrals by number and therapists by identifier. What is derived goes in too where its own
 * code could get it wrong: queues, counts of cases, time that is taken. */

struct digest {
    uint64_t hash;
};

static void add_bytes(struct digest *digest, const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;

    for (size_t i = 0; i < size; i++)
        digest->hash = (digest->hash ^ byte[i]) * UINT64_C(0x100000001b3);
}

static void add_number(struct digest *digest, int64_t number)
{
    add_bytes(digest, &number, sizeof number);
}

static void add_text(struct digest *digest, const char *text)
{
    add_bytes(digest, text, strlen(text) + 1);
}

static void add_taken(struct digest *digest, const struct engine *engine, const struct referral *referral, int64_t from,
                      int64_t to)
{
    const struct therapist *therapist = referral->therapist;

    add_number(digest, from);
    add_number(digest, to);
    if (from >= engine->now && to > from && therapist != NULL && therapist->present)
        add_number(digest, calendar_is_taken(therapist->calendar, from, to));
}

static int place_of_order(const struct engine *engine, const struct referral *referral)
{
    if (referral->open->order == NULL)
        return 0;
    if (referral->open->order == &engine->offers)
        return 1;
    for (int i = 0; i < CLASSES; i++) {
        if (referral->open->order == &engine->pending[i])
            return 2 + i;
        if (referral->open->order == &engine->list.asleep[i] || referral->open->order == &engine->list.woken[i])
            return 2 + CLASSES + i;
    }
    return -1;
}

static void add_open(struct digest *digest, const struct engine *engine, const struct referral *referral)
{
    const struct referral_open *open = referral->open;

    add_bytes(digest, open->need, open->need_size);
    add_bytes(digest, open->problems, open->problems_size);
    add_number(digest, open->held);
    for (size_t i = 0; i < open->cleared_count; i++)
        add_text(digest, open->cleared[i]);
    for (size_t i = 0; i < open->declined_count; i++)
        add_text(digest, open->declined[i]->identifier);
    for (size_t i = 0; i < open->visit_count; i++) {
        add_number(digest, open->visits[i].number);
        add_number(digest, open->visits[i].appointment);
        add_taken(digest, engine, referral, open->visits[i].from, open->visits[i].to);
    }
    add_number(digest, open->visits_numbered);
    add_number(digest, open->visits_done);
    add_taken(digest, engine, referral, open->hold_from, open->hold_to);
    add_number(digest, open->due);
    add_number(digest, open->offers);
    add_number(digest, open->offers_fresh);
    add_number(digest, open->score);
    add_number(digest, (int64_t)open->outcome_outbox);
    add_number(digest, open->outcome_undelivered);
    add_number(digest, open->all_declined);
    add_number(digest, place_of_order(engine, referral));
}

static void add_referral(struct digest *digest, const struct engine *engine, const struct referral *referral)
{
    add_number(digest, (int64_t)referral->number);
    add_number(digest, referral->state);
    add_number(digest, referral->priority);
    add_number(digest, referral->opened);
    add_number(digest, referral->changed);
    add_number(digest, (int64_t)referral->content_sequence);
    add_number(digest, (int64_t)referral->match_sequence);
    add_number(digest, referral->statuses);
    add_bytes(digest, referral->sender_key, RECORD_KEY_BYTES);
    add_bytes(digest, referral->content_key, RECORD_KEY_BYTES);
    add_bytes(digest, referral->patient_key, RECORD_KEY_BYTES);
    add_text(digest, referral->source);
    add_text(digest, sender_name(referral->sender));
    add_text(digest, referral->therapist != NULL ? referral->therapist->identifier : "");
    add_number(digest, referral->erased);
    add_number(digest, referral->recent);
    add_number(digest, engine_find_by_sender(engine, referral->sender_key) == referral);
    if (referral->sender != NULL)
        add_number(digest, listing_find(&referral->sender->listing, referral->number));
    if (referral->open != NULL)
        add_open(digest, engine, referral);
}

static void add_listing(struct digest *digest, const struct listing *listing)
{
    for (uint32_t i = 0; i < listing->count; i++)
        add_number(digest, (int64_t)listing->referrals[i]->number);
}

static void add_therapist(struct digest *digest, const struct therapist *therapist)
{
    add_text(digest, therapist->identifier);
    add_listing(digest, &therapist->listing);
    add_bytes(digest, therapist->packed, therapist->size);
    add_number(digest, therapist->offered);
    add_number(digest, therapist->accepted);
    add_number(digest, therapist->recent);
}

uint64_t engine_digest(const struct engine *engine)
{
    struct digest digest = {UINT64_C(0xcbf29ce484222325)};
    const struct therapist *therapist;

    add_number(&digest, (int64_t)engine->last_referral);
    add_number(&digest, (int64_t)engine->last_sequence);
    add_number(&digest, (int64_t)engine->last_outbox);
    add_number(&digest, (int64_t)engine->open_count);
    add_bytes(&digest, engine->by_state, sizeof engine->by_state);
    for (size_t i = 0; i < engine->referral_room; i++)
        if (engine->referrals[i] != NULL)
            add_referral(&digest, engine, engine->referrals[i]);
    for (therapist = directory_after(engine->directory, ""); therapist != NULL;
         therapist = directory_after(engine->directory, therapist->identifier))
        add_therapist(&digest, therapist);
    for (size_t i = 0; i < engine->accounts.count; i++)
        add_bytes(&digest, engine->accounts.entries[i].packed, engine->accounts.entries[i].size);
    return digest.hash;
}
