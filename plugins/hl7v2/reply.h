/*
 * What a sender is answered: ACK, RRI or ORG, in original or enhanced mode (HL7 v2 chapter 2.9), framed and in its character set.
 */
#ifndef HL7V2_REPLY_H
#define HL7V2_REPLY_H

#include "fascia/v1/command.pb-c.h"
#include "hl7v2/incoming.h"
#include "hl7v2/write.h"

enum hl7_outcome {
    HL7_TAKEN,  /* it is durable, or it asked for nothing that could be lost */
    HL7_ERROR,  /* what it says can't be taken */
    HL7_REJECT, /* its header can't be taken */
    HL7_LATER,  /* nothing is wrong with it; it may come again */
    HL7_UNREAD  /* it was not read to its end, and nothing of it was kept: not to be called committed */
};

struct hl7_reply {
    enum hl7_outcome outcome;
    const struct hl7_findings *findings;
    const Fascia__Status *status; /* of the referral; NULL when none is known */
    const char *referral_id;      /* the sender's, for an RRI */
    int64_t now;
    const char *(*next_id)(void *context, struct hl7_arena *arena); /* a new MSH-10 */
    void *context;
};

/* One, two or no framed messages, in the arena of the incoming. */
struct hl7_span hl7_reply_compose(const struct hl7_settings *settings, struct hl7_incoming *incoming,
                                  const struct hl7_reply *reply);

/* The MSH of an answer to the incoming, or of a message to its sender: parties swapped, its version and set. */
struct hl7_reply_header {
    const char *type, *event, *structure;
    const char *control_id;
    const char *version; /* "" : as the incoming's */
    const char *accept, *apply;
    const char *profile; /* MSH-21, where the incoming has none; NULL: none is named */
    int64_t now;
};
/* MSH and the body's segments in the set of the incoming, and in a frame. */
struct hl7_span hl7_reply_frame(const struct hl7_settings *settings, struct hl7_incoming *incoming,
                                const struct hl7_reply_header *header, const struct hl7_writer *body);

/* MSA; findings may be NULL. */
void hl7_reply_msa(struct hl7_writer *writer, const struct hl7_incoming *incoming, const char *code,
                   const struct hl7_findings *findings);

/* "20261201150000+0000" */
const char *hl7_timestamp(struct hl7_arena *arena, int64_t instant);

#endif
