/*
 * Ends a process at each single thing that it writes while it makes a store, keeps a referral and destroys a key: before that
 * write, and in the middle of it. Whatever was left must open again, whole, with all that had been acknowledged.
 */
#include "unit/store_sample.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/wait.h>

#define STEPS_AT_MOST 4000

/* How the child ended; what it had been told was durable is in the code. */
enum ending { ENDED_MAKING = 10, ENDED_KEEPING, ENDED_ERASING, ENDED_LAST };

static long writes_left;
static bool tears;
static int reached;

static bool last_write(void)
{
    return --writes_left == 0;
}

static ssize_t write_or_end(int file, const void *bytes, size_t size, off_t offset)
{
    if (last_write()) {
        if (tears && size > 1)
            (void)!pwrite(file, bytes, size / 2, offset);
        _exit(reached);
    }
    return pwrite(file, bytes, size, offset);
}

static int shorten_or_end(int file, off_t size)
{
    if (last_write())
        _exit(reached);
    return ftruncate(file, size);
}

static int remove_or_end(const char *path)
{
    if (last_write())
        _exit(reached);
    return unlink(path);
}

static int open_or_end(const char *path, int flags, ...)
{
    va_list arguments;
    int mode = 0;

    va_start(arguments, flags);
    mode = va_arg(arguments, int);
    va_end(arguments);
    if ((flags & O_CREAT) != 0 && access(path, F_OK) != 0 && last_write())
        _exit(reached);
    return open(path, flags, mode);
}

/* SQLite lets a test stand between it and the system. */
static void stand_between(void)
{
    static const struct {
        const char *name;
        sqlite3_syscall_ptr call;
    } calls[] = {{"pwrite", (sqlite3_syscall_ptr)(void *)write_or_end},
                 {"pwrite64", (sqlite3_syscall_ptr)(void *)write_or_end},
                 {"ftruncate", (sqlite3_syscall_ptr)(void *)shorten_or_end},
                 {"unlink", (sqlite3_syscall_ptr)(void *)remove_or_end},
                 {"open", (sqlite3_syscall_ptr)(void *)open_or_end}};
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        (void)vfs->xSetSystemCall(vfs, calls[i].name, calls[i].call);
}

static void keep(struct sample *sample, uint64_t erased)
{
    struct record_batch batch, *batches[] = {&batch};
    struct fault fault = {{0}};

    record_batch_init(&batch);
    sample_add_event(sample, &batch, 1, "an event of referral 1");
    sample_add_referral(&batch, 1, erased == 0);
    if (erased != 0)
        record_add_erasure(&batch, erased);
    if (store_commit(sample->store, batches, 1, &fault) != STORE_OK)
        _exit(2);
    record_batch_finish(&batch);
}

/* The child: one life of a store, up to the write that it may not finish. */
static void live(struct sample *sample, long writes, bool tear)
{
    struct fault fault = {{0}};

    writes_left = writes;
    tears = tear;
    reached = ENDED_MAKING;
    stand_between();
    if (store_open(&sample->settings, &sample->store, &fault) != STORE_OK) {
        fprintf(stderr, "child: %s\n", fault.text);
        _exit(3);
    }
    keep(sample, 0);
    reached = ENDED_KEEPING;
    if (store_checkpoint(sample->store, &fault) != STORE_OK)
        _exit(4);
    keep(sample, 1);
    reached = ENDED_ERASING;
    store_close(sample->store);
    _exit(ENDED_LAST);
}

static bool take_row(void *context, const struct referral_row *row, struct fault *fault)
{
    (void)fault;
    *(bool *)context = row->referral == 1;
    return true;
}

static bool take_event(void *context, const struct event_record *event, struct fault *fault)
{
    (void)context;
    (void)event;
    (void)fault;
    return true;
}

static void take_end(void *context, uint64_t last_referral, uint64_t last_sequence, uint64_t last_outbox)
{
    (void)context;
    (void)last_referral;
    (void)last_sequence;
    (void)last_outbox;
}

static void opens_whole(struct sample *sample, int ended)
{
    bool kept = false;
    const struct store_loader loader = {&kept, NULL, take_row, take_event, take_end, NULL};
    struct event_record event;
    struct store_reader *reader = NULL;
    struct fault fault = {{0}};

    sample_open(sample);
    sample_expect(STORE_OK, store_load(sample->store, &loader, &fault), &fault);
    assert_true(kept || ended == ENDED_MAKING);
    reader = sample_reader(sample);
    if (ended >= ENDED_ERASING)
        sample_expect(STORE_MISSING, store_read_event(reader, 1, &event, &fault), &fault);
    store_reader_close(reader);
    sample_close(sample);
    sample_expect(STORE_OK, store_check(&sample->settings, &fault), &fault);
}

static int end_at(long writes, bool tear)
{
    void *state = NULL;
    int status = 0;
    pid_t child = 0;

    assert_int_equal(sample_setup(&state), 0);
    child = fork();
    if (child == 0)
        live(state, writes, tear);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) >= ENDED_MAKING);
    opens_whole(state, WEXITSTATUS(status));
    sample_teardown(&state);
    return WEXITSTATUS(status);
}

static void each_write(bool tear)
{
    /* A sanitizer makes each life ten times as long: there, one write in seven. */
    const char *how = getenv("FASCIA_SANITIZE");
    long stride = how != NULL && how[0] != '\0' ? 7 : 1;
    int seen[ENDED_LAST + 1] = {0};

    for (long writes = 1; writes < STEPS_AT_MOST && seen[ENDED_LAST] == 0; writes += stride)
        seen[end_at(writes, tear)]++;
    fprintf(stderr,
            "ended at %d writes while it was made, %d while a referral was kept, %d while a key was destroyed\n",
            seen[ENDED_MAKING], seen[ENDED_KEEPING], seen[ENDED_ERASING]);
    assert_true(seen[ENDED_LAST] == 1 && seen[ENDED_MAKING] > 10 && seen[ENDED_KEEPING] > 2);
}

static void a_store_that_ended_before_any_write_opens(void **state)
{
    (void)state;
    each_write(false);
}

static void a_store_that_ended_within_any_write_opens(void **state)
{
    (void)state;
    each_write(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_store_that_ended_before_any_write_opens),
                                       cmocka_unit_test(a_store_that_ended_within_any_write_opens)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
