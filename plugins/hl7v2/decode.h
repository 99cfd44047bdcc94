/*
 * From a REF message, or an OMG of 360X, to a fascia.v1.Submission.
 *
 * Events of REF: I12 new, I13 modify, I14 cancel, I15 asks for the status. Of OMG^O19, ORC-1 says which. Segments may stand in any order after MSH; what belongs together
 * (AUT to PR1, NTE to OBX) is told by what stands before. What is not understood goes to Referral.kept: whole segments,
 * or single fields of segments that were understood in part. Everything lives in the incoming's arena.
 */
#ifndef HL7V2_DECODE_H
#define HL7V2_DECODE_H

#include "fascia/v1/plugin.pb-c.h"
#include "hl7v2/incoming.h"

/* NULL when the findings of the incoming hold an error. original is borrowed by the submission. */
Fascia__Submission *hl7_decode(const struct hl7_settings *settings, struct hl7_incoming *incoming,
                               struct fascia_bytes original);

/* What every decode_*.c works on. */
struct hl7_decoder {
    const struct hl7_settings *settings;
    struct hl7_incoming *incoming;
    struct hl7_message *message;
    struct hl7_arena *arena;
    Fascia__Referral *referral;
};

/* decode_structure.c: what must not stand twice. Errors are in the findings. */
void hl7_decode_structure(struct hl7_decoder *decoder);
/* decode_people.c: PRD, PID, IN1, and the persons of other segments */
void hl7_decode_providers(struct hl7_decoder *decoder);
void hl7_decode_patient(struct hl7_decoder *decoder);
void hl7_decode_insurance(struct hl7_decoder *decoder);
/* XCN: who refers, by a field of another segment than PRD. false: nobody stands there. */
bool hl7_decode_person(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field);
/* decode_clinical.c: DG1, PR1, OBR, OBX, AL1, NTE */
void hl7_decode_clinical(struct hl7_decoder *decoder);
/* decode_observation.c */
void hl7_decode_observation(struct hl7_decoder *decoder, struct hl7_segment *obx);
/* decode_wishes.c: RF1, AUT, and the segment of wishes */
void hl7_decode_referral(struct hl7_decoder *decoder);
void hl7_decode_authorization(struct hl7_decoder *decoder);
void hl7_decode_wishes(struct hl7_decoder *decoder);

/* RF1-10 and its like (CE, CWE): each repetition a note of kind "reason". */
void hl7_decode_reasons(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field);
/* HL7 table 0280, or 0485 of which it is a part. What is not understood is left to be kept. */
void hl7_decode_priority(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field, uint32_t component);
/* A day from which or until which is acted on: a whole date, or an error and "". name is fascia's. */
const char *hl7_decode_day(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field, uint32_t component,
                           const char *name);
/* EI: "value^authority", or the value alone; "" */
const char *hl7_decode_entity(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field);

/* decode_order.c: ORC, TQ1, and what OBR says of an order */
/* What an order asks, and of which referral. Errors are in the findings. */
Fascia__Submit__Action hl7_decode_order(struct hl7_decoder *decoder);
void hl7_decode_timing(struct hl7_decoder *decoder);
bool hl7_decode_ordering_provider(struct hl7_decoder *decoder);
/* OBR-31, an order's reason. */
void hl7_decode_order_reasons(struct hl7_decoder *decoder, struct hl7_segment *obr);

/* decode_values.c: shapes of values that several segments share */
const char *hl7_decode_date(struct hl7_arena *arena, const char *text); /* "YYYY[-MM[-DD]]"; NULL: not a date */
const char *hl7_decode_language(struct hl7_arena *arena, const char *code, const char *text); /* BCP 47; NULL */
const char *hl7_decode_phone(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field,
                             uint32_t repetition, bool *email); /* XTN */
/* CE, CWE at a field's repetition: the triplet with the best known system. field_text: a field whose text stands in when the code has none; 0. */
Fascia__Code *hl7_decode_code(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field,
                              uint32_t repetition, uint32_t field_text);
const char *hl7_decode_system(struct hl7_arena *arena, const char *name);
void hl7_decode_note(struct hl7_decoder *decoder, const char *kind, const char *text, const char *location);
bool hl7_decode_number(const char *text, uint32_t *number); /* whole, not negative, at most 1,000,000 */

#endif
