#include "unit/store_sample.h"

#include <pthread.h>
#include <stdatomic.h>

#define COMMITS 300

struct work {
    struct sample *sample;
    atomic_bool *stop;
};

static bool count_up(void *context, const struct event_record *event, const uint8_t chain[32], bool erased)
{
    uint64_t *expected = context;

    (void)chain;
    if (event->sequence != ++*expected)
        abort();
    /* Each third referral is erased at once: its content is whole or gone, never anything between. */
    if (!erased && event->size != strlen("content"))
        abort();
    return true;
}

static void must(enum store_status status, const struct fault *fault)
{
    if (status == STORE_OK)
        return;
    fprintf(stderr, "%s: %s\n", store_status_name(status), fault->text);
    abort();
}

static void *read_on(void *context)
{
    struct work *work = context;
    struct store_reader *reader = NULL;
    struct fault fault = {{0}};
    uint64_t seen = 0;

    must(store_reader_open(work->sample->store, &reader, &fault), &fault);
    while (!atomic_load(work->stop)) {
        uint64_t now = 0;
        struct store_audit audit;
        uint8_t key[RECORD_KEY_BYTES];
        must(store_read_events(reader, 0, 0, UINT32_MAX, count_up, &now, &fault), &fault);
        if (now < seen) /* what was seen once is never taken back */
            abort();
        seen = now;
        must(store_verify_audit(reader, &audit, &fault), &fault);
        if (!audit.whole || audit.entries < seen)
            abort();
        store_keyed_hash(work->sample->store, (const uint8_t *)"x", 1, key);
    }
    store_reader_close(reader);
    return NULL;
}

static void *checkpoint_on(void *context)
{
    struct work *work = context;
    struct fault fault = {{0}};

    while (!atomic_load(work->stop)) {
        must(store_checkpoint(work->sample->store, &fault), &fault);
        usleep(500);
    }
    return NULL;
}

static void *back_up_on(void *context)
{
    struct work *work = context;
    struct store_reader *reader = NULL;
    struct fault fault = {{0}};

    must(store_reader_open(work->sample->store, &reader, &fault), &fault);
    for (int number = 0; number < 3; number++) {
        char path[SAMPLE_PATH];
        struct store_backup_result result;
        snprintf(path, sizeof path, "%s/backup-%d.db", work->sample->directory, number);
        must(store_backup(reader, path, &result, &fault), &fault);
    }
    store_reader_close(reader);
    return NULL;
}

static void commit_one(struct sample *sample, uint64_t referral)
{
    struct record_batch batch;

    record_batch_init(&batch);
    sample_add_event(sample, &batch, referral, "content");
    sample_add_referral(&batch, referral, true);
    if (referral % 3 == 0)
        record_add_erasure(&batch, referral);
    sample_commit(sample, &batch);
}

static void readers_checkpoints_and_backups_go_on_beside_the_writer(void **state)
{
    struct sample *sample = *state;
    atomic_bool stop = false;
    struct work work = {.sample = sample, .stop = &stop};
    void *(*const parts[])(void *) = {read_on, read_on, checkpoint_on, back_up_on};
    pthread_t thread[4];
    struct fault fault = {{0}};

    sample_close(sample);
    sample->settings.wal_limit = 1 << 20; /* the writer checkpoints too, now and then */
    sample_open(sample);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, parts[i], &work), 0);
    for (uint64_t referral = 1; referral <= COMMITS; referral++)
        commit_one(sample, referral);
    sample_expect(STORE_OK, store_prepare_keys(sample->store, &fault), &fault);
    pthread_join(thread[3], NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    sample_close(sample);
    sample_expect(STORE_OK, store_check(&sample->settings, &fault), &fault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        readers_checkpoints_and_backups_go_on_beside_the_writer, sample_setup_open, sample_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
