/* The formats behind file.h. Each reads text that the file holds for as long as it is read. */
#ifndef FOLDER_FORMATS_H
#define FOLDER_FORMATS_H

#include "folder/file.h"

struct folder_sheet; /* CSV */
struct folder_sheet *folder_sheet_create(const struct folder_settings *settings, const char *text, size_t size,
                                         bool tabs);
void folder_sheet_destroy(struct folder_sheet *sheet);
enum folder_next folder_sheet_next(struct folder_sheet *sheet, Fascia__Submission **submission, size_t *number,
                                   char fault[FOLDER_FAULT]);

struct folder_records; /* JSON */
/* lines: an object a line, whatever the text begins with. */
struct folder_records *folder_records_create(const struct folder_settings *settings, const char *text, size_t size,
                                             bool lines);
void folder_records_destroy(struct folder_records *records);
enum folder_next folder_records_next(struct folder_records *records, Fascia__Submission **submission, size_t *number,
                                     char fault[FOLDER_FAULT]);

#endif
