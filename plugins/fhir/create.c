/* create: a ServiceRequest becomes a referral. The client hears of it when it is durable. */
#include "fhir/work.h"

#include "fhir/encode.h"

#include <inttypes.h>
#include <string.h>

struct creation {
    struct fhir_asked *asked;
    uint64_t referral;
    unsigned status;
};

/* ---- shared by those who submit --------------------------------------------------------------------------------------- */

static const char *sender_of(const struct fhir_call *call)
{
    const Fascia__Principal *principal = fhir_request(call)->principal;

    return principal->sender[0] != '\0' ? principal->sender : principal->account;
}

struct fhir_asked *fhir_decode_body(struct fhir_call *call, struct fascia_bytes bytes, const char *id)
{
    const struct fhir_decode_settings settings = {.update = id != NULL,
                                                  .id = id,
                                                  .sender = sender_of(call),
                                                  .message_id = fhir_request(call)->id,
                                                  .performer_is_therapist = fhir_settings(call)->performer_is_therapist,
                                                  .most = fhir_settings(call)->body_bytes};
    struct fhir_decoded *decoded = fhir_arena_take(call->arena, sizeof *decoded);

    fhir_decode(call->arena, &settings, bytes, decoded);
    (void)fhir_own(call, decoded->json);
    call->issues = decoded->issues;
    if (decoded->issues.errors == 0 && strcmp(decoded->type, "ServiceRequest") != 0)
        fhir_issue_rule(&call->issues, "structure", "", "a Bundle goes to the server's own address, not to a type");
    if (call->issues.errors == 0 && decoded->count == 1 && decoded->asked[0]->submit != NULL) {
        call->resource = decoded->json;
        return decoded->asked[0];
    }
    fhir_end_issues(call, 0);
    return NULL;
}

bool fhir_ask_submit(struct fhir_call *call, uint32_t slot, struct fhir_asked *asked)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__Command command = FASCIA__COMMAND__INIT;

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_COMMAND;
    request.command = &command;
    command.body_case = FASCIA__COMMAND__BODY_SUBMIT;
    command.submit = asked->submit;
    return fhir_ask(call, slot, &request);
}

bool fhir_took(struct fhir_call *call, const Fascia__Answer *answer, struct fhir_issues *issues, const char *expression)
{
    const Fascia__Result *result;

    if (fhir_fail_answer(call, answer, 500, "exception"))
        return false;
    result = answer->response->result;
    if (result == NULL) {
        fhir_fail(call, 500, "exception", "", "the node gave no answer");
        return false;
    }
    if (result->verdict == FASCIA__RESULT__VERDICT__OK || result->verdict == FASCIA__RESULT__VERDICT__DUPLICATE)
        return true;
    fhir_issue_result(issues, result, expression);
    call->reply.retry_after = fhir_retry_after(result->verdict);
    if (issues != &call->issues)
        call->issues = *issues;
    fhir_end_issues(call, fhir_status_of_verdict(result->verdict));
    return false;
}

bool fhir_ask_written(struct fhir_call *call, uint32_t slot, const struct fhir_type *type, uint64_t referral)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ShowReferral show = FASCIA__SHOW_REFERRAL__INIT;

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL;
    request.show_referral = &show;
    show.referral = referral;
    show.history = true; /* its version */
    show.content = type->content && strcmp(fhir_preferred_return(call), "representation") == 0;
    return fhir_ask(call, slot, &request);
}

static void set_version(struct fhir_call *call, const struct fhir_type *type, const struct fhir_subject *subject,
                        bool made)
{
    call->reply.etag = fhir_arena_format(call->arena, "W/\"%" PRIu64 "\"", subject->story.version);
    call->reply.modified = subject->story.updated;
    if (made)
        call->reply.location = fhir_arena_format(call->arena, "%s/%s/%" PRIu64 "/_history/%" PRIu64, fhir_url(call),
                                                 type->name, fhir_subject_referral(subject), subject->story.version);
}

void fhir_give_written(struct fhir_call *call, const struct fhir_type *type, uint64_t referral,
                       const Fascia__Answer *answer, unsigned status)
{
    const char *wanted = fhir_preferred_return(call);
    struct fhir_subject subject;
    const struct fhir_json *list;

    /* It is done: who may write and not read, or asks while the node is busy, must not hear that it failed. */
    if (answer->forbidden || answer->response == NULL || answer->response->error[0] != '\0' ||
        !fhir_subject_read(call, type, answer, &subject)) {
        if (status == 201)
            call->reply.location =
                fhir_arena_format(call->arena, "%s/%s/%" PRIu64, fhir_url(call), type->name, referral);
        fhir_end(call, status, NULL);
        return;
    }
    set_version(call, type, &subject, strcmp(call->target.type->name, "ServiceRequest") == 0);
    if (strcmp(wanted, "minimal") == 0) {
        fhir_end(call, status, NULL);
    } else if (strcmp(wanted, "OperationOutcome") == 0) {
        fhir_end(call, status, fhir_outcome(&call->issues));
    } else {
        list = fhir_resources_of(call, type, &subject);
        fhir_end(call, status, fhir_json_copy(fhir_json_item(list, 0)));
    }
}

/* ---- conditional create ----------------------------------------------------------------------------------------------- */

/*
 * The core knows a referral again by its sender's identifier, so a condition on an identifier of the resource itself is met without a search. Any other would
 * need one over everything, between which and the create another could come.
 */
static bool check_condition(struct fhir_call *call)
{
    const struct fhir_search_bounds bounds = {.strict = true, .page_default = 1, .page_most = 1, .now = fhir_now(call)};
    struct fhir_search *search;
    struct fhir_query query = {.count = 0};
    const char *text = call->if_none_exist;
    char fault[FHIR_QUERY_FAULT_BYTES];
    bool good;

    if (text == NULL)
        return true;
    search = fhir_arena_take(call->arena, sizeof *search);
    text += text[0] == '?';
    good = fhir_query_read(call->arena, text, strlen(text), &query, fault) && query.count == 1 &&
           strcmp(query.pairs[0].name, "identifier") == 0 &&
           fhir_search_read(call->arena, "ServiceRequest", fhir_url(call), &query, &bounds, search) &&
           search->criterion_count == 1 && search->criteria[0].modifier == FHIR_PLAIN && search->criteria[0].count == 1;
    if (good && fhir_search_matches(search, fhir_url(call), call->resource))
        return true;
    fhir_fail(call, good ? 412 : 400, good ? "conflict" : "not-supported", "",
              "If-None-Exist must be identifier=system|value, of an identifier that the ServiceRequest itself has");
    return false;
}

/* ---- create ----------------------------------------------------------------------------------------------------------- */

static bool is_known_otherwise(const Fascia__Result *result)
{
    for (size_t i = 0; i < result->n_problems; i++)
        if (result->problems[i]->kind == FASCIA__PROBLEM__KIND__DUPLICATE_KEY)
            return result->referral != 0;
    return false;
}

static void ask_back(struct fhir_call *call, uint64_t referral)
{
    struct creation *creation = call->state;

    creation->referral = referral;
    (void)fhir_ask_written(call, 1, fhir_type_find("ServiceRequest"), referral);
}

static void answered(struct fhir_call *call, uint32_t slot, const Fascia__Answer *answer)
{
    struct creation *creation = call->state;
    const struct fhir_type *type = fhir_type_find("ServiceRequest");
    const Fascia__Result *result = answer->response != NULL ? answer->response->result : NULL;

    if (slot == 1) {
        fhir_give_written(call, type, creation->referral, answer, creation->status);
        return;
    }
    /* R4, 3.1.0.8.1: what is there stays as it is, whatever was sent with the condition. */
    if (call->if_none_exist != NULL && result != NULL && is_known_otherwise(result)) {
        creation->status = 200;
        ask_back(call, result->referral);
        return;
    }
    if (!fhir_took(call, answer, &creation->asked->issues, creation->asked->expression) || result == NULL)
        return;
    for (size_t i = 0; i < result->n_problems; i++)
        fhir_issue_problems(&call->issues, &result->problems[i], 1, creation->asked->expression);
    creation->status = result->verdict == FASCIA__RESULT__VERDICT__OK ? 201 : 200;
    ask_back(call, result->referral);
}

void fhir_work_create(struct fhir_call *call)
{
    struct creation *creation = fhir_arena_take(call->arena, sizeof *creation);

    creation->asked = call->asked != NULL ? call->asked : fhir_decode_body(call, call->body, NULL);
    if (creation->asked == NULL || !check_condition(call))
        return;
    call->state = creation;
    call->answered = answered;
    (void)fhir_ask_submit(call, 0, creation->asked);
}
