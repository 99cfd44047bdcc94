/*
 * What the files of the SQLite engine share: a store's and a reader's insides.
 *
 * Threads: the writer's connection and the statements belong to the writer's thread; the checkpointer's connection to whoever
 * holds the mutex `checkpointing`; the vault guards itself. `broken` is set by any of them and stops all.
 */
#ifndef FASCIA_STORE_SQLITE_STORE_H
#define FASCIA_STORE_SQLITE_STORE_H

#include "store/sqlite_file.h"
#include "store/vault.h"

#include <pthread.h>
#include <stdatomic.h>

#define PAYLOAD_MAXIMUM (64u << 20) /* bytes of one payload */
#define KEYS_AHEAD      65536
#define NUMBER_JUMP     (1u << 20) /* a referral's number further ahead than this is a mistake */
#define DATABASE_NAME   "fascia.db"
#define KEYS_NAME       "keys.db"

enum write_statement {
    PUT_EVENT,
    PUT_REFERRAL,
    UPDATE_REFERRAL,
    MARK_ERASED,
    IS_ERASED,
    FIND_SLOT_BEFORE,
    PUT_SLOT,
    UPDATE_SLOT,
    REMOVE_SLOT,
    PUT_OUTBOX,
    UPDATE_OUTBOX,
    PUT_THERAPIST,
    UPDATE_THERAPIST,
    REMOVE_THERAPIST,
    PUT_ACCOUNT,
    REMOVE_ACCOUNT,
    BEGIN,
    COMMIT,
    ROLLBACK,
    WRITE_STATEMENTS
};

struct store {
    char *directory, *database_path, *keys_path, *backup_directory;
    int lock;
    sqlite3 *writer;
    sqlite3_stmt *statements[WRITE_STATEMENTS];
    struct vault *vault;
    uint8_t identity[SEAL_STORE_BYTES];
    uint8_t hash_key[SEAL_KEY_BYTES], secret_key[SEAL_KEY_BYTES];
    struct seal_nonces nonces;
    uint8_t *scratch; /* a sealed payload on its way in, or an open one on its way out */
    size_t scratch_size;
    uint64_t last_sequence;
    uint64_t last_referral;          /* the highest number that was spoken of: keys are made ahead of it */
    uint64_t last_row;               /* the highest number that has a row, or higher */
    uint8_t chain[SEAL_CHAIN_BYTES]; /* of last_sequence */
    uint64_t page_size;
    uint64_t wal_limit, wal_bytes; /* the bound, and how long the log is */
    uint64_t wal_patience;         /* where the writer checkpoints next */
    pthread_mutex_t checkpointing;
    sqlite3 *checkpointer;
    atomic_bool broken;
};

struct store_reader {
    struct store *store; /* borrowed; NULL when the reader works on a file that no store has open */
    struct vault *vault; /* borrowed */
    sqlite3 *database;
    uint8_t identity[SEAL_STORE_BYTES];
    uint8_t *scratch;
    size_t scratch_size;
};

/* Opens a connection to fascia.db beside the writer, read only. */
MUST_CHECK enum store_status reader_attach(struct store_reader *reader, const char *path, struct vault *vault,
                                           struct fault *fault);
void reader_detach(struct store_reader *reader);

/* Unseals what stands in the payload column into *scratch. STORE_MISSING (and size 0) when the key was destroyed. */
MUST_CHECK enum store_status payload_open(struct vault *vault, const struct seal_place *place, sqlite3_stmt *statement,
                                          int column, uint8_t **scratch, size_t *scratch_size, size_t *size,
                                          struct fault *fault);
/* Makes room in a scratch buffer; what it held is overwritten first. */
void scratch_reserve(uint8_t **scratch, size_t *scratch_size, size_t size);
void scratch_release(uint8_t **scratch, size_t *scratch_size);

/* The columns of a row, in the order of these lists. */
#define EVENT_COLUMNS "sequence, at, referral, kind, actor, chain, payload"
enum event_column { EVENT_SEQUENCE, EVENT_AT, EVENT_REFERRAL, EVENT_KIND, EVENT_ACTOR, EVENT_CHAIN, EVENT_PAYLOAD };
#define REFERRAL_COLUMNS                                                                                               \
    "referral, state, priority, open, source, therapist, opened, changed, due, content_sequence, match_sequence, "     \
    "statuses, sender_key, content_key, patient_key, erased, sender"
void event_from_row(sqlite3_stmt *statement, struct event_record *event); /* all but the payload */
void referral_from_row(sqlite3_stmt *statement, struct referral_row *row);

/* Makes fascia.db's tables, or brings them forward to the newest schema, after a backup. */
MUST_CHECK enum store_status schema_create(sqlite3 *database, const uint8_t identity[SEAL_STORE_BYTES],
                                           struct fault *fault);
MUST_CHECK enum store_status schema_version(sqlite3 *database, int64_t *version, struct fault *fault);
MUST_CHECK enum store_status schema_migrate(struct store *store, struct fault *fault);
/* STORE_NEWER when the file is of a later schema than this program's. */
MUST_CHECK enum store_status schema_check(sqlite3 *database, int64_t *version, struct fault *fault);
extern const int64_t schema_newest;

char *node_key_path(const struct store_settings *settings); /* heap */

/* Reads the keys that come from the node's key; *keys is to be overwritten after use. */
MUST_CHECK enum store_status node_keys_read(const struct store_settings *settings, struct seal_node_keys *keys,
                                            struct fault *fault);
/* Everything that must hold of a store's two files: pages, schema, chain, slots, and that each sealed row opens. */
MUST_CHECK enum store_status contents_check(const char *database_path, const char *keys_path,
                                            const struct seal_node_keys *keys, struct fault *fault);

/* Notes a failure after which the connection must not be used again. */
enum store_status store_note(struct store *store, enum store_status status);
/* Checkpoints on the writer's thread when the log is past its bound. */
void checkpoint_if_long(struct store *store);
int checkpoint_count(void *context, sqlite3 *database, const char *name, int pages);

/* A whole copy of an open database, under a name of its own until it is durable. bytes (may be NULL): how long it is. */
MUST_CHECK enum store_status copy_database(sqlite3 *from, const char *path, bool replace, uint64_t *bytes,
                                           struct fault *fault);
/* A copy of fascia.db at path, which must not exist, and of the keys beside it; older copies of these keys there are removed. */
MUST_CHECK enum store_status backup_with_keys(sqlite3 *database, struct vault *vault, const char *path, uint64_t *bytes,
                                              struct fault *fault);

#endif
