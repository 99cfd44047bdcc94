/*
 * What a child finds, on pages that it shares with its parent: so that what it was doing is known even when the plugin ended it.
 *
 * The parent believes nothing that stands here: the plugin may have written over it. It reads texts with a bound.
 */
#ifndef FASCIA_CHECK_SHEET_H
#define FASCIA_CHECK_SHEET_H

#include "check/check.h"

#define SHEET_FINDINGS_MOST 12
#define SHEET_TEXT          768

struct check_finding {
    char did[SHEET_TEXT];  /* what the kit did */
    char came[SHEET_TEXT]; /* what the plugin did */
    char says[SHEET_TEXT]; /* what the interface says */
    uint64_t times;
};

struct check_sheet {
    volatile uint64_t calls; /* grows as a call into the plugin begins and as it ends: odd is inside */
    char call[32];           /* which function */
    char doing[SHEET_TEXT];
    uint64_t cases;
    bool finished;
    char skipped[SHEET_TEXT]; /* why there was nothing to check; "" when there was */
    /* what a signal handler can tell */
    volatile int signal;
    volatile bool touched_lent;
    uint32_t count;
    struct check_finding findings[SHEET_FINDINGS_MOST];
    /* what load.describe tells of the plugin */
    char name[40], version[72], summary[208], transports[64];
    char manual[16384];
};

#endif
