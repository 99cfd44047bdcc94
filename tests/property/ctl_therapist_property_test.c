/* Any therapist that is written, as CSV or NDJSON, is read back as it was. */
#include "core/fault.h"
#include "core/zone.h"
#include "ctl/therapist_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3000

static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return chance_state % below;
}

/* Text with everything that notations use, and letters beyond ASCII; no blanks at the ends, for files take those away. */
static char *some_text(size_t most, bool may_be_empty)
{
    static const char *const pieces[] = {
        "a", "Z", "7", ";", ":", "|", "\\", ",", "\"", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "#", "=", "'", "{", "]", ".", "-"};
    char *text = calloc(most * 4 + 8, 1);
    size_t count = chance(most + 1);

    if (count == 0 && !may_be_empty)
        count = 1;
    for (size_t i = 0; i < count; i++) {
        strcat(text, pieces[chance(sizeof pieces / sizeof *pieces)]);
        if (i + 1 < count && chance(6) == 0)
            strcat(text, chance(8) == 0 ? "\n" : " ");
    }
    return text;
}

static char *some_date(void)
{
    char *text = calloc(11, 1);

    if (chance(4) > 0)
        day_format((int32_t)(18000 + chance(5000)), text);
    return text;
}

static void *fresh(const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = calloc(1, type->sizeof_message);

    protobuf_c_message_init(type, message);
    return message;
}

static void some_texts(char ***list, size_t *count)
{
    *count = chance(4);
    *list = *count > 0 ? calloc(*count, sizeof(char *)) : NULL;
    for (size_t i = 0; i < *count; i++)
        (*list)[i] = some_text(6, false);
}

static void add_credentials(Fascia__Therapist *therapist)
{
    const size_t licences = chance(3);
    const size_t certifications = chance(3);

    therapist->licences = calloc(licences + 1, sizeof(void *));
    for (size_t i = 0; i < licences; i++) {
        Fascia__Licence *licence = fresh(&fascia__licence__descriptor);
        licence->jurisdiction = some_text(4, false);
        licence->number = some_text(4, true);
        licence->profession = some_text(4, true);
        licence->status = (Fascia__CredentialStatus)chance(5);
        licence->valid_from = some_date();
        therapist->licences[therapist->n_licences++] = licence;
    }
    therapist->certifications = calloc(certifications + 1, sizeof(void *));
    for (size_t i = 0; i < certifications; i++) {
        Fascia__Certification *certification = fresh(&fascia__certification__descriptor);
        certification->code = some_text(4, false);
        certification->number = some_text(4, true);
        certification->issuer = some_text(4, true);
        certification->status = (Fascia__CredentialStatus)chance(5);
        certification->valid_to = some_date();
        certification->jurisdiction = some_text(2, true);
        certification->verified_on = some_date();
        certification->verified_how = some_text(5, true);
        therapist->certifications[therapist->n_certifications++] = certification;
    }
}

static void add_places(Fascia__Therapist *therapist)
{
    const size_t places = chance(3);
    const size_t conditions = chance(4);

    therapist->places = calloc(places + 1, sizeof(void *));
    for (size_t i = 0; i < places; i++) {
        Fascia__Place *place = fresh(&fascia__place__descriptor);
        place->name = some_text(5, true);
        place->address = some_text(5, true);
        place->country = some_text(2, true);
        place->postal_code = some_text(5, false);
        if (chance(2) == 0) {
            place->position = fresh(&fascia__position__descriptor);
            place->position->latitude = (int32_t)chance(180000001) - 90000000;
            place->position->longitude = (int32_t)chance(360000001) - 180000000;
            if (chance(3) == 0) /* round numbers have no digits behind the point */
                place->position->latitude -= place->position->latitude % 1000000;
            if (abs(place->position->latitude) <= 90 && abs(place->position->longitude) <= 180)
                place->position->latitude = 1000000; /* as degrees these are refused */
        }
        therapist->places[therapist->n_places++] = place;
    }
    therapist->conditions = calloc(conditions + 1, sizeof(void *));
    for (size_t i = 0; i < conditions; i++) {
        Fascia__Experience *experience = fresh(&fascia__experience__descriptor);
        experience->condition = some_text(5, false);
        experience->cases = (uint32_t)chance(500);
        therapist->conditions[therapist->n_conditions++] = experience;
    }
}

/* In order and without overlaps, as they are kept. */
static void add_day(Fascia__Hours ***hours, size_t *count, uint32_t weekday)
{
    for (uint32_t quarter = (uint32_t)chance(40); quarter < 96 && chance(3) > 0;) {
        const uint32_t to = quarter + 1 + (uint32_t)chance(96 - quarter);
        Fascia__Hours *entry = fresh(&fascia__hours__descriptor);
        entry->weekday = weekday;
        entry->from_minute = quarter * 15;
        entry->to_minute = to * 15;
        *hours = realloc(*hours, (*count + 1) * sizeof(void *));
        (*hours)[(*count)++] = entry;
        quarter = to + (uint32_t)chance(10);
    }
}

static void add_time(Fascia__Therapist *therapist)
{
    int32_t day = 20000;
    const size_t exceptions = chance(4);

    for (uint32_t weekday = 0; weekday < 7; weekday++)
        add_day(&therapist->hours, &therapist->n_hours, weekday);
    therapist->exceptions = calloc(exceptions + 1, sizeof(void *));
    for (size_t i = 0; i < exceptions; i++) {
        Fascia__HoursException *exception = fresh(&fascia__hours_exception__descriptor);
        char date[11];
        day += 1 + (int32_t)chance(300);
        day_format(day, date);
        exception->date = strdup(date);
        add_day(&exception->hours, &exception->n_hours, 0);
        therapist->exceptions[therapist->n_exceptions++] = exception;
    }
}

static Fascia__Therapist *some_therapist(void)
{
    Fascia__Therapist *therapist = fresh(&fascia__therapist__descriptor);

    therapist->identifier = strdup("1000000004");
    therapist->name = some_text(12, false);
    therapist->gender = (Fascia__Gender)chance(4);
    therapist->profession = some_text(6, false);
    therapist->time_zone = some_text(8, true);
    therapist->telephone = some_text(8, true);
    add_credentials(therapist);
    some_texts(&therapist->techniques, &therapist->n_techniques);
    some_texts(&therapist->payers, &therapist->n_payers);
    some_texts(&therapist->languages, &therapist->n_languages);
    add_places(therapist);
    therapist->n_visit_modes = chance(4);
    therapist->visit_modes = calloc(therapist->n_visit_modes + 1, sizeof(Fascia__VisitMode));
    for (size_t i = 0; i < therapist->n_visit_modes; i++)
        therapist->visit_modes[i] = (Fascia__VisitMode)(1 + chance(3));
    therapist->home_radius = (uint32_t)chance(1000001);
    add_time(therapist);
    therapist->capacity = (uint32_t)chance(10001);
    therapist->rating_count = (uint32_t)chance(100);
    therapist->rating_sum = (uint32_t)chance(therapist->rating_count * 100 + 1);
    therapist->not_accepting = chance(2) == 0;
    return therapist;
}

static void packed_alike(const Fascia__Therapist *one, const Fascia__Therapist *other, const char *text)
{
    const size_t size = fascia__therapist__get_packed_size(one);
    uint8_t *left = malloc(size);
    uint8_t *right = malloc(fascia__therapist__get_packed_size(other));

    fascia__therapist__pack(one, left);
    if (size != fascia__therapist__pack(other, right) || memcmp(left, right, size) != 0)
        fail_msg("seed %llu: was not read back as it was:\n%s", (unsigned long long)chance_state, text);
    free(left);
    free(right);
}

static void round_trip(enum therapist_format format)
{
    Fascia__Therapist *therapist = some_therapist();
    Fascia__Therapist *read = NULL;
    struct ctl_problems problems = {0};
    struct therapist_file *file;
    char *text = NULL;
    size_t size = 0;
    size_t line = 0;
    FILE *stream = open_memstream(&text, &size);

    therapist_write_header(stream, format);
    therapist_write(stream, format, therapist);
    fclose(stream);
    stream = fmemopen(text, size, "r");
    file = therapist_file_create(stream, format, &problems);
    if (therapist_file_next(file, &read, &line) != THERAPIST_ROW) {
        ctl_problems_show(&problems, stderr, "file", 10);
        fail_msg("can't be read:\n%s", text);
    }
    packed_alike(therapist, read, text);
    fascia__therapist__free_unpacked(read, NULL);
    assert_int_equal(therapist_file_next(file, &read, &line), THERAPIST_END);
    assert_int_equal(problems.total, 0);
    therapist_file_destroy(file);
    ctl_problems_finish(&problems);
    fclose(stream);
    free(text);
    fascia__therapist__free_unpacked(therapist, NULL);
}

static void csv_gives_back_what_it_took(void **state)
{
    (void)state;
    chance_state = 88172645463325252;
    for (int i = 0; i < ROUNDS; i++)
        round_trip(THERAPIST_CSV);
}

static void ndjson_gives_back_what_it_took(void **state)
{
    (void)state;
    chance_state = 7816254463325001;
    for (int i = 0; i < ROUNDS; i++)
        round_trip(THERAPIST_NDJSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_gives_back_what_it_took),
        cmocka_unit_test(ndjson_gives_back_what_it_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
