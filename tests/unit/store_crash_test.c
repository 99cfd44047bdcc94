/*
 * Kills a process that commits as fast as it can, at random moments, again and again on the same files. What it had been told
 * is durable must be there, whole, each time. FASCIA_CRASHES sets how often, FASCIA_SEED which moments.
 */
#include "unit/store_sample.h"

#include <signal.h>
#include <sys/wait.h>

#define ROUNDS     50
#define PER_COMMIT 9 /* events at most */

/* What the child says after each commit that returned. */
struct notice {
    uint64_t sequence;
    uint64_t erased; /* referral, or 0 */
};

struct witness {
    uint64_t last, erasures;
    uint64_t erased[4096];
};

static uint64_t draw(uint64_t *random, uint64_t below)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (*random >> 33) % below;
}

/* Each third event opens a referral: its number follows from the sequence, and so does what every event says. */
static uint64_t referral_of(uint64_t sequence)
{
    return (sequence + 2) / 3;
}

static void text_of(uint64_t sequence, char text[128])
{
    snprintf(text, 128, "event %llu of referral %llu, with something behind it", (unsigned long long)sequence,
             (unsigned long long)referral_of(sequence));
}

static void add_referral(struct sample *sample, struct record_batch *batch)
{
    uint64_t first = sample->sequence + 1, referral = referral_of(first);
    char text[128], name[16];

    for (int i = 0; i < 3; i++) {
        text_of(sample->sequence + 1, text);
        sample_add_event(sample, batch, referral, text);
    }
    sample_add_referral(batch, referral, true);
    sample_add_outbox(batch, referral, referral, "status");
    snprintf(name, sizeof name, "t%d", (int)(referral % 5));
    sample_add_slot(batch, name, (int64_t)referral * 10, (int64_t)referral * 10 + 10, referral, false);
}

static uint64_t commit_some(struct sample *sample, uint64_t *random)
{
    struct record_batch batch[PER_COMMIT / 3], *batches[PER_COMMIT / 3];
    size_t count = 1 + draw(random, PER_COMMIT / 3);
    uint64_t erased = 0;
    struct fault fault = {{0}};

    for (size_t i = 0; i < count; i++) {
        record_batch_init(&batch[i]);
        add_referral(sample, &batch[i]);
        batches[i] = &batch[i];
    }
    if (draw(random, 4) == 0) {
        erased = referral_of(sample->sequence);
        record_add_erasure(&batch[count - 1], erased);
    }
    if (store_commit(sample->store, batches, count, &fault) != STORE_OK) {
        fprintf(stderr, "child: %s\n", fault.text);
        _exit(3);
    }
    for (size_t i = 0; i < count; i++)
        record_batch_finish(&batch[i]);
    return erased;
}

static void commit_until_killed(struct sample *sample, uint64_t random, int out)
{
    struct fault fault = {{0}};

    if (store_open(&sample->settings, &sample->store, &fault) != STORE_OK) {
        fprintf(stderr, "child: %s\n", fault.text);
        _exit(2);
    }
    for (;;) {
        struct notice notice = {0};
        notice.erased = commit_some(sample, &random);
        notice.sequence = sample->sequence;
        if (write(out, &notice, sizeof notice) != sizeof notice)
            _exit(4);
        if (draw(&random, 10) == 0 && store_checkpoint(sample->store, &fault) != STORE_OK)
            _exit(5);
        if (draw(&random, 30) == 0 && store_prepare_keys(sample->store, &fault) != STORE_OK)
            _exit(6);
    }
}

static void note(struct witness *witness, const struct notice *notice)
{
    witness->last = notice->sequence;
    if (notice->erased != 0 && witness->erasures < 4096)
        witness->erased[witness->erasures++] = notice->erased;
}

static void run_and_kill(struct sample *sample, struct witness *witness, uint64_t *random)
{
    struct notice notice;
    int ends[2], status = 0;
    pid_t child = 0;

    assert_int_equal(pipe(ends), 0);
    sample->sequence = witness->last;
    child = fork();
    if (child == 0) {
        close(ends[0]);
        commit_until_killed(sample, *random, ends[1]);
    }
    close(ends[1]);
    /* Most are killed while they commit, some while they open. */
    if (draw(random, 6) > 0 && read(ends[0], &notice, sizeof notice) == sizeof notice)
        note(witness, &notice);
    usleep((useconds_t)draw(random, 40000));
    kill(child, SIGKILL);
    while (read(ends[0], &notice, sizeof notice) == sizeof notice)
        note(witness, &notice);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

struct reading {
    uint64_t expected;
};

static bool read_one(void *context, const struct event_record *event, const uint8_t chain[32], bool erased)
{
    struct reading *reading = context;
    char text[128];

    (void)chain;
    assert_int_equal(event->sequence, ++reading->expected);
    assert_int_equal(event->referral, referral_of(event->sequence));
    text_of(event->sequence, text);
    if (!erased) {
        assert_int_equal(event->size, strlen(text));
        assert_memory_equal(event->payload, text, event->size);
    }
    return true;
}

static void take_end(void *context, uint64_t last_referral, uint64_t last_sequence, uint64_t last_outbox)
{
    uint64_t *last = context;

    assert_int_equal(last_referral, last_sequence / 3);
    assert_int_equal(last_outbox, last_sequence / 3);
    *last = last_sequence;
}

static bool pass_referral(void *context, const struct referral_row *row, struct fault *fault)
{
    (void)context;
    (void)row;
    (void)fault;
    return true;
}

static bool pass_event(void *context, const struct event_record *event, struct fault *fault)
{
    (void)context;
    (void)event;
    (void)fault;
    return true;
}

static void look(struct sample *sample, struct witness *witness)
{
    uint64_t last = 0;
    const struct store_loader loader = {&last, NULL, pass_referral, pass_event, take_end, NULL};
    struct reading reading = {0};
    struct store_reader *reader = NULL;
    struct fault fault = {{0}};

    sample_open(sample);
    sample_expect(STORE_OK, store_load(sample->store, &loader, &fault), &fault);
    /* What was acknowledged, and at most the one commit whose acknowledgement was still to come. */
    assert_in_range(last, witness->last, witness->last + PER_COMMIT);
    reader = sample_reader(sample);
    sample_expect(STORE_OK, store_read_events(reader, 0, 0, UINT32_MAX, read_one, &reading, &fault), &fault);
    assert_int_equal(reading.expected, last);
    for (uint64_t i = 0; i < witness->erasures; i++) {
        struct event_record event;
        sample_expect(STORE_MISSING, store_read_event(reader, 3 * witness->erased[i], &event, &fault), &fault);
    }
    store_reader_close(reader);
    sample_close(sample);
    /* Pages, chain, that each row opens, and that no slots overlap. */
    sample_expect(STORE_OK, store_check(&sample->settings, &fault), &fault);
    witness->last = last;
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    const char *rounds_given = getenv("FASCIA_CRASHES"), *seed = getenv("FASCIA_SEED");
    long rounds = rounds_given != NULL ? strtol(rounds_given, NULL, 10) : ROUNDS;
    uint64_t random = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)getpid();
    struct witness *witness = calloc(1, sizeof *witness);

    fprintf(stderr, "FASCIA_SEED=%llu\n", (unsigned long long)random);
    for (long round = 0; round < rounds; round++) {
        run_and_kill(*state, witness, &random);
        look(*state, witness);
    }
    fprintf(stderr, "%ld kills, %llu events, %llu erasures\n", rounds, (unsigned long long)witness->last,
            (unsigned long long)witness->erasures);
    assert_true(witness->last > 0);
    free(witness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_acknowledged_survives_a_kill, sample_setup, sample_teardown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
