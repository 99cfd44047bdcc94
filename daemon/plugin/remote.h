/*
 * An instance whose plugin runs in another process. The owner moves the bytes; this is the protocol, without a socket or a clock of its own.
 *
 * The process may end at any moment, and nothing that was given to it is lost then: a delivery is kept until it ends, and given again to the next
 * process under a new token (the core knows a referral that comes twice). Whoever made it end is found by giving what was open one by one
 * ("probation"): what ends the process while it is alone there is not delivered again but refused, so that its sender hears of it, and what ends it even then
 * is given up. A status or an answer is not given again: the outbox does that, with its own pauses.
 */
#ifndef FASCIA_PLUGIN_REMOTE_H
#define FASCIA_PLUGIN_REMOTE_H

#include "plugin/describe.h"
#include "plugin/instance.h"
#include "plugin/wire.h"

/* A delivery, as long as its token is open. */
struct kept_delivery {
    unsigned losses; /* processes that ended while it was with them, among others */
    unsigned blames; /* and while it was alone with them */
    bool refusing;   /* it is not delivered any more */
    bool again;      /* given to this process after another had it */
    size_t size;
    uint8_t bytes[];
};

struct remote_call;
TAILQ_HEAD(remote_calls, remote_call);

struct remote {
    struct plugin_process process;
    struct plugin_described *described; /* NULL until it has said so */
    bool connected, ready, holding;
    struct remote_calls waiting, sent;
    size_t sent_count, sent_bytes, kept_bytes;
    bool starved;            /* a delivery was not begun for want of room */
    uint32_t again;          /* open deliveries that are given again */
    int64_t probation_until; /* one call at a time until then, and while `again` is not 0 */
    uint64_t wrong;          /* what this process has answered wrongly */
    struct wire_buffer out;
};

/* For instance.c */
struct remote *remote_create(const struct plugin_process *process);
void remote_destroy(struct plugin_instance *instance);
bool remote_has_room(struct plugin_instance *instance, size_t size);
void remote_call(struct plugin_instance *instance, enum entry entry, uint64_t token, const ProtobufCMessage *message);
/* Whether the process that is there can tell a sender that something is not worked off. */
bool remote_can_refuse(const struct remote *remote);
/* A token was taken out of the table: what was kept for it goes. */
void remote_token_over(struct plugin_instance *instance, const struct token *token);
/* For framer.c */
bool remote_feed(struct plugin_instance *instance, uint64_t stream, const uint8_t *bytes, size_t size);
void remote_forget(struct plugin_instance *instance, uint64_t stream);

/* Of framer.c, for remote.c */
/* Keeps the message, and leaves NULL in its place, when something is in it. */
MUST_CHECK bool framers_take(struct plugin_instance *instance, Fascia__StreamFrames **frames);
/* The process has ended. stream: the one that was alone with it then, or 0; innocent: of what was not alone nothing is suspected. */
void framers_lost(struct plugin_instance *instance, uint64_t stream, bool innocent);
/* It is ready: streams are fed from the beginning of what their owners still have. */
void framers_go_on(struct plugin_instance *instance);

#endif
