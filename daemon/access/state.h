/* What the files of this room share: accounts as they stand, and what was shown for them. Not for others. */
#ifndef FASCIA_ACCESS_STATE_H
#define FASCIA_ACCESS_STATE_H

#include "access/access.h"
#include "access/ledger.h"
#include "access/sign_in.h"

#include <jansson.h>

#define TICKET_TEXT_BYTES 44 /* 256 bits in base64url, and a NUL */
#define TICKETS           100000
#define TICKETS_EACH      256    /* tokens or sessions of one account; the oldest gives way */
#define TICKET_MEMORY     600000 /* ms for which it is still known why a ticket does not count */
#define ASSERTIONS        65536
#define ASSERTIONS_EACH   4096 /* used by one client within the life of one */
#define FAILURES          16384

struct failures {
    uint32_t count;
    int64_t last, free_at; /* when it may be tried again */
};

struct account {
    Fascia__Account *content;
    json_t *keys; /* of a client; NULL: none that is good */
    uint32_t tickets, assertions;
    int64_t last_code; /* the step of the last code that counted: no code counts twice */
    struct failures failures;
};

/* A token of a client, or a session of a person. */
struct ticket {
    bool session;
    struct account *account; /* NULL: revoked */
    int64_t issued, ends, idle_from;
    char *scopes;
};

struct access {
    struct access_settings settings;
    char *base, *token_url;
    struct account **accounts; /* by name */
    size_t count, room;
    struct ledger *tickets, *assertions, *failures;
    int64_t
        assertions_from; /* instant: one that was issued before could have been used in a process that is forgotten */
};

struct account *account_find(const struct access *access, const char *name);
Fascia__Principal *account_principal(const struct account *account, const char *scopes);
int64_t account_first_code(const struct access *access);

/* A new one; its text is to be shown once. false: too many. */
MUST_CHECK bool ticket_issue(struct access *access, struct account *account, bool session, const char *scopes,
                             int64_t now, char text[TICKET_TEXT_BYTES]);
/* NULL, and why; a session that is found is in use from now on. */
struct ticket *ticket_find(struct access *access, const char *text, bool session, int64_t now, const char **refused);
void ticket_revoke(struct access *access, const char *text, bool session);
void tickets_revoke_all(struct access *access, const struct account *account);
void ticket_end(void *item);

/* A key of a ledger: what the words are for, and up to two of them. */
void ledger_key(uint8_t key[LEDGER_KEY_BYTES], const char *purpose, const char *first, const char *second);

#endif
