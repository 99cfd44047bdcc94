#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/memory.h"
#include "core/zone.h"

#include <stdlib.h>
#include <string.h>

/* ---- finding ---- */

struct referral *engine_find_referral(const struct engine *engine, uint64_t number)
{
    return number < engine->referral_room ? engine->referrals[number] : NULL;
}

/* Numbers are handed out one after another, so a plain array holds them with few gaps. */
struct referral *engine_make_referral(struct engine *engine, uint64_t number)
{
    struct referral *referral = memory_allocate(1, sizeof *referral);

    if (number >= engine->referral_room) {
        size_t before = engine->referral_room;

        engine->referrals =
            memory_grow(engine->referrals, &engine->referral_room, (size_t)number + 1, sizeof(struct referral *));
        memset(engine->referrals + before, 0, (engine->referral_room - before) * sizeof(struct referral *));
    }
    INVARIANT(engine->referrals[number] == NULL);
    referral->number = number;
    referral->source = "";
    engine->referrals[number] = referral;
    if (number > engine->last_referral)
        engine->last_referral = number;
    return referral;
}

bool engine_key_is_set(const uint8_t key[RECORD_KEY_BYTES])
{
    static const uint8_t none[RECORD_KEY_BYTES];

    return memcmp(key, none, sizeof none) != 0;
}

/* Keys are hashes already. */
static size_t bucket_of(const struct engine *engine, const uint8_t key[RECORD_KEY_BYTES])
{
    uint64_t head;

    memcpy(&head, key, sizeof head);
    return (size_t)head & (engine->key_buckets - 1);
}

struct referral *engine_find_by_sender(const struct engine *engine, const uint8_t key[RECORD_KEY_BYTES])
{
    struct referral *referral = engine->key_buckets == 0 ? NULL : engine->by_sender[bucket_of(engine, key)];

    while (referral != NULL && memcmp(referral->sender_key, key, RECORD_KEY_BYTES) != 0)
        referral = referral->same_sender;
    return referral;
}

static void chain_sender(struct engine *engine, struct referral *referral)
{
    struct referral **bucket = &engine->by_sender[bucket_of(engine, referral->sender_key)];

    referral->same_sender = *bucket;
    *bucket = referral;
}

static void chain_patient(struct engine *engine, struct referral *referral)
{
    struct referral **bucket = &engine->by_patient[bucket_of(engine, referral->patient_key)];

    referral->same_patient = *bucket;
    *bucket = referral;
}

static void widen_keys(struct engine *engine)
{
    size_t before = engine->key_buckets;
    struct referral **by_sender = engine->by_sender, **by_patient = engine->by_patient, *next;

    engine->key_buckets = before == 0 ? 1024 : before * 2;
    engine->by_sender = memory_allocate(engine->key_buckets, sizeof(struct referral *));
    engine->by_patient = memory_allocate(engine->key_buckets, sizeof(struct referral *));
    for (size_t i = 0; i < before; i++) {
        for (struct referral *referral = by_sender[i]; referral != NULL; referral = next) {
            next = referral->same_sender;
            chain_sender(engine, referral);
        }
        for (struct referral *referral = by_patient[i]; referral != NULL; referral = next) {
            next = referral->same_patient;
            chain_patient(engine, referral);
        }
    }
    free(by_sender);
    free(by_patient);
}

void engine_link_sender(struct engine *engine, struct referral *referral)
{
    if (engine->keyed++ >= engine->key_buckets)
        widen_keys(engine);
    chain_sender(engine, referral);
}

void engine_link_patient(struct engine *engine, struct referral *referral)
{
    if (!engine_key_is_set(referral->patient_key))
        return;
    if (engine->key_buckets == 0)
        widen_keys(engine);
    chain_patient(engine, referral);
}

void engine_unlink_patient(struct engine *engine, struct referral *referral)
{
    struct referral **link;

    if (!engine_key_is_set(referral->patient_key))
        return;
    link = &engine->by_patient[bucket_of(engine, referral->patient_key)];
    while (*link != NULL && *link != referral)
        link = &(*link)->same_patient;
    if (*link != NULL)
        *link = referral->same_patient;
    referral->same_patient = NULL;
}

struct referral *engine_first_of_patient(const struct engine *engine, const uint8_t key[RECORD_KEY_BYTES])
{
    return engine->key_buckets == 0 ? NULL : engine->by_patient[bucket_of(engine, key)];
}

const char *engine_intern_source(struct engine *engine, const char *name)
{
    size_t size = strnlen(name, RECORD_NAME_BYTES);
    char *copy;

    for (size_t i = 0; i < engine->source_count; i++)
        if (strncmp(engine->sources[i], name, size) == 0 && engine->sources[i][size] == '\0')
            return engine->sources[i];
    engine->sources =
        memory_grow(engine->sources, &engine->source_room, engine->source_count + 1, sizeof *engine->sources);
    copy = memory_allocate(size + 1, 1);
    memcpy(copy, name, size);
    return engine->sources[engine->source_count++] = copy;
}

/* ---- whose they are ---- */

/* While loading events come in their own order, and lists are made at the end. */
void engine_list_new(const struct engine *engine, struct referral *referral)
{
    if (!engine->loading && referral->sender != NULL)
        listing_add(&referral->sender->listing, referral);
}

void engine_list_changed(const struct engine *engine, struct referral *referral, struct therapist *had)
{
    if (engine->loading || referral->therapist == had)
        return;
    if (had != NULL)
        listing_drop(&had->listing, referral);
    if (referral->therapist != NULL)
        listing_add(&referral->therapist->listing, referral);
}

void engine_list_loaded(struct referral *referral)
{
    if (referral->sender != NULL)
        listing_add(&referral->sender->listing, referral);
    if (referral->therapist != NULL)
        listing_add(&referral->therapist->listing, referral);
}

/* ---- what follows from a referral's state ---- */

bool engine_has_therapist(Fascia__State state)
{
    return state >= FASCIA__STATE__STATE_ACCEPTED && state <= FASCIA__STATE__STATE_VISIT_CANCELLED;
}

unsigned engine_class_of(const struct referral *referral)
{
    if (referral->priority == FASCIA__PRIORITY__PRIORITY_STAT)
        return 0;
    return referral->priority == FASCIA__PRIORITY__PRIORITY_URGENT ? 1 : 2;
}

static uint32_t *case_count(struct referral *referral)
{
    if (referral->therapist == NULL)
        return NULL;
    if (referral->state == FASCIA__STATE__STATE_OFFERED)
        return &referral->therapist->offered;
    return engine_has_therapist((Fascia__State)referral->state) ? &referral->therapist->accepted : NULL;
}

static void leave_cases(struct referral *referral)
{
    struct referral_open *open = referral->open;

    if (open->case_before != NULL)
        open->case_before->open->case_after = open->case_after;
    else
        referral->therapist->cases = open->case_after;
    if (open->case_after != NULL)
        open->case_after->open->case_before = open->case_before;
    open->case_before = open->case_after = NULL;
}

static void enter_cases(struct referral *referral)
{
    struct referral *first = referral->therapist->cases;

    referral->open->case_after = first;
    if (first != NULL)
        first->open->case_before = referral;
    referral->therapist->cases = referral;
}

void engine_index_leave(struct engine *engine, struct referral *referral)
{
    uint32_t *cases = case_count(referral);

    if (referral->open == NULL)
        return;
    engine->by_state[referral->state]--;
    order_leave(referral);
    if (cases != NULL) {
        (*cases)--;
        leave_cases(referral);
    }
}

void engine_index_enter(struct engine *engine, struct referral *referral)
{
    uint32_t *cases = case_count(referral);
    struct referral_open *open = referral->open;

    if (open == NULL)
        return;
    engine->by_state[referral->state]++;
    if (cases != NULL) {
        (*cases)++;
        enter_cases(referral);
    }
    if (referral->state == FASCIA__STATE__STATE_MATCHING && !open->asked)
        order_add(&engine->pending[engine_class_of(referral)], referral, 0);
    else if (referral->state == FASCIA__STATE__STATE_OFFERED)
        order_add(&engine->offers, referral, open->due);
    engine_waiting_enter(engine, referral);
}

void engine_open_begin(struct engine *engine, struct referral *referral)
{
    INVARIANT(referral->open == NULL);
    referral->open = memory_allocate(1, sizeof *referral->open);
    referral->open->open_before = engine->open_last;
    if (engine->open_last != NULL)
        engine->open_last->open->open_after = referral;
    else
        engine->open_first = referral;
    engine->open_last = referral;
    engine->open_count++;
}

static void free_open(struct referral_open *open)
{
    for (size_t i = 0; i < open->cleared_count; i++)
        free(open->cleared[i]);
    free(open->cleared);
    free(open->declined);
    free(open->visits);
    free(open->need);
    free(open->problems);
    free(open);
}

void engine_open_end(struct engine *engine, struct referral *referral)
{
    struct referral_open *open = referral->open;

    engine_index_leave(engine, referral);
    engine_waiting_leave(engine, referral);
    if (open->open_before != NULL)
        open->open_before->open->open_after = open->open_after;
    else
        engine->open_first = open->open_after;
    if (open->open_after != NULL)
        open->open_after->open->open_before = open->open_before;
    else
        engine->open_last = open->open_before;
    engine->open_count--;
    referral->open = NULL;
    free_open(open);
}

/* ---- recent cases of therapists ---- */

static int32_t utc_day(int64_t instant)
{
    return (int32_t)(instant / DAY_MS);
}

void engine_recent_add(struct engine *engine, struct referral *referral)
{
    int32_t day = utc_day(referral->opened);
    struct recent_day *recent = &engine->recent[day % (RECENT_DAYS + 1)];

    if (day <= engine->recent_today - RECENT_DAYS || day > engine->recent_today)
        return;
    recent->referrals = memory_grow(recent->referrals, &recent->room, recent->count + 1, sizeof *recent->referrals);
    recent->referrals[recent->count++] = referral->number;
    referral->recent = true;
    referral->therapist->recent++;
    directory_tell_load(engine->directory, referral->therapist);
}

/* Its number stays in the day's list, where it means nothing without the mark. */
void engine_recent_drop(struct engine *engine, struct referral *referral)
{
    INVARIANT(referral->recent && referral->therapist != NULL);
    referral->recent = false;
    referral->therapist->recent--;
    directory_tell_load(engine->directory, referral->therapist);
}

static void recent_end_day(struct engine *engine, int32_t day)
{
    struct recent_day *recent = &engine->recent[day % (RECENT_DAYS + 1)];

    for (size_t i = 0; i < recent->count; i++) {
        struct referral *referral = engine_find_referral(engine, recent->referrals[i]);

        if (referral != NULL && referral->recent && utc_day(referral->opened) == day)
            engine_recent_drop(engine, referral);
    }
    recent->count = 0;
}

void engine_recent_advance(struct engine *engine, int64_t now)
{
    int32_t today = utc_day(now);
    int32_t day = engine->recent_today - RECENT_DAYS + 1;

    if (today <= engine->recent_today)
        return;
    if (today - engine->recent_today > RECENT_DAYS) {
        for (int32_t i = 0; i <= RECENT_DAYS; i++)
            if (day + i >= 0)
                recent_end_day(engine, day + i);
    } else {
        for (; day <= today - RECENT_DAYS; day++)
            if (day >= 0)
                recent_end_day(engine, day);
    }
    engine->recent_today = today;
}
