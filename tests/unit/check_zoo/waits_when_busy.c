/* When the host is busy it waits for a call that nobody owes it. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    struct lines *lines = instance;
    Fascia__Delivery *delivery = fascia__delivery__unpack(NULL, bytes.size, bytes.data);
    struct lines_message message;
    char *line = malloc(LINE_LONGEST), *kept = NULL;

    if (!lines_read(delivery, line)) {
        lines_reply(lines, token, "NO", "");
    } else {
        kept = strdup(line);
        lines_fill(&message, line, delivery);
        lines_wait(lines, token, kept);
        (void)lines_submit(lines, token, &message.submission);
    }
    free(kept);
    free(line);
    fascia__delivery__free_unpacked(delivery, NULL);
}

ANIMAL(described.deliver = deliver)
