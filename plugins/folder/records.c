#include "folder/formats.h"
#include "folder/memory.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MOST (1u << 20)
/* An array is read whole, and a tree of small objects takes some eighty times its text. */
#define ARRAY_MOST (8u << 20)
#define CELLS_MOST 512
#define DEPTH_MOST 4
#define NAME_MOST  128

struct folder_records {
    const struct folder_settings *settings;
    const char *text;
    size_t size, at;
    size_t line;
    bool lines;
    json_t *array; /* all of a file that is not lines */
    size_t element;
    bool opened;
};

struct folder_records *folder_records_create(const struct folder_settings *settings, const char *text, size_t size,
                                             bool lines)
{
    struct folder_records *records = folder_allocate(sizeof *records);

    records->settings = settings;
    records->text = text;
    records->size = size;
    records->lines = lines;
    return records;
}

void folder_records_destroy(struct folder_records *records)
{
    json_decref(records->array);
    free(records);
}

/* jansson's own words quote what stood there. */
static void describe(const json_error_t *error, bool whole, size_t line, char fault[FOLDER_FAULT])
{
    const char *what = "this is not JSON";

    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        what = "a member stands in an object twice";
        break;
    case json_error_invalid_utf8:
        what = "these bytes are not UTF-8 text";
        break;
    case json_error_premature_end_of_input:
        what = "the JSON ends in the middle";
        break;
    case json_error_end_of_input_expected:
        what = "something follows the JSON";
        break;
    case json_error_numeric_overflow:
        what = "a number is too large; write it as text";
        break;
    case json_error_null_byte_in_key:
    case json_error_null_character:
        what = "a NUL character can't stand in a text";
        break;
    default:
        break;
    }
    snprintf(fault, FOLDER_FAULT, "line %zu column %d: %s", whole ? (size_t)error->line : line, error->column, what);
}

/* ---- cells ----------------------------------------------------------------------------------------------------------- */

struct cells {
    struct folder_building *building;
    size_t count;
    bool asks; /* a member is a field's */
};

static void cell(struct cells *cells, const char *name, const char *text)
{
    const struct folder_field *field = NULL;
    const bool known = folder_settings_field(cells->building->row.settings, name, &field);

    cells->asks |= field != NULL;
    if (cells->count++ < CELLS_MOST)
        folder_row_cell(cells->building, name, known, field, text);
}

static void add_scalar(struct cells *cells, const char *name, const json_t *value)
{
    char number[64];

    if (json_is_string(value)) {
        cell(cells, name, json_string_value(value));
    } else if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        cell(cells, name, number);
    } else if (json_is_real(value)) {
        snprintf(number, sizeof number, "%.15g", json_real_value(value));
        cell(cells, name, number);
    } else if (json_is_boolean(value)) {
        cell(cells, name, json_is_true(value) ? "true" : "false");
    }
}

/* What has a shape that no field has is kept as JSON. */
static void keep(struct cells *cells, const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    if (text != NULL && cells->count++ < CELLS_MOST)
        folder_row_cell(cells->building, name, false, NULL, text);
    free(text);
}

static bool is_list_of_scalars(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (json_is_object(json_array_get(value, i)) || json_is_array(json_array_get(value, i)))
            return false;
    return json_is_array(value);
}

/* {"patient": {"address": {"city": ...}}} is a cell "patient.address.city"; a list of texts is as many cells. */
static void add_members(struct cells *cells, const char *prefix, const json_t *object, unsigned depth)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        char name[NAME_MOST];
        if ((size_t)snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", key) >= sizeof name)
            name[0] = '\0'; /* longer than any field's: kept without its name */
        if (json_is_object(value) && depth < DEPTH_MOST)
            add_members(cells, name, value, depth + 1);
        else if (is_list_of_scalars(value))
            for (size_t i = 0; i < json_array_size(value); i++)
                add_scalar(cells, name, json_array_get(value, i));
        else if (json_is_object(value) || json_is_array(value))
            keep(cells, name, value);
        else
            add_scalar(cells, name, value);
    }
}

static enum folder_next bad(char fault[FOLDER_FAULT], const char *text)
{
    snprintf(fault, FOLDER_FAULT, "%s", text);
    return FOLDER_BAD;
}

static enum folder_next build(const struct folder_records *records, const json_t *object,
                              Fascia__Submission **submission, char fault[FOLDER_FAULT])
{
    struct folder_building building;
    struct cells cells = {.building = &building};
    char *original;

    if (!json_is_object(object))
        return bad(fault, "a row is an object in { }");
    folder_row_begin(&building, records->settings);
    add_members(&cells, "", object, 0);
    if (cells.count > CELLS_MOST)
        snprintf(building.fault, sizeof building.fault, "the object has more than %d members", CELLS_MOST);
    else if (!cells.asks)
        snprintf(building.fault, sizeof building.fault,
                 "no member is a field's; the option columns says which member is which field");
    original = json_dumps(object, JSON_COMPACT);
    *submission = folder_row_end(&building, original, original != NULL ? strlen(original) : 0, "application/json");
    free(original);
    snprintf(fault, FOLDER_FAULT, "%s", building.fault);
    return *submission != NULL ? FOLDER_ROW : FOLDER_BAD;
}

/* ---- whole files ----------------------------------------------------------------------------------------------------- */

/* An array, one object, or, when something follows the first object, an object a line. */
static bool open_records(struct folder_records *records, char fault[FOLDER_FAULT])
{
    json_error_t error;
    json_t *root;

    records->opened = true;
    if (records->lines)
        return true;
    if (records->size > ARRAY_MOST && records->text[strspn(records->text, " \t\r\n")] == '[') {
        snprintf(fault, FOLDER_FAULT,
                 "an array of over 8 MiB is not taken: write an object a line (NDJSON), which may be as large as the "
                 "folder allows");
        return false;
    }
    root = json_loadb(records->text, records->size, JSON_REJECT_DUPLICATES, &error);
    if (json_is_array(root)) {
        records->array = root;
        return true;
    }
    if (json_is_object(root)) {
        records->array = json_array();
        json_array_append_new(records->array, root);
        return true;
    }
    records->lines = json_error_code(&error) == json_error_end_of_input_expected &&
                     records->text[strspn(records->text, " \t\r\n")] == '{';
    if (!records->lines)
        describe(&error, true, 0, fault);
    return records->lines;
}

static enum folder_next next_element(struct folder_records *records, Fascia__Submission **submission, size_t *number,
                                     char fault[FOLDER_FAULT])
{
    *number = records->element + 1;
    if (records->element == json_array_size(records->array))
        return FOLDER_END;
    return build(records, json_array_get(records->array, records->element++), submission, fault);
}

static bool is_blank(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

static enum folder_next next_line(struct folder_records *records, Fascia__Submission **submission, size_t *number,
                                  char fault[FOLDER_FAULT])
{
    const char *line;
    const char *end;
    size_t size;
    json_error_t error;
    json_t *object;
    enum folder_next next;

    do {
        if (records->at == records->size)
            return FOLDER_END;
        line = records->text + records->at;
        end = memchr(line, '\n', records->size - records->at);
        size = end != NULL ? (size_t)(end - line) : records->size - records->at;
        records->at += size + (end != NULL);
        records->line++;
    } while (is_blank(line, size));
    *number = records->line;
    if (size > LINE_MOST)
        return bad(fault, "the line is longer than 1 MiB");
    object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL) {
        describe(&error, false, records->line, fault);
        return FOLDER_BAD;
    }
    next = build(records, object, submission, fault);
    json_decref(object);
    return next;
}

enum folder_next folder_records_next(struct folder_records *records, Fascia__Submission **submission, size_t *number,
                                     char fault[FOLDER_FAULT])
{
    *number = 1;
    if (!records->opened && !open_records(records, fault))
        return FOLDER_STOP;
    return records->lines ? next_line(records, submission, number, fault)
                          : next_element(records, submission, number, fault);
}
