/* How values are written in exports: dates, words, codes, lists. Pure. */
#ifndef FOLDER_VALUES_H
#define FOLDER_VALUES_H

#include "fascia/v1/referral.pb-c.h"
#include "folder/settings.h"

/* As "YYYY-MM-DD", when the text is a date that exists; a time behind it is passed over. */
bool folder_date(enum folder_date format, const char *text, char date[11]);
const char *folder_date_example(enum folder_date format);

/* A whole number from 0 to most. */
bool folder_number(const char *text, uint32_t most, uint32_t *number);
/* Kilometres with or without a point or comma, as metres. */
bool folder_kilometres(const char *text, uint32_t *metres);

struct folder_word {
    const char *word;
    int value;
};
/* Case does not matter. The list ends with a NULL word. */
bool folder_word(const struct folder_word *words, const char *text, int *value);

/* A code, a text, or both ("M54.50 Low back pain", "SNOMED:279039007"): heap. system is for a code that names none. */
Fascia__Code *folder_code(const char *text, const char *system, const char *location);

/* Calls each for the trimmed items of a list between ';'. Stops at the first that fails. */
bool folder_each(const char *text, bool (*each)(void *context, const char *item), void *context);
/* A heap copy without blanks around it. */
char *folder_trimmed(const char *text, size_t size);

#endif
