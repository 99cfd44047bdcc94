/*
 * ORG^O20: the application's answer to an order (HL7 v2 chapter 4.4.7).
 *
 * ORC-1 answers what the order's ORC-1 asked (table 0119): accepted or unable to accept, cancelled or unable to cancel, changed or unable to
 * change; ORC-2 is the placer's number as it was sent, ORC-3 ours.
 */
#ifndef HL7V2_ORG_H
#define HL7V2_ORG_H

#include "hl7v2/reply.h"

/* Writes what follows ERR: nothing when the order may come again as it is, or was not understood. incoming has the order's ORC. */
void hl7_org_write(struct hl7_writer *writer, struct hl7_incoming *incoming, const struct hl7_reply *reply);

#endif
