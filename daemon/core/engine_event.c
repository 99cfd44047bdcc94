#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

void engine_write_row(struct engine *engine, const struct referral *referral)
{
    struct referral_row row = {.referral = referral->number,
                               .state = referral->state,
                               .priority = referral->priority,
                               .open = referral->open != NULL,
                               .opened = referral->opened,
                               .changed = referral->changed,
                               .due = referral->open != NULL ? referral->open->due : 0,
                               .content_sequence = referral->content_sequence,
                               .match_sequence = referral->match_sequence,
                               .statuses = referral->statuses,
                               .erased = referral->erased};

    memcpy(row.source, referral->source, strlen(referral->source) + 1);
    memcpy(row.sender, sender_name(referral->sender), strlen(sender_name(referral->sender)) + 1);
    if (referral->therapist != NULL)
        memcpy(row.therapist, referral->therapist->identifier, strlen(referral->therapist->identifier) + 1);
    memcpy(row.sender_key, referral->sender_key, sizeof row.sender_key);
    memcpy(row.content_key, referral->content_key, sizeof row.content_key);
    memcpy(row.patient_key, referral->patient_key, sizeof row.patient_key);
    record_add_referral(engine->batch, &row);
}

void engine_emit(struct engine *engine, uint64_t referral, const Fascia__Event *event)
{
    struct event_record record = {.sequence = engine->last_sequence + 1,
                                  .at = engine->now,
                                  .referral = referral,
                                  .kind = (uint32_t)event->body_case};
    struct fault fault = {{0}};

    memcpy(record.actor, engine->actor, strnlen(engine->actor, RECORD_NAME_BYTES));
    record.payload = message_pack(&event->base, &record.size);
    engine->last_sequence = record.sequence;
    if (!engine_apply(engine, &record, event, &fault))
        invariant_broken(fault.text, __FILE__, __LINE__);
    record_add_event(engine->batch, &record);
    if (referral != 0)
        engine_write_row(engine, engine_find_referral(engine, referral));
    if (engine->settings.notifier_count > 0)
        engine_tell_notifiers(engine, &record, event);
}

void engine_emit_moved(struct engine *engine, const struct referral *referral, Fascia__State to, const char *reason)
{
    Fascia__Moved moved = FASCIA__MOVED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    moved.to = to;
    moved.reason = (char *)reason;
    event.body_case = FASCIA__EVENT__BODY_MOVED;
    event.moved = &moved;
    engine_emit(engine, referral->number, &event);
}

void engine_emit_offer_closed(struct engine *engine, const struct referral *referral, Fascia__OfferClosed__How how,
                              const char *reason_code, const char *reason)
{
    Fascia__OfferClosed closed = FASCIA__OFFER_CLOSED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    closed.how = how;
    closed.therapist = referral->therapist->identifier;
    closed.reason_code = (char *)reason_code;
    closed.reason = (char *)reason;
    event.body_case = FASCIA__EVENT__BODY_OFFER_CLOSED;
    event.offer_closed = &closed;
    engine_emit(engine, referral->number, &event);
}

uint32_t engine_emit_visit_booked(struct engine *engine, const struct referral *referral, int64_t from, int64_t to,
                                  uint32_t appointment)
{
    Fascia__VisitBooked booked = FASCIA__VISIT_BOOKED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    booked.visit = referral->open->visits_numbered + 1;
    booked.therapist = referral->therapist->identifier;
    booked.from = from;
    booked.to = to;
    booked.appointment = appointment;
    event.body_case = FASCIA__EVENT__BODY_VISIT_BOOKED;
    event.visit_booked = &booked;
    engine_emit(engine, referral->number, &event);
    return booked.visit;
}

void engine_emit_visit_reported(struct engine *engine, const struct referral *referral, uint32_t visit,
                                const Fascia__EndVisit *end, bool anyway)
{
    Fascia__VisitEnded ended = FASCIA__VISIT_ENDED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    ended.visit = visit;
    ended.how = end->how;
    ended.note = end->note;
    ended.anyway = anyway;
    event.body_case = FASCIA__EVENT__BODY_VISIT_ENDED;
    event.visit_ended = &ended;
    engine_emit(engine, referral->number, &event);
}

void engine_emit_visit_ended(struct engine *engine, const struct referral *referral, uint32_t visit,
                             Fascia__VisitEnded__How how)
{
    Fascia__EndVisit end = FASCIA__END_VISIT__INIT;

    end.how = how;
    engine_emit_visit_reported(engine, referral, visit, &end, false);
}

void engine_emit_therapist_changed(struct engine *engine, const char *identifier, const Fascia__Therapist *content)
{
    Fascia__TherapistChanged changed = FASCIA__THERAPIST_CHANGED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    changed.identifier = (char *)identifier;
    changed.removed = content == NULL;
    changed.therapist = (Fascia__Therapist *)(uintptr_t)content;
    event.body_case = FASCIA__EVENT__BODY_THERAPIST_CHANGED;
    event.therapist_changed = &changed;
    engine_emit(engine, 0, &event);
}

void engine_emit_let_go(struct engine *engine, struct referral *referral, bool done)
{
    struct referral_open *open = referral->open;

    while (open->visit_count > 0) {
        const struct visit visit = open->visits[0];
        const bool took_place = done && visit.from <= engine->now;

        engine_emit_visit_ended(engine, referral, visit.number,
                                took_place ? FASCIA__VISIT_ENDED__HOW__DONE : FASCIA__VISIT_ENDED__HOW__CANCELLED);
        if (!took_place)
            engine_tell_of_freed_visit(engine, referral, &visit);
    }
    if (referral->state == FASCIA__STATE__STATE_OFFERED)
        engine_emit_offer_closed(engine, referral, FASCIA__OFFER_CLOSED__HOW__WITHDRAWN, "", "");
}
