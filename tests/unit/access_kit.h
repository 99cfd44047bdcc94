/* A node's accounts with made-up time and chance, and clients whose keys are made here. */
#ifndef TESTS_UNIT_ACCESS_KIT_H
#define TESTS_UNIT_ACCESS_KIT_H

#include "access/access.h"
#include "access/may.h"
#include "access/sign_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <jansson.h>
#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIT_BASE    "https://node.example/fhir"
#define KIT_URL     KIT_BASE "/token"
#define KIT_STARTED INT64_C(1800000000000)
#define KIT_NOW     (KIT_STARTED + 600000) /* long enough after the start that nothing of before counts */

static inline void kit_fill(void *context, uint8_t *bytes, size_t size)
{
    uint64_t *state = context;

    for (size_t i = 0; i < size; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(*state >> 56);
    }
}

/* Sealed is: each byte turned over. */
static inline bool kit_open(void *context, const char *name, const uint8_t *sealed, size_t size, uint8_t *plain,
                            size_t *plain_size)
{
    (void)context, (void)name;
    for (size_t i = 0; i < size; i++)
        plain[i] = (uint8_t)~sealed[i];
    *plain_size = size;
    return true;
}

static inline struct access *kit_access_from(int64_t started)
{
    static uint64_t chance = 1;
    const struct access_settings settings = {.base = KIT_BASE,
                                             .token_url = KIT_URL,
                                             .started = started,
                                             .chance = {&chance, kit_fill},
                                             .vault = {NULL, kit_open}};

    return access_create(&settings);
}

static inline struct access *kit_access(void)
{
    return kit_access_from(KIT_STARTED);
}

/* algorithm: "RS384", "ES384", or another to see it refused. */
static inline json_t *kit_key(const char *algorithm, const char *name)
{
    json_t *key = json_pack("{s:s, s:s}", "alg", algorithm, "kid", name);

    assert_true(jose_jwk_gen(NULL, key));
    return key;
}

/* The set of the public halves; heap. */
static inline char *kit_set(json_t *const *keys, size_t count)
{
    json_t *set = json_pack("{s:[]}", "keys");
    char *text;

    for (size_t i = 0; i < count; i++) {
        json_t *public = json_deep_copy(keys[i]);

        assert_true(jose_jwk_pub(NULL, public));
        json_array_append_new(json_object_get(set, "keys"), public);
    }
    text = json_dumps(set, JSON_COMPACT);
    json_decref(set);
    return text;
}

/* A client with these scopes (at most 4, to NULL); freed by the caller. */
static inline Fascia__Account *kit_client(const char *name, json_t *const *keys, size_t count, const char *scope)
{
    Fascia__Account *account = calloc(1, sizeof *account);

    fascia__account__init(account);
    account->name = strdup(name);
    account->kind = FASCIA__ACCOUNT__KIND__CLIENT;
    account->roles = calloc(1, sizeof *account->roles);
    account->roles[account->n_roles++] = FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER;
    account->jwks = calloc(1, sizeof(char *));
    account->jwks[account->n_jwks++] = kit_set(keys, count);
    account->scopes = calloc(1, sizeof(char *));
    account->scopes[account->n_scopes++] = strdup(scope);
    return account;
}

static inline void kit_put(struct access *access, Fascia__Account *account)
{
    struct fault fault = {{0}};

    if (!access_check_account(account, &fault))
        fail_msg("%s", fault.text);
    access_put(access, account);
    fascia__account__free_unpacked(account, NULL);
}

/* Claims as a client makes them at `now`; the caller changes what it likes. */
static inline json_t *kit_claims(const char *name, const char *id, int64_t now)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "iss", name, "sub", name, "aud", KIT_URL, "exp",
                     (json_int_t)(now / 1000 + 240), "iat", (json_int_t)(now / 1000), "jti", id);
}

/* header may be NULL: the key's algorithm alone. Heap. */
static inline char *kit_sign(const json_t *claims, const char *header, const json_t *key)
{
    json_t *jws = json_pack("{s:o}", "payload", jose_b64_enc_dump(claims));
    json_t *signature =
        json_pack("{s:o}", "protected",
                  header != NULL ? json_loads(header, 0, NULL)
                                 : json_pack("{s:O, s:s}", "alg", json_object_get(key, "alg"), "typ", "JWT"));
    char *text = NULL;

    assert_true(jose_jws_sig(NULL, jws, signature, key));
    assert_true(asprintf(&text, "%s.%s.%s", json_string_value(json_object_get(jws, "protected")),
                         json_string_value(json_object_get(jws, "payload")),
                         json_string_value(json_object_get(jws, "signature"))) > 0);
    json_decref(signature);
    json_decref(jws);
    return text;
}

static inline char *kit_form(const char *assertion, const char *scope)
{
    char *form = NULL;

    assert_true(
        asprintf(
            &form,
            "grant_type=client_credentials&scope=%s&client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient-"
            "assertion-type%%3Ajwt-bearer&client_assertion=%s",
            scope, assertion) > 0);
    return form;
}

/* Asks with an assertion; takes it. What came is json; *answer is to be finished. */
static inline json_t *kit_ask(struct access *access, char *assertion, const char *scope, int64_t now,
                              struct access_answer *answer)
{
    char *form = kit_form(assertion, scope);
    json_t *body;

    access_token(access, form, strlen(form), now, answer);
    body = json_loads(answer->body, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(body);
    free(form);
    free(assertion);
    return body;
}

#endif
