/* Whether a resource is what a search asks for. */
#include "fhir/search.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- paths -------------------------------------------------------------------------------------------------------- */

struct walk {
    fhir_visit visit;
    void *context;
    const char *filter; /* inside of "[...]"; NULL: none */
    size_t filter_size;
};

/* "[email]" of a ContactPoint is its system, "[Patient]" of a Reference its type. */
static bool passes(const struct walk *walk, const struct fhir_json *value)
{
    const char *system = fhir_json_text_of(value, "system");
    const char *reference = fhir_json_text_of(value, "reference");

    if (walk->filter == NULL)
        return true;
    if (reference != NULL)
        return strncmp(reference, walk->filter, walk->filter_size) == 0 && reference[walk->filter_size] == '/';
    return system != NULL && strlen(system) == walk->filter_size &&
           memcmp(system, walk->filter, walk->filter_size) == 0;
}

/* Goes on with each item of a list; paths are of the table, and as deep as it writes them. */
static void follow(struct walk *walk, const struct fhir_json *value, const char *path, size_t size)
{
    const char *dot = size > 0 ? memchr(path, '.', size) : NULL;
    const size_t length = dot != NULL ? (size_t)(dot - path) : size;
    char name[64];

    if (fhir_json_type(value) == FHIR_JSON_ARRAY) {
        for (size_t i = 0; i < fhir_json_size(value); i++)
            follow(walk, fhir_json_item(value, i), path, size);
        return;
    }
    if (value == NULL || length >= sizeof name)
        return;
    if (size == 0) {
        if (passes(walk, value))
            walk->visit(walk->context, value);
        return;
    }
    memcpy(name, path, length);
    name[length] = '\0';
    follow(walk, fhir_json_get(value, name), path + length + (dot != NULL), size - length - (dot != NULL));
}

void fhir_search_visit(const struct fhir_parameter *parameter, const struct fhir_json *resource, fhir_visit visit,
                       void *context)
{
    for (const char *at = parameter->path; *at != '\0';) {
        const char *end = at + strcspn(at, "|");
        const char *bracket = memchr(at, '[', (size_t)(end - at));
        struct walk walk = {visit, context, NULL, 0};
        if (bracket != NULL) {
            walk.filter = bracket + 1;
            walk.filter_size = (size_t)(end - bracket) - 2;
        }
        follow(&walk, resource, at, (size_t)((bracket != NULL ? bracket : end) - at));
        at = *end == '|' ? end + 1 : end;
    }
}

/* ---- one value against one element -------------------------------------------------------------------------------- */

static bool same_token(const struct fhir_value *value, const char *system, const char *code)
{
    if (value->system != NULL && strcmp(value->system, system != NULL ? system : "") != 0)
        return false;
    /* R4, 3.1.1.4.10: when in doubt, not case-sensitive. */
    return value->code == NULL || (code != NULL && strcasecmp(value->code, code) == 0);
}

static bool token_matches(const struct fhir_value *value, const struct fhir_json *element)
{
    const struct fhir_json *codings = fhir_json_get(element, "coding");
    const char *text = fhir_json_text(element);
    const char *code = fhir_json_text_of(element, "code");
    bool truth = false;

    if (text != NULL) /* a code's system is that of its element: any is taken */
        return value->code != NULL && strcasecmp(value->code, text) == 0;
    if (fhir_json_boolean(element, &truth))
        return value->code != NULL && strcmp(value->code, truth ? "true" : "false") == 0;
    for (size_t i = 0; i < fhir_json_size(codings); i++) {
        const struct fhir_json *coding = fhir_json_item(codings, i);
        if (same_token(value, fhir_json_text_of(coding, "system"), fhir_json_text_of(coding, "code")))
            return true;
    }
    if (codings != NULL)
        return false;
    if (code == NULL)
        code = fhir_json_text_of(element, "value"); /* of an Identifier or a ContactPoint */
    return code != NULL && same_token(value, fhir_json_text_of(element, "system"), code);
}

static bool begins(const char *text, const char *with)
{
    return text != NULL && strncasecmp(text, with, strlen(with)) == 0;
}

static bool token_text_matches(const struct fhir_value *value, const struct fhir_json *element)
{
    const struct fhir_json *codings = fhir_json_get(element, "coding");

    for (size_t i = 0; i < fhir_json_size(codings); i++)
        if (begins(fhir_json_text_of(fhir_json_item(codings, i), "display"), value->text))
            return true;
    return begins(fhir_json_text_of(element, "text"), value->text) ||
           begins(fhir_json_text_of(element, "display"), value->text);
}

static bool holds(const char *text, const char *part)
{
    for (; *text != '\0'; text++)
        if (begins(text, part))
            return true;
    return part[0] == '\0';
}

static bool text_matches(const struct fhir_value *value, enum fhir_modifier modifier, const char *text)
{
    if (modifier == FHIR_EXACT)
        return strcmp(text, value->text) == 0;
    return modifier == FHIR_CONTAINS ? holds(text, value->text) : begins(text, value->text);
}

/* A text, or any text of a name or an address. */
static bool string_matches(const struct fhir_value *value, enum fhir_modifier modifier, const struct fhir_json *element)
{
    const char *text = fhir_json_text(element);

    if (text != NULL)
        return text_matches(value, modifier, text);
    if (fhir_json_type(element) != FHIR_JSON_OBJECT)
        return false;
    for (struct fhir_json_walk walk = fhir_json_walk(element); fhir_json_next(&walk);) {
        if (strcmp(walk.name, "use") == 0 || strcmp(walk.name, "type") == 0)
            continue;
        if (fhir_json_text(walk.value) != NULL && text_matches(value, modifier, fhir_json_text(walk.value)))
            return true;
        for (size_t i = 0; i < fhir_json_size(walk.value); i++) {
            text = fhir_json_text(fhir_json_item(walk.value, i));
            if (text != NULL && text_matches(value, modifier, text))
                return true;
        }
    }
    return false;
}

static bool stretch_of(const struct fhir_json *element, struct fhir_stretch *stretch)
{
    const char *start = fhir_json_text_of(element, "start"), *end = fhir_json_text_of(element, "end");
    struct fhir_stretch part;

    if (fhir_json_text(element) != NULL)
        return fhir_moment_read(fhir_json_text(element), stretch);
    *stretch = (struct fhir_stretch){INT64_MIN, INT64_MAX};
    if (start != NULL && fhir_moment_read(start, &part))
        stretch->from = part.from;
    if (end != NULL && fhir_moment_read(end, &part))
        stretch->to = part.to;
    return start != NULL || end != NULL;
}

/* R4, 3.1.1.4.7: `is` is the element's stretch, `asked` the value's. */
static bool date_matches(const struct fhir_value *value, int64_t now, const struct fhir_json *element)
{
    const struct fhir_stretch asked = value->stretch;
    const int64_t about = (asked.from > now ? asked.from - now : now - asked.from) / 10;
    struct fhir_stretch is;
    bool within;

    if (!stretch_of(element, &is))
        return false;
    within = is.from >= asked.from && is.to <= asked.to;
    switch (value->prefix) {
    case FHIR_PREFIX_EQ:
        return within;
    case FHIR_PREFIX_NE:
        return !within;
    case FHIR_PREFIX_GT:
        return is.to > asked.to;
    case FHIR_PREFIX_LT:
        return is.from < asked.from;
    case FHIR_PREFIX_GE:
        return is.to > asked.to || within;
    case FHIR_PREFIX_LE:
        return is.from < asked.from || within;
    case FHIR_PREFIX_SA:
        return is.from >= asked.to;
    case FHIR_PREFIX_EB:
        return is.to <= asked.from;
    default:
        return is.to > asked.from - about && is.from < asked.to + about;
    }
}

static bool reference_matches(const struct fhir_value *value, const char *base, const struct fhir_json *element)
{
    const char *text = fhir_json_text_of(element, "reference");
    struct fhir_arena arena = {0};
    const char *type, *id;
    bool same;

    if (text == NULL)
        return false;
    if (value->id == NULL)
        return strcmp(text, value->text) == 0;
    same = fhir_reference_read(&arena, base, text, &type, &id) && strcmp(id, value->id) == 0 &&
           (value->target[0] == '\0' || strcmp(type, value->target) == 0);
    fhir_arena_finish(&arena);
    return same;
}

/* ---- criteria ----------------------------------------------------------------------------------------------------- */

struct match {
    const struct fhir_search *search;
    const char *base;
    const struct fhir_criterion *criterion;
    bool present, met;
};

static bool element_matches(const struct match *match, const struct fhir_value *value, const struct fhir_json *element)
{
    const struct fhir_criterion *criterion = match->criterion;

    switch (criterion->parameter->kind) {
    case FHIR_TOKEN:
        return criterion->modifier == FHIR_TEXT ? token_text_matches(value, element) : token_matches(value, element);
    case FHIR_STRING:
        return string_matches(value, criterion->modifier, element);
    case FHIR_DATE:
        return date_matches(value, match->search->now, element);
    case FHIR_REFERENCE:
        if (criterion->modifier == FHIR_IDENTIFIER)
            return token_matches(value, fhir_json_get(element, "identifier"));
        return reference_matches(value, match->base, element);
    default:
        return fhir_json_text(element) != NULL && strcmp(fhir_json_text(element), value->text) == 0;
    }
}

static void judge(void *context, const struct fhir_json *element)
{
    struct match *match = context;

    match->present = true;
    if (match->criterion->modifier == FHIR_MISSING)
        return;
    for (size_t i = 0; i < match->criterion->count && !match->met; i++)
        match->met = element_matches(match, &match->criterion->values[i], element);
}

static bool is_met(const struct match *match)
{
    if (match->criterion->modifier == FHIR_NOT)
        return !match->met;
    if (match->criterion->modifier != FHIR_MISSING)
        return match->met;
    for (size_t i = 0; i < match->criterion->count; i++)
        if (match->criterion->values[i].missing != match->present)
            return true;
    return false;
}

bool fhir_search_matches(const struct fhir_search *search, const char *base, const struct fhir_json *resource)
{
    for (size_t i = 0; i < search->criterion_count; i++) {
        struct match match = {search, base, &search->criteria[i], false, false};
        fhir_search_visit(match.criterion->parameter, resource, judge, &match);
        if (!is_met(&match))
            return false;
    }
    return true;
}

/* ---- order -------------------------------------------------------------------------------------------------------- */

struct sort_key {
    enum fhir_parameter_kind kind;
    bool descending, known;
    struct fhir_stretch stretch;
    const char *text;
};

static const char *first_text(const struct fhir_json *element)
{
    static const char *const names[] = {"family", "code", "value", "reference", "text", "city"};
    const struct fhir_json *coding = fhir_json_item(fhir_json_get(element, "coding"), 0);
    const char *text = fhir_json_text(element);

    if (coding != NULL)
        element = coding;
    for (size_t i = 0; text == NULL && i < sizeof names / sizeof names[0]; i++)
        text = fhir_json_text_of(element, names[i]);
    return text;
}

/* The least of several for ascending, the greatest for descending order. */
static void take_key(void *context, const struct fhir_json *element)
{
    struct sort_key *key = context;
    struct fhir_stretch stretch;
    const char *text;

    if (key->kind == FHIR_DATE) {
        if (!stretch_of(element, &stretch))
            return;
        if (!key->known || (key->descending ? stretch.to > key->stretch.to : stretch.from < key->stretch.from))
            key->stretch = stretch;
        key->known = true;
        return;
    }
    text = first_text(element);
    if (text == NULL)
        return;
    if (!key->known || (strcasecmp(text, key->text) < 0) != key->descending)
        key->text = text;
    key->known = true;
}

/* Numbers within ids go by value: 9 before 10. */
static int compare_text(const char *a, const char *b)
{
    const bool numbers = strspn(a, "0123456789") == strlen(a) && strspn(b, "0123456789") == strlen(b);

    if (numbers && strlen(a) != strlen(b))
        return strlen(a) < strlen(b) ? -1 : 1;
    return strcasecmp(a, b);
}

static int compare_keys(const struct sort_key *a, const struct sort_key *b)
{
    int order;

    if (!a->known || !b->known) /* what has no value comes last either way */
        return (int)b->known - (int)a->known;
    if (a->kind == FHIR_DATE && a->descending)
        return (a->stretch.to < b->stretch.to) - (a->stretch.to > b->stretch.to);
    if (a->kind == FHIR_DATE)
        return (a->stretch.from > b->stretch.from) - (a->stretch.from < b->stretch.from);
    order = compare_text(a->text, b->text);
    return a->descending ? -order : order;
}

int fhir_search_compare(const struct fhir_search *search, const struct fhir_json *a, const struct fhir_json *b)
{
    const char *first = fhir_json_text_of(a, "id"), *second = fhir_json_text_of(b, "id");

    for (size_t i = 0; i < search->sort_count; i++) {
        const struct fhir_sort *sort = &search->sorts[i];
        struct sort_key keys[2] = {{.kind = sort->parameter->kind, .descending = sort->descending},
                                   {.kind = sort->parameter->kind, .descending = sort->descending}};
        int order;
        fhir_search_visit(sort->parameter, a, take_key, &keys[0]);
        fhir_search_visit(sort->parameter, b, take_key, &keys[1]);
        order = compare_keys(&keys[0], &keys[1]);
        if (order != 0)
            return order;
    }
    return first == NULL || second == NULL ? 0 : compare_text(first, second);
}

/* ---- references --------------------------------------------------------------------------------------------------- */

static bool is_id(const char *text, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";

    return size >= 1 && size <= 64 && strspn(text, letters) >= size;
}

bool fhir_reference_read(struct fhir_arena *arena, const char *base, const char *text, const char **type,
                         const char **id)
{
    const size_t length = strlen(base);
    const char *slash, *end;

    if (strncmp(text, base, length) == 0 && text[length] == '/')
        text += length + 1;
    slash = strchr(text, '/');
    if (slash == NULL) {
        *type = "";
        *id = fhir_arena_text(arena, text, strlen(text));
        return is_id(text, strlen(text));
    }
    end = slash + 1 + strcspn(slash + 1, "/");
    if (*end != '\0' && strncmp(end, "/_history/", 10) != 0)
        return false;
    *type = fhir_arena_text(arena, text, (size_t)(slash - text));
    *id = fhir_arena_text(arena, slash + 1, (size_t)(end - slash - 1));
    return strspn(*type, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == strlen(*type) && **type != '\0' &&
           is_id(*id, strlen(*id));
}
