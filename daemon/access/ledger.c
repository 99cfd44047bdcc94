#include "access/ledger.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define SWEEP  4 /* places looked at whenever one is added: more than one a time keeps what is over below what is not */
#define SAMPLE 16 /* of these the one that ends soonest is crowded out */

struct slot {
    struct ledger_entry entry;
    struct slot *next; /* of its bucket */
    size_t place;      /* in `slots` */
};

/* Slots stand on the heap one by one, so that entries stay where they are. */
struct ledger {
    size_t limit, item_size;
    void (*end)(void *item);
    struct slot **slots; /* [count] */
    size_t count, room;
    struct slot **buckets; /* a power of two */
    size_t bucket_count;
    size_t hand; /* where sweeping goes on */
};

struct ledger *ledger_create(size_t limit, size_t item_size, void (*end)(void *item))
{
    struct ledger *ledger = memory_allocate(1, sizeof *ledger);

    INVARIANT(limit > 0);
    *ledger = (struct ledger){.limit = limit, .item_size = item_size, .end = end, .bucket_count = 64};
    ledger->buckets = memory_allocate(ledger->bucket_count, sizeof(struct slot *));
    return ledger;
}

/* Keys are hashes already. */
static struct slot **bucket_of(const struct ledger *ledger, const uint8_t key[LEDGER_KEY_BYTES])
{
    uint64_t number;

    memcpy(&number, key, sizeof number);
    return &ledger->buckets[number & (ledger->bucket_count - 1)];
}

struct ledger_entry *ledger_find(const struct ledger *ledger, const uint8_t key[LEDGER_KEY_BYTES])
{
    for (struct slot *slot = *bucket_of(ledger, key); slot != NULL; slot = slot->next)
        if (memcmp(slot->entry.key, key, LEDGER_KEY_BYTES) == 0)
            return &slot->entry;
    return NULL;
}

static void end_slot(struct ledger *ledger, struct slot *slot)
{
    if (ledger->end != NULL)
        ledger->end(slot->entry.item);
    if (slot->entry.count != NULL)
        (*slot->entry.count)--;
    free(slot->entry.item);
    free(slot);
}

void ledger_remove(struct ledger *ledger, struct ledger_entry *entry)
{
    struct slot **link = bucket_of(ledger, entry->key);
    struct slot *slot;

    while (&(*link)->entry != entry)
        link = &(*link)->next;
    slot = *link;
    *link = slot->next;
    ledger->slots[slot->place] = ledger->slots[--ledger->count];
    ledger->slots[slot->place]->place = slot->place;
    end_slot(ledger, slot);
}

void ledger_destroy(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    for (size_t i = 0; i < ledger->count; i++)
        end_slot(ledger, ledger->slots[i]);
    free(ledger->slots);
    free(ledger->buckets);
    free(ledger);
}

static void sweep(struct ledger *ledger, size_t places, int64_t now)
{
    for (size_t i = 0; i < places && ledger->count > 0; i++) {
        if (ledger->hand >= ledger->count)
            ledger->hand = 0;
        if (ledger->slots[ledger->hand]->entry.until <= now)
            ledger_remove(ledger, &ledger->slots[ledger->hand]->entry);
        else
            ledger->hand++;
    }
}

/* From the back: what takes the place of a removed one was looked at before. */
void ledger_trim(struct ledger *ledger, int64_t now)
{
    for (size_t i = ledger->count; i-- > 0;)
        if (ledger->slots[i]->entry.until <= now)
            ledger_remove(ledger, &ledger->slots[i]->entry);
}

static void crowd_one_out(struct ledger *ledger)
{
    struct ledger_entry *soonest = NULL;

    for (size_t i = 0; i < SAMPLE && i < ledger->count; i++) {
        struct ledger_entry *entry = &ledger->slots[(ledger->hand + i) % ledger->count]->entry;

        if (soonest == NULL || entry->until < soonest->until)
            soonest = entry;
    }
    INVARIANT(soonest != NULL);
    ledger->hand += SAMPLE;
    ledger_remove(ledger, soonest);
}

static void grow_buckets(struct ledger *ledger)
{
    if (ledger->count < ledger->bucket_count)
        return;
    free(ledger->buckets);
    ledger->bucket_count *= 2;
    ledger->buckets = memory_allocate(ledger->bucket_count, sizeof(struct slot *));
    for (size_t i = 0; i < ledger->count; i++) {
        struct slot **bucket = bucket_of(ledger, ledger->slots[i]->entry.key);

        ledger->slots[i]->next = *bucket;
        *bucket = ledger->slots[i];
    }
}

struct ledger_entry *ledger_add(struct ledger *ledger, const uint8_t key[LEDGER_KEY_BYTES], int64_t now, int64_t until,
                                uint32_t *count, bool crowd_out)
{
    struct slot *slot, **bucket;

    sweep(ledger, ledger->count < ledger->limit ? SWEEP : SAMPLE, now);
    if (ledger->count >= ledger->limit && !crowd_out)
        ledger_trim(ledger, now);
    if (ledger->count >= ledger->limit && crowd_out)
        crowd_one_out(ledger);
    if (ledger->count >= ledger->limit)
        return NULL;
    slot = memory_allocate(1, sizeof *slot);
    slot->entry = (struct ledger_entry){.until = until, .count = count};
    memcpy(slot->entry.key, key, LEDGER_KEY_BYTES);
    slot->entry.item = memory_allocate(1, ledger->item_size);
    grow_buckets(ledger);
    bucket = bucket_of(ledger, key);
    slot->next = *bucket;
    *bucket = slot;
    slot->place = ledger->count;
    ledger->slots = memory_grow(ledger->slots, &ledger->room, ledger->count + 1, sizeof(struct slot *));
    ledger->slots[ledger->count++] = slot;
    if (count != NULL)
        (*count)++;
    return &slot->entry;
}

struct ledger_entry *ledger_next(const struct ledger *ledger, size_t *place)
{
    /* From the back: what takes the place of a removed one was given before. */
    return *place == 0 ? NULL : &ledger->slots[--*place]->entry;
}

size_t ledger_count(const struct ledger *ledger)
{
    return ledger->count;
}
