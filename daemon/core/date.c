#include "core/zone.h"

#include <stdio.h>

#define FIRST_YEAR 1900
#define LAST_YEAR  2199

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_length(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : lengths[month - 1];
}

static int within(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

/* Years are counted from March, so that the leap day is the last of its year and months follow one formula. */
int32_t day_from_civil(int year, int month, int day_of_month)
{
    int era, year_of_era, day_of_year;

    year = within(year, 1, 9999);
    month = within(month, 1, 12);
    day_of_month = within(day_of_month, 1, month_length(year, month));
    year -= month <= 2;
    era = year / 400;
    year_of_era = year - era * 400;
    day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day_of_month - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void day_to_civil(int32_t day, int *year, int *month, int *day_of_month)
{
    int shifted = within(day, day_from_civil(1, 1, 1), day_from_civil(9999, 12, 31)) + 719468;
    int era = shifted / 146097;
    int day_of_era = shifted - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int from_march = (5 * day_of_year + 2) / 153;

    *day_of_month = day_of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

int day_weekday(int32_t day)
{
    int weekday = (int)(((int64_t)day + 3) % 7); /* day 0 was a Thursday */

    return weekday < 0 ? weekday + 7 : weekday;
}

static bool read_digits(const char *text, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (text[i] - '0');
    }
    return true;
}

bool day_parse(const char *text, int32_t *day)
{
    int year, month, day_of_month;

    if (!read_digits(text, 4, &year) || text[4] != '-' || !read_digits(text + 5, 2, &month) || text[7] != '-' ||
        !read_digits(text + 8, 2, &day_of_month) || text[10] != 0)
        return false;
    if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day_of_month < 1 ||
        day_of_month > month_length(year, month))
        return false;
    *day = day_from_civil(year, month, day_of_month);
    return true;
}

void day_format(int32_t day, char text[11])
{
    int year, month, day_of_month;
    char room[40];

    day_to_civil(within(day, day_from_civil(FIRST_YEAR, 1, 1), day_from_civil(LAST_YEAR, 12, 31)), &year, &month,
                 &day_of_month);
    snprintf(room, sizeof room, "%04d-%02d-%02d", year, month, day_of_month);
    for (int i = 0; i < 11; i++)
        text[i] = room[i];
}
