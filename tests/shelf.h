/*
 * A store in memory for tests of the core: it keeps what batches leave behind, as a real one would, and loads it again.
 *
 * It checks what a store relies on: numbers without gaps, one row a referral, no two pieces of a therapist's time that
 * overlap, no slot removed that is not there. shelf_take() says what is wrong, or NULL.
 */
#ifndef FASCIA_TESTS_SHELF_H
#define FASCIA_TESTS_SHELF_H

#include "core/account.h"
#include "core/engine.h"
#include "core/lifecycle.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

struct shelf {
    struct event_record *events;
    size_t event_count, event_room;
    struct referral_row *referrals; /* by number, 0 unused */
    size_t referral_room;
    uint64_t last_referral;
    struct slot_row *slots; /* taken now */
    size_t slot_count, slot_room;
    struct outbox_row *outbox;
    size_t outbox_count, outbox_room;
    struct therapist_row *therapists;
    size_t therapist_count, therapist_room;
    struct accounts accounts;
    uint64_t hash; /* over everything that came, in order */
};

static inline void shelf_finish(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->event_count; i++)
        free(shelf->events[i].payload);
    for (size_t i = 0; i < shelf->outbox_count; i++)
        free(shelf->outbox[i].payload);
    for (size_t i = 0; i < shelf->therapist_count; i++)
        free(shelf->therapists[i].payload);
    free(shelf->events);
    free(shelf->referrals);
    free(shelf->slots);
    free(shelf->outbox);
    free(shelf->therapists);
    accounts_finish(&shelf->accounts);
    memset(shelf, 0, sizeof *shelf);
}

static inline void shelf_mix(struct shelf *shelf, const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;

    for (size_t i = 0; i < size; i++)
        shelf->hash = (shelf->hash ^ byte[i]) * UINT64_C(0x100000001b3);
}

static inline uint8_t *shelf_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = memory_allocate(size, 1);

    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

static inline const char *shelf_take_event(struct shelf *shelf, const struct event_record *event)
{
    if (event->sequence != shelf->event_count + 1)
        return "an event's sequence has a gap";
    shelf->events = memory_grow(shelf->events, &shelf->event_room, shelf->event_count + 1, sizeof *event);
    shelf->events[shelf->event_count] = *event;
    shelf->events[shelf->event_count++].payload = shelf_copy(event->payload, event->size);
    shelf_mix(shelf, &event->sequence, sizeof event->sequence);
    shelf_mix(shelf, &event->at, sizeof event->at);
    shelf_mix(shelf, &event->referral, sizeof event->referral);
    shelf_mix(shelf, event->actor, strlen(event->actor));
    shelf_mix(shelf, event->payload, event->size);
    return NULL;
}

static inline const char *shelf_take_referral(struct shelf *shelf, const struct referral_row *row)
{
    if (row->referral >= shelf->referral_room) {
        size_t before = shelf->referral_room;

        shelf->referrals = memory_grow(shelf->referrals, &shelf->referral_room, row->referral + 1, sizeof *row);
        memset(shelf->referrals + before, 0, (shelf->referral_room - before) * sizeof *row);
    }
    if (row->referral > shelf->last_referral + 1)
        return "a referral's number has a gap";
    if (row->open != lifecycle_words((Fascia__State)row->state)->open)
        return "a row is open in a state that is not";
    if (row->referral > shelf->last_referral)
        shelf->last_referral = row->referral;
    shelf->referrals[row->referral] = *row;
    shelf_mix(shelf, &row->state, sizeof row->state);
    shelf_mix(shelf, row->sender, strlen(row->sender));
    shelf_mix(shelf, row->therapist, strlen(row->therapist));
    shelf_mix(shelf, &row->statuses, sizeof row->statuses);
    return NULL;
}

static inline bool shelf_same_slot(const struct slot_row *a, const struct slot_row *b)
{
    return a->from == b->from && a->to == b->to && a->booked == b->booked && a->visit == b->visit &&
           a->referral == b->referral && strcmp(a->therapist, b->therapist) == 0;
}

static inline const char *shelf_take_slot(struct shelf *shelf, const struct slot_row *row)
{
    shelf_mix(shelf, &row->from, sizeof row->from);
    shelf_mix(shelf, &row->remove, sizeof row->remove);
    for (size_t i = 0; i < shelf->slot_count; i++) {
        if (row->remove && shelf_same_slot(row, &shelf->slots[i])) {
            shelf->slots[i] = shelf->slots[--shelf->slot_count];
            return NULL;
        }
        if (!row->remove && strcmp(row->therapist, shelf->slots[i].therapist) == 0 && row->from < shelf->slots[i].to &&
            shelf->slots[i].from < row->to)
            return "two slots of a therapist overlap";
    }
    if (row->remove)
        return "a slot is removed that is not there";
    shelf->slots = memory_grow(shelf->slots, &shelf->slot_room, shelf->slot_count + 1, sizeof *row);
    shelf->slots[shelf->slot_count++] = *row;
    return NULL;
}

static inline const char *shelf_take_outbox(struct shelf *shelf, const struct outbox_row *row)
{
    shelf_mix(shelf, &row->outbox, sizeof row->outbox);
    shelf_mix(shelf, &row->state, sizeof row->state);
    if (row->update) {
        if (row->outbox == 0 || row->outbox > shelf->outbox_count)
            return "a message is changed that is not there";
        shelf->outbox[row->outbox - 1].state = row->state;
        return NULL;
    }
    if (row->outbox != shelf->outbox_count + 1)
        return "a message's number has a gap";
    shelf->outbox = memory_grow(shelf->outbox, &shelf->outbox_room, shelf->outbox_count + 1, sizeof *row);
    shelf->outbox[shelf->outbox_count] = *row;
    shelf->outbox[shelf->outbox_count++].payload = shelf_copy(row->payload, row->size);
    shelf_mix(shelf, row->payload, row->size);
    return NULL;
}

static inline const char *shelf_take_therapist(struct shelf *shelf, const struct therapist_row *row)
{
    size_t place = 0;

    shelf_mix(shelf, row->identifier, strlen(row->identifier));
    shelf_mix(shelf, row->payload, row->size);
    while (place < shelf->therapist_count && strcmp(shelf->therapists[place].identifier, row->identifier) != 0)
        place++;
    if (place < shelf->therapist_count) {
        free(shelf->therapists[place].payload);
        shelf->therapists[place] = shelf->therapists[--shelf->therapist_count];
    }
    if (row->remove)
        return NULL;
    shelf->therapists = memory_grow(shelf->therapists, &shelf->therapist_room, shelf->therapist_count + 1, sizeof *row);
    shelf->therapists[shelf->therapist_count] = *row;
    shelf->therapists[shelf->therapist_count++].payload = shelf_copy(row->payload, row->size);
    return NULL;
}

static inline const char *shelf_take_account(struct shelf *shelf, const struct account_row *row)
{
    shelf_mix(shelf, row->name, strlen(row->name));
    shelf_mix(shelf, row->payload, row->size);
    if (row->remove && accounts_find(&shelf->accounts, row->name) == NULL)
        return "an account that is to be removed is not there";
    if (row->remove)
        accounts_drop(&shelf->accounts, row->name);
    else
        accounts_set(&shelf->accounts, row->name, shelf_copy(row->payload, row->size), row->size);
    return NULL;
}

static inline const char *shelf_take(struct shelf *shelf, const struct record_batch *batch)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < batch->event_count && wrong == NULL; i++)
        wrong = shelf_take_event(shelf, &batch->events[i]);
    for (size_t i = 0; i < batch->referral_count && wrong == NULL; i++)
        wrong = shelf_take_referral(shelf, &batch->referrals[i]);
    for (size_t i = 0; i < batch->slot_count && wrong == NULL; i++)
        wrong = shelf_take_slot(shelf, &batch->slots[i]);
    for (size_t i = 0; i < batch->outbox_count && wrong == NULL; i++)
        wrong = shelf_take_outbox(shelf, &batch->outbox[i]);
    for (size_t i = 0; i < batch->therapist_count && wrong == NULL; i++)
        wrong = shelf_take_therapist(shelf, &batch->therapists[i]);
    for (size_t i = 0; i < batch->account_count && wrong == NULL; i++)
        wrong = shelf_take_account(shelf, &batch->accounts[i]);
    return wrong;
}

static inline void shelf_clone(struct shelf *copy, const struct shelf *shelf)
{
    *copy = *shelf;
    copy->events = memory_allocate(shelf->event_room, sizeof *copy->events);
    copy->referrals = memory_allocate(shelf->referral_room, sizeof *copy->referrals);
    copy->slots = memory_allocate(shelf->slot_room, sizeof *copy->slots);
    copy->outbox = memory_allocate(shelf->outbox_room, sizeof *copy->outbox);
    copy->therapists = memory_allocate(shelf->therapist_room, sizeof *copy->therapists);
    for (size_t i = 0; i < shelf->event_count; i++) {
        copy->events[i] = shelf->events[i];
        copy->events[i].payload = shelf_copy(shelf->events[i].payload, shelf->events[i].size);
    }
    for (size_t i = 0; i < shelf->referral_room; i++)
        copy->referrals[i] = shelf->referrals[i];
    for (size_t i = 0; i < shelf->slot_count; i++)
        copy->slots[i] = shelf->slots[i];
    for (size_t i = 0; i < shelf->outbox_count; i++) {
        copy->outbox[i] = shelf->outbox[i];
        copy->outbox[i].payload = shelf_copy(shelf->outbox[i].payload, shelf->outbox[i].size);
    }
    for (size_t i = 0; i < shelf->therapist_count; i++) {
        copy->therapists[i] = shelf->therapists[i];
        copy->therapists[i].payload = shelf_copy(shelf->therapists[i].payload, shelf->therapists[i].size);
    }
    copy->accounts = (struct accounts){0};
    for (size_t i = 0; i < shelf->accounts.count; i++) {
        const struct account_entry *entry = &shelf->accounts.entries[i];

        accounts_set(&copy->accounts, entry->name, shelf_copy(entry->packed, entry->size), entry->size);
    }
}

/* What a node does on start. false with a fault as the engine's. */
static inline bool shelf_load(const struct shelf *shelf, struct engine *engine, int64_t now, struct fault *fault)
{
    for (size_t i = 0; i < shelf->accounts.count; i++)
        if (!engine_load_account(engine, shelf->accounts.entries[i].packed, shelf->accounts.entries[i].size, fault))
            return false;
    for (size_t i = 0; i < shelf->therapist_count; i++)
        if (!engine_load_therapist(engine, shelf->therapists[i].payload, shelf->therapists[i].size, fault))
            return false;
    for (uint64_t i = 1; i <= shelf->last_referral; i++)
        if (!engine_load_referral(engine, &shelf->referrals[i], fault))
            return false;
    for (size_t i = 0; i < shelf->event_count; i++) {
        const struct event_record *event = &shelf->events[i];

        if (event->referral != 0 && shelf->referrals[event->referral].open && !engine_load_event(engine, event, fault))
            return false;
    }
    engine_load_finish(engine, shelf->last_referral, shelf->event_count, shelf->outbox_count, now);
    return true;
}

#endif
