/* A referral's history in words: one line for each event. */
#ifndef FASCIA_CTL_HISTORY_H
#define FASCIA_CTL_HISTORY_H

#include "ctl/call.h"

void ctl_show_history(struct ctl_call *call, const Fascia__ReferralDetail *detail, const struct zone *zone);

#endif
