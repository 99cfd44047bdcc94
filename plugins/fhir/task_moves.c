#include "fhir/task_moves.h"

#define INITIATOR  FHIR_INITIATOR
#define RECIPIENT  FHIR_RECIPIENT
#define ACTIVE     "in-progress 5.1"
#define SCHEDULED  "in-progress 5.1.1"
#define UNATTENDED "in-progress 5.1.2"
#define CALLED_OFF "in-progress 5.1.3"
#define ATTENDED   "in-progress 5.1.4"
#define CANCELLING "in-progress 5.2"

/* clang-format off */
static const struct fhir_task_row rows[] = {
    {1,  INITIATOR, FHIR_TASK_SEND,                 "draft",    "received",  "2.0"},
    {2,  RECIPIENT, FHIR_TASK_ACCEPT,               "received", "accepted",  "3.0"},
    {3,  RECIPIENT, FHIR_TASK_DECLINE,              "received", "rejected",  "4.0"},
    {4,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, "received", CANCELLING,  "5.2"},
    {5,  RECIPIENT, FHIR_TASK_DECLINE,              "accepted", "rejected",  "4.0"},
    {6,  RECIPIENT, FHIR_TASK_SCHEDULE,             "accepted", SCHEDULED,   "5.1.1"},
    {7,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, "accepted", CANCELLING,  "5.2"},
    {8,  RECIPIENT, FHIR_TASK_INTERIM_NOTE,         "accepted", ATTENDED,    "5.1.4"},
    {9,  RECIPIENT, FHIR_TASK_OUTCOME,              "accepted", "completed", "7.0"},
    {10, RECIPIENT, FHIR_TASK_DECLINE,              SCHEDULED,  "rejected",  "4.0"},
    {11, RECIPIENT, FHIR_TASK_RESCHEDULE,           SCHEDULED,  SCHEDULED,   "5.1.1"},
    {12, RECIPIENT, FHIR_TASK_NO_SHOW,              SCHEDULED,  UNATTENDED,  "5.1.2"},
    {13, RECIPIENT, FHIR_TASK_CANCEL_APPOINTMENT,   SCHEDULED,  CALLED_OFF,  "5.1.3"},
    {14, INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, SCHEDULED,  CANCELLING,  "5.2"},
    {15, RECIPIENT, FHIR_TASK_INTERIM_NOTE,         SCHEDULED,  ATTENDED,    "5.1.4"},
    {16, RECIPIENT, FHIR_TASK_OUTCOME,              SCHEDULED,  "completed", "7.0"},
    {17, RECIPIENT, FHIR_TASK_DECLINE,              UNATTENDED, "rejected",  "4.0"},
    {18, RECIPIENT, FHIR_TASK_RESCHEDULE,           UNATTENDED, SCHEDULED,   "5.1.1"},
    {19, RECIPIENT, FHIR_TASK_CANCEL_APPOINTMENT,   UNATTENDED, CALLED_OFF,  "5.1.3"},
    {20, INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, UNATTENDED, CANCELLING,  "5.2"},
    {21, RECIPIENT, FHIR_TASK_SCHEDULE,             CALLED_OFF, SCHEDULED,   "5.1.1"},
    {22, INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, CALLED_OFF, CANCELLING,  "5.2"},
    {23, RECIPIENT, FHIR_TASK_CONFIRM_CANCELLATION, CANCELLING, "cancelled", "6.0"},
    {24, RECIPIENT, FHIR_TASK_OUTCOME,              CANCELLING, "completed", "7.0"},
    {25, RECIPIENT, FHIR_TASK_DECLINE,              ATTENDED,   "rejected",  "4.0"},
    {26, RECIPIENT, FHIR_TASK_SCHEDULE,             ATTENDED,   SCHEDULED,   "5.1.1"},
    {27, RECIPIENT, FHIR_TASK_CANCEL_APPOINTMENT,   ATTENDED,   CALLED_OFF,  "5.1.3"},
    {28, INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, ATTENDED,   CANCELLING,  "5.2"},
    {29, RECIPIENT, FHIR_TASK_INTERIM_NOTE,         ATTENDED,   ATTENDED,    "5.1.4"},
    {30, RECIPIENT, FHIR_TASK_OUTCOME,              ATTENDED,   "completed", "7.0"},
    {31, RECIPIENT, FHIR_TASK_SCHEDULE,             "accepted", ACTIVE,      "5.1"},
    {32, RECIPIENT, FHIR_TASK_INTERIM_NOTE,         "accepted", ACTIVE,      "5.1"},
    {33, RECIPIENT, FHIR_TASK_DECLINE,              ACTIVE,     "rejected",  "4.0"},
    {34, INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, ACTIVE,     CANCELLING,  "5.2"},

    /* A referrer's cancellation is done at once here, so that it may be asked for as what it becomes, and while one still waits. */
    {0,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, "received", "cancelled", "6.0"},
    {0,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, "on-hold",  "cancelled", "6.0"},
    {0,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, "on-hold",  CANCELLING,  "5.2"},
    {0,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, "accepted", "cancelled", "6.0"},
    {0,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, SCHEDULED,  "cancelled", "6.0"},
    {0,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, UNATTENDED, "cancelled", "6.0"},
    {0,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, CALLED_OFF, "cancelled", "6.0"},
    {0,  INITIATOR, FHIR_TASK_REQUEST_CANCELLATION, ATTENDED,   "cancelled", "6.0"},
    /* Of several appointments each goes its own way. */
    {0,  RECIPIENT, FHIR_TASK_NO_SHOW,              ATTENDED,   UNATTENDED,  "5.1.2"},
    {0,  RECIPIENT, FHIR_TASK_INTERIM_NOTE,         UNATTENDED, ATTENDED,    "5.1.4"},
    /* Whoever has a case may end it. */
    {0,  RECIPIENT, FHIR_TASK_OUTCOME,              UNATTENDED, "completed", "7.0"},
    {0,  RECIPIENT, FHIR_TASK_OUTCOME,              CALLED_OFF, "completed", "7.0"},
    {0,  RECIPIENT, FHIR_TASK_DECLINE,              CALLED_OFF, "rejected",  "4.0"},
};
/* clang-format on */

const struct fhir_task_row *fhir_task_rows(size_t *count)
{
    *count = sizeof rows / sizeof rows[0];
    return rows;
}

const char *fhir_task_trigger_name(enum fhir_task_trigger trigger)
{
    static const char *const names[FHIR_TASK_TRIGGERS] = {
        [FHIR_TASK_SEND] = "send referral package",
        [FHIR_TASK_ACCEPT] = "accept",
        [FHIR_TASK_DECLINE] = "decline",
        [FHIR_TASK_REQUEST_CANCELLATION] = "request cancellation",
        [FHIR_TASK_CONFIRM_CANCELLATION] = "confirm cancellation",
        [FHIR_TASK_SCHEDULE] = "schedule visit",
        [FHIR_TASK_RESCHEDULE] = "reschedule visit",
        [FHIR_TASK_NO_SHOW] = "no show",
        [FHIR_TASK_CANCEL_APPOINTMENT] = "cancel appointment",
        [FHIR_TASK_INTERIM_NOTE] = "interim consultation note",
        [FHIR_TASK_OUTCOME] = "outcome",
    };

    return (unsigned)trigger < FHIR_TASK_TRIGGERS ? names[trigger] : "unknown";
}
