/* Searches: what is found, page by page, and what is said of parameters. */
#include "fhir_host.h"

#include "fhir/search.h"

static void refer_many(struct node *node, uint64_t count)
{
    for (uint64_t i = 1; i <= count; i++)
        node_received(node_refer(node, i, i % 2 == 0 ? FASCIA__STATE__STATE_COMPLETED : FASCIA__STATE__STATE_MATCHING));
}

/* The ids of the entries that were found, with a blank behind each. */
static const char *ids(const struct node *node)
{
    static char text[512];
    char path[64];

    text[0] = '\0';
    for (size_t i = 0; i < node_count(node, "entry"); i++) {
        snprintf(path, sizeof path, "entry.%zu.resource.id", i);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", node_at(node, path));
    }
    return text;
}

#define FINDS(node, url, found)                                                                                        \
    do {                                                                                                               \
        assert_int_equal(GET((node), (url)), 200);                                                                     \
        assert_string_equal(ids(node), found);                                                                         \
    } while (0)

static void pages_are_walked_both_ways(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    refer_many(&node, 7);
    FINDS(&node, "/Task?_count=3", "1 2 3 ");
    assert_string_equal(node_at(&node, "type"), "searchset");
    assert_null(node_link(&node, "previous"));
    assert_string_equal(node_at(&node, "total"), "");
    FINDS(&node, node_link(&node, "next"), "4 5 6 ");
    FINDS(&node, node_link(&node, "next"), "7 ");
    assert_null(node_link(&node, "next"));
    FINDS(&node, node_link(&node, "previous"), "4 5 6 ");
    FINDS(&node, node_link(&node, "previous"), "1 2 3 ");
    assert_string_equal(node_link(&node, "self"), "/Task?_count=3");
    FINDS(&node, "/Task", "1 2 3 4 5 6 7 ");
    assert_string_equal(node_at(&node, "total"), "7");
    assert_int_equal(GET(&node, "/Task?_cursor=nonsense"), 400);
    node_close(&node);
}

/* Who is looked at, is looked at for the record: a page looks at no more than it needs. */
static void no_more_is_looked_at_than_is_given(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    refer_many(&node, 9);
    FINDS(&node, "/ServiceRequest?_count=2", "1 2 ");
    assert_int_equal(node.asked, 3); /* the list, and two */
    FINDS(&node, "/ServiceRequest?status=completed&_count=2", "2 4 ");
    assert_int_equal(node.asked, 3);
    FINDS(&node, "/ServiceRequest?patient=Patient/4", "4 ");
    assert_int_equal(node.asked, 1);
    FINDS(&node, "/Task?focus=ServiceRequest/4&status=completed", "4 ");
    assert_int_equal(node.asked, 1);
    FINDS(&node, "/Task?_summary=count", "");
    assert_string_equal(node_at(&node, "total"), "9");
    assert_int_equal(node.asked, 1);
    FINDS(&node, "/Task?_sort=-_id&_count=2", "9 8 ");
    assert_int_equal(node.asked, 3);
    assert_int_equal(GET(&node, node_link(&node, "next")), 200);
    assert_string_equal(ids(&node), "7 6 ");
    FINDS(&node, "/Task?_sort=-_id&_id=3,5", "5 3 ");
    node.list_most = 2;
    FINDS(&node, "/Task?status=completed&_count=3", "2 4 6 ");
    FINDS(&node, "/Task?status=completed", "2 4 6 8 ");
    assert_string_equal(node_at(&node, "total"), "4");
    node_close(&node);
}

static void parameters_select(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    refer_many(&node, 6);
    free(node.details[2]->content->patient->family_name);
    node.details[2]->content->patient->family_name = node_text("O'Hara, Ann");
    FINDS(&node, "/Task?status=completed", "2 4 6 ");
    FINDS(&node, "/Task?status=completed,received", "1 2 3 4 5 6 ");
    FINDS(&node, "/Task?status:not=completed", "1 3 5 ");
    FINDS(&node, "/Task?status=completed&_id=4,5", "4 ");
    FINDS(&node, "/Task?_id=99,5,3", "3 5 ");
    FINDS(&node, "/Task?owner:missing=true&_count=2", "1 2 ");
    FINDS(&node, "/Task?owner:missing=false", "");
    FINDS(&node, "/Task?business-status=http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS%7C7.0", "2 4 6 ");
    FINDS(&node, "/Task?business-status=http://elsewhere%7C7.0", "");
    FINDS(&node, "/Task?business-status:text=comp&_id=2", "2 ");
    FINDS(&node, "/Patient?family=roe", "1 2 4 5 6 ");
    FINDS(&node, "/Patient?family:exact=roe", "");
    FINDS(&node, "/Patient?family=O%27Hara%5C,%20A", "3 ");
    FINDS(&node, "/Patient?family:contains=ara", "3 ");
    FINDS(&node, "/Patient?birthdate=1980&_id=1", "1 ");
    FINDS(&node, "/Patient?birthdate=gt1980-02-29&_id=1", "");
    FINDS(&node, "/Patient?birthdate=ge1980-02-29&_id=1", "1 ");
    FINDS(&node, "/Patient?birthdate=lt1980-03&_id=1", "1 ");
    FINDS(&node, "/Patient?birthdate=sa1980-02&_id=1", "");
    FINDS(&node, "/Task?_lastUpdated=gt2026-11-23T06:59:59Z&_id=1", "1 ");
    FINDS(&node, "/Task?_lastUpdated=lt2026-11-23T07:00:00Z&_id=1", "");
    FINDS(&node, "/Task?patient=" NODE_URL "/Patient/2", "2 ");
    FINDS(&node, "/Task?subject:Patient=2", "2 ");
    FINDS(&node, "/Task?patient=https://elsewhere/Patient/2", "");
    FINDS(&node, "/Task?status=ready", "");
    assert_int_equal(node_do(&node, "POST", "/Task/_search?_count=1",
                             (const char *const[]){"content-type", "application/x-www-form-urlencoded", NULL},
                             "status=completed"),
                     200);
    assert_string_equal(ids(&node), "2 ");
    assert_string_equal(node_link(&node, "self"), "/Task?_count=1&status=completed");
    node_close(&node);
}

static void what_is_not_known_is_an_error_only_when_strict(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    refer_many(&node, 1);
    assert_int_equal(GET(&node, "/Task?colour=red&status=received"), 200);
    assert_string_equal(node_link(&node, "self"), "/Task?status=received");
    assert_string_equal(node_at(&node, "entry.1.search.mode"), "outcome");
    assert_non_null(strstr(node_at(&node, "entry.1.resource.issue.0.details.text"), "parameter colour"));
    assert_int_equal(GET_WITH(&node, "/Task?colour=red", "prefer", "handling=strict"), 400);
    assert_non_null(strstr(node_at(&node, "issue.0.details.text"), "parameter colour"));
    /* what is known and wrong is an error either way, and is not repeated */
    assert_int_equal(GET(&node, "/Patient?birthdate=29.02.1980"), 400);
    assert_non_null(strstr(node_at(&node, "issue.0.details.text"), "parameter birthdate"));
    assert_null(strstr(node_at(&node, "issue.0.details.text"), "1980-02-29"));
    assert_int_equal(GET(&node, "/Task?status:above=x"), 400);
    assert_int_equal(GET(&node, "/Task?_count=many"), 400);
    assert_int_equal(GET(&node, "/Task?_summary=yes"), 400);
    assert_int_equal(GET(&node, "/Task?owner:missing=perhaps"), 400);
    assert_int_equal(GET(&node, "/Task?status=%"), 400);
    assert_int_equal(GET(&node, "/Task?status=%ff"), 400);
    assert_int_equal(GET(&node, "/Task?status=%00"), 400);
    node_close(&node);
}

static void what_belongs_together_is_included(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    refer_many(&node, 3);
    node_accepted(node.details[1], "T-7");
    node_employ(&node, "T-7", "Terry Ellis");
    assert_int_equal(GET(&node, "/Task?_id=2&_include=Task:focus&_include=Task:owner&_include=Task:patient"), 200);
    assert_string_equal(node_at(&node, "entry.0.search.mode"), "match");
    assert_string_equal(node_at(&node, "entry.1.resource.resourceType"), "ServiceRequest");
    assert_string_equal(node_at(&node, "entry.1.search.mode"), "include");
    assert_string_equal(node_at(&node, "entry.2.resource.resourceType"), "Practitioner");
    assert_string_equal(node_at(&node, "entry.3.resource.resourceType"), "Patient");
    assert_string_equal(node_at(&node, "total"), "1");
    assert_int_equal(GET(&node, "/ServiceRequest?_id=2&_revinclude=Task:focus"), 200);
    assert_string_equal(node_at(&node, "entry.1.resource.resourceType"), "Task");
    assert_int_equal(node_count(&node, "entry"), 2);
    assert_int_equal(GET(&node, "/ServiceRequest?_id=2&_revinclude=PractitionerRole:location"), 400);
    node_close(&node);
}

static void sorted_pages_go_through_all(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    refer_many(&node, 5);
    for (size_t i = 0; i < 5; i++) {
        free(node.details[i]->content->patient->family_name);
        node.details[i]->content->patient->family_name = node_text((const char *[]){"B", "d", "A", "c", "A"}[i]);
    }
    FINDS(&node, "/Patient?_sort=family", "3 5 1 4 2 ");
    FINDS(&node, "/Patient?_sort=-family", "2 4 1 3 5 ");
    FINDS(&node, "/Patient?_sort=family&_count=2", "3 5 ");
    assert_string_equal(node_at(&node, "total"), "5");
    FINDS(&node, node_link(&node, "next"), "1 4 ");
    FINDS(&node, node_link(&node, "next"), "2 ");
    assert_null(node_link(&node, "next"));
    FINDS(&node, node_link(&node, "previous"), "1 4 ");
    node_close(&node);
}

static void appointments_are_cut_between_pages(void **state)
{
    struct node node;
    Fascia__ReferralDetail *detail;

    (void)state;
    node_open(&node);
    for (uint64_t number = 1; number <= 2; number++) {
        detail = node_refer(&node, number, FASCIA__STATE__STATE_SCHEDULED);
        node_received(detail);
        for (uint32_t visit = 1; visit <= 3; visit++) {
            Fascia__VisitBooked *booked;
            NODE_EVENT(detail, "user:ann", VISIT_BOOKED, visit_booked, visit_booked, booked);
            booked->visit = visit;
            booked->from = NODE_TIME + visit * 86400000;
            booked->to = booked->from + 3600000;
        }
    }
    FINDS(&node, "/Appointment?_count=2", "1-1 1-2 ");
    FINDS(&node, node_link(&node, "next"), "1-3 2-1 ");
    FINDS(&node, node_link(&node, "next"), "2-2 2-3 ");
    assert_null(node_link(&node, "next"));
    FINDS(&node, "/Appointment?date=ge2026-11-25", "1-2 1-3 2-2 2-3 ");
    FINDS(&node, "/Appointment?patient=Patient/2&date=lt2026-11-25", "2-1 ");
    FINDS(&node, "/Appointment?_id=2-3", "2-3 ");
    FINDS(&node, "/Appointment?date=ge2026-11-25&_count=1&_total=accurate", "1-2 ");
    assert_string_equal(node_at(&node, "total"), "4");
    FINDS(&node, node_link(&node, "next"), "1-3 ");
    node_close(&node);
}

static void a_page_is_bounded_in_bytes(void **state)
{
    enum { LARGE = 3 << 20 };
    struct node node;

    (void)state;
    node_open(&node);
    refer_many(&node, 5);
    for (size_t i = 0; i < 5; i++) {
        char *name = malloc(LARGE + 1);
        assert_non_null(name);
        memset(name, 'x', LARGE);
        name[LARGE] = '\0';
        free(node.details[i]->content->patient->family_name);
        node.details[i]->content->patient->family_name = name;
    }
    FINDS(&node, "/Patient?_elements=id", "1 2 3 ");
    FINDS(&node, node_link(&node, "next"), "4 5 ");
    assert_null(node_link(&node, "next"));
    assert_int_equal(GET(&node, "/Patient?_sort=family"), 403);
    assert_string_equal(node_at(&node, "issue.0.code"), "too-costly");
    node_close(&node);
}

static void the_directory_can_be_searched(void **state)
{
    struct node node;
    Fascia__Therapist *therapist;

    (void)state;
    node_open(&node);
    therapist = node_employ(&node, "1234567893", "Terry Ellis");
    therapist->techniques = calloc(1, sizeof(char *));
    therapist->techniques[therapist->n_techniques++] = node_text("deep-tissue");
    therapist->places = calloc(1, sizeof(Fascia__Place *));
    therapist->places[0] = calloc(1, sizeof(Fascia__Place));
    fascia__place__init(therapist->places[0]);
    therapist->places[0]->name = node_text("Main Street");
    therapist->places[0]->postal_code = node_text("40507");
    therapist->n_places = 1;
    therapist->hours = calloc(1, sizeof(Fascia__Hours *));
    therapist->hours[0] = calloc(1, sizeof(Fascia__Hours));
    fascia__hours__init(therapist->hours[0]);
    therapist->hours[0]->weekday = 2;
    therapist->hours[0]->from_minute = 540;
    therapist->hours[0]->to_minute = 1440;
    therapist->n_hours = 1;
    node_employ(&node, "T 7/ä", "Alex Moe");
    FINDS(&node, "/Practitioner", "1234567893 T.207.2F.C3.A4 ");
    FINDS(&node, "/Practitioner?name=alex", "T.207.2F.C3.A4 ");
    FINDS(&node, "/Practitioner?name=lex", "");
    FINDS(&node, "/Practitioner?name:contains=ell", "1234567893 ");
    FINDS(&node, "/Practitioner?identifier=http://hl7.org/fhir/sid/us-npi%7C1234567893", "1234567893 ");
    assert_int_equal(GET(&node, "/Practitioner/T.207.2F.C3.A4"), 200);
    assert_string_equal(node_at(&node, "name.0.text"), "Alex Moe");
    FINDS(&node, "/PractitionerRole?specialty=urn:fascia:technique%7Cdeep-tissue", "1234567893 ");
    FINDS(&node, "/PractitionerRole?practitioner=Practitioner/1234567893&_include=PractitionerRole:location",
          "1234567893 1234567893-1 ");
    assert_string_equal(node_at(&node, "entry.0.resource.availableTime.0.daysOfWeek.0"), "wed");
    assert_string_equal(node_at(&node, "entry.0.resource.availableTime.0.availableEndTime"), "23:59:59");
    FINDS(&node, "/Location?address-postalcode=40507", "1234567893-1 ");
    FINDS(&node, "/Organization", "node ");
    node_close(&node);
}

static void slots_are_the_stretches_of_a_therapists_time(void **state)
{
    struct node node;
    Fascia__SlotRow rows[3] = {FASCIA__SLOT_ROW__INIT, FASCIA__SLOT_ROW__INIT, FASCIA__SLOT_ROW__INIT};

    (void)state;
    node_open(&node);
    node_employ(&node, "7", "Terry Ellis");
    node_employ(&node, "8", "Alex Moe");
    for (size_t i = 0; i < 3; i++) {
        rows[i].therapist = (char *)(uintptr_t) "7";
        rows[i].kind = (Fascia__SlotRow__Kind)i;
        rows[i].from = NODE_TIME + (int64_t)i * 3600000;
        rows[i].to = rows[i].from + 3600000;
        node.slots[node.slot_count++] = &rows[i];
    }
    FINDS(&node, "/Slot", "7-29923680 7-29923740 7-29923800 ");
    assert_string_equal(node_at(&node, "entry.0.resource.schedule.reference"), "Schedule/7");
    assert_string_equal(node_at(&node, "entry.0.resource.start"), "2026-11-23T08:00:00.000Z");
    assert_string_equal(node_at(&node, "entry.0.resource.end"), "2026-11-23T09:00:00.000Z");
    FINDS(&node, "/Slot?status=free", "7-29923680 ");
    FINDS(&node, "/Slot?status=busy-tentative&schedule=Schedule/7", "7-29923800 ");
    FINDS(&node, "/Slot?schedule=Schedule/8", "");
    FINDS(&node, "/Slot?schedule=7&start=ge2026-11-23T09:00:00Z&start=lt2026-11-23T10:00:00Z", "7-29923740 ");
    assert_int_equal(node.asked_slots->from, NODE_TIME + 3600000 - 86400000);
    assert_int_equal(node.asked_slots->to, NODE_TIME + 7200000 + 1000 + 86400000);
    FINDS(&node, "/Slot?_count=2", "7-29923680 7-29923740 ");
    assert_int_equal(GET(&node, node_link(&node, "next")), 200);
    assert_string_equal(ids(&node), "7-29923800 ");
    assert_int_equal(GET(&node, "/Slot/7-29923740"), 200);
    assert_string_equal(node_at(&node, "status"), "busy");
    assert_int_equal(GET(&node, "/Slot/7-29923741"), 404);
    assert_int_equal(GET(&node, "/Slot/7"), 404);
    FINDS(&node, "/Schedule?_id=7&_revinclude=Slot:schedule", "7 7-29923680 7-29923740 7-29923800 ");
    node_close(&node);
}

/* What the statement says is what dispatch and search do. */
static void the_capabilities_are_those_of_the_tables(void **state)
{
    struct node node;
    char path[96], url[160];
    size_t parameters = 0;

    (void)state;
    node_open(&node);
    assert_int_equal(GET(&node, "/metadata"), 200);
    assert_string_equal(node_at(&node, "fhirVersion"), "4.0.1");
    for (size_t i = 0; i < 14; i++) {
        char type[64];
        assert_int_equal(GET(&node, "/metadata"), 200);
        snprintf(path, sizeof path, "rest.0.resource.%zu.type", i);
        snprintf(type, sizeof type, "%s", node_at(&node, path));
        assert_string_not_equal(type, "");
        for (size_t j = 0;; j++) {
            snprintf(path, sizeof path, "rest.0.resource.%zu.searchParam.%zu.name", i, j);
            assert_int_equal(GET(&node, "/metadata"), 200);
            if (node_at(&node, path)[0] == '\0')
                break;
            snprintf(url, sizeof url, "/%s?%s:missing=true", type, node_at(&node, path));
            assert_int_equal(GET_WITH(&node, url, "prefer", "handling=strict"), 200);
            parameters++;
        }
    }
    assert_true(parameters > 100);
    assert_int_equal(GET(&node, "/metadata"), 200);
    assert_string_equal(node_at(&node, "rest.0.resource.14.type"), "");
    node_close(&node);
}

static void what_the_node_refuses_ends_a_search(void **state)
{
    struct node node;

    (void)state;
    node_open(&node);
    refer_many(&node, 3);
    node.forbidden = true;
    assert_int_equal(GET(&node, "/Task"), 403);
    node.forbidden = false;
    node.unavailable = true;
    assert_int_equal(GET(&node, "/Task"), 503);
    node_close(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_walked_both_ways),
        cmocka_unit_test(no_more_is_looked_at_than_is_given),
        cmocka_unit_test(parameters_select),
        cmocka_unit_test(what_is_not_known_is_an_error_only_when_strict),
        cmocka_unit_test(what_belongs_together_is_included),
        cmocka_unit_test(sorted_pages_go_through_all),
        cmocka_unit_test(appointments_are_cut_between_pages),
        cmocka_unit_test(a_page_is_bounded_in_bytes),
        cmocka_unit_test(the_directory_can_be_searched),
        cmocka_unit_test(slots_are_the_stretches_of_a_therapists_time),
        cmocka_unit_test(the_capabilities_are_those_of_the_tables),
        cmocka_unit_test(what_the_node_refuses_ends_a_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
