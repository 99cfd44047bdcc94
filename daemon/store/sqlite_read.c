#include "store/sqlite_store.h"

#include <stdlib.h>
#include <string.h>

enum store_status reader_attach(struct store_reader *reader, const char *path, struct vault *vault, struct fault *fault)
{
    static const char pragmas[] = "PRAGMA query_only = ON; PRAGMA cache_size = -4096";
    enum store_status status = file_open(path, SQLITE_OPEN_READONLY, &reader->database, fault);

    if (status == STORE_OK)
        status = file_run(reader->database, pragmas, "set it up", fault);
    if (status == STORE_OK)
        status = file_meta(reader->database, "store", reader->identity, sizeof reader->identity, fault);
    reader->vault = vault;
    return status;
}

void reader_detach(struct store_reader *reader)
{
    sqlite3_close(reader->database);
    reader->database = NULL;
    scratch_release(&reader->scratch, &reader->scratch_size);
}

enum store_status store_reader_open(struct store *store, struct store_reader **reader, struct fault *fault)
{
    struct store_reader *made = store_allocate(sizeof *made);
    enum store_status status = STORE_OK;

    memset(made, 0, sizeof *made);
    made->store = store;
    status = reader_attach(made, store->database_path, store->vault, fault);
    if (status != STORE_OK) {
        store_reader_close(made);
        return status;
    }
    *reader = made;
    return STORE_OK;
}

void store_reader_close(struct store_reader *reader)
{
    if (reader == NULL)
        return;
    reader_detach(reader);
    free(reader);
}

/* Fills the event from the row, with its payload in the reader's scratch buffer. */
static enum store_status open_event(struct store_reader *reader, sqlite3_stmt *statement, struct event_record *event,
                                    struct fault *fault)
{
    struct seal_place place = {.table = SEAL_EVENT};
    enum store_status status = STORE_OK;

    event_from_row(statement, event);
    place.row = event->sequence;
    place.referral = event->referral;
    status = payload_open(reader->vault, &place, statement, EVENT_PAYLOAD, &reader->scratch, &reader->scratch_size,
                          &event->size, fault);
    event->payload = reader->scratch;
    return status;
}

static enum store_status visit_event(struct store_reader *reader, sqlite3_stmt *statement, store_event_visitor visit,
                                     void *context, bool *more, struct fault *fault)
{
    struct event_record event;
    enum store_status status = open_event(reader, statement, &event, fault);

    if (status != STORE_OK && status != STORE_MISSING)
        return status;
    if (sqlite3_column_bytes(statement, EVENT_CHAIN) != SEAL_CHAIN_BYTES) {
        fault_set(fault, "%s: damaged: event %llu has no chain", sqlite3_db_filename(reader->database, "main"),
                  (unsigned long long)event.sequence);
        return STORE_DAMAGED;
    }
    *more = visit(context, &event, sqlite3_column_blob(statement, EVENT_CHAIN), status == STORE_MISSING);
    return STORE_OK;
}

enum store_status store_read_events(struct store_reader *reader, uint64_t referral, uint64_t after, uint32_t limit,
                                    store_event_visitor visit, void *context, struct fault *fault)
{
    static const char all[] = "SELECT " EVENT_COLUMNS " FROM event WHERE sequence > ?2 ORDER BY sequence LIMIT ?3";
    static const char of_one[] =
        "SELECT " EVENT_COLUMNS " FROM event WHERE referral = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3";
    sqlite3_stmt *statement = NULL;
    bool more = true;
    int code = SQLITE_DONE;
    enum store_status status = file_prepare(reader->database, referral == 0 ? all : of_one, &statement, fault);

    if (status != STORE_OK)
        return status;
    if (referral != 0)
        file_bind_number(statement, 1, (int64_t)referral);
    file_bind_number(statement, 2, (int64_t)after);
    file_bind_number(statement, 3, limit);
    while (status == STORE_OK && more && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = visit_event(reader, statement, visit, context, &more, fault);
    if (status == STORE_OK)
        status = file_status(reader->database, code, "read events", fault);
    sqlite3_finalize(statement);
    return status;
}

enum store_status store_read_event(struct store_reader *reader, uint64_t sequence, struct event_record *event,
                                   struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_OK;
    enum store_status status =
        file_prepare(reader->database, "SELECT " EVENT_COLUMNS " FROM event WHERE sequence = ?1", &statement, fault);

    if (status != STORE_OK)
        return status;
    file_bind_number(statement, 1, (int64_t)sequence);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        status = open_event(reader, statement, event, fault);
        event->payload = NULL;
        if (status == STORE_OK) {
            event->payload = store_allocate(event->size);
            memcpy(event->payload, reader->scratch, event->size);
        }
    } else if (code == SQLITE_DONE) {
        fault_set(fault, "there is no event %llu", (unsigned long long)sequence);
        status = STORE_MISSING;
    } else {
        status = file_status(reader->database, code, "read an event", fault);
    }
    sqlite3_finalize(statement);
    return status;
}

enum store_status store_read_referral(struct store_reader *reader, uint64_t referral, struct referral_row *row,
                                      struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_OK;
    enum store_status status = file_prepare(
        reader->database, "SELECT " REFERRAL_COLUMNS " FROM referral WHERE referral = ?1", &statement, fault);

    if (status != STORE_OK)
        return status;
    file_bind_number(statement, 1, (int64_t)referral);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        referral_from_row(statement, row);
    } else if (code == SQLITE_DONE) {
        fault_set(fault, "there is no referral %llu", (unsigned long long)referral);
        status = STORE_MISSING;
    } else {
        status = file_status(reader->database, code, "read a referral", fault);
    }
    sqlite3_finalize(statement);
    return status;
}

enum store_status store_read_referrals(struct store_reader *reader, uint64_t after, uint32_t limit, uint32_t state_mask,
                                       store_referral_visitor visit, void *context, struct fault *fault)
{
    static const char sql[] = "SELECT " REFERRAL_COLUMNS " FROM referral WHERE referral > ?1"
                              " AND (?2 = 0 OR (?2 >> state) & 1 = 1) ORDER BY referral LIMIT ?3";
    sqlite3_stmt *statement = NULL;
    struct referral_row row;
    bool more = true;
    int code = SQLITE_DONE;
    enum store_status status = file_prepare(reader->database, sql, &statement, fault);

    if (status != STORE_OK)
        return status;
    file_bind_number(statement, 1, (int64_t)after);
    file_bind_number(statement, 2, state_mask);
    file_bind_number(statement, 3, limit);
    while (more && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        referral_from_row(statement, &row);
        more = visit(context, &row);
    }
    status = file_status(reader->database, code, "read referrals", fault);
    sqlite3_finalize(statement);
    return status;
}
