#include "core/directory.h"
#include "core/memory.h"
#include "core/message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND(kind)    FASCIA__PROBLEM__KIND__##kind
#define LIST_MOST     4096 /* entries of any list of one therapist */
#define CAPACITY_MOST 10000
#define RADIUS_MOST   1000000 /* metres */

struct check {
    Fascia__Therapist *content;
    const struct codes *codes;
    const struct zone_source *zones;
    const char *default_zone;
    Fascia__Problem ***problems;
    size_t *count;
    bool wrong;
};

static void say(struct check *check, Fascia__Problem__Kind kind, const char *field, const char *text)
{
    check->wrong = true;
    message_push(check->problems, check->count,
                 problem_new(FASCIA__PROBLEM__SEVERITY__ERROR, kind, "", field, "%s", text));
}

static void say_of(struct check *check, Fascia__Problem__Kind kind, const char *list, size_t position,
                   const char *field, const char *text)
{
    char name[96];

    snprintf(name, sizeof name, "%s[%zu]%s", list, position + 1, field);
    say(check, kind, name, text);
}

/* An identifier is shown, logged and typed: no spaces or control characters in it. */
static void check_identity(struct check *check)
{
    const Fascia__Therapist *content = check->content;
    size_t size = strlen(content->identifier);

    if (size == 0)
        say(check, KIND(MISSING), "identifier", "a therapist needs an identifier, such as the NPI");
    else if (size > RECORD_NAME_BYTES)
        say(check, KIND(BAD_TYPE), "identifier", "the identifier is longer than 64 bytes");
    for (const char *letter = content->identifier; *letter != '\0'; letter++) {
        if ((unsigned char)*letter <= ' ' || *letter == 0x7f) {
            say(check, KIND(BAD_TYPE), "identifier", "the identifier holds a space or a control character");
            break;
        }
    }
    if (*content->name == '\0')
        say(check, KIND(MISSING), "name", "a therapist needs a name");
    if (*content->profession == '\0')
        say(check, KIND(MISSING), "profession", "the profession is missing: give its NUCC code, such as 225700000X");
    else if (!codes_treats(check->codes, content->profession))
        say(check, KIND(UNKNOWN_CODE), "profession", "this profession is not one that treats, by professions.csv");
    if (content->gender > FASCIA__GENDER__GENDER_OTHER)
        say(check, KIND(UNKNOWN_CODE), "gender", "this is not one of the genders");
}

static void check_period(struct check *check, const char *list, size_t position, const char *from, const char *to)
{
    int32_t first = INT32_MIN, last = INT32_MAX;

    if (*from != '\0' && !day_parse(from, &first))
        say_of(check, KIND(BAD_TYPE), list, position, ".valid_from", "this is not a date of the form YYYY-MM-DD");
    if (*to != '\0' && !day_parse(to, &last))
        say_of(check, KIND(BAD_TYPE), list, position, ".valid_to", "this is not a date of the form YYYY-MM-DD");
    if (first > last)
        say_of(check, KIND(BAD_TYPE), list, position, ".valid_to", "the last valid date lies before the first");
}

static void check_credentials(struct check *check)
{
    const Fascia__Therapist *content = check->content;

    for (size_t i = 0; i < content->n_licences; i++) {
        const Fascia__Licence *licence = content->licences[i];

        if (*licence->jurisdiction == '\0')
            say_of(check, KIND(MISSING), "licences", i, ".jurisdiction", "where it is valid is missing, such as US-KY");
        check_period(check, "licences", i, licence->valid_from, licence->valid_to);
    }
    for (size_t i = 0; i < content->n_certifications; i++) {
        const Fascia__Certification *certification = content->certifications[i];

        if (*certification->code == '\0')
            say_of(check, KIND(MISSING), "certifications", i, ".code", "the certification's code is missing");
        check_period(check, "certifications", i, certification->valid_from, certification->valid_to);
    }
}

static void check_skills(struct check *check)
{
    const Fascia__Therapist *content = check->content;

    for (size_t i = 0; i < content->n_techniques; i++)
        if (!codes_known_technique(check->codes, content->techniques[i]))
            say_of(check, KIND(UNKNOWN_CODE), "techniques", i, "", "this technique is not in techniques.csv");
    for (size_t i = 0; i < content->n_conditions; i++)
        if (!codes_known_category(check->codes, content->conditions[i]->condition))
            say_of(check, KIND(UNKNOWN_CODE), "conditions", i, ".condition", "this condition is not in categories.csv");
}

static void change_case(char *text, int (*to_case)(int))
{
    size_t size = strlen(text);
    size_t skip = strspn(text, " \t");

    while (size > skip && (text[size - 1] == ' ' || text[size - 1] == '\t'))
        text[--size] = '\0';
    for (size_t i = 0; i + skip <= size; i++)
        text[i] = (char)to_case((unsigned char)text[i + skip]);
}

static void fold_codes(struct check *check)
{
    Fascia__Therapist *content = check->content;

    for (size_t i = 0; i < content->n_payers; i++)
        if (content->payers[i] != MESSAGE_EMPTY)
            change_case(content->payers[i], toupper);
    for (size_t i = 0; i < content->n_languages; i++)
        if (content->languages[i] != MESSAGE_EMPTY)
            change_case(content->languages[i], tolower);
}

static bool has_position(const Fascia__Position *position)
{
    return position != NULL && (position->latitude != 0 || position->longitude != 0);
}

/* A place without a position takes its postal code's; the first one's zone serves a therapist without one. */
static void check_place(struct check *check, size_t position)
{
    Fascia__Place *place = check->content->places[position];
    struct codes_place centre = {0};
    bool known = *place->postal_code != '\0' && codes_place(check->codes, place->country, place->postal_code, &centre);

    if (place->position_derived && place->position != NULL)
        place->position->latitude = place->position->longitude = 0;
    place->position_derived = !has_position(place->position);
    if (has_position(place->position)) {
        if (place->position->latitude < -90000000 || place->position->latitude > 90000000 ||
            place->position->longitude < -180000000 || place->position->longitude > 180000000)
            say_of(check, KIND(BAD_TYPE), "places", position, ".position",
                   "a position is within 90 degrees of latitude and 180 of longitude");
    } else if (known) {
        if (place->position == NULL) {
            place->position = memory_allocate(1, sizeof *place->position);
            fascia__position__init(place->position);
        }
        place->position->latitude = centre.latitude;
        place->position->longitude = centre.longitude;
    } else if (*place->postal_code == '\0') {
        say_of(check, KIND(MISSING), "places", position, ".postal_code", "a place needs coordinates or a postal code");
    } else {
        say_of(check, KIND(UNKNOWN_CODE), "places", position, ".postal_code",
               "this postal code is not in places.csv: correct it, or give coordinates");
    }
    if (known && *check->content->time_zone == '\0' && centre.zone != NULL && *centre.zone != '\0')
        message_set(&check->content->time_zone, centre.zone);
}

static void check_places(struct check *check)
{
    Fascia__Therapist *content = check->content;
    bool remote_only = content->n_visit_modes > 0;

    if (content->time_zone_derived)
        message_clear(&content->time_zone);
    content->time_zone_derived = *content->time_zone == '\0';
    for (size_t i = 0; i < content->n_visit_modes; i++) {
        if (content->visit_modes[i] < FASCIA__VISIT_MODE__VISIT_MODE_CLINIC ||
            content->visit_modes[i] > FASCIA__VISIT_MODE__VISIT_MODE_REMOTE)
            say_of(check, KIND(UNKNOWN_CODE), "visit_modes", i, "", "this is not clinic, home or remote");
        remote_only = remote_only && content->visit_modes[i] == FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    }
    for (size_t i = 0; i < content->n_places; i++)
        check_place(check, i);
    if (content->n_places == 0 && !remote_only)
        say(check, KIND(MISSING), "places", "a therapist who treats in clinic or at home needs a place");
    if (content->home_radius > RADIUS_MOST)
        say(check, KIND(BAD_TYPE), "home_radius", "the radius of home visits is over 1000 km");
}

static void check_time(struct check *check)
{
    Fascia__Therapist *content = check->content;
    struct fault fault = {{0}};

    if (*content->time_zone == '\0')
        message_set(&content->time_zone, check->default_zone);
    if (check->zones->find(check->zones->context, content->time_zone) == NULL)
        say(check, KIND(UNKNOWN_CODE), "time_zone",
            "this time zone is not in the system's zone data: give an IANA name such as America/New_York");
    if (!calendar_check_hours(content, &fault))
        say(check, KIND(BAD_TYPE), "hours", fault.text);
}

static void check_numbers(struct check *check)
{
    const Fascia__Therapist *content = check->content;

    if (content->capacity > CAPACITY_MOST)
        say(check, KIND(BAD_TYPE), "capacity", "the capacity is over 10000 open cases");
    if (content->rating_sum > (uint64_t)content->rating_count * 100)
        say(check, KIND(BAD_TYPE), "rating_sum", "the ratings add up to more than 100 points each");
}

static bool lists_bounded(const Fascia__Therapist *content)
{
    const size_t counts[] = {content->n_licences,   content->n_certifications, content->n_techniques,
                             content->n_conditions, content->n_payers,         content->n_languages,
                             content->n_places,     content->n_visit_modes,    content->n_hours,
                             content->n_exceptions};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i] > LIST_MOST)
            return false;
    return true;
}

bool directory_check(Fascia__Therapist *content, const struct codes *codes, const struct zone_source *zones,
                     const char *default_zone, Fascia__Problem ***problems, size_t *count)
{
    struct check check = {content, codes, zones, default_zone, problems, count, false};

    check_identity(&check);
    if (!lists_bounded(content)) {
        say(&check, KIND(BAD_TYPE), "", "a list of this therapist has more than 4096 entries");
        return false;
    }
    check_credentials(&check);
    check_skills(&check);
    fold_codes(&check);
    check_places(&check);
    check_time(&check);
    check_numbers(&check);
    return !check.wrong;
}
