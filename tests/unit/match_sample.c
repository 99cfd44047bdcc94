#include "unit/match_sample.h"

#include "match_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct zone *louisville;
static struct codes *codes;

const struct zone *sample_zone(void)
{
    static const char name[] = "America/Kentucky/Louisville";
    uint8_t bytes[8192];
    struct fault fault = {{0}};
    FILE *file;
    size_t size;

    if (louisville != NULL)
        return louisville;
    file = fopen("/usr/share/zoneinfo/America/Kentucky/Louisville", "rb");
    assert_non_null(file);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    louisville = zone_parse(name, bytes, size, &fault);
    assert_non_null(louisville);
    return louisville;
}

static void load(const char *table, const char *text)
{
    struct fault fault = {{0}};

    if (!codes_load(codes, table, table, (const uint8_t *)text, strlen(text), &fault))
        fail_msg("%s", fault.text);
}

const struct codes *sample_codes(void)
{
    struct fault fault = {{0}};

    if (codes != NULL)
        return codes;
    codes = codes_create();
    codes_set_home(codes, "US");
    load("professions.csv", "taxonomy,label,refers,treats\n"
                            "225700000X,Massage therapist,,yes\n"
                            "111N00000X,Chiropractor,chiropractor,yes\n"
                            "207Q00000X,Family physician,physician,no\n");
    load("jurisdictions.csv", "country,state,jurisdiction,licence\n"
                              "US,KY,US-KY,required\nUS,IN,US-IN,required\nUS,WY,US-WY,none\n");
    load("techniques.csv", "technique,label,certifications,cpt\n"
                           "deep-tissue,Deep tissue massage,,97124\n"
                           "myofascial-release,Myofascial release,,97140\n");
    load("categories.csv", "category,label,techniques,certifications\n"
                           "back-pain,Back pain,deep-tissue,\nneck-pain,Neck pain,deep-tissue,\n");
    if (!codes_finish(codes, &fault))
        fail_msg("%s", fault.text);
    return codes;
}

void sample_finish(void)
{
    zone_destroy(louisville);
    codes_destroy(codes);
    louisville = NULL;
    codes = NULL;
}

int64_t sample_instant(int month, int day, int hour)
{
    return zone_instant(sample_zone(), day_from_civil(2026, month, day), hour * 60);
}

static void init_rows(struct sample_therapist *sample)
{
    for (size_t i = 0; i < SAMPLE_MOST; i++) {
        fascia__licence__init(&sample->licence[i]);
        sample->licences[i] = &sample->licence[i];
        fascia__certification__init(&sample->certification[i]);
        sample->certifications[i] = &sample->certification[i];
        fascia__experience__init(&sample->condition[i]);
        sample->conditions[i] = &sample->condition[i];
        fascia__position__init(&sample->position[i]);
        fascia__place__init(&sample->place[i]);
        sample->place[i].position = &sample->position[i];
        sample->places[i] = &sample->place[i];
    }
    for (uint32_t day = 0; day < 7; day++) {
        fascia__hours__init(&sample->hour[day]);
        sample->hour[day].weekday = day;
        sample->hour[day].from_minute = 9 * 60;
        sample->hour[day].to_minute = 17 * 60;
        sample->hours[day] = &sample->hour[day];
    }
}

static void link_rows(struct sample_therapist *sample)
{
    Fascia__Therapist *therapist = &sample->therapist;

    therapist->licences = sample->licences;
    therapist->certifications = sample->certifications;
    therapist->conditions = sample->conditions;
    therapist->places = sample->places;
    therapist->hours = sample->hours;
    therapist->n_hours = 5;
    therapist->visit_modes = sample->modes;
    therapist->techniques = sample->techniques;
    therapist->payers = sample->payers;
    therapist->languages = sample->languages;
}

void sample_therapist_init(struct sample_therapist *sample, const char *identifier)
{
    Fascia__Therapist *therapist = &sample->therapist;

    memset(sample, 0, sizeof *sample);
    fascia__therapist__init(therapist);
    init_rows(sample);
    link_rows(sample);
    therapist->identifier = (char *)identifier;
    therapist->gender = FASCIA__GENDER__GENDER_FEMALE;
    therapist->profession = "225700000X";
    sample->licence[0].jurisdiction = "US-KY";
    therapist->n_licences = 1;
    sample->techniques[0] = "deep-tissue";
    therapist->n_techniques = 1;
    sample->condition[0].condition = "back-pain";
    sample->condition[0].cases = 10;
    therapist->n_conditions = 1;
    sample->payers[0] = "BAV";
    therapist->n_payers = 1;
    sample->languages[0] = "en";
    therapist->n_languages = 1;
    sample->position[0].latitude = 38250000;
    sample->position[0].longitude = -85760000;
    therapist->n_places = 1;
    therapist->time_zone = "America/Kentucky/Louisville";
    therapist->capacity = 4;
}

void sample_put(struct match_index *index, struct sample_therapist *sample, int64_t now)
{
    calendar_destroy(sample->calendar);
    sample->calendar = calendar_create(sample_zone(), &sample->therapist);
    calendar_advance(sample->calendar, now);
    match_index_put(index, test_number(sample->therapist.identifier), &sample->therapist, sample->calendar);
}

void sample_therapist_finish(struct sample_therapist *sample)
{
    calendar_destroy(sample->calendar);
}

void sample_add_certification(struct sample_therapist *sample, char *code, char *from, char *to)
{
    Fascia__Certification *certification = sample->certifications[sample->therapist.n_certifications++];

    certification->code = code;
    certification->valid_from = from;
    certification->valid_to = to;
}

static void link_need(struct sample_need *sample)
{
    Fascia__Need *need = &sample->need;

    for (size_t i = 0; i < SAMPLE_MOST; i++) {
        fascia__alternatives__init(&sample->group[i]);
        sample->group[i].any_of = sample->alternatives[i];
        sample->groups[i] = &sample->group[i];
        fascia__window__init(&sample->window[i]);
        sample->windows[i] = &sample->window[i];
    }
    need->conditions = sample->conditions;
    need->techniques_required = sample->required;
    need->techniques_suitable = sample->suitable;
    need->techniques_avoided = sample->avoided;
    need->professions = sample->professions;
    need->payers = sample->payers;
    need->languages = sample->languages;
    need->certifications = sample->groups;
    need->windows = sample->windows;
}

void sample_need_init(struct sample_need *sample)
{
    Fascia__Need *need = &sample->need;

    memset(sample, 0, sizeof *sample);
    fascia__need__init(need);
    fascia__position__init(&sample->position);
    link_need(sample);
    sample->conditions[0] = "back-pain";
    need->n_conditions = 1;
    sample->suitable[0] = "deep-tissue";
    need->n_techniques_suitable = 1;
    sample->payers[0] = "bav";
    need->n_payers = 1;
    need->jurisdiction = "US-KY";
    sample->position.latitude = 38250000;
    sample->position.longitude = -85760000;
    need->position = &sample->position;
    need->position_known = true;
    need->max_distance = 25000;
    need->time_zone = "America/Kentucky/Louisville";
    need->not_before = "2026-11-30";
    need->duration_minutes = 60;
    sample->query =
        (struct match_query){.need = need, .zone = sample_zone(), .now = sample_instant(11, 30, 0), .limit = 10};
}

void sample_add_group(struct sample_need *sample, char *first, char *second)
{
    size_t number = sample->need.n_certifications++;

    sample->alternatives[number][0] = first;
    sample->alternatives[number][1] = second;
    sample->group[number].n_any_of = second == NULL ? 1 : 2;
}
