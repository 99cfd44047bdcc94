/* Who may ask what, written down a second time: by name, role and scope, over every request and command that there is. */
#include "unit/access_kit.h"

/* roles: R referrer, T therapist, C coordinator, A admin. scope: with which alone a client may ask; "": none does. */
static const struct {
    const char *name, *roles, *scope;
} expected[] = {
    {"list_referrals", "RTC", "system/ServiceRequest.s"},
    {"show_referral", "RTC", "system/ServiceRequest.r"},
    {"list_offers", "TC", "system/Task.s"},
    {"list_therapists", "RTCA", "system/Practitioner.s"},
    {"show_therapist", "RTCA", "system/Practitioner.r"},
    {"list_slots", "RTCA", "system/Slot.s"},
    {"import_therapists", "CA", "system/Practitioner.cu"},
    {"explain_match", "C", "system/Task.r"},
    {"try_match", "C", "system/HealthcareService.s"},
    {"replay_match", "C", ""},
    {"list_waiting", "C", "system/ServiceRequest.s"},
    {"list_outbox", "C", ""},
    {"retry_outbox", "C", ""},
    {"audit_verify", "CA", ""},
    {"audit_list", "CA", ""},
    {"backup", "A", ""},
    {"node_status", "CA", ""},
    {"reload", "A", ""},
    {"list_plugins", "A", ""},
    {"change_plugin", "A", ""},
    {"describe_plugin", "A", ""},
    {"list_accounts", "A", ""},
    {"unlock_account", "A", ""},
    {"command.submit", "RC", "system/ServiceRequest.c"},
    {"command.accept", "TC", "system/Task.u"},
    {"command.decline", "TC", "system/Task.u"},
    {"command.book", "TC", "system/Appointment.c"},
    {"command.end_visit", "TC", "system/Appointment.u"},
    {"command.report_outcome", "TC", "system/Task.u"},
    {"command.clear", "RC", "system/ServiceRequest.u"},
    {"command.withdraw", "C", "system/ServiceRequest.u"},
    {"command.erase", "C", "system/ServiceRequest.d"},
    {"command.view", "RTC", "system/ServiceRequest.r"},
    {"command.put_therapist", "CA", "system/Practitioner.cu"},
    {"command.remove_therapist", "CA", "system/Practitioner.d"},
    {"command.outbox_done", "", ""},
    {"command.judged", "", ""},
    {"command.put_account", "A", ""},
    {"command.remove_account", "A", ""},
};
#define EXPECTED (sizeof expected / sizeof expected[0])

static const char role_letters[] = "-RTCA";

static char own_sender[] = "main-street", own_therapist[] = "jane";

static void principal_of(Fascia__Principal *principal, Fascia__AccessRole *roles, size_t count, bool person)
{
    fascia__principal__init(principal);
    principal->person = person;
    principal->roles = roles;
    principal->n_roles = count;
    for (size_t i = 0; i < count; i++) {
        if (roles[i] == FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER)
            principal->sender = own_sender;
        if (roles[i] == FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST)
            principal->therapist = own_therapist;
    }
}

/* An empty body of this field, in place; strings stay empty. heap: what is to be freed. */
static void *set_body(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    void *body = NULL;
    const ProtobufCMessageDescriptor *kind = field->descriptor;

    *(int *)((char *)message + field->quantifier_offset) = (int)field->id;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        body = calloc(1, kind->sizeof_message);
        kind->message_init(body);
    }
    *(void **)((char *)message + field->offset) = body != NULL ? body : (void *)(uintptr_t) "";
    return body;
}

struct asked {
    Fascia__ControlRequest request;
    Fascia__Command command;
    void *body;
    char name[80];
};

static void ask_for(struct asked *asked, const ProtobufCFieldDescriptor *field, bool command)
{
    fascia__control_request__init(&asked->request);
    fascia__command__init(&asked->command);
    snprintf(asked->name, sizeof asked->name, "%s%s", command ? "command." : "", field->name);
    asked->body = set_body(command ? &asked->command.base : &asked->request.base, field);
    if (!command)
        return;
    asked->request.body_case = FASCIA__CONTROL_REQUEST__BODY_COMMAND;
    asked->request.command = &asked->command;
    if (asked->command.body_case == FASCIA__COMMAND__BODY_ACCEPT)
        asked->command.accept->therapist = own_therapist;
    if (asked->command.body_case == FASCIA__COMMAND__BODY_DECLINE)
        asked->command.decline->therapist = own_therapist;
}

static bool decide(const Fascia__Principal *principal, const struct asked *asked, struct access_decision *decision)
{
    access_may(principal, &asked->request, decision);
    assert_true(decision->may == (decision->why[0] == '\0'));
    return decision->may;
}

static void check_reach(Fascia__AccessRole role, const struct access_decision *decision)
{
    assert_true(decision->all == (role == FASCIA__ACCESS_ROLE__ACCESS_ROLE_COORDINATOR));
    if (decision->all)
        return;
    assert_string_equal(decision->reach.sender, role == FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER ? own_sender : "");
    assert_string_equal(decision->reach.therapist,
                        role == FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST ? own_therapist : "");
}

static void check_client(size_t row, Fascia__AccessRole role, const struct asked *asked)
{
    struct access_decision decision;
    Fascia__Principal client;
    char *own[] = {(char *)(uintptr_t)expected[row].scope};
    char all[] = "system/*.cruds", other[] = "system/Observation.cruds";
    const bool may = strchr(expected[row].roles, role_letters[role]) != NULL && expected[row].scope[0] != '\0';

    principal_of(&client, &role, 1, false);
    assert_false(decide(&client, asked, &decision)); /* without a scope nothing */
    client.n_scopes = 1;
    client.scopes = (char *[]){other};
    assert_false(decide(&client, asked, &decision));
    client.scopes = own;
    assert_int_equal(decide(&client, asked, &decision), may);
    client.scopes = (char *[]){all};
    assert_int_equal(decide(&client, asked, &decision), may);
    if (may)
        check_reach(role, &decision);
}

static void check_one(const struct asked *asked)
{
    size_t row = 0;

    while (row < EXPECTED && strcmp(expected[row].name, asked->name) != 0)
        row++;
    if (row == EXPECTED)
        fail_msg("nobody has decided who may ask %s: say so in access/may.c and here", asked->name);
    for (int role = FASCIA__ACCESS_ROLE__ACCESS_ROLE_NONE; role <= FASCIA__ACCESS_ROLE__ACCESS_ROLE_ADMIN; role++) {
        Fascia__AccessRole roles[] = {(Fascia__AccessRole)role};
        struct access_decision decision;
        Fascia__Principal person;

        principal_of(&person, roles, 1, true);
        if (decide(&person, asked, &decision) != (strchr(expected[row].roles, role_letters[role]) != NULL))
            fail_msg("%s for %c: %s", asked->name, role_letters[role], decision.why);
        if (decision.may)
            check_reach(roles[0], &decision);
        check_client(row, roles[0], asked);
    }
}

/* Every case of the body; each must be in the table of the daemon too. */
static size_t check_all(const ProtobufCMessageDescriptor *kind, bool command)
{
    size_t seen = 0;

    for (unsigned i = 0; i < kind->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &kind->fields[i];
        struct asked asked;

        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
            continue;
        if (!(command ? access_knows_command((Fascia__Command__BodyCase)field->id)
                      : access_knows_request((Fascia__ControlRequest__BodyCase)field->id)))
            fail_msg("%s%s stands in no table", command ? "command." : "", field->name);
        if (!command && field->id == FASCIA__CONTROL_REQUEST__BODY_COMMAND)
            continue;
        ask_for(&asked, field, command);
        check_one(&asked);
        free(asked.body);
        seen++;
    }
    return seen;
}

static void every_request_and_command_is_decided_for_every_role(void **state)
{
    (void)state;
    assert_int_equal(check_all(&fascia__control_request__descriptor, false) +
                         check_all(&fascia__command__descriptor, true),
                     EXPECTED);
}

static void what_nobody_knows_is_forbidden(void **state)
{
    Fascia__AccessRole roles[] = {1, 2, 3, 4};
    struct access_decision decision;
    Fascia__Principal all;
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__Command command = FASCIA__COMMAND__INIT;

    (void)state;
    principal_of(&all, roles, 4, true);
    access_may(&all, &request, &decision);
    assert_false(decision.may);
    request.body_case = (Fascia__ControlRequest__BodyCase)9999;
    access_may(&all, &request, &decision);
    assert_false(decision.may);
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_COMMAND;
    request.command = &command;
    access_may(&all, &request, &decision);
    assert_false(decision.may);
}

static void submit_as(Fascia__Submit *submit, struct asked *asked)
{
    fascia__control_request__init(&asked->request);
    fascia__command__init(&asked->command);
    asked->request.body_case = FASCIA__CONTROL_REQUEST__BODY_COMMAND;
    asked->request.command = &asked->command;
    asked->command.body_case = FASCIA__COMMAND__BODY_SUBMIT;
    asked->command.submit = submit;
}

static void a_change_needs_another_scope_than_a_new_one(void **state)
{
    static const struct {
        Fascia__Submit__Action action;
        bool update;
        const char *scope, *lacks;
    } cases[] = {
        {FASCIA__SUBMIT__ACTION__NEW, false, "system/ServiceRequest.c", "system/ServiceRequest.ruds"},
        {FASCIA__SUBMIT__ACTION__NEW, true, "system/ServiceRequest.cu", "system/ServiceRequest.crds"},
        {FASCIA__SUBMIT__ACTION__MODIFY, false, "system/ServiceRequest.u", "system/ServiceRequest.crds"},
        {FASCIA__SUBMIT__ACTION__CANCEL, false, "system/ServiceRequest.u", "system/ServiceRequest.crds"},
        {FASCIA__SUBMIT__ACTION__STATUS, false, "system/ServiceRequest.r", "system/ServiceRequest.cuds"},
    };
    Fascia__AccessRole roles[] = {FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER};
    Fascia__Submit submit = FASCIA__SUBMIT__INIT;
    struct asked asked;
    struct access_decision decision;
    Fascia__Principal client;

    (void)state;
    principal_of(&client, roles, 1, false);
    client.n_scopes = 1;
    submit_as(&submit, &asked);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        submit.action = cases[i].action;
        submit.update_if_changed = cases[i].update;
        client.scopes = (char *[]){(char *)(uintptr_t)cases[i].scope};
        assert_true(decide(&client, &asked, &decision));
        client.scopes = (char *[]){(char *)(uintptr_t)cases[i].lacks};
        assert_false(decide(&client, &asked, &decision));
    }
    submit.action = (Fascia__Submit__Action)17;
    client.scopes = (char *[]){(char *)(uintptr_t) "system/*.cruds"};
    assert_false(decide(&client, &asked, &decision));
}

static void a_therapist_answers_for_nobody_else(void **state)
{
    Fascia__AccessRole both[] = {FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST, FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER};
    Fascia__AccessRole above[] = {FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST,
                                  FASCIA__ACCESS_ROLE__ACCESS_ROLE_COORDINATOR};
    Fascia__Accept accept = FASCIA__ACCEPT__INIT;
    char other[] = "omar";
    struct asked asked;
    struct access_decision decision;
    Fascia__Principal person;

    (void)state;
    submit_as(NULL, &asked);
    asked.command.body_case = FASCIA__COMMAND__BODY_ACCEPT;
    asked.command.accept = &accept;
    accept.therapist = other;
    principal_of(&person, both, 2, true);
    assert_false(decide(&person, &asked, &decision));
    accept.therapist = own_therapist;
    assert_true(decide(&person, &asked, &decision));
    accept.therapist = other;
    principal_of(&person, above, 2, true);
    assert_true(decide(&person, &asked, &decision));
    assert_true(decision.all);
}

/* A therapist who refers too reaches both when looking, and books as a therapist only. */
static void reach_follows_the_roles_that_may_ask(void **state)
{
    Fascia__AccessRole both[] = {FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST, FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER};
    Fascia__AccessRole admin[] = {FASCIA__ACCESS_ROLE__ACCESS_ROLE_ADMIN, FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER};
    Fascia__ControlRequest look = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ListReferrals list = FASCIA__LIST_REFERRALS__INIT;
    Fascia__Book book = FASCIA__BOOK__INIT;
    struct asked asked;
    struct access_decision decision;
    Fascia__Principal person;

    (void)state;
    look.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_REFERRALS;
    look.list_referrals = &list;
    principal_of(&person, both, 2, true);
    access_may(&person, &look, &decision);
    assert_true(decision.may && !decision.all);
    assert_string_equal(decision.reach.sender, own_sender);
    assert_string_equal(decision.reach.therapist, own_therapist);
    submit_as(NULL, &asked);
    asked.command.body_case = FASCIA__COMMAND__BODY_BOOK;
    asked.command.book = &book;
    assert_true(decide(&person, &asked, &decision));
    assert_string_equal(decision.reach.sender, "");
    assert_string_equal(decision.reach.therapist, own_therapist);
    principal_of(&person, admin, 2, true);
    access_may(&person, &look, &decision);
    assert_true(decision.may && !decision.all);
    assert_string_equal(decision.reach.sender, own_sender);
}

static void a_plugins_file_is_not_run_from_afar(void **state)
{
    Fascia__AccessRole roles[] = {FASCIA__ACCESS_ROLE__ACCESS_ROLE_ADMIN};
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__DescribePlugin describe = FASCIA__DESCRIBE_PLUGIN__INIT;
    char path[] = "/tmp/evil.so";
    struct access_decision decision;
    Fascia__Principal admin;

    (void)state;
    principal_of(&admin, roles, 1, true);
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_DESCRIBE_PLUGIN;
    request.describe_plugin = &describe;
    access_may(&admin, &request, &decision);
    assert_true(decision.may);
    describe.path = path;
    access_may(&admin, &request, &decision);
    assert_false(decision.may);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_and_command_is_decided_for_every_role),
        cmocka_unit_test(what_nobody_knows_is_forbidden),
        cmocka_unit_test(a_change_needs_another_scope_than_a_new_one),
        cmocka_unit_test(a_therapist_answers_for_nobody_else),
        cmocka_unit_test(reach_follows_the_roles_that_may_ask),
        cmocka_unit_test(a_plugins_file_is_not_run_from_afar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
