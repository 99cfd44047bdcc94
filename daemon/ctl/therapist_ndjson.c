#include "core/memory.h"
#include "ctl/columns.h"
#include "ctl/hours.h"
#include "ctl/json.h"
#include "ctl/therapist_formats.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct therapist_ndjson {
    FILE *stream;
    struct ctl_problems *problems;
    char *text;        /* the line; THERAPIST_ROW_BYTES and a NUL */
    size_t size, skip; /* of the line, and of the byte order mark before its object */
    size_t line;
};

static_assert(THERAPIST_FIELDS_MOST >= 22, "every member of a therapist can be kept");

struct therapist_ndjson *therapist_ndjson_create(FILE *stream, struct ctl_problems *problems)
{
    struct therapist_ndjson *ndjson = memory_allocate(1, sizeof *ndjson);

    ndjson->stream = stream;
    ndjson->problems = problems;
    ndjson->text = memory_allocate(THERAPIST_ROW_BYTES + 1, 1);
    return ndjson;
}

void therapist_ndjson_destroy(struct therapist_ndjson *ndjson)
{
    free(ndjson->text);
    free(ndjson);
}

/* ---- lines ----------------------------------------------------------------------------------------------------------- */

/* One line without its end; false at the end of the file. One that is too long is read to its end, and size is then past the bound. */
static bool read_line(struct therapist_ndjson *ndjson, size_t *size)
{
    int byte;

    *size = 0;
    while ((byte = getc(ndjson->stream)) != EOF && byte != '\n') {
        if (*size < THERAPIST_ROW_BYTES)
            ndjson->text[*size] = (char)byte;
        (*size)++;
    }
    ndjson->line++;
    return byte != EOF || *size > 0;
}

static bool is_blank(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (strchr(" \t\r", text[i]) == NULL || text[i] == '\0')
            return false;
    return true;
}

/* A byte order mark may stand before the first line. */
static json_t *parse(struct therapist_ndjson *ndjson, size_t size)
{
    const bool marked = ndjson->line == 1 && size >= 3 && memcmp(ndjson->text, "\xef\xbb\xbf", 3) == 0;
    json_error_t error;
    json_t *object = NULL;

    ndjson->size = size < THERAPIST_ROW_BYTES ? size : THERAPIST_ROW_BYTES;
    ndjson->skip = marked ? 3 : 0;
    if (size > THERAPIST_ROW_BYTES) {
        ctl_problems_add(ndjson->problems, ndjson->line, 0, "", "the line is longer than 1 MiB");
        return NULL;
    }
    object = json_loadb(ndjson->text + ndjson->skip, size - ndjson->skip, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        ctl_problems_add(ndjson->problems, ndjson->line, error.column > 0 ? (size_t)error.column : 1, "", error.text);
    else if (!json_is_object(object))
        ctl_problems_add(ndjson->problems, ndjson->line, 1, "", "a line holds one object in { }");
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

/* ---- where members stand ----------------------------------------------------------------------------------------------- */

/* A walk over the members of a line's object. The line was parsed before: it is well formed. */
struct walk {
    const char *at, *end;
    size_t depth;
    size_t column; /* of at */
    bool key;      /* a string that begins here is a member's name */
};

static void step(struct walk *walk)
{
    walk->column += ((unsigned char)*walk->at & 0xc0) != 0x80;
    walk->at++;
}

/* Over a string, from quote to quote. */
static void pass_string(struct walk *walk)
{
    for (step(walk); walk->at < walk->end && *walk->at != '"'; step(walk))
        if (*walk->at == '\\')
            step(walk);
    if (walk->at < walk->end)
        step(walk);
}

static bool next_member(struct walk *walk, const char **name, size_t *size, size_t *column)
{
    while (walk->at < walk->end) {
        const char letter = *walk->at;
        if (letter == '"') {
            const bool found = walk->key && walk->depth == 1;
            *name = walk->at + 1;
            *column = walk->column;
            pass_string(walk);
            *size = (size_t)(walk->at - *name) - 1;
            if (found)
                return true;
            continue;
        }
        if (letter == '{' || letter == '[')
            walk->depth++;
        else if (letter == '}' || letter == ']')
            walk->depth--;
        if (letter == '{' || letter == ',')
            walk->key = true;
        else if (letter == ':' || letter == '[')
            walk->key = false;
        step(walk);
    }
    return false;
}

static struct walk walk_line(const struct therapist_ndjson *ndjson)
{
    return (struct walk){.at = ndjson->text + ndjson->skip, .end = ndjson->text + ndjson->size, .column = 1};
}

/* 1, where the object begins, for a member that is not there. */
static size_t column_of(const struct therapist_ndjson *ndjson, const char *member)
{
    struct walk walk = walk_line(ndjson);
    const char *name;
    size_t size, column;

    while (next_member(&walk, &name, &size, &column))
        if (strlen(member) == size && memcmp(member, name, size) == 0)
            return column;
    return 1;
}

int therapist_ndjson_find(const char *field)
{
    const ProtobufCMessageDescriptor *type = &fascia__therapist__descriptor;
    const size_t size = strcspn(field, "[.");

    for (unsigned i = 0; i < type->n_fields && i < THERAPIST_FIELDS_MOST; i++)
        if (strlen(type->fields[i].name) == size && strncmp(type->fields[i].name, field, size) == 0)
            return (int)i;
    return -1;
}

void therapist_ndjson_keep_columns(const struct therapist_ndjson *ndjson, struct therapist_columns *columns)
{
    struct walk walk = walk_line(ndjson);
    const char *name;
    size_t size, column;

    while (next_member(&walk, &name, &size, &column)) {
        char member[64];
        int found;
        snprintf(member, sizeof member, "%.*s", (int)(size < sizeof member ? size : sizeof member), name);
        found = therapist_ndjson_find(member);
        if (found >= 0)
            columns->at[found] = (uint32_t)column;
    }
}

/* ---- notations beyond the messages' own ------------------------------------------------------------------------------ */

/* "position": "37.7479,-84.2947" */
static bool place_text(json_t *place, const char *text, struct fault *fault)
{
    char latitude[32];
    int32_t north;
    int32_t east;
    const size_t comma = strcspn(text, ",");

    if (comma < sizeof latitude && text[comma] == ',') {
        memcpy(latitude, text, comma);
        latitude[comma] = '\0';
        if (ctl_degrees_parse(latitude, 90, &north) &&
            ctl_degrees_parse(text + comma + 1 + strspn(text + comma + 1, " "), 180, &east)) {
            json_object_set_new(place, "position", json_pack("{si si}", "latitude", north, "longitude", east));
            return true;
        }
    }
    fault_set(fault, "as text is latitude and longitude in degrees, such as \"37.7479,-84.2947\"");
    return false;
}

static bool read_place(json_t *place, struct fault *fault)
{
    json_t *position = json_object_get(place, "position");
    const json_t *north = json_object_get(position, "latitude");
    const json_t *east = json_object_get(position, "longitude");

    if (json_is_string(position)) {
        char *text = memory_text(json_string_value(position));
        const bool good = place_text(place, text, fault);
        free(text);
        return good;
    }
    /* degrees in the place of millionths would put everybody into the sea off Ghana */
    if (json_is_real(north) || json_is_real(east) ||
        (json_is_integer(north) && json_is_integer(east) && json_integer_value(north) != 0 &&
         llabs(json_integer_value(north)) <= 90 && llabs(json_integer_value(east)) <= 180)) {
        fault_set(fault, "latitude and longitude are millionths of a degree; degrees are written as text: "
                         "\"position\": \"37.7479,-84.2947\"");
        return false;
    }
    return true;
}

static bool read_places(struct therapist_ndjson *ndjson, json_t *object)
{
    json_t *places = json_object_get(object, "places");

    for (size_t i = 0; i < json_array_size(places); i++) {
        struct fault fault = {{0}};
        char field[64];
        if (read_place(json_array_get(places, i), &fault))
            continue;
        snprintf(field, sizeof field, "places[%zu].position", i + 1);
        ctl_problems_add(ndjson->problems, ndjson->line, column_of(ndjson, "places"), field, fault.text);
        json_object_del(object, "places");
        return false;
    }
    return true;
}

/* A member that is text is read by its column's notation, and taken out. */
static bool read_text_member(struct therapist_ndjson *ndjson, json_t *object, const char *name,
                             bool (*read)(const char *, Fascia__Therapist *, struct fault *),
                             Fascia__Therapist *therapist)
{
    json_t *member = json_object_get(object, name);
    struct fault fault = {{0}};
    bool good;

    if (!json_is_string(member))
        return true;
    good = read(json_string_value(member), therapist, &fault);
    if (!good)
        ctl_problems_add(ndjson->problems, ndjson->line, column_of(ndjson, name), name, fault.text);
    json_object_del(object, name);
    return good;
}

/* What the daemon filled in (a postal code's place, a place's zone) is not in the rows that are written, and is left out of those read. */
static void leave_out_derived(json_t *object, const char *member, const char *mark)
{
    const json_t *derived = json_object_get(object, mark);

    if (json_is_true(derived))
        json_object_del(object, member);
    if (json_is_boolean(derived))
        json_object_del(object, mark);
}

static void leave_out_all_derived(json_t *object)
{
    const json_t *places = json_object_get(object, "places");

    for (size_t i = 0; i < json_array_size(places); i++)
        leave_out_derived(json_array_get(places, i), "position", "position_derived");
    leave_out_derived(object, "time_zone", "time_zone_derived");
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static bool has_members(struct therapist_ndjson *ndjson, const json_t *object)
{
    bool good = true;

    for (size_t i = 0; i < ctl_column_count; i++)
        if (ctl_columns[i].required && json_object_get(object, ctl_columns[i].name) == NULL) {
            ctl_problems_add(ndjson->problems, ndjson->line, 1, ctl_columns[i].name, "is missing");
            good = false;
        }
    return good;
}

/* The reader's fault begins with the path of what is wrong: "places[2].name: must be text". */
static void say_of_member(struct therapist_ndjson *ndjson, const char *name, const char *text)
{
    const char *what = strstr(text, ": ");
    char field[96];

    snprintf(field, sizeof field, "%.*s", what != NULL ? (int)(what - text) : 0, text);
    ctl_problems_add(ndjson->problems, ndjson->line, column_of(ndjson, name), field, what != NULL ? what + 2 : text);
}

static bool read_object(struct therapist_ndjson *ndjson, json_t *object, Fascia__Therapist *therapist)
{
    const char *name;
    json_t *value;
    bool good = has_members(ndjson, object);

    leave_out_all_derived(object);
    good &= read_text_member(ndjson, object, "hours", ctl_hours_parse, therapist);
    good &= read_text_member(ndjson, object, "exceptions", ctl_exceptions_parse, therapist);
    good &= read_places(ndjson, object);
    json_object_foreach(object, name, value)
    {
        struct fault fault = {{0}};
        if (ctl_json_read_member(name, value, &therapist->base, &fault))
            continue;
        say_of_member(ndjson, name, fault.text);
        good = false;
    }
    return good;
}

enum therapist_row therapist_ndjson_next(struct therapist_ndjson *ndjson, Fascia__Therapist **therapist, size_t *line)
{
    size_t size;
    json_t *object;
    bool good;

    do {
        if (read_line(ndjson, &size))
            continue;
        if (!ferror(ndjson->stream))
            return THERAPIST_END;
        ctl_problems_add(ndjson->problems, 0, 0, "", strerror(errno));
        return THERAPIST_STOP;
    } while (is_blank(ndjson->text, size < THERAPIST_ROW_BYTES ? size : THERAPIST_ROW_BYTES));
    *line = ndjson->line;
    object = parse(ndjson, size);
    if (object == NULL)
        return THERAPIST_WRONG;
    *therapist = memory_allocate(1, sizeof **therapist);
    fascia__therapist__init(*therapist);
    good = read_object(ndjson, object, *therapist);
    json_decref(object);
    return good ? THERAPIST_ROW : THERAPIST_WRONG;
}

/* Hours as text, and what a row must have even when it is nothing. */
void therapist_ndjson_write(FILE *out, const Fascia__Therapist *therapist)
{
    json_t *object = ctl_json_write(&therapist->base, CTL_JSON_SPARSE);

    for (int i = 0; i < 2; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        INVARIANT(stream != NULL);
        (i == 0 ? ctl_hours_write : ctl_exceptions_write)(stream, therapist);
        fclose(stream);
        if (size > 0)
            json_object_set_new(object, i == 0 ? "hours" : "exceptions", json_string(text));
        free(text);
    }
    leave_out_all_derived(object);
    json_object_set_new(object, "capacity", json_integer(therapist->capacity));
    json_dumpf(object, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(object);
}
