#include "core/memory.h"
#include "ctl/columns.h"
#include "ctl/hours.h"
#include "ctl/json.h"
#include "ctl/therapist_formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct therapist_ndjson {
    FILE *stream;
    struct ctl_problems *problems;
    char *text; /* the line; THERAPIST_ROW_BYTES and a NUL */
    size_t line;
};

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

    if (size > THERAPIST_ROW_BYTES) {
        ctl_problems_add(ndjson->problems, ndjson->line, 0, "", "the line is longer than 1 MiB");
        return NULL;
    }
    object = json_loadb(ndjson->text + (marked ? 3 : 0), size - (marked ? 3 : 0), JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        ctl_problems_add(ndjson->problems, ndjson->line, error.column > 0 ? (size_t)error.column : 1, "", error.text);
    else if (!json_is_object(object))
        ctl_problems_add(ndjson->problems, ndjson->line, 1, "", "a line holds one object in { }");
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
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
        ctl_problems_add(ndjson->problems, ndjson->line, 0, field, fault.text);
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
        ctl_problems_add(ndjson->problems, ndjson->line, 0, name, fault.text);
    json_object_del(object, name);
    return good;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static bool has_members(struct therapist_ndjson *ndjson, const json_t *object)
{
    bool good = true;

    for (size_t i = 0; i < ctl_column_count; i++)
        if (ctl_columns[i].required && json_object_get(object, ctl_columns[i].name) == NULL) {
            ctl_problems_add(ndjson->problems, ndjson->line, 0, ctl_columns[i].name, "is missing");
            good = false;
        }
    return good;
}

static bool read_object(struct therapist_ndjson *ndjson, json_t *object, Fascia__Therapist *therapist)
{
    struct fault fault = {{0}};
    bool good = has_members(ndjson, object);

    good &= read_text_member(ndjson, object, "hours", ctl_hours_parse, therapist);
    good &= read_text_member(ndjson, object, "exceptions", ctl_exceptions_parse, therapist);
    good &= read_places(ndjson, object);
    if (good && !ctl_json_read(object, &therapist->base, &fault)) {
        ctl_problems_add(ndjson->problems, ndjson->line, 0, "", fault.text);
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
    if (good)
        return THERAPIST_ROW;
    fascia__therapist__free_unpacked(*therapist, NULL);
    *therapist = NULL;
    return THERAPIST_WRONG;
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
    json_object_set_new(object, "capacity", json_integer(therapist->capacity));
    json_dumpf(object, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(object);
}
