#include "fhir/parameters.h"

#include <stdbool.h>
#include <string.h>

#define T(type, name, path, help)                                                                                      \
    {                                                                                                                  \
        type, name, FHIR_TOKEN, path, "", FHIR_HINT_NONE, help                                                         \
    }
#define S(type, name, path, help)                                                                                      \
    {                                                                                                                  \
        type, name, FHIR_STRING, path, "", FHIR_HINT_NONE, help                                                        \
    }
#define D(type, name, path, help)                                                                                      \
    {                                                                                                                  \
        type, name, FHIR_DATE, path, "", FHIR_HINT_NONE, help                                                          \
    }
#define R(type, name, path, target, hint, help)                                                                        \
    {                                                                                                                  \
        type, name, FHIR_REFERENCE, path, target, FHIR_HINT_##hint, help                                               \
    }

static const struct fhir_parameter rows[] = {
    {"", "_id", FHIR_TOKEN, "id", "", FHIR_HINT_KEY, "Id of the resource"},
    D("", "_lastUpdated", "meta.lastUpdated", "When the resource last changed"),

    D("ServiceRequest", "authored", "authoredOn", "When the referral was written"),
    T("ServiceRequest", "category", "category", "What kind of service is asked for"),
    T("ServiceRequest", "code", "code", "The technique or service that is asked for"),
    T("ServiceRequest", "identifier", "identifier", "The sender's own identifiers of the referral"),
    T("ServiceRequest", "intent", "intent", "proposal, plan, order ..."),
    D("ServiceRequest", "occurrence", "occurrenceDateTime|occurrencePeriod|occurrenceTiming.event",
      "When treatment is to take place"),
    R("ServiceRequest", "patient", "subject", "Patient", KEY, "Who is to be treated"),
    R("ServiceRequest", "performer", "performer", "", NONE, "Who is asked for by name"),
    T("ServiceRequest", "performer-type", "performerType", "What profession is asked for"),
    T("ServiceRequest", "priority", "priority", "routine, urgent, asap, stat"),
    R("ServiceRequest", "requester", "requester", "", NONE, "Who refers"),
    T("ServiceRequest", "requisition", "requisition", "Identifier that requests of one act share"),
    T("ServiceRequest", "status", "status", "active, on-hold, revoked, completed ..."),
    R("ServiceRequest", "subject", "subject", "Patient", KEY, "Who is to be treated"),

    D("Task", "authored-on", "authoredOn", "When the referral came in"),
    R("Task", "based-on", "basedOn", "ServiceRequest", KEY, "The referral that is worked off"),
    T("Task", "business-status", "businessStatus", "Status in the words of BSeR and 360X"),
    T("Task", "code", "code", "What kind of task"),
    R("Task", "focus", "focus", "ServiceRequest", KEY, "The referral that is worked off"),
    T("Task", "identifier", "identifier", "Identifiers of the task"),
    T("Task", "intent", "intent", "always order"),
    D("Task", "modified", "lastModified", "When the task last changed"),
    R("Task", "owner", "owner", "Practitioner", THERAPIST, "The therapist who has the referral, or is offered it"),
    R("Task", "patient", "for", "Patient", KEY, "Who is to be treated"),
    D("Task", "period", "executionPeriod", "From the first visit to the last"),
    T("Task", "priority", "priority", "routine, urgent, stat"),
    T("Task", "status", "status", "received, accepted, rejected, in-progress, completed ..."),
    R("Task", "subject", "for", "Patient", KEY, "Who is to be treated"),

    T("Patient", "active", "active", "Whether the record is in use"),
    S("Patient", "address", "address", "Any part of an address"),
    S("Patient", "address-city", "address.city", "City"),
    S("Patient", "address-country", "address.country", "Country"),
    S("Patient", "address-postalcode", "address.postalCode", "Postal code"),
    S("Patient", "address-state", "address.state", "State"),
    D("Patient", "birthdate", "birthDate", "Date of birth"),
    T("Patient", "email", "telecom[email]", "E-mail address"),
    S("Patient", "family", "name.family", "Family name"),
    T("Patient", "gender", "gender", "Gender"),
    S("Patient", "given", "name.given", "Given name"),
    T("Patient", "identifier", "identifier", "The sender's identifiers of the patient"),
    T("Patient", "language", "communication.language", "Language"),
    S("Patient", "name", "name", "Any part of a name"),
    T("Patient", "phone", "telecom[phone]", "Telephone number"),
    T("Patient", "telecom", "telecom", "Telephone number or e-mail address"),

    R("Coverage", "beneficiary", "beneficiary", "Patient", KEY, "Who is covered"),
    T("Coverage", "identifier", "identifier", "Number of the member"),
    R("Coverage", "patient", "beneficiary", "Patient", KEY, "Who is covered"),
    T("Coverage", "status", "status", "always active"),

    T("Practitioner", "active", "active", "Whether the therapist takes referrals"),
    T("Practitioner", "communication", "communication", "Language"),
    T("Practitioner", "gender", "gender", "Gender"),
    T("Practitioner", "identifier", "identifier|qualification.identifier", "NPI, licence or certification number"),
    S("Practitioner", "name", "name", "Any part of a name"),
    T("Practitioner", "phone", "telecom[phone]", "Telephone number"),
    T("Practitioner", "telecom", "telecom", "Telephone number"),

    T("PractitionerRole", "active", "active", "Whether the therapist takes referrals"),
    R("PractitionerRole", "location", "location", "Location", NONE, "Where they treat"),
    R("PractitionerRole", "organization", "organization", "Organization", NONE, "The node's organization"),
    T("PractitionerRole", "phone", "telecom[phone]", "Telephone number"),
    R("PractitionerRole", "practitioner", "practitioner", "Practitioner", KEY, "The therapist"),
    T("PractitionerRole", "role", "code", "Profession"),
    R("PractitionerRole", "service", "healthcareService", "HealthcareService", KEY, "What they offer"),
    T("PractitionerRole", "specialty", "specialty", "Technique, certification or condition"),
    T("PractitionerRole", "telecom", "telecom", "Telephone number"),

    T("Organization", "active", "active", "always true"),
    S("Organization", "name", "name", "Its name"),

    S("Location", "address", "address", "Any part of an address"),
    S("Location", "address-country", "address.country", "Country"),
    S("Location", "address-postalcode", "address.postalCode", "Postal code"),
    S("Location", "name", "name", "Its name"),
    R("Location", "organization", "managingOrganization", "Organization", NONE, "The node's organization"),
    T("Location", "status", "status", "always active"),

    T("HealthcareService", "active", "active", "Whether referrals are taken"),
    R("HealthcareService", "location", "location", "Location", NONE, "Where it is given"),
    S("HealthcareService", "name", "name", "Its name"),
    R("HealthcareService", "organization", "providedBy", "Organization", NONE, "The node's organization"),
    T("HealthcareService", "service-type", "type", "Technique"),
    T("HealthcareService", "specialty", "specialty", "Technique, certification or condition"),

    T("Schedule", "active", "active", "Whether referrals are taken"),
    R("Schedule", "actor", "actor", "Practitioner", NONE, "The therapist"),
    D("Schedule", "date", "planningHorizon", "The time that it covers"),
    T("Schedule", "service-type", "serviceType", "Technique"),
    T("Schedule", "specialty", "specialty", "Technique, certification or condition"),

    T("Slot", "identifier", "identifier", "The slot's id once more"),
    R("Slot", "schedule", "schedule", "Schedule", KEY, "Whose time it is"),
    T("Slot", "service-type", "serviceType", "Technique"),
    T("Slot", "specialty", "specialty", "Technique, certification or condition"),
    D("Slot", "start", "start", "When it begins"),
    T("Slot", "status", "status", "free, busy, busy-tentative"),

    R("Appointment", "actor", "participant.actor", "", NONE, "The patient or the therapist"),
    R("Appointment", "based-on", "basedOn", "ServiceRequest", KEY, "The referral"),
    D("Appointment", "date", "start", "When it begins"),
    T("Appointment", "identifier", "identifier", "The appointment's id once more, as HL7 v2 messages have it"),
    T("Appointment", "part-status", "participant.status", "accepted"),
    R("Appointment", "patient", "participant.actor[Patient]", "Patient", KEY, "Who is treated"),
    R("Appointment", "practitioner", "participant.actor[Practitioner]", "Practitioner", NONE, "Who treats"),
    T("Appointment", "status", "status", "booked, fulfilled, cancelled, noshow"),

    R("Provenance", "agent", "agent.who", "", NONE, "Who did it"),
    R("Provenance", "patient", "target[Patient]", "Patient", KEY, "Whose referral"),
    D("Provenance", "recorded", "recorded", "When it was done"),
    R("Provenance", "target", "target", "ServiceRequest", NONE, "What was changed"),

    T("AuditEvent", "action", "action", "C, R, U, D, E"),
    D("AuditEvent", "date", "recorded", "When it was done"),
    R("AuditEvent", "entity", "entity.what", "ServiceRequest", KEY, "What was looked at or changed"),
    T("AuditEvent", "type", "type", "What kind of event"),
};

enum { COUNT = sizeof rows / sizeof rows[0] };

static bool is_of(const struct fhir_parameter *row, const char *type)
{
    return row->type[0] == '\0' || strcmp(row->type, type) == 0;
}

const struct fhir_parameter *fhir_parameter_find(const char *type, const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (is_of(&rows[i], type) && strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

const struct fhir_parameter *fhir_parameter_next(const char *type, const struct fhir_parameter *after)
{
    for (size_t i = after != NULL ? (size_t)(after - rows) + 1 : 0; i < COUNT; i++)
        if (is_of(&rows[i], type))
            return &rows[i];
    return NULL;
}

const char *fhir_parameter_kind_name(enum fhir_parameter_kind kind)
{
    static const char *const names[] = {"token", "string", "reference", "date", "uri"};

    return names[kind];
}
