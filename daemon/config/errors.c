#include "config/errors.h"

#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_LONGEST 60

/* Names and values come from the file: none of them may break the line, or speak to a terminal. C1 controls are two bytes in UTF-8. */
static void show_controls(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        if (at[0] < ' ' || at[0] == 0x7f)
            at[0] = '?';
        else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
            at[0] = at[1] = '?';
    }
}

void config_errors_add(struct config_errors *errors, const struct config_place *place, const char *format, ...)
{
    char *text = NULL;
    size_t room = sizeof errors->items[0].text, used = 0;
    va_list arguments;

    if (errors->count > CONFIG_ERRORS_MOST)
        return;
    errors->items = memory_resize(errors->items, errors->count + 1, sizeof errors->items[0]);
    text = errors->items[errors->count++].text;
    if (errors->count > CONFIG_ERRORS_MOST) {
        snprintf(text, room, "there are more errors than the %d above", CONFIG_ERRORS_MOST);
        return;
    }
    if (place->line > 0)
        used = (size_t)snprintf(text, room, "%.300s:%d:%d: ", place->file, place->line, place->column);
    else
        used = (size_t)snprintf(text, room, "%.300s: ", place->file);
    va_start(arguments, format);
    vsnprintf(text + used, room - used, format, arguments);
    va_end(arguments);
    show_controls(text);
}

void config_errors_finish(struct config_errors *errors)
{
    free(errors->items);
    *errors = (struct config_errors){0};
}

struct config_shown config_show(const char *value)
{
    struct config_shown shown = {" '"};
    size_t length = strlen(value), at = 2;
    bool cut = length > SHOWN_LONGEST;

    length = cut ? SHOWN_LONGEST : length;
    while (cut && length > 0 && ((unsigned char)value[length] & 0xc0) == 0x80)
        length--;
    memcpy(shown.text + at, value, length);
    at += length;
    snprintf(shown.text + at, sizeof shown.text - at, "%s'", cut ? "..." : "");
    return shown;
}
