/* What resources are made from: asked of the node, and read from its answer. */
#include "fhir/work.h"

#include <string.h>

bool fhir_key_of(struct fhir_arena *arena, const struct fhir_type *type, const char *id, struct fhir_key *key)
{
    *key = (struct fhir_key){0, NULL};
    switch (type->origin) {
    case FHIR_FROM_REFERRAL:
        return (type->many || strchr(id, '-') == NULL) && fhir_id_referral(id, &key->referral);
    case FHIR_FROM_THERAPIST:
        key->therapist = fhir_id_therapist(arena, id, type->many);
        return key->therapist != NULL;
    default:
        return strcmp(id, FHIR_NODE_ID) == 0;
    }
}

bool fhir_ask_subject(struct fhir_call *call, uint32_t slot, const struct fhir_type *type, const struct fhir_key *key)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ShowReferral referral = FASCIA__SHOW_REFERRAL__INIT;
    Fascia__ShowTherapist therapist = FASCIA__SHOW_THERAPIST__INIT;

    if (type->origin == FHIR_FROM_REFERRAL) {
        request.body_case = FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL;
        request.show_referral = &referral;
        referral.referral = key->referral;
        referral.history = true;
        referral.content = type->content;
    } else {
        request.body_case = FASCIA__CONTROL_REQUEST__BODY_SHOW_THERAPIST;
        request.show_therapist = &therapist;
        therapist.identifier = (char *)(uintptr_t)key->therapist;
    }
    return fhir_ask(call, slot, &request);
}

bool fhir_subject_read(struct fhir_call *call, const struct fhir_type *type, const Fascia__Answer *answer,
                       struct fhir_subject *subject)
{
    const Fascia__ControlResponse *response = answer != NULL ? answer->response : NULL;

    *subject = (struct fhir_subject){.arena = call->arena,
                                     .url = fhir_url(call),
                                     .publisher = fhir_settings(call)->publisher,
                                     .now = fhir_now(call),
                                     .current = true};
    subject->sees_offers = fhir_has_role(call, FASCIA__ACCESS_ROLE__ACCESS_ROLE_THERAPIST) ||
                           fhir_has_role(call, FASCIA__ACCESS_ROLE__ACCESS_ROLE_COORDINATOR);
    switch (type->origin) {
    case FHIR_FROM_REFERRAL:
        if (response == NULL || response->detail == NULL || response->detail->row == NULL)
            return false;
        subject->detail = response->detail;
        fhir_story_read(call->arena, subject->detail, UINT64_MAX, &subject->story);
        return true;
    case FHIR_FROM_THERAPIST:
        if (response == NULL || response->n_therapists == 0 || response->therapists[0]->therapist == NULL)
            return false;
        subject->therapist = response->therapists[0];
        return true;
    default:
        return true;
    }
}

struct fhir_json *fhir_resources_of(struct fhir_call *call, const struct fhir_type *type,
                                    const struct fhir_subject *subject)
{
    struct fhir_json *list = fhir_own(call, fhir_json_new_array());

    type->write(subject, list);
    return list;
}

const struct fhir_json *fhir_resource_of_id(const struct fhir_json *list, const char *id)
{
    for (size_t i = 0; i < fhir_json_size(list); i++) {
        const struct fhir_json *resource = fhir_json_item(list, i);
        const char *is = fhir_json_text_of(resource, "id");
        if (is != NULL && strcmp(is, id) == 0)
            return resource;
    }
    return NULL;
}
