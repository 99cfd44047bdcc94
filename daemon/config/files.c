#include "config/files.h"

#include "config/value.h"
#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
    struct config_files *files;
    struct config_errors *errors;
    const struct config_file *chain[CONFIG_INCLUDE_DEPTH + 1]; /* which file includes which */
    size_t depth;
};

static void read_file(struct reading *reading, const char *name, const struct config_place *asked);

/* The whole file, or NULL with an error at the place that asked for it. */
static char *slurp(const struct reading *reading, const char *name, const struct config_place *asked, size_t *size)
{
    int file = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    char *text = NULL;
    ssize_t got = 0;

    if (file < 0 || fstat(file, &status) != 0) {
        config_errors_add(reading->errors, asked, "%.300s can't be read: %s", name, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        config_errors_add(reading->errors, asked, "%.300s is no regular file", name);
    } else {
        text = memory_allocate(CONFIG_FILE_SIZE_MOST + 1, 1);
        for (*size = 0; *size <= CONFIG_FILE_SIZE_MOST; *size += (size_t)got)
            if ((got = read(file, text + *size, CONFIG_FILE_SIZE_MOST + 1 - *size)) <= 0)
                break;
        if (got < 0 || *size > CONFIG_FILE_SIZE_MOST) {
            config_errors_add(reading->errors, asked, "%.300s %s", name,
                              got < 0 ? "can't be read" : "is larger than 1 MiB; split it and include the parts");
            free(text);
            text = NULL;
        }
    }
    if (file >= 0)
        close(file);
    return text;
}

static bool may_be_read(struct reading *reading, const char *name, const char *real, const struct config_place *asked)
{
    for (size_t i = 0; i < reading->depth; i++)
        if (strcmp(reading->chain[i]->real, real) == 0) {
            config_errors_add(reading->errors, asked, "include: %.300s includes itself; take it out of the patterns",
                              name);
            return false;
        }
    for (size_t i = 0; i < reading->files->count; i++)
        if (strcmp(reading->files->files[i].real, real) == 0) {
            config_errors_add(reading->errors, asked, "include: %.300s is already included; name it once", name);
            return false;
        }
    if (reading->depth > CONFIG_INCLUDE_DEPTH)
        config_errors_add(reading->errors, asked, "include: %.300s would be nested deeper than %d files", name,
                          CONFIG_INCLUDE_DEPTH);
    else if (reading->files->count == CONFIG_FILES_MOST)
        config_errors_add(reading->errors, asked, "include: there are more than %d files", CONFIG_FILES_MOST);
    else
        return true;
    return false;
}

/* pattern below the directory of the including file, whose own name is no pattern. */
static char *beside(const char *including, const char *pattern)
{
    const char *slash = strrchr(including, '/');
    size_t directory = pattern[0] == '/' || slash == NULL ? 0 : (size_t)(slash - including) + 1, at = 0;
    char *joined = memory_allocate(2 * directory + strlen(pattern) + 1, 1);

    for (size_t i = 0; i < directory; i++) {
        if (strchr("*?[\\", including[i]) != NULL)
            joined[at++] = '\\';
        joined[at++] = including[i];
    }
    snprintf(joined + at, strlen(pattern) + 1, "%s", pattern);
    return joined;
}

static int by_bytes(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* A directory that is not there has no files; one that can't be read may hide some. */
static int stop_unless_missing(const char *path, int error)
{
    (void)path;
    return error != ENOENT;
}

static void read_pattern(struct reading *reading, const char *including, const struct config_node *pattern)
{
    char *joined = NULL;
    glob_t found = {0};
    int failed = 0;

    if (!config_is_scalar(pattern, "include", "a pattern of file names, such as conf.d/*.yaml", reading->errors))
        return;
    joined = beside(including, pattern->text);
    failed = glob(joined, GLOB_NOSORT, stop_unless_missing, &found);
    /* A pattern may find nothing; a file that is named must be there. */
    if (failed == GLOB_NOMATCH && strpbrk(pattern->text, "*?[") == NULL)
        config_errors_add(reading->errors, &pattern->place, "include%s: there is no such file",
                          config_show(pattern->text).text);
    else if (failed != 0 && failed != GLOB_NOMATCH)
        config_errors_add(reading->errors, &pattern->place, "include%s: its directory can't be read",
                          config_show(pattern->text).text);
    if (failed == 0) {
        qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_bytes);
        for (size_t i = 0; i < found.gl_pathc; i++)
            read_file(reading, found.gl_pathv[i], &pattern->place);
    }
    globfree(&found);
    free(joined);
}

static void read_includes(struct reading *reading, const struct config_file *file)
{
    const struct config_node *include = config_tree_find(file->root, "include");

    if (include == NULL)
        return;
    if (include->kind == CONFIG_LIST)
        for (size_t i = 0; i < include->count; i++)
            read_pattern(reading, file->name, include->items[i].value);
    else
        read_pattern(reading, file->name, include);
}

static void read_file(struct reading *reading, const char *name, const struct config_place *asked)
{
    char *real = realpath(name, NULL), *text = NULL;
    struct config_file *file = NULL;
    size_t size = 0;

    if (real == NULL) {
        config_errors_add(reading->errors, asked, "%.300s can't be read: %s", name, strerror(errno));
        return;
    }
    if (!may_be_read(reading, name, real, asked) || (text = slurp(reading, name, asked, &size)) == NULL) {
        free(real);
        return;
    }
    file = &reading->files->files[reading->files->count++];
    *file = (struct config_file){.name = memory_text(name), .real = real, .included_at = *asked};
    file->root = config_tree_parse(file->name, text, size, reading->errors);
    free(text);
    reading->chain[reading->depth++] = file;
    read_includes(reading, file);
    reading->depth--;
}

void config_files_read(struct config_files *files, const char *path, struct config_errors *errors)
{
    struct reading reading = {.files = files, .errors = errors};
    const struct config_place start = {.file = path};

    read_file(&reading, path, &start);
}

void config_files_free(struct config_files *files)
{
    if (files == NULL)
        return;
    for (size_t i = 0; i < files->count; i++) {
        config_tree_free(files->files[i].root);
        free(files->files[i].name);
        free(files->files[i].real);
    }
    free(files);
}
