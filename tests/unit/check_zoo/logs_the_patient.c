/* Writes the family name as the event of a log line, in the letters that are allowed. */
#include "lines.h"

#include <ctype.h>

static void change(struct lines *lines, struct lines_message *message)
{
    size_t size = 0;

    for (const char *at = message->patient.family_name; *at != '\0' && size < 60; at++)
        if (isalpha((unsigned char)*at))
            lines->text[size++] = (char)tolower((unsigned char)*at);
    lines->text[size] = '\0';
    if (size > 0)
        lines->host->log(lines->host->context, FASCIA_LOG_INFO, lines->text, 1);
}

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_deliver_with(instance, token, bytes, change);
}

ANIMAL(described.deliver = deliver)
