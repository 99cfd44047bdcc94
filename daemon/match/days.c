#include "match/days.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

void match_days_init(struct match_days *days)
{
    days->stretches = NULL;
    days->count = 0;
    days->room = DAYS_INLINE;
}

void match_days_finish(struct match_days *days)
{
    free(days->stretches);
    match_days_init(days);
}

static struct match_stretch *stretches_of(struct match_days *days)
{
    return days->stretches != NULL ? days->stretches : days->inside;
}

const struct match_stretch *match_days_stretches(const struct match_days *days)
{
    return days->stretches != NULL ? days->stretches : days->inside;
}

void match_days_add(struct match_days *days, struct match_stretch stretch)
{
    if (stretch.first > stretch.last)
        return;
    if (days->count == days->room) {
        struct match_stretch *wider = memory_allocate(days->room * 2, sizeof *wider);

        memcpy(wider, stretches_of(days), days->count * sizeof *wider);
        free(days->stretches);
        days->stretches = wider;
        days->room *= 2;
    }
    stretches_of(days)[days->count++] = stretch;
}

static int by_first_day(const void *left, const void *right)
{
    const struct match_stretch *a = left, *b = right;

    return (a->first > b->first) - (a->first < b->first);
}

void match_days_settle(struct match_days *days)
{
    struct match_stretch *stretches = stretches_of(days);
    size_t kept = 0;

    if (days->count < 2)
        return;
    qsort(stretches, days->count, sizeof *stretches, by_first_day);
    for (size_t each = 1; each < days->count; each++) {
        bool joins = stretches[kept].last == DAY_LAST || stretches[each].first <= stretches[kept].last + 1;

        if (!joins)
            stretches[++kept] = stretches[each];
        else if (stretches[each].last > stretches[kept].last)
            stretches[kept].last = stretches[each].last;
    }
    days->count = kept + 1;
}

void match_days_keep(struct match_days *days, const struct match_days *other)
{
    const struct match_stretch *left = match_days_stretches(days), *right = match_days_stretches(other);
    size_t i = 0, j = 0;
    struct match_days both;

    match_days_init(&both);
    while (i < days->count && j < other->count) {
        match_days_add(&both,
                       (struct match_stretch){.first = left[i].first > right[j].first ? left[i].first : right[j].first,
                                              .last = left[i].last < right[j].last ? left[i].last : right[j].last});
        if (left[i].last < right[j].last)
            i++;
        else
            j++;
    }
    match_days_finish(days);
    *days = both;
}

bool match_days_meet(const struct match_days *days, struct match_stretch stretch)
{
    const struct match_stretch *each = match_days_stretches(days);

    for (size_t i = 0; i < days->count; i++) {
        if (each[i].first <= stretch.last && each[i].last >= stretch.first)
            return true;
    }
    return false;
}

bool match_days_cover(const struct match_days *days, struct match_stretch stretch)
{
    const struct match_stretch *each = match_days_stretches(days);

    for (size_t i = 0; i < days->count; i++) {
        if (each[i].first <= stretch.first && each[i].last >= stretch.last)
            return true;
    }
    return false;
}
