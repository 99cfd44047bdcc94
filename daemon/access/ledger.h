/*
 * What is remembered for a while, by a 256-bit key: tokens, sessions, assertions that were used, failures to sign in.
 *
 * Bounded: an entry stays until its instant has passed and somebody needs the room. Keys are hashes, so that what is remembered opens nothing.
 */
#ifndef FASCIA_ACCESS_LEDGER_H
#define FASCIA_ACCESS_LEDGER_H

#include "core/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_KEY_BYTES 32

struct ledger;

struct ledger_entry {
    uint8_t key[LEDGER_KEY_BYTES];
    int64_t until;   /* instant from which the entry may go */
    uint32_t *count; /* of its owner's entries, kept right here; NULL: nobody counts */
    void *item;      /* the user's */
};

/* limit: entries at most. An entry's item is `item_size` bytes, zero at first; `end` (may be NULL) is called before an entry goes. */
struct ledger *ledger_create(size_t limit, size_t item_size, void (*end)(void *item));
void ledger_destroy(struct ledger *ledger);
/* NULL: there is none. Entries that are past their instant are found as long as they are there. */
struct ledger_entry *ledger_find(const struct ledger *ledger, const uint8_t key[LEDGER_KEY_BYTES]);
/* The key must not be there. With `crowd_out` the one of some that ends soonest makes room; else NULL when all is full. Other entries may go. */
struct ledger_entry *ledger_add(struct ledger *ledger, const uint8_t key[LEDGER_KEY_BYTES], int64_t now, int64_t until,
                                uint32_t *count, bool crowd_out);
void ledger_remove(struct ledger *ledger, struct ledger_entry *entry);
/* One entry after the other, while place, which begins as ledger_count(), goes down; NULL: that was all. The one just given may be removed. */
struct ledger_entry *ledger_next(const struct ledger *ledger, size_t *place);
/* Lets all go that are past their instant. */
void ledger_trim(struct ledger *ledger, int64_t now);
size_t ledger_count(const struct ledger *ledger);

#endif
