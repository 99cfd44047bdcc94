/*
 * RRI^I12: where a referral stands, in its sender's own words as far as they go (HL7 v2 chapter 11.3).
 *
 * RF1, PRD and PID are as the sender wrote them, with RF1-1 the status, RF1-11 our id beside theirs, RF1-7 the day of the booked
 * visit, and the therapist as PRD with role RT once one has accepted. Times and outcome are in NTE: RRI has no SCH segment.
 */
#ifndef HL7V2_RRI_H
#define HL7V2_RRI_H

#include "fascia/v1/plugin.pb-c.h"
#include "hl7v2/incoming.h"
#include "hl7v2/write.h"

/* Writes what follows MSA. findings may be NULL. incoming has the segments of the message, or its MSH alone. */
void hl7_rri_write(struct hl7_writer *writer, struct hl7_incoming *incoming, const Fascia__Status *status,
                   const char *referral_id, const struct hl7_findings *findings);
/* The same for a referral whose message is gone: identifiers and names come from what was decoded. */
void hl7_rri_write_decoded(struct hl7_writer *writer, const Fascia__Referral *referral, const Fascia__Status *status);

#endif
