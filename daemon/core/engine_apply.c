#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/memory.h"
#include "core/message.h"
#include "core/screen.h"

#include <stdlib.h>
#include <string.h>

struct applying {
    struct engine *engine;
    const struct event_record *record;
    struct referral *referral;
    struct fault *fault;
};

static bool move(struct applying *applying, enum lifecycle_trigger trigger)
{
    struct referral *referral = applying->referral;
    Fascia__State to;

    if (!lifecycle_move((Fascia__State)referral->state, trigger, &to)) {
        fault_set(applying->fault, "event %llu: no move \"%s\" from state \"%s\"",
                  (unsigned long long)applying->record->sequence, lifecycle_trigger_name(trigger),
                  lifecycle_words((Fascia__State)referral->state)->name);
        return false;
    }
    referral->state = (uint8_t)to;
    referral->changed = applying->record->at;
    return true;
}

static bool refuse(struct applying *applying, const char *why)
{
    fault_set(applying->fault, "event %llu: %s", (unsigned long long)applying->record->sequence, why);
    return false;
}

/* ---- time ---- */

static void write_slot(struct engine *engine, const struct referral *referral, const struct visit *visit, bool remove)
{
    struct slot_row row = {.remove = remove,
                           .booked = visit->number != 0,
                           .from = visit->from,
                           .to = visit->to,
                           .referral = referral->number,
                           .visit = visit->number};

    memcpy(row.therapist, referral->therapist->identifier, strlen(referral->therapist->identifier) + 1);
    record_add_slot(engine->batch, &row);
}

/* A visit numbered 0 is a hold. While loading, calendars are filled at the end and rows are there already. */
static bool take_time(struct applying *applying, const struct visit *visit)
{
    const struct referral *referral = applying->referral;
    struct engine *engine = applying->engine;

    if (engine->loading)
        return true;
    write_slot(engine, referral, visit, false);
    if (!referral->therapist->present || calendar_take(referral->therapist->calendar, visit->from, visit->to, true))
        return true;
    return refuse(applying, "it takes time that another holds");
}

static void give_time(struct engine *engine, const struct referral *referral, const struct visit *visit)
{
    if (engine->loading)
        return;
    if (referral->therapist->present)
        calendar_give(referral->therapist->calendar, visit->from, visit->to);
    write_slot(engine, referral, visit, true);
    if (visit->to > engine->now)
        engine_note_change(engine, referral->therapist);
}

static void give_hold(struct engine *engine, struct referral *referral)
{
    struct referral_open *open = referral->open;
    const struct visit hold = {0, open->hold_from, open->hold_to, 0};

    if (open->hold_to > open->hold_from)
        give_time(engine, referral, &hold);
    open->hold_from = open->hold_to = 0;
}

/* ---- content ---- */

static bool copy_key(uint8_t key[RECORD_KEY_BYTES], const ProtobufCBinaryData *bytes)
{
    if (bytes->len != RECORD_KEY_BYTES)
        return false;
    memcpy(key, bytes->data, RECORD_KEY_BYTES);
    return true;
}

static bool take_content(struct applying *applying, const ProtobufCBinaryData *content,
                         const ProtobufCBinaryData *patient)
{
    struct referral *referral = applying->referral;

    engine_unlink_patient(applying->engine, referral);
    if (!copy_key(referral->content_key, content) || !copy_key(referral->patient_key, patient))
        return refuse(applying, "a key has the wrong size");
    engine_link_patient(applying->engine, referral);
    referral->content_sequence = applying->record->sequence;
    return true;
}

static bool apply_received(struct applying *applying, const Fascia__Received *received)
{
    struct referral *referral = applying->referral;

    if (!move(applying, TRIGGER_RECEIVE))
        return false;
    if (!copy_key(referral->sender_key, &received->sender_key) ||
        !take_content(applying, &received->content_key, &received->patient_key))
        return refuse(applying, "a key has the wrong size");
    referral->opened = applying->record->at;
    referral->source = engine_intern_source(applying->engine, received->source);
    referral->sender = senders_refer(&applying->engine->senders, received->sender);
    engine_list_new(applying->engine, referral);
    if (engine_find_by_sender(applying->engine, referral->sender_key) != referral)
        engine_link_sender(applying->engine, referral);
    engine_open_begin(applying->engine, referral);
    return true;
}

static void keep_problems(struct referral_open *open, Fascia__Problem **problems, size_t count)
{
    Fascia__Screened kept = FASCIA__SCREENED__INIT;

    kept.problems = problems;
    kept.n_problems = count;
    free(open->problems);
    open->problems = NULL;
    open->problems_size = 0;
    if (count > 0)
        open->problems = message_pack(&kept.base, &open->problems_size);
    open->held = screen_holds(problems, count);
}

static bool apply_screened(struct applying *applying, const Fascia__Screened *screened)
{
    struct referral *referral = applying->referral;
    struct referral_open *open = referral->open;
    uint8_t *need;
    size_t size;
    bool same;

    if (screened->need == NULL)
        return refuse(applying, "a screening without a need");
    need = message_pack(&screened->need->base, &size);
    same = open->need != NULL && size == open->need_size && memcmp(need, open->need, size) == 0;
    free(open->need);
    open->need = need;
    open->need_size = size;
    referral->priority = (uint8_t)screened->need->priority;
    keep_problems(open, screened->problems, screened->n_problems);
    if (!same)
        open->offers_fresh = 0;
    if (open->held)
        return move(applying, TRIGGER_HOLD);
    if (referral->state == FASCIA__STATE__STATE_RECEIVED || referral->state == FASCIA__STATE__STATE_NEEDS_INFORMATION ||
        (referral->state == FASCIA__STATE__STATE_WAITLISTED && !same))
        return move(applying, TRIGGER_MATCH);
    return true;
}

static bool apply_flag_cleared(struct applying *applying, const Fascia__FlagCleared *cleared)
{
    struct referral_open *open = applying->referral->open;
    Fascia__Screened *screened;
    size_t kept = 0, count;

    open->cleared = memory_grow(open->cleared, &open->cleared_room, open->cleared_count + 1, sizeof *open->cleared);
    open->cleared[open->cleared_count++] = memory_text(cleared->flag);
    screened = fascia__screened__unpack(NULL, open->problems_size, open->problems);
    INVARIANT(screened != NULL);
    count = screened->n_problems;
    for (size_t i = 0; i < count; i++) {
        const char *flag = screen_flag_of(screened->problems[i]);

        if (flag != NULL && strcmp(flag, cleared->flag) == 0)
            fascia__problem__free_unpacked(screened->problems[i], NULL);
        else
            screened->problems[kept++] = screened->problems[i];
    }
    screened->n_problems = kept;
    keep_problems(open, screened->problems, kept);
    fascia__screened__free_unpacked(screened, NULL);
    if (applying->referral->state == FASCIA__STATE__STATE_NEEDS_INFORMATION && !open->held)
        return move(applying, TRIGGER_MATCH);
    return true;
}

static bool apply_moved(struct applying *applying, const Fascia__Moved *moved)
{
    struct referral *referral = applying->referral;

    switch (moved->to) {
    case FASCIA__STATE__STATE_NEEDS_INFORMATION:
        return move(applying, TRIGGER_HOLD);
    case FASCIA__STATE__STATE_REJECTED:
        return move(applying, TRIGGER_REJECT);
    case FASCIA__STATE__STATE_MATCHING:
        return move(applying, TRIGGER_MATCH);
    case FASCIA__STATE__STATE_WAITLISTED:
        referral->open->all_declined = strcmp(moved->reason, REASON_DECLINED) == 0;
        referral->open->swept = applying->engine->list.sweep;
        return move(applying, TRIGGER_WAIT);
    case FASCIA__STATE__STATE_CLOSED:
        return move(applying, TRIGGER_CLOSE);
    case FASCIA__STATE__STATE_CANCELLED:
        return move(applying, TRIGGER_CANCEL);
    case FASCIA__STATE__STATE_WITHDRAWN:
        return move(applying, TRIGGER_WITHDRAW);
    case FASCIA__STATE__STATE_FORWARDED:
        return move(applying, TRIGGER_FORWARD);
    default:
        return refuse(applying, "a move to a state that another event leads to");
    }
}

/* ---- offers ---- */

static bool is_name(const char *identifier)
{
    size_t size = strlen(identifier);

    return size >= 1 && size <= RECORD_NAME_BYTES;
}

static bool apply_offered(struct applying *applying, const Fascia__Offered *offered)
{
    struct referral *referral = applying->referral;
    struct referral_open *open = referral->open;
    const struct visit hold = {0, offered->hold_from, offered->hold_to, 0};

    if (!is_name(offered->therapist))
        return refuse(applying, "a therapist's identifier has the wrong size");
    if (!move(applying, TRIGGER_OFFER))
        return false;
    referral->therapist = directory_refer(applying->engine->directory, offered->therapist);
    open->hold_from = offered->hold_from;
    open->hold_to = offered->hold_to;
    open->due = offered->expires;
    open->offers = offered->number;
    open->offers_fresh++;
    return hold.to <= hold.from || take_time(applying, &hold);
}

/* Of an open offer, or of a case that was accepted: the therapist gives it back. */
static bool apply_offer_closed(struct applying *applying, const Fascia__OfferClosed *closed)
{
    struct referral *referral = applying->referral;
    struct referral_open *open = referral->open;

    if (referral->therapist == NULL || open->visit_count > 0)
        return refuse(applying, "an offer ends that is not open, or with visits booked");
    give_hold(applying->engine, referral);
    if (!move(applying, referral->state == FASCIA__STATE__STATE_OFFERED ? TRIGGER_UNOFFER : TRIGGER_RELEASE))
        return false;
    if (closed->how != FASCIA__OFFER_CLOSED__HOW__WITHDRAWN) {
        open->declined =
            memory_grow(open->declined, &open->declined_room, open->declined_count + 1, sizeof(struct therapist *));
        open->declined[open->declined_count++] = referral->therapist;
    }
    referral->therapist = NULL;
    open->due = 0;
    return true;
}

/* ---- visits ---- */

static bool apply_visit_booked(struct applying *applying, const Fascia__VisitBooked *booked)
{
    struct engine *engine = applying->engine;
    struct referral_open *open = applying->referral->open;
    const struct visit visit = {booked->visit, booked->from, booked->to,
                                booked->appointment != 0 ? booked->appointment : booked->visit};
    size_t place;

    if (applying->referral->therapist == NULL || visit.to <= visit.from || visit.number == 0)
        return refuse(applying, "a visit without a therapist, a number or a time");
    if (open->hold_from == visit.from && open->hold_to == visit.to && !engine->loading) {
        const struct visit hold = {0, visit.from, visit.to, 0};

        write_slot(engine, applying->referral, &hold, true);
        write_slot(engine, applying->referral, &visit, false);
        open->hold_from = open->hold_to = 0;
    } else {
        give_hold(engine, applying->referral);
        if (!take_time(applying, &visit))
            return false;
    }
    open->visits = memory_grow(open->visits, &open->visit_room, open->visit_count + 1, sizeof *open->visits);
    for (place = open->visit_count++; place > 0 && open->visits[place - 1].from > visit.from; place--)
        open->visits[place] = open->visits[place - 1];
    open->visits[place] = visit;
    if (visit.number > open->visits_numbered)
        open->visits_numbered = visit.number;
    return move(applying, TRIGGER_BOOK);
}

static void drop_visit(struct applying *applying, uint32_t number)
{
    struct referral_open *open = applying->referral->open;

    for (size_t i = 0; i < open->visit_count; i++) {
        if (open->visits[i].number != number)
            continue;
        give_time(applying->engine, applying->referral, &open->visits[i]);
        memmove(&open->visits[i], &open->visits[i + 1], (--open->visit_count - i) * sizeof *open->visits);
        return;
    }
}

static bool apply_visit_ended(struct applying *applying, const Fascia__VisitEnded *ended)
{
    struct referral_open *open = applying->referral->open;

    if (applying->referral->therapist == NULL)
        return refuse(applying, "a visit without a therapist");
    drop_visit(applying, ended->visit);
    if (ended->visit > open->visits_numbered)
        open->visits_numbered = ended->visit;
    switch (ended->how) {
    case FASCIA__VISIT_ENDED__HOW__DONE:
        open->visits_done++;
        return move(applying, TRIGGER_VISIT_DONE);
    case FASCIA__VISIT_ENDED__HOW__NO_SHOW:
        return move(applying, TRIGGER_NO_SHOW);
    case FASCIA__VISIT_ENDED__HOW__CANCELLED:
        return move(applying, open->visit_count > 0 ? TRIGGER_BOOK : TRIGGER_CANCEL_VISIT);
    case FASCIA__VISIT_ENDED__HOW__MOVED: /* the booking in its place follows */
        return true;
    default:
        return refuse(applying, "a visit ended in no known way");
    }
}

/* ---- matches ---- */

/* Of the first candidate, or of the one that it was assigned to in a batch. */
static void keep_score(struct referral_open *open, const Fascia__Explanation *explanation)
{
    if (explanation == NULL || explanation->n_candidates == 0)
        return;
    open->score = explanation->candidates[0]->score;
    for (size_t i = 0; explanation->assignment != NULL && i < explanation->n_candidates; i++)
        if (strcmp(explanation->candidates[i]->therapist, explanation->assignment->therapist) == 0)
            open->score = explanation->candidates[i]->score;
}

/* ---- all of them ---- */

static bool apply_open(struct applying *applying, const Fascia__Event *event)
{
    struct referral *referral = applying->referral;

    switch (event->body_case) {
    case FASCIA__EVENT__BODY_MODIFIED:
        return take_content(applying, &event->modified->content_key, &event->modified->patient_key);
    case FASCIA__EVENT__BODY_SCREENED:
        return apply_screened(applying, event->screened);
    case FASCIA__EVENT__BODY_MOVED:
        return apply_moved(applying, event->moved);
    case FASCIA__EVENT__BODY_MATCHED:
        referral->match_sequence = applying->record->sequence;
        keep_score(referral->open, event->matched->explanation);
        return true;
    case FASCIA__EVENT__BODY_OFFERED:
        return apply_offered(applying, event->offered);
    case FASCIA__EVENT__BODY_OFFER_CLOSED:
        return apply_offer_closed(applying, event->offer_closed);
    case FASCIA__EVENT__BODY_ACCEPTED:
        referral->open->due = 0;
        return move(applying, TRIGGER_ACCEPT);
    case FASCIA__EVENT__BODY_VISIT_BOOKED:
        return apply_visit_booked(applying, event->visit_booked);
    case FASCIA__EVENT__BODY_VISIT_ENDED:
        return apply_visit_ended(applying, event->visit_ended);
    case FASCIA__EVENT__BODY_OUTCOME:
        referral->open->outcome_outbox = event->outcome->outbox;
        return move(applying, TRIGGER_COMPLETE);
    case FASCIA__EVENT__BODY_FLAG_CLEARED:
        return apply_flag_cleared(applying, event->flag_cleared);
    default:
        return refuse(applying, "an event of no known kind");
    }
}

static bool apply_body(struct applying *applying, const Fascia__Event *event)
{
    struct referral *referral = applying->referral;

    switch (event->body_case) {
    case FASCIA__EVENT__BODY_RECEIVED:
        return apply_received(applying, event->received);
    case FASCIA__EVENT__BODY_VIEWED:
        return true;
    case FASCIA__EVENT__BODY_STATUS_DELIVERED:
        if (referral->open != NULL && event->status_delivered->outbox == referral->open->outcome_outbox)
            referral->open->outcome_undelivered = event->status_delivered->given_up;
        return true;
    case FASCIA__EVENT__BODY_ERASED:
        engine_unlink_patient(applying->engine, referral);
        memset(referral->patient_key, 0, sizeof referral->patient_key);
        referral->erased = true;
        return true;
    default:
        if (referral->open == NULL)
            return refuse(applying, "it changes a referral that is closed");
        return apply_open(applying, event);
    }
}

/* Who has an open offer or case of it. */
static struct therapist *holder_of(const struct referral *referral)
{
    return referral->state == FASCIA__STATE__STATE_OFFERED || engine_has_therapist((Fascia__State)referral->state)
               ? referral->therapist
               : NULL;
}

static void settle_loads(struct engine *engine, struct referral *referral, struct therapist *before,
                         struct therapist *had)
{
    struct therapist *after = holder_of(referral);

    if (engine->loading)
        return;
    if (referral->recent && referral->therapist != had) {
        struct therapist *has = referral->therapist;

        referral->therapist = had;
        engine_recent_drop(engine, referral);
        referral->therapist = has;
    }
    if (!referral->recent && referral->therapist != NULL && referral->state != FASCIA__STATE__STATE_OFFERED)
        engine_recent_add(engine, referral);
    if (before != NULL)
        directory_tell_load(engine->directory, before);
    if (after != NULL && after != before)
        directory_tell_load(engine->directory, after);
    if (before != NULL && after == NULL)
        engine_note_change(engine, before);
}

bool engine_apply(struct engine *engine, const struct event_record *record, const Fascia__Event *event,
                  struct fault *fault)
{
    struct applying applying = {engine, record, NULL, fault};
    struct therapist *before, *had;
    bool applied;

    if (event->body_case == FASCIA__EVENT__BODY_THERAPIST_CHANGED)
        return engine_apply_therapist(engine, event->therapist_changed, fault);
    if (event->body_case == FASCIA__EVENT__BODY_ACCOUNT_CHANGED)
        return engine_apply_account(engine, event->account_changed, fault);
    applying.referral = engine_find_referral(engine, record->referral);
    if (applying.referral == NULL && event->body_case == FASCIA__EVENT__BODY_RECEIVED && record->referral != 0)
        applying.referral = engine_make_referral(engine, record->referral);
    if (applying.referral == NULL)
        return refuse(&applying, "it is of a referral that is not there");
    before = holder_of(applying.referral);
    had = applying.referral->therapist;
    engine_index_leave(engine, applying.referral);
    applied = apply_body(&applying, event);
    engine_index_enter(engine, applying.referral);
    engine_list_changed(engine, applying.referral, had);
    settle_loads(engine, applying.referral, before, had);
    if (applying.referral->open != NULL && !lifecycle_words((Fascia__State)applying.referral->state)->open)
        engine_open_end(engine, applying.referral);
    return applied;
}
