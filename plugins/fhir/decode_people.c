/* Who refers, and whom they ask for. */
#include "fhir/decode_parts.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- what somebody is ------------------------------------------------------------------------------------------------ */

/* NUCC taxonomy: ten letters and digits, the first three digits, the last X. */
static bool is_taxonomy(const char *text)
{
    if (strlen(text) != 10 || text[9] != 'X')
        return false;
    for (int i = 0; i < 9; i++)
        if (i < 3 ? !isdigit((unsigned char)text[i]) : !isalnum((unsigned char)text[i]))
            return false;
    return true;
}

static Fascia__Role role_of_taxonomy(const char *taxonomy)
{
    if (strncmp(taxonomy, "20", 2) == 0)
        return FASCIA__ROLE__ROLE_PHYSICIAN;
    if (strncmp(taxonomy, "111N", 4) == 0)
        return FASCIA__ROLE__ROLE_CHIROPRACTOR;
    return strncmp(taxonomy, "2251", 4) == 0 ? FASCIA__ROLE__ROLE_PHYSIOTHERAPIST : FASCIA__ROLE__ROLE_UNSPECIFIED;
}

/* SNOMED CT occupations, HL7 table 0360's degrees, and FHIR's own practitioner roles. */
static Fascia__Role role_of_code(const char *code)
{
    static const struct {
        const char *codes;
        Fascia__Role role;
    } roles[] = {{"|309343006|158965000|59058001|112247003|62247001|doctor|MD|DO|MBBS|", FASCIA__ROLE__ROLE_PHYSICIAN},
                 {"|3842006|DC|", FASCIA__ROLE__ROLE_CHIROPRACTOR},
                 {"|36682004|PT|DPT|RPT|", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST}};
    char bars[34] = "|";
    size_t size = strlen(code);

    if (size == 0 || size > sizeof bars - 3)
        return FASCIA__ROLE__ROLE_UNSPECIFIED;
    memcpy(bars + 1, code, size);
    memcpy(bars + 1 + size, "|", 2);
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strcasestr(roles[i].codes, bars) != NULL)
            return roles[i].role;
    return FASCIA__ROLE__ROLE_UNSPECIFIED;
}

static Fascia__Role role_of_words(const char *words)
{
    static const struct {
        const char *word;
        Fascia__Role role;
    } roles[] = {
        {"chiropract", FASCIA__ROLE__ROLE_CHIROPRACTOR},
        {"assistant", FASCIA__ROLE__ROLE_UNSPECIFIED}, /* of a physician or physical therapist: neither of the two */
        {"physical therap", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST},
        {"physiotherap", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST},
        {"physician", FASCIA__ROLE__ROLE_PHYSICIAN},
        {"medical doctor", FASCIA__ROLE__ROLE_PHYSICIAN},
        {"doctor of medicine", FASCIA__ROLE__ROLE_PHYSICIAN},
        {"doctor of osteopath", FASCIA__ROLE__ROLE_PHYSICIAN},
        {"surgeon", FASCIA__ROLE__ROLE_PHYSICIAN}};

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strcasestr(words, roles[i].word) != NULL)
            return roles[i].role;
    return FASCIA__ROLE__ROLE_UNSPECIFIED;
}

/* Degrees: "MD" "M.D." "PT, DPT". */
static Fascia__Role role_of_degrees(const char *text)
{
    char word[12];
    size_t used = 0;

    for (;; text++) {
        if (isalpha((unsigned char)*text) && used < sizeof word - 1)
            word[used++] = *text;
        if (isalpha((unsigned char)*text) || *text == '.')
            continue;
        word[used] = '\0';
        used = 0;
        if (role_of_code(word) != FASCIA__ROLE__ROLE_UNSPECIFIED)
            return role_of_code(word);
        if (*text == '\0')
            return FASCIA__ROLE__ROLE_UNSPECIFIED;
    }
}

static Fascia__Role role_of_suffixes(struct fhir_decoder *decoder, struct fhir_place *name)
{
    struct fhir_place *list = fhir_at(decoder, name, "suffix"), *suffix;
    Fascia__Role role = FASCIA__ROLE__ROLE_UNSPECIFIED;

    for (size_t i = 0; role == FASCIA__ROLE__ROLE_UNSPECIFIED && (suffix = fhir_nth(decoder, list, i)) != NULL; i++)
        if (fhir_json_text(suffix->value) != NULL)
            role = role_of_degrees(fhir_json_text(suffix->value));
    return role;
}

/* A taxonomy code rules; of another profession it is not overruled by words: the core names it. */
static void read_roles(struct fhir_decoder *decoder, struct fhir_place *list, const char *inside)
{
    Fascia__Referrer *referrer = decoder->referral->referrer;
    struct fhir_place *entry, *coding;

    for (size_t i = 0; (entry = fhir_nth(decoder, list, i)) != NULL; i++) {
        struct fhir_place *concept = inside != NULL ? fhir_at(decoder, entry, inside) : entry;
        struct fhir_place *codings = fhir_at(decoder, concept, "coding");
        bool understood = false;
        for (size_t j = 0; (coding = fhir_nth(decoder, codings, j)) != NULL; j++) {
            const char *code = fhir_peek(coding, "code");
            if (is_taxonomy(code) && referrer->taxonomy[0] == '\0') {
                referrer->taxonomy = OWNED(code);
                understood = true;
            }
            if (referrer->role == FASCIA__ROLE__ROLE_UNSPECIFIED &&
                role_of_code(code) != FASCIA__ROLE__ROLE_UNSPECIFIED) {
                referrer->role = role_of_code(code);
                understood = true;
            }
        }
        if (referrer->role == FASCIA__ROLE__ROLE_UNSPECIFIED && !understood) {
            referrer->role = role_of_words(fhir_words(decoder, concept));
            understood = referrer->role != FASCIA__ROLE__ROLE_UNSPECIFIED;
        }
        if (understood)
            fhir_mark(concept);
    }
}

/* ---- who refers ------------------------------------------------------------------------------------------------------- */

static void read_identifiers(struct fhir_decoder *decoder, struct fhir_place *place)
{
    Fascia__Referrer *referrer = decoder->referral->referrer;
    struct fhir_place *list = fhir_at(decoder, place, "identifier"), *identifier;

    for (size_t i = 0; (identifier = fhir_nth(decoder, list, i)) != NULL; i++)
        fhir_add_identifier(decoder, &referrer->identifiers, &referrer->n_identifiers, identifier);
}

static void read_phones(struct fhir_decoder *decoder, struct fhir_place *place)
{
    Fascia__Referrer *referrer = decoder->referral->referrer;

    fhir_read_telecoms(decoder, fhir_at(decoder, place, "telecom"), &referrer->phones, &referrer->n_phones, NULL, NULL);
}

static void read_practitioner(struct fhir_decoder *decoder, struct fhir_place *place)
{
    Fascia__Referrer *referrer = decoder->referral->referrer;
    struct fhir_place *name = fhir_best_name(decoder, fhir_at(decoder, place, "name"));

    read_identifiers(decoder, place);
    read_phones(decoder, place);
    read_roles(decoder, fhir_at(decoder, place, "qualification"), "code");
    if (name == NULL)
        return;
    if (referrer->role == FASCIA__ROLE__ROLE_UNSPECIFIED && referrer->taxonomy[0] == '\0')
        referrer->role = role_of_suffixes(decoder, name);
    referrer->name = OWNED(fhir_read_name(decoder, name));
}

static void read_organisation(struct fhir_decoder *decoder, struct fhir_place *reference)
{
    struct fhir_resource *organisation = fhir_resolve(decoder, reference);
    Fascia__Referrer *referrer = decoder->referral->referrer;

    if (organisation == NULL) {
        referrer->organisation = OWNED(fhir_read(decoder, reference, "display"));
        return;
    }
    referrer->organisation = OWNED(fhir_read(decoder, organisation->place, "name"));
    if (referrer->n_phones == 0)
        read_phones(decoder, organisation->place);
}

static void read_person(struct fhir_decoder *decoder, struct fhir_place *reference)
{
    struct fhir_resource *person = fhir_resolve(decoder, reference);
    Fascia__Referrer *referrer = decoder->referral->referrer;
    struct fhir_place *identifier = fhir_at(decoder, reference, "identifier");

    if (identifier != NULL)
        fhir_add_identifier(decoder, &referrer->identifiers, &referrer->n_identifiers, identifier);
    if (person != NULL && strcmp(person->type, "Practitioner") == 0)
        read_practitioner(decoder, person->place);
    else if (person == NULL)
        referrer->name = OWNED(fhir_read(decoder, reference, "display"));
}

static void read_practitioner_role(struct fhir_decoder *decoder, struct fhir_place *place)
{
    /* The role in which they refer counts before what else they have learnt. */
    read_roles(decoder, fhir_at(decoder, place, "specialty"), NULL);
    read_roles(decoder, fhir_at(decoder, place, "code"), NULL);
    read_phones(decoder, place);
    read_person(decoder, fhir_at(decoder, place, "practitioner"));
    read_organisation(decoder, fhir_at(decoder, place, "organization"));
}

void fhir_decode_requester(struct fhir_decoder *decoder)
{
    Fascia__Referrer *referrer = decoder->referral->referrer;
    struct fhir_place *reference = fhir_at(decoder, decoder->request->place, "requester");
    struct fhir_resource *found;

    if (reference == NULL && decoder->task != NULL)
        reference = fhir_at(decoder, decoder->task->place, "requester");
    if (reference == NULL) {
        fhir_issue_rule(decoder->issues, "required", fhir_path(decoder, decoder->request->place),
                        "requester is missing: a referral is made by a physician, chiropractor or physiotherapist");
        return;
    }
    found = fhir_resolve(decoder, reference);
    if (found != NULL && strcmp(found->type, "PractitionerRole") == 0)
        read_practitioner_role(decoder, found->place);
    else if (found == NULL || strcmp(found->type, "Practitioner") == 0)
        read_person(decoder, reference);
    else if (strcmp(found->type, "Organization") == 0)
        read_organisation(decoder, reference);
    else
        fhir_issue_rule(decoder->issues, "business-rule", fhir_path(decoder, reference),
                        "a referral is made by a Practitioner or PractitionerRole, not by a resource of this type");
    if (referrer->taxonomy[0] != '\0')
        referrer->role = role_of_taxonomy(referrer->taxonomy);
    else if (referrer->role == FASCIA__ROLE__ROLE_UNSPECIFIED && strchr(referrer->name, ',') != NULL)
        referrer->role =
            role_of_degrees(strchr(referrer->name, ',')); /* "Ann Lee, MD": before the comma "Do" is a name */
    if (referrer->name[0] == '\0')
        referrer->name = referrer->organisation;
}

/* ---- whom they ask for ------------------------------------------------------------------------------------------------ */

static struct fhir_place *person_of(struct fhir_decoder *decoder, struct fhir_resource *found)
{
    if (found != NULL && strcmp(found->type, "PractitionerRole") == 0)
        found = fhir_resolve(decoder, fhir_at(decoder, found->place, "practitioner"));
    return found != NULL && strcmp(found->type, "Practitioner") == 0 ? found->place : NULL;
}

/* The NPI, or else the first number. */
static const char *number_of(struct fhir_decoder *decoder, struct fhir_place *reference, struct fhir_place *person)
{
    struct fhir_place *list = fhir_at(decoder, person, "identifier"), *identifier;
    const char *first = fhir_peek(fhir_at(decoder, reference, "identifier"), "value");

    for (size_t i = 0; (identifier = fhir_nth(decoder, list, i)) != NULL; i++) {
        if (strcmp(fhir_peek(identifier, "system"), "http://hl7.org/fhir/sid/us-npi") == 0)
            return fhir_peek(identifier, "value");
        if (first[0] == '\0')
            first = fhir_peek(identifier, "value");
    }
    return first;
}

static void read_performer(struct fhir_decoder *decoder, struct fhir_place *reference)
{
    struct fhir_resource *found = fhir_resolve(decoder, reference);
    struct fhir_place *person = person_of(decoder, found);
    const char *name = fhir_peek(reference, "display"), *number = number_of(decoder, reference, person);
    bool is_person =
        person != NULL || (found == NULL && strncmp(fhir_peek(reference, "type"), "Practitioner", 12) == 0);

    if (decoder->settings->performer_is_therapist && is_person && number[0] != '\0' &&
        decoder->referral->preferences->therapist[0] == '\0')
        decoder->referral->preferences->therapist = OWNED(number);
    if (person != NULL && fhir_at(decoder, person, "name") != NULL)
        name = fhir_read_name(decoder, fhir_best_name(decoder, fhir_at(decoder, person, "name")));
    else if (found != NULL && name[0] == '\0')
        name = fhir_read(decoder, found->place, "name");
    if (name[0] == '\0')
        return;
    fhir_add_note(decoder, "comment", fhir_arena_format(decoder->arena, "Referred to: %s", name),
                  fhir_path(decoder, reference));
    fhir_mark(fhir_at(decoder, reference, "display"));
}

void fhir_decode_performers(struct fhir_decoder *decoder)
{
    struct fhir_place *list = fhir_at(decoder, decoder->request->place, "performer"), *reference;
    struct fhir_place *type = fhir_at(decoder, decoder->request->place, "performerType");

    for (size_t i = 0; (reference = fhir_nth(decoder, list, i)) != NULL; i++)
        read_performer(decoder, reference);
    if (type == NULL)
        return;
    /* A massage therapist is what this network is of: nothing more to say. */
    if (!fhir_has_code(decoder, type, "225700000X") && strcasestr(fhir_words(decoder, type), "massage") == NULL)
        fhir_add_note(decoder, "comment", fhir_arena_format(decoder->arena, "Asked for: %s", fhir_words(decoder, type)),
                      fhir_path(decoder, type));
    fhir_mark(type);
}
