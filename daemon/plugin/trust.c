#include "plugin/trust.h"

#include "core/notation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_AT_MOST 8

struct walk {
    int directory;           /* where we stand, O_PATH */
    char at[PATH_MAX];       /* its path without links; "" for the root */
    char rest[2 * PATH_MAX]; /* what is still to walk */
    int links;
    struct trusted_file *file;
    struct fault *fault;
};

static enum plugin_error refuse_missing(struct walk *walk, const char *name)
{
    if (errno == ENOENT)
        fault_set(walk->fault, "%s/%s: there is no such file; check the plugin's path", walk->at, name);
    else
        fault_set(walk->fault, "%s/%s: can't be opened: %s", walk->at, name, strerror(errno));
    return PLUGIN_PATH;
}

static enum plugin_error check_owner(struct walk *walk, const char *path, const struct stat *status)
{
    if (status->st_uid == 0 || status->st_uid == geteuid())
        return PLUGIN_OK;
    fault_set(walk->fault, "%s: belongs to user %u, who could change what is loaded; it must belong to root or user %u",
              path, (unsigned)status->st_uid, (unsigned)geteuid());
    return PLUGIN_OWNER;
}

static enum plugin_error check_mode(struct walk *walk, const char *path, const struct stat *status)
{
    bool sticky_directory = S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX) != 0;

    if ((status->st_mode & (S_IWGRP | S_IWOTH)) == 0 || sticky_directory)
        return PLUGIN_OK;
    fault_set(walk->fault, "%s: its mode %04o lets %s change what is loaded; run: chmod go-w '%s'", path,
              (unsigned)(status->st_mode & 07777), (status->st_mode & S_IWOTH) != 0 ? "everybody" : "its group", path);
    return PLUGIN_OWNER;
}

/* Takes the next component off walk->rest. False at the end. */
static bool next_component(struct walk *walk, char *name, size_t room)
{
    size_t length = 0, skip = strspn(walk->rest, "/");

    length = strcspn(walk->rest + skip, "/");
    if (length == 0 || length >= room)
        return false;
    memcpy(name, walk->rest + skip, length);
    name[length] = '\0';
    skip += length;
    memmove(walk->rest, walk->rest + skip, strlen(walk->rest + skip) + 1);
    return true;
}

static enum plugin_error enter(struct walk *walk, int directory, const char *path)
{
    struct stat status;
    enum plugin_error error = PLUGIN_OK;

    if (walk->directory >= 0)
        close(walk->directory);
    walk->directory = directory;
    snprintf(walk->at, sizeof walk->at, "%s", strcmp(path, "/") == 0 ? "" : path);
    if (fstat(directory, &status) != 0)
        return refuse_missing(walk, ".");
    error = check_owner(walk, path, &status);
    return error != PLUGIN_OK ? error : check_mode(walk, path, &status);
}

static enum plugin_error enter_root(struct walk *walk)
{
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    return root < 0 ? refuse_missing(walk, "") : enter(walk, root, "/");
}

/* A link on the way: its target takes its place in what is still to walk. */
static enum plugin_error follow(struct walk *walk, int link, const char *path)
{
    char target[PATH_MAX], rest[sizeof walk->rest];
    ssize_t size = readlinkat(link, "", target, sizeof target - 1);

    if (size <= 0 || ++walk->links > LINKS_AT_MOST) {
        fault_set(walk->fault, "%s: too many symbolic links; write the path without them", path);
        return PLUGIN_PATH;
    }
    target[size] = '\0';
    if ((size_t)snprintf(rest, sizeof rest, "%s%s", target, walk->rest) >= sizeof rest) {
        fault_set(walk->fault, "%s: the path is too long once its link is followed", path);
        return PLUGIN_PATH;
    }
    memcpy(walk->rest, rest, sizeof rest);
    return target[0] == '/' ? enter_root(walk) : PLUGIN_OK;
}

static enum plugin_error take_file(struct walk *walk, const char *path, const struct stat *status)
{
    if (S_ISLNK(status->st_mode)) {
        fault_set(walk->fault, "%s: is a symbolic link; name the plugin's file itself", path);
        return PLUGIN_PATH;
    }
    if (!S_ISREG(status->st_mode)) {
        fault_set(walk->fault, "%s: is no regular file; a plugin is a shared object (.so)", path);
        return PLUGIN_PATH;
    }
    snprintf(walk->file->path, sizeof walk->file->path, "%s", path);
    walk->file->status = *status;
    return check_mode(walk, path, status);
}

static enum plugin_error leave_upwards(struct walk *walk)
{
    char path[PATH_MAX];
    char *slash = NULL;
    int up = openat(walk->directory, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (up < 0)
        return refuse_missing(walk, "..");
    snprintf(path, sizeof path, "%s", walk->at);
    slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = '\0';
    return enter(walk, up, path[0] == '\0' ? "/" : path);
}

/* One component: a directory is entered, a link followed, the last one taken as the file. */
static enum plugin_error step(struct walk *walk, const char *name)
{
    char path[PATH_MAX];
    struct stat status;
    bool last = walk->rest[strspn(walk->rest, "/")] == '\0';
    enum plugin_error error = PLUGIN_OK;
    int entry = -1;

    if (strcmp(name, ".") == 0)
        return PLUGIN_OK;
    if (strcmp(name, "..") == 0)
        return leave_upwards(walk);
    if ((size_t)snprintf(path, sizeof path, "%s/%s", walk->at, name) >= sizeof path) {
        fault_set(walk->fault, "%s: the path is longer than %d bytes", walk->at, PATH_MAX - 1);
        return PLUGIN_PATH;
    }
    entry = openat(walk->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (entry < 0 || fstat(entry, &status) != 0) {
        error = refuse_missing(walk, name);
    } else if ((error = check_owner(walk, path, &status)) == PLUGIN_OK) {
        if (last)
            error = take_file(walk, path, &status);
        else if (S_ISLNK(status.st_mode))
            error = follow(walk, entry, path);
        else
            return enter(walk, entry, path);
    }
    if (entry >= 0)
        close(entry);
    return error;
}

enum plugin_error plugin_trust(const char *path, struct trusted_file *file, struct fault *fault)
{
    struct walk walk = {.directory = -1, .file = file, .fault = fault};
    enum plugin_error error = PLUGIN_OK;
    char name[NAME_MAX + 1];

    memset(file, 0, sizeof *file);
    if (!notation_is_path(path)) {
        fault_set(fault, "%.200s: a plugin is named by its absolute path, beginning with '/'", path);
        return PLUGIN_PATH;
    }
    snprintf(walk.rest, sizeof walk.rest, "%s", path);
    error = enter_root(&walk);
    while (error == PLUGIN_OK && next_component(&walk, name, sizeof name))
        error = step(&walk, name);
    if (walk.directory >= 0)
        close(walk.directory);
    if (error == PLUGIN_OK && file->path[0] == '\0') {
        fault_set(fault, "%.200s: names no file", path);
        return PLUGIN_PATH;
    }
    return error;
}
