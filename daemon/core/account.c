#include "core/account.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

void accounts_finish(struct accounts *accounts)
{
    for (size_t i = 0; i < accounts->count; i++)
        free(accounts->entries[i].packed);
    free(accounts->entries);
    *accounts = (struct accounts){0};
}

/* The first that does not come before the name. */
static size_t place_of(const struct accounts *accounts, const char *name)
{
    size_t low = 0, high = accounts->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(accounts->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct account_entry *accounts_find(const struct accounts *accounts, const char *name)
{
    const size_t place = place_of(accounts, name);

    return place < accounts->count && strcmp(accounts->entries[place].name, name) == 0 ? &accounts->entries[place]
                                                                                       : NULL;
}

void accounts_set(struct accounts *accounts, const char *name, uint8_t *packed, size_t size)
{
    const size_t place = place_of(accounts, name);
    struct account_entry *entry = accounts_find(accounts, name);

    INVARIANT(strlen(name) <= RECORD_NAME_BYTES);
    if (entry == NULL) {
        accounts->entries = memory_grow(accounts->entries, &accounts->room, accounts->count + 1, sizeof *entry);
        entry = &accounts->entries[place];
        memmove(entry + 1, entry, (accounts->count++ - place) * sizeof *entry);
        *entry = (struct account_entry){.packed = NULL};
        memcpy(entry->name, name, strlen(name) + 1);
    }
    free(entry->packed);
    entry->packed = packed;
    entry->size = size;
}

void accounts_drop(struct accounts *accounts, const char *name)
{
    struct account_entry *entry = accounts_find(accounts, name);

    if (entry == NULL)
        return;
    free(entry->packed);
    memmove(entry, entry + 1, (size_t)(accounts->entries + --accounts->count - entry) * sizeof *entry);
}
