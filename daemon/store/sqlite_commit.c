#include "store/sqlite_store.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum store_status store_note(struct store *store, enum store_status status)
{
    if (status == STORE_BROKEN)
        atomic_store(&store->broken, true);
    return status;
}

static enum store_status mistake(struct fault *fault, const char *what, uint64_t number)
{
    fault_set(fault, "%s (number %llu): nothing of this commit was kept", what, (unsigned long long)number);
    return STORE_CONFLICT;
}

void scratch_release(uint8_t **scratch, size_t *scratch_size)
{
    if (*scratch != NULL)
        sodium_memzero(*scratch, *scratch_size);
    free(*scratch);
    *scratch = NULL;
    *scratch_size = 0;
}

void scratch_reserve(uint8_t **scratch, size_t *scratch_size, size_t size)
{
    size_t room = 16384;

    if (*scratch_size >= size && *scratch != NULL)
        return;
    INVARIANT(size <= PAYLOAD_MAXIMUM + SEAL_OVERHEAD);
    while (room < size)
        room *= 2;
    scratch_release(scratch, scratch_size);
    *scratch = store_allocate(room);
    *scratch_size = room;
}

/* Looks at why a referral has no key: erased is fine, anything else is damage. */
static enum store_status expect_erased(struct store *store, uint64_t referral, struct fault *fault)
{
    sqlite3_stmt *statement = store->statements[IS_ERASED];
    bool erased = false;
    int code = SQLITE_OK;

    file_bind_number(statement, 1, (int64_t)referral);
    code = sqlite3_step(statement);
    erased = code == SQLITE_ROW && sqlite3_column_int(statement, 0) != 0;
    sqlite3_reset(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return file_status(store->writer, code, "read a referral", fault);
    if (erased)
        return STORE_OK;
    fault_set(fault, "%s: the key of referral %llu is missing", store->keys_path, (unsigned long long)referral);
    return STORE_DAMAGED;
}

/* What goes into the payload column: sealed, or as it is when it is of no referral, or nothing when the referral is erased. */
static enum store_status seal_payload(struct store *store, const struct seal_place *place, const uint8_t *payload,
                                      size_t size, const uint8_t **stored, size_t *stored_size, struct fault *fault)
{
    uint8_t key[SEAL_KEY_BYTES];
    enum store_status status = STORE_OK;

    *stored = payload;
    *stored_size = size;
    if (size > PAYLOAD_MAXIMUM)
        return mistake(fault, "a payload is larger than 64 MiB", place->row);
    if (place->referral == 0)
        return STORE_OK;
    *stored_size = 0;
    status = vault_key(store->vault, place->referral, key, fault);
    if (status == STORE_MISSING)
        return expect_erased(store, place->referral, fault);
    if (status != STORE_OK)
        return status;
    scratch_reserve(&store->scratch, &store->scratch_size, size + SEAL_OVERHEAD);
    seal_close(&store->nonces, key, place, payload, size, store->scratch);
    sodium_memzero(key, sizeof key);
    *stored = store->scratch;
    *stored_size = size + SEAL_OVERHEAD;
    return STORE_OK;
}

static enum store_status put_event(struct store *store, const struct event_record *event, struct fault *fault)
{
    const struct seal_place place = {SEAL_EVENT, event->sequence, event->referral};
    sqlite3_stmt *statement = store->statements[PUT_EVENT];
    const uint8_t *stored = NULL;
    size_t size = 0;
    enum store_status status = STORE_OK;

    if (event->sequence != store->last_sequence + 1)
        return mistake(fault, "an event's sequence does not follow the one before", event->sequence);
    status = seal_payload(store, &place, event->payload, event->size, &stored, &size, fault);
    if (status != STORE_OK)
        return status;
    seal_chain_next(store->chain, event, stored, size);
    file_bind_number(statement, 1, (int64_t)event->sequence);
    file_bind_number(statement, 2, event->at);
    file_bind_number(statement, 3, (int64_t)event->referral);
    file_bind_number(statement, 4, event->kind);
    file_bind_text(statement, 5, event->actor);
    file_bind_bytes(statement, 6, store->chain, sizeof store->chain);
    file_bind_bytes(statement, 7, stored, size);
    status = file_do(statement, "keep an event", fault);
    if (status == STORE_OK)
        store->last_sequence = event->sequence;
    return status;
}

static void bind_referral(sqlite3_stmt *statement, const struct referral_row *row)
{
    file_bind_number(statement, 1, (int64_t)row->referral);
    file_bind_number(statement, 2, row->state);
    file_bind_number(statement, 3, row->priority);
    file_bind_number(statement, 4, row->open);
    file_bind_text(statement, 5, row->source);
    file_bind_text(statement, 6, row->therapist);
    file_bind_number(statement, 7, row->opened);
    file_bind_number(statement, 8, row->changed);
    file_bind_number(statement, 9, row->due);
    file_bind_number(statement, 10, (int64_t)row->content_sequence);
    file_bind_number(statement, 11, (int64_t)row->match_sequence);
    file_bind_number(statement, 12, row->statuses);
    file_bind_bytes(statement, 13, row->sender_key, sizeof row->sender_key);
    file_bind_bytes(statement, 14, row->content_key, sizeof row->content_key);
    file_bind_bytes(statement, 15, row->patient_key, sizeof row->patient_key);
    file_bind_number(statement, 16, row->erased);
    file_bind_text(statement, 17, row->sender);
}

static enum store_status update(struct store *store, enum write_statement which, bool *updated, struct fault *fault)
{
    enum store_status status = file_do(store->statements[which], "replace a row", fault);

    *updated = status == STORE_OK && sqlite3_changes(store->writer) == 1;
    return status;
}

static enum store_status put_referral(struct store *store, const struct referral_row *row, struct fault *fault)
{
    bool updated = false;
    enum store_status status = STORE_OK;

    if (row->referral == 0)
        return mistake(fault, "a referral has no number", 0);
    if (row->referral <= store->last_row) {
        bind_referral(store->statements[UPDATE_REFERRAL], row);
        status = update(store, UPDATE_REFERRAL, &updated, fault);
    }
    if (status != STORE_OK || updated)
        return status;
    bind_referral(store->statements[PUT_REFERRAL], row);
    status = file_do(store->statements[PUT_REFERRAL], "keep a referral", fault);
    if (row->referral > store->last_row)
        store->last_row = row->referral;
    return status;
}

static enum store_status remove_slot(struct store *store, const struct slot_row *row, struct fault *fault)
{
    sqlite3_stmt *statement = store->statements[REMOVE_SLOT];
    enum store_status status = STORE_OK;

    file_bind_text(statement, 1, row->therapist);
    file_bind_number(statement, 2, row->from);
    file_bind_number(statement, 3, row->to);
    file_bind_number(statement, 4, (int64_t)row->referral);
    status = file_do(statement, "free a slot", fault);
    if (status == STORE_OK && sqlite3_changes(store->writer) != 1)
        status = mistake(fault, "a slot that is to be freed is not there; of referral", row->referral);
    return status;
}

/*
 * What stands in the way of a slot. Slots of one therapist never overlap, so the one that begins last before this one's
 * end is the only one that can. The same slot of the same referral does not: a hold becomes a booking in place.
 */
enum way { WAY_FREE, WAY_SAME, WAY_TAKEN };

static enum store_status look_for_slot(struct store *store, const struct slot_row *row, enum way *way,
                                       struct fault *fault)
{
    sqlite3_stmt *find = store->statements[FIND_SLOT_BEFORE];
    int code = SQLITE_OK;

    *way = WAY_FREE;
    file_bind_text(find, 1, row->therapist);
    file_bind_number(find, 2, row->to);
    code = sqlite3_step(find);
    if (code == SQLITE_ROW && sqlite3_column_int64(find, 1) > row->from) {
        bool same = sqlite3_column_int64(find, 0) == row->from && sqlite3_column_int64(find, 1) == row->to &&
                    (uint64_t)sqlite3_column_int64(find, 2) == row->referral;
        *way = same ? WAY_SAME : WAY_TAKEN;
    }
    sqlite3_reset(find);
    return code == SQLITE_ROW || code == SQLITE_DONE ? STORE_OK : file_status(store->writer, code, "find slots", fault);
}

static enum store_status put_slot(struct store *store, const struct slot_row *row, struct fault *fault)
{
    sqlite3_stmt *put = NULL;
    enum way way = WAY_FREE;
    enum store_status status = STORE_OK;

    if (row->from >= row->to)
        return mistake(fault, "a slot ends before it begins; of referral", row->referral);
    status = look_for_slot(store, row, &way, fault);
    if (status != STORE_OK)
        return status;
    if (way == WAY_TAKEN)
        return mistake(fault, "a slot overlaps another of its therapist; of referral", row->referral);
    put = store->statements[way == WAY_SAME ? UPDATE_SLOT : PUT_SLOT];
    file_bind_text(put, 1, row->therapist);
    file_bind_number(put, 2, row->from);
    file_bind_number(put, 3, row->to);
    file_bind_number(put, 4, (int64_t)row->referral);
    file_bind_number(put, 5, row->visit);
    file_bind_number(put, 6, row->booked);
    return file_do(put, "keep a slot", fault);
}

static enum store_status update_outbox(struct store *store, const struct outbox_row *row, struct fault *fault)
{
    sqlite3_stmt *statement = store->statements[UPDATE_OUTBOX];
    enum store_status status = STORE_OK;

    file_bind_number(statement, 1, (int64_t)row->outbox);
    file_bind_number(statement, 2, row->state);
    file_bind_number(statement, 3, row->attempts);
    file_bind_number(statement, 4, row->due);
    file_bind_text(statement, 5, row->error);
    status = file_do(statement, "note a delivery", fault);
    if (status == STORE_OK && sqlite3_changes(store->writer) != 1)
        status = mistake(fault, "an outbox row that is to change is not there", row->outbox);
    return status;
}

static enum store_status put_outbox(struct store *store, const struct outbox_row *row, struct fault *fault)
{
    const struct seal_place place = {SEAL_OUTBOX, row->outbox, row->referral};
    sqlite3_stmt *statement = store->statements[PUT_OUTBOX];
    const uint8_t *stored = NULL;
    size_t size = 0;
    enum store_status status = STORE_OK;

    if (row->update)
        return update_outbox(store, row, fault);
    status = seal_payload(store, &place, row->payload, row->size, &stored, &size, fault);
    if (status != STORE_OK)
        return status;
    file_bind_number(statement, 1, (int64_t)row->outbox);
    file_bind_number(statement, 2, (int64_t)row->referral);
    file_bind_text(statement, 3, row->source);
    file_bind_number(statement, 4, row->state);
    file_bind_number(statement, 5, row->attempts);
    file_bind_number(statement, 6, row->due);
    file_bind_text(statement, 7, row->error);
    file_bind_bytes(statement, 8, stored, size);
    return file_do(statement, "keep a message", fault);
}

static enum store_status remove_therapist(struct store *store, const struct therapist_row *row, struct fault *fault)
{
    bool removed = false;
    enum store_status status = STORE_OK;

    file_bind_text(store->statements[REMOVE_THERAPIST], 1, row->identifier);
    status = update(store, REMOVE_THERAPIST, &removed, fault);
    if (status == STORE_OK && !removed)
        status = mistake(fault, "a therapist that is to be removed is not there", 0);
    return status;
}

static enum store_status put_therapist(struct store *store, const struct therapist_row *row, struct fault *fault)
{
    static const enum write_statement either[] = {UPDATE_THERAPIST, PUT_THERAPIST};
    bool done = false;
    enum store_status status = STORE_OK;

    if (row->remove)
        return remove_therapist(store, row, fault);
    if (row->size > PAYLOAD_MAXIMUM)
        return mistake(fault, "a therapist's record is larger than 64 MiB", row->size);
    for (size_t i = row->added ? 1 : 0; i < 2 && status == STORE_OK && !done; i++) {
        file_bind_text(store->statements[either[i]], 1, row->identifier);
        file_bind_bytes(store->statements[either[i]], 2, row->payload, row->size);
        status = update(store, either[i], &done, fault);
    }
    return status;
}

static enum store_status put_account(struct store *store, const struct account_row *row, struct fault *fault)
{
    sqlite3_stmt *statement = store->statements[row->remove ? REMOVE_ACCOUNT : PUT_ACCOUNT];
    enum store_status status = STORE_OK;

    file_bind_text(statement, 1, row->name);
    if (!row->remove)
        file_bind_bytes(statement, 2, row->payload, row->size);
    status = file_do(statement, "keep an account", fault);
    if (status == STORE_OK && row->remove && sqlite3_changes(store->writer) != 1)
        status = mistake(fault, "an account that is to be removed is not there", 0);
    return status;
}

static enum store_status mark_erased(struct store *store, uint64_t referral, struct fault *fault)
{
    sqlite3_stmt *statement = store->statements[MARK_ERASED];
    enum store_status status = STORE_OK;

    file_bind_number(statement, 1, (int64_t)referral);
    status = file_do(statement, "mark a referral as erased", fault);
    if (status == STORE_OK && sqlite3_changes(store->writer) != 1)
        status = mistake(fault, "a referral that is to be erased is not there", referral);
    return status;
}

/* A table at a time, so that each table's pages are touched in one run. */
static enum store_status put_all(struct store *store, struct record_batch *const *batches, size_t count,
                                 struct fault *fault)
{
    enum store_status status = STORE_OK;

    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < batches[b]->event_count && status == STORE_OK; i++)
            status = put_event(store, &batches[b]->events[i], fault);
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < batches[b]->referral_count && status == STORE_OK; i++)
            status = put_referral(store, &batches[b]->referrals[i], fault);
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < batches[b]->slot_count && status == STORE_OK; i++)
            status = batches[b]->slots[i].remove ? remove_slot(store, &batches[b]->slots[i], fault)
                                                 : put_slot(store, &batches[b]->slots[i], fault);
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < batches[b]->outbox_count && status == STORE_OK; i++)
            status = put_outbox(store, &batches[b]->outbox[i], fault);
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < batches[b]->therapist_count && status == STORE_OK; i++)
            status = put_therapist(store, &batches[b]->therapists[i], fault);
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < batches[b]->account_count && status == STORE_OK; i++)
            status = put_account(store, &batches[b]->accounts[i], fault);
    for (size_t b = 0; b < count; b++)
        for (size_t i = 0; i < batches[b]->erasure_count && status == STORE_OK; i++)
            status = mark_erased(store, batches[b]->erasures[i], fault);
    return status;
}

/* Every referral that these batches speak of has a key before the transaction begins. */
static enum store_status have_keys(struct store *store, struct record_batch *const *batches, size_t count,
                                   struct fault *fault)
{
    uint64_t highest = store->last_referral, high = vault_high(store->vault);
    enum store_status status = STORE_OK;

    for (size_t b = 0; b < count; b++) {
        for (size_t i = 0; i < batches[b]->event_count; i++)
            if (batches[b]->events[i].referral > highest)
                highest = batches[b]->events[i].referral;
        for (size_t i = 0; i < batches[b]->referral_count; i++)
            if (batches[b]->referrals[i].referral > highest)
                highest = batches[b]->referrals[i].referral;
        for (size_t i = 0; i < batches[b]->outbox_count; i++)
            if (batches[b]->outbox[i].referral > highest)
                highest = batches[b]->outbox[i].referral;
    }
    if (highest > store->last_referral + NUMBER_JUMP)
        return mistake(fault, "a referral's number is far ahead of the last", highest);
    while (status == STORE_OK && high < highest) {
        status = vault_make(store->vault, fault);
        high = vault_high(store->vault);
    }
    if (status == STORE_OK)
        store->last_referral = highest;
    return status;
}

static enum store_status destroy_keys(struct store *store, struct record_batch *const *batches, size_t count,
                                      struct fault *fault)
{
    enum store_status status = STORE_OK;

    for (size_t b = 0; b < count && status == STORE_OK; b++)
        if (batches[b]->erasure_count > 0)
            status = vault_destroy(store->vault, batches[b]->erasures, batches[b]->erasure_count, fault);
    if (status == STORE_OK)
        return STORE_OK;
    fault_prefix(fault, "the erasure is recorded but not finished; it is finished when the store opens again");
    return STORE_BROKEN;
}

/* Everything in one transaction, or a rollback and the chain as it was. */
static enum store_status transact(struct store *store, struct record_batch *const *batches, size_t count,
                                  struct fault *fault)
{
    const uint64_t last_sequence = store->last_sequence;
    uint8_t chain[SEAL_CHAIN_BYTES];
    enum store_status status = file_do(store->statements[BEGIN], "begin", fault);

    if (status != STORE_OK)
        return status;
    memcpy(chain, store->chain, sizeof chain);
    status = put_all(store, batches, count, fault);
    if (status == STORE_OK)
        status = file_do(store->statements[COMMIT], "make a commit durable", fault);
    if (status == STORE_OK)
        return STORE_OK;
    memcpy(store->chain, chain, sizeof chain);
    store->last_sequence = last_sequence;
    /* SQLite rolls back by itself on some errors; then this one does nothing. */
    sqlite3_step(store->statements[ROLLBACK]);
    sqlite3_reset(store->statements[ROLLBACK]);
    if (sqlite3_get_autocommit(store->writer) == 0) {
        fault_prefix(fault, "and it can't be rolled back");
        status = STORE_BROKEN;
    }
    return status;
}

static enum store_status refuse_broken(const struct store *store, struct fault *fault)
{
    fault_set(fault, "%s: the disk failed before; open the store anew and load", store->database_path);
    return STORE_BROKEN;
}

enum store_status store_commit(struct store *store, struct record_batch *const *batches, size_t count,
                               struct fault *fault)
{
    enum store_status status = STORE_OK;
    bool empty = true;

    if (atomic_load(&store->broken))
        return refuse_broken(store, fault);
    for (size_t b = 0; b < count && empty; b++)
        empty = record_batch_is_empty(batches[b]);
    if (empty)
        return STORE_OK;
    status = have_keys(store, batches, count, fault);
    if (status == STORE_OK)
        status = transact(store, batches, count, fault);
    if (status == STORE_OK)
        status = destroy_keys(store, batches, count, fault);
    if (status == STORE_OK)
        checkpoint_if_long(store);
    return store_note(store, status);
}

enum store_status store_prepare_keys(struct store *store, struct fault *fault)
{
    if (atomic_load(&store->broken))
        return refuse_broken(store, fault);
    if (vault_high(store->vault) >= store->last_referral + KEYS_AHEAD)
        return STORE_OK;
    return store_note(store, vault_make(store->vault, fault));
}
