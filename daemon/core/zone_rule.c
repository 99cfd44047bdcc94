#include "core/zone_rule.h"

#include <ctype.h>

/* Reads a number of at most four digits up to `most`. */
static bool read_number(const char **text, int most, int *number)
{
    int digits = 0;

    for (*number = 0; isdigit((unsigned char)**text) && digits < 4; digits++, (*text)++)
        *number = *number * 10 + (**text - '0');
    return digits > 0 && *number <= most;
}

/* Three letters or more; between angle brackets digits and signs too. */
static bool skip_name(const char **text)
{
    size_t length = 0;

    if (**text == '<') {
        for ((*text)++; isalnum((unsigned char)**text) || **text == '+' || **text == '-'; (*text)++)
            length++;
        return length >= 3 && *(*text)++ == '>';
    }
    for (; isalpha((unsigned char)**text); (*text)++)
        length++;
    return length >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool read_time(const char **text, int most_hours, int32_t *seconds)
{
    int sign = **text == '-' ? -1 : 1;
    int hours, minutes = 0, rest = 0;

    if (**text == '-' || **text == '+')
        (*text)++;
    if (!read_number(text, most_hours, &hours))
        return false;
    if (**text == ':') {
        (*text)++;
        if (!read_number(text, 59, &minutes))
            return false;
        if (**text == ':') {
            (*text)++;
            if (!read_number(text, 59, &rest))
                return false;
        }
    }
    *seconds = sign * (hours * 3600 + minutes * 60 + rest);
    return true;
}

static bool read_month_week_day(const char **text, struct zone_rule_day *day)
{
    day->form = RULE_MONTH_WEEK_DAY;
    (*text)++;
    if (!read_number(text, 12, &day->month) || *(*text)++ != '.')
        return false;
    if (!read_number(text, 5, &day->week) || *(*text)++ != '.')
        return false;
    return read_number(text, 6, &day->day) && day->month >= 1 && day->week >= 1;
}

static bool read_day(const char **text, struct zone_rule_day *day)
{
    bool read;

    if (*(*text)++ != ',')
        return false;
    if (**text == 'M') {
        read = read_month_week_day(text, day);
    } else if (**text == 'J') {
        day->form = RULE_JULIAN;
        (*text)++;
        read = read_number(text, 365, &day->day) && day->day >= 1;
    } else {
        day->form = RULE_ZERO_BASED;
        read = read_number(text, 365, &day->day);
    }
    day->time = 2 * 3600;
    if (read && **text == '/') {
        (*text)++;
        read = read_time(text, 167, &day->time);
    }
    return read;
}

bool zone_rule_parse(const char *text, struct zone_rule *rule, struct fault *fault)
{
    *rule = (struct zone_rule){0};
    if (!skip_name(&text) || !read_time(&text, 24, &rule->standard)) {
        fault_set(fault, "the rule for the future does not begin with a name and an offset");
        return false;
    }
    rule->standard = -rule->standard; /* POSIX counts west of Greenwich */
    if (*text == 0)
        return true;
    rule->has_daylight = true;
    rule->daylight = rule->standard + 3600;
    if (!skip_name(&text)) {
        fault_set(fault, "the rule for the future has no name for its daylight time");
        return false;
    }
    if (*text != ',') {
        if (!read_time(&text, 24, &rule->daylight)) {
            fault_set(fault, "the rule for the future has a bad offset for its daylight time");
            return false;
        }
        rule->daylight = -rule->daylight;
    }
    if (!read_day(&text, &rule->start) || !read_day(&text, &rule->end) || *text != 0) {
        fault_set(fault, "the rule for the future does not say when daylight time begins and ends");
        return false;
    }
    return true;
}

static int32_t rule_day(const struct zone_rule_day *day, int year)
{
    int32_t first, candidate, next_month;
    bool leap = day_from_civil(year + 1, 1, 1) - day_from_civil(year, 1, 1) == 366;

    if (day->form == RULE_ZERO_BASED)
        return day_from_civil(year, 1, 1) + day->day;
    if (day->form == RULE_JULIAN) /* 29 February is never counted */
        return day_from_civil(year, 1, 1) + day->day - 1 + (leap && day->day >= 60);
    first = day_from_civil(year, day->month, 1);
    next_month = day->month == 12 ? day_from_civil(year + 1, 1, 1) : day_from_civil(year, day->month + 1, 1);
    /* the rule counts from Sunday, day_weekday from Monday */
    candidate = first + ((day->day + 6) % 7 - day_weekday(first) + 7) % 7 + 7 * (day->week - 1);
    return candidate >= next_month ? candidate - 7 : candidate; /* week 5 is the last */
}

static struct zone_change rule_change(const struct zone_rule_day *day, int year, int32_t before, int32_t after)
{
    int64_t local = rule_day(day, year) * DAY_MS + day->time * SECOND_MS;

    return (struct zone_change){.at = local - before * SECOND_MS, .offset = (int32_t)(after * SECOND_MS)};
}

/* Rules may reach over the turn of a year, so that a change of one year can come after one of the next. Of two at one instant the
 * start of daylight time wins: that is how a rule says that daylight time never ends. */
static void sort_changes(struct zone_change *changes, size_t count, int32_t daylight)
{
    for (size_t i = 1; i < count; i++) {
        struct zone_change change = changes[i];
        size_t at = i;
        while (at > 0 && (changes[at - 1].at > change.at ||
                          (changes[at - 1].at == change.at && changes[at - 1].offset == daylight))) {
            changes[at] = changes[at - 1];
            at--;
        }
        changes[at] = change;
    }
}

void zone_rule_lay_out(const struct zone_rule *rule, struct zone *zone, int64_t after)
{
    enum { YEARS = ZONE_LAST_YEAR - ZONE_FIRST_YEAR + 3 };
    struct zone_change changes[YEARS * 2];
    size_t count = 0;

    if (!rule->has_daylight) {
        if (zone->count == 0 && after == INT64_MIN)
            zone->first_offset = (int32_t)(rule->standard * SECOND_MS);
        return;
    }
    if (after == INT64_MIN)
        zone->first_offset = (int32_t)(rule->standard * SECOND_MS);
    for (int year = ZONE_FIRST_YEAR - 1; year <= ZONE_LAST_YEAR + 1; year++) {
        changes[count++] = rule_change(&rule->start, year, rule->standard, rule->daylight);
        changes[count++] = rule_change(&rule->end, year, rule->daylight, rule->standard);
    }
    sort_changes(changes, count, (int32_t)(rule->daylight * SECOND_MS));
    for (size_t i = 0; i < count; i++)
        if (changes[i].at > after)
            zone_add_change(zone, changes[i].at, changes[i].offset);
}
