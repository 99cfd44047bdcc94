#include "access/form.h"

#include "core/memory.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static int digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    character |= 0x20;
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* Decodes up to '=' (of a name) or '&', behind which *bytes then stands. NULL: broken. */
static const char *take(const char **bytes, const char *end, bool name, char **out)
{
    const char *text = *out;

    while (*bytes < end && **bytes != '&' && !(name && **bytes == '=')) {
        int value = (unsigned char)*(*bytes)++;

        if (value == '+')
            value = ' ';
        if (value == '%') {
            if (end - *bytes < 2 || digit((*bytes)[0]) < 0 || digit((*bytes)[1]) < 0)
                return NULL;
            value = digit((*bytes)[0]) * 16 + digit((*bytes)[1]);
            *bytes += 2;
        }
        if (value == 0)
            return NULL;
        *(*out)++ = (char)value;
    }
    *(*out)++ = '\0';
    return text;
}

static bool is_there(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->names[i], name) == 0)
            return true;
    return false;
}

bool form_read(const char *bytes, size_t size, struct form *form)
{
    const char *end = bytes + size;
    char *out;

    *form = (struct form){.room = size + (size_t)2 * FORM_FIELDS + 2};
    form->text = memory_allocate(form->room, 1);
    out = form->text;
    while (bytes < end) {
        const char *name, *value;

        if (*bytes == '&') { /* an empty piece */
            bytes++;
            continue;
        }
        if (form->count == FORM_FIELDS || (name = take(&bytes, end, true, &out)) == NULL)
            return false;
        bytes += bytes < end && *bytes == '=';
        if ((value = take(&bytes, end, false, &out)) == NULL || is_there(form, name))
            return false;
        form->names[form->count] = name;
        form->values[form->count++] = value;
    }
    return true;
}

void form_end(struct form *form)
{
    /* It may have held a password. */
    if (form->text != NULL)
        sodium_memzero(form->text, form->room);
    free(form->text);
    *form = (struct form){0};
}

const char *form_value(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->names[i], name) == 0)
            return form->values[i][0] == '\0' ? NULL : form->values[i];
    return NULL;
}
