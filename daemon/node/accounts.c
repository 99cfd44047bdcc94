#include "node/accounts.h"

#include "core/memory.h"
#include "io/log.h"
#include "io/loop.h"
#include "node/web.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void fill_with_chance(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    while (size > 0) {
        const ssize_t got = getrandom(bytes, size, 0);

        INVARIANT(got > 0);
        bytes += got;
        size -= (size_t)got;
    }
}

static bool open_secret(void *context, const char *name, const uint8_t *sealed, size_t size, uint8_t *plain,
                        size_t *plain_size)
{
    if (size < STORE_SECRET_BYTES || !store_open_secret(context, name, sealed, size, plain))
        return false;
    *plain_size = size - STORE_SECRET_BYTES;
    return true;
}

static char *base_of(const struct config *config)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (config->sources[i].http.listen != NULL)
            return web_url(&config->sources[i]);
    return memory_text("");
}

struct access *accounts_create(const struct config *config, const struct store *store)
{
    char *base = base_of(config), *token_url = NULL;
    const int written = asprintf(&token_url, "%s%s", base, WEB_TOKEN_PATH);
    const struct access_settings settings = {.base = base,
                                             .token_url = token_url,
                                             .started = io_now(),
                                             .chance = {.fill = fill_with_chance},
                                             .vault = {(void *)(uintptr_t)store, open_secret}};
    struct access *access = access_create(&settings);

    INVARIANT(written >= 0);
    free(base);
    free(token_url);
    return access;
}

static bool is_there(const char *name, const struct account_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return true;
    return false;
}

/* The name may be that of the account itself. */
static void remove_named(struct access *access, const char *name)
{
    char copy[RECORD_NAME_BYTES + 1];

    snprintf(copy, sizeof copy, "%s", name);
    access_remove(access, copy);
}

static void leave_only(struct access *access, const struct account_row *rows, size_t count)
{
    char after[RECORD_NAME_BYTES + 1] = "";
    const Fascia__Account *account;

    while ((account = access_next(access, after)) != NULL) {
        snprintf(after, sizeof after, "%s", account->name);
        if (!is_there(after, rows, count))
            remove_named(access, after);
    }
}

static bool is_same(const Fascia__Account *account, const struct account_row *row)
{
    size_t size = account != NULL ? fascia__account__get_packed_size(account) : 0;
    uint8_t *packed;
    bool same;

    if (account == NULL || size != row->size)
        return false;
    packed = memory_allocate(size, 1);
    fascia__account__pack(account, packed);
    same = memcmp(packed, row->payload, size) == 0;
    free(packed);
    return same;
}

/* One that is as it was keeps its tokens. */
static void put(struct access *access, const struct account_row *row)
{
    Fascia__Account *account;

    if (is_same(access_find(access, row->name), row))
        return;
    account = fascia__account__unpack(NULL, row->size, row->payload);
    INVARIANT(account != NULL);
    access_put(access, account);
    fascia__account__free_unpacked(account, NULL);
}

void accounts_take(struct access *access, const struct account_row *rows, size_t count, bool whole)
{
    if (whole)
        leave_only(access, rows, count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].remove)
            remove_named(access, rows[i].name);
        else
            put(access, &rows[i]);
    }
}

/* ---- from one process to the next ------------------------------------------------------------------------------------------ */

#define MEMORY_FILE  "signed-in"
#define MEMORY_BYTES ((size_t)64 << 20)

static void path_of(const struct config *config, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", config->data_directory, name);
}

bool accounts_are_first(const struct config *config)
{
    char path[PATH_MAX];

    path_of(config, "fascia.db", path);
    return access(path, F_OK) != 0;
}

/* Heap; NULL: there is none, or none that is whole. It is gone afterwards. */
static uint8_t *take_file(const char *path, size_t *size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;
    uint8_t *bytes = NULL;
    ssize_t got = 0;

    if (file < 0)
        return NULL;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (size_t)status.st_size <= MEMORY_BYTES) {
        bytes = memory_resize(NULL, (size_t)status.st_size + 1, 1);
        got = read(file, bytes, (size_t)status.st_size);
    }
    close(file);
    if (unlink(path) != 0 || bytes == NULL || got != status.st_size) {
        free(bytes);
        return NULL;
    }
    *size = (size_t)got;
    return bytes;
}

void accounts_recall(struct access *access, const struct config *config)
{
    char path[PATH_MAX];
    size_t size = 0;
    uint8_t *bytes = NULL;

    path_of(config, MEMORY_FILE, path);
    bytes = take_file(path, &size);
    if (bytes != NULL && !access_recall(access, bytes, size, io_now()))
        LOG(LOG_LEVEL_WARNING, "access.memory-unreadable");
    free(bytes);
}

static bool write_file(const char *path, const uint8_t *bytes, size_t size)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = file >= 0 && write(file, bytes, size) == (ssize_t)size && fsync(file) == 0;

    if (file >= 0)
        close(file);
    return good;
}

void accounts_remember(const struct access *access, const struct config *config)
{
    char path[PATH_MAX], beside[PATH_MAX];
    size_t size = 0;
    uint8_t *bytes = access_remember(access, &size);

    path_of(config, MEMORY_FILE, path);
    path_of(config, MEMORY_FILE ".new", beside);
    if (!write_file(beside, bytes, size) || rename(beside, path) != 0) {
        LOG(LOG_LEVEL_WARNING, "access.not-remembered");
        unlink(beside);
    }
    free(bytes);
}
