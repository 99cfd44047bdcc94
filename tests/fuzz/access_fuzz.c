/*
 * Bodies of any bytes to the token endpoint, and assertions, scopes and Authorization fields. Nobody has the key: a token is never given, every answer is one of OAuth's
 * errors in JSON, and what is read of scopes comes back as it was written.
 *
 * The first byte says what the others are: a whole body, or the claims or header of an assertion that is put into a good form.
 */
#include "access/access.h"
#include "access/scope.h"
#include "core/memory.h"

#include <jansson.h>
#include <jose/b64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define NOW INT64_C(1800000600000)
#define FORM                                                                                                           \
    "grant_type=client_credentials&scope=system%2FTask.rs&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-" \
    "assertion-type%3Ajwt-bearer&client_assertion="

/* A public key whose private half was thrown away. */
static char key_set[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"1\","
                        "\"x\":\"lg0mvjgqcBk5GWONAdEcr-AUErIra3SeiqEw8WC6et50bXylpXej3cQ_w-cN0QgT\","
                        "\"y\":\"Vn8IaVyXXVN988GQVMN7p5kf7afb_Ib4okmM4p7G420L8v4KowfZXA4iheXxvOt7\"}]}";

static void fill(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    memset(bytes, 7, size);
}

static bool open_secret(void *context, const char *name, const uint8_t *sealed, size_t size, uint8_t *plain,
                        size_t *plain_size)
{
    (void)context, (void)name, (void)sealed, (void)size, (void)plain, (void)plain_size;
    return false;
}

static struct access *open_access(void)
{
    const struct access_settings settings = {.base = "https://n",
                                             .token_url = "https://n/token",
                                             .started = NOW - 600000,
                                             .chance = {NULL, fill},
                                             .vault = {NULL, open_secret}};
    struct access *access = access_create(&settings);
    Fascia__Account account = FASCIA__ACCOUNT__INIT;
    Fascia__AccessRole role = FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER;
    char name[] = "main-street", scope[] = "system/*.cruds", *scopes[] = {scope}, *sets[] = {key_set};
    struct fault fault = {{0}};

    account.name = name;
    account.roles = &role;
    account.n_roles = account.n_scopes = account.n_jwks = 1;
    account.scopes = scopes;
    account.jwks = sets;
    if (!access_check_account(&account, &fault))
        invariant_broken(fault.text, __FILE__, __LINE__);
    access_put(access, &account);
    return access;
}

static void ask(struct access *access, const char *form, size_t size)
{
    struct access_answer answer;
    json_t *body;

    access_token(access, form, size, NOW, &answer);
    INVARIANT(answer.status == 400 || answer.status == 401);
    INVARIANT(answer.error[0] != '\0' && answer.account[0] == '\0');
    body = json_loads(answer.body, JSON_REJECT_DUPLICATES, NULL);
    INVARIANT(strcmp(json_string_value(json_object_get(body, "error")), answer.error) == 0);
    json_decref(body);
    access_answer_finish(&answer);
}

/* The bytes as one of the parts of an assertion, the others being good. */
static void ask_with(struct access *access, const char *part, const uint8_t *bytes, size_t size)
{
    static const char header[] = "{\"alg\":\"ES384\",\"kid\":\"1\"}";
    static const char claims[] = "{\"iss\":\"main-street\",\"sub\":\"main-street\",\"aud\":\"https://n/token\","
                                 "\"exp\":1800000700,\"jti\":\"1\"}";
    const bool is_header = part[0] == 'h';
    json_t *first = is_header ? jose_b64_enc(bytes, size) : jose_b64_enc(header, sizeof header - 1);
    json_t *second = is_header ? jose_b64_enc(claims, sizeof claims - 1) : jose_b64_enc(bytes, size);
    char *form = NULL, signature[129];
    int length;

    memset(signature, 'A', 128);
    signature[128] = '\0';
    length = asprintf(&form, "%s%s.%s.%s", FORM, json_string_value(first), json_string_value(second), signature);
    INVARIANT(length > 0);
    ask(access, form, (size_t)length);
    free(form);
    json_decref(first);
    json_decref(second);
}

static void read_scopes(const char *text)
{
    struct scope scope, again;
    char written[SCOPE_TEXT_BYTES];
    static struct scope_list allowed, granted;

    if (!scope_read(text, strlen(text), &scope))
        return;
    scope_write(&scope, written);
    INVARIANT(scope_read(written, strlen(written), &again));
    INVARIANT(again.letters == scope.letters && strcmp(again.resource, scope.resource) == 0);
    allowed.count = granted.count = 0;
    scope_add(&allowed, &scope);
    scope_grant(&allowed, text, &granted);
    INVARIANT(granted.count == 1 && granted.scopes[0].letters == scope.letters);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct access *access;
    const char *refused;
    char *text;

    if (access == NULL)
        access = open_access();
    if (size == 0 || size > 20000)
        return 0;
    text = memory_allocate(size + 1, 1);
    memcpy(text, bytes + 1, size - 1);
    switch (bytes[0]) {
    case 'h':
        ask_with(access, "header", bytes + 1, size - 1);
        break;
    case 'c':
        ask_with(access, "claims", bytes + 1, size - 1);
        break;
    case 's':
        read_scopes(text);
        break;
    case 'b':
        INVARIANT(access_bearer(access, text, NOW, &refused) == NULL);
        INVARIANT(strcmp(refused, "unknown") == 0);
        break;
    default:
        ask(access, text, size - 1);
    }
    free(text);
    return 0;
}
