/* What is an account, and what is not. */
#include "access/ledger.h"
#include "unit/access_kit.h"

#define SCOPE "system/ServiceRequest.crs"

static json_t *key;

static int make_key(void **state)
{
    (void)state;
    key = kit_key("ES384", "1");
    return 0;
}

static int drop_key(void **state)
{
    (void)state;
    json_decref(key);
    return 0;
}

static Fascia__Account *client(void)
{
    return kit_client("main-street", &key, 1, SCOPE);
}

static Fascia__Account *person(void)
{
    Fascia__Account *account = calloc(1, sizeof *account);

    fascia__account__init(account);
    account->name = strdup("alice");
    account->kind = FASCIA__ACCOUNT__KIND__PERSON;
    account->roles = calloc(1, sizeof *account->roles);
    account->roles[account->n_roles++] = FASCIA__ACCESS_ROLE__ACCESS_ROLE_ADMIN;
    return account;
}

/* NULL: it is good. Takes it. */
static void expect(Fascia__Account *account, const char *named)
{
    struct fault fault = {{0}};
    const bool good = access_check_account(account, &fault);

    if (good != (named == NULL) || (named != NULL && strstr(fault.text, named) == NULL))
        fail_msg("'%s', not '%s'", fault.text, named != NULL ? named : "");
    fascia__account__free_unpacked(account, NULL);
}

#define WITH(make, field, value)                                                                                       \
    ({                                                                                                                 \
        Fascia__Account *with = make();                                                                                \
        if (with->field != (char *)protobuf_c_empty_string)                                                            \
            free(with->field);                                                                                         \
        with->field = strdup(value);                                                                                   \
        with;                                                                                                          \
    })

static void names_and_texts_are_checked(void **state)
{
    (void)state;
    expect(client(), NULL);
    expect(person(), NULL);
    expect(WITH(person, name, "a"), NULL);
    expect(WITH(person, name, "9.a_b@c-d"), NULL);
    expect(WITH(person, name, "123456789012345678901234567890123456789012345678901234567"), NULL);
    expect(WITH(person, name, "1234567890123456789012345678901234567890123456789012345678"), "name");
    expect(WITH(person, name, ""), "name");
    expect(WITH(person, name, ".a"), "name");
    expect(WITH(person, name, "Alice"), "name");
    expect(WITH(person, name, "a b"), "name");
    expect(WITH(person, name, "a:b"), "name");
    expect(WITH(person, title, "Alice Roe, Größe"), NULL);
    expect(WITH(person, title, "a\nb"), "title");
    expect(WITH(person, title, "\xff"), "title");
    expect(WITH(person, sender, "a\tb"), "sender");
}

static Fascia__Account *in_role(Fascia__Account *account, int role)
{
    account->roles[0] = (Fascia__AccessRole)role;
    return account;
}

static Fascia__Account *twice(Fascia__Account *account)
{
    account->roles = realloc(account->roles, 2 * sizeof *account->roles);
    account->roles[1] = account->roles[0];
    account->n_roles = 2;
    return account;
}

static void roles_are_checked(void **state)
{
    Fascia__Account *none = person(), *kind = person();

    (void)state;
    none->n_roles = 0;
    kind->kind = (Fascia__Account__Kind)7;
    expect(none, "roles");
    expect(kind, "kind");
    expect(in_role(person(), 0), "roles");
    expect(in_role(person(), 5), "roles");
    expect(in_role(person(), 1000000), "roles");
    expect(in_role(person(), FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST), "therapist");
    expect(in_role(WITH(person, therapist, "1000000004"), FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST), NULL);
    expect(in_role(client(), FASCIA__ACCESS_ROLE__ACCESS_ROLE_ADMIN), "roles");
    expect(twice(person()), "roles");
}

static void passwords_are_hashes_of_a_sensible_cost(void **state)
{
    char hash[128];

    (void)state;
    assert_true(access_password_hash("a good long password", hash));
    expect(WITH(person, password, hash), NULL);
    expect(WITH(person, password, "!"), NULL);
    expect(WITH(person, password, "a good long password"), "password");
    expect(WITH(person, password, "$argon2i$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$AAAA"), "password");
    expect(WITH(person, password, "$argon2id$v=19$m=4294967295,t=3,p=1$c2FsdHNhbHQ$AAAA"), "password");
    expect(WITH(person, password, "$argon2id$v=19$m=65536,t=4294967295,p=1$c2FsdHNhbHQ$AAAA"), "password");
    expect(WITH(person, password, "$argon2id$v=19$m=65536,t=3,p=64$c2FsdHNhbHQ$AAAA"), "password");
    expect(WITH(client, password, hash), "password");
}

static Fascia__Account *with_set(const char *set)
{
    Fascia__Account *account = client();

    free(account->jwks[0]);
    account->jwks[0] = strdup(set);
    return account;
}

/* A set of one key that is made here, with all that it has, or its public half with something else in place. */
static Fascia__Account *with_key(json_t *made, const char *name, const char *value, bool private)
{
    json_t *set;
    char *text;
    Fascia__Account *account;

    if (!private)
        assert_true(jose_jwk_pub(NULL, made));
    if (name != NULL)
        json_object_set_new(made, name, json_string(value));
    set = json_pack("{s:[o]}", "keys", made);
    text = json_dumps(set, 0);
    account = with_set(text);
    free(text);
    json_decref(set);
    return account;
}

/* As long as a key of so many bits; nobody could sign with it. */
static json_t *rsa_key(size_t bits)
{
    uint8_t number[1024];

    memset(number, 0xd5, sizeof number);
    return json_pack("{s:s, s:s, s:o}", "kty", "RSA", "e", "AQAB", "n", jose_b64_enc(number, bits / 8));
}

static void keys_are_public_long_enough_and_for_signing(void **state)
{
    Fascia__Account *none = client();

    (void)state;
    free(none->jwks[0]);
    none->n_jwks = 0;
    expect(none, "jwks");
    expect(with_set("{}"), "jwks");
    expect(with_set("{\"keys\":[]}"), "no key that may sign");
    expect(with_set("{\"keys\":[1]}"), "jwks");
    expect(with_set("not JSON"), "jwks");
    expect(with_key(kit_key("ES384", "a"), NULL, NULL, false), NULL);
    expect(with_key(kit_key("ES384", "a"), NULL, NULL, true), "private");
    expect(with_key(kit_key("HS256", "a"), NULL, NULL, true), "private");
    expect(with_key(kit_key("ES256", "a"), NULL, NULL, false), "no key that may sign");
    expect(with_key(kit_key("ES384", "a"), "use", "enc", false), "no key that may sign");
    expect(with_key(kit_key("ES384", "a"), "alg", "ES256", false), "no key that may sign");
    expect(with_key(kit_key("ES384", "a"), "x", "AAAA", false), "no key");
    expect(with_key(rsa_key(1024), NULL, NULL, false), "1024 bits");
    expect(with_key(rsa_key(2048), NULL, NULL, false), NULL);
    expect(with_key(rsa_key(8192), NULL, NULL, false), NULL);
}

static void scopes_are_those_of_systems(void **state)
{
    static const char *const bad[] = {
        "", "openid", "user/Task.r", "system/Task.", "system/Task.x", "system/Task.sr", "system/.r", "system/*"};
    static const char *const good[] = {"system/*.*",        "system/*.rs",       "system/Task.read",
                                       "system/Task.write", "system/Task.cruds", "system/Task.d"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect(kit_client("x", &key, 1, bad[i]), "scopes");
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect(kit_client("x", &key, 1, good[i]), NULL);
    {
        Fascia__Account *account = person();
        account->scopes = calloc(1, sizeof(char *));
        account->scopes[account->n_scopes++] = strdup(SCOPE);
        expect(account, "a person has no keys and no scopes");
    }
}

static void accounts_are_found_and_listed_by_name(void **state)
{
    static const char *const names[] = {"m", "a", "z", "b.c", "b"};
    struct access *access = kit_access();
    const Fascia__Account *account;
    char all[32] = "";

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        kit_put(access, WITH(person, name, names[i]));
    kit_put(access, WITH(person, name, "m"));
    for (account = access_next(access, ""); account != NULL; account = access_next(access, account->name))
        strcat(strcat(all, account->name), " ");
    assert_string_equal(all, "a b b.c m z ");
    assert_string_equal(access_next(access, "c")->name, "m");
    access_remove(access, "b");
    access_remove(access, "nobody");
    assert_null(access_find(access, "b"));
    assert_string_equal(access_find(access, "b.c")->name, "b.c");
    access_destroy(access);
}

static void key_of(uint8_t made[LEDGER_KEY_BYTES], uint32_t number)
{
    memset(made, 0, LEDGER_KEY_BYTES);
    number *= 2654435761u;
    memcpy(made, &number, sizeof number);
}

/* Thousands come and go against a plain array of what must still be there. */
static void a_ledger_forgets_what_is_over_and_nothing_else(void **state)
{
    enum { MANY = 3000 };
    struct ledger *ledger = ledger_create(500, sizeof(uint32_t), NULL);
    uint8_t made[LEDGER_KEY_BYTES];
    uint32_t count = 0;

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        struct ledger_entry *entry;

        key_of(made, i);
        entry = ledger_add(ledger, made, i, i + 400, &count, false);
        assert_non_null(entry);
        *(uint32_t *)entry->item = i;
        for (uint32_t back = i >= 399 ? i - 399 : 0; back <= i; back += 13) {
            key_of(made, back);
            assert_non_null(ledger_find(ledger, made));
            assert_int_equal(*(uint32_t *)ledger_find(ledger, made)->item, back);
        }
    }
    assert_true(ledger_count(ledger) <= 500);
    assert_int_equal(count, ledger_count(ledger));
    ledger_trim(ledger, MANY + 1000);
    assert_int_equal(ledger_count(ledger), 0);
    assert_int_equal(count, 0);
    ledger_destroy(ledger);
}

static void a_full_ledger_takes_no_more_or_crowds_out(void **state)
{
    struct ledger *ledger = ledger_create(100, 1, NULL);
    uint8_t made[LEDGER_KEY_BYTES];

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        key_of(made, i);
        assert_non_null(ledger_add(ledger, made, 0, 1000, NULL, false));
    }
    key_of(made, 100);
    assert_null(ledger_add(ledger, made, 999, 2000, NULL, false));
    assert_int_equal(ledger_count(ledger), 100);
    assert_non_null(ledger_add(ledger, made, 999, 2000, NULL, true));
    assert_int_equal(ledger_count(ledger), 100);
    assert_non_null(ledger_find(ledger, made));
    key_of(made, 101);
    assert_non_null(ledger_add(ledger, made, 1000, 2000, NULL, false)); /* the others are over */
    ledger_trim(ledger, 1000);
    assert_int_equal(ledger_count(ledger), 2);
    ledger_destroy(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_texts_are_checked),
        cmocka_unit_test(roles_are_checked),
        cmocka_unit_test(passwords_are_hashes_of_a_sensible_cost),
        cmocka_unit_test(keys_are_public_long_enough_and_for_signing),
        cmocka_unit_test(scopes_are_those_of_systems),
        cmocka_unit_test(accounts_are_found_and_listed_by_name),
        cmocka_unit_test(a_ledger_forgets_what_is_over_and_nothing_else),
        cmocka_unit_test(a_full_ledger_takes_no_more_or_crowds_out),
    };

    return cmocka_run_group_tests(tests, make_key, drop_key);
}
