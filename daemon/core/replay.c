/* Living a node's history over again. */
#include "core/replay.h"

#include "core/memory.h"
#include "core/replay_state.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_GAP 1024 /* referrals are numbered one after another; more than this is no history of ours */

/* ---- made and ended ---- */

/* Nobody new comes in: nothing is hashed. */
static void no_hash(void *context, const uint8_t *bytes, size_t size, uint8_t key[RECORD_KEY_BYTES])
{
    (void)context;
    (void)bytes;
    (void)size;
    memset(key, 0, RECORD_KEY_BYTES);
}

struct replay *replay_create(const struct replay_settings *settings)
{
    struct replay *replay = memory_allocate(1, sizeof *replay);
    const struct engine_hash hash = {NULL, no_hash};
    struct engine_settings defaults;

    /* Weights are each explanation's own, and what else is configured decides nothing that was decided already. */
    engine_settings_default(&defaults);
    replay->settings = *settings;
    replay->engine = engine_create(&defaults, settings->codes, settings->zones, &hash);
    record_batch_init(&replay->batch);
    replay->window = memory_allocate(REPLAY_WINDOW, sizeof *replay->window);
    replay->window_erased = memory_allocate(REPLAY_WINDOW, sizeof *replay->window_erased);
    return replay;
}

void replay_destroy(struct replay *replay)
{
    if (replay == NULL)
        return;
    for (size_t i = 0; i < replay->window_count; i++)
        free(replay->window[(replay->window_first + i) % REPLAY_WINDOW].payload);
    for (size_t i = 0; i < replay->question_count; i++)
        fascia__event__free_unpacked(replay->questions[i].event, NULL);
    free(replay->window);
    free(replay->window_erased);
    free(replay->questions);
    free(replay->gone);
    free(replay->active);
    free(replay->unknown);
    record_batch_finish(&replay->batch);
    engine_destroy(replay->engine);
    free(replay);
}

/* ---- referrals that can't be read ---- */

static size_t place_of_gone(const struct replay *replay, uint64_t referral)
{
    size_t low = 0, high = replay->gone_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (replay->gone[middle].referral < referral)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Mostly at the end: referrals come in by number. */
static struct replay_gone *add_gone(struct replay *replay, size_t place, uint64_t referral)
{
    struct replay_gone *gone;

    replay->gone = memory_grow(replay->gone, &replay->gone_room, replay->gone_count + 1, sizeof *replay->gone);
    memmove(replay->gone + place + 1, replay->gone + place, (replay->gone_count - place) * sizeof *replay->gone);
    for (size_t i = 0; i < replay->active_count; i++)
        replay->active[i] += replay->active[i] >= place;
    replay->gone_count++;
    gone = &replay->gone[place];
    *gone = (struct replay_gone){.referral = referral};
    if (!replay->settings.find_erased(replay->settings.context, referral, &gone->known))
        gone->known = (struct replay_erased){.recorded = false};
    /* It could be read up to here: what it holds by now stays with it for good. */
    if (engine_find_referral(replay->engine, referral) != NULL)
        gone->known.recorded = false;
    return gone;
}

static void live_gone(struct replay *replay, const struct event_record *event)
{
    size_t place = place_of_gone(replay, event->referral);
    struct replay_gone *gone = place < replay->gone_count && replay->gone[place].referral == event->referral
                                   ? &replay->gone[place]
                                   : add_gone(replay, place, event->referral);

    if (event->referral > replay->engine->last_referral)
        replay->engine->last_referral = event->referral;
    if (gone->held ||
        (event->kind != FASCIA__EVENT__BODY_OFFERED && engine_find_referral(replay->engine, event->referral) == NULL))
        return;
    gone->held = true;
    replay->active =
        memory_grow(replay->active, &replay->active_room, replay->active_count + 1, sizeof *replay->active);
    replay->active[replay->active_count++] = place;
}

/* From now on it is what its row says: finished, and perhaps one of its therapist's recent cases. */
static void enter_ended(struct engine *engine, const struct replay_gone *gone)
{
    const struct referral_row *row = &gone->known.row;
    struct referral *referral = engine_make_referral(engine, gone->referral);

    referral->state = (uint8_t)row->state;
    referral->opened = row->opened;
    referral->changed = row->changed;
    referral->erased = true;
    if (row->therapist[0] == '\0' || strnlen(row->therapist, sizeof row->therapist) > RECORD_NAME_BYTES)
        return;
    referral->therapist = directory_refer(engine->directory, row->therapist);
    engine_recent_add(engine, referral);
}

size_t replay_settle_gone(struct replay *replay, int64_t at)
{
    size_t left = 0;

    for (size_t i = 0; i < replay->active_count; i++) {
        struct replay_gone *gone = &replay->gone[replay->active[i]];

        if (gone->known.recorded && gone->known.row.changed < at) {
            gone->ended = true;
            enter_ended(replay->engine, gone);
        } else {
            replay->active[left++] = replay->active[i];
        }
    }
    return replay->active_count = left;
}

/* ---- therapists that were put without saying what ---- */

static void note_unknown(struct replay *replay, const Fascia__TherapistChanged *changed)
{
    const bool unknown = !changed->removed && changed->therapist == NULL;
    const uint32_t number = directory_refer(replay->engine->directory, changed->identifier)->number;
    const size_t before = replay->unknown_room;

    if (number >= before) {
        replay->unknown =
            memory_grow(replay->unknown, &replay->unknown_room, (size_t)number + 1, sizeof *replay->unknown);
        memset(replay->unknown + before, 0, (replay->unknown_room - before) * sizeof *replay->unknown);
    }
    replay->unknown_count += unknown;
    replay->unknown_count -= replay->unknown[number];
    replay->unknown[number] = unknown;
}

/* ---- one event ---- */

static bool refuse(const struct event_record *event, const char *why, struct fault *fault)
{
    fault_set(fault, "event %llu: %s", (unsigned long long)event->sequence, why);
    return false;
}

static bool apply(struct replay *replay, const struct event_record *event, struct fault *fault)
{
    struct engine *engine = replay->engine;
    Fascia__Event *body;
    bool applied;

    if (event->referral > engine->last_referral + NUMBER_GAP)
        return refuse(event, "referrals are numbered one after another, and this number is far ahead", fault);
    body = fascia__event__unpack(NULL, event->size, event->payload);
    if (body == NULL)
        return refuse(event, "it can't be read", fault);
    engine->batch = &replay->batch;
    applied = engine_apply(engine, event, body, fault);
    engine->batch = NULL;
    if (applied && body->body_case == FASCIA__EVENT__BODY_THERAPIST_CHANGED)
        note_unknown(replay, body->therapist_changed);
    fascia__event__free_unpacked(body, NULL);
    if (replay->batch.slot_count > 0) {
        record_batch_finish(&replay->batch);
        record_batch_init(&replay->batch);
    }
    return applied;
}

static void ask_what_is_due(struct replay *replay)
{
    size_t asked = 0;

    while (asked < replay->question_count && replay->questions[asked].after <= replay->lived)
        replay_check(replay, &replay->questions[asked++]);
    if (asked == 0)
        return;
    replay->question_count -= asked;
    memmove(replay->questions, replay->questions + asked, replay->question_count * sizeof *replay->questions);
}

/* Days need not begin for calendars until somebody asks; they do for recent cases, which events add to. */
static bool live_first(struct replay *replay, struct fault *fault)
{
    struct event_record *event = &replay->window[replay->window_first];
    const bool erased = replay->window_erased[replay->window_first];
    bool lived = true;

    if (event->at > replay->latest)
        replay->latest = event->at;
    if (event->at > replay->engine->now)
        replay->engine->now = event->at;
    engine_recent_advance(replay->engine, replay->engine->now);
    if (erased)
        live_gone(replay, event);
    else
        lived = apply(replay, event, fault);
    replay->lived = event->sequence;
    replay->engine->last_sequence = event->sequence;
    replay->window_bytes -= event->size;
    replay->window_first = (replay->window_first + 1) % REPLAY_WINDOW;
    replay->window_count--;
    free(event->payload);
    event->payload = NULL;
    if (!lived)
        return false;
    ask_what_is_due(replay);
    if (replay->settings.go_on(replay->settings.context, replay->lived))
        return true;
    fault_set(fault, "the replay was broken off");
    return false;
}

/* ---- what is asked ---- */

static void add_question(struct replay *replay, const struct replay_question *question)
{
    size_t place = replay->question_count++;

    replay->questions =
        memory_grow(replay->questions, &replay->question_room, replay->question_count, sizeof *replay->questions);
    for (; place > 0 && replay->questions[place - 1].after > question->after; place--)
        replay->questions[place] = replay->questions[place - 1];
    replay->questions[place] = *question;
}

static bool note_question(struct replay *replay, const struct event_record *event, bool erased, struct fault *fault)
{
    struct replay_question question = {event->sequence, event->sequence - 1, event->referral, event->at, NULL};

    if (replay->settings.event != 0 && replay->settings.event != event->sequence)
        return true;
    if (erased) {
        replay_tell_unasked(replay, event->referral, event->sequence, event->at,
                            "the referral was erased, and its explanation with it");
        return true;
    }
    question.event = fascia__event__unpack(NULL, event->size, event->payload);
    if (question.event == NULL || question.event->body_case != FASCIA__EVENT__BODY_MATCHED ||
        question.event->matched->explanation == NULL) {
        if (question.event != NULL)
            fascia__event__free_unpacked(question.event, NULL);
        return refuse(event, "it should hold an explanation, and holds none", fault);
    }
    if (question.event->matched->explanation->asked_after != 0)
        question.after = question.event->matched->explanation->asked_after;
    if (question.after >= event->sequence || question.after < replay->lived) {
        replay_tell_unasked(replay, event->referral, event->sequence, event->at,
                            "it says that it was asked for after a later event, or long before it was recorded");
        fascia__event__free_unpacked(question.event, NULL);
        return true;
    }
    add_question(replay, &question);
    ask_what_is_due(replay);
    return true;
}

/* ---- door ---- */

static void add_to_window(struct replay *replay, const struct event_record *event, bool erased)
{
    const size_t place = (replay->window_first + replay->window_count++) % REPLAY_WINDOW;
    struct event_record *kept = &replay->window[place];

    *kept = *event;
    kept->payload = NULL;
    if (erased)
        kept->size = 0;
    if (kept->size > 0) {
        kept->payload = memory_resize(NULL, kept->size, 1);
        memcpy(kept->payload, event->payload, kept->size);
    }
    replay->window_bytes += kept->size;
    replay->window_erased[place] = erased;
}

bool replay_event(struct replay *replay, const struct event_record *event, bool erased, struct fault *fault)
{
    if (event->sequence != replay->fed + 1) {
        fault_set(fault, "event %llu is missing", (unsigned long long)replay->fed + 1);
        return false;
    }
    replay->fed = event->sequence;
    add_to_window(replay, event, erased);
    if (event->kind == FASCIA__EVENT__BODY_MATCHED && !note_question(replay, event, erased, fault))
        return false;
    while (replay->window_count == REPLAY_WINDOW || replay->window_bytes > REPLAY_WINDOW_BYTES)
        if (!live_first(replay, fault))
            return false;
    return true;
}

bool replay_finish(struct replay *replay, struct fault *fault)
{
    while (replay->question_count > 0 && replay->window_count > 0)
        if (!live_first(replay, fault))
            return false;
    return true;
}
