/* What is looked at before a call is worked off: where it goes, who asks, and in which format. */
#include "fhir/work.h"

#include <string.h>

static bool find_target(struct fhir_call *call)
{
    const char *allow = NULL;

    switch (fhir_dispatch(call->arena, call->method, call->path, &call->target, &allow)) {
    case FHIR_FOUND:
        return true;
    case FHIR_BAD_PATH:
        fhir_fail(call, 400, "value", "", "the path can't be read: an id has 1 to 64 letters, digits, '-' and '.'");
        return false;
    case FHIR_NO_SUCH_TYPE:
        fhir_fail(call, 404, "not-supported", "",
                  "this server has no resources of that type; GET metadata lists those that it has");
        return false;
    case FHIR_NO_SUCH_METHOD:
        call->reply.allow = allow;
        fhir_fail(call, 405, "not-supported", "", "this method is not for that path; it takes %s", allow);
        return false;
    default:
        fhir_fail(call, 404, "not-found", "", "there is nothing at that path; GET metadata lists what there is");
        return false;
    }
}

static bool may_come_in(struct fhir_call *call)
{
    const Fascia__HttpRequest *request = fhir_request(call);

    if (call->target.interaction == FHIR_DO_CAPABILITIES || request->principal != NULL)
        return true;
    if (request->refused[0] == '\0') {
        call->reply.challenge = "Bearer realm=\"fhir\"";
        fhir_fail(
            call, 401, "login", "",
            "who asks is not known: send an access token (SMART Backend Services); metadata says where to get one");
    } else {
        call->reply.challenge = "Bearer realm=\"fhir\", error=\"invalid_token\"";
        fhir_fail(call, 401, "login", "", "the access token does not count: %s", request->refused);
    }
    return false;
}

/* A person may what their roles let them; a client besides only what its token was given for. */
bool fhir_may(const struct fhir_call *call, const struct fhir_type *type, char letter)
{
    const Fascia__Principal *principal = fhir_request(call)->principal;

    return principal != NULL &&
           (principal->person || fhir_scope_allows(principal->scopes, principal->n_scopes, type->name, letter));
}

static bool has_scope(struct fhir_call *call)
{
    const struct fhir_type *type = call->target.type;
    const char letter = fhir_scope_letter(call->target.interaction);

    if (type == NULL || fhir_may(call, type, letter))
        return true;
    call->reply.challenge = fhir_arena_format(
        call->arena, "Bearer realm=\"fhir\", error=\"insufficient_scope\", scope=\"system/%s.%c\"", type->name, letter);
    fhir_fail(call, 403, "forbidden", "", "the access token lacks the scope system/%s.%c", type->name, letter);
    return false;
}

static bool speaks(struct fhir_call *call)
{
    if (fhir_accepts(fhir_query_find(&call->query, "_format"), call->accept))
        return true;
    fhir_fail(call, 406, "not-supported", "", "only application/fhir+json of FHIR 4.0 is given");
    return false;
}

/* What a body must be, by interaction; NULL: none is read. */
static bool has_right_body(struct fhir_call *call)
{
    const char *type = call->content_type;

    switch (call->target.interaction) {
    case FHIR_DO_SEARCH:
        if (!call->target.form || call->body.size == 0 || fhir_is_media_type(type, "application/x-www-form-urlencoded"))
            return true;
        fhir_fail(call, 415, "not-supported", "", "_search takes application/x-www-form-urlencoded");
        return false;
    case FHIR_DO_PATCH:
        if (fhir_is_media_type(type, "application/json-patch+json"))
            return true;
        fhir_fail(call, 415, "not-supported", "", "a PATCH takes application/json-patch+json (RFC 6902)");
        return false;
    case FHIR_DO_CREATE:
    case FHIR_DO_UPDATE:
    case FHIR_DO_BATCH:
    case FHIR_DO_MATCH:
        if (fhir_is_fhir_json(type))
            return true;
        fhir_fail(call, 415, "not-supported", "", "resources are taken as application/fhir+json of FHIR 4.0, in UTF-8");
        return false;
    default:
        return true;
    }
}

void fhir_call_begin(struct fhir_call *call)
{
    static void (*const workers[])(struct fhir_call *) = {
        [FHIR_DO_CAPABILITIES] = fhir_work_capabilities,
        [FHIR_DO_BATCH] = fhir_work_batch,
        [FHIR_DO_SEARCH] = fhir_work_search,
        [FHIR_DO_CREATE] = fhir_work_create,
        [FHIR_DO_READ] = fhir_work_read,
        [FHIR_DO_VREAD] = fhir_work_read,
        [FHIR_DO_HISTORY] = fhir_work_read,
        [FHIR_DO_UPDATE] = fhir_work_update,
        [FHIR_DO_PATCH] = fhir_work_update,
        [FHIR_DO_MATCH] = fhir_work_match,
        [FHIR_DO_EXPLAIN] = fhir_work_explain,
    };
    const char *pretty = fhir_query_find(&call->query, "_pretty");

    call->reply.pretty = pretty != NULL && strcmp(pretty, "true") == 0;
    if (find_target(call) && may_come_in(call) && has_scope(call) && speaks(call) &&
        (call->resource != NULL || call->asked != NULL || has_right_body(call)))
        workers[call->target.interaction](call);
}
