/* A ServiceRequest, alone or in a Bundle, to a Submit: what is read from where, and every fault with its expression. */
#include "fhir/decode.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { MOST = 4 << 20 };

struct bench {
    struct fhir_arena arena;
    struct fhir_decode_settings settings;
    struct fhir_decoded decoded;
    struct fascia_bytes bytes;
};

static struct fascia_bytes sample(struct fhir_arena *arena, const char *name)
{
    char path[400];
    FILE *file;
    char *bytes = fhir_arena_take(arena, MOST);
    size_t size;

    snprintf(path, sizeof path, "%s/plugins/fhir/samples/%s", FASCIA_SOURCE, name);
    file = fopen(path, "r");
    assert_non_null(file);
    size = fread(bytes, 1, MOST, file);
    fclose(file);
    return (struct fascia_bytes){(const uint8_t *)bytes, size};
}

static int begin(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);

    bench->settings.most = MOST;
    *state = bench;
    return 0;
}

static int end(void **state)
{
    struct bench *bench = *state;

    fhir_decoded_finish(&bench->decoded);
    fhir_arena_finish(&bench->arena);
    free(bench);
    return 0;
}

static void decode(struct bench *bench, struct fascia_bytes bytes)
{
    fhir_decoded_finish(&bench->decoded);
    bench->bytes = bytes;
    fhir_decode(&bench->arena, &bench->settings, bytes, &bench->decoded);
}

static void print_issues(const struct fhir_issues *issues)
{
    for (size_t i = 0; i < issues->count; i++)
        print_message("  %s %s: %s\n", issues->list[i]->code, issues->list[i]->expression, issues->list[i]->text);
}

static const Fascia__Submit *only(struct bench *bench)
{
    if (bench->decoded.count != 1 || bench->decoded.asked[0]->submit == NULL) {
        print_issues(&bench->decoded.issues);
        fail_msg("%zu asked, %zu errors", bench->decoded.count, bench->decoded.issues.errors);
    }
    return bench->decoded.asked[0]->submit;
}

static const struct fhir_issue *find(const struct fhir_issues *issues, const char *expression, const char *code)
{
    for (size_t i = 0; i < issues->count; i++)
        if (strcmp(issues->list[i]->expression, expression) == 0 && strcmp(issues->list[i]->code, code) == 0)
            return issues->list[i];
    return NULL;
}

static void assert_issue(struct bench *bench, const char *expression, const char *code)
{
    if (find(&bench->decoded.issues, expression, code) != NULL)
        return;
    print_issues(&bench->decoded.issues);
    fail_msg("no issue %s at %s", code, expression);
}

/* The sample with one text in place of another. */
static void decode_changed(struct bench *bench, const char *name, const char *from, const char *to)
{
    struct fascia_bytes bytes = sample(&bench->arena, name);
    const char *text = (const char *)bytes.data, *at = strstr(text, from);

    if (at == NULL)
        fail_msg("%s has no %s", name, from);
    text = fhir_arena_format(&bench->arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    decode(bench, (struct fascia_bytes){(const uint8_t *)text, strlen(text)});
}

/* ---- what is read from where ---------------------------------------------------------------------------------------- */

static void who_it_is_for(void **state)
{
    const Fascia__Patient *patient;

    decode(*state, sample(&((struct bench *)*state)->arena, "contained.json"));
    patient = only(*state)->referral->patient;
    assert_string_equal(patient->family_name, "Marlowe");
    assert_string_equal(patient->given_name, "Ines Ruth");
    assert_string_equal(patient->birth_date, "1979-08-30");
    assert_int_equal(patient->gender, FASCIA__GENDER__GENDER_FEMALE);
    assert_int_equal(patient->n_identifiers, 2);
    assert_string_equal(patient->identifiers[0]->value, "MRN-48213");
    assert_string_equal(patient->identifiers[0]->type, "MR");
    assert_string_equal(patient->identifiers[1]->type, "SS");
    assert_int_equal(patient->n_phones, 1);
    assert_string_equal(patient->phones[0], "+1-859-555-0148");
    assert_string_equal(patient->emails[0], "ines.marlowe@example.org");
    assert_int_equal(patient->address->n_lines, 2);
    assert_string_equal(patient->address->city, "Lexington");
    assert_string_equal(patient->address->state, "KY");
    assert_string_equal(patient->address->postal_code, "40502");
    assert_int_equal(patient->position->latitude, 38017000);
    assert_int_equal(patient->position->longitude, -84485012);
    assert_int_equal(patient->n_languages, 2);
    assert_string_equal(patient->languages[0], "es-us");
    assert_string_equal(patient->languages[1], "en");
}

static void who_refers(void **state)
{
    const Fascia__Referrer *referrer;

    decode(*state, sample(&((struct bench *)*state)->arena, "contained.json"));
    referrer = only(*state)->referral->referrer;
    assert_int_equal(referrer->role, FASCIA__ROLE__ROLE_PHYSICIAN);
    assert_string_equal(referrer->name, "Dr Adaeze Okafor MD");
    assert_string_equal(referrer->taxonomy, "207Q00000X");
    assert_string_equal(referrer->organisation, "Bluegrass Family Medicine");
    assert_string_equal(referrer->identifiers[0]->value, "1234567893");
    assert_string_equal(referrer->identifiers[0]->type, "NPI");
    assert_int_equal(referrer->n_phones, 1);
}

static void what_is_asked(void **state)
{
    const Fascia__Submit *submit;
    const Fascia__Referral *referral;

    decode(*state, sample(&((struct bench *)*state)->arena, "contained.json"));
    submit = only(*state);
    referral = submit->referral;
    assert_int_equal(submit->action, FASCIA__SUBMIT__ACTION__NEW);
    assert_string_equal(referral->sender_referral_id, "urn:example:bluegrass:orders|ORD-2026-771");
    assert_int_equal(referral->priority, FASCIA__PRIORITY__PRIORITY_URGENT);
    assert_int_equal(referral->n_conditions, 1);
    assert_string_equal(referral->conditions[0]->system, "ICD-10-CM");
    assert_string_equal(referral->conditions[0]->code, "M54.2");
    assert_string_equal(referral->conditions[0]->text, "Neck pain since the spring");
    assert_string_equal(referral->conditions[0]->location, "ServiceRequest.reasonCode[0].coding[1].code");
    assert_int_equal(referral->n_procedures, 1);
    assert_string_equal(referral->procedures[0]->system, "CPT");
    assert_string_equal(referral->procedures[0]->code, "97140");
    assert_int_equal(referral->n_flags, 1);
    assert_string_equal(referral->flags[0]->text, "Lavender oil");
    assert_string_equal(referral->flags[0]->location, "ServiceRequest.contained[6].code.text");
    assert_int_equal(referral->n_attachments, 1);
    assert_string_equal(referral->attachments[0]->title, "Referral letter");
    assert_int_equal(referral->attachments[0]->content.len, 24);
    assert_memory_equal(referral->attachments[0]->content.data, "Please see this patient.", 24);
    assert_int_equal(referral->n_notes, 4);
    assert_string_equal(referral->notes[0]->text, "Body site: Neck");
    assert_string_equal(referral->notes[1]->text, "Pain severity 0-10: 7 {score}");
    assert_string_equal(referral->notes[2]->text, "Prefers a quiet room.");
    assert_string_equal(referral->notes[3]->kind, "instruction");
    assert_int_equal(referral->original.len, ((struct bench *)*state)->bytes.size);
    assert_memory_equal(referral->original.data, ((struct bench *)*state)->bytes.data, referral->original.len);
    assert_string_equal(referral->original_media_type, "application/fhir+json");
}

static void when_where_and_who_pays(void **state)
{
    const Fascia__Referral *referral;
    const Fascia__Preferences *wishes;

    decode(*state, sample(&((struct bench *)*state)->arena, "contained.json"));
    referral = only(*state)->referral;
    wishes = referral->preferences;
    assert_string_equal(wishes->not_before, "2026-12-01");
    assert_string_equal(wishes->not_after, "2027-01-31");
    assert_int_equal(wishes->duration_minutes, 60);
    assert_int_equal(wishes->n_windows, 2);
    assert_int_equal(wishes->windows[0]->weekdays, 1 << 1 | 1 << 3);
    assert_int_equal(wishes->windows[0]->from_minute, 570);
    assert_int_equal(wishes->windows[0]->to_minute, 630);
    assert_int_equal(wishes->windows[1]->from_minute, 1020);
    assert_int_equal(wishes->visit_mode, FASCIA__VISIT_MODE__VISIT_MODE_HOME);
    assert_int_equal(referral->n_coverages, 1);
    assert_string_equal(referral->coverages[0]->payer, "BAV");
    assert_string_equal(referral->coverages[0]->payer_name, "Blue Avenue");
    assert_string_equal(referral->coverages[0]->member_id, "BAV-88123");
    assert_string_equal(referral->coverages[0]->plan, "PPO-2");
    assert_int_equal(referral->authorization->visits_requested, 6);
}

static void assert_kept(const Fascia__Referral *referral, const char *location, const char *content)
{
    for (size_t i = 0; i < referral->n_kept; i++)
        if (strcmp(referral->kept[i]->location, location) == 0) {
            assert_string_equal(referral->kept[i]->content, content);
            return;
        }
    for (size_t i = 0; i < referral->n_kept; i++)
        print_message("  %s\n", referral->kept[i]->location);
    fail_msg("%s was not kept", location);
}

static void what_is_not_understood_is_kept_and_nothing_else(void **state)
{
    const Fascia__Referral *referral;

    decode(*state, sample(&((struct bench *)*state)->arena, "contained.json"));
    referral = only(*state)->referral;
    assert_kept(referral, "ServiceRequest.contained[0].telecom[2]",
                "{\"system\":\"fax\",\"value\":\"+1-859-555-0149\"}");
    assert_kept(referral, "ServiceRequest.contained[0].name[0]", "{\"use\":\"old\",\"family\":\"Weatherby\"}");
    assert_kept(referral, "ServiceRequest.identifier[1]", "{\"system\":\"urn:example:other\",\"value\":\"X-1\"}");
    assert_kept(referral, "ServiceRequest.extension",
                "[{\"url\":\"http://example.org/fhir/StructureDefinition/desk\",\"valueString\":\"front\"}]");
    assert_kept(referral, "ServiceRequest.reasonCode[0].coding[0]",
                "{\"system\":\"http://snomed.info/sct\",\"code\":\"81680005\",\"display\":\"Neck pain\"}");
    assert_int_equal(referral->n_kept, 6);
}

/* ---- Bundles ----------------------------------------------------------------------------------------------------------- */

static void a_message_is_read_with_its_task(void **state)
{
    struct bench *bench = *state;
    const Fascia__Referral *referral;

    bench->settings.performer_is_therapist = true;
    decode(bench, sample(&bench->arena, "bser-message.json"));
    referral = only(bench)->referral;
    assert_string_equal(referral->sender, "urn:example:hillside:ehr");
    assert_string_equal(referral->sender_referral_id, "urn:example:hillside:orders|PL-3381");
    assert_string_equal(referral->message_id, "urn:example:hillside:messages|MSG-5521");
    assert_int_equal(referral->priority, FASCIA__PRIORITY__PRIORITY_STAT);
    assert_int_equal(referral->referrer->role, FASCIA__ROLE__ROLE_CHIROPRACTOR);
    assert_string_equal(referral->referrer->name, "Luis Serrano DC");
    assert_string_equal(referral->referrer->organisation, "Hillside Chiropractic");
    assert_string_equal(referral->patient->family_name, "Teodor Lindqvist");
    assert_string_equal(referral->patient->birth_date, "1958-02");
    assert_string_equal(referral->patient->address->postal_code, "40202");
    assert_string_equal(referral->preferences->not_before, "2026-12-03");
    assert_string_equal(referral->preferences->not_after, "2027-02-15");
    assert_string_equal(referral->preferences->therapist, "1992999874");
    assert_int_equal(referral->preferences->visit_mode, FASCIA__VISIT_MODE__VISIT_MODE_REMOTE);
    assert_int_equal(referral->n_conditions, 1);
    assert_string_equal(referral->conditions[0]->code, "I89.0");
    assert_string_equal(referral->conditions[0]->location, "Bundle.entry[7].resource.code.coding[0].code");
    assert_int_equal(referral->n_procedures, 1);
    assert_string_equal(referral->procedures[0]->text, "Manual lymphatic drainage");
    assert_string_equal(referral->coverages[0]->payer, "HMX");
    assert_string_equal(referral->coverages[0]->payer_name, "Humane Mutual");
    assert_string_equal(referral->coverages[0]->member_id, "M-771");
    assert_string_equal(referral->authorization->number, "AUTH-20");
    assert_string_equal(referral->authorization->valid_to, "2027-03-31");
    assert_int_equal(referral->authorization->visits_requested, 8);
    assert_int_equal(referral->n_flags, 2);
    assert_string_equal(referral->flags[0]->code, "161615003");
    assert_string_equal(referral->flags[1]->text, "Takes anticoagulants");
    assert_int_equal(referral->n_attachments, 1);
    assert_string_equal(referral->attachments[0]->title, "Imaging report");
    assert_int_equal(referral->attachments[0]->content.len, 8);
    /* What was refuted is said, kept, and not treated. */
    assert_issue(bench, "Bundle.entry[2].resource.reasonReference[1]", "informational");
    assert_int_equal(bench->decoded.issues.errors, 0);
}

static void a_task_that_is_cancelled_cancels(void **state)
{
    struct bench *bench = *state;
    const Fascia__Submit *submit;

    decode_changed(bench, "bser-message.json", "\"status\": \"requested\",",
                   "\"status\": \"cancelled\", \"statusReason\": {\"text\": \"Patient declined\"},");
    submit = only(bench);
    assert_int_equal(submit->action, FASCIA__SUBMIT__ACTION__CANCEL);
    assert_string_equal(submit->reason, "Patient declined");
    assert_string_equal(submit->referral->sender_referral_id, "urn:example:hillside:orders|PL-3381");
}

static void a_request_without_a_number_has_one_of_its_content(void **state)
{
    struct bench *bench = *state;
    const char *first;

    decode(bench, sample(&bench->arena, "transaction.json"));
    first = only(bench)->referral->sender_referral_id;
    assert_int_equal(only(bench)->referral->referrer->role, FASCIA__ROLE__ROLE_PHYSIOTHERAPIST);
    assert_string_equal(only(bench)->referral->preferences->not_before, "2026-12-10");
    assert_string_equal(first, "Achterberg, Noor 1990-05-14/2026-11-27T10:00:00Z/Low back pain/");
    /* Another number of the entry is the same request, another time of writing is another. */
    decode_changed(bench, "transaction.json", "urn:uuid:8c1f7bb2", "urn:uuid:9c1f7bb2");
    assert_string_equal(only(bench)->referral->sender_referral_id, first);
    decode_changed(bench, "transaction.json", "T10:00:00Z", "T10:00:01Z");
    assert_string_not_equal(only(bench)->referral->sender_referral_id, first);
}

static bool holds(ProtobufCBinaryData bytes, const char *text)
{
    return memmem(bytes.data, bytes.len, text, strlen(text)) != NULL;
}

static void each_of_a_batch_gets_only_what_is_its_own(void **state)
{
    struct bench *bench = *state;
    const Fascia__Submit *first, *second;
    struct fhir_json_fault fault;
    struct fhir_json *own;
    const struct fhir_json *entry;

    decode(bench, sample(&bench->arena, "batch.json"));
    assert_int_equal(bench->decoded.count, 3);
    first = bench->decoded.asked[0]->submit;
    second = bench->decoded.asked[1]->submit;
    assert_non_null(first);
    assert_string_equal(first->referral->patient->family_name, "Aldous");
    assert_int_equal(first->referral->referrer->role, FASCIA__ROLE__ROLE_PHYSIOTHERAPIST);
    assert_int_equal(first->referral->n_flags, 0);
    assert_int_equal(first->referral->n_kept, 1);
    assert_kept(first->referral, "Bundle.entry[0].resource.maritalStatus", "{\"text\":\"Married\"}");
    assert_true(holds(first->referral->original, "Aldous"));
    assert_true(holds(first->referral->original, "\"Ng\""));
    assert_false(holds(first->referral->original, "Birkett"));
    own = fhir_json_parse(first->referral->original.data, first->referral->original.len, MOST, &fault);
    entry = fhir_json_item(fhir_json_get(own, "entry"), (size_t)atoi(first->referral->reply[1]->value));
    assert_string_equal(first->referral->reply[1]->key, "entry");
    assert_string_equal(fhir_json_text_of(fhir_json_get(entry, "resource"), "id"), "one");
    fhir_json_free(own);
    assert_non_null(second);
    assert_int_equal(second->action, FASCIA__SUBMIT__ACTION__CANCEL);
    assert_string_equal(second->reason, "Moved away");
    assert_null(bench->decoded.asked[2]->submit);
    assert_non_null(find(&bench->decoded.asked[2]->issues, "Bundle.entry[5].resource.intent", "code-invalid"));
    assert_int_equal(bench->decoded.asked[0]->issues.errors, 0);
    assert_int_equal(bench->decoded.asked[2]->entry, 5);
    decode_changed(bench, "batch.json", "\"batch\"", "\"transaction\"");
    assert_issue(bench, "Bundle.type", "not-supported");
    assert_int_equal(bench->decoded.count, 0);
}

/* ---- faults -------------------------------------------------------------------------------------------------------------- */

struct change {
    const char *from, *to, *expression, *code;
    unsigned status;
};

static void each_fault_is_an_issue_where_it_stands(void **state)
{
    static const struct change changes[] = {
        {"\"birthDate\": \"1979-08-30\"", "\"birthDate\": \"1979-02-30\"", "ServiceRequest.contained[0].birthDate",
         "value", 400},
        {"\"gender\": \"female\"", "\"gender\": \"F\"", "ServiceRequest.contained[0].gender", "code-invalid", 400},
        {"\"authoredOn\": \"2026-11-27T15:20:00-05:00\"", "\"authoredOn\": \"2026-11-27T15:20\"",
         "ServiceRequest.authoredOn", "value", 400},
        {"\"id\": \"sr-1\"", "\"id\": \"sr_1\"", "ServiceRequest.id", "value", 400},
        {"\"value\": 6.0", "\"value\": \"6\"", "ServiceRequest.quantityQuantity.value", "value", 400},
        {"\"data\": \"UGxl", "\"data\": \"UGx*", "ServiceRequest.contained[8].content[0].attachment.data", "value",
         400},
        {"\"timeOfDay\": [\"09:30:00\"]", "\"timeOfDay\": [\"9:30\"]",
         "ServiceRequest.occurrenceTiming.repeat.timeOfDay[0]", "value", 400},
        {"\"reasonCode\": [\n    {", "\"reasonCode\": [\n    null, {", "ServiceRequest.reasonCode[0]", "structure",
         400},
        {"\"note\": [{\"text\": \"Prefers a quiet room.\"}]", "\"note\": []", "ServiceRequest.note", "structure", 400},
        {"\"note\": [{\"text\": \"Prefers a quiet room.\"}]", "\"note\": [{}]", "ServiceRequest.note[0]", "structure",
         400},
        {"\"note\": [{\"text\": \"Prefers a quiet room.\"}]", "\"note\": {\"text\": \"x\"}", "ServiceRequest.note",
         "structure", 400},
        {"\"note\": [{\"text\": \"Prefers a quiet room.\"}]", "\"note\": [{\"time\": \"2026\"}]",
         "ServiceRequest.note[0].text", "required", 400},
        {"\"patientInstruction\": \"Bring the imaging.\"", "\"patientInstruction\": \"\"",
         "ServiceRequest.patientInstruction", "value", 400},
        {"\"patientInstruction\": \"Bring the imaging.\"", "\"patientInstruction\": [\"x\"]",
         "ServiceRequest.patientInstruction", "structure", 400},
        {"\"status\": \"active\",\n  \"intent\"", "\"intent\"", "ServiceRequest.status", "required", 400},
        {"\"status\": \"active\",\n  \"intent\"", "\"status\": \"draft\",\n  \"intent\"", "ServiceRequest.status",
         "business-rule", 422},
        {"\"status\": \"active\",\n  \"intent\"", "\"status\": \"revoked\",\n  \"intent\"", "ServiceRequest.status",
         "business-rule", 422},
        {"\"status\": \"active\",\n  \"intent\"", "\"status\": \"entered-in-error\",\n  \"intent\"",
         "ServiceRequest.status", "business-rule", 422},
        {"\"status\": \"active\",\n  \"intent\"", "\"status\": \"on-hold\",\n  \"intent\"", "ServiceRequest.status",
         "not-supported", 422},
        {"\"intent\": \"order\"", "\"intent\": \"proposal\"", "ServiceRequest.intent", "business-rule", 422},
        {"\"intent\": \"order\"", "\"intent\": \"order\", \"doNotPerform\": true", "ServiceRequest.doNotPerform",
         "business-rule", 422},
        {"\"id\": \"sr-1\"", "\"id\": \"sr-1\", \"implicitRules\": \"http://example.org/rules\"",
         "ServiceRequest.implicitRules", "not-supported", 422},
        {"\"extension\": [{\"url\": \"http://example.org", "\"modifierExtension\": [{\"url\": \"http://example.org",
         "ServiceRequest.modifierExtension", "extension", 422},
        {"{\"reference\": \"#patient\", \"display\"", "{\"reference\": \"#nobody\", \"display\"",
         "ServiceRequest.subject", "not-found", 422},
        {"{\"reference\": \"#patient\", \"display\"", "{\"reference\": \"#role\", \"display\"",
         "ServiceRequest.subject", "business-rule", 422},
        {"\"requester\": {\"reference\": \"#role\"},", "", "ServiceRequest", "required", 422},
        {"\"requester\": {\"reference\": \"#role\"}", "\"requester\": {\"reference\": \"#coverage\"}",
         "ServiceRequest.requester", "business-rule", 422},
        {"\"start\": \"2026-12-01\"", "\"start\": \"2027-12-01\"",
         "ServiceRequest.occurrenceTiming.repeat.boundsPeriod", "value", 400},
        {"\"occurrenceTiming\": {", "\"occurrenceDateTime\": \"2026\", \"occurrenceTiming\": {",
         "ServiceRequest.occurrence", "structure", 400},
        {"\"code\": {\"text\": \"Lavender oil\"},\n      \"patient\": {\"reference\": \"#patient\"}",
         "\"code\": {\"text\": \"Lavender oil\"},\n      \"patient\": {\"reference\": \"#doctor\"}",
         "ServiceRequest.supportingInfo[0]", "business-rule", 422},
    };

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct bench *bench = *state;
        decode_changed(bench, "contained.json", changes[i].from, changes[i].to);
        assert_issue(bench, changes[i].expression, changes[i].code);
        if (fhir_status_of_issues(&bench->decoded.issues) != changes[i].status)
            fail_msg("%s: status %u", changes[i].expression, fhir_status_of_issues(&bench->decoded.issues));
        assert_null(bench->decoded.asked[0]->submit);
        assert_int_equal(bench->decoded.issues.errors, 1);
    }
}

static void all_faults_are_told_at_once(void **state)
{
    struct bench *bench = *state;
    const char *text =
        "{\"resourceType\":\"ServiceRequest\",\"status\":\"x\",\"intent\":\"plan\",\"priority\":7,\"subject\":{},"
        "\"reasonCode\":{},\"authoredOn\":\"yesterday\",\"identifier\":[{\"value\":\" \"}]}";

    decode(bench, (struct fascia_bytes){(const uint8_t *)text, strlen(text)});
    assert_issue(bench, "ServiceRequest.status", "code-invalid");
    assert_issue(bench, "ServiceRequest.intent", "business-rule");
    assert_issue(bench, "ServiceRequest.priority", "value");
    assert_issue(bench, "ServiceRequest.subject", "structure");
    assert_issue(bench, "ServiceRequest.reasonCode", "structure");
    assert_issue(bench, "ServiceRequest.authoredOn", "value");
    assert_issue(bench, "ServiceRequest.identifier[0].value", "value");
    assert_issue(bench, "ServiceRequest", "required");
    assert_int_equal(fhir_status_of_issues(&bench->decoded.issues), 400);
}

static void what_fhir_has_not_is_a_warning_and_kept(void **state)
{
    struct bench *bench = *state;

    decode_changed(bench, "contained.json", "\"bodySite\"", "\"reasonCodes\": 3, \"bodySite\"");
    assert_kept(only(bench)->referral, "ServiceRequest.reasonCodes", "3");
    assert_issue(bench, "ServiceRequest.reasonCodes", "structure");
    decode_changed(bench, "contained.json", "{\"reference\": \"#pain\"}", "{\"reference\": \"Observation/elsewhere\"}");
    assert_int_equal(only(bench)->referral->n_attachments, 1);
    assert_issue(bench, "ServiceRequest.supportingInfo[1]", "not-found");
}

static void primitives_may_have_extensions(void **state)
{
    struct bench *bench = *state;

    decode_changed(bench, "contained.json", "\"given\": [\"Ines\", \"Ruth\"]",
                   "\"given\": [\"Ines\", null], \"_given\": [null, {\"extension\": [{\"url\": \"urn:x\", "
                   "\"valueCode\": \"unknown\"}]}]");
    assert_string_equal(only(bench)->referral->patient->given_name, "Ines");
    decode_changed(bench, "contained.json", "\"birthDate\": \"1979-08-30\"", "\"_birthDate\": {\"id\": \"a\"}");
    assert_string_equal(only(bench)->referral->patient->birth_date, "");
    decode_changed(bench, "contained.json", "\"given\": [\"Ines\", \"Ruth\"]", "\"given\": [\"Ines\", null]");
    assert_issue(bench, "ServiceRequest.contained[0].name[1].given[1]", "value");
}

static void what_is_no_json_or_no_request_says_so(void **state)
{
    static const char *const texts[] = {"{\"resourceType\":\"Patient\"}", "{}", "{\"resourceType\":7}"};
    struct bench *bench = *state;
    const char *broken = "{\"resourceType\": \"ServiceRequest\",\n \"status\": }";

    for (size_t i = 0; i < 3; i++) {
        decode(bench, (struct fascia_bytes){(const uint8_t *)texts[i], strlen(texts[i])});
        assert_int_equal(bench->decoded.count, 0);
        assert_int_equal(bench->decoded.issues.errors, 1);
    }
    decode(bench, (struct fascia_bytes){(const uint8_t *)broken, strlen(broken)});
    assert_null(bench->decoded.json);
    assert_int_equal(bench->decoded.issues.list[0]->line, 2);
    assert_int_equal(fhir_status_of_issues(&bench->decoded.issues), 400);
}

static void an_update_says_what_changes(void **state)
{
    struct bench *bench = *state;

    bench->settings.update = true;
    bench->settings.id = "sr-1";
    decode(bench, sample(&bench->arena, "contained.json"));
    assert_int_equal(only(bench)->action, FASCIA__SUBMIT__ACTION__MODIFY);
    decode_changed(bench, "contained.json", "\"status\": \"active\",\n  \"intent\"",
                   "\"status\": \"revoked\",\n  \"intent\"");
    assert_int_equal(only(bench)->action, FASCIA__SUBMIT__ACTION__CANCEL);
    assert_string_equal(only(bench)->reason, "Prefers a quiet room.");
    decode_changed(bench, "contained.json", "\"status\": \"active\",\n  \"intent\"",
                   "\"status\": \"entered-in-error\",\n  \"intent\"");
    assert_int_equal(only(bench)->action, FASCIA__SUBMIT__ACTION__CANCEL);
    bench->settings.id = "other";
    decode(bench, sample(&bench->arena, "contained.json"));
    assert_issue(bench, "ServiceRequest.id", "value");
}

static void references_of_all_kinds_are_resolved(void **state)
{
    struct bench *bench = *state;

    decode_changed(bench, "batch.json", "\"subject\": {\"reference\": \"Patient/a\"}",
                   "\"subject\": {\"reference\": \"Patient?identifier=A\"}");
    assert_string_equal(bench->decoded.asked[0]->submit->referral->patient->family_name, "Aldous");
    decode_changed(bench, "batch.json", "\"subject\": {\"reference\": \"Patient/a\"}",
                   "\"subject\": {\"reference\": \"http://ehr.example.org/Patient/a\"}");
    assert_non_null(bench->decoded.asked[0]->submit);
    decode_changed(bench, "batch.json", "\"subject\": {\"reference\": \"Patient/a\"}",
                   "\"subject\": {\"reference\": \"Patient/a/_history/2\"}");
    assert_non_null(bench->decoded.asked[0]->submit);
    decode_changed(bench, "bser-message.json", "\"subject\": {\"reference\": \"Patient/p1\"}",
                   "\"subject\": {\"reference\": \"Patient?identifier=urn:example:hillside:patients%7C4411\"}");
    assert_string_equal(only(bench)->referral->patient->family_name, "Teodor Lindqvist");
    /* Another server's patient of the same id is another patient, and so is another server's number. */
    decode_changed(bench, "batch.json", "\"subject\": {\"reference\": \"Patient/a\"}",
                   "\"subject\": {\"reference\": \"http://other.example.org/Patient/a\"}");
    assert_null(bench->decoded.asked[0]->submit);
    assert_issue(bench, "Bundle.entry[3].resource.subject", "not-found");
    decode_changed(bench, "bser-message.json", "\"subject\": {\"reference\": \"Patient/p1\"}",
                   "\"subject\": {\"reference\": \"Patient?identifier=urn:other|4411\"}");
    assert_issue(bench, "Bundle.entry[2].resource.subject", "not-found");
}

static void names_are_of_one_each(void **state)
{
    struct bench *bench = *state;

    decode_changed(bench, "batch.json", "http://ehr.example.org/Patient/b", "http://ehr.example.org/Patient/a");
    assert_issue(bench, "Bundle.entry[1]", "duplicate");
    decode_changed(bench, "contained.json", "\"id\": \"doctor\"", "\"id\": \"role\"");
    assert_issue(bench, "ServiceRequest.contained[2]", "duplicate");
    decode_changed(bench, "batch.json", "\"url\": \"ServiceRequest/two\"", "\"url\": \"ServiceRequest/2\"");
    assert_issue(bench, "Bundle.entry[4].request.url", "value");
    assert_null(bench->decoded.asked[1]->submit);
    assert_non_null(bench->decoded.asked[0]->submit);
}

static void a_referrer_who_is_only_named_is_read_by_their_degree(void **state)
{
    static const struct {
        const char *display;
        Fascia__Role role;
    } rows[] = {{"Ann Lee, M.D.", FASCIA__ROLE__ROLE_PHYSICIAN},
                {"Ann Lee, PhD, DPT", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST},
                {"Minh Do", FASCIA__ROLE__ROLE_UNSPECIFIED}};
    struct bench *bench = *state;

    for (size_t i = 0; i < 3; i++) {
        decode_changed(bench, "contained.json", "\"requester\": {\"reference\": \"#role\"}",
                       fhir_arena_format(&bench->arena, "\"requester\": {\"display\": \"%s\"}", rows[i].display));
        assert_string_equal(only(bench)->referral->referrer->name, rows[i].display);
        assert_int_equal(only(bench)->referral->referrer->role, rows[i].role);
    }
}

/* What somebody makes to cost much: each is answered, and in no more memory and time than its size explains. */
static void decode_repeated(struct bench *bench, const char *before, const char *piece, size_t count, const char *after)
{
    size_t size = strlen(before) + count * (strlen(piece) + 1) + strlen(after) + 1;
    char *text = malloc(size), *at = text;

    assert_non_null(text);
    at += sprintf(at, "%s", before);
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s%s", i > 0 ? "," : "", piece);
    sprintf(at, "%s", after);
    decode(bench, (struct fascia_bytes){(const uint8_t *)text, strlen(text)});
    free(text);
}

static void much_of_anything_is_bounded(void **state)
{
    static const char *const head = "{\"resourceType\":\"ServiceRequest\",\"status\":\"active\",\"intent\":\"order\","
                                    "\"subject\":{\"reference\":\"#p\"},"
                                    "\"requester\":{\"display\":\"x\"},\"contained\":[{\"resourceType\":\"Patient\","
                                    "\"id\":\"p\",\"name\":[{\"given\":[\"A\"]}]}],\"identifier\":[{\"value\":\"1\"}],";
    struct bench *bench = *state;

    decode_repeated(bench, fhir_arena_format(&bench->arena, "%s\"reasonCode\":[", head), "{\"text\":\"Neck pain\"}",
                    20000, "]}");
    assert_int_equal(bench->decoded.issues.errors, 0);
    decode_repeated(bench, fhir_arena_format(&bench->arena, "%s\"reasonCode\":[", head),
                    "{\"coding\":[{\"code\":\"a\"},{\"code\":\"b\"}]}", 20000, "]}");
    assert_int_equal(bench->decoded.issues.errors, 0);
    decode_repeated(bench,
                    "{\"resourceType\":\"ServiceRequest\",\"status\":\"active\",\"intent\":\"order\",\"subject\":{"
                    "\"reference\":\"#p\"},\"requester\":{\"display\":\"x\"},"
                    "\"identifier\":[{\"value\":\"1\"}],\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\","
                    "\"name\":[{\"family\":\"B\",\"given\":[",
                    "\"Anna\"", 100000, "]}]}]}");
    assert_int_equal(bench->decoded.issues.errors, 0);
    assert_true(strlen(only(bench)->referral->patient->given_name) < 200);
    decode_repeated(
        bench,
        fhir_arena_format(&bench->arena,
                          "%.*s{\"resourceType\":\"Practitioner\",\"id\":\"d\",\"name\":[{\"family\":\"B\",\"given\":[",
                          (int)(strstr(head, "{\"resourceType\":\"Patient\"") - head), head),
        "\"Anna\"", 100000,
        "]}]},{\"resourceType\":\"Patient\",\"id\":\"p\"}],\"performer\":[{\"reference\":\"#d\"}],\"identifier\":[{"
        "\"value\":\"1\"}]}");
    assert_int_equal(bench->decoded.issues.errors, 0);
    assert_true(strlen(only(bench)->referral->notes[0]->text) < 200);
    decode_repeated(bench,
                    "{\"resourceType\":\"ServiceRequest\",\"status\":\"active\",\"intent\":\"order\",\"subject\":{"
                    "\"reference\":\"#p\"},\"contained\":[",
                    "{\"resourceType\":\"Patient\",\"id\":\"p\"}", 30000, "]}");
    assert_issue(bench, "ServiceRequest", "too-long");
    decode_repeated(bench, fhir_arena_format(&bench->arena, "%s\"supportingInfo\":[", head), "{\"reference\":\"#p\"}",
                    30000, "]}");
    assert_int_equal(bench->decoded.issues.errors, 0);
    decode_repeated(bench, fhir_arena_format(&bench->arena, "%s\"note\":[", head), "{\"text\":\"\"}", 30000, "]}");
    assert_true(bench->decoded.issues.errors >= FHIR_ISSUES);
    assert_null(bench->decoded.asked[0]->submit);
}

static void more_codes_than_are_taken_are_refused(void **state)
{
    struct bench *bench = *state;
    char *codes = fhir_arena_text(&bench->arena, "", 0);

    for (int i = 0; i <= FHIR_CODES; i++)
        codes = fhir_arena_format(&bench->arena, "%s{\"text\":\"%d\"},", codes, i);
    decode_changed(bench, "contained.json", "\"reasonCode\": [",
                   fhir_arena_format(&bench->arena, "\"reasonCode\": [%s", codes));
    assert_issue(bench, fhir_arena_format(&bench->arena, "ServiceRequest.reasonCode[%d].text", FHIR_CODES), "too-long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_it_is_for, begin, end),
        cmocka_unit_test_setup_teardown(who_refers, begin, end),
        cmocka_unit_test_setup_teardown(what_is_asked, begin, end),
        cmocka_unit_test_setup_teardown(when_where_and_who_pays, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_understood_is_kept_and_nothing_else, begin, end),
        cmocka_unit_test_setup_teardown(a_message_is_read_with_its_task, begin, end),
        cmocka_unit_test_setup_teardown(a_task_that_is_cancelled_cancels, begin, end),
        cmocka_unit_test_setup_teardown(a_request_without_a_number_has_one_of_its_content, begin, end),
        cmocka_unit_test_setup_teardown(each_of_a_batch_gets_only_what_is_its_own, begin, end),
        cmocka_unit_test_setup_teardown(each_fault_is_an_issue_where_it_stands, begin, end),
        cmocka_unit_test_setup_teardown(all_faults_are_told_at_once, begin, end),
        cmocka_unit_test_setup_teardown(what_fhir_has_not_is_a_warning_and_kept, begin, end),
        cmocka_unit_test_setup_teardown(primitives_may_have_extensions, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_json_or_no_request_says_so, begin, end),
        cmocka_unit_test_setup_teardown(references_of_all_kinds_are_resolved, begin, end),
        cmocka_unit_test_setup_teardown(names_are_of_one_each, begin, end),
        cmocka_unit_test_setup_teardown(a_referrer_who_is_only_named_is_read_by_their_degree, begin, end),
        cmocka_unit_test_setup_teardown(much_of_anything_is_bounded, begin, end),
        cmocka_unit_test_setup_teardown(more_codes_than_are_taken_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(an_update_says_what_changes, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
