/* Gives each message an id of its own: a resend is another referral. */
#include "lines.h"

static void change(struct lines *lines, struct lines_message *message)
{
    snprintf(lines->text, sizeof lines->text, "%u", ++lines->count);
    message->referral.sender_referral_id = lines->text;
}

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_deliver_with(instance, token, bytes, change);
}

ANIMAL(described.deliver = deliver)
