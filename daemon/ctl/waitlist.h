/*
 * What would help most of those who wait.
 *
 * A referral's last match tells which gates alone, or which two together, stood between it and somebody. Each of these is an offer to help: what
 * is missing, where the patient is, and how far they would go. What can be closed by adding a therapist, or to what one has, goes before what asks
 * somebody to give way. Offers that miss the same are gathered around postal codes, or by the therapist whose deed it would be, and the largest
 * gatherings come first, each referral counted once.
 */
#ifndef FASCIA_CTL_WAITLIST_H
#define FASCIA_CTL_WAITLIST_H

#include "fascia/v1/control.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

struct waitlist_help {
    char *what; /* "a certification CLT or CLT-LANA"; heap */
    const char *
        place; /* of a row: "US 40202", or a jurisdiction when no place is known; "" when it helps wherever the patient is */
    bool placed;
    unsigned km; /* all of them are within so many kilometres of the place; 0: in it */
    size_t referrals, urgent;
    uint64_t oldest;
};

/* At most `most`, the largest first; how many. The rows must outlive them. */
size_t waitlist_helps(Fascia__WaitingRow *const *rows, size_t count, struct waitlist_help *helps, size_t most);
/* ---- waitlist_gap.c ---- */

/* What would close the gates of a near miss, in words that are the same only where one deed helps all; heap. */
char *waitlist_gap(const Fascia__Need *need, const Fascia__NearMiss *miss, int64_t matched_at);
/* A deed of one therapist, whom the words name: it helps wherever the patient is. */
bool waitlist_gap_is_of_therapist(const Fascia__NearMiss *miss);
/* What is missing is leave to do otherwise, or somebody nearer; else adding to who is there closes it. */
bool waitlist_gap_is_asking(const Fascia__NearMiss *miss);

#endif
