/* read, vread, and history of an instance. */
#include "fhir/work.h"

#include "fhir/encode.h"
#include "fhir/moment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct fhir_reading {
    struct fhir_search options;     /* _summary, _elements, _count, _cursor */
    const struct fhir_json *common; /* of a Slot */
};

/* ---- the options of a read ------------------------------------------------------------------------------------------ */

static bool read_options(struct fhir_call *call, struct fhir_search *search)
{
    const struct fhir_search_bounds bounds = {.page_default = 100, .page_most = 500, .now = fhir_now(call)};

    if (fhir_search_read(call->arena, call->target.type->name, fhir_url(call), &call->query, &bounds, search))
        return true;
    for (size_t i = 0; i < search->fault_count; i++)
        fhir_issue_shape(&call->issues, "invalid", "", "%s", search->faults[i]);
    fhir_end_issues(call, 400);
    return false;
}

/* ---- one version ---------------------------------------------------------------------------------------------------- */

static bool is_version(const Fascia__ReferralDetail *detail, uint64_t version)
{
    for (size_t i = 0; i < detail->n_history; i++)
        if (detail->history[i]->sequence == version)
            return fhir_story_is_version(detail->history[i]);
    return false;
}

/* Moves the subject to how it stood then. ServiceRequests are known from the version on by which their content came. */
static bool go_back(const struct fhir_type *type, struct fhir_subject *subject, uint64_t version)
{
    struct fhir_story now = subject->story;

    if (version == now.version)
        return true;
    if (!is_version(subject->detail, version) || (type->content && version < now.content_since))
        return false;
    fhir_story_read(subject->arena, subject->detail, version, &subject->story);
    subject->current = false;
    return true;
}

static bool is_of_version(const struct fhir_json *resource, const char *version)
{
    const char *is = fhir_json_text_of(fhir_json_get(resource, "meta"), "versionId");

    return is != NULL && strcmp(is, version) == 0;
}

static void not_there(struct fhir_call *call, const struct fhir_subject *subject)
{
    const struct fhir_type *type = call->target.type;

    if (subject->detail != NULL && subject->detail->erased && type->content)
        fhir_fail(call, 410, "deleted", "", "the content of this referral was erased");
    else
        fhir_fail(call, 404, "not-found", "", "there is no %s with this id", type->name);
}

static bool is_unchanged(const struct fhir_call *call)
{
    return call->if_none_match != NULL && call->reply.etag != NULL &&
           fhir_tags_name(call->if_none_match, call->reply.etag);
}

static void give(struct fhir_call *call, const struct fhir_json *resource)
{
    const struct fhir_reading *reading = call->state;

    fhir_reply_version(call, resource);
    if (is_unchanged(call))
        fhir_end(call, 304, NULL);
    else
        fhir_end(call, 200, fhir_json_copy(fhir_filter(call, &reading->options, resource)));
}

static void slot_answered(struct fhir_call *call, uint32_t slot, const Fascia__Answer *answer)
{
    const struct fhir_reading *reading = call->state;
    const struct fhir_json *resource;

    (void)slot;
    if (fhir_fail_answer(call, answer, 404, "not-found"))
        return;
    resource = fhir_resource_of_id(fhir_slots_of(call, reading->common, answer->response), call->target.id);
    if (resource == NULL)
        fhir_fail(call, 404, "not-found", "", "there is no such Slot any more: the therapist's time is another now");
    else
        give(call, resource);
}

/* A Slot is a stretch of the time of a therapist, who is known now. */
static void read_slot(struct fhir_call *call, const struct fhir_subject *subject)
{
    struct fhir_reading *reading = call->state;
    int64_t start;

    if (!fhir_id_start(call->target.id, &start)) {
        not_there(call, subject);
        return;
    }
    reading->common = fhir_resources_of(call, call->target.type, subject);
    call->answered = slot_answered;
    (void)fhir_ask_slot(call, 0, subject->therapist->therapist->identifier, start);
}

static void read_answered(struct fhir_call *call, uint32_t slot, const Fascia__Answer *answer)
{
    const struct fhir_target *target = &call->target;
    struct fhir_subject subject;
    const struct fhir_json *resource;

    (void)slot;
    if (answer != NULL && fhir_fail_answer(call, answer, 404, "not-found"))
        return;
    if (!fhir_subject_read(call, target->type, answer, &subject)) {
        not_there(call, &subject);
        return;
    }
    if (target->type->slots) {
        read_slot(call, &subject);
        return;
    }
    resource = fhir_resource_of_id(fhir_resources_of(call, target->type, &subject), target->id);
    if (resource == NULL) {
        not_there(call, &subject);
        return;
    }
    if (target->version != NULL && !is_of_version(resource, target->version))
        resource = subject.detail != NULL && !target->type->many &&
                           go_back(target->type, &subject, strtoull(target->version, NULL, 10))
                       ? fhir_resource_of_id(fhir_resources_of(call, target->type, &subject), target->id)
                       : NULL;
    if (resource == NULL || (target->version != NULL && !is_of_version(resource, target->version)))
        fhir_fail(call, 404, "not-found", "", "there is no such version of this %s, or it is not kept",
                  target->type->name);
    else
        give(call, resource);
}

/* ---- history -------------------------------------------------------------------------------------------------------- */

static void add_version(struct fhir_call *call, struct fhir_json *bundle, const struct fhir_json *resource, bool first)
{
    const struct fhir_target *target = &call->target;
    const struct fhir_json *meta = fhir_json_get(resource, "meta");
    struct fhir_json *entry = fhir_add_to(bundle, "entry", fhir_json_new_object());
    struct fhir_json *part;

    fhir_json_set_text(entry, "fullUrl",
                       fhir_arena_format(call->arena, "%s/%s/%s", fhir_url(call), target->type->name, target->id));
    fhir_json_set(entry, "resource",
                  fhir_json_copy(fhir_filter(call, &((const struct fhir_reading *)call->state)->options, resource)));
    part = fhir_json_set(entry, "request", fhir_json_new_object());
    fhir_json_set_text(part, "method", first ? "POST" : "PUT");
    fhir_json_set_text(part, "url",
                       first ? target->type->name
                             : fhir_arena_format(call->arena, "%s/%s", target->type->name, target->id));
    part = fhir_json_set(entry, "response", fhir_json_new_object());
    fhir_json_set_text(part, "status", first ? "201" : "200");
    fhir_json_set_text(part, "etag", fhir_arena_format(call->arena, "W/\"%s\"", fhir_json_text_of(meta, "versionId")));
    fhir_json_set_text(part, "lastModified", fhir_json_text_of(meta, "lastUpdated"));
}

static const char *history_url(struct fhir_call *call, uint32_t count, uint64_t below)
{
    const struct fhir_target *target = &call->target;
    const char *url = fhir_arena_format(call->arena, "%s/%s/%s/_history?_count=%u", fhir_url(call), target->type->name,
                                        target->id, count);

    return below == UINT64_MAX ? url : fhir_arena_format(call->arena, "%s&_cursor=%" PRIu64, url, below);
}

/* Newest first; a cursor is the version below which a page begins. */
static struct fhir_json *history_of(struct fhir_call *call, struct fhir_subject *subject)
{
    const struct fhir_search *search = &((const struct fhir_reading *)call->state)->options;
    const struct fhir_type *type = call->target.type;
    const uint64_t now = subject->story.version, since = type->content ? subject->story.content_since : 1;
    const uint64_t below = search->cursor != NULL ? strtoull(search->cursor, NULL, 10) : UINT64_MAX;
    struct fhir_json *bundle = fhir_new_bundle(call, "history");
    uint32_t given = 0;
    size_t total = 0;
    const uint64_t first = subject->detail->n_history > 0 ? subject->detail->history[0]->sequence : 0;

    for (size_t i = subject->detail->n_history; i > 0; i--) {
        const Fascia__HistoryEntry *entry = subject->detail->history[i - 1];
        struct fhir_json *list;
        if (!fhir_story_is_version(entry) || entry->sequence < since || entry->sequence > now)
            continue;
        total++;
        if (entry->sequence >= below || given == search->page)
            continue;
        subject->current = entry->sequence == now;
        fhir_story_read(call->arena, subject->detail, subject->current ? UINT64_MAX : entry->sequence, &subject->story);
        list = fhir_resources_of(call, type, subject);
        if (fhir_resource_of_id(list, call->target.id) == NULL)
            continue;
        add_version(call, bundle, fhir_resource_of_id(list, call->target.id), entry->sequence == first);
        if (++given == search->page && entry->sequence > since)
            fhir_add_link(bundle, "next", history_url(call, search->page, entry->sequence));
    }
    fhir_add_link(bundle, "self", history_url(call, search->page, below));
    fhir_json_set(bundle, "total", fhir_json_new_whole((int64_t)total));
    return bundle;
}

static void history_answered(struct fhir_call *call, uint32_t slot, const Fascia__Answer *answer)
{
    struct fhir_subject subject;

    (void)slot;
    if (fhir_fail_answer(call, answer, 404, "not-found"))
        return;
    if (!fhir_subject_read(call, call->target.type, answer, &subject) ||
        (subject.detail->erased && call->target.type->content))
        not_there(call, &subject);
    else
        fhir_end(call, 200, history_of(call, &subject));
}

void fhir_work_read(struct fhir_call *call)
{
    const struct fhir_target *target = &call->target;
    struct fhir_reading *reading = fhir_arena_take(call->arena, sizeof *reading);
    struct fhir_key key;

    if (!read_options(call, &reading->options))
        return;
    call->state = reading;
    if (!fhir_key_of(call->arena, target->type, target->id, &key)) {
        fhir_fail(call, 404, "not-found", "", "there is no %s with this id", target->type->name);
        return;
    }
    call->answered = target->interaction == FHIR_DO_HISTORY ? history_answered : read_answered;
    if (target->type->origin == FHIR_FROM_NODE)
        read_answered(call, 0, NULL);
    else
        (void)fhir_ask_subject(call, 0, target->type, &key);
}
