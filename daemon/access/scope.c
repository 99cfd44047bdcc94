#include "access/scope.h"

#include <ctype.h>
#include <string.h>

static const char letters[] = "cruds";

/* Letters in their order, each once. */
static uint8_t read_letters(const char *text, size_t size)
{
    uint8_t read = 0;
    const char *from = letters;

    for (size_t i = 0; i < size; i++) {
        const char *found = text[i] == '\0' ? NULL : strchr(from, text[i]);

        if (found == NULL)
            return 0;
        read |= (uint8_t)(1u << (found - letters));
        from = found + 1;
    }
    return read;
}

static uint8_t read_permission(const char *text, size_t size)
{
    if (size == 4 && memcmp(text, "read", 4) == 0)
        return SCOPE_R | SCOPE_S;
    if (size == 5 && memcmp(text, "write", 5) == 0)
        return SCOPE_C | SCOPE_U | SCOPE_D;
    if (size == 1 && text[0] == '*')
        return SCOPE_ALL;
    return read_letters(text, size);
}

static bool is_resource(const char *text, size_t size)
{
    if (size == 1 && text[0] == '*')
        return true;
    if (size < 1 || size >= SCOPE_RESOURCE_BYTES || !isupper((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < size; i++)
        if (!isalpha((unsigned char)text[i]))
            return false;
    return true;
}

bool scope_read(const char *text, size_t size, struct scope *scope)
{
    static const char system[] = "system/";
    const size_t prefix = sizeof system - 1;
    const char *dot;
    size_t length;

    if (size <= prefix || memcmp(text, system, prefix) != 0)
        return false;
    dot = memchr(text + prefix, '.', size - prefix);
    if (dot == NULL)
        return false;
    length = (size_t)(dot - text) - prefix;
    if (!is_resource(text + prefix, length))
        return false;
    *scope = (struct scope){.letters = read_permission(dot + 1, size - prefix - length - 1)};
    memcpy(scope->resource, text + prefix, length);
    return scope->letters != 0;
}

void scope_write(const struct scope *scope, char text[SCOPE_TEXT_BYTES])
{
    size_t at = 0;
    const size_t length = strlen(scope->resource);

    memcpy(text, "system/", 7);
    memcpy(text + 7, scope->resource, length);
    at = 7 + length;
    text[at++] = '.';
    for (size_t i = 0; letters[i] != '\0'; i++)
        if ((scope->letters >> i & 1) != 0)
            text[at++] = letters[i];
    text[at] = '\0';
}

bool scope_add(struct scope_list *list, const struct scope *scope)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->scopes[i].resource, scope->resource) == 0) {
            list->scopes[i].letters |= scope->letters;
            return true;
        }
    if (list->count == SCOPES)
        return false;
    list->scopes[list->count++] = *scope;
    return true;
}

static void grant(const struct scope_list *allowed, const struct scope *asked, struct scope_list *granted)
{
    const bool all = strcmp(asked->resource, "*") == 0;

    for (size_t i = 0; i < allowed->count; i++) {
        const struct scope *may = &allowed->scopes[i];
        struct scope both = {.letters = may->letters & asked->letters};

        if (both.letters == 0 ||
            (!all && strcmp(may->resource, "*") != 0 && strcmp(may->resource, asked->resource) != 0))
            continue;
        memcpy(both.resource, all ? may->resource : asked->resource, sizeof both.resource);
        scope_add(granted, &both); /* one that no longer fits is not granted */
    }
}

void scope_grant(const struct scope_list *allowed, const char *asked, struct scope_list *granted)
{
    granted->count = 0;
    while (*asked != '\0') {
        const size_t size = strcspn(asked, " ");
        struct scope scope;

        if (scope_read(asked, size, &scope))
            grant(allowed, &scope, granted);
        asked += size;
        asked += *asked == ' ';
    }
}

bool scope_holds(char *const *texts, size_t count, const char *resource, uint8_t wanted)
{
    uint8_t held = 0;

    for (size_t i = 0; i < count; i++) {
        struct scope scope;

        if (scope_read(texts[i], strlen(texts[i]), &scope) &&
            (strcmp(scope.resource, "*") == 0 || strcmp(scope.resource, resource) == 0))
            held |= scope.letters;
    }
    return (held & wanted) == wanted;
}
