/* What a REF message becomes, seen through deliver(). */
#include "unit/hl7v2_expect.h"

static struct test_host host;

static int open_host(void **state)
{
    char fault[200] = "";

    (void)state;
    return test_host_open(&host, NULL, fault, sizeof fault) == FASCIA_OK ? 0 : -1;
}

static int close_host(void **state)
{
    (void)state;
    test_host_close(&host);
    return 0;
}

static Fascia__Submission *deliver_bytes(const char *bytes, size_t size)
{
    Fascia__Submission *submission = expect_submission(&host, bytes, size);

    hl7_source.abandon(host.instance, 1);
    return submission;
}

static Fascia__Submission *deliver_sample(const char *name)
{
    size_t size;
    char *bytes = test_sample(name, &size);
    Fascia__Submission *submission = deliver_bytes(bytes, size);

    free(bytes);
    return submission;
}

static const Fascia__Kept *kept_at(const Fascia__Referral *referral, const char *location)
{
    for (size_t i = 0; i < referral->n_kept; i++)
        if (strcmp(referral->kept[i]->location, location) == 0)
            return referral->kept[i];
    return NULL;
}

static bool has_note(const Fascia__Referral *referral, const char *kind, const char *text)
{
    for (size_t i = 0; i < referral->n_notes; i++)
        if (strcmp(referral->notes[i]->kind, kind) == 0 && strcmp(referral->notes[i]->text, text) == 0)
            return true;
    return false;
}

static void a_physicians_referral_is_read_whole(void **state)
{
    Fascia__Submission *submission = deliver_sample("low-back-pain.hl7");
    const Fascia__Submit *submit = submission->submit;
    const Fascia__Referral *referral = submit->referral;

    (void)state;
    assert_int_equal(submit->action, FASCIA__SUBMIT__ACTION__NEW);
    assert_true(submit->update_if_changed);
    assert_string_equal(referral->sender, "CEDARCHART|CEDAR FAMILY MEDICINE");
    assert_string_equal(referral->sender_referral_id, "REF-20481^CEDARCHART");
    assert_string_equal(referral->message_id, "CFM000481");
    assert_int_equal(referral->priority, FASCIA__PRIORITY__PRIORITY_ROUTINE);
    assert_int_equal(referral->referrer->role, FASCIA__ROLE__ROLE_PHYSICIAN);
    assert_string_equal(referral->referrer->taxonomy, "207Q00000X");
    assert_string_equal(referral->referrer->name, "Dr Ngozi A Okafor MD");
    assert_string_equal(referral->referrer->identifiers[0]->value, "1234567893");
    assert_string_equal(referral->referrer->identifiers[0]->type, "NPI");
    assert_string_equal(referral->referrer->organisation, "CEDAR FAMILY MEDICINE");
    assert_string_equal(referral->referrer->phones[0], "+1 502 5550182");
    assert_string_equal(referral->patient->family_name, "Whitfield");
    assert_string_equal(referral->patient->given_name, "Jordan");
    assert_string_equal(referral->patient->birth_date, "1979-04-12");
    assert_int_equal(referral->patient->gender, FASCIA__GENDER__GENDER_FEMALE);
    assert_string_equal(referral->patient->address->postal_code, "40204");
    assert_string_equal(referral->patient->address->state, "KY");
    assert_string_equal(referral->patient->emails[0], "jordan.whitfield@example.org");
    assert_string_equal(referral->patient->languages[0], "en");
    assert_string_equal(referral->coverages[0]->payer, "BCBS");
    assert_string_equal(referral->coverages[0]->payer_name, "Blue Cross Blue Shield");
    assert_string_equal(referral->coverages[0]->member_id, "XZP881204417");
    assert_string_equal(referral->authorization->number, "PA-558120");
    assert_int_equal(referral->authorization->visits_authorised, 6);
    fascia__submission__free_unpacked(submission, NULL);
}

static void what_is_asked_and_wished_is_read(void **state)
{
    Fascia__Submission *submission = deliver_sample("low-back-pain.hl7");
    const Fascia__Referral *referral = submission->submit->referral;

    (void)state;
    assert_int_equal(referral->n_conditions, 2);
    assert_string_equal(referral->conditions[0]->system, "ICD-10-CM");
    assert_string_equal(referral->conditions[0]->code, "M54.50");
    assert_string_equal(referral->conditions[0]->location, "DG1[1]-3.1");
    assert_string_equal(referral->conditions[1]->location, "DG1[2]-3.1");
    assert_int_equal(referral->n_procedures, 1);
    assert_string_equal(referral->procedures[0]->system, "CPT");
    assert_string_equal(referral->procedures[0]->code, "97124");
    assert_int_equal(referral->n_flags, 1); /* the allergy; saddle numbness was answered no */
    assert_string_equal(referral->flags[0]->text, "Lavender oil");
    assert_true(has_note(referral, "result", "Saddle numbness: No"));
    assert_true(has_note(referral, "result", "Pain severity 0-10 verbal numeric rating: 6 {score}"));
    assert_true(has_note(referral, "comment", "Please report pain and function after the third visit."));
    assert_int_equal(referral->preferences->n_windows, 2);
    assert_int_equal(referral->preferences->windows[0]->weekdays, 0x1F);
    assert_int_equal(referral->preferences->windows[0]->from_minute, 540);
    assert_int_equal(referral->preferences->windows[1]->weekdays, 0x20);
    assert_string_equal(referral->preferences->time_zone, "America/New_York");
    assert_int_equal(referral->preferences->max_distance, 40000);
    assert_int_equal(referral->preferences->duration_minutes, 60);
    fascia__submission__free_unpacked(submission, NULL);
}

static void a_chiropractor_of_an_older_version_is_read(void **state)
{
    Fascia__Submission *submission = deliver_sample("whiplash-chiropractor-2.3.1.hl7");
    const Fascia__Referral *referral = submission->submit->referral;

    (void)state;
    assert_int_equal(referral->referrer->role, FASCIA__ROLE__ROLE_CHIROPRACTOR);
    assert_int_equal(referral->priority, FASCIA__PRIORITY__PRIORITY_URGENT);
    assert_string_equal(referral->sender_referral_id, "9918");
    assert_string_equal(referral->conditions[0]->system, "ICD-10-CM");
    assert_string_equal(referral->procedures[0]->code, "97140");
    assert_string_equal(referral->procedures[0]->location, "OBR[1]-4.1");
    assert_true(has_note(referral, "reason", "Whiplash, two weeks after a rear-end collision"));
    assert_true(
        has_note(referral, "comment", "Manual therapy beside adjustment, please\ntwice a week&no thrust techniques"));
    fascia__submission__free_unpacked(submission, NULL);
}

static void latin_letters_and_attachments_are_read(void **state)
{
    Fascia__Submission *submission = deliver_sample("lymphoedema-physiotherapist-8859-1.hl7");
    const Fascia__Referral *referral = submission->submit->referral;

    (void)state;
    assert_int_equal(referral->referrer->role, FASCIA__ROLE__ROLE_PHYSIOTHERAPIST);
    assert_string_equal(referral->patient->family_name, "M\xC3\xBCller");
    assert_string_equal(referral->patient->languages[0], "de");
    assert_int_equal(referral->n_attachments, 1);
    assert_string_equal(referral->attachments[0]->media_type, "text/plain");
    assert_string_equal(referral->attachments[0]->title, "Referral letter");
    assert_int_equal(referral->attachments[0]->content.len, 20);
    assert_memory_equal(referral->attachments[0]->content.data, "Letter of referral.\n", 20);
    assert_string_equal(referral->procedures[0]->system, "local:99PP");
    assert_string_equal(referral->procedures[0]->text, "Manual lymphatic drainage");
    fascia__submission__free_unpacked(submission, NULL);
}

static void a_converters_referral_becomes_a_submission(void **state)
{
    Fascia__Submission *submission = deliver_sample("ms-fhir-converter_REF-I12-01.hl7");
    const Fascia__Referral *referral = submission->submit->referral;

    (void)state;
    assert_string_equal(referral->sender, "GHH|GHHSFacility");
    assert_string_equal(referral->sender_referral_id, "226839^EPIC");
    assert_int_equal(referral->referrer->role, FASCIA__ROLE__ROLE_PHYSICIAN); /* by the degree in PRD-2 */
    assert_string_equal(referral->conditions[0]->code, "K63.3");
    assert_string_equal(referral->procedures[0]->system, "SNOMED");
    assert_string_equal(referral->procedures[0]->code, "76164006");
    assert_string_equal(referral->procedures[0]->location, "PR1[1]-3.1");
    assert_string_equal(referral->coverages[0]->payer, "BAV");
    assert_string_equal(referral->coverages[0]->member_id, "548851236L");
    assert_string_equal(referral->authorization->number, "HL71001111111111");
    assert_string_equal(referral->authorization->valid_from, "2022-01-10");
    assert_string_equal(referral->preferences->not_before, "2022-01-25");
    assert_string_equal(referral->preferences->not_after, "2022-02-10");
    assert_non_null(kept_at(referral, "NK1[1]"));
    assert_non_null(kept_at(referral, "GT1[1]"));
    assert_non_null(kept_at(referral, "ACC[1]"));
    assert_non_null(kept_at(referral, "SFT[1]"));
    assert_non_null(kept_at(referral, "PV1[1]"));
    assert_non_null(kept_at(referral, "AUT[2]"));
    assert_non_null(kept_at(referral, "PRT[1]"));
    assert_non_null(kept_at(referral, "RF1[1]-24"));
    assert_non_null(strstr(kept_at(referral, "IN1[1]")->content, "|HMO-12345^"));
    fascia__submission__free_unpacked(submission, NULL);
}

static void a_cancellation_carries_its_id_and_reason(void **state)
{
    Fascia__Submission *submission = deliver_sample("low-back-pain-cancel.hl7");

    (void)state;
    assert_int_equal(submission->submit->action, FASCIA__SUBMIT__ACTION__CANCEL);
    assert_string_equal(submission->submit->referral->sender_referral_id, "REF-20481^CEDARCHART");
    assert_string_equal(submission->submit->reason, "Patient moved away.");
    fascia__submission__free_unpacked(submission, NULL);
    submission = deliver_sample("low-back-pain-status.hl7");
    assert_int_equal(submission->submit->action, FASCIA__SUBMIT__ACTION__STATUS);
    fascia__submission__free_unpacked(submission, NULL);
    submission = deliver_sample("low-back-pain-modify.hl7");
    assert_int_equal(submission->submit->action, FASCIA__SUBMIT__ACTION__MODIFY);
    fascia__submission__free_unpacked(submission, NULL);
    submission = deliver_sample("ms-fhir-converter_REF-I14-01.hl7");
    assert_int_equal(submission->submit->action, FASCIA__SUBMIT__ACTION__CANCEL);
    fascia__submission__free_unpacked(submission, NULL);
}

static void an_australian_referral_keeps_its_letter(void **state)
{
    Fascia__Submission *submission = deliver_sample("HL7v2Kit_au_ref_i12.hl7");
    const Fascia__Referral *referral = submission->submit->referral;

    (void)state;
    assert_string_equal(referral->sender_referral_id, "SYN-RF-0006^SYNTH_CLINIC");
    assert_string_equal(referral->referrer->name, "Dr Robin Synthetic");
    assert_int_equal(referral->referrer->role, FASCIA__ROLE__ROLE_UNSPECIFIED); /* nothing in it tells */
    assert_int_equal(referral->n_procedures, 0);
    assert_string_equal(referral->attachments[0]->media_type, "text/html");
    assert_string_equal(referral->flags[0]->text, "Penicillin");
    assert_true(has_note(referral, "result", "Display format in text: HbA1c 48 mmol/mol."));
    assert_true(has_note(referral, "comment", "Referred to: Dr Casey Synthetic"));
    fascia__submission__free_unpacked(submission, NULL);
}

/* Names of codes that were understood, and uses of telephones, are the only texts that go. */
static bool says_nothing(const char *piece)
{
    static const char *const names[] = {"Pending",  "Routine", "Referring Provider", "Referred to Provider", "ENGLISH",
                                        "Internet", "English", "Authoring Provider", "Intended Recipient",   "ISO639",
                                        "Base64",   "TAXONOMY"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(piece, names[i]) == 0)
            return true;
    return strncmp(piece, "HL70", 4) == 0;
}

/* Every piece of text of the message is somewhere in the referral, apart from the message itself. */
static void assert_nothing_is_dropped(const char *name)
{
    size_t size;
    char *bytes = test_sample(name, &size), *rest = bytes, *line;
    Fascia__Submission *submission = deliver_bytes(bytes, size);
    Fascia__Referral *referral = submission->submit->referral;
    uint8_t *packed;
    size_t packed_size;

    free(referral->original.data);
    referral->original = (ProtobufCBinaryData){0, NULL};
    packed_size = fascia__referral__get_packed_size(referral);
    packed = malloc(packed_size);
    assert_non_null(packed);
    fascia__referral__pack(referral, packed);
    while ((line = strsep(&rest, "\r\n")) != NULL) {
        char *piece;
        if (strncmp(line, "MSH", 3) == 0 || strncmp(line, "ZRF", 3) == 0)
            continue;
        while ((piece = strsep(&line, "|^~&")) != NULL) {
            size_t length = strlen(piece);
            /* Segment names and table numbers say nothing; dates and coding systems are written another way. */
            if (length < 5 || strspn(piece, "0123456789") == 8 || strchr(piece, '\\') != NULL ||
                strncmp(piece, "PHA+", 4) == 0 || says_nothing(piece))
                continue;
            while (piece[length - 1] == ' ')
                piece[--length] = '\0';
            if (memmem(packed, packed_size, piece, length) == NULL) {
                print_message("%s: '%s' is nowhere in the referral\n", name, piece);
                fail();
            }
        }
    }
    free(packed);
    free(bytes);
    fascia__submission__free_unpacked(submission, NULL);
}

static void nothing_that_was_sent_is_dropped(void **state)
{
    (void)state;
    assert_nothing_is_dropped("ms-fhir-converter_REF-I12-01.hl7");
    assert_nothing_is_dropped("HL7v2Kit_au_ref_i12.hl7");
    assert_nothing_is_dropped("HL7v2Kit_au_ref_i12_simplified.hl7");
    assert_nothing_is_dropped("low-back-pain.hl7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_physicians_referral_is_read_whole, open_host, close_host),
        cmocka_unit_test_setup_teardown(what_is_asked_and_wished_is_read, open_host, close_host),
        cmocka_unit_test_setup_teardown(a_chiropractor_of_an_older_version_is_read, open_host, close_host),
        cmocka_unit_test_setup_teardown(latin_letters_and_attachments_are_read, open_host, close_host),
        cmocka_unit_test_setup_teardown(a_converters_referral_becomes_a_submission, open_host, close_host),
        cmocka_unit_test_setup_teardown(a_cancellation_carries_its_id_and_reason, open_host, close_host),
        cmocka_unit_test_setup_teardown(an_australian_referral_keeps_its_letter, open_host, close_host),
        cmocka_unit_test_setup_teardown(nothing_that_was_sent_is_dropped, open_host, close_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
