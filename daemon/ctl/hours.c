#include "ctl/hours.h"

#include "core/memory.h"
#include "core/week.h"
#include "core/zone.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENTRIES_MOST     672 /* quarters of an hour in a week */
#define DAY_ENTRIES_MOST 96

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static bool has_grain(const struct week_span *spans, size_t count, struct fault *fault)
{
    for (size_t i = 0; i < count; i++)
        if (spans[i].from_minute % 15 != 0 || spans[i].to_minute % 15 != 0) {
            fault_set(fault, "times are multiples of 15 minutes");
            return false;
        }
    return true;
}

static int by_time(const void *left, const void *right)
{
    const Fascia__Hours *const *a = left;
    const Fascia__Hours *const *b = right;

    if ((*a)->weekday != (*b)->weekday)
        return (*a)->weekday < (*b)->weekday ? -1 : 1;
    return ((*a)->from_minute > (*b)->from_minute) - ((*a)->from_minute < (*b)->from_minute);
}

static void free_hours(Fascia__Hours **hours, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fascia__hours__free_unpacked(hours[i], NULL);
    free(hours);
}

/* Puts them in order; false when two overlap. */
static bool sort_hours(Fascia__Hours **hours, size_t count)
{
    if (count > 1)
        qsort(hours, count, sizeof(Fascia__Hours *), by_time);
    for (size_t i = 1; i < count; i++)
        if (hours[i]->weekday == hours[i - 1]->weekday && hours[i]->from_minute < hours[i - 1]->to_minute)
            return false;
    return true;
}

static bool add_hours(Fascia__Hours ***hours, size_t *count, size_t *room, uint32_t weekday,
                      const struct week_span *span)
{
    Fascia__Hours *entry;

    if (*count == ENTRIES_MOST)
        return false;
    *hours = memory_grow(*hours, room, *count + 1, sizeof(Fascia__Hours *));
    entry = memory_allocate(1, sizeof *entry);
    fascia__hours__init(entry);
    entry->weekday = weekday;
    entry->from_minute = span->from_minute;
    entry->to_minute = span->to_minute;
    (*hours)[(*count)++] = entry;
    return true;
}

/* A span of several days is as many entries. */
static bool spread(const struct week_span *spans, size_t span_count, Fascia__Hours ***hours, size_t *count,
                   struct fault *fault)
{
    size_t room = 0;

    for (size_t i = 0; i < span_count; i++) {
        if (spans[i].weekdays == 0) {
            fault_set(fault, "every item names its days, such as Mon-Fri or Mon,Wed");
            return false;
        }
        for (uint32_t day = 0; day < 7; day++)
            if ((spans[i].weekdays >> day & 1) != 0 && !add_hours(hours, count, &room, day, &spans[i])) {
                fault_set(fault, "there are more than %d times in the week", ENTRIES_MOST);
                return false;
            }
    }
    return true;
}

bool ctl_hours_parse(const char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    struct week_span spans[ENTRIES_MOST];
    size_t span_count = 0;
    Fascia__Hours **hours = NULL;
    size_t count = 0;
    bool good = week_parse(text, spans, ENTRIES_MOST, &span_count, fault) && has_grain(spans, span_count, fault) &&
                spread(spans, span_count, &hours, &count, fault);

    if (good && !sort_hours(hours, count)) {
        fault_set(fault, "two times of one day overlap");
        good = false;
    }
    if (!good) {
        free_hours(hours, count);
        return false;
    }
    free_hours(therapist->hours, therapist->n_hours);
    therapist->hours = hours;
    therapist->n_hours = count;
    return true;
}

/* After an item: the end, or ';'. */
static bool next_item(const char **at, struct fault *fault)
{
    *at = skip_blanks(*at);
    if (**at == '\0')
        return true;
    if (**at != ';') {
        fault_set(fault, "after the times comes nothing, or ';' and the next item");
        return false;
    }
    *at = skip_blanks(*at + 1);
    return true;
}

static bool read_exception(const char **at, Fascia__HoursException *exception, struct fault *fault)
{
    struct week_span spans[DAY_ENTRIES_MOST];
    size_t count = 0;
    size_t room = 0;
    char date[11] = "";
    int32_t day;

    strncpy(date, *at, 10);
    if (!day_parse(date, &day)) {
        fault_set(fault, "an item begins with a date that exists, such as 2026-12-24");
        return false;
    }
    exception->date = memory_text(date);
    *at = skip_blanks(*at + 10);
    if (strncasecmp(*at, "closed", 6) == 0) {
        *at += 6;
        return true;
    }
    if (!week_parse_times(at, spans, DAY_ENTRIES_MOST, &count, fault)) {
        fault_prefix(fault, "after the date comes 'closed', or times");
        return false;
    }
    if (!has_grain(spans, count, fault))
        return false;
    for (size_t i = 0; i < count; i++)
        (void)add_hours(&exception->hours, &exception->n_hours, &room, 0, &spans[i]);
    if (sort_hours(exception->hours, exception->n_hours))
        return true;
    fault_set(fault, "two times of one day overlap");
    return false;
}

static int by_date(const void *left, const void *right)
{
    return strcmp((*(Fascia__HoursException *const *)left)->date, (*(Fascia__HoursException *const *)right)->date);
}

static bool sort_exceptions(Fascia__HoursException **exceptions, size_t count)
{
    if (count > 1)
        qsort(exceptions, count, sizeof(Fascia__HoursException *), by_date);
    for (size_t i = 1; i < count; i++)
        if (strcmp(exceptions[i]->date, exceptions[i - 1]->date) == 0)
            return false;
    return true;
}

static void free_exceptions(Fascia__HoursException **exceptions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fascia__hours_exception__free_unpacked(exceptions[i], NULL);
    free(exceptions);
}

bool ctl_exceptions_parse(const char *text, Fascia__Therapist *therapist, struct fault *fault)
{
    const char *at = skip_blanks(text);
    Fascia__HoursException **exceptions = NULL;
    size_t count = 0;
    size_t room = 0;
    bool good = true;

    while (good && *at != '\0') {
        Fascia__HoursException *exception = memory_allocate(1, sizeof *exception);
        fascia__hours_exception__init(exception);
        exceptions = memory_grow(exceptions, &room, count + 1, sizeof(Fascia__HoursException *));
        exceptions[count++] = exception;
        good = read_exception(&at, exception, fault) && next_item(&at, fault);
        if (!good)
            fault_prefix(fault, "item %zu", count);
    }
    if (good && !sort_exceptions(exceptions, count)) {
        fault_set(fault, "a date stands there twice; put its times into one item");
        good = false;
    }
    if (!good) {
        free_exceptions(exceptions, count);
        return false;
    }
    free_exceptions(therapist->exceptions, therapist->n_exceptions);
    therapist->exceptions = exceptions;
    therapist->n_exceptions = count;
    return true;
}

/* ---- writing --------------------------------------------------------------------------------------------------------- */

static void write_time(FILE *out, uint32_t minute)
{
    fprintf(out, "%02u:%02u", minute / 60, minute % 60);
}

static void write_span(FILE *out, const Fascia__Hours *hours, bool first)
{
    if (!first)
        fputc(',', out);
    write_time(out, hours->from_minute);
    fputc('-', out);
    write_time(out, hours->to_minute);
}

/* The times of one weekday, "" for none. The caller frees it. */
static char *times_of(const Fascia__Therapist *therapist, uint32_t weekday)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    bool first = true;

    INVARIANT(out != NULL);
    for (size_t i = 0; i < therapist->n_hours; i++) {
        if (therapist->hours[i]->weekday != weekday)
            continue;
        write_span(out, therapist->hours[i], first);
        first = false;
    }
    fclose(out);
    return text;
}

static const char *const day_names[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* "Mon-Fri,Sun": runs of three and more as ranges. */
static void write_days(FILE *out, unsigned days)
{
    const char *comma = "";

    for (unsigned day = 0; day < 7; day++) {
        unsigned last = day;
        if ((days >> day & 1) == 0)
            continue;
        while (last < 6 && (days >> (last + 1) & 1) != 0)
            last++;
        fprintf(out, "%s%s", comma, day_names[day]);
        if (last > day + 1) {
            fprintf(out, "-%s", day_names[last]);
            day = last;
        }
        comma = ",";
    }
}

void ctl_hours_write(FILE *out, const Fascia__Therapist *therapist)
{
    char *times[7];
    unsigned done = 0;
    const char *between = "";

    for (uint32_t day = 0; day < 7; day++)
        times[day] = times_of(therapist, day);
    for (unsigned day = 0; day < 7; day++) {
        unsigned same = 0;
        if (times[day][0] == '\0' || (done >> day & 1) != 0)
            continue;
        for (unsigned other = day; other < 7; other++)
            if (strcmp(times[day], times[other]) == 0)
                same |= 1u << other;
        fputs(between, out);
        write_days(out, same);
        fprintf(out, " %s", times[day]);
        done |= same;
        between = "; ";
    }
    for (unsigned day = 0; day < 7; day++)
        free(times[day]);
}

void ctl_exceptions_write(FILE *out, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < therapist->n_exceptions; i++) {
        const Fascia__HoursException *exception = therapist->exceptions[i];
        fprintf(out, "%s%s ", i > 0 ? "; " : "", exception->date);
        if (exception->n_hours == 0)
            fputs("closed", out);
        for (size_t j = 0; j < exception->n_hours; j++)
            write_span(out, exception->hours[j], j == 0);
    }
}
