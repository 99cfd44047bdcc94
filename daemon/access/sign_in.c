#include "access/sign_in.h"

#include "access/state.h"
#include "core/memory.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PASSWORD_ROUNDS 3
#define PASSWORD_MEMORY (64u << 20)
#define FREE_ACCOUNT    4  /* failures before an account has to wait */
#define FREE_ADDRESS    20 /* an address may be that of a whole practice */
#define FIRST_PAUSE     INT64_C(1000)
#define LONGEST_PAUSE   INT64_C(900000)
#define FORGIVEN        INT64_C(3600000) /* without a failure for so long */
#define STEP_MS         30000

/* Of nobody's password, at the cost of everybody's: what is verified for a name that is none. */
static const char nobody[] = "$argon2id$v=19$m=65536,t=3,p=1$bm9ib2R5J3Mgc2FsdC4uLg$"
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool access_password_hash(const char *password, char hash[128])
{
    _Static_assert(crypto_pwhash_STRBYTES <= 128, "a hash fits");
    return crypto_pwhash_str(hash, password, strlen(password), PASSWORD_ROUNDS, PASSWORD_MEMORY) == 0;
}

/* ---- failures ---- */

static bool must_wait(const struct failures *failures, int64_t now, int64_t *retry)
{
    if (failures->free_at <= now)
        return false;
    if (failures->free_at - now > *retry)
        *retry = failures->free_at - now;
    return true;
}

static void count_failure(struct failures *failures, uint32_t unpunished, int64_t now)
{
    int64_t pause = 0;

    if (now - failures->last > FORGIVEN)
        *failures = (struct failures){0};
    failures->last = now;
    if (failures->count < UINT32_MAX)
        failures->count++;
    for (uint32_t i = unpunished; i < failures->count && pause < LONGEST_PAUSE; i++)
        pause = pause == 0 ? FIRST_PAUSE : pause * 2;
    failures->free_at = now + (pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE);
}

static void forgive_one(struct failures *failures)
{
    if (failures->count > 0)
        failures->count--;
    failures->free_at = 0;
}

/* Of an address, or of a name that is none. There is always one: what ends soonest gives way. */
static struct failures *failures_of(struct access *access, const uint8_t key[LEDGER_KEY_BYTES], int64_t now)
{
    struct ledger_entry *entry = ledger_find(access->failures, key);

    if (entry == NULL)
        entry = ledger_add(access->failures, key, now, now, NULL, true);
    INVARIANT(entry != NULL);
    entry->until = now + FORGIVEN;
    return entry->item;
}

/* Without its port; of IPv6 the network alone, because who has one address of it has them all. */
static void address_key(const char *address, uint8_t key[LEDGER_KEY_BYTES])
{
    char host[INET6_ADDRSTRLEN + 1] = "";
    uint8_t bytes[16];
    const bool bracket = address[0] == '[';
    const char *from = address + bracket;
    const size_t size = bracket ? strcspn(from, "]") : strcspn(from, ":");

    if (size < sizeof host)
        memcpy(host, from, size);
    if (bracket && inet_pton(AF_INET6, host, bytes) == 1 && !IN6_IS_ADDR_V4MAPPED((struct in6_addr *)bytes))
        sodium_bin2hex(host, sizeof host, bytes, 8);
    ledger_key(key, "address", host, "");
}

/* ---- signing in ---- */

static bool may_sign_in(const struct account *account)
{
    return account != NULL && account->content->kind == FASCIA__ACCOUNT__KIND__PERSON && !account->content->disabled &&
           account->content->password[0] != '\0';
}

static bool address_may_try(struct access *access, const char *address, int64_t now, uint8_t key[LEDGER_KEY_BYTES],
                            int64_t *retry)
{
    struct failures *failures;

    address_key(address, key);
    failures = failures_of(access, key, now);
    if (must_wait(failures, now, retry))
        return false;
    count_failure(failures, FREE_ADDRESS, now);
    return true;
}

static struct failures *failures_of_name(struct access *access, const char *name, int64_t now)
{
    struct account *account = account_find(access, name);
    uint8_t key[LEDGER_KEY_BYTES];

    if (account != NULL)
        return &account->failures;
    ledger_key(key, "name", name, "");
    return failures_of(access, key, now);
}

static bool name_may_be_tried(struct access *access, const char *name, int64_t now, int64_t *retry)
{
    struct failures *failures = failures_of_name(access, name, now);

    if (must_wait(failures, now, retry))
        return false;
    count_failure(failures, FREE_ACCOUNT, now);
    return true;
}

bool access_sign_in_begin(struct access *access, const char *name, const char *password, const char *address,
                          int64_t now, struct access_attempt *attempt, int64_t *retry)
{
    const struct account *account = account_find(access, name);
    const size_t size = strnlen(password, ACCESS_PASSWORD_BYTES + 1);

    *attempt = (struct access_attempt){.known = may_sign_in(account) && size <= ACCESS_PASSWORD_BYTES};
    *retry = 0;
    if (!address_may_try(access, address, now, attempt->address, retry) || !name_may_be_tried(access, name, now, retry))
        return false;
    snprintf(attempt->name, sizeof attempt->name, "%s", attempt->known ? account->content->name : "");
    snprintf(attempt->hash, sizeof attempt->hash, "%s", attempt->known ? account->content->password : nobody);
    snprintf(attempt->password, sizeof attempt->password, "%s", password);
    return true;
}

void access_password_check(struct access_attempt *attempt)
{
    attempt->right =
        crypto_pwhash_str_verify(attempt->hash, attempt->password, strlen(attempt->password)) == 0 && attempt->known;
    sodium_memzero(attempt->password, sizeof attempt->password);
}

static bool code_is_right(struct access *access, struct account *account, const char *code, int64_t now)
{
    const ProtobufCBinaryData *sealed = &account->content->totp;
    uint8_t secret[256];
    size_t size = 0;
    int64_t used = 0;

    if (sealed->len > sizeof secret || strlen(code) != 6 ||
        !access->settings.vault.open(access->settings.vault.context, account->content->name, sealed->data, sealed->len,
                                     secret, &size))
        return false;
    for (int64_t step = now / STEP_MS - 1; step <= now / STEP_MS + 1; step++) {
        char right[7];

        access_totp_code(secret, size, step, right);
        if (sodium_memcmp(right, code, 6) == 0 && step > account->last_code)
            used = step;
    }
    sodium_memzero(secret, sizeof secret);
    if (used == 0)
        return false;
    account->last_code = used;
    return true;
}

static void forgive(struct access *access, struct account *account, const uint8_t address[LEDGER_KEY_BYTES])
{
    struct ledger_entry *entry = ledger_find(access->failures, address);

    forgive_one(&account->failures);
    if (entry != NULL)
        forgive_one(entry->item);
}

enum access_verdict access_sign_in_end(struct access *access, const struct access_attempt *attempt, const char *code,
                                       int64_t now, char session[ACCESS_SESSION_BYTES])
{
    struct account *account = attempt->right ? account_find(access, attempt->name) : NULL;

    _Static_assert(ACCESS_SESSION_BYTES == TICKET_TEXT_BYTES, "a session is a ticket");
    /* What was right may not be so any more: the account can have changed meanwhile. */
    if (!may_sign_in(account) || strcmp(account->content->password, attempt->hash) != 0)
        return ACCESS_WRONG;
    if (account->content->totp.len > 0 && (code == NULL || code[0] == '\0')) {
        forgive(access, account, attempt->address);
        return ACCESS_CODE_NEEDED;
    }
    if (account->content->totp.len > 0 && !code_is_right(access, account, code, now))
        return ACCESS_WRONG;
    if (!ticket_issue(access, account, true, "", now, session))
        return ACCESS_CROWDED;
    forgive(access, account, attempt->address);
    account->failures = (struct failures){0};
    return ACCESS_SIGNED_IN;
}

void access_attempt_finish(struct access_attempt *attempt)
{
    sodium_memzero(attempt, sizeof *attempt);
}

/* ---- sessions ---- */

Fascia__Principal *access_session(struct access *access, const char *session, int64_t now, const char **refused)
{
    const struct ticket *ticket;

    *refused = session == NULL || session[0] == '\0' ? "" : "unknown";
    if ((*refused)[0] == '\0' || strlen(session) != TICKET_TEXT_BYTES - 1)
        return NULL;
    ticket = ticket_find(access, session, true, now, refused);
    return ticket == NULL ? NULL : account_principal(ticket->account, "");
}

void access_sign_out(struct access *access, const char *session)
{
    ticket_revoke(access, session, true);
}

int64_t access_locked_until(const struct access *access, const char *name, int64_t now)
{
    const struct account *account = account_find(access, name);

    return account != NULL && account->failures.free_at > now ? account->failures.free_at : 0;
}

void access_unlock(struct access *access, const char *name)
{
    struct account *account = account_find(access, name);

    if (account != NULL)
        account->failures = (struct failures){0};
}
