/* Who may ask over HTTP: kept like therapists are, a row each, and told in an event without what is secret. */
#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT(kind) FASCIA__RESULT__VERDICT__##kind

static Fascia__Result *refuse(const struct engine *engine, Fascia__Problem__Kind kind, const char *field,
                              const char *text)
{
    return engine_answer_problem(engine, NULL, VERDICT(REFUSED), kind, field, text);
}

static void set_bytes(ProtobufCBinaryData *field, const ProtobufCBinaryData *bytes)
{
    free(field->data);
    *field = (ProtobufCBinaryData){0};
    if (bytes == NULL || bytes->len == 0)
        return;
    field->data = memory_allocate(bytes->len, 1);
    memcpy(field->data, bytes->data, bytes->len);
    field->len = bytes->len;
}

static bool same_bytes(const ProtobufCBinaryData *left, const ProtobufCBinaryData *right)
{
    return left->len == right->len && (left->len == 0 || memcmp(left->data, right->data, left->len) == 0);
}

/* Secrets that are not given stay as they are; ACCOUNT_NO_SECRET takes them away. */
static void settle_secrets(Fascia__Account *account, const Fascia__Account *before)
{
    if (account->password[0] == '\0')
        message_set(&account->password, before != NULL ? before->password : "");
    else if (strcmp(account->password, ACCOUNT_NO_SECRET) == 0)
        message_clear(&account->password);
    if (account->totp.len == 0)
        set_bytes(&account->totp, before != NULL ? &before->totp : NULL);
    else if (account->totp.len == 1 && account->totp.data[0] == ACCOUNT_NO_SECRET[0])
        set_bytes(&account->totp, NULL);
}

static void emit(struct engine *engine, const char *name, const Fascia__Account *account, const Fascia__Account *before)
{
    Fascia__AccountChanged changed = FASCIA__ACCOUNT_CHANGED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;
    Fascia__Account told = FASCIA__ACCOUNT__INIT;

    changed.name = (char *)name;
    if (account != NULL) {
        told = *account;
        told.password = MESSAGE_EMPTY;
        told.totp = (ProtobufCBinaryData){0};
        changed.account = &told;
        changed.password_changed = strcmp(account->password, before != NULL ? before->password : "") != 0;
        changed.totp_changed = !same_bytes(&account->totp, before != NULL ? &before->totp : &told.totp);
    }
    event.body_case = FASCIA__EVENT__BODY_ACCOUNT_CHANGED;
    event.account_changed = &changed;
    engine_emit(engine, 0, &event);
}

static void write_row(struct engine *engine, const char *name, const uint8_t *packed, size_t size)
{
    struct account_row row = {.remove = packed == NULL, .size = size};

    memcpy(row.name, name, strlen(name) + 1);
    if (packed != NULL) {
        row.payload = memory_resize(NULL, size, 1);
        memcpy(row.payload, packed, size);
    }
    record_add_account(engine->batch, &row);
}

/* What came with the event is whole but for its secrets: who makes the change puts them in place, and a replay needs none. */
bool engine_apply_account(struct engine *engine, const Fascia__AccountChanged *changed, struct fault *fault)
{
    const size_t length = strlen(changed->name);
    uint8_t *packed;
    size_t size;

    if (length < 1 || length > RECORD_NAME_BYTES ||
        (changed->account != NULL && strcmp(changed->account->name, changed->name) != 0)) {
        fault_set(fault, "a change of an account names none");
        return false;
    }
    if (changed->account == NULL) {
        accounts_drop(&engine->accounts, changed->name);
        return true;
    }
    packed = message_pack(&changed->account->base, &size);
    accounts_set(&engine->accounts, changed->name, packed, size);
    return true;
}

static Fascia__Account *unpack(const struct account_entry *entry)
{
    Fascia__Account *account = entry != NULL ? fascia__account__unpack(NULL, entry->size, entry->packed) : NULL;

    INVARIANT(entry == NULL || account != NULL);
    return account;
}

static Fascia__Result *check(const struct engine *engine, const Fascia__Account *account, const Fascia__Account *before)
{
    const size_t length = strlen(account->name);

    if (length < 1 || length > RECORD_NAME_BYTES)
        return refuse(engine, FASCIA__PROBLEM__KIND__MISSING, "name", "an account has a name of 1 to 64 bytes");
    if (before != NULL && before->kind != account->kind)
        return refuse(engine, FASCIA__PROBLEM__KIND__DUPLICATE_KEY, "name",
                      "there is an account of this name, and of the other kind: remove it first");
    if (before == NULL && engine->accounts.count >= ACCOUNTS)
        return refuse(engine, FASCIA__PROBLEM__KIND__OTHER, "name", "this node has 10000 accounts: no more");
    if (fascia__account__get_packed_size(account) > ACCOUNT_BYTES)
        return refuse(engine, FASCIA__PROBLEM__KIND__OTHER, "jwks", "an account has at most 1 MiB");
    return NULL;
}

/* true: it was another one before. Takes account's place in the table and in the store. */
static bool replace(struct engine *engine, const Fascia__Account *account, const Fascia__Account *before)
{
    const struct account_entry *entry = accounts_find(&engine->accounts, account->name);
    size_t size;
    uint8_t *packed = message_pack(&account->base, &size);

    if (entry != NULL && entry->size == size && memcmp(entry->packed, packed, size) == 0) {
        free(packed);
        return false;
    }
    emit(engine, account->name, account, before);
    write_row(engine, account->name, packed, size);
    accounts_set(&engine->accounts, account->name, packed, size);
    return true;
}

Fascia__Result *engine_do_put_account(struct engine *engine, const Fascia__Account *wanted)
{
    Fascia__Account *before = unpack(accounts_find(&engine->accounts, wanted->name));
    Fascia__Result *result = check(engine, wanted, before);

    if (result == NULL) {
        Fascia__Account *account = message_copy(&wanted->base);

        settle_secrets(account, before);
        account->created = before != NULL ? before->created : engine->now;
        result = engine_answer(engine, NULL, replace(engine, account, before) ? VERDICT(OK) : VERDICT(DUPLICATE));
        fascia__account__free_unpacked(account, NULL);
    }
    if (before != NULL)
        fascia__account__free_unpacked(before, NULL);
    return result;
}

Fascia__Result *engine_do_remove_account(struct engine *engine, const char *name)
{
    if (accounts_find(&engine->accounts, name) == NULL)
        return engine_answer_problem(engine, NULL, VERDICT(NOT_FOUND), FASCIA__PROBLEM__KIND__UNKNOWN_KEY, "name",
                                     "there is no account of this name");
    emit(engine, name, NULL, NULL);
    write_row(engine, name, NULL, 0);
    return engine_answer(engine, NULL, VERDICT(OK));
}

bool engine_load_account(struct engine *engine, const uint8_t *packed, size_t size, struct fault *fault)
{
    Fascia__Account *account = fascia__account__unpack(NULL, size, packed);
    bool good = account != NULL && strlen(account->name) >= 1 && strlen(account->name) <= RECORD_NAME_BYTES;

    engine->loading = true;
    if (good) {
        uint8_t *copy = memory_resize(NULL, size, 1);

        memcpy(copy, packed, size);
        accounts_set(&engine->accounts, account->name, copy, size);
    } else {
        fault_set(fault, "a stored account can't be read");
    }
    if (account != NULL)
        fascia__account__free_unpacked(account, NULL);
    return good;
}
