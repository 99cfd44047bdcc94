/* The CapabilityStatement, from the tables that dispatch and search go by: it can't say what isn't so. */
#include "fhir/work.h"

#include "fhir/encode.h"

#include <string.h>

static const struct {
    unsigned bit;
    const char *code;
} interactions[] = {
    {FHIR_READ, "read"},
    {FHIR_VREAD, "vread"},
    {FHIR_UPDATE, "update"},
    {FHIR_PATCH, "patch"},
    {FHIR_HISTORY, "history-instance"},
    {FHIR_CREATE, "create"},
    {FHIR_SEARCH, "search-type"},
};

static void add_code(struct fhir_json *object, const char *list, const char *name, const char *code)
{
    struct fhir_json *item = fhir_add_to(object, list, fhir_json_new_object());

    fhir_json_set_text(item, name, code);
}

static void add_parameters(const struct fhir_type *type, struct fhir_json *resource)
{
    const struct fhir_parameter *row = NULL;

    while ((row = fhir_parameter_next(type->name, row)) != NULL) {
        struct fhir_json *parameter = fhir_add_to(resource, "searchParam", fhir_json_new_object());
        fhir_json_set_text(parameter, "name", row->name);
        fhir_json_set_text(parameter, "type", fhir_parameter_kind_name(row->kind));
        fhir_json_set_text(parameter, "documentation", row->help);
    }
}

static void add_includes(struct fhir_call *call, const struct fhir_type *type, struct fhir_json *resource)
{
    const struct fhir_parameter *row = NULL;
    const struct fhir_type *other;

    while ((row = fhir_parameter_next(type->name, row)) != NULL)
        if (row->kind == FHIR_REFERENCE)
            fhir_add_to(resource, "searchInclude",
                        fhir_json_new_text(fhir_arena_format(call->arena, "%s:%s", type->name, row->name)));
    for (size_t i = 0; (other = fhir_type_at(i)) != NULL; i++)
        for (row = fhir_parameter_next(other->name, NULL); row != NULL; row = fhir_parameter_next(other->name, row))
            if (row->kind == FHIR_REFERENCE && row->hint == FHIR_HINT_KEY && strcmp(row->target, type->name) == 0)
                fhir_add_to(resource, "searchRevInclude",
                            fhir_json_new_text(fhir_arena_format(call->arena, "%s:%s", other->name, row->name)));
}

static void add_operations(const struct fhir_type *type, struct fhir_json *resource)
{
    const struct fhir_operation *row;

    for (size_t i = 0; (row = fhir_operation_at(i)) != NULL; i++) {
        struct fhir_json *operation;
        if (strcmp(row->type, type->name) != 0)
            continue;
        operation = fhir_add_to(resource, "operation", fhir_json_new_object());
        fhir_json_set_text(operation, "name", row->name);
        fhir_json_set_text(operation, "definition", row->definition);
    }
}

static void add_resource(struct fhir_call *call, const struct fhir_type *type, struct fhir_json *rest)
{
    struct fhir_json *resource = fhir_add_to(rest, "resource", fhir_json_new_object());

    fhir_json_set_text(resource, "type", type->name);
    for (size_t i = 0; i < sizeof interactions / sizeof interactions[0]; i++)
        if ((type->interactions & interactions[i].bit) != 0)
            add_code(resource, "interaction", "code", interactions[i].code);
    fhir_json_set_text(resource, "versioning",
                       (type->interactions & FHIR_UPDATE) != 0  ? "versioned-update"
                       : (type->interactions & FHIR_VREAD) != 0 ? "versioned"
                                                                : "no-version");
    fhir_json_set(resource, "readHistory", fhir_json_new_boolean((type->interactions & FHIR_HISTORY) != 0));
    fhir_json_set(resource, "updateCreate", fhir_json_new_boolean(false));
    fhir_json_set(resource, "conditionalCreate", fhir_json_new_boolean((type->interactions & FHIR_CREATE) != 0));
    fhir_json_set_text(resource, "conditionalRead", "not-match");
    add_includes(call, type, resource);
    add_parameters(type, resource);
    add_operations(type, resource);
}

static void add_security(struct fhir_json *rest)
{
    struct fhir_json *security = fhir_json_set(rest, "security", fhir_json_new_object());

    fhir_add_to(security, "service",
                fhir_new_concept("http://terminology.hl7.org/CodeSystem/restful-security-service", "SMART-on-FHIR",
                                 "SMART-on-FHIR", "OAuth 2.0 by SMART Backend Services"));
    fhir_json_set_text(security, "description",
                       "Systems sign in by SMART Backend Services with scopes system/TYPE.cruds. Everybody sees the "
                       "referrals that are theirs, and no others.");
}

void fhir_work_capabilities(struct fhir_call *call)
{
    struct fhir_json *statement = fhir_json_new_object();
    struct fhir_json *part, *rest;
    const struct fhir_type *type;

    fhir_json_set_text(statement, "resourceType", "CapabilityStatement");
    fhir_json_set_text(statement, "url", fhir_arena_format(call->arena, "%s/metadata", fhir_url(call)));
    fhir_json_set_text(statement, "status", "active");
    fhir_set_instant(statement, "date", fhir_now(call));
    fhir_json_set_text(statement, "publisher", fhir_settings(call)->publisher);
    fhir_json_set_text(statement, "kind", "instance");
    part = fhir_json_set(statement, "software", fhir_json_new_object());
    fhir_json_set_text(part, "name", "fascia");
    fhir_json_set_text(part, "version", FASCIA_VERSION);
    part = fhir_json_set(statement, "implementation", fhir_json_new_object());
    fhir_json_set_text(part, "description", "Referrals for medical massage and manual therapy");
    fhir_json_set_text(part, "url", fhir_url(call));
    fhir_json_set_text(statement, "fhirVersion", "4.0.1");
    fhir_add_to(statement, "format", fhir_json_new_text("application/fhir+json"));
    fhir_add_to(statement, "format", fhir_json_new_text("json"));
    fhir_add_to(statement, "patchFormat", fhir_json_new_text("application/json-patch+json"));
    rest = fhir_add_to(statement, "rest", fhir_json_new_object());
    fhir_json_set_text(rest, "mode", "server");
    add_security(rest);
    for (size_t i = 0; (type = fhir_type_at(i)) != NULL; i++)
        add_resource(call, type, rest);
    add_code(rest, "interaction", "code", "transaction");
    add_code(rest, "interaction", "code", "batch");
    fhir_end(call, 200, statement);
}
