/*
 * One SQLite file, opened as this store needs it, and what SQLite's results mean for the store.
 *
 * Threads: a connection is used by one thread at a time (SQLITE_OPEN_NOMUTEX); whoever shares one brings a mutex.
 */
#ifndef FASCIA_STORE_SQLITE_FILE_H
#define FASCIA_STORE_SQLITE_FILE_H

#include "store/seal.h"
#include "store/store.h"

#include <sqlite3.h>

/* Written into the header of each file, so that another program's database is not taken for ours. */
#define FILE_EVENTS 0x66736361 /* "fsca" */
#define FILE_KEYS   0x66736b79 /* "fsky" */

#define BUSY_MILLISECONDS 10000

/* What a result code means. The text says what was being done, SQLite's words, and the file. */
enum store_status file_status(sqlite3 *database, int code, const char *what, struct fault *fault);

/*
 * Opens with the flags (SQLITE_OPEN_...) and settings that all connections share. *database is NULL on failure. A file that may only
 * be read opens all the same: whoever means to write asks file_writable.
 */
MUST_CHECK enum store_status file_open(const char *path, int flags, sqlite3 **database, struct fault *fault);
MUST_CHECK enum store_status file_writable(sqlite3 *database, struct fault *fault);
MUST_CHECK enum store_status file_run(sqlite3 *database, const char *sql, const char *what, struct fault *fault);
MUST_CHECK enum store_status file_prepare(sqlite3 *database, const char *sql, sqlite3_stmt **statement,
                                          struct fault *fault);
/* The first column of the first row as a number; 0 when there is no row. */
MUST_CHECK enum store_status file_number(sqlite3 *database, const char *sql, int64_t *number, struct fault *fault);
/* Steps a statement that gives no row, and resets it. */
MUST_CHECK enum store_status file_do(sqlite3_stmt *statement, const char *what, struct fault *fault);
/* Reads a value of the file's meta table, of exactly this size; STORE_DAMAGED otherwise. */
MUST_CHECK enum store_status file_meta(sqlite3 *database, const char *name, void *value, size_t size,
                                       struct fault *fault);
MUST_CHECK enum store_status file_put_meta(sqlite3 *database, const char *name, const void *value, size_t size,
                                           struct fault *fault);
/* Whether the file carries our mark; STORE_DAMAGED when not. */
MUST_CHECK enum store_status file_is_ours(sqlite3 *database, int64_t mark, struct fault *fault);
/* Whether nothing was ever kept in it: what a crash leaves while it is made. */
MUST_CHECK enum store_status file_is_empty(sqlite3 *database, bool *empty, struct fault *fault);
/* Every page and every constraint; STORE_DAMAGED with the first thing found. */
MUST_CHECK enum store_status file_integrity(sqlite3 *database, struct fault *fault);

void file_bind_number(sqlite3_stmt *statement, int index, int64_t number);
/* Lent until the statement is stepped and bound anew. */
void file_bind_text(sqlite3_stmt *statement, int index, const char *text);
void file_bind_bytes(sqlite3_stmt *statement, int index, const void *bytes, size_t size);
/* Copies a text column; cut to size - 1. */
void file_copy_text(sqlite3_stmt *statement, int column, char *text, size_t size);

/* Allocation that ends the process when there is no memory. */
void *store_allocate(size_t size);
void *store_reallocate(void *block, size_t size);
char *store_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
