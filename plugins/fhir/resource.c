#include "fhir/resource.h"

#include "fhir/encode.h"
#include "fhir/query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK (FHIR_READ | FHIR_VREAD | FHIR_SEARCH)

static const struct fhir_type types[] = {
    {"ServiceRequest", FHIR_FROM_REFERRAL, LOOK | FHIR_HISTORY | FHIR_CREATE | FHIR_UPDATE, true, false, false,
     fhir_write_service_request},
    {"Task", FHIR_FROM_REFERRAL, LOOK | FHIR_HISTORY | FHIR_UPDATE | FHIR_PATCH, false, false, false, fhir_write_task},
    {"Patient", FHIR_FROM_REFERRAL, LOOK, true, false, false, fhir_write_patient},
    {"Coverage", FHIR_FROM_REFERRAL, LOOK, true, true, false, fhir_write_coverage},
    {"Appointment", FHIR_FROM_REFERRAL, LOOK, false, true, false, fhir_write_appointment},
    {"Provenance", FHIR_FROM_REFERRAL, FHIR_READ | FHIR_SEARCH, false, true, false, fhir_write_provenance},
    {"AuditEvent", FHIR_FROM_REFERRAL, FHIR_READ | FHIR_SEARCH, false, true, false, fhir_write_audit_event},
    {"Practitioner", FHIR_FROM_THERAPIST, FHIR_READ | FHIR_SEARCH, false, false, false, fhir_write_practitioner},
    {"PractitionerRole", FHIR_FROM_THERAPIST, FHIR_READ | FHIR_SEARCH, false, false, false,
     fhir_write_practitioner_role},
    {"Location", FHIR_FROM_THERAPIST, FHIR_READ | FHIR_SEARCH, false, true, false, fhir_write_location},
    {"HealthcareService", FHIR_FROM_THERAPIST, FHIR_READ | FHIR_SEARCH, false, false, false,
     fhir_write_healthcare_service},
    {"Schedule", FHIR_FROM_THERAPIST, FHIR_READ | FHIR_SEARCH, false, false, false, fhir_write_schedule},
    {"Slot", FHIR_FROM_THERAPIST, FHIR_READ | FHIR_SEARCH, false, true, true, fhir_write_slot},
    {"Organization", FHIR_FROM_NODE, FHIR_READ | FHIR_SEARCH, false, false, false, fhir_write_organization},
};

const struct fhir_type *fhir_type_at(size_t index)
{
    return index < sizeof types / sizeof types[0] ? &types[index] : NULL;
}

const struct fhir_type *fhir_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

bool fhir_id_referral(const char *id, uint64_t *referral)
{
    const size_t digits = strspn(id, "0123456789");

    if (digits == 0 || digits > 19 || id[0] == '0' || (id[digits] != '\0' && id[digits] != '-'))
        return false;
    *referral = strtoull(id, NULL, 10);
    return true;
}

static bool is_plain(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '-';
}

const char *fhir_id_of_therapist(struct fhir_arena *arena, const char *identifier)
{
    char *id = fhir_arena_take(arena, strlen(identifier) * 3 + 1);
    size_t length = 0;

    for (; *identifier != '\0'; identifier++) {
        if (is_plain(*identifier))
            id[length++] = *identifier;
        else
            length += (size_t)snprintf(id + length, 4, ".%02X", (unsigned)(uint8_t)*identifier);
    }
    if (length > 64)
        id[64] = '\0';
    return id;
}

static int hexadecimal(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

const char *fhir_id_therapist(struct fhir_arena *arena, const char *id, bool many)
{
    const char *dash = many ? strrchr(id, '-') : NULL;
    const size_t size = dash != NULL ? (size_t)(dash - id) : strlen(id);
    char *identifier = fhir_arena_take(arena, size + 1);
    size_t length = 0;

    if (many && dash == NULL)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        if (id[i] != '.') {
            identifier[length++] = id[i];
        } else if (i + 2 < size && hexadecimal(id[i + 1]) >= 0 && hexadecimal(id[i + 2]) >= 0) {
            identifier[length++] = (char)(hexadecimal(id[i + 1]) * 16 + hexadecimal(id[i + 2]));
            i += 2;
        } else {
            return NULL;
        }
    }
    return length > 0 && fhir_is_text(identifier, length) ? identifier : NULL;
}
