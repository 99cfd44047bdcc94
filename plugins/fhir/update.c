/*
 * update and patch. A Task is changed by a command of the node, which its new status asks for (task_moves.h); a ServiceRequest by its sender sending it again. What is
 * there is looked at first: for If-Match, for what is patched, and because a path must not change another than it names.
 */
#include "fhir/work.h"

#include "fhir/patch.h"
#include "fhir/task_moves.h"

#include <string.h>

enum { SLOT_NOW, SLOT_DONE, SLOT_WRITTEN };

struct change {
    uint64_t referral;
    struct fhir_asked *asked;     /* of a ServiceRequest */
    const struct fhir_json *task; /* of a PUT */
};

static bool is_right_version(struct fhir_call *call, const struct fhir_subject *subject)
{
    const char *etag;

    if (call->if_match == NULL)
        return true;
    etag = fhir_arena_format(call->arena, "W/\"%llu\"", (unsigned long long)subject->story.version);
    if (fhir_tags_name(call->if_match, etag))
        return true;
    call->reply.etag = etag;
    fhir_fail(call, 412, "conflict", "",
              "it was changed meanwhile: read it again, and send the change for the version that is there now");
    return false;
}

static bool ask_now(struct fhir_call *call, uint64_t referral, bool content)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ShowReferral show = FASCIA__SHOW_REFERRAL__INIT;

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL;
    request.show_referral = &show;
    show.referral = referral;
    show.history = true;
    show.content = content;
    return fhir_ask(call, SLOT_NOW, &request);
}

/* ---- Task ------------------------------------------------------------------------------------------------------------- */

static unsigned actors_of(const struct fhir_call *call)
{
    unsigned actors = 0;

    if (fhir_has_role(call, FASCIA__ACCESS_ROLE__ACCESS_ROLE_REFERRER))
        actors |= FHIR_INITIATOR;
    if (fhir_has_role(call, FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST))
        actors |= FHIR_RECIPIENT;
    if (fhir_has_role(call, FASCIA__ACCESS_ROLE__ACCESS_ROLE_COORDINATOR))
        actors |= FHIR_INITIATOR | FHIR_RECIPIENT;
    return actors;
}

/* The Task as it is to be; NULL: the call has ended. */
static const struct fhir_json *wanted_task(struct fhir_call *call, const struct change *change,
                                           const struct fhir_json *now)
{
    struct fhir_json_fault fault;
    struct fhir_json *patch, *patched = NULL;

    if (call->target.interaction != FHIR_DO_PATCH)
        return change->task;
    patch = fhir_own(call,
                     fhir_json_parse_value(call->body.data, call->body.size, fhir_settings(call)->body_bytes, &fault));
    if (patch == NULL)
        fhir_issue_json(&call->issues, &fault);
    else
        patched = fhir_own(call, fhir_patch_apply(now, patch, &call->issues));
    if (patched == NULL)
        fhir_end_issues(call, 0);
    return patched;
}

static int64_t booked_from(const struct fhir_story *story)
{
    for (size_t i = 0; i < story->visit_count; i++)
        if (story->visits[i].how == FHIR_VISIT_BOOKED)
            return story->visits[i].from;
    return 0;
}

static const char *code_of(const struct fhir_json *task)
{
    const char *code =
        fhir_json_text_of(fhir_json_item(fhir_json_get(fhir_json_get(task, "businessStatus"), "coding"), 0), "code");

    return code != NULL ? code : "";
}

static void change_task(struct fhir_call *call, const struct fhir_subject *subject)
{
    const struct change *change = call->state;
    const Fascia__Referral *content = subject->detail->content;
    const struct fhir_task_request sent = {content != NULL ? content->sender : "",
                                           content != NULL ? content->sender_referral_id : ""};
    const struct fhir_json *shown = fhir_json_item(fhir_resources_of(call, call->target.type, subject), 0);
    const struct fhir_json *wanted = wanted_task(call, change, shown);
    const struct fhir_task_now now = {.referral = change->referral,
                                      .status = fhir_json_text_of(shown, "status"),
                                      .business_status = code_of(shown),
                                      .visit_from = booked_from(&subject->story),
                                      .actors = actors_of(call),
                                      .therapist = fhir_request(call)->principal->therapist,
                                      .task = shown};
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;

    if (wanted == NULL)
        return;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_COMMAND;
    request.command =
        fhir_task_command(call->arena, &now, &sent, fhir_place_root(call->arena, wanted, "Task"), &call->issues);
    if (call->issues.errors > 0)
        fhir_end_issues(call, 0);
    else if (request.command == NULL)
        (void)fhir_ask_written(call, SLOT_WRITTEN, call->target.type, change->referral);
    else
        (void)fhir_ask(call, SLOT_DONE, &request);
}

/* ---- ServiceRequest --------------------------------------------------------------------------------------------------- */

static void change_request(struct fhir_call *call, const struct fhir_subject *subject)
{
    const struct change *change = call->state;
    const Fascia__Referral *is = subject->detail->content, *sent = change->asked->submit->referral;

    if (is == NULL)
        fhir_fail(call, 410, "deleted", "", "the content of this referral was erased");
    else if (strcmp(is->sender_referral_id, sent->sender_referral_id) != 0)
        fhir_fail(call, 409, "conflict", "ServiceRequest.identifier",
                  "the identifier is that of another referral, or of none: it can't be changed");
    else
        (void)fhir_ask_submit(call, SLOT_DONE, change->asked);
}

/* ---- both ------------------------------------------------------------------------------------------------------------- */

static void answered(struct fhir_call *call, uint32_t slot, const Fascia__Answer *answer)
{
    const struct change *change = call->state;
    struct fhir_subject subject;

    if (slot == SLOT_WRITTEN) {
        fhir_give_written(call, call->target.type, change->referral, answer, 200);
    } else if (slot == SLOT_DONE) {
        if (fhir_took(call, answer, &call->issues, call->target.type->name))
            (void)fhir_ask_written(call, SLOT_WRITTEN, call->target.type, change->referral);
    } else if (!fhir_fail_answer(call, answer, 404, "not-found")) {
        if (!fhir_subject_read(call, call->target.type, answer, &subject))
            fhir_fail(call, 404, "not-found", "", "there is no %s with this id", call->target.type->name);
        else if (!is_right_version(call, &subject))
            return;
        else if (change->asked != NULL)
            change_request(call, &subject);
        else
            change_task(call, &subject);
    }
}

/* Of a PUT: the Task that was sent. false: the call has ended. */
static bool read_task(struct fhir_call *call, struct change *change)
{
    struct fhir_json_fault fault;
    const char *type, *id;

    change->task = call->resource;
    if (change->task == NULL)
        change->task =
            fhir_own(call, fhir_json_parse(call->body.data, call->body.size, fhir_settings(call)->body_bytes, &fault));
    if (change->task == NULL) {
        fhir_issue_json(&call->issues, &fault);
        fhir_end_issues(call, 0);
        return false;
    }
    type = fhir_json_text_of(change->task, "resourceType");
    id = fhir_json_text_of(change->task, "id");
    if (type == NULL || strcmp(type, "Task") != 0)
        fhir_fail(call, 400, "structure", "", "a Task is put here, and this is none: see resourceType");
    else if (id == NULL || strcmp(id, call->target.id) != 0)
        fhir_fail(call, 400, "value", "Task.id", "the id of the resource must be that of the URL it is put to");
    return !call->ended;
}

static bool read_request(struct fhir_call *call, struct change *change)
{
    struct fascia_bytes bytes = call->body;

    if (call->resource != NULL)
        bytes.data = (const uint8_t *)fhir_json_print(call->resource, &bytes.size);
    change->asked = fhir_decode_body(call, bytes, call->target.id);
    return change->asked != NULL;
}

void fhir_work_update(struct fhir_call *call)
{
    struct change *change = fhir_arena_take(call->arena, sizeof *change);
    const bool request = strcmp(call->target.type->name, "ServiceRequest") == 0;
    struct fhir_key key;

    if (!fhir_key_of(call->arena, call->target.type, call->target.id, &key)) {
        fhir_fail(call, 404, "not-found", "", "there is no %s with this id, and the server gives ids itself",
                  call->target.type->name);
        return;
    }
    change->referral = key.referral;
    call->state = change;
    call->answered = answered;
    if (request ? !read_request(call, change) : (call->target.interaction != FHIR_DO_PATCH && !read_task(call, change)))
        return;
    /* A referrer cancels by their own number of the referral, which is in its content. */
    (void)ask_now(call, key.referral, request || (actors_of(call) & FHIR_INITIATOR) != 0);
}
