/* What is doubtful in a message: the sender is told, the value is kept, and what is certain is used. */
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

#define MSH "MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12|M1|P|2.5.1\r"
#define RF1 "RF1|P|R||||R-1\r"
#define PRD "PRD|RP|Roe^Jane^^^^MD\r"
#define PID "PID|1||7||Doe^Pat||19710409|F\r"

/* Of an accepted message; free_unpacked. The answer with its warnings is in the host. */
static Fascia__Referral *take(const char *text)
{
    Fascia__Submission *submission = expect_submission(&host, text, strlen(text));
    Fascia__SubmissionResult result = FASCIA__SUBMISSION_RESULT__INIT;
    Fascia__Result verdict = FASCIA__RESULT__INIT;
    Fascia__Referral *referral = submission->submit->referral;
    uint8_t packed[64];

    verdict.verdict = FASCIA__RESULT__VERDICT__OK;
    result.item = submission->item;
    result.result = &verdict;
    hl7_source.result(host.instance, 1,
                      (struct fascia_bytes){packed, fascia__submission_result__pack(&result, packed)});
    submission->submit->referral = NULL;
    fascia__submission__free_unpacked(submission, NULL);
    return referral;
}

static const char *kept_at(const Fascia__Referral *referral, const char *location)
{
    for (size_t i = 0; i < referral->n_kept; i++)
        if (strcmp(referral->kept[i]->location, location) == 0)
            return referral->kept[i]->content;
    return "";
}

static void what_is_not_used_is_kept(void **state)
{
    static const struct {
        const char *message, *location, *kept, *error;
    } cases[] = {
        {MSH RF1 PRD "PID|1||7||Doe^Pat||19710409|9^Ninth\r", "PID[1]-8", "9^Ninth", "ERR||PID^1^8^1|103^"},
        {MSH RF1 PRD "PID|1||7||Doe^Pat||19710409|mail\r", "PID[1]-8", "mail", "ERR||PID^1^8^1|103^"},
        {MSH RF1 PRD "PID|1||7||Doe^Pat||19710409|F|||||||Klingonese at home\r", "PID[1]-15", "Klingonese at home",
         "ERR||PID^1^15^1|103^"},
        {MSH "RF1|P|Q^Quick||||R-1\r" PRD PID, "RF1[1]-2", "Q^Quick", "ERR||RF1^1^2^1|103^"},
        {MSH RF1 "PRD|QQ^Queer^L|Roe^Jane^^^^MD\r" PID, "PRD[1]-1", "QQ^Queer^L", "ERR||PRD^1^1^1|103^"},
        {MSH RF1 "PRD|RP~QQ^^L~PP|Roe^Jane^^^^MD\r" PID, "PRD[1]-1", "RP~QQ^^L~PP", "ERR||PRD^1^1^2|103^"},
        {MSH RF1 "AUT|||||||A-1|many\r" PRD PID, "AUT[1]-8", "many", "ERR||AUT^1^8^1|102^"},
        {MSH RF1 "AUT|||||||A-1||2000000\r" PRD PID, "AUT[1]-9", "2000000", "ERR||AUT^1^9^1|102^"},
        {MSH RF1 "AUT||||2026||A-1\r" PRD PID, "AUT[1]-4", "2026", "ERR||AUT^1^4^1|102^"},
        {MSH RF1 "AUT|||||||A-1||0\r" PRD PID, "AUT[1]-9", "0", "ERR||AUT^1^9^1|103^"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Fascia__Referral *referral = take(cases[i].message);
        print_message("%s\n", cases[i].location);
        assert_string_equal(kept_at(referral, cases[i].location), cases[i].kept);
        expect_reply_has(&host, "MSA|AA|M1");
        expect_reply_has(&host, cases[i].error);
        expect_reply_has(&host, "|W|");
        fascia__referral__free_unpacked(referral, NULL);
    }
}

static void what_is_passed_over_without_a_word_is_kept_too(void **state)
{
    Fascia__Referral *referral =
        take(MSH RF1 PRD "PRD|RT|Kim^Lee|||||T-77^LOCAL\r" PID "NTE|1||Careful|1R^Primary\rNTE|2||Do|PI\r");

    (void)state;
    assert_string_equal(kept_at(referral, "PRD[2]-7"), "T-77^LOCAL"); /* nobody's wish, unless it is so configured */
    assert_string_equal(kept_at(referral, "NTE[1]-4"), "1R^Primary");
    assert_string_equal(kept_at(referral, "NTE[2]-4"), "");
    fascia__referral__free_unpacked(referral, NULL);
}

static void what_is_understood_is_not_kept_again(void **state)
{
    Fascia__Referral *referral = take(MSH "RF1|P|S^STAT^HL70280||||R-1\r"
                                          "PRD|RP^Referring Provider^HL70286|Roe^Jane^^^^MD\r" PID);

    (void)state;
    assert_int_equal(referral->priority, FASCIA__PRIORITY__PRIORITY_STAT);
    assert_string_equal(kept_at(referral, "RF1[1]-2"), "");
    assert_string_equal(kept_at(referral, "PRD[1]-1"), "");
    assert_string_equal(kept_at(referral, "PID[1]-8"), "");
    expect_reply_lacks(&host, "ERR|");
    fascia__referral__free_unpacked(referral, NULL);
}

static void the_sex_may_be_a_word(void **state)
{
    static const struct {
        const char *message;
        Fascia__Gender gender;
    } cases[] = {{MSH RF1 PRD "PID|1||7||Doe^Pat|||male\r", FASCIA__GENDER__GENDER_MALE},
                 {MSH RF1 PRD "PID|1||7||Doe^Pat|||Male\r", FASCIA__GENDER__GENDER_MALE},
                 {MSH RF1 PRD "PID|1||7||Doe^Pat|||FEMALE\r", FASCIA__GENDER__GENDER_FEMALE},
                 {MSH RF1 PRD "PID|1||7||Doe^Pat|||f\r", FASCIA__GENDER__GENDER_FEMALE},
                 {MSH RF1 PRD "PID|1||7||Doe^Pat|||X\r", FASCIA__GENDER__GENDER_OTHER},
                 {MSH RF1 PRD "PID|1||7||Doe^Pat|||U\r", FASCIA__GENDER__GENDER_UNSPECIFIED}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Fascia__Referral *referral = take(cases[i].message);
        assert_int_equal(referral->patient->gender, cases[i].gender);
        assert_string_equal(kept_at(referral, "PID[1]-8"), "");
        expect_reply_lacks(&host, "ERR|");
        fascia__referral__free_unpacked(referral, NULL);
    }
}

static void no_authorised_visit_is_not_taken_for_nothing_said(void **state)
{
    Fascia__Referral *referral = take(MSH "RF1|P|R||||R-1|||||||||6\rAUT||||||A-1|||0\r" PRD PID);

    (void)state;
    /* What RF1-15 says does not stand in for a payer who said none. */
    assert_int_equal(referral->authorization->visits_authorised, 0);
    assert_string_equal(kept_at(referral, "AUT[1]-9"), "0");
    assert_string_equal(kept_at(referral, "RF1[1]-15"), "6");
    fascia__referral__free_unpacked(referral, NULL);
    referral = take(MSH "RF1|P|R||||R-1|||||||||6\rAUT||||||A-1\r" PRD PID);
    assert_int_equal(referral->authorization->visits_authorised, 6);
    fascia__referral__free_unpacked(referral, NULL);
}

static void the_legal_name_goes_before_others(void **state)
{
    static const struct {
        const char *names, *family, *given;
    } cases[] = {{"Maiden^Pat^^^^^M~Legal^Patricia^^^^^L~Nick^Patty^^^^^N", "Legal", "Patricia"},
                 {"Legal^Patricia^^^^^L~Maiden^Pat^^^^^M", "Legal", "Patricia"},
                 {"Maiden^Pat^^^^^M~Plain^Pat", "Plain", "Pat"},
                 {"Maiden^Pat^^^^^M~Shown^Pat^^^^^D", "Shown", "Pat"},
                 {"Plain^Pat~Other^Pat", "Plain", "Pat"},
                 {"~Second^Pat^^^^^B", "Second", "Pat"},
                 {"Maiden^Pat^^^^^M", "Maiden", "Pat"}};
    char message[400];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Fascia__Referral *referral;
        snprintf(message, sizeof message, MSH RF1 PRD "PID|1||7||%s\r", cases[i].names);
        referral = take(message);
        assert_string_equal(referral->patient->family_name, cases[i].family);
        assert_string_equal(referral->patient->given_name, cases[i].given);
        if (strchr(cases[i].names + 1, '~') != NULL) /* the others */
            assert_string_equal(kept_at(referral, "PID[1]-5"), cases[i].names);
        fascia__referral__free_unpacked(referral, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_not_used_is_kept, open_host, close_host),
        cmocka_unit_test_setup_teardown(what_is_passed_over_without_a_word_is_kept_too, open_host, close_host),
        cmocka_unit_test_setup_teardown(what_is_understood_is_not_kept_again, open_host, close_host),
        cmocka_unit_test_setup_teardown(the_sex_may_be_a_word, open_host, close_host),
        cmocka_unit_test_setup_teardown(no_authorised_visit_is_not_taken_for_nothing_said, open_host, close_host),
        cmocka_unit_test_setup_teardown(the_legal_name_goes_before_others, open_host, close_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
