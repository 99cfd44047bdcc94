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
    const char *given;               /* keys that the operator named; NULL */
    char *backup_keys;               /* the backup's own */
    char *database_path, *keys_path; /* last names */
    char *new_database, *new_keys;   /* names until all is checked */
    const char *keys;                /* one of the three key files: what the restored store starts from */
    uint8_t identity[SEAL_STORE_BYTES];
    struct seal_node_keys node;
};

static void prepare(struct restore *restore, const char *backup, const char *keys,
                    const struct store_settings *settings)
{
    memset(restore, 0, sizeof *restore);
    restore->backup = backup;
    restore->given = keys;
    restore->backup_keys = store_text("%s.keys", backup);
    restore->database_path = store_text("%s/%s", settings->directory, DATABASE_NAME);
    restore->keys_path = store_text("%s/%s", settings->directory, KEYS_NAME);
    restore->new_database = store_text("%s.restored", restore->database_path);
    restore->new_keys = store_text("%s.restored", restore->keys_path);
}

static void finish(struct restore *restore)
{
    char *journal = store_text("%s-journal", restore->new_keys);

    unlink(restore->new_database);
    unlink(restore->new_keys);
    unlink(journal);
    free(journal);
    free(restore->backup_keys);
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
    if (!force && (access(restore->database_path, F_OK) == 0 || access(restore->keys_path, F_OK) == 0)) {
        fault_set(fault, "%s: there is a store already: move it away, or say that it is to be replaced (--force)",
                  restore->database_path);
        return STORE_CONFLICT;
    }
    return STORE_OK;
}

/* A copy beside its last name, so that nothing that is there is touched yet. */
static enum store_status copy_tables(struct restore *restore, struct fault *fault)
{
    sqlite3 *backup = NULL;
    int64_t version = 0;
    enum store_status status = file_open(restore->backup, SQLITE_OPEN_READONLY, &backup, fault);

    if (status == STORE_OK)
        status = schema_check(backup, &version, fault);
    if (status == STORE_OK)
        status = file_integrity(backup, fault);
    if (status == STORE_OK)
        status = file_meta(backup, "store", restore->identity, SEAL_STORE_BYTES, fault);
    if (status == STORE_OK)
        status = copy_database(backup, restore->new_database, true, NULL, fault);
    sqlite3_close(backup);
    return status;
}

/* ---- which keys ---- */

/* Whether a file is part of the store that was backed up; STORE_OK with *same, or why that can't be told. */
static enum store_status belongs(const struct restore *restore, const char *path, int64_t mark, bool *same,
                                 struct fault *fault)
{
    uint8_t store[SEAL_STORE_BYTES];
    sqlite3 *database = NULL;
    /* Not read-only: what a crash left half done has to be taken back, or brought to its end, to be read. */
    enum store_status status = file_open(path, SQLITE_OPEN_READWRITE, &database, fault);

    *same = false;
    if (status == STORE_OK)
        status = file_is_ours(database, mark, fault);
    if (status == STORE_OK)
        status = file_meta(database, "store", store, sizeof store, fault);
    if (status == STORE_OK)
        *same = memcmp(store, restore->identity, sizeof store) == 0;
    sqlite3_close(database);
    return status;
}

static enum store_status open_keys(const struct restore *restore, const char *path, bool only_read,
                                   struct vault **vault, struct fault *fault)
{
    struct vault_settings settings = {
        .path = path, .store = restore->identity, .keys = &restore->node, .only_read = only_read};

    return vault_open(&settings, vault, fault);
}

/*
 * The present keys of the store that was backed up are newer than any copy of them: they lack the keys of who was erased since. So they
 * come first, and nothing but the operator's word puts older ones in their place.
 */
static enum store_status choose_keys(struct restore *restore, struct fault *fault)
{
    bool same = false;

    restore->keys = restore->given != NULL ? restore->given : restore->backup_keys;
    if (restore->given == NULL && access(restore->keys_path, F_OK) == 0) {
        struct vault *present = NULL;
        enum store_status status = belongs(restore, restore->keys_path, FILE_KEYS, &same, fault);
        if (status == STORE_OK && same)
            status = open_keys(restore, restore->keys_path, true, &present, fault);
        vault_close(present);
        if (status != STORE_OK) {
            fault_prefix(fault, "the present keys can't be used, and they alone know who was erased since the backup;"
                                " name other keys by --keys FILE to bring back who is in them");
            return status;
        }
        if (same)
            restore->keys = restore->keys_path;
    }
    if (access(restore->keys, R_OK) == 0)
        return STORE_OK;
    fault_set(fault, "%s: there is no key file: name the newest *.keys of the backups, or the present %s",
              restore->keys, KEYS_NAME);
    return STORE_MISSING;
}

static enum store_status copy_keys(const struct restore *restore, struct fault *fault)
{
    struct vault *vault = NULL;
    enum store_status status = open_keys(restore, restore->keys, true, &vault, fault);

    if (status == STORE_OK)
        status = vault_copy(vault, restore->new_keys, fault);
    vault_close(vault);
    return status;
}

/* ---- what the backup's own keys add to the present ones ---- */

static enum store_status refuse_other_key(const struct restore *restore, uint64_t referral, struct fault *fault)
{
    fault_set(fault,
              "%s: its key of referral %llu is not the one in %s: the number was given again after an erasure or a "
              "restore. Name the keys to use by --keys FILE, and erase again who was erased since",
              restore->keys_path, (unsigned long long)referral, restore->backup_keys);
    return STORE_CONFLICT;
}

/* One referral of the backup. A key that is gone in either file was destroyed; one that differs opens nothing here. */
static enum store_status compare_key(const struct restore *restore, struct vault *keys, struct vault *backups,
                                     uint64_t referral, struct fault *fault)
{
    uint8_t mine[SEAL_KEY_BYTES], other[SEAL_KEY_BYTES];
    enum store_status here = vault_key(keys, referral, mine, fault);
    enum store_status there = STORE_OK;
    bool alike = false;

    if (here != STORE_OK || referral > vault_high(backups))
        return here == STORE_MISSING ? STORE_OK : here;
    there = vault_key(backups, referral, other, fault);
    alike = there == STORE_OK && sodium_memcmp(mine, other, sizeof mine) == 0;
    sodium_memzero(mine, sizeof mine);
    sodium_memzero(other, sizeof other);
    if (there == STORE_MISSING)
        return vault_destroy(keys, &referral, 1, fault);
    if (there == STORE_OK && !alike)
        return refuse_other_key(restore, referral, fault);
    return there;
}

static enum store_status compare_keys(const struct restore *restore, struct vault *keys, struct vault *backups,
                                      struct fault *fault)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *find = NULL;
    int code = SQLITE_OK;
    enum store_status status = file_open(restore->new_database, SQLITE_OPEN_READONLY, &database, fault);

    if (status == STORE_OK)
        status =
            file_prepare(database, "SELECT referral FROM referral WHERE erased = 0 ORDER BY referral", &find, fault);
    while (status == STORE_OK && (code = sqlite3_step(find)) == SQLITE_ROW)
        status = compare_key(restore, keys, backups, (uint64_t)sqlite3_column_int64(find, 0), fault);
    if (status == STORE_OK)
        status = file_status(database, code, "read referrals", fault);
    sqlite3_finalize(find);
    sqlite3_close(database);
    return status;
}

/* Older backups have no keys beside them any more: then the present ones must do. */
static enum store_status add_backup_keys(const struct restore *restore, struct vault *keys, struct fault *fault)
{
    struct vault *backups = NULL;
    enum store_status status = STORE_OK;

    if (access(restore->backup_keys, F_OK) != 0)
        return STORE_OK;
    status = open_keys(restore, restore->backup_keys, true, &backups, fault);
    if (status == STORE_OK)
        status = vault_take_newer(keys, backups, fault);
    if (status == STORE_OK)
        status = compare_keys(restore, keys, backups, fault);
    vault_close(backups);
    return status;
}

/* A crash may have come between the mark of an erasure and the end of its key: the mark counts. */
static enum store_status destroy_marked(const struct restore *restore, struct vault *keys, struct fault *fault)
{
    struct fault unread = {{0}};
    sqlite3 *database = NULL;
    sqlite3_stmt *find = NULL;
    bool same = false;
    int code = SQLITE_OK;
    enum store_status status = STORE_OK;

    /* Tables that can't be read are why one restores: the keys have told all that can be told. */
    if (access(restore->database_path, F_OK) != 0 ||
        belongs(restore, restore->database_path, FILE_EVENTS, &same, &unread) != STORE_OK || !same ||
        file_open(restore->database_path, SQLITE_OPEN_READWRITE, &database, &unread) != STORE_OK)
        return STORE_OK;
    if (file_prepare(database, "SELECT referral FROM referral WHERE erased = 1", &find, &unread) == STORE_OK)
        code = sqlite3_step(find);
    for (; status == STORE_OK && code == SQLITE_ROW; code = sqlite3_step(find)) {
        uint64_t referral = (uint64_t)sqlite3_column_int64(find, 0);
        uint8_t key[SEAL_KEY_BYTES];
        enum store_status here = vault_key(keys, referral, key, &unread);
        sodium_memzero(key, sizeof key);
        if (here != STORE_MISSING)
            status = vault_destroy(keys, &referral, 1, fault);
    }
    sqlite3_finalize(find);
    sqlite3_close(database);
    return status;
}

/* Keys that the operator named are taken as they are. */
static enum store_status settle_keys(const struct restore *restore, struct fault *fault)
{
    struct vault *keys = NULL;
    enum store_status status = STORE_OK;

    if (restore->given != NULL)
        return STORE_OK;
    status = open_keys(restore, restore->new_keys, false, &keys, fault);
    if (status == STORE_OK && restore->keys == restore->keys_path)
        status = add_backup_keys(restore, keys, fault);
    if (status == STORE_OK)
        status = destroy_marked(restore, keys, fault);
    vault_close(keys);
    return status;
}

/* ---- what was erased since ---- */

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

static enum store_status carry_erasures(const struct restore *restore, struct fault *fault)
{
    struct vault *vault = NULL;
    sqlite3 *database = NULL;
    int64_t last = 0;
    enum store_status status = open_keys(restore, restore->new_keys, true, &vault, fault);

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
        status = copy_tables(&restore, fault);
    if (status == STORE_OK)
        status = choose_keys(&restore, fault);
    if (status == STORE_OK)
        status = copy_keys(&restore, fault);
    if (status == STORE_OK)
        status = settle_keys(&restore, fault);
    if (status == STORE_OK)
        status = carry_erasures(&restore, fault);
    if (status == STORE_OK)
        status = contents_check(restore.new_database, restore.new_keys, &restore.node, fault);
    if (status == STORE_OK)
        status = put_in_place(&restore, fault);
    finish(&restore);
    directory_unlock(lock);
    return status;
}
