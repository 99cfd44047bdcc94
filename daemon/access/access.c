#include "access/access.h"

#include "access/keys.h"
#include "access/scope.h"
#include "access/state.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSION_IDLE INT64_C(900000)
#define SESSION_LIFE INT64_C(43200000)

struct access *access_create(const struct access_settings *settings)
{
    struct access *access = memory_allocate(1, sizeof *access);

    access->settings = *settings;
    if (access->settings.session_idle == 0)
        access->settings.session_idle = SESSION_IDLE;
    if (access->settings.session_life == 0)
        access->settings.session_life = SESSION_LIFE;
    access->base = memory_text(settings->base);
    access->token_url = memory_text(settings->token_url);
    access->settings.base = access->base;
    access->settings.token_url = access->token_url;
    access->tickets = ledger_create(TICKETS, sizeof(struct ticket), ticket_end);
    access->assertions = ledger_create(ASSERTIONS, 1, NULL);
    access->failures = ledger_create(FAILURES, sizeof(struct failures), NULL);
    return access;
}

static void account_destroy(struct account *account)
{
    json_decref(account->keys);
    fascia__account__free_unpacked(account->content, NULL);
    free(account);
}

void access_destroy(struct access *access)
{
    if (access == NULL)
        return;
    ledger_destroy(access->tickets);
    ledger_destroy(access->assertions);
    ledger_destroy(access->failures);
    for (size_t i = 0; i < access->count; i++)
        account_destroy(access->accounts[i]);
    free(access->accounts);
    free(access->base);
    free(access->token_url);
    free(access);
}

/* The first that does not come before the name. */
static size_t place_of(const struct access *access, const char *name)
{
    size_t low = 0, high = access->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(access->accounts[middle]->content->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct account *account_find(const struct access *access, const char *name)
{
    const size_t place = place_of(access, name);

    return place < access->count && strcmp(access->accounts[place]->content->name, name) == 0 ? access->accounts[place]
                                                                                              : NULL;
}

int64_t account_first_code(const struct access *access)
{
    return access->settings.started / 30000 + 1;
}

static struct account *make_account(struct access *access, const char *name)
{
    const size_t place = place_of(access, name);
    struct account *account = memory_allocate(1, sizeof *account);

    access->accounts = memory_grow(access->accounts, &access->room, access->count + 1, sizeof account);
    memmove(&access->accounts[place + 1], &access->accounts[place], (access->count++ - place) * sizeof account);
    access->accounts[place] = account;
    account->last_code = account_first_code(access);
    return account;
}

void access_put(struct access *access, const Fascia__Account *content)
{
    struct account *account = account_find(access, content->name);

    if (account == NULL)
        account = make_account(access, content->name);
    else
        tickets_revoke_all(access, account);
    json_decref(account->keys);
    fascia__account__free_unpacked(account->content, NULL);
    account->content = message_copy(&content->base);
    account->keys = content->n_jwks > 0 ? keys_read(content->jwks, content->n_jwks, NULL) : NULL;
}

/* Assertions that were used are remembered beyond their client: it may come back. */
static void leave_assertions(struct access *access, const struct account *account)
{
    struct ledger_entry *entry;

    for (size_t place = ledger_count(access->assertions); (entry = ledger_next(access->assertions, &place)) != NULL;)
        if (entry->count == &account->assertions)
            entry->count = NULL;
}

void access_remove(struct access *access, const char *name)
{
    const size_t place = place_of(access, name);
    struct account *account = account_find(access, name);

    if (account == NULL)
        return;
    tickets_revoke_all(access, account);
    leave_assertions(access, account);
    account_destroy(account);
    memmove(&access->accounts[place], &access->accounts[place + 1], (--access->count - place) * sizeof account);
}

const Fascia__Account *access_find(const struct access *access, const char *name)
{
    const struct account *account = account_find(access, name);

    return account == NULL ? NULL : account->content;
}

const Fascia__Account *access_next(const struct access *access, const char *after)
{
    size_t place = place_of(access, after);

    if (place < access->count && strcmp(access->accounts[place]->content->name, after) == 0)
        place++;
    return place < access->count ? access->accounts[place]->content : NULL;
}

/* ---- principals ---- */

static bool has_role(const Fascia__Account *account, Fascia__AccessRole role)
{
    for (size_t i = 0; i < account->n_roles; i++)
        if (account->roles[i] == role)
            return true;
    return false;
}

Fascia__Principal *account_principal(const struct account *account, const char *scopes)
{
    const Fascia__Account *content = account->content;
    Fascia__Principal *principal = memory_allocate(1, sizeof *principal);

    fascia__principal__init(principal);
    principal->account = message_text(content->name);
    principal->title = message_text(content->title);
    principal->person = content->kind == FASCIA__ACCOUNT__KIND__PERSON;
    principal->n_roles = content->n_roles;
    principal->roles = memory_allocate(content->n_roles, sizeof *principal->roles);
    for (size_t i = 0; i < content->n_roles; i++)
        principal->roles[i] = content->roles[i];
    if (has_role(content, FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER))
        principal->sender = message_text(content->sender[0] != '\0' ? content->sender : content->name);
    if (has_role(content, FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST))
        principal->therapist = message_text(content->therapist);
    while (*scopes != '\0') {
        const size_t size = strcspn(scopes, " ");
        char text[SCOPE_TEXT_BYTES];

        INVARIANT(size < sizeof text);
        memcpy(text, scopes, size);
        text[size] = '\0';
        message_push_text(&principal->scopes, &principal->n_scopes, text);
        scopes += size + (scopes[size] == ' ');
    }
    return principal;
}

void access_actor(const Fascia__Principal *principal, char actor[ACCESS_ACTOR_BYTES])
{
    snprintf(actor, ACCESS_ACTOR_BYTES, "%s:%s", principal->person ? "person" : "client", principal->account);
}
