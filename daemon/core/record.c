#include "core/record.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define PLACE_EMPTY UINT32_MAX

void record_batch_init(struct record_batch *batch)
{
    *batch = (struct record_batch){0};
}

void record_batch_finish(struct record_batch *batch)
{
    for (size_t i = 0; i < batch->event_count; i++)
        free(batch->events[i].payload);
    for (size_t i = 0; i < batch->outbox_count; i++)
        free(batch->outbox[i].payload);
    for (size_t i = 0; i < batch->therapist_count; i++)
        free(batch->therapists[i].payload);
    for (size_t i = 0; i < batch->account_count; i++)
        free(batch->accounts[i].payload);
    free(batch->events);
    free(batch->referrals);
    free(batch->slots);
    free(batch->outbox);
    free(batch->therapists);
    free(batch->accounts);
    free(batch->erasures);
    free(batch->referral_places);
    record_batch_init(batch);
}

bool record_batch_is_empty(const struct record_batch *batch)
{
    return batch->event_count == 0 && batch->referral_count == 0 && batch->slot_count == 0 &&
           batch->outbox_count == 0 && batch->therapist_count == 0 && batch->account_count == 0 &&
           batch->erasure_count == 0;
}

void record_add_event(struct record_batch *batch, const struct event_record *event)
{
    batch->events = memory_grow(batch->events, &batch->event_room, batch->event_count + 1, sizeof *event);
    batch->events[batch->event_count++] = *event;
    batch->bytes += event->size;
}

/* The place in the table where the referral stands, or would stand. The table is never full. */
static size_t find_place(const struct record_batch *batch, uint64_t referral)
{
    size_t mask = batch->referral_place_room - 1;
    size_t place = (size_t)((referral * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

    while (batch->referral_places[place] != PLACE_EMPTY &&
           batch->referrals[batch->referral_places[place]].referral != referral)
        place = (place + 1) & mask;
    return place;
}

/* Twice as many places as rows at least, so that a search ends soon. */
static void make_places(struct record_batch *batch, size_t rows)
{
    size_t room = batch->referral_place_room == 0 ? 16 : batch->referral_place_room;

    while (room < rows * 2)
        room *= 2;
    if (room == batch->referral_place_room)
        return;
    free(batch->referral_places);
    batch->referral_places = memory_allocate(room, sizeof *batch->referral_places);
    batch->referral_place_room = room;
    memset(batch->referral_places, 0xff, room * sizeof *batch->referral_places);
    for (size_t row = 0; row < batch->referral_count; row++)
        batch->referral_places[find_place(batch, batch->referrals[row].referral)] = (uint32_t)row;
}

void record_add_referral(struct record_batch *batch, const struct referral_row *row)
{
    size_t place;

    INVARIANT(batch->referral_count < PLACE_EMPTY);
    make_places(batch, batch->referral_count + 1);
    place = find_place(batch, row->referral);
    if (batch->referral_places[place] != PLACE_EMPTY) {
        batch->referrals[batch->referral_places[place]] = *row;
        return;
    }
    batch->referrals = memory_grow(batch->referrals, &batch->referral_room, batch->referral_count + 1, sizeof *row);
    batch->referral_places[place] = (uint32_t)batch->referral_count;
    batch->referrals[batch->referral_count++] = *row;
}

void record_add_slot(struct record_batch *batch, const struct slot_row *row)
{
    batch->slots = memory_grow(batch->slots, &batch->slot_room, batch->slot_count + 1, sizeof *row);
    batch->slots[batch->slot_count++] = *row;
}

void record_add_outbox(struct record_batch *batch, const struct outbox_row *row)
{
    batch->outbox = memory_grow(batch->outbox, &batch->outbox_room, batch->outbox_count + 1, sizeof *row);
    batch->outbox[batch->outbox_count++] = *row;
    batch->bytes += row->size;
}

void record_add_therapist(struct record_batch *batch, const struct therapist_row *row)
{
    batch->therapists = memory_grow(batch->therapists, &batch->therapist_room, batch->therapist_count + 1, sizeof *row);
    batch->therapists[batch->therapist_count++] = *row;
    batch->bytes += row->size;
}

void record_add_account(struct record_batch *batch, const struct account_row *row)
{
    batch->accounts = memory_grow(batch->accounts, &batch->account_room, batch->account_count + 1, sizeof *row);
    batch->accounts[batch->account_count++] = *row;
    batch->bytes += row->size;
}

void record_add_erasure(struct record_batch *batch, uint64_t referral)
{
    batch->erasures = memory_grow(batch->erasures, &batch->erasure_room, batch->erasure_count + 1, sizeof referral);
    batch->erasures[batch->erasure_count++] = referral;
}
