/* Answers with the id of the message that came last, whichever is answered. */
#include "lines.h"

static void change(struct lines *lines, struct lines_message *message)
{
    snprintf(lines->text, sizeof lines->text, "%s", message->referral.sender_referral_id);
}

static void deliver(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    lines_deliver_with(instance, token, bytes, change);
}

static void result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    struct lines *lines = instance;

    lines_forget(lines_find(lines, token));
    lines_reply(lines, token, lines_word(bytes), lines->text);
}

ANIMAL((described.deliver = deliver, described.result = result))
