#include "store/directory.h"
#include "store/sqlite_store.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum store_status node_keys_read(const struct store_settings *settings, struct seal_node_keys *keys,
                                 struct fault *fault)
{
    uint8_t node_key[SEAL_KEY_BYTES];
    char *path = node_key_path(settings);
    enum store_status status = node_key_load(path, false, node_key, fault);

    if (status == STORE_OK)
        seal_derive(node_key, keys);
    sodium_memzero(node_key, sizeof node_key);
    free(path);
    return status;
}

static enum store_status check_chain(struct store_reader *reader, struct fault *fault)
{
    struct store_audit audit;
    enum store_status status = store_verify_audit(reader, &audit, fault);

    if (status != STORE_OK || audit.whole)
        return status;
    fault_set(fault, "%s: damaged: the audit trail breaks at event %llu", sqlite3_db_filename(reader->database, "main"),
              (unsigned long long)audit.first_bad);
    return STORE_DAMAGED;
}

/* Opens every sealed row of a table; rows of erased referrals are passed over. */
static enum store_status check_rows(struct store_reader *reader, const char *sql, enum seal_table table,
                                    struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_OK;
    enum store_status status = file_prepare(reader->database, sql, &statement, fault);

    while (status == STORE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct seal_place place = {.table = table};
        size_t size = 0;
        place.row = (uint64_t)sqlite3_column_int64(statement, 0);
        place.referral = (uint64_t)sqlite3_column_int64(statement, 1);
        status =
            payload_open(reader->vault, &place, statement, 2, &reader->scratch, &reader->scratch_size, &size, fault);
        if (status == STORE_MISSING)
            status = STORE_DAMAGED;
    }
    if (status == STORE_OK)
        status = file_status(reader->database, code, "check its rows", fault);
    sqlite3_finalize(statement);
    return status;
}

static enum store_status check_slots(struct store_reader *reader, struct fault *fault)
{
    static const char sql[] = "SELECT count(*) FROM (SELECT from_at < lag(to_at) OVER (PARTITION BY therapist"
                              " ORDER BY from_at) AS overlaps FROM slot) WHERE overlaps";
    int64_t overlapping = 0;
    enum store_status status = file_number(reader->database, sql, &overlapping, fault);

    if (status == STORE_OK && overlapping > 0) {
        fault_set(fault, "%s: damaged: %lld slots overlap another of their therapist",
                  sqlite3_db_filename(reader->database, "main"), (long long)overlapping);
        status = STORE_DAMAGED;
    }
    return status;
}

static enum store_status check_contents(struct store_reader *reader, struct fault *fault)
{
    static const char events[] = "SELECT e.sequence, e.referral, e.payload FROM event AS e LEFT JOIN referral AS r"
                                 " ON r.referral = e.referral WHERE coalesce(r.erased, 0) = 0 ORDER BY e.sequence";
    static const char messages[] = "SELECT o.outbox, o.referral, o.payload FROM outbox AS o LEFT JOIN referral AS r"
                                   " ON r.referral = o.referral WHERE coalesce(r.erased, 0) = 0 ORDER BY o.outbox";
    enum store_status status = check_chain(reader, fault);

    if (status == STORE_OK)
        status = check_rows(reader, events, SEAL_EVENT, fault);
    if (status == STORE_OK)
        status = check_rows(reader, messages, SEAL_OUTBOX, fault);
    if (status == STORE_OK)
        status = check_slots(reader, fault);
    return status;
}

enum store_status contents_check(const char *database_path, const char *keys_path, const struct seal_node_keys *keys,
                                 struct fault *fault)
{
    struct store_reader reader = {0};
    struct vault_settings settings = {.path = keys_path, .store = reader.identity, .keys = keys, .only_read = true};
    int64_t version = 0;
    enum store_status status = reader_attach(&reader, database_path, NULL, fault);

    if (status == STORE_OK)
        status = schema_check(reader.database, &version, fault);
    if (status == STORE_OK)
        status = file_integrity(reader.database, fault);
    if (status == STORE_OK)
        status = vault_open(&settings, &reader.vault, fault);
    if (status == STORE_OK)
        status = vault_integrity(reader.vault, fault);
    if (status == STORE_OK)
        status = check_contents(&reader, fault);
    vault_close(reader.vault);
    reader_detach(&reader);
    return status;
}

enum store_status store_check(const struct store_settings *settings, struct fault *fault)
{
    char *database_path = store_text("%s/%s", settings->directory, DATABASE_NAME);
    char *keys_path = store_text("%s/%s", settings->directory, KEYS_NAME);
    struct seal_node_keys keys;
    int lock = -1;
    enum store_status status = STORE_OK;

    INVARIANT(sodium_init() >= 0);
    if (access(database_path, F_OK) != 0) {
        fault_set(fault, "%s: there is no store here", database_path);
        status = STORE_MISSING;
    }
    if (status == STORE_OK)
        status = directory_lock(settings->directory, &lock, fault);
    if (status == STORE_OK)
        status = node_keys_read(settings, &keys, fault);
    if (status == STORE_OK)
        status = contents_check(database_path, keys_path, &keys, fault);
    sodium_memzero(&keys, sizeof keys);
    directory_unlock(lock);
    free(database_path);
    free(keys_path);
    return status;
}
