/*
 * The fields of a referral that a column can hold, by path; and how each reads its text.
 *
 * A field never repeats what stood in it when it is wrong: problems say what would be right.
 */
#ifndef FOLDER_FIELDS_H
#define FOLDER_FIELDS_H

#include "fascia/v1/plugin.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

struct folder_settings;

/* One row under way. */
struct folder_row {
    const struct folder_settings *settings;
    Fascia__Submission *submission; /* heap; submit, referral and what hangs on it are there */
    const char *column;             /* name of the one that is read, for locations */
};

struct folder_field {
    const char *path; /* "patient.family_name" */
    bool identifies;  /* one of these, or `asks`, must be in a file that is about referrals */
    bool asks;
    bool several; /* more than one column may hold it */
    /* Empty text is not read. On failure writes what would be right into fault. */
    bool (*read)(struct folder_row *row, const char *text, char *fault, size_t fault_size);
};

extern const struct folder_field folder_fields[];
extern const size_t folder_field_count;

/* By path ("patient.family_name") or as a column is called by default ("patient_family_name"); case does not matter. NULL. */
const struct folder_field *folder_field_find(const char *name);

#endif
