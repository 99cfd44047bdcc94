/*
 * Who may reach which referral (Reach in command.proto): the one place where it is decided.
 *
 * A referral is reached by its sender's side, by its therapist's, by both or by none. What is out of reach is answered in the words for a number that there never
 * was. The tables below say of each command by which side it may be done, and of each request which referral it names; what stands in neither is
 * refused to whoever has a reach.
 */
#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdio.h>
#include <string.h>

#define VERDICT(kind) FASCIA__RESULT__VERDICT__##kind

enum side { BY_NONE = 0, BY_SENDER = 1, BY_THERAPIST = 2, BY_EITHER = 3 };

/* ---- sides ---- */

static bool is_with_therapist(const struct referral *referral)
{
    switch (referral->state) {
    case FASCIA__STATE__STATE_OFFERED:
    case FASCIA__STATE__STATE_ACCEPTED:
    case FASCIA__STATE__STATE_SCHEDULED:
    case FASCIA__STATE__STATE_IN_PROGRESS:
    case FASCIA__STATE__STATE_NO_SHOW:
    case FASCIA__STATE__STATE_VISIT_CANCELLED:
    case FASCIA__STATE__STATE_COMPLETED:
    case FASCIA__STATE__STATE_CLOSED:
        return referral->therapist != NULL;
    default:
        return false;
    }
}

/* An offer whose time is up is over, though the work that closes it may be yet to come. */
static bool is_over(const struct engine *engine, const struct referral *referral)
{
    return referral->state == FASCIA__STATE__STATE_OFFERED && engine->now >= referral->open->due;
}

static unsigned sides_of(const struct engine *engine, const struct referral *referral, const Fascia__Reach *reach)
{
    unsigned sides = BY_NONE;

    if (*reach->sender != '\0' && strcmp(sender_name(referral->sender), reach->sender) == 0)
        sides |= BY_SENDER;
    if (*reach->therapist != '\0' && is_with_therapist(referral) && !is_over(engine, referral) &&
        strcmp(referral->therapist->identifier, reach->therapist) == 0)
        sides |= BY_THERAPIST;
    return sides;
}

bool engine_reaches(const struct engine *engine, const struct referral *referral, const Fascia__Reach *reach)
{
    return reach == NULL || sides_of(engine, referral, reach) != BY_NONE;
}

/* A sender hears of a therapist only who has taken the case. */
bool engine_hides_offer(const struct engine *engine, const struct referral *referral, const Fascia__Reach *reach)
{
    return reach != NULL && referral->state == FASCIA__STATE__STATE_OFFERED &&
           (sides_of(engine, referral, reach) & BY_THERAPIST) == 0;
}

/* ---- commands ---- */

enum concern {
    OF_A_REFERRAL, /* its first field says which */
    OF_A_SENDER,   /* a submission */
    OF_NO_REFERRAL,
    OF_THE_NODE, /* from the node's own parts, whom nothing bounds */
};

static const struct command_rule {
    Fascia__Command__BodyCase command;
    enum concern concern;
    unsigned sides; /* by any of which a referral must be reached; BY_NONE: for the node's own people */
} command_rules[] = {
    {FASCIA__COMMAND__BODY_SUBMIT, OF_A_SENDER, BY_SENDER},
    {FASCIA__COMMAND__BODY_ACCEPT, OF_A_REFERRAL, BY_THERAPIST},
    {FASCIA__COMMAND__BODY_DECLINE, OF_A_REFERRAL, BY_THERAPIST},
    {FASCIA__COMMAND__BODY_BOOK, OF_A_REFERRAL, BY_THERAPIST},
    {FASCIA__COMMAND__BODY_END_VISIT, OF_A_REFERRAL, BY_THERAPIST},
    {FASCIA__COMMAND__BODY_REPORT_OUTCOME, OF_A_REFERRAL, BY_THERAPIST},
    {FASCIA__COMMAND__BODY_CLEAR, OF_A_REFERRAL, BY_EITHER},
    {FASCIA__COMMAND__BODY_WITHDRAW, OF_A_REFERRAL, BY_NONE},
    {FASCIA__COMMAND__BODY_ERASE, OF_A_REFERRAL, BY_NONE},
    {FASCIA__COMMAND__BODY_VIEW, OF_A_REFERRAL, BY_EITHER},
    {FASCIA__COMMAND__BODY_PUT_THERAPIST, OF_NO_REFERRAL, BY_NONE},
    {FASCIA__COMMAND__BODY_REMOVE_THERAPIST, OF_NO_REFERRAL, BY_NONE},
    {FASCIA__COMMAND__BODY_PUT_ACCOUNT, OF_NO_REFERRAL, BY_NONE},
    {FASCIA__COMMAND__BODY_REMOVE_ACCOUNT, OF_NO_REFERRAL, BY_NONE},
    {FASCIA__COMMAND__BODY_OUTBOX_DONE, OF_THE_NODE, BY_NONE},
    {FASCIA__COMMAND__BODY_JUDGED, OF_THE_NODE, BY_NONE},
};

static const struct command_rule *rule_of(Fascia__Command__BodyCase command)
{
    for (size_t i = 0; i < sizeof command_rules / sizeof command_rules[0]; i++)
        if (command_rules[i].command == command)
            return &command_rules[i];
    return NULL;
}

static uint64_t referral_of(const Fascia__Command *command)
{
    switch (command->body_case) {
    case FASCIA__COMMAND__BODY_ACCEPT:
        return command->accept->referral;
    case FASCIA__COMMAND__BODY_DECLINE:
        return command->decline->referral;
    case FASCIA__COMMAND__BODY_BOOK:
        return command->book->referral;
    case FASCIA__COMMAND__BODY_END_VISIT:
        return command->end_visit->referral;
    case FASCIA__COMMAND__BODY_REPORT_OUTCOME:
        return command->report_outcome->referral;
    case FASCIA__COMMAND__BODY_CLEAR:
        return command->clear->referral;
    case FASCIA__COMMAND__BODY_WITHDRAW:
        return command->withdraw->referral;
    case FASCIA__COMMAND__BODY_ERASE:
        return command->erase->referral;
    case FASCIA__COMMAND__BODY_VIEW:
        return command->view->referral;
    default:
        return 0;
    }
}

/* Who does it, as the command says; NULL: it does not say. */
static const char *doer_of(const Fascia__Command *command)
{
    if (command->body_case == FASCIA__COMMAND__BODY_ACCEPT)
        return command->accept->therapist;
    return command->body_case == FASCIA__COMMAND__BODY_DECLINE ? command->decline->therapist : NULL;
}

static Fascia__Result *refuse(const struct engine *engine, const struct referral *referral, const char *field,
                              const char *text)
{
    return engine_answer_problem(engine, referral, VERDICT(REFUSED), FASCIA__PROBLEM__KIND__OTHER, field, text);
}

static Fascia__Result *check_submit(const struct engine *engine, const Fascia__Submit *submit,
                                    const Fascia__Reach *reach)
{
    if (submit->referral == NULL)
        return NULL; /* the submission says so itself */
    if (*reach->sender != '\0' && strcmp(submit->referral->sender, reach->sender) == 0)
        return NULL;
    if (submit->action == FASCIA__SUBMIT__ACTION__NEW)
        return refuse(engine, NULL, "sender", "referrals of this sender are not yours to send");
    return engine_answer_unknown_id(engine);
}

static Fascia__Result *check_referral(const struct engine *engine, const Fascia__Command *command, unsigned allowed)
{
    const struct referral *referral = engine_find_referral(engine, referral_of(command));
    const unsigned sides = referral == NULL ? BY_NONE : sides_of(engine, referral, command->reach);
    const char *doer = doer_of(command);

    if (sides == BY_NONE)
        return engine_answer_no_referral(engine);
    if ((sides & allowed) == 0)
        return refuse(engine, referral, "referral",
                      allowed == BY_THERAPIST ? "only the therapist who has this referral, or is offered it, does this"
                                              : "only the node's own people do this");
    if (doer != NULL && strcmp(doer, command->reach->therapist) != 0)
        return refuse(engine, referral, "therapist", "you can answer an offer in your own name only");
    return NULL;
}

Fascia__Result *engine_check_reach(const struct engine *engine, const Fascia__Command *command)
{
    const struct command_rule *rule = rule_of(command->body_case);

    if (command->reach == NULL)
        return NULL;
    if (rule == NULL || rule->concern == OF_THE_NODE)
        return refuse(engine, NULL, "", "this command is not for who has a bounded reach");
    if (rule->concern == OF_A_SENDER)
        return check_submit(engine, command->submit, command->reach);
    return rule->concern == OF_A_REFERRAL ? check_referral(engine, command, rule->sides) : NULL;
}

/* ---- requests beside commands ---- */

enum naming {
    NAMES_ONE,     /* a referral; 0 is unknown too */
    NAMES_ONE_ALL, /* a referral, or with 0 all of them */
    NAMES_ONE_NEW, /* a referral, or with 0 none */
    LISTS,         /* of referrals, and leaves out by itself what is out of reach */
    LISTS_ALL,     /* of referrals, and can't leave any out */
    NAMES_NONE,
};

static const struct request_rule {
    Fascia__ControlRequest__BodyCase request;
    enum naming naming;
} request_rules[] = {
    {FASCIA__CONTROL_REQUEST__BODY_LIST_REFERRALS, LISTS},
    {FASCIA__CONTROL_REQUEST__BODY_LIST_OFFERS, LISTS},
    {FASCIA__CONTROL_REQUEST__BODY_LIST_WAITING, LISTS},
    {FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL, NAMES_ONE},
    {FASCIA__CONTROL_REQUEST__BODY_EXPLAIN_MATCH, NAMES_ONE},
    {FASCIA__CONTROL_REQUEST__BODY_TRY_MATCH, NAMES_ONE_NEW},
    {FASCIA__CONTROL_REQUEST__BODY_REPLAY_MATCH, NAMES_ONE_ALL},
    {FASCIA__CONTROL_REQUEST__BODY_AUDIT_LIST, NAMES_ONE_ALL},
    {FASCIA__CONTROL_REQUEST__BODY_LIST_OUTBOX, LISTS_ALL},
    {FASCIA__CONTROL_REQUEST__BODY_RETRY_OUTBOX, LISTS_ALL},
    {FASCIA__CONTROL_REQUEST__BODY_LIST_THERAPISTS, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_SHOW_THERAPIST, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_IMPORT_THERAPISTS, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_AUDIT_VERIFY, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_BACKUP, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_NODE_STATUS, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_RELOAD, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_LIST_PLUGINS, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_CHANGE_PLUGIN, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_DESCRIBE_PLUGIN, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_LIST_ACCOUNTS, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_UNLOCK_ACCOUNT, NAMES_NONE},
    {FASCIA__CONTROL_REQUEST__BODY_LIST_SLOTS, NAMES_NONE}, /* busy ones do not say for whom */
};

static enum naming naming_of(Fascia__ControlRequest__BodyCase request)
{
    for (size_t i = 0; i < sizeof request_rules / sizeof request_rules[0]; i++)
        if (request_rules[i].request == request)
            return request_rules[i].naming;
    return LISTS_ALL;
}

static uint64_t named_by(const Fascia__ControlRequest *request)
{
    switch (request->body_case) {
    case FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL:
        return request->show_referral->referral;
    case FASCIA__CONTROL_REQUEST__BODY_EXPLAIN_MATCH:
        return request->explain_match->referral;
    case FASCIA__CONTROL_REQUEST__BODY_TRY_MATCH:
        return request->try_match->referral;
    case FASCIA__CONTROL_REQUEST__BODY_REPLAY_MATCH:
        return request->replay_match->referral;
    case FASCIA__CONTROL_REQUEST__BODY_AUDIT_LIST:
        return request->audit_list->referral;
    default:
        return 0;
    }
}

Fascia__ControlResponse *engine_response_no_referral(uint64_t number)
{
    Fascia__ControlResponse *response = memory_allocate(1, sizeof *response);
    char text[64];

    fascia__control_response__init(response);
    response->last = true;
    response->not_found = true;
    snprintf(text, sizeof text, "there is no referral R%llu", (unsigned long long)number);
    message_set(&response->error, text);
    return response;
}

static Fascia__ControlResponse *refuse_request(void)
{
    Fascia__ControlResponse *response = memory_allocate(1, sizeof *response);

    fascia__control_response__init(response);
    response->last = true;
    message_set(&response->error, "this is of all referrals of the node, and not for who reaches some of them");
    return response;
}

/* Nobody has written anything about a referral that is not there: its part of the audit trail is empty. */
static Fascia__ControlResponse *answer_no_trail(void)
{
    Fascia__ControlResponse *response = memory_allocate(1, sizeof *response);

    fascia__control_response__init(response);
    response->last = true;
    return response;
}

Fascia__ControlResponse *engine_check_request(struct engine *engine, const Fascia__ControlRequest *request, int64_t now)
{
    const enum naming naming = naming_of(request->body_case);
    const uint64_t number = named_by(request);
    const struct referral *referral = engine_find_referral(engine, number);

    engine_let_time_pass(engine, now);
    if (request->reach == NULL || naming == LISTS || naming == NAMES_NONE || (naming == NAMES_ONE_NEW && number == 0))
        return NULL;
    if (naming == LISTS_ALL || (naming == NAMES_ONE_ALL && number == 0))
        return refuse_request();
    if (referral != NULL && engine_reaches(engine, referral, request->reach))
        return NULL;
    return request->body_case == FASCIA__CONTROL_REQUEST__BODY_AUDIT_LIST ? answer_no_trail()
                                                                          : engine_response_no_referral(number);
}
