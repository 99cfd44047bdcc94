/* Media types and scopes. */
#include "fhir/dispatch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- media types ---------------------------------------------------------------------------------------------------- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* The value of a parameter between ';'; NULL. size: of the value, without quotes. */
static const char *parameter_of(const char *text, size_t length, const char *name, size_t *size)
{
    const char *end = text + length;

    for (const char *at = memchr(text, ';', length); at != NULL && at < end; at = memchr(at, ';', (size_t)(end - at))) {
        at = skip_blanks(at + 1);
        if (at < end && strncasecmp(at, name, strlen(name)) == 0 && at[strlen(name)] == '=') {
            const char *value = at + strlen(name) + 1;
            if (*value == '"')
                value++;
            *size = strcspn(value, ";,\" \t");
            return value;
        }
    }
    return NULL;
}

static bool is_parameter(const char *text, size_t length, const char *name, const char *const *values, size_t count)
{
    size_t size = 0;
    const char *value = parameter_of(text, length, name, &size);

    if (value == NULL)
        return true;
    for (size_t i = 0; i < count; i++)
        if (strlen(values[i]) == size && strncasecmp(value, values[i], size) == 0)
            return true;
    return false;
}

/* Whether one media range takes FHIR R4 JSON in UTF-8. */
static bool takes(const char *range, size_t length)
{
    static const char *const types[] = {"application/fhir+json", "application/json", "*/*",
                                        "application/*",         "text/json",        "json"};
    static const char *const versions[] = {"4.0", "4.0.1"}, *const characters[] = {"utf-8", "utf8"};
    const size_t size = strcspn(range, ";, \t");
    const char *quality;
    size_t digits = 0;

    quality = parameter_of(range, length, "q", &digits);
    if (quality != NULL && strtod(quality, NULL) <= 0)
        return false;
    if (!is_parameter(range, length, "fhirVersion", versions, 2) ||
        !is_parameter(range, length, "charset", characters, 2))
        return false;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strlen(types[i]) == size && strncasecmp(range, types[i], size) == 0)
            return true;
    return false;
}

bool fhir_accepts(const char *format, const char *accept)
{
    /* R4, 3.1.0.1.11: _format stands above Accept; in a URL the '+' of "fhir+json" may have become a blank. */
    if (format != NULL)
        return takes(format, strlen(format)) || strcasecmp(format, "application/fhir json") == 0;
    if (*skip_blanks(accept) == '\0')
        return true;
    for (const char *at = skip_blanks(accept); *at != '\0'; at = skip_blanks(at)) {
        const size_t length = strcspn(at, ",");
        if (takes(at, length))
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

bool fhir_is_media_type(const char *content_type, const char *type)
{
    static const char *const characters[] = {"utf-8", "utf8"};
    const char *at = skip_blanks(content_type);

    return strncasecmp(at, type, strlen(type)) == 0 && strchr("; \t", at[strlen(type)]) != NULL &&
           is_parameter(at, strlen(at), "charset", characters, 2);
}

bool fhir_is_fhir_json(const char *content_type)
{
    static const char *const versions[] = {"4.0", "4.0.1"};

    return (fhir_is_media_type(content_type, "application/fhir+json") ||
            fhir_is_media_type(content_type, "application/json")) &&
           is_parameter(content_type, strlen(content_type), "fhirVersion", versions, 2);
}

/* ---- scopes --------------------------------------------------------------------------------------------------------- */

char fhir_scope_letter(enum fhir_interaction interaction)
{
    switch (interaction) {
    case FHIR_DO_SEARCH:
    case FHIR_DO_MATCH:
        return 's';
    case FHIR_DO_CREATE:
        return 'c';
    case FHIR_DO_UPDATE:
    case FHIR_DO_PATCH:
        return 'u';
    default:
        return 'r';
    }
}

static bool permits(const char *permission, char letter)
{
    if (strcmp(permission, "*") == 0)
        return true;
    if (strcmp(permission, "read") == 0)
        return letter == 'r' || letter == 's';
    if (strcmp(permission, "write") == 0)
        return letter == 'c' || letter == 'u' || letter == 'd';
    /* What is narrowed by a query ("rs?category=x") is more than can be held here: it grants nothing. */
    return strspn(permission, "cruds") == strlen(permission) && strchr(permission, letter) != NULL;
}

bool fhir_scope_allows(char *const *scopes, size_t count, const char *type, char letter)
{
    for (size_t i = 0; i < count; i++) {
        const char *at = scopes[i];
        const size_t length = strlen(type);
        if (strncmp(at, "system/", 7) == 0)
            at += 7;
        else if (strncmp(at, "user/", 5) == 0)
            at += 5;
        else
            continue;
        if (at[0] == '*' && at[1] == '.')
            at += 2;
        else if (strncmp(at, type, length) == 0 && at[length] == '.')
            at += length + 1;
        else
            continue;
        if (permits(at, letter))
            return true;
    }
    return false;
}
