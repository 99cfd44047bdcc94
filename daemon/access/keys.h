/*
 * Public keys of clients (RFC 7517), and what they have signed (RFC 7515). RS384 and ES384 sign, as SMART asks for, and nothing else: which algorithm a key
 * is for follows from the key, so that no header can make a public key into the secret of another one.
 */
#ifndef FASCIA_ACCESS_KEYS_H
#define FASCIA_ACCESS_KEYS_H

#include "core/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define KEYS_SETS       8
#define KEYS_SET_BYTES  65536
#define KEYS            16 /* of one client that may sign */
#define ASSERTION_BYTES 16384

/* The keys of these sets that may sign, as an array; NULL and why when there is none, a set is none, or one holds a secret. */
json_t *keys_read(char *const *sets, size_t count, struct fault *fault);

/* A compact serialization that was taken apart. What it says is not to be believed before keys_verify(). */
struct assertion {
    json_t *jws; /* "protected", "payload", "signature" */
    json_t *header, *claims;
};
/* false: it is none, or of another algorithm than ours. */
MUST_CHECK bool assertion_read(const char *text, struct assertion *assertion);
void assertion_end(struct assertion *assertion);
/* Whether one of the keys has signed it. */
MUST_CHECK bool keys_verify(const json_t *keys, const struct assertion *assertion);

#endif
