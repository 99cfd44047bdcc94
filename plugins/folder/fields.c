#include "folder/fields.h"

#include "core/week.h"
#include "folder/memory.h"
#include "folder/settings.h"
#include "folder/values.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MOST    65536 /* bytes of one field */
#define WINDOWS_MOST 64

/* The messages that hang on a referral are made when a field first needs them. */
static void *new_message(const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = folder_allocate(type->sizeof_message);

    protobuf_c_message_init(type, message);
    return message;
}

static Fascia__Referral *referral_of(struct folder_row *row)
{
    return row->submission->submit->referral;
}

static Fascia__Patient *patient_of(struct folder_row *row)
{
    Fascia__Referral *referral = referral_of(row);

    if (referral->patient == NULL)
        referral->patient = new_message(&fascia__patient__descriptor);
    return referral->patient;
}

static Fascia__Address *address_of(struct folder_row *row)
{
    Fascia__Patient *patient = patient_of(row);

    if (patient->address == NULL)
        patient->address = new_message(&fascia__address__descriptor);
    return patient->address;
}

static Fascia__Referrer *referrer_of(struct folder_row *row)
{
    Fascia__Referral *referral = referral_of(row);

    if (referral->referrer == NULL)
        referral->referrer = new_message(&fascia__referrer__descriptor);
    return referral->referrer;
}

static Fascia__Preferences *wishes_of(struct folder_row *row)
{
    Fascia__Referral *referral = referral_of(row);

    if (referral->preferences == NULL)
        referral->preferences = new_message(&fascia__preferences__descriptor);
    return referral->preferences;
}

static Fascia__Authorization *authorization_of(struct folder_row *row)
{
    Fascia__Referral *referral = referral_of(row);

    if (referral->authorization == NULL)
        referral->authorization = new_message(&fascia__authorization__descriptor);
    return referral->authorization;
}

static Fascia__Coverage *coverage_of(struct folder_row *row)
{
    Fascia__Referral *referral = referral_of(row);

    if (referral->n_coverages == 0) {
        Fascia__Coverage *coverage = new_message(&fascia__coverage__descriptor);
        FOLDER_PUSH(referral->coverages, referral->n_coverages, coverage);
    }
    return referral->coverages[0];
}

/* ---- texts --------------------------------------------------------------------------------------------------------------- */

static bool say(char *fault, size_t fault_size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool say(char *fault, size_t fault_size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fault, fault_size, format, arguments);
    va_end(arguments);
    return false;
}

static bool set_text(char **slot, const char *text, char *fault, size_t fault_size)
{
    if (strlen(text) > TEXT_MOST)
        return say(fault, fault_size, "is longer than %d bytes", TEXT_MOST);
    *slot = folder_text(text);
    return true;
}

#define TEXT_FIELD(name, slot)                                                                                         \
    static bool read_##name(struct folder_row *row, const char *text, char *fault, size_t fault_size)                  \
    {                                                                                                                  \
        return set_text(&(slot), text, fault, fault_size);                                                             \
    }

TEXT_FIELD(referral_id, referral_of(row)->sender_referral_id)
TEXT_FIELD(family_name, patient_of(row)->family_name)
TEXT_FIELD(given_name, patient_of(row)->given_name)
TEXT_FIELD(city, address_of(row)->city)
TEXT_FIELD(state, address_of(row)->state)
TEXT_FIELD(postal_code, address_of(row)->postal_code)
TEXT_FIELD(country, address_of(row)->country)
TEXT_FIELD(payer, coverage_of(row)->payer)
TEXT_FIELD(payer_name, coverage_of(row)->payer_name)
TEXT_FIELD(member_id, coverage_of(row)->member_id)
TEXT_FIELD(authorization_number, authorization_of(row)->number)
TEXT_FIELD(therapist, wishes_of(row)->therapist)
TEXT_FIELD(time_zone, wishes_of(row)->time_zone)
TEXT_FIELD(referrer_name, referrer_of(row)->name)

static bool read_line(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Address *address = address_of(row);
    char *line = NULL;

    if (!set_text(&line, text, fault, fault_size))
        return false;
    FOLDER_PUSH(address->lines, address->n_lines, line);
    return true;
}

/* Lists of texts: phones, e-mail addresses, languages. */
struct text_list {
    char ***texts;
    size_t *count;
    bool lower;
};

static bool add_text(void *context, const char *item)
{
    const struct text_list *list = context;
    char *text = folder_text(item);

    for (char *at = text; list->lower && *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    FOLDER_PUSH(*list->texts, *list->count, text);
    return true;
}

static bool read_list(struct text_list list, const char *text, char *fault, size_t fault_size)
{
    return folder_each(text, add_text, &list) || say(fault, fault_size, "has too many items");
}

static bool read_phone(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Patient *patient = patient_of(row);

    return read_list((struct text_list){&patient->phones, &patient->n_phones, false}, text, fault, fault_size);
}

static bool read_email(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Patient *patient = patient_of(row);

    return read_list((struct text_list){&patient->emails, &patient->n_emails, false}, text, fault, fault_size);
}

static bool read_patient_language(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Patient *patient = patient_of(row);

    return read_list((struct text_list){&patient->languages, &patient->n_languages, true}, text, fault, fault_size);
}

static bool read_language(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Preferences *wishes = wishes_of(row);

    return read_list((struct text_list){&wishes->languages, &wishes->n_languages, true}, text, fault, fault_size);
}

/* ---- identifiers and notes ----------------------------------------------------------------------------------------------- */

static bool read_patient_id(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Patient *patient = patient_of(row);
    Fascia__Identifier *identifier = new_message(&fascia__identifier__descriptor);

    FOLDER_PUSH(patient->identifiers, patient->n_identifiers, identifier);
    identifier->type = folder_text("MR");
    return set_text(&identifier->value, text, fault, fault_size);
}

static bool read_npi(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Referrer *referrer = referrer_of(row);
    Fascia__Identifier *identifier;

    if (strlen(text) != 10 || strspn(text, "0123456789") != 10)
        return say(fault, fault_size, "is not a National Provider Identifier of ten digits");
    identifier = new_message(&fascia__identifier__descriptor);
    FOLDER_PUSH(referrer->identifiers, referrer->n_identifiers, identifier);
    identifier->type = folder_text("NPI");
    identifier->value = folder_text(text);
    return true;
}

static bool add_note(struct folder_row *row, const char *kind, const char *text, char *fault, size_t fault_size)
{
    Fascia__Referral *referral = referral_of(row);
    Fascia__Note *note = new_message(&fascia__note__descriptor);

    FOLDER_PUSH(referral->notes, referral->n_notes, note);
    note->kind = folder_text(kind);
    note->location = folder_text(row->column);
    return set_text(&note->text, text, fault, fault_size);
}

static bool read_note(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    return add_note(row, "comment", text, fault, fault_size);
}

static bool read_reason(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    return add_note(row, "reason", text, fault, fault_size);
}

/* ---- codes --------------------------------------------------------------------------------------------------------------- */

struct code_list {
    struct folder_row *row;
    const char *system;
    Fascia__Code ***codes;
    size_t *count;
};

static bool add_code(void *context, const char *item)
{
    const struct code_list *list = context;
    Fascia__Code *code = folder_code(item, list->system, list->row->column);

    FOLDER_PUSH(*list->codes, *list->count, code);
    return true;
}

static bool read_codes(struct code_list list, const char *text, char *fault, size_t fault_size)
{
    return folder_each(text, add_code, &list) || say(fault, fault_size, "has too many items");
}

static bool read_condition(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Referral *referral = referral_of(row);

    return read_codes(
        (struct code_list){row, row->settings->condition_system, &referral->conditions, &referral->n_conditions}, text,
        fault, fault_size);
}

static bool read_technique(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Referral *referral = referral_of(row);

    return read_codes((struct code_list){row, "CPT", &referral->procedures, &referral->n_procedures}, text, fault,
                      fault_size);
}

static bool read_flags(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Referral *referral = referral_of(row);

    return read_codes((struct code_list){row, row->settings->condition_system, &referral->flags, &referral->n_flags},
                      text, fault, fault_size);
}

/* ---- words --------------------------------------------------------------------------------------------------------------- */

static const struct folder_word genders[] = {{"female", FASCIA__GENDER__GENDER_FEMALE},
                                             {"f", FASCIA__GENDER__GENDER_FEMALE},
                                             {"woman", FASCIA__GENDER__GENDER_FEMALE},
                                             {"male", FASCIA__GENDER__GENDER_MALE},
                                             {"m", FASCIA__GENDER__GENDER_MALE},
                                             {"man", FASCIA__GENDER__GENDER_MALE},
                                             {"other", FASCIA__GENDER__GENDER_OTHER},
                                             {"o", FASCIA__GENDER__GENDER_OTHER},
                                             {"x", FASCIA__GENDER__GENDER_OTHER},
                                             {"unknown", FASCIA__GENDER__GENDER_UNSPECIFIED},
                                             {"u", FASCIA__GENDER__GENDER_UNSPECIFIED},
                                             {"any", FASCIA__GENDER__GENDER_UNSPECIFIED},
                                             {NULL, 0}};
static const struct folder_word priorities[] = {{"routine", FASCIA__PRIORITY__PRIORITY_ROUTINE},
                                                {"normal", FASCIA__PRIORITY__PRIORITY_ROUTINE},
                                                {"r", FASCIA__PRIORITY__PRIORITY_ROUTINE},
                                                {"urgent", FASCIA__PRIORITY__PRIORITY_URGENT},
                                                {"asap", FASCIA__PRIORITY__PRIORITY_URGENT},
                                                {"a", FASCIA__PRIORITY__PRIORITY_URGENT},
                                                {"stat", FASCIA__PRIORITY__PRIORITY_STAT},
                                                {"s", FASCIA__PRIORITY__PRIORITY_STAT},
                                                {NULL, 0}};
static const struct folder_word modes[] = {
    {"clinic", FASCIA__VISIT_MODE__VISIT_MODE_CLINIC},   {"home", FASCIA__VISIT_MODE__VISIT_MODE_HOME},
    {"remote", FASCIA__VISIT_MODE__VISIT_MODE_REMOTE},   {"video", FASCIA__VISIT_MODE__VISIT_MODE_REMOTE},
    {"any", FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED}, {NULL, 0}};
static const struct folder_word actions[] = {{"new", FASCIA__SUBMIT__ACTION__NEW},
                                             {"modify", FASCIA__SUBMIT__ACTION__MODIFY},
                                             {"change", FASCIA__SUBMIT__ACTION__MODIFY},
                                             {"cancel", FASCIA__SUBMIT__ACTION__CANCEL},
                                             {NULL, 0}};
static const struct folder_word roles[] = {{"physician", FASCIA__ROLE__ROLE_PHYSICIAN},
                                           {"chiropractor", FASCIA__ROLE__ROLE_CHIROPRACTOR},
                                           {"physiotherapist", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST},
                                           {NULL, 0}};

#define WORD_FIELD(name, words, type, slot, right)                                                                     \
    static bool read_##name(struct folder_row *row, const char *text, char *fault, size_t fault_size)                  \
    {                                                                                                                  \
        int value = 0;                                                                                                 \
        if (!folder_word(words, text, &value))                                                                         \
            return say(fault, fault_size, "must be " right);                                                           \
        (slot) = (type)value;                                                                                          \
        return true;                                                                                                   \
    }

WORD_FIELD(gender, genders, Fascia__Gender, patient_of(row)->gender, "female, male, other or unknown")
WORD_FIELD(therapist_gender, genders, Fascia__Gender, wishes_of(row)->therapist_gender, "female, male, other or any")
WORD_FIELD(priority, priorities, Fascia__Priority, referral_of(row)->priority, "routine, urgent or stat")
WORD_FIELD(visit_mode, modes, Fascia__VisitMode, wishes_of(row)->visit_mode, "clinic, home, remote or any")
WORD_FIELD(action, actions, Fascia__Submit__Action, row->submission->submit->action, "new, modify or cancel")
WORD_FIELD(role, roles, Fascia__Role, referrer_of(row)->role, "physician, chiropractor or physiotherapist")

/* ---- dates, numbers, times ------------------------------------------------------------------------------------------------ */

static bool set_date(struct folder_row *row, char **slot, const char *text, char *fault, size_t fault_size)
{
    char date[11];

    if (!folder_date(row->settings->date_format, text, date))
        return say(fault, fault_size, "is not a date that exists, written %s (option date_format)",
                   folder_date_example(row->settings->date_format));
    *slot = folder_text(date);
    return true;
}

#define DATE_FIELD(name, slot)                                                                                         \
    static bool read_##name(struct folder_row *row, const char *text, char *fault, size_t fault_size)                  \
    {                                                                                                                  \
        return set_date(row, &(slot), text, fault, fault_size);                                                        \
    }
DATE_FIELD(birth_date, patient_of(row)->birth_date)
DATE_FIELD(not_before, wishes_of(row)->not_before)
DATE_FIELD(not_after, wishes_of(row)->not_after)
DATE_FIELD(valid_from, authorization_of(row)->valid_from)
DATE_FIELD(valid_to, authorization_of(row)->valid_to)

static bool read_visits(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    return folder_number(text, 1000, &authorization_of(row)->visits_authorised) ||
           say(fault, fault_size, "must be a whole number from 0 to 1000");
}

static bool read_duration(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    return folder_number(text, 480, &wishes_of(row)->duration_minutes) ||
           say(fault, fault_size, "must be minutes from 15 to 480");
}

static bool read_distance(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    return folder_kilometres(text, &wishes_of(row)->max_distance) ||
           say(fault, fault_size, "must be kilometres, such as 25 or 7.5");
}

static bool read_windows(struct folder_row *row, const char *text, char *fault, size_t fault_size)
{
    Fascia__Preferences *wishes = wishes_of(row);
    struct week_span spans[WINDOWS_MOST];
    struct fault problem = {{0}};
    size_t count = 0;

    if (!week_parse(text, spans, WINDOWS_MOST, &count, &problem))
        return say(fault, fault_size, "%.300s", problem.text);
    for (size_t i = 0; i < count; i++) {
        Fascia__Window *window = new_message(&fascia__window__descriptor);
        window->weekdays = spans[i].weekdays;
        window->from_minute = spans[i].from_minute;
        window->to_minute = spans[i].to_minute;
        FOLDER_PUSH(wishes->windows, wishes->n_windows, window);
    }
    return true;
}

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

const struct folder_field folder_fields[] = {
    {"action", false, false, false, read_action},
    {"referral_id", false, false, false, read_referral_id},
    {"priority", false, false, false, read_priority},
    {"patient.family_name", true, false, false, read_family_name},
    {"patient.given_name", true, false, false, read_given_name},
    {"patient.birth_date", false, false, false, read_birth_date},
    {"patient.gender", false, false, false, read_gender},
    {"patient.id", true, false, true, read_patient_id},
    {"patient.address.line", false, false, true, read_line},
    {"patient.address.city", false, false, false, read_city},
    {"patient.address.state", false, false, false, read_state},
    {"patient.address.postal_code", false, false, false, read_postal_code},
    {"patient.address.country", false, false, false, read_country},
    {"patient.phone", false, false, true, read_phone},
    {"patient.email", false, false, true, read_email},
    {"patient.language", false, false, true, read_patient_language},
    {"condition", false, true, true, read_condition},
    {"technique", false, true, true, read_technique},
    {"flags", false, false, true, read_flags},
    {"payer", false, false, false, read_payer},
    {"payer_name", false, false, false, read_payer_name},
    {"member_id", false, false, false, read_member_id},
    {"authorization", false, false, false, read_authorization_number},
    {"authorization.valid_from", false, false, false, read_valid_from},
    {"authorization.valid_to", false, false, false, read_valid_to},
    {"visits_authorised", false, false, false, read_visits},
    {"not_before", false, false, false, read_not_before},
    {"not_after", false, false, false, read_not_after},
    {"windows", false, false, true, read_windows},
    {"time_zone", false, false, false, read_time_zone},
    {"language", false, false, true, read_language},
    {"therapist_gender", false, false, false, read_therapist_gender},
    {"visit_mode", false, false, false, read_visit_mode},
    {"max_distance_km", false, false, false, read_distance},
    {"duration_minutes", false, false, false, read_duration},
    {"therapist", false, false, false, read_therapist},
    {"reason", false, false, true, read_reason},
    {"note", false, false, true, read_note},
    {"referrer.name", false, false, false, read_referrer_name},
    {"referrer.npi", false, false, false, read_npi},
    {"referrer.role", false, false, false, read_role},
};
const size_t folder_field_count = sizeof folder_fields / sizeof *folder_fields;

static bool is_called(const struct folder_field *field, const char *name)
{
    size_t at = 0;

    for (; field->path[at] != '\0' && name[at] != '\0'; at++) {
        const char letter = (char)tolower((unsigned char)name[at]);
        if (letter != field->path[at] && !(field->path[at] == '.' && (letter == '_' || letter == ' ')) &&
            !(field->path[at] == '_' && letter == ' '))
            return false;
    }
    return field->path[at] == '\0' && name[at] == '\0';
}

const struct folder_field *folder_field_find(const char *name)
{
    for (size_t i = 0; i < folder_field_count; i++)
        if (is_called(&folder_fields[i], name))
            return &folder_fields[i];
    return NULL;
}
