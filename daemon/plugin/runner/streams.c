#include "plugin/runner/streams.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

struct stream {
    struct numbered numbered; /* first */
    uint8_t *bytes;
    size_t size, room, scanned;
};

static struct stream *find(struct streams *streams, uint64_t number)
{
    struct stream *stream = (struct stream *)numbered_find(&streams->table, number);

    if (stream != NULL)
        return stream;
    stream = memory_allocate(1, sizeof *stream);
    numbered_add(&streams->table, &stream->numbered, number);
    return stream;
}

void streams_forget(struct streams *streams, uint64_t number)
{
    struct stream *stream = (struct stream *)numbered_find(&streams->table, number);

    if (stream == NULL)
        return;
    numbered_remove(&streams->table, &stream->numbered);
    free(stream->bytes);
    free(stream);
}

static Fascia__StreamFrame *found(const struct fascia_frame *frame)
{
    Fascia__StreamFrame *message = memory_allocate(1, sizeof *message);

    fascia__stream_frame__init(message);
    message->payload_offset = frame->payload_offset;
    message->payload_size = frame->payload_size;
    message->total = frame->total;
    return message;
}

static void refuse(Fascia__StreamFrames *frames, const struct fascia_frame *frame)
{
    frames->invalid = true;
    if (frame->result != FASCIA_FRAME_INVALID || frame->reply.size == 0 || frame->reply.data == NULL)
        return;
    frames->reply.data = memory_resize(NULL, frame->reply.size, 1);
    frames->reply.len = frame->reply.size;
    memcpy(frames->reply.data, frame->reply.data, frame->reply.size);
}

/* Cuts what is there from `at` on; false when there is no further frame. What a frame says of itself the host checks again. */
static bool cut(struct stream *stream, size_t *at, const struct fascia_plugin *plugin, void *instance,
                Fascia__StreamFrames *frames, size_t *room)
{
    struct fascia_frame frame = {.size = sizeof frame};
    const size_t left = stream->size - *at;

    if (left == 0)
        return false;
    plugin->frame(instance, (struct fascia_bytes){stream->bytes + *at, left}, stream->scanned, &frame);
    if (frame.result == FASCIA_FRAME_COMPLETE && frame.total >= 1 && frame.total <= left) {
        frames->frames = memory_grow(frames->frames, room, frames->n_frames + 1, sizeof *frames->frames);
        frames->frames[frames->n_frames++] = found(&frame);
        *at += frame.total;
        stream->scanned = 0;
        return true;
    }
    if (frame.result == FASCIA_FRAME_MORE && frame.skip <= left && frame.scanned <= left) {
        frames->skip = frame.skip;
        *at += frame.skip;
        stream->scanned = frame.scanned > frame.skip ? frame.scanned - frame.skip : 0;
        return false;
    }
    refuse(frames, &frame);
    return false;
}

Fascia__StreamFrames *streams_feed(struct streams *streams, const struct fascia_plugin *plugin, void *instance,
                                   const Fascia__StreamFeed *feed)
{
    struct stream *stream = find(streams, feed->stream);
    Fascia__StreamFrames *frames = memory_allocate(1, sizeof *frames);
    size_t at = 0, room = 0;

    fascia__stream_frames__init(frames);
    frames->stream = feed->stream;
    stream->bytes = memory_grow(stream->bytes, &stream->room, stream->size + feed->bytes.len + 1, 1);
    memcpy(stream->bytes + stream->size, feed->bytes.data, feed->bytes.len);
    stream->size += feed->bytes.len;
    while (cut(stream, &at, plugin, instance, frames, &room))
        ;
    stream->size -= at;
    memmove(stream->bytes, stream->bytes + at, stream->size);
    return frames;
}
