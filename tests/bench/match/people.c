#include "people.h"

#include <string.h>

#define RECENT_CASES 12 /* of everybody */

/* ---- chance (splitmix64) ---- */

static uint64_t draw(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static uint32_t pick(uint64_t *state, uint32_t below)
{
    return (uint32_t)((draw(state) >> 32) * below >> 32);
}

static bool chance(uint64_t *state, uint32_t of_hundred)
{
    return pick(state, 100) < of_hundred;
}

/* A number below count, number k with weight 1/(k + ease): the commonest first. */
static uint32_t pick_skewed(uint64_t *state, uint32_t count, uint32_t ease)
{
    uint64_t all = 0, wanted;
    static uint64_t sums[2][PAYERS];
    uint64_t *sum = sums[count == PAYERS];

    if (sum[count - 1] == 0) {
        for (uint32_t k = 0; k < count; k++)
            sum[k] = all += UINT64_C(1000000000) / (k + ease);
    }
    wanted = draw(state) % sum[count - 1];
    for (uint32_t k = 0; k < count; k++) {
        if (wanted < sum[k])
            return k;
    }
    return count - 1;
}

static uint32_t pick_payer(uint64_t *state)
{
    return pick_skewed(state, PAYERS, 12);
}

static uint32_t pick_other_language(uint64_t *state)
{
    return 1 + pick_skewed(state, LANGUAGES - 1, 1);
}

/* ---- who treats ---- */

static void make_credentials(const struct country *country, uint64_t *state, struct person *person)
{
    static const uint8_t professions[] = {0, 0, 0, 0, 0, 0, 1, 1, 2, 3};

    person->states[0] = country->places[person->place].state;
    person->states[1] = person->lapsed_state = NO_STATE;
    if (chance(state, 10))
        person->states[1] = (uint8_t)((person->states[0] + 1 + pick(state, COUNTRY_STATES - 1)) % COUNTRY_STATES);
    if (chance(state, 3)) {
        person->lapsed_state = person->states[0];
        person->states[0] = person->states[1];
        person->states[1] = NO_STATE;
    }
    person->open_ended = chance(state, 5);
    person->profession = professions[pick(state, 10)];
    for (uint32_t some = pick(state, 10), i = 0; i < (some < 4 ? 0 : some < 7 ? 1u : some < 9 ? 2u : 3u); i++)
        person->certifications |= 1u << pick(state, CERTIFICATIONS);
    if (chance(state, 5))
        person->lapsed_certifications = (1u << pick(state, CERTIFICATIONS)) & ~person->certifications;
}

static void make_skills(uint64_t *state, struct person *person)
{
    uint32_t wanted = 2 + pick(state, 4), conditions = 0;

    while ((uint32_t)__builtin_popcount(person->techniques) < wanted)
        person->techniques |= 1u << pick(state, TECHNIQUES);
    wanted = 3 + pick(state, 6);
    while ((uint32_t)__builtin_popcount(conditions) < wanted)
        conditions |= 1u << pick(state, CONDITIONS);
    for (uint8_t condition = 0; condition < CONDITIONS; condition++) {
        if ((conditions >> condition & 1) == 0)
            continue;
        person->conditions[person->condition_count] = condition;
        person->cases[person->condition_count++] = (uint16_t)(pick(state, 12) * pick(state, 12));
    }
}

static void add_payer(struct person *person, uint8_t payer)
{
    for (unsigned i = 0; i < person->payer_count; i++) {
        if (person->payers[i] == payer)
            return;
    }
    person->payers[person->payer_count++] = payer;
}

static void make_practice(uint64_t *state, struct person *person)
{
    uint32_t wanted = 3 + pick(state, 10), full;

    while (person->payer_count < wanted)
        add_payer(person, (uint8_t)pick_payer(state));
    person->languages = chance(state, 95) ? 1 : 1u << pick_other_language(state);
    wanted = pick(state, 10);
    for (uint32_t more = 0; more < (wanted < 6 ? 0u : wanted < 9 ? 1u : 2u); more++)
        person->languages |= 1u << pick_other_language(state);
    person->gender = (uint8_t)(chance(state, 1) ? 3 : chance(state, 75) ? 1 : 2);
    person->modes = (uint8_t)((chance(state, 97) ? MODES_CLINIC : MODES_HOME) | (chance(state, 20) ? MODES_HOME : 0) |
                              (chance(state, 5) ? MODES_REMOTE : 0));
    person->rating_count = chance(state, 15) ? 0 : pick(state, 20) * pick(state, 20);
    person->rating_sum = person->rating_count * (60 + pick(state, 41));
    person->capacity = pick(state, 21);
    full = chance(state, 20);
    person->open_cases = full ? person->capacity : pick(state, person->capacity + 1);
    /* As many for all: between equal points the matcher goes by these before the identifier, the other engines by the identifier. */
    person->recent_cases = RECENT_CASES;
}

/* ---- their time ---- */

static void work(struct person *person, int64_t first_half_hour, uint32_t from, uint32_t to)
{
    for (uint32_t minute = from; minute < to; minute += 30) {
        int64_t half = first_half_hour + minute / 30;

        if (half >= 0 && half < HALF_HOURS)
            person->free[half / 64] |= UINT64_C(1) << half % 64;
    }
}

static bool is_free(const struct person *person, uint32_t half)
{
    return half < HALF_HOURS && (person->free[half / 64] >> half % 64 & 1) != 0;
}

/* Bookings of one half hour to three, on about four tenths of the working time. */
static void book(uint64_t *state, struct person *person)
{
    static const uint8_t lengths[] = {1, 2, 2, 2, 2, 2, 2, 3, 3, 3};

    for (uint32_t half = 0; half < HALF_HOURS; half++) {
        uint32_t length = 0, wanted;

        if (!is_free(person, half) || !chance(state, 26))
            continue;
        wanted = lengths[pick(state, 10)];
        while (length < wanted && is_free(person, half + length))
            length++;
        for (uint32_t i = half; i < half + length; i++)
            person->free[i / 64] &= ~(UINT64_C(1) << i % 64);
        person->bookings[person->booking_count++] =
            (struct person_booking){.at = (uint16_t)half, .length = (uint16_t)length};
    }
}

static void make_time(const struct country *country, uint64_t *state, struct person *person)
{
    static const uint8_t weeks[] = {0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x3e, 0x3e, 0x0f, 0x3f};
    const struct zone *zone = country->zones[country->places[person->place].zone];
    int32_t today, minute;

    person->workdays = weeks[pick(state, 10)];
    person->from_minute = (uint16_t)(7 * 60 + 30 * pick(state, 7));
    person->to_minute = (uint16_t)(person->from_minute + 8 * 60 + 30 * pick(state, 7));
    person->lunch_minute = (uint16_t)(chance(state, 70) ? 12 * 60 + 30 * pick(state, 2) : 0);
    zone_local(zone, COUNTRY_NOW, &today, &minute);
    for (int32_t day = 0; day < 28; day++) {
        int64_t first = (zone_instant(zone, today + day, 0) - COUNTRY_NOW) / (30 * MINUTE_MS);

        if ((person->workdays >> day_weekday(today + day) & 1) == 0)
            continue;
        if (person->lunch_minute == 0) {
            work(person, first, person->from_minute, person->to_minute);
        } else {
            work(person, first, person->from_minute, person->lunch_minute);
            work(person, first, person->lunch_minute + 60u, person->to_minute);
        }
    }
    book(state, person);
}

void person_make(const struct country *country, uint64_t seed, uint32_t number, struct person *person)
{
    uint64_t state = seed * UINT64_C(0xd1342543de82ef95) + number * UINT64_C(0x2545f4914f6cdd1d);

    memset(person, 0, sizeof *person);
    person->number = number;
    person->place = country_place_of(country, draw(&state));
    make_credentials(country, &state, person);
    make_skills(&state, person);
    make_practice(&state, person);
    make_time(country, &state, person);
}

/* As daemon/match/README.md, Score, with the settings that every engine is given: a mean of 80 for 10 reviews, 50 cases for the whole. */
uint32_t person_points(const struct person *person)
{
    uint32_t count = person->rating_count + 10, sum = person->rating_sum + 10 * 80,
             all = person->capacity + person->recent_cases;

    return POINTS_REVIEWS * sum / (count * 100) + (all == 0 ? 0 : POINTS_LOAD * person->capacity / all);
}

uint32_t person_experience(const struct person *person, unsigned at)
{
    return POINTS_EXPERIENCE * (person->cases[at] < 50u ? person->cases[at] : 50u) / 50;
}

uint64_t person_traits(const struct person *person)
{
    return person->languages | (uint64_t)person->certifications << TRAITS_CERTIFICATION |
           (uint64_t)person->techniques << TRAITS_TECHNIQUE | UINT64_C(1) << (TRAITS_GENDER + person->gender - 1) |
           (uint64_t)person->modes << TRAITS_MODE | (uint64_t)(person->open_cases < person->capacity) << TRAITS_ROOM;
}

uint64_t person_licences(const struct person *person)
{
    return (person->states[0] == NO_STATE ? 0 : UINT64_C(1) << person->states[0]) |
           (person->states[1] == NO_STATE ? 0 : UINT64_C(1) << person->states[1]);
}
