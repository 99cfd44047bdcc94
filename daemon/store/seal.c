#include "store/seal.h"

#include <sodium.h>
#include <string.h>

#define FORMAT_XCHACHA 1
#define NONCE_BYTES    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES      crypto_aead_xchacha20poly1305_ietf_ABYTES
#define PLACE_BYTES    17

_Static_assert(SEAL_OVERHEAD == 1 + NONCE_BYTES + TAG_BYTES, "a sealed payload is format, nonce, text and tag");
_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "keys fit the cipher");
_Static_assert(SEAL_KEY_BYTES == crypto_kdf_KEYBYTES, "the node's key fits the derivation");

static void put_u64(uint8_t *bytes, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
}

static void put_u32(uint8_t *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
}

static void put_place(uint8_t bytes[PLACE_BYTES], const struct seal_place *place)
{
    bytes[0] = (uint8_t)place->table;
    put_u64(bytes + 1, place->row);
    put_u64(bytes + 9, place->referral);
}

void seal_nonces_init(struct seal_nonces *nonces)
{
    randombytes_buf(nonces->start, sizeof nonces->start);
    nonces->next = 0;
}

void seal_close(struct seal_nonces *nonces, const uint8_t key[SEAL_KEY_BYTES], const struct seal_place *place,
                const uint8_t *plain, size_t size, uint8_t *sealed)
{
    uint8_t data[PLACE_BYTES];
    uint8_t *nonce = sealed + 1;

    put_place(data, place);
    sealed[0] = FORMAT_XCHACHA;
    memcpy(nonce, nonces->start, sizeof nonces->start);
    put_u64(nonce + sizeof nonces->start, nonces->next++);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL, plain, size, data, sizeof data, NULL, nonce,
                                               key);
}

bool seal_open(const uint8_t key[SEAL_KEY_BYTES], const struct seal_place *place, const uint8_t *sealed, size_t size,
               uint8_t *plain)
{
    uint8_t data[PLACE_BYTES];

    if (size < SEAL_OVERHEAD || sealed[0] != FORMAT_XCHACHA)
        return false;
    put_place(data, place);
    return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed + 1 + NONCE_BYTES,
                                                      size - 1 - NONCE_BYTES, data, sizeof data, sealed + 1, key) == 0;
}

void seal_derive(const uint8_t node_key[SEAL_KEY_BYTES], struct seal_node_keys *keys)
{
    static const char context[crypto_kdf_CONTEXTBYTES] = {'f', 'a', 's', 'c', 'i', 'a', 's', 't'};

    crypto_kdf_derive_from_key(keys->wrap, sizeof keys->wrap, 1, context, node_key);
    crypto_kdf_derive_from_key(keys->hash, sizeof keys->hash, 2, context, node_key);
    crypto_kdf_derive_from_key(keys->check, sizeof keys->check, 3, context, node_key);
    crypto_kdf_derive_from_key(keys->secret, sizeof keys->secret, 4, context, node_key);
}

void seal_chain_start(const uint8_t store[SEAL_STORE_BYTES], uint8_t chain[SEAL_CHAIN_BYTES])
{
    static const char name[] = "fascia audit chain 1";
    uint8_t bytes[sizeof name + SEAL_STORE_BYTES];

    memcpy(bytes, name, sizeof name);
    memcpy(bytes + sizeof name, store, SEAL_STORE_BYTES);
    crypto_generichash(chain, SEAL_CHAIN_BYTES, bytes, sizeof bytes, NULL, 0);
}

void seal_chain_next(uint8_t chain[SEAL_CHAIN_BYTES], const struct event_record *event, const uint8_t *stored,
                     size_t size)
{
    uint8_t bytes[SEAL_CHAIN_BYTES + 8 + 8 + 8 + 4 + 4 + RECORD_NAME_BYTES + 32];
    size_t actor = strnlen(event->actor, RECORD_NAME_BYTES), at = SEAL_CHAIN_BYTES;

    memcpy(bytes, chain, SEAL_CHAIN_BYTES);
    put_u64(bytes + at, event->sequence);
    put_u64(bytes + at + 8, (uint64_t)event->at);
    put_u64(bytes + at + 16, event->referral);
    put_u32(bytes + at + 24, event->kind);
    put_u32(bytes + at + 28, (uint32_t)actor);
    at += 32;
    memcpy(bytes + at, event->actor, actor);
    at += actor;
    crypto_generichash(bytes + at, 32, stored, size, NULL, 0);
    crypto_generichash(chain, SEAL_CHAIN_BYTES, bytes, at + 32, NULL, 0);
}
