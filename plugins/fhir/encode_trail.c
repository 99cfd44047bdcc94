/* Who changed a referral, and who looked at it: from its history. */
#include "fhir/encode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EVENT(name) FASCIA__EVENT__BODY_##name

/* What an event is to Provenance (v3-DataOperation) and to AuditEvent (its action), and in a word. */
static const struct kind {
    Fascia__Event__BodyCase body;
    const char *operation, *action, *word;
} kinds[] = {
    {EVENT(RECEIVED), "CREATE", "C", "received"},
    {EVENT(MODIFIED), "UPDATE", "U", "modified"},
    {EVENT(SCREENED), "UPDATE", "E", "screened"},
    {EVENT(MOVED), "UPDATE", "U", "moved"},
    {EVENT(MATCHED), "UPDATE", "E", "matched"},
    {EVENT(OFFERED), "UPDATE", "U", "offered"},
    {EVENT(OFFER_CLOSED), "UPDATE", "U", "offer-closed"},
    {EVENT(ACCEPTED), "UPDATE", "U", "accepted"},
    {EVENT(VISIT_BOOKED), "UPDATE", "U", "visit-booked"},
    {EVENT(VISIT_ENDED), "UPDATE", "U", "visit-ended"},
    {EVENT(OUTCOME), "UPDATE", "U", "outcome"},
    {EVENT(FLAG_CLEARED), "UPDATE", "U", "flag-cleared"},
    {EVENT(VIEWED), NULL, "R", "viewed"},
    {EVENT(ERASED), "DELETE", "D", "erased"},
    {EVENT(STATUS_DELIVERED), NULL, "E", "status-delivered"},
};

static const struct kind *kind_of(const Fascia__HistoryEntry *entry)
{
    for (size_t i = 0; entry->event != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].body == entry->event->body_case)
            return &kinds[i];
    return NULL;
}

/* An offer is shown to one therapist: whom, a sender does not hear. */
static bool is_told(const struct fhir_subject *subject, const Fascia__HistoryEntry *entry)
{
    return subject->sees_offers ||
           (entry->event->body_case != EVENT(OFFERED) && entry->event->body_case != EVENT(OFFER_CLOSED) &&
            entry->event->body_case != EVENT(MATCHED));
}

static void write_agent(struct fhir_json *agent, const char *name, const char *actor)
{
    struct fhir_json *who = fhir_json_set(agent, name, fhir_json_new_object());
    struct fhir_json *identifier = fhir_json_set(who, "identifier", fhir_json_new_object());

    fhir_json_set_text(identifier, "system", "urn:fascia:actor");
    fhir_json_set_text(identifier, "value", actor);
}

static struct fhir_json *begin(const struct fhir_subject *subject, const char *type, const Fascia__HistoryEntry *entry,
                               struct fhir_json *list)
{
    const char *id =
        fhir_arena_format(subject->arena, "%" PRIu64 "-%" PRIu64, fhir_subject_referral(subject), entry->sequence);

    return fhir_json_add(list, fhir_new_resource(type, id, entry->sequence, entry->at));
}

void fhir_write_provenance(const struct fhir_subject *subject, struct fhir_json *list)
{
    static const char *const targets[] = {"ServiceRequest", "Task", "Patient"};
    const char *number = fhir_number(subject->arena, fhir_subject_referral(subject));

    for (size_t i = 0; i < subject->detail->n_history; i++) {
        const Fascia__HistoryEntry *entry = subject->detail->history[i];
        const struct kind *kind = kind_of(entry);
        struct fhir_json *resource;
        if (kind == NULL || kind->operation == NULL || !is_told(subject, entry))
            continue;
        resource = begin(subject, "Provenance", entry, list);
        for (size_t j = 0; j < 3; j++)
            fhir_add_to(resource, "target",
                        fhir_new_reference(fhir_arena_format(subject->arena, "%s/%s", targets[j], number), NULL));
        fhir_set_instant(resource, "recorded", entry->at);
        fhir_json_set(resource, "activity",
                      fhir_new_concept("http://terminology.hl7.org/CodeSystem/v3-DataOperation", kind->operation, NULL,
                                       kind->word));
        write_agent(fhir_add_to(resource, "agent", fhir_json_new_object()), "who", entry->actor);
    }
}

void fhir_write_audit_event(const struct fhir_subject *subject, struct fhir_json *list)
{
    const char *number = fhir_number(subject->arena, fhir_subject_referral(subject));

    for (size_t i = 0; i < subject->detail->n_history; i++) {
        const Fascia__HistoryEntry *entry = subject->detail->history[i];
        const struct kind *kind = kind_of(entry);
        struct fhir_json *resource, *agent, *source, *entity;
        if (kind == NULL || !is_told(subject, entry))
            continue;
        resource = begin(subject, "AuditEvent", entry, list);
        fhir_json_set(
            resource, "type",
            fhir_new_coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation"));
        fhir_add_to(resource, "subtype", fhir_new_coding("urn:fascia:event", kind->word, NULL));
        fhir_json_set_text(resource, "action", kind->action);
        fhir_set_instant(resource, "recorded", entry->at);
        fhir_json_set_text(resource, "outcome", "0");
        agent = fhir_add_to(resource, "agent", fhir_json_new_object());
        write_agent(agent, "who", entry->actor);
        fhir_json_set(agent, "requestor", fhir_json_new_boolean(true));
        source = fhir_json_set(resource, "source", fhir_json_new_object());
        fhir_json_set(source, "observer", fhir_new_reference("Organization/" FHIR_NODE_ID, NULL));
        entity = fhir_add_to(resource, "entity", fhir_json_new_object());
        fhir_set_reference(subject, entity, "what", "ServiceRequest", number, NULL);
    }
}
