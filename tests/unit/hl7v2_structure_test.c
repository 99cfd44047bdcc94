/* What must not stand twice in a message, and what is too much of it: refused by the sender's own number, never half taken. */
#include "unit/hl7v2_expect.h"

static struct test_host host;

static int open_host(void **state)
{
    static const char *const source[] = {NULL}, *const sender[] = {"requests=both", "role=physician", NULL};
    char fault[200] = "";

    (void)state;
    return test_host_open_with(&host, source, sender, fault, sizeof fault) == FASCIA_OK ? 0 : -1;
}

static int close_host(void **state)
{
    (void)state;
    test_host_close(&host);
    return 0;
}

#define MSH_OF(type, more) "MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||" type "|M1|P|2.5.1" more "\r"
#define MSH                MSH_OF("REF^I12^REF_I12", "")
#define OMG                MSH_OF("OMG^O19^OMG_O19", "")
#define BODY               "RF1|P|R||||R-1\rPRD|RP|Roe^Jane^^^^MD\rPID|1||7||Doe^Pat\r"
#define ORDER              "PID|1||7^^^EHR^MR||Doe^Pat\rORC|NW|88^EHR||||||||||1^Roe^Jane^^^^MD\rOBR|1|88^EHR||97124^Massage^C4\r"

static void deliver_text(const char *text)
{
    test_deliver(&host, 1, text, strlen(text));
}

static void a_second_of_what_is_single_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {MSH BODY "PID|2||8||Poe^Ann\r", "ERR||PID^2|100^Segment sequence error^HL70357|E|||patient|"},
        {MSH BODY "PID|1||7||Doe^Pat\r", "ERR||PID^2|100^"},
        {MSH BODY "OBR|1|||97124^Massage^C4\rPID|2||7||Doe^Pat\r", "ERR||PID^2|100^"},
        {MSH BODY "RF1|P|R||||R-2\r", "ERR||RF1^2|100^"},
        {MSH "AUT||||||A\r" BODY "AUT||||||B\r", "ERR||AUT^2|100^"},
        {MSH BODY "ACC|2026\rACC|2025\r", "ERR||ACC^2|100^"},
        {MSH BODY "PV1|1|O\rPV2||\rPV1|1|I\rPV2||\r", "ERR||PV2^2|100^"},
        {OMG "PID|1||6||Poe^Ann\r" ORDER, "ERR||PID^2|100^"},
        {OMG ORDER "PID|1||6||Poe^Ann\rOBR|2|||24604-1^Older^LN\r", "ERR||PID^2|100^"},
        {OMG "PV1|1|O\rPV1|1|I\r" ORDER, "ERR||PV1^2|100^"},
        {MSH_OF("REF^I14^REF_I12", "") BODY "PID|2||8||Poe^Ann\r", "ERR||PID^2|100^"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        deliver_text(cases[i][0]);
        expect_reply_has(&host, "MSA|AE|M1\r");
        expect_reply_has(&host, cases[i][1]);
        expect_reply_lacks(&host, "Poe");
    }
    assert_int_equal(host.submitted, 0);
    deliver_text("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12|M1|P|2.3.1\r" BODY "PID|2||8||Poe^Ann\r");
    expect_reply_has(&host, "ERR|PID^2^^100&Segment sequence error&HL70357\r");
}

static void what_may_repeat_is_taken(void **state)
{
    static const char *const cases[] = {
        MSH "AUT||||||A\r" BODY "PR1|1||97124^Massage^C4\rAUT||||||B\rPR1|2||97140^Manual^C4\rAUT||||||C\r",
        MSH BODY "NK1|1|A\rNK1|2|B\rGT1|1\rGT1|2\rIN1|1|A\rIN1|2|B\rDG1|1||M54.5^^I10\rDG1|2||M54.2^^I10\r",
        /* a prior result, of the same patient */
        OMG ORDER "PID|1||7^^^EHR^MR||Doe^Pat\rPV1|1|O\rOBR|2|||24604-1^Older^LN\rOBX|1|ST|1^A^L||x\r",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fascia__submission__free_unpacked(expect_submission(&host, cases[i], strlen(cases[i])), NULL);
        hl7_source.abandon(host.instance, 1);
    }
}

/* text so many times; free */
static char *repeat(const char *before, const char *text, size_t times, const char *after)
{
    char *all = malloc(strlen(before) + times * strlen(text) + strlen(after) + 1), *at = all;

    assert_non_null(all);
    at = stpcpy(at, before);
    for (size_t i = 0; i < times; i++)
        at = stpcpy(at, text);
    stpcpy(at, after);
    return all;
}

static void too_much_is_an_error_of_this_message_and_no_rejection(void **state)
{
    char *cases[] = {repeat(MSH BODY, "ZZ1\r", 10000, ""), repeat(MSH BODY "ZF1", "|x", 513, "\r"),
                     repeat("MSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12^REF_I12|M1|P|2.5.1", "|", 513, "x\r" BODY)};
    static const char *const errors[] = {"ERR|||207^Application error^HL70357|E||||the message is too large: ",
                                         "ERR||ZF1^1|207^Application error^HL70357|E||||the segment has more than 512",
                                         "ERR||MSH^1|207^Application error^HL70357|E||||the segment has more than 512"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        deliver_text(cases[i]);
        expect_reply_has(&host, "MSA|AE|M1\r");
        expect_reply_has(&host, errors[i]);
        free(cases[i]);
    }
    assert_int_equal(host.submitted, 0);
}

/* Its header is looked at all the same: who can't be served at all hears that. */
static void too_much_of_what_is_not_taken_is_rejected(void **state)
{
    char *text = repeat(MSH_OF("ADT^A01", ""), "ZZ1\r", 10001, "");

    (void)state;
    deliver_text(text);
    expect_reply_has(&host, "MSA|AR|M1\r");
    expect_reply_has(&host, "|200^Unsupported message type^HL70357|E|");
    free(text);
}

static void refuse(const char *begun, uint64_t limit)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;
    uint8_t packed[1000];

    delivery.payload = (ProtobufCBinaryData){strlen(begun), (uint8_t *)(uintptr_t)begun};
    delivery.limit = limit;
    assert_in_range(fascia__delivery__get_packed_size(&delivery), 1, sizeof packed);
    hl7_source.refuse(host.instance, 9, (struct fascia_bytes){packed, fascia__delivery__pack(&delivery, packed)});
    assert_int_equal(host.token, 9);
}

static void a_message_beyond_the_hosts_limit_is_answered_from_its_header(void **state)
{
    static const char *const cases[][2] = {
        {"\x0b" MSH BODY "NTE|1||and so o", "MSA|AE|M1\r"},
        {"\x0b" MSH_OF("REF^I12", "|||AL|NE") "PID|1||7", "MSA|CE|M1\r"},
        {"\x0b" MSH_OF("REF^I12", "|||NE|AL") "PID|1||7", "MSA|AE|M1\r"},
        {"\x0b" MSH_OF("OMG^O19", "") "PID|1||7", "MSA|AE|M1\r"},
        {"\x0bMSH|^~\\&|APP|FAC|DEST|DFAC|20261123||REF^I12|M1|P", "MSA|AE|M1\r"}, /* before its header ended */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refuse(cases[i][0], 65536);
        expect_reply_has(&host, cases[i][1]);
        expect_reply_has(&host,
                         "ERR|||207^Application error^HL70357|E||||the message is too large: at most 65536 bytes ");
        expect_reply_lacks(&host, "MSH^1");
    }
    refuse("\x0b", 1024);
    expect_reply_lacks(&host, "MSA");
    refuse("\x0bMSH|^~\\&|A|F|||2026||ACK^I12^ACK|M2|P|2.5.1\rMSA|AA|F1|xx", 1024); /* never acknowledged */
    expect_reply_lacks(&host, "MSA");
    refuse(MSH BODY, 0);
    expect_reply_has(&host, "a person should look before it is sent again");
    assert_int_equal(host.submitted, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_of_what_is_single_is_refused, open_host, close_host),
        cmocka_unit_test_setup_teardown(what_may_repeat_is_taken, open_host, close_host),
        cmocka_unit_test_setup_teardown(too_much_is_an_error_of_this_message_and_no_rejection, open_host, close_host),
        cmocka_unit_test_setup_teardown(too_much_of_what_is_not_taken_is_rejected, open_host, close_host),
        cmocka_unit_test_setup_teardown(a_message_beyond_the_hosts_limit_is_answered_from_its_header, open_host,
                                        close_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
