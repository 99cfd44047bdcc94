#include "store/directory.h"
#include "store/sqlite_store.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_SIZE 16384
#define WAL_LIMIT ((uint64_t)256 << 20)

static const char *const write_sql[WRITE_STATEMENTS] = {
    [PUT_EVENT] = "INSERT INTO event (" EVENT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    /* Not one upsert: SQLite keeps a second journal for those, a copy of each page that they touch. */
    [PUT_REFERRAL] = "INSERT INTO referral (" REFERRAL_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                     " ?12, ?13, ?14, ?15, ?16, ?17)",
    [UPDATE_REFERRAL] = "UPDATE referral SET state = ?2, priority = ?3, open = ?4, source = ?5, therapist = ?6,"
                        " opened = ?7, changed = ?8, due = ?9, content_sequence = ?10, match_sequence = ?11,"
                        " statuses = ?12, sender_key = ?13, content_key = ?14, patient_key = ?15,"
                        " erased = max(erased, ?16), sender = ?17 WHERE referral = ?1",
    [MARK_ERASED] = "UPDATE referral SET erased = 1 WHERE referral = ?1",
    [IS_ERASED] = "SELECT erased FROM referral WHERE referral = ?1",
    [FIND_SLOT_BEFORE] = "SELECT from_at, to_at, referral FROM slot WHERE therapist = ?1 AND from_at < ?2"
                         " ORDER BY from_at DESC LIMIT 1",
    [PUT_SLOT] =
        "INSERT INTO slot (therapist, from_at, to_at, referral, visit, booked) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [UPDATE_SLOT] = "UPDATE slot SET to_at = ?3, referral = ?4, visit = ?5, booked = ?6"
                    " WHERE therapist = ?1 AND from_at = ?2",
    [REMOVE_SLOT] = "DELETE FROM slot WHERE therapist = ?1 AND from_at = ?2 AND to_at = ?3 AND referral = ?4",
    [PUT_OUTBOX] = "INSERT INTO outbox (outbox, referral, source, state, attempts, due, error, payload)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    /* What was delivered needs its payload no longer. */
    [UPDATE_OUTBOX] = "UPDATE outbox SET state = ?2, attempts = ?3, due = ?4, error = ?5,"
                      " payload = CASE ?2 WHEN 1 THEN x'' ELSE payload END WHERE outbox = ?1",
    [PUT_THERAPIST] = "INSERT INTO therapist (identifier, payload) VALUES (?1, ?2)",
    [UPDATE_THERAPIST] = "UPDATE therapist SET payload = ?2 WHERE identifier = ?1",
    [REMOVE_THERAPIST] = "DELETE FROM therapist WHERE identifier = ?1",
    [PUT_ACCOUNT] = "INSERT OR REPLACE INTO account (name, payload) VALUES (?1, ?2)",
    [REMOVE_ACCOUNT] = "DELETE FROM account WHERE name = ?1",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

/* What is in the directory decides what may be made: nothing is made beside files that speak of an older store. */
struct contents {
    bool events, keys;
};

static bool holds_something(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && about.st_size > 0;
}

static enum store_status look(const struct store *store, struct contents *contents, struct fault *fault)
{
    contents->events = holds_something(store->database_path);
    contents->keys = holds_something(store->keys_path);
    if (!contents->events && contents->keys) {
        fault_set(fault, "%s: missing, though %s is there: restore it from the backup", store->database_path,
                  KEYS_NAME);
        return STORE_DAMAGED;
    }
    if (access(store->directory, W_OK) != 0 && (errno == EROFS || errno == EACCES)) {
        fault_set(fault, "%s: may not be written to: check its owner, mode and mount", store->directory);
        return STORE_READONLY;
    }
    return STORE_OK;
}

static enum store_status set_up_writer(struct store *store, bool keys, struct fault *fault)
{
    /* The log is kept at its length, so that commits overwrite blocks that the file has already. */
    static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
                                  "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -32768";
    char *size = store_text("PRAGMA page_size = %llu; PRAGMA auto_vacuum = NONE", (unsigned long long)store->page_size);
    int64_t version = 0, found = 0;
    bool fresh = false;
    enum store_status status = file_writable(store->writer, fault);

    if (status == STORE_OK)
        status = file_is_empty(store->writer, &fresh, fault);
    if (status == STORE_OK && fresh && keys) {
        fault_set(fault, "%s: empty, though %s is there: restore it from the backup", store->database_path, KEYS_NAME);
        status = STORE_DAMAGED;
    }
    if (status == STORE_OK && fresh)
        status = file_run(store->writer, size, "create it", fault);
    free(size);
    if (status == STORE_OK && !fresh) /* before anything is written: it may not be ours */
        status = schema_check(store->writer, &version, fault);
    if (status == STORE_OK)
        status = file_run(store->writer, pragmas, "set it up", fault);
    if (status == STORE_OK && fresh) {
        randombytes_buf(store->identity, sizeof store->identity);
        status = schema_create(store->writer, store->identity, fault);
    }
    if (status == STORE_OK)
        status = file_number(store->writer, "PRAGMA page_size", &found, fault);
    store->page_size = (uint64_t)found;
    if (status == STORE_OK)
        status = file_meta(store->writer, "store", store->identity, sizeof store->identity, fault);
    sqlite3_wal_hook(store->writer, checkpoint_count, store);
    return status;
}

static enum store_status open_vault(struct store *store, const struct seal_node_keys *keys, struct fault *fault)
{
    struct vault_settings settings = {.path = store->keys_path, .store = store->identity, .keys = keys};
    int64_t referrals = 0;
    /* Keys come after the tables on the first start; a crash between leaves tables without a referral. */
    enum store_status status =
        file_number(store->writer, "SELECT EXISTS (SELECT 1 FROM event WHERE referral > 0)", &referrals, fault);

    settings.may_make = referrals == 0;
    if (status == STORE_OK)
        status = vault_open(&settings, &store->vault, fault);
    return status;
}

static enum store_status prepare_statements(struct store *store, struct fault *fault)
{
    enum store_status status = STORE_OK;

    for (int i = 0; i < WRITE_STATEMENTS && status == STORE_OK; i++)
        status = file_prepare(store->writer, write_sql[i], &store->statements[i], fault);
    return status;
}

/* Where numbering and the chain go on. */
static enum store_status find_ends(struct store *store, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int64_t last = 0;
    int code = SQLITE_OK;
    enum store_status status = file_number(store->writer, "SELECT max(referral) FROM referral", &last, fault);

    store->last_referral = store->last_row = (uint64_t)last;
    seal_chain_start(store->identity, store->chain);
    if (status == STORE_OK)
        status = file_prepare(store->writer, "SELECT sequence, chain FROM event ORDER BY sequence DESC LIMIT 1",
                              &statement, fault);
    if (status != STORE_OK)
        return status;
    code = sqlite3_step(statement);
    status = file_status(store->writer, code, "find its end", fault);
    if (code == SQLITE_ROW && sqlite3_column_bytes(statement, 1) == SEAL_CHAIN_BYTES) {
        store->last_sequence = (uint64_t)sqlite3_column_int64(statement, 0);
        memcpy(store->chain, sqlite3_column_blob(statement, 1), SEAL_CHAIN_BYTES);
    } else if (code == SQLITE_ROW) {
        fault_set(fault, "%s: damaged: the last event has no chain", store->database_path);
        status = STORE_DAMAGED;
    }
    sqlite3_finalize(statement);
    return status;
}

/* A crash may have come between an Erased event and the end of its key. */
static enum store_status finish_erasures(struct store *store, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    uint64_t *erased = NULL;
    size_t count = 0, room = 0;
    int code = SQLITE_OK;
    enum store_status status = file_prepare(
        store->writer, "SELECT referral FROM referral WHERE erased = 1 ORDER BY referral", &statement, fault);

    if (status != STORE_OK)
        return status;
    while (status == STORE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        uint64_t referral = (uint64_t)sqlite3_column_int64(statement, 0);
        uint8_t key[SEAL_KEY_BYTES];
        struct fault unread;
        if (vault_key(store->vault, referral, key, &unread) == STORE_MISSING)
            continue;
        sodium_memzero(key, sizeof key);
        if (count == room) {
            room = room > 0 ? 2 * room : 16;
            erased = store_reallocate(erased, room * sizeof *erased);
        }
        erased[count++] = referral;
    }
    status = file_status(store->writer, code, "find what was erased", fault);
    sqlite3_finalize(statement);
    if (status == STORE_OK && count > 0)
        status = vault_destroy(store->vault, erased, count, fault);
    free(erased);
    return status;
}

static enum store_status prepare_keys_at_open(struct store *store, struct fault *fault)
{
    enum store_status status = STORE_OK;

    if (vault_high(store->vault) < store->last_referral) {
        fault_set(fault, "%s: older than %s: it has no keys of the latest referrals; restore the newest key file",
                  store->keys_path, DATABASE_NAME);
        return STORE_DAMAGED;
    }
    status = vault_fill(store->vault, store->last_referral, fault);
    if (status == STORE_OK && vault_high(store->vault) == store->last_referral)
        status = vault_make(store->vault, fault);
    return status;
}

char *node_key_path(const struct store_settings *settings)
{
    return settings->node_key_file != NULL ? store_text("%s", settings->node_key_file)
                                           : store_text("%s/node.key", settings->directory);
}

static enum store_status open_files(struct store *store, const char *node_key_file, struct fault *fault)
{
    struct contents contents = {0};
    uint8_t node_key[SEAL_KEY_BYTES];
    struct seal_node_keys keys;
    enum store_status status = look(store, &contents, fault);

    if (status == STORE_OK)
        status = node_key_load(node_key_file, !contents.events, node_key, fault);
    if (status != STORE_OK)
        return status;
    seal_derive(node_key, &keys);
    sodium_memzero(node_key, sizeof node_key);
    memcpy(store->hash_key, keys.hash, sizeof store->hash_key);
    memcpy(store->secret_key, keys.secret, sizeof store->secret_key);
    status = directory_make_file(store->database_path, fault);
    if (status == STORE_OK)
        status = file_open(store->database_path, SQLITE_OPEN_READWRITE, &store->writer, fault);
    if (status == STORE_OK)
        status = set_up_writer(store, contents.keys, fault);
    if (status == STORE_OK)
        status = open_vault(store, &keys, fault);
    sodium_memzero(&keys, sizeof keys);
    if (status == STORE_OK)
        status = schema_migrate(store, fault);
    if (status == STORE_OK)
        status = directory_sync(store->directory, fault);
    return status;
}

static struct store *make_store(const struct store_settings *settings)
{
    struct store *store = store_allocate(sizeof *store);

    memset(store, 0, sizeof *store);
    store->lock = -1;
    store->directory = store_text("%s", settings->directory);
    store->database_path = store_text("%s/%s", settings->directory, DATABASE_NAME);
    store->keys_path = store_text("%s/%s", settings->directory, KEYS_NAME);
    store->backup_directory =
        store_text("%s", settings->backup_directory != NULL ? settings->backup_directory : settings->directory);
    store->page_size = settings->page_size != 0 ? settings->page_size : PAGE_SIZE;
    store->wal_limit = settings->wal_limit != 0 ? settings->wal_limit : WAL_LIMIT;
    store->wal_patience = store->wal_limit;
    pthread_mutex_init(&store->checkpointing, NULL);
    atomic_init(&store->broken, false);
    seal_nonces_init(&store->nonces);
    return store;
}

enum store_status store_open(const struct store_settings *settings, struct store **store, struct fault *fault)
{
    struct store *made = NULL;
    char *node_key_file = NULL;
    enum store_status status = STORE_OK;

    INVARIANT(sodium_init() >= 0);
    made = make_store(settings);
    node_key_file = node_key_path(settings);
    status = directory_lock(made->directory, &made->lock, fault);
    if (status == STORE_OK)
        status = open_files(made, node_key_file, fault);
    if (status == STORE_OK)
        status = prepare_statements(made, fault);
    if (status == STORE_OK)
        status = find_ends(made, fault);
    if (status == STORE_OK)
        status = finish_erasures(made, fault);
    if (status == STORE_OK)
        status = prepare_keys_at_open(made, fault);
    if (status == STORE_OK)
        status = file_open(made->database_path, SQLITE_OPEN_READWRITE, &made->checkpointer, fault);
    if (status == STORE_OK)
        status = file_run(made->checkpointer, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0", "set it up",
                          fault);
    free(node_key_file);
    if (status != STORE_OK) {
        store_close(made);
        return status;
    }
    *store = made;
    return STORE_OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (int i = 0; i < WRITE_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->checkpointer);
    sqlite3_close(store->writer);
    vault_close(store->vault);
    directory_unlock(store->lock);
    pthread_mutex_destroy(&store->checkpointing);
    scratch_release(&store->scratch, &store->scratch_size);
    free(store->directory);
    free(store->database_path);
    free(store->keys_path);
    free(store->backup_directory);
    sodium_memzero(store, sizeof *store);
    free(store);
}

void store_keyed_hash(const struct store *store, const uint8_t *bytes, size_t size, uint8_t key[RECORD_KEY_BYTES])
{
    crypto_generichash(key, RECORD_KEY_BYTES, bytes, size, store->hash_key, sizeof store->hash_key);
}

/* Where a secret belongs: the two numbers of a place are taken from the name. */
static struct seal_place secret_place(const char *name)
{
    struct seal_place place = {.table = SEAL_SECRET};
    uint8_t hash[16];

    crypto_generichash(hash, sizeof hash, (const uint8_t *)name, strlen(name), NULL, 0);
    memcpy(&place.row, hash, 8);
    memcpy(&place.referral, hash + 8, 8);
    return place;
}

void store_seal_secret(const struct store *store, const char *name, const uint8_t *plain, size_t size, uint8_t *sealed)
{
    const struct seal_place place = secret_place(name);
    struct seal_nonces nonces; /* the writer's are the writer's alone */

    _Static_assert(STORE_SECRET_BYTES == SEAL_OVERHEAD, "a secret is sealed as a payload is");
    seal_nonces_init(&nonces);
    seal_close(&nonces, store->secret_key, &place, plain, size, sealed);
}

bool store_open_secret(const struct store *store, const char *name, const uint8_t *sealed, size_t size, uint8_t *plain)
{
    const struct seal_place place = secret_place(name);

    return seal_open(store->secret_key, &place, sealed, size, plain);
}
