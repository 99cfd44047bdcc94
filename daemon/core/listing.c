#include "core/listing.h"

#include "core/memory.h"
#include "core/referral.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

uint32_t listing_find(const struct listing *listing, uint64_t number)
{
    uint32_t first = 0, end = listing->count;

    while (first < end) {
        const uint32_t middle = first + (end - first) / 2;

        if (listing->referrals[middle]->number < number)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

void listing_add(struct listing *listing, struct referral *referral)
{
    size_t room = listing->room;
    uint32_t place = listing->count;

    INVARIANT(listing->count < UINT32_MAX);
    listing->referrals = memory_grow(listing->referrals, &room, (size_t)listing->count + 1, sizeof(struct referral *));
    listing->room = room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
    if (place > 0 && listing->referrals[place - 1]->number >= referral->number)
        place = listing_find(listing, referral->number);
    INVARIANT(place == listing->count || listing->referrals[place] != referral);
    memmove(&listing->referrals[place + 1], &listing->referrals[place],
            (listing->count - place) * sizeof(struct referral *));
    listing->referrals[place] = referral;
    listing->count++;
}

void listing_drop(struct listing *listing, const struct referral *referral)
{
    const uint32_t place = listing_find(listing, referral->number);

    INVARIANT(place < listing->count && listing->referrals[place] == referral);
    listing->count--;
    memmove(&listing->referrals[place], &listing->referrals[place + 1],
            (listing->count - place) * sizeof(struct referral *));
}

void listing_finish(struct listing *listing)
{
    free(listing->referrals);
    *listing = (struct listing){0};
}

/* ---- senders ---- */

/* FNV-1a. Each sender came with a referral that was taken in, so that who floods the table has flooded the node before. */
static size_t hash_of(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

/* Where the sender stands, or would stand. */
static struct sender **place_of(const struct senders *senders, const char *name)
{
    size_t at = hash_of(name) & (senders->room - 1);

    while (senders->places[at] != NULL && strcmp(senders->places[at]->name, name) != 0)
        at = (at + 1) & (senders->room - 1);
    return &senders->places[at];
}

static void widen(struct senders *senders)
{
    struct senders wider = {.count = senders->count, .room = senders->room == 0 ? 64 : senders->room * 2};

    wider.places = memory_allocate(wider.room, sizeof(struct sender *));
    for (size_t i = 0; i < senders->room; i++)
        if (senders->places[i] != NULL)
            *place_of(&wider, senders->places[i]->name) = senders->places[i];
    free(senders->places);
    *senders = wider;
}

struct sender *senders_find(const struct senders *senders, const char *name)
{
    return senders->room == 0 ? NULL : *place_of(senders, name);
}

struct sender *senders_refer(struct senders *senders, const char *name)
{
    const size_t size = strnlen(name, RECORD_NAME_BYTES + 1);
    struct sender **place;

    if (size == 0 || size > RECORD_NAME_BYTES)
        return NULL;
    if (2 * (senders->count + 1) > senders->room)
        widen(senders);
    place = place_of(senders, name);
    if (*place == NULL) {
        *place = memory_allocate(1, sizeof **place + size + 1);
        memcpy((*place)->name, name, size);
        senders->count++;
    }
    return *place;
}

void senders_finish(struct senders *senders)
{
    for (size_t i = 0; i < senders->room; i++) {
        if (senders->places[i] == NULL)
            continue;
        listing_finish(&senders->places[i]->listing);
        free(senders->places[i]);
    }
    free(senders->places);
    *senders = (struct senders){0};
}

const char *sender_name(const struct sender *sender)
{
    return sender != NULL ? sender->name : "";
}
