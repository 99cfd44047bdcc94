/* The two formats behind therapist_file.h: therapist_csv.c and therapist_ndjson.c. */
#ifndef FASCIA_CTL_THERAPIST_FORMATS_H
#define FASCIA_CTL_THERAPIST_FORMATS_H

#include "ctl/therapist_file.h"

/* next: a THERAPIST_WRONG row may come with what could be read of it, for further checks; the caller's, like a good one. */

struct therapist_csv;
struct therapist_csv *therapist_csv_create(FILE *stream, struct ctl_problems *problems);
void therapist_csv_destroy(struct therapist_csv *csv);
enum therapist_row therapist_csv_next(struct therapist_csv *csv, Fascia__Therapist **therapist, size_t *line);
size_t therapist_csv_unread(const struct therapist_csv *csv);
void therapist_csv_keep_columns(const struct therapist_csv *csv, struct therapist_columns *columns);
/* Which of the kept columns is the field's; -1 when there is none. */
int therapist_csv_find(const struct therapist_csv *csv, const char *field);
void therapist_csv_write_header(FILE *out);
void therapist_csv_write(FILE *out, const Fascia__Therapist *therapist);

struct therapist_ndjson;
struct therapist_ndjson *therapist_ndjson_create(FILE *stream, struct ctl_problems *problems);
void therapist_ndjson_destroy(struct therapist_ndjson *ndjson);
enum therapist_row therapist_ndjson_next(struct therapist_ndjson *ndjson, Fascia__Therapist **therapist, size_t *line);
void therapist_ndjson_keep_columns(const struct therapist_ndjson *ndjson, struct therapist_columns *columns);
int therapist_ndjson_find(const char *field);
void therapist_ndjson_write(FILE *out, const Fascia__Therapist *therapist);

#endif
