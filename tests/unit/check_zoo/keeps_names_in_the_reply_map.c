/* Puts the patient's name into the reply map, which is no patient data to the host. */
#include "lines.h"

static void change(struct lines *lines, struct lines_message *message)
{
    (void)lines;
    fascia__referral__reply_entry__init(&message->entry);
    message->entry.key = "who";
    message->entry.value = message->patient.family_name;
    message->entries[0] = &message->entry;
    message->referral.reply = message->entries;
    message->referral.n_reply = 1;
}

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_deliver_with(instance, token, bytes, change);
}

ANIMAL(described.deliver = deliver)
