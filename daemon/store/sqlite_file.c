#include "store/sqlite_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *store_status_name(enum store_status status)
{
    static const char *const names[] = {[STORE_OK] = "ok",           [STORE_FULL] = "full",
                                        [STORE_LOCKED] = "locked",   [STORE_READONLY] = "read-only",
                                        [STORE_DAMAGED] = "damaged", [STORE_NEWER] = "newer",
                                        [STORE_MISSING] = "missing", [STORE_CONFLICT] = "conflict",
                                        [STORE_BROKEN] = "broken"};

    return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "unknown";
}

static enum store_status status_of_code(int code, int number)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STORE_OK;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_LOCKED;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return STORE_READONLY;
    case SQLITE_CANTOPEN:
        return number == ENOENT                                         ? STORE_MISSING
               : number == EROFS || number == EACCES || number == EPERM ? STORE_READONLY
               : number == ENOSPC                                       ? STORE_FULL
                                                                        : STORE_BROKEN;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* our own SQL failed to prepare: the schema is not ours */
        return STORE_DAMAGED;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return STORE_CONFLICT;
    case SQLITE_TOOBIG:
        return STORE_CONFLICT;
    default:
        return STORE_BROKEN;
    }
}

enum store_status file_status(sqlite3 *database, int code, const char *what, struct fault *fault)
{
    enum store_status status = status_of_code(code, database != NULL ? sqlite3_system_errno(database) : 0);
    const char *path = database != NULL ? sqlite3_db_filename(database, "main") : NULL;
    const char *words = sqlite3_errstr(code);

    if (status == STORE_OK)
        return STORE_OK;
    if (database != NULL && sqlite3_extended_errcode(database) == code)
        words = sqlite3_errmsg(database);
    if (status == STORE_FULL)
        words = "the disk is full";
    fault_set(fault, "%s: can't %s: %s (SQLite %d)", path != NULL ? path : "store", what, words, code);
    return status;
}

enum store_status file_open(const char *path, int flags, sqlite3 **database, struct fault *fault)
{
    enum store_status status = STORE_OK;
    int code = sqlite3_open_v2(path, database, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

    INVARIANT(*database != NULL);
    if (code != SQLITE_OK) {
        status = file_status(*database, code, "open it", fault);
        sqlite3_close(*database);
        *database = NULL;
        return status;
    }
    sqlite3_busy_timeout(*database, BUSY_MILLISECONDS);
    sqlite3_db_config(*database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(*database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return STORE_OK;
}

enum store_status file_writable(sqlite3 *database, struct fault *fault)
{
    if (sqlite3_db_readonly(database, "main") != 1)
        return STORE_OK;
    fault_set(fault, "%s: may be read but not written: check its owner, mode and mount",
              sqlite3_db_filename(database, "main"));
    return STORE_READONLY;
}

enum store_status file_run(sqlite3 *database, const char *sql, const char *what, struct fault *fault)
{
    return file_status(database, sqlite3_exec(database, sql, NULL, NULL, NULL), what, fault);
}

enum store_status file_prepare(sqlite3 *database, const char *sql, sqlite3_stmt **statement, struct fault *fault)
{
    return file_status(database, sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL),
                       "read its tables", fault);
}

enum store_status file_number(sqlite3 *database, const char *sql, int64_t *number, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    enum store_status status = file_prepare(database, sql, &statement, fault);
    int code = SQLITE_OK;

    *number = 0;
    if (status != STORE_OK)
        return status;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    status = file_status(database, code, "read it", fault);
    sqlite3_finalize(statement);
    return status;
}

enum store_status file_do(sqlite3_stmt *statement, const char *what, struct fault *fault)
{
    int code = sqlite3_step(statement);
    enum store_status status = STORE_OK;

    if (code != SQLITE_DONE)
        status = file_status(sqlite3_db_handle(statement), code, what, fault);
    INVARIANT(code != SQLITE_ROW);
    sqlite3_reset(statement);
    return status;
}

enum store_status file_meta(sqlite3 *database, const char *name, void *value, size_t size, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    enum store_status status = file_prepare(database, "SELECT value FROM meta WHERE name = ?1", &statement, fault);
    int code = SQLITE_OK;

    if (status != STORE_OK)
        return status;
    file_bind_text(statement, 1, name);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW && (size_t)sqlite3_column_bytes(statement, 0) == size) {
        memcpy(value, sqlite3_column_blob(statement, 0), size);
    } else if (code == SQLITE_ROW || code == SQLITE_DONE) {
        fault_set(fault, "%s: meta value \"%s\" is missing or damaged", sqlite3_db_filename(database, "main"), name);
        status = STORE_DAMAGED;
    } else {
        status = file_status(database, code, "read it", fault);
    }
    sqlite3_finalize(statement);
    return status;
}

enum store_status file_put_meta(sqlite3 *database, const char *name, const void *value, size_t size,
                                struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    enum store_status status = file_prepare(
        database, "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
        &statement, fault);

    if (status != STORE_OK)
        return status;
    file_bind_text(statement, 1, name);
    file_bind_bytes(statement, 2, value, size);
    status = file_do(statement, "write it", fault);
    sqlite3_finalize(statement);
    return status;
}

enum store_status file_is_ours(sqlite3 *database, int64_t mark, struct fault *fault)
{
    int64_t found = 0;
    enum store_status status = file_number(database, "PRAGMA application_id", &found, fault);

    if (status == STORE_OK && found != mark) {
        fault_set(fault, "%s: not a file of this store", sqlite3_db_filename(database, "main"));
        status = STORE_DAMAGED;
    }
    return status;
}

enum store_status file_is_empty(sqlite3 *database, bool *empty, struct fault *fault)
{
    int64_t mark = 0, tables = 0;
    enum store_status status = file_number(database, "PRAGMA application_id", &mark, fault);

    if (status == STORE_OK)
        status = file_number(database, "SELECT count(*) FROM sqlite_schema", &tables, fault);
    *empty = mark == 0 && tables == 0;
    return status;
}

enum store_status file_integrity(sqlite3 *database, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    enum store_status status = file_prepare(database, "PRAGMA integrity_check(1)", &statement, fault);
    int code = SQLITE_OK;

    if (status != STORE_OK)
        return status;
    code = sqlite3_step(statement);
    status = file_status(database, code, "check it", fault);
    if (code == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0) {
        fault_set(fault, "%s: damaged: %s", sqlite3_db_filename(database, "main"),
                  (const char *)sqlite3_column_text(statement, 0));
        status = STORE_DAMAGED;
    }
    sqlite3_finalize(statement);
    return status;
}

void file_bind_number(sqlite3_stmt *statement, int index, int64_t number)
{
    INVARIANT(sqlite3_bind_int64(statement, index, number) == SQLITE_OK);
}

void file_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    INVARIANT(sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC) == SQLITE_OK);
}

void file_bind_bytes(sqlite3_stmt *statement, int index, const void *bytes, size_t size)
{
    /* A NULL pointer would bind NULL, and no column here takes one. */
    INVARIANT(sqlite3_bind_blob64(statement, index, size > 0 ? bytes : "", size, SQLITE_STATIC) == SQLITE_OK);
}

void file_copy_text(sqlite3_stmt *statement, int column, char *text, size_t size)
{
    const unsigned char *found = sqlite3_column_text(statement, column);

    snprintf(text, size, "%s", found != NULL ? (const char *)found : "");
}

void *store_allocate(size_t size)
{
    return store_reallocate(NULL, size);
}

void *store_reallocate(void *block, size_t size)
{
    void *found = realloc(block, size > 0 ? size : 1);

    INVARIANT(found != NULL);
    return found;
}

char *store_text(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    INVARIANT(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    return text;
}
