#include "plugin/remote.h"

#include "core/memory.h"

#include <stdlib.h>

#define FEED_MOST   ((size_t)64 << 10) /* shown to another process at one time */
#define BLAMES_MOST 2 /* processes that ended at a stream while it was alone with them; then it is not fed any more */
#define LOSSES_MOST 4 /* the same, among others */
#define REPLY_MOST  ((size_t)64 << 10) /* of frame(): static bytes, a refusal */

struct plugin_framer {
    struct numbered
        stream; /* first: its name in another process; number 0: that has been told nothing, and it stands in no table */
    LIST_ENTRY(plugin_framer) link;
    struct plugin_instance *instance; /* NULL once it is closed */
    void (*more)(void *context);
    void *context;
    size_t scanned; /* bytes that frame() has looked at already */

    /* of a plugin in another process */
    size_t fed;   /* bytes of the buffer that it has been shown */
    bool asked;   /* it has not answered the last */
    bool starved; /* there is more, and it could not be shown */
    bool stale;   /* the process has ended since */
    bool invalid;
    unsigned losses, blames;
    Fascia__StreamFrames *said; /* what it said last, of which `next` frames were taken; NULL: nothing */
    size_t next;
};

struct plugin_framer *plugin_framer_create(struct plugin_instance *instance, void (*more)(void *context), void *context)
{
    struct plugin_framer *framer = memory_allocate(1, sizeof *framer);

    framer->instance = instance;
    framer->more = more;
    framer->context = context;
    LIST_INSERT_HEAD(&instance->framers, framer, link);
    return framer;
}

static void forget_what_was_said(struct plugin_framer *framer)
{
    fascia__stream_frames__free_unpacked(framer->said, NULL);
    framer->said = NULL;
    framer->next = 0;
}

/* The other process knows nothing of it, or is not asked any more. */
static void forget_stream(struct plugin_framer *framer)
{
    if (framer->stream.number == 0)
        return;
    numbered_remove(&framer->instance->by_stream, &framer->stream);
    framer->stream.number = 0;
}

static void let_go(struct plugin_instance *instance, struct plugin_framer *framer)
{
    if (framer->stream.number != 0 && instance->remote != NULL)
        remote_forget(instance, framer->stream.number);
    forget_stream(framer);
    LIST_REMOVE(framer, link);
    framer->instance = NULL;
}

void plugin_framer_destroy(struct plugin_framer *framer)
{
    if (framer == NULL)
        return;
    if (framer->instance != NULL)
        let_go(framer->instance, framer);
    forget_what_was_said(framer);
    free(framer);
}

void framers_let_go(struct plugin_instance *instance)
{
    while (!LIST_EMPTY(&instance->framers))
        let_go(instance, LIST_FIRST(&instance->framers));
}

/* Whether what frame() says can be true of a buffer of this size. */
static bool is_frame_possible(const struct fascia_frame *frame, size_t size)
{
    switch (frame->result) {
    case FASCIA_FRAME_MORE:
        return frame->skip <= size && frame->scanned <= size;
    case FASCIA_FRAME_COMPLETE:
        return frame->total >= 1 && frame->total <= size && frame->skip <= frame->payload_offset &&
               frame->payload_offset <= frame->total && frame->payload_size <= frame->total - frame->payload_offset;
    case FASCIA_FRAME_INVALID:
        return frame->reply.size <= REPLY_MOST && (frame->reply.data != NULL || frame->reply.size == 0);
    default:
        return false;
    }
}

void plugin_frame(struct plugin_instance *instance, struct fascia_bytes buffered, size_t already,
                  struct fascia_frame *frame)
{
    const struct fascia_plugin *described = instance->plugin->described;

    *frame = (struct fascia_frame){.size = sizeof *frame};
    if (described->frame == NULL) {
        frame->result = FASCIA_FRAME_INVALID;
        return;
    }
    described->frame(instance->state, buffered, already > buffered.size ? buffered.size : already, frame);
    if (is_frame_possible(frame, buffered.size))
        return;
    plugin_host_log(instance, FASCIA_LOG_ERROR, "plugin.frame-impossible", (int64_t)frame->result);
    *frame = (struct fascia_frame){.size = sizeof *frame, .result = FASCIA_FRAME_INVALID};
}

/* ---- of a plugin in another process ---------------------------------------------------------------------------------- */

/* Shows it what it has not seen, and asks what that is. */
static void show(struct plugin_framer *framer, struct fascia_bytes buffered)
{
    size_t size = buffered.size - framer->fed;

    framer->starved = false;
    if (size == 0 || framer->asked)
        return;
    if (framer->stream.number == 0)
        numbered_add(&framer->instance->by_stream, &framer->stream, ++framer->instance->streams);
    size = size > FEED_MOST ? FEED_MOST : size;
    framer->asked = remote_feed(framer->instance, framer->stream.number, buffered.data + framer->fed, size);
    framer->starved = !framer->asked;
    framer->fed += framer->asked ? size : 0;
}

static void next_from_afar(struct plugin_framer *framer, struct fascia_bytes buffered, struct fascia_frame *frame)
{
    const Fascia__StreamFrames *said = framer->said;

    if (framer->invalid) {
        frame->result = FASCIA_FRAME_INVALID;
        return;
    }
    if (said != NULL && framer->next < said->n_frames) {
        const Fascia__StreamFrame *found = said->frames[framer->next];
        frame->result = FASCIA_FRAME_COMPLETE;
        frame->payload_offset = (size_t)found->payload_offset;
        frame->payload_size = (size_t)found->payload_size;
        frame->total = (size_t)found->total;
        return;
    }
    frame->result = said != NULL && said->invalid ? FASCIA_FRAME_INVALID : FASCIA_FRAME_MORE;
    if (frame->result == FASCIA_FRAME_INVALID)
        frame->reply = (struct fascia_bytes){said->reply.data, said->reply.len};
    else if (said != NULL && said->skip > 0)
        frame->skip = (size_t)said->skip;
    else
        show(framer, buffered);
}

static void take_afar(struct plugin_framer *framer, size_t size)
{
    Fascia__StreamFrames *said = framer->said;

    INVARIANT(size <= framer->fed && said != NULL);
    framer->fed -= size;
    if (framer->next < said->n_frames)
        framer->next++;
    else
        said->skip = 0;
    if (framer->next == said->n_frames && said->skip == 0 && !said->invalid)
        forget_what_was_said(framer);
}

/* What another process says of bytes must be true of those that it was shown. */
static bool are_possible(const struct plugin_framer *framer, const Fascia__StreamFrames *frames)
{
    uint64_t left = framer->fed;

    for (size_t i = 0; i < frames->n_frames; i++) {
        const Fascia__StreamFrame *frame = frames->frames[i];
        if (frame->total < 1 || frame->total > left || frame->payload_offset > frame->total ||
            frame->payload_size > frame->total - frame->payload_offset)
            return false;
        left -= frame->total;
    }
    return frames->skip <= left && frames->reply.len <= REPLY_MOST;
}

bool framers_take(struct plugin_instance *instance, Fascia__StreamFrames **taken)
{
    Fascia__StreamFrames *frames = *taken;
    struct plugin_framer *framer = (struct plugin_framer *)numbered_find(&instance->by_stream, frames->stream);

    /* Of a connection that has gone meanwhile: nobody asks any more. */
    if (framer == NULL)
        return frames->stream != 0 && frames->stream <= instance->streams;
    if (!framer->asked || framer->said != NULL || !are_possible(framer, frames))
        return false;
    framer->asked = false;
    framer->losses = framer->blames = 0;
    if (frames->n_frames > 0 || frames->skip > 0 || frames->invalid) {
        framer->said = frames;
        *taken = NULL;
    }
    framer->more(framer->context); /* may end it */
    return true;
}

void framers_lost(struct plugin_instance *instance, uint64_t stream, bool innocent)
{
    struct plugin_framer *framer = NULL;

    LIST_FOREACH(framer, &instance->framers, link)
    {
        /* As with deliveries (remote.h): twice while it was alone, or more often among others. */
        framer->blames += framer->asked && framer->stream.number == stream ? 1 : 0;
        framer->losses += framer->asked && !innocent ? 1 : 0;
        framer->invalid = framer->invalid || framer->blames >= BLAMES_MOST || framer->losses >= LOSSES_MOST;
        /* What it said of bytes that are still there is asked anew of the next process, which begins with them. */
        forget_what_was_said(framer);
        forget_stream(framer);
        framer->fed = 0;
        framer->asked = false;
        framer->stale = true;
    }
}

void framers_go_on(struct plugin_instance *instance)
{
    struct plugin_framers told;
    struct plugin_framer *framer = NULL, *next = NULL;

    LIST_INIT(&told);
    for (framer = LIST_FIRST(&instance->framers); framer != NULL; framer = next) {
        next = LIST_NEXT(framer, link);
        if (!framer->stale && !framer->starved)
            continue;
        LIST_REMOVE(framer, link);
        LIST_INSERT_HEAD(&told, framer, link);
    }
    /* Each time the first, as telling one may end it and others. */
    while ((framer = LIST_FIRST(&told)) != NULL) {
        LIST_REMOVE(framer, link);
        LIST_INSERT_HEAD(&instance->framers, framer, link);
        framer->stale = false;
        framer->more(framer->context);
    }
}

/* ---- door ---------------------------------------------------------------------------------------------------------------- */

void plugin_framer_next(struct plugin_framer *framer, struct fascia_bytes buffered, struct fascia_frame *frame)
{
    *frame = (struct fascia_frame){.size = sizeof *frame};
    if (framer->instance == NULL)
        return;
    if (framer->instance->remote != NULL) {
        next_from_afar(framer, buffered, frame);
        return;
    }
    plugin_frame(framer->instance, buffered, framer->scanned, frame);
    if (frame->result == FASCIA_FRAME_MORE)
        framer->scanned = frame->scanned;
}

void plugin_framer_take(struct plugin_framer *framer, size_t size)
{
    if (size == 0 || framer->instance == NULL)
        return;
    if (framer->instance->remote != NULL)
        take_afar(framer, size);
    else
        framer->scanned = framer->scanned > size ? framer->scanned - size : 0;
}

bool plugin_framer_waits(const struct plugin_framer *framer)
{
    return framer->instance != NULL && (framer->asked || framer->starved);
}
