#include "store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a failed call on a file means for the store. */
static enum store_status status_of_errno(int number)
{
    switch (number) {
    case EROFS:
    case EACCES:
    case EPERM:
        return STORE_READONLY;
    case ENOSPC:
    case EDQUOT:
        return STORE_FULL;
    case ENOENT:
    case ENOTDIR:
        return STORE_MISSING;
    default:
        return STORE_BROKEN;
    }
}

static enum store_status refuse(const char *path, const char *what, struct fault *fault)
{
    enum store_status status = status_of_errno(errno);

    fault_set(fault, "%s: can't %s: %s", path, what, strerror(errno));
    return status;
}

static enum store_status write_key(const char *path, const uint8_t key[SEAL_KEY_BYTES], struct fault *fault)
{
    char fresh[PATH_MAX];
    int file = -1;
    bool kept = false;

    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh) {
        errno = ENAMETOOLONG;
        return refuse(path, "make the node key", fault);
    }
    file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return refuse(fresh, "make the node key", fault);
    kept = fchmod(file, 0600) == 0 && write(file, key, SEAL_KEY_BYTES) == SEAL_KEY_BYTES && fsync(file) == 0;
    if (close(file) != 0 || !kept || rename(fresh, path) != 0) {
        enum store_status status = refuse(path, "keep the node key", fault);
        unlink(fresh);
        return status;
    }
    return STORE_OK;
}

static enum store_status read_key(int file, const char *path, uint8_t key[SEAL_KEY_BYTES], struct fault *fault)
{
    struct stat about;
    ssize_t got = 0;

    if (fstat(file, &about) != 0)
        return refuse(path, "read the node key", fault);
    if (!S_ISREG(about.st_mode) || about.st_size != SEAL_KEY_BYTES) {
        fault_set(fault, "%s: a node key is a file of %d bytes, this is not", path, SEAL_KEY_BYTES);
        return STORE_DAMAGED;
    }
    if ((about.st_mode & 077) != 0) {
        fault_set(fault, "%s: others may read the node key (mode %04o): chmod 0600 it", path,
                  (unsigned)(about.st_mode & 07777));
        return STORE_DAMAGED;
    }
    got = pread(file, key, SEAL_KEY_BYTES, 0);
    if (got != SEAL_KEY_BYTES) {
        fault_set(fault, "%s: the node key can't be read whole", path);
        return STORE_DAMAGED;
    }
    return STORE_OK;
}

enum store_status node_key_load(const char *path, bool may_make, uint8_t key[SEAL_KEY_BYTES], struct fault *fault)
{
    enum store_status status = STORE_OK;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file >= 0) {
        status = read_key(file, path, key, fault);
        close(file);
        return status;
    }
    if (errno != ENOENT)
        return refuse(path, "read the node key", fault);
    if (!may_make) {
        fault_set(fault,
                  "%s: the node key is missing; without it the store can't be read: put it back from your backup",
                  path);
        return STORE_DAMAGED;
    }
    randombytes_buf(key, SEAL_KEY_BYTES);
    return write_key(path, key, fault);
}

/* Says which process holds the lock, when it wrote its number. */
static void name_holder(int lock, const char *directory, struct fault *fault)
{
    char text[32] = "";
    ssize_t size = pread(lock, text, sizeof text - 1, 0);

    if (size > 0)
        text[strcspn(text, "\n")] = '\0';
    fault_set(fault, "%s: another process%s%s has this store open", directory, size > 0 ? ", pid " : "", text);
}

static enum store_status make_directory(const char *directory, struct fault *fault)
{
    struct stat about;

    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return refuse(directory, "make the store's directory", fault);
    if (stat(directory, &about) != 0)
        return refuse(directory, "look at the store's directory", fault);
    if (!S_ISDIR(about.st_mode)) {
        fault_set(fault, "%s: not a directory", directory);
        return STORE_MISSING;
    }
    return STORE_OK;
}

enum store_status directory_lock(const char *directory, int *lock, struct fault *fault)
{
    char path[PATH_MAX], text[32];
    enum store_status status = make_directory(directory, fault);
    int size = 0;

    if (status != STORE_OK)
        return status;
    if (snprintf(path, sizeof path, "%s/fascia.lock", directory) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return refuse(directory, "lock it", fault);
    }
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*lock < 0)
        return refuse(path, "lock the store", fault);
    if (flock(*lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            name_holder(*lock, directory, fault);
            status = STORE_LOCKED;
        } else {
            status = refuse(path, "lock the store", fault);
        }
        close(*lock);
        return status;
    }
    size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* The number only helps a person; a lock without it holds as well. */
    if (ftruncate(*lock, 0) != 0 || pwrite(*lock, text, (size_t)size, 0) != size)
        fault_set(fault, "%s: the number of this process could not be noted", path);
    return STORE_OK;
}

void directory_unlock(int lock)
{
    if (lock < 0)
        return;
    close(lock);
}

enum store_status directory_sync(const char *directory, struct fault *fault)
{
    int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool kept = false;

    if (file < 0)
        return refuse(directory, "open it", fault);
    kept = fsync(file) == 0;
    if (!kept) {
        enum store_status status = refuse(directory, "make its names durable", fault);
        close(file);
        return status;
    }
    close(file);
    return STORE_OK;
}

enum store_status directory_sync_of(const char *path, struct fault *fault)
{
    char directory[PATH_MAX];

    if (snprintf(directory, sizeof directory, "%s", path) >= (int)sizeof directory) {
        errno = ENAMETOOLONG;
        return refuse(path, "make its name durable", fault);
    }
    return directory_sync(dirname(directory), fault);
}

enum store_status directory_make_file(const char *path, struct fault *fault)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (file < 0)
        return errno == EEXIST ? STORE_OK : refuse(path, "make it", fault);
    close(file);
    return STORE_OK;
}

enum store_status directory_sync_file(const char *path, uint64_t *size, struct fault *fault)
{
    struct stat about;
    enum store_status status = STORE_OK;
    int file = open(path, O_RDWR | O_CLOEXEC);

    if (file < 0)
        return refuse(path, "make it durable", fault);
    if (fsync(file) != 0 || fstat(file, &about) != 0)
        status = refuse(path, "make it durable", fault);
    else if (size != NULL)
        *size = (uint64_t)about.st_size;
    close(file);
    return status;
}

enum store_status directory_rename(const char *from, const char *to, bool replace, struct fault *fault)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, replace ? 0 : RENAME_NOREPLACE) != 0) {
        if (errno != EEXIST)
            return refuse(to, "give the file this name", fault);
        fault_set(fault, "%s: is there already", to);
        return STORE_CONFLICT;
    }
    return directory_sync_of(to, fault);
}

static enum store_status overwrite(int file, const char *path, struct fault *fault)
{
    static const uint8_t zeros[65536];
    struct stat about;
    off_t at = 0;

    if (fstat(file, &about) != 0)
        return refuse(path, "overwrite it", fault);
    while (at < about.st_size) {
        size_t left = (size_t)(about.st_size - at);
        ssize_t put = pwrite(file, zeros, left < sizeof zeros ? left : sizeof zeros, at);
        if (put <= 0)
            return refuse(path, "overwrite it", fault);
        at += put;
    }
    return fdatasync(file) == 0 ? STORE_OK : refuse(path, "overwrite it", fault);
}

enum store_status directory_wipe(const char *path, struct fault *fault)
{
    enum store_status status = STORE_OK;
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (file < 0)
        return errno == ENOENT ? STORE_OK : refuse(path, "overwrite it", fault);
    status = overwrite(file, path, fault);
    close(file);
    return status;
}
