/* Builds the submission of one row out of its cells. */
#ifndef FOLDER_ROW_H
#define FOLDER_ROW_H

#include "folder/settings.h"

#define FOLDER_FAULT 1024 /* bytes of a row's problems */
#define FOLDER_NAME  64   /* bytes of a column's name that are shown */

struct folder_building {
    struct folder_row row;
    uint64_t seen; /* bits of the fields that were read */
    char fault[FOLDER_FAULT];
    char location[FOLDER_NAME + 16];
};

void folder_row_begin(struct folder_building *building, const struct folder_settings *settings);
/* One cell. known: the column is a field's, or (field NULL) one that is not wanted. Text is UTF-8; empty cells say nothing. */
void folder_row_cell(struct folder_building *building, const char *column, bool known, const struct folder_field *field,
                     const char *text);
/* The submission, heap, with the row as it came; NULL when building->fault says what is wrong. */
Fascia__Submission *folder_row_end(struct folder_building *building, const char *original, size_t size,
                                   const char *media_type);

#endif
