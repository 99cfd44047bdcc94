#include "store/sqlite_store.h"

int checkpoint_count(void *context, sqlite3 *database, const char *name, int pages)
{
    struct store *store = context;

    (void)database;
    (void)name;
    store->wal_bytes = (uint64_t)pages * store->page_size;
    return SQLITE_OK;
}

/* PASSIVE moves what it can without waiting for readers; the mutex keeps the two checkpointers apart. */
static enum store_status checkpoint(struct store *store, sqlite3 *database, bool *complete, struct fault *fault)
{
    int code = SQLITE_OK, log = 0, moved = 0;

    pthread_mutex_lock(&store->checkpointing);
    code = sqlite3_wal_checkpoint_v2(database, "main", SQLITE_CHECKPOINT_PASSIVE, &log, &moved);
    pthread_mutex_unlock(&store->checkpointing);
    *complete = code == SQLITE_OK && moved >= log;
    if ((code & 0xff) == SQLITE_BUSY) /* a reader is in the way: the next one moves more */
        return STORE_OK;
    return store_note(store, file_status(database, code, "move the log into it", fault));
}

/*
 * After a complete checkpoint the next commit starts the log from its beginning, so the log is bounded unless a
 * reader keeps an old state in view. Then the writer tries again each quarter of the bound, not at each commit.
 */
void checkpoint_if_long(struct store *store)
{
    struct fault unread;
    bool complete = false;

    if (store->wal_bytes < store->wal_limit) {
        store->wal_patience = store->wal_limit;
        return;
    }
    if (store->wal_bytes < store->wal_patience)
        return;
    /* The commit itself is durable whatever becomes of this; a failing disk stops the next one. */
    if (checkpoint(store, store->writer, &complete, &unread) == STORE_OK && complete)
        store->wal_patience = store->wal_limit;
    else
        store->wal_patience = store->wal_bytes + store->wal_limit / 4;
}

enum store_status store_checkpoint(struct store *store, struct fault *fault)
{
    bool complete = false;

    if (atomic_load(&store->broken)) {
        fault_set(fault, "%s: the disk failed before; open the store anew and load", store->database_path);
        return STORE_BROKEN;
    }
    return checkpoint(store, store->checkpointer, &complete, fault);
}
