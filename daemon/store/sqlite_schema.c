#include "store/sqlite_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct migration {
    const char *name;
    const char *sql;
};

/* Version n is the n-th of these. A step that was shipped is never changed: another is added. */
static const struct migration migrations[] = {
    {"the first tables",
     "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
     "CREATE TABLE event (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, referral INTEGER NOT NULL,"
     " kind INTEGER NOT NULL, actor TEXT NOT NULL, chain BLOB NOT NULL, payload BLOB NOT NULL) STRICT;"
     "CREATE INDEX event_by_referral ON event (referral);"
     "CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'the audit trail is "
     "append-only'); END;"
     "CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'the audit trail is "
     "append-only'); END;"
     "CREATE TABLE referral (referral INTEGER PRIMARY KEY, state INTEGER NOT NULL, priority INTEGER NOT NULL,"
     " open INTEGER NOT NULL, source TEXT NOT NULL, therapist TEXT NOT NULL, opened INTEGER NOT NULL,"
     " changed INTEGER NOT NULL, due INTEGER NOT NULL, content_sequence INTEGER NOT NULL,"
     " match_sequence INTEGER NOT NULL, statuses INTEGER NOT NULL, sender_key BLOB NOT NULL,"
     " content_key BLOB NOT NULL, patient_key BLOB NOT NULL, erased INTEGER NOT NULL) STRICT;"
     "CREATE TABLE slot (therapist TEXT NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,"
     " referral INTEGER NOT NULL, visit INTEGER NOT NULL, booked INTEGER NOT NULL, PRIMARY KEY (therapist, from_at),"
     " CHECK (from_at < to_at)) STRICT, WITHOUT ROWID;"
     "CREATE TABLE outbox (outbox INTEGER PRIMARY KEY, referral INTEGER NOT NULL, source TEXT NOT NULL,"
     " state INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL, error TEXT NOT NULL,"
     " payload BLOB NOT NULL) STRICT;"
     "CREATE TABLE therapist (therapist INTEGER PRIMARY KEY, identifier TEXT NOT NULL UNIQUE,"
     " payload BLOB NOT NULL) STRICT;"},
    /* Partial, so that taking a referral in pays nothing for the first and a few bytes for the second. */
    {"find what was erased and what waits to go out without reading all",
     "CREATE INDEX referral_erased ON referral (referral) WHERE erased = 1;"
     "CREATE INDEX outbox_waiting ON outbox (state) WHERE state <> 1;"},
    {"keep whose a referral is", "ALTER TABLE referral ADD COLUMN sender TEXT NOT NULL DEFAULT '';"},
    {"who may ask over HTTP",
     "CREATE TABLE account (name TEXT PRIMARY KEY, payload BLOB NOT NULL) STRICT, WITHOUT ROWID;"},
};

const int64_t schema_newest = sizeof migrations / sizeof migrations[0];

/* One step and its mark, or neither. */
static enum store_status apply(sqlite3 *database, int64_t version, struct fault *fault)
{
    static const char mark[] = "INSERT INTO migration (version, name, applied) VALUES (?1, ?2, ?3)";
    const struct migration *migration = &migrations[version - 1];
    sqlite3_stmt *statement = NULL;
    enum store_status status = file_run(database, migration->sql, "bring its tables forward", fault);

    if (status == STORE_OK)
        status = file_prepare(database, mark, &statement, fault);
    if (status == STORE_OK) {
        file_bind_number(statement, 1, version);
        file_bind_text(statement, 2, migration->name);
        file_bind_number(statement, 3, (int64_t)time(NULL));
        status = file_do(statement, "bring its tables forward", fault);
    }
    sqlite3_finalize(statement);
    return status;
}

static enum store_status begin(sqlite3 *database, struct fault *fault)
{
    return file_run(database, "BEGIN IMMEDIATE", "begin", fault);
}

static enum store_status finish(sqlite3 *database, enum store_status status, struct fault *fault)
{
    if (status == STORE_OK)
        status = file_run(database, "COMMIT", "keep its tables", fault);
    if (status != STORE_OK)
        sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

enum store_status schema_create(sqlite3 *database, const uint8_t identity[SEAL_STORE_BYTES], struct fault *fault)
{
    static const char table[] = "CREATE TABLE migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                                " applied INTEGER NOT NULL) STRICT";
    char *mark = store_text("PRAGMA application_id = %d", FILE_EVENTS);
    enum store_status status = begin(database, fault);

    if (status == STORE_OK)
        status = file_run(database, mark, "mark it as ours", fault);
    if (status == STORE_OK)
        status = file_run(database, table, "make its tables", fault);
    for (int64_t version = 1; version <= schema_newest && status == STORE_OK; version++)
        status = apply(database, version, fault);
    if (status == STORE_OK)
        status = file_put_meta(database, "store", identity, SEAL_STORE_BYTES, fault);
    free(mark);
    return finish(database, status, fault);
}

enum store_status schema_check(sqlite3 *database, int64_t *version, struct fault *fault)
{
    enum store_status status = file_is_ours(database, FILE_EVENTS, fault);

    if (status == STORE_OK)
        status = file_number(database, "SELECT max(version) FROM migration", version, fault);
    if (status != STORE_OK)
        return status;
    if (*version < 1) {
        fault_set(fault, "%s: damaged: it does not say which schema it has", sqlite3_db_filename(database, "main"));
        return STORE_DAMAGED;
    }
    if (*version > schema_newest) {
        fault_set(fault, "%s: written by a later version of fascia (schema %lld, this program knows %lld)",
                  sqlite3_db_filename(database, "main"), (long long)*version, (long long)schema_newest);
        return STORE_NEWER;
    }
    return STORE_OK;
}

/* A name that says what it is and is not taken: the schema it has, when it was made, and a number if need be. */
static char *backup_path(const struct store *store, int64_t version)
{
    char when[32];
    struct tm utc;
    time_t now = time(NULL);
    char *path = NULL;

    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &utc);
    for (int number = 0; number < 1000; number++) {
        FILE *taken = NULL;
        free(path);
        path = number == 0 ? store_text("%s/fascia-schema%lld-%s.db", store->backup_directory, (long long)version, when)
                           : store_text("%s/fascia-schema%lld-%s-%d.db", store->backup_directory, (long long)version,
                                        when, number);
        taken = fopen(path, "re");
        if (taken == NULL)
            break;
        fclose(taken);
    }
    return path;
}

enum store_status schema_migrate(struct store *store, struct fault *fault)
{
    int64_t version = 0;
    char *path = NULL;
    enum store_status status = schema_check(store->writer, &version, fault);

    if (status != STORE_OK || version == schema_newest)
        return status;
    path = backup_path(store, version);
    status = backup_with_keys(store->writer, store->vault, path, NULL, fault);
    if (status != STORE_OK)
        fault_prefix(fault, "schema %lld can't be brought to %lld without a backup first", (long long)version,
                     (long long)schema_newest);
    free(path);
    while (status == STORE_OK && version < schema_newest) {
        status = begin(store->writer, fault);
        if (status == STORE_OK)
            status = finish(store->writer, apply(store->writer, ++version, fault), fault);
    }
    return status;
}
