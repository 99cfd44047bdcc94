/* What is sent becomes commands, and is answered when they are done. */
#include "fhir_host.h"

#define PATIENT                                                                                                        \
    "\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\",\"name\":[{\"family\":\"Roe\",\"given\":[\"Rita\"]}],"  \
    "\"birthDate\":\"1980-02-29\",\"gender\":\"female\",\"address\":[{\"line\":[\"1 Main "                             \
    "St\"],\"city\":\"Lexington\","                                                                                    \
    "\"state\":\"KY\",\"postalCode\":\"40507\"}]},{\"resourceType\":\"PractitionerRole\",\"id\":\"d\",\"code\":[{"     \
    "\"coding\":[{\"system\":\"http://nucc.org/provider-taxonomy\",\"code\":\"207Q00000X\"}]}],\"practitioner\":{"     \
    "\"identifier\":{\"system\":\"http://hl7.org/fhir/sid/us-npi\",\"value\":\"1234567893\"},\"display\":\"Dr "        \
    "Lee\"}}]"
#define REQUEST(status)                                                                                                \
    "{\"resourceType\":\"ServiceRequest\",\"identifier\":[{\"system\":\"urn:clinic\",\"value\":\"A-1\"}],\"status\":"  \
    "\"" status "\",\"intent\":\"order\",\"subject\":{\"reference\":\"#p\"},\"requester\":{\"reference\":\"#d\"},"     \
    "\"reasonCode\":[{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10-cm\",\"code\":\"M54.2\"}]}]," PATIENT   \
    "}"

static void a_request_is_created_once_it_is_durable(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    node_received(node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING));
    node.referral = 12;
    node_send(&node, "POST", "/ServiceRequest", NULL, REQUEST("active"));
    assert_int_equal(node.asked, 1);
    assert_int_equal(node.completed, 0); /* nothing is promised yet */
    assert_int_equal(node.asks[0]->request->command->body_case, FASCIA__COMMAND__BODY_SUBMIT);
    assert_string_equal(node.asks[0]->request->command->submit->referral->patient->family_name, "Roe");
    assert_int_equal(POST(&node, "/ServiceRequest", REQUEST("active")), 201);
    assert_string_equal(node_header(&node, "location"), NODE_URL "/ServiceRequest/12/_history/120");
    assert_string_equal(node_header(&node, "etag"), "W/\"120\"");
    assert_string_equal(node_at(&node, "id"), "12");
    assert_int_equal(POST_WITH(&node, "/ServiceRequest", REQUEST("active"), "prefer", "return=minimal"), 201);
    assert_int_equal(node.reply->body.len, 0);
    assert_false(node.asks[1]->request->show_referral->content); /* who does not want it does not look at it */
    assert_int_equal(POST_WITH(&node, "/ServiceRequest", REQUEST("active"), "prefer", "return=OperationOutcome"), 201);
    assert_string_equal(node_at(&node, "resourceType"), "OperationOutcome");
    node.verdict = FASCIA__RESULT__VERDICT__DUPLICATE;
    assert_int_equal(POST(&node, "/ServiceRequest", REQUEST("active")), 200);
    node_close(&node);
}

/* What is done must not be told as if it had failed. */
static void who_may_write_and_not_read_hears_that_it_is_done(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    node.referral = 12;
    node.only_writes = true;
    assert_int_equal(POST(&node, "/ServiceRequest", REQUEST("active")), 201);
    assert_string_equal(node_header(&node, "location"), NODE_URL "/ServiceRequest/12");
    assert_int_equal(node.reply->body.len, 0);
    node_close(&node);
}

static void what_cannot_be_taken_is_refused_with_why(void **state)
{
    struct node node;
    Fascia__Problem problem = FASCIA__PROBLEM__INIT;

    (void)state;
    node_open(&node);
    assert_int_equal(POST(&node, "/ServiceRequest", "{\"resourceType\":\"Serv"), 400);
    assert_int_equal(POST(&node, "/ServiceRequest", "{\"resourceType\":\"Patient\"}"), 422);
    assert_int_equal(POST(&node, "/ServiceRequest", REQUEST("draft")), 422);
    assert_string_equal(node_at(&node, "issue.0.expression.0"), "ServiceRequest.status");
    assert_int_equal(node.commands, 0);
    problem.field = (char *)(uintptr_t) "patient.address.state";
    problem.message = (char *)(uintptr_t) "no licence table knows this state";
    node.problem = &problem;
    node.verdict = FASCIA__RESULT__VERDICT__REFUSED;
    assert_int_equal(POST(&node, "/ServiceRequest", REQUEST("active")), 422);
    assert_string_equal(node_at(&node, "issue.0.details.text"), "no licence table knows this state");
    node.problem = NULL;
    node.verdict = FASCIA__RESULT__VERDICT__BUSY;
    assert_int_equal(POST(&node, "/ServiceRequest", REQUEST("active")), 503);
    assert_string_not_equal(node_header(&node, "retry-after"), "");
    node_close(&node);
}

static void a_conditional_create_leaves_what_is_there(void **state)
{
    struct node node;
    Fascia__Problem problem = FASCIA__PROBLEM__INIT;

    (void)state;
    node_open(&node);
    node_received(node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING));
    node.referral = 12;
    node.verdict = FASCIA__RESULT__VERDICT__REFUSED;
    problem.kind = FASCIA__PROBLEM__KIND__DUPLICATE_KEY;
    problem.message = (char *)(uintptr_t) "known with other content";
    node.problem = &problem;
    assert_int_equal(POST(&node, "/ServiceRequest", REQUEST("active")), 422);
    assert_int_equal(
        POST_WITH(&node, "/ServiceRequest", REQUEST("active"), "if-none-exist", "identifier=urn:clinic|A-1"), 200);
    assert_string_equal(node_at(&node, "id"), "12");
    node.commands = 0;
    assert_int_equal(
        POST_WITH(&node, "/ServiceRequest", REQUEST("active"), "if-none-exist", "identifier=urn:clinic|A-2"), 412);
    assert_int_equal(POST_WITH(&node, "/ServiceRequest", REQUEST("active"), "if-none-exist", "code=x"), 400);
    assert_int_equal(node.commands, 0);
    node_close(&node);
}

static void a_request_is_changed_at_its_own_address_only(void **state)
{
    static const char put[] = "{\"id\":\"12\"," /* and the rest of */;
    struct node node;
    Fascia__ReferralDetail *detail;
    char body[4096];

    (void)state;
    node_open(&node);
    detail = node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING);
    node_received(detail);
    node.referral = 12;
    snprintf(body, sizeof body, "%s%s", put, &REQUEST("active")[1]);
    assert_int_equal(node_do(&node, "PUT", "/ServiceRequest/13", NULL, body), 400);
    assert_int_equal(
        node_do(&node, "PUT", "/ServiceRequest/12", (const char *const[]){"if-match", "W/\"119\"", NULL}, body), 412);
    assert_int_equal(node.commands, 0);
    free(detail->content->sender_referral_id);
    detail->content->sender_referral_id = node_text("another");
    assert_int_equal(node_do(&node, "PUT", "/ServiceRequest/12", NULL, body), 409);
    assert_int_equal(node.commands, 0);
    free(detail->content->sender_referral_id);
    node_send(&node, "POST", "/ServiceRequest", NULL, REQUEST("active"));
    detail->content->sender_referral_id =
        node_text(node.asks[0]->request->command->submit->referral->sender_referral_id);
    assert_int_equal(
        node_do(&node, "PUT", "/ServiceRequest/12", (const char *const[]){"if-match", "W/\"120\"", NULL}, body), 200);
    assert_int_equal(node.asks[1]->request->command->submit->action, FASCIA__SUBMIT__ACTION__MODIFY);
    snprintf(body, sizeof body, "%s%s", put, &REQUEST("revoked")[1]);
    assert_int_equal(node_do(&node, "PUT", "/ServiceRequest/12", NULL, body), 200);
    assert_int_equal(node.asks[1]->request->command->submit->action, FASCIA__SUBMIT__ACTION__CANCEL);
    node_close(&node);
}

static void a_task_is_accepted_by_its_therapist(void **state)
{
    static Fascia__AccessRole therapist[] = {FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST};
    static const char patch[] = "[{\"op\":\"replace\",\"path\":\"/status\",\"value\":\"accepted\"}]";
    struct node node;
    Fascia__ReferralDetail *detail;
    Fascia__Offered *offered;

    (void)state;
    node_open(&node);
    node.principal.roles = therapist;
    node.principal.n_roles = 1;
    node.principal.therapist = (char *)(uintptr_t) "1234567893";
    detail = node_refer(&node, 12, FASCIA__STATE__STATE_OFFERED);
    node_received(detail);
    NODE_EVENT(detail, "node", OFFERED, offered, offered, offered);
    offered->therapist = node_text("1234567893");
    detail->row->therapist = node_text("1234567893");
    node.referral = 12;
    assert_int_equal(node_do(&node, "PATCH", "/Task/12",
                             (const char *const[]){"content-type", "application/json-patch+json", NULL}, patch),
                     200);
    assert_int_equal(node.commands, 1);
    assert_int_equal(node.asks[1]->request->command->body_case, FASCIA__COMMAND__BODY_ACCEPT);
    assert_string_equal(node.asks[1]->request->command->accept->therapist, "1234567893");
    assert_int_equal(node.asks[1]->request->command->accept->referral, 12);
    assert_int_equal(
        node_do(&node, "PATCH", "/Task/12",
                (const char *const[]){"content-type", "application/json-patch+json", "if-match", "\"1\"", NULL}, patch),
        412);
    assert_int_equal(node_do(&node, "PATCH", "/Task/12", NULL, patch), 415);
    assert_int_equal(node_do(&node, "PATCH", "/Task/12",
                             (const char *const[]){"content-type", "application/json-patch+json", NULL}, "[{}]"),
                     400);
    assert_int_equal(node.commands, 1);
    node.verdict = FASCIA__RESULT__VERDICT__CONFLICT;
    assert_int_equal(node_do(&node, "PATCH", "/Task/12",
                             (const char *const[]){"content-type", "application/json-patch+json", NULL}, patch),
                     409);
    node_close(&node);
}

static void what_is_put_as_it_stood_changes_nothing(void **state)
{
    static Fascia__AccessRole coordinator[] = {FASCIA__ACCESS_ROLE__ACCESS_ROLE_COORDINATOR};
    struct node node;
    char body[4096];

    (void)state;
    node_open(&node);
    node.principal.roles = coordinator;
    node.principal.n_roles = 1;
    node_received(node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING));
    assert_int_equal(GET(&node, "/Task/12"), 200);
    snprintf(body, sizeof body, "%.*s", (int)node.reply->body.len, (const char *)node.reply->body.data);
    assert_int_equal(node_do(&node, "PUT", "/Task/12", NULL, body), 200);
    assert_int_equal(node.commands, 0);
    assert_int_equal(node_do(&node, "PUT", "/Task/13", NULL, body), 400);
    assert_int_equal(node_do(&node, "PUT", "/Task/x", NULL, body), 404);
    node_close(&node);
}

static void a_transaction_is_one_referral(void **state)
{
    static const char bundle[] =
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"request\":{\"method\":\"GET\",\"url\":"
        "\"Task/12\"}},{\"fullUrl\":\"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0\",\"resource\":" REQUEST(
            "active") ",\"request\":{\"method\":\"POST\",\"url\":\"ServiceRequest\"}}]}";
    struct node node;

    (void)state;
    node_open(&node);
    node_received(node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING));
    node.referral = 12;
    assert_int_equal(POST(&node, "/", bundle), 200);
    assert_string_equal(node_at(&node, "type"), "transaction-response");
    assert_string_equal(node_at(&node, "entry.0.resource.resourceType"), "Task");
    assert_string_equal(node_at(&node, "entry.1.response.status"), "201 Created");
    assert_string_equal(node_at(&node, "entry.1.response.location"), NODE_URL "/ServiceRequest/12/_history/120");
    assert_string_equal(node_at(&node, "entry.1.response.etag"), "W/\"120\"");
    assert_int_equal(node.asks[0]->request->body_case, FASCIA__CONTROL_REQUEST__BODY_COMMAND); /* writes come first */
    node.verdict = FASCIA__RESULT__VERDICT__CONFLICT;
    assert_int_equal(POST(&node, "/", bundle), 409);
    assert_string_equal(node_at(&node, "resourceType"), "OperationOutcome");
    node_close(&node);
}

static void entries_of_a_batch_stand_alone(void **state)
{
    static const char bundle[] = "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"request\":{\"method\":"
                                 "\"GET\",\"url\":\"Task/99\"}},{"
                                 "\"request\":{\"method\":\"GET\",\"url\":\"" NODE_URL
                                 "/Task?_id=12\"}},{\"request\":{\"method\":\"DELETE\",\"url\":"
                                 "\"Task/12\"}},{\"request\":{\"method\":\"GET\",\"url\":\"metadata\"}}]}";
    struct node node;

    (void)state;
    node_open(&node);
    node_received(node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING));
    assert_int_equal(POST(&node, "/", bundle), 200);
    assert_string_equal(node_at(&node, "type"), "batch-response");
    assert_string_equal(node_at(&node, "entry.0.response.status"), "404 Not Found");
    assert_string_equal(node_at(&node, "entry.0.response.outcome.issue.0.code"), "not-found");
    assert_string_equal(node_at(&node, "entry.1.resource.entry.0.resource.id"), "12");
    assert_string_equal(node_at(&node, "entry.2.response.status"), "405");
    assert_string_equal(node_at(&node, "entry.3.resource.resourceType"), "CapabilityStatement");
    assert_int_equal(POST(&node, "/", "{\"resourceType\":\"Bundle\",\"type\":\"collection\"}"), 400);
    assert_int_equal(POST(&node, "/", "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{}]}"), 400);
    node_close(&node);
}

static void a_match_can_be_tried(void **state)
{
    struct node node;
    Fascia__Explanation explanation = FASCIA__EXPLANATION__INIT;
    Fascia__Candidate candidate = FASCIA__CANDIDATE__INIT;
    Fascia__Candidate *candidates[] = {&candidate};

    (void)state;
    node_open(&node);
    explanation.considered = 5;
    explanation.passed = 1;
    explanation.candidates = candidates;
    explanation.n_candidates = 1;
    candidate.therapist = (char *)(uintptr_t) "T.7";
    candidate.score = 812;
    node.explanation = &explanation;
    assert_int_equal(POST(&node, "/ServiceRequest/$match", REQUEST("active")), 200);
    assert_string_equal(node_at(&node, "resourceType"), "Parameters");
    assert_string_equal(node_at(&node, "parameter.3.part.0.valueReference.reference"), "Practitioner/T.2E7");
    assert_int_equal(node.asks[0]->request->body_case, FASCIA__CONTROL_REQUEST__BODY_TRY_MATCH);
    assert_string_equal(node.asks[0]->request->try_match->asked->conditions[0]->code, "M54.2");
    assert_int_equal(
        POST(&node, "/ServiceRequest/$match",
             "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"resource\",\"resource\":" REQUEST(
                 "active") "}]}"),
        200);
    assert_int_equal(GET(&node, "/ServiceRequest/12/$explain"), 200);
    assert_string_equal(node_at(&node, "parameter.1.valueInteger"), "5");
    assert_string_equal(node_at(&node, "parameter.3.part.0.name"), "score"); /* a sender does not hear who */
    node_close(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_created_once_it_is_durable),
        cmocka_unit_test(who_may_write_and_not_read_hears_that_it_is_done),
        cmocka_unit_test(what_cannot_be_taken_is_refused_with_why),
        cmocka_unit_test(a_conditional_create_leaves_what_is_there),
        cmocka_unit_test(a_request_is_changed_at_its_own_address_only),
        cmocka_unit_test(a_task_is_accepted_by_its_therapist),
        cmocka_unit_test(what_is_put_as_it_stood_changes_nothing),
        cmocka_unit_test(a_transaction_is_one_referral),
        cmocka_unit_test(entries_of_a_batch_stand_alone),
        cmocka_unit_test(a_match_can_be_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
