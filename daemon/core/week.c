#include "core/week.h"

#include <string.h>
#include <strings.h>

#define DAY_MINUTES 1440

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* "Mon", "Monday" */
static bool read_day(const char **at, unsigned *day)
{
    static const char *const names[7] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    const size_t size = strspn(*at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    for (*day = 0; *day < 7; (*day)++)
        if ((size == 3 || size == strlen(names[*day])) && strncasecmp(*at, names[*day], size) == 0) {
            *at += size;
            return true;
        }
    return false;
}

/* "Mon-Fri,Sun" as bits. */
static bool read_days(const char **at, uint8_t *days)
{
    *days = 0;
    do {
        unsigned first;
        unsigned last;
        *at = skip_blanks(*at + (**at == ','));
        if (!read_day(at, &first))
            return false;
        last = first;
        if (**at == '-') {
            (*at)++;
            if (!read_day(at, &last))
                return false;
        }
        for (unsigned day = first;; day = (day + 1) % 7) {
            *days |= (uint8_t)(1u << day);
            if (day == last)
                break;
        }
        *at = skip_blanks(*at);
    } while (**at == ',');
    return true;
}

/* "09:15", "9:15" */
static bool read_minute(const char **at, uint16_t *minute)
{
    const size_t size = strspn(*at, "0123456789");
    unsigned hour = 0;

    if (size < 1 || size > 2)
        return false;
    for (size_t i = 0; i < size; i++, (*at)++)
        hour = hour * 10 + (unsigned)(**at - '0');
    if ((*at)[0] != ':' || strspn(*at + 1, "0123456789") != 2 || (*at)[1] > '5')
        return false;
    *minute = (uint16_t)(hour * 60 + (unsigned)((*at)[1] - '0') * 10 + (unsigned)((*at)[2] - '0'));
    *at += 3;
    return *minute <= DAY_MINUTES;
}

bool week_parse_times(const char **at, struct week_span *spans, size_t room, size_t *count, struct fault *fault)
{
    do {
        struct week_span span = {0};
        *at = skip_blanks(*at + (**at == ','));
        if (!read_minute(at, &span.from_minute) || **at != '-' || ((*at)++, !read_minute(at, &span.to_minute))) {
            fault_set(fault, "times are written 09:00-17:00");
            return false;
        }
        if (span.from_minute >= span.to_minute) {
            fault_set(fault, "a time must end after it begins; one that passes midnight is two");
            return false;
        }
        if (*count == room) {
            fault_set(fault, "there are more than %zu times", room);
            return false;
        }
        spans[(*count)++] = span;
        *at = skip_blanks(*at);
    } while (**at == ',');
    return true;
}

static bool parse_item(const char **at, struct week_span *spans, size_t room, size_t *count, struct fault *fault)
{
    const size_t first = *count;
    uint8_t days = 0;

    if ((**at < '0' || **at > '9') && !read_days(at, &days)) {
        fault_set(fault, "days are written Mon-Fri, or Mon,Wed");
        return false;
    }
    if (!week_parse_times(at, spans, room, count, fault))
        return false;
    for (size_t i = first; i < *count; i++)
        spans[i].weekdays = days;
    if (**at == ';') {
        *at = skip_blanks(*at + 1);
        return true;
    }
    if (**at == '\0')
        return true;
    fault_set(fault, "after the times comes nothing, or ';' and the next item");
    return false;
}

bool week_parse(const char *text, struct week_span *spans, size_t room, size_t *count, struct fault *fault)
{
    const char *at = skip_blanks(text);

    *count = 0;
    for (size_t item = 1; *at != '\0'; item++)
        if (!parse_item(&at, spans, room, count, fault)) {
            fault_prefix(fault, "item %zu", item);
            return false;
        }
    return true;
}
