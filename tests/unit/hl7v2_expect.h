/* What tests of the hl7v2 source expect of it, said once: a submission, words of a reply, a message for a status. */
#ifndef TESTS_HL7V2_EXPECT_H
#define TESTS_HL7V2_EXPECT_H

#include "unit/hl7v2_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

/* Delivers as token 1; one submission is made of it. free_unpacked */
static inline Fascia__Submission *expect_submission(struct test_host *host, const char *bytes, size_t size)
{
    unsigned before = host->submitted;
    Fascia__Submission *submission;

    test_deliver(host, 1, bytes, size);
    if (host->submitted != before + 1) {
        char *reply = test_reply(host);
        print_message("not submitted: %s\n", reply);
        free(reply);
        fail();
    }
    submission = test_submission(host);
    assert_non_null(submission);
    return submission;
}

static inline void expect_reply_has(struct test_host *host, const char *part)
{
    char *reply = test_reply(host);

    assert_non_null(reply);
    if (strstr(reply, part) == NULL) {
        for (char *at = reply; *at != '\0'; at++)
            *at = *at == '\r' ? '\n' : *at;
        print_message("no '%s' in:\n%s\n", part, reply);
        fail();
    }
    free(reply);
}

static inline void expect_reply_lacks(struct test_host *host, const char *part)
{
    char *reply = test_reply(host);

    assert_non_null(reply);
    if (strstr(reply, part) != NULL) {
        print_message("'%s' in:\n%s\n", part, reply);
        fail();
    }
    free(reply);
}

/* What the source makes of a status, as token 5. free_unpacked */
static inline Fascia__Outbound *expect_outbound(struct test_host *host, uint64_t outbox, Fascia__Status *status,
                                                Fascia__Referral *referral)
{
    Fascia__StatusNotice notice = FASCIA__STATUS_NOTICE__INIT;
    Fascia__Outbound *outbound;
    uint8_t *packed;
    size_t size;

    notice.outbox = outbox;
    notice.status = status;
    notice.referral = referral;
    notice.attempt = 1;
    size = fascia__status_notice__get_packed_size(&notice);
    packed = malloc(size + 1);
    assert_non_null(packed);
    fascia__status_notice__pack(&notice, packed);
    hl7_source.status(host->instance, 5, (struct fascia_bytes){packed, size});
    free(packed);
    outbound = fascia__outbound__unpack(NULL, host->ending_size, host->ending);
    assert_non_null(outbound);
    return outbound;
}

#endif
