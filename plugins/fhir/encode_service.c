/* What a therapist offers, where and when: HealthcareService, Location, Schedule, Slot. */
#include "fhir/encode.h"

#include <inttypes.h>
#include <string.h>

static const char *id_of(const struct fhir_subject *subject)
{
    return fhir_id_of_therapist(subject->arena, subject->therapist->therapist->identifier);
}

void fhir_write_specialties(const Fascia__Therapist *therapist, struct fhir_json *resource)
{
    for (size_t i = 0; i < therapist->n_techniques; i++)
        fhir_add_to(resource, "specialty",
                    fhir_new_concept(FHIR_TECHNIQUE_SYSTEM, therapist->techniques[i], NULL, NULL));
    for (size_t i = 0; i < therapist->n_certifications; i++)
        fhir_add_to(resource, "specialty",
                    fhir_new_concept(FHIR_CERTIFICATION_SYSTEM, therapist->certifications[i]->code, NULL, NULL));
    for (size_t i = 0; i < therapist->n_conditions; i++)
        fhir_add_to(resource, "specialty",
                    fhir_new_concept(FHIR_CONDITION_SYSTEM, therapist->conditions[i]->condition, NULL, NULL));
}

static void write_techniques(const Fascia__Therapist *therapist, struct fhir_json *resource, const char *name)
{
    for (size_t i = 0; i < therapist->n_techniques; i++)
        fhir_add_to(resource, name, fhir_new_concept(FHIR_TECHNIQUE_SYSTEM, therapist->techniques[i], NULL, NULL));
}

void fhir_write_location(const struct fhir_subject *subject, struct fhir_json *list)
{
    const Fascia__Therapist *therapist = subject->therapist->therapist;

    for (size_t i = 0; i < therapist->n_places; i++) {
        const Fascia__Place *place = therapist->places[i];
        const char *id = fhir_arena_format(subject->arena, "%s-%zu", id_of(subject), i + 1);
        struct fhir_json *resource = fhir_json_add(list, fhir_new_resource("Location", id, 0, 0));
        struct fhir_json *address = fhir_json_new_object();
        fhir_json_set_text(resource, "status", "active");
        fhir_json_set_text(resource, "name", place->name);
        fhir_json_set_text(resource, "mode", "instance");
        if (place->address[0] != '\0')
            fhir_add_to(address, "line", fhir_json_new_text(place->address));
        fhir_json_set_text(address, "postalCode", place->postal_code);
        fhir_json_set_text(address, "country", place->country);
        fhir_json_set(resource, "address", address);
        if (place->position != NULL) {
            struct fhir_json *position = fhir_json_set(resource, "position", fhir_json_new_object());
            fhir_json_set(
                position, "longitude",
                fhir_json_new_number(fhir_arena_format(subject->arena, "%.6f", place->position->longitude / 1e6)));
            fhir_json_set(
                position, "latitude",
                fhir_json_new_number(fhir_arena_format(subject->arena, "%.6f", place->position->latitude / 1e6)));
        }
        fhir_set_reference(subject, resource, "managingOrganization", "Organization", FHIR_NODE_ID, subject->publisher);
    }
}

void fhir_write_healthcare_service(const struct fhir_subject *subject, struct fhir_json *list)
{
    const Fascia__Therapist *therapist = subject->therapist->therapist;
    const char *id = id_of(subject);
    struct fhir_json *resource = fhir_json_add(list, fhir_new_resource("HealthcareService", id, 0, 0));

    fhir_json_set(resource, "active", fhir_json_new_boolean(!therapist->not_accepting));
    fhir_set_reference(subject, resource, "providedBy", "Organization", FHIR_NODE_ID, subject->publisher);
    write_techniques(therapist, resource, "type");
    fhir_write_specialties(therapist, resource);
    for (size_t i = 0; i < therapist->n_places; i++)
        fhir_add_to(resource, "location",
                    fhir_new_reference(fhir_arena_format(subject->arena, "Location/%s-%zu", id, i + 1),
                                       therapist->places[i]->name));
    fhir_json_set_text(resource, "name", therapist->name);
    fhir_add_telecom(resource, "phone", therapist->telephone);
    for (size_t i = 0; i < therapist->n_languages; i++)
        fhir_add_to(resource, "communication",
                    fhir_new_concept("urn:ietf:bcp:47", therapist->languages[i], NULL, NULL));
}

void fhir_write_schedule(const struct fhir_subject *subject, struct fhir_json *list)
{
    const Fascia__Therapist *therapist = subject->therapist->therapist;
    const char *id = id_of(subject);
    struct fhir_json *resource = fhir_json_add(list, fhir_new_resource("Schedule", id, 0, 0));

    fhir_json_set(resource, "active", fhir_json_new_boolean(!therapist->not_accepting));
    write_techniques(therapist, resource, "serviceType");
    fhir_write_specialties(therapist, resource);
    fhir_add_to(resource, "actor",
                fhir_new_reference(fhir_arena_format(subject->arena, "Practitioner/%s", id), therapist->name));
    for (size_t i = 0; i < therapist->n_places; i++)
        fhir_add_to(resource, "actor",
                    fhir_new_reference(fhir_arena_format(subject->arena, "Location/%s-%zu", id, i + 1),
                                       therapist->places[i]->name));
    fhir_set_period(resource, "planningHorizon", subject->now, 0);
}

/* What all Slots of a therapist have; the times are put in by fhir_slots_of(). */
void fhir_write_slot(const struct fhir_subject *subject, struct fhir_json *list)
{
    const Fascia__Therapist *therapist = subject->therapist->therapist;
    const char *id = id_of(subject);
    struct fhir_json *resource = fhir_json_add(list, fhir_new_resource("Slot", id, 0, 0));

    write_techniques(therapist, resource, "serviceType");
    fhir_write_specialties(therapist, resource);
    fhir_set_reference(subject, resource, "schedule", "Schedule", id, NULL);
}

struct fhir_json *fhir_new_slot(struct fhir_arena *arena, const struct fhir_json *common, const Fascia__SlotRow *row)
{
    static const char *const statuses[] = {"free", "busy", "busy-tentative"};
    struct fhir_json *slot = fhir_json_copy(common);

    fhir_json_set_text(
        slot, "id",
        fhir_arena_format(arena, "%s-%" PRId64, fhir_id_of_therapist(arena, row->therapist), row->from / 60000));
    fhir_put_identifier(slot, "urn:fascia:slot", fhir_json_text_of(slot, "id"));
    fhir_json_set_text(slot, "status", statuses[(unsigned)row->kind < 3 ? row->kind : 1]);
    fhir_set_instant(slot, "start", row->from);
    fhir_set_instant(slot, "end", row->to);
    return slot;
}
