/*
 * People sign in: a password (argon2id), and a code (TOTP, RFC 6238) where the account has one. Then they have a session.
 *
 * Verifying a password takes a tenth of a second and 64 MiB, by intent. So it is cut in three: begin and end are the loop's and quick; what is between is pure and
 * runs on a thread for slow work. An attempt counts as failed from its beginning, so that a thousand at once are a thousand failures; one that succeeds is forgiven.
 * Who fails waits: longer each time, by account and by address. A name that is none is treated as one with a password that nobody knows, in the same time.
 */
#ifndef FASCIA_ACCESS_SIGN_IN_H
#define FASCIA_ACCESS_SIGN_IN_H

#include "fascia/v1/access.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESS_PASSWORD_LEAST 10 /* characters (bytes) of a new one */
#define ACCESS_PASSWORD_BYTES 1024
#define ACCESS_SESSION_BYTES  44 /* of a session's text, with its NUL */

struct access;

/* One attempt. The caller's; access_attempt_finish() overwrites what was secret. */
struct access_attempt {
    char name[64];
    char password[ACCESS_PASSWORD_BYTES + 1];
    char hash[128];
    uint8_t address[32]; /* key of where it comes from */
    bool known;          /* there is such an account, and it may sign in */
    bool right;          /* access_password_check()'s */
};

enum access_verdict {
    ACCESS_SIGNED_IN,
    ACCESS_WRONG,       /* name, password, or code: which one is not told */
    ACCESS_CODE_NEEDED, /* the password is right; ask for the code and begin again with both */
    ACCESS_CROWDED      /* the node has too many sessions */
};

/* Loop. address: "192.0.2.7:51234", "[2001:db8::1]:443". true: go on with access_password_check; false: wait *retry ms. */
bool access_sign_in_begin(struct access *access, const char *name, const char *password, const char *address,
                          int64_t now, struct access_attempt *attempt, int64_t *retry);
/* Any thread: reads and writes the attempt alone. */
void access_password_check(struct access_attempt *attempt);
/* Loop. code: six digits; "" or NULL: none was given. Signed in: session is the text for the cookie. */
enum access_verdict access_sign_in_end(struct access *access, const struct access_attempt *attempt, const char *code,
                                       int64_t now, char session[ACCESS_SESSION_BYTES]);
void access_attempt_finish(struct access_attempt *attempt);

/* Who has this session, which is in use from now on; as access_bearer(). */
Fascia__Principal *access_session(struct access *access, const char *session, int64_t now, const char **refused);
void access_sign_out(struct access *access, const char *session);

/* Until when the account has to wait, an instant; 0: it has not. */
int64_t access_locked_until(const struct access *access, const char *name, int64_t now);
/* Forgives the account's failures (those of an address pass with time). */
void access_unlock(struct access *access, const char *name);

/* ---- also for who sets passwords; any thread ---- */

/* A new password's hash; false when there is no memory for it. */
bool access_password_hash(const char *password, char hash[128]);
/* The code of a secret at a step of 30 seconds: 6 digits and a NUL. */
#define ACCESS_TOTP_SECRET 20
void access_totp_code(const uint8_t *secret, size_t size, int64_t step, char code[7]);

#endif
