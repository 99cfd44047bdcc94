#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define S(state)       FASCIA__STATE__STATE_##state
#define VERDICT(kind)  FASCIA__RESULT__VERDICT__##kind
#define COMMAND(kind)  FASCIA__COMMAND__BODY_##kind
#define REQUEST(kind)  FASCIA__CONTROL_REQUEST__BODY_##kind
#define assert_ok(did) assert_int_equal(did, VERDICT(OK))
#define OURS           "EHR^LOUISVILLE"
#define UNKNOWN        77

static struct clinic clinic;
static struct desk desk;

static int open_desk(void **state)
{
    (void)state;
    desk_begin(&desk, &clinic);
    return 0;
}

static int close_desk(void **state)
{
    (void)state;
    return desk_close(&desk);
}

static Fascia__Referral *referral_of(const char *sender, const char *id)
{
    Fascia__Referral *referral = clinic_referral(id);

    message_set(&referral->sender, sender);
    return referral;
}

/* R1 of OURS is on offer to anna. */
static void offer_one(void)
{
    assert_ok(desk_put(&desk, clinic_therapist("anna", 5)));
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(OFFERED));
}

static Fascia__Reach reach_by(const char *sender, const char *therapist)
{
    Fascia__Reach reach = FASCIA__REACH__INIT;

    reach.sender = (char *)sender;
    reach.therapist = (char *)therapist;
    return reach;
}

/* ---- commands ---- */

enum expected { SAME, REFUSED, MISSING }; /* as without a reach; refused; as a number that there never was */

/* Of R1, accepted by anna. */
static const struct command_case {
    Fascia__Command__BodyCase command;
    enum expected sender, therapist, stranger;
} command_cases[] = {
    {COMMAND(ACCEPT), REFUSED, SAME, MISSING},
    {COMMAND(DECLINE), REFUSED, SAME, MISSING},
    {COMMAND(BOOK), REFUSED, SAME, MISSING},
    {COMMAND(END_VISIT), REFUSED, SAME, MISSING},
    {COMMAND(REPORT_OUTCOME), REFUSED, SAME, MISSING},
    {COMMAND(CLEAR), SAME, SAME, MISSING},
    {COMMAND(WITHDRAW), REFUSED, REFUSED, MISSING},
    {COMMAND(ERASE), REFUSED, REFUSED, MISSING},
    {COMMAND(VIEW), SAME, SAME, MISSING},
    {COMMAND(OUTBOX_DONE), REFUSED, REFUSED, REFUSED},
    {COMMAND(JUDGED), REFUSED, REFUSED, REFUSED},
    {COMMAND(REMOVE_THERAPIST), SAME, SAME, SAME},
    {COMMAND(PUT_ACCOUNT), SAME, SAME, SAME},
    {COMMAND(REMOVE_ACCOUNT), SAME, SAME, SAME},
    {COMMAND(PUT_THERAPIST), SAME, SAME, SAME},
    {COMMAND(SUBMIT), SAME, MISSING, MISSING},
};

struct commands {
    Fascia__Submit submit;
    Fascia__Accept accept;
    Fascia__Decline decline;
    Fascia__Book book;
    Fascia__EndVisit end_visit;
    Fascia__ReportOutcome report;
    Fascia__OutcomeReported outcome;
    Fascia__Clear clear;
    Fascia__Withdraw withdraw;
    Fascia__Erase erase;
    Fascia__View view;
    Fascia__OutboxDone outbox_done;
    Fascia__Judged judged;
    Fascia__Account account;
};

static void init_commands(struct commands *of, uint64_t number)
{
    memset(of, 0, sizeof *of);
    fascia__submit__init(&of->submit);
    fascia__accept__init(&of->accept);
    fascia__decline__init(&of->decline);
    fascia__book__init(&of->book);
    fascia__end_visit__init(&of->end_visit);
    fascia__report_outcome__init(&of->report);
    fascia__outcome_reported__init(&of->outcome);
    fascia__clear__init(&of->clear);
    fascia__withdraw__init(&of->withdraw);
    fascia__erase__init(&of->erase);
    fascia__view__init(&of->view);
    fascia__outbox_done__init(&of->outbox_done);
    fascia__judged__init(&of->judged);
    fascia__account__init(&of->account);
    of->submit.action = FASCIA__SUBMIT__ACTION__CANCEL;
    of->accept.referral = of->decline.referral = of->book.referral = of->end_visit.referral = number;
    of->report.referral = of->clear.referral = of->withdraw.referral = of->erase.referral = number;
    of->view.referral = of->outbox_done.referral = number;
    of->outbox_done.outbox = 1;
    of->accept.therapist = of->decline.therapist = (char *)"anna";
    of->decline.reason_code = (char *)"no-time";
    of->book.from = CLINIC_NOW + 7 * DAY_MS;
    of->end_visit.how = FASCIA__VISIT_ENDED__HOW__DONE;
    of->end_visit.anyway = of->outcome.anyway = true;
    of->outcome.goal = (char *)"met";
    of->report.outcome = &of->outcome;
    of->clear.clinician = (char *)"Dr Test";
}

/* Every message of a command's oneof stands under the same pointer. */
static void fill(Fascia__Command *command, struct commands *of)
{
    void *const bodies[] = {
        [COMMAND(SUBMIT)] = &of->submit,
        [COMMAND(ACCEPT)] = &of->accept,
        [COMMAND(DECLINE)] = &of->decline,
        [COMMAND(BOOK)] = &of->book,
        [COMMAND(END_VISIT)] = &of->end_visit,
        [COMMAND(REPORT_OUTCOME)] = &of->report,
        [COMMAND(CLEAR)] = &of->clear,
        [COMMAND(WITHDRAW)] = &of->withdraw,
        [COMMAND(ERASE)] = &of->erase,
        [COMMAND(VIEW)] = &of->view,
        [COMMAND(PUT_THERAPIST)] = NULL,
        [COMMAND(REMOVE_THERAPIST)] = (char *)"nobody",
        [COMMAND(OUTBOX_DONE)] = &of->outbox_done,
        [COMMAND(JUDGED)] = &of->judged,
        [COMMAND(PUT_ACCOUNT)] = &of->account,
        [COMMAND(REMOVE_ACCOUNT)] = (char *)"nobody",
    };

    command->submit = bodies[command->body_case];
}

/* What a desk of its own, where anna has R1, answers. The caller frees it. */
static Fascia__Result *try_command(Fascia__Command__BodyCase kind, uint64_t number, Fascia__Reach *reach,
                                   size_t *records)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Referral *referral = clinic_referral(number == 1 ? "R1" : "R2");
    Fascia__Therapist *berta = clinic_therapist("berta", 1);
    Fascia__Result *result;
    struct commands of;

    open_desk(NULL);
    offer_one();
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    init_commands(&of, number);
    of.submit.referral = referral;
    command.body_case = kind;
    fill(&command, &of);
    if (kind == COMMAND(PUT_THERAPIST))
        command.put_therapist = berta;
    command.reach = reach;
    desk_do(&desk, "user:somebody", &command);
    result = desk.result;
    desk.result = NULL;
    *records = desk.records;
    assert_int_equal(close_desk(NULL), 0);
    fascia__referral__free_unpacked(referral, NULL);
    fascia__therapist__free_unpacked(berta, NULL);
    return result;
}

static void assert_same(const ProtobufCMessage *one, const ProtobufCMessage *other)
{
    size_t size, other_size;
    uint8_t *packed = message_pack(one, &size), *other_packed = message_pack(other, &other_size);

    assert_int_equal(size, other_size);
    assert_memory_equal(packed, other_packed, size);
    free(packed);
    free(other_packed);
}

static void expect_command(Fascia__Command__BodyCase kind, Fascia__Reach reach, enum expected expected)
{
    size_t records, other_records;
    Fascia__Result *result = try_command(kind, 1, &reach, &records);
    Fascia__Result *other = try_command(kind, expected == MISSING ? UNKNOWN : 1, NULL, &other_records);

    if (expected == REFUSED) {
        assert_int_equal(result->verdict, VERDICT(REFUSED));
        assert_int_equal(records, 0);
    } else {
        assert_same(&result->base, &other->base);
        assert_int_equal(records, other_records);
    }
    if (expected == MISSING)
        assert_int_equal(result->verdict, VERDICT(NOT_FOUND));
    fascia__result__free_unpacked(result, NULL);
    fascia__result__free_unpacked(other, NULL);
}

static void each_command_is_done_by_its_side_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof command_cases / sizeof command_cases[0]; i++) {
        const struct command_case *one = &command_cases[i];

        expect_command(one->command, reach_by(OURS, ""), one->sender);
        expect_command(one->command, reach_by("", "anna"), one->therapist);
        expect_command(one->command, reach_by(OURS, "anna"),
                       one->sender == SAME || one->therapist == SAME ? SAME : one->sender);
        expect_command(one->command, reach_by("another", "berta"), one->stranger);
        expect_command(one->command, reach_by("", ""), one->stranger);
    }
}

static void no_command_is_left_out(void **state)
{
    const ProtobufCMessageDescriptor *descriptor = &fascia__command__descriptor;
    size_t bodies = 0;

    (void)state;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        bool found = (descriptor->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0;

        bodies += !found;
        for (size_t k = 0; k < sizeof command_cases / sizeof command_cases[0]; k++)
            found = found || command_cases[k].command == descriptor->fields[i].id;
        if (!found)
            fail_msg("%s: say here, and in engine_reach.c, who may do it", descriptor->fields[i].name);
    }
    assert_int_equal(bodies, sizeof command_cases / sizeof command_cases[0]);
}

static Fascia__Result__Verdict submit_as(Fascia__Submit__Action action, Fascia__Referral *referral, const char *sender)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Submit submit = FASCIA__SUBMIT__INIT;
    Fascia__Reach reach = reach_by(sender, "");
    Fascia__Result__Verdict verdict;

    submit.action = action;
    submit.referral = referral;
    command.body_case = COMMAND(SUBMIT);
    command.submit = &submit;
    command.reach = &reach;
    verdict = desk_do(&desk, "source:fhir", &command);
    fascia__referral__free_unpacked(referral, NULL);
    return verdict;
}

static void a_sender_submits_its_own_referrals_only(void **state)
{
    (void)state;
    assert_ok(submit_as(FASCIA__SUBMIT__ACTION__NEW, referral_of("a", "1"), "a"));
    assert_int_equal(submit_as(FASCIA__SUBMIT__ACTION__NEW, referral_of("a", "1"), "a"), VERDICT(DUPLICATE));
    assert_int_equal(submit_as(FASCIA__SUBMIT__ACTION__NEW, referral_of("a", "1"), "b"), VERDICT(REFUSED));
    assert_string_equal(desk.result->problems[0]->field, "sender");
    assert_int_equal(desk.result->referral, 0);
    assert_int_equal(submit_as(FASCIA__SUBMIT__ACTION__STATUS, referral_of("a", "1"), "b"), VERDICT(NOT_FOUND));
    assert_int_equal(submit_as(FASCIA__SUBMIT__ACTION__CANCEL, referral_of("a", "1"), "b"), VERDICT(NOT_FOUND));
    assert_int_equal(submit_as(FASCIA__SUBMIT__ACTION__MODIFY, referral_of("a", "1"), "b"), VERDICT(NOT_FOUND));
    assert_int_equal(submit_as(FASCIA__SUBMIT__ACTION__CANCEL, referral_of("", "1"), ""), VERDICT(NOT_FOUND));
    assert_int_equal(desk.shelf.last_referral, 1);
    assert_ok(submit_as(FASCIA__SUBMIT__ACTION__CANCEL, referral_of("a", "1"), "a"));
}

static void a_therapist_answers_in_their_own_name_only(void **state)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Accept accept = FASCIA__ACCEPT__INIT;
    Fascia__Reach reach = reach_by("", "anna");

    (void)state;
    offer_one();
    accept.referral = 1;
    accept.therapist = (char *)"berta";
    command.body_case = COMMAND(ACCEPT);
    command.accept = &accept;
    command.reach = &reach;
    assert_int_equal(desk_do(&desk, "user:anna", &command), VERDICT(REFUSED));
    assert_string_equal(desk.result->problems[0]->field, "therapist");
    accept.therapist = (char *)"";
    assert_int_equal(desk_do(&desk, "user:anna", &command), VERDICT(REFUSED));
    accept.therapist = (char *)"anna";
    assert_ok(desk_do(&desk, "user:anna", &command));
}

/* ---- whose it is, in its life ---- */

static bool reaches(const char *sender, const char *therapist)
{
    Fascia__Reach reach = reach_by(sender, therapist);
    Fascia__ControlResponse *response = engine_show_referral(desk.engine, 1, &reach);
    const bool found = !response->not_found;

    assert_int_equal(found, response->detail != NULL);
    fascia__control_response__free_unpacked(response, NULL);
    return found;
}

static void a_sender_reaches_its_referral_all_its_life(void **state)
{
    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    assert_true(reaches(OURS, ""));
    assert_false(reaches("EHR", ""));
    assert_false(reaches("", ""));
    assert_ok(desk_withdraw(&desk, 1));
    assert_true(reaches(OURS, ""));
    assert_ok(desk_erase(&desk, 1));
    assert_true(reaches(OURS, ""));
}

static void a_therapist_reaches_what_is_offered_until_it_is_declined(void **state)
{
    (void)state;
    assert_false(reaches("", "anna"));
    offer_one();
    assert_true(reaches("", "anna"));
    assert_false(reaches("", "berta"));
    assert_ok(desk_decline(&desk, 1, "anna", "no-time"));
    assert_false(reaches("", "anna"));
}

static void a_therapist_reaches_no_offer_whose_time_is_up(void **state)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ShowReferral show = FASCIA__SHOW_REFERRAL__INIT;
    Fascia__Reach reach = reach_by("", "anna");
    Fascia__ControlResponse *response;

    (void)state;
    offer_one();
    show.referral = 1;
    request.body_case = REQUEST(SHOW_REFERRAL);
    request.show_referral = &show;
    request.reach = &reach;
    assert_null(engine_check_request(desk.engine, &request, desk.now));
    desk.now = desk_row(&desk, 1)->due; /* and before anybody has closed it */
    response = engine_check_request(desk.engine, &request, desk.now);
    assert_non_null(response);
    assert_true(response->not_found);
    fascia__control_response__free_unpacked(response, NULL);
    desk_work(&desk);
    assert_false(reaches("", "anna"));
}

static void a_therapist_reaches_what_they_have_to_its_end_but_not_what_was_called_off(void **state)
{
    (void)state;
    offer_one();
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    assert_true(reaches("", "anna"));
    assert_ok(desk_end_visit(&desk, 1, FASCIA__VISIT_ENDED__HOW__DONE));
    assert_ok(desk_outcome(&desk, 1));
    assert_int_equal(desk_state(&desk, 1), S(COMPLETED));
    assert_true(reaches("", "anna"));
    assert_ok(desk_delivered(&desk, desk.shelf.outbox_count, false));
    assert_int_equal(desk_state(&desk, 1), S(CLOSED));
    assert_true(reaches("", "anna"));
    assert_false(reaches("", "berta"));
}

static void a_therapist_reaches_nothing_that_was_withdrawn(void **state)
{
    (void)state;
    offer_one();
    assert_ok(desk_accept(&desk, 1, "anna", 0));
    assert_ok(desk_withdraw(&desk, 1));
    assert_false(reaches("", "anna"));
    assert_true(reaches(OURS, "anna"));
}

/* ---- requests ---- */

enum answer { GOES_ON, NOT_THERE, NOT_ALL, EMPTY };

static const struct request_case {
    Fascia__ControlRequest__BodyCase request;
    enum answer of_another; /* names a referral out of reach */
    enum answer of_none;    /* names none */
} request_cases[] = {
    {REQUEST(COMMAND), NOT_ALL, NOT_ALL}, /* decided where it is done */
    {REQUEST(LIST_REFERRALS), GOES_ON, GOES_ON},    {REQUEST(SHOW_REFERRAL), NOT_THERE, NOT_THERE},
    {REQUEST(LIST_OFFERS), GOES_ON, GOES_ON},       {REQUEST(LIST_THERAPISTS), GOES_ON, GOES_ON},
    {REQUEST(SHOW_THERAPIST), GOES_ON, GOES_ON},    {REQUEST(IMPORT_THERAPISTS), GOES_ON, GOES_ON},
    {REQUEST(EXPLAIN_MATCH), NOT_THERE, NOT_THERE}, {REQUEST(LIST_OUTBOX), NOT_ALL, NOT_ALL},
    {REQUEST(RETRY_OUTBOX), NOT_ALL, NOT_ALL},      {REQUEST(AUDIT_VERIFY), GOES_ON, GOES_ON},
    {REQUEST(AUDIT_LIST), EMPTY, NOT_ALL},          {REQUEST(BACKUP), GOES_ON, GOES_ON},
    {REQUEST(NODE_STATUS), GOES_ON, GOES_ON},       {REQUEST(RELOAD), GOES_ON, GOES_ON},
    {REQUEST(TRY_MATCH), NOT_THERE, GOES_ON},       {REQUEST(REPLAY_MATCH), NOT_THERE, NOT_ALL},
    {REQUEST(LIST_WAITING), GOES_ON, GOES_ON},      {REQUEST(LIST_PLUGINS), GOES_ON, GOES_ON},
    {REQUEST(CHANGE_PLUGIN), GOES_ON, GOES_ON},     {REQUEST(DESCRIBE_PLUGIN), GOES_ON, GOES_ON},
    {REQUEST(LIST_SLOTS), GOES_ON, GOES_ON},        {REQUEST(LIST_ACCOUNTS), GOES_ON, GOES_ON},
    {REQUEST(UNLOCK_ACCOUNT), GOES_ON, GOES_ON},
};

/* An empty request of this kind; of those that name a referral, of this one. */
static Fascia__ControlResponse *ask(const ProtobufCFieldDescriptor *field, uint64_t referral, Fascia__Reach *reach)
{
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;
    const ProtobufCFieldDescriptor *number = protobuf_c_message_descriptor_get_field_by_name(descriptor, "referral");
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    ProtobufCMessage *body = clinic_new(descriptor);
    Fascia__ControlResponse *response;

    if (number != NULL)
        memcpy((uint8_t *)body + number->offset, &referral, sizeof referral);
    request.body_case = (Fascia__ControlRequest__BodyCase)field->id;
    request.list_referrals = (Fascia__ListReferrals *)body;
    request.reach = reach;
    response = engine_check_request(desk.engine, &request, desk.now);
    protobuf_c_message_free_unpacked(body, NULL);
    return response;
}

static void expect_answer(const ProtobufCFieldDescriptor *field, uint64_t referral, Fascia__Reach *reach,
                          enum answer expected)
{
    Fascia__ControlResponse *response = ask(field, referral, reach);

    if (expected == GOES_ON) {
        assert_null(response);
        return;
    }
    assert_non_null(response);
    assert_int_equal(response->not_found, expected == NOT_THERE);
    if (expected == EMPTY)
        assert_string_equal(response->error, "");
    else
        assert_string_not_equal(response->error, "");
    fascia__control_response__free_unpacked(response, NULL);
}

static const struct request_case *case_of(const ProtobufCFieldDescriptor *field)
{
    for (size_t i = 0; i < sizeof request_cases / sizeof request_cases[0]; i++)
        if (request_cases[i].request == field->id)
            return &request_cases[i];
    fail_msg("%s: say here, and in engine_reach.c, what of it is out of reach", field->name);
    return NULL;
}

static void each_request_stays_within_the_reach(void **state)
{
    const ProtobufCMessageDescriptor *descriptor = &fascia__control_request__descriptor;
    Fascia__Reach ours = reach_by(OURS, ""), hers = reach_by("", "anna"), another = reach_by("another", "berta");

    (void)state;
    offer_one();
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const struct request_case *one;

        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
            continue;
        one = case_of(field);
        expect_answer(field, 1, &another, one->of_another);
        expect_answer(field, UNKNOWN, &another, one->of_another);
        expect_answer(field, 0, &another, one->of_none);
        expect_answer(field, 0, &ours, one->of_none);
        expect_answer(field, 1, &ours, one->of_another == NOT_ALL ? NOT_ALL : GOES_ON);
        expect_answer(field, 1, &hers, one->of_another == NOT_ALL ? NOT_ALL : GOES_ON);
        expect_answer(field, UNKNOWN, NULL, GOES_ON);
    }
}

/* ---- lists ---- */

static void lists_leave_out_what_is_out_of_reach(void **state)
{
    Fascia__ListReferrals referrals = FASCIA__LIST_REFERRALS__INIT;
    Fascia__ListOffers offers = FASCIA__LIST_OFFERS__INIT;
    Fascia__ListWaiting waiting = FASCIA__LIST_WAITING__INIT;
    Fascia__Reach ours = reach_by(OURS, ""), hers = reach_by("", "anna"), both = reach_by("another", "anna");
    Fascia__ControlResponse *response;

    (void)state;
    offer_one();
    assert_ok(desk_new(&desk, referral_of("another", "2")));
    assert_ok(desk_withdraw(&desk, 2));
    referrals.all_states = true;
    response = engine_list_referrals(desk.engine, &referrals, &ours);
    assert_int_equal(response->n_referrals, 1);
    assert_int_equal(response->referrals[0]->referral, 1);
    assert_string_equal(response->referrals[0]->sender, OURS);
    assert_string_equal(response->referrals[0]->therapist,
                        ""); /* who has not taken it yet is not named to its sender */
    fascia__control_response__free_unpacked(response, NULL);
    response = engine_list_referrals(desk.engine, &referrals, &hers);
    assert_int_equal(response->n_referrals, 1);
    assert_string_equal(response->referrals[0]->therapist, "anna");
    fascia__control_response__free_unpacked(response, NULL);
    response = engine_list_referrals(desk.engine, &referrals, &both);
    assert_int_equal(response->n_referrals, 2);
    fascia__control_response__free_unpacked(response, NULL);
    referrals.therapist = (char *)"anna";
    response = engine_list_referrals(desk.engine, &referrals, &ours);
    assert_int_equal(response->n_referrals, 0);
    fascia__control_response__free_unpacked(response, NULL);
    response = engine_list_offers(desk.engine, &offers, &ours);
    assert_int_equal(response->n_offers, 0);
    fascia__control_response__free_unpacked(response, NULL);
    response = engine_list_offers(desk.engine, &offers, &hers);
    assert_int_equal(response->n_offers, 1);
    fascia__control_response__free_unpacked(response, NULL);
    assert_ok(desk_decline(&desk, 1, "anna", "no-time"));
    desk_work(&desk);
    assert_int_equal(desk_state(&desk, 1), S(WAITLISTED));
    response = engine_list_waiting(desk.engine, &waiting, &hers);
    assert_int_equal(response->n_waiting, 0);
    fascia__control_response__free_unpacked(response, NULL);
    response = engine_list_waiting(desk.engine, &waiting, &ours);
    assert_int_equal(response->n_waiting, 1);
    fascia__control_response__free_unpacked(response, NULL);
}

/* ---- the sender, kept ---- */

static void restart(void)
{
    struct engine *again = clinic_engine(&clinic);
    struct fault fault = {{0}};

    assert_true(shelf_load(&desk.shelf, again, desk.now, &fault));
    assert_int_equal(engine_digest(again), engine_digest(desk.engine));
    engine_destroy(desk.engine);
    desk.engine = again;
}

static void the_sender_outlives_a_restart(void **state)
{
    (void)state;
    offer_one();
    assert_string_equal(desk_row(&desk, 1)->sender, OURS);
    restart();
    assert_true(reaches(OURS, ""));
    assert_true(reaches("", "anna"));
    assert_ok(desk_withdraw(&desk, 1));
    restart(); /* of a closed one the row says it */
    assert_true(reaches(OURS, ""));
}

/* Cut short, two of them could become one. */
static void too_long_a_sender_is_not_kept(void **state)
{
    char longest[66], cut[65];
    Fascia__Reach reach;

    (void)state;
    memset(longest, 'x', 65);
    longest[65] = '\0';
    memset(cut, 'x', 64);
    cut[64] = '\0';
    assert_ok(desk_new(&desk, referral_of(longest, "1")));
    assert_string_equal(desk_row(&desk, 1)->sender, "");
    assert_false(reaches(longest, ""));
    assert_false(reaches(cut, ""));
    assert_ok(desk_new(&desk, referral_of(cut, "2")));
    assert_string_equal(desk_row(&desk, 2)->sender, cut);
    reach = reach_by(cut, "");
    fascia__control_response__free_unpacked(engine_show_referral(desk.engine, 2, &reach), NULL);
    restart();
    assert_false(reaches(longest, ""));
}

/* Events of releases that did not keep it. */
static void without_a_sender_in_its_event_a_referral_has_none(void **state)
{
    struct event_record *received = NULL;
    Fascia__Event *event;

    (void)state;
    assert_ok(desk_new(&desk, clinic_referral("R1")));
    received = &desk.shelf.events[0];
    event = fascia__event__unpack(NULL, received->size, received->payload);
    assert_int_equal(event->body_case, FASCIA__EVENT__BODY_RECEIVED);
    assert_string_equal(event->received->sender, OURS);
    message_clear(&event->received->sender);
    free(received->payload);
    received->payload = message_pack(&event->base, &received->size);
    fascia__event__free_unpacked(event, NULL);
    engine_destroy(desk.engine);
    desk.engine = clinic_engine(&clinic);
    assert_true(shelf_load(&desk.shelf, desk.engine, desk.now, &(struct fault){{0}}));
    assert_false(reaches(OURS, ""));
    assert_int_equal(desk_submit(&desk, FASCIA__SUBMIT__ACTION__NEW, clinic_referral("R1"), false), VERDICT(DUPLICATE));
}

static int open_clinic(void **state)
{
    (void)state;
    clinic_begin(&clinic);
    return 0;
}

static int close_clinic(void **state)
{
    (void)state;
    clinic_end(&clinic);
    return 0;
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_is_done_by_its_side_alone),
        cmocka_unit_test(no_command_is_left_out),
        AT_DESK(a_sender_submits_its_own_referrals_only),
        AT_DESK(a_therapist_answers_in_their_own_name_only),
        AT_DESK(a_sender_reaches_its_referral_all_its_life),
        AT_DESK(a_therapist_reaches_what_is_offered_until_it_is_declined),
        AT_DESK(a_therapist_reaches_no_offer_whose_time_is_up),
        AT_DESK(a_therapist_reaches_what_they_have_to_its_end_but_not_what_was_called_off),
        AT_DESK(a_therapist_reaches_nothing_that_was_withdrawn),
        AT_DESK(each_request_stays_within_the_reach),
        AT_DESK(lists_leave_out_what_is_out_of_reach),
        AT_DESK(the_sender_outlives_a_restart),
        AT_DESK(too_long_a_sender_is_not_kept),
        AT_DESK(without_a_sender_in_its_event_a_referral_has_none),
    };

    return cmocka_run_group_tests(tests, open_clinic, close_clinic);
}
