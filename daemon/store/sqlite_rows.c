#include "store/sqlite_store.h"

#include <sodium.h>
#include <string.h>

void event_from_row(sqlite3_stmt *statement, struct event_record *event)
{
    memset(event, 0, sizeof *event);
    event->sequence = (uint64_t)sqlite3_column_int64(statement, EVENT_SEQUENCE);
    event->at = sqlite3_column_int64(statement, EVENT_AT);
    event->referral = (uint64_t)sqlite3_column_int64(statement, EVENT_REFERRAL);
    event->kind = (uint32_t)sqlite3_column_int64(statement, EVENT_KIND);
    file_copy_text(statement, EVENT_ACTOR, event->actor, sizeof event->actor);
}

static void copy_key(sqlite3_stmt *statement, int column, uint8_t key[RECORD_KEY_BYTES])
{
    memset(key, 0, RECORD_KEY_BYTES);
    if (sqlite3_column_bytes(statement, column) == RECORD_KEY_BYTES)
        memcpy(key, sqlite3_column_blob(statement, column), RECORD_KEY_BYTES);
}

void referral_from_row(sqlite3_stmt *statement, struct referral_row *row)
{
    memset(row, 0, sizeof *row);
    row->referral = (uint64_t)sqlite3_column_int64(statement, 0);
    row->state = (uint32_t)sqlite3_column_int64(statement, 1);
    row->priority = (uint32_t)sqlite3_column_int64(statement, 2);
    row->open = sqlite3_column_int(statement, 3) != 0;
    file_copy_text(statement, 4, row->source, sizeof row->source);
    file_copy_text(statement, 5, row->therapist, sizeof row->therapist);
    row->opened = sqlite3_column_int64(statement, 6);
    row->changed = sqlite3_column_int64(statement, 7);
    row->due = sqlite3_column_int64(statement, 8);
    row->content_sequence = (uint64_t)sqlite3_column_int64(statement, 9);
    row->match_sequence = (uint64_t)sqlite3_column_int64(statement, 10);
    row->statuses = (uint32_t)sqlite3_column_int64(statement, 11);
    copy_key(statement, 12, row->sender_key);
    copy_key(statement, 13, row->content_key);
    copy_key(statement, 14, row->patient_key);
    row->erased = sqlite3_column_int(statement, 15) != 0;
    file_copy_text(statement, 16, row->sender, sizeof row->sender);
}

static enum store_status not_opened(sqlite3_stmt *statement, const struct seal_place *place, struct fault *fault)
{
    fault_set(fault, "%s: damaged: %s %llu can't be unsealed",
              sqlite3_db_filename(sqlite3_db_handle(statement), "main"),
              place->table == SEAL_EVENT ? "event" : "message", (unsigned long long)place->row);
    return STORE_DAMAGED;
}

enum store_status payload_open(struct vault *vault, const struct seal_place *place, sqlite3_stmt *statement, int column,
                               uint8_t **scratch, size_t *scratch_size, size_t *size, struct fault *fault)
{
    const uint8_t *stored = sqlite3_column_blob(statement, column);
    size_t stored_size = (size_t)sqlite3_column_bytes(statement, column);
    uint8_t key[SEAL_KEY_BYTES];
    enum store_status status = STORE_OK;

    *size = 0;
    if (stored_size > PAYLOAD_MAXIMUM + SEAL_OVERHEAD)
        return not_opened(statement, place, fault);
    scratch_reserve(scratch, scratch_size, stored_size);
    if (place->referral == 0) {
        if (stored_size > 0)
            memcpy(*scratch, stored, stored_size);
        *size = stored_size;
        return STORE_OK;
    }
    status = vault_key(vault, place->referral, key, fault);
    if (status != STORE_OK || stored_size == 0)
        return status;
    if (!seal_open(key, place, stored, stored_size, *scratch))
        status = not_opened(statement, place, fault);
    else
        *size = stored_size - SEAL_OVERHEAD;
    sodium_memzero(key, sizeof key);
    return status;
}
