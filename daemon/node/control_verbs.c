/*
 * Requests of people that the core answers. Each becomes one work: it is executed in its turn among everything else, and
 * answered when what it did is durable.
 */
#include "node/control.h"

#include "io/log.h"

#include <stdlib.h>
#include <string.h>

#define IMPORT_ROWS 5000

/* ---- commands ------------------------------------------------------------------------------------------------------- */

static void command_done(struct work *work)
{
    Fascia__ControlResponse *response = control_response();

    response->result = work->result;
    work->result = NULL;
    response->unavailable = work->failed;
    if (work->failed)
        response->error = strdup(work->response->error);
    control_answer(work->context, response, true);
    work_destroy(work);
}

/* Which referrals it reaches is said by the request, as the daemon set it, and never by the command. */
static void set_reach(Fascia__ControlRequest *request, Fascia__Command *command)
{
    if (command->reach != NULL)
        fascia__reach__free_unpacked(command->reach, NULL);
    command->reach = request->reach;
    request->reach = NULL;
}

static void do_command(struct control_request *request)
{
    Fascia__Command *command = request->request->command;
    struct work *work;

    if (command->body_case == FASCIA__COMMAND__BODY_OUTBOX_DONE ||
        command->body_case == FASCIA__COMMAND__BODY__NOT_SET) {
        control_refuse(request, "this command is not for people");
        return;
    }
    if (command->body_case == FASCIA__COMMAND__BODY_PUT_ACCOUNT && !control_admit_account(request))
        return;
    /* Who it is, the kernel says, not the request. */
    if (command->actor != NULL && command->actor != (char *)protobuf_c_empty_string)
        free(command->actor);
    command->actor = strdup(request->actor);
    INVARIANT(command->actor != NULL);
    set_reach(request->request, command);
    work = work_create(command_done, request);
    work->command = command;
    request->request->command = NULL;
    request->request->body_case = FASCIA__CONTROL_REQUEST__BODY__NOT_SET;
    if (work_push(control_stages(request->control), work))
        return;
    work_destroy(work);
    control_busy(request);
}

/* ---- looks ----------------------------------------------------------------------------------------------------------- */

static void look(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    struct control_request *request = work->context;
    Fascia__ControlRequest *wanted = request->request;

    switch (wanted->body_case) {
    case FASCIA__CONTROL_REQUEST__BODY_LIST_REFERRALS:
        work->response = engine_list_referrals(engine, wanted->list_referrals, wanted->reach);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_LIST_OFFERS:
        work->response = engine_list_offers(engine, wanted->list_offers, wanted->reach);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_LIST_THERAPISTS:
        work->response = engine_list_therapists(engine, wanted->list_therapists);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_SHOW_THERAPIST:
        work->response = engine_show_therapist(engine, wanted->show_therapist->identifier);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_LIST_SLOTS:
        work->response = engine_list_slots(engine, wanted->list_slots, now);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_IMPORT_THERAPISTS:
        work->response = engine_import_therapists(engine, wanted->import_therapists, request->actor, now, batch);
        break;
    default:
        INVARIANT(!"a look that is none");
    }
}

static void look_done(struct work *work)
{
    Fascia__ControlResponse *response = work->response;

    work->response = NULL;
    control_answer(work->context, response, true);
    work_destroy(work);
}

static void do_look(struct control_request *request)
{
    struct work *work = work_create(look_done, request);

    work->run = look;
    if (work_push(control_stages(request->control), work))
        return;
    work_destroy(work);
    control_busy(request);
}

/* ---- the node itself --------------------------------------------------------------------------------------------------- */

static void do_reload(struct control_request *request)
{
    const struct control_host *host = control_host(request->control);
    struct fault fault = {{0}};

    if (!host->reload(host->context, &fault)) {
        control_refuse(request, "%s", fault.text);
        return;
    }
    control_answer(request, control_response(), true);
}

/* What count_engine tells, as the message calls it. */
static const char *const engine_numbers[] = {"referrals_open", "therapists", "offers_open", "waitlisted"};

static void count_engine(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    struct engine_counts counts;

    (void)batch;
    engine_counts(engine, &counts);
    work->response = control_response();
    work->response->node = calloc(1, sizeof *work->response->node);
    INVARIANT(work->response->node != NULL);
    fascia__node__init(work->response->node);
    work->response->node->referrals_open = counts.referrals_open;
    work->response->node->therapists = counts.therapists;
    work->response->node->offers_open = counts.offers_open;
    work->response->node->waitlisted = counts.waitlisted;
    work->response->node->now = now;
}

/* A node whose disk refuses still says how it is, and which numbers it can't tell. */
static void counted(struct work *work)
{
    struct control_request *request = work->context;
    const struct control_host *host = control_host(request->control);
    Fascia__ControlResponse *response = work->failed ? control_response() : work->response;

    if (!work->failed)
        work->response = NULL;
    if (response->node == NULL) {
        response->node = calloc(1, sizeof *response->node);
        INVARIANT(response->node != NULL);
        fascia__node__init(response->node);
        control_status_lacks(response->node, engine_numbers, sizeof engine_numbers / sizeof engine_numbers[0]);
    }
    host->fill_status(host->context, response->node);
    control_answer_status(request, response);
    work_destroy(work);
}

static void do_status(struct control_request *request)
{
    struct work *work = work_create(counted, request);

    work->run = count_engine;
    if (work_push(control_stages(request->control), work))
        return;
    work->failed = true;
    counted(work);
}

static void dispatch(struct control_request *request)
{
    const Fascia__ControlRequest *wanted = request->request;

    switch (wanted->body_case) {
    case FASCIA__CONTROL_REQUEST__BODY_IMPORT_THERAPISTS:
        if (wanted->import_therapists->n_therapists > IMPORT_ROWS) {
            control_refuse(request, "at most %d therapists in one request", IMPORT_ROWS);
            break;
        }
        do_look(request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_LIST_REFERRALS:
    case FASCIA__CONTROL_REQUEST__BODY_LIST_OFFERS:
    case FASCIA__CONTROL_REQUEST__BODY_LIST_THERAPISTS:
    case FASCIA__CONTROL_REQUEST__BODY_SHOW_THERAPIST:
    case FASCIA__CONTROL_REQUEST__BODY_LIST_SLOTS:
        do_look(request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_EXPLAIN_MATCH:
    case FASCIA__CONTROL_REQUEST__BODY_TRY_MATCH:
    case FASCIA__CONTROL_REQUEST__BODY_REPLAY_MATCH:
        control_match(request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_LIST_WAITING:
        control_list_waiting(request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_NODE_STATUS:
        do_status(request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_RELOAD:
        do_reload(request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_LIST_PLUGINS:
    case FASCIA__CONTROL_REQUEST__BODY_CHANGE_PLUGIN:
    case FASCIA__CONTROL_REQUEST__BODY_DESCRIBE_PLUGIN:
        control_host(request->control)->plugins(control_host(request->control)->context, request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY_LIST_ACCOUNTS:
    case FASCIA__CONTROL_REQUEST__BODY_UNLOCK_ACCOUNT:
        control_accounts(request);
        break;
    case FASCIA__CONTROL_REQUEST__BODY__NOT_SET:
        control_refuse(request, "the request asks nothing that this daemon knows");
        break;
    default:
        control_read(request);
    }
}

/* ---- reach --------------------------------------------------------------------------------------------------------------- */

static void check(struct engine *engine, struct work *work, int64_t now, struct record_batch *batch)
{
    const struct control_request *request = work->context;

    (void)batch;
    work->response = engine_check_request(engine, request->request, now);
}

static void checked(struct work *work)
{
    struct control_request *request = work->context;
    Fascia__ControlResponse *refusal = work->response;

    work->response = NULL;
    work_destroy(work);
    if (refusal != NULL)
        control_answer(request, refusal, true);
    else
        dispatch(request);
}

/* Who reaches some referrals only is let through by the core before anything is read; of commands it is a part of doing them. */
void control_do(struct control_request *request)
{
    struct work *work;

    if (request->request->body_case == FASCIA__CONTROL_REQUEST__BODY_COMMAND) {
        do_command(request);
        return;
    }
    if (request->request->reach == NULL) {
        dispatch(request);
        return;
    }
    work = work_create(checked, request);
    work->run = check;
    if (work_push(control_stages(request->control), work))
        return;
    work_destroy(work);
    control_busy(request);
}
