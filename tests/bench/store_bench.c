/*
 * How fast the store takes referrals in, beside the limit of the disk: the same bytes appended to a file and synced with
 * the same grouping, in the same run, taking turns. The ratio counts; the absolute figures only place it.
 *
 * usage: store_bench [directory] [seconds for each measurement]
 * A batch here is what one small command leaves: an event of 2 KB and its referral row.
 */
#include "store/store.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAYLOAD 2048
#define GROUPS  3
#define TURNS   3

static double seconds_of(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

static void must(bool done, const char *what, const char *why)
{
    if (done)
        return;
    fprintf(stderr, "store_bench: can't %s: %s\n", what, why);
    exit(1);
}

/* ---- the limit: append and sync ---- */
static double measure_log(const char *directory, size_t group, double seconds)
{
    static uint8_t bytes[256 * (PAYLOAD + 256)];
    size_t size = group * (PAYLOAD + 256), done = 0;
    char path[512];
    double start = 0;
    int file = -1;

    snprintf(path, sizeof path, "%s/log", directory);
    file = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
    must(file >= 0, "make", path);
    start = now();
    while (now() - start < seconds) {
        must(write(file, bytes, size) == (ssize_t)size && fdatasync(file) == 0, "append to", path);
        done += group;
    }
    close(file);
    unlink(path);
    return (double)done / (now() - start);
}

/* ---- the store ---- */
struct checkpointing {
    struct store *store;
    atomic_bool stop;
};

static void *checkpoint(void *context)
{
    struct checkpointing *checkpointing = context;
    struct fault fault;

    while (!atomic_load(&checkpointing->stop)) {
        usleep(200000);
        must(store_checkpoint(checkpointing->store, &fault) == STORE_OK, "checkpoint", fault.text);
    }
    return NULL;
}

static void fill(struct record_batch *batch, uint64_t number, const uint8_t *content)
{
    struct event_record event = {.sequence = number,
                                 .at = (int64_t)number,
                                 .referral = number,
                                 .actor = "source:clinic",
                                 .kind = 1,
                                 .size = PAYLOAD};
    struct referral_row row = {
        .referral = number, .state = 1, .open = true, .source = "clinic", .content_sequence = number};

    event.payload = malloc(PAYLOAD);
    must(event.payload != NULL, "fill", "no memory");
    memcpy(event.payload, content, PAYLOAD);
    memcpy(event.payload, &number, sizeof number);
    record_add_event(batch, &event);
    record_add_referral(batch, &row);
}

static double measure_store(struct store *store, uint64_t *number, size_t group, double seconds, double *cpu)
{
    static uint8_t content[PAYLOAD];
    static struct record_batch batch[256];
    struct record_batch *batches[256];
    struct checkpointing checkpointing = {.store = store};
    double taken = 0, worked = 0, begun = now();
    size_t done = 0;
    pthread_t thread;
    struct fault fault;

    pthread_create(&thread, NULL, checkpoint, &checkpointing);
    while (now() - begun < seconds) {
        double start = 0, work = 0;
        for (size_t i = 0; i < group; i++) {
            batches[i] = &batch[i];
            record_batch_init(&batch[i]);
            fill(&batch[i], ++*number, content);
        }
        start = now();
        work = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        must(store_commit(store, batches, group, &fault) == STORE_OK, "commit", fault.text);
        worked += seconds_of(CLOCK_THREAD_CPUTIME_ID) - work;
        taken += now() - start;
        done += group;
        for (size_t i = 0; i < group; i++)
            record_batch_finish(&batch[i]);
    }
    atomic_store(&checkpointing.stop, true);
    pthread_join(thread, NULL);
    *cpu = worked * 1e6 / (double)done;
    return (double)done / taken;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

int main(int count, char **arguments)
{
    static const size_t groups[GROUPS] = {1, 16, 256};
    double seconds = count > 2 ? strtod(arguments[2], NULL) : 1;
    char directory[256];
    struct store_settings settings = {.directory = directory};
    struct store *store = NULL;
    struct fault fault;
    uint64_t number = 0;

    snprintf(directory, sizeof directory, "%s/store-bench-XXXXXX", count > 1 ? arguments[1] : "/var/tmp");
    must(mkdtemp(directory) != NULL, "make", directory);
    must(store_open(&settings, &store, &fault) == STORE_OK, "open", fault.text);
    for (int i = 0; i < 9; i++)
        must(store_prepare_keys(store, &fault) == STORE_OK, "make keys", fault.text);
    printf("%6s %14s %15s %7s %14s\n", "group", "log, events/s", "store, events/s", "ratio", "CPU us/event");
    for (size_t g = 0; g < GROUPS; g++) {
        double log = 0, kept = 0, cpu = 0, least = 1e9;
        for (int turn = 0; turn < TURNS; turn++) {
            double one = measure_log(directory, groups[g], seconds), two = 0;
            two = measure_store(store, &number, groups[g], seconds, &cpu);
            log = one > log ? one : log;
            kept = two > kept ? two : kept;
            least = cpu < least ? cpu : least;
        }
        printf("%6zu %14.0f %15.0f %7.2f %14.2f\n", groups[g], log, kept, kept / log, least);
    }
    store_close(store);
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
