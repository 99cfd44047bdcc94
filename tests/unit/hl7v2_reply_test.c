/* What a sender is answered, seen through deliver() and result(). */
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

#define MSH_251 "MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12|M1|P|2.5.1"
#define BODY                                                                                                           \
    "\rRF1|P|R||||R-1\rPRD|RP|Roe^Jane^^^^MD\rPID|1||7^^^FAC^MR||Markername^Pat||19800101|F\rDG1|1||M54.50^^I10\r"     \
    "PR1|1||97124^^C4\r"

static void deliver_text(const char *text)
{
    test_deliver(&host, 9, text, strlen(text));
}

static unsigned frames_in_reply(void)
{
    char *reply = test_reply(&host);
    unsigned count = 0;

    assert_non_null(reply);
    for (const char *at = reply; *at != '\0'; at++)
        count += *at == 0x0B;
    free(reply);
    return count;
}

static void end_with(Fascia__Result__Verdict verdict)
{
    Fascia__Result result = FASCIA__RESULT__INIT;

    result.verdict = verdict;
    test_result(&host, 9, &result);
}

static void a_kept_referral_is_answered_aa_with_its_message_id(void **state)
{
    (void)state;
    deliver_text(MSH_251 BODY);
    assert_int_equal(host.submitted, 1);
    assert_int_equal(host.completed, 0); /* not before it is durable */
    end_with(FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(host.completed, 1);
    assert_int_equal(host.token, 9);
    expect_reply_has(&host, "\x0BMSH|^~\\&|DEST|DFAC|APP|FAC|20261123080000+0000||ACK^I12^ACK|A");
    expect_reply_has(&host, "|P|2.5.1");
    expect_reply_has(&host, "\rMSA|AA|M1\r\x1C\r");
}

static void a_resend_is_answered_as_the_first(void **state)
{
    (void)state;
    deliver_text(MSH_251 BODY);
    end_with(FASCIA__RESULT__VERDICT__DUPLICATE);
    expect_reply_has(&host, "MSA|AA|M1\r");
}

static void answers_of_one_run_have_ids_of_their_own(void **state)
{
    char *first, *second;

    (void)state;
    deliver_text(MSH_251 BODY);
    end_with(FASCIA__RESULT__VERDICT__OK);
    first = test_reply(&host);
    deliver_text(MSH_251 BODY);
    end_with(FASCIA__RESULT__VERDICT__OK);
    second = test_reply(&host);
    assert_string_not_equal(first, second);
    free(first);
    free(second);
}

static void a_refusal_names_each_place(void **state)
{
    Fascia__Problem missing = FASCIA__PROBLEM__INIT, unknown = FASCIA__PROBLEM__INIT, role = FASCIA__PROBLEM__INIT;
    Fascia__Problem *problems[] = {&missing, &unknown, &role};
    Fascia__Result result = FASCIA__RESULT__INIT;

    (void)state;
    missing.kind = FASCIA__PROBLEM__KIND__MISSING;
    missing.location = (char *)"PR1[1]-3.1";
    missing.field = (char *)"procedures";
    missing.message = (char *)"nothing asks for massage | or manual therapy";
    unknown.kind = FASCIA__PROBLEM__KIND__UNKNOWN_CODE;
    unknown.location = (char *)"DG1[2]-3[2].4";
    unknown.message = (char *)"the condition is not known";
    role.kind = FASCIA__PROBLEM__KIND__MISSING;
    role.field = (char *)"referrer.role";
    role.message = (char *)"who refers is not told";
    result.verdict = FASCIA__RESULT__VERDICT__REFUSED;
    result.problems = problems;
    result.n_problems = 3;
    deliver_text(MSH_251 BODY);
    test_result(&host, 9, &result);
    expect_reply_has(&host, "MSA|AE|M1\r");
    expect_reply_has(
        &host, "ERR||PR1^1^3^1^1|101^Required field missing^HL70357|E|||procedures|nothing asks for massage \\F\\ or "
               "manual therapy\r");
    expect_reply_has(&host, "ERR||DG1^2^3^2^4|103^Table value not found^HL70357|E||||the condition is not known\r");
    expect_reply_has(&host, "ERR||PRD^1|101^Required field missing^HL70357|E|||referrer.role|who refers is not told\r");
}

static void before_2_5_the_places_stand_in_err_1(void **state)
{
    Fascia__Problem missing = FASCIA__PROBLEM__INIT, role = FASCIA__PROBLEM__INIT;
    Fascia__Problem *problems[] = {&missing, &role};
    Fascia__Result result = FASCIA__RESULT__INIT;

    (void)state;
    missing.kind = FASCIA__PROBLEM__KIND__MISSING;
    missing.location = (char *)"PID[1]-11.5";
    missing.message = (char *)"the postal code is missing";
    role.field = (char *)"referrer.role";
    role.message = (char *)"who refers is not told";
    result.verdict = FASCIA__RESULT__VERDICT__REFUSED;
    result.problems = problems;
    result.n_problems = 2;
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12|M1|P|2.3" BODY);
    test_result(&host, 9, &result);
    expect_reply_has(&host, "||ACK^I12|");
    expect_reply_has(&host, "MSA|AE|M1|PID[1]-11.5: the postal code is missing|||101^Required field missing^HL70357\r");
    expect_reply_has(&host, "ERR|PID^1^11^101&Required field missing&HL70357~PRD^1^^207&Application error&HL70357\r");
}

static void problems_without_a_place_get_that_of_their_field(void **state)
{
    Fascia__Problem role = FASCIA__PROBLEM__INIT, wish = FASCIA__PROBLEM__INIT;
    Fascia__Problem *problems[] = {&role, &wish};
    Fascia__Result result = FASCIA__RESULT__INIT;

    (void)state;
    role.kind = wish.kind = FASCIA__PROBLEM__KIND__MISSING;
    role.field = (char *)"referrer.role";
    role.message = (char *)"who refers is not told";
    wish.field = (char *)"preferences.therapist";
    wish.message = (char *)"there is no such therapist";
    result.verdict = FASCIA__RESULT__VERDICT__REFUSED;
    result.problems = problems;
    result.n_problems = 2;
    deliver_text(MSH_251 "\rRF1|P|R||||R-1\rPRD|RT|To^Dr\rPRD|RP|Roe^Jane\rPID|1||7\rDG1|1||M54.50^^I10\r");
    test_result(&host, 9, &result);
    expect_reply_has(&host, "ERR||PRD^2|101^");
    expect_reply_has(&host, "ERR||ZRF^1^9^1|101^");
}

static void verdicts_have_their_codes(void **state)
{
    static const struct {
        Fascia__Result__Verdict verdict;
        const char *part;
    } cases[] = {{FASCIA__RESULT__VERDICT__NOT_FOUND, "ERR||RF1^1^6^1|204^Unknown key identifier^HL70357|E|"},
                 {FASCIA__RESULT__VERDICT__CONFLICT, "ERR||RF1^1^6^1|206^Application record locked^HL70357|E|"},
                 {FASCIA__RESULT__VERDICT__BUSY, "ERR|||207^Application error^HL70357|E|"},
                 {FASCIA__RESULT__VERDICT__FAILED, "ERR|||207^Application error^HL70357|E|"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        deliver_text(MSH_251 BODY);
        end_with(cases[i].verdict);
        expect_reply_has(&host, "MSA|AE|M1\r");
        expect_reply_has(&host, cases[i].part);
    }
}

static void a_busy_node_asks_to_come_back(void **state)
{
    (void)state;
    host.submit_status = FASCIA_E_BUSY;
    deliver_text(MSH_251 BODY);
    assert_int_equal(host.completed, 1);
    expect_reply_has(&host, "MSA|AE|M1\r");
    expect_reply_has(&host, "207^Application error^HL70357|E||||the node is busy");
    host.submit_status = FASCIA_OK;
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12|M1|P|2.5.1|||AL|NE" BODY);
    end_with(FASCIA__RESULT__VERDICT__BUSY);
    expect_reply_has(&host, "MSA|CE|M1\r");
}

static void headers_that_cant_be_taken_are_rejected(void **state)
{
    static const char *const cases[][2] = {
        {"MSH|^~\\&|A|F|||2026||ADT^A01|M2|P|2.5.1" BODY, "ERR||MSH^1^9^1^1|200^Unsupported message type^HL70357|E"},
        {"MSH|^~\\&|A|F|||2026||RRI^I12^RRI_I12|M2|P|2.5.1" BODY, "ERR||MSH^1^9^1^1|200^Unsupported message type"},
        {"MSH|^~\\&|A|F|||2026||REF^I16|M2|P|2.5.1" BODY, "ERR||MSH^1^9^1^2|201^Unsupported event code^HL70357|E"},
        {"MSH|^~\\&|A|F|||2026||REF^I12|M2|T|2.5.1" BODY, "ERR||MSH^1^11^1^1|202^Unsupported processing id^HL70357|E"},
        {"MSH|^~\\&|A|F|||2026||REF^I12|M2|P|2.9" BODY, "ERR||MSH^1^12^1^1|203^Unsupported version id^HL70357|E"},
        {"MSH|^~\\&|A|F|||2026||REF^I12|M2|P|" BODY, "ERR||MSH^1^12^1|101^Required field missing^HL70357|E"},
        {"MSH|^~\\&|A|F|||2026||REF^I12|M2|P|2.5||||||KLINGON" BODY, "ERR||MSH^1^18^1|103^Table value not found"},
        {"MSH|^~\\&|A|F|||2026||REF^I12|M2|P|2.5||||||UNICODE UTF-16" BODY, "ERR||MSH^1^18^1|102^Data type error"},
        {"MSH|^~\\&|A|F|||2026||REF^I12|M2|P|2.5||||||UNICODE UTF-8\rPID|1||\xFF\r", "ERR||PID^1|102^Data type error"},
        {MSH_251 "\rRF1|P\r" MSH_251 BODY, "ERR||MSH^2|100^Segment sequence error^HL70357|E"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        deliver_text(cases[i][0]);
        assert_int_equal(host.completed, i + 1);
        expect_reply_has(&host, "MSA|AR|M");
        expect_reply_has(&host, cases[i][1]);
    }
    assert_int_equal(host.submitted, 0);
}

static void what_is_no_message_is_rejected_too(void **state)
{
    (void)state;
    deliver_text("GET / HTTP/1.1\r\n\r\n");
    expect_reply_has(&host, "MSH|^~\\&|FASCIA||||20261123080000+0000||ACK|");
    expect_reply_has(&host,
                     "MSA|AR\rERR||MSH^1|100^Segment sequence error^HL70357|E||||a message begins with an MSH segment");
    deliver_text("MSH|||||");
    expect_reply_has(&host, "MSA|AR\rERR||MSH^1^2^1|102^Data type error");
}

static void acknowledgements_and_empty_frames_are_not_answered(void **state)
{
    (void)state;
    deliver_text("MSH|^~\\&|A|F|||2026||ACK^I12^ACK|M2|P|2.5.1\rMSA|AA|F1\r");
    assert_int_equal(host.completed, 1);
    expect_reply_lacks(&host, "M");
    deliver_text("");
    assert_int_equal(host.completed, 2);
    expect_reply_lacks(&host, "M");
}

static void content_errors_name_their_field_and_no_value(void **state)
{
    (void)state;
    deliver_text(MSH_251 "\rRF1|P|R||||R-1|2026-13\rPRD|RP|Roe^Jane^^^^MD\rPID|1||7||Markername^Pat||18a1|F\r");
    assert_int_equal(host.submitted, 0);
    expect_reply_has(&host, "MSA|AE|M1\r");
    expect_reply_has(&host, "ERR||PID^1^7^1|102^Data type error^HL70357|E|||patient.birth_date|");
    expect_reply_has(&host, "ERR||RF1^1^7^1|102^Data type error^HL70357|E|||preferences.not_before|");
    expect_reply_lacks(&host, "Markername");
    expect_reply_lacks(&host, "18a1");
    expect_reply_lacks(&host, "2026-13");
}

static void missing_segments_are_named(void **state)
{
    (void)state;
    deliver_text(MSH_251 "\rRF1|P|R||||R-1\rDG1|1||M54.50^^I10\r");
    expect_reply_has(&host, "ERR||PID^1|100^Segment sequence error^HL70357|E|||patient|the PID segment is missing");
    expect_reply_has(&host, "ERR||PRD^1|100^Segment sequence error^HL70357|E|||referrer|");
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I14^REF_I12|M1|P|2.5.1\rPID|1||7\r");
    expect_reply_has(&host, "ERR||RF1^1^6^1|101^Required field missing^HL70357|E|||sender_referral_id|");
}

static void enhanced_mode_gives_both_acknowledgements(void **state)
{
    (void)state;
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12|M1|P|2.5.1|||AL|AL" BODY);
    end_with(FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(frames_in_reply(), 2);
    expect_reply_has(&host, "\rMSA|CA|M1\r\x1C\r\x0BMSH|");
    expect_reply_has(&host, "\rMSA|AA|M1\r\x1C\r");
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12|M1|P|2.5.1|||AL|NE" BODY);
    end_with(FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(frames_in_reply(), 1);
    expect_reply_has(&host, "\rMSA|CA|M1\r\x1C\r");
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12|M1|P|2.5.1|||NE|ER" BODY);
    end_with(FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(frames_in_reply(), 0);
}

static void what_was_not_kept_is_never_only_committed(void **state)
{
    (void)state;
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12|M1|P|2.5.1|||AL|NE" BODY);
    end_with(FASCIA__RESULT__VERDICT__REFUSED);
    expect_reply_has(&host, "MSA|CE|M1\r");
    expect_reply_lacks(&host, "MSA|CA");
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12|M1|P|2.5.1|||AL|ER" BODY);
    end_with(FASCIA__RESULT__VERDICT__REFUSED);
    expect_reply_has(&host, "MSA|AE|M1\r");
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I17^REF_I12|M1|P|2.5.1|||AL|AL" BODY);
    expect_reply_has(&host, "MSA|CR|M1\r");
    assert_int_equal(frames_in_reply(), 1);
}

static void an_empty_message_id_is_taken_with_a_warning(void **state)
{
    (void)state;
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12||P|2.5.1" BODY);
    assert_int_equal(host.submitted, 1);
    end_with(FASCIA__RESULT__VERDICT__OK);
    expect_reply_has(&host, "\rMSA|AA\r");
    expect_reply_has(&host, "ERR||MSH^1^10^1|101^Required field missing^HL70357|W|");
}

static void the_senders_own_separators_are_used(void **state)
{
    (void)state;
    deliver_text("MSH#*!?$#APP#FAC#DEST#DFAC#20261123##REF*I12*REF_I12#M1#P#2.5.1\rRF1#P#R####R-1\r"
                 "PRD#RP#Roe*Jane****MD\rPID#1##7##Name*Pat\r");
    end_with(FASCIA__RESULT__VERDICT__NOT_FOUND);
    expect_reply_has(&host, "MSH#*!?$#DEST#DFAC#APP#FAC#");
    expect_reply_has(&host, "ERR##RF1*1*6*1#204*Unknown key identifier*HL70357#E#");
}

static void an_abandoned_delivery_is_not_completed(void **state)
{
    (void)state;
    deliver_text(MSH_251 BODY);
    hl7_source.abandon(host.instance, 9);
    end_with(FASCIA__RESULT__VERDICT__OK);
    assert_int_equal(host.completed, 0);
    assert_string_equal(host.last_event, "hl7v2.result.unknown-delivery");
}

static void a_status_request_is_answered_with_rri(void **state)
{
    Fascia__Status status = FASCIA__STATUS__INIT;
    Fascia__Result result = FASCIA__RESULT__INIT;

    (void)state;
    status.referral = 77;
    status.rf1_status = (char *)"A";
    status.text = (char *)"accepted by Jane Roe LMT";
    status.therapist = (char *)"1245319599";
    status.therapist_name = (char *)"Jane Ann Roe LMT";
    status.therapist_phone = (char *)"502 555 0100";
    result.status = &status;
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I15^REF_I12|M1|P|2.5.1" BODY);
    test_result(&host, 9, &result);
    expect_reply_has(&host, "||RRI^I15^RRI_I12|");
    expect_reply_has(&host, "MSA|AA|M1\rRF1|A^Accepted^HL70283|R||||R-1|||||77^FASCIA\r");
    expect_reply_has(&host, "PRD|RP|Roe^Jane^^^^MD\rPRD|RT^Referred to Provider^HL70286|Roe^Jane Ann^^^^LMT|||502 555 "
                            "0100^WPN^PH||1245319599^NPI\rPID|1||7^^^FAC^MR||Markername^Pat||19800101|F\r");
    expect_reply_has(&host, "NTE|1||accepted by Jane Roe LMT\r");
}

int main(void)
{
#define REPLY_TEST(name) cmocka_unit_test_setup_teardown(name, open_host, close_host)
    const struct CMUnitTest tests[] = {
        REPLY_TEST(a_kept_referral_is_answered_aa_with_its_message_id),
        REPLY_TEST(a_resend_is_answered_as_the_first),
        REPLY_TEST(answers_of_one_run_have_ids_of_their_own),
        REPLY_TEST(a_refusal_names_each_place),
        REPLY_TEST(before_2_5_the_places_stand_in_err_1),
        REPLY_TEST(problems_without_a_place_get_that_of_their_field),
        REPLY_TEST(verdicts_have_their_codes),
        REPLY_TEST(a_busy_node_asks_to_come_back),
        REPLY_TEST(headers_that_cant_be_taken_are_rejected),
        REPLY_TEST(what_is_no_message_is_rejected_too),
        REPLY_TEST(acknowledgements_and_empty_frames_are_not_answered),
        REPLY_TEST(content_errors_name_their_field_and_no_value),
        REPLY_TEST(missing_segments_are_named),
        REPLY_TEST(enhanced_mode_gives_both_acknowledgements),
        REPLY_TEST(what_was_not_kept_is_never_only_committed),
        REPLY_TEST(an_empty_message_id_is_taken_with_a_warning),
        REPLY_TEST(the_senders_own_separators_are_used),
        REPLY_TEST(an_abandoned_delivery_is_not_completed),
        REPLY_TEST(a_status_request_is_answered_with_rri),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
