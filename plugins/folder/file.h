/*
 * One file, row by row: CSV with a header line, a JSON array of objects, one object, or an object a line (NDJSON).
 *
 * The whole file is in memory, as the host gives it, in UTF-8 after conversion. Reading stops at no bad row: each is answered for itself. What is
 * wrong with the file as a whole (its character set, its header, JSON that can't be read on) stops it.
 */
#ifndef FOLDER_FILE_H
#define FOLDER_FILE_H

#include "folder/row.h"

struct folder_file;

enum folder_next {
    FOLDER_ROW, /* *submission is one, the caller's */
    FOLDER_BAD, /* the row can't be a referral; fault says why */
    FOLDER_END, /* no more */
    FOLDER_STOP /* the rest can't be read; fault says why */
};

struct folder_file *folder_file_create(const struct folder_settings *settings, const char *name, const uint8_t *bytes,
                                       size_t size);
void folder_file_destroy(struct folder_file *file);

/* number: the line on which the row begins, from 1; of a JSON array, which element. */
enum folder_next folder_file_next(struct folder_file *file, Fascia__Submission **submission, size_t *number,
                                  char fault[FOLDER_FAULT]);
/* Whether results of it are written as JSON. */
bool folder_file_is_json(const struct folder_file *file);

#endif
