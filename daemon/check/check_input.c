/* Bad input: nothing that a sender sends may crash a source, or leave a delivery open. */
#include "check/frames.h"
#include "check/mutate.h"
#include "check/rig.h"
#include "core/memory.h"

#include <stdlib.h>

#define STREAM_CUTS 3 /* of each mutated stream */

/* Decided by the seed, the sample and the number alone, whatever ran before. */
static void try_one(struct rig *rig, const struct check_delivery *delivery, uint32_t number)
{
    static const Fascia__Result__Verdict verdicts[] = {FASCIA__RESULT__VERDICT__OK, FASCIA__RESULT__VERDICT__REFUSED,
                                                       FASCIA__RESULT__VERDICT__BUSY};
    uint64_t chance = check_seed(rig->bench->seed, delivery->sample->name,
                                 ((uint64_t)delivery->number << 32) + number + delivery->is_file);
    struct check_delivery changed = *delivery;
    struct rig_token *token = NULL;
    const char *what = "";
    size_t size = 0;
    uint8_t *bytes = mutate(delivery->payload, &chance, &size, &what);

    check_doing(rig->bench, "deliver %s with %s (%zu bytes; mutation %u)", check_delivery_name(delivery).text, what,
                size, number);
    changed.payload = (struct fascia_bytes){bytes, size};
    token = rig_deliver(rig, &changed);
    (void)rig_answer_all(rig, token, verdicts[check_below(&chance, 3)]);
    rig_forget(rig, token);
    free(bytes);
}

void check_input_mutated(struct check_bench *bench)
{
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < all.count; i++)
        for (uint32_t number = 0; number < bench->settings->mutations; number++)
            try_one(&rig, &all.items[i], number);
    rig_end(&rig, &all);
}

/* ---- streams --------------------------------------------------------------------------------------------------------------- */

struct streams {
    struct rig rig;
    struct frame_list whole, cut;
};

static void try_stream(struct streams *streams, const struct check_sample *sample, uint32_t number)
{
    struct check_bench *bench = streams->rig.bench;
    uint64_t chance = check_seed(bench->seed, sample->name, ((uint64_t)1 << 60) + number);
    const char *what = "";
    size_t size = 0, length = 0;
    uint8_t *good = check_on_stream(bench->samples, sample, &size),
            *bytes = mutate((struct fascia_bytes){good, size}, &chance, &length, &what);
    const struct fascia_bytes stream = {bytes, length};

    check_doing(bench, "give %s with %s (%zu bytes; mutation %u) to frame() at once", sample->name, what, length,
                number);
    frames_feed(&streams->rig, stream, (struct frame_cuts){NULL, 0}, &streams->whole);
    for (size_t i = 0; length > 1 && i < STREAM_CUTS; i++) {
        size_t at = 1 + check_below(&chance, length - 1);
        check_doing(bench, "give %s with %s (%zu bytes; mutation %u) to frame(), cut at byte %zu", sample->name, what,
                    length, number, at);
        frames_feed(&streams->rig, stream, (struct frame_cuts){&at, 1}, &streams->cut);
        if (!frames_compare(&streams->rig, &streams->whole, &streams->cut))
            break;
    }
    free(bytes);
    free(good);
}

void check_input_stream(struct check_bench *bench)
{
    struct streams *streams = NULL;

    if (!check_has_transport(bench, FASCIA_TRANSPORT_STREAM)) {
        check_skip(bench, "it takes no streams");
        return;
    }
    streams = memory_allocate(1, sizeof *streams);
    if (rig_open(&streams->rig, bench)) {
        for (size_t i = 0; i < bench->samples->count; i++)
            for (uint32_t number = 0; number < bench->settings->mutations; number++)
                try_stream(streams, &bench->samples->samples[i], number);
        rig_close(&streams->rig);
    }
    free(streams);
}
