#include "fhir/decode_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void read_names(struct fhir_decoder *decoder, struct fhir_place *place, Fascia__Patient *patient)
{
    struct fhir_place *name = fhir_best_name(decoder, fhir_at(decoder, place, "name"));
    struct fhir_place *given = fhir_at(decoder, name, "given"), *part;
    const char *all = "";

    patient->family_name = OWNED(fhir_peek(name, "family"));
    for (size_t i = 0; i < FHIR_PARTS && (part = fhir_nth(decoder, given, i)) != NULL; i++) {
        const char *text = fhir_json_text(part->value);
        if (text != NULL)
            all = all[0] == '\0' ? text : fhir_arena_format(decoder->arena, "%s %s", all, text);
    }
    patient->given_name = OWNED(all);
    /* A name in one piece can't be taken apart with certainty; it is a name all the same. */
    if (patient->family_name[0] == '\0' && all[0] == '\0')
        patient->family_name = OWNED(fhir_peek(name, "text"));
    fhir_mark(fhir_at(decoder, name, "family"));
    fhir_mark(given);
    fhir_mark(fhir_at(decoder, name, "text"));
    fhir_mark(fhir_at(decoder, name, "use"));
}

static void read_gender(struct fhir_decoder *decoder, struct fhir_place *place, Fascia__Patient *patient)
{
    static const char *const words[] = {"", "female", "male", "other"};
    const char *gender = fhir_peek(place, "gender");

    for (int i = 1; i <= 3; i++)
        if (strcmp(gender, words[i]) == 0)
            patient->gender = (Fascia__Gender)i;
    fhir_mark(fhir_at(decoder, place, "gender"));
}

/* ---- where they live ----------------------------------------------------------------------------------------------- */

/* Decimal degrees to millionths, by the text: no binary fraction comes between. */
static bool millionths(const char *text, int32_t most, int32_t *degrees)
{
    bool negative = text != NULL && text[0] == '-';
    int64_t value = 0;
    int places = -1;

    if (text == NULL || strpbrk(text, "eE") != NULL)
        return false;
    for (const char *at = text + (negative ? 1 : 0); *at != '\0' && places < 6; at++) {
        if (*at == '.') {
            places = 0;
            continue;
        }
        value = value * 10 + (*at - '0');
        places += places >= 0 ? 1 : 0;
        if (value > INT64_C(1000000000))
            return false;
    }
    for (int i = places < 0 ? 0 : places; i < 6; i++)
        value *= 10;
    if (value > (int64_t)most * 1000000)
        return false;
    *degrees = (int32_t)(negative ? -value : value);
    return true;
}

static void read_position(struct fhir_decoder *decoder, struct fhir_place *address, Fascia__Patient *patient)
{
    struct fhir_place *list = fhir_at(decoder, address, "extension"), *extension, *part;
    const char *latitude = NULL, *longitude = NULL;
    Fascia__Position *position;

    for (size_t i = 0; (extension = fhir_nth(decoder, list, i)) != NULL; i++) {
        struct fhir_place *parts = fhir_at(decoder, extension, "extension");
        if (strcmp(fhir_peek(extension, "url"), "http://hl7.org/fhir/StructureDefinition/geolocation") != 0)
            continue;
        for (size_t j = 0; (part = fhir_nth(decoder, parts, j)) != NULL; j++) {
            const char *value = fhir_json_number(fhir_json_get(part->value, "valueDecimal"));
            if (strcmp(fhir_peek(part, "url"), "latitude") == 0)
                latitude = value;
            else if (strcmp(fhir_peek(part, "url"), "longitude") == 0)
                longitude = value;
        }
        position = fhir_arena_take(decoder->arena, sizeof *position);
        fascia__position__init(position);
        if (!millionths(latitude, 90, &position->latitude) || !millionths(longitude, 180, &position->longitude)) {
            fhir_issue_warn(decoder->issues, "value", fhir_path(decoder, extension),
                            "the position is no latitude and longitude in degrees, and was not used");
            continue;
        }
        patient->position = position;
        fhir_mark(extension);
        return;
    }
}

static struct fhir_place *best_address(struct fhir_decoder *decoder, struct fhir_place *list)
{
    static const char *const order[] = {"home", "temp", "", "work", "billing"};
    struct fhir_place *address;

    for (size_t rank = 0; rank < sizeof order / sizeof order[0]; rank++)
        for (size_t i = 0; (address = fhir_nth(decoder, list, i)) != NULL; i++)
            if (strcmp(fhir_peek(address, "use"), order[rank]) == 0)
                return address;
    return NULL;
}

static void read_address(struct fhir_decoder *decoder, struct fhir_place *place, Fascia__Patient *patient)
{
    struct fhir_place *from = best_address(decoder, fhir_at(decoder, place, "address")), *line;
    struct fhir_place *lines = fhir_at(decoder, from, "line");
    Fascia__Address *address;

    if (from == NULL)
        return;
    address = fhir_arena_take(decoder->arena, sizeof *address);
    fascia__address__init(address);
    for (size_t i = 0; (line = fhir_nth(decoder, lines, i)) != NULL; i++)
        if (fhir_json_text(line->value) != NULL)
            FHIR_PUSH(decoder->arena, address->lines, address->n_lines, OWNED(fhir_json_text(line->value)));
    fhir_mark(lines);
    address->city = OWNED(fhir_read(decoder, from, "city"));
    address->state = OWNED(fhir_read(decoder, from, "state"));
    address->postal_code = OWNED(fhir_read(decoder, from, "postalCode"));
    address->country = OWNED(fhir_read(decoder, from, "country"));
    if (address->n_lines == 0 && address->city[0] == '\0' && fhir_peek(from, "text")[0] != '\0')
        FHIR_PUSH(decoder->arena, address->lines, address->n_lines, OWNED(fhir_peek(from, "text")));
    fhir_mark(fhir_at(decoder, from, "text"));
    fhir_mark(fhir_at(decoder, from, "use"));
    fhir_mark(fhir_at(decoder, from, "type"));
    patient->address = address;
    read_position(decoder, from, patient);
}

/* ---- what they speak ------------------------------------------------------------------------------------------------ */

/* urn:ietf:bcp:47, in lower case. NULL: no language tag. */
static char *language_of(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    struct fhir_place *list = fhir_at(decoder, concept, "coding"), *coding;

    for (size_t i = 0; (coding = fhir_nth(decoder, list, i)) != NULL; i++) {
        const char *code = fhir_peek(coding, "code");
        size_t size = strlen(code), letters = strspn(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        char *tag;
        if (letters < 2 || letters > 3 || size > 35 || (code[letters] != '\0' && code[letters] != '-'))
            continue;
        tag = fhir_arena_text(decoder->arena, code, size);
        for (char *at = tag; *at != '\0'; at++)
            *at = (char)tolower((unsigned char)*at);
        return tag;
    }
    return NULL;
}

static void read_languages(struct fhir_decoder *decoder, struct fhir_place *place, Fascia__Patient *patient)
{
    struct fhir_place *list = fhir_at(decoder, place, "communication"), *entry;

    for (int preferred = 1; preferred >= 0; preferred--)
        for (size_t i = 0; (entry = fhir_nth(decoder, list, i)) != NULL; i++) {
            bool own = false;
            char *tag = language_of(decoder, fhir_at(decoder, entry, "language"));
            fhir_json_boolean(fhir_json_get(entry->value, "preferred"), &own);
            if (own != (preferred != 0))
                continue;
            if (tag == NULL) {
                fhir_issue_warn(decoder->issues, "code-invalid",
                                fhir_path(decoder, fhir_at(decoder, entry, "language")),
                                "this names no language by BCP 47, and was not used");
                continue;
            }
            FHIR_PUSH(decoder->arena, patient->languages, patient->n_languages, tag);
            fhir_mark(entry);
        }
}

/* ---- who it is ------------------------------------------------------------------------------------------------------- */

static struct fhir_resource *find_patient(struct fhir_decoder *decoder)
{
    struct fhir_place *subject = fhir_at(decoder, decoder->request->place, "subject");
    struct fhir_resource *found = fhir_resolve(decoder, subject);

    if (subject == NULL)
        return NULL; /* the schema has said so */
    if (found != NULL && strcmp(found->type, "Patient") != 0) {
        fhir_issue_rule(decoder->issues, "business-rule", fhir_path(decoder, subject),
                        "a referral is for one Patient, not for a resource of another type");
        return NULL;
    }
    if (found == NULL)
        fhir_issue_rule(
            decoder->issues, "not-found", fhir_path(decoder, subject),
            "this Patient did not come with the request: send it contained, or as an entry of the same Bundle");
    return found;
}

void fhir_decode_patient(struct fhir_decoder *decoder)
{
    Fascia__Patient *patient = decoder->referral->patient;
    struct fhir_resource *found = find_patient(decoder);
    struct fhir_place *list, *identifier;

    decoder->patient = found;
    if (found == NULL)
        return;
    list = fhir_at(decoder, found->place, "identifier");
    for (size_t i = 0; (identifier = fhir_nth(decoder, list, i)) != NULL; i++)
        fhir_add_identifier(decoder, &patient->identifiers, &patient->n_identifiers, identifier);
    read_names(decoder, found->place, patient);
    patient->birth_date = OWNED(fhir_read(decoder, found->place, "birthDate"));
    read_gender(decoder, found->place, patient);
    fhir_read_telecoms(decoder, fhir_at(decoder, found->place, "telecom"), &patient->phones, &patient->n_phones,
                       &patient->emails, &patient->n_emails);
    read_address(decoder, found->place, patient);
    read_languages(decoder, found->place, patient);
}
