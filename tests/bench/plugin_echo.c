/* A source that does nothing but answer at once: what a delivery costs without what a real source does with it. */
#include "fascia/plugin.h"

static const struct fascia_host *lent;

static enum fascia_status echo_open(const struct fascia_host *host, struct fascia_bytes options, void **instance,
                                    char *fault, size_t fault_size)
{
    (void)options;
    (void)fault;
    (void)fault_size;
    lent = host;
    *instance = &lent;
    return FASCIA_OK;
}

static void echo_close(void *instance)
{
    (void)instance;
}

/* A frame is a line. */
static void echo_frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    (void)instance;
    frame->result = FASCIA_FRAME_MORE;
    for (size_t i = already; i < buffered.size; i++)
        if (buffered.data[i] == '\n') {
            frame->result = FASCIA_FRAME_COMPLETE;
            frame->payload_size = i;
            frame->total = i + 1;
            return;
        }
    frame->scanned = buffered.size;
}

static void echo_deliver(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    /* fascia.v1.Completion { reply: 64 bytes } */
    static const uint8_t ending[2 + 64] = {0x0a, 64};

    (void)instance;
    (void)message;
    lent->complete(lent->context, delivery, (struct fascia_bytes){ending, sizeof ending});
}

static void echo_ignore(void *instance, uint64_t delivery, struct fascia_bytes message)
{
    (void)instance;
    (void)delivery;
    (void)message;
}

static void echo_abandon(void *instance, uint64_t delivery)
{
    (void)instance;
    (void)delivery;
}

FASCIA_EXPORT const struct fascia_plugin *fascia_plugin(void)
{
    static const struct fascia_plugin echo = {
        .magic = FASCIA_PLUGIN_MAGIC,
        .size = sizeof echo,
        .abi_major = FASCIA_ABI_MAJOR,
        .abi_minor = FASCIA_ABI_MINOR,
        .kind = FASCIA_KIND_SOURCE,
        .transports = FASCIA_TRANSPORT_STREAM,
        .name = "echo",
        .version = "1",
        .summary = "answers at once",
        .open = echo_open,
        .close = echo_close,
        .frame = echo_frame,
        .deliver = echo_deliver,
        .result = echo_ignore,
        .status = echo_ignore,
        .answered = echo_ignore,
        .abandon = echo_abandon,
    };

    return &echo;
}
