/*
 * What a change of a Task means. The 34 transitions of the harmonised BSeR/360X table, and what this node allows beside them, are rows of one table; what somebody
 * puts or patches is compared with how the Task stands, and is one row, nothing, or an issue that says why not.
 *
 * A Task's place in the table is its status, with the business status where that is in-progress: "received", "in-progress 5.1.1". Pure.
 */
#ifndef FHIR_TASK_MOVES_H
#define FHIR_TASK_MOVES_H

#include "fascia/v1/command.pb-c.h"
#include "fhir/outcome.h"

enum fhir_task_actor {
    FHIR_INITIATOR = 1, /* who refers */
    FHIR_RECIPIENT = 2  /* who treats */
};

enum fhir_task_trigger {
    FHIR_TASK_SEND,
    FHIR_TASK_ACCEPT,
    FHIR_TASK_DECLINE,
    FHIR_TASK_REQUEST_CANCELLATION,
    FHIR_TASK_CONFIRM_CANCELLATION,
    FHIR_TASK_SCHEDULE,
    FHIR_TASK_RESCHEDULE,
    FHIR_TASK_NO_SHOW,
    FHIR_TASK_CANCEL_APPOINTMENT,
    FHIR_TASK_INTERIM_NOTE,
    FHIR_TASK_OUTCOME,
    FHIR_TASK_TRIGGERS
};

struct fhir_task_row {
    uint32_t number; /* in the harmonised table; 0: beside it, by this node's lifecycle */
    enum fhir_task_actor actor;
    enum fhir_task_trigger trigger;
    const char *from, *to;       /* places */
    const char *business_status; /* once it is there */
};
const struct fhir_task_row *fhir_task_rows(size_t *count);
const char *fhir_task_trigger_name(enum fhir_task_trigger trigger); /* "request cancellation" */

/* How the Task stands, and who wants to change it. */
struct fhir_task_now {
    uint64_t referral;
    const char *status, *business_status; /* "in-progress", "5.1.1" */
    int64_t visit_from;                   /* of the booked visit; 0: none */
    unsigned actors;                      /* of the asking: bits of enum fhir_task_actor */
    const char *therapist;                /* identifier of the asking therapist; "": none */
    const struct fhir_json *task;         /* as it was shown; NULL: what may not change is not looked at */
};

/* How a referrer's cancellation is addressed, which a Submit does by the sender's own id. */
struct fhir_task_request {
    const char *sender, *sender_referral_id;
};

/* What the node is asked for by this Task in place of that one: a Command in the arena, without actor and reach. NULL with no error added: nothing changes.
 * NULL with errors: 409 where the state does not allow it, 422 where it can't be understood or is another's to do. place is the root of a Task. */
Fascia__Command *fhir_task_command(struct fhir_arena *arena, const struct fhir_task_now *now,
                                   const struct fhir_task_request *request, struct fhir_place *place,
                                   struct fhir_issues *issues);

#endif
