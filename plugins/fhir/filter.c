/* _summary and _elements: less of a resource than there is, and marked so. */
#include "fhir/work.h"

#include "fhir/encode.h"

#include <string.h>

/* What a summary holds beside resourceType, id, meta: R4 marks these; of the types here, as far as they are written. '!' is mandatory: it stays with every subset. */
static const char *const rows[][2] = {
    {"ServiceRequest", "identifier basedOn requisition !status !intent category priority doNotPerform code orderDetail "
                       "!subject encounter "
                       "occurrenceDateTime occurrencePeriod occurrenceTiming asNeededBoolean authoredOn requester "
                       "performerType performer "
                       "locationCode locationReference reasonCode reasonReference bodySite"},
    {"Task",
     "identifier basedOn groupIdentifier partOf !status statusReason businessStatus !intent priority code description "
     "focus for encounter executionPeriod authoredOn lastModified requester performerType owner location"},
    {"Patient", "identifier active name telecom gender birthDate address link"},
    {"Coverage",
     "identifier !status type policyHolder subscriber subscriberId !beneficiary relationship period !payor"},
    {"Appointment", "identifier !status cancelationReason serviceCategory serviceType specialty appointmentType "
                    "reasonCode start end basedOn !participant"},
    {"Provenance", "!target !recorded !agent entity"},
    {"AuditEvent", "!type subtype action !recorded outcome !agent !source entity"},
    {"Practitioner", "identifier active name telecom address gender birthDate"},
    {"PractitionerRole", "identifier active period practitioner organization code specialty location healthcareService "
                         "telecom"},
    {"Organization", "identifier active type name partOf"},
    {"Location",
     "identifier status operationalStatus name alias description mode type physicalType managingOrganization"},
    {"HealthcareService", "identifier active providedBy category type specialty location name comment photo"},
    {"Schedule", "identifier active serviceCategory serviceType specialty !actor planningHorizon"},
    {"Slot", "identifier serviceCategory serviceType specialty appointmentType !schedule !status !start !end"},
};

static bool has_word(const char *words, const char *name, bool mandatory)
{
    const size_t length = strlen(name);

    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        const bool must = *at == '!';
        at += must;
        if (strncmp(at, name, length) == 0 && (at[length] == ' ' || at[length] == '\0'))
            return must || !mandatory;
        at += strcspn(at, " ");
    }
    return false;
}

static const char *words_of(const char *type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i][0], type) == 0)
            return rows[i][1];
    return "";
}

static bool is_listed(const struct fhir_search *search, const char *name)
{
    /* "_status" holds the extensions of the primitive "status". */
    const char *plain = name[0] == '_' ? name + 1 : name;

    for (size_t i = 0; i < search->element_count; i++) {
        const size_t length = strcspn(search->elements[i], ".");
        if (strncmp(search->elements[i], plain, length) == 0 && plain[length] == '\0')
            return true;
    }
    return false;
}

static bool is_kept(const struct fhir_search *search, const char *words, const char *name)
{
    const char *plain = name[0] == '_' ? name + 1 : name;

    if (strcmp(name, "resourceType") == 0 || strcmp(name, "id") == 0 || strcmp(name, "meta") == 0)
        return true;
    if (search->element_count > 0)
        return is_listed(search, name) || has_word(words, plain, true);
    switch (search->summary) {
    case FHIR_SUMMARY_TRUE:
        return has_word(words, plain, false);
    case FHIR_SUMMARY_TEXT:
        return strcmp(name, "text") == 0 || has_word(words, plain, true);
    case FHIR_SUMMARY_DATA:
        return strcmp(name, "text") != 0;
    default:
        return true;
    }
}

struct fhir_json *fhir_filter(struct fhir_call *call, const struct fhir_search *search,
                              const struct fhir_json *resource)
{
    const char *words = words_of(fhir_json_text_of(resource, "resourceType"));
    struct fhir_json *copy = fhir_own(call, fhir_json_new_object());
    struct fhir_json *meta;
    bool all = true;

    for (struct fhir_json_walk walk = fhir_json_walk(resource); fhir_json_next(&walk);) {
        if (is_kept(search, words, walk.name))
            fhir_json_set(copy, walk.name, fhir_json_copy(walk.value));
        else
            all = false;
    }
    if (all)
        return copy;
    meta = fhir_json_mutable(fhir_json_get(copy, "meta"));
    if (meta == NULL)
        meta = fhir_json_set(copy, "meta", fhir_json_new_object());
    fhir_add_to(meta, "tag",
                fhir_new_coding("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED", NULL));
    return copy;
}
