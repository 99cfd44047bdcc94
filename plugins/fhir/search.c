#include "fhir/search.h"

#include "fhir/resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct fhir_arena *arena;
    const char *base;
    const struct fhir_search_bounds *bounds;
    struct fhir_search *search;
    bool wrong;
};

/* ---- faults: they name the parameter, and nothing else of what was sent ------------------------------------------- */

/* A name is repeated only when it looks like one. */
static const char *name_of(struct reader *reader, const struct fhir_pair *pair)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.";
    const bool plain = strspn(pair->name, letters) == strlen(pair->name) && strlen(pair->name) <= 40 &&
                       strspn(pair->modifier, letters) == strlen(pair->modifier) && strlen(pair->modifier) <= 40;

    if (!plain || pair->name[0] == '\0')
        return "a parameter";
    return fhir_arena_format(reader->arena, "parameter %s%s%s", pair->name, pair->modifier[0] != '\0' ? ":" : "",
                             pair->modifier);
}

static void add_fault(struct reader *reader, const struct fhir_pair *pair, const char *what)
{
    struct fhir_search *search = reader->search;

    if (search->fault_count == FHIR_SEARCH_FAULTS)
        return;
    snprintf(search->faults[search->fault_count++], FHIR_SEARCH_FAULT_BYTES, "%s %s", name_of(reader, pair), what);
}

static void wrong(struct reader *reader, const struct fhir_pair *pair, const char *what)
{
    add_fault(reader, pair, what);
    reader->wrong = true;
}

static void unknown(struct reader *reader, const struct fhir_pair *pair, const char *what)
{
    add_fault(reader, pair, what);
    reader->search->unknown = true;
    if (reader->bounds->strict)
        reader->wrong = true;
}

/* ---- values ------------------------------------------------------------------------------------------------------- */

/* The end of a piece before an unescaped `stop`. */
static const char *piece_end(const char *text, char stop)
{
    while (*text != '\0' && *text != stop)
        text += text[0] == '\\' && text[1] != '\0' ? 2 : 1;
    return text;
}

static const char *unescape(struct fhir_arena *arena, const char *text, size_t size)
{
    char *out = fhir_arena_take(arena, size + 1);
    size_t length = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\\' && i + 1 < size)
            i++;
        out[length++] = text[i];
    }
    return out;
}

static bool read_date(struct reader *reader, const char *text, struct fhir_value *value)
{
    static const char words[][3] = {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"};

    (void)reader;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(text, words[i], 2) == 0) {
            value->prefix = (enum fhir_prefix)i;
            text += 2;
            break;
        }
    }
    return fhir_moment_read(text, &value->stretch);
}

/* "system|code", "|code", "system|", "code", with escapes still in it. */
static void read_token(struct reader *reader, const char *text, size_t size, struct fhir_value *value)
{
    const char *piece = fhir_arena_text(reader->arena, text, size);
    const char *bar = piece_end(piece, '|');

    if (*bar == '\0') {
        value->code = unescape(reader->arena, piece, size);
        return;
    }
    value->system = unescape(reader->arena, piece, (size_t)(bar - piece));
    if (bar[1] != '\0')
        value->code = unescape(reader->arena, bar + 1, strlen(bar + 1));
}

static bool read_value(struct reader *reader, const struct fhir_criterion *criterion, const char *text, size_t size,
                       struct fhir_value *value)
{
    value->text = unescape(reader->arena, text, size);
    if (criterion->modifier == FHIR_MISSING) {
        value->missing = strcmp(value->text, "true") == 0;
        return value->missing || strcmp(value->text, "false") == 0;
    }
    if (value->text[0] == '\0')
        return false;
    switch (criterion->parameter->kind) {
    case FHIR_DATE:
        return read_date(reader, value->text, value);
    case FHIR_TOKEN:
        read_token(reader, text, size, value);
        return criterion->modifier == FHIR_TEXT || value->code != NULL || value->system[0] != '\0';
    case FHIR_REFERENCE:
        if (criterion->modifier == FHIR_IDENTIFIER) {
            read_token(reader, text, size, value);
            return value->code != NULL || value->system[0] != '\0';
        }
        if (!fhir_reference_read(reader->arena, reader->base, value->text, &value->target, &value->id)) {
            value->target = "";
            value->id = NULL; /* somebody else's: compared as text */
        } else if (value->target[0] == '\0') {
            value->target = criterion->parameter->target;
        }
        return true;
    default:
        return true;
    }
}

static const char *value_fault(const struct fhir_criterion *criterion)
{
    if (criterion->modifier == FHIR_MISSING)
        return "must be true or false";
    switch (criterion->parameter->kind) {
    case FHIR_DATE:
        return "must be a date or time such as 2026-12, ge2026-12-03 or lt2026-12-03T14:15:00Z";
    case FHIR_TOKEN:
        return "must be code, system|code, |code or system|";
    case FHIR_REFERENCE:
        return "must be a reference such as Patient/12";
    default:
        return "must not be empty";
    }
}

static void read_values(struct reader *reader, const struct fhir_pair *pair, struct fhir_criterion *criterion)
{
    struct fhir_search *search = reader->search;
    size_t commas = 1;

    for (const char *at = pair->value; *at != '\0'; at++)
        commas += *at == ',';
    if (search->value_count + commas > FHIR_SEARCH_VALUES) {
        wrong(reader, pair, "has too many values");
        return;
    }
    criterion->values = fhir_arena_take(reader->arena, commas * sizeof *criterion->values);
    for (const char *at = pair->value;; at++) {
        const char *end = piece_end(at, ',');
        if (!read_value(reader, criterion, at, (size_t)(end - at), &criterion->values[criterion->count++])) {
            wrong(reader, pair, value_fault(criterion));
            return;
        }
        at = end;
        if (*at == '\0')
            break;
    }
    search->value_count += criterion->count;
    search->criterion_count++;
}

/* ---- a parameter's name and modifier ------------------------------------------------------------------------------ */

static bool read_modifier(const char *text, const struct fhir_parameter *parameter, struct fhir_criterion *criterion)
{
    static const struct {
        const char *word;
        enum fhir_modifier modifier;
        unsigned kinds; /* bits of enum fhir_parameter_kind */
    } words[] = {
        {"missing", FHIR_MISSING, ~0u},
        {"exact", FHIR_EXACT, 1u << FHIR_STRING},
        {"contains", FHIR_CONTAINS, 1u << FHIR_STRING},
        {"not", FHIR_NOT, 1u << FHIR_TOKEN},
        {"text", FHIR_TEXT, 1u << FHIR_TOKEN},
        {"identifier", FHIR_IDENTIFIER, 1u << FHIR_REFERENCE},
    };

    criterion->modifier = FHIR_PLAIN;
    if (text[0] == '\0')
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].word, text) == 0 && (words[i].kinds & 1u << parameter->kind) != 0) {
            criterion->modifier = words[i].modifier;
            return true;
        }
    }
    criterion->modifier = FHIR_TYPE;
    return parameter->kind == FHIR_REFERENCE && fhir_type_find(text) != NULL;
}

static bool read_criterion(struct reader *reader, const struct fhir_pair *pair)
{
    struct fhir_search *search = reader->search;
    const struct fhir_parameter *parameter = fhir_parameter_find(search->type, pair->name);
    struct fhir_criterion *criterion = &search->criteria[search->criterion_count];
    const size_t before = search->criterion_count;

    if (parameter == NULL) {
        unknown(reader, pair,
                strchr(pair->name, '.') != NULL
                    ? "is a chain, which this server does not follow"
                    : "is not known for this type of resource; GET metadata lists those that are");
        return false;
    }
    *criterion = (struct fhir_criterion){.parameter = parameter};
    if (!read_modifier(pair->modifier, parameter, criterion)) {
        /* R4, 3.1.1.4.5: a modifier that is not supported is refused, never passed over. */
        wrong(reader, pair, "has a modifier that this parameter does not take");
        return false;
    }
    read_values(reader, pair, criterion);
    if (criterion->modifier == FHIR_TYPE)
        for (size_t i = 0; i < criterion->count; i++)
            criterion->values[i].target = fhir_type_find(pair->modifier)->name;
    return search->criterion_count > before;
}

/* ---- parameters of the result ------------------------------------------------------------------------------------- */

static bool read_count(struct reader *reader, const struct fhir_pair *pair)
{
    const size_t digits = strspn(pair->value, "0123456789");
    unsigned long count;

    if (digits == 0 || pair->value[digits] != '\0' || digits > 9) {
        wrong(reader, pair, "must be a whole number");
        return false;
    }
    count = strtoul(pair->value, NULL, 10);
    if (count == 0)
        reader->search->summary = FHIR_SUMMARY_COUNT; /* R4, 3.1.1.5.4 */
    else
        reader->search->page = count < reader->bounds->page_most ? (uint32_t)count : reader->bounds->page_most;
    return true;
}

static bool read_word(struct reader *reader, const struct fhir_pair *pair, const char *const *words, size_t count,
                      const char *must, int *number)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], pair->value) == 0) {
            *number = (int)i;
            return true;
        }
    }
    wrong(reader, pair, must);
    return false;
}

static bool read_summary(struct reader *reader, const struct fhir_pair *pair)
{
    static const char *const words[] = {"false", "true", "text", "data", "count"};
    int number = (int)reader->search->summary;
    const bool good = read_word(reader, pair, words, 5, "must be true, text, data, count or false", &number);

    reader->search->summary = (enum fhir_summary)number;
    return good;
}

static bool read_total(struct reader *reader, const struct fhir_pair *pair)
{
    static const char *const words[] = {"none", "estimate", "accurate"};
    int number = (int)reader->search->total;
    const bool good = read_word(reader, pair, words, 3, "must be none, estimate or accurate", &number);

    reader->search->total = (enum fhir_total)number;
    return good;
}

static bool read_sort(struct reader *reader, const struct fhir_pair *pair)
{
    struct fhir_search *search = reader->search;
    const size_t before = search->sort_count;

    for (const char *at = pair->value;; at++) {
        const char *end = piece_end(at, ',');
        const bool descending = *at == '-';
        const char *name = unescape(reader->arena, at + descending, (size_t)(end - at) - descending);
        const struct fhir_parameter *parameter = fhir_parameter_find(search->type, name);
        if (parameter == NULL || search->sort_count == FHIR_SEARCH_LISTED) {
            unknown(reader, pair, "names something that can't be sorted by: only search parameters of this type can");
            search->sort_count = before; /* what is left out of "self" is left out of the search */
            return false;
        }
        search->sorts[search->sort_count++] = (struct fhir_sort){parameter, descending};
        at = end;
        if (*at == '\0')
            return true;
    }
}

static bool read_elements(struct reader *reader, const struct fhir_pair *pair)
{
    struct fhir_search *search = reader->search;

    for (const char *at = pair->value;; at++) {
        const char *end = piece_end(at, ',');
        const char *name = unescape(reader->arena, at, (size_t)(end - at));
        const size_t type = strlen(search->type);
        if (strncmp(name, search->type, type) == 0 && name[type] == '.')
            name += type + 1;
        if (name[0] == '\0' || search->element_count == FHIR_SEARCH_LISTED) {
            wrong(reader, pair, "must be a list of names of elements");
            return false;
        }
        search->elements[search->element_count++] = name;
        at = end;
        if (*at == '\0')
            return true;
    }
}

/* "Type:parameter" or "Type:parameter:Target" */
static bool read_include(struct reader *reader, const struct fhir_pair *pair, struct fhir_include *list, size_t *count)
{
    const char *first = strchr(pair->value, ':');
    const char *second = first != NULL ? strchr(first + 1, ':') : NULL;
    const char *end = second != NULL ? second : pair->value + strlen(pair->value);
    const struct fhir_type *type = NULL, *target = NULL;
    const struct fhir_parameter *parameter = NULL;

    if (pair->modifier[0] != '\0') {
        unknown(reader, pair, "is asked for with :iterate, which this server does not follow");
        return false;
    }
    if (first != NULL)
        type = fhir_type_find(fhir_arena_text(reader->arena, pair->value, (size_t)(first - pair->value)));
    if (type != NULL)
        parameter =
            fhir_parameter_find(type->name, fhir_arena_text(reader->arena, first + 1, (size_t)(end - first - 1)));
    if (second != NULL)
        target = fhir_type_find(second + 1);
    if (parameter == NULL || parameter->kind != FHIR_REFERENCE || (second != NULL && target == NULL) ||
        *count == FHIR_SEARCH_LISTED) {
        unknown(reader, pair, "must be Type:parameter of a reference that this server knows, such as Task:focus");
        return false;
    }
    list[(*count)++] = (struct fhir_include){type->name, parameter, target != NULL ? target->name : ""};
    return true;
}

static bool read_pretty(struct reader *reader, const struct fhir_pair *pair)
{
    static const char *const words[] = {"false", "true"};
    int number = 0;
    const bool good = read_word(reader, pair, words, 2, "must be true or false", &number);

    reader->search->pretty = number == 1;
    return good;
}

/* Whether it goes into the link "self". */
static bool read_pair(struct reader *reader, const struct fhir_pair *pair)
{
    struct fhir_search *search = reader->search;

    if (strcmp(pair->name, "_count") == 0)
        return read_count(reader, pair);
    if (strcmp(pair->name, "_summary") == 0)
        return read_summary(reader, pair);
    if (strcmp(pair->name, "_total") == 0)
        return read_total(reader, pair);
    if (strcmp(pair->name, "_sort") == 0)
        return read_sort(reader, pair);
    if (strcmp(pair->name, "_elements") == 0)
        return read_elements(reader, pair);
    if (strcmp(pair->name, "_include") == 0)
        return read_include(reader, pair, search->includes, &search->include_count);
    if (strcmp(pair->name, "_revinclude") == 0)
        return read_include(reader, pair, search->revincludes, &search->revinclude_count);
    if (strcmp(pair->name, "_pretty") == 0)
        return read_pretty(reader, pair);
    if (strcmp(pair->name, "_format") == 0)
        return true; /* dispatch has judged it */
    if (strcmp(pair->name, "_cursor") == 0) {
        search->cursor = pair->value;
        return false;
    }
    return read_criterion(reader, pair);
}

static const char *add_to_link(struct fhir_arena *arena, const char *link, const struct fhir_pair *pair)
{
    return fhir_arena_format(arena, "%s%s%s%s%s=%s", link, link[0] == '\0' ? "?" : "&",
                             fhir_percent_encode(arena, pair->name, ""), pair->modifier[0] != '\0' ? ":" : "",
                             fhir_percent_encode(arena, pair->modifier, ""),
                             fhir_percent_encode(arena, pair->value, ",:/|"));
}

bool fhir_search_read(struct fhir_arena *arena, const char *type, const char *base, const struct fhir_query *query,
                      const struct fhir_search_bounds *bounds, struct fhir_search *search)
{
    struct reader reader = {arena, base, bounds, search, false};

    memset(search, 0, sizeof *search);
    search->type = type;
    search->page = bounds->page_default;
    search->now = bounds->now;
    search->self = "";
    for (size_t i = 0; i < query->count; i++)
        if (read_pair(&reader, &query->pairs[i]))
            search->self = add_to_link(arena, search->self, &query->pairs[i]);
    return !reader.wrong;
}
