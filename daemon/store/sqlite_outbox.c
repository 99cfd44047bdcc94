#include "store/sqlite_store.h"

#include <stdlib.h>

enum column { OUTBOX, REFERRAL, SOURCE, STATE, ATTEMPTS, DUE, ERROR, PAYLOAD };

#define COLUMNS "SELECT outbox, referral, source, state, attempts, due, error, payload FROM outbox"
#define PAGE    " AND outbox > ?2 ORDER BY outbox LIMIT ?3"

/* Erased referrals' messages are passed on with size 0, so that they can be given up. */
static enum store_status visit_row(struct store_reader *reader, sqlite3_stmt *statement, store_outbox_visitor visit,
                                   void *context, bool *more, struct fault *fault)
{
    struct outbox_row row = {0};
    struct seal_place place = {.table = SEAL_OUTBOX};
    enum store_status status = STORE_OK;

    row.outbox = (uint64_t)sqlite3_column_int64(statement, OUTBOX);
    row.referral = (uint64_t)sqlite3_column_int64(statement, REFERRAL);
    file_copy_text(statement, SOURCE, row.source, sizeof row.source);
    row.state = (uint32_t)sqlite3_column_int64(statement, STATE);
    row.attempts = (uint32_t)sqlite3_column_int64(statement, ATTEMPTS);
    row.due = sqlite3_column_int64(statement, DUE);
    file_copy_text(statement, ERROR, row.error, sizeof row.error);
    place.row = row.outbox;
    place.referral = row.referral;
    status = payload_open(reader->vault, &place, statement, PAYLOAD, &reader->scratch, &reader->scratch_size, &row.size,
                          fault);
    if (status != STORE_OK && status != STORE_MISSING)
        return status;
    row.payload = reader->scratch;
    *more = visit(context, &row);
    return STORE_OK;
}

enum store_status store_read_outbox(struct store_reader *reader, enum outbox_state state, uint64_t after,
                                    uint32_t limit, store_outbox_visitor visit, void *context, struct fault *fault)
{
    /* The index of what waits is used only where the query says so in the index's own words. */
    static const char waiting[] = COLUMNS " WHERE state = ?1 AND state <> 1" PAGE;
    static const char delivered[] = COLUMNS " WHERE state = ?1" PAGE;
    sqlite3_stmt *statement = NULL;
    bool more = true;
    int code = SQLITE_DONE;
    enum store_status status =
        file_prepare(reader->database, state == OUTBOX_DELIVERED ? delivered : waiting, &statement, fault);

    if (status != STORE_OK)
        return status;
    file_bind_number(statement, 1, state);
    file_bind_number(statement, 2, (int64_t)after);
    file_bind_number(statement, 3, limit);
    while (status == STORE_OK && more && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = visit_row(reader, statement, visit, context, &more, fault);
    if (status == STORE_OK)
        status = file_status(reader->database, code, "read the outbox", fault);
    sqlite3_finalize(statement);
    return status;
}

enum store_status store_count_outbox(struct store_reader *reader, uint64_t *pending, uint64_t *given_up,
                                     struct fault *fault)
{
    static const char sql[] = "SELECT count(*) FROM outbox WHERE state <> 1 AND state = ";
    char *pending_sql = store_text("%s%d", sql, OUTBOX_PENDING),
         *given_up_sql = store_text("%s%d", sql, OUTBOX_GIVEN_UP);
    int64_t waiting = 0, failed = 0;
    enum store_status status = file_number(reader->database, pending_sql, &waiting, fault);

    if (status == STORE_OK)
        status = file_number(reader->database, given_up_sql, &failed, fault);
    *pending = (uint64_t)waiting;
    *given_up = (uint64_t)failed;
    free(pending_sql);
    free(given_up_sql);
    return status;
}
