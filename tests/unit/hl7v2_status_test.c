/* Statuses sent to a sender's listener and what is answered to them; senders as they are configured. */
#include "unit/hl7v2_expect.h"

static struct test_host host;

static enum fascia_status open_with(const char *const *source, const char *const *sender, char *fault, size_t size)
{
    return test_host_open_with(&host, source, sender, fault, size);
}

static const char *const none[] = {NULL};
static const char *const listening[] = {"application=CEDARCHART", "status_to=192.0.2.9:6661", NULL};

static void open_or_fail(const char *const *source, const char *const *sender)
{
    char fault[300] = "";

    if (open_with(source, sender, fault, sizeof fault) != FASCIA_OK) {
        print_message("%s\n", fault);
        fail();
    }
}

static int close_host(void **state)
{
    (void)state;
    test_host_close(&host);
    return 0;
}

static Fascia__Outbound *status_of(Fascia__Referral *referral, Fascia__Status *status, uint64_t outbox)
{
    return expect_outbound(&host, outbox, status, referral);
}

static void assert_has(const ProtobufCBinaryData *payload, const char *part)
{
    if (memmem(payload->data, payload->len, part, strlen(part)) == NULL) {
        for (size_t i = 0; i < payload->len; i++)
            payload->data[i] = payload->data[i] == '\r' ? '\n' : payload->data[i];
        print_message("no '%s' in:\n%.*s\n", part, (int)payload->len, (const char *)payload->data);
        fail();
    }
}

static Fascia__Submission *submitted(const char *sample)
{
    size_t size;
    char *bytes = test_sample(sample, &size);

    test_deliver(&host, 1, bytes, size);
    free(bytes);
    hl7_source.abandon(host.instance, 1);
    assert_int_equal(host.submitted, 1);
    return test_submission(&host);
}

static Fascia__Status booked(void)
{
    Fascia__Status status = FASCIA__STATUS__INIT;

    status.referral = 4711;
    status.rf1_status = (char *)"A";
    status.text = (char *)"booked with Ana M\xC3\xBCller";
    status.therapist = (char *)"T-17";
    status.therapist_name = (char *)"Ana M\xC3\xBCller";
    status.therapist_phone = (char *)"+1 502 555 0123";
    status.visit_from = INT64_C(1795447800000); /* 2026-11-23T15:30:00Z */
    status.visit_to = INT64_C(1795451400000);
    status.time_zone = (char *)"America/New_York";
    return status;
}

static void a_sender_that_listens_nowhere_is_sent_nothing(void **state)
{
    Fascia__Status status = booked();
    Fascia__Submission *submission;
    Fascia__Outbound *outbound;

    (void)state;
    open_or_fail(none, NULL);
    submission = submitted("low-back-pain.hl7");
    outbound = status_of(submission->submit->referral, &status, 1);
    assert_int_equal(outbound->kind, FASCIA__OUTBOUND__KIND__NOTHING);
    fascia__outbound__free_unpacked(outbound, NULL);
    fascia__submission__free_unpacked(submission, NULL);
}

static void a_booked_visit_is_told_by_rri(void **state)
{
    Fascia__Status status = booked();
    Fascia__Submission *submission;
    Fascia__Outbound *outbound;

    (void)state;
    open_or_fail(none, listening);
    submission = submitted("low-back-pain.hl7");
    outbound = status_of(submission->submit->referral, &status, 812);
    assert_int_equal(outbound->kind, FASCIA__OUTBOUND__KIND__STREAM);
    assert_string_equal(outbound->address, "192.0.2.9:6661");
    assert_has(&outbound->payload,
               "\x0BMSH|^~\\&|FASCIA|MASSAGE NETWORK|CEDARCHART|CEDAR FAMILY MEDICINE|20261123080000"
               "+0000||RRI^I12^RRI_I12|F812|P|2.5.1|||||USA|UNICODE UTF-8|en^English^ISO639\r");
    assert_has(&outbound->payload, "\rMSA|AA|CFM000481\r");
    assert_has(&outbound->payload,
               "\rRF1|A^Accepted^HL70283|R^Routine^HL70280|MED^Medical^HL70281|AM^Assume Management^HL70282|"
               "O^Outpatient^HL70284|REF-20481^CEDARCHART|20261123153000+0000|||O^Provider Ordered^HL70336|"
               "4711^FASCIA\r");
    assert_has(&outbound->payload, "\rPRD|RT^Referred to Provider^HL70286|M\xC3\xBCller^Ana|||+1 502 555 "
                                   "0123^WPN^PH||T-17\r");
    assert_has(&outbound->payload, "\rPID|1||CFM-77120^^^CEDARCHART^MR||Whitfield^Jordan^Lee");
    assert_has(&outbound->payload, "\rNTE|1||booked with Ana M\xC3\xBCller\r");
    assert_has(&outbound->payload, "Appointment from 20261123153000+0000 to 20261123163000+0000 (place's zone: "
                                   "America/New_York)\r\x1C\r");
    fascia__outbound__free_unpacked(outbound, NULL);
    fascia__submission__free_unpacked(submission, NULL);
}

static void a_status_is_in_the_senders_character_set(void **state)
{
    static const char *const sender[] = {"status_to=h:1", NULL};
    Fascia__Status status = booked();
    Fascia__Submission *submission;
    Fascia__Outbound *outbound;

    (void)state;
    open_or_fail(none, sender);
    submission = submitted("lymphoedema-physiotherapist-8859-1.hl7");
    outbound = status_of(submission->submit->referral, &status, 2);
    assert_has(&outbound->payload, "|8859/1");
    assert_has(&outbound->payload, "booked with Ana M\xFCller\r");
    assert_has(&outbound->payload, "|M\xFCller^Zo\xEB|");
    fascia__outbound__free_unpacked(outbound, NULL);
    fascia__submission__free_unpacked(submission, NULL);
}

static void a_sender_without_a_set_is_told_when_it_gets_utf_8(void **state)
{
    static const char *const sender[] = {"status_to=h:1", "status_version=2.4", "status_acknowledgement=commit", NULL};
    Fascia__Status status = booked();
    Fascia__Submission *submission;
    Fascia__Outbound *outbound;

    (void)state;
    open_or_fail(none, sender);
    submission = submitted("whiplash-chiropractor-2.3.1.hl7");
    outbound = status_of(submission->submit->referral, &status, 3);
    assert_has(&outbound->payload, "|RRI^I12^RRI_I12|F3|P|2.4|||AL|NE||UNICODE UTF-8\r");
    fascia__outbound__free_unpacked(outbound, NULL);
    fascia__submission__free_unpacked(submission, NULL);
}

static void a_status_can_do_without_the_message(void **state)
{
    Fascia__Status status = booked();
    Fascia__Submission *submission;
    Fascia__Outbound *outbound;
    Fascia__Referral *referral;

    (void)state;
    open_or_fail(none, listening);
    submission = submitted("low-back-pain.hl7");
    referral = submission->submit->referral;
    free(referral->original.data);
    referral->original = (ProtobufCBinaryData){0, NULL};
    outbound = status_of(referral, &status, 4);
    assert_has(&outbound->payload, "|RRI^I12^RRI_I12|F4|P|2.5.1|");
    assert_has(&outbound->payload, "\rRF1|A^Accepted^HL70283|||||REF-20481^CEDARCHART|||||4711^FASCIA\r");
    assert_has(&outbound->payload, "\rPID|||CFM-77120^^^CEDARCHART^MR||Whitfield^Jordan\r");
    fascia__outbound__free_unpacked(outbound, NULL);
    fascia__submission__free_unpacked(submission, NULL);
}

static void an_outcome_is_told(void **state)
{
    Fascia__OutcomeReported outcome = FASCIA__OUTCOME_REPORTED__INIT;
    Fascia__Status status = booked();
    Fascia__Submission *submission;
    Fascia__Outbound *outbound;

    (void)state;
    outcome.summary = (char *)"Walks well & sleeps | again";
    outcome.visits = 5;
    outcome.pain_before = 6;
    outcome.pain_after = 1;
    outcome.goal = (char *)"met";
    status.outcome = &outcome;
    open_or_fail(none, listening);
    submission = submitted("low-back-pain.hl7");
    outbound = status_of(submission->submit->referral, &status, 5);
    assert_has(&outbound->payload, "||Outcome: Walks well \\T\\ sleeps \\F\\ again\r");
    assert_has(&outbound->payload, "||Visits: 5; pain before 6, after 1 (of 10); goal met\r");
    fascia__outbound__free_unpacked(outbound, NULL);
    fascia__submission__free_unpacked(submission, NULL);
}

static Fascia__Verdict__Kind verdict_on(uint64_t outbox, const char *answer)
{
    Fascia__Answered answered = FASCIA__ANSWERED__INIT;
    Fascia__Verdict *verdict;
    Fascia__Verdict__Kind kind;
    uint8_t packed[1000];
    size_t size;

    answered.outbox = outbox;
    answered.answer = (ProtobufCBinaryData){strlen(answer), (uint8_t *)(uintptr_t)answer};
    size = fascia__answered__pack(&answered, packed);
    hl7_source.answered(host.instance, 6, (struct fascia_bytes){packed, size});
    verdict = fascia__verdict__unpack(NULL, host.ending_size, host.ending);
    assert_non_null(verdict);
    kind = verdict->kind;
    fascia__verdict__free_unpacked(verdict, NULL);
    return kind;
}

#define ACK "MSH|^~\\&|C|C|F|F|2026||ACK^I12^ACK|ACK|P|2.5.1\r"

static void only_the_answer_to_this_message_counts(void **state)
{
    (void)state;
    open_or_fail(none, NULL);
    assert_int_equal(verdict_on(812, ACK "MSA|AA|F812\r"), FASCIA__VERDICT__KIND__DELIVERED);
    assert_int_equal(verdict_on(812, ACK "MSA|CA|F812"), FASCIA__VERDICT__KIND__DELIVERED);
    assert_int_equal(verdict_on(812, "MSH|^~\\&|||||||ACK|1|P|2.3\rMSA|AA|F812\r"), FASCIA__VERDICT__KIND__DELIVERED);
    assert_int_equal(verdict_on(812, ACK "MSA|AA|F811\r"), FASCIA__VERDICT__KIND__UNRELATED);
    assert_int_equal(verdict_on(812, ACK "MSA|AE|F81\r"), FASCIA__VERDICT__KIND__UNRELATED);
    assert_int_equal(verdict_on(812, ACK "MSA|AA|\r"), FASCIA__VERDICT__KIND__UNRELATED);
    assert_int_equal(verdict_on(812, ACK), FASCIA__VERDICT__KIND__UNRELATED);
    assert_int_equal(verdict_on(812, "rubbish"), FASCIA__VERDICT__KIND__UNRELATED);
}

static void a_negative_answer_is_tried_again_unless_the_kind_of_message_is_unwanted(void **state)
{
    (void)state;
    open_or_fail(none, NULL);
    assert_int_equal(verdict_on(3, ACK "MSA|AE|F3\r"), FASCIA__VERDICT__KIND__RETRY);
    assert_int_equal(verdict_on(3, ACK "MSA|CE|F3\r"), FASCIA__VERDICT__KIND__RETRY);
    assert_int_equal(verdict_on(3, ACK "MSA|AR|F3\r"), FASCIA__VERDICT__KIND__RETRY);
    assert_int_equal(verdict_on(3, ACK "MSA|??|F3\r"), FASCIA__VERDICT__KIND__RETRY);
    assert_int_equal(verdict_on(3, ACK "MSA|AR|F3\rERR|||207^x^HL70357|E\r"), FASCIA__VERDICT__KIND__RETRY);
    assert_int_equal(verdict_on(3, ACK "MSA|AR|F3\rERR|||200^x^HL70357|E\r"), FASCIA__VERDICT__KIND__GIVE_UP);
    assert_int_equal(verdict_on(3, ACK "MSA|CR|F3\rERR|MSH^1^9^201&x\r"), FASCIA__VERDICT__KIND__GIVE_UP);
    assert_int_equal(verdict_on(3, ACK "MSA|AR|F3||||203^x\r"), FASCIA__VERDICT__KIND__GIVE_UP);
}

/* ---- configuration ------------------------------------------------------------------------------------------------ */

static void a_configured_role_serves_where_no_taxonomy_tells(void **state)
{
    static const char *const sender[] = {"application=SYNTH_CIS", "facility=*", "role=chiropractor", NULL};
    Fascia__Submission *submission;

    (void)state;
    open_or_fail(none, sender);
    submission = submitted("HL7v2Kit_au_ref_i12_simplified.hl7");
    assert_int_equal(submission->submit->referral->referrer->role, FASCIA__ROLE__ROLE_CHIROPRACTOR);
    fascia__submission__free_unpacked(submission, NULL);
}

static void a_taxonomy_code_is_stronger_than_the_configured_role(void **state)
{
    static const char *const sender[] = {"role=chiropractor", NULL};
    Fascia__Submission *submission;

    (void)state;
    open_or_fail(none, sender);
    submission = submitted("low-back-pain.hl7");
    assert_int_equal(submission->submit->referral->referrer->role, FASCIA__ROLE__ROLE_PHYSICIAN);
    fascia__submission__free_unpacked(submission, NULL);
}

static void a_configured_referrer_stands_in_for_a_missing_prd(void **state)
{
    static const char *const sender[] = {"referrer_name=Jo Roe", "role=physiotherapist", "referrer_npi=1234567893",
                                         "character_set=8859/1", NULL};
    static const char message[] = "MSH|^~\\&|A|B|||2026||REF^I12|1|P|2.5\rPID|1||7||N\xE4me^Pat\rDG1|1||M54.2^^I10\r";
    Fascia__Submission *submission;

    (void)state;
    open_or_fail(none, sender);
    test_deliver(&host, 1, message, strlen(message));
    assert_int_equal(host.submitted, 1);
    submission = test_submission(&host);
    assert_string_equal(submission->submit->referral->referrer->name, "Jo Roe");
    assert_int_equal(submission->submit->referral->referrer->role, FASCIA__ROLE__ROLE_PHYSIOTHERAPIST);
    assert_string_equal(submission->submit->referral->patient->family_name, "N\xC3\xA4me");
    assert_true(strncmp(submission->submit->referral->sender_referral_id, "1#", 2) == 0);
    fascia__submission__free_unpacked(submission, NULL);
}

static void options_change_what_is_read(void **state)
{
    static const char *const source[] = {"payer=company", "referred_to=therapist", "changed_new=refuse",
                                         "processing_ids=PT", NULL};
    Fascia__Submission *submission;

    (void)state;
    open_or_fail(source, NULL);
    submission = submitted("ms-fhir-converter_REF-I12-01.hl7");
    assert_string_equal(submission->submit->referral->coverages[0]->payer, "Org-12345");
    assert_string_equal(submission->submit->referral->preferences->therapist, "PLN5010");
    assert_false(submission->submit->update_if_changed);
    fascia__submission__free_unpacked(submission, NULL);
}

static void an_original_mode_sender_gets_one_answer(void **state)
{
    static const char *const sender[] = {"acknowledgement=original", NULL};
    static const char *const commit[] = {"acknowledgement=commit", NULL};
    static const char message[] = "MSH|^~\\&|A|B|||2026||REF^I14|1|P|2.5|||AL|AL\rRF1||||||R-1\r";
    Fascia__Result result = FASCIA__RESULT__INIT;
    char *reply;

    (void)state;
    open_or_fail(none, sender);
    test_deliver(&host, 1, message, strlen(message));
    test_result(&host, 1, &result);
    reply = test_reply(&host);
    assert_non_null(strstr(reply, "MSA|AA|1\r"));
    assert_null(strstr(reply, "MSA|CA"));
    free(reply);
    test_host_close(&host);
    open_or_fail(none, commit);
    test_deliver(&host, 1, message, strlen(message));
    test_result(&host, 1, &result);
    reply = test_reply(&host);
    assert_non_null(strstr(reply, "MSA|CA|1\r"));
    assert_null(strstr(reply, "MSA|AA"));
    free(reply);
}

static void options_that_cant_be_used_say_why(void **state)
{
    static const char *const ids[] = {"processing_ids=X", NULL}, *const segment[] = {"preferences_segment=PID", NULL};
    static const char *const charset[] = {"character_set=UNICODE UTF-16", NULL}, *const npi[] = {"referrer_npi=12",
                                                                                                 NULL};
    char fault[300] = "";

    (void)state;
    assert_int_equal(open_with(ids, NULL, fault, sizeof fault), FASCIA_E_INVALID);
    assert_non_null(strstr(fault, "P, T and D"));
    assert_int_equal(open_with(segment, NULL, fault, sizeof fault), FASCIA_E_INVALID);
    assert_non_null(strstr(fault, "preferences_segment"));
    assert_int_equal(open_with(none, charset, fault, sizeof fault), FASCIA_E_INVALID);
    assert_non_null(strstr(fault, "character_set"));
    assert_int_equal(open_with(none, npi, fault, sizeof fault), FASCIA_E_INVALID);
    assert_non_null(strstr(fault, "referrer_npi"));
}

int main(void)
{
#define STATUS_TEST(name) cmocka_unit_test_teardown(name, close_host)
    const struct CMUnitTest tests[] = {
        STATUS_TEST(a_sender_that_listens_nowhere_is_sent_nothing),
        STATUS_TEST(a_booked_visit_is_told_by_rri),
        STATUS_TEST(a_status_is_in_the_senders_character_set),
        STATUS_TEST(a_sender_without_a_set_is_told_when_it_gets_utf_8),
        STATUS_TEST(a_status_can_do_without_the_message),
        STATUS_TEST(an_outcome_is_told),
        STATUS_TEST(only_the_answer_to_this_message_counts),
        STATUS_TEST(a_negative_answer_is_tried_again_unless_the_kind_of_message_is_unwanted),
        STATUS_TEST(a_configured_role_serves_where_no_taxonomy_tells),
        STATUS_TEST(a_taxonomy_code_is_stronger_than_the_configured_role),
        STATUS_TEST(a_configured_referrer_stands_in_for_a_missing_prd),
        STATUS_TEST(options_change_what_is_read),
        STATUS_TEST(an_original_mode_sender_gets_one_answer),
        STATUS_TEST(options_that_cant_be_used_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
