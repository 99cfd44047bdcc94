#include "unit/access_kit.h"

#include <sodium.h>

#define RIGHT   "correct horse battery staple"
#define WRONG   "incorrect horse battery staple"
#define ADDRESS "192.0.2.7:51234"

static const uint8_t secret[ACCESS_TOTP_SECRET] = {
    '1', '2', '3', '4', '5', '6', '7', '8', '9', '0',
    '1', '2', '3', '4', '5', '6', '7', '8', '9', '0'}; /* of RFC 6238, appendix B */

/* Cheap, so that hundreds can be verified. What fasciactl makes is tried once. */
static char cheap[crypto_pwhash_STRBYTES];

static int make_hash(void **state)
{
    (void)state;
    assert_int_equal(crypto_pwhash_str(cheap, RIGHT, strlen(RIGHT), 1, 8192 * 1024), 0);
    return 0;
}

static Fascia__Account *person(const char *name, bool codes)
{
    Fascia__Account *account = calloc(1, sizeof *account);

    fascia__account__init(account);
    account->name = strdup(name);
    account->kind = FASCIA__ACCOUNT__KIND__PERSON;
    account->roles = calloc(1, sizeof *account->roles);
    account->roles[account->n_roles++] = FASCIA__ACCESS_ROLE__ACCESS_ROLE_COORDINATOR;
    account->password = strdup(cheap);
    if (codes) {
        account->totp.len = sizeof secret;
        account->totp.data = malloc(sizeof secret);
        for (size_t i = 0; i < sizeof secret; i++)
            account->totp.data[i] = (uint8_t)~secret[i];
    }
    return account;
}

static struct access *office(bool codes)
{
    struct access *access = kit_access();

    kit_put(access, person("alice", codes));
    return access;
}

enum tried { IN = ACCESS_SIGNED_IN, NO = ACCESS_WRONG, CODE = ACCESS_CODE_NEEDED, LATER = 99 };

/* One whole attempt. session may be NULL. */
static enum tried try_from(struct access *access, const char *name, const char *password, const char *code,
                           const char *address, int64_t now, char session[ACCESS_SESSION_BYTES])
{
    char own[ACCESS_SESSION_BYTES];
    struct access_attempt attempt;
    int64_t retry = 0;
    enum access_verdict verdict;

    if (!access_sign_in_begin(access, name, password, address, now, &attempt, &retry)) {
        assert_true(retry > 0);
        return LATER;
    }
    /* The thread that verifies has no use for nobody's costly hash here; what it costs is tried elsewhere. */
    if (attempt.known)
        access_password_check(&attempt);
    verdict = access_sign_in_end(access, &attempt, code, now, session != NULL ? session : own);
    access_attempt_finish(&attempt);
    return (enum tried)verdict;
}

static enum tried try(struct access *access, const char *password, const char *code, int64_t now)
{
    return try_from(access, "alice", password, code, ADDRESS, now, NULL);
}

static const char *why(struct access *access, const char *session, int64_t now)
{
    const char *refused;
    Fascia__Principal *principal = access_session(access, session, now, &refused);

    if (principal != NULL) {
        assert_string_equal(principal->account, "alice");
        char actor[ACCESS_ACTOR_BYTES];

        assert_true(principal->person);
        access_actor(principal, actor);
        assert_string_equal(actor, "person:alice");
        fascia__principal__free_unpacked(principal, NULL);
    }
    return principal != NULL ? "in" : refused;
}

static void a_password_opens_a_session_that_ends_by_itself(void **state)
{
    struct access *access = office(false);
    char session[ACCESS_SESSION_BYTES], second[ACCESS_SESSION_BYTES];
    int64_t now = KIT_NOW;

    (void)state;
    assert_int_equal(try_from(access, "alice", WRONG, NULL, ADDRESS, now, session), NO);
    assert_int_equal(try_from(access, "alice", RIGHT, NULL, ADDRESS, now, session), IN);
    assert_string_equal(why(access, session, now + 899999), "in");
    assert_string_equal(why(access, session, now + 899999 + 899999), "in"); /* in use again from then on */
    assert_string_equal(why(access, session, now + 899999 + 899999 + 900000), "expired");
    assert_int_equal(try_from(access, "alice", RIGHT, NULL, ADDRESS, now, second), IN);
    for (int64_t at = now; at < now + 43200000; at += 600000)
        assert_string_equal(why(access, second, at), "in");
    assert_string_equal(why(access, second, now + 43200000), "expired");
    assert_string_equal(why(access, NULL, now), "");
    assert_string_equal(why(access, "", now), "");
    assert_string_equal(why(access, "nonsense", now), "unknown");
    access_destroy(access);
}

static void signing_out_and_every_change_end_sessions(void **state)
{
    struct access *access = office(false);
    char first[ACCESS_SESSION_BYTES], second[ACCESS_SESSION_BYTES], bearer[64];
    const char *refused;
    Fascia__Account *disabled = person("alice", false);

    (void)state;
    assert_int_equal(try_from(access, "alice", RIGHT, NULL, ADDRESS, KIT_NOW, first), IN);
    assert_int_equal(try_from(access, "alice", RIGHT, NULL, ADDRESS, KIT_NOW, second), IN);
    access_sign_out(access, first);
    assert_string_equal(why(access, first, KIT_NOW), "revoked");
    assert_string_equal(why(access, second, KIT_NOW), "in");
    /* A session is no bearer token. */
    snprintf(bearer, sizeof bearer, "Bearer %s", second);
    assert_null(access_bearer(access, bearer, KIT_NOW, &refused));
    assert_string_equal(refused, "unknown");
    disabled->disabled = true;
    kit_put(access, disabled);
    assert_string_equal(why(access, second, KIT_NOW), "revoked");
    assert_int_equal(try(access, RIGHT, NULL, KIT_NOW), NO);
    access_destroy(access);
}

/* RFC 6238, appendix B: its last six digits. */
static void codes_are_those_of_the_standard(void **state)
{
    static const struct {
        int64_t seconds;
        const char *code;
    } vectors[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                   {1234567890, "005924"}, {2000000000, "279037"}, {INT64_C(20000000000), "353130"}};

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char code[7];

        access_totp_code(secret, sizeof secret, vectors[i].seconds / 30, code);
        assert_string_equal(code, vectors[i].code);
    }
}

static const char *code_at(int64_t instant)
{
    static char code[7];

    access_totp_code(secret, sizeof secret, instant / 30000, code);
    return code;
}

static void a_code_is_good_for_once(void **state)
{
    struct access *access = office(true);
    int64_t now = KIT_NOW;

    (void)state;
    assert_int_equal(try(access, RIGHT, NULL, now), CODE);
    assert_int_equal(try(access, WRONG, NULL, now), NO);
    assert_int_equal(try(access, RIGHT, "000000", now), NO);
    assert_int_equal(try(access, RIGHT, code_at(now - 60000), now), NO); /* two steps away */
    assert_int_equal(try(access, RIGHT, code_at(now + 60000), now), NO);
    assert_int_equal(try(access, RIGHT, "12345", now), NO);
    assert_int_equal(try(access, RIGHT, code_at(now), now), LATER); /* guessing is a failure like any other */
    now += 3600001;
    assert_int_equal(try(access, RIGHT, code_at(now + 60000), now), NO);
    assert_int_equal(try(access, RIGHT, code_at(now - 30000), now), IN);
    assert_int_equal(try(access, RIGHT, code_at(now - 30000), now), NO);
    assert_int_equal(try(access, RIGHT, code_at(now), now), IN);
    assert_int_equal(try(access, RIGHT, code_at(now + 30000), now), IN);
    /* Also one that is older than the last that counted. */
    assert_int_equal(try(access, RIGHT, code_at(now), now), NO);
    assert_int_equal(try(access, WRONG, code_at(now + 60000), now + 60000), NO);
    assert_int_equal(try(access, RIGHT, code_at(now + 60000), now + 60000), IN);
    access_destroy(access);
}

/* What could have been used before is not taken, because nobody remembers whether it was. */
static void a_code_of_before_the_start_is_not_taken(void **state)
{
    struct access *access = office(true);

    (void)state;
    assert_int_equal(try(access, RIGHT, code_at(KIT_STARTED), KIT_STARTED + 1000), NO);
    assert_int_equal(try(access, RIGHT, code_at(KIT_STARTED + 30000), KIT_STARTED + 1000), NO);
    assert_int_equal(try(access, RIGHT, code_at(KIT_STARTED + 60000), KIT_STARTED + 60000), IN);
    access_destroy(access);
}

/* How long the n-th attempt has to wait for, in seconds; -1: it was not made to wait. */
static int64_t pause_of(struct access *access, const char *name, const char *address, int64_t now)
{
    struct access_attempt attempt;
    int64_t retry = 0;

    return access_sign_in_begin(access, name, WRONG, address, now, &attempt, &retry) ? -1 : (retry + 999) / 1000;
}

static void failures_make_wait_longer_each_time(void **state)
{
    static const char *const names[] = {"alice", "nobody"}; /* one that is none is no different */
    static const int64_t pauses[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};

    (void)state;
    for (size_t n = 0; n < 2; n++) {
        struct access *access = office(false);
        int64_t now = KIT_NOW;
        char address[48];

        for (int i = 0; i < 4; i++)
            assert_int_equal(pause_of(access, names[n], ADDRESS, now), -1);
        assert_int_equal(pause_of(access, names[n], ADDRESS, now), -1); /* the fifth makes the first wait */
        for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
            /* From elsewhere as well: it is the account that waits. */
            snprintf(address, sizeof address, "198.51.100.%zu:1", i);
            assert_int_equal(pause_of(access, names[n], address, now), pauses[i]);
            assert_int_equal(pause_of(access, names[n], address, now + pauses[i] * 1000 - 1), 1);
            now += pauses[i] * 1000;
            assert_int_equal(pause_of(access, names[n], address, now), -1);
        }
        assert_int_equal(try_from(access, names[n], RIGHT, NULL, "203.0.113.1:1", now, NULL), LATER);
        access_unlock(access, "alice");
        assert_int_equal(try_from(access, names[n], RIGHT, NULL, "203.0.113.1:1", now, NULL), n == 0 ? IN : LATER);
        access_destroy(access);
    }
}

static void who_gets_in_is_forgiven(void **state)
{
    struct access *access = office(false);
    int64_t now = KIT_NOW;

    (void)state;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 3; i++)
            assert_int_equal(pause_of(access, "alice", "203.0.113.9:1", now), -1);
        now += 3700000;
        assert_int_equal(try(access, RIGHT, NULL, now), IN);
        assert_int_equal(access_locked_until(access, "alice", now), 0);
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(pause_of(access, "alice", ADDRESS, now), -1);
    assert_int_equal(access_locked_until(access, "alice", now), now + 1000);
    access_destroy(access);
}

/* An address that tries many names waits; a network of IPv6 is one address; whoever comes from another does not. */
static void an_address_waits_whatever_names_it_tries(void **state)
{
    static const char *const same[][2] = {{ADDRESS, "192.0.2.7:9"}, {"[2001:db8::1]:443", "[2001:db8::ffff:2]:1"}};
    static const char *const others[] = {"192.0.2.8:51234", "[2001:db8:0:1::1]:443"};

    (void)state;
    for (size_t n = 0; n < 2; n++) {
        struct access *access = office(false);
        char name[16];

        for (int i = 0; i < 21; i++) {
            snprintf(name, sizeof name, "name-%d", i);
            assert_int_equal(pause_of(access, name, same[n][i % 2], KIT_NOW), -1);
        }
        assert_int_equal(pause_of(access, "fresh", same[n][0], KIT_NOW), 1);
        assert_int_equal(pause_of(access, "fresh", same[n][1], KIT_NOW), 1);
        assert_int_equal(pause_of(access, "fresh", others[n], KIT_NOW), -1);
        assert_int_equal(pause_of(access, "fresh", same[n][1], KIT_NOW + 1000), -1);
        access_destroy(access);
    }
}

/* A thousand at once are a thousand failures, not one. */
static void attempts_at_once_all_count(void **state)
{
    struct access *access = office(false);
    size_t begun = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char address[48];

        snprintf(address, sizeof address, "10.0.%d.%d:1", i / 250, i % 250);
        begun += pause_of(access, "alice", address, KIT_NOW) == -1;
    }
    assert_int_equal(begun, 5);
    access_destroy(access);
}

/* More names than are remembered push out others, but never an account's own failures. */
static void nobody_is_unlocked_by_a_flood_of_names(void **state)
{
    struct access *access = office(false);

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(pause_of(access, "alice", ADDRESS, KIT_NOW), -1);
    for (int i = 0; i < 40000; i++) {
        char name[24], address[48];

        snprintf(name, sizeof name, "flood-%d", i);
        snprintf(address, sizeof address, "10.%d.%d.%d:1", i >> 16, (i >> 8) & 255, i & 255);
        assert_int_equal(pause_of(access, name, address, KIT_NOW), -1);
    }
    assert_int_equal(pause_of(access, "alice", "203.0.113.5:1", KIT_NOW), 1);
    access_destroy(access);
}

static void what_changes_between_begin_and_end_counts(void **state)
{
    struct access *access = office(false);
    struct access_attempt attempt;
    char session[ACCESS_SESSION_BYTES];
    Fascia__Account *account = person("alice", false);
    int64_t retry;

    (void)state;
    assert_true(access_sign_in_begin(access, "alice", RIGHT, ADDRESS, KIT_NOW, &attempt, &retry));
    access_password_check(&attempt);
    assert_true(attempt.right);
    assert_int_equal(attempt.password[0], '\0');
    free(account->password);
    account->password = calloc(1, sizeof cheap);
    assert_int_equal(crypto_pwhash_str(account->password, WRONG, strlen(WRONG), 1, 8192 * 1024), 0);
    kit_put(access, account);
    assert_int_equal(access_sign_in_end(access, &attempt, NULL, KIT_NOW, session), ACCESS_WRONG);
    access_remove(access, "alice");
    assert_int_equal(access_sign_in_end(access, &attempt, NULL, KIT_NOW, session), ACCESS_WRONG);
    access_destroy(access);
}

/* Somebody without an account, a client, one without a password: all are verified at the same cost, and none gets in. */
static void who_can_not_sign_in_costs_the_same(void **state)
{
    struct access *access = office(false);
    json_t *key = kit_key("ES384", "1");
    Fascia__Account *mute = person("mute", false);
    static const char *const names[] = {"nobody", "main-street", "mute"};
    char hash[128];

    (void)state;
    kit_put(access, kit_client("main-street", &key, 1, "system/Task.rs"));
    free(mute->password);
    mute->password = (char *)protobuf_c_empty_string;
    kit_put(access, mute);
    assert_true(access_password_hash(RIGHT, hash));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct access_attempt attempt;
        char session[ACCESS_SESSION_BYTES];
        int64_t retry;

        assert_true(access_sign_in_begin(access, names[i], "", ADDRESS, KIT_NOW, &attempt, &retry));
        /* Everything before the salt says what verifying costs. */
        assert_int_equal(strncmp(attempt.hash, hash, strlen("$argon2id$v=19$m=65536,t=3,p=1$")), 0);
        assert_int_not_equal(crypto_pwhash_str_needs_rehash(attempt.hash, 3, 64u << 20), -1);
        access_password_check(&attempt);
        assert_false(attempt.right);
        assert_int_equal(access_sign_in_end(access, &attempt, NULL, KIT_NOW, session), ACCESS_WRONG);
    }
    json_decref(key);
    access_destroy(access);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_opens_a_session_that_ends_by_itself),
        cmocka_unit_test(signing_out_and_every_change_end_sessions),
        cmocka_unit_test(codes_are_those_of_the_standard),
        cmocka_unit_test(a_code_is_good_for_once),
        cmocka_unit_test(a_code_of_before_the_start_is_not_taken),
        cmocka_unit_test(failures_make_wait_longer_each_time),
        cmocka_unit_test(who_gets_in_is_forgiven),
        cmocka_unit_test(an_address_waits_whatever_names_it_tries),
        cmocka_unit_test(attempts_at_once_all_count),
        cmocka_unit_test(nobody_is_unlocked_by_a_flood_of_names),
        cmocka_unit_test(what_changes_between_begin_and_end_counts),
        cmocka_unit_test(who_can_not_sign_in_costs_the_same),
    };

    return cmocka_run_group_tests(tests, make_hash, NULL);
}
