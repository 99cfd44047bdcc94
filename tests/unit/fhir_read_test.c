/* What is given when one resource is asked for, and what is said when it is not. */
#include "fhir_host.h"

static void nobody_is_told_to_sign_in_but_sees_the_capabilities(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    node.nobody = true;
    assert_int_equal(GET(&node, "/Patient/1"), 401);
    assert_string_equal(node_at(&node, "resourceType"), "OperationOutcome");
    assert_string_equal(node_at(&node, "issue.0.code"), "login");
    assert_string_equal(node_header(&node, "www-authenticate"), "Bearer realm=\"fhir\"");
    node.refused = "expired";
    assert_int_equal(GET(&node, "/Patient/1"), 401);
    assert_non_null(strstr(node_header(&node, "www-authenticate"), "invalid_token"));
    assert_int_equal(GET(&node, "/metadata"), 200);
    assert_string_equal(node_at(&node, "resourceType"), "CapabilityStatement");
    node_close(&node);
}

static void paths_that_lead_nowhere_are_told_apart(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    assert_int_equal(GET(&node, "/Nonsense/1"), 404);
    assert_string_equal(node_at(&node, "issue.0.code"), "not-supported");
    assert_int_equal(GET(&node, "/ServiceRequest/1/x/y/z"), 404);
    assert_int_equal(GET(&node, "/ServiceRequest/%zz"), 400);
    assert_int_equal(GET(&node, "/ServiceRequest/a_b"), 400);
    assert_int_equal(node_do(&node, "DELETE", "/ServiceRequest/1", NULL, NULL), 405);
    assert_string_equal(node_header(&node, "allow"), "GET, HEAD, PUT");
    assert_int_equal(POST(&node, "/Patient", "{}"), 405);
    assert_string_equal(node_header(&node, "allow"), "GET, HEAD");
    assert_int_equal(node.asked, 0);
    node_close(&node);
}

static void formats_are_negotiated(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    assert_int_equal(GET_WITH(&node, "/metadata", "accept", "application/fhir+xml"), 406);
    assert_int_equal(GET_WITH(&node, "/metadata", "accept", "application/fhir+xml, application/json;q=0.5"), 200);
    assert_int_equal(GET_WITH(&node, "/metadata", "accept", "application/fhir+json; fhirVersion=3.0"), 406);
    assert_int_equal(GET_WITH(&node, "/metadata", "accept", "application/fhir+json;q=0"), 406);
    assert_int_equal(GET(&node, "/metadata?_format=xml"), 406);
    assert_int_equal(GET_WITH(&node, "/metadata?_format=json", "accept", "text/html"), 200);
    assert_int_equal(GET(&node, "/metadata?_format=application/fhir+json"), 200);
    assert_int_equal(POST_WITH(&node, "/ServiceRequest", "<ServiceRequest/>", "content-type", "application/fhir+xml"),
                     415);
    assert_string_equal(node_header(&node, "content-type"), "application/fhir+json; charset=utf-8");
    node_close(&node);
}

static void a_patient_is_that_of_the_referral(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    node_received(node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING));
    assert_int_equal(GET(&node, "/Patient/12"), 200);
    assert_string_equal(node_at(&node, "resourceType"), "Patient");
    assert_string_equal(node_at(&node, "id"), "12");
    assert_string_equal(node_at(&node, "name.0.family"), "Roe");
    assert_string_equal(node_at(&node, "birthDate"), "1980-02-29");
    assert_string_equal(node_at(&node, "meta.versionId"), "120");
    assert_string_equal(node_header(&node, "etag"), "W/\"120\"");
    assert_string_equal(node_header(&node, "last-modified"), "Mon, 23 Nov 2026 07:00:00 GMT");
    assert_int_equal(GET_WITH(&node, "/Patient/12", "if-none-match", "W/\"120\""), 304);
    assert_int_equal(node.reply->body.len, 0);
    assert_int_equal(GET_WITH(&node, "/Patient/12", "if-none-match", "W/\"12\", W/\"1200\""), 200);
    assert_int_equal(GET(&node, "/Patient/13"), 404);
    assert_int_equal(GET(&node, "/Patient/012"), 404);
    node_close(&node);
}

static void what_the_sender_wrote_comes_back(void **state)
{
    static const char sent[] =
        "{\"resourceType\":\"ServiceRequest\",\"id\":\"theirs\",\"meta\":{\"versionId\":\"9\",\"tag\":[{"
        "\"code\":\"x\"}]},\"status\":\"active\",\"intent\":\"order\",\"subject\":{\"reference\":"
        "\"Patient/4711\",\"display\":\"Rita\"},\"extension\":[{\"url\":\"urn:x\",\"valueDecimal\":"
        "1.50}],\"unheardOf\":true}";
    struct node node;
    Fascia__ReferralDetail *detail;

    (void)state;
    node_open(&node);
    detail = node_refer(&node, 12, FASCIA__STATE__STATE_NEEDS_INFORMATION);
    node_received(detail);
    detail->content->original = (ProtobufCBinaryData){strlen(sent), (uint8_t *)node_text(sent)};
    detail->content->original_media_type = node_text("application/fhir+json");
    assert_int_equal(GET(&node, "/ServiceRequest/12"), 200);
    assert_string_equal(node_at(&node, "id"), "12");
    assert_string_equal(node_at(&node, "meta.versionId"), "120");
    assert_string_equal(node_at(&node, "meta.tag.0.code"), "x");
    assert_string_equal(node_at(&node, "status"), "on-hold");
    assert_string_equal(node_at(&node, "extension.0.valueDecimal"), "1.50");
    assert_string_equal(node_at(&node, "unheardOf"), "true");
    assert_string_equal(node_at(&node, "subject.reference"), "Patient/12");
    assert_string_equal(node_at(&node, "subject.display"), "Rita");
    node_close(&node);
}

static void entries_of_a_bundle_are_contained(void **state)
{
    static const char sent[] =
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"fullUrl\":\"urn:uuid:p\",\"resource\":{"
        "\"resourceType\":\"Patient\"}},{\"fullUrl\":\"urn:uuid:d\",\"resource\":{\"resourceType\":\"Practitioner\","
        "\"id\":\"d\",\"name\":[{\"family\":\"Lee\"}]}},{\"fullUrl\":\"urn:uuid:r\",\"resource\":{\"resourceType\":"
        "\"ServiceRequest\",\"status\":\"active\",\"intent\":\"order\",\"subject\":{\"reference\":\"urn:uuid:p\"},"
        "\"requester\":{\"reference\":\"urn:uuid:d\"},\"performer\":[{\"reference\":\"Practitioner/d\"}]}}]}";
    struct node node;
    Fascia__ReferralDetail *detail;

    (void)state;
    node_open(&node);
    detail = node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING);
    node_received(detail);
    detail->content->original = (ProtobufCBinaryData){strlen(sent), (uint8_t *)node_text(sent)};
    detail->content->original_media_type = node_text("application/fhir+json");
    assert_int_equal(GET(&node, "/ServiceRequest/12"), 200);
    assert_string_equal(node_at(&node, "subject.reference"), "Patient/12");
    assert_string_equal(node_at(&node, "requester.reference"), "#entry-2");
    assert_string_equal(node_at(&node, "performer.0.reference"), "#entry-2");
    assert_string_equal(node_at(&node, "contained.0.id"), "entry-2");
    assert_string_equal(node_at(&node, "contained.0.name.0.family"), "Lee");
    assert_string_equal(node_at(&node, "contained.1"), "");
    node_close(&node);
}

static void what_came_by_another_source_is_written_anew(void **state)
{
    struct node node;
    Fascia__ReferralDetail *detail;
    Fascia__Code *code = calloc(1, sizeof *code);

    (void)state;
    node_open(&node);
    detail = node_refer(&node, 12, FASCIA__STATE__STATE_COMPLETED);
    node_received(detail);
    fascia__code__init(code);
    code->system = node_text("ICD-10-CM");
    code->code = node_text("M54.2");
    detail->content->conditions = calloc(1, sizeof(Fascia__Code *));
    detail->content->conditions[detail->content->n_conditions++] = code;
    detail->content->original_media_type = node_text("x-application/hl7-v2+er7");
    assert_int_equal(GET(&node, "/ServiceRequest/12"), 200);
    assert_string_equal(node_at(&node, "status"), "completed");
    assert_string_equal(node_at(&node, "reasonCode.0.coding.0.system"), "http://hl7.org/fhir/sid/icd-10-cm");
    assert_string_equal(node_at(&node, "reasonCode.0.coding.0.code"), "M54.2");
    node_close(&node);
}

static void a_task_tells_where_the_work_stands(void **state)
{
    struct node node;
    Fascia__ReferralDetail *detail;
    Fascia__VisitBooked *booked;
    Fascia__VisitEnded *ended;
    Fascia__OutcomeReported *outcome;
    Fascia__Viewed *viewed;

    (void)state;
    node_open(&node);
    detail = node_refer(&node, 12, FASCIA__STATE__STATE_CLOSED);
    node_received(detail);
    node_accepted(detail, "1234567893");
    NODE_EVENT(detail, "user:ann", VISIT_BOOKED, visit_booked, visit_booked, booked);
    booked->visit = 1;
    booked->therapist = node_text("1234567893");
    booked->from = NODE_TIME;
    booked->to = NODE_TIME + 3600000;
    NODE_EVENT(detail, "user:ann", VISIT_ENDED, visit_ended, visit_ended, ended);
    ended->visit = 1;
    NODE_EVENT(detail, "user:ann", OUTCOME, outcome, outcome_reported, outcome);
    outcome->summary = node_text("better");
    outcome->visits = 1;
    outcome->pain_before = 7;
    outcome->pain_after = -1;
    NODE_EVENT(detail, "user:bob", VIEWED, viewed, viewed, viewed);
    assert_int_equal(GET(&node, "/Task/12"), 200);
    assert_string_equal(node_at(&node, "status"), "completed");
    assert_string_equal(node_at(&node, "businessStatus.coding.0.code"), "7.0");
    assert_string_equal(node_at(&node, "meta.versionId"), "125"); /* a look is no version */
    assert_string_equal(node_at(&node, "focus.reference"), "ServiceRequest/12");
    assert_string_equal(node_at(&node, "owner.reference"), "Practitioner/1234567893");
    assert_string_equal(node_at(&node, "executionPeriod.start"), "2026-11-23T08:00:00.000Z");
    assert_string_equal(node_at(&node, "executionPeriod.end"), "2026-11-23T09:00:00.000Z");
    assert_string_equal(node_at(&node, "output.0.valueString"), "better");
    assert_string_equal(node_at(&node, "output.2.valueInteger"), "7");
    assert_string_equal(node_at(&node, "output.3"), "");
    assert_false(node.asks[0]->request->show_referral->content);

    assert_int_equal(GET(&node, "/Task/12/_history/122"), 200);
    assert_string_equal(node_at(&node, "status"), "accepted");
    assert_string_equal(node_header(&node, "etag"), "W/\"122\"");
    assert_int_equal(GET(&node, "/Task/12/_history/126"), 404);
    assert_int_equal(GET(&node, "/Task/12/_history"), 200);
    assert_string_equal(node_at(&node, "total"), "6");
    assert_string_equal(node_at(&node, "entry.0.resource.status"), "completed");
    assert_string_equal(node_at(&node, "entry.5.resource.status"), "received");
    assert_string_equal(node_at(&node, "entry.5.request.method"), "POST");

    assert_int_equal(GET(&node, "/Appointment/12-1"), 200);
    assert_string_equal(node_at(&node, "status"), "fulfilled");
    assert_string_equal(node_at(&node, "participant.1.actor.reference"), "Practitioner/1234567893");
    node_close(&node);
}

static void a_sender_does_not_hear_who_is_offered_a_referral(void **state)
{
    static Fascia__AccessRole therapist[] = {FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST};
    struct node node;
    Fascia__ReferralDetail *detail;
    Fascia__Offered *offered;
    Fascia__OfferClosed *closed;

    (void)state;
    node_open(&node);
    detail = node_refer(&node, 12, FASCIA__STATE__STATE_OFFERED);
    node_received(detail);
    NODE_EVENT(detail, "node", OFFERED, offered, offered, offered);
    offered->therapist = node_text("T-7");
    detail->row->therapist = node_text("T-7");
    assert_int_equal(GET(&node, "/Task/12"), 200);
    assert_string_equal(node_at(&node, "owner.reference"), "");
    assert_int_equal(GET(&node, "/Provenance?patient=Patient/12"), 200);
    assert_int_equal(node_count(&node, "entry"), 1);
    node.principal.roles = therapist;
    node.principal.n_roles = 1;
    assert_int_equal(GET(&node, "/Task/12"), 200);
    assert_string_equal(node_at(&node, "owner.reference"), "Practitioner/T-7");
    NODE_EVENT(detail, "user:t7", OFFER_CLOSED, offer_closed, offer_closed, closed);
    closed->therapist = node_text("T-7");
    closed->reason = node_text("I know them");
    detail->row->state = FASCIA__STATE__STATE_MATCHING;
    assert_int_equal(GET(&node, "/Task/12"), 200);
    assert_string_equal(node_at(&node, "statusReason.text"), "I know them");
    node.principal.n_roles = 0;
    assert_int_equal(GET(&node, "/Task/12"), 200);
    assert_string_equal(node_at(&node, "statusReason.text"), "");
    node_close(&node);
}

static void what_was_erased_is_gone(void **state)
{
    struct node node;
    Fascia__ReferralDetail *detail;

    (void)state;
    node_open(&node);
    detail = node_refer(&node, 12, FASCIA__STATE__STATE_CLOSED);
    node_received(detail);
    detail->erased = true;
    fascia__referral__free_unpacked(detail->content, NULL);
    detail->content = NULL;
    assert_int_equal(GET(&node, "/Patient/12"), 410);
    assert_int_equal(GET(&node, "/ServiceRequest/12"), 410);
    assert_int_equal(GET(&node, "/Task/12"), 200);
    node_close(&node);
}

static void what_the_node_refuses_is_told(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    node.forbidden = true;
    assert_int_equal(GET(&node, "/Task/12"), 403);
    assert_string_equal(node_at(&node, "issue.0.code"), "forbidden");
    node.forbidden = false;
    node.unavailable = true;
    assert_int_equal(GET(&node, "/Task/12"), 503);
    assert_string_equal(node_header(&node, "retry-after"), "5");
    node.unavailable = false;
    node.busy = true;
    assert_int_equal(GET(&node, "/Task/12"), 503);
    node_close(&node);
}

static void scopes_bound_what_a_client_may(void **state)
{
    static char *scopes[] = {(char *)(uintptr_t) "system/Task.rs", (char *)(uintptr_t) "system/Patient.read",
                             (char *)(uintptr_t) "system/Coverage.rs?x=y"};
    struct node node;

    (void)state;
    node_open(&node);
    node.principal.person = false;
    node.principal.scopes = scopes;
    node.principal.n_scopes = 3;
    node_received(node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING));
    assert_int_equal(GET(&node, "/Task/12"), 200);
    assert_int_equal(GET(&node, "/Patient/12"), 200);
    assert_int_equal(GET(&node, "/ServiceRequest/12"), 403);
    assert_non_null(strstr(node_header(&node, "www-authenticate"), "scope=\"system/ServiceRequest.r\""));
    assert_int_equal(GET(&node, "/Coverage?patient=12"), 403);
    assert_int_equal(GET(&node, "/Task?_id=12&_include=Task:focus"), 200);
    assert_int_equal(node_count(&node, "entry"), 1);
    node_close(&node);
}

static void an_abandoned_request_is_forgotten(void **state)
{
    struct node node;
    Fascia__Answer answer = FASCIA__ANSWER__INIT;
    uint8_t packed[16];

    (void)state;
    node_open(&node);
    node_send(&node, "GET", "/Task/12", NULL, NULL);
    assert_int_equal(node.asked, 1);
    fhir_plugin.abandon(node.instance, node.token);
    fhir_plugin.answer(node.instance, node.token, (struct fascia_bytes){packed, fascia__answer__pack(&answer, packed)});
    assert_int_equal(node.completed, 0);
    node_close(&node);
}

static void less_is_given_when_less_is_asked_for(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    node_received(node_refer(&node, 12, FASCIA__STATE__STATE_MATCHING));
    assert_int_equal(GET(&node, "/Task/12?_elements=focus"), 200);
    assert_string_equal(node_at(&node, "focus.reference"), "ServiceRequest/12");
    assert_string_equal(node_at(&node, "status"), "received"); /* mandatory */
    assert_string_equal(node_at(&node, "authoredOn"), "");
    assert_string_equal(node_at(&node, "meta.tag.0.code"), "SUBSETTED");
    assert_int_equal(GET(&node, "/Task/12?_pretty=true"), 200);
    assert_non_null(memmem(node.reply->body.data, node.reply->body.len, "{\n  \"resourceType\": \"Task\",\n", 28));
    node_close(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_told_to_sign_in_but_sees_the_capabilities),
        cmocka_unit_test(paths_that_lead_nowhere_are_told_apart),
        cmocka_unit_test(formats_are_negotiated),
        cmocka_unit_test(a_patient_is_that_of_the_referral),
        cmocka_unit_test(what_the_sender_wrote_comes_back),
        cmocka_unit_test(entries_of_a_bundle_are_contained),
        cmocka_unit_test(what_came_by_another_source_is_written_anew),
        cmocka_unit_test(a_task_tells_where_the_work_stands),
        cmocka_unit_test(a_sender_does_not_hear_who_is_offered_a_referral),
        cmocka_unit_test(what_was_erased_is_gone),
        cmocka_unit_test(what_the_node_refuses_is_told),
        cmocka_unit_test(scopes_bound_what_a_client_may),
        cmocka_unit_test(an_abandoned_request_is_forgotten),
        cmocka_unit_test(less_is_given_when_less_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
