/*
 * Whatever is committed is exactly what is loaded: batches at random, some of them wrong, restarts between, against a model
 * in memory. A failing seed is printed and can be run alone: FASCIA_SEED=n.
 */
#include "unit/store_sample.h"

#define REFERRALS  40
#define EVENTS     4000
#define MESSAGES   2000
#define THERAPISTS 6
#define SLOTS      400
#define ROUNDS     60

struct model {
    uint64_t random;
    uint64_t events, messages, referrals;
    struct {
        uint64_t referral;
        uint32_t seed, size;
        int64_t at;
        uint32_t kind;
    } event[EVENTS + 1];
    struct {
        uint64_t referral;
        uint32_t seed, size, state, attempts;
    } message[MESSAGES + 1];
    struct referral_row row[REFERRALS + 1];
    uint32_t therapist[THERAPISTS]; /* seed of its record; 0: not there */
    size_t slots;
    struct slot_row slot[SLOTS];
};

static uint64_t draw(struct model *model, uint64_t below)
{
    model->random ^= model->random << 13;
    model->random ^= model->random >> 7;
    model->random ^= model->random << 17;
    return model->random % below;
}

static uint8_t *content(uint32_t seed, uint32_t size)
{
    uint8_t *bytes = malloc(size + 1);

    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)((seed + i) * 2654435761u >> 24);
    return bytes;
}

static bool same_content(const uint8_t *bytes, size_t size, uint32_t seed, uint32_t expected)
{
    uint8_t *wanted = content(seed, expected);
    bool same = size == expected && (size == 0 || memcmp(bytes, wanted, size) == 0);

    free(wanted);
    return same;
}

static uint32_t draw_size(struct model *model)
{
    static const uint32_t sizes[] = {0, 1, 40, 700, 2000, 2100, 17000, 60000};

    return sizes[draw(model, draw(model, 10) == 0 ? 8 : 6)];
}

static void add_event(struct model *model, struct record_batch *batch)
{
    uint64_t sequence = ++model->events;
    struct event_record event = {.sequence = sequence, .actor = "system"};

    model->event[sequence].referral = draw(model, 8) == 0 ? 0 : 1 + draw(model, REFERRALS);
    model->event[sequence].seed = (uint32_t)draw(model, 1u << 30);
    model->event[sequence].size = draw_size(model);
    model->event[sequence].at = (int64_t)draw(model, UINT64_C(1) << 41) - 1000;
    model->event[sequence].kind = 1 + (uint32_t)draw(model, 16);
    event.referral = model->event[sequence].referral;
    event.at = model->event[sequence].at;
    event.kind = model->event[sequence].kind;
    event.size = model->event[sequence].size;
    event.payload = content(model->event[sequence].seed, model->event[sequence].size);
    record_add_event(batch, &event);
}

static void add_referral(struct model *model, struct record_batch *batch)
{
    uint64_t referral = 1 + draw(model, REFERRALS);
    struct referral_row row = sample_referral(referral, draw(model, 3) > 0);

    row.state = (uint32_t)draw(model, 17);
    row.due = (int64_t)draw(model, UINT64_C(1) << 41);
    row.patient_key[3] = (uint8_t)draw(model, 256);
    memset(row.therapist, 0, sizeof row.therapist);
    snprintf(row.therapist, sizeof row.therapist, "t%d", (int)draw(model, 9));
    model->row[referral] = row;
    if (referral > model->referrals)
        model->referrals = referral;
    record_add_referral(batch, &row);
}

static void add_message(struct model *model, struct record_batch *batch)
{
    uint64_t number = ++model->messages;
    struct outbox_row row = {.outbox = number, .source = "clinic"};

    model->message[number].referral = 1 + draw(model, REFERRALS);
    model->message[number].seed = (uint32_t)draw(model, 1u << 30);
    model->message[number].size = draw_size(model);
    row.referral = model->message[number].referral;
    row.size = model->message[number].size;
    row.payload = content(model->message[number].seed, model->message[number].size);
    record_add_outbox(batch, &row);
}

static void update_message(struct model *model, struct record_batch *batch)
{
    struct outbox_row row = {.update = true};

    if (model->messages == 0)
        return;
    row.outbox = 1 + draw(model, model->messages);
    if (model->message[row.outbox].state == OUTBOX_DELIVERED) /* the end of a message */
        return;
    row.state = (uint32_t)draw(model, 3);
    row.attempts = (uint32_t)draw(model, 100);
    model->message[row.outbox].state = row.state;
    model->message[row.outbox].attempts = row.attempts;
    record_add_outbox(batch, &row);
}

static void change_therapist(struct model *model, struct record_batch *batch)
{
    size_t number = draw(model, THERAPISTS);
    struct therapist_row row = {.remove = model->therapist[number] != 0 && draw(model, 3) == 0};

    row.added = model->therapist[number] == 0 && draw(model, 2) == 0; /* true when it is said */
    snprintf(row.identifier, sizeof row.identifier, "t%d", (int)number);
    model->therapist[number] = row.remove ? 0 : 1 + (uint32_t)draw(model, 1u << 30);
    if (!row.remove) {
        row.size = 300;
        row.payload = content(model->therapist[number], 300);
        memcpy(row.payload, &model->therapist[number], 4); /* says which it is */
    }
    record_add_therapist(batch, &row);
}

static bool overlaps(const struct slot_row *one, const struct slot_row *two)
{
    return strcmp(one->therapist, two->therapist) == 0 && one->from < two->to && two->from < one->to;
}

/* Adds or frees a slot; false when it overlaps, so that the whole commit must be refused. */
static bool change_slot(struct model *model, struct record_batch *batch)
{
    struct slot_row row = {.booked = draw(model, 2) == 0, .referral = 1 + draw(model, REFERRALS)};

    if (model->slots > 0 && (draw(model, 3) == 0 || model->slots == SLOTS)) {
        size_t which = draw(model, model->slots);
        row = model->slot[which];
        row.remove = true;
        model->slot[which] = model->slot[--model->slots];
        record_add_slot(batch, &row);
        return true;
    }
    snprintf(row.therapist, sizeof row.therapist, "t%d", (int)draw(model, THERAPISTS));
    row.from = (int64_t)draw(model, 2000);
    row.to = row.from + 1 + (int64_t)draw(model, 40);
    record_add_slot(batch, &row);
    for (size_t i = 0; i < model->slots; i++)
        if (overlaps(&model->slot[i], &row))
            return false;
    model->slot[model->slots++] = row;
    return true;
}

static bool fill(struct model *model, struct record_batch *batch)
{
    bool fits = true;

    record_batch_init(batch);
    for (uint64_t i = draw(model, 12); i > 0 && model->events < EVENTS; i--)
        add_event(model, batch);
    for (uint64_t i = draw(model, 4); i > 0; i--)
        add_referral(model, batch);
    for (uint64_t i = draw(model, 4); i > 0 && model->messages < MESSAGES; i--)
        add_message(model, batch);
    if (draw(model, 2) == 0)
        update_message(model, batch);
    if (draw(model, 3) == 0)
        change_therapist(model, batch);
    for (uint64_t i = draw(model, 4); i > 0 && fits; i--)
        fits = change_slot(model, batch);
    return fits;
}

/* One commit of some batches; the model goes back when the store must refuse it. */
static void commit_some(struct sample *sample, struct model *model)
{
    struct record_batch batch[6], *batches[6];
    struct model *before = malloc(sizeof *before);
    size_t count = 1 + draw(model, 6);
    bool fits = true;
    struct fault fault = {{0}};

    memcpy(before, model, sizeof *before);
    for (size_t i = 0; i < count; i++) {
        fits = fill(model, &batch[i]) && fits;
        batches[i] = &batch[i];
    }
    sample_expect(fits ? STORE_OK : STORE_CONFLICT, store_commit(sample->store, batches, count, &fault), &fault);
    if (!fits) {
        before->random = model->random;
        memcpy(model, before, sizeof *before);
    }
    for (size_t i = 0; i < count; i++)
        record_batch_finish(&batch[i]);
    free(before);
}

/* ---- what a load must give ---- */
struct comparison {
    const struct model *model;
    uint64_t therapists, referrals, events, sequence, messages;
};

static bool compare_therapist(void *context, const uint8_t *packed, size_t size, struct fault *fault)
{
    struct comparison *comparison = context;
    uint32_t seed = 0;
    bool known = false;
    uint8_t *wanted = NULL;

    (void)fault;
    assert_int_equal(size, 300);
    memcpy(&seed, packed, 4);
    for (size_t i = 0; i < THERAPISTS; i++)
        known = known || comparison->model->therapist[i] == seed;
    assert_true(known);
    wanted = content(seed, 300);
    assert_memory_equal(wanted + 4, packed + 4, 296);
    free(wanted);
    comparison->therapists++;
    return true;
}

static bool compare_referral(void *context, const struct referral_row *row, struct fault *fault)
{
    struct comparison *comparison = context;

    (void)fault;
    assert_in_range(row->referral, 1, REFERRALS);
    assert_same_row(row, &comparison->model->row[row->referral]);
    comparison->referrals++;
    return true;
}

static bool compare_event(void *context, const struct event_record *event, struct fault *fault)
{
    struct comparison *comparison = context;
    const struct model *model = comparison->model;

    (void)fault;
    assert_in_range(event->sequence, comparison->sequence + 1, model->events);
    comparison->sequence = event->sequence;
    assert_int_equal(event->referral, model->event[event->sequence].referral);
    assert_int_equal(event->at, model->event[event->sequence].at);
    assert_int_equal(event->kind, model->event[event->sequence].kind);
    assert_true(same_content(event->payload, event->size, model->event[event->sequence].seed,
                             model->event[event->sequence].size));
    comparison->events++;
    return true;
}

static void compare_ends(void *context, uint64_t last_referral, uint64_t last_sequence, uint64_t last_outbox)
{
    struct comparison *comparison = context;

    assert_int_equal(last_referral, comparison->model->referrals);
    assert_int_equal(last_sequence, comparison->model->events);
    assert_int_equal(last_outbox, comparison->model->messages);
}

static bool compare_any_event(void *context, const struct event_record *event, const uint8_t chain[32], bool erased)
{
    struct fault unread;

    (void)chain;
    assert_false(erased);
    return compare_event(context, event, &unread);
}

static bool compare_message(void *context, const struct outbox_row *row)
{
    struct comparison *comparison = context;
    const struct model *model = comparison->model;
    uint32_t size = row->state == OUTBOX_DELIVERED ? 0 : model->message[row->outbox].size;

    assert_int_equal(row->state, model->message[row->outbox].state);
    assert_int_equal(row->attempts, model->message[row->outbox].attempts);
    assert_int_equal(row->referral, model->message[row->outbox].referral);
    assert_true(same_content(row->payload, row->size, model->message[row->outbox].seed, size));
    comparison->messages++;
    return true;
}

static void compare_load(struct sample *sample, const struct model *model)
{
    struct comparison comparison = {.model = model};
    const struct store_loader loader = {&comparison,   compare_therapist, compare_referral,
                                        compare_event, compare_ends,      NULL};
    uint64_t therapists = 0, referrals = 0, events = 0;
    struct fault fault = {{0}};

    for (size_t i = 0; i < THERAPISTS; i++)
        therapists += model->therapist[i] != 0;
    for (size_t i = 1; i <= REFERRALS; i++)
        referrals += model->row[i].referral != 0;
    for (size_t i = 1; i <= model->events; i++)
        events += model->event[i].referral != 0 && model->row[model->event[i].referral].open;
    sample_expect(STORE_OK, store_load(sample->store, &loader, &fault), &fault);
    assert_int_equal(comparison.therapists, therapists);
    assert_int_equal(comparison.referrals, referrals);
    assert_int_equal(comparison.events, events);
}

static void compare_reads(struct sample *sample, const struct model *model)
{
    struct comparison comparison = {.model = model};
    struct store_reader *reader = sample_reader(sample);
    struct store_audit audit;
    struct fault fault = {{0}};

    sample_expect(STORE_OK, store_read_events(reader, 0, 0, UINT32_MAX, compare_any_event, &comparison, &fault),
                  &fault);
    assert_int_equal(comparison.events, model->events);
    for (int state = OUTBOX_PENDING; state <= OUTBOX_GIVEN_UP; state++)
        sample_expect(
            STORE_OK,
            store_read_outbox(reader, (enum outbox_state)state, 0, UINT32_MAX, compare_message, &comparison, &fault),
            &fault);
    assert_int_equal(comparison.messages, model->messages);
    sample_expect(STORE_OK, store_verify_audit(reader, &audit, &fault), &fault);
    assert_true(audit.whole);
    assert_int_equal(audit.entries, model->events);
    store_reader_close(reader);
}

static void compare_slots(const struct sample *sample, const struct model *model)
{
    assert_int_equal(sample_number(sample, "fascia.db", "SELECT count(*) FROM slot"), model->slots);
    for (size_t i = 0; i < model->slots; i++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM slot WHERE therapist = '%s' AND from_at = %lld AND to_at = %lld"
                 " AND referral = %lld AND booked = %d",
                 model->slot[i].therapist, (long long)model->slot[i].from, (long long)model->slot[i].to,
                 (long long)model->slot[i].referral, model->slot[i].booked);
        assert_int_equal(sample_number(sample, "fascia.db", sql), 1);
    }
}

static void what_is_loaded_is_what_was_committed(void **state)
{
    const char *given = getenv("FASCIA_SEED");
    uint64_t first = given != NULL ? strtoull(given, NULL, 10) : 1, last = given != NULL ? first : 6;

    (void)state;
    for (uint64_t seed = first; seed <= last; seed++) {
        struct model *model = calloc(1, sizeof *model);
        void *made = NULL;
        struct sample *sample = NULL;
        fprintf(stderr, "seed %d\n", (int)seed);
        model->random = seed * 0x9e3779b97f4a7c15u;
        assert_int_equal(sample_setup_open(&made), 0);
        sample = made;
        for (int round = 0; round < ROUNDS; round++) {
            commit_some(sample, model);
            if (draw(model, 10) == 0)
                sample_reopen(sample);
        }
        sample_reopen(sample);
        compare_load(sample, model);
        compare_reads(sample, model);
        sample_close(sample);
        compare_slots(sample, model);
        sample_teardown(&made);
        free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_loaded_is_what_was_committed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
