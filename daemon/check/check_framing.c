/* frame(): whole samples, cut anywhere, with noise, without an end. */
#include "check/frames.h"
#include "check/says.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define SPLITS_AT_EVERY_BYTE 8192  /* longer samples are cut at so many places, by chance */
#define TRICKLE_MOST         65536 /* bytes that are fed one by one */
#define RANDOM_CUTS          200   /* of the joined stream */
#define ENDLESS              (1 << 20)

struct framing {
    struct check_bench *bench;
    struct rig rig;
    struct frame_list whole, cut;
};

/* NULL, and skipped, for a plugin without streams. */
static struct framing *begin(struct check_bench *bench)
{
    struct framing *framing = NULL;

    if (!check_has_transport(bench, FASCIA_TRANSPORT_STREAM)) {
        check_skip(bench, "it takes no streams");
        return NULL;
    }
    framing = memory_allocate(1, sizeof *framing);
    framing->bench = bench;
    if (rig_open(&framing->rig, bench))
        return framing;
    free(framing);
    return NULL;
}

static void end(struct framing *framing)
{
    rig_close(&framing->rig);
    free(framing);
}

static void each_sample(struct check_bench *bench,
                        void (*look)(struct framing *, const struct check_sample *, struct fascia_bytes))
{
    struct framing *framing = begin(bench);

    for (size_t i = 0; framing != NULL && i < bench->samples->count; i++) {
        size_t size = 0;
        uint8_t *stream = check_on_stream(bench->samples, &bench->samples->samples[i], &size);
        check_doing(bench, "give the whole of %s (%zu bytes) to frame()", bench->samples->samples[i].name, size);
        frames_feed(&framing->rig, (struct fascia_bytes){stream, size}, (struct frame_cuts){NULL, 0}, &framing->whole);
        look(framing, &bench->samples->samples[i], (struct fascia_bytes){stream, size});
        free(stream);
    }
    if (framing != NULL)
        end(framing);
}

/* ---- whole ------------------------------------------------------------------------------------------------------------------ */

static void look_whole(struct framing *framing, const struct check_sample *sample, struct fascia_bytes stream)
{
    const struct frame_list *whole = &framing->whole;

    (void)stream;
    if (sample->expected != EXPECT_TAKEN || whole->untrue)
        return;
    if (whole->invalid)
        check_find(framing->bench, SAYS_EXPECT, "frame() finds the sample INVALID after %zu frames", whole->count);
    else if (whole->count == 0)
        check_find(framing->bench, SAYS_EXPECT,
                   "no frame comes out of the sample; if the file holds the bare message, say in check.yaml what "
                   "stands before and after it on a stream");
    else if (whole->left > 0)
        check_find(framing->bench, SAYS_EXPECT, "%zu bytes are left over behind %zu frames", whole->left, whole->count);
}

void check_framing_whole(struct check_bench *bench)
{
    each_sample(bench, look_whole);
}

/* ---- cut --------------------------------------------------------------------------------------------------------------------- */

static void try_cuts(struct framing *framing, const char *name, struct fascia_bytes stream, struct frame_cuts cuts)
{
    check_doing(framing->bench, "give %s to frame() in %zu pieces, the first cut at byte %zu of %zu", name,
                cuts.count + 1, cuts.at[0], stream.size);
    frames_feed(&framing->rig, stream, cuts, &framing->cut);
    (void)frames_compare(&framing->rig, &framing->whole, &framing->cut);
}

static void check_idle(struct framing *framing)
{
    if (framing->cut.idle)
        check_find(
            framing->bench, SAYS_SCANNED,
            "of %zu bytes without an end frame() had scanned %zu: one that sends slowly is looked at again and again",
            framing->cut.idle_size, framing->cut.idle_scanned);
}

static void trickle(struct framing *framing, const char *name, struct fascia_bytes stream)
{
    if (stream.size > TRICKLE_MOST)
        return;
    check_doing(framing->bench, "give %s to frame() byte by byte", name);
    frames_trickle(&framing->rig, stream, &framing->cut);
    (void)frames_compare(&framing->rig, &framing->whole, &framing->cut);
    check_idle(framing);
}

static void look_splits(struct framing *framing, const struct check_sample *sample, struct fascia_bytes stream)
{
    uint64_t chance = check_seed(framing->bench->seed, sample->name, 0);
    bool every = stream.size <= SPLITS_AT_EVERY_BYTE;

    for (size_t i = 1; i < stream.size && i < SPLITS_AT_EVERY_BYTE && framing->bench->sheet->count == 0; i++) {
        size_t at = every ? i : 1 + check_below(&chance, stream.size - 1);
        try_cuts(framing, sample->name, stream, (struct frame_cuts){&at, 1});
    }
    trickle(framing, sample->name, stream);
}

void check_framing_splits(struct check_bench *bench)
{
    each_sample(bench, look_splits);
}

static int by_size(const void *left, const void *right)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;

    return (a > b) - (a < b);
}

static void cut_at_random(struct framing *framing, const char *name, struct fascia_bytes stream, size_t times)
{
    uint64_t chance = check_seed(framing->bench->seed, name, 1);
    size_t at[8];

    for (size_t i = 0; stream.size > 1 && i < times && framing->bench->sheet->count == 0; i++) {
        size_t count = 1 + check_below(&chance, sizeof at / sizeof at[0]);
        for (size_t j = 0; j < count; j++)
            at[j] = 1 + check_below(&chance, stream.size - 1);
        qsort(at, count, sizeof at[0], by_size);
        try_cuts(framing, name, stream, (struct frame_cuts){at, count});
    }
}

/* Ends in a frame of its own sample each: only so does what follows begin anew. */
static void joined(struct framing *framing, const char *noise, const char *name)
{
    size_t size = 0;
    uint8_t *bytes = frames_join(framing->bench->samples, noise, &size);
    struct fascia_bytes stream = {bytes, size};

    check_doing(framing->bench, "give %s to frame() at once", name);
    frames_feed(&framing->rig, stream, (struct frame_cuts){NULL, 0}, &framing->whole);
    cut_at_random(framing, name, stream, RANDOM_CUTS);
    trickle(framing, name, stream);
    free(bytes);
}

void check_framing_stream(struct check_bench *bench)
{
    struct framing *framing = begin(bench);

    if (framing == NULL)
        return;
    joined(framing, "", "all samples in one stream");
    end(framing);
}

void check_framing_noise(struct check_bench *bench)
{
    static const struct {
        const char *bytes, *name;
    } noises[] = {{"\r\n\r\n", "all samples, with empty lines between them,"},
                  {"noise", "all samples, with a word between them,"},
                  {"\x1c\x0b\x02\x03", "all samples, with control characters between them,"},
                  {"\xff\xfe\xc3", "all samples, with bytes that are no UTF-8 between them,"}};
    struct framing *framing = begin(bench);

    if (framing == NULL)
        return;
    for (size_t i = 0; i < sizeof noises / sizeof noises[0]; i++)
        joined(framing, noises[i].bytes, noises[i].name);
    end(framing);
}

/* ---- pure -------------------------------------------------------------------------------------------------------------------- */

static bool is_same(const struct fascia_frame *left, const struct fascia_frame *right)
{
    if (left->result != right->result || left->skip != right->skip)
        return false;
    if (left->result == FASCIA_FRAME_MORE)
        return true;
    if (left->result == FASCIA_FRAME_INVALID)
        return left->reply.size == right->reply.size;
    return left->payload_offset == right->payload_offset && left->payload_size == right->payload_size &&
           left->total == right->total;
}

static void look_pure(struct framing *framing, const struct check_sample *sample, struct fascia_bytes stream)
{
    static const uint8_t other[] = "another stream\r\n\x0b of other bytes \x1c\r";
    uint64_t chance = check_seed(framing->bench->seed, sample->name, 2);

    for (size_t i = 0; i < 64 && stream.size > 0; i++) {
        const struct fascia_bytes part = {stream.data, i == 0 ? stream.size : 1 + check_below(&chance, stream.size)};
        struct fascia_frame first, unrelated, again;
        check_doing(framing->bench,
                    "give the first %zu bytes of %s to frame(), then another stream, then the same again", part.size,
                    sample->name);
        if (!rig_frame(&framing->rig, part, 0, &first) ||
            !rig_frame(&framing->rig, (struct fascia_bytes){other, sizeof other - 1}, 0, &unrelated) ||
            !rig_frame(&framing->rig, part, 0, &again))
            return;
        framing->bench->sheet->cases++;
        if (!is_same(&first, &again))
            check_find(
                framing->bench, SAYS_PURE,
                "the second answer (result %u, skip %zu, total %zu) is not the first (result %u, skip %zu, total %zu)",
                again.result, again.skip, again.total, first.result, first.skip, first.total);
        if (first.result == FASCIA_FRAME_MORE && rig_frame(&framing->rig, part, first.scanned, &again) &&
            !is_same(&first, &again))
            check_find(framing->bench, SAYS_PURE,
                       "with %zu bytes already looked at the answer is another than with none", first.scanned);
    }
}

void check_framing_pure(struct check_bench *bench)
{
    each_sample(bench, look_pure);
}

/* ---- without an end ------------------------------------------------------------------------------------------------------- */

/* A sample whose middle is stretched by one of its own bytes, fed in pieces that double. */
static void stretch(struct framing *framing, const struct check_sample *sample, struct fascia_bytes stream)
{
    size_t middle = stream.size / 2, size = 0, count = 0, at[24];
    uint8_t *bytes = memory_allocate(ENDLESS, 1);

    memcpy(bytes, stream.data, middle);
    memset(bytes + middle, 'A', ENDLESS - middle);
    for (size = middle + 1; size < ENDLESS && count < sizeof at / sizeof at[0]; size *= 2)
        at[count++] = size;
    check_doing(framing->bench, "give frame() half of %s and then %d bytes 'A' that never end", sample->name, ENDLESS);
    frames_feed(&framing->rig, (struct fascia_bytes){bytes, ENDLESS}, (struct frame_cuts){at, count}, &framing->cut);
    check_idle(framing);
    free(bytes);
}

/* One byte more of a long frame: what was scanned should not be read again. Its first and last pages may be. */
static void one_byte_more(struct framing *framing, const struct check_sample *sample, struct fascia_bytes stream,
                          size_t size)
{
    uint8_t *bytes = memory_allocate(size, 1);
    struct fascia_frame frame;
    size_t pages = 0, again = 0;

    memcpy(bytes, stream.data, stream.size / 2);
    memset(bytes + stream.size / 2, 'A', size - stream.size / 2);
    check_doing(framing->bench, "give frame() half of %s and bytes 'A' that never end, and after %zu of them one more",
                sample->name, size - 1);
    if (rig_frame(&framing->rig, (struct fascia_bytes){bytes, size - 1}, 0, &frame) &&
        frame.result == FASCIA_FRAME_MORE && frame.skip == 0 &&
        rig_frame_watched(&framing->rig, (struct fascia_bytes){bytes, size}, frame.scanned, &pages, &again) &&
        pages >= 4 && again > pages / 2)
        check_find(framing->bench, SAYS_SCANNED, "of %zu pages that it said it had scanned it read %zu again", pages,
                   again);
    framing->bench->sheet->cases++;
    free(bytes);
}

static void look_endless(struct framing *framing, const struct check_sample *sample, struct fascia_bytes stream)
{
    if (stream.size > 1 && stream.size < ENDLESS / 2)
        stretch(framing, sample, stream);
    for (size_t size = (size_t)32 << 10; size <= (size_t)512 << 10; size *= 4)
        if (stream.size / 2 < size)
            one_byte_more(framing, sample, stream, size);
}

void check_framing_endless(struct check_bench *bench)
{
    each_sample(bench, look_endless);
}
