#include "core/lifecycle.h"

/* Short names, so that a row of the table is a line. */
#define S(state) FASCIA__STATE__STATE_##state

enum { REFERRER = ACTOR_REFERRER, THERAPIST = ACTOR_THERAPIST, NODE = ACTOR_NODE, PEER = ACTOR_PEER };

/* Beside the harmonised BSeR/360X moves: a declining therapist sends the case back to matching instead of to its
 * sender, a referrer's cancellation is immediate (no 5.2 handshake), and an appointment may be one of several. */
static const struct lifecycle_row rows[] = {
    {S(NONE), TRIGGER_RECEIVE, S(RECEIVED), REFERRER | PEER},

    {S(RECEIVED), TRIGGER_HOLD, S(NEEDS_INFORMATION), NODE},
    {S(RECEIVED), TRIGGER_REJECT, S(REJECTED), NODE | PEER},
    {S(RECEIVED), TRIGGER_MATCH, S(MATCHING), NODE},
    {S(RECEIVED), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(RECEIVED), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(NEEDS_INFORMATION), TRIGGER_HOLD, S(NEEDS_INFORMATION), NODE},
    {S(NEEDS_INFORMATION), TRIGGER_MATCH, S(MATCHING), REFERRER | NODE},
    {S(NEEDS_INFORMATION), TRIGGER_REJECT, S(REJECTED), NODE},
    {S(NEEDS_INFORMATION), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(NEEDS_INFORMATION), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(MATCHING), TRIGGER_HOLD, S(NEEDS_INFORMATION), NODE},
    {S(MATCHING), TRIGGER_REJECT, S(REJECTED), NODE},
    {S(MATCHING), TRIGGER_WAIT, S(WAITLISTED), NODE},
    {S(MATCHING), TRIGGER_OFFER, S(OFFERED), NODE},
    {S(MATCHING), TRIGGER_FORWARD, S(FORWARDED), NODE},
    {S(MATCHING), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(MATCHING), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(WAITLISTED), TRIGGER_HOLD, S(NEEDS_INFORMATION), NODE},
    {S(WAITLISTED), TRIGGER_MATCH, S(MATCHING), REFERRER | NODE},
    {S(WAITLISTED), TRIGGER_FORWARD, S(FORWARDED), NODE},
    {S(WAITLISTED), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(WAITLISTED), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(OFFERED), TRIGGER_UNOFFER, S(MATCHING), THERAPIST | NODE | REFERRER},
    {S(OFFERED), TRIGGER_ACCEPT, S(ACCEPTED), THERAPIST},
    {S(OFFERED), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(OFFERED), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(ACCEPTED), TRIGGER_BOOK, S(SCHEDULED), THERAPIST},
    {S(ACCEPTED), TRIGGER_VISIT_DONE, S(IN_PROGRESS), THERAPIST}, /* without an appointment */
    {S(ACCEPTED), TRIGGER_RELEASE, S(MATCHING), THERAPIST | NODE | REFERRER},
    {S(ACCEPTED), TRIGGER_COMPLETE, S(COMPLETED), THERAPIST},
    {S(ACCEPTED), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(ACCEPTED), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(SCHEDULED), TRIGGER_BOOK, S(SCHEDULED), THERAPIST}, /* moved, or one more */
    {S(SCHEDULED), TRIGGER_VISIT_DONE, S(IN_PROGRESS), THERAPIST},
    {S(SCHEDULED), TRIGGER_NO_SHOW, S(NO_SHOW), THERAPIST},
    {S(SCHEDULED), TRIGGER_CANCEL_VISIT, S(VISIT_CANCELLED), THERAPIST},
    {S(SCHEDULED), TRIGGER_RELEASE, S(MATCHING), THERAPIST | NODE | REFERRER},
    {S(SCHEDULED), TRIGGER_COMPLETE, S(COMPLETED), THERAPIST},
    {S(SCHEDULED), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(SCHEDULED), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(IN_PROGRESS), TRIGGER_BOOK, S(SCHEDULED), THERAPIST},
    {S(IN_PROGRESS), TRIGGER_VISIT_DONE, S(IN_PROGRESS), THERAPIST},
    {S(IN_PROGRESS), TRIGGER_NO_SHOW, S(NO_SHOW), THERAPIST}, /* of a further appointment */
    {S(IN_PROGRESS), TRIGGER_CANCEL_VISIT, S(VISIT_CANCELLED), THERAPIST},
    {S(IN_PROGRESS), TRIGGER_RELEASE, S(MATCHING), THERAPIST | NODE | REFERRER},
    {S(IN_PROGRESS), TRIGGER_COMPLETE, S(COMPLETED), THERAPIST},
    {S(IN_PROGRESS), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(IN_PROGRESS), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(NO_SHOW), TRIGGER_BOOK, S(SCHEDULED), THERAPIST},
    {S(NO_SHOW), TRIGGER_VISIT_DONE, S(IN_PROGRESS), THERAPIST}, /* of a further appointment */
    {S(NO_SHOW), TRIGGER_NO_SHOW, S(NO_SHOW), THERAPIST},
    {S(NO_SHOW), TRIGGER_CANCEL_VISIT, S(VISIT_CANCELLED), THERAPIST},
    {S(NO_SHOW), TRIGGER_RELEASE, S(MATCHING), THERAPIST | NODE | REFERRER},
    {S(NO_SHOW), TRIGGER_COMPLETE, S(COMPLETED), THERAPIST},
    {S(NO_SHOW), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(NO_SHOW), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(VISIT_CANCELLED), TRIGGER_BOOK, S(SCHEDULED), THERAPIST},
    {S(VISIT_CANCELLED), TRIGGER_RELEASE, S(MATCHING), THERAPIST | NODE | REFERRER},
    {S(VISIT_CANCELLED), TRIGGER_COMPLETE, S(COMPLETED), THERAPIST},
    {S(VISIT_CANCELLED), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(VISIT_CANCELLED), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(FORWARDED), TRIGGER_MATCH, S(MATCHING), PEER | NODE},
    {S(FORWARDED), TRIGGER_CANCEL, S(CANCELLED), REFERRER},
    {S(FORWARDED), TRIGGER_WITHDRAW, S(WITHDRAWN), NODE},

    {S(COMPLETED), TRIGGER_CLOSE, S(CLOSED), NODE},
};

bool lifecycle_move(Fascia__State from, enum lifecycle_trigger trigger, Fascia__State *to)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].from == from && rows[i].trigger == trigger) {
            *to = rows[i].to;
            return true;
        }
    }
    return false;
}

const struct lifecycle_row *lifecycle_rows(size_t *count)
{
    *count = sizeof rows / sizeof rows[0];
    return rows;
}

/* RF1-1 by HL7 table 0283; Task.status by FHIR R4; business status by the harmonised BSeR/360X list. A cancelled
 * referral is "expired" in table 0283, which has no word of its own for it; so is no state in which one still waits. */
static const struct lifecycle_words words[] = {
    {S(NONE), "none", "", "", "", false},
    {S(RECEIVED), "received", "P", "received", "2.0", true},
    {S(NEEDS_INFORMATION), "needs-information", "P", "on-hold", "2.0", true},
    {S(REJECTED), "rejected", "R", "rejected", "4.0", false},
    {S(MATCHING), "matching", "P", "received", "2.0", true},
    {S(WAITLISTED), "waitlisted", "P", "on-hold", "2.0", true},
    {S(OFFERED), "offered", "P", "received", "2.0", true},
    {S(ACCEPTED), "accepted", "A", "accepted", "3.0", true},
    {S(SCHEDULED), "scheduled", "A", "in-progress", "5.1.1", true},
    {S(IN_PROGRESS), "in-progress", "A", "in-progress", "5.1.4", true},
    {S(NO_SHOW), "no-show", "A", "in-progress", "5.1.2", true},
    {S(VISIT_CANCELLED), "visit-cancelled", "A", "in-progress", "5.1.3", true},
    {S(COMPLETED), "completed", "A", "completed", "7.0", true},
    {S(CLOSED), "closed", "A", "completed", "7.0", false},
    {S(FORWARDED), "forwarded", "P", "received", "2.0", true},
    {S(CANCELLED), "cancelled", "E", "cancelled", "6.0", false},
    {S(WITHDRAWN), "withdrawn", "R", "rejected", "4.0", false},
};

const struct lifecycle_words *lifecycle_words(Fascia__State state)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].state == state)
            return &words[i];
    return &words[0];
}

const char *lifecycle_trigger_name(enum lifecycle_trigger trigger)
{
    static const char *const names[TRIGGER_COUNT] = {
        [TRIGGER_RECEIVE] = "receive",       [TRIGGER_HOLD] = "hold",         [TRIGGER_REJECT] = "reject",
        [TRIGGER_MATCH] = "match",           [TRIGGER_WAIT] = "wait",         [TRIGGER_OFFER] = "offer",
        [TRIGGER_UNOFFER] = "unoffer",       [TRIGGER_ACCEPT] = "accept",     [TRIGGER_BOOK] = "book",
        [TRIGGER_VISIT_DONE] = "visit-done", [TRIGGER_NO_SHOW] = "no-show",   [TRIGGER_CANCEL_VISIT] = "cancel-visit",
        [TRIGGER_RELEASE] = "release",       [TRIGGER_COMPLETE] = "complete", [TRIGGER_CLOSE] = "close",
        [TRIGGER_CANCEL] = "cancel",         [TRIGGER_WITHDRAW] = "withdraw", [TRIGGER_FORWARD] = "forward",
    };

    return (unsigned)trigger < TRIGGER_COUNT ? names[trigger] : "unknown";
}
