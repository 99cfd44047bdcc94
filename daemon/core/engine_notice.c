/* What notifiers hear: that something happened, and nothing of who the patient is. */
#include "core/engine_state.h"
#include "core/message.h"
#include "fascia/v1/plugin.pb-c.h"

#include <string.h>

void engine_name_event(uint32_t kind, char name[ENGINE_EVENT_NAME])
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&fascia__event__descriptor, (unsigned)kind);
    size_t at = 0;

    INVARIANT(field != NULL);
    for (; field->name[at] != '\0' && at + 1 < ENGINE_EVENT_NAME; at++)
        name[at] = field->name[at] == '_' ? '-' : field->name[at];
    name[at] = '\0';
}

/* Whom the event itself is about, rather than who has the referral once it is over. */
static char *therapist_of(const struct referral *referral, const Fascia__Event *event)
{
    switch (event->body_case) {
    case FASCIA__EVENT__BODY_OFFERED:
        return event->offered->therapist;
    case FASCIA__EVENT__BODY_OFFER_CLOSED:
        return event->offer_closed->therapist;
    case FASCIA__EVENT__BODY_VISIT_BOOKED:
        return event->visit_booked->therapist;
    case FASCIA__EVENT__BODY_THERAPIST_CHANGED:
        return event->therapist_changed->identifier;
    default:
        return referral != NULL && referral->therapist != NULL ? referral->therapist->identifier : (char *)"";
    }
}

void engine_tell_notifiers(struct engine *engine, const struct event_record *record, const Fascia__Event *event)
{
    const struct referral *referral = record->referral != 0 ? engine_find_referral(engine, record->referral) : NULL;
    Fascia__Notice notice = FASCIA__NOTICE__INIT;
    char kind[ENGINE_EVENT_NAME];

    engine_name_event(record->kind, kind);
    notice.sequence = record->sequence;
    notice.at = record->at;
    notice.referral = record->referral;
    notice.kind = kind;
    notice.therapist = therapist_of(referral, event);
    if (referral != NULL) {
        notice.state = (Fascia__State)referral->state;
        notice.source = (char *)referral->source;
        notice.priority = (Fascia__Priority)referral->priority;
    }
    for (size_t i = 0; i < engine->settings.notifier_count; i++) {
        const struct engine_notifier *notifier = &engine->settings.notifiers[i];
        struct outbox_row row = {.state = OUTBOX_PENDING, .due = engine->now};

        if ((notifier->events >> record->kind & 1) == 0)
            continue;
        row.outbox = notice.id = ++engine->last_outbox;
        memcpy(row.source, notifier->name, strlen(notifier->name) + 1);
        row.payload = message_pack(&notice.base, &row.size);
        record_add_outbox(engine->batch, &row);
    }
}
