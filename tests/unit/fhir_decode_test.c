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
    for (size_t i = 0; i < referral->n_kept; i++)
        print_message("  %s\n", referral->kept[i]->location);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_it_is_for, begin, end),
        cmocka_unit_test_setup_teardown(who_refers, begin, end),
        cmocka_unit_test_setup_teardown(what_is_asked, begin, end),
        cmocka_unit_test_setup_teardown(when_where_and_who_pays, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_understood_is_kept_and_nothing_else, begin, end),
    };

    (void)assert_issue;
    (void)decode_changed;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
