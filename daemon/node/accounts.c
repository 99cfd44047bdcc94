#include "node/accounts.h"

#include "core/memory.h"
#include "io/loop.h"
#include "node/web.h"

#include <stdio.h>
#include <stdlib.h>
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

static char *base_of(const struct config *config)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (config->sources[i].http.listen != NULL)
            return web_url(&config->sources[i]);
    return memory_text("");
}

struct access *accounts_create(const struct config *config)
{
    char *base = base_of(config), *token_url = NULL;
    const int written = asprintf(&token_url, "%s%s", base, WEB_TOKEN_PATH);
    struct access *access = NULL;

    INVARIANT(written >= 0);
    access = access_create(&(struct access_settings){
        .base = base, .token_url = token_url, .started = io_now(), .chance = {.fill = fill_with_chance}});
    free(base);
    free(token_url);
    return access;
}
