/*
 * Fields and segments that several messages to a sender have in common.
 *
 * Each function writes into the writer where it stands: a component list, one field, or whole segments, as its comment says.
 */
#ifndef HL7V2_SEGMENTS_H
#define HL7V2_SEGMENTS_H

#include "fascia/v1/plugin.pb-c.h"
#include "hl7v2/incoming.h"
#include "hl7v2/write.h"

/* CE: code, text, table. */
void hl7_segments_coded(struct hl7_writer *writer, const char *code, const char *text, const char *table);
/* A field as its sender wrote it, with the separator before it. segment may be NULL. */
void hl7_segments_sent(struct hl7_writer *writer, const struct hl7_incoming *incoming,
                       const struct hl7_segment *segment, uint32_t field);
/* EI of ours. */
void hl7_segments_own_id(struct hl7_writer *writer, const Fascia__Status *status);
/* EI: id and assigning authority, as the decoder joined them. */
void hl7_segments_entity(struct hl7_writer *writer, const char *id);
/* XPN of a name in one piece: "Roe, Jane" or "Jane Roe LMT". */
void hl7_segments_name(struct hl7_writer *writer, const char *name);
/* XCN: number, the same name, the authority of the number (also as its type when it is NPI). */
void hl7_segments_person(struct hl7_writer *writer, const char *id, const char *name, const char *authority);
/* A whole segment as its sender wrote it. */
void hl7_segments_as_sent(struct hl7_writer *writer, const struct hl7_segment *segment);
/* PID of what was decoded, when the message is gone. */
void hl7_segments_patient(struct hl7_writer *writer, const Fascia__Referral *referral);
/* NTE: the status's text, the booked visit, the outcome, what is missing. findings may be NULL. */
void hl7_segments_notes(struct hl7_writer *writer, const Fascia__Status *status, const struct hl7_findings *findings);

#endif
