#include "access/keys.h"

#include "core/memory.h"

#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <jose/openssl.h>
#include <stdlib.h>
#include <string.h>

#define RSA_LEAST_BITS 2048
#define RSA_MOST_BITS  8192

static void say_nothing(void *context, const char *file, int line, uint64_t error, const char *format,
                        va_list arguments)
{
    (void)context, (void)file, (void)line, (void)error, (void)format, (void)arguments;
}

/* The library's own would write to stderr what a sender can choose. */
static jose_cfg_t *quiet(void)
{
    jose_cfg_t *quietly = jose_cfg();

    INVARIANT(quietly != NULL);
    jose_cfg_set_err_func(quietly, say_nothing, NULL);
    return quietly;
}

static bool is_text(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value != NULL && strcmp(value, text) == 0;
}

/* ---- keys ---- */

static bool holds_secret(const json_t *key)
{
    static const char *const secret[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        if (json_object_get(key, secret[i]) != NULL)
            return true;
    return is_text(key, "kty", "oct");
}

/* NULL: none that signs here. */
static const char *algorithm_of(const json_t *key)
{
    if (is_text(key, "kty", "RSA"))
        return "RS384";
    return is_text(key, "kty", "EC") && is_text(key, "crv", "P-384") ? "ES384" : NULL;
}

static bool may_sign(jose_cfg_t *quietly, const json_t *key)
{
    const char *algorithm = algorithm_of(key);
    const json_t *only = json_object_get(key, "alg");

    /* The library takes "key_ops" and "use" for the same, and one of them is enough for it. */
    if (json_object_get(key, "use") != NULL && !is_text(key, "use", "sig"))
        return false;
    return algorithm != NULL && (only == NULL || is_text(key, "alg", algorithm)) &&
           jose_jwk_prm(quietly, key, false, "verify");
}

static bool is_sound(jose_cfg_t *quietly, const json_t *key, struct fault *fault)
{
    EVP_PKEY *made = jose_openssl_jwk_to_EVP_PKEY(quietly, key);
    bool sound = made != NULL;
    int bits;

    if (!sound) {
        fault_set(fault, "a key's numbers are no key");
        return false;
    }
    bits = EVP_PKEY_get_bits(made);
    if (is_text(key, "kty", "RSA") && (bits < RSA_LEAST_BITS || bits > RSA_MOST_BITS)) {
        fault_set(fault, "an RSA key has %d bits: %d to %d are taken", bits, RSA_LEAST_BITS, RSA_MOST_BITS);
        sound = false;
    }
    EVP_PKEY_free(made);
    return sound;
}

static bool add_key(jose_cfg_t *quietly, json_t *keys, json_t *key, struct fault *fault)
{
    if (!json_is_object(key))
        fault_set(fault, "a key is no object");
    else if (holds_secret(key))
        fault_set(fault, "a key is private: only public keys may be given, and this one should not be used any more");
    else if (!may_sign(quietly, key))
        return true;
    else if (json_array_size(keys) == KEYS)
        fault_set(fault, "more than %d keys that may sign", KEYS);
    else if (is_sound(quietly, key, fault))
        return json_array_append(keys, key) == 0;
    return false;
}

static bool add_set(jose_cfg_t *quietly, json_t *keys, const char *text, struct fault *fault)
{
    json_t *set = strlen(text) <= KEYS_SET_BYTES ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    json_t *list = json_object_get(set, "keys"), *key;
    bool good = json_is_array(list);
    size_t i;

    if (!good)
        fault_set(fault, "not a JWK set (RFC 7517): JSON of at most %d bytes, an object with an array \"keys\"",
                  KEYS_SET_BYTES);
    json_array_foreach(list, i, key) good = good && add_key(quietly, keys, key, fault);
    json_decref(set);
    return good;
}

json_t *keys_read(char *const *sets, size_t count, struct fault *fault)
{
    jose_cfg_t *quietly = quiet();
    json_t *keys = json_array();
    bool good = count <= KEYS_SETS;

    INVARIANT(keys != NULL);
    if (!good)
        fault_set(fault, "at most %d sets", KEYS_SETS);
    for (size_t i = 0; i < count && good; i++)
        good = add_set(quietly, keys, sets[i], fault);
    if (good && json_array_size(keys) == 0) {
        fault_set(fault, "no key that may sign: RSA for RS384, or EC of P-384 for ES384");
        good = false;
    }
    jose_cfg_decref(quietly);
    if (good)
        return keys;
    json_decref(keys);
    return NULL;
}

/* ---- what they signed ---- */

static json_t *decode(const char *text, size_t size)
{
    char bytes[ASSERTION_BYTES];
    const size_t length = jose_b64_dec_buf(text, size, NULL, 0);
    json_t *value;

    if (length == SIZE_MAX || length > sizeof bytes || jose_b64_dec_buf(text, size, bytes, length) != length)
        return NULL;
    value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

bool assertion_read(const char *text, struct assertion *assertion)
{
    const size_t size = strlen(text);
    const char *first = strchr(text, '.'), *second = first == NULL ? NULL : strchr(first + 1, '.');

    *assertion = (struct assertion){0};
    if (size > ASSERTION_BYTES || second == NULL || strspn(text, JOSE_B64_MAP ".") != size ||
        strchr(second + 1, '.') != NULL)
        return false;
    assertion->header = decode(text, (size_t)(first - text));
    assertion->claims = decode(first + 1, (size_t)(second - first - 1));
    assertion->jws = json_pack("{s:s%, s:s%, s:s}", "protected", text, (size_t)(first - text), "payload", first + 1,
                               (size_t)(second - first - 1), "signature", second + 1);
    /* RFC 7515 4.1.11: what is critical and not understood is to be refused; nothing of it is understood. */
    if (assertion->header != NULL && assertion->claims != NULL && assertion->jws != NULL &&
        json_object_get(assertion->header, "crit") == NULL &&
        (is_text(assertion->header, "alg", "RS384") || is_text(assertion->header, "alg", "ES384")))
        return true;
    assertion_end(assertion);
    return false;
}

void assertion_end(struct assertion *assertion)
{
    json_decref(assertion->jws);
    json_decref(assertion->header);
    json_decref(assertion->claims);
    *assertion = (struct assertion){0};
}

/* A key that is named must be that one; without names any may be. */
static bool is_meant(const json_t *key, const json_t *header)
{
    const char *name = json_string_value(json_object_get(key, "kid"));
    const char *wanted = json_string_value(json_object_get(header, "kid"));

    return is_text(header, "alg", algorithm_of(key)) && (name == NULL || wanted == NULL || strcmp(name, wanted) == 0);
}

bool keys_verify(const json_t *keys, const struct assertion *assertion)
{
    jose_cfg_t *quietly = quiet();
    bool good = false;
    json_t *key;
    size_t i;

    json_array_foreach(keys, i, key) good =
        good || (is_meant(key, assertion->header) && jose_jws_ver(quietly, assertion->jws, NULL, key, false));
    jose_cfg_decref(quietly);
    return good;
}
