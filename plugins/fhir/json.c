/* The tree. json-c's json_object_get() and json_object_iter_next() have jansson's names: neither is used here. */
#include "fhir/json.h"

#include "fhir/json_gate.h"

#include <json-c/arraylist.h>
#include <json-c/json_object.h>
#include <json-c/json_tokener.h>
#include <json-c/linkhash.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRINT_FLAGS = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE };

/* json-c has NULL for null; a value of ours that is null is this, and NULL is none at all. */
static char null_value;
#define NULL_VALUE ((struct fhir_json *)(void *)&null_value)

static struct json_object *inner(const struct fhir_json *value)
{
    return value == NULL_VALUE ? NULL : (struct json_object *)(uintptr_t)value;
}

static struct fhir_json *outer(struct json_object *object)
{
    return object == NULL ? NULL_VALUE : (struct fhir_json *)(void *)object;
}

static struct json_object *must(struct json_object *object)
{
    if (object == NULL) {
        fputs("fhir: out of memory\n", stderr);
        abort();
    }
    return object;
}

static void must_do(int result)
{
    if (result != 0) {
        fputs("fhir: out of memory\n", stderr);
        abort();
    }
}

static bool is(const struct fhir_json *value, enum json_type type)
{
    return value != NULL && value != NULL_VALUE && json_object_is_type(inner(value), type) != 0;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static unsigned hex4(const char *at)
{
    char digits[5] = {at[0], at[1], at[2], at[3], '\0'};

    return (unsigned)strtoul(digits, NULL, 16);
}

/* json-c reads some escaped pairs of surrogates wrongly: they are put in as what they mean. The gate has seen that they are pairs. */
static char *copy_without_pairs(const char *bytes, size_t size, size_t *copied)
{
    char *copy = fhir_allocate(size + 1);
    size_t to = 0;

    for (size_t at = 0; at < size;) {
        unsigned high = at + 12 <= size && memcmp(bytes + at, "\\u", 2) == 0 ? hex4(bytes + at + 2) : 0;
        if (high >= 0xD800 && high < 0xDC00) {
            unsigned code = 0x10000 + ((high - 0xD800) << 10) + (hex4(bytes + at + 8) - 0xDC00);
            copy[to++] = (char)(0xF0 | code >> 18);
            copy[to++] = (char)(0x80 | (code >> 12 & 0x3F));
            copy[to++] = (char)(0x80 | (code >> 6 & 0x3F));
            copy[to++] = (char)(0x80 | (code & 0x3F));
            at += 12;
            continue;
        }
        if (bytes[at] == '\\' && at + 1 < size)
            copy[to++] = bytes[at++];
        copy[to++] = bytes[at++];
    }
    *copied = to;
    return copy;
}

struct fhir_json *fhir_json_parse_value(const void *bytes, size_t size, size_t most, struct fhir_json_fault *fault)
{
    struct json_tokener *reader;
    struct json_object *tree;
    enum json_tokener_error error;
    size_t copied;
    char *copy;

    if (!fhir_json_scan(bytes, size, most < INT32_MAX ? most : INT32_MAX - 1, fault) ||
        !fhir_json_gate(bytes, size, fault))
        return NULL;
    copy = copy_without_pairs(bytes, size, &copied);
    reader = json_tokener_new_ex(FHIR_JSON_DEPTH + 2);
    if (reader == NULL)
        must(NULL);
    /* The NUL ends a number that stands alone. */
    tree = json_tokener_parse_ex(reader, copy, (int)copied + 1);
    error = json_tokener_get_error(reader);
    json_tokener_free(reader);
    free(copy);
    if (error != json_tokener_success) {
        json_object_put(tree);
        snprintf(fault->message, sizeof fault->message, "this is not JSON (RFC 8259)");
        return NULL;
    }
    return outer(tree);
}

struct fhir_json *fhir_json_parse(const void *bytes, size_t size, size_t most, struct fhir_json_fault *fault)
{
    struct fhir_json *root = fhir_json_parse_value(bytes, size, most, fault);

    if (root == NULL || is(root, json_type_object))
        return root;
    fhir_json_free(root);
    fault->line = fault->column = 1;
    snprintf(fault->message, sizeof fault->message, "a JSON object is expected");
    return NULL;
}

void fhir_json_free(struct fhir_json *root)
{
    if (root != NULL)
        json_object_put(inner(root));
}

/* ---- looking ------------------------------------------------------------------------------------------------------ */

enum fhir_json_type fhir_json_type(const struct fhir_json *value)
{
    if (value == NULL)
        return FHIR_JSON_ABSENT;
    switch (json_object_get_type(inner(value))) {
    case json_type_boolean:
        return FHIR_JSON_BOOLEAN;
    case json_type_int:
    case json_type_double:
        return FHIR_JSON_NUMBER;
    case json_type_string:
        return FHIR_JSON_TEXT;
    case json_type_array:
        return FHIR_JSON_ARRAY;
    case json_type_object:
        return FHIR_JSON_OBJECT;
    default:
        return FHIR_JSON_NULL;
    }
}

const char *fhir_json_type_name(enum fhir_json_type type)
{
    static const char *const names[] = {"nothing", "null",     "true or false", "a number",
                                        "a text",  "an array", "an object"};

    return names[type];
}

size_t fhir_json_size(const struct fhir_json *value)
{
    if (is(value, json_type_object))
        return (size_t)json_object_object_length(inner(value));
    if (is(value, json_type_array))
        return json_object_array_length(inner(value));
    return is(value, json_type_string) ? (size_t)json_object_get_string_len(inner(value)) : 0;
}

const struct fhir_json *fhir_json_get(const struct fhir_json *object, const char *name)
{
    struct json_object *member;

    if (!is(object, json_type_object) || !json_object_object_get_ex(inner(object), name, &member))
        return NULL;
    return outer(member);
}

const struct fhir_json *fhir_json_item(const struct fhir_json *array, size_t index)
{
    if (!is(array, json_type_array) || index >= json_object_array_length(inner(array)))
        return NULL;
    return outer(json_object_array_get_idx(inner(array), index));
}

const char *fhir_json_text(const struct fhir_json *value)
{
    return is(value, json_type_string) ? json_object_get_string(inner(value)) : NULL;
}

const char *fhir_json_number(const struct fhir_json *value)
{
    return fhir_json_type(value) == FHIR_JSON_NUMBER ? json_object_to_json_string_ext(inner(value), PRINT_FLAGS) : NULL;
}

bool fhir_json_whole(const struct fhir_json *value, int64_t *whole)
{
    const char *text = fhir_json_number(value);

    if (text == NULL || text[strspn(text, "-0123456789")] != '\0')
        return false;
    /* Of a text that was made here, json-c has the double only. */
    *whole = is(value, json_type_int) ? json_object_get_int64(inner(value)) : strtoll(text, NULL, 10);
    return true;
}

bool fhir_json_boolean(const struct fhir_json *value, bool *truth)
{
    if (!is(value, json_type_boolean))
        return false;
    *truth = json_object_get_boolean(inner(value)) != 0;
    return true;
}

const char *fhir_json_text_of(const struct fhir_json *object, const char *name)
{
    return fhir_json_text(fhir_json_get(object, name));
}

struct fhir_json_walk fhir_json_walk(const struct fhir_json *object)
{
    struct fhir_json_walk walk = {NULL, NULL, NULL};

    if (is(object, json_type_object))
        walk.entry = lh_table_head(json_object_get_object(inner(object)));
    return walk;
}

bool fhir_json_next(struct fhir_json_walk *walk)
{
    const struct lh_entry *entry = walk->entry;

    if (entry == NULL)
        return false;
    walk->name = lh_entry_k(entry);
    walk->value = outer(lh_entry_v(entry));
    walk->entry = lh_entry_next(entry);
    return true;
}

static bool same_numbers(const struct fhir_json *a, const struct fhir_json *b)
{
    int64_t first, second;
    double difference;

    if (fhir_json_whole(a, &first) && fhir_json_whole(b, &second))
        return first == second;
    difference = json_object_get_double(inner(a)) - json_object_get_double(inner(b));
    return fpclassify(difference) == FP_ZERO;
}

static bool same_members(const struct fhir_json *a, const struct fhir_json *b)
{
    for (struct fhir_json_walk walk = fhir_json_walk(a); fhir_json_next(&walk);)
        if (!fhir_json_same(walk.value, fhir_json_get(b, walk.name)))
            return false;
    return true;
}

bool fhir_json_same(const struct fhir_json *a, const struct fhir_json *b)
{
    enum fhir_json_type type = fhir_json_type(a);

    if (type != fhir_json_type(b) || fhir_json_size(a) != fhir_json_size(b))
        return false;
    switch (type) {
    case FHIR_JSON_BOOLEAN:
        return json_object_get_boolean(inner(a)) == json_object_get_boolean(inner(b));
    case FHIR_JSON_NUMBER:
        return same_numbers(a, b);
    case FHIR_JSON_TEXT:
        return strcmp(fhir_json_text(a), fhir_json_text(b)) == 0;
    case FHIR_JSON_OBJECT:
        return same_members(a, b);
    case FHIR_JSON_ARRAY:
        for (size_t i = 0; i < fhir_json_size(a); i++)
            if (!fhir_json_same(fhir_json_item(a, i), fhir_json_item(b, i)))
                return false;
        return true;
    default:
        return true;
    }
}

/* ---- building ----------------------------------------------------------------------------------------------------- */

struct fhir_json *fhir_json_new_object(void)
{
    return outer(must(json_object_new_object()));
}

struct fhir_json *fhir_json_new_array(void)
{
    return outer(must(json_object_new_array_ext(4)));
}

struct fhir_json *fhir_json_new_text(const char *text)
{
    return text == NULL ? NULL : outer(must(json_object_new_string(text)));
}

struct fhir_json *fhir_json_new_number(const char *text)
{
    return outer(must(json_object_new_double_s(strtod(text, NULL), text)));
}

struct fhir_json *fhir_json_new_whole(int64_t whole)
{
    return outer(must(json_object_new_int64(whole)));
}

struct fhir_json *fhir_json_new_boolean(bool truth)
{
    return outer(must(json_object_new_boolean(truth)));
}

struct fhir_json *fhir_json_new_null(void)
{
    return NULL_VALUE;
}

struct fhir_json *fhir_json_copy(const struct fhir_json *value)
{
    struct json_object *copy = NULL;

    if (value == NULL || value == NULL_VALUE)
        return fhir_json_mutable(value);
    must_do(json_object_deep_copy(inner(value), &copy, NULL));
    return outer(copy);
}

struct fhir_json *fhir_json_set(struct fhir_json *object, const char *name, struct fhir_json *child)
{
    if (child != NULL)
        must_do(json_object_object_add(inner(object), name, inner(child)));
    return child;
}

struct fhir_json *fhir_json_add(struct fhir_json *array, struct fhir_json *child)
{
    if (child != NULL)
        must_do(json_object_array_add(inner(array), inner(child)));
    return child;
}

void fhir_json_set_text(struct fhir_json *object, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0')
        fhir_json_set(object, name, fhir_json_new_text(text));
}

/* json-c 0.16 has no insert: the room is made by adding at the end, and what is behind the place moves up. */
bool fhir_json_insert(struct fhir_json *array, size_t index, struct fhir_json *child)
{
    struct json_object *list = inner(array);
    size_t size = fhir_json_size(array);
    struct array_list *items;

    if (!is(array, json_type_array) || index > size) {
        fhir_json_free(child);
        return false;
    }
    must_do(json_object_array_add(list, inner(child)));
    items = json_object_get_array(list);
    memmove(items->array + index + 1, items->array + index, (size - index) * sizeof *items->array);
    items->array[index] = inner(child);
    return true;
}

bool fhir_json_replace(struct fhir_json *array, size_t index, struct fhir_json *child)
{
    if (index >= fhir_json_size(array) || !is(array, json_type_array)) {
        fhir_json_free(child);
        return false;
    }
    must_do(json_object_array_put_idx(inner(array), index, inner(child)));
    return true;
}

bool fhir_json_remove(struct fhir_json *object, const char *name)
{
    if (fhir_json_get(object, name) == NULL)
        return false;
    json_object_object_del(inner(object), name);
    return true;
}

bool fhir_json_remove_item(struct fhir_json *array, size_t index)
{
    return is(array, json_type_array) && index < fhir_json_size(array) &&
           json_object_array_del_idx(inner(array), index, 1) == 0;
}

struct fhir_json *fhir_json_mutable(const struct fhir_json *value)
{
    return (struct fhir_json *)(uintptr_t)value;
}

const char *fhir_json_print(const struct fhir_json *value, size_t *size)
{
    size_t length;
    const char *text = json_object_to_json_string_length(inner(value), PRINT_FLAGS, &length);

    if (text == NULL)
        must(NULL);
    if (size != NULL)
        *size = length;
    return text;
}
