#include "fhir/schema.h"

#include "fhir/types.h"

#include <ctype.h>
#include <string.h>

struct check {
    struct fhir_arena *arena;
    struct fhir_issues *issues;
};

struct kind;
static void check_object(struct check *check, struct fhir_place *place, const struct kind *kind);

/* ---- looking up --------------------------------------------------------------------------------------------------- */

/* What a type is, once it has been looked up. */
struct kind {
    const char *type, *elements; /* NULL: it is not known here */
    bool resource, backbone;
};

static bool search(const struct fhir_schema_row *rows, size_t count, const char *type, size_t size, struct kind *kind)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].type[0] == type[0] && strncmp(rows[i].type, type, size) == 0 && rows[i].type[size] == '\0') {
            kind->type = rows[i].type;
            kind->elements = rows[i].elements;
            kind->backbone = strchr(kind->type, '.') != NULL;
            return true;
        }
    return false;
}

static struct kind kind_of(const char *type, size_t size)
{
    struct kind kind = {NULL, NULL, false, false};

    if (size > 0 && !search(fhir_schema_types, fhir_schema_type_count, type, size, &kind))
        kind.resource = search(fhir_schema_resources, fhir_schema_resource_count, type, size, &kind) && !kind.backbone;
    return kind;
}

bool fhir_schema_knows(const char *type)
{
    return kind_of(type, strlen(type)).type != NULL;
}

/* What stands behind "name:" or "name[x]:" of one element. */
static void read_element(const char *at, struct fhir_element *element)
{
    element->type = at;
    element->type_size = strcspn(at, " (!*+");
    at += element->type_size;
    if (*at == '(') {
        element->codes = at + 1;
        element->codes_size = strcspn(at, ")") - 1;
        at += element->codes_size + 2;
    }
    element->many = *at == '*' || *at == '+';
    element->required = *at == '!' || *at == '+';
}

/* Whether `suffix` ("CodeableConcept" of valueCodeableConcept) is one of the types "A|b|C", or any. */
static bool choose(struct fhir_element *element, const char *suffix)
{
    const char *at = element->type, *end = at + element->type_size;
    size_t size = strlen(suffix);

    if (element->type_size == 3 && strncmp(at, "any", 3) == 0) {
        static const char *const primitives = "|string|code|uri|boolean|id|dateTime|date|decimal|canonical|url|instant|"
                                              "time|markdown|base64Binary|integer|unsignedInt|positiveInt|oid|uuid|";
        char small[32];
        const char *found;
        if (size == 0 || size > sizeof small - 3)
            return false;
        element->type = suffix;
        element->type_size = size;
        small[0] = '|';
        memcpy(small + 1, suffix, size);
        small[1] = (char)tolower((unsigned char)small[1]);
        memcpy(small + size + 1, "|", 2);
        found = strstr(primitives, small);
        if (found != NULL)
            element->type = found + 1;
        return true;
    }
    while (at < end) {
        size_t own = strcspn(at, "|");
        if (own > (size_t)(end - at))
            own = (size_t)(end - at);
        if (own == size && size > 0 && toupper((unsigned char)at[0]) == suffix[0] &&
            strncmp(at + 1, suffix + 1, size - 1) == 0) {
            element->type = at;
            element->type_size = own;
            return true;
        }
        at += own + 1;
    }
    return false;
}

static bool find_in(const char *elements, const char *name, struct fhir_element *element)
{
    while (*elements != '\0') {
        size_t size = strcspn(elements, ":[");
        if (strncmp(elements, name, size) == 0) {
            *element = (struct fhir_element){NULL, 0, NULL, 0, false, false};
            if (elements[size] == ':' && name[size] == '\0') {
                read_element(elements + size + 1, element);
                return true;
            }
            if (elements[size] == '[') {
                read_element(elements + size + 4, element);
                if (choose(element, name + size))
                    return true;
            }
        }
        elements += strcspn(elements, " ");
        elements += strspn(elements, " ");
    }
    return false;
}

static bool find_element(const struct kind *kind, const char *name, struct fhir_element *element)
{
    bool domain = kind->resource && strcmp(kind->type, "Bundle") != 0 && strcmp(kind->type, "Binary") != 0;

    if (kind->type == NULL)
        return false;
    if (find_in(kind->elements, name, element))
        return true;
    if (kind->resource && find_in("id:id meta:Meta implicitRules:uri language:code", name, element))
        return true;
    if (domain &&
        find_in("text:Narrative contained:Resource* extension:Extension* modifierExtension:Extension*", name, element))
        return true;
    return !kind->resource && (find_in("id:string extension:Extension*", name, element) ||
                               (kind->backbone && find_in("modifierExtension:Extension*", name, element)));
}

bool fhir_schema_find(const char *type, const char *name, struct fhir_element *element)
{
    struct kind kind = kind_of(type, strlen(type));

    return find_element(&kind, name, element);
}

/* ---- checking ----------------------------------------------------------------------------------------------------- */

static const char *path(struct check *check, const struct fhir_place *place)
{
    return fhir_place_path(check->arena, place);
}

static bool allowed(const struct fhir_element *element, const char *code)
{
    const char *at = element->codes, *end = at + element->codes_size;

    while (at < end) {
        size_t size = strcspn(at, ",)");
        if (strlen(code) == size && strncmp(at, code, size) == 0)
            return true;
        at += size + 1;
    }
    return false;
}

static void check_primitive(struct check *check, struct fhir_place *place, const struct fhir_element *element)
{
    const char *looks = fhir_type_fault(element->type, element->type_size, place->value);

    if (looks != NULL)
        fhir_issue_shape(check->issues, "value", path(check, place), "this is not %s", looks);
    else if (element->codes != NULL && !allowed(element, fhir_json_text(place->value)))
        fhir_issue_shape(check->issues, "code-invalid", path(check, place), "this code is none of %.*s",
                         (int)element->codes_size, element->codes);
}

static void check_resource(struct check *check, struct fhir_place *place)
{
    const char *type = fhir_json_text_of(place->value, "resourceType");
    struct kind kind = kind_of(type != NULL ? type : "", type != NULL ? strlen(type) : 0);

    if (fhir_json_type(place->value) != FHIR_JSON_OBJECT || type == NULL)
        fhir_issue_shape(check->issues, "structure", path(check, place),
                         "a resource is expected: an object with resourceType");
    else if (kind.resource)
        check_object(check, place, &kind);
}

static void check_one(struct check *check, struct fhir_place *place, const struct fhir_element *element)
{
    enum fhir_json_type type = fhir_json_type(place->value);
    struct kind kind;

    if (fhir_is_primitive(element->type, element->type_size)) {
        if (type >= FHIR_JSON_ARRAY)
            fhir_issue_shape(check->issues, "structure", path(check, place), "one value is expected, not %s",
                             fhir_json_type_name(type));
        else
            check_primitive(check, place, element);
        return;
    }
    if (type != FHIR_JSON_OBJECT) {
        fhir_issue_shape(check->issues, "structure", path(check, place), "an object is expected, not %s",
                         fhir_json_type_name(type));
        return;
    }
    if (element->type_size == 8 && strncmp(element->type, "Resource", 8) == 0)
        check_resource(check, place);
    else {
        kind = kind_of(element->type, element->type_size);
        check_object(check, place, &kind);
    }
}

/* null may stand in a list of primitives where the other list, of "_name", has something. */
static bool is_filled(struct check *check, const struct fhir_place *list, uint32_t index)
{
    const struct fhir_json *others =
        fhir_json_get(list->parent->value, fhir_arena_format(check->arena, list->name[0] == '_' ? "%s" : "_%s",
                                                             list->name[0] == '_' ? list->name + 1 : list->name));

    return fhir_json_type(fhir_json_item(others, index)) > FHIR_JSON_NULL;
}

static void check_many(struct check *check, struct fhir_place *list, const struct fhir_element *element)
{
    size_t count;

    if (fhir_json_type(list->value) != FHIR_JSON_ARRAY) {
        fhir_issue_shape(check->issues, "structure", path(check, list), "an array is expected, not %s",
                         fhir_json_type_name(fhir_json_type(list->value)));
        return;
    }
    count = fhir_place_open(check->arena, list);
    if (count == 0)
        fhir_issue_shape(check->issues, "structure", path(check, list),
                         "an array is never empty in FHIR: leave it out");
    for (uint32_t i = 0; i < count; i++) {
        struct fhir_place *item = fhir_place_item(check->arena, list, i);
        bool primitive = fhir_is_primitive(element->type, element->type_size) || list->name[0] == '_';
        if (primitive && fhir_json_type(item->value) == FHIR_JSON_NULL && is_filled(check, list, i))
            continue;
        check_one(check, item, element);
    }
}

/* "_birthDate": id and extensions of a primitive. false: what it belongs to is no primitive of this type. */
static bool check_companion(struct check *check, struct fhir_place *member, const struct kind *kind)
{
    struct fhir_element element;

    if (member->name[0] != '_' || !find_element(kind, member->name + 1, &element) ||
        !fhir_is_primitive(element.type, element.type_size))
        return false;
    element = (struct fhir_element){.type = "Element", .type_size = 7, .many = element.many};
    if (element.many)
        check_many(check, member, &element);
    else
        check_one(check, member, &element);
    return true;
}

static void check_member(struct check *check, struct fhir_place *member, const struct kind *kind)
{
    struct fhir_element element;

    if (kind->resource && strcmp(member->name, "resourceType") == 0)
        return;
    if (check_companion(check, member, kind))
        return;
    if (strcmp(member->name, "modifierExtension") == 0)
        fhir_issue_rule(
            check->issues, "extension", path(check, member),
            "this extension changes what it stands in, and is not known here: nothing was taken (R4, 2.4.1)");
    if (kind->resource && strcmp(member->name, "implicitRules") == 0)
        fhir_issue_rule(check->issues, "not-supported", path(check, member),
                        "these rules are not known here, and what follows them can't be read without them");
    if (!find_element(kind, member->name, &element)) {
        /* A name is what the sender wrote: the place tells it, and only where it can stand in a path. */
        bool plain =
            member->name[strspn(member->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789")] ==
                '\0' &&
            strlen(member->name) <= 64;
        fhir_issue_warn(check->issues, "structure", path(check, plain ? member : member->parent),
                        "FHIR R4 has no such element in %s; it was kept, and not understood", kind->type);
        return;
    }
    if (element.many)
        check_many(check, member, &element);
    else
        check_one(check, member, &element);
}

/* Whether an element is there, under one of the names of its choice, or by its companion alone. */
static bool is_there(struct check *check, const struct fhir_place *place, const char *name, size_t size, bool choice)
{
    const char *plain = fhir_arena_text(check->arena, name, size);

    if (!choice)
        return fhir_json_get(place->value, plain) != NULL ||
               fhir_json_get(place->value, fhir_arena_format(check->arena, "_%s", plain)) != NULL;
    for (struct fhir_json_walk walk = fhir_json_walk(place->value); fhir_json_next(&walk);) {
        const char *own = walk.name[0] == '_' ? walk.name + 1 : walk.name;
        if (strncmp(own, plain, size) == 0 && isupper((unsigned char)own[size]))
            return true;
    }
    return false;
}

static void check_choice(struct check *check, struct fhir_place *place, const char *name, size_t size,
                         const struct kind *kind)
{
    struct fhir_element element;
    unsigned seen = 0;

    for (struct fhir_json_walk walk = fhir_json_walk(place->value); fhir_json_next(&walk);)
        if (strncmp(walk.name, name, size) == 0 && isupper((unsigned char)walk.name[size]) &&
            find_element(kind, walk.name, &element))
            seen++;
    if (seen > 1)
        fhir_issue_shape(check->issues, "structure",
                         fhir_arena_format(check->arena, "%s.%.*s", path(check, place), (int)size, name),
                         "only one type of this element may stand here");
}

static void check_required(struct check *check, struct fhir_place *place, const struct kind *kind)
{
    for (const char *at = kind->elements; *at != '\0';) {
        size_t size = strcspn(at, ":["), whole = size + strcspn(at + size, " ");
        bool choice = at[size] == '[';
        if ((at[whole - 1] == '!' || at[whole - 1] == '+') && !is_there(check, place, at, size, choice))
            fhir_issue_shape(check->issues, "required",
                             fhir_arena_format(check->arena, "%s.%.*s", path(check, place), (int)size, at),
                             "this element is required in %s", kind->type);
        if (choice)
            check_choice(check, place, at, size, kind);
        at += whole;
        at += strspn(at, " ");
    }
}

static void check_object(struct check *check, struct fhir_place *place, const struct kind *kind)
{
    size_t count = fhir_place_open(check->arena, place);

    if (count == 0) {
        fhir_issue_shape(check->issues, "structure", path(check, place),
                         "an object is never empty in FHIR: leave it out");
        return;
    }
    if (kind->type == NULL)
        return; /* a data type that referrals have no use for: kept as it is */
    for (size_t i = 0; i < count && check->issues->count < FHIR_ISSUES; i++)
        check_member(check, &place->inside[i], kind);
    check_required(check, place, kind);
}

void fhir_schema_check(struct fhir_arena *arena, struct fhir_place *resource, struct fhir_issues *issues)
{
    struct check check = {arena, issues};

    check_resource(&check, resource);
}
