#include "unit/access_kit.h"

#define SCOPE "system/ServiceRequest.crs"

/* Keys take long to make: once for all tests. */
static struct {
    json_t *ec, *rsa, *other;
} keys;

static int make_keys(void **state)
{
    (void)state;
    keys.ec = kit_key("ES384", "ec-1");
    keys.rsa = kit_key("RS384", "rsa-1");
    keys.other = kit_key("ES384", "ec-2");
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    json_decref(keys.ec);
    json_decref(keys.rsa);
    json_decref(keys.other);
    return 0;
}

static struct access *clinic(void)
{
    struct access *access = kit_access();

    kit_put(access, kit_client("main-street", (json_t *const[]){keys.ec, keys.rsa}, 2, SCOPE));
    return access;
}

static json_t *claims(const char *id)
{
    return kit_claims("main-street", id, KIT_NOW);
}

/* Asks with these claims (taken) and says what came of it: status and error. */
static void expect(struct access *access, json_t *asked, const char *header, const json_t *key, unsigned status,
                   const char *error)
{
    struct access_answer answer;
    json_t *body = kit_ask(access, kit_sign(asked, header, key), SCOPE, KIT_NOW, &answer);

    if (answer.status != status || strcmp(answer.error, error) != 0)
        fail_msg("%u %s (%s), not %u %s", answer.status, answer.error, answer.why, status, error);
    if (status != 200)
        assert_string_equal(json_string_value(json_object_get(body, "error")), error);
    json_decref(asked);
    json_decref(body);
    access_answer_finish(&answer);
}

#define REFUSED(access, asked, header, key) expect(access, asked, header, key, 401, "invalid_client")
#define GRANTED(access, asked, header, key) expect(access, asked, header, key, 200, "")

static char *token_of(struct access *access, const char *id, const char *scope, int64_t now)
{
    struct access_answer answer;
    json_t *asked = kit_claims("main-street", id, now);
    json_t *body = kit_ask(access, kit_sign(asked, NULL, keys.ec), scope, now, &answer);
    char *authorization = NULL;

    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.account, "main-street");
    assert_string_equal(json_string_value(json_object_get(body, "token_type")), "bearer");
    assert_int_equal(json_integer_value(json_object_get(body, "expires_in")), 300);
    assert_true(asprintf(&authorization, "Bearer %s", json_string_value(json_object_get(body, "access_token"))) ==
                7 + 43);
    json_decref(asked);
    json_decref(body);
    access_answer_finish(&answer);
    return authorization;
}

static void either_key_gets_a_token_that_says_who_it_is(void **state)
{
    struct access *access = clinic();
    char *authorization = token_of(access, "1", SCOPE, KIT_NOW);
    const char *refused = NULL;
    Fascia__Principal *principal = access_bearer(access, authorization, KIT_NOW + 1000, &refused);
    char actor[ACCESS_ACTOR_BYTES];

    (void)state;
    assert_non_null(principal);
    assert_string_equal(refused, "");
    assert_string_equal(principal->account, "main-street");
    assert_string_equal(principal->sender, "main-street");
    assert_false(principal->person);
    assert_int_equal(principal->n_scopes, 1);
    assert_string_equal(principal->scopes[0], SCOPE);
    access_actor(principal, actor);
    assert_string_equal(actor, "client:main-street");
    GRANTED(access, claims("2"), NULL, keys.rsa);
    fascia__principal__free_unpacked(principal, NULL);
    free(authorization);
    access_destroy(access);
}

static void a_key_that_is_not_the_clients_signs_nothing(void **state)
{
    struct access *access = clinic();

    (void)state;
    REFUSED(access, claims("1"), NULL, keys.other);
    /* Nor does one that calls itself like the right one. */
    REFUSED(access, claims("1"), "{\"alg\":\"ES384\",\"kid\":\"ec-1\"}", keys.other);
    GRANTED(access, claims("1"), "{\"alg\":\"ES384\",\"kid\":\"ec-1\"}", keys.ec);
    /* And who names a key must have used it. */
    REFUSED(access, claims("2"), "{\"alg\":\"ES384\",\"kid\":\"ec-9\"}", keys.ec);
    access_destroy(access);
}

static void what_is_not_signed_or_signed_otherwise_is_refused(void **state)
{
    struct access *access = clinic();
    json_t *weak = kit_key("ES256", "weak"), *asked = claims("1");
    json_t *payload = jose_b64_enc_dump(asked);
    char *unsigned_one = NULL;
    struct access_answer answer;
    json_t *body;

    (void)state;
    REFUSED(access, claims("1"), NULL, weak);
    assert_true(asprintf(&unsigned_one, "eyJhbGciOiJub25lIn0.%s.", json_string_value(payload)) > 0); /* alg: none */
    body = kit_ask(access, unsigned_one, SCOPE, KIT_NOW, &answer);
    assert_int_equal(answer.status, 401);
    json_decref(body);
    access_answer_finish(&answer);
    REFUSED(access, claims("1"), "{\"alg\":\"ES384\",\"crit\":[\"exp\"]}", keys.ec);
    json_decref(asked);
    json_decref(payload);
    json_decref(weak);
    access_destroy(access);
}

/* The public key, which everybody has, as the secret of an HMAC. */
static void a_public_key_is_no_secret(void **state)
{
    static const char *const algorithms[] = {"HS256", "HS384", "HS512"};
    struct access *access = clinic();
    char *set = kit_set((json_t *const[]){keys.rsa}, 1);
    json_t *parsed = json_loads(set, 0, NULL);
    char *text = json_dumps(json_array_get(json_object_get(parsed, "keys"), 0), JSON_COMPACT);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        json_t *secret =
            json_pack("{s:s, s:s, s:o}", "kty", "oct", "alg", algorithms[i], "k", jose_b64_enc(text, strlen(text)));
        char header[64];

        snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"rsa-1\"}", algorithms[i]);
        REFUSED(access, claims("1"), header, secret);
        json_decref(secret);
    }
    json_decref(parsed);
    free(set);
    free(text);
    access_destroy(access);
}

static void a_byte_that_was_changed_spoils_it(void **state)
{
    struct access *access = clinic();
    json_t *asked = claims("1");
    char *good = kit_sign(asked, NULL, keys.ec);
    const size_t size = strlen(good);

    (void)state;
    for (size_t i = 0; i < size; i += 7) {
        char *bad = strdup(good);
        struct access_answer answer;
        json_t *body;

        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        body = kit_ask(access, bad, SCOPE, KIT_NOW, &answer);
        assert_int_equal(answer.status, 401);
        json_decref(body);
        access_answer_finish(&answer);
    }
    json_decref(asked);
    free(good);
    access_destroy(access);
}

static json_t *with(const char *name, json_t *value)
{
    json_t *asked = claims("1");

    if (value == NULL)
        json_object_del(asked, name);
    else
        json_object_set_new(asked, name, value);
    return asked;
}

static void claims_must_be_these(void **state)
{
    struct access *access = clinic();
    const json_int_t now = KIT_NOW / 1000;

    (void)state;
    REFUSED(access, with("iss", json_string("another")), NULL, keys.ec);
    REFUSED(access, with("sub", json_string("another")), NULL, keys.ec);
    REFUSED(access, with("sub", NULL), NULL, keys.ec);
    REFUSED(access, with("aud", json_string(KIT_BASE)), NULL, keys.ec);
    REFUSED(access, with("aud", json_string(KIT_URL "/")), NULL, keys.ec);
    REFUSED(access, with("aud", json_pack("[s]", "https://other.example/token")), NULL, keys.ec);
    REFUSED(access, with("aud", NULL), NULL, keys.ec);
    REFUSED(access, with("exp", NULL), NULL, keys.ec);
    REFUSED(access, with("exp", json_integer(now - 31)), NULL, keys.ec);
    REFUSED(access, with("exp", json_integer(now + 331)), NULL, keys.ec);
    REFUSED(access, with("exp", json_string("soon")), NULL, keys.ec);
    REFUSED(access, with("exp", json_real(1e300)), NULL, keys.ec);
    REFUSED(access, with("nbf", json_integer(now + 31)), NULL, keys.ec);
    REFUSED(access, with("iat", json_integer(now + 31)), NULL, keys.ec);
    REFUSED(access, with("iat", json_true()), NULL, keys.ec);
    REFUSED(access, with("jti", NULL), NULL, keys.ec);
    REFUSED(access, with("jti", json_string("")), NULL, keys.ec);
    REFUSED(access, with("jti", json_integer(1)), NULL, keys.ec);
    /* None of these has used it up, and clocks may differ a little. */
    GRANTED(access, with("exp", json_integer(now - 29)), NULL, keys.ec);
    GRANTED(access,
            json_pack("{s:s, s:s, s:[s, s], s:I, s:s}", "iss", "main-street", "sub", "main-street", "aud", "x", KIT_URL,
                      "exp", now + 300, "jti", "2"),
            NULL, keys.ec);
    access_destroy(access);
}

static void an_assertion_is_used_once(void **state)
{
    struct access *access = clinic();

    (void)state;
    kit_put(access, kit_client("elm-street", (json_t *const[]){keys.ec}, 1, SCOPE));
    GRANTED(access, claims("1"), NULL, keys.ec);
    REFUSED(access, claims("1"), NULL, keys.ec);
    REFUSED(access, claims("1"), NULL, keys.rsa);
    GRANTED(access, claims("2"), NULL, keys.ec);
    GRANTED(access, kit_claims("elm-street", "1", KIT_NOW), NULL, keys.ec);
    /* Also when the client was away in between. */
    access_remove(access, "main-street");
    REFUSED(access, claims("3"), NULL, keys.ec);
    kit_put(access, kit_client("main-street", (json_t *const[]){keys.ec}, 1, SCOPE));
    REFUSED(access, claims("1"), NULL, keys.ec);
    GRANTED(access, claims("3"), NULL, keys.ec);
    access_destroy(access);
}

static unsigned status_at(struct access *access, const char *id, int64_t issued, bool tell, int64_t now,
                          unsigned *retry)
{
    struct access_answer answer;
    json_t *asked = kit_claims("main-street", id, issued), *body;
    unsigned status;

    json_object_set_new(asked, "exp", json_integer(issued / 1000 + 300));
    if (!tell)
        json_object_del(asked, "iat");
    body = kit_ask(access, kit_sign(asked, NULL, keys.ec), SCOPE, now, &answer);
    status = answer.status;
    *retry = answer.retry;
    json_decref(asked);
    json_decref(body);
    access_answer_finish(&answer);
    return status;
}

/* Whoever ran before has forgotten what was used: what it could have taken is not taken. */
static void nothing_from_before_the_start_is_taken(void **state)
{
    struct access *access = clinic();
    unsigned retry;

    (void)state;
    for (int tell = 0; tell < 2; tell++) {
        assert_int_equal(status_at(access, "1", KIT_STARTED - 1000, tell, KIT_STARTED + 1000, &retry), 503);
        assert_int_equal(retry, 30);
        assert_int_equal(status_at(access, "1", KIT_STARTED + 29000, tell, KIT_STARTED + 1000, &retry), 503);
        assert_int_equal(status_at(access, "1", KIT_STARTED + 29000, tell, KIT_STARTED + 100000, &retry), 503);
        assert_int_equal(status_at(access, tell ? "1" : "2", KIT_STARTED + 30000, tell, KIT_STARTED + 30000, &retry),
                         200);
    }
    access_destroy(access);
}

static void what_is_asked_too_much_is_left_out(void **state)
{
    static const struct {
        const char *asked, *granted;
    } cases[] = {
        {"system/ServiceRequest.rs", "system/ServiceRequest.rs"},
        {"system/ServiceRequest.cruds", "system/ServiceRequest.crs"},
        {"system/ServiceRequest.read", "system/ServiceRequest.rs"},
        {"system/ServiceRequest.write", "system/ServiceRequest.c"},
        {"system/ServiceRequest.*", "system/ServiceRequest.crs"},
        {"system/*.r", "system/ServiceRequest.r"},
        {"system/*.*", "system/ServiceRequest.crs"},
        {"system/ServiceRequest.c+system/ServiceRequest.rs", "system/ServiceRequest.crs"},
        {"system/Patient.rs+system/ServiceRequest.r+openid+launch", "system/ServiceRequest.r"},
    };
    static const char *const none[] = {"system/Patient.rs",
                                       "user/ServiceRequest.rs",
                                       "system/ServiceRequest.sr",
                                       "system/ServiceRequest.",
                                       "system/ServiceRequest",
                                       "system/ServiceRequest.rr",
                                       "system/servicerequest.rs",
                                       "system/ServiceRequest.rs%3Fstatus=active",
                                       "system/ServiceRequest.ud",
                                       "system/ServiceRequest.rsx",
                                       ""};
    struct access *access = clinic();
    char id[24];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *refused;
        char *authorization;
        Fascia__Principal *principal;

        snprintf(id, sizeof id, "good-%zu", i);
        authorization = token_of(access, id, cases[i].asked, KIT_NOW);
        principal = access_bearer(access, authorization, KIT_NOW, &refused);
        assert_int_equal(principal->n_scopes, 1);
        assert_string_equal(principal->scopes[0], cases[i].granted);
        fascia__principal__free_unpacked(principal, NULL);
        free(authorization);
    }
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct access_answer answer;
        json_t *asked, *body;

        snprintf(id, sizeof id, "bad-%zu", i);
        asked = claims(id);
        body = kit_ask(access, kit_sign(asked, NULL, keys.ec), none[i], KIT_NOW, &answer);
        assert_int_equal(answer.status, 400);
        assert_string_equal(answer.error, "invalid_scope");
        json_decref(asked);
        json_decref(body);
        access_answer_finish(&answer);
    }
    access_destroy(access);
}

static const char *why_refused(struct access *access, const char *authorization, int64_t now)
{
    const char *refused;
    Fascia__Principal *principal = access_bearer(access, authorization, now, &refused);

    assert_true((principal == NULL) == (refused[0] != '\0' || authorization == NULL));
    fascia__principal__free_unpacked(principal, NULL);
    return refused;
}

static void a_token_ends_with_its_time_or_its_account(void **state)
{
    struct access *access = clinic();
    char *first = token_of(access, "1", SCOPE, KIT_NOW), *second;
    Fascia__Account *account;

    (void)state;
    assert_string_equal(why_refused(access, NULL, KIT_NOW), "");
    assert_string_equal(why_refused(access, "Basic YTpi", KIT_NOW), "unknown");
    assert_string_equal(why_refused(access, "Bearer ", KIT_NOW), "unknown");
    assert_string_equal(why_refused(access, "Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", KIT_NOW), "unknown");
    assert_string_equal(why_refused(access, first, KIT_NOW + 299999), "");
    first[0] = 'b'; /* the scheme's case does not matter (RFC 7235 2.1) */
    assert_string_equal(why_refused(access, first, KIT_NOW + 299999), "");
    assert_string_equal(why_refused(access, first, KIT_NOW + 300000), "expired");
    second = token_of(access, "2", SCOPE, KIT_NOW);
    account = kit_client("main-street", (json_t *const[]){keys.ec}, 1, SCOPE);
    account->disabled = true;
    kit_put(access, account);
    assert_string_equal(why_refused(access, second, KIT_NOW), "revoked");
    REFUSED(access, claims("3"), NULL, keys.ec);
    kit_put(access, kit_client("main-street", (json_t *const[]){keys.ec}, 1, SCOPE));
    assert_string_equal(why_refused(access, second, KIT_NOW), "revoked");
    free(second);
    second = token_of(access, "4", SCOPE, KIT_NOW);
    access_remove(access, "main-street");
    assert_string_equal(why_refused(access, second, KIT_NOW), "revoked");
    free(first);
    free(second);
    access_destroy(access);
}

/* A client that asks for a token each time can't fill the node: its oldest tokens end. */
static void tokens_of_one_client_are_bounded(void **state)
{
    struct access *access = clinic();
    char *first = token_of(access, "first", SCOPE, KIT_NOW), *last = NULL;

    (void)state;
    for (int i = 0; i < 256; i++) {
        char id[16];

        snprintf(id, sizeof id, "%d", i);
        free(last);
        last = token_of(access, id, SCOPE, KIT_NOW + 1 + i);
    }
    assert_string_equal(why_refused(access, first, KIT_NOW + 300), "unknown");
    assert_string_equal(why_refused(access, last, KIT_NOW + 300), "");
    free(first);
    free(last);
    access_destroy(access);
}

static void a_form_must_be_one(void **state)
{
    static const struct {
        const char *form, *error;
    } cases[] = {
        {"", "invalid_request"},
        {"scope=a&scope=b", "invalid_request"},
        {"grant_type=%4", "invalid_request"},
        {"grant_type=%00", "invalid_request"},
        {"grant_type=", "invalid_request"},
        {"grant_type=authorization_code", "unsupported_grant_type"},
        {"grant_type=client_credentials&client_id=main-street&client_secret=x", "invalid_client"},
        {"grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
         "invalid_client"},
        {"grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&"
         "client_assertion=a.b.c",
         "invalid_client"},
    };
    struct access *access = clinic();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct access_answer answer;

        access_token(access, cases[i].form, strlen(cases[i].form), KIT_NOW, &answer);
        assert_string_equal(answer.error, cases[i].error);
        assert_int_equal(answer.status, strcmp(cases[i].error, "invalid_client") == 0 ? 401 : 400);
        assert_non_null(strstr(answer.body, cases[i].error));
        access_answer_finish(&answer);
    }
    access_destroy(access);
}

static void the_configuration_tells_where_tokens_are(void **state)
{
    struct access *access = clinic();
    char *text = access_configuration(access);
    json_t *configuration = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    (void)state;
    assert_string_equal(json_string_value(json_object_get(configuration, "token_endpoint")), KIT_URL);
    assert_string_equal(json_string_value(json_array_get(json_object_get(configuration, "grant_types_supported"), 0)),
                        "client_credentials");
    assert_int_equal(
        json_array_size(json_object_get(configuration, "token_endpoint_auth_signing_alg_values_supported")), 2);
    json_decref(configuration);
    free(text);
    access_destroy(access);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(either_key_gets_a_token_that_says_who_it_is),
        cmocka_unit_test(a_key_that_is_not_the_clients_signs_nothing),
        cmocka_unit_test(what_is_not_signed_or_signed_otherwise_is_refused),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(a_byte_that_was_changed_spoils_it),
        cmocka_unit_test(claims_must_be_these),
        cmocka_unit_test(an_assertion_is_used_once),
        cmocka_unit_test(nothing_from_before_the_start_is_taken),
        cmocka_unit_test(what_is_asked_too_much_is_left_out),
        cmocka_unit_test(a_token_ends_with_its_time_or_its_account),
        cmocka_unit_test(tokens_of_one_client_are_bounded),
        cmocka_unit_test(a_form_must_be_one),
        cmocka_unit_test(the_configuration_tells_where_tokens_are),
    };

    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
