/* Accounts in the store, and the secrets that it seals for them. */
#include "unit/store_sample.h"

struct accounts_read {
    size_t count;
    char text[8][32];
};

static bool take_account(void *context, const uint8_t *packed, size_t size, struct fault *fault)
{
    struct accounts_read *read = context;

    (void)fault;
    assert_true(size < sizeof read->text[0]);
    memcpy(read->text[read->count++], packed, size);
    return true;
}

static bool skip_therapist(void *context, const uint8_t *packed, size_t size, struct fault *fault)
{
    (void)context, (void)packed, (void)size, (void)fault;
    return true;
}

static bool skip_referral(void *context, const struct referral_row *row, struct fault *fault)
{
    (void)context, (void)row, (void)fault;
    return true;
}

static bool skip_event(void *context, const struct event_record *event, struct fault *fault)
{
    (void)context, (void)event, (void)fault;
    return true;
}

static void skip_finish(void *context, uint64_t referral, uint64_t sequence, uint64_t outbox)
{
    (void)context, (void)referral, (void)sequence, (void)outbox;
}

static struct accounts_read read_accounts(struct sample *sample)
{
    struct accounts_read read = {0};
    const struct store_loader loader = {.context = &read,
                                        .account = take_account,
                                        .therapist = skip_therapist,
                                        .referral = skip_referral,
                                        .event = skip_event,
                                        .finish = skip_finish};
    struct fault fault = {{0}};

    sample_expect(STORE_OK, store_load(sample->store, &loader, &fault), &fault);
    return read;
}

static void add(struct record_batch *batch, const char *name, const char *payload)
{
    struct account_row row = {.remove = payload == NULL};

    snprintf(row.name, sizeof row.name, "%s", name);
    if (payload != NULL) {
        row.payload = sample_bytes(payload);
        row.size = strlen(payload);
    }
    record_add_account(batch, &row);
}

static void accounts_are_kept_replaced_and_removed_in_order(void **state)
{
    struct sample *sample = *state;
    struct record_batch batch;
    struct accounts_read read;
    struct fault fault = {{0}};

    record_batch_init(&batch);
    assert_true(record_batch_is_empty(&batch));
    add(&batch, "zoe", "one");
    assert_false(record_batch_is_empty(&batch));
    add(&batch, "alice", "two");
    add(&batch, "bob", "three");
    add(&batch, "alice", "four");
    add(&batch, "zoe", NULL);
    sample_commit(sample, &batch);
    sample_reopen(sample);
    read = read_accounts(sample);
    assert_int_equal(read.count, 2);
    assert_string_equal(read.text[0], "four");
    assert_string_equal(read.text[1], "three");

    record_batch_init(&batch);
    add(&batch, "carol", "five");
    add(&batch, "zoe", NULL);
    sample_expect(STORE_CONFLICT, sample_try(sample, &batch, &fault), &fault);
    assert_int_equal(read_accounts(sample).count, 2); /* all of a batch or none */
}

static void a_secret_opens_under_its_own_name_in_its_own_store(void **state)
{
    static const uint8_t secret[20] = "nineteen characters";
    struct sample *sample = *state;
    uint8_t sealed[sizeof secret + STORE_SECRET_BYTES], again[sizeof sealed], plain[sizeof secret];

    store_seal_secret(sample->store, "alice", secret, sizeof secret, sealed);
    store_seal_secret(sample->store, "alice", secret, sizeof secret, again);
    assert_memory_not_equal(sealed, again, sizeof sealed);
    assert_true(store_open_secret(sample->store, "alice", sealed, sizeof sealed, plain));
    assert_memory_equal(plain, secret, sizeof secret);
    sample_reopen(sample);
    assert_true(store_open_secret(sample->store, "alice", again, sizeof again, plain));
    assert_false(store_open_secret(sample->store, "bob", sealed, sizeof sealed, plain));
    assert_false(store_open_secret(sample->store, "alice", sealed, sizeof sealed - 1, plain));
    assert_false(store_open_secret(sample->store, "alice", sealed, 3, plain));
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        assert_false(store_open_secret(sample->store, "alice", sealed, sizeof sealed, plain));
        sealed[i] ^= 1;
    }
    {
        void *other = NULL;

        assert_int_equal(sample_setup_open(&other), 0);
        assert_false(store_open_secret(((struct sample *)other)->store, "alice", sealed, sizeof sealed, plain));
        assert_int_equal(sample_teardown(&other), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accounts_are_kept_replaced_and_removed_in_order, sample_setup_open,
                                        sample_teardown),
        cmocka_unit_test_setup_teardown(a_secret_opens_under_its_own_name_in_its_own_store, sample_setup_open,
                                        sample_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
