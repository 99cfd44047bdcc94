/*
 * What is kept. One small interface, and a file per engine that knows SQL.
 *
 * A commit takes any number of batches and makes all of them durable, or none, in one transaction. It returns only when the
 * disk has them. On STORE_BROKEN nothing of the failed commit may be assumed either way: reopen and load.
 * Payloads of a referral (events, outbox) are sealed under that referral's own key; keys are in a file of their own, wrapped by the node's key,
 * so that destroying one key erases the patient in the database and in every backup of it. Backups of the key file are therefore
 * replaced, never kept in generations.
 * The event table is the audit trail: append-only, each row bound to the one before by a hash.
 *
 * Threads: a store is used by one thread (the writer); each store_reader by one thread of its own, beside the writer.
 */
#ifndef FASCIA_STORE_STORE_H
#define FASCIA_STORE_STORE_H

#include "core/record.h"

enum store_status {
    STORE_OK = 0,
    STORE_FULL,   /* no space: nothing of this commit was kept; the store is still good */
    STORE_LOCKED, /* another process has it */
    STORE_READONLY,
    STORE_DAMAGED,  /* the file is not whole, or not ours, or the node key does not fit */
    STORE_NEWER,    /* written by a later schema than this program knows */
    STORE_MISSING,  /* no such row, key erased, no such file */
    STORE_CONFLICT, /* a slot overlaps another, a number is used: our own mistake, nothing was kept */
    STORE_BROKEN    /* any other failure of the disk: reopen */
};
const char *store_status_name(enum store_status status);

struct store;
struct store_reader;

struct store_settings {
    const char *directory; /* holds fascia.db, keys.db, and node.key unless node_key_file is set; made with mode 0700 */
    const char *node_key_file;    /* 32 bytes, mode 0600; made on first start. NULL: in directory */
    const char *backup_directory; /* where a migration puts its backup; NULL: directory */
    uint32_t page_size;           /* 0: 16384 */
    uint64_t wal_limit;           /* bytes after which a checkpoint is waited for; 0: 256 MiB */
};

/* Opens or creates; migrates forward after making a backup; takes the lock that keeps a second daemon out. */
MUST_CHECK enum store_status store_open(const struct store_settings *settings, struct store **store,
                                        struct fault *fault);
void store_close(struct store *store);

/* What loading calls, in this order. Any may return false with a fault to stop. Bytes are lent for the call. */
struct store_loader {
    void *context;
    bool (*therapist)(void *context, const uint8_t *packed, size_t size, struct fault *fault);
    bool (*referral)(void *context, const struct referral_row *row, struct fault *fault); /* all, open or not */
    bool (*event)(void *context, const struct event_record *event,
                  struct fault *fault); /* of open referrals, unsealed, by sequence */
    void (*finish)(void *context, uint64_t last_referral, uint64_t last_sequence, uint64_t last_outbox);
    /* Before all others: at most so many will come, and not many fewer. NULL: nobody wants to know. */
    void (*begin)(void *context, uint64_t therapists, uint64_t referrals);
    /* Before therapists. NULL: nobody wants them. */
    bool (*account)(void *context, const uint8_t *packed, size_t size, struct fault *fault);
};
MUST_CHECK enum store_status store_load(struct store *store, const struct store_loader *loader, struct fault *fault);

/* One transaction for all batches, durable on return. */
MUST_CHECK enum store_status store_commit(struct store *store, struct record_batch *const *batches, size_t count,
                                          struct fault *fault);
/* How many referral keys are made ahead; called by commit, and at idle so that no sender waits for it. */
MUST_CHECK enum store_status store_prepare_keys(struct store *store, struct fault *fault);
/* A keyed hash under a key derived from the node's (BLAKE2b, 16 bytes); any thread. */
void store_keyed_hash(const struct store *store, const uint8_t *bytes, size_t size, uint8_t key[RECORD_KEY_BYTES]);
/*
 * What must be read again but is no patient's: a secret of an account. Sealed under a key derived from the node's, bound to the name. Any thread.
 * Sealed it has STORE_SECRET_BYTES more. false: it is not of this name, or this store, or was changed.
 */
#define STORE_SECRET_BYTES 41
void store_seal_secret(const struct store *store, const char *name, const uint8_t *plain, size_t size, uint8_t *sealed);
MUST_CHECK bool store_open_secret(const struct store *store, const char *name, const uint8_t *sealed, size_t size,
                                  uint8_t *plain);
/* Moves what the log holds into the database; from a thread of its own, beside commits. Never blocks the writer. */
MUST_CHECK enum store_status store_checkpoint(struct store *store, struct fault *fault);

/* ---- reading, beside the writer ---- */
MUST_CHECK enum store_status store_reader_open(struct store *store, struct store_reader **reader, struct fault *fault);
void store_reader_close(struct store_reader *reader);

typedef bool (*store_event_visitor)(void *context, const struct event_record *event, const uint8_t chain[32],
                                    bool erased);
/* Events after `after`, of one referral or (0) of all, at most limit. Payloads are unsealed; size 0 when erased. */
MUST_CHECK enum store_status store_read_events(struct store_reader *reader, uint64_t referral, uint64_t after,
                                               uint32_t limit, store_event_visitor visit, void *context,
                                               struct fault *fault);
/* One event by sequence; payload is heap, the caller's. */
MUST_CHECK enum store_status store_read_event(struct store_reader *reader, uint64_t sequence,
                                              struct event_record *event, struct fault *fault);
MUST_CHECK enum store_status store_read_referral(struct store_reader *reader, uint64_t referral,
                                                 struct referral_row *row, struct fault *fault);
/* Rows upwards by id after `after`; state_mask bit per state, 0 all. */
typedef bool (*store_referral_visitor)(void *context, const struct referral_row *row);
MUST_CHECK enum store_status store_read_referrals(struct store_reader *reader, uint64_t after, uint32_t limit,
                                                  uint32_t state_mask, store_referral_visitor visit, void *context,
                                                  struct fault *fault);
/* Pending (or given up) outbox rows by id after `after`; payload unsealed, lent. */
typedef bool (*store_outbox_visitor)(void *context, const struct outbox_row *row);
MUST_CHECK enum store_status store_read_outbox(struct store_reader *reader, enum outbox_state state, uint64_t after,
                                               uint32_t limit, store_outbox_visitor visit, void *context,
                                               struct fault *fault);
MUST_CHECK enum store_status store_count_outbox(struct store_reader *reader, uint64_t *pending, uint64_t *given_up,
                                                struct fault *fault);

struct store_audit {
    uint64_t entries; /* that are good: all, or those before the first that is bad */
    bool whole;
    uint64_t first_bad; /* sequence; 0 when whole */
    uint8_t head[32];
};
MUST_CHECK enum store_status store_verify_audit(struct store_reader *reader, struct store_audit *audit,
                                                struct fault *fault);

/* ---- backup ---- */
struct store_backup_result {
    uint64_t bytes;
    uint64_t last_sequence;
};
/* A whole copy at `path` (must not exist), while the node runs; the key file's copy beside it (path + ".keys") replaces the one in backup_directory. */
MUST_CHECK enum store_status store_backup(struct store_reader *reader, const char *path,
                                          struct store_backup_result *result, struct fault *fault);
/*
 * Puts a backup into an empty (or force: any) directory, no daemon running. keys: the key file that goes with it. NULL: the present one when
 * the directory holds the store that was backed up, so that who was erased since stays erased, with what only BACKUP.keys has beside
 * it; else BACKUP.keys. STORE_CONFLICT: the two can't be brought together.
 */
MUST_CHECK enum store_status store_restore(const char *backup, const char *keys, const struct store_settings *settings,
                                           bool force, struct fault *fault);
/* Reads every page and checks every row, without changing anything. */
MUST_CHECK enum store_status store_check(const struct store_settings *settings, struct fault *fault);

#endif
