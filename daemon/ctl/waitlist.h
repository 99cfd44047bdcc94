/*
 * What would help most of those who wait.
 *
 * A referral's last match tells which gates alone, or which two together, stood between it and somebody. Each of these is an offer to help: what
 * is missing, where the patient is, and how far they would go. Offers that miss the same are gathered around postal codes, and the largest
 * gatherings come first, each referral counted once.
 */
#ifndef FASCIA_CTL_WAITLIST_H
#define FASCIA_CTL_WAITLIST_H

#include "fascia/v1/control.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

struct waitlist_help {
    char *what;        /* "a certification CLT or CLT-LANA"; heap */
    const char *place; /* of a row: "US 40202", or a jurisdiction when no place is known; "" */
    bool placed;
    unsigned km; /* all of them are within so many kilometres of the place; 0: in it */
    size_t referrals, urgent;
    uint64_t oldest;
};

/* At most `most`, the largest first; how many. The rows must outlive them. */
size_t waitlist_helps(Fascia__WaitingRow *const *rows, size_t count, struct waitlist_help *helps, size_t most);
/* What the gates of a near miss ask of a therapist; heap. */
char *waitlist_gap(const Fascia__Need *need, const Fascia__NearMiss *miss);

#endif
