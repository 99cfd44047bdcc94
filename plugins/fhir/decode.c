#include "fhir/decode.h"

#include "fhir/decode_parts.h"
#include "fhir/schema.h"

#include <string.h>

/* ---- what a request asks ----------------------------------------------------------------------------------------------- */

/* Request.status by http://hl7.org/fhir/R4/request.html#statemachine. false: nothing is asked by such a one, which is said. */
static bool action_of(struct fhir_decoder *decoder, bool update, Fascia__Submit__Action *action)
{
    struct fhir_place *request = decoder->request->place;
    const char *status = fhir_peek(request, "status"), *where = fhir_path(decoder, fhir_at(decoder, request, "status"));

    if (strcmp(status, "active") == 0) {
        *action = update ? FASCIA__SUBMIT__ACTION__MODIFY : FASCIA__SUBMIT__ACTION__NEW;
        return true;
    }
    if (update && (strcmp(status, "revoked") == 0 || strcmp(status, "entered-in-error") == 0)) {
        *action = FASCIA__SUBMIT__ACTION__CANCEL;
        return true;
    }
    if (strcmp(status, "draft") == 0)
        fhir_issue_rule(decoder->issues, "business-rule", where,
                        "a draft is not acted on: send it when its status is active");
    else if (strcmp(status, "revoked") == 0 || strcmp(status, "entered-in-error") == 0)
        fhir_issue_rule(
            decoder->issues, "business-rule", where,
            "a request that is revoked or entered in error asks for nothing: to cancel one that was sent, update it");
    else if (strcmp(status, "on-hold") == 0)
        fhir_issue_rule(decoder->issues, "not-supported", where,
                        "a request on hold is not taken: cancel it with status revoked, or leave it active");
    else if (strcmp(status, "completed") == 0)
        fhir_issue_rule(decoder->issues, "business-rule", where,
                        "a request is completed by the outcome that its therapist reports, not by its sender");
    else if (status[0] != '\0')
        fhir_issue_rule(decoder->issues, "business-rule", where,
                        "a request of this status is not acted on: send it as active");
    return false;
}

/* What changes the meaning of all the rest (isModifier). */
static void check_modifiers(struct fhir_decoder *decoder)
{
    struct fhir_place *request = decoder->request->place;
    const char *intent = fhir_peek(request, "intent");
    bool not_wanted = false;

    if (intent[0] != '\0' && strstr(intent, "order") == NULL)
        fhir_issue_rule(decoder->issues, "business-rule", fhir_path(decoder, fhir_at(decoder, request, "intent")),
                        "only an order is acted on: a proposal, plan, directive or option is none");
    fhir_json_boolean(fhir_json_get(request->value, "doNotPerform"), &not_wanted);
    if (not_wanted)
        fhir_issue_rule(decoder->issues, "business-rule", fhir_path(decoder, fhir_at(decoder, request, "doNotPerform")),
                        "a request that something be not done is no referral");
    fhir_mark(fhir_at(decoder, request, "status"));
    fhir_mark(fhir_at(decoder, request, "intent"));
    fhir_mark(fhir_at(decoder, request, "doNotPerform"));
}

static void check_id(struct fhir_decoder *decoder)
{
    const char *id = decoder->settings->id;

    if (id == NULL || decoder->bundle != NULL || strcmp(decoder->request->id, id) == 0)
        return;
    fhir_issue_shape(decoder->issues, decoder->request->id[0] == '\0' ? "required" : "value", "ServiceRequest.id",
                     "the id of the resource must be that of the URL it is put to");
}

/* ---- one referral ------------------------------------------------------------------------------------------------------- */

static Fascia__Referral *begin(struct fhir_arena *arena)
{
    Fascia__Referral *referral = fhir_arena_take(arena, sizeof *referral);

    fascia__referral__init(referral);
    referral->referrer = fhir_arena_take(arena, sizeof *referral->referrer);
    fascia__referrer__init(referral->referrer);
    referral->patient = fhir_arena_take(arena, sizeof *referral->patient);
    fascia__patient__init(referral->patient);
    referral->preferences = fhir_arena_take(arena, sizeof *referral->preferences);
    fascia__preferences__init(referral->preferences);
    return referral;
}

static void add_reply(struct fhir_decoder *decoder, const char *key, const char *value)
{
    Fascia__Referral__ReplyEntry *entry;

    if (value[0] == '\0')
        return;
    entry = fhir_arena_take(decoder->arena, sizeof *entry);
    fascia__referral__reply_entry__init(entry);
    entry->key = OWNED(key);
    entry->value = OWNED(value);
    FHIR_PUSH(decoder->arena, decoder->referral->reply, decoder->referral->n_reply, entry);
}

/* Where in the original the request stands, so that it is found again without reading all of it. */
static void add_replies(struct fhir_decoder *decoder)
{
    add_reply(decoder, "shape", decoder->bundle != NULL ? "Bundle" : "ServiceRequest");
    if (decoder->bundle == NULL)
        return;
    add_reply(decoder, "entry", fhir_arena_format(decoder->arena, "%u", decoder->request_entry));
    if (decoder->task != NULL)
        add_reply(decoder, "task", fhir_arena_format(decoder->arena, "%u", decoder->task_entry));
}

static const char *reason_of(struct fhir_decoder *decoder)
{
    const char *reason = "";

    if (decoder->task != NULL)
        reason = fhir_words(decoder, fhir_at(decoder, decoder->task->place, "statusReason"));
    for (size_t i = 0; i < decoder->referral->n_notes && i < 20; i++) {
        const char *text = decoder->referral->notes[i]->text;
        reason = reason[0] == '\0' ? text : fhir_arena_format(decoder->arena, "%s\n%s", reason, text);
    }
    if (reason[0] == '\0' && strcmp(fhir_peek(decoder->request->place, "status"), "entered-in-error") == 0)
        reason = "entered in error";
    return reason;
}

static void decode_content(struct fhir_decoder *decoder)
{
    fhir_decode_patient(decoder);
    fhir_decode_requester(decoder);
    fhir_decode_performers(decoder);
    fhir_decode_clinical(decoder);
    fhir_decode_documents(decoder);
    fhir_decode_wishes(decoder);
    fhir_decode_insurance(decoder);
}

/* Of a cancellation only who and which is read, and why. */
static void decode_cancellation(struct fhir_decoder *decoder)
{
    struct fhir_place *list = fhir_at(decoder, decoder->request->place, "note"), *note;

    for (size_t i = 0; (note = fhir_nth(decoder, list, i)) != NULL; i++)
        fhir_add_note(decoder, "reason", fhir_read(decoder, note, "text"), fhir_path(decoder, note));
}

static Fascia__Submit *decode_request(struct fhir_decoder *decoder, bool update, bool cancel,
                                      struct fascia_bytes original, const struct fhir_place *root)
{
    Fascia__Submit *submit = fhir_arena_take(decoder->arena, sizeof *submit);

    fascia__submit__init(submit);
    decoder->referral = begin(decoder->arena);
    submit->referral = decoder->referral;
    submit->update_if_changed = decoder->settings->update_if_changed;
    if (cancel)
        submit->action = FASCIA__SUBMIT__ACTION__CANCEL;
    else
        action_of(decoder, update, &submit->action);
    check_id(decoder);
    check_modifiers(decoder);
    if (submit->action == FASCIA__SUBMIT__ACTION__CANCEL) {
        decode_cancellation(decoder);
        fhir_decode_identity(decoder);
        submit->reason = OWNED(reason_of(decoder));
    } else {
        decode_content(decoder);
        fhir_decode_identity(decoder);
        fhir_decode_kept(decoder, root);
        add_replies(decoder);
        decoder->referral->original = (ProtobufCBinaryData){original.size, (uint8_t *)(uintptr_t)original.data};
        decoder->referral->original_media_type = OWNED("application/fhir+json");
    }
    return submit;
}

/* ---- a document ----------------------------------------------------------------------------------------------------------- */

/* The Task by which somebody is asked to do this request. */
static struct fhir_resource *task_of(struct fhir_decoder *decoder)
{
    for (size_t i = 0; i < decoder->resources->count; i++) {
        struct fhir_resource *task = decoder->resources->list[i];
        if (task->focus == decoder->request)
            return task;
    }
    return NULL;
}

static void read_task(struct fhir_decoder *decoder)
{
    static const char *const read[] = {"status",    "intent",   "code",       "for",
                                       "requester", "priority", "authoredOn", "lastModified"};

    if (decoder->task == NULL)
        return;
    for (size_t i = 0; i < sizeof read / sizeof read[0]; i++)
        fhir_mark(fhir_at(decoder, decoder->task->place, read[i]));
}

static bool is_cancelled(const struct fhir_decoder *decoder)
{
    return decoder->task != NULL && strcmp(fhir_peek(decoder->task->place, "status"), "cancelled") == 0;
}

static void check_entry_url(struct fhir_decoder *decoder, struct fhir_place *request)
{
    const char *own = fhir_arena_format(decoder->arena, "ServiceRequest/%s", decoder->request->id);

    if (strcmp(fhir_peek(request, "url"), own) != 0)
        fhir_issue_shape(decoder->issues, "value", fhir_path(decoder, fhir_at(decoder, request, "url")),
                         "the URL of an update is that of the resource: ServiceRequest/ and its id");
}

/* Of an entry, what its request asks; a message and a lone resource, what the settings say. false: no such thing is done, which is said. */
static bool update_of(struct fhir_decoder *decoder, bool *update, bool *cancel)
{
    struct fhir_place *request =
        decoder->request->entry != NULL ? fhir_at(decoder, decoder->request->entry, "request") : NULL;
    const char *method = fhir_peek(request, "method");

    *update = decoder->settings->update;
    *cancel = is_cancelled(decoder);
    if (method[0] == '\0')
        return true;
    if (strcmp(method, "PUT") == 0) {
        *update = true;
        check_entry_url(decoder, request);
    } else if (strcmp(method, "POST") != 0) {
        fhir_issue_rule(decoder->issues, "not-supported", fhir_path(decoder, fhir_at(decoder, request, "method")),
                        "a ServiceRequest with its content is created or updated: POST or PUT");
        return false;
    }
    return true;
}

static bool begins_with(const char *path, const char *prefix)
{
    size_t size = strlen(prefix);

    return strncmp(path, prefix, size) == 0 && (path[size] == '\0' || path[size] == '.' || path[size] == '[');
}

/* Whether an issue of the shapes is of what this request is made of, or of all. */
static bool concerns(struct fhir_decoder *decoder, const struct fhir_issue *issue)
{
    if (strncmp(issue->expression, "Bundle.entry[", 13) != 0)
        return true;
    for (size_t i = 0; i < decoder->resources->count; i++) {
        const struct fhir_resource *resource = decoder->resources->list[i];
        if (resource->belongs && resource->container == NULL && resource->entry != NULL &&
            begins_with(issue->expression, fhir_path(decoder, resource->entry)))
            return true;
    }
    return false;
}

/* Of a batch, a Bundle of what belongs to this request alone, and where it stands in that. */
static struct fascia_bytes own_original(struct fhir_decoder *decoder)
{
    struct fhir_json *own = fhir_json_new_object(), *list;
    struct fascia_bytes bytes;
    size_t size;
    const char *text;

    fhir_json_set_text(own, "resourceType", "Bundle");
    fhir_json_set_text(own, "type", fhir_peek(decoder->bundle->place, "type"));
    list = fhir_json_set(own, "entry", fhir_json_new_array());
    for (size_t i = 0; i < decoder->resources->count; i++) {
        const struct fhir_resource *resource = decoder->resources->list[i];
        if (!resource->belongs || resource->container != NULL || resource->entry == NULL)
            continue;
        if (resource == decoder->request)
            decoder->request_entry = (unsigned)fhir_json_size(list);
        if (resource == decoder->task)
            decoder->task_entry = (unsigned)fhir_json_size(list);
        fhir_json_add(list, fhir_json_copy(resource->entry->value));
    }
    text = fhir_json_print(own, &size);
    bytes = (struct fascia_bytes){(const uint8_t *)fhir_arena_text(decoder->arena, text, size), size};
    fhir_json_free(own);
    return bytes;
}

static struct fascia_bytes original_of(struct fhir_decoder *decoder, struct fascia_bytes bytes)
{
    if (decoder->resources->requests > 1)
        return own_original(decoder);
    decoder->request_entry = decoder->request->entry != NULL ? decoder->request->entry->index : 0;
    decoder->task_entry = decoder->task != NULL ? decoder->task->entry->index : 0;
    return bytes;
}

static void gather(struct fhir_issues *all, const struct fhir_issues *own, size_t from)
{
    for (size_t i = from; i < own->count; i++)
        fhir_issue_add(all, *own->list[i]);
    all->more += own->more;
}

static void ask_one(struct fhir_decoder *shared, struct fhir_resource *request, struct fascia_bytes bytes,
                    struct fhir_decoded *decoded, size_t shapes)
{
    struct fhir_decoder decoder = *shared;
    struct fhir_asked *asked = fhir_arena_take(shared->arena, sizeof *asked);
    bool update, cancel;
    size_t own;

    decoder.request = request;
    decoder.issues = &asked->issues;
    decoder.task = task_of(&decoder);
    fhir_resources_belong(&decoder);
    asked->issues.arena = decoder.arena;
    for (size_t i = 0; i < shapes; i++)
        if (concerns(&decoder, decoded->issues.list[i]))
            fhir_issue_add(&asked->issues, *decoded->issues.list[i]);
    own = asked->issues.count;
    read_task(&decoder);
    asked->expression = fhir_place_path(decoder.arena, request->place);
    asked->id = request->id;
    asked->full_url = request->full_url;
    asked->entry = request->entry != NULL ? request->entry->index : 0;
    if (update_of(&decoder, &update, &cancel))
        asked->submit =
            decode_request(&decoder, update, cancel, original_of(&decoder, bytes), shared->resources->list[0]->place);
    if (asked->issues.errors > 0 || (shapes == FHIR_ISSUES && decoded->issues.more > 0))
        asked->submit = NULL;
    gather(&decoded->issues, &asked->issues, own);
    decoded->asked[decoded->count++] = asked;
}

static void check_bundle(struct fhir_decoded *decoded, struct fhir_place *root)
{
    static const char *const taken[] = {"transaction", "batch", "message"};

    decoded->bundle_type = fhir_peek(root, "type");
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(decoded->bundle_type, taken[i]) == 0)
            return;
    if (decoded->bundle_type[0] != '\0')
        fhir_issue_rule(&decoded->issues, "not-supported", "Bundle.type",
                        "a Bundle with a referral is a transaction, a batch or a message");
}

static void find_focuses(struct fhir_decoder *decoder)
{
    for (size_t i = 0; i < decoder->resources->count; i++) {
        struct fhir_resource *task = decoder->resources->list[i];
        if (strcmp(task->type, "Task") == 0 && task->container == NULL)
            task->focus = fhir_resolve(decoder, fhir_at(decoder, task->place, "focus"));
    }
}

static void ask_all(struct fhir_decoder *decoder, struct fascia_bytes bytes, struct fhir_decoded *decoded)
{
    size_t count = decoder->resources->requests, shapes = decoded->issues.count;

    if (count == 0)
        fhir_issue_rule(&decoded->issues, "required", decoded->type,
                        "there is no ServiceRequest in it: a referral is a ServiceRequest");
    if (count > FHIR_BUNDLE_REQUESTS)
        fhir_issue_rule(&decoded->issues, "too-long", "Bundle.entry",
                        "more than %d referrals in one Bundle are not taken", FHIR_BUNDLE_REQUESTS);
    if (count > 1 && strcmp(decoded->bundle_type, "batch") != 0)
        fhir_issue_rule(&decoded->issues, "not-supported", "Bundle.type",
                        "several referrals can't be taken all or none: send them as a batch, or one transaction each");
    if (decoded->issues.count > shapes)
        return;
    find_focuses(decoder);
    for (size_t i = 0; i < decoder->resources->count; i++) {
        struct fhir_resource *resource = decoder->resources->list[i];
        if (resource->container == NULL && strcmp(resource->type, "ServiceRequest") == 0)
            ask_one(decoder, resource, bytes, decoded, shapes);
    }
}

static void check_resources(struct fhir_arena *arena, struct fhir_place *root, struct fhir_decoded *decoded)
{
    bool is_bundle = strcmp(decoded->type, "Bundle") == 0;

    if (!is_bundle && strcmp(decoded->type, "ServiceRequest") != 0) {
        fhir_issue_rule(&decoded->issues, decoded->type[0] == '\0' ? "structure" : "not-supported", "",
                        "a ServiceRequest, or a Bundle with one, is expected: the object's resourceType says neither");
        return;
    }
    fhir_schema_check(arena, root, &decoded->issues);
    if (is_bundle)
        check_bundle(decoded, root);
}

void fhir_decode(struct fhir_arena *arena, const struct fhir_decode_settings *settings, struct fascia_bytes bytes,
                 struct fhir_decoded *decoded)
{
    struct fhir_resources resources = {0, 0, NULL};
    struct fhir_decoder decoder = {
        .settings = settings, .arena = arena, .issues = &decoded->issues, .resources = &resources};
    struct fhir_json_fault fault;
    struct fhir_place *root;

    memset(decoded, 0, sizeof *decoded);
    decoded->issues.arena = arena;
    decoded->type = decoded->bundle_type = "";
    decoded->json = fhir_json_parse(bytes.data, bytes.size, settings->most, &fault);
    if (decoded->json == NULL) {
        fhir_issue_json(&decoded->issues, &fault);
        return;
    }
    if (fhir_json_text_of(decoded->json, "resourceType") != NULL)
        decoded->type = fhir_json_text_of(decoded->json, "resourceType");
    root = fhir_place_root(arena, decoded->json, decoded->type);
    check_resources(arena, root, decoded);
    if (strcmp(decoded->type, "ServiceRequest") != 0 && strcmp(decoded->type, "Bundle") != 0)
        return;
    if (!fhir_resources_find(arena, root, &resources, &decoded->issues))
        return;
    if (strcmp(decoded->type, "Bundle") == 0)
        decoder.bundle = resources.list[0];
    ask_all(&decoder, bytes, decoded);
}

void fhir_decoded_finish(struct fhir_decoded *decoded)
{
    fhir_json_free(decoded->json);
    decoded->json = NULL;
}
