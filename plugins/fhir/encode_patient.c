/* The patient of one referral, and how they are covered. */
#include "fhir/encode.h"

#include <string.h>

static void write_name(const Fascia__Patient *patient, struct fhir_json *resource)
{
    struct fhir_json *name;

    if (patient->family_name[0] == '\0' && patient->given_name[0] == '\0')
        return;
    name = fhir_add_to(resource, "name", fhir_json_new_object());
    fhir_json_set_text(name, "family", patient->family_name);
    if (patient->given_name[0] != '\0')
        fhir_add_to(name, "given", fhir_json_new_text(patient->given_name));
}

static void write_position(const Fascia__Position *position, struct fhir_arena *arena, struct fhir_json *address)
{
    struct fhir_json *extension;
    const char *names[] = {"latitude", "longitude"};
    const int32_t values[] = {position->latitude, position->longitude};

    extension = fhir_add_to(address, "extension", fhir_json_new_object());
    fhir_json_set_text(extension, "url", "http://hl7.org/fhir/StructureDefinition/geolocation");
    for (size_t i = 0; i < 2; i++) {
        struct fhir_json *part = fhir_add_to(extension, "extension", fhir_json_new_object());
        fhir_json_set_text(part, "url", names[i]);
        fhir_json_set(part, "valueDecimal", fhir_json_new_number(fhir_arena_format(arena, "%.6f", values[i] / 1e6)));
    }
}

static void write_address(const struct fhir_subject *subject, const Fascia__Patient *patient,
                          struct fhir_json *resource)
{
    const Fascia__Address *sent = patient->address;
    struct fhir_json *address;

    if (sent == NULL && patient->position == NULL)
        return;
    address = fhir_json_new_object();
    if (patient->position != NULL)
        write_position(patient->position, subject->arena, address);
    for (size_t i = 0; sent != NULL && i < sent->n_lines; i++)
        fhir_add_to(address, "line", fhir_json_new_text(sent->lines[i]));
    if (sent != NULL) {
        fhir_json_set_text(address, "city", sent->city);
        fhir_json_set_text(address, "state", sent->state);
        fhir_json_set_text(address, "postalCode", sent->postal_code);
        fhir_json_set_text(address, "country", sent->country);
    }
    if (fhir_json_size(address) > 0)
        fhir_add_to(resource, "address", address);
    else
        fhir_json_free(address);
}

void fhir_write_patient(const struct fhir_subject *subject, struct fhir_json *list)
{
    const struct fhir_story *story = &subject->story;
    const Fascia__Referral *referral = subject->detail->content;
    const Fascia__Patient *patient = referral != NULL ? referral->patient : NULL;
    struct fhir_json *resource;

    if (patient == NULL || story->content_since == 0)
        return;
    resource =
        fhir_json_add(list, fhir_new_resource("Patient", fhir_number(subject->arena, fhir_subject_referral(subject)),
                                              story->content_since, story->content_at));
    for (size_t i = 0; i < patient->n_identifiers; i++)
        fhir_add_sent_identifier(subject->arena, resource, patient->identifiers[i]);
    fhir_json_set(resource, "active", fhir_json_new_boolean(true));
    write_name(patient, resource);
    for (size_t i = 0; i < patient->n_phones; i++)
        fhir_add_telecom(resource, "phone", patient->phones[i]);
    for (size_t i = 0; i < patient->n_emails; i++)
        fhir_add_telecom(resource, "email", patient->emails[i]);
    fhir_json_set_text(resource, "gender", fhir_gender(patient->gender));
    fhir_json_set_text(resource, "birthDate", patient->birth_date);
    write_address(subject, patient, resource);
    for (size_t i = 0; i < patient->n_languages; i++) {
        struct fhir_json *communication = fhir_add_to(resource, "communication", fhir_json_new_object());
        fhir_json_set(communication, "language",
                      fhir_new_concept("urn:ietf:bcp:47", patient->languages[i], NULL, NULL));
    }
}

void fhir_write_coverage(const struct fhir_subject *subject, struct fhir_json *list)
{
    const struct fhir_story *story = &subject->story;
    const Fascia__Referral *referral = subject->detail->content;
    const char *number = fhir_number(subject->arena, fhir_subject_referral(subject));

    if (referral == NULL || story->content_since == 0)
        return;
    for (size_t i = 0; i < referral->n_coverages; i++) {
        const Fascia__Coverage *coverage = referral->coverages[i];
        struct fhir_json *resource =
            fhir_new_resource("Coverage", fhir_arena_format(subject->arena, "%s-%zu", number, i + 1),
                              story->content_since, story->content_at);
        struct fhir_json *payor = fhir_json_new_object();
        fhir_put_identifier(resource, NULL, coverage->member_id);
        fhir_json_set_text(resource, "status", "active");
        fhir_json_set_text(resource, "subscriberId", coverage->member_id);
        fhir_set_reference(subject, resource, "beneficiary", "Patient", number, NULL);
        if (coverage->payer[0] != '\0') {
            struct fhir_json *identifier = fhir_json_set(payor, "identifier", fhir_json_new_object());
            fhir_json_set_text(identifier, "value", coverage->payer);
        }
        fhir_json_set_text(payor, "display", coverage->payer_name[0] != '\0' ? coverage->payer_name : coverage->payer);
        fhir_add_to(resource, "payor", payor);
        if (coverage->plan[0] != '\0') {
            struct fhir_json *plan = fhir_add_to(resource, "class", fhir_json_new_object());
            fhir_json_set(plan, "type",
                          fhir_new_concept("http://terminology.hl7.org/CodeSystem/coverage-class", "plan", NULL, NULL));
            fhir_json_set_text(plan, "value", coverage->plan);
        }
        fhir_json_add(list, resource);
    }
}
