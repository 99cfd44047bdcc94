/*
 * Files of therapists, row by row: CSV with a header line, and NDJSON with an object a line (daemon/ctl/README.md).
 *
 * Reading needs memory for one row, however long the file. What is wrong with a row is added to the problems with line and column, the row is passed
 * over, and reading goes on. Everything that can be known without the daemon's tables is checked here.
 */
#ifndef FASCIA_CTL_THERAPIST_FILE_H
#define FASCIA_CTL_THERAPIST_FILE_H

#include "core/fault.h"
#include "ctl/problems.h"
#include "fascia/v1/therapist.pb-c.h"

#include <stdbool.h>
#include <stdio.h>

#define THERAPIST_ROW_BYTES (1u << 20)

enum therapist_format { THERAPIST_CSV, THERAPIST_NDJSON };

enum therapist_row {
    THERAPIST_ROW,   /* *therapist is one row, the caller's (free_unpacked) */
    THERAPIST_WRONG, /* a row was passed over; problems say why */
    THERAPIST_END,
    THERAPIST_STOP /* nothing can be read (on): no such columns, a read error; problems say why */
};

struct therapist_file;

/* stream and problems are borrowed. */
struct therapist_file *therapist_file_create(FILE *stream, enum therapist_format format, struct ctl_problems *problems);
void therapist_file_destroy(struct therapist_file *file);
enum therapist_row therapist_file_next(struct therapist_file *file, Fascia__Therapist **therapist, size_t *line);
/* Bytes of the stream that were read ahead, behind the current row. */
size_t therapist_file_unread(const struct therapist_file *file);
/* Where in the current row a field stands ("licences[2].valid_to" or "licences"): a column in characters; 1 when the row has no such field. */
size_t therapist_file_column(const struct therapist_file *file, const char *field);

/* The columns of a row, kept for when it is no longer the current one. */
#define THERAPIST_FIELDS_MOST 32
struct therapist_columns {
    uint32_t at[THERAPIST_FIELDS_MOST];
};
void therapist_file_keep_columns(const struct therapist_file *file, struct therapist_columns *columns);
size_t therapist_file_column_of(const struct therapist_file *file, const struct therapist_columns *columns,
                                const char *field);

/* "ndjson", "jsonl", "json" or "csv". */
MUST_CHECK bool therapist_format_of(const char *word, enum therapist_format *format);

/* CSV's header, and one row; NDJSON's line. */
void therapist_write_header(FILE *out, enum therapist_format format);
void therapist_write(FILE *out, enum therapist_format format, const Fascia__Therapist *therapist);

/* What can be checked of a therapist by itself; false when problems were added. columns tells where fields stand; NULL. A field of which
 * the problems have something on this line already is passed over. */
MUST_CHECK bool therapist_check(const Fascia__Therapist *therapist, const struct therapist_file *columns, size_t line,
                                struct ctl_problems *problems);

#endif
