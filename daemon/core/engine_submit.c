#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/memory.h"
#include "core/message.h"
#include "core/screen.h"

#include <stdlib.h>
#include <string.h>

#define KIND(kind)    FASCIA__PROBLEM__KIND__##kind
#define VERDICT(kind) FASCIA__RESULT__VERDICT__##kind

struct submission {
    struct engine *engine;
    const Fascia__Submit *submit;
    const char *source;
    struct engine_keys keys;
    struct referral *referral; /* that the keys find; NULL */
    struct screening screening;
};

static const char *source_of(const char *actor)
{
    static const char prefix[] = "source:";

    return strncmp(actor, prefix, sizeof prefix - 1) == 0 ? actor + sizeof prefix - 1 : "";
}

/* ---- events ---- */

static ProtobufCBinaryData key_bytes(uint8_t key[RECORD_KEY_BYTES])
{
    return (ProtobufCBinaryData){RECORD_KEY_BYTES, key};
}

static void emit_received(struct submission *submission, uint64_t number)
{
    Fascia__Received received = FASCIA__RECEIVED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    received.referral = submission->submit->referral;
    received.source = (char *)submission->source;
    if (strnlen(submission->submit->referral->sender, RECORD_NAME_BYTES + 1) <= RECORD_NAME_BYTES)
        received.sender = submission->submit->referral->sender;
    received.sender_key = key_bytes(submission->keys.sender);
    received.content_key = key_bytes(submission->keys.content);
    received.patient_key = key_bytes(submission->keys.patient);
    event.body_case = FASCIA__EVENT__BODY_RECEIVED;
    event.received = &received;
    engine_emit(submission->engine, number, &event);
}

static void emit_modified(struct submission *submission)
{
    Fascia__Modified modified = FASCIA__MODIFIED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    modified.referral = submission->submit->referral;
    modified.content_key = key_bytes(submission->keys.content);
    modified.patient_key = key_bytes(submission->keys.patient);
    event.body_case = FASCIA__EVENT__BODY_MODIFIED;
    event.modified = &modified;
    engine_emit(submission->engine, submission->referral->number, &event);
}

static void emit_screened(struct submission *submission, uint64_t number)
{
    Fascia__Event event = FASCIA__EVENT__INIT;

    event.body_case = FASCIA__EVENT__BODY_SCREENED;
    event.screened = submission->screening.screened;
    engine_emit(submission->engine, number, &event);
}

static void screen(struct submission *submission)
{
    const struct referral *referral = submission->referral;
    const struct engine *engine = submission->engine;
    struct screen_input input = {.referral = submission->submit->referral,
                                 .codes = engine->codes,
                                 .zones = &engine->zones,
                                 .settings = &engine->settings,
                                 .now = engine->now};

    if (referral != NULL && referral->open != NULL) {
        input.cleared = (const char *const *)referral->open->cleared;
        input.cleared_count = referral->open->cleared_count;
    }
    screen_referral(&input, &submission->screening);
}

/* The screening's own problems, and nothing of a referral that may be there: what was sent is not taken. */
static Fascia__Result *refuse_screened(struct submission *submission)
{
    Fascia__Screened *screened = submission->screening.screened;
    Fascia__Result *result = engine_answer(submission->engine, NULL, VERDICT(REFUSED));

    result->problems = screened->problems;
    result->n_problems = screened->n_problems;
    screened->problems = NULL;
    screened->n_problems = 0;
    if (submission->referral != NULL) {
        result->referral = submission->referral->number;
        result->state = (Fascia__State)submission->referral->state;
        result->status = engine_status_of(submission->engine, submission->referral);
    }
    return result;
}

/* ---- a new one ---- */

static Fascia__Result *submit_new(struct submission *submission)
{
    struct engine *engine = submission->engine;
    uint64_t number = engine->last_referral + 1;

    if (engine->open_count >= engine->settings.maximum_open)
        return engine_answer_problem(engine, NULL, VERDICT(BUSY), KIND(OTHER), "",
                                     "this node has as many open referrals as it may have: send it again later");
    screen(submission);
    if (submission->screening.refused)
        return refuse_screened(submission);
    emit_received(submission, number);
    emit_screened(submission, number);
    return engine_answer(engine, engine_find_referral(engine, number), VERDICT(OK));
}

/* ---- a change to one ---- */

static Fascia__Result *answer_locked(struct submission *submission)
{
    return engine_answer_problem(submission->engine, submission->referral, VERDICT(CONFLICT), KIND(LOCKED),
                                 "sender_referral_id",
                                 "this referral is finished and can't be changed: send a new one under a new id");
}

/* Without a wish of the referrer's, the first date is the day of screening; that alone changes nothing. */
static void keep_first_date(const Fascia__Referral *referral, const Fascia__Need *before, Fascia__Need *after)
{
    bool wished = referral->preferences != NULL && *referral->preferences->not_before != '\0';

    if (!wished && strcmp(before->not_before, after->not_before) < 0)
        message_set(&after->not_before, before->not_before);
}

static bool need_changes(struct submission *submission)
{
    const struct referral *referral = submission->referral;
    Fascia__Need *before = engine_need_of(referral), *after = submission->screening.screened->need;
    uint8_t *packed;
    size_t size;
    bool same;

    keep_first_date(submission->submit->referral, before, after);
    packed = message_pack(&after->base, &size);
    same = size == referral->open->need_size && memcmp(packed, referral->open->need, size) == 0;
    free(packed);
    fascia__need__free_unpacked(before, NULL);
    return !same;
}

static bool has_red_flag(const Fascia__Screened *screened)
{
    for (size_t i = 0; i < screened->n_problems; i++)
        if (screened->problems[i]->severity == FASCIA__PROBLEM__SEVERITY__ERROR &&
            screened->problems[i]->kind == KIND(RED_FLAG))
            return true;
    return false;
}

/* Whether who has the case may keep it under the new need. Times that are booked stay as agreed. */
static bool therapist_still_passes(struct submission *submission)
{
    static const struct visit no_time = {0};

    return engine_check_gates(submission->engine, submission->referral, submission->screening.screened->need, &no_time,
                              &no_time) == GATE_NONE;
}

static Fascia__Result *modify_accepted(struct submission *submission, bool changed)
{
    struct engine *engine = submission->engine;
    struct referral *referral = submission->referral;
    const Fascia__Screened *screened = submission->screening.screened;
    bool held = screen_holds(screened->problems, screened->n_problems);

    /* A therapist does not lose a patient to a slip of the pen, but does to a red flag. */
    if (held && !has_red_flag(screened))
        return refuse_screened(submission);
    if (!held && (!changed || therapist_still_passes(submission))) {
        emit_modified(submission);
        emit_screened(submission, referral->number);
        return engine_answer(engine, referral, VERDICT(OK));
    }
    engine_emit_let_go(engine, referral, true);
    engine_emit_offer_closed(engine, referral, FASCIA__OFFER_CLOSED__HOW__WITHDRAWN, "", "");
    emit_modified(submission);
    emit_screened(submission, referral->number);
    engine_tell_sender(
        engine, referral,
        &(struct telling){.text = held ? NULL : "after the change the therapist no longer fits; looking for another"});
    return engine_answer(engine, referral, VERDICT(OK));
}

static Fascia__Result *submit_change(struct submission *submission)
{
    struct engine *engine = submission->engine;
    struct referral *referral = submission->referral;
    const Fascia__Screened *screened;
    bool changed;

    if (referral->open == NULL || referral->state == FASCIA__STATE__STATE_COMPLETED ||
        referral->state == FASCIA__STATE__STATE_FORWARDED)
        return answer_locked(submission);
    screen(submission);
    if (submission->screening.refused)
        return refuse_screened(submission);
    screened = submission->screening.screened;
    changed = need_changes(submission);
    if (engine_has_therapist((Fascia__State)referral->state))
        return modify_accepted(submission, changed);
    if (referral->state == FASCIA__STATE__STATE_OFFERED &&
        (changed || screen_holds(screened->problems, screened->n_problems)))
        engine_emit_let_go(engine, referral, false);
    emit_modified(submission);
    emit_screened(submission, referral->number);
    return engine_answer(engine, referral, VERDICT(OK));
}

/* ---- the actions ---- */

static bool same_content(const struct submission *submission)
{
    return memcmp(submission->referral->content_key, submission->keys.content, RECORD_KEY_BYTES) == 0;
}

static Fascia__Result *act_new(struct submission *submission)
{
    if (submission->referral == NULL)
        return submit_new(submission);
    if (same_content(submission))
        return engine_answer(submission->engine, submission->referral, VERDICT(DUPLICATE));
    if (submission->submit->update_if_changed)
        return submit_change(submission);
    return engine_answer_problem(
        submission->engine, submission->referral, VERDICT(REFUSED), KIND(DUPLICATE_KEY), "sender_referral_id",
        "a referral with this id is here already and says something else: send a modification, or "
        "a new id");
}

static Fascia__Result *act_modify(struct submission *submission)
{
    if (submission->referral == NULL)
        return engine_answer_unknown_id(submission->engine);
    if (same_content(submission))
        return engine_answer(submission->engine, submission->referral, VERDICT(DUPLICATE));
    return submit_change(submission);
}

static Fascia__Result *act_cancel(struct submission *submission)
{
    struct engine *engine = submission->engine;
    struct referral *referral = submission->referral;

    if (referral == NULL)
        return engine_answer_unknown_id(submission->engine);
    if (referral->state == FASCIA__STATE__STATE_CANCELLED)
        return engine_answer(engine, referral, VERDICT(DUPLICATE));
    if (referral->open == NULL || referral->state == FASCIA__STATE__STATE_COMPLETED)
        return answer_locked(submission);
    engine_emit_let_go(engine, referral, true);
    engine_emit_moved(engine, referral, FASCIA__STATE__STATE_CANCELLED, submission->submit->reason);
    engine_tell_sender(engine, referral, &(struct telling){.reason = submission->submit->reason});
    return engine_answer(engine, referral, VERDICT(OK));
}

Fascia__Result *engine_do_submit(struct engine *engine, const Fascia__Submit *submit)
{
    struct submission submission = {.engine = engine,
                                    .submit = submit,
                                    .source = submit->source[0] != '\0' ? submit->source : source_of(engine->actor)};
    Fascia__Result *result;

    if (submit->referral == NULL)
        return engine_answer_problem(engine, NULL, VERDICT(REFUSED), KIND(MISSING), "referral",
                                     "there is no referral in it");
    engine_make_keys(engine, submission.source, submit->referral, &submission.keys);
    submission.referral = engine_find_by_sender(engine, submission.keys.sender);
    switch (submit->action) {
    case FASCIA__SUBMIT__ACTION__NEW:
        result = act_new(&submission);
        break;
    case FASCIA__SUBMIT__ACTION__MODIFY:
        result = act_modify(&submission);
        break;
    case FASCIA__SUBMIT__ACTION__CANCEL:
        result = act_cancel(&submission);
        break;
    case FASCIA__SUBMIT__ACTION__STATUS:
        result = submission.referral == NULL ? engine_answer_unknown_id(engine)
                                             : engine_answer(engine, submission.referral, VERDICT(OK));
        break;
    default:
        result = engine_answer_problem(engine, NULL, VERDICT(REFUSED), KIND(BAD_TYPE), "action", "no such action");
    }
    if (submission.screening.screened != NULL)
        fascia__screened__free_unpacked(submission.screening.screened, NULL);
    return result;
}
