#include "core/csv.h"
#include "folder/formats.h"
#include "folder/memory.h"
#include "folder/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MOST 256

struct sheet_column {
    char *name;
    bool known;
    const struct folder_field *field;
};

struct folder_sheet {
    const struct folder_settings *settings;
    const char *text;
    size_t size, at;
    struct csv *reader;
    struct sheet_column columns[COLUMNS_MOST];
    size_t column_count;
    bool has_header;
};

/* The one of the usual delimiters that the first line has most of, outside quotes. */
static char find_delimiter(const char *text, size_t size)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    size_t counts[sizeof candidates] = {0};
    size_t best = 0;
    bool quoted = false;

    for (size_t at = 0; at < size && (quoted || (text[at] != '\n' && text[at] != '\r')); at++) {
        quoted ^= text[at] == '"';
        for (size_t i = 0; i < sizeof candidates && !quoted; i++)
            counts[i] += text[at] == candidates[i];
    }
    for (size_t i = 1; i < sizeof candidates; i++)
        if (counts[i] > counts[best])
            best = i;
    return candidates[best];
}

struct folder_sheet *folder_sheet_create(const struct folder_settings *settings, const char *text, size_t size,
                                         bool tabs)
{
    struct folder_sheet *sheet = folder_allocate(sizeof *sheet);
    struct csv_options options = {.delimiter = settings->delimiter, .maximum_fields = COLUMNS_MOST};

    if (options.delimiter == '\0')
        options.delimiter = tabs ? '\t' : find_delimiter(text, size);
    sheet->settings = settings;
    sheet->text = text;
    sheet->size = size;
    sheet->reader = csv_create(&options);
    return sheet;
}

void folder_sheet_destroy(struct folder_sheet *sheet)
{
    for (size_t i = 0; i < sheet->column_count; i++)
        free(sheet->columns[i].name);
    csv_destroy(sheet->reader);
    free(sheet);
}

/* The next row; *begin is where its bytes begin. */
static enum csv_status read_row(struct folder_sheet *sheet, struct csv_row *row, struct fault *fault, size_t *begin)
{
    size_t taken = 0;
    enum csv_status status;

    *begin = sheet->at;
    status = csv_next(sheet->reader, (const uint8_t *)sheet->text + sheet->at, sheet->size - sheet->at, true, &taken,
                      row, fault);
    sheet->at += taken;
    return status;
}

/* ---- header ---------------------------------------------------------------------------------------------------------- */

static enum folder_next stop(char fault[FOLDER_FAULT], const char *text)
{
    snprintf(fault, FOLDER_FAULT, "%s", text);
    return FOLDER_STOP;
}

static bool is_there_twice(const struct folder_sheet *sheet, const struct folder_field *field)
{
    size_t count = 0;

    for (size_t i = 0; i < sheet->column_count; i++)
        count += field != NULL && !field->several && sheet->columns[i].field == field;
    return count > 1;
}

/* A file without a header would make a patient's data the columns' names. */
static bool has_header(const struct folder_sheet *sheet)
{
    bool identifies = false;
    bool asks = false;

    for (size_t i = 0; i < sheet->column_count; i++) {
        const struct folder_field *field = sheet->columns[i].field;
        identifies |= field != NULL && (field->identifies || strcmp(field->path, "referral_id") == 0);
        asks |= field != NULL && (field->asks || strcmp(field->path, "action") == 0);
    }
    return identifies && asks;
}

static enum folder_next check_header(const struct folder_sheet *sheet, char fault[FOLDER_FAULT])
{
    if (!has_header(sheet))
        return stop(fault,
                    "the first line must name the columns, and among them be one for the patient (patient_family_name, "
                    "patient_id ...) and one for what is asked for (condition or technique); the option columns "
                    "says which column is which field");
    for (size_t i = 0; i < sheet->column_count; i++)
        if (is_there_twice(sheet, sheet->columns[i].field)) {
            snprintf(fault, FOLDER_FAULT, "two columns hold the field %s", sheet->columns[i].field->path);
            return FOLDER_STOP;
        }
    return FOLDER_ROW;
}

static enum folder_next read_header(struct folder_sheet *sheet, size_t *number, char fault[FOLDER_FAULT])
{
    struct fault problem = {{0}};
    struct csv_row row;
    size_t begin;
    const enum csv_status status = read_row(sheet, &row, &problem, &begin);

    *number = row.line;
    if (status == CSV_END)
        return stop(fault, "the file is empty");
    if (status != CSV_ROW)
        return stop(fault, problem.text);
    for (size_t i = 0; i < row.count; i++) {
        struct sheet_column *column = &sheet->columns[sheet->column_count++];
        column->name = folder_text(row.fields[i]);
        char *trimmed = folder_trimmed(row.fields[i], strlen(row.fields[i]));
        column->known = folder_settings_field(sheet->settings, trimmed, &column->field);
        free(trimmed);
    }
    sheet->has_header = true;
    return check_header(sheet, fault);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static enum folder_next build(const struct folder_sheet *sheet, const struct csv_row *row, size_t begin,
                              Fascia__Submission **submission, char fault[FOLDER_FAULT])
{
    struct folder_building building;

    folder_row_begin(&building, sheet->settings);
    for (size_t i = 0; i < row->count; i++) {
        const struct sheet_column *column = &sheet->columns[i];
        folder_row_cell(&building, column->name, column->known, column->field, row->fields[i]);
    }
    *submission = folder_row_end(&building, sheet->text + begin, sheet->at - begin, "text/csv");
    snprintf(fault, FOLDER_FAULT, "%s", building.fault);
    return *submission != NULL ? FOLDER_ROW : FOLDER_BAD;
}

static bool is_empty(const struct csv_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (row->fields[i][strspn(row->fields[i], " \t")] != '\0')
            return false;
    return true;
}

enum folder_next folder_sheet_next(struct folder_sheet *sheet, Fascia__Submission **submission, size_t *number,
                                   char fault[FOLDER_FAULT])
{
    struct fault problem = {{0}};
    struct csv_row row;
    enum csv_status status;
    size_t begin;

    if (!sheet->has_header && read_header(sheet, number, fault) == FOLDER_STOP)
        return FOLDER_STOP;
    do /* spreadsheets export empty rows at the end */
        status = read_row(sheet, &row, &problem, &begin);
    while (status == CSV_ROW && is_empty(&row));
    *number = row.line;
    if (status == CSV_END)
        return FOLDER_END;
    if (status != CSV_ROW) {
        snprintf(fault, FOLDER_FAULT, "%s", problem.text);
        return FOLDER_BAD;
    }
    if (row.count != sheet->column_count) {
        snprintf(fault, FOLDER_FAULT, "the row has %zu fields, the first line %zu", row.count, sheet->column_count);
        return FOLDER_BAD;
    }
    return build(sheet, &row, begin, submission, fault);
}
