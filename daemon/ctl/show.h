/*
 * What people see: tables, lines of "label  value", and answers in words.
 *
 * Text that came from elsewhere is printed without control characters, so that it can't drive the terminal.
 */
#ifndef FASCIA_CTL_SHOW_H
#define FASCIA_CTL_SHOW_H

#include "ctl/call.h"

struct ctl_table;

/* Columns by their titles, separated by '|'; one that begins with '>' is set right. */
struct ctl_table *ctl_table_create(const char *titles);
/* Adds a row; cells follow with ctl_table_cell in the columns' order. */
void ctl_table_row(struct ctl_table *table);
void ctl_table_cell(struct ctl_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Texts joined by ", ". */
void ctl_table_list(struct ctl_table *table, char *const *texts, size_t count);
void ctl_table_when(struct ctl_table *table, const struct zone *zone, int64_t instant);
/* Prints and frees; `none` stands there when the table has no row. */
void ctl_table_finish(struct ctl_table *table, struct ctl_call *call, const char *none);

void ctl_show_text(FILE *out, const char *text);
/* "  label     value"; nothing when the value is "". */
void ctl_show_field(struct ctl_call *call, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ctl_show_list(struct ctl_call *call, const char *label, char *const *texts, size_t count);
void ctl_show_problem(FILE *out, const Fascia__Problem *problem);
void ctl_show_result(struct ctl_call *call, const Fascia__Result *result);

/* The word of an enum value, in one of a few static buffers: good for one printf. */
const char *ctl_state_word(Fascia__State state);
const char *ctl_priority_word(Fascia__Priority priority);

#endif
