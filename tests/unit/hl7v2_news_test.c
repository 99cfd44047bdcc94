/* OSU and SIU: what a sender that speaks 360X is told, seen through status(). */
#include "unit/hl7v2_expect.h"

static struct test_host host;

static const char *const none[] = {NULL};
static const char *const listening[] = {"statuses=360x", "status_to=192.0.2.9:6661", NULL};

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

static Fascia__Outbound *status_of(Fascia__Referral *referral, Fascia__Status *status)
{
    return expect_outbound(&host, 812, status, referral);
}

/* The message that goes out for a status of a sample, as text; "" when nothing goes. */
static char *told(const char *sample, Fascia__Status *status)
{
    Fascia__Submission *submission = submitted(sample);
    Fascia__Outbound *outbound = status_of(submission->submit->referral, status);
    char *text = calloc(1, outbound->payload.len + 1);

    assert_non_null(text);
    if (outbound->kind == FASCIA__OUTBOUND__KIND__STREAM) {
        assert_string_equal(outbound->address, "192.0.2.9:6661");
        memcpy(text, outbound->payload.data, outbound->payload.len);
    }
    fascia__outbound__free_unpacked(outbound, NULL);
    fascia__submission__free_unpacked(submission, NULL);
    host.submitted = 0;
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        return;
    for (; *text != '\0'; text++)
        print_message("%c", *text == '\r' ? '\n' : *text);
    print_message("\nlacks '%s'\n", part);
    fail();
}

static Fascia__Status accepted(void)
{
    Fascia__Status status = FASCIA__STATUS__INIT;

    status.referral = 4711;
    status.state = FASCIA__STATE__STATE_ACCEPTED;
    status.rf1_status = (char *)"A";
    status.text = (char *)"accepted by Ana Berg LMT";
    status.at = INT64_C(1795420800000);
    status.therapist = (char *)"1000000004";
    status.therapist_name = (char *)"Ana Berg LMT";
    status.therapist_phone = (char *)"+1 502 555 0123";
    status.time_zone = (char *)"America/New_York";
    return status;
}

#define PLACER "889342^^2.16.840.1.113883.3.9621.7.15^ISO"
#define ANA    "1000000004^Berg^Ana^^^^LMT^^NPI^^^^NPI"
#define DOCTOR "1548273196^Lindqvist^Maren^E^^Dr^MD^^&2.16.840.1.113883.4.6&ISO^L^^^NPI~207Q00000X^^^^^^^^NUCC"

static void an_accepted_order_is_told_by_osu(void **state)
{
    Fascia__Status status = accepted();
    char *text;

    (void)state;
    open_or_fail(listening);
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text,
               "\x0BMSH|^~\\&|FASCIA|^2.16.840.1.113883.3.9621.32^ISO||^2.16.840.1.113883.3.9621.7^ISO|"
               "20261123080000+0000||OSU^O51^OSU_O51|F812|P|2.5.1||||||UNICODE UTF-8|||360X\rNTE|1||accepted by Ana "
               "Berg LMT\rPID|1||RV-40318^^^&2.16.840.1.113883.3.9621.7.5&ISO^MR||Castellano^Dana^R^^^^L|");
    assert_has(text, "\rORC|SC|" PLACER "|4711^FASCIA||IP||||20261123080000+0000|||" DOCTOR "|||||||" ANA "\r\x1C\r");
    assert_null(strstr(text, "MSA")); /* nobody asked */
    free(text);
}

static void each_state_has_its_code(void **state)
{
    static const struct {
        Fascia__State state;
        const char *rf1, *code;
    } news[] = {{FASCIA__STATE__STATE_NEEDS_INFORMATION, "P", "SC|HD"},
                {FASCIA__STATE__STATE_WAITLISTED, "P", "SC|HD"},
                {FASCIA__STATE__STATE_MATCHING, "P", "SC|HD"},
                {FASCIA__STATE__STATE_WAITLISTED, "R", "SC|CA"}, /* everybody has declined */
                {FASCIA__STATE__STATE_ACCEPTED, "A", "SC|IP"},
                {FASCIA__STATE__STATE_WITHDRAWN, "R", "SC|CA"},
                {FASCIA__STATE__STATE_REJECTED, "R", "SC|CA"},
                {FASCIA__STATE__STATE_CANCELLED, "E", "CR|CA"},
                {FASCIA__STATE__STATE_COMPLETED, "A", "SC|CM"},
                {FASCIA__STATE__STATE_IN_PROGRESS, "A", ""}};
    char expected[200];

    (void)state;
    open_or_fail(listening);
    for (size_t i = 0; i < sizeof news / sizeof news[0]; i++) {
        Fascia__Status status = accepted();
        char *text;
        status.state = news[i].state;
        status.rf1_status = (char *)(uintptr_t)news[i].rf1;
        text = told("360x-low-back-pain.hl7", &status);
        if (news[i].code[0] == '\0') {
            assert_string_equal(text, "");
        } else {
            snprintf(expected, sizeof expected, "\rORC|%.2s|" PLACER "|4711^FASCIA||%s|", news[i].code,
                     news[i].code + 3);
            assert_has(text, expected);
        }
        free(text);
    }
}

static void the_codes_are_configuration(void **state)
{
    static const char *const sender[] = {"statuses=360x",
                                         "status_to=192.0.2.9:6661",
                                         "code_accepted=OK^A",
                                         "code_declined=UA^DC",
                                         "code_in_treatment=SC^A",
                                         "code_waiting=none",
                                         NULL};
    Fascia__Status status = accepted();
    char *text;

    (void)state;
    open_or_fail(sender);
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "\rORC|OK|" PLACER "|4711^FASCIA||A|");
    free(text);
    status.rf1_status = (char *)"R";
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "\rORC|UA|" PLACER "|4711^FASCIA||DC|");
    free(text);
    status.rf1_status = (char *)"A";
    status.state = FASCIA__STATE__STATE_IN_PROGRESS;
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "\rORC|SC|" PLACER "|4711^FASCIA||A|");
    free(text);
    status.rf1_status = (char *)"P";
    status.state = FASCIA__STATE__STATE_WAITLISTED;
    text = told("360x-low-back-pain.hl7", &status);
    assert_string_equal(text, "");
    free(text);
}

static void the_end_of_an_order_says_why(void **state)
{
    Fascia__OutcomeReported outcome = FASCIA__OUTCOME_REPORTED__INIT;
    Fascia__Status status = accepted();
    char *text;

    (void)state;
    open_or_fail(listening);
    status.state = FASCIA__STATE__STATE_CANCELLED;
    status.reason = (char *)"Back pain | gone";
    status.therapist = status.therapist_name = (char *)"";
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "|" DOCTOR "||||^Back pain \\F\\ gone\r");
    free(text);
    status.state = FASCIA__STATE__STATE_WITHDRAWN;
    status.rf1_status = (char *)"R";
    status.reason = (char *)"";
    status.text = (char *)"withdrawn by the clinic";
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "|" DOCTOR "||||^withdrawn by the clinic\r");
    free(text);
    status = accepted();
    status.state = FASCIA__STATE__STATE_COMPLETED;
    outcome.summary = (char *)"Walks well";
    outcome.visits = 5;
    status.outcome = &outcome;
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "||Outcome: Walks well\r");
    assert_has(text, "\rORC|SC|" PLACER "|4711^FASCIA||CM|");
    free(text);
}

static Fascia__AppointmentChange change(Fascia__AppointmentChange__How how)
{
    Fascia__AppointmentChange change = FASCIA__APPOINTMENT_CHANGE__INIT;

    change.how = how;
    change.number = 2;
    change.from = INT64_C(1795447800000); /* 2026-11-23T15:30:00Z */
    change.to = INT64_C(1795451400000);
    return change;
}

#define FROM "20261123153000+0000"
#define TO   "20261123163000+0000"

static void a_booked_appointment_is_told_by_siu(void **state)
{
    Fascia__AppointmentChange booked = change(FASCIA__APPOINTMENT_CHANGE__HOW__BOOKED);
    Fascia__Status status = accepted();
    char *text;

    (void)state;
    open_or_fail(listening);
    status.state = FASCIA__STATE__STATE_SCHEDULED;
    status.appointment = &booked;
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "||SIU^S12^SIU_S12|F812|P|2.5.1||||||UNICODE UTF-8|||360X\rSCH|" PLACER
                     "|4711-2^FASCIA||||S12^Appointment booked|||60|min^minute^UCUM|^^M60^" FROM "^" TO "|||||" ANA
                     "|+1 502 555 0123^WPN^PH|||" ANA "|||||Booked^Booked^HL70278|" PLACER "|4711^FASCIA\r"
                     "TQ1|1|||||60^min|" FROM "|" TO "\rNTE|1||accepted by Ana Berg LMT\r"
                     "NTE|2||Zone of the place: America/New_York\rPID|1||RV-40318^");
    assert_has(text, "\rRGS|1|A\rAIS|1|A|97124^Therapeutic massage^C4|" FROM "|||60|min^minute^UCUM|NO|"
                     "Booked^Booked^HL70278\rAIP|1|A|" ANA "|THERAPIST^Therapist^L||" FROM
                     "|||60|min^minute^UCUM|NO|Booked^Booked^HL70278\r\x1C\r");
    free(text);
}

static void each_change_of_an_appointment_has_its_event(void **state)
{
    static const struct {
        Fascia__AppointmentChange__How how;
        const char *type, *reason, *filler, *action;
    } events[] = {
        {FASCIA__APPOINTMENT_CHANGE__HOW__MOVED, "SIU^S14^SIU_S12", "S14^Appointment moved", "|Booked^", "RGS|1|U"},
        {FASCIA__APPOINTMENT_CHANGE__HOW__CANCELLED, "SIU^S15^SIU_S12", "S15^Appointment called off", "|Cancelled^",
         "RGS|1|D"},
        {FASCIA__APPOINTMENT_CHANGE__HOW__NO_SHOW, "SIU^S26^SIU_S12", "S26^The patient did not come", "|Noshow^",
         "RGS|1|U"}};

    (void)state;
    open_or_fail(listening);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        Fascia__AppointmentChange what = change(events[i].how);
        Fascia__Status status = accepted();
        char *text;
        what.alone = i == 1; /* who keeps a calendar hears of it all the same */
        status.state = FASCIA__STATE__STATE_NO_SHOW;
        status.appointment = &what;
        text = told("360x-low-back-pain.hl7", &status);
        assert_has(text, events[i].type);
        assert_has(text, events[i].reason);
        assert_has(text, events[i].filler);
        assert_has(text, events[i].action);
        assert_has(text, "|4711-2^FASCIA|"); /* the same appointment */
        free(text);
    }
}

static void a_visit_that_took_place_is_news_of_the_order(void **state)
{
    Fascia__AppointmentChange done = change(FASCIA__APPOINTMENT_CHANGE__HOW__TOOK_PLACE);
    static const char *const sender[] = {"statuses=360x", "status_to=192.0.2.9:6661", "code_in_treatment=SC^A", NULL};
    Fascia__Status status = accepted();
    char *text;

    (void)state;
    open_or_fail(sender);
    status.state = FASCIA__STATE__STATE_IN_PROGRESS;
    status.appointment = &done;
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "OSU^O51^OSU_O51");
    free(text);
}

static void older_and_newer_versions_say_when_in_their_own_place(void **state)
{
    static const char *const older[] = {"requests=orders", "statuses=360x", "status_to=192.0.2.9:6661", NULL};
    static const char *const newer[] = {"statuses=360x", "status_to=192.0.2.9:6661", "status_version=2.8", NULL};
    Fascia__AppointmentChange booked = change(FASCIA__APPOINTMENT_CHANGE__HOW__BOOKED);
    Fascia__Status status = accepted();
    char *text;

    (void)state;
    status.appointment = &booked;
    open_or_fail(older);
    text = told("omg-neck-pain-chiropractor-2.4.hl7", &status);
    assert_has(text, "|SIU^S12^SIU_S12|F812|P|2.4|");
    assert_has(text, "\rSCH|HC-2207-1^SPINEPRO|4711-2^FASCIA|");
    assert_has(text, "|^^M60^" FROM "^" TO "|");
    assert_null(strstr(text, "\rTQ1|"));
    free(text);
    test_host_close(&host);
    open_or_fail(newer);
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "|P|2.8|");
    assert_has(text, "|60|min^minute^UCUM||||||" ANA "|");
    assert_has(text, "\rTQ1|1|||||60^min|" FROM "|" TO "\r");
    free(text);
}

static void a_referral_may_be_told_as_an_order_and_an_order_as_a_referral(void **state)
{
    static const char *const rri[] = {"requests=both", "status_to=192.0.2.9:6661", NULL};
    static const char *const silent[] = {"requests=both", "status_to=192.0.2.9:6661", "statuses=none", NULL};
    Fascia__AppointmentChange off = change(FASCIA__APPOINTMENT_CHANGE__HOW__CANCELLED);
    Fascia__Status status = accepted();
    char *text;

    (void)state;
    open_or_fail(listening);
    text = told("low-back-pain.hl7", &status);
    assert_has(text, "\rORC|SC|REF-20481^CEDARCHART|4711^FASCIA||IP|");
    free(text);
    test_host_close(&host);
    open_or_fail(rri);
    text = told("360x-low-back-pain.hl7", &status);
    assert_has(text, "|RRI^I12^RRI_I12|F812|");
    assert_has(text, "\rRF1|A^Accepted^HL70283|||||889342^2.16.840.1.113883.3.9621.7.15|||||4711^FASCIA\r");
    assert_null(strstr(text, "360X"));
    free(text);
    off.alone = true;
    status.appointment = &off;
    text = told("low-back-pain.hl7", &status);
    assert_string_equal(text, ""); /* RRI has no calendar: what caused it follows */
    free(text);
    off.alone = false;
    text = told("low-back-pain.hl7", &status);
    assert_has(text, "|RRI^I12^RRI_I12|");
    free(text);
    test_host_close(&host);
    open_or_fail(silent);
    text = told("360x-low-back-pain.hl7", &status);
    assert_string_equal(text, "");
    free(text);
}

static void news_can_do_without_the_message(void **state)
{
    Fascia__AppointmentChange booked = change(FASCIA__APPOINTMENT_CHANGE__HOW__BOOKED);
    Fascia__Status status = accepted();
    Fascia__Submission *submission;
    Fascia__Outbound *outbound;
    Fascia__Referral *referral;

    (void)state;
    open_or_fail(listening);
    submission = submitted("360x-low-back-pain.hl7");
    referral = submission->submit->referral;
    free(referral->original.data);
    referral->original = (ProtobufCBinaryData){0, NULL};
    for (int i = 0; i < 2; i++) {
        const char *place = i == 0 ? "\rORC|SC|889342^2.16.840.1.113883.3.9621.7.15|4711^FASCIA||IP|"
                                   : "\rSCH|889342^2.16.840.1.113883.3.9621.7.15|4711-2^FASCIA|";
        status.appointment = i == 0 ? NULL : &booked;
        outbound = status_of(referral, &status);
        assert_int_equal(outbound->kind, FASCIA__OUTBOUND__KIND__STREAM);
        assert_non_null(memmem(outbound->payload.data, outbound->payload.len, place, strlen(place)));
        assert_non_null(memmem(outbound->payload.data, outbound->payload.len, "||Castellano^Dana\r", 18));
        fascia__outbound__free_unpacked(outbound, NULL);
    }
    fascia__submission__free_unpacked(submission, NULL);
}

int main(void)
{
#define NEWS_TEST(name) cmocka_unit_test_teardown(name, close_host)
    const struct CMUnitTest tests[] = {
        NEWS_TEST(an_accepted_order_is_told_by_osu),
        NEWS_TEST(each_state_has_its_code),
        NEWS_TEST(the_codes_are_configuration),
        NEWS_TEST(the_end_of_an_order_says_why),
        NEWS_TEST(a_booked_appointment_is_told_by_siu),
        NEWS_TEST(each_change_of_an_appointment_has_its_event),
        NEWS_TEST(a_visit_that_took_place_is_news_of_the_order),
        NEWS_TEST(older_and_newer_versions_say_when_in_their_own_place),
        NEWS_TEST(a_referral_may_be_told_as_an_order_and_an_order_as_a_referral),
        NEWS_TEST(news_can_do_without_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
