/*
 * The keys of referrals, in keys.db, each wrapped by the node's key.
 *
 * Keys are made ahead of need and in bulk, a key for each number that a referral will get, so that taking a referral in
 * needs no write of its own here. Destroying a key overwrites it in the file and in the file's journal; what was sealed
 * under it can never be read again, wherever a copy of the database is. Unwrapped keys are kept in a cache of fixed size.
 *
 * Threads: any; a mutex inside. A lookup holds it for microseconds, making keys for milliseconds.
 */
#ifndef FASCIA_STORE_VAULT_H
#define FASCIA_STORE_VAULT_H

#include "store/seal.h"
#include "store/store.h"

#define VAULT_SCHEMA 1
#define VAULT_CHUNK  8192 /* keys made in one transaction */

struct vault;

struct vault_settings {
    const char *path;
    const uint8_t *store;              /* SEAL_STORE_BYTES: which store the keys belong to */
    const struct seal_node_keys *keys; /* copied where needed */
    bool may_make;                     /* the file, when it is missing */
    bool only_read;                    /* for checks: nothing is written, but for what a crash left half done */
};
/* STORE_DAMAGED: missing though it may not be made, of another store, or another node key wrapped it. */
MUST_CHECK enum store_status vault_open(const struct vault_settings *settings, struct vault **vault,
                                        struct fault *fault);
void vault_close(struct vault *vault);

/* Keys 1..this were made (some may have been destroyed since). */
uint64_t vault_high(struct vault *vault);
/* Makes VAULT_CHUNK more keys, durable on return. */
MUST_CHECK enum store_status vault_make(struct vault *vault, struct fault *fault);
/* Makes the keys above `above` that are missing: numbers that were used, erased, and are free again after a restore. */
MUST_CHECK enum store_status vault_fill(struct vault *vault, uint64_t above, struct fault *fault);
/* Takes over, in one transaction, the keys of `from` above this vault's own; both are of one store and one node key. */
MUST_CHECK enum store_status vault_take_newer(struct vault *vault, struct vault *from, struct fault *fault);
/* STORE_MISSING: there is no such key, or no longer. */
MUST_CHECK enum store_status vault_key(struct vault *vault, uint64_t referral, uint8_t key[SEAL_KEY_BYTES],
                                       struct fault *fault);
/* Destroys keys for good; those that are gone already are passed over. */
MUST_CHECK enum store_status vault_destroy(struct vault *vault, const uint64_t *referrals, size_t count,
                                           struct fault *fault);
/* Every page of the key file; STORE_DAMAGED with the first thing found. */
MUST_CHECK enum store_status vault_integrity(struct vault *vault, struct fault *fault);
/* A copy at path, in place of what was there, durable on return; other connections may write meanwhile. */
MUST_CHECK enum store_status vault_copy(struct vault *vault, const char *path, struct fault *fault);

#endif
