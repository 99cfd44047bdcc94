/* Tokens and sessions: 256 random bits that only their holder has; what is kept is a hash. */
#include "access/state.h"

#include "core/memory.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void ledger_key(uint8_t key[LEDGER_KEY_BYTES], const char *purpose, const char *first, const char *second)
{
    crypto_generichash_state hash;

    /* Each with its NUL, so that no two triples run into the same bytes. */
    crypto_generichash_init(&hash, NULL, 0, LEDGER_KEY_BYTES);
    crypto_generichash_update(&hash, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_generichash_update(&hash, (const unsigned char *)first, strlen(first) + 1);
    crypto_generichash_update(&hash, (const unsigned char *)second, strlen(second) + 1);
    crypto_generichash_final(&hash, key, LEDGER_KEY_BYTES);
}

static void ticket_key(uint8_t key[LEDGER_KEY_BYTES], const char *text, bool session)
{
    ledger_key(key, session ? "session" : "token", text, "");
}

void ticket_end(void *item)
{
    struct ticket *ticket = item;

    free(ticket->scopes);
}

static void drop_oldest(struct access *access, const struct account *account)
{
    struct ledger_entry *oldest = NULL, *entry;

    for (size_t place = ledger_count(access->tickets); (entry = ledger_next(access->tickets, &place)) != NULL;) {
        const struct ticket *ticket = entry->item;

        if (entry->count == &account->tickets &&
            (oldest == NULL || ticket->issued < ((struct ticket *)oldest->item)->issued))
            oldest = entry;
    }
    INVARIANT(oldest != NULL);
    ledger_remove(access->tickets, oldest);
}

bool ticket_issue(struct access *access, struct account *account, bool session, const char *scopes, int64_t now,
                  char text[TICKET_TEXT_BYTES])
{
    uint8_t bits[32], key[LEDGER_KEY_BYTES];
    const int64_t ends = now + (session ? access->settings.session_life : ACCESS_TOKEN_LIFE);
    struct ledger_entry *entry;
    struct ticket *ticket;

    if (account->tickets >= TICKETS_EACH)
        drop_oldest(access, account);
    access->settings.chance.fill(access->settings.chance.context, bits, sizeof bits);
    sodium_bin2base64(text, TICKET_TEXT_BYTES, bits, sizeof bits, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bits, sizeof bits);
    ticket_key(key, text, session);
    entry = ledger_find(access->tickets, key) != NULL
                ? NULL /* of chance that is none */
                : ledger_add(access->tickets, key, now, ends + TICKET_MEMORY, &account->tickets, false);
    if (entry == NULL)
        return false;
    ticket = entry->item;
    *ticket = (struct ticket){.session = session,
                              .account = account,
                              .issued = now,
                              .ends = ends,
                              .idle_from = now,
                              .scopes = memory_text(scopes)};
    return true;
}

struct ticket *ticket_find(struct access *access, const char *text, bool session, int64_t now, const char **refused)
{
    uint8_t key[LEDGER_KEY_BYTES];
    struct ledger_entry *entry;
    struct ticket *ticket;

    ticket_key(key, text, session);
    entry = ledger_find(access->tickets, key);
    *refused = "unknown";
    if (entry == NULL)
        return NULL;
    ticket = entry->item;
    *refused = "revoked";
    if (ticket->account == NULL)
        return NULL;
    *refused = "expired";
    if (now >= ticket->ends || (session && now - ticket->idle_from >= access->settings.session_idle))
        return NULL;
    *refused = "";
    if (now > ticket->idle_from)
        ticket->idle_from = now;
    return ticket;
}

static void revoke(struct ledger_entry *entry)
{
    struct ticket *ticket = entry->item;

    if (ticket->account == NULL)
        return;
    ticket->account = NULL;
    (*entry->count)--;
    entry->count = NULL;
}

void ticket_revoke(struct access *access, const char *text, bool session)
{
    uint8_t key[LEDGER_KEY_BYTES];
    struct ledger_entry *entry;

    ticket_key(key, text, session);
    entry = ledger_find(access->tickets, key);
    if (entry != NULL)
        revoke(entry);
}

void tickets_revoke_all(struct access *access, const struct account *account)
{
    struct ledger_entry *entry;

    for (size_t place = ledger_count(access->tickets); (entry = ledger_next(access->tickets, &place)) != NULL;)
        if (((struct ticket *)entry->item)->account == account)
            revoke(entry);
}
