#include "core/zone.h"
#include "ctl/therapist_file.h"

#include <stdint.h>
#include <string.h>

#define IDENTIFIER_BYTES 64

struct check {
    const struct therapist_file *columns;
    size_t line;
    struct ctl_problems *problems;
    size_t told; /* problems that were there before */
    bool good;
};

/* Whether something was said of this field, or of a part of it, on this line before the checks began. */
static bool told(const struct check *check, const char *field)
{
    const size_t size = strcspn(field, "[.");

    for (size_t i = check->told; i > 0 && check->problems->items[i - 1].line == check->line; i--) {
        const char *before = check->problems->items[i - 1].field;
        if (strcspn(before, "[.") == size && strncmp(before, field, size) == 0)
            return true;
    }
    return false;
}

static void say(struct check *check, const char *field, const char *text)
{
    if (told(check, field))
        return;
    ctl_problems_add(check->problems, check->line, therapist_file_column(check->columns, field), field, text);
    check->good = false;
}

static void say_of(struct check *check, const char *list, size_t position, const char *field, const char *text)
{
    char path[96];

    snprintf(path, sizeof path, "%s[%zu]%s", list, position + 1, field);
    say(check, path, text);
}

static void check_identity(struct check *check, const Fascia__Therapist *therapist)
{
    if (therapist->identifier[0] == '\0')
        say(check, "identifier", "is missing: give the NPI, or another name that nobody else has");
    else if (strlen(therapist->identifier) > IDENTIFIER_BYTES)
        say(check, "identifier", "is longer than 64 bytes");
    for (const char *at = therapist->identifier; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f) {
            say(check, "identifier", "holds a space or a control character");
            break;
        }
    if (therapist->name[0] == '\0')
        say(check, "name", "is missing");
    if (therapist->profession[0] == '\0')
        say(check, "profession", "is missing: give its NUCC code, such as 225700000X for a massage therapist");
}

static bool date(struct check *check, const char *list, size_t position, const char *field, const char *text,
                 int32_t *day)
{
    if (text[0] == '\0' || day_parse(text, day))
        return true;
    say_of(check, list, position, field, "is not a date that exists, written 2027-12-31");
    return false;
}

static void check_period(struct check *check, const char *list, size_t position, const char *from, const char *to)
{
    int32_t first = INT32_MIN;
    int32_t last = INT32_MAX;
    const bool good_from = date(check, list, position, ".valid_from", from, &first);

    if (date(check, list, position, ".valid_to", to, &last) && good_from && first > last)
        say_of(check, list, position, ".valid_to", "lies before the first valid date");
}

static void check_credentials(struct check *check, const Fascia__Therapist *therapist)
{
    int32_t day;

    for (size_t i = 0; i < therapist->n_licences; i++) {
        const Fascia__Licence *licence = therapist->licences[i];
        if (licence->jurisdiction[0] == '\0')
            say_of(check, "licences", i, ".jurisdiction", "is missing: say where the licence is valid, such as US-KY");
        check_period(check, "licences", i, licence->valid_from, licence->valid_to);
    }
    for (size_t i = 0; i < therapist->n_certifications; i++) {
        const Fascia__Certification *certification = therapist->certifications[i];
        if (certification->code[0] == '\0')
            say_of(check, "certifications", i, ".code", "is missing");
        check_period(check, "certifications", i, certification->valid_from, certification->valid_to);
        (void)date(check, "certifications", i, ".verified_on", certification->verified_on, &day);
    }
}

static void check_places(struct check *check, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < therapist->n_places; i++) {
        const Fascia__Position *position = therapist->places[i]->position;
        if (position == NULL && therapist->places[i]->postal_code[0] == '\0')
            say_of(check, "places", i, "", "needs a postal code, or coordinates");
        if (position != NULL && (position->latitude < -90000000 || position->latitude > 90000000 ||
                                 position->longitude < -180000000 || position->longitude > 180000000))
            say_of(check, "places", i, ".position", "is not on the earth");
    }
}

static bool is_span(const Fascia__Hours *hours)
{
    return hours->weekday < 7 && hours->from_minute % 15 == 0 && hours->to_minute % 15 == 0 &&
           hours->from_minute < hours->to_minute && hours->to_minute <= 1440;
}

static void check_hours(struct check *check, const Fascia__Therapist *therapist)
{
    static const char wrong[] =
        "must have weekday 0 (Monday) to 6, and minutes of the day in steps of 15, from before to";
    int32_t day;

    for (size_t i = 0; i < therapist->n_hours; i++)
        if (!is_span(therapist->hours[i]))
            say_of(check, "hours", i, "", wrong);
    for (size_t i = 0; i < therapist->n_exceptions; i++) {
        const Fascia__HoursException *exception = therapist->exceptions[i];
        if (exception->date[0] == '\0' || !day_parse(exception->date, &day))
            say_of(check, "exceptions", i, ".date", "is not a date that exists, written 2026-12-24");
        for (size_t j = 0; j < exception->n_hours; j++)
            if (!is_span(exception->hours[j]))
                say_of(check, "exceptions", i, ".hours", wrong);
    }
}

bool therapist_check(const Fascia__Therapist *therapist, const struct therapist_file *columns, size_t line,
                     struct ctl_problems *problems)
{
    struct check check = {columns, line, problems, problems->count, true};

    check_identity(&check, therapist);
    check_credentials(&check, therapist);
    check_places(&check, therapist);
    check_hours(&check, therapist);
    if (therapist->capacity > 10000)
        say(&check, "capacity", "is over 10000 open cases");
    if (therapist->home_radius > 1000000)
        say(&check, "home_radius", "is over 1000 km");
    if (therapist->rating_sum > (uint64_t)therapist->rating_count * 100 && !told(&check, "rating_count"))
        say(&check, "rating_sum", "is more than 100 points for each of rating_count");
    return check.good;
}
