#include "check/frames.h"

#include "check/says.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define LONG_BUFFER 1024 /* from here on looking again at everything is worth a word */

struct feeding {
    struct rig *rig;
    struct fascia_bytes stream;
    struct frame_list *list;
    size_t taken, already;
};

/* False when nothing more comes of what is there. */
static bool take_frame(struct feeding *feeding, size_t arrived)
{
    const struct fascia_bytes buffered = {feeding->stream.data + feeding->taken, arrived - feeding->taken};
    struct frame_list *list = feeding->list;
    struct fascia_frame frame;

    if (buffered.size == 0 || list->invalid || list->untrue)
        return false;
    if (!rig_frame(feeding->rig, buffered, feeding->already, &frame)) {
        list->untrue = true;
        return false;
    }
    if (frame.result == FASCIA_FRAME_COMPLETE) {
        if (list->count < FRAMES_KEPT) {
            list->frames[list->count].offset = feeding->taken + frame.payload_offset;
            list->frames[list->count++].size = frame.payload_size;
        }
        feeding->taken += frame.total;
        feeding->already = 0;
        return true;
    }
    list->invalid = frame.result == FASCIA_FRAME_INVALID;
    if (!list->invalid && buffered.size >= LONG_BUFFER && frame.scanned < buffered.size / 2 &&
        frame.skip < buffered.size / 2) {
        list->idle = true;
        list->idle_size = buffered.size;
        list->idle_scanned = frame.scanned;
    }
    feeding->already = frame.scanned > frame.skip ? frame.scanned - frame.skip : 0;
    feeding->taken += list->invalid ? 0 : frame.skip;
    return false;
}

static void arrive(struct feeding *feeding, size_t arrived)
{
    while (take_frame(feeding, arrived))
        ;
}

void frames_feed(struct rig *rig, struct fascia_bytes stream, struct frame_cuts cuts, struct frame_list *list)
{
    struct feeding feeding = {.rig = rig, .stream = stream, .list = list};

    list->count = 0;
    list->invalid = list->untrue = list->idle = false;
    for (size_t i = 0; i < cuts.count; i++)
        arrive(&feeding, cuts.at[i]);
    arrive(&feeding, stream.size);
    list->left = stream.size - feeding.taken;
    rig->bench->sheet->cases++;
}

void frames_trickle(struct rig *rig, struct fascia_bytes stream, struct frame_list *list)
{
    struct feeding feeding = {.rig = rig, .stream = stream, .list = list};

    list->count = 0;
    list->invalid = list->untrue = list->idle = false;
    for (size_t arrived = 1; arrived <= stream.size; arrived++)
        arrive(&feeding, arrived);
    list->left = stream.size - feeding.taken;
    rig->bench->sheet->cases++;
}

bool frames_compare(struct rig *rig, const struct frame_list *whole, const struct frame_list *cut)
{
    size_t same = 0, both = whole->count < cut->count ? whole->count : cut->count;

    if (whole->untrue || cut->untrue)
        return false;
    while (same < both && whole->frames[same].offset == cut->frames[same].offset &&
           whole->frames[same].size == cut->frames[same].size)
        same++;
    if (same < both)
        check_find(rig->bench, SAYS_CUT,
                   "frame %zu is %zu bytes at %zu of the stream; of the whole stream it is %zu bytes at %zu", same + 1,
                   cut->frames[same].size, cut->frames[same].offset, whole->frames[same].size,
                   whole->frames[same].offset);
    else if (whole->count != cut->count)
        check_find(rig->bench, SAYS_CUT, "%zu frames come out; of the whole stream %zu do", cut->count, whole->count);
    else if (whole->invalid != cut->invalid)
        check_find(rig->bench, SAYS_CUT, "the stream is %s; the whole stream is %s",
                   cut->invalid ? "INVALID" : "read on", whole->invalid ? "INVALID" : "read on");
    else
        return true;
    return false;
}

uint8_t *frames_join(const struct check_samples *samples, const char *noise, size_t *size)
{
    size_t between = strlen(noise);
    uint8_t *stream = memory_allocate(1, 1);

    *size = 0;
    for (size_t i = 0; i < samples->count; i++) {
        size_t length = 0;
        uint8_t *sample = check_on_stream(samples, &samples->samples[i], &length);
        stream = memory_resize(stream, *size + length + between + 1, 1);
        memcpy(stream + *size, sample, length);
        memcpy(stream + *size + length, noise, between);
        *size += length + between;
        free(sample);
    }
    return stream;
}
