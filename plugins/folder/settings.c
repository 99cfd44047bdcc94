#include "folder/settings.h"

#include "folder/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROW(kind, word, text) .size = sizeof(struct fascia_option), .type = (kind), .name = (word), .help = (text)

const struct fascia_option folder_options[FOLDER_OPTION_COUNT] = {
    {ROW(FASCIA_OPTION_TEXT, "sender",
         "What the exporting system is called; with the row's own id it tells referrals apart"),
     .flags = FASCIA_OPTION_REQUIRED, .maximum = 128},
    {ROW(FASCIA_OPTION_CHOICE, "role", "What the referrers of these files are, unless a column says"),
     .flags = FASCIA_OPTION_REQUIRED, .choices = "physician|chiropractor|physiotherapist"},
    {ROW(FASCIA_OPTION_TEXT, "referrer_name", "The referrer's name, unless a column says"), .maximum = 256},
    {ROW(FASCIA_OPTION_TEXT, "referrer_npi", "The referrer's National Provider Identifier, unless a column says"),
     .maximum = 10},
    {ROW(FASCIA_OPTION_MAP, "columns", "Which column of the file is which field; '-' for a column that is not kept"),
     .maximum = 256},
    {ROW(FASCIA_OPTION_CHOICE, "format", "What the files are; auto goes by their names and first characters"),
     .default_value = "auto", .choices = "auto|csv|json"},
    {ROW(FASCIA_OPTION_CHOICE, "delimiter", "What stands between the fields of CSV; auto goes by the first line"),
     .default_value = "auto", .choices = "auto|comma|semicolon|tab|pipe"},
    {ROW(FASCIA_OPTION_CHOICE, "character_set", "The character set of the files"), .default_value = "UTF-8",
     .choices = "UTF-8|ISO-8859-1|windows-1252|UTF-16"},
    {ROW(FASCIA_OPTION_CHOICE, "date_format", "How dates are written"), .default_value = "YYYY-MM-DD",
     .choices = "YYYY-MM-DD|MM/DD/YYYY|DD.MM.YYYY|DD/MM/YYYY|YYYYMMDD"},
    {ROW(FASCIA_OPTION_TEXT, "condition_system", "The code system of conditions that name none"),
     .default_value = "ICD-10-CM", .maximum = 64},
    {ROW(FASCIA_OPTION_TEXT, "time_zone", "The time zone of windows, unless a column says; absent: the node's own"),
     .maximum = 63},
    {ROW(FASCIA_OPTION_CHOICE, "changed",
         "What a row with a known id and other content is: update changes the referral, refuse answers with a problem"),
     .default_value = "update", .choices = "update|refuse"},
    {ROW(FASCIA_OPTION_BOOLEAN, "statuses", "Whether each change of a referral's state is written into results/"),
     .default_value = "true"},
    {ROW(FASCIA_OPTION_INTEGER, "window", "How many rows of a file are under way at one time"), .default_value = "256",
     .minimum = 1, .maximum = 4096},
    {ROW(FASCIA_OPTION_INTEGER, "maximum_rows", "How many rows a file may have"), .default_value = "100000",
     .minimum = 1, .maximum = 1000000},
};

static const Fascia__OptionValue *find(const Fascia__Options *options, const char *name)
{
    for (size_t i = 0; i < options->n_values; i++)
        if (strcmp(options->values[i]->name, name) == 0)
            return options->values[i];
    return NULL;
}

static const char *text_of(const Fascia__Options *options, const char *name, const char *otherwise)
{
    const Fascia__OptionValue *value = find(options, name);

    return value != NULL && value->value_case == FASCIA__OPTION_VALUE__VALUE_TEXT ? value->text : otherwise;
}

static uint32_t number_of(const Fascia__Options *options, const char *name, uint32_t otherwise)
{
    const Fascia__OptionValue *value = find(options, name);

    return value != NULL && value->value_case == FASCIA__OPTION_VALUE__VALUE_NUMBER ? (uint32_t)value->number
                                                                                    : otherwise;
}

/* The place of a word among words. */
static int choice_of(const Fascia__Options *options, const char *name, const char *const *words, size_t count)
{
    const char *word = text_of(options, name, words[0]);

    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return 0;
}

static void read_choices(struct folder_settings *settings, const Fascia__Options *options)
{
    static const char *const roles[] = {"", "physician", "chiropractor", "physiotherapist"};
    static const char *const dates[] = {"YYYY-MM-DD", "MM/DD/YYYY", "DD.MM.YYYY", "DD/MM/YYYY", "YYYYMMDD"};
    static const char *const formats[] = {"auto", "csv", "json"};
    static const char *const delimiters[] = {"auto", "comma", "semicolon", "tab", "pipe"};
    static const char letters[] = {'\0', ',', ';', '\t', '|'};

    settings->role = (Fascia__Role)choice_of(options, "role", roles, 4);
    settings->date_format = (enum folder_date)choice_of(options, "date_format", dates, 5);
    settings->format = (enum folder_format)choice_of(options, "format", formats, 3);
    settings->delimiter = letters[choice_of(options, "delimiter", delimiters, 5)];
}

static bool read_columns(struct folder_settings *settings, const Fascia__Options *options, char *fault,
                         size_t fault_size)
{
    const Fascia__OptionValue *value = find(options, "columns");

    if (value == NULL || value->value_case != FASCIA__OPTION_VALUE__VALUE_MAP)
        return true;
    settings->mappings = folder_allocate(value->map->n_entries * sizeof *settings->mappings);
    for (size_t i = 0; i < value->map->n_entries; i++) {
        const Fascia__OptionMap__EntriesEntry *entry = value->map->entries[i];
        const struct folder_field *field = folder_field_find(entry->value);
        if (field == NULL && strcmp(entry->value, "-") != 0) {
            snprintf(fault, fault_size,
                     "columns: column '%.48s' is mapped to '%.48s', which is no field; fields are for example "
                     "patient.family_name and condition, the folder source's README lists all",
                     entry->key, entry->value);
            return false;
        }
        settings->mappings[settings->mapping_count++] = (struct folder_mapping){folder_text(entry->key), field};
    }
    return true;
}

static bool check_npi(const char *npi, char *fault, size_t fault_size)
{
    if (npi[0] == '\0' || (strlen(npi) == 10 && strspn(npi, "0123456789") == 10))
        return true;
    snprintf(fault, fault_size, "referrer_npi is not ten digits");
    return false;
}

struct folder_settings *folder_settings_create(const Fascia__Options *options, char *fault, size_t fault_size)
{
    struct folder_settings *settings = folder_allocate(sizeof *settings);
    const Fascia__OptionValue *statuses = find(options, "statuses");

    settings->sender = folder_text(text_of(options, "sender", ""));
    settings->referrer_name = folder_text(text_of(options, "referrer_name", ""));
    settings->referrer_npi = folder_text(text_of(options, "referrer_npi", ""));
    settings->condition_system = folder_text(text_of(options, "condition_system", "ICD-10-CM"));
    settings->time_zone = folder_text(text_of(options, "time_zone", ""));
    settings->character_set = folder_text(text_of(options, "character_set", "UTF-8"));
    settings->update_if_changed = strcmp(text_of(options, "changed", "update"), "refuse") != 0;
    settings->statuses = statuses == NULL || statuses->value_case != FASCIA__OPTION_VALUE__VALUE_FLAG || statuses->flag;
    settings->window = number_of(options, "window", 256);
    settings->maximum_rows = number_of(options, "maximum_rows", 100000);
    read_choices(settings, options);
    if (check_npi(settings->referrer_npi, fault, fault_size) && read_columns(settings, options, fault, fault_size))
        return settings;
    folder_settings_destroy(settings);
    return NULL;
}

void folder_settings_destroy(struct folder_settings *settings)
{
    if (settings == NULL)
        return;
    for (size_t i = 0; i < settings->mapping_count; i++)
        free(settings->mappings[i].column);
    free(settings->mappings);
    free(settings->sender);
    free(settings->referrer_name);
    free(settings->referrer_npi);
    free(settings->condition_system);
    free(settings->time_zone);
    free(settings->character_set);
    free(settings);
}

bool folder_settings_field(const struct folder_settings *settings, const char *column,
                           const struct folder_field **field)
{
    for (size_t i = 0; i < settings->mapping_count; i++)
        if (strcasecmp(settings->mappings[i].column, column) == 0) {
            *field = settings->mappings[i].field;
            return true;
        }
    *field = folder_field_find(column);
    return *field != NULL;
}
