#include "io/shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NUMBERS = 100000, NAME_ROOM = 256 };

static const char draft[] = ".fascia-draft";

static bool failed_with(struct fault *fault, const char *what)
{
    fault_set(fault, "%s: %s", what, strerror(errno));
    return false;
}

/* ---- directories --------------------------------------------------------------------------------------------------- */

static int open_directory(int root, const char *name, mode_t mode, struct fault *fault)
{
    bool made = mkdirat(root, name, 0700) == 0;
    int fd;

    if (!made && errno != EEXIST) {
        fault_set(fault, "%s/ cannot be made: %s", name, strerror(errno));
        return -1;
    }
    fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* What goes in is as secret as what lies in the folder itself, and for the same people. */
    if (fd < 0 || (made && fchmod(fd, mode & 07777) < 0) || faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
        fault_set(fault, "%s/ must be a directory, no link, that we may write: %s", name, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

bool shelf_open(struct shelf *shelf, int root, struct fault *fault)
{
    struct stat status;

    *shelf = (struct shelf){.root = -1, .results = -1, .done = -1, .failed = -1};
    if (fstat(root, &status) < 0 || faccessat(root, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0)
        return failed_with(fault, "must be a directory that we may read and write");
    shelf->file_mode = status.st_mode & 0666;
    if ((shelf->results = open_directory(root, "results", status.st_mode, fault)) < 0 ||
        (shelf->done = open_directory(root, "done", status.st_mode, fault)) < 0 ||
        (shelf->failed = open_directory(root, "failed", status.st_mode, fault)) < 0) {
        shelf_close(shelf);
        return false;
    }
    shelf->root = root;
    return true;
}

void shelf_close(struct shelf *shelf)
{
    int *const all[] = {&shelf->root, &shelf->results, &shelf->done, &shelf->failed};
    size_t i;

    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (*all[i] >= 0)
            close(*all[i]);
        *all[i] = -1;
    }
}

/* A mount may have gone. */
static bool is_open(const struct shelf *shelf, struct fault *fault)
{
    if (shelf->root < 0)
        fault_set(fault, "the directory is not there");
    return shelf->root >= 0;
}

bool shelf_is_whole(const struct shelf *shelf)
{
    const int all[] = {shelf->root, shelf->results, shelf->done, shelf->failed};
    struct stat status;
    size_t i;

    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i] < 0 || fstat(all[i], &status) < 0 || status.st_nlink == 0)
            return false;
    }
    return true;
}

/* ---- results ------------------------------------------------------------------------------------------------------- */

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    ssize_t result;

    while (size > 0) {
        result = write(fd, bytes, size);
        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0)
            return false;
        bytes += result;
        size -= (size_t)result;
    }
    return true;
}

static bool write_draft(const struct shelf *shelf, const uint8_t *bytes, size_t size)
{
    int fd, error;
    bool written;

    (void)unlinkat(shelf->results, draft, 0); /* of a crash */
    fd = openat(shelf->results, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    written = write_all(fd, bytes, size) && fchmod(fd, shelf->file_mode) == 0 && fsync(fd) == 0;
    error = errno;
    written = close(fd) == 0 && written;
    if (!written) {
        (void)unlinkat(shelf->results, draft, 0);
        errno = error;
    }
    return written;
}

static bool place_result(const struct shelf *shelf, const char *name, const uint8_t *bytes, size_t size,
                         struct fault *fault)
{
    if (!write_draft(shelf, bytes, size) || renameat(shelf->results, draft, shelf->results, name) < 0 ||
        fsync(shelf->results) < 0)
        return failed_with(fault, "results/ cannot be written");
    return true;
}

bool shelf_write_result(const struct shelf *shelf, const char *name, const uint8_t *bytes, size_t size,
                        struct fault *fault)
{
    if (!is_open(shelf, fault))
        return false;
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL || strlen(name) > SHELF_NAME_BYTES) {
        fault_set(fault, "a result's name must have 1 to %d bytes, no '/' and no '.' in front", SHELF_NAME_BYTES);
        return false;
    }
    return place_result(shelf, name, bytes, size, fault);
}

/* ---- moving -------------------------------------------------------------------------------------------------------- */

static bool exists(int directory, const char *name, struct stat *status)
{
    return fstatat(directory, name, status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A result that is older than the file's arrival tells of an earlier file; a younger one is what a crash left of this file. */
static bool is_older(const struct stat *result, const struct stat *file)
{
    if (result->st_mtim.tv_sec != file->st_ctim.tv_sec)
        return result->st_mtim.tv_sec < file->st_ctim.tv_sec;
    return result->st_mtim.tv_nsec < file->st_ctim.tv_nsec;
}

/* The first name, with a number if need be, that no earlier file has: the same for the moved file and for its result. */
static bool choose_name(const struct shelf *shelf, const char *name, const struct stat *read, char kept[NAME_ROOM],
                        char result[NAME_ROOM])
{
    struct stat status;
    int number;

    for (number = 0; number < NUMBERS; number++) {
        if (number == 0)
            snprintf(kept, NAME_ROOM, "%.*s", SHELF_NAME_BYTES, name);
        else
            snprintf(kept, NAME_ROOM, "%.*s.%d", SHELF_NAME_BYTES, name, number);
        snprintf(result, NAME_ROOM, "%.240s.result", kept);
        if (exists(shelf->done, kept, &status) || exists(shelf->failed, kept, &status))
            continue;
        if (!exists(shelf->results, result, &status) || !is_older(&status, read))
            return true;
    }
    return false;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool move(const struct shelf *shelf, const char *name, const char *kept, int directory)
{
    if (renameat2(shelf->root, name, directory, kept, RENAME_NOREPLACE) < 0 &&
        (errno != EINVAL || renameat(shelf->root, name, directory, kept) < 0)) /* a file system without the flag */
        return false;
    return fsync(directory) == 0 && fsync(shelf->root) == 0;
}

bool shelf_finish(const struct shelf *shelf, const char *name, const struct stat *read, bool failed,
                  const uint8_t *result, size_t size, struct fault *fault)
{
    char kept[NAME_ROOM], result_name[NAME_ROOM];
    struct stat now;

    if (!is_open(shelf, fault))
        return false;
    if (!choose_name(shelf, name, read, kept, result_name)) {
        fault_set(fault, "done/ and failed/ hold %d files of one name; move them away", NUMBERS);
        return false;
    }
    if (!place_result(shelf, result_name, result, size, fault))
        return false;
    if (!exists(shelf->root, name, &now) || !is_same(&now, read))
        return true;
    if (!move(shelf, name, kept, failed ? shelf->failed : shelf->done))
        return failed_with(fault, failed ? "the file cannot be moved to failed/" : "the file cannot be moved to done/");
    return true;
}
