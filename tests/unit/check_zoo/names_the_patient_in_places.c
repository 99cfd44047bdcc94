/* Tells where a code stood by the patient's name. */
#include "lines.h"

static void change(struct lines *lines, struct lines_message *message)
{
    snprintf(lines->text, sizeof lines->text, "the line of %.100s", message->patient.family_name);
    message->code.location = lines->text;
}

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_deliver_with(instance, token, bytes, change);
}

ANIMAL(described.deliver = deliver)
