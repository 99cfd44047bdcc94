/* Samples as they arrive: cut into frames, or whole as files. */
#include "check/rig.h"
#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MOST 2000 /* of one sample */

uint8_t *check_on_stream(const struct check_samples *samples, const struct check_sample *sample, size_t *size)
{
    size_t before = strlen(samples->before), after = strlen(samples->after);
    uint8_t *bytes = memory_resize(NULL, before + sample->size + after + 1, 1);

    memcpy(bytes, samples->before, before);
    memcpy(bytes + before, sample->bytes, sample->size);
    memcpy(bytes + before + sample->size, samples->after, after);
    *size = before + sample->size + after;
    return bytes;
}

static void add(struct check_deliveries *deliveries, struct check_delivery delivery)
{
    deliveries->items = memory_resize(deliveries->items, deliveries->count + 1, sizeof *deliveries->items);
    deliveries->items[deliveries->count++] = delivery;
}

static void add_frames(struct rig *rig, struct check_deliveries *deliveries, const struct check_sample *sample,
                       uint64_t connection)
{
    size_t size = 0, number = 0;
    uint8_t *bytes = check_on_stream(rig->bench->samples, sample, &size);

    deliveries->buffers = memory_resize(deliveries->buffers, deliveries->buffer_count + 1, sizeof(void *));
    deliveries->buffers[deliveries->buffer_count++] = bytes;
    for (size_t at = 0; at < size && number < FRAMES_MOST;) {
        struct fascia_frame frame;
        if (!rig_frame(rig, (struct fascia_bytes){bytes + at, size - at}, 0, &frame) ||
            frame.result != FASCIA_FRAME_COMPLETE)
            break;
        add(deliveries, (struct check_delivery){.sample = sample,
                                                .payload = {bytes + at + frame.payload_offset, frame.payload_size},
                                                .connection = connection,
                                                .number = ++number});
        at += frame.total;
    }
}

bool rig_deliveries(struct rig *rig, struct check_deliveries *deliveries)
{
    const struct check_samples *samples = rig->bench->samples;

    *deliveries = (struct check_deliveries){0};
    for (size_t i = 0; i < samples->count; i++) {
        const struct check_sample *sample = &samples->samples[i];
        check_doing(rig->bench, "cut %s into frames", sample->name);
        if (check_has_transport(rig->bench, FASCIA_TRANSPORT_STREAM))
            add_frames(rig, deliveries, sample, i + 1);
        if (check_has_transport(rig->bench, FASCIA_TRANSPORT_FOLDER))
            add(deliveries,
                (struct check_delivery){.sample = sample, .payload = {sample->bytes, sample->size}, .is_file = true});
    }
    if (deliveries->count > 0)
        return true;
    check_skip(rig->bench, "no sample has a frame; see framing.whole");
    return false;
}

void check_deliveries_finish(struct check_deliveries *deliveries)
{
    for (size_t i = 0; i < deliveries->buffer_count; i++)
        free(deliveries->buffers[i]);
    free(deliveries->buffers);
    free(deliveries->items);
    *deliveries = (struct check_deliveries){0};
}

bool rig_begin(struct rig *rig, struct check_bench *bench, struct check_deliveries *deliveries)
{
    if (!rig_open(rig, bench))
        return false;
    if (rig_deliveries(rig, deliveries))
        return true;
    check_deliveries_finish(deliveries);
    rig_close(rig);
    return false;
}

void rig_end(struct rig *rig, struct check_deliveries *deliveries)
{
    rig_close(rig);
    check_deliveries_finish(deliveries);
}

struct delivery_name check_delivery_name(const struct check_delivery *delivery)
{
    struct delivery_name name;

    if (delivery->is_file)
        snprintf(name.text, sizeof name.text, "the file %.100s", delivery->sample->name);
    else
        snprintf(name.text, sizeof name.text, "frame %zu of %.100s", delivery->number, delivery->sample->name);
    return name;
}
