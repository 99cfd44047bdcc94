#include "fhir/encode.h"
#include "fhir/query.h"

#include "fhir/moment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct fhir_json *fhir_new_resource(const char *type, const char *id, uint64_t version, int64_t updated)
{
    struct fhir_json *resource = fhir_json_new_object();

    fhir_json_set_text(resource, "resourceType", type);
    fhir_json_set_text(resource, "id", id);
    if (version != 0) {
        struct fhir_json *meta = fhir_json_set(resource, "meta", fhir_json_new_object());
        char text[24];
        snprintf(text, sizeof text, "%" PRIu64, version);
        fhir_json_set_text(meta, "versionId", text);
        fhir_set_instant(meta, "lastUpdated", updated);
    }
    return resource;
}

void fhir_set_instant(struct fhir_json *object, const char *name, int64_t instant)
{
    char text[FHIR_MOMENT_BYTES];

    if (instant == 0)
        return;
    fhir_moment_write(instant, text);
    fhir_json_set_text(object, name, text);
}

void fhir_set_period(struct fhir_json *object, const char *name, int64_t from, int64_t to)
{
    struct fhir_json *period;

    if (from == 0 && to == 0)
        return;
    period = fhir_json_set(object, name, fhir_json_new_object());
    fhir_set_instant(period, "start", from);
    fhir_set_instant(period, "end", to);
}

void fhir_set_dates(struct fhir_json *object, const char *name, const char *from, const char *to)
{
    struct fhir_json *period;

    if (from[0] == '\0' && to[0] == '\0')
        return;
    period = fhir_json_set(object, name, fhir_json_new_object());
    fhir_json_set_text(period, "start", from);
    fhir_json_set_text(period, "end", to);
}

struct fhir_json *fhir_new_reference(const char *reference, const char *display)
{
    struct fhir_json *made = fhir_json_new_object();

    fhir_json_set_text(made, "reference", reference);
    fhir_json_set_text(made, "display", display);
    return made;
}

void fhir_set_reference(const struct fhir_subject *subject, struct fhir_json *object, const char *name,
                        const char *type, const char *id, const char *display)
{
    fhir_json_set(object, name, fhir_new_reference(fhir_arena_format(subject->arena, "%s/%s", type, id), display));
}

struct fhir_json *fhir_new_coding(const char *system, const char *code, const char *display)
{
    struct fhir_json *coding = fhir_json_new_object();

    fhir_json_set_text(coding, "system", system);
    fhir_json_set_text(coding, "code", code);
    fhir_json_set_text(coding, "display", display);
    return coding;
}

struct fhir_json *fhir_new_concept(const char *system, const char *code, const char *display, const char *text)
{
    const bool coded = code != NULL && code[0] != '\0';
    struct fhir_json *concept;

    if (!coded && (text == NULL || text[0] == '\0'))
        return NULL;
    concept = fhir_json_new_object();
    if (coded)
        fhir_add_to(concept, "coding", fhir_new_coding(system, code, display));
    fhir_json_set_text(concept, "text", text);
    return concept;
}

struct fhir_json *fhir_add_to(struct fhir_json *object, const char *name, struct fhir_json *item)
{
    const struct fhir_json *list = fhir_json_get(object, name);

    if (item == NULL)
        return NULL;
    return fhir_json_add(list != NULL ? fhir_json_mutable(list) : fhir_json_set(object, name, fhir_json_new_array()),
                         item);
}

void fhir_put_identifier(struct fhir_json *object, const char *system, const char *value)
{
    struct fhir_json *identifier;

    if (value == NULL || value[0] == '\0')
        return;
    identifier = fhir_add_to(object, "identifier", fhir_json_new_object());
    fhir_json_set_text(identifier, "system", system);
    fhir_json_set_text(identifier, "value", value);
}

void fhir_add_telecom(struct fhir_json *object, const char *system, const char *value)
{
    struct fhir_json *telecom;

    if (value[0] == '\0')
        return;
    telecom = fhir_add_to(object, "telecom", fhir_json_new_object());
    fhir_json_set_text(telecom, "system", system);
    fhir_json_set_text(telecom, "value", value);
}

static bool is_uri(const char *text)
{
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0 || strncmp(text, "urn:", 4) == 0;
}

const char *fhir_code_system(struct fhir_arena *arena, const char *system)
{
    static const char *const known[][2] = {
        {"ICD-10-CM", "http://hl7.org/fhir/sid/icd-10-cm"},
        {"ICD-9-CM", "http://hl7.org/fhir/sid/icd-9-cm"},
        {"SNOMED", "http://snomed.info/sct"},
        {"CPT", "http://www.ama-assn.org/go/cpt"},
        {"LOINC", "http://loinc.org"},
    };

    if (strncmp(system, "local:", 6) == 0)
        system += 6;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i][0], system) == 0)
            return known[i][1];
    if (system[0] == '\0' || is_uri(system))
        return system;
    return fhir_arena_format(arena, "urn:fascia:sent:%s", fhir_percent_encode(arena, system, ""));
}

void fhir_add_sent_identifier(struct fhir_arena *arena, struct fhir_json *object, const Fascia__Identifier *identifier)
{
    const bool npi = strcmp(identifier->type, "NPI") == 0;
    const char *system = npi && !is_uri(identifier->system) ? FHIR_NPI_SYSTEM : identifier->system;
    struct fhir_json *added;

    if (identifier->value[0] == '\0')
        return;
    if (system[0] != '\0' && !is_uri(system))
        system = fhir_arena_format(arena, "urn:fascia:sent:%s", fhir_percent_encode(arena, system, ""));
    added = fhir_add_to(object, "identifier", fhir_json_new_object());
    fhir_json_set(added, "type",
                  fhir_new_concept("http://terminology.hl7.org/CodeSystem/v2-0203", identifier->type, NULL, NULL));
    fhir_json_set_text(added, "system", system);
    fhir_json_set_text(added, "value", identifier->value);
}

const char *fhir_gender(Fascia__Gender gender)
{
    static const char *const words[] = {NULL, "female", "male", "other"};

    return (unsigned)gender < 4 ? words[gender] : NULL;
}

const char *fhir_priority(Fascia__Priority priority)
{
    static const char *const words[] = {"routine", "routine", "urgent", "stat"};

    return words[(unsigned)priority < 4 ? priority : 0];
}

const char *fhir_number(struct fhir_arena *arena, uint64_t number)
{
    return fhir_arena_format(arena, "%" PRIu64, number);
}

const char *fhir_profession_name(const char *taxonomy)
{
    static const char *const names[][2] = {
        {"111N00000X", "Chiropractor"},        {"225100000X", "Physical Therapist"},
        {"225700000X", "Massage Therapist"},   {"225X00000X", "Occupational Therapist"},
        {"171100000X", "Acupuncturist"},       {"172P00000X", "Naprapath"},
        {"172M00000X", "Mechanotherapist"},    {"226300000X", "Kinesiotherapist"},
        {"207Q00000X", "Family Medicine"},     {"207R00000X", "Internal Medicine"},
        {"207X00000X", "Orthopaedic Surgery"}, {"208100000X", "Physical Medicine & Rehabilitation"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i][0], taxonomy) == 0)
            return names[i][1];
    return NULL;
}

uint64_t fhir_subject_referral(const struct fhir_subject *subject)
{
    return subject->detail->row->referral;
}

const char *fhir_subject_therapist(const struct fhir_subject *subject)
{
    return subject->story.state == FASCIA__STATE__STATE_OFFERED && !subject->sees_offers ? ""
                                                                                         : subject->story.therapist;
}
