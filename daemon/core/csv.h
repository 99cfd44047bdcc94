/*
 * Comma-separated values: rows out of bytes, and fields back into bytes (RFC 4180).
 *
 * The reader owns no file: the caller shows it the bytes that begin at the next row, and it takes one row at a time. When the
 * row does not end within what is shown and more can come, it asks for more and takes nothing. What it accepts: fields in quotes
 * with doubled quotes and line ends inside; CR LF, LF or CR as the end of a row; a byte order mark before the first row; empty
 * lines and, when asked, comment lines, which are passed over. What it refuses names line and column (in characters, both from 1),
 * never the text that stood there; reading then goes on with the line after the one on which the bad row began, so that one
 * broken row does not take its neighbours with it. Text is UTF-8 without NUL.
 *
 * Shared by the code tables, fasciactl and the folder source. One reader is used by one thread at a time.
 */
#ifndef FASCIA_CORE_CSV_H
#define FASCIA_CORE_CSV_H

#include "core/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv;

struct csv_options {
    char delimiter;        /* 0: ',' */
    char comment;          /* a line that begins with it is passed over; 0: none */
    size_t maximum_row;    /* bytes of one row as written; 0: 1 MiB */
    size_t maximum_fields; /* 0: 256 */
};

struct csv_row {
    size_t line;               /* on which the row began, from 1 */
    size_t count;              /* of fields, at least 1 */
    const char *const *fields; /* unquoted, each ends in NUL; lent until the next call */
    const size_t *columns;     /* where each field began, in characters from 1 */
};

enum csv_status {
    CSV_ROW,  /* *row is one row */
    CSV_MORE, /* the row goes on: show the same bytes with more behind them */
    CSV_END,  /* nothing is left */
    CSV_BAD   /* this row can't be read: the fault says where and why; the next call goes on behind its first line */
};

/* options NULL: defaults. */
struct csv *csv_create(const struct csv_options *options);
void csv_destroy(struct csv *reader);

/* bytes begin where the last call's *taken ended. last: nothing comes after them. *taken bytes are done with (comment and
 * empty lines may be taken with CSV_MORE, too). row->line is set for CSV_BAD as well. */
MUST_CHECK enum csv_status csv_next(struct csv *reader, const uint8_t *bytes, size_t size, bool last, size_t *taken,
                                    struct csv_row *row, struct fault *fault);

/* How many bytes the text takes as a field, in quotes where it needs them; writes as many as fit into room (no NUL). */
size_t csv_write_field(char *out, size_t room, const char *text, char delimiter);

#endif
