/*
 * What the tests of the store share: a directory of its own per test, short ways to fill a batch, and a loader that
 * remembers what it was given.
 */
#ifndef FASCIA_TESTS_STORE_SAMPLE_H
#define FASCIA_TESTS_STORE_SAMPLE_H

#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
/* after cmocka */
#include "same_row.h"
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLE_PATH 512

struct sample {
    char directory[256];
    struct store_settings settings;
    struct store *store;
    uint64_t sequence; /* of the last event that was added */
};

static inline int sample_remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void sample_remove_tree(const char *path)
{
    nftw(path, sample_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *sample_file(const struct sample *sample, const char *name)
{
    static char paths[8][SAMPLE_PATH];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, SAMPLE_PATH, "%s/%s", sample->directory, name);
    return path;
}

static inline void sample_expect(enum store_status expected, enum store_status status, const struct fault *fault)
{
    if (status != expected)
        fail_msg("expected %s, got %s: %s", store_status_name(expected), store_status_name(status), fault->text);
}

static inline void sample_open(struct sample *sample)
{
    struct fault fault = {{0}};

    sample_expect(STORE_OK, store_open(&sample->settings, &sample->store, &fault), &fault);
}

static inline void sample_close(struct sample *sample)
{
    store_close(sample->store);
    sample->store = NULL;
}

static inline void sample_reopen(struct sample *sample)
{
    sample_close(sample);
    sample_open(sample);
}

static inline int sample_setup(void **state)
{
    struct sample *sample = calloc(1, sizeof *sample);
    const char *root = getenv("TMPDIR");

    snprintf(sample->directory, sizeof sample->directory, "%s/fascia-store-XXXXXX", root != NULL ? root : "/tmp");
    if (mkdtemp(sample->directory) == NULL)
        return -1;
    sample->settings.directory = sample->directory;
    *state = sample;
    return 0;
}

static inline int sample_setup_open(void **state)
{
    if (sample_setup(state) != 0)
        return -1;
    sample_open(*state);
    return 0;
}

static inline int sample_teardown(void **state)
{
    struct sample *sample = *state;

    store_close(sample->store);
    sample_remove_tree(sample->directory);
    free(sample);
    return 0;
}

static inline uint8_t *sample_bytes(const char *text)
{
    return (uint8_t *)strdup(text);
}

static inline void sample_add_event(struct sample *sample, struct record_batch *batch, uint64_t referral,
                                    const char *payload)
{
    struct event_record event = {.sequence = ++sample->sequence,
                                 .at = 1700000000000 + (int64_t)sample->sequence,
                                 .referral = referral,
                                 .actor = "therapist:lena",
                                 .kind = 7,
                                 .payload = sample_bytes(payload),
                                 .size = strlen(payload)};

    record_add_event(batch, &event);
}

static inline struct referral_row sample_referral(uint64_t referral, bool open)
{
    struct referral_row row = {.referral = referral,
                               .state = open ? 4 : 13,
                               .priority = 2,
                               .open = open,
                               .source = "clinic-hl7",
                               .sender = "BLUEGRASS_EHR",
                               .therapist = "lena",
                               .opened = 1700000000000,
                               .changed = 1700000000999,
                               .due = 1700000009999,
                               .content_sequence = 1,
                               .match_sequence = 3,
                               .statuses = 5};

    memset(row.sender_key, (int)referral, sizeof row.sender_key);
    memset(row.content_key, (int)referral + 1, sizeof row.content_key);
    memset(row.patient_key, (int)referral + 2, sizeof row.patient_key);
    return row;
}

static inline void sample_add_referral(struct record_batch *batch, uint64_t referral, bool open)
{
    struct referral_row row = sample_referral(referral, open);

    record_add_referral(batch, &row);
}

static inline void sample_add_slot(struct record_batch *batch, const char *therapist, int64_t from, int64_t to,
                                   uint64_t referral, bool booked)
{
    struct slot_row row = {.booked = booked, .from = from, .to = to, .referral = referral, .visit = booked};

    snprintf(row.therapist, sizeof row.therapist, "%s", therapist);
    record_add_slot(batch, &row);
}

static inline void sample_add_outbox(struct record_batch *batch, uint64_t outbox, uint64_t referral,
                                     const char *payload)
{
    struct outbox_row row = {.outbox = outbox,
                             .referral = referral,
                             .source = "clinic-hl7",
                             .due = 1700000000000,
                             .payload = sample_bytes(payload),
                             .size = strlen(payload)};

    record_add_outbox(batch, &row);
}

static inline void sample_add_therapist(struct record_batch *batch, const char *identifier, const char *payload)
{
    struct therapist_row row = {.payload = sample_bytes(payload), .size = strlen(payload)};

    snprintf(row.identifier, sizeof row.identifier, "%s", identifier);
    record_add_therapist(batch, &row);
}

/* Commits one batch and finishes it. */
static inline enum store_status sample_try(struct sample *sample, struct record_batch *batch, struct fault *fault)
{
    enum store_status status = store_commit(sample->store, &batch, 1, fault);

    record_batch_finish(batch);
    return status;
}

static inline void sample_commit(struct sample *sample, struct record_batch *batch)
{
    struct fault fault = {{0}};

    sample_expect(STORE_OK, sample_try(sample, batch, &fault), &fault);
}

/* One open referral with one event, as most tests want it. */
static inline void sample_put(struct sample *sample, uint64_t referral, const char *payload)
{
    struct record_batch batch;

    record_batch_init(&batch);
    sample_add_event(sample, &batch, referral, payload);
    sample_add_referral(&batch, referral, true);
    sample_commit(sample, &batch);
}

/* Runs SQL behind the store's back, as a person with the disk could. The store must be closed. */
static inline void sample_tamper(const struct sample *sample, const char *name, const char *sql)
{
    sqlite3 *database = NULL;
    char *words = NULL;

    assert_int_equal(sqlite3_open(sample_file(sample, name), &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &words) != SQLITE_OK)
        fail_msg("%s: %s", sql, words);
    sqlite3_close(database);
}

/* The first column of the first row, as a number. */
static inline int64_t sample_number(const struct sample *sample, const char *name, const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t number = 0;

    assert_int_equal(sqlite3_open_v2(sample_file(sample, name), &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return number;
}

/* ---- what a load gave ---- */
#define SAMPLE_ROWS 64
struct sample_load {
    size_t therapists, referrals, events;
    char therapist[SAMPLE_ROWS][256];
    struct referral_row referral[SAMPLE_ROWS];
    struct event_record event[SAMPLE_ROWS]; /* payload: NULL, see text */
    char text[SAMPLE_ROWS][256];
    uint64_t last_referral, last_sequence, last_outbox;
};

static inline void sample_copy_text(char text[256], const uint8_t *bytes, size_t size)
{
    assert_true(size < 256);
    if (size > 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
}

static inline bool sample_take_therapist(void *context, const uint8_t *packed, size_t size, struct fault *fault)
{
    struct sample_load *load = context;

    (void)fault;
    assert_true(load->therapists < SAMPLE_ROWS && load->referrals == 0 && load->events == 0);
    sample_copy_text(load->therapist[load->therapists++], packed, size);
    return true;
}

static inline bool sample_take_referral(void *context, const struct referral_row *row, struct fault *fault)
{
    struct sample_load *load = context;

    (void)fault;
    assert_true(load->referrals < SAMPLE_ROWS && load->events == 0);
    load->referral[load->referrals++] = *row;
    return true;
}

static inline bool sample_take_event(void *context, const struct event_record *event, struct fault *fault)
{
    struct sample_load *load = context;

    (void)fault;
    assert_true(load->events < SAMPLE_ROWS);
    sample_copy_text(load->text[load->events], event->payload, event->size);
    load->event[load->events] = *event;
    load->event[load->events++].payload = NULL;
    return true;
}

static inline void sample_take_finish(void *context, uint64_t last_referral, uint64_t last_sequence,
                                      uint64_t last_outbox)
{
    struct sample_load *load = context;

    load->last_referral = last_referral;
    load->last_sequence = last_sequence;
    load->last_outbox = last_outbox;
}

/* The caller frees it. */
static inline struct sample_load *sample_load(struct sample *sample)
{
    struct sample_load *load = calloc(1, sizeof *load);
    const struct store_loader loader = {
        load, sample_take_therapist, sample_take_referral, sample_take_event, sample_take_finish, NULL};
    struct fault fault = {{0}};

    sample_expect(STORE_OK, store_load(sample->store, &loader, &fault), &fault);
    return load;
}

static inline struct store_reader *sample_reader(struct sample *sample)
{
    struct store_reader *reader = NULL;
    struct fault fault = {{0}};

    sample_expect(STORE_OK, store_reader_open(sample->store, &reader, &fault), &fault);
    return reader;
}

#endif
