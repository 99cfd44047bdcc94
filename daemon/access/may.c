#include "access/may.h"

#include "access/scope.h"
#include "core/fault.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define REQUEST(kind) FASCIA__CONTROL_REQUEST__BODY_##kind
#define COMMAND(kind) FASCIA__COMMAND__BODY_##kind

enum {
    NOBODY = 0, /* decided: forbidden */
    R = 1 << FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER,
    T = 1 << FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST,
    C = 1 << FASCIA__ACCESS_ROLE__ACCESS_ROLE_COORDINATOR,
    A = 1 << FASCIA__ACCESS_ROLE__ACCESS_ROLE_ADMIN
};

#define FOR 3 /* resources, one of which will do */

struct rule {
    unsigned body;
    unsigned roles;
    uint8_t letters;            /* a client's scope must have them all ... */
    const char *resources[FOR]; /* ... for one of these. None: not for clients */
    /* What more must hold: NULL, or why not. Takes roles away from `roles` that do not do for what is asked. */
    const char *(*look)(const Fascia__Principal *principal, const Fascia__ControlRequest *request, unsigned *roles,
                        uint8_t *letters);
};

/* ---- what more must hold ---- */

static const char *look_at_submit(const Fascia__Principal *principal, const Fascia__ControlRequest *request,
                                  unsigned *roles, uint8_t *letters)
{
    (void)principal, (void)roles;
    switch (request->command->submit->action) {
    case FASCIA__SUBMIT__ACTION__NEW:
        *letters = request->command->submit->update_if_changed ? SCOPE_C | SCOPE_U : SCOPE_C;
        return NULL;
    case FASCIA__SUBMIT__ACTION__MODIFY:
    case FASCIA__SUBMIT__ACTION__CANCEL:
        *letters = SCOPE_U;
        return NULL;
    case FASCIA__SUBMIT__ACTION__STATUS:
        *letters = SCOPE_R;
        return NULL;
    default:
        return "there is no such action";
    }
}

/* A therapist answers for themselves. */
static const char *look_at_therapist(const Fascia__Principal *principal, const char *therapist, unsigned *roles)
{
    if ((*roles & T) != 0 && strcmp(therapist, principal->therapist) != 0)
        *roles &= ~(unsigned)T;
    return *roles == 0 ? "a therapist answers for themselves alone" : NULL;
}

static const char *look_at_accept(const Fascia__Principal *principal, const Fascia__ControlRequest *request,
                                  unsigned *roles, uint8_t *letters)
{
    (void)letters;
    return look_at_therapist(principal, request->command->accept->therapist, roles);
}

static const char *look_at_decline(const Fascia__Principal *principal, const Fascia__ControlRequest *request,
                                   unsigned *roles, uint8_t *letters)
{
    (void)letters;
    return look_at_therapist(principal, request->command->decline->therapist, roles);
}

static const char *look_at_book(const Fascia__Principal *principal, const Fascia__ControlRequest *request,
                                unsigned *roles, uint8_t *letters)
{
    (void)principal, (void)roles;
    *letters = request->command->book->move ? SCOPE_U : SCOPE_C;
    return NULL;
}

/* To look into a plugin's file is to run it. */
static const char *look_at_describe(const Fascia__Principal *principal, const Fascia__ControlRequest *request,
                                    unsigned *roles, uint8_t *letters)
{
    (void)principal, (void)roles, (void)letters;
    return request->describe_plugin->path[0] != '\0' ? "a plugin is described by its source, not by a path" : NULL;
}

/* ---- the table ---- */

static const struct rule requests[] = {
    {REQUEST(COMMAND), R | T | C | A}, /* see below */
    {REQUEST(LIST_REFERRALS), R | T | C, SCOPE_S, {"ServiceRequest", "Task", "Appointment"}},
    {REQUEST(SHOW_REFERRAL), R | T | C, SCOPE_R, {"ServiceRequest", "Task", "Appointment"}},
    {REQUEST(LIST_OFFERS), T | C, SCOPE_S, {"Task"}},
    {REQUEST(LIST_THERAPISTS), R | T | C | A, SCOPE_S, {"Practitioner", "PractitionerRole", "HealthcareService"}},
    {REQUEST(SHOW_THERAPIST), R | T | C | A, SCOPE_R, {"Practitioner", "PractitionerRole", "HealthcareService"}},
    {REQUEST(LIST_SLOTS), R | T | C | A, SCOPE_S, {"Slot", "Schedule"}},
    {REQUEST(IMPORT_THERAPISTS), C | A, SCOPE_C | SCOPE_U, {"Practitioner"}},
    {REQUEST(EXPLAIN_MATCH), C, SCOPE_R, {"Task"}},
    {REQUEST(TRY_MATCH), C, SCOPE_S, {"HealthcareService"}},
    {REQUEST(REPLAY_MATCH), C},
    {REQUEST(LIST_WAITING), C, SCOPE_S, {"ServiceRequest", "Task"}},
    {REQUEST(LIST_OUTBOX), C},
    {REQUEST(RETRY_OUTBOX), C},
    {REQUEST(AUDIT_VERIFY), C | A},
    {REQUEST(AUDIT_LIST), C | A},
    {REQUEST(BACKUP), A},
    {REQUEST(NODE_STATUS), C | A},
    {REQUEST(RELOAD), A},
    {REQUEST(LIST_PLUGINS), A},
    {REQUEST(CHANGE_PLUGIN), A},
    {REQUEST(DESCRIBE_PLUGIN), A, 0, {NULL}, look_at_describe},
    {REQUEST(LIST_ACCOUNTS), A},
    {REQUEST(UNLOCK_ACCOUNT), A},
};

static const struct rule commands[] = {
    {COMMAND(SUBMIT), R | C, SCOPE_C, {"ServiceRequest"}, look_at_submit},
    {COMMAND(ACCEPT), T | C, SCOPE_U, {"Task"}, look_at_accept},
    {COMMAND(DECLINE), T | C, SCOPE_U, {"Task"}, look_at_decline},
    {COMMAND(BOOK), T | C, SCOPE_C, {"Appointment"}, look_at_book},
    {COMMAND(END_VISIT), T | C, SCOPE_U, {"Appointment"}},
    {COMMAND(REPORT_OUTCOME), T | C, SCOPE_U, {"Task"}},
    {COMMAND(CLEAR), R | C, SCOPE_U, {"ServiceRequest"}},
    {COMMAND(WITHDRAW), C, SCOPE_U, {"ServiceRequest", "Task"}},
    {COMMAND(ERASE), C, SCOPE_D, {"ServiceRequest"}},
    {COMMAND(VIEW), R | T | C, SCOPE_R, {"ServiceRequest", "Task", "Appointment"}},
    {COMMAND(PUT_THERAPIST), C | A, SCOPE_C | SCOPE_U, {"Practitioner"}},
    {COMMAND(REMOVE_THERAPIST), C | A, SCOPE_D, {"Practitioner"}},
    {COMMAND(OUTBOX_DONE), NOBODY}, /* the node's own */
    {COMMAND(JUDGED), NOBODY},
    {COMMAND(PUT_ACCOUNT), A},
    {COMMAND(REMOVE_ACCOUNT), A},
};

static const struct rule *find(const struct rule *rules, size_t count, unsigned body)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].body == body)
            return &rules[i];
    return NULL;
}

#define FIND(rules, body) find(rules, sizeof(rules) / sizeof(rules)[0], (unsigned)(body))

bool access_knows_request(Fascia__ControlRequest__BodyCase body)
{
    return FIND(requests, body) != NULL;
}

bool access_knows_command(Fascia__Command__BodyCase body)
{
    return FIND(commands, body) != NULL;
}

/* ---- deciding ---- */

static unsigned roles_of(const Fascia__Principal *principal)
{
    unsigned roles = 0;

    for (size_t i = 0; i < principal->n_roles; i++)
        if (principal->roles[i] > 0 && principal->roles[i] < 32)
            roles |= 1u << principal->roles[i];
    return roles;
}

static bool has_scope(const Fascia__Principal *principal, const struct rule *rule, uint8_t letters)
{
    for (size_t i = 0; i < FOR && rule->resources[i] != NULL; i++)
        if (scope_holds(principal->scopes, principal->n_scopes, rule->resources[i], letters))
            return true;
    return false;
}

static void refuse(struct access_decision *decision, const char *why)
{
    snprintf(decision->why, sizeof decision->why, "%s", why);
}

static void refuse_scope(struct access_decision *decision, const struct rule *rule, uint8_t letters)
{
    struct scope scope = {.letters = letters};
    char text[SCOPE_TEXT_BYTES];

    if (rule->resources[0] == NULL) {
        refuse(decision, "no client may ask this");
        return;
    }
    snprintf(scope.resource, sizeof scope.resource, "%s", rule->resources[0]);
    scope_write(&scope, text);
    snprintf(decision->why, sizeof decision->why, "the token has not the scope %s", text);
}

static void set_reach(struct access_decision *decision, const Fascia__Principal *principal, unsigned roles)
{
    decision->all = (roles & C) != 0;
    if (decision->all)
        return;
    if ((roles & R) != 0)
        decision->reach.sender = principal->sender;
    if ((roles & T) != 0)
        decision->reach.therapist = principal->therapist;
}

void access_may(const Fascia__Principal *principal, const Fascia__ControlRequest *request,
                struct access_decision *decision)
{
    const struct rule *rule = FIND(requests, request->body_case);
    unsigned roles;
    uint8_t letters;
    const char *why = NULL;

    *decision = (struct access_decision){.may = false};
    fascia__reach__init(&decision->reach);
    if (rule != NULL && request->body_case == REQUEST(COMMAND))
        rule = FIND(commands, request->command->body_case);
    if (rule == NULL) {
        refuse(decision, "there is no such request");
        return;
    }
    roles = roles_of(principal) & rule->roles;
    letters = rule->letters;
    if (roles == 0)
        why = "none of the account's roles may ask this";
    else if (rule->look != NULL)
        why = rule->look(principal, request, &roles, &letters);
    if (why != NULL)
        refuse(decision, why);
    else if (!principal->person && !has_scope(principal, rule, letters))
        refuse_scope(decision, rule, letters);
    else
        decision->may = true;
    if (decision->may)
        set_reach(decision, principal, roles);
}
