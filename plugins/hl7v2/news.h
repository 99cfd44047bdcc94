/*
 * Statuses as 360X has them: OSU^O51 for the referral (HL7 v2 chapter 4, of 2.8, which 360X takes into 2.5.1), and SIU for one of its
 * appointments (chapter 10).
 *
 * Which of them a status is, its state and its appointment say. What 360X puts into ORC-1 and ORC-5 is configuration of the sender.
 */
#ifndef HL7V2_NEWS_H
#define HL7V2_NEWS_H

#include "fascia/v1/plugin.pb-c.h"
#include "hl7v2/incoming.h"
#include "hl7v2/reply.h"

/* What is written from. incoming has the segments of the message as last sent, or its MSH alone. */
struct hl7_telling {
    struct hl7_incoming *incoming;
    const Fascia__Referral *referral;
    const Fascia__Status *status;
    bool whole; /* incoming has the message */
};

/* Fills type, event and structure of the header and writes what follows MSH. false: this sender is not told of it. */
bool hl7_news_write(struct hl7_writer *writer, const struct hl7_telling *telling, struct hl7_reply_header *header);

/* osu.c */
bool hl7_osu_write(struct hl7_writer *writer, const struct hl7_telling *telling);
/* siu.c; the event, "S12", or NULL when the status is of no appointment that a calendar has. */
const char *hl7_siu_event(const Fascia__Status *status);
void hl7_siu_write(struct hl7_writer *writer, const struct hl7_telling *telling);

/* What both write. */
const struct hl7_segment *hl7_news_segment(const struct hl7_telling *telling, const char *name);
void hl7_news_placer(struct hl7_writer *writer, const struct hl7_telling *telling);  /* EI: the sender's number */
void hl7_news_patient(struct hl7_writer *writer, const struct hl7_telling *telling); /* PID */
void hl7_news_therapist(struct hl7_writer *writer, const Fascia__Status *status);    /* XCN */

#endif
