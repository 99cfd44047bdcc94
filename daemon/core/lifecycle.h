/*
 * The life of a referral: which state may follow which, and what each is called in other people's words.
 *
 * The moves are one table in lifecycle.c, and lifecycle_move() is the only reader of it that decides. Pure; any thread.
 */
#ifndef FASCIA_CORE_LIFECYCLE_H
#define FASCIA_CORE_LIFECYCLE_H

#include "core/fault.h"
#include "fascia/v1/event.pb-c.h"

#include <stdbool.h>

/* Whose doing a move is. */
enum lifecycle_actor { ACTOR_REFERRER = 1, ACTOR_THERAPIST = 2, ACTOR_NODE = 4, ACTOR_PEER = 8 };

enum lifecycle_trigger {
    TRIGGER_RECEIVE, /* a source handed it in */
    TRIGGER_HOLD,    /* screening found something missing, or a red flag */
    TRIGGER_REJECT,
    TRIGGER_MATCH, /* screened well, or back to matching */
    TRIGGER_WAIT,  /* nobody passes */
    TRIGGER_OFFER,
    TRIGGER_UNOFFER, /* declined, expired, withdrawn */
    TRIGGER_ACCEPT,
    TRIGGER_BOOK, /* first, further or moved visit */
    TRIGGER_VISIT_DONE,
    TRIGGER_NO_SHOW,
    TRIGGER_CANCEL_VISIT,
    TRIGGER_RELEASE,  /* the therapist gives an accepted case back */
    TRIGGER_COMPLETE, /* outcome reported */
    TRIGGER_CLOSE,    /* the sender has the outcome */
    TRIGGER_CANCEL,   /* the referrer cancels */
    TRIGGER_WITHDRAW, /* the node's people take it out */
    TRIGGER_FORWARD,
    TRIGGER_COUNT
};

struct lifecycle_row {
    Fascia__State from;
    enum lifecycle_trigger trigger;
    Fascia__State to;
    unsigned actors; /* bits of enum lifecycle_actor */
};

/* false when the table has no such row; *to is then untouched. */
MUST_CHECK bool lifecycle_move(Fascia__State from, enum lifecycle_trigger trigger, Fascia__State *to);
/* The table itself, for tests and manuals. */
const struct lifecycle_row *lifecycle_rows(size_t *count);

/* The state in other words. Static strings, never NULL. */
struct lifecycle_words {
    Fascia__State state;
    const char *name;            /* "needs-information" */
    const char *rf1_status;      /* HL7 v2 table 0283 */
    const char *task_status;     /* FHIR R4 Task.status */
    const char *business_status; /* harmonised BSeR/360X */
    bool open;                   /* something may still happen without the referrer sending anew */
};
const struct lifecycle_words *lifecycle_words(Fascia__State state);
const char *lifecycle_trigger_name(enum lifecycle_trigger trigger);

#endif
