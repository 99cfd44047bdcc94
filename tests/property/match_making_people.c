#include "property/match_making.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <string.h>

/* What is wanted, all of it or not quite, and some more. */
static char **with_codes(struct world *world, const char *kind, char *const *wanted, size_t wanted_count, size_t *count)
{
    size_t more, kept = 0;
    char **extra = making_codes(world, kind, world->plan.wide ? 40 : world->codes < 10 ? 3 : 12, &more);
    char **texts = making_give(world, wanted_count + more, sizeof(char *));

    for (size_t i = 0; i < wanted_count; i++)
        if (!making_spoilt(world))
            texts[kept++] = wanted[i];
    memcpy(texts + kept, extra, more * sizeof *texts);
    *count = kept + more;
    return texts;
}

/* ---- credentials ---- */

/* The first or last day that anybody asks about, or beside it. */
static char *edge_date(struct world *world)
{
    int32_t day = world->today, read;

    if (making_chance(world, 20))
        day += CALENDAR_DAYS - 1;
    else if (day_parse(making_chance(world, 50) ? world->need->not_before : world->need->not_after, &read))
        day = read;
    return making_date(world, day + (int32_t)world_pick(world, 3) - 1);
}

static char *begin_date(struct world *world, unsigned none_of_hundred)
{
    if (making_chance(world, none_of_hundred))
        return "";
    return making_chance(world, 25) ? edge_date(world) : making_some_date(world, world->today, 20);
}

static char *end_date(struct world *world, unsigned none_of_hundred)
{
    if (making_chance(world, none_of_hundred))
        return "";
    return making_chance(world, 25) ? edge_date(world) : making_some_date(world, world->today + 8, 12);
}

static Fascia__CredentialStatus some_status(struct world *world)
{
    return (Fascia__CredentialStatus)(making_spoilt(world) ? world_pick(world, 5) : world_pick(world, 2));
}

/* The second follows on the first, or leaves a day between. */
static void put_end_to_end(struct world *world, Fascia__Licence *first, Fascia__Licence *second)
{
    int32_t day = world->today + (int32_t)world_pick(world, 20);

    *second = *first;
    first->valid_to = making_date(world, day);
    second->valid_from = making_date(world, day + 1 + (making_chance(world, 30) ? 1 : 0));
    second->valid_to = "";
}

static void make_licences(struct world *world, Fascia__Therapist *therapist)
{
    static char *const professions[] = {"", "", "225700000X", "2251X0800X", "111N00000X"};

    therapist->n_licences = world_pick(world, world->plan.wide ? 6 : 4);
    therapist->licences = making_give(world, therapist->n_licences, sizeof(Fascia__Licence *));
    for (size_t i = 0; i < therapist->n_licences; i++) {
        Fascia__Licence *licence = making_give(world, 1, sizeof *licence);

        fascia__licence__init(licence);
        licence->jurisdiction = making_spoilt(world) ? making_jurisdiction(world) : world->need->jurisdiction;
        licence->profession = making_chance(world, 70) ? "" : professions[world_pick(world, 5)];
        licence->status = some_status(world);
        licence->valid_from = begin_date(world, 60);
        licence->valid_to = end_date(world, 40);
        therapist->licences[i] = licence;
    }
    if (therapist->n_licences > 1 && making_chance(world, 15))
        put_end_to_end(world, therapist->licences[0], therapist->licences[1]);
}

static Fascia__Certification *make_certification(struct world *world, char *code)
{
    Fascia__Certification *certification = making_give(world, 1, sizeof *certification);

    fascia__certification__init(certification);
    certification->code = code;
    certification->status = some_status(world);
    certification->valid_from = begin_date(world, 70);
    certification->valid_to = end_date(world, 60);
    certification->jurisdiction = making_chance(world, 80)   ? ""
                                  : making_chance(world, 50) ? "US-IN"
                                                             : world->need->jurisdiction;
    return certification;
}

static void make_certifications(struct world *world, Fascia__Therapist *therapist)
{
    size_t room = 3, extra;
    char **others = making_codes(world, "certification", 2, &extra);

    for (size_t i = 0; i < world->need->n_certifications; i++)
        room += world->need->certifications[i]->n_any_of;
    therapist->certifications = making_give(world, room, sizeof(Fascia__Certification *));
    for (size_t i = 0; i < world->need->n_certifications; i++)
        for (size_t j = 0; j < world->need->certifications[i]->n_any_of; j++)
            if (!making_spoilt(world))
                therapist->certifications[therapist->n_certifications++] =
                    make_certification(world, world->need->certifications[i]->any_of[j]);
    for (size_t i = 0; i < extra; i++)
        therapist->certifications[therapist->n_certifications++] = make_certification(world, others[i]);
}

/* ---- what they do ---- */

/* Mostly what is usual; now and then of any size that fits. */
static uint32_t some_number(struct world *world, uint32_t few, uint32_t many)
{
    if (making_chance(world, 1))
        return UINT32_MAX;
    if (making_chance(world, 4))
        return world_pick(world, UINT32_C(2) << world_pick(world, 31));
    return world_pick(world, making_chance(world, 50) ? few : many);
}

static void make_conditions(struct world *world, Fascia__Therapist *therapist)
{
    size_t count;
    char **names = with_codes(world, "condition", world->need->conditions, world->need->n_conditions, &count);

    therapist->n_conditions = count;
    therapist->conditions = making_give(world, count, sizeof(Fascia__Experience *));
    for (size_t i = 0; i < count; i++) {
        therapist->conditions[i] = making_give(world, 1, sizeof(Fascia__Experience));
        fascia__experience__init(therapist->conditions[i]);
        therapist->conditions[i]->condition = names[i];
        therapist->conditions[i]->cases = some_number(world, 3, 90);
    }
}

static void make_person(struct world *world, Fascia__Therapist *therapist)
{
    static char *const professions[] = {"225700000X", "2251X0800X", "111N00000X", "207Q00000X", "999", ""};
    const Fascia__Need *need = world->need;

    therapist->profession = professions[making_spoilt(world) ? world_pick(world, 6) : world_pick(world, 3)];
    therapist->gender =
        (Fascia__Gender)(making_spoilt(world) ? (uint32_t)world_pick(world, 4) : need->therapist_gender);
    therapist->not_accepting = making_spoilt(world) && making_chance(world, 50);
    therapist->techniques = with_codes(world, "technique", need->techniques_suitable, need->n_techniques_suitable,
                                       &therapist->n_techniques);
    if (!making_spoilt(world) && need->n_techniques_required > 0)
        therapist->techniques = with_codes(world, "technique", need->techniques_required, need->n_techniques_required,
                                           &therapist->n_techniques);
    therapist->payers = with_codes(world, "payer", need->payers, need->n_payers, &therapist->n_payers);
    for (size_t i = 0; i < therapist->n_payers; i++)
        if (strstr(therapist->payers[i], "nobody") != NULL)
            therapist->payers[i] = making_any_case(world, "payer-0");
    therapist->languages = with_codes(world, "language", need->languages, need->n_languages, &therapist->n_languages);
    for (size_t i = 0; i < therapist->n_languages; i++)
        if (strcmp(therapist->languages[i], "x-nobody") == 0)
            therapist->languages[i] = "language-0";
    therapist->capacity = making_chance(world, 5) ? 0 : some_number(world, 4, 8);
    therapist->rating_count = some_number(world, 3, 400);
    therapist->rating_sum = therapist->rating_count * world_pick(world, making_chance(world, 5) ? 200 : 101);
}

/* ---- when they do it ---- */

static void add_hours(struct world *world, Fascia__Therapist *therapist, uint32_t day, uint32_t from, uint32_t to)
{
    Fascia__Hours *hours = making_give(world, 1, sizeof *hours);

    fascia__hours__init(hours);
    hours->weekday = day;
    hours->from_minute = from;
    hours->to_minute = to;
    therapist->hours[therapist->n_hours++] = hours;
}

static void make_hours(struct world *world, Fascia__Therapist *therapist)
{
    bool always = making_chance(world, 8), never = making_chance(world, 4);

    therapist->hours = making_give(world, 14, sizeof(Fascia__Hours *));
    for (uint32_t half = 0; half < 14 && !never; half++) {
        uint32_t begin = 720 * (half % 2), from = begin + 15 * world_pick(world, 20);
        uint32_t to = from + 15 * (1 + world_pick(world, 28));

        if (always)
            add_hours(world, therapist, half / 2, begin, begin + 720);
        else if (making_chance(world, 30))
            add_hours(world, therapist, half / 2, from, to > begin + 720 ? begin + 720 : to);
    }
}

static void make_exceptions(struct world *world, Fascia__Therapist *therapist)
{
    therapist->n_exceptions = making_chance(world, 80) ? 0 : 1 + world_pick(world, 2);
    therapist->exceptions = making_give(world, therapist->n_exceptions, sizeof(Fascia__HoursException *));
    for (size_t i = 0; i < therapist->n_exceptions; i++) {
        Fascia__HoursException *exception = making_give(world, 1, sizeof *exception);

        fascia__hours_exception__init(exception);
        exception->date = making_date(world, world->today + (int32_t)(8 * i + world_pick(world, 8)));
        exception->hours = making_give(world, 1, sizeof(Fascia__Hours *));
        if (making_chance(world, 50)) {
            exception->hours[0] = making_give(world, 1, sizeof(Fascia__Hours));
            fascia__hours__init(exception->hours[0]);
            exception->hours[0]->from_minute = 15 * world_pick(world, 40);
            exception->hours[0]->to_minute = exception->hours[0]->from_minute + 15 * (1 + world_pick(world, 30));
            exception->n_hours = 1;
        }
        therapist->exceptions[i] = exception;
    }
}

static void make_calendar(struct world *world, struct oracle_therapist *who)
{
    const struct zone *zone = world->tables->zones[world_pick(world, WORLD_ZONES)];
    int64_t now = world->questions[0].query.now;
    struct fault fault = {{0}};
    struct calendar *calendar;

    if (!calendar_check_hours(who->therapist, &fault))
        fail_msg("%s", fault.text);
    calendar = calendar_create(zone, who->therapist);
    if (!making_chance(world, 1))
        calendar_advance(calendar, now);
    for (uint32_t takes = world_pick(world, 8); takes > 0; takes--) {
        int64_t from = (now / QUARTER_MS + world_pick(world, 600)) * QUARTER_MS;

        (void)!calendar_take(calendar, from, from + (1 + world_pick(world, 12)) * QUARTER_MS, making_chance(world, 50));
    }
    world->calendars[who->number] = calendar;
    who->calendar = calendar;
}

/* ---- the whole ---- */

void making_therapist(struct world *world, struct oracle_therapist *who)
{
    Fascia__Therapist *therapist = making_give(world, 1, sizeof *therapist);

    world->need = world->questions[world_pick(world, (uint32_t)world->question_count)].need;
    fascia__therapist__init(therapist);
    therapist->identifier = (char *)world->names.name(world, who->number);
    make_person(world, therapist);
    make_conditions(world, therapist);
    make_licences(world, therapist);
    make_certifications(world, therapist);
    making_places(world, therapist);
    make_hours(world, therapist);
    make_exceptions(world, therapist);
    who->therapist = therapist;
    who->open_cases = making_spoilt(world) ? some_number(world, 4, 12) : 0;
    who->recent_cases = some_number(world, 5, 20);
    make_calendar(world, who);
}
