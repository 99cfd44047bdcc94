/* Where a search looks: candidates that its criteria name, or a list of the node as short as they let it be. */
#include "fhir/find.h"

#include "core/lifecycle.h"
#include "fhir/encode.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIST_PAGE = 200, STATES = FASCIA__STATE__STATE_WITHDRAWN };

int fhir_key_compare(const struct fhir_key *a, const struct fhir_key *b)
{
    if (a->therapist != NULL && b->therapist != NULL)
        return strcmp(a->therapist, b->therapist);
    return (a->referral > b->referral) - (a->referral < b->referral);
}

static int compare(const void *a, const void *b)
{
    return fhir_key_compare(a, b);
}

static int compare_down(const void *a, const void *b)
{
    return fhir_key_compare(b, a);
}

/* By id, a list comes in order as it is: it need not be gathered first. */
void fhir_find_order(struct fhir_finding *finding)
{
    const struct fhir_sort *sort = finding->search.sorts;

    if (finding->search.sort_count != 1 || strcmp(sort->parameter->name, "_id") != 0 || finding->type->many ||
        finding->type->origin != FHIR_FROM_REFERRAL)
        return;
    finding->descending = sort->descending;
    finding->search.sort_count = 0;
}

/* ---- criteria that name candidates ---------------------------------------------------------------------------------- */

static bool names_keys(const struct fhir_criterion *criterion)
{
    return criterion->parameter->hint == FHIR_HINT_KEY &&
           (criterion->modifier == FHIR_PLAIN || criterion->modifier == FHIR_TYPE);
}

/* false: that value names none. */
static bool key_of_value(struct fhir_call *call, const struct fhir_finding *finding,
                         const struct fhir_criterion *criterion, const struct fhir_value *value, struct fhir_key *key)
{
    const struct fhir_type *type;

    if (criterion->parameter->kind == FHIR_TOKEN) /* _id */
        return value->code != NULL && fhir_key_of(call->arena, finding->type, value->code, key);
    type = value->id != NULL ? fhir_type_find(value->target) : NULL;
    return type != NULL && type->origin == finding->type->origin && !type->many &&
           strcmp(type->name, criterion->parameter->target) == 0 && fhir_key_of(call->arena, type, value->id, key);
}

static bool names(struct fhir_call *call, const struct fhir_finding *finding, const struct fhir_criterion *criterion,
                  const struct fhir_key *candidate)
{
    struct fhir_key key;

    for (size_t i = 0; i < criterion->count; i++)
        if (key_of_value(call, finding, criterion, &criterion->values[i], &key) &&
            fhir_key_compare(&key, candidate) == 0)
            return true;
    return false;
}

static void add_candidate(struct fhir_call *call, struct fhir_finding *finding, const struct fhir_key *key)
{
    for (size_t i = 0; i < finding->search.criterion_count; i++)
        if (names_keys(&finding->search.criteria[i]) && !names(call, finding, &finding->search.criteria[i], key))
            return;
    for (size_t i = 0; i < finding->candidate_count; i++)
        if (fhir_key_compare(&finding->candidates[i], key) == 0)
            return;
    if (finding->candidate_count < FHIR_FIND_CANDIDATES)
        finding->candidates[finding->candidate_count++] = *key;
}

static void name_candidates(struct fhir_call *call, struct fhir_finding *finding,
                            const struct fhir_criterion *criterion)
{
    struct fhir_key key;

    finding->named = finding->exhausted = true;
    finding->candidates = fhir_arena_take(call->arena, FHIR_FIND_CANDIDATES * sizeof *finding->candidates);
    for (size_t i = 0; i < criterion->count; i++)
        if (key_of_value(call, finding, criterion, &criterion->values[i], &key))
            add_candidate(call, finding, &key);
    qsort(finding->candidates, finding->candidate_count, sizeof *finding->candidates,
          finding->descending ? compare_down : compare);
}

/* ---- how short the list can be ---------------------------------------------------------------------------------------- */

static const char *status_of(const struct fhir_type *type, Fascia__State state)
{
    return strcmp(type->name, "Task") == 0 ? lifecycle_words(state)->task_status : fhir_request_status(state);
}

static bool may_be(const struct fhir_finding *finding, Fascia__State state)
{
    const bool told = strcmp(finding->type->name, "Task") == 0 || strcmp(finding->type->name, "ServiceRequest") == 0;

    for (size_t i = 0; told && i < finding->search.criterion_count; i++) {
        const struct fhir_criterion *criterion = &finding->search.criteria[i];
        bool met = false;
        if (strcmp(criterion->parameter->name, "status") != 0 || criterion->modifier != FHIR_PLAIN)
            continue;
        for (size_t j = 0; j < criterion->count && !met; j++)
            met = criterion->values[j].code != NULL &&
                  strcasecmp(criterion->values[j].code, status_of(finding->type, state)) == 0;
        if (!met)
            return false;
    }
    return true;
}

static void narrow(struct fhir_call *call, struct fhir_finding *finding)
{
    for (int state = FASCIA__STATE__STATE_RECEIVED; state <= STATES; state++)
        if (may_be(finding, (Fascia__State)state))
            finding->states[finding->state_count++] = (Fascia__State)state;
    finding->therapist = "";
    for (size_t i = 0; i < finding->search.criterion_count; i++) {
        const struct fhir_criterion *criterion = &finding->search.criteria[i];
        const struct fhir_value *value = criterion->values;
        if (criterion->parameter->hint != FHIR_HINT_THERAPIST || criterion->count != 1 || value->id == NULL ||
            (criterion->modifier != FHIR_PLAIN && criterion->modifier != FHIR_TYPE))
            continue;
        finding->therapist = fhir_id_therapist(call->arena, value->id, false);
        if (finding->therapist == NULL)
            finding->exhausted = true;
    }
    if (finding->type->origin == FHIR_FROM_REFERRAL && finding->state_count == 0)
        finding->exhausted = true;
}

static bool comes_before_start(const struct fhir_finding *finding, const struct fhir_key *key)
{
    const int order = fhir_key_compare(key, &finding->start.key) * (finding->descending ? -1 : 1);

    return finding->has_start && finding->search.sort_count == 0 &&
           (order < 0 || (order == 0 && finding->start.skip == 0));
}

void fhir_find_plan(struct fhir_call *call, struct fhir_finding *finding)
{
    const struct fhir_criterion *naming = NULL;
    size_t rest = 0;

    finding->rest = finding->search;
    for (size_t i = 0; i < finding->search.criterion_count; i++) {
        const struct fhir_criterion *criterion = &finding->search.criteria[i];
        if (names_keys(criterion) && naming == NULL)
            naming = criterion;
        /* Whose referral it is can't always be read off the resource: its sender may have contained the patient. */
        if (!names_keys(criterion) || criterion->parameter->kind == FHIR_TOKEN)
            finding->rest.criteria[rest++] = *criterion;
    }
    finding->rest.criterion_count = rest;
    if (finding->type->origin == FHIR_FROM_NODE) {
        finding->named = finding->exhausted = true;
        finding->candidates = fhir_arena_take(call->arena, sizeof *finding->candidates);
        finding->candidate_count = 1;
        return;
    }
    if (naming != NULL)
        name_candidates(call, finding, naming);
    else
        narrow(call, finding);
    while (finding->candidate_at < finding->candidate_count &&
           comes_before_start(finding, &finding->candidates[finding->candidate_at]))
        finding->candidate_at++;
    if (finding->has_start && finding->search.sort_count == 0) {
        finding->skip = finding->start.skip;
        finding->after = finding->start.key;
        if (finding->named || finding->skip == 0 || finding->exhausted)
            return;
        finding->candidates = fhir_arena_take(call->arena, sizeof *finding->candidates);
        finding->candidates[0] = finding->start.key;
        finding->candidate_count = 1;
    }
}

bool fhir_find_counts_unseen(const struct fhir_finding *finding)
{
    return finding->search.summary == FHIR_SUMMARY_COUNT && finding->rest.criterion_count == 0 &&
           !finding->type->content && !finding->type->many && !finding->named;
}

/* ---- the list --------------------------------------------------------------------------------------------------------- */

void fhir_find_list(struct fhir_call *call, struct fhir_finding *finding)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ListReferrals referrals = FASCIA__LIST_REFERRALS__INIT;
    Fascia__ListTherapists therapists = FASCIA__LIST_THERAPISTS__INIT;

    if (finding->type->origin == FHIR_FROM_REFERRAL) {
        request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_REFERRALS;
        request.list_referrals = &referrals;
        referrals.states = finding->states;
        referrals.n_states = finding->state_count < STATES ? finding->state_count : 0;
        referrals.all_states = finding->state_count == STATES;
        referrals.therapist = (char *)(uintptr_t)finding->therapist;
        referrals.after = finding->after.referral;
        referrals.descending = finding->descending;
        referrals.total = fhir_find_counts_unseen(finding);
        referrals.limit = referrals.total ? 1 : LIST_PAGE;
    } else {
        request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_THERAPISTS;
        request.list_therapists = &therapists;
        therapists.after = (char *)(uintptr_t)(finding->after.therapist != NULL ? finding->after.therapist : "");
        therapists.limit = LIST_PAGE;
    }
    (void)fhir_ask(call, 0, &request);
}

void fhir_find_listed(struct fhir_call *call, struct fhir_finding *finding, const Fascia__ControlResponse *response)
{
    const bool referrals = finding->type->origin == FHIR_FROM_REFERRAL;
    const size_t count = referrals ? response->n_referrals : response->n_therapists;

    finding->candidates = fhir_arena_take(call->arena, (count + 1) * sizeof *finding->candidates);
    finding->candidate_at = finding->candidate_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct fhir_key *key = &finding->candidates[finding->candidate_count];
        if (referrals) {
            key->referral = response->referrals[i]->referral;
        } else if (response->therapists[i]->therapist != NULL) {
            const char *identifier = response->therapists[i]->therapist->identifier;
            key->therapist = fhir_arena_text(call->arena, identifier, strlen(identifier));
        } else {
            continue;
        }
        finding->candidate_count++;
    }
    if (referrals) {
        finding->exhausted = response->page == NULL || response->page->next == 0;
        finding->after.referral = finding->exhausted ? 0 : response->page->next;
    } else if (count < LIST_PAGE || finding->candidate_count == 0) {
        finding->exhausted = true;
    } else {
        finding->after = finding->candidates[finding->candidate_count - 1];
    }
    if (referrals && fhir_find_counts_unseen(finding)) {
        finding->exhausted = true;
        finding->candidate_count = 0;
        finding->total = response->page != NULL ? response->page->total : 0;
        finding->total_is_least = response->page != NULL && response->page->total_is_least;
    }
}
