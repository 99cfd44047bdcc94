/* refuse() with a limit: a frame of which only the beginning is there, because the host has no room for more. */
#include "check/rig.h"
#include "check/says.h"

#include <stdlib.h>

#define SHOWN_MOST ((size_t)64 << 10) /* of such a frame (fascia.v1.Delivery.limit) */

/* Some senders ask for no answer: who hears nothing of a refusal elsewhere hears nothing here. */
static bool hears_refusals(struct rig *rig, const struct check_delivery *delivery)
{
    struct rig_token *token = rig_deliver(rig, delivery);
    bool hears = rig_answer_all(rig, token, FASCIA__RESULT__VERDICT__REFUSED) && rig_completion(token) != NULL &&
                 rig_completion(token)->reply.len > 0;

    rig_forget(rig, token);
    return hears;
}

/* Its answer; 0 bytes where there is none. */
static size_t refuse(struct rig *rig, const char *name, struct fascia_bytes begun, uint64_t limit)
{
    struct rig_token *token = NULL;
    size_t answered = 0;

    check_doing(rig->bench, "refuse %s as larger than %llu bytes, of which %zu are shown", name,
                (unsigned long long)limit, begun.size);
    token = rig_refuse(rig, begun, limit);
    if (rig_answer_all(rig, token, FASCIA__RESULT__VERDICT__OK) && rig_completion(token) != NULL) {
        rules_reply(rig, rig_completion(token));
        answered = rig_completion(token)->reply.len;
    }
    rig_forget(rig, token);
    return answered;
}

/* Cut at places of the first frame; its last byte never comes. */
static void refuse_cut(struct rig *rig, const struct check_delivery *delivery)
{
    size_t size = 0;
    uint8_t *stream = check_on_stream(rig->bench->samples, delivery->sample, &size);
    bool hears = hears_refusals(rig, delivery);
    struct fascia_frame frame;

    if (rig_frame(rig, (struct fascia_bytes){stream, size}, 0, &frame) && frame.result == FASCIA_FRAME_COMPLETE) {
        const struct fascia_bytes whole = {stream + frame.skip, frame.total - frame.skip - 1};
        const size_t most = whole.size < SHOWN_MOST ? whole.size : SHOWN_MOST;
        for (size_t part = 1; part <= 16; part++)
            (void)refuse(rig, delivery->sample->name, (struct fascia_bytes){whole.data, most * part / 17},
                         most * part / 17);
        if (refuse(rig, delivery->sample->name, (struct fascia_bytes){whole.data, most}, most) == 0 && hears)
            check_find(rig->bench, SAYS_REFUSE,
                       "all but the end of the frame was shown, and its sender, who hears of other refusals, hears "
                       "nothing of this one");
    }
    free(stream);
}

void check_delivery_too_large(struct check_bench *bench)
{
    const struct fascia_plugin *plugin = bench->described;
    struct rig rig;
    struct check_deliveries all;

    if (!check_has_transport(bench, FASCIA_TRANSPORT_STREAM)) {
        check_skip(bench, "it takes no streams");
        return;
    }
    if (!FASCIA_HAS(plugin, refuse) || plugin->refuse == NULL) {
        check_skip(bench, "it has no refuse(): who sends too much is cut off without a word");
        return;
    }
    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < all.count; i++)
        if (!all.items[i].is_file && all.items[i].number == 1 && all.items[i].sample->expected == EXPECT_TAKEN)
            refuse_cut(&rig, &all.items[i]);
    rig_end(&rig, &all);
}
