/*
 * Who may ask a node over HTTP: accounts, how they show who they are, and what follows from that.
 *
 * Clients are systems. They sign in with a signed assertion by SMART Backend Services and get a bearer token for 5 minutes (access_token). People sign in
 * with a password and a code, and get a session (sign_in.h). What somebody may ask for, once they are known, is one table (may.h).
 *
 * There is no clock, file, socket or store in here: the caller gives the time, chance and the accounts, and what was made durable is told with access_put().
 * Tokens and sessions live in memory, as hashes, and end with the process. So does the memory of assertions and codes that were used: what could have been used
 * before the process began is refused, with how long to wait (at most a minute for an assertion that says when it was issued).
 *
 * How the node uses it. A struct access belongs to one thread, the loop's. Every function but access_password_check() is quick (a signature of a client: under a millisecond).
 *
 *     start                      access_create, access_put for each row of the store        node/accounts.c
 *     an account became durable  access_put, access_remove                                  node/accounts.c
 *     POST {base}/token          access_token, write its answer with Cache-Control: no-store and Pragma: no-cache
 *     GET .well-known/smart-configuration     access_configuration, application/json
 *     a request on a route       access_bearer with its Authorization field, or access_session with its cookie: a principal, or `refused` for HttpRequest
 *     a plugin's Ask             access_may (may.h): no: Answer.forbidden with `why`; yes: reach into Command.reach and ControlRequest.reach, actor from access_actor
 *     a person signs in          access_sign_in_begin on the loop; access_password_check on a thread for slow work; access_sign_in_end on the loop again
 */
#ifndef FASCIA_ACCESS_ACCESS_H
#define FASCIA_ACCESS_ACCESS_H

#include "core/fault.h"
#include "fascia/v1/access.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESS_TOKEN_LIFE     300000 /* ms */
#define ACCESS_ASSERTION_LIFE 300000 /* ms; an assertion that lives longer is refused */
#define ACCESS_SKEW           30000  /* ms that clocks may differ */
#define ACCESS_ACCOUNTS       10000
#define ACCESS_FORM_BYTES     65536 /* of a request to the token endpoint */

struct access;

struct access_settings {
    const char *base;      /* "https://node.example/fhir": what tokens are good for */
    const char *token_url; /* of the token endpoint, what assertions are made out to */
    int64_t session_idle;  /* ms; 0: 15 minutes */
    int64_t session_life;  /* ms; 0: 12 hours */
    int64_t started;       /* instant: nothing that could have been used before this counts */
    struct {
        void *context;
        void (*fill)(void *context, uint8_t *bytes, size_t size);
    } chance; /* fit for keys */
    struct {
        void *context;
        /* Opens a sealed secret of the account of this name; plain has room for `size` bytes. */
        bool (*open)(void *context, const char *name, const uint8_t *sealed, size_t size, uint8_t *plain,
                     size_t *plain_size);
    } vault;
};

/* Settings are copied, what contexts point at is not. */
struct access *access_create(const struct access_settings *settings);
void access_destroy(struct access *access);

/* ---- accounts ---- */

/* Whether somebody could be let in by it, and by nothing that would be a mistake: a private key, a short one, a scope that is none. The text names the field. */
MUST_CHECK bool access_check_account(const Fascia__Account *account, struct fault *fault);
/* Copied; in place of the one of this name. Tokens and sessions of that one are revoked. */
void access_put(struct access *access, const Fascia__Account *account);
void access_remove(struct access *access, const char *name);
/* As it was put. NULL: there is none. Lent until the next put or remove. */
const Fascia__Account *access_find(const struct access *access, const char *name);
/* In the order of their names; NULL behind the last. after: "" for the first. */
const Fascia__Account *access_next(const struct access *access, const char *after);

/* ---- clients ---- */

struct access_answer {
    unsigned status;   /* of HTTP: 200, 400, 401, 503 */
    char *body;        /* JSON by RFC 6749 5.1 or 5.2; access_answer_finish() frees it */
    unsigned retry;    /* seconds, for Retry-After; 0: none */
    const char *error; /* "" or "invalid_client" ...: static, for the log */
    const char *why;   /* for the log: static, nothing of what was sent */
    char account[64];  /* whose signature was good; "" */
};
/* The token endpoint: body of an application/x-www-form-urlencoded request, not terminated. */
void access_token(struct access *access, const char *form, size_t size, int64_t now, struct access_answer *answer);
void access_answer_finish(struct access_answer *answer);

/* Who shows this Authorization field ("Bearer ..."; NULL: none). NULL, and *refused: "" nothing was shown, "unknown", "expired", "revoked". The principal is the
 * caller's (fascia__principal__free_unpacked). */
Fascia__Principal *access_bearer(struct access *access, const char *authorization, int64_t now, const char **refused);

/* What of `.well-known/smart-configuration` there is to say: JSON, heap. */
char *access_configuration(const struct access *access);

/* Who did it, for the audit trail: "client:main-street", "person:alice"; "user:alice" is one of the machine, on the control socket. */
#define ACCESS_ACTOR_BYTES 65
void access_actor(const Fascia__Principal *principal, char actor[ACCESS_ACTOR_BYTES]);

#endif
