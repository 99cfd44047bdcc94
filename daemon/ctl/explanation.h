/* Why a referral was matched as it was: the smallest thing to change, candidates with their score parts, and what the gates removed. */
#ifndef FASCIA_CTL_EXPLANATION_H
#define FASCIA_CTL_EXPLANATION_H

#include "ctl/call.h"

/* Asks for the one that the event recorded, or for 0 the latest; *response is the caller's when CTL_OK. */
MUST_CHECK int ctl_ask_explanation(struct ctl_call *call, uint64_t referral, uint64_t event,
                                   Fascia__ControlResponse **response);
/* The explanation of a response; its history (detail), where there is one, tells what became of the candidates since. event as asked for. */
void ctl_show_explanation(struct ctl_call *call, const Fascia__ControlResponse *response, uint64_t event,
                          const struct zone *zone);
/* A gate in words: "takes the patient's payer"; the name itself when this release does not know it. */
const char *ctl_gate_words(const char *gate);
/* Whether it stands for a wish, which a question may leave out (match try --without). */
bool ctl_gate_is_wish(const char *gate);

#endif
