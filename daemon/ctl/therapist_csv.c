#include "core/csv.h"
#include "core/memory.h"
#include "ctl/columns.h"
#include "ctl/therapist_formats.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static_assert(CTL_COLUMNS_MOST <= THERAPIST_FIELDS_MOST, "every column of a row can be kept");

#define WINDOW_BYTES (THERAPIST_ROW_BYTES + 65536)

struct therapist_csv {
    FILE *stream;
    struct ctl_problems *problems;
    struct csv *reader;
    uint8_t *window; /* bytes not yet taken */
    size_t begin, end;
    bool ended; /* the stream has no more */
    bool has_header;
    const struct ctl_column *columns[CTL_COLUMNS_MOST]; /* as the header orders them */
    size_t column_count;
    size_t at[CTL_COLUMNS_MOST]; /* where the fields of the current row stand */
};

struct therapist_csv *therapist_csv_create(FILE *stream, struct ctl_problems *problems)
{
    struct therapist_csv *csv = memory_allocate(1, sizeof *csv);
    const struct csv_options options = {.comment = '#', .maximum_row = THERAPIST_ROW_BYTES};

    csv->stream = stream;
    csv->problems = problems;
    csv->reader = csv_create(&options);
    csv->window = memory_allocate(WINDOW_BYTES, 1);
    return csv;
}

void therapist_csv_destroy(struct therapist_csv *csv)
{
    csv_destroy(csv->reader);
    free(csv->window);
    free(csv);
}

/* Shows the reader more. */
static bool fill(struct therapist_csv *csv)
{
    size_t got;

    memmove(csv->window, csv->window + csv->begin, csv->end - csv->begin);
    csv->end -= csv->begin;
    csv->begin = 0;
    got = fread(csv->window + csv->end, 1, WINDOW_BYTES - csv->end, csv->stream);
    csv->end += got;
    csv->ended = got == 0;
    if (!ferror(csv->stream))
        return true;
    ctl_problems_add(csv->problems, 0, 0, "", strerror(errno));
    return false;
}

/* The reader's faults begin with their own place. */
static void add_fault(struct ctl_problems *problems, size_t line, const char *text)
{
    unsigned long at_line = line;
    unsigned long column = 0;
    int skip = 0;

    if (sscanf(text, "line %lu column %lu: %n", &at_line, &column, &skip) < 2 || skip == 0) {
        column = 0;
        skip = 0;
        (void)sscanf(text, "line %lu: %n", &at_line, &skip);
    }
    ctl_problems_add(problems, at_line, column, "", text + skip);
}

static enum therapist_row next_row(struct therapist_csv *csv, struct csv_row *row)
{
    for (;;) {
        struct fault fault = {{0}};
        size_t taken = 0;
        const enum csv_status status =
            csv_next(csv->reader, csv->window + csv->begin, csv->end - csv->begin, csv->ended, &taken, row, &fault);
        csv->begin += taken;
        switch (status) {
        case CSV_ROW:
            return THERAPIST_ROW;
        case CSV_END:
            return THERAPIST_END;
        case CSV_BAD:
            add_fault(csv->problems, row->line, fault.text);
            return THERAPIST_WRONG;
        case CSV_MORE:
            if (!fill(csv))
                return THERAPIST_STOP;
        }
    }
}

/* ---- header ---------------------------------------------------------------------------------------------------------- */

static const struct ctl_column *find_column(const char *name)
{
    const size_t skip = strspn(name, " \t");
    size_t size = strlen(name + skip);

    while (size > 0 && (name[skip + size - 1] == ' ' || name[skip + size - 1] == '\t'))
        size--;
    for (size_t i = 0; i < ctl_column_count; i++)
        if (strlen(ctl_columns[i].name) == size && strncasecmp(ctl_columns[i].name, name + skip, size) == 0)
            return &ctl_columns[i];
    return NULL;
}

static bool has_column(const struct therapist_csv *csv, const struct ctl_column *column)
{
    for (size_t i = 0; i < csv->column_count; i++)
        if (csv->columns[i] == column)
            return true;
    return false;
}

static void name_columns(char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "there is no such column; the columns are");

    for (size_t i = 0; i < ctl_column_count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s %s", i > 0 ? "," : "", ctl_columns[i].name);
}

static bool read_header(struct therapist_csv *csv, const struct csv_row *row)
{
    bool good = true;
    char text[1024];

    for (size_t i = 0; i < row->count; i++) {
        const struct ctl_column *column = find_column(row->fields[i]);
        if (column == NULL)
            name_columns(text, sizeof text);
        else
            snprintf(text, sizeof text, "the column is there twice");
        if (column == NULL || has_column(csv, column)) {
            ctl_problems_add(csv->problems, row->line, row->columns[i], column != NULL ? column->name : "", text);
            good = false;
        } else {
            csv->columns[csv->column_count++] = column;
        }
    }
    for (size_t i = 0; i < ctl_column_count; i++)
        if (ctl_columns[i].required && !has_column(csv, &ctl_columns[i])) {
            ctl_problems_add(csv->problems, row->line, 0, ctl_columns[i].name, "the column is missing");
            good = false;
        }
    return good;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

static bool read_fields(struct therapist_csv *csv, const struct csv_row *row, Fascia__Therapist *therapist)
{
    bool good = true;

    for (size_t i = 0; i < row->count; i++) {
        struct fault fault = {{0}};
        char *text = memory_text(row->fields[i]);
        csv->at[i] = row->columns[i];
        if (csv->columns[i]->required && text[strspn(text, " \t")] == '\0') {
            ctl_problems_add(csv->problems, row->line, row->columns[i], csv->columns[i]->name, "is missing");
            good = false;
        } else if (!csv->columns[i]->read(text, therapist, &fault)) {
            ctl_problems_add(csv->problems, row->line, row->columns[i], csv->columns[i]->name, fault.text);
            good = false;
        }
        free(text);
    }
    return good;
}

static bool has_all_fields(struct therapist_csv *csv, const struct csv_row *row)
{
    char text[96];

    if (row->count == csv->column_count)
        return true;
    snprintf(text, sizeof text, "the row has %zu fields, the header %zu", row->count, csv->column_count);
    ctl_problems_add(csv->problems, row->line, 0, "", text);
    return false;
}

enum therapist_row therapist_csv_next(struct therapist_csv *csv, Fascia__Therapist **therapist, size_t *line)
{
    struct csv_row row;
    enum therapist_row got = next_row(csv, &row);

    if (got == THERAPIST_ROW && !csv->has_header) {
        if (!read_header(csv, &row))
            return THERAPIST_STOP;
        csv->has_header = true;
        got = next_row(csv, &row);
    }
    if (got != THERAPIST_END || csv->has_header)
        *line = row.line;
    if (!csv->has_header && got == THERAPIST_END)
        ctl_problems_add(csv->problems, 1, 0, "", "the file is empty: its first line names the columns");
    if (!csv->has_header)
        return THERAPIST_STOP;
    if (got != THERAPIST_ROW)
        return got;
    if (!has_all_fields(csv, &row))
        return THERAPIST_WRONG;
    *therapist = memory_allocate(1, sizeof **therapist);
    fascia__therapist__init(*therapist);
    return read_fields(csv, &row, *therapist) ? THERAPIST_ROW : THERAPIST_WRONG;
}

size_t therapist_csv_unread(const struct therapist_csv *csv)
{
    return csv->end - csv->begin;
}

void therapist_csv_keep_columns(const struct therapist_csv *csv, struct therapist_columns *columns)
{
    for (size_t i = 0; i < csv->column_count; i++)
        columns->at[i] = (uint32_t)csv->at[i];
}

int therapist_csv_find(const struct therapist_csv *csv, const char *field)
{
    for (size_t i = 0; i < csv->column_count; i++) {
        const char *name = csv->columns[i]->name;
        const size_t size = strcmp(name, "home_radius_km") == 0 ? strlen("home_radius") : strlen(name);
        if (strncmp(name, field, size) == 0 && (field[size] == '\0' || field[size] == '[' || field[size] == '.'))
            return (int)i;
    }
    return -1;
}

/* ---- writing --------------------------------------------------------------------------------------------------------- */

void therapist_csv_write_header(FILE *out)
{
    for (size_t i = 0; i < ctl_column_count; i++)
        fprintf(out, "%s%s", i > 0 ? "," : "", ctl_columns[i].name);
    fputc('\n', out);
}

void therapist_csv_write(FILE *out, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < ctl_column_count; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        char *field;
        INVARIANT(stream != NULL);
        ctl_columns[i].write(stream, therapist);
        fclose(stream);
        field = memory_allocate(2 * size + 3, 1);
        csv_write_field(field, 2 * size + 3, text, ',');
        fprintf(out, "%s%s", i > 0 ? "," : "", field);
        free(field);
        free(text);
    }
    fputc('\n', out);
}
