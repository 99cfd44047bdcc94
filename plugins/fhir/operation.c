/* ServiceRequest/$match: who would pass for a referral that is not sent yet. ServiceRequest/[id]/$explain: how one was matched. */
#include "fhir/work.h"

#include "fhir/encode.h"

#include <stdlib.h>
#include <string.h>

static struct fhir_json *add_part(struct fhir_json *parent, const char *list, const char *name)
{
    struct fhir_json *part = fhir_add_to(parent, list, fhir_json_new_object());

    fhir_json_set_text(part, "name", name);
    return part;
}

static void add_whole(struct fhir_json *parent, const char *list, const char *name, int64_t value)
{
    fhir_json_set(add_part(parent, list, name), "valueInteger", fhir_json_new_whole(value));
}

static void add_text(struct fhir_json *parent, const char *list, const char *name, const char *value)
{
    if (value[0] != '\0')
        fhir_json_set_text(add_part(parent, list, name), "valueString", value);
}

static void add_candidate(struct fhir_call *call, const Fascia__Candidate *candidate, bool named,
                          struct fhir_json *parameters)
{
    struct fhir_json *part = add_part(parameters, "parameter", "candidate");

    if (named)
        fhir_json_set(add_part(part, "part", "practitioner"), "valueReference",
                      fhir_new_reference(fhir_arena_format(call->arena, "Practitioner/%s",
                                                           fhir_id_of_therapist(call->arena, candidate->therapist)),
                                         NULL));
    add_whole(part, "part", "score", candidate->score);
    if (candidate->distance > 0)
        add_whole(part, "part", "distanceMetres", candidate->distance);
    if (candidate->first_free != 0)
        fhir_set_instant(add_part(part, "part", "firstFree"), "valueInstant", candidate->first_free);
    for (size_t i = 0; i < candidate->n_parts; i++) {
        struct fhir_json *score = add_part(part, "part", "scorePart");
        add_text(score, "part", "name", candidate->parts[i]->name);
        add_whole(score, "part", "points", candidate->parts[i]->points);
        add_text(score, "part", "because", candidate->parts[i]->because);
    }
}

static struct fhir_json *write_explanation(struct fhir_call *call, const Fascia__Explanation *explanation, bool named)
{
    struct fhir_json *parameters = fhir_json_new_object();

    fhir_json_set_text(parameters, "resourceType", "Parameters");
    fhir_set_instant(add_part(parameters, "parameter", "at"), "valueInstant", explanation->at);
    add_whole(parameters, "parameter", "considered", explanation->considered);
    add_whole(parameters, "parameter", "passed", explanation->passed);
    for (size_t i = 0; i < explanation->n_candidates; i++)
        add_candidate(call, explanation->candidates[i], named, parameters);
    for (size_t i = 0; i < explanation->n_gates; i++) {
        struct fhir_json *gate = add_part(parameters, "parameter", "gate");
        add_text(gate, "part", "name", explanation->gates[i]->gate);
        add_whole(gate, "part", "removed", explanation->gates[i]->removed);
    }
    for (size_t i = 0; i < explanation->n_near_misses; i++) {
        struct fhir_json *miss = add_part(parameters, "parameter", "nearMiss");
        add_whole(miss, "part", "therapists", explanation->near_misses[i]->therapists);
        add_text(miss, "part", "relaxation", explanation->near_misses[i]->relaxation);
    }
    return parameters;
}

static void explained(struct fhir_call *call, uint32_t slot, const Fascia__Answer *answer)
{
    const bool tried = call->target.interaction == FHIR_DO_MATCH;
    const Fascia__ControlResponse *response = answer->response;
    bool named = tried;

    (void)slot;
    if (response != NULL && response->n_problems > 0)
        fhir_issue_problems(&call->issues, response->problems, response->n_problems, tried ? "ServiceRequest" : "");
    if (fhir_fail_answer(call, answer, tried ? 422 : 404, tried ? "processing" : "not-found"))
        return;
    if (response == NULL || response->explanation == NULL) {
        fhir_fail(call, 404, "not-found", "", "this referral was not matched yet");
        return;
    }
    /* A sender hears of a therapist only who has taken the case; whom the directory shows anyway, a trial may name. */
    named = named || fhir_has_role(call, FASCIA__ACCESS_ROLE__ACCESS_ROLE_COORDINATOR) ||
            fhir_has_role(call, FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST);
    fhir_end(call, 200, write_explanation(call, response->explanation, named));
}

/* The ServiceRequest of a Parameters; NULL. */
static const struct fhir_json *request_of(const struct fhir_json *parameters)
{
    const struct fhir_json *list = fhir_json_get(parameters, "parameter");

    for (size_t i = 0; i < fhir_json_size(list); i++) {
        const struct fhir_json *resource = fhir_json_get(fhir_json_item(list, i), "resource");
        const char *type = fhir_json_text_of(resource, "resourceType");
        if (type != NULL && strcmp(type, "ServiceRequest") == 0)
            return resource;
    }
    return NULL;
}

void fhir_work_match(struct fhir_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__TryMatch try = FASCIA__TRY_MATCH__INIT;
    struct fhir_json_fault fault;
    const struct fhir_json *body =
        fhir_own(call, fhir_json_parse(call->body.data, call->body.size, fhir_settings(call)->body_bytes, &fault));
    const struct fhir_json *inside = request_of(body);
    struct fascia_bytes bytes = call->body;
    struct fhir_asked *asked;

    if (inside != NULL)
        bytes.data = (const uint8_t *)fhir_json_print(inside, &bytes.size);
    asked = fhir_decode_body(call, bytes, NULL);
    if (asked == NULL)
        return;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_TRY_MATCH;
    request.try_match = &try;
    try.asked = asked->submit->referral;
    call->answered = explained;
    (void)fhir_ask(call, 0, &request);
}

void fhir_work_explain(struct fhir_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ExplainMatch explain = FASCIA__EXPLAIN_MATCH__INIT;

    if (strchr(call->target.id, '-') != NULL || !fhir_id_referral(call->target.id, &explain.referral)) {
        fhir_fail(call, 404, "not-found", "", "there is no ServiceRequest with this id");
        return;
    }
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_EXPLAIN_MATCH;
    request.explain_match = &explain;
    call->answered = explained;
    (void)fhir_ask(call, 0, &request);
}
