#include "sheets.h"

#include <stdio.h>
#include <string.h>

static char *const techniques[TECHNIQUES] = {"deep-tissue",     "trigger-point", "myofascial-release",
                                             "neuromuscular",   "sports",        "manual-lymphatic-drainage",
                                             "medical-massage", "prenatal"};
static char *const professions[PROFESSIONS] = {"225700000X", "225100000X", "111N00000X", "171100000X"};
static char conditions[CONDITIONS][16], certifications[CERTIFICATIONS][16], payers[PAYERS][16],
    languages[LANGUAGES][16];

static void name_codes(void)
{
    if (payers[0][0] != '\0')
        return;
    for (unsigned i = 0; i < CONDITIONS; i++)
        snprintf(conditions[i], sizeof conditions[i], "condition-%02u", i);
    for (unsigned i = 0; i < CERTIFICATIONS; i++)
        snprintf(certifications[i], sizeof certifications[i], "CERT-%02u", i);
    for (unsigned i = 0; i < LANGUAGES; i++)
        snprintf(languages[i], sizeof languages[i], "l%02u", i);
    for (unsigned i = 0; i < PAYERS; i++)
        snprintf(payers[i], sizeof payers[i], "PAYER-%03u", i);
}

void sheet_identifier(uint32_t number, char identifier[16])
{
    snprintf(identifier, 16, "T%09u", number);
}

/* ---- therapists ---- */

static void add_licence(struct therapist_sheet *sheet, const struct person *person, uint8_t state, bool lapsed)
{
    static char *const from[] = {"2016-03-01", "2018-07-15", "2021-01-01", "2023-11-30"};
    static char *const to[] = {"2026-12-31", "2027-06-30", "2028-02-29"};
    Fascia__Licence *licence = &sheet->licences[sheet->therapist.n_licences];

    if (state == NO_STATE)
        return;
    fascia__licence__init(licence);
    licence->jurisdiction = (char *)country_jurisdiction(state);
    licence->status = FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_ACTIVE;
    if (lapsed || !person->open_ended) {
        licence->valid_from = from[person->number % 4];
        licence->valid_to = lapsed ? "2026-04-30" : to[person->number % 3];
    }
    sheet->licence_list[sheet->therapist.n_licences++] = licence;
}

static void add_certifications(struct therapist_sheet *sheet, uint32_t which, char *valid_to)
{
    for (unsigned code = 0; code < CERTIFICATIONS; code++) {
        Fascia__Certification *certification = &sheet->certifications[sheet->therapist.n_certifications];

        if ((which >> code & 1) == 0)
            continue;
        fascia__certification__init(certification);
        certification->code = certifications[code];
        certification->valid_from = "2022-01-01";
        certification->valid_to = valid_to;
        sheet->certification_list[sheet->therapist.n_certifications++] = certification;
    }
}

static void add_skills(struct therapist_sheet *sheet, const struct person *person)
{
    Fascia__Therapist *therapist = &sheet->therapist;

    for (unsigned i = 0; i < TECHNIQUES; i++) {
        if ((person->techniques >> i & 1) != 0)
            sheet->techniques[therapist->n_techniques++] = techniques[i];
    }
    for (unsigned i = 0; i < LANGUAGES; i++) {
        if ((person->languages >> i & 1) != 0)
            sheet->languages[therapist->n_languages++] = languages[i];
    }
    for (unsigned i = 0; i < person->payer_count; i++)
        sheet->payers[therapist->n_payers++] = payers[person->payers[i]];
    for (unsigned i = 0; i < person->condition_count; i++) {
        fascia__experience__init(&sheet->conditions[i]);
        sheet->conditions[i].condition = conditions[person->conditions[i]];
        sheet->conditions[i].cases = person->cases[i];
        sheet->condition_list[therapist->n_conditions++] = &sheet->conditions[i];
    }
}

static void add_place(const struct country *country, struct therapist_sheet *sheet, const struct person *person)
{
    static const Fascia__VisitMode modes[] = {FASCIA__VISIT_MODE__VISIT_MODE_CLINIC,
                                              FASCIA__VISIT_MODE__VISIT_MODE_HOME,
                                              FASCIA__VISIT_MODE__VISIT_MODE_REMOTE};

    fascia__position__init(&sheet->position);
    sheet->position.latitude = country->places[person->place].latitude;
    sheet->position.longitude = country->places[person->place].longitude;
    fascia__place__init(&sheet->place);
    sheet->place.position = &sheet->position;
    sheet->place_list[sheet->therapist.n_places++] = &sheet->place;
    for (unsigned i = 0; i < 3; i++) {
        if ((person->modes >> i & 1) != 0)
            sheet->modes[sheet->therapist.n_visit_modes++] = modes[i];
    }
    sheet->therapist.home_radius = 15000;
    sheet->therapist.time_zone = (char *)country->zone_names[country->places[person->place].zone];
}

static void add_hours(struct therapist_sheet *sheet, uint32_t weekday, uint32_t from, uint32_t to)
{
    Fascia__Hours *hours = &sheet->hours[sheet->therapist.n_hours];

    fascia__hours__init(hours);
    hours->weekday = weekday;
    hours->from_minute = from;
    hours->to_minute = to;
    sheet->hour_list[sheet->therapist.n_hours++] = hours;
}

static void add_week(struct therapist_sheet *sheet, const struct person *person)
{
    for (uint32_t weekday = 0; weekday < 7; weekday++) {
        if ((person->workdays >> weekday & 1) == 0)
            continue;
        add_hours(sheet, weekday, person->from_minute,
                  person->lunch_minute != 0 ? person->lunch_minute : person->to_minute);
        if (person->lunch_minute != 0)
            add_hours(sheet, weekday, person->lunch_minute + 60u, person->to_minute);
    }
}

static void point_to_lists(struct therapist_sheet *sheet)
{
    Fascia__Therapist *therapist = &sheet->therapist;

    therapist->licences = sheet->licence_list;
    therapist->certifications = sheet->certification_list;
    therapist->techniques = sheet->techniques;
    therapist->conditions = sheet->condition_list;
    therapist->payers = sheet->payers;
    therapist->languages = sheet->languages;
    therapist->places = sheet->place_list;
    therapist->visit_modes = sheet->modes;
    therapist->hours = sheet->hour_list;
}

void sheet_therapist(const struct country *country, const struct person *person, struct therapist_sheet *sheet)
{
    Fascia__Therapist *therapist = &sheet->therapist;

    name_codes();
    fascia__therapist__init(therapist);
    sheet_identifier(person->number, sheet->identifier);
    therapist->identifier = sheet->identifier;
    therapist->gender = (Fascia__Gender)person->gender;
    therapist->profession = professions[person->profession];
    add_licence(sheet, person, person->states[0], false);
    add_licence(sheet, person, person->states[1], false);
    add_licence(sheet, person, person->lapsed_state, true);
    add_certifications(sheet, person->certifications, person->open_ended ? "" : "2027-12-31");
    add_certifications(sheet, person->lapsed_certifications, "2025-12-31");
    add_skills(sheet, person);
    add_place(country, sheet, person);
    add_week(sheet, person);
    therapist->capacity = person->capacity;
    therapist->rating_count = person->rating_count;
    therapist->rating_sum = person->rating_sum;
    point_to_lists(sheet);
}

/* ---- needs ---- */

static void add_windows(struct need_sheet *sheet, const struct ask *ask)
{
    const struct ask_window *windows;
    size_t count = ask_windows(ask->window, &windows);

    for (size_t i = 0; i < count; i++) {
        fascia__window__init(&sheet->windows[i]);
        sheet->windows[i].weekdays = windows[i].weekdays;
        sheet->windows[i].from_minute = windows[i].from_minute;
        sheet->windows[i].to_minute = windows[i].to_minute;
        sheet->window_list[i] = &sheet->windows[i];
    }
    sheet->need.n_windows = count;
    sheet->need.windows = sheet->window_list;
}

static void add_certification(struct need_sheet *sheet, int code)
{
    if (code < 0)
        return;
    fascia__alternatives__init(&sheet->group);
    sheet->certification = certifications[code];
    sheet->group.n_any_of = 1;
    sheet->group.any_of = &sheet->certification;
    sheet->group_list[0] = &sheet->group;
    sheet->need.n_certifications = 1;
    sheet->need.certifications = sheet->group_list;
}

static void add_wishes(struct need_sheet *sheet, const struct ask *ask)
{
    Fascia__Need *need = &sheet->need;

    sheet->condition = conditions[ask->condition];
    sheet->payer = payers[ask->payer];
    sheet->language = languages[ask->language];
    need->n_conditions = need->n_payers = need->n_languages = 1;
    need->conditions = &sheet->condition;
    need->payers = &sheet->payer;
    need->languages = &sheet->language;
    for (unsigned i = 0; i < TECHNIQUES; i++) {
        if ((ask->techniques >> i & 1) != 0)
            sheet->techniques[need->n_techniques_suitable++] = techniques[i];
    }
    need->techniques_suitable = sheet->techniques;
    need->therapist_gender = (Fascia__Gender)ask->gender;
    add_certification(sheet, ask->certification);
}

void sheet_need(const struct country *country, const struct ask *ask, struct need_sheet *sheet)
{
    const struct country_place *place = &country->places[ask->place];
    Fascia__Need *need = &sheet->need;

    name_codes();
    fascia__need__init(need);
    add_wishes(sheet, ask);
    add_windows(sheet, ask);
    need->jurisdiction = (char *)country_jurisdiction(ask->state);
    fascia__position__init(&sheet->position);
    sheet->position.latitude = place->latitude;
    sheet->position.longitude = place->longitude;
    need->position = &sheet->position;
    need->position_known = true;
    need->max_distance = ask->max_distance;
    need->visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_CLINIC;
    need->time_zone = (char *)country->zone_names[place->zone];
    need->not_before = "2026-06-01";
    need->not_after = "2026-06-28"; /* the last of HALF_HOURS in every zone */
    need->duration_minutes = 60;
}
