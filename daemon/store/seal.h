/*
 * How what is kept is sealed and chained: libsodium only, no file and no SQL.
 *
 * A payload is sealed with XChaCha20-Poly1305 under its referral's key. The associated data names the table, the row and the
 * referral, so that a sealed payload opens only where it was put. What is stored is a format byte, the nonce, and the
 * ciphertext with its tag. Nonces are 16 random bytes chosen when a store opens and a counter: none is used twice,
 * and none costs a call to the kernel.
 * The audit chain is BLAKE2b-256 over the link before, the row's columns, and the hash of what is stored as payload.
 *
 * Threads: every function works on what it is given; a struct seal_nonces belongs to one thread.
 */
#ifndef FASCIA_STORE_SEAL_H
#define FASCIA_STORE_SEAL_H

#include "core/record.h"

#define SEAL_KEY_BYTES   32
#define SEAL_CHAIN_BYTES 32
#define SEAL_STORE_BYTES 16
#define SEAL_OVERHEAD    (1 + 24 + 16)

enum seal_table { SEAL_EVENT = 1, SEAL_OUTBOX = 2, SEAL_KEY = 3, SEAL_SECRET = 4 };

/* Where a sealed payload belongs. */
struct seal_place {
    enum seal_table table;
    uint64_t row, referral;
};

struct seal_nonces {
    uint8_t start[16];
    uint64_t next;
};
void seal_nonces_init(struct seal_nonces *nonces);

/* Writes size + SEAL_OVERHEAD bytes. */
void seal_close(struct seal_nonces *nonces, const uint8_t key[SEAL_KEY_BYTES], const struct seal_place *place,
                const uint8_t *plain, size_t size, uint8_t *sealed);
/* Writes size - SEAL_OVERHEAD bytes; false when the key or the place is not the one it was sealed with, or a byte was changed. */
MUST_CHECK bool seal_open(const uint8_t key[SEAL_KEY_BYTES], const struct seal_place *place, const uint8_t *sealed,
                          size_t size, uint8_t *plain);

/* The keys that come from the node's key. */
struct seal_node_keys {
    uint8_t wrap[SEAL_KEY_BYTES];   /* wraps the keys of referrals */
    uint8_t hash[SEAL_KEY_BYTES];   /* for store_keyed_hash */
    uint8_t secret[SEAL_KEY_BYTES]; /* for store_seal_secret */
    uint8_t check[SEAL_KEY_BYTES];  /* kept in the files: tells whether a node key fits them */
};
void seal_derive(const uint8_t node_key[SEAL_KEY_BYTES], struct seal_node_keys *keys);

/* The link before the first event. */
void seal_chain_start(const uint8_t store[SEAL_STORE_BYTES], uint8_t chain[SEAL_CHAIN_BYTES]);
/* chain: the link before, replaced by this event's. stored is the payload column; the event's own payload is not read. */
void seal_chain_next(uint8_t chain[SEAL_CHAIN_BYTES], const struct event_record *event, const uint8_t *stored,
                     size_t size);

#endif
