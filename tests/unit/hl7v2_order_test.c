/* What an order (OMG, and OSU to cancel) becomes, and what it is answered; seen through deliver() and result(). */
#include "unit/hl7v2_expect.h"

static struct test_host host;

static const char *const none[] = {NULL};
static const char *const speaks_360x[] = {"statuses=360x", NULL};

static void open_or_fail(const char *const *sender)
{
    char fault[300] = "";

    if (test_host_open_with(&host, none, sender, fault, sizeof fault) != FASCIA_OK) {
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

static Fascia__Submission *deliver_sample(const char *name)
{
    size_t size;
    char *bytes = test_sample(name, &size);
    Fascia__Submission *submission = expect_submission(&host, bytes, size);

    free(bytes);
    return submission;
}

static bool has_note(const Fascia__Referral *referral, const char *kind, const char *text)
{
    for (size_t i = 0; i < referral->n_notes; i++)
        if (strcmp(referral->notes[i]->kind, kind) == 0 && strcmp(referral->notes[i]->text, text) == 0)
            return true;
    return false;
}

static const char *kept_at(const Fascia__Referral *referral, const char *location)
{
    for (size_t i = 0; i < referral->n_kept; i++)
        if (strcmp(referral->kept[i]->location, location) == 0)
            return referral->kept[i]->content;
    return "";
}

/* ---- what is read ------------------------------------------------------------------------------------------------- */

static void an_order_is_read_whole(void **state)
{
    Fascia__Submission *submission;
    const Fascia__Referral *referral;

    (void)state;
    open_or_fail(speaks_360x);
    submission = deliver_sample("360x-low-back-pain.hl7");
    referral = submission->submit->referral;
    assert_int_equal(submission->submit->action, FASCIA__SUBMIT__ACTION__NEW);
    assert_string_equal(referral->sender, "|2.16.840.1.113883.3.9621.7"); /* MSH-4 has a universal id alone */
    assert_string_equal(referral->sender_referral_id, "889342^2.16.840.1.113883.3.9621.7.15");
    assert_string_equal(referral->message_id, "RV17882");
    assert_int_equal(referral->priority, FASCIA__PRIORITY__PRIORITY_ROUTINE);
    assert_string_equal(referral->preferences->not_before, "2026-11-30");
    assert_string_equal(referral->preferences->not_after, "2027-01-18");
    assert_string_equal(referral->referrer->name, "Dr Maren E Lindqvist MD");
    assert_string_equal(referral->referrer->taxonomy, "207Q00000X");
    assert_int_equal(referral->referrer->role, FASCIA__ROLE__ROLE_PHYSICIAN);
    assert_int_equal(referral->referrer->n_identifiers, 1);
    assert_string_equal(referral->referrer->identifiers[0]->value, "1548273196");
    assert_string_equal(referral->referrer->identifiers[0]->type, "NPI");
    assert_string_equal(referral->referrer->organisation, "Riverbend Family Practice");
    assert_string_equal(referral->referrer->phones[0], "+1 502 5550190");
    assert_string_equal(referral->patient->family_name, "Castellano");
    assert_string_equal(referral->coverages[0]->member_id, "XZP770118834");
    assert_int_equal(referral->n_conditions, 1);
    assert_string_equal(referral->conditions[0]->code, "M54.50");
    assert_int_equal(referral->n_procedures, 1);
    assert_string_equal(referral->procedures[0]->code, "97124");
    assert_string_equal(referral->procedures[0]->location, "OBR[1]-4.1");
    assert_int_equal(referral->n_flags, 1);
    assert_true(has_note(referral, "reason", "Low back pain for six weeks"));
    assert_true(has_note(referral, "comment", "Please start within two weeks."));
    assert_true(has_note(referral, "result", "Saddle numbness: No"));
    assert_true(referral->original.len > 0);
    fascia__submission__free_unpacked(submission, NULL);
}

static void what_is_not_understood_is_kept(void **state)
{
    static const char message[] = "MSH|^~\\&|A|B|||2026||OMG^O19|1|P|2.5.1\rPID|1||7||Name^Pat\rPD1|||x\rORC|NW|9^A||||"
                                  "||||X1^Clerk||1^Roe^J^^^^MD\r"
                                  "TQ1|1|5||||||20270118|T\rTQ1|2||||||20280101\rOBR|1|8^A|77|57133-1^Referral "
                                  "note^LN||||||||||||2^Poe^E\rZXY|1|z\r";
    Fascia__Submission *submission;
    const Fascia__Referral *referral;

    (void)state;
    open_or_fail(speaks_360x);
    submission = expect_submission(&host, message, strlen(message));
    referral = submission->submit->referral;
    assert_int_equal(referral->n_procedures, 0); /* a kind of document is no treatment */
    assert_string_equal(kept_at(referral, "OBR[1]-4"), "57133-1^Referral note^LN");
    assert_string_equal(kept_at(referral, "OBR[1]-2"), "8^A"); /* says something else than ORC-2 */
    assert_string_equal(kept_at(referral, "OBR[1]-3"), "77");
    assert_string_equal(kept_at(referral, "OBR[1]-16"), "2^Poe^E");
    assert_string_equal(kept_at(referral, "ORC[1]-10"), "X1^Clerk");
    assert_string_equal(kept_at(referral, "TQ1[1]-2"), "5");
    assert_string_equal(kept_at(referral, "TQ1[2]"), "TQ1|2||||||20280101");
    assert_string_equal(kept_at(referral, "PD1[1]"), "PD1|||x");
    assert_string_equal(kept_at(referral, "ZXY[1]"), "ZXY|1|z");
    assert_string_equal(kept_at(referral, "ORC[1]-1"), "");
    assert_string_equal(referral->preferences->not_after, "2027-01-18");
    assert_int_equal(referral->priority, FASCIA__PRIORITY__PRIORITY_UNSPECIFIED);
    fascia__submission__free_unpacked(submission, NULL);
    test_result(&host, 1, &(Fascia__Result)FASCIA__RESULT__INIT);
    expect_reply_has(&host, "ERR||TQ1^1^9^1|103^Table value not found^HL70357|W|");
}

static void timing_of_an_older_version_stands_in_orc(void **state)
{
    Fascia__Submission *submission;
    const Fascia__Referral *referral;

    (void)state;
    open_or_fail(speaks_360x);
    submission = deliver_sample("omg-neck-pain-chiropractor-2.4.hl7");
    referral = submission->submit->referral;
    assert_string_equal(referral->sender, "SPINEPRO|HARBOR CHIROPRACTIC");
    assert_string_equal(referral->sender_referral_id, "HC-2207-1^SPINEPRO");
    assert_string_equal(referral->preferences->not_before, "2026-12-01");
    assert_string_equal(referral->preferences->not_after, "2027-01-31");
    assert_int_equal(referral->priority, FASCIA__PRIORITY__PRIORITY_URGENT);
    assert_int_equal(referral->referrer->role, FASCIA__ROLE__ROLE_CHIROPRACTOR); /* by the degree in ORC-12 */
    assert_string_equal(referral->referrer->name, "Ines Brandt DC");
    assert_string_equal(referral->conditions[0]->code, "M54.2"); /* of OBR-31 */
    assert_string_equal(referral->conditions[0]->system, "ICD-10-CM");
    assert_string_equal(referral->conditions[0]->location, "OBR[1]-31.1");
    assert_true(has_note(referral, "reason", "Stiff neck after a fall, three weeks"));
    for (size_t i = 0; i < referral->n_kept; i++) /* all of the order was understood */
        assert_true(strncmp(referral->kept[i]->location, "ORC", 3) != 0 &&
                    strncmp(referral->kept[i]->location, "OBR", 3) != 0);
    fascia__submission__free_unpacked(submission, NULL);
}

static void the_published_example_of_360x_is_read(void **state)
{
    /* Shaped as the project's own example: a degree where the prefix belongs, a reason in words, no diagnosis. */
    static const char message[] =
        "MSH|^~\\&||^1.3.6.1.4.1.21367.1.21^ISO||^1.3.6.1.4.1.21367.1.32^ISO|20160930153834+0000||OMG^O19^OMG_O19|"
        "17882|P|2.5.1|||NE|NE|||||360X|\rPID|1||T719^^^&1.3.6.1.4.1.21367.1.21.5&ISO^MRN||Sample^Peter^^^L||19580817|"
        "M|\r"
        "ORC|NW|889342^^1.3.6.1.4.1.21367.1.21.15^ISO||||||||||34225PC^Alder^Antony^M^III^MD^^^&1.3.6.1&ISO^L^^DN|\r"
        "TQ1||||||||20161018235959+0000|\rOBR||889342^^1.3.6.1.4.1.21367.1.21.15^ISO||57133-1^^LN||||||||||||34225PC^"
        "Alder"
        "^Antony^M^III^MD^^^&1.3.6.1&ISO^L^^DN|||||||||||||||^Rule out headache^|\r";
    Fascia__Submission *submission;
    const Fascia__Referral *referral;

    (void)state;
    open_or_fail(speaks_360x);
    submission = expect_submission(&host, message, strlen(message));
    referral = submission->submit->referral;
    assert_string_equal(referral->referrer->name, "Antony M Alder III MD");
    assert_int_equal(referral->referrer->role, FASCIA__ROLE__ROLE_PHYSICIAN);
    assert_string_equal(referral->conditions[0]->code, "");
    assert_string_equal(referral->conditions[0]->text, "Rule out headache");
    assert_string_equal(kept_at(referral, "OBR[1]-16"), ""); /* says what ORC-12 says */
    fascia__submission__free_unpacked(submission, NULL);
    test_result(&host, 1, &(Fascia__Result)FASCIA__RESULT__INIT);
    expect_reply_lacks(&host, "MSA"); /* MSH-15 and MSH-16 are NE: it wants no answer */
}

static void a_change_and_a_cancellation_are_told_by_orc_1(void **state)
{
    static const char discontinued[] =
        "MSH|^~\\&|A|B|||2026||OMG^O19|1|P|2.5.1\rORC|DC|9^A||||||||||||||MOVED^Moved away\r"
        "OBR|1|9^A\rNTE|1||Thank you.\r";
    Fascia__Submission *submission;

    (void)state;
    open_or_fail(speaks_360x);
    submission = deliver_sample("360x-low-back-pain-change.hl7");
    assert_int_equal(submission->submit->action, FASCIA__SUBMIT__ACTION__MODIFY);
    assert_string_equal(submission->submit->referral->preferences->not_after, "2027-02-15");
    fascia__submission__free_unpacked(submission, NULL);
    test_result(&host, 1, &(Fascia__Result)FASCIA__RESULT__INIT);
    expect_reply_has(&host, "\rORC|XR|889342^^2.16.840.1.113883.3.9621.7.15^ISO\r");
    submission = deliver_sample("360x-low-back-pain-cancel.hl7");
    assert_int_equal(submission->submit->action, FASCIA__SUBMIT__ACTION__CANCEL);
    assert_string_equal(submission->submit->referral->sender_referral_id, "889342^2.16.840.1.113883.3.9621.7.15");
    assert_string_equal(submission->submit->reason, "Back pain is gone");
    fascia__submission__free_unpacked(submission, NULL);
    test_result(&host, 1, &(Fascia__Result)FASCIA__RESULT__INIT);
    expect_reply_has(&host, "||ACK^O51^ACK|");
    expect_reply_lacks(&host, "\rORC|");
    submission = expect_submission(&host, discontinued, strlen(discontinued));
    assert_int_equal(submission->submit->action, FASCIA__SUBMIT__ACTION__CANCEL);
    assert_string_equal(submission->submit->reason, "Moved away (MOVED)\nThank you.");
    fascia__submission__free_unpacked(submission, NULL);
    test_result(&host, 1, &(Fascia__Result)FASCIA__RESULT__INIT);
    expect_reply_has(&host, "\rORC|DR|9^A\r");
}

static void a_role_or_a_referrer_may_be_configured(void **state)
{
    static const char *const role[] = {"requests=orders", "role=physiotherapist", NULL};
    static const char *const named[] = {"requests=orders", "referrer_name=Jo Roe", "role=chiropractor", NULL};
    static const char message[] = "MSH|^~\\&|A|B|||2026||OMG^O19|1|P|2.5.1\rPID|1||7||N^P\rORC|NW|9^A\r"
                                  "OBR|1|||97124^^C4||||||||||||77^Poe^Eda^^^^MD~225100000X\r";
    static const char nobody[] =
        "MSH|^~\\&|A|B|||2026||OMG^O19|1|P|2.5.1\rPID|1||7||N^P\rORC|NW|9^A\rOBR|1|||97124^^C4\r";
    Fascia__Submission *submission;

    (void)state;
    open_or_fail(role);
    submission = expect_submission(&host, message, strlen(message));
    assert_string_equal(submission->submit->referral->referrer->name, "Eda Poe MD"); /* of OBR-16 */
    assert_string_equal(submission->submit->referral->referrer->taxonomy, "225100000X");
    assert_int_equal(submission->submit->referral->referrer->role, FASCIA__ROLE__ROLE_PHYSIOTHERAPIST);
    fascia__submission__free_unpacked(submission, NULL);
    test_host_close(&host);
    open_or_fail(named);
    submission = expect_submission(&host, nobody, strlen(nobody));
    assert_string_equal(submission->submit->referral->referrer->name, "Jo Roe");
    assert_int_equal(submission->submit->referral->referrer->role, FASCIA__ROLE__ROLE_CHIROPRACTOR);
    fascia__submission__free_unpacked(submission, NULL);
}

/* ---- what is refused ---------------------------------------------------------------------------------------------- */

#define MSH "MSH|^~\\&|A|B|||2026||OMG^O19^OMG_O19|M1|P|2.5.1\r"
#define PID "PID|1||7||Markername^Pat\r"
#define ORC "ORC|NW|9^A||||||||||1^Roe^J^^^^MD\r"
#define TQ1 "TQ1|1||||||20261201|20270118|R\r"
#define OBR "OBR|1|9^A||97124^^C4\r"
#define ERR "\rERR||"

static void every_wrong_thing_is_named(void **state)
{
    static const char *const wrong[][2] = {
        {MSH PID OBR, ERR "ORC^1|100^"},
        {MSH PID "ORC||9^A||||||||||1^Roe^J^^^^MD\r" OBR, ERR "ORC^1^1^1|101^"},
        {MSH PID "ORC|RP|9^A||||||||||1^Roe^J^^^^MD\r" OBR, ERR "ORC^1^1^1|103^"},
        {MSH PID "ORC|NW|||||||||||1^Roe^J^^^^MD\rOBR|1|||97124^^C4\r", ERR "ORC^1^2^1|101^"},
        {MSH PID ORC, ERR "OBR^1|100^"},
        {MSH ORC OBR, ERR "PID^1|100^"},
        {MSH PID "ORC|NW|9^A\r" OBR, ERR "ORC^1^12^1|101^"},
        {MSH PID ORC "TQ1|1||||||20261301\r" OBR, ERR "TQ1^1^7^1|102^"},
        {MSH PID ORC "TQ1|1|||||||soon\r" OBR, ERR "TQ1^1^8^1|102^"},
        {MSH PID ORC TQ1 OBR ORC OBR, ERR "ORC^2|207^"},
        {MSH "PID|1||7||Markername^Pat||19990231\r" ORC OBR, ERR "PID^1^7^1|102^"},
        {"MSH|^~\\&|A|B|||2026||OMG^O20|M1|P|2.5.1\r" PID ORC OBR, ERR "MSH^1^9^1^2|201^"},
        {"MSH|^~\\&|A|B|||2026||OMG|M1|P|2.5.1\r" PID ORC OBR, ERR "MSH^1^9^1^2|101^"},
        {"MSH|^~\\&|A|B|||2026||OSU^O52|M1|P|2.5.1\rORC|CA|9^A\r", ERR "MSH^1^9^1^2|201^"},
        {"MSH|^~\\&|A|B|||2026||OSU^O51|M1|P|2.5.1\rORC|SC|9^A\r", ERR "ORC^1^1^1|103^"},
        {"MSH|^~\\&|A|B|||2026||OSU^O51|M1|P|2.5.1\rORC|CA\r", ERR "ORC^1^2^1|101^"},
        {"MSH|^~\\&|A|B|||2026||OML^O21|M1|P|2.5.1\r" PID ORC OBR, ERR "MSH^1^9^1^1|200^"}};

    (void)state;
    open_or_fail(speaks_360x);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        test_deliver(&host, 1, wrong[i][0], strlen(wrong[i][0]));
        assert_int_equal(host.submitted, 0);
        expect_reply_has(&host, wrong[i][1]);
        expect_reply_has(&host, strstr(wrong[i][1], "MSH") != NULL ? "\rMSA|AR|M1\r" : "\rMSA|AE|M1\r");
        expect_reply_lacks(&host, "Markername");
    }
}

static void a_sender_of_referrals_alone_sends_no_orders(void **state)
{
    static const char *const rri[] = {"status_to=h:1", NULL}, *const orders[] = {"requests=orders", NULL};
    static const char order[] = MSH PID ORC OBR;
    static const char ref[] = "MSH|^~\\&|A|B|||2026||REF^I12|M1|P|2.5.1\rRF1||||||R-1\r";

    (void)state;
    open_or_fail(NULL);
    test_deliver(&host, 1, order, strlen(order));
    expect_reply_has(&host, "||ACK^O19^ACK|");
    expect_reply_has(
        &host,
        "\rMSA|AR|M1\rERR||MSH^1^9^1^1|200^Unsupported message type^HL70357|E||||only REF messages are taken here\r");
    test_host_close(&host);
    open_or_fail(rri);
    test_deliver(&host, 1, order, strlen(order));
    expect_reply_has(&host, "only REF messages are taken here");
    test_host_close(&host);
    open_or_fail(orders);
    test_deliver(&host, 1, ref, strlen(ref));
    expect_reply_has(&host, "only OMG messages, and OSU to cancel, are taken here");
    assert_int_equal(host.submitted, 0);
}

/* ---- what is answered --------------------------------------------------------------------------------------------- */

static void end_with(Fascia__Result__Verdict verdict, Fascia__Problem *problem)
{
    Fascia__Result result = FASCIA__RESULT__INIT;
    Fascia__Status status = FASCIA__STATUS__INIT;

    status.referral = 4711;
    result.verdict = verdict;
    if (verdict == FASCIA__RESULT__VERDICT__OK || verdict == FASCIA__RESULT__VERDICT__DUPLICATE)
        result.status = &status;
    result.problems = &problem;
    result.n_problems = problem != NULL ? 1 : 0;
    test_result(&host, 1, &result);
}

static void deliver_order(const char *control)
{
    char text[400];

    snprintf(text, sizeof text, MSH PID "ORC|%s|9^A|||||||||||\r" TQ1 "OBR|1|9^A||97124^^C4||||||||||||1^Roe^J^^^^MD\r",
             control);
    test_deliver(&host, 1, text, strlen(text));
    assert_int_equal(host.submitted, 1);
    host.submitted = 0;
}

static void an_order_is_answered_by_org(void **state)
{
    static const struct {
        const char *control, *done, *unable;
    } answers[] = {{"NW", "OK", "UA"}, {"XO", "XR", "UX"}, {"CA", "CR", "UC"}, {"DC", "DR", "UD"}};
    char expected[100];

    (void)state;
    open_or_fail(speaks_360x);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        deliver_order(answers[i].control);
        end_with(i % 2 == 0 ? FASCIA__RESULT__VERDICT__OK : FASCIA__RESULT__VERDICT__DUPLICATE, NULL);
        expect_reply_has(&host, "||ORG^O20^ORG_O20|A");
        snprintf(expected, sizeof expected, "\rMSA|AA|M1\rORC|%s|9^A|4711^FASCIA\r\x1C\r", answers[i].done);
        expect_reply_has(&host, expected);
        deliver_order(answers[i].control);
        end_with(FASCIA__RESULT__VERDICT__CONFLICT, NULL);
        expect_reply_has(&host, "\rMSA|AE|M1\rERR||ORC^1^2^1|206^Application record locked^HL70357|E||||");
        snprintf(expected, sizeof expected, "\rORC|%s|9^A\r\x1C\r", answers[i].unable);
        expect_reply_has(&host, expected);
    }
    deliver_order("CA");
    end_with(FASCIA__RESULT__VERDICT__NOT_FOUND, NULL);
    expect_reply_has(&host, "ERR||ORC^1^2^1|204^");
    deliver_order("NW");
    end_with(FASCIA__RESULT__VERDICT__BUSY, NULL); /* it may come again as it is: it is not said to be refused */
    expect_reply_has(&host, "\rMSA|AE|M1\rERR|||207^");
    expect_reply_lacks(&host, "\rORC|");
}

static void problems_are_placed_in_the_order(void **state)
{
    static const char *const places[][2] = {{"preferences.not_after", "TQ1^1^8^1"},
                                            {"preferences.not_before", "TQ1^1^7^1"},
                                            {"priority", "TQ1^1^9^1"},
                                            {"procedures", "OBR^1^4^1"},
                                            {"conditions", "OBR^1^31^1"},
                                            {"referrer.role", "OBR^1^16^1"},
                                            {"sender_referral_id", "ORC^1^2^1"},
                                            {"patient.birth_date", "PID^1^7^1"}};
    char expected[100];

    (void)state;
    open_or_fail(speaks_360x);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        Fascia__Problem problem = FASCIA__PROBLEM__INIT;
        problem.kind = FASCIA__PROBLEM__KIND__MISSING;
        problem.field = (char *)(uintptr_t)places[i][0];
        problem.message = (char *)"say it";
        deliver_order("NW");
        end_with(FASCIA__RESULT__VERDICT__REFUSED, &problem);
        snprintf(expected, sizeof expected, "\rERR||%s|101^", places[i][1]);
        expect_reply_has(&host, expected);
        expect_reply_has(&host, "|say it\rORC|UA|9^A\r");
    }
}

static void modes_of_acknowledgement_hold_for_orders(void **state)
{
    static const char *const plain[] = {"statuses=360x", "order_answer=ack", NULL};
    static const char *const original[] = {"statuses=360x", "acknowledgement=original", NULL};
    static const char enhanced[] = "MSH|^~\\&|A|B|||2026||OMG^O19^OMG_O19|M1|P|2.5.1|||AL|AL\r" PID ORC OBR;
    static const char never[] = "MSH|^~\\&|A|B|||2026||OMG^O19^OMG_O19|M1|P|2.5.1|||NE|NE\r" PID ORC OBR;

    (void)state;
    open_or_fail(speaks_360x);
    test_deliver(&host, 1, enhanced, strlen(enhanced));
    end_with(FASCIA__RESULT__VERDICT__OK, NULL);
    expect_reply_has(&host, "||ACK^O19^ACK|");
    expect_reply_has(&host, "\rMSA|CA|M1\r\x1C");
    expect_reply_has(&host, "||ORG^O20^ORG_O20|");
    expect_reply_has(&host, "\rMSA|AA|M1\rORC|OK|9^A|4711^FASCIA\r");
    test_host_close(&host);
    open_or_fail(plain);
    deliver_order("NW");
    end_with(FASCIA__RESULT__VERDICT__OK, NULL);
    expect_reply_has(&host, "||ACK^O19^ACK|");
    expect_reply_has(&host, "\rMSA|AA|M1\r\x1C");
    test_host_close(&host);
    open_or_fail(original); /* for who copies NE from 360X's mail, and still waits on its connection */
    test_deliver(&host, 1, never, strlen(never));
    end_with(FASCIA__RESULT__VERDICT__OK, NULL);
    expect_reply_has(&host, "\rMSA|AA|M1\rORC|OK|9^A|4711^FASCIA\r");
}

static void codes_that_cant_be_used_say_why(void **state)
{
    static const char *const codes[] = {"code_accepted=SC", "code_declined=^CA", "code_completed=SC^",
                                        "code_waiting=S|^HD"};
    char fault[300];

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const char *const sender[] = {codes[i], NULL};
        fault[0] = '\0';
        assert_int_equal(test_host_open_with(&host, none, sender, fault, sizeof fault), FASCIA_E_INVALID);
        assert_non_null(strstr(fault, "ORC-1 and ORC-5"));
        assert_non_null(strstr(fault, "code_"));
    }
}

int main(void)
{
#define ORDER_TEST(name) cmocka_unit_test_teardown(name, close_host)
    const struct CMUnitTest tests[] = {
        ORDER_TEST(an_order_is_read_whole),
        ORDER_TEST(what_is_not_understood_is_kept),
        ORDER_TEST(timing_of_an_older_version_stands_in_orc),
        ORDER_TEST(the_published_example_of_360x_is_read),
        ORDER_TEST(a_change_and_a_cancellation_are_told_by_orc_1),
        ORDER_TEST(a_role_or_a_referrer_may_be_configured),
        ORDER_TEST(every_wrong_thing_is_named),
        ORDER_TEST(a_sender_of_referrals_alone_sends_no_orders),
        ORDER_TEST(an_order_is_answered_by_org),
        ORDER_TEST(problems_are_placed_in_the_order),
        ORDER_TEST(modes_of_acknowledgement_hold_for_orders),
        ORDER_TEST(codes_that_cant_be_used_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
