/* Public keys of a client: read from files of JWK sets, numbered over all sets in their order. Whether they may sign, the daemon says. */
#include "ctl/account.h"

#include "core/memory.h"
#include "core/message.h"
#include "ctl/show.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES 65536

char *ctl_keys_read(struct ctl_call *call, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = memory_allocate(FILE_BYTES + 1, 1);
    size_t size = 0;

    if (file == NULL) {
        (void)ctl_usage(call, "%s: %s", path, strerror(errno));
        free(text);
        return NULL;
    }
    size = fread(text, 1, FILE_BYTES + 1, file);
    fclose(file);
    if (size > 0 && size <= FILE_BYTES && memchr(text, '\0', size) == NULL)
        return text;
    (void)ctl_usage(call, "%s: not a JWK set: it has 1 to %d bytes of JSON", path, FILE_BYTES);
    free(text);
    return NULL;
}

static const char *member(const json_t *key, const char *name)
{
    const char *text = json_string_value(json_object_get(key, name));

    return text != NULL ? text : "";
}

void ctl_keys_show(struct ctl_call *call, const Fascia__Account *account)
{
    size_t number = 0;

    for (size_t i = 0; i < account->n_jwks; i++) {
        json_t *set = json_loads(account->jwks[i], 0, NULL), *key;
        size_t place;

        json_array_foreach(json_object_get(set, "keys"), place, key) ctl_show_field(
            call, "key", "%zu %s %s %s", ++number, member(key, "kty"), member(key, "crv"), member(key, "kid"));
        json_decref(set);
    }
}

/* Takes out of the set what is meant; *number counts on. true: it was here. */
static bool remove_from(json_t *list, const char *meant, size_t *number)
{
    bool found = false;

    for (size_t i = 0; i < json_array_size(list);) {
        char own[24];

        snprintf(own, sizeof own, "%zu", ++*number);
        if (strcmp(member(json_array_get(list, i), "kid"), meant) != 0 && strcmp(own, meant) != 0) {
            i++;
            continue;
        }
        json_array_remove(list, i);
        found = true;
    }
    return found;
}

static void write_set(Fascia__Account *account, size_t *kept, json_t *set, char *before)
{
    free(before);
    if (json_array_size(json_object_get(set, "keys")) == 0)
        return;
    account->jwks[*kept] = json_dumps(set, JSON_COMPACT);
    INVARIANT(account->jwks[*kept] != NULL);
    ++*kept;
}

bool ctl_keys_remove(struct ctl_call *call, Fascia__Account *account, const char *key)
{
    size_t number = 0, kept = 0;
    bool found = false;

    for (size_t i = 0; i < account->n_jwks; i++) {
        json_t *set = json_loads(account->jwks[i], 0, NULL);

        found = remove_from(json_object_get(set, "keys"), key, &number) || found;
        write_set(account, &kept, set, account->jwks[i]);
        json_decref(set);
    }
    account->n_jwks = kept;
    if (!found)
        (void)ctl_usage(call, "--remove-key: there is no key of this kid or number");
    return found;
}
