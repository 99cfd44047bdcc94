#include "fascia/v1/event.pb-c.h"
#include "store/directory.h"
#include "store/sqlite_store.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where a restore takes from and puts to. */
struct restore {
    const char *backup;
    char *keys;                      /* what is given, or the backup's own */
    char *database_path, *keys_path; /* last names */
    char *new_database, *new_keys;   /* names until all is checked */
    struct seal_node_keys node;
};

static void prepare(struct restore *restore, const char *backup, const char *keys,
                    const struct store_settings *settings)
{
    memset(restore, 0, sizeof *restore);
    restore->backup = backup;
    restore->keys = keys != NULL ? store_text("%s", keys) : store_text("%s.keys", backup);
    restore->database_path = store_text("%s/%s", settings->directory, DATABASE_NAME);
    restore->keys_path = store_text("%s/%s", settings->directory, KEYS_NAME);
    restore->new_database = store_text("%s.restored", restore->database_path);
    restore->new_keys = store_text("%s.restored", restore->keys_path);
}

static void finish(struct restore *restore)
{
    unlink(restore->new_database);
    unlink(restore->new_keys);
    free(restore->keys);
    free(restore->database_path);
    free(restore->keys_path);
    free(restore->new_database);
    free(restore->new_keys);
    sodium_memzero(restore, sizeof *restore);
}

static enum store_status look(const struct restore *restore, bool force, struct fault *fault)
{
    if (access(restore->backup, R_OK) != 0) {
        fault_set(fault, "%s: there is no backup that can be read", restore->backup);
        return STORE_MISSING;
    }
    if (access(restore->keys, R_OK) != 0) {
        fault_set(fault, "%s: there is no key file: name the newest *.keys of the backups, or the present %s",
                  restore->keys, KEYS_NAME);
        return STORE_MISSING;
    }
    if (!force && (access(restore->database_path, F_OK) == 0 || access(restore->keys_path, F_OK) == 0)) {
        fault_set(fault, "%s: there is a store already: move it away, or say that it is to be replaced",
                  restore->database_path);
        return STORE_CONFLICT;
    }
    return STORE_OK;
}

/* Copies of both beside their last names, so that nothing that is there is touched yet. */
static enum store_status copy_both(const struct restore *restore, uint8_t identity[SEAL_STORE_BYTES],
                                   struct fault *fault)
{
    struct vault_settings settings = {
        .path = restore->keys, .store = identity, .keys = &restore->node, .only_read = true};
    struct vault *vault = NULL;
    sqlite3 *backup = NULL;
    int64_t version = 0;
    enum store_status status = file_open(restore->backup, SQLITE_OPEN_READONLY, &backup, fault);

    if (status == STORE_OK)
        status = schema_check(backup, &version, fault);
    if (status == STORE_OK)
        status = file_integrity(backup, fault);
    if (status == STORE_OK)
        status = file_meta(backup, "store", identity, SEAL_STORE_BYTES, fault);
    if (status == STORE_OK)
        status = vault_open(&settings, &vault, fault);
    if (status == STORE_OK)
        status = copy_database(backup, restore->new_database, true, NULL, fault);
    if (status == STORE_OK)
        status = vault_copy(vault, restore->new_keys, fault);
    vault_close(vault);
    sqlite3_close(backup);
    return status;
}

/* A referral whose key is gone was erased after the backup was made. */
static enum store_status mark_erased(sqlite3 *database, struct vault *vault, struct fault *fault)
{
    sqlite3_stmt *find = NULL, *mark = NULL;
    int code = SQLITE_OK;
    enum store_status status =
        file_prepare(database, "SELECT referral FROM referral WHERE erased = 0 ORDER BY referral", &find, fault);

    if (status == STORE_OK)
        status = file_prepare(database, "UPDATE referral SET erased = 1 WHERE referral = ?1", &mark, fault);
    while (status == STORE_OK && (code = sqlite3_step(find)) == SQLITE_ROW) {
        uint8_t key[SEAL_KEY_BYTES];
        status = vault_key(vault, (uint64_t)sqlite3_column_int64(find, 0), key, fault);
        sodium_memzero(key, sizeof key);
        if (status != STORE_MISSING)
            continue;
        file_bind_number(mark, 1, sqlite3_column_int64(find, 0));
        status = file_do(mark, "mark what was erased", fault);
    }
    if (status == STORE_OK)
        status = file_status(database, code, "read referrals", fault);
    sqlite3_finalize(find);
    sqlite3_finalize(mark);
    return status;
}

/*
 * An erased referral is over: it holds no time, and nothing more can be said of it. How it ended was said after the backup and is
 * not known; the node's people asked for the erasure, so it counts as withdrawn by them.
 */
static enum store_status close_erased(sqlite3 *database, struct fault *fault)
{
    char *sql =
        store_text("DELETE FROM slot WHERE referral IN (SELECT referral FROM referral WHERE erased = 1 AND open = 1);"
                   "UPDATE outbox SET state = %d, error = 'erased' WHERE state = %d"
                   " AND referral IN (SELECT referral FROM referral WHERE erased = 1);"
                   "UPDATE referral SET open = 0, due = 0, state = %d WHERE erased = 1 AND open = 1;",
                   OUTBOX_GIVEN_UP, OUTBOX_PENDING, FASCIA__STATE__STATE_WITHDRAWN);
    enum store_status status = file_run(database, sql, "close what was erased", fault);

    free(sql);
    return status;
}

static enum store_status carry_erasures(const struct restore *restore, const uint8_t identity[SEAL_STORE_BYTES],
                                        struct fault *fault)
{
    struct vault_settings settings = {
        .path = restore->new_keys, .store = identity, .keys = &restore->node, .only_read = true};
    struct vault *vault = NULL;
    sqlite3 *database = NULL;
    int64_t last = 0;
    enum store_status status = vault_open(&settings, &vault, fault);

    if (status == STORE_OK)
        status = file_open(restore->new_database, SQLITE_OPEN_READWRITE, &database, fault);
    if (status == STORE_OK)
        status = file_number(database, "SELECT max(referral) FROM referral", &last, fault);
    if (status == STORE_OK && vault_high(vault) < (uint64_t)last) {
        fault_set(fault, "%s: older than the backup: it lacks keys that the backup needs", restore->keys);
        status = STORE_DAMAGED;
    }
    if (status == STORE_OK)
        status = file_run(database, "BEGIN IMMEDIATE", "mark what was erased", fault);
    if (status == STORE_OK)
        status = mark_erased(database, vault, fault);
    if (status == STORE_OK)
        status = close_erased(database, fault);
    if (status == STORE_OK)
        status = file_run(database, "COMMIT", "mark what was erased", fault);
    sqlite3_close(database);
    vault_close(vault);
    return status;
}

/* Logs and journals of what stood here would be applied to what comes: they go first. */
static enum store_status put_in_place(const struct restore *restore, struct fault *fault)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    enum store_status status = STORE_OK;

    for (size_t i = 0; i < 3 && status == STORE_OK; i++) {
        char *log = store_text("%s%s", restore->database_path, endings[i]);
        char *journal = store_text("%s%s", restore->keys_path, endings[i]);
        status = directory_wipe(journal, fault);
        unlink(log);
        unlink(journal);
        free(log);
        free(journal);
    }
    if (status == STORE_OK)
        status = directory_rename(restore->new_keys, restore->keys_path, true, fault);
    if (status == STORE_OK)
        status = directory_rename(restore->new_database, restore->database_path, true, fault);
    return status;
}

enum store_status store_restore(const char *backup, const char *keys, const struct store_settings *settings, bool force,
                                struct fault *fault)
{
    uint8_t identity[SEAL_STORE_BYTES];
    struct restore restore;
    int lock = -1;
    enum store_status status = STORE_OK;

    INVARIANT(sodium_init() >= 0);
    prepare(&restore, backup, keys, settings);
    status = directory_lock(settings->directory, &lock, fault);
    if (status == STORE_OK)
        status = look(&restore, force, fault);
    if (status == STORE_OK)
        status = node_keys_read(settings, &restore.node, fault);
    if (status == STORE_OK)
        status = copy_both(&restore, identity, fault);
    if (status == STORE_OK)
        status = carry_erasures(&restore, identity, fault);
    if (status == STORE_OK)
        status = contents_check(restore.new_database, restore.new_keys, &restore.node, fault);
    if (status == STORE_OK)
        status = put_in_place(&restore, fault);
    finish(&restore);
    directory_unlock(lock);
    return status;
}
