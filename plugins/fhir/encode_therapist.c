/* Who treats: Practitioner and PractitionerRole, and the node's organization. */
#include "fhir/encode.h"
#include "fhir/query.h"

#include <stdio.h>
#include <string.h>

static const char *id_of(const struct fhir_subject *subject)
{
    return fhir_id_of_therapist(subject->arena, subject->therapist->therapist->identifier);
}

static bool is_npi(const char *identifier)
{
    return strlen(identifier) == 10 && strspn(identifier, "0123456789") == 10;
}

static void write_name(const char *text, struct fhir_json *resource)
{
    struct fhir_json *name;

    if (text[0] == '\0')
        return;
    name = fhir_add_to(resource, "name", fhir_json_new_object());
    fhir_json_set_text(name, "text", text);
}

static struct fhir_json *add_qualification(struct fhir_json *resource, const char *system, const char *number,
                                           const char *from, const char *to)
{
    struct fhir_json *qualification = fhir_add_to(resource, "qualification", fhir_json_new_object());

    fhir_put_identifier(qualification, system, number);
    fhir_json_set(qualification, "code", fhir_json_new_object());
    fhir_set_dates(qualification, "period", from, to);
    return qualification;
}

static void write_qualifications(const struct fhir_subject *subject, struct fhir_json *resource)
{
    const Fascia__Therapist *therapist = subject->therapist->therapist;

    for (size_t i = 0; i < therapist->n_licences; i++) {
        const Fascia__Licence *licence = therapist->licences[i];
        const char *profession = licence->profession[0] != '\0' ? licence->profession : therapist->profession;
        struct fhir_json *added =
            add_qualification(resource,
                              fhir_arena_format(subject->arena, "urn:fascia:licence:%s",
                                                fhir_percent_encode(subject->arena, licence->jurisdiction, "")),
                              licence->number, licence->valid_from, licence->valid_to);
        fhir_json_set(added, "code",
                      fhir_new_concept(FHIR_NUCC_SYSTEM, profession, fhir_profession_name(profession),
                                       fhir_arena_format(subject->arena, "licence in %s", licence->jurisdiction)));
    }
    for (size_t i = 0; i < therapist->n_certifications; i++) {
        const Fascia__Certification *held = therapist->certifications[i];
        struct fhir_json *added = add_qualification(resource, NULL, held->number, held->valid_from, held->valid_to);
        fhir_json_set(added, "code", fhir_new_concept(FHIR_CERTIFICATION_SYSTEM, held->code, NULL, NULL));
        if (held->issuer[0] != '\0')
            fhir_json_set(added, "issuer", fhir_new_reference(NULL, held->issuer));
    }
}

void fhir_write_practitioner(const struct fhir_subject *subject, struct fhir_json *list)
{
    const Fascia__Therapist *therapist = subject->therapist->therapist;
    struct fhir_json *resource = fhir_json_add(list, fhir_new_resource("Practitioner", id_of(subject), 0, 0));

    fhir_put_identifier(resource, is_npi(therapist->identifier) ? FHIR_NPI_SYSTEM : "urn:fascia:therapist",
                        therapist->identifier);
    fhir_json_set(resource, "active", fhir_json_new_boolean(!therapist->not_accepting));
    write_name(therapist->name, resource);
    fhir_add_telecom(resource, "phone", therapist->telephone);
    fhir_json_set_text(resource, "gender", fhir_gender(therapist->gender));
    write_qualifications(subject, resource);
    for (size_t i = 0; i < therapist->n_languages; i++)
        fhir_add_to(resource, "communication",
                    fhir_new_concept("urn:ietf:bcp:47", therapist->languages[i], NULL, NULL));
}

/* ---- the role ------------------------------------------------------------------------------------------------------- */

static void set_time(struct fhir_json *object, const char *name, uint32_t minute)
{
    char text[12];

    if (minute == 1440)
        snprintf(text, sizeof text, "23:59:59"); /* R4's time knows no 24:00 */
    else
        snprintf(text, sizeof text, "%02u:%02u:00", (unsigned)(minute / 60 % 24), (unsigned)(minute % 60));
    fhir_json_set_text(object, name, text);
}

static void write_hours(const Fascia__Therapist *therapist, struct fhir_json *role)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

    for (size_t i = 0; i < therapist->n_hours; i++) {
        const Fascia__Hours *hours = therapist->hours[i];
        struct fhir_json *time = fhir_add_to(role, "availableTime", fhir_json_new_object());
        fhir_add_to(time, "daysOfWeek", fhir_json_new_text(days[hours->weekday % 7]));
        set_time(time, "availableStartTime", hours->from_minute);
        set_time(time, "availableEndTime", hours->to_minute);
    }
    for (size_t i = 0; i < therapist->n_exceptions; i++) {
        const Fascia__HoursException *exception = therapist->exceptions[i];
        struct fhir_json *away;
        if (exception->n_hours > 0)
            continue;
        away = fhir_add_to(role, "notAvailable", fhir_json_new_object());
        fhir_json_set_text(away, "description", "not working");
        fhir_set_dates(away, "during", exception->date, exception->date);
    }
    if (therapist->n_hours > 0 && therapist->time_zone[0] != '\0')
        fhir_json_set_text(role, "availabilityExceptions", therapist->time_zone);
}

void fhir_write_practitioner_role(const struct fhir_subject *subject, struct fhir_json *list)
{
    const Fascia__Therapist *therapist = subject->therapist->therapist;
    const char *id = id_of(subject);
    struct fhir_json *role = fhir_json_add(list, fhir_new_resource("PractitionerRole", id, 0, 0));

    fhir_json_set(role, "active", fhir_json_new_boolean(!therapist->not_accepting));
    fhir_set_reference(subject, role, "practitioner", "Practitioner", id, therapist->name);
    fhir_set_reference(subject, role, "organization", "Organization", FHIR_NODE_ID, subject->publisher);
    fhir_add_to(
        role, "code",
        fhir_new_concept(FHIR_NUCC_SYSTEM, therapist->profession, fhir_profession_name(therapist->profession), NULL));
    fhir_write_specialties(therapist, role);
    for (size_t i = 0; i < therapist->n_places; i++)
        fhir_add_to(role, "location",
                    fhir_new_reference(fhir_arena_format(subject->arena, "Location/%s-%zu", id, i + 1),
                                       therapist->places[i]->name));
    fhir_add_to(role, "healthcareService",
                fhir_new_reference(fhir_arena_format(subject->arena, "HealthcareService/%s", id), NULL));
    fhir_add_telecom(role, "phone", therapist->telephone);
    write_hours(therapist, role);
}

void fhir_write_organization(const struct fhir_subject *subject, struct fhir_json *list)
{
    struct fhir_json *resource = fhir_json_add(list, fhir_new_resource("Organization", FHIR_NODE_ID, 0, 0));

    fhir_json_set(resource, "active", fhir_json_new_boolean(true));
    fhir_json_set_text(resource, "name", subject->publisher);
}
