#include "core/memory.h"
#include "ctl/therapist_formats.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct therapist_file {
    struct ctl_problems *problems;
    struct therapist_csv *csv; /* one of the two */
    struct therapist_ndjson *ndjson;
};

bool therapist_format_of(const char *word, enum therapist_format *format)
{
    const bool json =
        strcasecmp(word, "ndjson") == 0 || strcasecmp(word, "jsonl") == 0 || strcasecmp(word, "json") == 0;

    *format = json ? THERAPIST_NDJSON : THERAPIST_CSV;
    return json || strcasecmp(word, "csv") == 0;
}

struct therapist_file *therapist_file_create(FILE *stream, enum therapist_format format, struct ctl_problems *problems)
{
    struct therapist_file *file = memory_allocate(1, sizeof *file);

    file->problems = problems;
    if (format == THERAPIST_CSV)
        file->csv = therapist_csv_create(stream, problems);
    else
        file->ndjson = therapist_ndjson_create(stream, problems);
    return file;
}

void therapist_file_destroy(struct therapist_file *file)
{
    if (file == NULL)
        return;
    if (file->csv != NULL)
        therapist_csv_destroy(file->csv);
    if (file->ndjson != NULL)
        therapist_ndjson_destroy(file->ndjson);
    free(file);
}

enum therapist_row therapist_file_next(struct therapist_file *file, Fascia__Therapist **therapist, size_t *line)
{
    enum therapist_row row;

    *therapist = NULL;
    *line = 0;
    row = file->csv != NULL ? therapist_csv_next(file->csv, therapist, line)
                            : therapist_ndjson_next(file->ndjson, therapist, line);
    if (*therapist == NULL)
        return row;
    /* Of a row that is wrong already, the rest is checked all the same: who mends it sees everything at once. */
    if (therapist_check(*therapist, file, *line, file->problems) && row == THERAPIST_ROW)
        return THERAPIST_ROW;
    fascia__therapist__free_unpacked(*therapist, NULL);
    *therapist = NULL;
    return THERAPIST_WRONG;
}

size_t therapist_file_unread(const struct therapist_file *file)
{
    return file->csv != NULL ? therapist_csv_unread(file->csv) : 0;
}

void therapist_file_keep_columns(const struct therapist_file *file, struct therapist_columns *columns)
{
    *columns = (struct therapist_columns){{0}};
    if (file->csv != NULL)
        therapist_csv_keep_columns(file->csv, columns);
    else
        therapist_ndjson_keep_columns(file->ndjson, columns);
}

size_t therapist_file_column_of(const struct therapist_file *file, const struct therapist_columns *columns,
                                const char *field)
{
    const int found = file->csv != NULL ? therapist_csv_find(file->csv, field) : therapist_ndjson_find(field);

    return found >= 0 && columns->at[found] > 0 ? columns->at[found] : 1;
}

size_t therapist_file_column(const struct therapist_file *file, const char *field)
{
    struct therapist_columns columns;

    if (file == NULL)
        return 0;
    therapist_file_keep_columns(file, &columns);
    return therapist_file_column_of(file, &columns, field);
}

void therapist_write_header(FILE *out, enum therapist_format format)
{
    if (format == THERAPIST_CSV)
        therapist_csv_write_header(out);
}

void therapist_write(FILE *out, enum therapist_format format, const Fascia__Therapist *therapist)
{
    if (format == THERAPIST_CSV)
        therapist_csv_write(out, therapist);
    else
        therapist_ndjson_write(out, therapist);
}
