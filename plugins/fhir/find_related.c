/* What is included with what was found: _include and _revinclude, one step each. */
#include "fhir/find.h"

#include <string.h>

struct gathering {
    struct fhir_call *call;
    struct fhir_finding *finding;
    const char *target; /* type; "": any */
};

static void want(struct fhir_call *call, struct fhir_finding *finding, const struct fhir_look *look)
{
    if (!fhir_may(call, look->type, 'r'))
        return;
    for (size_t i = 0; i < finding->related_count; i++) {
        const struct fhir_look *other = &finding->related[i];
        if (other->type == look->type && fhir_key_compare(&other->key, &look->key) == 0 &&
            (other->only == NULL || (look->only != NULL && strcmp(other->only, look->only) == 0)))
            return;
    }
    if (finding->related_count == FHIR_FIND_RELATED)
        finding->related_cut = true;
    else
        finding->related[finding->related_count++] = *look;
}

static void take_reference(void *context, const struct fhir_json *element)
{
    struct gathering *gathering = context;
    const char *text = fhir_json_text_of(element, "reference");
    struct fhir_look look = {{0, NULL}, NULL, NULL, NULL, NULL};
    const char *type;

    if (text == NULL || text[0] == '#' ||
        !fhir_reference_read(gathering->call->arena, fhir_url(gathering->call), text, &type, &look.only))
        return;
    look.type = fhir_type_find(type);
    if (look.type == NULL || (gathering->target[0] != '\0' && strcmp(type, gathering->target) != 0) ||
        !fhir_key_of(gathering->call->arena, look.type, look.only, &look.key))
        return;
    want(gathering->call, gathering->finding, &look);
}

/* Resources of include->type that refer to this one, where what they are made from says so. */
static void take_back(struct fhir_call *call, struct fhir_finding *finding, const struct fhir_include *include,
                      const struct fhir_json *resource)
{
    struct fhir_look look = {{0, NULL}, fhir_type_find(include->type), NULL, NULL, NULL};

    if (fhir_key_of(call->arena, finding->type, fhir_json_text_of(resource, "id"), &look.key))
        want(call, finding, &look);
}

static bool can_go_back(const struct fhir_finding *finding, const struct fhir_include *include)
{
    return include->parameter->hint == FHIR_HINT_KEY && include->parameter->kind == FHIR_REFERENCE &&
           strcmp(include->parameter->target, finding->type->name) == 0;
}

bool fhir_find_relate(struct fhir_call *call, struct fhir_finding *finding)
{
    const struct fhir_search *search = &finding->search;

    finding->related = fhir_arena_take(call->arena, FHIR_FIND_RELATED * sizeof *finding->related);
    for (size_t i = 0; i < search->revinclude_count; i++) {
        if (can_go_back(finding, &search->revincludes[i]))
            continue;
        fhir_fail(call, 400, "not-supported", "",
                  "parameter _revinclude: %s:%s does not refer to %s in a way that is followed here",
                  search->revincludes[i].type, search->revincludes[i].parameter->name, search->type);
        return false;
    }
    for (size_t at = 0; at < finding->found_count; at++) {
        for (size_t i = 0; i < search->include_count; i++) {
            struct gathering gathering = {call, finding, search->includes[i].target};
            if (strcmp(search->includes[i].type, search->type) == 0)
                fhir_search_visit(search->includes[i].parameter, finding->found[at], take_reference, &gathering);
        }
        for (size_t i = 0; i < search->revinclude_count; i++)
            take_back(call, finding, &search->revincludes[i], finding->found[at]);
    }
    return true;
}

static bool is_there(const struct fhir_json *const *list, size_t count, const struct fhir_json *resource)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fhir_json_text_of(list[i], "id"), fhir_json_text_of(resource, "id")) == 0 &&
            strcmp(fhir_json_text_of(list[i], "resourceType"), fhir_json_text_of(resource, "resourceType")) == 0)
            return true;
    return false;
}

void fhir_find_include(struct fhir_call *call, struct fhir_finding *finding, const struct fhir_look *look)
{
    for (size_t i = 0; i < fhir_json_size(look->list); i++) {
        const struct fhir_json *resource = fhir_json_item(look->list, i);
        void *item = (void *)(uintptr_t)resource;
        if ((look->only != NULL && strcmp(look->only, fhir_json_text_of(resource, "id")) != 0) ||
            is_there(finding->found, finding->found_count, resource) ||
            is_there(finding->included, finding->included_count, resource))
            continue;
        FHIR_PUSH(call->arena, finding->included, finding->included_count, item);
    }
}
