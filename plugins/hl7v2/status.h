/*
 * Statuses that are sent to a referral's sender, and what the sender's system says to them.
 */
#ifndef HL7V2_STATUS_H
#define HL7V2_STATUS_H

#include "fascia/v1/plugin.pb-c.h"
#include "hl7v2/incoming.h"

/* Fills outbound: RRI^I12, or OSU and SIU, for where the sender listens; or nothing when it has not been said where, or is not to be told. In
 * the arena. */
void hl7_status_compose(const struct hl7_settings *settings, struct hl7_charsets *charsets, struct hl7_arena *arena,
                        const Fascia__StatusNotice *notice, int64_t now, Fascia__Outbound *outbound);
/* What an answer says of the status with that outbox number. reason is static. */
Fascia__Verdict__Kind hl7_status_verdict(struct hl7_arena *arena, uint64_t outbox, const uint8_t *answer, size_t size,
                                         const char **reason);

#endif
