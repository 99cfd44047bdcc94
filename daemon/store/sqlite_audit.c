#include "store/sqlite_store.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_EVENTS 4096 /* read in one view of the file, so that a long walk does not keep the log from being moved */

struct walk {
    struct store_audit *audit;
    uint8_t chain[SEAL_CHAIN_BYTES];
    uint64_t expected;
};

/* One event of the walk; false when it breaks the chain. */
static bool follow(struct walk *walk, sqlite3_stmt *statement)
{
    struct event_record event;
    const uint8_t *kept = sqlite3_column_blob(statement, EVENT_CHAIN);

    event_from_row(statement, &event);
    /* A name that is longer than what was read of it has something behind a NUL, or was never ours. */
    if (event.sequence != walk->expected || (size_t)sqlite3_column_bytes(statement, EVENT_ACTOR) != strlen(event.actor))
        return false;
    seal_chain_next(walk->chain, &event, sqlite3_column_blob(statement, EVENT_PAYLOAD),
                    (size_t)sqlite3_column_bytes(statement, EVENT_PAYLOAD));
    if (sqlite3_column_bytes(statement, EVENT_CHAIN) != SEAL_CHAIN_BYTES ||
        memcmp(kept, walk->chain, SEAL_CHAIN_BYTES) != 0)
        return false;
    walk->expected++;
    walk->audit->entries++;
    return true;
}

static enum store_status walk_page(struct store_reader *reader, sqlite3_stmt *statement, struct walk *walk, bool *more,
                                   struct fault *fault)
{
    int code = SQLITE_OK;
    uint64_t before = walk->expected;

    file_bind_number(statement, 1, (int64_t)walk->expected - 1);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (!follow(walk, statement)) {
            walk->audit->whole = false;
            walk->audit->first_bad = walk->expected;
            break;
        }
    }
    *more = walk->audit->whole && walk->expected - before == PAGE_EVENTS;
    sqlite3_reset(statement);
    return file_status(reader->database, code, "read the audit trail", fault);
}

enum store_status store_verify_audit(struct store_reader *reader, struct store_audit *audit, struct fault *fault)
{
    char *sql =
        store_text("SELECT " EVENT_COLUMNS " FROM event WHERE sequence > ?1 ORDER BY sequence LIMIT %d", PAGE_EVENTS);
    sqlite3_stmt *statement = NULL;
    struct walk walk = {.audit = audit, .expected = 1};
    bool more = true;
    enum store_status status = file_prepare(reader->database, sql, &statement, fault);

    free(sql);
    memset(audit, 0, sizeof *audit);
    audit->whole = true;
    seal_chain_start(reader->identity, walk.chain);
    while (status == STORE_OK && more)
        status = walk_page(reader, statement, &walk, &more, fault);
    memcpy(audit->head, walk.chain, sizeof audit->head);
    sqlite3_finalize(statement);
    return status;
}
