#include "ctl/columns.h"

#include "core/memory.h"
#include "core/notation.h"
#include "ctl/hours.h"
#include "ctl/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MOST 4096
#define PARTS_MOST 9

/* ---- pieces of text -------------------------------------------------------------------------------------------------- */

static char *trim(char *text)
{
    size_t size;

    text += strspn(text, " \t");
    size = strlen(text);
    /* a blank after a backslash was meant */
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t') && !(size > 1 && text[size - 2] == '\\'))
        text[--size] = '\0';
    return text;
}

/* Cuts at separators that no backslash precedes; returns how many pieces, or most + 1. An empty text has none. */
static size_t split(char *text, char separator, char **pieces, size_t most)
{
    size_t count = 0;
    char *begin = text;

    if (text[strspn(text, " \t")] == '\0')
        return 0;
    for (char *at = text;; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
            continue;
        }
        if (*at != separator && *at != '\0')
            continue;
        const bool end = *at == '\0';
        *at = '\0';
        if (count == most)
            return most + 1;
        pieces[count++] = trim(begin);
        begin = at + 1;
        if (end)
            return count;
    }
}

/* A heap copy without the backslashes. */
static char *plain(const char *text)
{
    char *copy = memory_allocate(strlen(text) + 1, 1);
    size_t size = 0;

    for (; *text != '\0'; text++) {
        if (*text == '\\' && text[1] != '\0')
            text++;
        copy[size++] = *text;
    }
    return copy;
}

static void set(char **slot, const char *text)
{
    if (text[0] != '\0')
        *slot = plain(text);
}

static void write_escaped(FILE *out, const char *text)
{
    const size_t size = strlen(text);

    for (size_t i = 0; i < size; i++) {
        const bool blank_end = text[i] == ' ' && (i == 0 || i + 1 == size);
        if (strchr(";:|\\", text[i]) != NULL || blank_end)
            fputc('\\', out);
        fputc(text[i], out);
    }
}

/* Parts with separators between them, without empty ones at the end. */
static void write_parts(FILE *out, char separator, const char *const *parts, size_t count)
{
    while (count > 0 && parts[count - 1][0] == '\0')
        count--;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            fputc(separator, out);
        write_escaped(out, parts[i]);
    }
}

/* The items of a list, or NULL and a fault. The caller frees the array; items stand in text. */
static char **items_of(char *text, size_t *count, struct fault *fault)
{
    char **items;
    size_t room = 1;

    for (const char *at = text; *at != '\0' && room < ITEMS_MOST; at++)
        room += *at == ';';
    items = memory_allocate(room, sizeof *items);
    *count = split(text, ';', items, room);
    if (*count > room) {
        fault_set(fault, "there are more than %d items", ITEMS_MOST);
        free(items);
        return NULL;
    }
    if (*count > 0 && items[*count - 1][0] == '\0') /* a ';' at the end */
        (*count)--;
    return items;
}

/* ---- simple columns -------------------------------------------------------------------------------------------------- */

static bool read_text(char *text, char **slot)
{
    text = trim(text);
    if (text[0] != '\0')
        *slot = memory_text(text);
    return true;
}

static bool read_number(char *text, int64_t most, uint32_t *slot, struct fault *fault)
{
    int64_t number = 0;

    text = trim(text);
    if (text[0] == '\0')
        return true;
    if (!notation_integer(text, &number) || number < 0 || number > most) {
        fault_set(fault, "must be a whole number from 0 to %" PRId64, most);
        return false;
    }
    *slot = (uint32_t)number;
    return true;
}

/* A list of plain texts. */
static bool read_texts(char *text, char ***slot, size_t *slot_count, struct fault *fault)
{
    size_t count;
    char **items = items_of(text, &count, fault);

    if (items == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (items[i][0] == '\0') {
            fault_set(fault, "item %zu: is empty", i + 1);
            free(items);
            return false;
        }
    if (count > 0)
        *slot = memory_allocate(count, sizeof **slot);
    for (size_t i = 0; i < count; i++)
        (*slot)[i] = plain(items[i]);
    *slot_count = count;
    free(items);
    return true;
}

static void write_texts(FILE *out, char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            fputc(';', out);
        write_escaped(out, texts[i]);
    }
}

#define TEXT_COLUMN(member)                                                                                            \
    static bool read_##member(char *text, Fascia__Therapist *therapist, struct fault *fault)                           \
    {                                                                                                                  \
        (void)fault;                                                                                                   \
        return read_text(text, &therapist->member);                                                                    \
    }                                                                                                                  \
    static void write_##member(FILE *out, const Fascia__Therapist *therapist)                                          \
    {                                                                                                                  \
        fputs(therapist->member, out);                                                                                 \
    }
#define NUMBER_COLUMN(member, most)                                                                                    \
    static bool read_##member(char *text, Fascia__Therapist *therapist, struct fault *fault)                           \
    {                                                                                                                  \
        return read_number(text, (most), &therapist->member, fault);                                                   \
    }                                                                                                                  \
    static void write_##member(FILE *out, const Fascia__Therapist *therapist)                                          \
    {                                                                                                                  \
        fprintf(out, "%u", therapist->member);                                                                         \
    }
#define TEXTS_COLUMN(member)                                                                                           \
    static bool read_##member(char *text, Fascia__Therapist *therapist, struct fault *fault)                           \
    {                                                                                                                  \
        return read_texts(text, &therapist->member, &therapist->n_##member, fault);                                    \
    }                                                                                                                  \
    static void write_##member(FILE *out, const Fascia__Therapist *therapist)                                          \
    {                                                                                                                  \
        write_texts(out, therapist->member, therapist->n_##member);                                                    \
    }

TEXT_COLUMN(identifier)
TEXT_COLUMN(name)
TEXT_COLUMN(profession)
TEXT_COLUMN(telephone)
NUMBER_COLUMN(capacity, 10000)
NUMBER_COLUMN(rating_sum, 1000000000)
NUMBER_COLUMN(rating_count, 10000000)
TEXTS_COLUMN(techniques)
TEXTS_COLUMN(payers)
TEXTS_COLUMN(languages)

static bool read_time_zone(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    (void)fault;
    return read_text(text, &therapist->time_zone);
}

/* What the daemon filled in was not in the row. */
static void write_time_zone(FILE *out, const Fascia__Therapist *therapist)
{
    fputs(therapist->time_zone_derived ? "" : therapist->time_zone, out);
}

/* ---- words ----------------------------------------------------------------------------------------------------------- */

static bool read_word(const ProtobufCEnumDescriptor *type, const char *text, int *value, struct fault *fault)
{
    char words[128];

    if (ctl_word_value(type, text, value))
        return true;
    ctl_words(type, words, sizeof words);
    fault_set(fault, "must be one of %s", words);
    return false;
}

static bool read_gender(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    int value = 0;

    text = trim(text);
    if (text[0] != '\0' && !read_word(&fascia__gender__descriptor, text, &value, fault))
        return false;
    therapist->gender = (Fascia__Gender)value;
    return true;
}

static void write_gender(FILE *out, const Fascia__Therapist *therapist)
{
    char word[64];

    if (therapist->gender != FASCIA__GENDER__GENDER_UNSPECIFIED)
        fputs(ctl_word(&fascia__gender__descriptor, (int)therapist->gender, word), out);
}

static bool read_visit_modes(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    size_t count;
    char **items = items_of(text, &count, fault);
    bool good = items != NULL;

    if (!good)
        return false;
    if (count > 0)
        therapist->visit_modes = memory_allocate(count, sizeof(Fascia__VisitMode));
    therapist->n_visit_modes = count;
    for (size_t i = 0; i < count && good; i++) {
        int value = 0;
        good = read_word(&fascia__visit_mode__descriptor, items[i], &value, fault);
        therapist->visit_modes[i] = (Fascia__VisitMode)value;
        if (!good)
            fault_prefix(fault, "item %zu", i + 1);
    }
    free(items);
    return good;
}

static void write_visit_modes(FILE *out, const Fascia__Therapist *therapist)
{
    char word[64];

    for (size_t i = 0; i < therapist->n_visit_modes; i++)
        fprintf(out, "%s%s", i > 0 ? ";" : "",
                ctl_word(&fascia__visit_mode__descriptor, (int)therapist->visit_modes[i], word));
}

static bool read_accepting(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    text = trim(text);
    therapist->not_accepting = strcmp(text, "no") == 0;
    if (text[0] == '\0' || therapist->not_accepting || strcmp(text, "yes") == 0)
        return true;
    fault_set(fault, "must be yes or no");
    return false;
}

static void write_accepting(FILE *out, const Fascia__Therapist *therapist)
{
    fputs(therapist->not_accepting ? "no" : "yes", out);
}

/* ---- numbers with a point -------------------------------------------------------------------------------------------- */

/* Digits with at most `places` of them behind a point, as a whole number of the smallest place. */
static bool read_decimal(const char *text, unsigned places, int64_t most, int64_t *value)
{
    const size_t whole = strspn(text, "0123456789");
    size_t behind = 0;

    *value = 0;
    if (whole == 0 || whole > 9)
        return false;
    for (size_t i = 0; i < whole; i++)
        *value = *value * 10 + (text[i] - '0');
    if (text[whole] == '.')
        behind = strspn(text + whole + 1, "0123456789");
    if (text[whole] != '\0' && (behind == 0 || text[whole + 1 + behind] != '\0'))
        return false;
    for (size_t i = 0; i < places; i++)
        *value = *value * 10 + (i < behind ? text[whole + 1 + i] - '0' : 0);
    if (behind > places && text[whole + 1 + places] >= '5')
        (*value)++;
    return *value <= most;
}

bool ctl_degrees_parse(const char *text, int32_t limit, int32_t *millionths)
{
    const bool negative = text[0] == '-';
    int64_t value;

    if (!read_decimal(text + (negative || text[0] == '+'), 6, (int64_t)limit * 1000000, &value))
        return false;
    *millionths = (int32_t)(negative ? -value : value);
    return true;
}

bool ctl_kilometres_parse(const char *text, int64_t most, int64_t *metres)
{
    return read_decimal(text, 3, most, metres);
}

static bool read_home_radius(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    int64_t metres = 0;

    text = trim(text);
    if (text[0] != '\0' && !read_decimal(text, 3, 1000000, &metres)) {
        fault_set(fault, "must be kilometres from 0 to 1000, such as 15 or 7.5");
        return false;
    }
    therapist->home_radius = (uint32_t)metres;
    return true;
}

/* A number of thousandths or millionths, without zeros at its end. */
static void write_decimal(FILE *out, int64_t value, unsigned places)
{
    int64_t unit = 1;
    int64_t rest;

    for (unsigned i = 0; i < places; i++)
        unit *= 10;
    if (value < 0)
        fputc('-', out);
    value = value < 0 ? -value : value;
    fprintf(out, "%" PRId64, value / unit);
    rest = value % unit;
    if (rest == 0)
        return;
    while (rest % 10 == 0) {
        rest /= 10;
        places--;
    }
    fprintf(out, ".%0*" PRId64, (int)places, rest);
}

static void write_home_radius(FILE *out, const Fascia__Therapist *therapist)
{
    if (therapist->home_radius > 0)
        write_decimal(out, therapist->home_radius, 3);
}

/* ---- items with parts ------------------------------------------------------------------------------------------------ */

/* Calls read for the parts of each item; *list gets the messages that read makes. */
static bool read_items(char *text, char separator, const ProtobufCMessageDescriptor *type,
                       bool (*read)(char **parts, size_t count, void *message, struct fault *fault), void ***list,
                       size_t *list_count, struct fault *fault)
{
    char *parts[PARTS_MOST];
    size_t count;
    char **items = items_of(text, &count, fault);
    bool good = items != NULL;

    if (good && count > 0)
        *list = memory_allocate(count, sizeof **list);
    for (size_t i = 0; good && i < count; i++) {
        ProtobufCMessage *message = memory_allocate(1, type->sizeof_message);
        const size_t part_count = split(items[i], separator, parts, PARTS_MOST);
        protobuf_c_message_init(type, message);
        (*list)[(*list_count)++] = message;
        if (part_count == 0 || part_count > PARTS_MOST) {
            fault_set(fault, part_count == 0 ? "is empty" : "has too many parts");
            good = false;
        } else {
            good = read(parts, part_count, message, fault);
        }
        if (!good)
            fault_prefix(fault, "item %zu", i + 1);
    }
    free(items);
    return good;
}

static bool too_many(size_t count, size_t most, const char *shape, struct fault *fault)
{
    if (count <= most)
        return false;
    fault_set(fault, "has more parts than %s", shape);
    return true;
}

static bool read_status(const char *text, Fascia__CredentialStatus *status, struct fault *fault)
{
    int value = 0;

    if (text[0] != '\0' && !read_word(&fascia__credential_status__descriptor, text, &value, fault)) {
        fault_prefix(fault, "the status");
        return false;
    }
    *status = (Fascia__CredentialStatus)value;
    return true;
}

static const char *status_word(Fascia__CredentialStatus status, char word[64])
{
    return status == FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_UNSPECIFIED
               ? ""
               : ctl_word(&fascia__credential_status__descriptor, (int)status, word);
}

/* US-KY:12345:active:2024-01-01:2027-12-31:225700000X */
static bool read_licence(char **parts, size_t count, void *message, struct fault *fault)
{
    Fascia__Licence *licence = message;

    if (too_many(count, 6, "jurisdiction:number:status:from:to:profession", fault))
        return false;
    if (count > 2 && !read_status(parts[2], &licence->status, fault))
        return false;
    char **const slots[] = {&licence->jurisdiction, &licence->number,   NULL,
                            &licence->valid_from,   &licence->valid_to, &licence->profession};
    for (size_t i = 0; i < count; i++)
        if (slots[i] != NULL)
            set(slots[i], parts[i]);
    return true;
}

static bool read_licences(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    return read_items(text, ':', &fascia__licence__descriptor, read_licence, (void ***)(void *)&therapist->licences,
                      &therapist->n_licences, fault);
}

static void write_licences(FILE *out, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < therapist->n_licences; i++) {
        const Fascia__Licence *licence = therapist->licences[i];
        char word[64];
        const char *const parts[] = {licence->jurisdiction, licence->number,   status_word(licence->status, word),
                                     licence->valid_from,   licence->valid_to, licence->profession};
        fputs(i > 0 ? ";" : "", out);
        write_parts(out, ':', parts, 6);
    }
}

/* CLT:4711:active:2024-01-01::NORTON:US-KY:2025-05-01:letter */
static bool read_certification(char **parts, size_t count, void *message, struct fault *fault)
{
    Fascia__Certification *certification = message;

    if (too_many(count, 9, "code:number:status:from:to:issuer:jurisdiction:verified on:verified how", fault))
        return false;
    if (count > 2 && !read_status(parts[2], &certification->status, fault))
        return false;
    char **const slots[] = {&certification->code,         &certification->number,      NULL,
                            &certification->valid_from,   &certification->valid_to,    &certification->issuer,
                            &certification->jurisdiction, &certification->verified_on, &certification->verified_how};
    for (size_t i = 0; i < count; i++)
        if (slots[i] != NULL)
            set(slots[i], parts[i]);
    return true;
}

static bool read_certifications(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    return read_items(text, ':', &fascia__certification__descriptor, read_certification,
                      (void ***)(void *)&therapist->certifications, &therapist->n_certifications, fault);
}

static void write_certifications(FILE *out, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < therapist->n_certifications; i++) {
        const Fascia__Certification *one = therapist->certifications[i];
        char word[64];
        const char *const parts[] = {one->code,         one->number,      status_word(one->status, word),
                                     one->valid_from,   one->valid_to,    one->issuer,
                                     one->jurisdiction, one->verified_on, one->verified_how};
        fputs(i > 0 ? ";" : "", out);
        write_parts(out, ':', parts, 9);
    }
}

/* back-pain:31 */
static bool read_condition(char **parts, size_t count, void *message, struct fault *fault)
{
    Fascia__Experience *experience = message;

    if (too_many(count, 2, "condition:cases", fault))
        return false;
    set(&experience->condition, parts[0]);
    if (count > 1 && !read_number(parts[1], 10000000, &experience->cases, fault)) {
        fault_prefix(fault, "the number of cases");
        return false;
    }
    return true;
}

static bool read_conditions(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    return read_items(text, ':', &fascia__experience__descriptor, read_condition,
                      (void ***)(void *)&therapist->conditions, &therapist->n_conditions, fault);
}

static void write_conditions(FILE *out, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < therapist->n_conditions; i++) {
        fputs(i > 0 ? ";" : "", out);
        write_escaped(out, therapist->conditions[i]->condition);
        if (therapist->conditions[i]->cases > 0)
            fprintf(out, ":%u", therapist->conditions[i]->cases);
    }
}

/* Main Street Massage|40475|37.7479|-84.2947|12 Main Street|US */
static bool read_place(char **parts, size_t count, void *message, struct fault *fault)
{
    Fascia__Place *place = message;
    const bool north = count > 2 && parts[2][0] != '\0';
    const bool east = count > 3 && parts[3][0] != '\0';

    if (too_many(count, 6, "name|postal code|latitude|longitude|address|country", fault))
        return false;
    set(&place->name, parts[0]);
    if (count > 1)
        set(&place->postal_code, parts[1]);
    if (count > 4)
        set(&place->address, parts[4]);
    if (count > 5)
        set(&place->country, parts[5]);
    if (!north && !east)
        return true;
    place->position = memory_allocate(1, sizeof *place->position);
    fascia__position__init(place->position);
    if (north && east && ctl_degrees_parse(parts[2], 90, &place->position->latitude) &&
        ctl_degrees_parse(parts[3], 180, &place->position->longitude))
        return true;
    fault_set(fault, "latitude and longitude are degrees, such as 37.7479|-84.2947");
    return false;
}

static bool read_places(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    return read_items(text, '|', &fascia__place__descriptor, read_place, (void ***)(void *)&therapist->places,
                      &therapist->n_places, fault);
}

static void write_degrees(const Fascia__Position *position, char latitude[16], char longitude[16])
{
    FILE *out;

    if (position == NULL)
        return;
    out = fmemopen(latitude, 16, "w");
    INVARIANT(out != NULL);
    write_decimal(out, position->latitude, 6);
    fclose(out);
    out = fmemopen(longitude, 16, "w");
    INVARIANT(out != NULL);
    write_decimal(out, position->longitude, 6);
    fclose(out);
}

static void write_places(FILE *out, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < therapist->n_places; i++) {
        const Fascia__Place *place = therapist->places[i];
        char latitude[16] = "";
        char longitude[16] = "";
        write_degrees(place->position_derived ? NULL : place->position, latitude, longitude);
        const char *const parts[] = {place->name, place->postal_code, latitude,
                                     longitude,   place->address,     place->country};
        fputs(i > 0 ? ";" : "", out);
        write_parts(out, '|', parts, 6);
    }
}

/* ---- time ------------------------------------------------------------------------------------------------------------ */

static bool read_hours(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    return ctl_hours_parse(text, therapist, fault);
}

static bool read_exceptions(char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    return ctl_exceptions_parse(text, therapist, fault);
}

/* The order in which they are written; read in any. */
const struct ctl_column ctl_columns[] = {
    {"identifier", true, read_identifier, write_identifier},
    {"name", true, read_name, write_name},
    {"gender", false, read_gender, write_gender},
    {"profession", true, read_profession, write_profession},
    {"licences", false, read_licences, write_licences},
    {"certifications", false, read_certifications, write_certifications},
    {"techniques", false, read_techniques, write_techniques},
    {"conditions", false, read_conditions, write_conditions},
    {"payers", false, read_payers, write_payers},
    {"languages", false, read_languages, write_languages},
    {"places", false, read_places, write_places},
    {"visit_modes", false, read_visit_modes, write_visit_modes},
    {"home_radius_km", false, read_home_radius, write_home_radius},
    {"time_zone", false, read_time_zone, write_time_zone},
    {"hours", false, read_hours, ctl_hours_write},
    {"exceptions", false, read_exceptions, ctl_exceptions_write},
    {"capacity", true, read_capacity, write_capacity},
    {"rating_sum", false, read_rating_sum, write_rating_sum},
    {"rating_count", false, read_rating_count, write_rating_count},
    {"accepting", false, read_accepting, write_accepting},
    {"telephone", false, read_telephone, write_telephone},
};
const size_t ctl_column_count = sizeof ctl_columns / sizeof *ctl_columns;
