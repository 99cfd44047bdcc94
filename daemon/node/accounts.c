#include "node/accounts.h"

#include "core/memory.h"
#include "io/loop.h"
#include "node/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

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
