/*
 * The directory that a store lives in: its lock, the node's key, and what only the file system can do.
 *
 * The node's key is 32 bytes in a file of mode 0600. It wraps the keys of all referrals; without it nothing that was sealed can
 * be read, so it is made only for a directory that holds nothing yet, and belongs in the operator's own backup.
 * A descriptor of a database that SQLite has open in this process must not be opened and closed here: POSIX
 * would drop SQLite's locks with it. Journals and copies may.
 *
 * Threads: any; each call works on what it is given.
 */
#ifndef FASCIA_STORE_DIRECTORY_H
#define FASCIA_STORE_DIRECTORY_H

#include "store/seal.h"
#include "store/store.h"

/* Reads the key, or makes it when there is none and may_make. STORE_DAMAGED: missing, of a wrong length, or others may read it. */
MUST_CHECK enum store_status node_key_load(const char *path, bool may_make, uint8_t key[SEAL_KEY_BYTES],
                                           struct fault *fault);

/* Makes the directory (mode 0700) when it is missing, and locks it for as long as the descriptor is open. */
MUST_CHECK enum store_status directory_lock(const char *directory, int *lock, struct fault *fault);
void directory_unlock(int lock);
/* Makes names that were added or removed durable. */
MUST_CHECK enum store_status directory_sync(const char *directory, struct fault *fault);
/* The same for the directory in which path stands. */
MUST_CHECK enum store_status directory_sync_of(const char *path, struct fault *fault);

/* Makes an empty file of mode 0600 unless there is a file already. */
MUST_CHECK enum store_status directory_make_file(const char *path, struct fault *fault);
/* Makes what was written to the file durable; *size (may be NULL) is its length. */
MUST_CHECK enum store_status directory_sync_file(const char *path, uint64_t *size, struct fault *fault);
/* Gives a file its last name; STORE_CONFLICT when the name is taken, unless replace. Durable on return. */
MUST_CHECK enum store_status directory_rename(const char *from, const char *to, bool replace, struct fault *fault);
/* Overwrites what the file holds with zeros, durably; a missing file is well. */
MUST_CHECK enum store_status directory_wipe(const char *path, struct fault *fault);

#endif
