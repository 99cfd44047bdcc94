/*
 * Accounts in the core: a table by name, no more. What an account must be like is known where people and systems sign in; here it is kept, told about in an
 * event, and its secrets are bytes that nobody reads.
 */
#ifndef FASCIA_CORE_ACCOUNT_H
#define FASCIA_CORE_ACCOUNT_H

#include "core/record.h"
#include "fascia/v1/access.pb-c.h"

#define ACCOUNT_NO_SECRET "!" /* in put_account: removes a password, or a totp; empty ones are left as they are */
#define ACCOUNTS          10000
#define ACCOUNT_BYTES     (1u << 20) /* of one, packed */

struct account_entry {
    char name[RECORD_NAME_BYTES + 1];
    uint8_t *packed; /* fascia.v1.Account, with its secrets */
    size_t size;
};

/* By name. All zero: empty. */
struct accounts {
    struct account_entry *entries;
    size_t count, room;
};

void accounts_finish(struct accounts *accounts);
/* NULL: there is none. */
struct account_entry *accounts_find(const struct accounts *accounts, const char *name);
/* packed is heap and taken over; the name fits. */
void accounts_set(struct accounts *accounts, const char *name, uint8_t *packed, size_t size);
void accounts_drop(struct accounts *accounts, const char *name);

#endif
