/* The questions: drawn from the same places as those who answer. */
#include "people.h"

#include <string.h>

static const struct ask_window mornings[] = {{0x1f, 8 * 60, 12 * 60}}, evenings[] = {{0x1f, 16 * 60, 20 * 60}},
                               some_days[] = {{0x15, 13 * 60, 17 * 60}, {0x20, 9 * 60, 15 * 60}};

const char *ask_set_name(enum ask_set set)
{
    static const char *const names[ASK_SETS] = {"main", "payer", "far", "wide"};

    return names[set];
}

size_t ask_windows(uint8_t kind, const struct ask_window **windows)
{
    *windows = kind == 0 ? mornings : kind == 1 ? evenings : some_days;
    return kind == 2 ? 2 : 1;
}

static uint32_t pick(uint64_t *state, uint32_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*state >> 33) * below >> 31);
}

/* What is asked for is what somebody offers: a person who is not in the directory is drawn, and the question is made from them. */
void ask_make(const struct country *country, uint64_t seed, enum ask_set set, uint32_t number, struct ask *ask)
{
    static const uint32_t distances[] = {10000, 25000, 50000};
    struct person like;
    uint64_t state;

    person_make(country, seed ^ UINT64_C(0x5e7a11) ^ (uint64_t)set << 40, number, &like);
    state = like.number * UINT64_C(0x9e3779b97f4a7c15) ^ seed ^ (uint64_t)set << 50;
    for (int i = 0; i < 4; i++)
        pick(&state, 2);
    *ask = (struct ask){.place = like.place, .certification = -1};
    ask->state = country->places[like.place].state;
    ask->condition = (uint8_t)pick(&state, CONDITIONS);
    ask->payer = set == ASK_PAYER ? 0 : like.payers[pick(&state, like.payer_count)];
    ask->language =
        (uint8_t)(pick(&state, 100) < 82 ? 0 : __builtin_ctz(like.languages & ~1u ? like.languages & ~1u : 2));
    if (pick(&state, 100) < 20)
        ask->gender = (uint8_t)(1 + pick(&state, 2));
    if (pick(&state, 100) < 25)
        ask->certification = (int)pick(&state, CERTIFICATIONS);
    for (uint32_t wanted = 1 + pick(&state, 4); (uint32_t)__builtin_popcount(ask->techniques) < wanted;)
        ask->techniques |= 1u << pick(&state, TECHNIQUES);
    ask->max_distance = set == ASK_FAR ? 500000 : set == ASK_WIDE ? 5000000 : distances[pick(&state, 3)];
    ask->window = (uint8_t)pick(&state, 3);
}

void ask_half_hours(const struct country *country, const struct ask *ask, uint64_t inside[TIME_WORDS])
{
    const struct zone *zone = country->zones[country->places[ask->place].zone];
    const struct ask_window *windows;
    size_t count = ask_windows(ask->window, &windows);
    int32_t today, minute;

    memset(inside, 0, TIME_WORDS * sizeof *inside);
    zone_local(zone, COUNTRY_NOW, &today, &minute);
    for (size_t i = 0; i < 28 * count; i++) {
        const struct ask_window *window = &windows[i % count];
        int32_t day = today + (int32_t)(i / count);

        if ((window->weekdays >> day_weekday(day) & 1) == 0)
            continue;
        for (int64_t at = zone_instant(zone, day, window->from_minute); at < zone_instant(zone, day, window->to_minute);
             at += 30 * MINUTE_MS) {
            int64_t half = (at - COUNTRY_NOW) / (30 * MINUTE_MS);

            if (at >= COUNTRY_NOW && half < HALF_HOURS)
                inside[half / 64] |= UINT64_C(1) << half % 64;
        }
    }
}

bool ask_fits(const uint64_t free[TIME_WORDS], const uint64_t inside[TIME_WORDS])
{
    uint64_t before = 0, runs = 0; /* the highest bit of the word before, as the lowest of this one */

    for (unsigned word = 0; word < TIME_WORDS; word++) {
        uint64_t open = free[word] & inside[word];

        runs |= open & (open << 1 | before);
        before = open >> 63;
    }
    return runs != 0;
}

uint64_t ask_traits_all(const struct ask *ask)
{
    return UINT64_C(1) << ask->language | UINT64_C(1) << TRAITS_MODE | UINT64_C(1) << TRAITS_ROOM |
           (ask->certification < 0 ? 0 : UINT64_C(1) << (TRAITS_CERTIFICATION + ask->certification)) |
           (ask->gender == 0 ? 0 : UINT64_C(1) << (TRAITS_GENDER + ask->gender - 1));
}

uint64_t ask_traits_any(const struct ask *ask)
{
    return (uint64_t)ask->techniques << TRAITS_TECHNIQUE;
}
