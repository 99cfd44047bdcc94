/*
 * A store that keeps nothing, to measure what durability costs: the same daemon is linked with this in place of SQLite.
 * Only for the bench; the name of its program says so.
 */
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

struct store {
    uint64_t commits;
};
struct store_reader {
    struct store *store;
};

const char *store_status_name(enum store_status status)
{
    return status == STORE_OK ? "ok" : "missing";
}

enum store_status store_open(const struct store_settings *settings, struct store **store, struct fault *fault)
{
    (void)settings;
    (void)fault;
    *store = calloc(1, sizeof **store);
    return *store != NULL ? STORE_OK : STORE_BROKEN;
}

void store_close(struct store *store)
{
    free(store);
}

enum store_status store_load(struct store *store, const struct store_loader *loader, struct fault *fault)
{
    (void)store;
    (void)fault;
    loader->finish(loader->context, 0, 0, 0);
    return STORE_OK;
}

enum store_status store_commit(struct store *store, struct record_batch *const *batches, size_t count,
                               struct fault *fault)
{
    (void)batches;
    (void)count;
    (void)fault;
    store->commits++;
    return STORE_OK;
}

enum store_status store_prepare_keys(struct store *store, struct fault *fault)
{
    (void)store;
    (void)fault;
    return STORE_OK;
}

/* FNV-1a, twice: enough to tell the bench's referrals apart. */
void store_keyed_hash(const struct store *store, const uint8_t *bytes, size_t size, uint8_t key[RECORD_KEY_BYTES])
{
    (void)store;
    for (uint64_t half = 0; half < 2; half++) {
        uint64_t hash = 0xcbf29ce484222325u ^ half;
        for (size_t i = 0; i < size; i++)
            hash = (hash ^ bytes[i]) * 0x100000001b3u;
        memcpy(key + 8 * half, &hash, 8);
    }
}

enum store_status store_checkpoint(struct store *store, struct fault *fault)
{
    (void)store;
    (void)fault;
    return STORE_OK;
}

enum store_status store_reader_open(struct store *store, struct store_reader **reader, struct fault *fault)
{
    (void)fault;
    *reader = calloc(1, sizeof **reader);
    if (*reader == NULL)
        return STORE_BROKEN;
    (*reader)->store = store;
    return STORE_OK;
}

void store_reader_close(struct store_reader *reader)
{
    free(reader);
}

enum store_status store_read_events(struct store_reader *reader, uint64_t referral, uint64_t after, uint32_t limit,
                                    store_event_visitor visit, void *context, struct fault *fault)
{
    (void)reader, (void)referral, (void)after, (void)limit, (void)visit, (void)context, (void)fault;
    return STORE_OK;
}

enum store_status store_read_event(struct store_reader *reader, uint64_t sequence, struct event_record *event,
                                   struct fault *fault)
{
    (void)reader, (void)sequence, (void)event, (void)fault;
    return STORE_MISSING;
}

enum store_status store_read_referral(struct store_reader *reader, uint64_t referral, struct referral_row *row,
                                      struct fault *fault)
{
    (void)reader, (void)referral, (void)row, (void)fault;
    return STORE_MISSING;
}

enum store_status store_read_referrals(struct store_reader *reader, uint64_t after, uint32_t limit, uint32_t state_mask,
                                       store_referral_visitor visit, void *context, struct fault *fault)
{
    (void)reader, (void)after, (void)limit, (void)state_mask, (void)visit, (void)context, (void)fault;
    return STORE_OK;
}

enum store_status store_read_outbox(struct store_reader *reader, enum outbox_state state, uint64_t after,
                                    uint32_t limit, store_outbox_visitor visit, void *context, struct fault *fault)
{
    (void)reader, (void)state, (void)after, (void)limit, (void)visit, (void)context, (void)fault;
    return STORE_OK;
}

enum store_status store_count_outbox(struct store_reader *reader, uint64_t *pending, uint64_t *given_up,
                                     struct fault *fault)
{
    (void)reader, (void)fault;
    *pending = *given_up = 0;
    return STORE_OK;
}

enum store_status store_verify_audit(struct store_reader *reader, struct store_audit *audit, struct fault *fault)
{
    (void)reader, (void)audit, (void)fault;
    return STORE_MISSING;
}

enum store_status store_backup(struct store_reader *reader, const char *path, struct store_backup_result *result,
                               struct fault *fault)
{
    (void)reader, (void)path, (void)result, (void)fault;
    return STORE_MISSING;
}

enum store_status store_restore(const char *backup, const char *keys, const struct store_settings *settings, bool force,
                                struct fault *fault)
{
    (void)backup, (void)keys, (void)settings, (void)force, (void)fault;
    return STORE_MISSING;
}

enum store_status store_check(const struct store_settings *settings, struct fault *fault)
{
    (void)settings, (void)fault;
    return STORE_MISSING;
}

/* Nothing is kept, and so nothing is read again. */
void store_seal_secret(const struct store *store, const char *name, const uint8_t *plain, size_t size, uint8_t *sealed)
{
    (void)store, (void)name, (void)plain;
    memset(sealed, 0, size + STORE_SECRET_BYTES);
}

bool store_open_secret(const struct store *store, const char *name, const uint8_t *sealed, size_t size, uint8_t *plain)
{
    (void)store, (void)name, (void)sealed, (void)size, (void)plain;
    return false;
}
