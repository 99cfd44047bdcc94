#include "fhir/types.h"

#include <ctype.h>
#include <string.h>

/* ---- times -------------------------------------------------------------------------------------------------------- */

/* `count` digits at *at, and moves on; -1: they are none. */
static int digits(const char **at, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static int month_days(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* YYYY, YYYY-MM or YYYY-MM-DD: how many of the three parts there are, 0 when it is none. */
static int read_date(const char **at)
{
    int year = digits(at, 4), month, day;

    if (year < 1)
        return 0;
    if (**at != '-')
        return 1;
    (*at)++;
    month = digits(at, 2);
    if (month < 1 || month > 12)
        return 0;
    if (**at != '-')
        return 2;
    (*at)++;
    day = digits(at, 2);
    return day >= 1 && day <= month_days(year, month) ? 3 : 0;
}

/* hh:mm:ss[.fraction]; 60 for leap seconds. */
static bool read_time(const char **at)
{
    int hour = digits(at, 2), minute, second;

    if (hour < 0 || hour > 23 || *(*at)++ != ':')
        return false;
    minute = digits(at, 2);
    if (minute < 0 || minute > 59 || *(*at)++ != ':')
        return false;
    second = digits(at, 2);
    if (second < 0 || second > 60)
        return false;
    if (**at == '.') {
        (*at)++;
        if (!isdigit((unsigned char)**at))
            return false;
        while (isdigit((unsigned char)**at))
            (*at)++;
    }
    return true;
}

static bool read_zone(const char **at)
{
    int hour, minute;

    if (**at == 'Z') {
        (*at)++;
        return true;
    }
    if (**at != '+' && **at != '-')
        return false;
    (*at)++;
    hour = digits(at, 2);
    if (hour < 0 || hour > 14 || *(*at)++ != ':')
        return false;
    minute = digits(at, 2);
    return minute >= 0 && minute <= (hour == 14 ? 0 : 59);
}

static bool is_date(const char *text)
{
    return read_date(&text) > 0 && *text == '\0';
}

static bool is_date_time(const char *text)
{
    int parts = read_date(&text);

    if (parts == 0 || *text == '\0')
        return parts > 0;
    if (parts < 3 || *text++ != 'T')
        return false;
    return read_time(&text) && read_zone(&text) && *text == '\0';
}

static bool is_instant(const char *text)
{
    return read_date(&text) == 3 && *text++ == 'T' && read_time(&text) && read_zone(&text) && *text == '\0';
}

static bool is_time(const char *text)
{
    return read_time(&text) && *text == '\0';
}

bool fhir_is_day(const char *text)
{
    return read_date(&text) == 3 && *text == '\0';
}

const char *fhir_date_of(struct fhir_arena *arena, const char *text)
{
    return fhir_arena_text(arena, text, strcspn(text, "T"));
}

/* Days from 1970-01-01 of the proleptic Gregorian calendar: years are counted from March, so that a leap day is a year's last. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t shifted = month > 2 ? year : year - 1, of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + of_year - 719468;
}

bool fhir_instant_of(const char *text, int64_t *instant)
{
    const char *at = text;
    int year, month, day, hour, minute, second, sign, zone = 0;
    int64_t fraction = 0;

    if (!is_instant(text))
        return false;
    year = digits(&at, 4);
    at++;
    month = digits(&at, 2);
    at++;
    day = digits(&at, 2);
    at++;
    hour = digits(&at, 2);
    at++;
    minute = digits(&at, 2);
    at++;
    second = digits(&at, 2);
    for (int64_t scale = *at == '.' ? 100 : 0; *at == '.' || isdigit((unsigned char)*at); at++)
        if (*at != '.') {
            fraction += scale * (*at - '0');
            scale /= 10;
        }
    sign = *at == '-' ? -1 : 1;
    if (*at++ != 'Z') {
        zone = digits(&at, 2) * 60;
        at++;
        zone += digits(&at, 2);
    }
    *instant = ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute - sign * zone) * 60000 +
               second * INT64_C(1000) + fraction;
    return true;
}

/* ---- texts -------------------------------------------------------------------------------------------------------- */

static bool is_id(const char *text)
{
    size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

    return size >= 1 && size <= 64 && text[size] == '\0';
}

/* [^\s]+(\s[^\s]+)* : no blank at an end, and none beside another. */
static bool is_code(const char *text)
{
    bool blank = true;

    for (; *text != '\0'; text++) {
        bool is_blank = isspace((unsigned char)*text);
        if (is_blank && blank)
            return false;
        blank = is_blank;
    }
    return !blank;
}

static bool is_uri(const char *text)
{
    return text[0] != '\0' && text[strcspn(text, " \t\r\n\f\v")] == '\0';
}

static bool is_oid(const char *text)
{
    if (strncmp(text, "urn:oid:", 8) != 0 || text[8] < '0' || text[8] > '2')
        return false;
    for (text += 9; *text == '.';) {
        size_t size = strspn(++text, "0123456789");
        if (size == 0 || (size > 1 && text[0] == '0'))
            return false;
        text += size;
    }
    return *text == '\0';
}

static bool is_uuid(const char *text)
{
    if (strncmp(text, "urn:uuid:", 9) != 0 || strlen(text) != 45)
        return false;
    text += 9;
    for (int i = 0; i < 36; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    return true;
}

/* [ \r\n\t\S]+ with something other than blanks in it, and no other control characters. */
static bool is_string(const char *text)
{
    bool anything = false;

    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F)
            return false;
        anything = anything || byte > ' ';
    }
    return anything;
}

static bool is_base64(const char *text)
{
    size_t letters = 0, padding = 0;

    for (; *text != '\0'; text++) {
        if (isspace((unsigned char)*text))
            continue;
        if (*text == '=')
            padding++;
        else if ((isalnum((unsigned char)*text) || *text == '+' || *text == '/') && padding == 0)
            letters++;
        else
            return false;
    }
    return letters > 0 && padding <= 2 && (letters + padding) % 4 == 0;
}

/* ---- by name ------------------------------------------------------------------------------------------------------ */

static bool in_range(const struct fhir_json *value, int64_t least)
{
    int64_t whole;

    return fhir_json_whole(value, &whole) && whole >= least && whole <= INT32_MAX;
}

static bool is_integer(const struct fhir_json *value)
{
    return in_range(value, INT32_MIN);
}

static bool is_unsigned(const struct fhir_json *value)
{
    return in_range(value, 0);
}

static bool is_positive(const struct fhir_json *value)
{
    return in_range(value, 1);
}

static bool is_decimal(const struct fhir_json *value)
{
    return fhir_json_type(value) == FHIR_JSON_NUMBER;
}

static bool is_boolean(const struct fhir_json *value)
{
    return fhir_json_type(value) == FHIR_JSON_BOOLEAN;
}

struct primitive {
    const char *name;
    bool (*of_text)(const char *text);
    bool (*of_value)(const struct fhir_json *value);
    const char *looks;
};

static const struct primitive primitives[] = {
    {"string", is_string, NULL, "a text that is not empty, without control characters"},
    {"code", is_code, NULL, "a code: a text without blanks at its ends"},
    {"uri", is_uri, NULL, "a URI without blanks"},
    {"boolean", NULL, is_boolean, "true or false"},
    {"id", is_id, NULL, "an id: 1 to 64 letters, digits, '-' and '.'"},
    {"dateTime", is_date_time, NULL, "a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz"},
    {"date", is_date, NULL, "a date: YYYY, YYYY-MM or YYYY-MM-DD"},
    {"decimal", NULL, is_decimal, "a number"},
    {"canonical", is_uri, NULL, "a canonical URI without blanks"},
    {"url", is_uri, NULL, "a URL without blanks"},
    {"instant", is_instant, NULL, "an instant: YYYY-MM-DDThh:mm:ss+zz:zz"},
    {"time", is_time, NULL, "a time: hh:mm:ss"},
    {"markdown", is_string, NULL, "a text that is not empty, without control characters"},
    {"xhtml", is_string, NULL, "a text that is not empty, without control characters"},
    {"base64Binary", is_base64, NULL, "base64 (RFC 4648)"},
    {"integer", NULL, is_integer, "a whole number of 32 bits"},
    {"unsignedInt", NULL, is_unsigned, "a whole number from 0 to 2147483647"},
    {"positiveInt", NULL, is_positive, "a whole number from 1 to 2147483647"},
    {"oid", is_oid, NULL, "an OID: urn:oid:1.2.3"},
    {"uuid", is_uuid, NULL, "a UUID: urn:uuid: and 36 characters"},
};

bool fhir_is_primitive(const char *type, size_t size)
{
    return size > 0 && islower((unsigned char)type[0]);
}

const char *fhir_type_fault(const char *type, size_t size, const struct fhir_json *value)
{
    for (size_t i = 0; i < sizeof primitives / sizeof primitives[0]; i++) {
        const struct primitive *primitive = &primitives[i];
        const char *text = fhir_json_text(value);
        if (strncmp(primitive->name, type, size) != 0 || primitive->name[size] != '\0')
            continue;
        if (primitive->of_value != NULL ? primitive->of_value(value) : text != NULL && primitive->of_text(text))
            return NULL;
        return primitive->looks;
    }
    return "of a type that FHIR R4 has";
}
