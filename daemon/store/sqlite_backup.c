#include "store/directory.h"
#include "store/sqlite_store.h"

#include <dirent.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A copy comes out in WAL mode, like its source; as a file by itself it must need no second one. */
static enum store_status fill_copy(sqlite3 *from, sqlite3 *to, struct fault *fault)
{
    sqlite3_backup *backup = NULL;
    int code = SQLITE_OK;
    enum store_status status = file_run(to, "PRAGMA synchronous = OFF", "copy into it", fault);

    if (status != STORE_OK)
        return status;
    backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL)
        return file_status(to, sqlite3_errcode(to), "copy into it", fault);
    code = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE)
        return file_status(to, code, "copy into it", fault);
    return file_run(to, "PRAGMA journal_mode = DELETE", "copy into it", fault);
}

enum store_status copy_database(sqlite3 *from, const char *path, bool replace, uint64_t *bytes, struct fault *fault)
{
    char *part = store_text("%s.part", path);
    sqlite3 *to = NULL;
    enum store_status status = STORE_OK;

    if (!replace && access(path, F_OK) == 0) {
        fault_set(fault, "%s: is there already", path);
        free(part);
        return STORE_CONFLICT;
    }
    unlink(part); /* of a copy that was broken off */
    status = directory_make_file(part, fault);
    if (status == STORE_OK)
        status = file_open(part, SQLITE_OPEN_READWRITE, &to, fault);
    if (status == STORE_OK)
        status = fill_copy(from, to, fault);
    sqlite3_close(to);
    if (status == STORE_OK)
        status = directory_sync_file(part, bytes, fault);
    if (status == STORE_OK)
        status = directory_rename(part, path, replace, fault);
    if (status != STORE_OK)
        unlink(part);
    free(part);
    return status;
}

/* Whether the file holds keys of this store. */
static bool holds_keys_of(const char *path, const uint8_t identity[SEAL_STORE_BYTES])
{
    uint8_t found[SEAL_STORE_BYTES];
    struct fault unread;
    sqlite3 *database = NULL;
    bool ours = file_open(path, SQLITE_OPEN_READONLY, &database, &unread) == STORE_OK &&
                file_is_ours(database, FILE_KEYS, &unread) == STORE_OK &&
                file_meta(database, "store", found, sizeof found, &unread) == STORE_OK &&
                memcmp(found, identity, sizeof found) == 0;

    sqlite3_close(database);
    return ours;
}

/* Keys are never kept in generations: a key destroyed today must not come back from yesterday's copy. */
static enum store_status remove_older_keys(const char *newest, const uint8_t identity[SEAL_STORE_BYTES],
                                           struct fault *fault)
{
    char *copy = store_text("%s", newest), *directory = dirname(copy);
    const char *slash = strrchr(newest, '/'), *name = slash != NULL ? slash + 1 : newest;
    DIR *folder = opendir(directory);
    enum store_status status = STORE_OK;

    for (struct dirent *entry; folder != NULL && status == STORE_OK && (entry = readdir(folder)) != NULL;) {
        size_t length = strlen(entry->d_name);
        char *path = NULL;
        if (length <= 5 || strcmp(entry->d_name + length - 5, ".keys") != 0 || strcmp(entry->d_name, name) == 0)
            continue;
        path = store_text("%s/%s", directory, entry->d_name);
        if (holds_keys_of(path, identity)) {
            status = directory_wipe(path, fault);
            unlink(path);
        }
        free(path);
    }
    if (folder != NULL)
        closedir(folder);
    free(copy);
    return status;
}

enum store_status backup_with_keys(sqlite3 *database, struct vault *vault, const char *path, uint64_t *bytes,
                                   struct fault *fault)
{
    uint8_t identity[SEAL_STORE_BYTES];
    char *keys = store_text("%s.keys", path);
    enum store_status status = file_meta(database, "store", identity, sizeof identity, fault);

    if (status == STORE_OK)
        status = copy_database(database, path, false, bytes, fault);
    if (status == STORE_OK) {
        /* After the tables, so that no row of the copy lacks its key. */
        status = vault_copy(vault, keys, fault);
        if (status != STORE_OK)
            unlink(path);
    }
    if (status == STORE_OK)
        status = remove_older_keys(keys, identity, fault);
    free(keys);
    return status;
}

enum store_status store_backup(struct store_reader *reader, const char *path, struct store_backup_result *result,
                               struct fault *fault)
{
    int64_t last = 0;
    /* One view of the file for all of it: commits go on beside, and the copy need not start again. */
    enum store_status status = file_run(reader->database, "BEGIN", "back it up", fault);

    memset(result, 0, sizeof *result);
    if (status != STORE_OK)
        return status;
    status = file_number(reader->database, "SELECT max(sequence) FROM event", &last, fault);
    if (status == STORE_OK)
        status = backup_with_keys(reader->database, reader->vault, path, &result->bytes, fault);
    result->last_sequence = (uint64_t)last;
    sqlite3_exec(reader->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
