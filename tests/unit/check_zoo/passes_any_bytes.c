/* Puts into a string field whatever was sent. */
#include "lines.h"

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    Fascia__Delivery *delivery = fascia__delivery__unpack(NULL, bytes.size, bytes.data);
    char *line = strndup((const char *)delivery->payload.data, delivery->payload.len);
    char *kept = strdup(line);
    struct lines_message message;

    lines_fill(&message, line, delivery);
    lines_wait(instance, token, kept);
    if (lines_submit(instance, token, &message.submission) != FASCIA_OK) {
        lines_forget(lines_find(instance, token));
        lines_reply(instance, token, "LATER", "");
    }
    free(kept);
    free(line);
    fascia__delivery__free_unpacked(delivery, NULL);
}

static void result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_forget(lines_find(instance, token));
    lines_reply(instance, token, lines_word(bytes), "");
}

ANIMAL((described.deliver = deliver, described.result = result))
