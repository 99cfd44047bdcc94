#include "store/directory.h"
#include "store/sqlite_store.h"

#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CACHE_ENTRIES 8192
#define RUN_KEYS      256 /* read at once when referrals come in order */
#define RUN_NEAR      8
#define FRESH_KEYS    64 /* drawn from the kernel at once */
#define WRAPPED_BYTES (SEAL_KEY_BYTES + SEAL_OVERHEAD)

struct entry {
    uint64_t referral; /* 0: empty */
    uint8_t key[SEAL_KEY_BYTES];
};

struct vault {
    pthread_mutex_t mutex;
    sqlite3 *database;
    sqlite3_stmt *find, *put, *remove;
    char *path;
    uint8_t wrap[SEAL_KEY_BYTES];
    struct seal_nonces nonces;
    uint64_t high;
    uint64_t run; /* where the next run of new referrals starts */
    struct entry cache[CACHE_ENTRIES];
};

static const char schema[] = "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
                             "CREATE TABLE key (id INTEGER PRIMARY KEY, wrapped BLOB NOT NULL) STRICT;";

/* The rollback journal held a copy of the page with the key: overwrite it where it lies. */
static enum store_status wipe_journal(struct vault *vault, struct fault *fault)
{
    char *path = store_text("%s-journal", vault->path);
    enum store_status status = directory_wipe(path, fault);

    free(path);
    return status;
}

static enum store_status create(struct vault *vault, const struct vault_settings *settings, struct fault *fault)
{
    static const uint8_t nothing[8];
    /* One transaction with the mark in it: a crash leaves an empty file or a whole one. */
    char *mark =
        store_text("BEGIN IMMEDIATE; PRAGMA application_id = %d; PRAGMA user_version = %d", FILE_KEYS, VAULT_SCHEMA);
    enum store_status status = file_run(vault->database, mark, "create it", fault);

    free(mark);
    if (status == STORE_OK)
        status = file_run(vault->database, schema, "create it", fault);
    if (status == STORE_OK)
        status = file_put_meta(vault->database, "store", settings->store, SEAL_STORE_BYTES, fault);
    if (status == STORE_OK)
        status = file_put_meta(vault->database, "check", settings->keys->check, SEAL_KEY_BYTES, fault);
    if (status == STORE_OK)
        status = file_put_meta(vault->database, "high", nothing, sizeof nothing, fault);
    if (status == STORE_OK)
        status = file_run(vault->database, "COMMIT", "create it", fault);
    return status;
}

static enum store_status recognise(struct vault *vault, const struct vault_settings *settings, struct fault *fault)
{
    uint8_t store[SEAL_STORE_BYTES], check[SEAL_KEY_BYTES], high[8];
    int64_t version = 0;
    enum store_status status = file_is_ours(vault->database, FILE_KEYS, fault);

    if (status == STORE_OK)
        status = file_number(vault->database, "PRAGMA user_version", &version, fault);
    if (status != STORE_OK)
        return status;
    if (version > VAULT_SCHEMA) {
        fault_set(fault, "%s: written by a later version of fascia (schema %lld, this program knows %d)", vault->path,
                  (long long)version, VAULT_SCHEMA);
        return STORE_NEWER;
    }
    if ((status = file_meta(vault->database, "store", store, sizeof store, fault)) != STORE_OK ||
        (status = file_meta(vault->database, "check", check, sizeof check, fault)) != STORE_OK ||
        (status = file_meta(vault->database, "high", high, sizeof high, fault)) != STORE_OK)
        return status;
    if (memcmp(store, settings->store, sizeof store) != 0) {
        fault_set(fault, "%s: these keys belong to another store", vault->path);
        return STORE_DAMAGED;
    }
    if (sodium_memcmp(check, settings->keys->check, sizeof check) != 0) {
        fault_set(fault, "%s: the node key does not fit: it is not the one that these keys were wrapped with",
                  vault->path);
        return STORE_DAMAGED;
    }
    memcpy(&vault->high, high, sizeof high);
    vault->high = le64toh(vault->high);
    return STORE_OK;
}

static enum store_status prepare(struct vault *vault, struct fault *fault)
{
    enum store_status status = file_prepare(
        vault->database, "SELECT id, wrapped FROM key WHERE id >= ?1 ORDER BY id LIMIT ?2", &vault->find, fault);

    if (status == STORE_OK)
        status = file_prepare(vault->database, "INSERT OR IGNORE INTO key (id, wrapped) VALUES (?1, ?2)", &vault->put,
                              fault);
    if (status == STORE_OK)
        status = file_prepare(vault->database, "DELETE FROM key WHERE id = ?1", &vault->remove, fault);
    return status;
}

static enum store_status refuse_missing(const struct vault *vault, struct fault *fault)
{
    fault_set(fault, "%s: missing; without it nothing that was sealed can be read: restore it from the backup",
              vault->path);
    return STORE_DAMAGED;
}

/* DELETE leaves the journal's blocks to chance, WAL keeps old pages: PERSIST leaves a file that can be overwritten. */
static enum store_status set_up(struct vault *vault, const struct vault_settings *settings, struct fault *fault)
{
    static const char pragmas[] = "PRAGMA journal_mode = PERSIST; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
                                  "PRAGMA locking_mode = NORMAL; PRAGMA cache_size = -2048";
    bool fresh = false;
    enum store_status status = settings->only_read ? STORE_OK : file_writable(vault->database, fault);

    /* Asked of SQLite and not of the file's length: a crash while it was made leaves pages that a journal takes back. */
    if (status == STORE_OK)
        status = file_is_empty(vault->database, &fresh, fault);
    if (status == STORE_OK && fresh && !settings->may_make)
        status = refuse_missing(vault, fault);
    if (status == STORE_OK && fresh)
        status = file_run(vault->database, "PRAGMA page_size = 4096", "create it", fault);
    if (status == STORE_OK && !settings->only_read)
        status = file_run(vault->database, pragmas, "set it up", fault);
    if (status == STORE_OK && fresh)
        status = create(vault, settings, fault);
    if (status == STORE_OK)
        status = recognise(vault, settings, fault);
    if (status == STORE_OK)
        status = prepare(vault, fault);
    /* A crash may have come between destroying a key and overwriting the journal. */
    if (status == STORE_OK && !settings->only_read)
        status = wipe_journal(vault, fault);
    return status;
}

enum store_status vault_open(const struct vault_settings *settings, struct vault **vault, struct fault *fault)
{
    struct vault *made = store_allocate(sizeof *made);
    enum store_status status = STORE_OK;
    struct stat about;
    bool absent = stat(settings->path, &about) != 0 && errno == ENOENT;

    memset(made, 0, sizeof *made);
    pthread_mutex_init(&made->mutex, NULL);
    made->path = store_text("%s", settings->path);
    memcpy(made->wrap, settings->keys->wrap, sizeof made->wrap);
    seal_nonces_init(&made->nonces);
    if (absent)
        status = settings->may_make ? directory_make_file(settings->path, fault) : refuse_missing(made, fault);
    if (status == STORE_OK)
        status = file_open(settings->path, SQLITE_OPEN_READWRITE, &made->database, fault);
    if (status == STORE_OK)
        status = set_up(made, settings, fault);
    if (status != STORE_OK) {
        vault_close(made);
        return status;
    }
    *vault = made;
    return STORE_OK;
}

void vault_close(struct vault *vault)
{
    if (vault == NULL)
        return;
    sqlite3_finalize(vault->find);
    sqlite3_finalize(vault->put);
    sqlite3_finalize(vault->remove);
    sqlite3_close(vault->database);
    pthread_mutex_destroy(&vault->mutex);
    free(vault->path);
    sodium_memzero(vault, sizeof *vault);
    free(vault);
}

uint64_t vault_high(struct vault *vault)
{
    uint64_t high = 0;

    pthread_mutex_lock(&vault->mutex);
    high = vault->high;
    pthread_mutex_unlock(&vault->mutex);
    return high;
}

/* Puts a fresh key for each number from..to that has none, and keeps `high`, in one transaction. */
static enum store_status put_keys(struct vault *vault, uint64_t from, uint64_t to, struct fault *fault)
{
    uint8_t fresh[FRESH_KEYS][SEAL_KEY_BYTES];
    uint64_t high = htole64(to);
    enum store_status status = file_run(vault->database, "BEGIN IMMEDIATE", "make keys", fault);

    if (status != STORE_OK)
        return status;
    for (uint64_t id = from; id <= to && status == STORE_OK; id++) {
        const struct seal_place place = {SEAL_KEY, id, id};
        size_t at = (id - from) % FRESH_KEYS;
        uint8_t wrapped[WRAPPED_BYTES];
        if (at == 0)
            randombytes_buf(fresh, sizeof fresh);
        seal_close(&vault->nonces, vault->wrap, &place, fresh[at], SEAL_KEY_BYTES, wrapped);
        file_bind_number(vault->put, 1, (int64_t)id);
        file_bind_bytes(vault->put, 2, wrapped, sizeof wrapped);
        status = file_do(vault->put, "make keys", fault);
    }
    sodium_memzero(fresh, sizeof fresh);
    if (status == STORE_OK)
        status = file_put_meta(vault->database, "high", &high, sizeof high, fault);
    if (status == STORE_OK)
        status = file_run(vault->database, "COMMIT", "make keys", fault);
    if (status == STORE_OK)
        vault->high = to;
    else
        sqlite3_exec(vault->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

enum store_status vault_make(struct vault *vault, struct fault *fault)
{
    enum store_status status = STORE_OK;

    pthread_mutex_lock(&vault->mutex);
    status = put_keys(vault, vault->high + 1, vault->high + VAULT_CHUNK, fault);
    pthread_mutex_unlock(&vault->mutex);
    return status;
}

enum store_status vault_fill(struct vault *vault, uint64_t above, struct fault *fault)
{
    enum store_status status = STORE_OK;
    int64_t present = 0;
    char *sql = store_text("SELECT count(*) FROM key WHERE id > %llu", (unsigned long long)above);

    pthread_mutex_lock(&vault->mutex);
    status = file_number(vault->database, sql, &present, fault);
    if (status == STORE_OK && vault->high > above && (uint64_t)present < vault->high - above)
        status = put_keys(vault, above + 1, vault->high, fault);
    pthread_mutex_unlock(&vault->mutex);
    free(sql);
    return status;
}

/* Still wrapped: the number is part of what is authenticated, and the node key is the same. */
static enum store_status put_newer(struct vault *vault, struct vault *from, struct fault *fault)
{
    int code = SQLITE_OK;
    enum store_status status = STORE_OK;

    file_bind_number(from->find, 1, (int64_t)vault->high + 1);
    file_bind_number(from->find, 2, -1);
    while (status == STORE_OK && (code = sqlite3_step(from->find)) == SQLITE_ROW) {
        file_bind_number(vault->put, 1, sqlite3_column_int64(from->find, 0));
        file_bind_bytes(vault->put, 2, sqlite3_column_blob(from->find, 1), (size_t)sqlite3_column_bytes(from->find, 1));
        status = file_do(vault->put, "take keys over", fault);
    }
    if (status == STORE_OK)
        status = file_status(from->database, code, "read keys", fault);
    sqlite3_reset(from->find);
    return status;
}

enum store_status vault_take_newer(struct vault *vault, struct vault *from, struct fault *fault)
{
    const uint64_t high = vault_high(from), kept = htole64(high);
    enum store_status status = STORE_OK;

    pthread_mutex_lock(&vault->mutex);
    if (high <= vault->high) {
        pthread_mutex_unlock(&vault->mutex);
        return STORE_OK;
    }
    status = file_run(vault->database, "BEGIN IMMEDIATE", "take keys over", fault);
    if (status == STORE_OK)
        status = put_newer(vault, from, fault);
    if (status == STORE_OK)
        status = file_put_meta(vault->database, "high", &kept, sizeof kept, fault);
    if (status == STORE_OK)
        status = file_run(vault->database, "COMMIT", "take keys over", fault);
    if (status == STORE_OK)
        vault->high = high;
    else
        sqlite3_exec(vault->database, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_unlock(&vault->mutex);
    return status;
}

static bool unwrap(const struct vault *vault, uint64_t id, const void *wrapped, size_t size,
                   uint8_t key[SEAL_KEY_BYTES])
{
    const struct seal_place place = {SEAL_KEY, id, id};

    return size == WRAPPED_BYTES && seal_open(vault->wrap, &place, wrapped, size, key);
}

/* Reads the key of this referral into the cache, and those that follow when referrals come in order. */
static enum store_status fetch(struct vault *vault, uint64_t referral, struct fault *fault)
{
    bool in_order = referral - vault->run < RUN_NEAR;
    enum store_status status = STORE_MISSING;
    int code = SQLITE_OK;

    file_bind_number(vault->find, 1, (int64_t)referral);
    file_bind_number(vault->find, 2, in_order ? RUN_KEYS : 1);
    while ((code = sqlite3_step(vault->find)) == SQLITE_ROW) {
        uint64_t id = (uint64_t)sqlite3_column_int64(vault->find, 0);
        struct entry *entry = &vault->cache[id % CACHE_ENTRIES];
        entry->referral = 0;
        if (unwrap(vault, id, sqlite3_column_blob(vault->find, 1), (size_t)sqlite3_column_bytes(vault->find, 1),
                   entry->key))
            entry->referral = id;
        if (id == referral)
            status = entry->referral != 0 ? STORE_OK : STORE_DAMAGED;
    }
    if (in_order)
        vault->run = referral + RUN_KEYS;
    else if (referral > vault->run)
        vault->run = referral + 1;
    if (code != SQLITE_DONE)
        status = file_status(vault->database, code, "read a key", fault);
    else if (status == STORE_DAMAGED)
        fault_set(fault, "%s: the key of referral %llu is damaged", vault->path, (unsigned long long)referral);
    else if (status == STORE_MISSING)
        fault_set(fault, "%s: there is no key of referral %llu", vault->path, (unsigned long long)referral);
    sqlite3_reset(vault->find);
    return status;
}

enum store_status vault_key(struct vault *vault, uint64_t referral, uint8_t key[SEAL_KEY_BYTES], struct fault *fault)
{
    const struct entry *entry = &vault->cache[referral % CACHE_ENTRIES];
    enum store_status status = STORE_OK;

    pthread_mutex_lock(&vault->mutex);
    if (entry->referral != referral)
        status = fetch(vault, referral, fault);
    if (status == STORE_OK)
        memcpy(key, entry->key, SEAL_KEY_BYTES);
    pthread_mutex_unlock(&vault->mutex);
    return status;
}

static enum store_status destroy(struct vault *vault, const uint64_t *referrals, size_t count, struct fault *fault)
{
    enum store_status status = file_run(vault->database, "BEGIN IMMEDIATE", "destroy keys", fault);

    if (status != STORE_OK)
        return status;
    for (size_t i = 0; i < count && status == STORE_OK; i++) {
        struct entry *entry = &vault->cache[referrals[i] % CACHE_ENTRIES];
        if (entry->referral == referrals[i])
            sodium_memzero(entry, sizeof *entry);
        file_bind_number(vault->remove, 1, (int64_t)referrals[i]);
        status = file_do(vault->remove, "destroy keys", fault);
    }
    if (status == STORE_OK)
        status = file_run(vault->database, "COMMIT", "destroy keys", fault);
    if (status != STORE_OK) {
        sqlite3_exec(vault->database, "ROLLBACK", NULL, NULL, NULL);
        return status;
    }
    return wipe_journal(vault, fault);
}

enum store_status vault_destroy(struct vault *vault, const uint64_t *referrals, size_t count, struct fault *fault)
{
    enum store_status status = STORE_OK;

    pthread_mutex_lock(&vault->mutex);
    status = destroy(vault, referrals, count, fault);
    pthread_mutex_unlock(&vault->mutex);
    return status;
}

enum store_status vault_integrity(struct vault *vault, struct fault *fault)
{
    enum store_status status = STORE_OK;

    pthread_mutex_lock(&vault->mutex);
    status = file_integrity(vault->database, fault);
    pthread_mutex_unlock(&vault->mutex);
    return status;
}

enum store_status vault_copy(struct vault *vault, const char *path, struct fault *fault)
{
    sqlite3 *beside = NULL;
    enum store_status status = file_open(vault->path, SQLITE_OPEN_READONLY, &beside, fault);

    if (status == STORE_OK)
        status = copy_database(beside, path, true, NULL, fault);
    sqlite3_close(beside);
    return status;
}
