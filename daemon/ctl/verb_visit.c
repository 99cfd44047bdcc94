/* visit book, done, no-show, cancel; outcome report. */
#include "ctl/call.h"

#include <string.h>

static char *lent(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* A time without an offset is by the clock of the referral's therapist. */
static int read_at(struct ctl_call *call, uint64_t referral, int64_t *from)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ShowReferral query = FASCIA__SHOW_REFERRAL__INIT;
    Fascia__ControlResponse *response = NULL;
    const struct zone *zone;
    const char *name = NULL;
    struct fault fault = {{0}};
    int code = CTL_OK;

    if (ctl_when_parse(NULL, call->at, from, NULL))
        return CTL_OK;
    query.referral = referral;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL;
    request.show_referral = &query;
    if (call->zone == NULL)
        code = ctl_ask(call, &request, &response);
    if (code != CTL_OK)
        return code;
    if (response != NULL && response->detail != NULL && response->detail->status != NULL)
        name = response->detail->status->time_zone;
    zone = ctl_call_zone(call, name);
    if (zone == NULL)
        code = CTL_USAGE;
    else if (!ctl_when_parse(zone, call->at, from, &fault))
        code = ctl_usage(call, "--at: %s", fault.text);
    if (response != NULL)
        fascia__control_response__free_unpacked(response, NULL);
    return code;
}

static int book(struct ctl_call *call)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Book body = FASCIA__BOOK__INIT;
    int code;

    if (!ctl_referral_id(call, call->words[0], &body.referral))
        return CTL_USAGE;
    if (call->minutes % 15 != 0)
        return ctl_usage(call, "--minutes is a multiple of 15");
    code = read_at(call, body.referral, &body.from);
    if (code != CTL_OK)
        return code;
    body.minutes = (uint32_t)call->minutes;
    body.move = call->move;
    command.body_case = FASCIA__COMMAND__BODY_BOOK;
    command.book = &body;
    return ctl_command(call, &command);
}

static int end_visit(struct ctl_call *call, Fascia__VisitEnded__How how)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__EndVisit body = FASCIA__END_VISIT__INIT;

    if (!ctl_referral_id(call, call->words[0], &body.referral))
        return CTL_USAGE;
    body.how = how;
    body.anyway = call->anyway;
    if (call->note != NULL)
        body.note = lent(call->note);
    command.body_case = FASCIA__COMMAND__BODY_END_VISIT;
    command.end_visit = &body;
    return ctl_command(call, &command);
}

static int done(struct ctl_call *call)
{
    return end_visit(call, FASCIA__VISIT_ENDED__HOW__DONE);
}

static int no_show(struct ctl_call *call)
{
    return end_visit(call, FASCIA__VISIT_ENDED__HOW__NO_SHOW);
}

static int cancel(struct ctl_call *call)
{
    return end_visit(call, FASCIA__VISIT_ENDED__HOW__CANCELLED);
}

/* Visits that were reported done, for an outcome that does not say how many. */
static int count_visits(struct ctl_call *call, uint64_t referral, uint32_t *visits)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ShowReferral query = FASCIA__SHOW_REFERRAL__INIT;
    Fascia__ControlResponse *response = NULL;
    int code;

    query.referral = referral;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL;
    request.show_referral = &query;
    code = ctl_ask(call, &request, &response);
    if (code != CTL_OK)
        return code;
    if (response->detail != NULL && response->detail->status != NULL)
        *visits = response->detail->status->visits_done;
    fascia__control_response__free_unpacked(response, NULL);
    return CTL_OK;
}

static int report(struct ctl_call *call)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__ReportOutcome body = FASCIA__REPORT_OUTCOME__INIT;
    Fascia__OutcomeReported outcome = FASCIA__OUTCOME_REPORTED__INIT;
    int code = CTL_OK;

    if (!ctl_referral_id(call, call->words[0], &body.referral))
        return CTL_USAGE;
    if (strcmp(call->goal, "met") != 0 && strcmp(call->goal, "partly-met") != 0 && strcmp(call->goal, "not-met") != 0)
        return ctl_usage(call, "--goal is met, partly-met or not-met");
    outcome.visits = call->visits >= 0 ? (uint32_t)call->visits : 0;
    if (call->visits < 0)
        code = count_visits(call, body.referral, &outcome.visits);
    if (code != CTL_OK)
        return code;
    outcome.anyway = call->anyway;
    outcome.summary = lent(call->summary);
    outcome.goal = lent(call->goal);
    outcome.pain_before = (int32_t)call->pain_before;
    outcome.pain_after = (int32_t)call->pain_after;
    body.outcome = &outcome;
    command.body_case = FASCIA__COMMAND__BODY_REPORT_OUTCOME;
    command.report_outcome = &body;
    return ctl_command(call, &command);
}

const struct ctl_verb ctl_visit_verbs[] = {
    {"visit",
     "book",
     "ID",
     "book a further visit, or move the booked one",
     {CTL_OPTION_AT | CTL_NEEDED, CTL_OPTION_MINUTES, CTL_OPTION_MOVE},
     book},
    {"visit", "done", "ID", "the booked visit took place", {CTL_OPTION_NOTE, CTL_OPTION_ANYWAY}, done},
    {"visit", "no-show", "ID", "the patient did not come", {CTL_OPTION_NOTE, CTL_OPTION_ANYWAY}, no_show},
    {"visit", "cancel", "ID", "the booked visit is called off", {CTL_OPTION_NOTE}, cancel},
    {"outcome",
     "report",
     "ID",
     "say what became of it; this closes the loop",
     {CTL_OPTION_SUMMARY | CTL_NEEDED, CTL_OPTION_GOAL | CTL_NEEDED, CTL_OPTION_PAIN_BEFORE, CTL_OPTION_PAIN_AFTER,
      CTL_OPTION_VISITS, CTL_OPTION_ANYWAY},
     report},
    {0}};
