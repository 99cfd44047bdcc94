/* Hours as therapists give them: the check, and the pieces that they become. */
#include "core/calendar_data.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define MAXIMUM_HOURS (7 * QUARTERS_PER_DAY)

/* Marks the quarters of one entry; what names the entry in a fault. */
static bool mark(const Fascia__Hours *hours, bool busy[QUARTERS_PER_DAY], const char *what, size_t number,
                 struct fault *fault)
{
    const char *wrong = NULL;

    if (hours->from_minute % 15 != 0 || hours->to_minute % 15 != 0)
        wrong = "times are multiples of 15 minutes";
    else if (hours->to_minute > 1440)
        wrong = "the end is at most 1440, which is midnight";
    else if (hours->from_minute >= hours->to_minute)
        wrong = "the beginning is not before the end";
    for (uint32_t quarter = hours->from_minute / 15; wrong == NULL && quarter < hours->to_minute / 15; quarter++) {
        if (busy[quarter])
            wrong = "it overlaps with an entry before it";
        busy[quarter] = true;
    }
    if (wrong != NULL)
        fault_set(fault, "%s %zu: %s", what, number, wrong);
    return wrong == NULL;
}

static bool check_week(const Fascia__Therapist *therapist, struct fault *fault)
{
    bool busy[7][QUARTERS_PER_DAY] = {{false}};

    if (therapist->n_hours > MAXIMUM_HOURS) {
        fault_set(fault, "there are more than %d entries of weekly hours", MAXIMUM_HOURS);
        return false;
    }
    for (size_t i = 0; i < therapist->n_hours; i++) {
        const Fascia__Hours *hours = therapist->hours[i];
        if (hours->weekday > 6) {
            fault_set(fault, "hours entry %zu: the weekday is 0 for Monday to 6 for Sunday", i + 1);
            return false;
        }
        if (!mark(hours, busy[hours->weekday], "hours entry", i + 1, fault))
            return false;
    }
    return true;
}

/* An exception by its place among those given, so that a date given twice can be named. */
struct dated {
    int32_t day;
    uint32_t place;
};

static int compare_days(const void *a, const void *b)
{
    int32_t left = ((const struct dated *)a)->day, right = ((const struct dated *)b)->day;

    return (left > right) - (left < right);
}

static bool check_dates_differ(const struct dated *days, size_t count, struct fault *fault)
{
    for (size_t i = 1; i < count; i++)
        if (days[i].day == days[i - 1].day) {
            fault_set(fault, "exceptions %u and %u are for the same date; put their hours into one",
                      days[i - 1].place + 1U, days[i].place + 1U);
            return false;
        }
    return true;
}

static bool check_exception(const Fascia__HoursException *exception, size_t number, int32_t *day, struct fault *fault)
{
    bool busy[QUARTERS_PER_DAY] = {false};

    if (!day_parse(exception->date, day)) {
        fault_set(fault, "exception %zu: its date is no date of the form YYYY-MM-DD", number);
        return false;
    }
    for (size_t i = 0; i < exception->n_hours; i++)
        if (!mark(exception->hours[i], busy, "hours entry", i + 1, fault)) {
            fault_prefix(fault, "exception %zu", number);
            return false;
        }
    return true;
}

bool calendar_check_hours(const Fascia__Therapist *therapist, struct fault *fault)
{
    struct dated days[CALENDAR_MAXIMUM_EXCEPTIONS];

    if (!check_week(therapist, fault))
        return false;
    if (therapist->n_exceptions > CALENDAR_MAXIMUM_EXCEPTIONS) {
        fault_set(fault, "there are more than %d exceptions; leave out those that have passed",
                  CALENDAR_MAXIMUM_EXCEPTIONS);
        return false;
    }
    for (size_t i = 0; i < therapist->n_exceptions; i++) {
        days[i].place = (uint32_t)i;
        if (!check_exception(therapist->exceptions[i], i + 1, &days[i].day, fault))
            return false;
    }
    qsort(days, therapist->n_exceptions, sizeof *days, compare_days);
    return check_dates_differ(days, therapist->n_exceptions, fault);
}

/* ---- the block ---- */

#define BLOCK_BYTES 248 /* of a typical calendar: with what malloc adds, four cache lines */
#define LEAST_KEPT  24  /* takes that always have room in the block */

static calendar_bits bits_of(const Fascia__Hours *hours)
{
    return calendar_low_bits((int32_t)(hours->to_minute / 15)) & ~calendar_low_bits((int32_t)(hours->from_minute / 15));
}

/* Every kind of day once. */
struct kinds {
    calendar_bits bits[7 + CALENDAR_MAXIMUM_EXCEPTIONS];
    uint32_t count;
};

static uint32_t kind_of(struct kinds *kinds, calendar_bits bits)
{
    uint32_t kind = 0;

    while (kind < kinds->count && kinds->bits[kind] != bits)
        kind++;
    if (kind == kinds->count)
        kinds->bits[kinds->count++] = bits;
    return kind;
}

static void lay_out_week(const Fascia__Therapist *therapist, struct kinds *kinds, uint8_t week[7])
{
    calendar_bits days[7] = {0};

    for (size_t i = 0; i < therapist->n_hours; i++)
        days[therapist->hours[i]->weekday] |= bits_of(therapist->hours[i]);
    for (int weekday = 0; weekday < 7; weekday++)
        week[weekday] = (uint8_t)kind_of(kinds, days[weekday]);
}

static int compare_words(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

static void lay_out_exceptions(const Fascia__Therapist *therapist, struct kinds *kinds, uint32_t *exceptions)
{
    for (size_t i = 0; i < therapist->n_exceptions; i++) {
        const Fascia__HoursException *given = therapist->exceptions[i];
        calendar_bits bits = 0;
        int32_t day = 0;
        bool parsed = day_parse(given->date, &day);

        INVARIANT(parsed);
        for (size_t j = 0; j < given->n_hours; j++)
            bits |= bits_of(given->hours[j]);
        exceptions[i] = (uint32_t)(day - ZONE_FIRST_DAY) << EXCEPTION_KIND_BITS | kind_of(kinds, bits);
    }
    if (therapist->n_exceptions > 1)
        qsort(exceptions, therapist->n_exceptions, sizeof *exceptions, compare_words);
}

struct calendar *calendar_create_on(struct calendar_today *today, const Fascia__Therapist *therapist)
{
    uint32_t exceptions[CALENDAR_MAXIMUM_EXCEPTIONS];
    struct kinds kinds;
    struct calendar *calendar;
    size_t fixed, kept = LEAST_KEPT;
    uint8_t week[7];

    INVARIANT(calendar_check_hours(therapist, NULL)); /* the caller's promise; also what bounds the arrays */
    kinds.count = 0;
    lay_out_week(therapist, &kinds, week);
    lay_out_exceptions(therapist, &kinds, exceptions);
    fixed = sizeof *calendar + (3 * kinds.count + therapist->n_exceptions) * sizeof(uint32_t);
    if (fixed + kept * sizeof(uint32_t) < BLOCK_BYTES)
        kept = (BLOCK_BYTES - fixed) / sizeof(uint32_t);
    calendar = memory_allocate(1, fixed + kept * sizeof(uint32_t));
    calendar->today = today;
    calendar->kept_room = (uint16_t)kept;
    calendar->kind_count = (uint16_t)kinds.count;
    calendar->exception_count = (uint16_t)therapist->n_exceptions;
    memcpy(calendar->week, week, sizeof week);
    for (uint32_t kind = 0; kind < kinds.count; kind++)
        for (uint32_t word = 0; word < 3; word++)
            calendar->words[3 * kind + word] = (uint32_t)(kinds.bits[kind] >> 32 * word);
    if (therapist->n_exceptions > 0)
        memcpy(calendar->words + 3 * kinds.count, exceptions, therapist->n_exceptions * sizeof *exceptions);
    return calendar;
}

struct calendar *calendar_create(const struct zone *zone, const Fascia__Therapist *therapist)
{
    struct calendar *calendar = calendar_create_on(calendar_today_create(zone), therapist);

    calendar->own_today = true;
    return calendar;
}

void calendar_destroy(struct calendar *calendar)
{
    if (calendar == NULL)
        return;
    if (calendar->own_today)
        calendar_today_destroy(calendar->today);
    free(calendar->more);
    free(calendar);
}

size_t calendar_bytes(const struct calendar *calendar)
{
    size_t words = 3U * calendar->kind_count + calendar->exception_count + calendar->kept_room + calendar->more_room;

    return sizeof *calendar + words * sizeof(uint32_t);
}

/* ---- the hours of a day ---- */

uint32_t calendar_exception_from(const struct calendar *calendar, int32_t day)
{
    const uint32_t *exceptions = calendar->words + 3 * calendar->kind_count;
    uint32_t low = 0, high = calendar->exception_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (exception_day(exceptions[middle]) < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

calendar_bits calendar_hours_of(const struct calendar *calendar, int32_t day, int weekday)
{
    uint32_t at = calendar_exception_from(calendar, day);
    uint32_t exception = at < calendar->exception_count ? calendar->words[3 * calendar->kind_count + at] : 0;

    if (at < calendar->exception_count && exception_day(exception) == day)
        return calendar_kind(calendar, exception & ((1U << EXCEPTION_KIND_BITS) - 1));
    return calendar_kind(calendar, calendar->week[weekday]);
}
