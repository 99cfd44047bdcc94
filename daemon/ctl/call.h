/*
 * One call of fasciactl: what stood on its command line, and what a verb needs to do its work.
 *
 * Verbs are rows of tables (verb_*.c). A row names the options that the verb takes; checking them, --help and the list of all verbs come from
 * the same rows.
 */
#ifndef FASCIA_CTL_CALL_H
#define FASCIA_CTL_CALL_H

#include "ctl/ctl.h"
#include "ctl/link.h"
#include "ctl/when.h"

#include <stdbool.h>
#include <stdint.h>

#define CTL_WORDS_MOST 4

struct ctl_call {
    FILE *out, *errors;
    const struct ctl_verb *verb;
    const char *words[CTL_WORDS_MOST]; /* what follows the verb */
    size_t word_count;
    struct ctl_link *link;                                                 /* opened by the first question */
    void (*progress)(void *call, const Fascia__ControlResponse *response); /* of a long answer; NULL: not shown */
    bool progress_shown;
    void (*explain_error)(struct ctl_call *call, const Fascia__ControlResponse *response); /* after an error; NULL */
    struct ctl_zones *zones;

    /* options; NULL, 0 or false when not given */
    const char *socket, *zone;
    bool json;
    const char *state, *therapist, *reason, *note, *clinician, *at, *summary, *goal, *format, *after, *referral;
    const char *urgency, *near, *sender, *from, *to, *profession;
    int64_t limit, minutes, area_km;
    int64_t visits, pain_before, pain_after; /* -1 when not given */
    int64_t event;
    const char *condition, *technique, *certification, *payer, *language, *gender, *mode, *postal_code, *position,
        *within, *jurisdiction, *not_before, *not_after, *window, *named, *without, *weights; /* of a question */
    const char *title, *role, *scope, *jwks, *remove_key; /* of an account, and sender */
    bool disable, enable, remove;
    bool all, history, content, move, anyway, dry_run, all_or_nothing, given_up, busy;
};

enum ctl_option {
    CTL_OPTION_END = 0,
    CTL_OPTION_STATE,
    CTL_OPTION_ALL,
    CTL_OPTION_THERAPIST,
    CTL_OPTION_LIMIT,
    CTL_OPTION_AFTER,
    CTL_OPTION_HISTORY,
    CTL_OPTION_CONTENT,
    CTL_OPTION_REASON,
    CTL_OPTION_REASON_CODE,
    CTL_OPTION_NOTE,
    CTL_OPTION_CLINICIAN,
    CTL_OPTION_AT,
    CTL_OPTION_MINUTES,
    CTL_OPTION_MOVE,
    CTL_OPTION_ANYWAY,
    CTL_OPTION_SUMMARY,
    CTL_OPTION_GOAL,
    CTL_OPTION_PAIN_BEFORE,
    CTL_OPTION_PAIN_AFTER,
    CTL_OPTION_VISITS,
    CTL_OPTION_DRY_RUN,
    CTL_OPTION_ALL_OR_NOTHING,
    CTL_OPTION_FORMAT,
    CTL_OPTION_GIVEN_UP,
    CTL_OPTION_REFERRAL,
    CTL_OPTION_EVENT,
    CTL_OPTION_ALL_EXPLANATIONS,
    CTL_OPTION_CONDITION,
    CTL_OPTION_TECHNIQUE,
    CTL_OPTION_CERTIFICATION,
    CTL_OPTION_PAYER,
    CTL_OPTION_LANGUAGE,
    CTL_OPTION_GENDER,
    CTL_OPTION_MODE,
    CTL_OPTION_POSTAL_CODE,
    CTL_OPTION_POSITION,
    CTL_OPTION_WITHIN,
    CTL_OPTION_JURISDICTION,
    CTL_OPTION_NOT_BEFORE,
    CTL_OPTION_NOT_AFTER,
    CTL_OPTION_WINDOW,
    CTL_OPTION_TRY_MINUTES,
    CTL_OPTION_NAMED,
    CTL_OPTION_WITHOUT,
    CTL_OPTION_WEIGHTS,
    CTL_OPTION_URGENCY,
    CTL_OPTION_NEAR,
    CTL_OPTION_NEAR_WITHIN,
    CTL_OPTION_SENDER,
    CTL_OPTION_FROM,
    CTL_OPTION_TO,
    CTL_OPTION_FREE_MINUTES,
    CTL_OPTION_BUSY,
    CTL_OPTION_ONE_TECHNIQUE,
    CTL_OPTION_PROFESSION,
    CTL_OPTION_ONE_PAYER,
    CTL_OPTION_ONE_LANGUAGE,
    CTL_OPTION_PLACE_NEAR,
    CTL_OPTION_TITLE,
    CTL_OPTION_ROLE,
    CTL_OPTION_WHOSE,
    CTL_OPTION_SCOPE,
    CTL_OPTION_JWKS,
    CTL_OPTION_ADD_JWKS,
    CTL_OPTION_REMOVE_KEY,
    CTL_OPTION_IS_THERAPIST,
    CTL_OPTION_DISABLE,
    CTL_OPTION_ENABLE,
    CTL_OPTION_REMOVE,
    CTL_OPTION_AFTER_NAME,
    CTL_OPTION_COUNT
};

#define CTL_OPTIONS_MOST 20
#define CTL_NEEDED       256 /* added to an option that must be given */

struct ctl_verb {
    const char *noun, *name; /* name "" for a noun that is a verb itself */
    const char *words;       /* "ID", "[ID]", "FILE", "" */
    const char *summary;     /* one line */
    int options[CTL_OPTIONS_MOST];
    int (*run)(struct ctl_call *call);
};

/* The tables; each ends with a row whose noun is NULL. */
extern const struct ctl_verb ctl_referral_verbs[], ctl_offer_verbs[], ctl_match_verbs[], ctl_visit_verbs[],
    ctl_therapist_verbs[], ctl_node_verbs[], ctl_waitlist_verbs[], ctl_plugin_verbs[], ctl_client_verbs[],
    ctl_user_verbs[];

/* therapist slots (verb_slots.c), for the table of therapists' verbs. */
int ctl_therapist_slots(struct ctl_call *call);

/* ---- for verbs ---- */

/* Words on the command line that can't be taken; gives CTL_USAGE. */
int ctl_usage(struct ctl_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "R123" or "123"; says so when it is neither. */
MUST_CHECK bool ctl_referral_id(struct ctl_call *call, const char *word, uint64_t *referral);
/* --near and --within, for a question that has such fields: "40202", or "CA M5V", whose two letters go to room; what is given is lent. Says so when they don't go together. */
MUST_CHECK bool ctl_area(struct ctl_call *call, char **near, uint32_t *within, char **country, char room[3]);
/* The zone of --zone, else of name, else the machine's own. NULL, and said, when --zone names none. */
const struct zone *ctl_call_zone(struct ctl_call *call, const char *name);

/* Asks, and says what went wrong: CTL_OK with *response (which has no error), or an exit code. */
MUST_CHECK int ctl_ask(struct ctl_call *call, Fascia__ControlRequest *request, Fascia__ControlResponse **response);
/* The same in two steps, for who has the next question ready before the answer: sends, and waits for the answer to the oldest that was sent. */
MUST_CHECK int ctl_send(struct ctl_call *call, Fascia__ControlRequest *request);
MUST_CHECK int ctl_receive(struct ctl_call *call, Fascia__ControlResponse **response);
/* Asks and prints: JSON, in which list (or NULL) is there even when it is empty, or what show makes of the answer for people. The exit code. */
int ctl_ask_and_show(struct ctl_call *call, Fascia__ControlRequest *request, const char *list,
                     void (*show)(struct ctl_call *call, const Fascia__ControlResponse *response));
/* The same, and the answer is the caller's; NULL when there is none. */
MUST_CHECK int ctl_ask_and_keep(struct ctl_call *call, Fascia__ControlRequest *request, const char *list,
                                void (*show)(struct ctl_call *call, const Fascia__ControlResponse *response),
                                Fascia__ControlResponse **response);
/* A command, and its answer shown; the exit code. */
int ctl_command(struct ctl_call *call, Fascia__Command *command);
/* The whole answer as JSON. list names a member that is there even when it is empty; NULL. */
void ctl_print_json(struct ctl_call *call, const ProtobufCMessage *message, const char *list);

#endif
