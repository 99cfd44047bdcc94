/* What tells of a patient stays in the message. */
#include "check/patient.h"
#include "check/rig.h"
#include "check/says.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- log and output --------------------------------------------------------------------------------------------------------- */

static void read_log(struct rig *rig, const struct patient *patient)
{
    for (size_t i = 0; i < rig->log_count; i++) {
        const struct rig_log *log = &rig->logs[i];
        const char *marker = patient_found(patient, log->event, strlen(log->event));
        char number[24];
        snprintf(number, sizeof number, "%" PRId64, log->number);
        if (marker == NULL)
            marker = patient_found(patient, number, strlen(number));
        if (marker != NULL)
            check_find(rig->bench, SAYS_LOG, "log() was given the patient's %s", marker);
    }
    rig->log_count = 0;
}

static off_t printed(void)
{
    struct stat status;

    /* Both are one file of the kit's, so that a plugin's own words are seen. */
    return fstat(STDERR_FILENO, &status) == 0 ? status.st_size : 0;
}

static void listen_to(struct rig *rig, const struct check_delivery *delivery, Fascia__Result__Verdict verdict)
{
    struct patient patient;
    struct rig_token *token = NULL;

    check_doing(rig->bench, "deliver %s with the verdict %d, and read what it logs", check_delivery_name(delivery).text,
                (int)verdict);
    token = rig_deliver(rig, delivery);
    (void)rig_answer_all(rig, token, verdict);
    for (size_t i = 0; i < token->count; i++) {
        patient_read(&patient, token->submissions[i].message->submit->referral);
        read_log(rig, &patient);
    }
    rig_forget(rig, token);
}

void check_privacy_log(struct check_bench *bench)
{
    static const Fascia__Result__Verdict verdicts[] = {FASCIA__RESULT__VERDICT__OK, FASCIA__RESULT__VERDICT__REFUSED,
                                                       FASCIA__RESULT__VERDICT__FAILED};
    struct rig rig;
    struct check_deliveries all;
    off_t before = printed();

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < 3 * all.count; i++)
        listen_to(&rig, &all.items[i / 3], verdicts[i % 3]);
    check_doing(bench, "deliver everything, and look at standard output and error");
    rig_end(&rig, &all);
    (void)fflush(stdout);
    if (printed() > before)
        check_find(bench, SAYS_SILENT, "it printed %lld bytes", (long long)(printed() - before));
}

/* ---- answers to others ------------------------------------------------------------------------------------------------------ */

static bool is_in(const struct fascia_bytes bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

/* What the other one's own message says may stand in its answer. */
static void compare_answer(struct rig *rig, const struct patient *patient, const struct check_delivery *first,
                           const struct check_delivery *other, const Fascia__Completion *completion)
{
    const char *reply = (const char *)completion->reply.data;
    const char *text = reply == NULL ? NULL : patient_found_text(patient, reply, completion->reply.len);

    rig->bench->sheet->cases++;
    if (text == NULL || is_in(other->payload, text))
        return;
    check_find(rig->bench, SAYS_OTHERS, "the answer to %s holds the %s of the patient of %s",
               check_delivery_name(other).text, patient_found(patient, reply, completion->reply.len),
               check_delivery_name(first).text);
}

static void deliver_beside(struct rig *rig, const struct patient *patient, const struct check_delivery *first,
                           const struct check_delivery *other)
{
    struct rig_token *token = NULL;

    check_doing(rig->bench, "deliver %s while %s is open", check_delivery_name(other).text,
                check_delivery_name(first).text);
    token = rig_deliver(rig, other);
    (void)rig_answer_all(rig, token, FASCIA__RESULT__VERDICT__REFUSED);
    if (rig_completion(token) != NULL)
        compare_answer(rig, patient, first, other, rig_completion(token));
    rig_forget(rig, token);
}

void check_privacy_others(struct check_bench *bench)
{
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    if (all.count < 2)
        check_skip(bench, "there is only one message among the samples");
    for (size_t i = 0; i < all.count && i < 64; i++) {
        struct rig_token *token = rig_deliver(&rig, &all.items[i]);
        for (size_t j = 0; token->count > 0 && j < all.count && j < 64; j++) {
            struct patient patient;
            patient_read(&patient, token->submissions[0].message->submit->referral);
            if (j != i && all.items[j].sample != all.items[i].sample)
                deliver_beside(&rig, &patient, &all.items[i], &all.items[j]);
        }
        (void)rig_answer_all(&rig, token, FASCIA__RESULT__VERDICT__OK);
        rig_forget(&rig, token);
    }
    rig_end(&rig, &all);
}
