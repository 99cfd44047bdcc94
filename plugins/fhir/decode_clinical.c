/* What is to be treated, how, and with which cautions. */
#include "fhir/decode_parts.h"

#include <string.h>
#include <strings.h>

static void add_condition(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    if (concept != NULL)
        fhir_add_code(decoder, &decoder->referral->conditions, &decoder->referral->n_conditions,
                      fhir_decode_concept(decoder, concept));
}

static void add_flag(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    if (concept != NULL)
        fhir_add_code(decoder, &decoder->referral->flags, &decoder->referral->n_flags,
                      fhir_decode_concept(decoder, concept));
}

static void add_notes(struct fhir_decoder *decoder, struct fhir_place *list, const char *kind)
{
    struct fhir_place *note;

    for (size_t i = 0; (note = fhir_nth(decoder, list, i)) != NULL; i++) {
        struct fhir_place *text = fhir_at(decoder, note, "text");
        fhir_add_note(decoder, kind, fhir_read(decoder, note, "text"), fhir_path(decoder, text));
    }
}

/* ---- observations ----------------------------------------------------------------------------------------------------- */

enum answer { ANSWER_OTHER, ANSWER_YES, ANSWER_NO };

/* A question answered yes is a finding, answered no is none: HL7 table 0136, LOINC and SNOMED answers, plain words. */
static enum answer answer_of(const char *code, const char *text)
{
    static const char *const yes[] = {"Y",        "YES",      "TRUE",    "LA33-6",  "373066001",
                                      "10828004", "POSITIVE", "PRESENT", "52101004"};
    static const char *const no[] = {"N",         "NO",       "FALSE",  "LA32-8", "373067005",
                                     "260385009", "NEGATIVE", "ABSENT", "2667000"};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (strcasecmp(code, yes[i]) == 0 || (code[0] == '\0' && strcasecmp(text, yes[i]) == 0))
            return ANSWER_YES;
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (strcasecmp(code, no[i]) == 0 || (code[0] == '\0' && strcasecmp(text, no[i]) == 0))
            return ANSWER_NO;
    return ANSWER_OTHER;
}

static const char *number_and_unit(struct fhir_decoder *decoder, struct fhir_place *quantity)
{
    const char *number = quantity != NULL ? fhir_json_number(fhir_json_get(quantity->value, "value")) : NULL;
    const char *unit = fhir_peek(quantity, "unit");

    if (number == NULL)
        return "";
    if (unit[0] == '\0')
        unit = fhir_peek(quantity, "code");
    return fhir_arena_format(decoder->arena, "%s%s%s%s", fhir_peek(quantity, "comparator"), number,
                             unit[0] != '\0' ? " " : "", unit);
}

static enum answer answer_of_coded(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    struct fhir_place *list = fhir_at(decoder, concept, "coding"), *coding;
    enum answer answer = answer_of("", fhir_peek(concept, "text"));

    for (size_t i = 0; answer == ANSWER_OTHER && (coding = fhir_nth(decoder, list, i)) != NULL; i++)
        answer = answer_of(fhir_peek(coding, "code"), fhir_peek(coding, "display"));
    return answer;
}

/* What was found, in words: "Pain severity: 7 {score}". */
static void add_result(struct fhir_decoder *decoder, struct fhir_place *place, const char *value)
{
    if (value[0] != '\0')
        fhir_add_note(
            decoder, "result",
            fhir_arena_format(decoder->arena, "%s: %s", fhir_words(decoder, fhir_at(decoder, place, "code")), value),
            fhir_path(decoder, place));
}

/* An Observation, or one of its components. */
static void read_observation(struct fhir_decoder *decoder, struct fhir_place *place)
{
    struct fhir_place *coded = fhir_at(decoder, place, "valueCodeableConcept"), *code = fhir_at(decoder, place, "code");
    struct fhir_place *number = fhir_at(decoder, place, "valueInteger");
    const char *text = fhir_peek(place, "valueString");
    enum answer answer = coded != NULL ? answer_of_coded(decoder, coded) : answer_of("", text);
    bool truth;

    if (fhir_json_boolean(fhir_json_get(place->value, "valueBoolean"), &truth))
        answer = truth ? ANSWER_YES : ANSWER_NO;
    if (answer == ANSWER_YES)
        add_flag(decoder, code);
    else if (answer == ANSWER_OTHER && coded != NULL)
        add_flag(decoder, coded);
    if (answer != ANSWER_OTHER)
        text = answer == ANSWER_YES ? "yes" : "no";
    else if (coded != NULL)
        text = fhir_words(decoder, coded);
    else if (number != NULL && fhir_json_number(number->value) != NULL)
        text = fhir_json_number(number->value);
    else if (text[0] == '\0')
        text = number_and_unit(decoder, fhir_at(decoder, place, "valueQuantity"));
    if (text[0] == '\0')
        return;
    add_result(decoder, place, text);
    fhir_mark(code);
    fhir_mark(coded);
    fhir_mark(number);
    for (const char *const *name = (const char *const[]){"valueString", "valueBoolean", "valueQuantity", NULL};
         *name != NULL; name++)
        fhir_mark(fhir_at(decoder, place, *name));
}

static void read_observations(struct fhir_decoder *decoder, struct fhir_place *place)
{
    struct fhir_place *list = fhir_at(decoder, place, "component"), *component;

    read_observation(decoder, place);
    for (size_t i = 0; (component = fhir_nth(decoder, list, i)) != NULL; i++)
        read_observation(decoder, component);
    add_notes(decoder, fhir_at(decoder, place, "note"), "comment");
}

/* ---- what the request points to ------------------------------------------------------------------------------------- */

static void read_condition(struct fhir_decoder *decoder, struct fhir_place *place, bool reason)
{
    if (reason)
        add_condition(decoder, fhir_at(decoder, place, "code"));
    else
        add_flag(decoder, fhir_at(decoder, place, "code"));
    add_notes(decoder, fhir_at(decoder, place, "note"), "comment");
    fhir_mark(fhir_at(decoder, place, "clinicalStatus"));
    fhir_mark(fhir_at(decoder, place, "verificationStatus"));
}

/* A resource whose code is a caution that rules may know. */
static bool read_caution(struct fhir_decoder *decoder, struct fhir_resource *resource)
{
    static const char *const kinds[][2] = {{"AllergyIntolerance", "code"},
                                           {"Flag", "code"},
                                           {"Procedure", "code"},
                                           {"MedicationRequest", "medicationCodeableConcept"},
                                           {"MedicationStatement", "medicationCodeableConcept"}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(resource->type, kinds[i][0]) == 0) {
            add_flag(decoder, fhir_at(decoder, resource->place, kinds[i][1]));
            fhir_mark(fhir_at(decoder, resource->place, "clinicalStatus"));
            fhir_mark(fhir_at(decoder, resource->place, "verificationStatus"));
            return true;
        }
    return false;
}

/* Without the resource itself, its name is what there is to go by. */
static void read_display(struct fhir_decoder *decoder, struct fhir_place *reference, bool reason)
{
    const char *display = fhir_peek(reference, "display"), *where = fhir_path(decoder, reference);
    Fascia__Code *code;

    if (display[0] == '\0') {
        fhir_issue_warn(decoder->issues, "not-found", where,
                        "what this points to did not come with the request, and was not read: send it contained, or in "
                        "the same Bundle");
        return;
    }
    if (!reason) {
        fhir_add_note(decoder, "comment", display, where);
        fhir_mark(fhir_at(decoder, reference, "display"));
        return;
    }
    code = fhir_arena_take(decoder->arena, sizeof *code);
    fascia__code__init(code);
    code->text = OWNED(fhir_read(decoder, reference, "display"));
    code->location = OWNED(fhir_arena_format(decoder->arena, "%s.display", where));
    fhir_add_code(decoder, &decoder->referral->conditions, &decoder->referral->n_conditions, code);
}

void fhir_decode_support(struct fhir_decoder *decoder, struct fhir_place *reference, bool reason)
{
    struct fhir_resource *found = fhir_resolve(decoder, reference);

    if (found == NULL) {
        read_display(decoder, reference, reason);
        return;
    }
    if (fhir_is_of_another(decoder, reference, found))
        return;
    fhir_mark(fhir_at(decoder, found->place, "status"));
    if (fhir_is_void(decoder, found)) {
        fhir_issue_warn(decoder->issues, "informational", fhir_path(decoder, reference),
                        "this is marked as entered in error, refuted or cancelled: it was kept, and not acted on");
        return;
    }
    if (strcmp(found->type, "Condition") == 0)
        read_condition(decoder, found->place, reason);
    else if (strcmp(found->type, "Observation") == 0)
        read_observations(decoder, found->place);
    else if (strcmp(found->type, "DocumentReference") == 0)
        fhir_decode_document(decoder, found);
    else if (!read_caution(decoder, found) && strcmp(found->type, "Coverage") != 0)
        fhir_issue_warn(decoder->issues, "not-supported", fhir_path(decoder, reference),
                        "a resource of this type is not read here: it was kept");
}

static void read_supports(struct fhir_decoder *decoder, const char *name, bool reason)
{
    struct fhir_place *list = fhir_at(decoder, decoder->request->place, name), *reference;

    for (size_t i = 0; (reference = fhir_nth(decoder, list, i)) != NULL; i++)
        fhir_decode_support(decoder, reference, reason);
}

/* Cautions in a Bundle count though nobody points to them, if they are of this patient. */
static void read_unreferenced(struct fhir_decoder *decoder)
{
    for (size_t i = 0; i < decoder->resources->count; i++) {
        struct fhir_resource *resource = decoder->resources->list[i];
        bool allergy = strcmp(resource->type, "AllergyIntolerance") == 0;
        struct fhir_place *of;
        if (resource->referenced_by != NULL || (!allergy && strcmp(resource->type, "Flag") != 0))
            continue;
        of = fhir_at(decoder, resource->place, allergy ? "patient" : "subject");
        if (decoder->patient != NULL && fhir_resolve(decoder, of) == decoder->patient &&
            !fhir_is_void(decoder, resource))
            read_caution(decoder, resource);
    }
}

/* ---- the request's own ------------------------------------------------------------------------------------------------- */

/* "A referral" alone names nothing that is to be done. */
static bool is_referral_itself(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    static const char *const codes[] = {"3457005", "306206005", "103696004"};
    struct fhir_place *list = fhir_at(decoder, concept, "coding");

    if (list == NULL || fhir_json_size(list->value) != 1)
        return false;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (fhir_has_code(decoder, concept, codes[i]))
            return true;
    return false;
}

static void add_procedure(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    if (concept != NULL && !is_referral_itself(decoder, concept))
        fhir_add_code(decoder, &decoder->referral->procedures, &decoder->referral->n_procedures,
                      fhir_decode_concept(decoder, concept));
}

static void read_body_sites(struct fhir_decoder *decoder)
{
    struct fhir_place *list = fhir_at(decoder, decoder->request->place, "bodySite"), *site;

    for (size_t i = 0; (site = fhir_nth(decoder, list, i)) != NULL; i++) {
        fhir_add_note(decoder, "instruction",
                      fhir_arena_format(decoder->arena, "Body site: %s", fhir_words(decoder, site)),
                      fhir_path(decoder, site));
        fhir_mark(site);
    }
}

void fhir_decode_clinical(struct fhir_decoder *decoder)
{
    struct fhir_place *request = decoder->request->place, *list, *item;

    list = fhir_at(decoder, request, "reasonCode");
    for (size_t i = 0; (item = fhir_nth(decoder, list, i)) != NULL; i++)
        add_condition(decoder, item);
    read_supports(decoder, "reasonReference", true);
    add_procedure(decoder, fhir_at(decoder, request, "code"));
    list = fhir_at(decoder, request, "orderDetail");
    for (size_t i = 0; (item = fhir_nth(decoder, list, i)) != NULL; i++)
        add_procedure(decoder, item);
    read_body_sites(decoder);
    read_supports(decoder, "supportingInfo", false);
    read_unreferenced(decoder);
    add_notes(decoder, fhir_at(decoder, request, "note"), "comment");
    item = fhir_at(decoder, request, "patientInstruction");
    fhir_add_note(decoder, "instruction", fhir_read(decoder, request, "patientInstruction"), fhir_path(decoder, item));
}
