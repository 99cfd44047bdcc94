#include "fhir/decode_parts.h"

#include "fhir/types.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- reaching ----------------------------------------------------------------------------------------------------- */

struct fhir_place *fhir_at(struct fhir_decoder *decoder, struct fhir_place *place, const char *name)
{
    return fhir_place_member(decoder->arena, place, name);
}

struct fhir_place *fhir_nth(struct fhir_decoder *decoder, struct fhir_place *list, size_t index)
{
    return fhir_place_item(decoder->arena, list, index);
}

void fhir_mark(struct fhir_place *place)
{
    if (place != NULL)
        place->read = true;
}

const char *fhir_read(struct fhir_decoder *decoder, struct fhir_place *place, const char *name)
{
    struct fhir_place *member = fhir_at(decoder, place, name);
    const char *text = member != NULL ? fhir_json_text(member->value) : NULL;

    if (text == NULL)
        return "";
    member->read = true;
    return text;
}

const char *fhir_peek(struct fhir_place *place, const char *name)
{
    const char *text = place != NULL ? fhir_json_text_of(place->value, name) : NULL;

    return text != NULL ? text : "";
}

const char *fhir_path(struct fhir_decoder *decoder, const struct fhir_place *place)
{
    return fhir_place_path(decoder->arena, place);
}

bool fhir_read_count(struct fhir_decoder *decoder, struct fhir_place *place, const char *name, uint32_t *count)
{
    struct fhir_place *member = fhir_at(decoder, place, name);
    const char *text = member != NULL ? fhir_json_number(member->value) : NULL;
    uint32_t value = 0;
    size_t digits;

    if (text == NULL)
        return false;
    digits = strspn(text, "0123456789");
    /* A decimal with nothing but zeros behind its point is whole. */
    if (digits == 0 || digits > 6 || (text[digits] != '\0' && text[digits] != '.') ||
        (text[digits] == '.' && text[digits + 1 + strspn(text + digits + 1, "0")] != '\0'))
        return false;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint32_t)(text[i] - '0');
    *count = value;
    member->read = true;
    return true;
}

/* ---- codes -------------------------------------------------------------------------------------------------------- */

const char *fhir_decode_system(struct fhir_arena *arena, const char *uri)
{
    static const char *const systems[][2] = {
        {"http://hl7.org/fhir/sid/icd-10-cm", "ICD-10-CM"},
        {"http://hl7.org/fhir/sid/icd-10", "ICD-10-CM"}, /* US senders mean the clinical modification */
        {"urn:oid:2.16.840.1.113883.6.90", "ICD-10-CM"},
        {"urn:oid:2.16.840.1.113883.6.3", "ICD-10-CM"},
        {"http://hl7.org/fhir/sid/icd-9-cm", "ICD-9-CM"},
        {"http://hl7.org/fhir/sid/icd-9-cm/diagnosis", "ICD-9-CM"},
        {"urn:oid:2.16.840.1.113883.6.103", "ICD-9-CM"},
        {"http://snomed.info/sct", "SNOMED"},
        {"urn:oid:2.16.840.1.113883.6.96", "SNOMED"},
        {"http://www.ama-assn.org/go/cpt", "CPT"},
        {"urn:oid:2.16.840.1.113883.6.12", "CPT"},
        {"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "HCPCS"},
        {"http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "HCPCS"},
        {"urn:oid:2.16.840.1.113883.6.285", "HCPCS"},
        {"http://loinc.org", "LOINC"},
        {"urn:oid:2.16.840.1.113883.6.1", "LOINC"},
        {"http://nucc.org/provider-taxonomy", "NUCC"},
        {"urn:oid:2.16.840.1.113883.6.101", "NUCC"},
        {"http://www.nlm.nih.gov/research/umls/rxnorm", "RxNorm"},
        {"urn:oid:2.16.840.1.113883.6.88", "RxNorm"},
    };

    if (uri[0] == '\0')
        return "";
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
        if (strcmp(uri, systems[i][0]) == 0)
            return systems[i][1];
    return fhir_arena_format(arena, "local:%.60s", uri);
}

static int system_rank(const char *system)
{
    static const char *const order[] = {"SNOMED", "CPT", "ICD-9-CM", "ICD-10-CM"};

    for (int i = 0; i < 4; i++)
        if (strcmp(system, order[i]) == 0)
            return 3 + i;
    return system[0] == '\0' ? 1 : strncmp(system, "local:", 6) == 0 ? 0 : 2;
}

bool fhir_has_code(struct fhir_decoder *decoder, struct fhir_place *concept, const char *code)
{
    struct fhir_place *list = fhir_at(decoder, concept, "coding"), *coding;

    for (size_t i = 0; (coding = fhir_nth(decoder, list, i)) != NULL; i++)
        if (strcasecmp(fhir_peek(coding, "code"), code) == 0)
            return true;
    return false;
}

const char *fhir_words(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    struct fhir_place *list = fhir_at(decoder, concept, "coding"), *coding;
    const char *words = fhir_peek(concept, "text");

    for (size_t i = 0; words[0] == '\0' && (coding = fhir_nth(decoder, list, i)) != NULL; i++)
        words = fhir_peek(coding, "display");
    for (size_t i = 0; words[0] == '\0' && (coding = fhir_nth(decoder, list, i)) != NULL; i++)
        words = fhir_peek(coding, "code");
    return words;
}

static struct fhir_place *best_coding(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    struct fhir_place *list = fhir_at(decoder, concept, "coding"), *coding, *best = NULL;
    int best_rank = -1;

    for (size_t i = 0; (coding = fhir_nth(decoder, list, i)) != NULL; i++) {
        int rank = system_rank(fhir_decode_system(decoder->arena, fhir_peek(coding, "system")));
        if (fhir_peek(coding, "code")[0] == '\0')
            continue;
        if (rank > best_rank) {
            best = coding;
            best_rank = rank;
        }
    }
    return best;
}

Fascia__Code *fhir_decode_concept(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    struct fhir_place *coding = best_coding(decoder, concept);
    const char *text = fhir_read(decoder, concept, "text"), *display;
    Fascia__Code *code = fhir_arena_take(decoder->arena, sizeof *code);

    fascia__code__init(code);
    if (coding != NULL) {
        code->system = OWNED(fhir_decode_system(decoder->arena, fhir_read(decoder, coding, "system")));
        code->code = OWNED(fhir_read(decoder, coding, "code"));
        display = fhir_read(decoder, coding, "display");
        if (text[0] == '\0')
            text = display;
        fhir_mark(fhir_at(decoder, coding, "userSelected"));
    } else if (text[0] == '\0') {
        text = fhir_words(decoder, concept);
    }
    code->text = OWNED(text);
    if (code->code[0] == '\0' && code->text[0] == '\0')
        return NULL;
    code->location = coding != NULL ? OWNED(fhir_arena_format(decoder->arena, "%s.code", fhir_path(decoder, coding)))
                                    : OWNED(fhir_arena_format(decoder->arena, "%s.text", fhir_path(decoder, concept)));
    return code;
}

void fhir_add_code(struct fhir_decoder *decoder, Fascia__Code ***list, size_t *count, Fascia__Code *code)
{
    if (code == NULL)
        return;
    if (*count >= FHIR_CODES) {
        fhir_issue_rule(decoder->issues, "too-long", code->location, "more than %d codes of one kind are not taken",
                        FHIR_CODES);
        return;
    }
    for (size_t i = 0; i < *count; i++) {
        const Fascia__Code *other = (*list)[i];
        if (strcmp(other->system, code->system) == 0 && strcmp(other->code, code->code) == 0 &&
            (code->code[0] != '\0' || strcasecmp(other->text, code->text) == 0))
            return;
    }
    FHIR_PUSH(decoder->arena, *list, *count, code);
}

void fhir_add_note(struct fhir_decoder *decoder, const char *kind, const char *text, const char *location)
{
    Fascia__Note *note;

    if (text[strspn(text, " \t\r\n")] == '\0')
        return;
    note = fhir_arena_take(decoder->arena, sizeof *note);
    fascia__note__init(note);
    note->kind = OWNED(kind);
    note->text = OWNED(text);
    note->location = OWNED(location);
    FHIR_PUSH(decoder->arena, decoder->referral->notes, decoder->referral->n_notes, note);
}

/* ---- identifiers, names, telecoms ----------------------------------------------------------------------------------- */

static const char *identifier_type(struct fhir_decoder *decoder, struct fhir_place *identifier, const char *system)
{
    static const char *const known[][2] = {
        {"http://hl7.org/fhir/sid/us-npi", "NPI"},     {"urn:oid:2.16.840.1.113883.4.6", "NPI"},
        {"http://hl7.org/fhir/sid/us-ssn", "SS"},      {"urn:oid:2.16.840.1.113883.4.1", "SS"},
        {"http://hl7.org/fhir/sid/us-medicare", "MC"}, {"http://hl7.org/fhir/sid/us-mbi", "MC"}};
    struct fhir_place *type = fhir_at(decoder, identifier, "type"), *list = fhir_at(decoder, type, "coding"), *coding;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(system, known[i][0]) == 0) {
            fhir_mark(type);
            return known[i][1];
        }
    for (size_t i = 0; (coding = fhir_nth(decoder, list, i)) != NULL; i++)
        if (strstr(fhir_peek(coding, "system"), "v2-0203") != NULL || fhir_peek(coding, "system")[0] == '\0') {
            fhir_mark(fhir_at(decoder, type, "text"));
            fhir_mark(coding);
            return fhir_peek(coding, "code");
        }
    return fhir_read(decoder, type, "text");
}

void fhir_add_identifier(struct fhir_decoder *decoder, Fascia__Identifier ***list, size_t *count,
                         struct fhir_place *identifier)
{
    Fascia__Identifier *made = fhir_arena_take(decoder->arena, sizeof *made);
    const char *system = fhir_read(decoder, identifier, "system");

    fascia__identifier__init(made);
    made->system = OWNED(system);
    made->value = OWNED(fhir_read(decoder, identifier, "value"));
    made->type = OWNED(identifier_type(decoder, identifier, system));
    fhir_mark(fhir_at(decoder, identifier, "use"));
    if (made->value[0] == '\0')
        return;
    FHIR_PUSH(decoder->arena, *list, *count, made);
    if (strcmp(made->type, "NPI") == 0) { /* first where known */
        memmove(*list + 1, *list, (*count - 1) * sizeof **list);
        (*list)[0] = made;
    }
}

void fhir_read_telecoms(struct fhir_decoder *decoder, struct fhir_place *list, char ***phones, size_t *phone_count,
                        char ***emails, size_t *email_count)
{
    struct fhir_place *telecom;

    for (size_t i = 0; (telecom = fhir_nth(decoder, list, i)) != NULL; i++) {
        const char *system = fhir_peek(telecom, "system"), *value = fhir_peek(telecom, "value");
        bool email = strcmp(system, "email") == 0 || (system[0] == '\0' && strchr(value, '@') != NULL);
        bool phone = strcmp(system, "phone") == 0 || strcmp(system, "sms") == 0 || (system[0] == '\0' && !email);
        if (value[0] == '\0' || strcmp(fhir_peek(telecom, "use"), "old") == 0)
            continue;
        if (strncasecmp(value, "tel:", 4) == 0)
            value += 4;
        if (strncasecmp(value, "mailto:", 7) == 0)
            value += 7;
        if (phone)
            FHIR_PUSH(decoder->arena, *phones, *phone_count, OWNED(value));
        else if (email && emails != NULL)
            FHIR_PUSH(decoder->arena, *emails, *email_count, OWNED(value));
        else
            continue;
        fhir_mark(telecom);
    }
}

struct fhir_place *fhir_best_name(struct fhir_decoder *decoder, struct fhir_place *names)
{
    static const char *const order[] = {"official", "usual", "", "temp", "nickname", "anonymous", "maiden", "old"};
    struct fhir_place *name;

    for (size_t rank = 0; rank < sizeof order / sizeof order[0]; rank++)
        for (size_t i = 0; (name = fhir_nth(decoder, names, i)) != NULL; i++)
            if (strcmp(fhir_peek(name, "use"), order[rank]) == 0)
                return name;
    return fhir_nth(decoder, names, 0);
}

static const char *join(struct fhir_decoder *decoder, const char *before, struct fhir_place *list)
{
    struct fhir_place *part;

    for (size_t i = 0; i < FHIR_PARTS && (part = fhir_nth(decoder, list, i)) != NULL; i++) {
        const char *text = fhir_json_text(part->value);
        if (text != NULL)
            before = before[0] == '\0' ? text : fhir_arena_format(decoder->arena, "%s %s", before, text);
    }
    return before;
}

const char *fhir_read_name(struct fhir_decoder *decoder, struct fhir_place *name)
{
    const char *whole =
        join(decoder, join(decoder, "", fhir_at(decoder, name, "prefix")), fhir_at(decoder, name, "given"));
    const char *family = fhir_peek(name, "family");

    if (family[0] != '\0')
        whole = whole[0] == '\0' ? family : fhir_arena_format(decoder->arena, "%s %s", whole, family);
    whole = join(decoder, whole, fhir_at(decoder, name, "suffix"));
    if (family[0] == '\0' && fhir_peek(name, "text")[0] != '\0')
        whole = fhir_peek(name, "text");
    fhir_mark(name);
    return whole;
}

/* ---- days, numbers, bytes ------------------------------------------------------------------------------------------- */

static const char *whole_day(struct fhir_decoder *decoder, const char *date, bool last)
{
    size_t size = strlen(date);

    if (size == 4)
        return fhir_arena_format(decoder->arena, "%s-%s", date, last ? "12-31" : "01-01");
    if (size != 7)
        return date;
    if (!last)
        return fhir_arena_format(decoder->arena, "%s-01", date);
    for (int day = 31; day > 28; day--) {
        const char *tried = fhir_arena_format(decoder->arena, "%s-%02d", date, day);
        if (fhir_is_day(tried))
            return tried;
    }
    return fhir_arena_format(decoder->arena, "%s-28", date);
}

const char *fhir_read_day(struct fhir_decoder *decoder, struct fhir_place *place, const char *name, bool last)
{
    const char *text = fhir_read(decoder, place, name);

    return text[0] == '\0' ? "" : whole_day(decoder, fhir_date_of(decoder->arena, text), last);
}

static int base64_value(char letter)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = letter != '\0' ? strchr(letters, letter) : NULL;

    return found != NULL ? (int)(found - letters) : -1;
}

bool fhir_decode_base64(struct fhir_arena *arena, const char *text, uint8_t **bytes, size_t *size)
{
    uint8_t *out = fhir_arena_take(arena, strlen(text) / 4 * 3 + 3);
    uint32_t bits = 0;
    unsigned letters = 0, padding = 0;

    *size = 0;
    for (; *text != '\0'; text++) {
        int value = base64_value(*text);
        if (isspace((unsigned char)*text))
            continue;
        if (*text == '=') {
            padding++;
            continue;
        }
        if (value < 0 || padding > 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (++letters % 4 != 0)
            continue;
        for (int shift = 16; shift >= 0; shift -= 8)
            out[(*size)++] = (uint8_t)(bits >> shift);
    }
    if (padding > 2 || (letters + padding) % 4 != 0 || letters % 4 == 1)
        return false;
    if (letters % 4 >= 2)
        out[(*size)++] = (uint8_t)(letters % 4 == 2 ? bits >> 4 : bits >> 10);
    if (letters % 4 == 3)
        out[(*size)++] = (uint8_t)(bits >> 2);
    *bytes = out;
    return true;
}

bool fhir_is_of_another(struct fhir_decoder *decoder, struct fhir_place *reference, struct fhir_resource *found)
{
    static const char *const names[] = {"subject", "patient", "beneficiary"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct fhir_resource *of = fhir_resolve(decoder, fhir_at(decoder, found->place, names[i]));
        if (of == NULL || decoder->patient == NULL || of == decoder->patient)
            continue;
        fhir_issue_rule(decoder->issues, "business-rule", fhir_path(decoder, reference),
                        "what this points to is of another patient than the request");
        return true;
    }
    return false;
}

bool fhir_is_void(struct fhir_decoder *decoder, struct fhir_resource *resource)
{
    const char *status = fhir_peek(resource->place, "status");
    struct fhir_place *verification = fhir_at(decoder, resource->place, "verificationStatus");

    return strcmp(status, "entered-in-error") == 0 || (strcmp(status, "cancelled") == 0) ||
           fhir_has_code(decoder, verification, "entered-in-error") || fhir_has_code(decoder, verification, "refuted");
}
