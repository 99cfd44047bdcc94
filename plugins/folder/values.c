#include "folder/values.h"

#include "folder/memory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ITEMS_MOST 64

/* ---- dates ------------------------------------------------------------------------------------------------------------- */

/* Where year, month and day stand: a letter for each digit. */
static const char *const date_shapes[] = {
    [FOLDER_DATE_ISO] = "YYYY-MM-DD",     [FOLDER_DATE_US] = "MM/DD/YYYY",    [FOLDER_DATE_GERMAN] = "DD.MM.YYYY",
    [FOLDER_DATE_BRITISH] = "DD/MM/YYYY", [FOLDER_DATE_COMPACT] = "YYYYMMDD",
};

const char *folder_date_example(enum folder_date format)
{
    return date_shapes[format];
}

static bool exists(unsigned year, unsigned month, unsigned day)
{
    static const unsigned char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return year >= 1900 && year <= 2199 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* The digits of one part; a leading zero may be missing where a separator follows ("3/9/1979"). */
static bool read_part(const char **text, const char **shape, unsigned *number)
{
    const char letter = **shape;
    size_t width = 0;
    size_t size;

    while ((*shape)[width] == letter)
        width++;
    size = strspn(*text, "0123456789");
    if (size > width)
        size = width;
    if (size == 0 || (size < width && (letter == 'Y' || !isdigit((unsigned char)**text))))
        return false;
    *number = 0;
    for (size_t i = 0; i < size; i++)
        *number = *number * 10 + (unsigned)((*text)[i] - '0');
    *text += size;
    *shape += width;
    return true;
}

bool folder_date(enum folder_date format, const char *text, char date[11])
{
    const char *shape = date_shapes[format];
    unsigned parts[3] = {0};

    while (*shape != '\0') {
        if (isalpha((unsigned char)*shape)) {
            if (!read_part(&text, &shape, &parts[*shape == 'Y' ? 0 : *shape == 'M' ? 1 : 2]))
                return false;
        } else if (*text++ != *shape++) {
            return false;
        }
    }
    if ((*text == ' ' || *text == 'T') && text[1 + strspn(text + 1, "0123456789:.+-Z")] == '\0')
        text = "";
    if (*text != '\0' || !exists(parts[0], parts[1], parts[2]))
        return false;
    snprintf(date, 11, "%04u-%02u-%02u", parts[0] % 10000, parts[1] % 100, parts[2] % 100);
    return true;
}

/* ---- numbers and words --------------------------------------------------------------------------------------------------- */

bool folder_number(const char *text, uint32_t most, uint32_t *number)
{
    uint64_t value = 0;
    const size_t size = strspn(text, "0123456789");

    if (size == 0 || size > 9 || text[size] != '\0')
        return false;
    for (size_t i = 0; i < size; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    *number = (uint32_t)value;
    return value <= most;
}

bool folder_kilometres(const char *text, uint32_t *metres)
{
    char whole[16] = "";
    uint32_t kilometres;
    size_t size = strspn(text, "0123456789");
    uint32_t unit = 1000;

    if (size >= sizeof whole)
        return false;
    memcpy(whole, text, size);
    if (!folder_number(whole, 20000, &kilometres))
        return false;
    *metres = kilometres * 1000;
    text += size;
    if (*text == '.' || *text == ',')
        for (text++; isdigit((unsigned char)*text); text++) {
            unit /= 10;
            *metres += unit * (uint32_t)(*text - '0');
        }
    text += strspn(text, " ");
    return *text == '\0' || strcasecmp(text, "km") == 0;
}

bool folder_word(const struct folder_word *words, const char *text, int *value)
{
    for (; words->word != NULL; words++)
        if (strcasecmp(words->word, text) == 0) {
            *value = words->value;
            return true;
        }
    return false;
}

/* ---- codes ----------------------------------------------------------------------------------------------------------------- */

static const struct folder_word systems[] = {{"ICD-10-CM", 0}, {"ICD-10", 0}, {"ICD10", 0},     {"ICD-9-CM", 1},
                                             {"ICD-9", 1},     {"ICD9", 1},   {"SNOMED", 2},    {"SCT", 2},
                                             {"CPT", 3},       {"LOINC", 4},  {"SNOMED CT", 2}, {NULL, 0}};
static const char *const system_names[] = {"ICD-10-CM", "ICD-9-CM", "SNOMED", "CPT", "LOINC"};

/* "SNOMED:279039007" names its system. Moves text behind it. */
static const char *named_system(const char **text, const char *otherwise)
{
    const char *colon = strchr(*text, ':');
    char name[16] = "";
    int system = 0;

    if (colon == NULL || (size_t)(colon - *text) >= sizeof name)
        return otherwise;
    memcpy(name, *text, (size_t)(colon - *text));
    if (!folder_word(systems, name, &system))
        return otherwise;
    *text = colon + 1 + strspn(colon + 1, " \t");
    return system_names[system];
}

/* Letters, digits, dots and dashes with a digit among them: how codes look, and words do not. */
static size_t code_size(const char *text)
{
    size_t size = 0;
    bool digit = false;

    for (; isalnum((unsigned char)text[size]) || text[size] == '.' || text[size] == '-'; size++)
        digit |= isdigit((unsigned char)text[size]) != 0;
    return digit && size <= 18 && (text[size] == '\0' || text[size] == ' ' || text[size] == '\t') ? size : 0;
}

/* A code that text follows must look like one of ICD ("M54.50 Low back pain"): "2 weeks of pain" is all text. */
static bool looks_like_icd(const char *text, size_t size)
{
    return size >= 3 && isupper((unsigned char)text[0]) && isdigit((unsigned char)text[1]) &&
           (size == 3 || text[3] == '.');
}

Fascia__Code *folder_code(const char *text, const char *system, const char *location)
{
    Fascia__Code *code = folder_allocate(sizeof *code);
    const char *named = named_system(&text, NULL);
    const size_t size = code_size(text);
    const bool alone = text[size] == '\0';

    fascia__code__init(code);
    code->location = folder_text(location);
    if (size > 0 && (alone || named != NULL || looks_like_icd(text, size))) {
        code->system = folder_text(named != NULL ? named : system);
        code->code = folder_trimmed(text, size);
        text += size;
        text += strspn(text, " \t-");
    }
    if (*text != '\0')
        code->text = folder_text(text);
    return code;
}

/* ---- lists ----------------------------------------------------------------------------------------------------------------- */

char *folder_trimmed(const char *text, size_t size)
{
    char *copy;

    while (size > 0 && strchr(" \t\r\n", text[0]) != NULL) {
        text++;
        size--;
    }
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
        size--;
    copy = folder_allocate(size + 1);
    memcpy(copy, text, size);
    return copy;
}

bool folder_each(const char *text, bool (*each)(void *context, const char *item), void *context)
{
    for (size_t count = 0; *text != '\0'; count++) {
        const size_t size = strcspn(text, ";");
        char *item = folder_trimmed(text, size);
        const bool good = count < ITEMS_MOST && (item[0] == '\0' || each(context, item));
        free(item);
        if (!good)
            return false;
        text += size + (text[size] == ';');
    }
    return true;
}
