#include "fhir/find.h"

#include <stdlib.h>
#include <string.h>

static void go_on(struct fhir_call *call);

/* ---- looking ---------------------------------------------------------------------------------------------------------- */

static bool is_counting(const struct fhir_finding *finding)
{
    return finding->search.summary == FHIR_SUMMARY_COUNT || finding->search.sort_count > 0 ||
           (finding->search.total == FHIR_TOTAL_ACCURATE && !finding->has_start);
}

static void keep(struct fhir_call *call, struct fhir_finding *finding, const struct fhir_json *resource)
{
    void *item = (void *)(uintptr_t)resource;
    size_t size = 0;

    (void)fhir_json_print(resource, &size);
    finding->found_bytes += size;
    FHIR_PUSH(call->arena, finding->found, finding->found_count, item);
}

static bool has_room(const struct fhir_finding *finding)
{
    return finding->found_count < finding->search.page && finding->found_bytes < FHIR_FIND_BYTES;
}

/* What one candidate gives. A page that has become full remembers where the next one begins. */
static void take_matches(struct fhir_call *call, struct fhir_finding *finding, const struct fhir_look *look)
{
    const bool sorted = finding->search.sort_count > 0;
    uint32_t consumed = 0;

    for (size_t i = 0; i < fhir_json_size(look->list); i++) {
        const struct fhir_json *resource = fhir_json_item(look->list, i);
        if (!fhir_search_matches(&finding->rest, fhir_url(call), resource))
            continue;
        finding->total++;
        if (consumed < finding->skip) {
            consumed++;
            continue;
        }
        if (finding->search.summary == FHIR_SUMMARY_COUNT)
            continue;
        if (sorted || has_room(finding)) {
            keep(call, finding, resource);
            consumed++;
        } else if (!finding->more) {
            finding->more = true;
            if (consumed > 0)
                finding->next = (struct fhir_position){look->key, consumed};
        }
    }
    finding->skip = 0;
    if (!sorted && !finding->full && finding->search.summary != FHIR_SUMMARY_COUNT && !has_room(finding)) {
        finding->full = true;
        if (!finding->more)
            finding->next = (struct fhir_position){look->key, 0};
    }
}

static void take_looks(struct fhir_call *call, struct fhir_finding *finding)
{
    for (size_t i = 0; i < finding->look_count; i++) {
        if (finding->relating) {
            fhir_find_include(call, finding, &finding->looks[i]);
        } else {
            const size_t before = finding->found_count;
            take_matches(call, finding, &finding->looks[i]);
            if (finding->found_count == before) /* what was looked at in vain is not kept until the end */
                fhir_drop(call, finding->looks[i].list);
            /* What was looked at beyond a full page is looked at again for the next one. */
            if (finding->full && !is_counting(finding)) {
                finding->more = finding->more || i + 1 < finding->look_count;
                break;
            }
        }
    }
    finding->look_count = 0;
}

static void add_look(struct fhir_call *call, struct fhir_finding *finding, const struct fhir_look *look)
{
    struct fhir_look *added = &finding->looks[finding->look_count];

    *added = *look;
    added->list = added->common = NULL;
    if (look->type->origin == FHIR_FROM_NODE) {
        struct fhir_subject subject;
        (void)fhir_subject_read(call, look->type, NULL, &subject);
        added->list = fhir_resources_of(call, look->type, &subject);
        finding->look_count++;
    } else if (fhir_ask_subject(call, (uint32_t)finding->look_count + 1, look->type, &look->key)) {
        finding->look_count++;
    }
}

static void look_at_candidates(struct fhir_call *call, struct fhir_finding *finding)
{
    /* No more than the page still takes: who is looked at, is looked at for the record. */
    size_t most = FHIR_FIND_AT_ONCE;

    if (!is_counting(finding) && finding->search.page - finding->found_count < most)
        most = finding->search.page - finding->found_count;
    while (!call->ended && finding->look_count < most && finding->candidate_at < finding->candidate_count) {
        const struct fhir_look look = {finding->candidates[finding->candidate_at++], finding->type, NULL, NULL, NULL};
        finding->looked_at++;
        add_look(call, finding, &look);
    }
}

static void look_at_related(struct fhir_call *call, struct fhir_finding *finding)
{
    while (!call->ended && finding->look_count < FHIR_FIND_AT_ONCE && finding->related_at < finding->related_count)
        add_look(call, finding, &finding->related[finding->related_at++]);
}

/* ---- step by step ----------------------------------------------------------------------------------------------------- */

static int compare_found(const void *a, const void *b, void *search)
{
    return fhir_search_compare(search, *(const struct fhir_json *const *)a, *(const struct fhir_json *const *)b);
}

/* Of all that was found, the page. */
static void cut_sorted(struct fhir_finding *finding)
{
    const size_t start = finding->has_start ? finding->start.skip : 0;

    if (finding->found_count > 1)
        qsort_r(finding->found, finding->found_count, sizeof *finding->found, compare_found, &finding->search);
    if (start >= finding->found_count) {
        finding->found_count = 0;
        return;
    }
    finding->found += start;
    finding->found_count -= start;
    if (finding->found_count > finding->search.page) {
        finding->found_count = finding->search.page;
        finding->more = true;
        finding->next.skip = (uint32_t)(start + finding->search.page);
    }
}

static bool is_too_costly(struct fhir_call *call, const struct fhir_finding *finding)
{
    const bool all_at_once = is_counting(finding);

    if (!all_at_once || (finding->looked_at < FHIR_FIND_LOOKS && finding->found_count <= FHIR_FIND_SORTED &&
                         finding->found_bytes < FHIR_FIND_BYTES))
        return false;
    fhir_fail(
        call, 403, "too-costly", "",
        "to sort or count, all that match have to be looked at, and they are more than %d: narrow the search, for "
        "example by _id, patient, status or owner",
        FHIR_FIND_LOOKS);
    return true;
}

static void end_matching(struct fhir_call *call, struct fhir_finding *finding)
{
    const bool over = finding->exhausted && finding->candidate_at >= finding->candidate_count;

    finding->total_known =
        over && (finding->search.sort_count > 0 || (!finding->has_start && (is_counting(finding) || !finding->more)));
    if (finding->search.sort_count > 0)
        cut_sorted(finding);
    else if (!over && finding->search.summary != FHIR_SUMMARY_COUNT)
        finding->more = true;
    if (!fhir_find_relate(call, finding))
        return;
    finding->relating = true;
    go_on(call);
}

/* Enough was looked at for one page, though it is not full. */
static bool is_tired(struct fhir_finding *finding)
{
    if (finding->full || finding->looked_at < FHIR_FIND_LOOKS)
        return false;
    finding->full = true;
    finding->next = (struct fhir_position){finding->candidates[finding->candidate_at - 1], 0};
    return true;
}

static void match_on(struct fhir_call *call, struct fhir_finding *finding)
{
    if (is_too_costly(call, finding))
        return;
    if (!is_counting(finding) && (finding->full || is_tired(finding))) {
        /* Whether there is a next page is worth a list, but not a look. */
        if (!finding->more && !finding->exhausted && finding->candidate_at >= finding->candidate_count)
            fhir_find_list(call, finding);
        else
            end_matching(call, finding);
        return;
    }
    if (fhir_find_counts_unseen(finding)) {
        finding->total += finding->candidate_count - finding->candidate_at;
        finding->candidate_at = finding->candidate_count;
    }
    look_at_candidates(call, finding);
    if (call->ended || call->open > 0)
        return;
    if (finding->look_count > 0) {
        take_looks(call, finding);
        match_on(call, finding);
    } else if (!finding->exhausted) {
        fhir_find_list(call, finding);
    } else {
        end_matching(call, finding);
    }
}

static void go_on(struct fhir_call *call)
{
    struct fhir_finding *finding = call->state;

    if (!finding->relating) {
        match_on(call, finding);
        return;
    }
    do {
        look_at_related(call, finding);
        if (call->ended || call->open > 0)
            return;
        take_looks(call, finding);
    } while (finding->related_at < finding->related_count);
    fhir_find_end(call, finding);
}

/* One that is gone meanwhile, or out of reach, is not there. */
static void take_look(struct fhir_call *call, struct fhir_finding *finding, uint32_t slot, const Fascia__Answer *answer)
{
    struct fhir_look *look = &finding->looks[slot - 1];
    struct fhir_subject subject;

    if (look->common != NULL)
        look->list = fhir_slots_of(call, look->common, answer->response);
    else if (!fhir_subject_read(call, look->type, answer, &subject))
        return;
    else if (!look->type->slots)
        look->list = fhir_resources_of(call, look->type, &subject);
    else {
        look->common = fhir_resources_of(call, look->type, &subject);
        (void)fhir_ask_slots(call, slot, look->key.therapist, finding->relating ? NULL : &finding->search);
    }
}

static void answered(struct fhir_call *call, uint32_t slot, const Fascia__Answer *answer)
{
    struct fhir_finding *finding = call->state;

    if (slot == 0) {
        if (fhir_fail_answer(call, answer, 500, "exception"))
            return;
        fhir_find_listed(call, finding, answer->response);
        go_on(call);
        return;
    }
    if (answer->forbidden || answer->response == NULL || answer->response->unavailable) {
        (void)fhir_fail_answer(call, answer, 500, "exception");
        return;
    }
    if (slot <= finding->look_count && answer->response->error[0] == '\0')
        take_look(call, finding, slot, answer);
    if (call->ended || call->open > 0)
        return;
    take_looks(call, finding);
    go_on(call);
}

/* ---- beginning -------------------------------------------------------------------------------------------------------- */

static bool read_form(struct fhir_call *call)
{
    char fault[FHIR_QUERY_FAULT_BYTES];

    if (!call->target.form ||
        fhir_query_read(call->arena, (const char *)call->body.data, call->body.size, &call->query, fault))
        return true;
    fhir_fail(call, 400, "invalid", "", "the form: %s", fault);
    return false;
}

static bool read_search(struct fhir_call *call, struct fhir_finding *finding)
{
    const struct fhir_settings *settings = fhir_settings(call);
    const struct fhir_search_bounds bounds = {.strict = fhir_prefers_strict(call),
                                              .page_default = settings->page_default,
                                              .page_most = settings->page_most,
                                              .now = fhir_now(call)};

    if (!fhir_search_read(call->arena, call->target.type->name, fhir_url(call), &call->query, &bounds,
                          &finding->search)) {
        for (size_t i = 0; i < finding->search.fault_count; i++)
            fhir_issue_shape(&call->issues, "invalid", "", "%s", finding->search.faults[i]);
        fhir_end_issues(call, 400);
        return false;
    }
    call->reply.pretty = finding->search.pretty;
    fhir_find_order(finding);
    if (fhir_cursor_read(call, finding))
        return true;
    fhir_fail(call, 400, "value", "",
              "parameter _cursor is not one that a page of this search had: begin again without it");
    return false;
}

void fhir_work_search(struct fhir_call *call)
{
    struct fhir_finding *finding = fhir_arena_take(call->arena, sizeof *finding);

    finding->type = call->target.type;
    if (!read_form(call) || !read_search(call, finding))
        return;
    call->state = finding;
    call->answered = answered;
    fhir_find_plan(call, finding);
    go_on(call);
}
