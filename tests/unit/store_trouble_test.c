#include "unit/store_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define DISK_BYTES (6 << 20)

static char payload[2001];

static bool put_text(const char *path, const char *text)
{
    int file = open(path, O_WRONLY);
    bool put = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);

    if (file >= 0)
        close(file);
    return put;
}

/* Whoever may not mount may do so in a user namespace of their own, where the kernel allows one. */
static bool leave_namespace(void)
{
    char users[32], groups[32];

    snprintf(users, sizeof users, "0 %u 1", (unsigned)getuid());
    snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getgid());
    if (unshare(CLONE_NEWNS) == 0)
        return true;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && put_text("/proc/self/setgroups", "deny") &&
           put_text("/proc/self/uid_map", users) && put_text("/proc/self/gid_map", groups);
}

/* A disk of our own that can be full, seen by this process only. */
static bool mount_small_disk(const char *directory)
{
    char options[64];

    snprintf(options, sizeof options, "size=%d,mode=0700", DISK_BYTES);
    return leave_namespace() && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("fascia-test", directory, "tmpfs", 0, options) == 0;
}

static int setup_small_disk(void **state)
{
    memset(payload, 'x', sizeof payload - 1);
    if (sample_setup(state) != 0)
        return -1;
    if (!mount_small_disk(((struct sample *)*state)->directory)) {
        sample_teardown(state);
        *state = NULL;
    }
    return 0;
}

static int teardown_small_disk(void **state)
{
    struct sample *sample = *state;

    if (sample == NULL)
        return 0;
    store_close(sample->store);
    sample->store = NULL;
    umount2(sample->directory, MNT_DETACH);
    return sample_teardown(state);
}

static void need_disk(const void *sample)
{
    if (sample == NULL) {
        print_message("skipped: a small tmpfs can't be mounted here (needs root or user namespaces)\n");
        skip();
    }
}

/* Takes all space that is left but `spare` bytes. */
static void fill_disk(const struct sample *sample, off_t spare)
{
    char page[4096] = {1};
    off_t size = 0;
    int file = open(sample_file(sample, "filler"), O_RDWR | O_CREAT, 0600);

    assert_true(file >= 0);
    while (write(file, page, sizeof page) > 0)
        continue;
    assert_int_equal(errno, ENOSPC);
    size = lseek(file, 0, SEEK_END);
    assert_int_equal(ftruncate(file, size > spare ? size - spare : 0), 0);
    close(file);
}

static enum store_status try_put(struct sample *sample, uint64_t referral, struct fault *fault)
{
    struct record_batch batch;
    enum store_status status = STORE_OK;

    record_batch_init(&batch);
    sample_add_event(sample, &batch, referral, payload);
    sample_add_referral(&batch, referral, true);
    status = sample_try(sample, &batch, fault);
    if (status != STORE_OK)
        sample->sequence--;
    return status;
}

static void a_full_disk_keeps_nothing_of_the_commit_and_loses_nothing_before_it(void **state)
{
    struct sample *sample = *state;
    struct fault fault = {{0}};
    uint64_t kept = 0;
    enum store_status status = STORE_OK;

    need_disk(sample);
    sample_open(sample);
    fill_disk(sample, 300000);
    while (kept < 60 && (status = try_put(sample, kept + 1, &fault)) == STORE_OK)
        kept++;
    sample_expect(STORE_FULL, status, &fault);
    assert_non_null(strstr(fault.text, "the disk is full"));
    assert_true(kept >= 1);
    sample_expect(STORE_FULL, try_put(sample, kept + 1, &fault), &fault);
    assert_int_not_equal(store_checkpoint(sample->store, &fault), STORE_BROKEN);

    /* Space comes back: the same store goes on, and what was acknowledged is all there is. */
    unlink(sample_file(sample, "filler"));
    sample_expect(STORE_OK, try_put(sample, kept + 1, &fault), &fault);
    sample_close(sample);
    sample_expect(STORE_OK, store_check(&sample->settings, &fault), &fault);
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT count(*) FROM event"), kept + 1);
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT max(referral) FROM referral"), kept + 1);
}

static void a_disk_that_is_full_at_the_start_is_said(void **state)
{
    struct sample *sample = *state;
    struct store *store = NULL;
    struct fault fault = {{0}};

    need_disk(sample);
    fill_disk(sample, 0);
    sample_expect(STORE_FULL, store_open(&sample->settings, &store, &fault), &fault);
    unlink(sample_file(sample, "filler"));
    sample_open(sample); /* the attempt left nothing in the way */
    sample_put(sample, 1, "content");
}

static void keys_that_find_no_space_leave_the_store_good(void **state)
{
    struct sample *sample = *state;
    struct fault fault = {{0}};

    need_disk(sample);
    sample_open(sample);
    sample_put(sample, 1, "content");
    fill_disk(sample, 60000);
    sample_expect(STORE_FULL, store_prepare_keys(sample->store, &fault), &fault);
    sample_expect(STORE_FULL, try_put(sample, 9000, &fault), &fault);
    unlink(sample_file(sample, "filler"));
    sample_expect(STORE_OK, try_put(sample, 9000, &fault), &fault);
}

static void a_backup_that_finds_no_space_leaves_no_half(void **state)
{
    struct sample *sample = *state;
    struct store_reader *reader = NULL;
    struct store_backup_result result;
    struct fault fault = {{0}};

    need_disk(sample);
    sample_open(sample);
    sample_put(sample, 1, "content");
    fill_disk(sample, 200000);
    reader = sample_reader(sample);
    sample_expect(STORE_FULL, store_backup(reader, sample_file(sample, "backup.db"), &result, &fault), &fault);
    assert_int_equal(access(sample_file(sample, "backup.db"), F_OK), -1);
    assert_int_equal(access(sample_file(sample, "backup.db.part"), F_OK), -1);
    store_reader_close(reader);
}

static void a_read_only_mount_is_refused(void **state)
{
    struct sample *sample = *state;
    struct store *store = NULL;
    struct fault fault = {{0}};

    need_disk(sample);
    sample_open(sample);
    sample_put(sample, 1, "content");
    sample_close(sample);
    assert_int_equal(mount("fascia-test", sample->directory, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
    sample_expect(STORE_READONLY, store_open(&sample->settings, &store, &fault), &fault);
    sample_expect(STORE_READONLY, store_check(&sample->settings, &fault), &fault);
    assert_int_equal(mount("fascia-test", sample->directory, "tmpfs", MS_REMOUNT, NULL), 0);
    sample_open(sample);
}

static void set_file_limit(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A write that fails with anything but "full" is a disk that can't be trusted. */
static void a_failing_disk_stops_the_store_until_it_is_opened_anew(void **state)
{
    struct sample *sample = *state;
    struct sample_load *load = NULL;
    struct stat about;
    struct fault fault = {{0}};

    signal(SIGXFSZ, SIG_IGN);
    sample_put(sample, 1, "before");
    assert_int_equal(stat(sample_file(sample, "fascia.db-wal"), &about), 0);
    set_file_limit((rlim_t)about.st_size + 20000);
    sample_expect(STORE_BROKEN, try_put(sample, 2, &fault), &fault);
    set_file_limit(RLIM_INFINITY);
    sample_expect(STORE_BROKEN, try_put(sample, 2, &fault), &fault);
    assert_non_null(strstr(fault.text, "open the store anew"));
    assert_int_equal(store_checkpoint(sample->store, &fault), STORE_BROKEN);
    assert_int_equal(store_prepare_keys(sample->store, &fault), STORE_BROKEN);
    sample_reopen(sample);
    load = sample_load(sample);
    assert_int_equal(load->last_sequence, 1);
    free(load);
    sample->sequence = 1;
    sample_put(sample, 2, "after");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk_keeps_nothing_of_the_commit_and_loses_nothing_before_it,
                                        setup_small_disk, teardown_small_disk),
        cmocka_unit_test_setup_teardown(a_disk_that_is_full_at_the_start_is_said, setup_small_disk,
                                        teardown_small_disk),
        cmocka_unit_test_setup_teardown(keys_that_find_no_space_leave_the_store_good, setup_small_disk,
                                        teardown_small_disk),
        cmocka_unit_test_setup_teardown(a_backup_that_finds_no_space_leaves_no_half, setup_small_disk,
                                        teardown_small_disk),
        cmocka_unit_test_setup_teardown(a_read_only_mount_is_refused, setup_small_disk, teardown_small_disk),
        cmocka_unit_test_setup_teardown(a_failing_disk_stops_the_store_until_it_is_opened_anew, sample_setup_open,
                                        sample_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
