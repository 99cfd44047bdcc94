/* Deliveries that go well: what is submitted, what is answered, and the same again. */
#include "check/rig.h"
#include "check/says.h"

#include <string.h>

/* ---- as expected ---------------------------------------------------------------------------------------------------------- */

/* Of all deliveries of one sample over one transport together. */
static void compare_expected(struct check_bench *bench, const struct check_delivery *delivery, size_t asked)
{
    const struct check_sample *sample = delivery->sample;
    const char *transport = delivery->is_file ? "as a file" : "over a connection";

    check_doing(bench, "deliver %s %s, and take all that is submitted", sample->name, transport);
    if (sample->expected == EXPECT_TAKEN && asked == 0)
        check_find(bench, SAYS_EXPECT, "nothing of %s is submitted; it is expected to be taken", sample->name);
    if (sample->expected == EXPECT_REFUSED && asked > 0)
        check_find(bench, SAYS_EXPECT, "%zu submissions are made of %s; it is expected to be refused", asked,
                   sample->name);
}

void check_delivery_samples(struct check_bench *bench)
{
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0, asked = 0; i < all.count; i++) {
        struct rig_token *token = NULL;
        bool last = i + 1 == all.count || all.items[i + 1].sample != all.items[i].sample ||
                    all.items[i + 1].is_file != all.items[i].is_file;
        check_doing(bench, "deliver %s, and take all that is submitted", check_delivery_name(&all.items[i]).text);
        token = rig_deliver(&rig, &all.items[i]);
        (void)rig_answer_all(&rig, token, FASCIA__RESULT__VERDICT__OK);
        asked += token->asked;
        rig_forget(&rig, token);
        if (last) {
            compare_expected(bench, &all.items[i], asked);
            asked = 0;
        }
    }
    rig_end(&rig, &all);
}

/* ---- submissions ----------------------------------------------------------------------------------------------------------- */

static void check_submission(struct rig *rig, const Fascia__Submission *submission)
{
    const Fascia__Referral *referral = submission->submit->referral;
    Fascia__Submit__Action action = submission->submit->action;
    struct check_bench *bench = rig->bench;
    bool whole = action == FASCIA__SUBMIT__ACTION__NEW || action == FASCIA__SUBMIT__ACTION__MODIFY;

    bench->sheet->cases++;
    rules_places(rig, referral);
    if (action > FASCIA__SUBMIT__ACTION__STATUS)
        check_find(bench, SAYS_SUBMISSION, "the action %d is none of NEW, MODIFY, CANCEL and STATUS", (int)action);
    if (referral->sender[0] == '\0')
        check_find(bench, SAYS_WHO, "referral.sender is empty");
    if (referral->sender_referral_id[0] == '\0')
        check_find(bench, SAYS_WHO, "referral.sender_referral_id is empty");
    if (whole && referral->original.len == 0)
        check_find(bench, SAYS_KEPT, "referral.original is empty");
    if (whole && referral->original.len > 0 && referral->original_media_type[0] == '\0')
        check_find(bench, SAYS_KEPT, "referral.original_media_type is empty: nobody can tell how to read the original");
    if (whole && referral->patient == NULL)
        check_find(bench, SAYS_SUBMISSION, "it asks for a treatment and has no patient");
}

void check_delivery_submissions(struct check_bench *bench)
{
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < all.count; i++) {
        struct rig_token *token = NULL;
        check_doing(bench, "deliver %s, and read what is submitted", check_delivery_name(&all.items[i]).text);
        token = rig_deliver(&rig, &all.items[i]);
        (void)rig_answer_all(&rig, token, FASCIA__RESULT__VERDICT__OK);
        for (size_t j = 0; all.items[i].sample->expected == EXPECT_TAKEN && j < token->count; j++)
            check_submission(&rig, token->submissions[j].message);
        rig_forget(&rig, token);
    }
    rig_end(&rig, &all);
}

/* ---- replies ------------------------------------------------------------------------------------------------------------------ */

void rules_reply(struct rig *rig, const Fascia__Completion *completion)
{
    const struct fascia_bytes reply = {completion->reply.data, completion->reply.len};
    size_t at = 0;

    while (at < reply.size) {
        struct fascia_frame frame;
        if (!rig_frame(rig, (struct fascia_bytes){reply.data + at, reply.size - at}, 0, &frame))
            return;
        if (frame.result != FASCIA_FRAME_COMPLETE)
            break;
        at += frame.total;
    }
    rig->bench->sheet->cases++;
    if (at < reply.size)
        check_find(rig->bench, SAYS_REPLY, "of a reply of %zu bytes the last %zu are no whole frame by its own frame()",
                   reply.size, reply.size - at);
}

void check_delivery_replies(struct check_bench *bench)
{
    static const Fascia__Result__Verdict verdicts[] = {FASCIA__RESULT__VERDICT__OK, FASCIA__RESULT__VERDICT__REFUSED,
                                                       FASCIA__RESULT__VERDICT__FAILED};
    struct rig rig;
    struct check_deliveries all;

    if (!check_has_transport(bench, FASCIA_TRANSPORT_STREAM)) {
        check_skip(bench, "it takes no streams");
        return;
    }
    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < 3 * all.count; i++) {
        const struct check_delivery *delivery = &all.items[i / 3];
        struct rig_token *token = NULL;
        if (delivery->is_file)
            continue;
        check_doing(bench, "deliver %s, give the verdict %d, and give the reply to frame()",
                    check_delivery_name(delivery).text, (int)verdicts[i % 3]);
        token = rig_deliver(&rig, delivery);
        if (rig_answer_all(&rig, token, verdicts[i % 3]) && rig_completion(token) != NULL)
            rules_reply(&rig, rig_completion(token));
        rig_forget(&rig, token);
    }
    rig_end(&rig, &all);
}

/* ---- resend ------------------------------------------------------------------------------------------------------------------ */

static void compare_again(struct check_bench *bench, const struct rig_token *first, const struct rig_token *again)
{
    bench->sheet->cases++;
    if (first->count != again->count) {
        check_find(bench, SAYS_WHO, "%zu submissions the first time, %zu the second", first->count, again->count);
        return;
    }
    for (size_t i = 0; i < first->count; i++) {
        const Fascia__Referral *one = first->submissions[i].message->submit->referral,
                               *other = again->submissions[i].message->submit->referral;
        if (strcmp(one->sender, other->sender) != 0)
            check_find(bench, SAYS_WHO, "submission %zu has another sender the second time", i + 1);
        if (strcmp(one->sender_referral_id, other->sender_referral_id) != 0)
            check_find(bench, SAYS_WHO, "submission %zu has another sender_referral_id the second time", i + 1);
        if (one->original.len != other->original.len ||
            (one->original.len > 0 && memcmp(one->original.data, other->original.data, one->original.len) != 0))
            check_find(bench, SAYS_KEPT, "submission %zu has another original the second time", i + 1);
    }
}

/* By another instance: what counted in the first would be forgotten by a restart. */
void check_resend_same(struct check_bench *bench)
{
    struct rig rig, other;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < all.count; i++) {
        struct rig_token *first = NULL, *again = NULL, *later = NULL;
        check_doing(bench, "deliver %s, and then the same again, in this instance and a day later in another",
                    check_delivery_name(&all.items[i]).text);
        first = rig_deliver(&rig, &all.items[i]);
        (void)rig_answer_all(&rig, first, FASCIA__RESULT__VERDICT__OK);
        again = rig_deliver(&rig, &all.items[i]);
        (void)rig_answer_all(&rig, again, FASCIA__RESULT__VERDICT__DUPLICATE);
        compare_again(bench, first, again);
        if (!rig_open(&other, bench))
            break;
        other.now += 86400000;
        other.chance += 1;
        later = rig_deliver(&other, &all.items[i]);
        (void)rig_answer_all(&other, later, FASCIA__RESULT__VERDICT__DUPLICATE);
        compare_again(bench, first, later);
        rig_close(&other);
        rig_forget(&rig, first);
        rig_forget(&rig, again);
    }
    rig_end(&rig, &all);
}
