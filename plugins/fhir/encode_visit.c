/* Appointment: a visit of a referral, as it is booked or ended. */
#include "fhir/encode.h"

#include <inttypes.h>

static const char *const statuses[] = {[FHIR_VISIT_BOOKED] = "booked",
                                       [FHIR_VISIT_DONE] = "fulfilled",
                                       [FHIR_VISIT_NO_SHOW] = "noshow",
                                       [FHIR_VISIT_CANCELLED] = "cancelled"};

static void add_participant(const struct fhir_subject *subject, struct fhir_json *appointment, const char *type,
                            const char *id)
{
    struct fhir_json *participant = fhir_add_to(appointment, "participant", fhir_json_new_object());

    fhir_set_reference(subject, participant, "actor", type, id, NULL);
    fhir_json_set_text(participant, "required", "required");
    fhir_json_set_text(participant, "status", "accepted");
}

void fhir_write_appointment(const struct fhir_subject *subject, struct fhir_json *list)
{
    const struct fhir_story *story = &subject->story;
    const char *number = fhir_number(subject->arena, fhir_subject_referral(subject));

    for (size_t i = 0; i < story->visit_count; i++) {
        const struct fhir_visit *visit = &story->visits[i];
        struct fhir_json *appointment = fhir_json_add(
            list, fhir_new_resource("Appointment", fhir_arena_format(subject->arena, "%s-%u", number, visit->number),
                                    visit->version, visit->changed));
        fhir_put_identifier(appointment, "urn:fascia:appointment", fhir_json_text_of(appointment, "id"));
        fhir_json_set_text(appointment, "status", statuses[visit->how]);
        fhir_set_instant(appointment, "start", visit->from);
        fhir_set_instant(appointment, "end", visit->to);
        fhir_json_set(appointment, "minutesDuration", fhir_json_new_whole((visit->to - visit->from) / 60000));
        fhir_set_instant(appointment, "created", visit->created);
        fhir_add_to(appointment, "basedOn",
                    fhir_new_reference(fhir_arena_format(subject->arena, "ServiceRequest/%s", number), NULL));
        add_participant(subject, appointment, "Patient", number);
        if (visit->therapist[0] != '\0')
            add_participant(subject, appointment, "Practitioner",
                            fhir_id_of_therapist(subject->arena, visit->therapist));
    }
}
