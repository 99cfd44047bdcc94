#include "property/match_oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* At a pole one place has many longitudes, which a cosine tells apart by nanometres. */
#define SAME_PLACE   0.02L
#define EARTH        6371009
#define CHORD_UNSURE 0.05L /* metres */

struct asked {
    const struct match_query *query;
    const Fascia__Need *need;
    const struct match_settings *settings;
    const struct codes *codes;
    int32_t today, first_day, last_day;
    int64_t earliest, end;
};

static struct asked read_question(const struct oracle_question *question)
{
    struct asked asked = {.query = question->query,
                          .need = question->query->need,
                          .settings = question->settings,
                          .codes = question->codes,
                          .earliest = question->query->now,
                          .end = INT64_MAX};
    int32_t minute, day;

    zone_local(asked.query->zone, asked.query->now, &asked.today, &minute);
    asked.first_day = asked.today;
    if (day_parse(asked.need->not_before, &day) && day > asked.today) {
        asked.first_day = day;
        asked.earliest = zone_instant(asked.query->zone, day, 0);
    }
    asked.last_day = asked.today + CALENDAR_DAYS - 1;
    if (day_parse(asked.need->not_after, &day)) {
        asked.last_day = day;
        asked.end = zone_instant(asked.query->zone, day + 1, 0);
    }
    if (asked.last_day < asked.first_day)
        asked.last_day = asked.first_day;
    return asked;
}

/* ---- credentials, day by day ---- */

static bool holds_on(Fascia__CredentialStatus status, const char *from, const char *to, int32_t day)
{
    int32_t bound;

    if (status != FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_UNSPECIFIED &&
        status != FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_ACTIVE)
        return false;
    if (*from != '\0' && (!day_parse(from, &bound) || day < bound))
        return false;
    return *to == '\0' || (day_parse(to, &bound) && day <= bound);
}

static bool begins_with_one(const char *text, char *const *beginnings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

static bool licensed_on(const struct asked *asked, const Fascia__Therapist *therapist, int32_t day)
{
    for (size_t i = 0; i < therapist->n_licences; i++) {
        const Fascia__Licence *licence = therapist->licences[i];

        if (strcmp(licence->jurisdiction, asked->need->jurisdiction) != 0)
            continue;
        if (*licence->profession != '\0' && strcmp(licence->profession, therapist->profession) != 0 &&
            !begins_with_one(licence->profession, asked->need->professions, asked->need->n_professions))
            continue;
        if (holds_on(licence->status, licence->valid_from, licence->valid_to, day))
            return true;
    }
    return false;
}

static bool has_text(char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(texts[i], text) == 0)
            return true;
    return false;
}

static bool group_holds_on(const struct asked *asked, const Fascia__Alternatives *group,
                           const Fascia__Therapist *therapist, int32_t day)
{
    for (size_t i = 0; i < therapist->n_certifications; i++) {
        const Fascia__Certification *each = therapist->certifications[i];

        if (has_text(group->any_of, group->n_any_of, each->code) &&
            (*each->jurisdiction == '\0' || strcmp(each->jurisdiction, asked->need->jurisdiction) == 0) &&
            holds_on(each->status, each->valid_from, each->valid_to, day))
            return true;
    }
    return group->n_any_of == 0;
}

static bool certified_on(const struct asked *asked, const Fascia__Therapist *therapist, int32_t day)
{
    for (size_t i = 0; i < asked->need->n_certifications; i++)
        if (!group_holds_on(asked, asked->need->certifications[i], therapist, day))
            return false;
    return true;
}

typedef bool credential_on(const struct asked *asked, const Fascia__Therapist *therapist, int32_t day);

static bool holds_some_day(credential_on *credential, const struct asked *asked, const Fascia__Therapist *therapist)
{
    for (int32_t day = asked->first_day; day <= asked->last_day; day++)
        if (credential(asked, therapist, day))
            return true;
    return false;
}

static bool holds_every_day(credential_on *credential, const struct asked *asked, const Fascia__Therapist *therapist)
{
    for (int32_t day = asked->first_day; day <= asked->last_day; day++)
        if (!credential(asked, therapist, day))
            return false;
    return true;
}

static bool needs_licence(const struct asked *asked)
{
    return codes_licence_required(asked->codes, asked->need->jurisdiction);
}

/* ---- time ---- */

static int64_t first_free_in(const struct asked *asked, const struct calendar *calendar, int64_t from, int64_t to)
{
    struct calendar_window windows[16];
    struct calendar_search search = {.zone = asked->query->zone, .windows = windows};
    uint32_t quarters = asked->need->duration_minutes / 15;

    for (size_t i = 0; i < asked->need->n_windows; i++) {
        const Fascia__Window *window = asked->need->windows[i];

        windows[search.window_count++] =
            (struct calendar_window){.weekdays = (uint8_t)(window->weekdays == 0 ? 127 : window->weekdays),
                                     .from_minute = (int16_t)window->from_minute,
                                     .to_minute = (int16_t)window->to_minute};
    }
    search.not_before = from > asked->earliest ? from : asked->earliest;
    search.not_after = to < asked->end ? to : asked->end;
    search.quarters = quarters < 1 ? 1 : quarters > 32 ? 32 : quarters;
    if (search.not_before >= search.not_after)
        return INT64_MAX;
    return calendar_first_free(calendar, &search);
}

/* Over each stretch of days on which all that counts holds. */
static int64_t first_free(const struct asked *asked, const struct oracle_therapist *who, const bool unmet[GATE_COUNT])
{
    bool licence = needs_licence(asked) && !unmet[GATE_LICENCE];
    bool certification = !unmet[GATE_CERTIFICATION];
    int32_t last = asked->today + CALENDAR_DAYS + 5, begun = INT32_MAX;

    for (int32_t day = asked->first_day; day <= last; day++) {
        bool good = (!licence || licensed_on(asked, who->therapist, day)) &&
                    (!certification || certified_on(asked, who->therapist, day));

        if (good && begun == INT32_MAX)
            begun = day;
        if (begun != INT32_MAX && (!good || day == last)) {
            int64_t found = first_free_in(asked, who->calendar, zone_instant(asked->query->zone, begun, 0),
                                          good ? INT64_MAX : zone_instant(asked->query->zone, day, 0));

            if (found != INT64_MAX)
                return found;
            begun = INT32_MAX;
        }
    }
    return INT64_MAX;
}

/* ---- distance ---- */

/* Of the chord, whose square is returned for a sphere of diameter 1. */
static long double chord_squared(const Fascia__Position *a, const Fascia__Position *b)
{
    const long double degree = acosl(-1) / 180e6L;
    long double north = sinl((a->latitude - b->latitude) * degree / 2);
    long double east = sinl(((long double)a->longitude - b->longitude) * degree / 2);
    long double h = north * north + cosl(a->latitude * degree) * cosl(b->latitude * degree) * east * east;

    return h > 1 ? 1 : h;
}

long double oracle_metres(const Fascia__Position *a, const Fascia__Position *b)
{
    return 2 * EARTH * asinl(sqrtl(chord_squared(a, b)));
}

long double oracle_chord(const Fascia__Position *a, const Fascia__Position *b)
{
    return 2 * EARTH * sqrtl(chord_squared(a, b));
}

/* How far an arc may be off whose chord is known to CHORD_UNSURE: little, but for those who live almost on the other side of the earth. */
static long double arc_unsure(long double metres)
{
    const long double steep = cosl(metres / (2 * EARTH));
    const long double most = sqrtl(8 * (long double)EARTH * CHORD_UNSURE);

    return steep * most > CHORD_UNSURE ? 1 + CHORD_UNSURE / steep : 1 + most;
}

/* Beyond 100 km the door promises no more than order: which metre it is, is its own to say, but not more than that. */
uint32_t oracle_distance(const Fascia__Position *a, const Fascia__Position *b)
{
    const long double metres = oracle_metres(a, b);
    uint32_t said;

    if (metres < 100000)
        return (uint32_t)floorl(metres + 0.5L);
    said = match_distance(a->latitude, a->longitude, b->latitude, b->longitude);
    if (fabsl(metres - said) > arc_unsure(metres)) {
        fprintf(stderr, "match_distance says %u m where haversine says %.3Lf m\n", said, metres);
        abort();
    }
    return said;
}

static bool offers_mode(const Fascia__Therapist *therapist, Fascia__VisitMode mode)
{
    bool any = false;

    for (size_t i = 0; i < therapist->n_visit_modes; i++) {
        if (therapist->visit_modes[i] == mode)
            return true;
        any = any || therapist->visit_modes[i] != FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED;
    }
    return !any && mode == FASCIA__VISIT_MODE__VISIT_MODE_CLINIC;
}

static bool mode_counts(const struct asked *asked, const Fascia__Therapist *therapist, Fascia__VisitMode mode)
{
    Fascia__VisitMode wanted = asked->need->visit_mode;

    if (wanted != FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED && offers_mode(therapist, wanted))
        return mode == wanted;
    return offers_mode(therapist, mode);
}

static bool try_clinic(const struct asked *asked, const Fascia__Therapist *therapist, struct oracle_verdict *verdict)
{
    long double least = INFINITY;

    for (size_t i = 0; i < therapist->n_places; i++) {
        const Fascia__Position *position = therapist->places[i]->position;

        if (position != NULL && oracle_chord(asked->need->position, position) < least - SAME_PLACE) {
            least = oracle_chord(asked->need->position, position);
            verdict->measured = true;
            verdict->distance = oracle_distance(asked->need->position, position);
            verdict->place = (uint32_t)i;
        }
    }
    return verdict->measured && verdict->distance <= asked->need->max_distance;
}

static bool try_home(const struct asked *asked, const Fascia__Therapist *therapist, struct oracle_verdict *verdict)
{
    uint32_t metres;
    bool near;

    if (therapist->n_places == 0 || therapist->places[0]->position == NULL)
        return false;
    metres = oracle_distance(asked->need->position, therapist->places[0]->position);
    near = metres <= asked->need->max_distance && metres <= therapist->home_radius;
    if (near || !verdict->measured) {
        verdict->measured = true;
        verdict->distance = metres;
        verdict->place = 0;
    }
    return near;
}

static bool knows_position(const struct asked *asked)
{
    return asked->need->position_known && asked->need->position != NULL;
}

static bool try_distance(const struct asked *asked, const Fascia__Therapist *therapist, struct oracle_verdict *verdict,
                         bool *remote)
{
    bool known = knows_position(asked);

    *remote = false;
    if (known && mode_counts(asked, therapist, FASCIA__VISIT_MODE__VISIT_MODE_CLINIC) &&
        try_clinic(asked, therapist, verdict))
        return true;
    if (known && mode_counts(asked, therapist, FASCIA__VISIT_MODE__VISIT_MODE_HOME) &&
        try_home(asked, therapist, verdict))
        return true;
    *remote = mode_counts(asked, therapist, FASCIA__VISIT_MODE__VISIT_MODE_REMOTE);
    if (*remote) {
        verdict->measured = false;
        verdict->distance = 0;
        verdict->place = 0;
    }
    return *remote;
}

/* ---- gates ---- */

static bool is_among(uint32_t number, const uint32_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static bool share_text(char *const *left, size_t left_count, char *const *right, size_t right_count,
                       int (*compare)(const char *, const char *))
{
    for (size_t i = 0; i < left_count; i++)
        for (size_t j = 0; j < right_count; j++)
            if (compare(left[i], right[j]) == 0)
                return true;
    return false;
}

static bool meets_technique(const Fascia__Need *need, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < need->n_techniques_required; i++)
        if (!has_text(therapist->techniques, therapist->n_techniques, need->techniques_required[i]))
            return false;
    return need->n_techniques_suitable == 0 ||
           share_text(therapist->techniques, therapist->n_techniques, need->techniques_suitable,
                      need->n_techniques_suitable, strcmp);
}

static bool meets_caution(const Fascia__Need *need, const Fascia__Therapist *therapist)
{
    bool any = need->n_techniques_required + need->n_techniques_suitable == 0;

    if (need->n_techniques_avoided == 0)
        return true;
    for (size_t i = 0; i < therapist->n_techniques; i++) {
        const char *technique = therapist->techniques[i];

        if (has_text(need->techniques_avoided, need->n_techniques_avoided, technique))
            continue;
        if (any || has_text(need->techniques_required, need->n_techniques_required, technique) ||
            has_text(need->techniques_suitable, need->n_techniques_suitable, technique))
            return true;
    }
    return false;
}

static bool treats(const Fascia__Therapist *therapist, const char *condition)
{
    for (size_t i = 0; i < therapist->n_conditions; i++)
        if (strcmp(therapist->conditions[i]->condition, condition) == 0)
            return true;
    return false;
}

static void judge_person(const struct asked *asked, const struct oracle_therapist *who, bool unmet[GATE_COUNT])
{
    const Fascia__Therapist *therapist = who->therapist;
    const Fascia__Need *need = asked->need;

    unmet[GATE_ACCEPTING] = therapist->not_accepting;
    unmet[GATE_NAMED] = *need->therapist != '\0' && strcmp(need->therapist, therapist->identifier) != 0;
    unmet[GATE_DECLINED] = is_among(who->number, asked->query->declined, asked->query->declined_count);
    unmet[GATE_PROFESSION] = need->n_professions > 0
                                 ? !begins_with_one(therapist->profession, need->professions, need->n_professions)
                                 : !codes_treats(asked->codes, therapist->profession);
    unmet[GATE_PAYER] = need->n_payers > 0 &&
                        !share_text(need->payers, need->n_payers, therapist->payers, therapist->n_payers, strcasecmp);
    unmet[GATE_LANGUAGE] = need->n_languages > 0 && !share_text(need->languages, need->n_languages,
                                                                therapist->languages, therapist->n_languages, strcmp);
    unmet[GATE_GENDER] =
        need->therapist_gender != FASCIA__GENDER__GENDER_UNSPECIFIED && need->therapist_gender != therapist->gender;
    unmet[GATE_MODE] =
        need->visit_mode != FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED && !offers_mode(therapist, need->visit_mode);
}

static void judge_skill(const struct asked *asked, const Fascia__Therapist *therapist, bool unmet[GATE_COUNT])
{
    unmet[GATE_TECHNIQUE] = !meets_technique(asked->need, therapist);
    unmet[GATE_CAUTION] = !meets_caution(asked->need, therapist);
    for (size_t i = 0; i < asked->need->n_conditions; i++)
        unmet[GATE_CONDITION] = unmet[GATE_CONDITION] || !treats(therapist, asked->need->conditions[i]);
}

/* ---- score ---- */

static uint32_t cases_of(const Fascia__Need *need, const Fascia__Therapist *therapist)
{
    uint32_t least = need->n_conditions == 0 ? 0 : UINT32_MAX;

    for (size_t i = 0; i < need->n_conditions; i++) {
        uint32_t most = 0;

        for (size_t j = 0; j < therapist->n_conditions; j++)
            if (strcmp(therapist->conditions[j]->condition, need->conditions[i]) == 0 &&
                therapist->conditions[j]->cases > most)
                most = therapist->conditions[j]->cases;
        least = most < least ? most : least;
    }
    return least;
}

/* As far as the door tells numbers of cases apart. */
static int64_t at_most(uint32_t number)
{
    return number < 65535 ? number : 65535;
}

static void score(const struct asked *asked, const struct oracle_therapist *who, bool remote,
                  struct oracle_verdict *verdict)
{
    const struct match_settings *settings = asked->settings;
    const Fascia__Therapist *therapist = who->therapist;
    const int32_t *weight = settings->weight;
    int64_t most = asked->need->max_distance, cases = cases_of(asked->need, therapist),
            full = settings->experience_full;
    int64_t prior = therapist->rating_count == 0 && settings->rating_prior == 0 ? 1 : settings->rating_prior;
    int64_t count = (int64_t)therapist->rating_count + prior;
    int64_t sum = (int64_t)therapist->rating_sum + prior * settings->rating_mean;
    int64_t wait = verdict->first_free == INT64_MAX ? INT64_MAX : verdict->first_free - asked->earliest;

    if (!verdict->unmet[GATE_DISTANCE] && !remote)
        verdict->points[PART_DISTANCE] =
            most == 0 ? weight[PART_DISTANCE]
                      : (int32_t)(weight[PART_DISTANCE] * (most - (int64_t)verdict->distance) / most);
    verdict->points[PART_EXPERIENCE] = (int32_t)(weight[PART_EXPERIENCE] * (cases < full ? cases : full) / full);
    verdict->points[PART_REVIEWS] =
        (int32_t)(weight[PART_REVIEWS] * (sum < count * 100 ? sum : count * 100) / (count * 100));
    if (wait <= settings->earliest_span)
        verdict->points[PART_EARLIEST] =
            (int32_t)(weight[PART_EARLIEST] * (settings->earliest_span - wait) / settings->earliest_span);
    if (is_among(who->number, asked->query->treated_by, asked->query->treated_by_count))
        verdict->points[PART_CONTINUITY] = weight[PART_CONTINUITY];
    if (therapist->capacity > 0)
        verdict->points[PART_LOAD] = (int32_t)(weight[PART_LOAD] * at_most(therapist->capacity) /
                                               (at_most(therapist->capacity) + at_most(who->recent_cases)));
    for (unsigned part = 0; part < PART_COUNT; part++)
        verdict->total += verdict->points[part];
}

/* ---- one therapist ---- */

struct oracle_verdict oracle_judge(const struct oracle_question *question, const struct oracle_therapist *who)
{
    struct asked asked = read_question(question);
    struct oracle_verdict verdict = {.therapist = who->therapist, .number = who->number, .first_free = INT64_MAX};
    bool remote;

    verdict.recent_cases = (uint32_t)at_most(who->recent_cases);

    judge_person(&asked, who, verdict.unmet);
    judge_skill(&asked, who->therapist, verdict.unmet);
    verdict.unmet[GATE_LICENCE] = needs_licence(&asked) && !holds_some_day(licensed_on, &asked, who->therapist);
    verdict.unmet[GATE_CERTIFICATION] = !holds_some_day(certified_on, &asked, who->therapist);
    verdict.unmet[GATE_DISTANCE] = !try_distance(&asked, who->therapist, &verdict, &remote);
    verdict.unmet[GATE_CAPACITY] = at_most(who->open_cases) >= at_most(who->therapist->capacity);
    for (unsigned gate = 0; gate < GATE_TIME; gate++)
        verdict.unmet_but_time += verdict.unmet[gate];
    if (verdict.unmet_but_time <= 2) { /* who misses more is asked nothing more */
        verdict.first_free = first_free(&asked, who, verdict.unmet);
        verdict.unmet[GATE_TIME] = verdict.first_free == INT64_MAX;
    }
    score(&asked, who, remote, &verdict);
    return verdict;
}

static bool slot_suits(const struct asked *asked, const struct oracle_therapist *who, int64_t from, int64_t to,
                       bool held)
{
    bool inside = asked->need->n_windows == 0;

    if (from > to || from < asked->earliest || to > asked->end)
        return false;
    for (size_t i = 0; i < asked->need->n_windows; i++) {
        const Fascia__Window *window = asked->need->windows[i];
        int32_t day, minute, weekday;

        zone_local(asked->query->zone, from, &day, &minute);
        weekday = day_weekday(day);
        if (window->weekdays != 0 && (window->weekdays >> weekday & 1) == 0)
            continue;
        inside = inside || (from >= zone_instant(asked->query->zone, day, (int32_t)window->from_minute) &&
                            to <= zone_instant(asked->query->zone, day, (int32_t)window->to_minute));
    }
    return inside && (held || calendar_is_free(who->calendar, from, to));
}

enum match_gate oracle_check(const struct oracle_question *question, const struct oracle_therapist *who, int64_t from,
                             int64_t to, bool held, bool own_case)
{
    struct asked asked = read_question(question), slot = asked;
    struct oracle_verdict verdict = {.therapist = who->therapist};
    bool (*holds)(credential_on *, const struct asked *, const Fascia__Therapist *) = holds_some_day;
    bool remote;

    if (from < to) {
        int32_t minute;

        zone_local(asked.query->zone, from, &slot.first_day, &minute);
        zone_local(asked.query->zone, to - 1, &slot.last_day, &minute);
        holds = holds_every_day;
    }
    judge_person(&asked, who, verdict.unmet);
    judge_skill(&asked, who->therapist, verdict.unmet);
    verdict.unmet[GATE_LICENCE] = needs_licence(&asked) && !holds(licensed_on, &slot, who->therapist);
    verdict.unmet[GATE_CERTIFICATION] = !holds(certified_on, &slot, who->therapist);
    verdict.unmet[GATE_DISTANCE] = !try_distance(&asked, who->therapist, &verdict, &remote);
    verdict.unmet[GATE_CAPACITY] =
        at_most(who->open_cases) - (own_case && who->open_cases > 0 ? 1 : 0) >= at_most(who->therapist->capacity);
    verdict.unmet[GATE_TIME] = from != to && !slot_suits(&asked, who, from, to, held);
    for (unsigned gate = 0; gate < GATE_COUNT; gate++)
        if (verdict.unmet[gate])
            return (enum match_gate)gate;
    return GATE_NONE;
}
