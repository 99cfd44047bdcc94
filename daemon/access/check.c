/* Whether an account is one, before it is kept. */
#include "access/access.h"
#include "access/keys.h"
#include "access/scope.h"
#include "core/account.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES  57 /* with "client:" before it, it is an actor of the audit trail */
#define TITLE_BYTES 200
#define TOTP_BYTES  256

static bool is_name(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    const size_t size = strlen(name);

    return size >= 1 && size <= NAME_BYTES && strchr(first, name[0]) != NULL &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._@-") == size;
}

/* Text for people: UTF-8 without control characters. */
static bool is_line(const char *text, size_t most)
{
    json_t *string = json_string(text);
    bool good = string != NULL && strlen(text) <= most;

    json_decref(string);
    for (; good && *text != '\0'; text++)
        good = (unsigned char)*text >= 0x20 && *text != 0x7f;
    return good;
}

static bool check_roles(const Fascia__Account *account, struct fault *fault)
{
    unsigned seen = 0;

    for (size_t i = 0; i < account->n_roles; i++) {
        const unsigned role = (unsigned)account->roles[i];

        if (role < FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER || role > FASCIA__ACCESS_ROLE__ACCESS_ROLE_ADMIN ||
            (seen >> role & 1) != 0) {
            fault_set(fault, "roles: each of referrer, therapist, coordinator and admin at most once");
            return false;
        }
        seen |= 1u << role;
    }
    if (seen == 0)
        fault_set(fault, "roles: at least one, or the account is good for nothing");
    else if ((seen >> FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST & 1) != 0 && account->therapist[0] == '\0')
        fault_set(fault, "therapist: who has the role of one must be one, by identifier");
    else if ((seen >> FASCIA__ACCESS_ROLE__ACCESS_ROLE_ADMIN & 1) != 0 &&
             account->kind == FASCIA__ACCOUNT__KIND__CLIENT)
        fault_set(fault, "roles: a client can't be an admin, only a person can");
    else
        return true;
    return false;
}

static bool check_client(const Fascia__Account *account, struct fault *fault)
{
    json_t *keys;

    if (account->password[0] != '\0' || account->totp.len > 0) {
        fault_set(fault, "password: a client has keys, and neither password nor codes");
        return false;
    }
    if (account->n_scopes == 0 || account->n_scopes > SCOPES) {
        fault_set(fault, "scopes: a client needs at least one, and at most %d", SCOPES);
        return false;
    }
    for (size_t i = 0; i < account->n_scopes; i++) {
        struct scope scope;

        if (scope_read(account->scopes[i], strlen(account->scopes[i]), &scope))
            continue;
        fault_set(fault, "scopes: number %zu is none of \"system/Resource.cruds\" (or .read, .write, .*)", i + 1);
        return false;
    }
    keys = keys_read(account->jwks, account->n_jwks, fault);
    if (keys == NULL)
        fault_prefix(fault, "jwks");
    json_decref(keys);
    return keys != NULL;
}

/* What verifying costs is written in the hash: nobody shall be able to make it cost more than it should. */
static bool is_password(const char *hash)
{
    static const char argon[] = "$argon2id$v=19$m=";
    unsigned long memory, rounds;
    char *end;

    if (hash[0] == '\0' || strcmp(hash, ACCOUNT_NO_SECRET) == 0)
        return true;
    if (strlen(hash) >= crypto_pwhash_STRBYTES || strncmp(hash, argon, sizeof argon - 1) != 0)
        return false;
    memory = strtoul(hash + sizeof argon - 1, &end, 10);
    if (strncmp(end, ",t=", 3) != 0)
        return false;
    rounds = strtoul(end + 3, &end, 10);
    return strncmp(end, ",p=1$", 5) == 0 && memory >= 8192 && memory <= 1048576 && rounds >= 1 && rounds <= 16;
}

static bool check_person(const Fascia__Account *account, struct fault *fault)
{
    if (account->n_jwks > 0 || account->n_scopes > 0)
        fault_set(fault, "jwks: a person has no keys and no scopes; their roles decide");
    else if (!is_password(account->password))
        fault_set(fault, "password: not a hash by argon2id of sensible cost");
    else if (account->totp.len > TOTP_BYTES)
        fault_set(fault, "totp: at most %d bytes", TOTP_BYTES);
    else
        return true;
    return false;
}

bool access_check_account(const Fascia__Account *account, struct fault *fault)
{
    if (!is_name(account->name))
        fault_set(fault, "name: 1 to %d of a-z, 0-9, '.', '_', '@' and '-', beginning with a letter or digit",
                  NAME_BYTES);
    else if (account->kind != FASCIA__ACCOUNT__KIND__CLIENT && account->kind != FASCIA__ACCOUNT__KIND__PERSON)
        fault_set(fault, "kind: client or person");
    else if (!is_line(account->title, TITLE_BYTES))
        fault_set(fault, "title: one line of UTF-8, at most %d bytes", TITLE_BYTES);
    else if (!is_line(account->sender, TITLE_BYTES))
        fault_set(fault, "sender: one line of UTF-8, at most %d bytes", TITLE_BYTES);
    else if (!is_line(account->therapist, 64))
        fault_set(fault, "therapist: an identifier of at most 64 bytes");
    else if (check_roles(account, fault))
        return account->kind == FASCIA__ACCOUNT__KIND__CLIENT ? check_client(account, fault)
                                                              : check_person(account, fault);
    return false;
}
