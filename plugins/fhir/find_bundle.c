/* The Bundle of a search. */
#include "fhir/find.h"

#include "fhir/encode.h"

#include <string.h>

static const char *page_url(struct fhir_call *call, const struct fhir_finding *finding, const char *cursor)
{
    const char *self = finding->search.self;
    const char *url = fhir_arena_format(call->arena, "%s/%s%s", fhir_url(call), finding->type->name, self);

    if (cursor == NULL || cursor[0] == '\0')
        return url;
    return fhir_arena_format(call->arena, "%s%s_cursor=%s", url, self[0] == '\0' ? "?" : "&",
                             fhir_percent_encode(call->arena, cursor, "!"));
}

static void add_entry(struct fhir_call *call, struct fhir_finding *finding, struct fhir_json *bundle,
                      const struct fhir_json *resource, const char *mode)
{
    struct fhir_json *entry = fhir_add_to(bundle, "entry", fhir_json_new_object());
    struct fhir_json *search;

    fhir_json_set_text(entry, "fullUrl",
                       fhir_arena_format(call->arena, "%s/%s/%s", fhir_url(call),
                                         fhir_json_text_of(resource, "resourceType"),
                                         fhir_json_text_of(resource, "id")));
    fhir_json_set(entry, "resource", fhir_json_copy(fhir_filter(call, &finding->search, resource)));
    search = fhir_json_set(entry, "search", fhir_json_new_object());
    fhir_json_set_text(search, "mode", mode);
}

/* What was left out, as hints. */
static void add_outcome(struct fhir_call *call, const struct fhir_finding *finding, struct fhir_json *bundle)
{
    struct fhir_json *entry, *search;

    for (size_t i = 0; i < finding->search.fault_count; i++)
        fhir_issue_warn(&call->issues, "not-supported", "", "%s; it was left out", finding->search.faults[i]);
    if (finding->related_cut)
        fhir_issue_warn(&call->issues, "too-costly", "",
                        "not all that refers to these, or is referred to, is included");
    if (call->issues.count == 0)
        return;
    entry = fhir_add_to(bundle, "entry", fhir_json_new_object());
    fhir_json_set(entry, "resource", fhir_outcome(&call->issues));
    search = fhir_json_set(entry, "search", fhir_json_new_object());
    fhir_json_set_text(search, "mode", "outcome");
}

void fhir_find_end(struct fhir_call *call, struct fhir_finding *finding)
{
    struct fhir_json *bundle = fhir_new_bundle(call, "searchset");
    const char *previous = fhir_cursor_previous(call, finding);

    if (finding->total_known)
        fhir_json_set(bundle, "total", fhir_json_new_whole((int64_t)finding->total));
    fhir_add_link(bundle, "self", page_url(call, finding, finding->search.cursor));
    if (finding->has_start)
        fhir_add_link(bundle, "first", page_url(call, finding, NULL));
    if (previous != NULL)
        fhir_add_link(bundle, "previous", page_url(call, finding, previous));
    if (finding->more)
        fhir_add_link(bundle, "next", page_url(call, finding, fhir_cursor_next(call, finding)));
    for (size_t i = 0; i < finding->found_count; i++)
        add_entry(call, finding, bundle, finding->found[i], "match");
    for (size_t i = 0; i < finding->included_count; i++)
        add_entry(call, finding, bundle, finding->included[i], "include");
    add_outcome(call, finding, bundle);
    fhir_end(call, 200, bundle);
}
