#include "fhir/moment.h"

#include "core/zone.h"

#include <stdio.h>
#include <string.h>

struct reader {
    const char *at;
};

/* Exactly so many digits. */
static bool number(struct reader *reader, int digits, int *value)
{
    *value = 0;
    for (int i = 0; i < digits; i++) {
        if (*reader->at < '0' || *reader->at > '9')
            return false;
        *value = *value * 10 + (*reader->at++ - '0');
    }
    return true;
}

static bool take(struct reader *reader, char letter)
{
    if (*reader->at != letter)
        return false;
    reader->at++;
    return true;
}

static bool read_day(struct reader *reader, struct fhir_stretch *stretch, bool *whole_date)
{
    int year = 0, month = 1, day = 1;
    bool has_month = false, has_day = false;
    int32_t first, after;
    char date[16];

    if (!number(reader, 4, &year) || year < 1900 || year > 2199)
        return false;
    has_month = take(reader, '-');
    if (has_month && (!number(reader, 2, &month) || month < 1 || month > 12))
        return false;
    has_day = has_month && take(reader, '-');
    if (has_day && !number(reader, 2, &day))
        return false;
    snprintf(date, sizeof date, "%04d-%02d-%02d", year, month, day);
    if (!day_parse(date, &first))
        return false;
    if (has_day)
        after = first + 1;
    else if (has_month)
        after = month == 12 ? day_from_civil(year + 1, 1, 1) : day_from_civil(year, month + 1, 1);
    else
        after = day_from_civil(year + 1, 1, 1);
    *stretch = (struct fhir_stretch){first * DAY_MS, after * DAY_MS};
    *whole_date = has_day;
    return true;
}

static bool read_zone(struct reader *reader, int64_t *offset)
{
    int hour = 0, minute = 0;
    const int sign = *reader->at == '-' ? -1 : 1;

    *offset = 0;
    if (*reader->at == '\0' || take(reader, 'Z'))
        return true;
    if (!take(reader, '+') && !take(reader, '-') && !take(reader, ' ')) /* '+' of a URL that was not encoded */
        return false;
    if (!number(reader, 2, &hour) || !take(reader, ':') || !number(reader, 2, &minute) || hour > 14 || minute > 59)
        return false;
    *offset = sign * (hour * HOUR_MS + minute * MINUTE_MS);
    return true;
}

/* Behind the 'T': how long the smallest part that was written lasts, in *length. */
static bool read_time(struct reader *reader, int64_t *time, int64_t *length)
{
    int hour = 0, minute = 0, second = 0;
    int64_t scale = SECOND_MS;

    if (!number(reader, 2, &hour) || hour > 23 || !take(reader, ':') || !number(reader, 2, &minute) || minute > 59)
        return false;
    *length = MINUTE_MS;
    *time = hour * HOUR_MS + minute * MINUTE_MS;
    if (!take(reader, ':'))
        return true;
    if (!number(reader, 2, &second) || second > 60)
        return false;
    *length = SECOND_MS;
    *time += second * SECOND_MS;
    if (!take(reader, '.'))
        return true;
    if (*reader->at < '0' || *reader->at > '9')
        return false;
    for (; *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
        scale /= 10;
        *time += scale * (*reader->at - '0');
        *length = scale > 0 ? scale : 1;
    }
    return true;
}

bool fhir_moment_read(const char *text, struct fhir_stretch *stretch)
{
    struct reader reader = {text};
    bool whole = false;
    int64_t time = 0, length = 0, offset = 0;

    if (!read_day(&reader, stretch, &whole))
        return false;
    if (*reader.at == '\0')
        return true;
    if (!whole || !take(&reader, 'T') || !read_time(&reader, &time, &length) || !read_zone(&reader, &offset))
        return false;
    stretch->from += time - offset;
    stretch->to = stretch->from + length;
    return *reader.at == '\0';
}

void fhir_moment_write(int64_t instant, char text[FHIR_MOMENT_BYTES])
{
    int64_t day = instant / DAY_MS, rest = instant % DAY_MS;
    char date[11];

    if (rest < 0) {
        rest += DAY_MS;
        day--;
    }
    day_format((int32_t)day, date);
    snprintf(text, FHIR_MOMENT_BYTES, "%sT%02d:%02d:%02d.%03dZ", date, (int)(rest / HOUR_MS),
             (int)(rest / MINUTE_MS % 60), (int)(rest / SECOND_MS % 60), (int)(rest % 1000));
}

void fhir_moment_http(int64_t instant, char text[FHIR_MOMENT_BYTES])
{
    static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const int32_t day = (int32_t)(instant / DAY_MS);
    const int64_t rest = instant % DAY_MS;
    int year = 0, month = 0, of_month = 0;

    day_to_civil(day, &year, &month, &of_month);
    snprintf(text, FHIR_MOMENT_BYTES, "%s, %02d %s %04d %02d:%02d:%02d GMT", weekdays[day_weekday(day)], of_month,
             months[month - 1], year, (int)(rest / HOUR_MS), (int)(rest / MINUTE_MS % 60),
             (int)(rest / SECOND_MS % 60));
}
