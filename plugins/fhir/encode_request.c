/* ServiceRequest: as its sender wrote it, where it came by FHIR; else of what another source read. */
#include "fhir/encode.h"

#include <string.h>

#define STATE(name) FASCIA__STATE__STATE_##name

const char *fhir_request_status(Fascia__State state)
{
    switch (state) {
    case STATE(NEEDS_INFORMATION):
        return "on-hold";
    case STATE(REJECTED):
    case STATE(CANCELLED):
    case STATE(WITHDRAWN):
        return "revoked";
    case STATE(COMPLETED):
    case STATE(CLOSED):
        return "completed";
    default:
        return "active";
    }
}

/* ---- what came by FHIR ---------------------------------------------------------------------------------------------- */

static bool is_type(const struct fhir_json *resource, const char *type)
{
    const char *is = fhir_json_text_of(resource, "resourceType");

    return is != NULL && strcmp(is, type) == 0;
}

/* The request of a Bundle; NULL. */
static const struct fhir_json *find_request(const struct fhir_json *bundle)
{
    const struct fhir_json *entries = fhir_json_get(bundle, "entry");

    for (size_t i = 0; i < fhir_json_size(entries); i++) {
        const struct fhir_json *resource = fhir_json_get(fhir_json_item(entries, i), "resource");
        if (is_type(resource, "ServiceRequest"))
            return resource;
    }
    return NULL;
}

struct bundle {
    const struct fhir_subject *subject;
    const struct fhir_json *entries;
    struct fhir_json *contained; /* goes into the request when all is resolved */
    const char *targets[200];    /* by entry: what a reference to it becomes; NULL: not met yet */
};

static const char *relative_of(struct bundle *bundle, const struct fhir_json *resource)
{
    return fhir_arena_format(bundle->subject->arena, "%s/%s", fhir_json_text_of(resource, "resourceType"),
                             fhir_json_text_of(resource, "id"));
}

/* The entry that a reference names, by fullUrl or by type and id. */
static const struct fhir_json *find_entry(struct bundle *bundle, const char *reference, size_t *at)
{
    for (size_t i = 0; i < fhir_json_size(bundle->entries) && i < 200; i++) {
        const struct fhir_json *entry = fhir_json_item(bundle->entries, i);
        const struct fhir_json *resource = fhir_json_get(entry, "resource");
        const char *url = fhir_json_text_of(entry, "fullUrl");
        *at = i;
        if (url != NULL && strcmp(url, reference) == 0)
            return resource;
        if (fhir_json_text_of(resource, "id") != NULL && fhir_json_text_of(resource, "resourceType") != NULL &&
            strcmp(relative_of(bundle, resource), reference) == 0)
            return resource;
    }
    return NULL;
}

static void resolve(struct bundle *bundle, struct fhir_json *value, unsigned depth);

/* The other resources of a bundle have no life of their own here: they are contained in the request. */
static const char *contain(struct bundle *bundle, const struct fhir_json *resource, size_t at, unsigned depth)
{
    const char *id = fhir_arena_format(bundle->subject->arena, "entry-%zu", at + 1);
    struct fhir_json *copy = fhir_json_copy(resource);

    bundle->targets[at] = fhir_arena_format(bundle->subject->arena, "#%s", id);
    fhir_json_set_text(copy, "id", id);
    fhir_json_remove(copy, "meta");
    resolve(bundle, fhir_json_add(bundle->contained, copy), depth + 1);
    return bundle->targets[at];
}

static const char *target_of(struct bundle *bundle, const char *reference, unsigned depth)
{
    const char *number = fhir_number(bundle->subject->arena, fhir_subject_referral(bundle->subject));
    size_t at = 0;
    const struct fhir_json *resource = find_entry(bundle, reference, &at);

    if (resource == NULL)
        return NULL;
    if (bundle->targets[at] != NULL)
        return bundle->targets[at];
    if (is_type(resource, "Patient"))
        bundle->targets[at] = fhir_arena_format(bundle->subject->arena, "Patient/%s", number);
    else if (is_type(resource, "ServiceRequest"))
        bundle->targets[at] = fhir_arena_format(bundle->subject->arena, "ServiceRequest/%s", number);
    else
        return contain(bundle, resource, at, depth);
    return bundle->targets[at];
}

/* Every reference to an entry becomes one that can be followed here. */
static void resolve(struct bundle *bundle, struct fhir_json *value, unsigned depth)
{
    const char *reference = fhir_json_text_of(value, "reference");
    const char *target;

    if (depth > FHIR_JSON_DEPTH)
        return;
    for (size_t i = 0; fhir_json_type(value) == FHIR_JSON_ARRAY && i < fhir_json_size(value); i++)
        resolve(bundle, fhir_json_mutable(fhir_json_item(value, i)), depth + 1);
    if (fhir_json_type(value) != FHIR_JSON_OBJECT)
        return;
    for (struct fhir_json_walk walk = fhir_json_walk(value); fhir_json_next(&walk);)
        if (strcmp(walk.name, "contained") != 0)
            resolve(bundle, fhir_json_mutable(walk.value), depth + 1);
    target = reference != NULL ? target_of(bundle, reference, depth) : NULL;
    if (target != NULL)
        fhir_json_set_text(value, "reference", target);
}

static struct fhir_json *read_sent(const struct fhir_subject *subject, const Fascia__Referral *referral)
{
    struct fhir_json_fault fault;
    struct fhir_json *sent = NULL, *request = NULL;

    if (strstr(referral->original_media_type, "json") == NULL)
        return NULL;
    sent = fhir_json_parse(referral->original.data, referral->original.len, referral->original.len, &fault);
    if (is_type(sent, "ServiceRequest"))
        return sent;
    if (is_type(sent, "Bundle") && find_request(sent) != NULL) {
        struct bundle *bundle = fhir_arena_take(subject->arena, sizeof *bundle);
        bundle->subject = subject;
        bundle->entries = fhir_json_get(sent, "entry");
        bundle->contained = fhir_json_new_array();
        request = fhir_json_copy(find_request(sent));
        resolve(bundle, request, 0);
        for (size_t i = 0; i < fhir_json_size(bundle->contained); i++)
            fhir_add_to(request, "contained", fhir_json_copy(fhir_json_item(bundle->contained, i)));
        fhir_json_free(bundle->contained);
    }
    fhir_json_free(sent);
    return request;
}

/* Our id of the patient in place of the sender's, which means nothing here; what is contained stays so. */
static void point_to_patient(const struct fhir_subject *subject, struct fhir_json *request)
{
    struct fhir_json *patient = fhir_json_mutable(fhir_json_get(request, "subject"));
    const char *reference = fhir_json_text_of(patient, "reference");

    if (patient == NULL)
        patient = fhir_json_set(request, "subject", fhir_json_new_object());
    if (reference != NULL && reference[0] == '#')
        return;
    fhir_json_set_text(
        patient, "reference",
        fhir_arena_format(subject->arena, "Patient/%s", fhir_number(subject->arena, fhir_subject_referral(subject))));
}

/* What this server gives comes first, then all else as it was sent. */
static struct fhir_json *with_own(const struct fhir_subject *subject, const struct fhir_json *sent)
{
    const struct fhir_story *story = &subject->story;
    struct fhir_json *request = fhir_new_resource(
        "ServiceRequest", fhir_number(subject->arena, fhir_subject_referral(subject)), story->version, story->updated);
    struct fhir_json *meta = fhir_json_mutable(fhir_json_get(request, "meta"));

    for (struct fhir_json_walk walk = fhir_json_walk(fhir_json_get(sent, "meta")); fhir_json_next(&walk);)
        if (strcmp(walk.name, "versionId") != 0 && strcmp(walk.name, "lastUpdated") != 0)
            fhir_json_set(meta, walk.name, fhir_json_copy(walk.value));
    for (struct fhir_json_walk walk = fhir_json_walk(sent); fhir_json_next(&walk);)
        if (fhir_json_get(request, walk.name) == NULL)
            fhir_json_set(request, walk.name, fhir_json_copy(walk.value));
    fhir_json_set_text(request, "status", fhir_request_status(story->state));
    point_to_patient(subject, request);
    return request;
}

/* ---- what came otherwise ------------------------------------------------------------------------------------------- */

static struct fhir_json *concept_of(const struct fhir_subject *subject, const Fascia__Code *code)
{
    return fhir_new_concept(fhir_code_system(subject->arena, code->system), code->code, NULL, code->text);
}

static void write_requester(const struct fhir_subject *subject, const Fascia__Referrer *referrer,
                            struct fhir_json *request)
{
    struct fhir_json *practitioner, *name;

    if (referrer == NULL)
        return;
    practitioner = fhir_add_to(request, "contained", fhir_new_resource("Practitioner", "requester", 0, 0));
    for (size_t i = 0; i < referrer->n_identifiers; i++)
        fhir_add_sent_identifier(subject->arena, practitioner, referrer->identifiers[i]);
    if (referrer->name[0] != '\0') {
        name = fhir_add_to(practitioner, "name", fhir_json_new_object());
        fhir_json_set_text(name, "text", referrer->name);
    }
    for (size_t i = 0; i < referrer->n_phones; i++)
        fhir_add_telecom(practitioner, "phone", referrer->phones[i]);
    if (referrer->taxonomy[0] != '\0') {
        struct fhir_json *qualification = fhir_add_to(practitioner, "qualification", fhir_json_new_object());
        fhir_json_set(
            qualification, "code",
            fhir_new_concept(FHIR_NUCC_SYSTEM, referrer->taxonomy, fhir_profession_name(referrer->taxonomy), NULL));
    }
    fhir_json_set(request, "requester", fhir_new_reference("#requester", referrer->name));
}

static void write_asked(const struct fhir_subject *subject, const Fascia__Referral *referral, struct fhir_json *request)
{
    /* R4 has one code; what else is asked for is the detail of it. */
    for (size_t i = 0; i < referral->n_procedures; i++) {
        if (i == 0)
            fhir_json_set(request, "code", concept_of(subject, referral->procedures[i]));
        else
            fhir_add_to(request, "orderDetail", concept_of(subject, referral->procedures[i]));
    }
    for (size_t i = 0; i < referral->n_conditions; i++)
        fhir_add_to(request, "reasonCode", concept_of(subject, referral->conditions[i]));
    for (size_t i = 0; i < referral->n_notes; i++) {
        struct fhir_json *note = fhir_add_to(request, "note", fhir_json_new_object());
        fhir_json_set_text(note, "text", referral->notes[i]->text);
    }
    for (size_t i = 0; i < referral->n_coverages; i++)
        fhir_add_to(
            request, "insurance",
            fhir_new_reference(fhir_arena_format(subject->arena, "Coverage/%s-%zu",
                                                 fhir_number(subject->arena, fhir_subject_referral(subject)), i + 1),
                               referral->coverages[i]->payer_name));
    if (referral->preferences != NULL)
        fhir_set_dates(request, "occurrencePeriod", referral->preferences->not_before,
                       referral->preferences->not_after);
}

static struct fhir_json *build(const struct fhir_subject *subject, const Fascia__Referral *referral)
{
    const struct fhir_story *story = &subject->story;
    const char *number = fhir_number(subject->arena, fhir_subject_referral(subject));
    struct fhir_json *request = fhir_new_resource("ServiceRequest", number, story->version, story->updated);

    fhir_put_identifier(request, FHIR_REFERRAL_SYSTEM, number);
    if (referral->sender_referral_id[0] != '\0')
        fhir_put_identifier(request, fhir_code_system(subject->arena, referral->sender), referral->sender_referral_id);
    fhir_json_set_text(request, "status", fhir_request_status(story->state));
    fhir_json_set_text(request, "intent", "order");
    fhir_json_set_text(request, "priority", fhir_priority(referral->priority));
    fhir_set_reference(subject, request, "subject", "Patient", number, NULL);
    fhir_set_instant(request, "authoredOn", subject->detail->row->opened);
    write_requester(subject, referral->referrer, request);
    write_asked(subject, referral, request);
    return request;
}

void fhir_write_service_request(const struct fhir_subject *subject, struct fhir_json *list)
{
    const Fascia__Referral *referral = subject->detail->content;
    struct fhir_json *sent;

    /* What was sent before it was changed is not kept apart: those versions are not given. */
    if (referral == NULL || (subject->story.content_since == 0 && !subject->current))
        return;
    sent = read_sent(subject, referral);
    fhir_json_add(list, sent != NULL ? with_own(subject, sent) : build(subject, referral));
    fhir_json_free(sent);
}
