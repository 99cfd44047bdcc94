/*
 * A question that nobody sent ("what if?"), from the options of a command line.
 *
 * Codes and words go as they are: the daemon reads them by its tables. What can be known here is checked here. Knows no socket.
 */
#ifndef FASCIA_CTL_QUESTION_H
#define FASCIA_CTL_QUESTION_H

#include "ctl/call.h"

/* Heap: fascia__try_match__free_unpacked(). NULL, and said, when an option can't be taken. referral 0: from nothing. */
Fascia__TryMatch *ctl_question_create(struct ctl_call *call, uint64_t referral);
/* The option that a problem's field was asked for by: "--postal-code"; NULL. */
const char *ctl_question_option(const char *field);

#endif
