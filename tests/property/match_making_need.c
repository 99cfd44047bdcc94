#include "property/match_making.h"

/* What makes a need one that few or none can meet. */
enum twist {
    PLAIN, /* and so are 1 to 4 */
    PAYER_OF_NOBODY = 5,
    TWO_CODES_OF_NOBODY,
    CLOSE_BY,
    CLOSE_BY_AND_PAYER_OF_NOBODY,
    WITHOUT_POSITION,
    ANYWHERE,
    NO_TIME,
    CLOSE_BY_AND_NO_TIME,
    LATER_THAN_ANYBODY_IS_LICENSED,
    TWISTS
};

static bool wants(struct world *world, bool loose, unsigned of_hundred)
{
    return making_chance(world, loose ? of_hundred / 6 : of_hundred);
}

/* ---- when ---- */

static void make_window(struct world *world, Fascia__Window *window, uint32_t duration)
{
    fascia__window__init(window);
    window->weekdays = making_chance(world, 15) ? 0 : world_pick(world, 128);
    if (making_chance(world, 15)) { /* a whole day */
        window->to_minute = 1440;
    } else if (making_chance(world, 25)) { /* just long enough, or a minute short of it */
        window->from_minute = making_chance(world, 50) ? 15 * world_pick(world, 60) : world_pick(world, 900);
        window->to_minute = window->from_minute + duration - (making_chance(world, 50) ? 1 : 0);
    } else if (making_chance(world, 20)) { /* when clocks change */
        window->from_minute = 15 * world_pick(world, 12);
        window->to_minute = window->from_minute + 15 * (1 + world_pick(world, 20));
    } else {
        window->from_minute = world_pick(world, 1200);
        window->to_minute = window->from_minute + 1 + world_pick(world, 1440 - window->from_minute);
    }
    if (window->to_minute > 1440)
        window->to_minute = 1440;
}

static void make_windows(struct world *world, Fascia__Need *need)
{
    need->n_windows = making_chance(world, 50) ? 0 : 1 + world_pick(world, making_chance(world, 5) ? 16 : 3);
    need->windows = making_give(world, need->n_windows, sizeof(Fascia__Window *));
    for (size_t i = 0; i < need->n_windows; i++) {
        need->windows[i] = making_give(world, 1, sizeof(Fascia__Window));
        make_window(world, need->windows[i], need->duration_minutes);
    }
}

static void make_when(struct world *world, Fascia__Need *need)
{
    need->not_before =
        making_chance(world, 5) ? making_date(world, world->today + 300) : making_some_date(world, world->today + 4, 8);
    need->not_after = making_chance(world, 5) ? making_date(world, world->today + 200)
                                              : making_some_date(world, world->today + 12, 14);
    if (making_chance(world, 4)) /* one day */
        need->not_before = need->not_after = making_date(world, world->today + (int32_t)world_pick(world, 9));
    need->duration_minutes = 15 * (1 + world_pick(world, making_chance(world, 10) ? 32 : 8));
    make_windows(world, need);
}

/* ---- what ---- */

static void make_groups(struct world *world, Fascia__Need *need, bool loose)
{
    need->n_certifications = wants(world, loose, 40) ? 1 + world_pick(world, 2) : 0;
    need->certifications = making_give(world, need->n_certifications, sizeof(Fascia__Alternatives *));
    for (size_t i = 0; i < need->n_certifications; i++) {
        Fascia__Alternatives *group = making_give(world, 1, sizeof *group);

        fascia__alternatives__init(group);
        group->any_of = making_codes(world, "certification", 3, &group->n_any_of);
        need->certifications[i] = group;
    }
}

static void make_skills(struct world *world, Fascia__Need *need, bool loose)
{
    if (wants(world, loose, 80))
        need->conditions = making_codes(world, "condition", 2, &need->n_conditions);
    if (wants(world, loose, 40))
        need->techniques_required = making_codes(world, "technique", 2, &need->n_techniques_required);
    if (wants(world, loose, 60))
        need->techniques_suitable = making_codes(world, "technique", 4, &need->n_techniques_suitable);
    if (wants(world, loose, 30))
        need->techniques_avoided = making_codes(world, "technique", 3, &need->n_techniques_avoided);
    if (wants(world, loose, 60))
        need->payers = making_codes(world, "payer", making_chance(world, 10) ? 50 : 3, &need->n_payers);
    if (wants(world, loose, 40))
        need->languages = making_codes(world, "language", 2, &need->n_languages);
    make_groups(world, need, loose);
}

static void make_person(struct world *world, Fascia__Need *need, bool loose)
{
    static char *const jurisdictions[] = {"US-KY", "US-KY", "US-IN", "US-WY", "XX-99", ""};
    static char *const professions[] = {"2257", "2251X", "111N00000X", ""};

    need->jurisdiction = jurisdictions[loose && making_chance(world, 50) ? 3 : world_pick(world, 6)];
    if (world->plan.wide && making_chance(world, 80))
        need->jurisdiction = making_jurisdiction(world);
    need->n_professions = wants(world, loose, 40) ? 1 + world_pick(world, 2) : 0;
    need->professions = making_give(world, need->n_professions, sizeof(char *));
    for (size_t i = 0; i < need->n_professions; i++)
        need->professions[i] = professions[world_pick(world, 4)];
    need->therapist_gender = (Fascia__Gender)(wants(world, loose, 30) ? world_pick(world, 4) : 0);
    need->visit_mode = (Fascia__VisitMode)world_pick(world, 4);
    if (world->people > 0 && wants(world, loose, 4))
        need->therapist = world->by_name == NULL || making_chance(world, 20)
                              ? "nobody"
                              : (char *)world->names.name(
                                    world, world->therapists[world_pick(world, (uint32_t)world->people)].number);
}

static void make_where(struct world *world, Fascia__Need *need)
{
    static const uint32_t far[] = {0, UINT32_MAX, 20015115, 10007557, 100000, 3000000, 1};

    need->position = making_chance(world, 4) ? NULL : making_patient_position(world);
    need->position_known = making_chance(world, 94);
    need->max_distance =
        making_chance(world, 15) ? far[world_pick(world, sizeof far / sizeof *far)] : 5000 + world_pick(world, 60000);
}

/* ---- twists ---- */

static void ask_payer_of_nobody(struct world *world, Fascia__Need *need)
{
    need->payers = making_give(world, 1, sizeof(char *));
    need->payers[0] = "nobody accepts this";
    need->n_payers = 1;
}

static void ask_language_of_nobody(struct world *world, Fascia__Need *need)
{
    need->languages = making_give(world, 1, sizeof(char *));
    need->languages[0] = "x-nobody";
    need->n_languages = 1;
}

static void ask_for_no_time(struct world *world, Fascia__Need *need)
{
    need->windows = making_give(world, 1, sizeof(Fascia__Window *));
    need->windows[0] = making_give(world, 1, sizeof(Fascia__Window));
    fascia__window__init(need->windows[0]);
    need->windows[0]->from_minute = 600;
    need->windows[0]->to_minute = 600 + need->duration_minutes - 1;
    need->n_windows = 1;
}

static void twist(struct world *world, Fascia__Need *need, enum twist how)
{
    if (how == PAYER_OF_NOBODY || how == TWO_CODES_OF_NOBODY || how == CLOSE_BY_AND_PAYER_OF_NOBODY)
        ask_payer_of_nobody(world, need);
    if (how == TWO_CODES_OF_NOBODY)
        ask_language_of_nobody(world, need);
    if (how == CLOSE_BY || how == CLOSE_BY_AND_PAYER_OF_NOBODY || how == CLOSE_BY_AND_NO_TIME)
        need->max_distance = world_pick(world, 2000);
    if (how == NO_TIME || how == CLOSE_BY_AND_NO_TIME)
        ask_for_no_time(world, need);
    if (how == ANYWHERE)
        need->max_distance = UINT32_MAX - world_pick(world, 2);
    if (how == WITHOUT_POSITION)
        need->position_known = false;
    if (how == LATER_THAN_ANYBODY_IS_LICENSED)
        need->not_before = need->not_after = making_date(world, world->today + 90 + (int32_t)world_pick(world, 40));
}

/* ---- the question ---- */

static void make_settings(struct world *world, struct match_settings *settings)
{
    match_settings_default(settings);
    if (making_chance(world, 10))
        settings->opened_most = 0;
    else if (making_chance(world, 40))
        settings->opened_most = 1 + world_pick(world, making_chance(world, 40) ? 4 : 8 + (uint32_t)world->people / 3);
    if (making_chance(world, 50))
        return;
    for (unsigned part = 0; part < PART_COUNT; part++)
        settings->weight[part] = making_chance(world, 20) ? 0 : (int32_t)world_pick(world, 10001);
    settings->rating_mean = world_pick(world, 101);
    settings->rating_prior = world_pick(world, making_chance(world, 20) ? 10001 : 5);
    settings->experience_full = 1 + world_pick(world, making_chance(world, 30) ? 100000 : 100);
    settings->earliest_span = (1 + world_pick(world, 40)) * DAY_MS;
}

static size_t make_numbers(struct world *world, uint32_t *numbers, size_t most, unsigned of_hundred)
{
    size_t count = 0;

    while (world->people > 0 && count < most && making_chance(world, of_hundred))
        numbers[count++] = world->therapists[world_pick(world, (uint32_t)world->people)].number;
    return count;
}

static void make_query(struct world *world, struct world_question *question)
{
    const struct zone *zone = world->tables->zones[world_pick(world, WORLD_ZONES)];
    uint32_t *declined = making_give(world, 40, sizeof *declined), *treated = making_give(world, 40, sizeof *treated);
    struct match_query *query = &question->query;

    *query = (struct match_query){.zone = zone, .declined = declined, .treated_by = treated, .need = question->need};
    query->now = zone_instant(zone, world->today, (int32_t)world_pick(world, 1440));
    if (making_chance(world, 70))
        query->now += (int64_t)world_pick(world, 60000);
    query->limit = world_pick(world, 12);
    if (query->limit == 11) /* a shortlist for policies, or more than that */
        query->limit = world_pick(world, 80);
    query->declined_count = make_numbers(world, declined, 40, 30);
    query->treated_by_count = make_numbers(world, treated, 40, world->people > 300 ? 90 : 40);
}

void making_question(struct world *world, struct world_question *question)
{
    Fascia__Need *need = making_give(world, 1, sizeof *need);
    enum twist how = (enum twist)world_pick(world, TWISTS);
    bool loose = making_chance(world, how < PAYER_OF_NOBODY ? 20 : 70);

    fascia__need__init(need);
    make_person(world, need, loose);
    make_where(world, need);
    make_skills(world, need, loose);
    make_when(world, need);
    twist(world, need, how);
    question->need = need;
    make_query(world, question);
    make_settings(world, &question->settings);
}

void making_sharpen(struct world *world, struct world_question *question)
{
    const struct oracle_therapist *who;
    Fascia__Need *need = question->need;

    if (world->people == 0 || need->position == NULL || !making_chance(world, 25))
        return;
    who = &world->therapists[world_pick(world, (uint32_t)world->people)];
    for (size_t i = 0; i < who->therapist->n_places; i++)
        if (who->therapist->places[i]->position != NULL)
            need->max_distance =
                oracle_distance(need->position, who->therapist->places[i]->position) + world_pick(world, 2);
    if (need->max_distance > 0 && making_chance(world, 40))
        need->max_distance--;
}
