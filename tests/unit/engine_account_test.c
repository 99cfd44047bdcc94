#include "core/account.h"
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define VERDICT(kind)  FASCIA__RESULT__VERDICT__##kind
#define assert_ok(did) assert_int_equal(did, VERDICT(OK))

static struct clinic clinic;
static struct desk desk;

static int open_desk(void **state)
{
    (void)state;
    desk_begin(&desk, &clinic);
    return 0;
}

static int close_desk(void **state)
{
    (void)state;
    return desk_close(&desk);
}

static Fascia__Result__Verdict put(const char *name, const char *title, const char *password, const char *totp)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Account account = FASCIA__ACCOUNT__INIT;

    account.name = (char *)(uintptr_t)name;
    account.kind = FASCIA__ACCOUNT__KIND__PERSON;
    account.title = (char *)(uintptr_t)title;
    account.password = (char *)(uintptr_t)password;
    account.totp = (ProtobufCBinaryData){strlen(totp), (uint8_t *)(uintptr_t)totp};
    command.body_case = FASCIA__COMMAND__BODY_PUT_ACCOUNT;
    command.put_account = &account;
    return desk_do(&desk, "user:root", &command);
}

static Fascia__Result__Verdict drop(const char *name)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;

    command.body_case = FASCIA__COMMAND__BODY_REMOVE_ACCOUNT;
    command.remove_account = (char *)(uintptr_t)name;
    return desk_do(&desk, "user:root", &command);
}

/* What the store has; the caller frees it. */
static Fascia__Account *kept(const char *name)
{
    const struct account_entry *entry = accounts_find(&desk.shelf.accounts, name);

    return entry == NULL ? NULL : fascia__account__unpack(NULL, entry->size, entry->packed);
}

static Fascia__AccountChanged *last_event(Fascia__Event **event)
{
    const struct event_record *record = &desk.shelf.events[desk.shelf.event_count - 1];

    *event = fascia__event__unpack(NULL, record->size, record->payload);
    assert_non_null(*event);
    assert_int_equal((*event)->body_case, FASCIA__EVENT__BODY_ACCOUNT_CHANGED);
    assert_int_equal(record->referral, 0);
    assert_string_equal(record->actor, "user:root");
    return (*event)->account_changed;
}

static void expect_told(const char *name, bool password, bool totp)
{
    Fascia__Event *event;
    const Fascia__AccountChanged *changed = last_event(&event);

    assert_string_equal(changed->name, name);
    assert_int_equal(changed->password_changed, password);
    assert_int_equal(changed->totp_changed, totp);
    if (changed->account != NULL) {
        assert_string_equal(changed->account->password, "");
        assert_int_equal(changed->account->totp.len, 0);
    }
    fascia__event__free_unpacked(event, NULL);
}

static void expect_kept(const char *name, const char *title, const char *password, const char *totp)
{
    Fascia__Account *account = kept(name);

    assert_non_null(account);
    assert_string_equal(account->title, title);
    assert_string_equal(account->password, password);
    assert_int_equal(account->totp.len, strlen(totp));
    assert_memory_equal(account->totp.data == NULL ? (const uint8_t *)"" : account->totp.data, totp, strlen(totp));
    assert_int_equal(account->created, CLINIC_NOW);
    fascia__account__free_unpacked(account, NULL);
}

static void secrets_stay_until_they_are_set_or_taken_away(void **state)
{
    (void)state;
    assert_ok(put("alice", "Alice", "hash", "sealed"));
    expect_kept("alice", "Alice", "hash", "sealed");
    expect_told("alice", true, true);
    desk.now += 1000;
    assert_ok(put("alice", "Alice Roe", "", ""));
    expect_kept("alice", "Alice Roe", "hash", "sealed");
    expect_told("alice", false, false);
    assert_ok(put("alice", "Alice Roe", "other", ""));
    expect_kept("alice", "Alice Roe", "other", "sealed");
    expect_told("alice", true, false);
    assert_ok(put("alice", "Alice Roe", "", ACCOUNT_NO_SECRET));
    expect_kept("alice", "Alice Roe", "other", "");
    expect_told("alice", false, true);
    assert_ok(put("alice", "Alice Roe", ACCOUNT_NO_SECRET, ""));
    expect_kept("alice", "Alice Roe", "", "");
    expect_told("alice", true, false);
    assert_int_equal(put("alice", "Alice Roe", "", ""), VERDICT(DUPLICATE));
    assert_int_equal(put("alice", "Alice Roe", ACCOUNT_NO_SECRET, ACCOUNT_NO_SECRET), VERDICT(DUPLICATE));
    assert_int_equal(desk.shelf.event_count, 5);
}

static void what_is_removed_is_gone_with_its_secrets(void **state)
{
    Fascia__Event *event;

    (void)state;
    assert_ok(put("alice", "", "hash", ""));
    assert_ok(drop("alice"));
    assert_null(last_event(&event)->account);
    fascia__event__free_unpacked(event, NULL);
    assert_null(accounts_find(&desk.shelf.accounts, "alice"));
    assert_int_equal(drop("alice"), VERDICT(NOT_FOUND));
    assert_ok(put("alice", "", "", ""));
    expect_kept("alice", "", "", "");
}

static void an_account_can_not_become_one_of_the_other_kind(void **state)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Account account = FASCIA__ACCOUNT__INIT;

    (void)state;
    assert_ok(put("alice", "", "", ""));
    account.name = (char *)(uintptr_t) "alice";
    account.kind = FASCIA__ACCOUNT__KIND__CLIENT;
    command.body_case = FASCIA__COMMAND__BODY_PUT_ACCOUNT;
    command.put_account = &account;
    assert_int_equal(desk_do(&desk, "user:root", &command), VERDICT(REFUSED));
    assert_string_equal(desk.result->problems[0]->field, "name");
    assert_int_equal(put("", "", "", ""), VERDICT(REFUSED));
    assert_int_equal(desk.shelf.event_count, 1);
}

/* A node that starts from what was kept is the same as the one that ran; one whose account differs is not. */
static void a_restart_has_the_same_accounts(void **state)
{
    struct engine *again = clinic_engine(&clinic);
    struct fault fault;
    uint64_t before;

    (void)state;
    assert_ok(put("zoe", "", "1", ""));
    assert_ok(put("alice", "Alice", "hash", "sealed"));
    assert_ok(put("bob", "", "", ""));
    assert_ok(drop("zoe"));
    before = engine_digest(desk.engine);
    assert_true(shelf_load(&desk.shelf, again, desk.now, &fault));
    assert_int_equal(engine_digest(again), before);
    assert_ok(put("alice", "Alice", "other", ""));
    assert_int_not_equal(engine_digest(desk.engine), before);
    engine_destroy(again);
}

static int begin(void **state)
{
    (void)state;
    clinic_begin(&clinic);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    clinic_end(&clinic);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        TEST(secrets_stay_until_they_are_set_or_taken_away),
        TEST(what_is_removed_is_gone_with_its_secrets),
        TEST(an_account_can_not_become_one_of_the_other_kind),
        TEST(a_restart_has_the_same_accounts),
    };

    return cmocka_run_group_tests(tests, begin, finish);
}
