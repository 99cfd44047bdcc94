/* What the configuration says about one folder, checked. */
#ifndef FOLDER_SETTINGS_H
#define FOLDER_SETTINGS_H

#include "fascia/plugin.h"
#include "fascia/v1/plugin.pb-c.h"
#include "folder/fields.h"

#include <stdbool.h>

enum folder_date { FOLDER_DATE_ISO, FOLDER_DATE_US, FOLDER_DATE_GERMAN, FOLDER_DATE_BRITISH, FOLDER_DATE_COMPACT };
enum folder_format { FOLDER_BY_NAME, FOLDER_CSV, FOLDER_JSON };

struct folder_mapping {
    char *column;
    const struct folder_field *field; /* NULL: the column is not kept */
};

struct folder_settings {
    char *sender, *referrer_name, *referrer_npi, *condition_system, *time_zone;
    char *character_set; /* as iconv(3) knows it */
    Fascia__Role role;
    enum folder_date date_format;
    enum folder_format format;
    char delimiter; /* 0: found out from the header */
    bool update_if_changed;
    bool statuses;
    uint32_t window;       /* rows under way at one time */
    uint32_t maximum_rows; /* of a file */
    struct folder_mapping *mappings;
    size_t mapping_count;
};

#define FOLDER_OPTION_COUNT 15
extern const struct fascia_option folder_options[FOLDER_OPTION_COUNT];

/* NULL, and why in fault, when options contradict what is here. */
struct folder_settings *folder_settings_create(const Fascia__Options *options, char *fault, size_t fault_size);
void folder_settings_destroy(struct folder_settings *settings);

/* The field that a column goes to: by the mapping, else by its own name. false when it is no field's. *field is NULL for a column that is to be dropped. */
bool folder_settings_field(const struct folder_settings *settings, const char *column,
                           const struct folder_field **field);

#endif
