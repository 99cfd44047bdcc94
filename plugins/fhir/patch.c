#include "fhir/patch.h"

#include <stdio.h>
#include <string.h>

/* ---- pointers ---------------------------------------------------------------------------------------------------------- */

struct pointer {
    const char *text;
    size_t count;
    char *tokens[FHIR_JSON_DEPTH];
};

struct patch {
    struct fhir_issues *issues;
    struct fhir_json *root;
    size_t values; /* that copies may still add */
    size_t number; /* of the operation, from 1 */
};

static bool wrong(struct patch *patch, const char *what)
{
    fhir_issue_shape(patch->issues, "structure", "", "operation %zu: %s", patch->number, what);
    return false;
}

static bool unfit(struct patch *patch, const char *code, const char *what)
{
    fhir_issue_rule(patch->issues, code, "", "operation %zu: %s", patch->number, what);
    return false;
}

/* "~1" is '/', "~0" is '~', and nothing else may follow a '~'. */
static char *unescape(struct fhir_arena *arena, const char *at, size_t size)
{
    char *token = fhir_arena_text(arena, at, size);
    size_t to = 0;

    for (size_t i = 0; i < size; i++) {
        if (at[i] != '~') {
            token[to++] = at[i];
            continue;
        }
        if (++i == size || (at[i] != '0' && at[i] != '1'))
            return NULL;
        token[to++] = at[i] == '0' ? '~' : '/';
    }
    token[to] = '\0';
    return token;
}

static bool read_pointer(struct patch *patch, const char *text, struct pointer *pointer)
{
    pointer->text = text;
    pointer->count = 0;
    while (*text != '\0') {
        size_t size;
        if (*text++ != '/')
            return wrong(patch, "a path is a JSON Pointer: empty, or with '/' before each name (RFC 6901)");
        if (pointer->count == FHIR_JSON_DEPTH)
            return unfit(patch, "too-long", "the path goes deeper than a document may");
        size = strcspn(text, "/");
        pointer->tokens[pointer->count] = unescape(patch->issues->arena, text, size);
        if (pointer->tokens[pointer->count++] == NULL)
            return wrong(patch, "in a path, '~' stands before 0 or 1 only (RFC 6901, 3)");
        text += size;
    }
    return true;
}

/* An index has no leading zeros and no sign. "-" is behind the last, where that is allowed. */
static bool read_index(const char *token, size_t size, bool behind, size_t *index)
{
    size_t digits = strspn(token, "0123456789");

    if (behind && strcmp(token, "-") == 0) {
        *index = size;
        return true;
    }
    if (digits == 0 || digits > 9 || token[digits] != '\0' || (digits > 1 && token[0] == '0'))
        return false;
    *index = 0;
    for (size_t i = 0; i < digits; i++)
        *index = *index * 10 + (size_t)(token[i] - '0');
    return *index < size + (behind ? 1 : 0);
}

static const struct fhir_json *step(const struct fhir_json *value, const char *token)
{
    size_t index;

    if (fhir_json_type(value) == FHIR_JSON_OBJECT)
        return fhir_json_get(value, token);
    if (fhir_json_type(value) != FHIR_JSON_ARRAY || !read_index(token, fhir_json_size(value), false, &index))
        return NULL;
    return fhir_json_item(value, index);
}

static const struct fhir_json *find(const struct patch *patch, const struct pointer *pointer, size_t tokens)
{
    const struct fhir_json *value = patch->root;

    for (size_t i = 0; i < tokens && value != NULL; i++)
        value = step(value, pointer->tokens[i]);
    return value;
}

/* ---- bounds ------------------------------------------------------------------------------------------------------------ */

static void measure(const struct fhir_json *value, size_t depth, size_t *values, size_t *deepest)
{
    (*values)++;
    if (depth > *deepest)
        *deepest = depth;
    for (struct fhir_json_walk walk = fhir_json_walk(value); fhir_json_next(&walk);)
        measure(walk.value, depth + 1, values, deepest);
    for (size_t i = 0; fhir_json_type(value) == FHIR_JSON_ARRAY && i < fhir_json_size(value); i++)
        measure(fhir_json_item(value, i), depth + 1, values, deepest);
}

static bool has_room(struct patch *patch, const struct pointer *to, const struct fhir_json *value)
{
    size_t values = 0, deepest = 0;

    measure(value, to->count, &values, &deepest);
    if (deepest > FHIR_JSON_DEPTH)
        return unfit(patch, "too-long", "the result would be deeper than a document may be");
    if (values > patch->values)
        return unfit(patch, "too-long", "the result would be larger than a document may be");
    patch->values -= values;
    return true;
}

/* ---- operations ---------------------------------------------------------------------------------------------------------- */

/* What a resource is and which one is not for a patch to say. */
static bool may_change(struct patch *patch, const struct pointer *pointer)
{
    if (pointer->count == 0)
        return unfit(patch, "not-supported", "the whole resource is replaced by an update, not by a patch");
    if (pointer->count == 1 &&
        (strcmp(pointer->tokens[0], "resourceType") == 0 || strcmp(pointer->tokens[0], "id") == 0))
        return unfit(patch, "business-rule", "resourceType and id of a resource can't be changed");
    return true;
}

/* Takes value over. */
static bool add(struct patch *patch, const struct pointer *to, struct fhir_json *value)
{
    struct fhir_json *parent = fhir_json_mutable(find(patch, to, to->count - 1));
    const char *last = to->tokens[to->count - 1];
    size_t index;

    if (fhir_json_type(parent) == FHIR_JSON_OBJECT) {
        fhir_json_set(parent, last, value);
        return true;
    }
    if (fhir_json_type(parent) == FHIR_JSON_ARRAY && read_index(last, fhir_json_size(parent), true, &index))
        return fhir_json_insert(parent, index, value);
    fhir_json_free(value);
    return unfit(patch, "not-found", "there is no such place to add at");
}

static bool remove_at(struct patch *patch, const struct pointer *from)
{
    struct fhir_json *parent = fhir_json_mutable(find(patch, from, from->count - 1));
    const char *last = from->tokens[from->count - 1];
    size_t index;

    if (fhir_json_type(parent) == FHIR_JSON_OBJECT && fhir_json_remove(parent, last))
        return true;
    if (fhir_json_type(parent) == FHIR_JSON_ARRAY && read_index(last, fhir_json_size(parent), false, &index) &&
        fhir_json_remove_item(parent, index))
        return true;
    return unfit(patch, "not-found", "there is nothing at this path");
}

/* Takes value over. The member keeps its place among the others. */
static bool replace(struct patch *patch, const struct pointer *at, struct fhir_json *value)
{
    struct fhir_json *parent = fhir_json_mutable(find(patch, at, at->count - 1));
    const char *last = at->tokens[at->count - 1];
    size_t index;

    if (fhir_json_type(parent) == FHIR_JSON_OBJECT && fhir_json_get(parent, last) != NULL) {
        fhir_json_set(parent, last, value);
        return true;
    }
    if (fhir_json_type(parent) == FHIR_JSON_ARRAY && read_index(last, fhir_json_size(parent), false, &index))
        return fhir_json_replace(parent, index, value);
    fhir_json_free(value);
    return unfit(patch, "not-found", "there is nothing at this path");
}

static bool do_value(struct patch *patch, const struct fhir_json *operation, const char *name, const struct pointer *at)
{
    const struct fhir_json *value = fhir_json_get(operation, "value");

    if (value == NULL)
        return wrong(patch, "value is missing");
    if (strcmp(name, "test") == 0)
        return fhir_json_same(find(patch, at, at->count), value) ||
               unfit(patch, "conflict", "the test found something else at this path, and nothing was changed");
    if (!may_change(patch, at) || !has_room(patch, at, value))
        return false;
    return strcmp(name, "add") == 0 ? add(patch, at, fhir_json_copy(value)) : replace(patch, at, fhir_json_copy(value));
}

static bool is_inside(const struct pointer *inner, const struct pointer *outer)
{
    if (inner->count <= outer->count)
        return false;
    for (size_t i = 0; i < outer->count; i++)
        if (strcmp(inner->tokens[i], outer->tokens[i]) != 0)
            return false;
    return true;
}

static bool do_from(struct patch *patch, const struct fhir_json *operation, bool move, const struct pointer *to)
{
    const char *text = fhir_json_text_of(operation, "from");
    struct pointer *from = fhir_arena_take(patch->issues->arena, sizeof *from);
    const struct fhir_json *value;
    struct fhir_json *copy;

    if (text == NULL)
        return wrong(patch, "from is missing, or is no text");
    if (!read_pointer(patch, text, from))
        return false;
    value = find(patch, from, from->count);
    if (value == NULL)
        return unfit(patch, "not-found", "there is nothing at the path in from");
    if (move && is_inside(to, from))
        return unfit(patch, "business-rule", "a value can't be moved into itself");
    if (!may_change(patch, to) || (move && !may_change(patch, from)) || !has_room(patch, to, value))
        return false;
    copy = fhir_json_copy(value);
    if (move && !remove_at(patch, from)) {
        fhir_json_free(copy);
        return false;
    }
    return add(patch, to, copy);
}

static bool do_operation(struct patch *patch, const struct fhir_json *operation)
{
    const char *name = fhir_json_text_of(operation, "op"), *text = fhir_json_text_of(operation, "path");
    struct pointer *path = fhir_arena_take(patch->issues->arena, sizeof *path);

    if (fhir_json_type(operation) != FHIR_JSON_OBJECT)
        return wrong(patch, "an operation is an object");
    if (name == NULL || text == NULL)
        return wrong(patch, name == NULL ? "op is missing, or is no text" : "path is missing, or is no text");
    if (!read_pointer(patch, text, path))
        return false;
    if (strcmp(name, "remove") == 0)
        return may_change(patch, path) && remove_at(patch, path);
    if (strcmp(name, "move") == 0 || strcmp(name, "copy") == 0)
        return do_from(patch, operation, name[0] == 'm', path);
    if (strcmp(name, "add") == 0 || strcmp(name, "replace") == 0 || strcmp(name, "test") == 0)
        return do_value(patch, operation, name, path);
    return wrong(patch, "op is one of add, remove, replace, move, copy and test");
}

struct fhir_json *fhir_patch_apply(const struct fhir_json *document, const struct fhir_json *patch,
                                   struct fhir_issues *issues)
{
    struct patch work = {.issues = issues, .values = FHIR_JSON_VALUES};
    size_t count = fhir_json_size(patch);

    if (fhir_json_type(patch) != FHIR_JSON_ARRAY || count == 0) {
        fhir_issue_shape(issues, "structure", "", "a JSON Patch is an array of operations (RFC 6902)");
        return NULL;
    }
    if (count > FHIR_PATCH_OPERATIONS) {
        fhir_issue_rule(issues, "too-long", "", "a patch of more than %d operations is not taken",
                        FHIR_PATCH_OPERATIONS);
        return NULL;
    }
    work.root = fhir_json_copy(document);
    for (size_t i = 0; i < count; i++) {
        work.number = i + 1;
        if (!do_operation(&work, fhir_json_item(patch, i))) {
            fhir_json_free(work.root);
            return NULL;
        }
    }
    return work.root;
}
