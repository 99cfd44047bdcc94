/*
 * A process that says anything: the host reads it in pieces, has deliveries and streams open meanwhile, loses the process when it is wrong, and each delivery still ends once.
 *
 * The first byte says in pieces of which size the rest is read.
 */
#include "unit/remote_host.h"

#define STREAMS    3
#define DELIVERIES 4

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct remote_host host;
static struct plugin_framer *framers[STREAMS];

static void look(void *context)
{
    static const char text[] = "REFER|A-1|\nASK|A-1\n\r\nx";
    struct plugin_framer *framer = *(struct plugin_framer **)context;
    struct fascia_frame frame;
    const size_t size = sizeof text - 1;

    for (int i = 0; i < 4 && framer != NULL; i++) {
        plugin_framer_next(framer, (struct fascia_bytes){(const uint8_t *)text, size}, &frame);
        INVARIANT(frame.skip <= size && frame.total <= size);
        if (frame.result == FASCIA_FRAME_COMPLETE) {
            INVARIANT(frame.total >= 1 && frame.payload_offset <= frame.total &&
                      frame.payload_size <= frame.total - frame.payload_offset);
            plugin_framer_take(framer, frame.total);
        } else if (frame.result == FASCIA_FRAME_MORE && frame.skip > 0) {
            plugin_framer_take(framer, frame.skip);
        } else {
            return;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;
    size_t begun = 0, piece = 0;

    if (size < 2 || size > 4096)
        return 0;
    piece = (size_t)bytes[0] + 1;
    remote_host_begin(&host);
    /* The low bit: whether it is open already, so that a search need not find that out. */
    if ((bytes[0] & 1) != 0)
        remote_make_ready(&host, (bytes[0] & 2) != 0);
    for (int i = 0; i < DELIVERIES; i++)
        begun += plugin_deliver(host.instance, &delivery, NULL) != 0;
    for (int i = 0; i < STREAMS; i++) {
        framers[i] = plugin_framer_create(host.instance, look, &framers[i]);
        look(&framers[i]);
    }
    if (remote_say_bytes(&host, bytes + 1, size - 1, piece) != NULL)
        plugin_isolated_lost(host.instance, false);
    for (int i = 0; i < STREAMS; i++) {
        plugin_framer_destroy(framers[i]);
        framers[i] = NULL;
    }
    plugin_isolated_give_up(host.instance);
    INVARIANT(host.endings == begun);
    remote_host_end(&host);
    return 0;
}
