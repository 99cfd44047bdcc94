/*
 * Who treats, and who asks: made from a seed and a number, the same for every engine and on every machine.
 *
 * A person is plain numbers; each engine turns them into what it keeps. Time is told in half hours from COUNTRY_NOW, 28 days of them: bit h of
 * `free` is the half hour h. README.md of tests/bench tells the shape of the data.
 */
#ifndef FASCIA_BENCH_PEOPLE_H
#define FASCIA_BENCH_PEOPLE_H

#include "country.h"

#define HALF_HOURS     (28 * 48)
#define TIME_WORDS     (HALF_HOURS / 64)
#define TECHNIQUES     8
#define CONDITIONS     16
#define CERTIFICATIONS 16
#define PAYERS         200
#define LANGUAGES      30
#define PROFESSIONS    4
#define NO_STATE       255
#define MODES_CLINIC   1 /* bits of person.modes */
#define MODES_HOME     2
#define MODES_REMOTE   4

/* Points at the best: the same in every engine. */
#define POINTS_DISTANCE   300
#define POINTS_EXPERIENCE 200
#define POINTS_REVIEWS    150
#define POINTS_LOAD       50

struct person_booking {
    uint16_t at, length; /* half hours */
};
struct person {
    uint32_t number;                 /* 0.., also its identifier and the order of equals */
    uint32_t place;                  /* of country.places */
    uint8_t states[2], lapsed_state; /* of licences; NO_STATE: none */
    bool open_ended;                 /* licences without dates */
    uint8_t profession, gender;      /* gender 1..3, as Fascia__Gender */
    uint32_t certifications, lapsed_certifications, techniques, languages; /* bit sets */
    uint8_t condition_count, conditions[8];
    uint16_t cases[8];
    uint8_t payer_count, payers[12];
    uint8_t modes;
    uint32_t rating_count, rating_sum;
    uint32_t capacity, open_cases, recent_cases;
    uint8_t workdays;                              /* bit 0 Monday */
    uint16_t from_minute, to_minute, lunch_minute; /* lunch lasts an hour; 0: none */
    uint16_t booking_count;
    struct person_booking bookings[480];
    uint64_t free[TIME_WORDS];
};

enum ask_set {
    ASK_MAIN,  /* 10, 25 or 50 km */
    ASK_PAYER, /* as main, all of the commonest payer */
    ASK_FAR,   /* 500 km */
    ASK_WIDE,  /* 5,000 km */
    ASK_SETS
};
const char *ask_set_name(enum ask_set set);

struct ask {
    uint32_t place;
    uint8_t state, condition, payer, language, gender; /* gender 0: any */
    int certification;                                 /* -1: none */
    uint32_t techniques;                               /* any of these */
    uint32_t max_distance;                             /* metres */
    uint8_t window;                                    /* kind, see ask_windows */
};
struct ask_window {
    uint8_t weekdays;
    uint16_t from_minute, to_minute;
};

void person_make(const struct country *country, uint64_t seed, uint32_t number, struct person *person);
/* Of reviews and load, and of experience with conditions[at]. */
uint32_t person_points(const struct person *person);
uint32_t person_experience(const struct person *person, unsigned at);

void ask_make(const struct country *country, uint64_t seed, enum ask_set set, uint32_t number, struct ask *ask);
/* The windows of a kind; how many. */
size_t ask_windows(uint8_t kind, const struct ask_window **windows);
/* Half hours that lie inside a window of the ask. */
void ask_half_hours(const struct country *country, const struct ask *ask, uint64_t inside[TIME_WORDS]);
/* Whether an hour of `free` lies inside; no window adjoins another. */
bool ask_fits(const uint64_t free[TIME_WORDS], const uint64_t inside[TIME_WORDS]);

/* What most engines test at once: bits of one number. */
#define TRAITS_CERTIFICATION 30 /* languages stand first */
#define TRAITS_TECHNIQUE     46
#define TRAITS_GENDER        54 /* and the two after it */
#define TRAITS_MODE          57
#define TRAITS_ROOM          60
uint64_t person_traits(const struct person *person);
uint64_t person_licences(const struct person *person);
uint64_t ask_traits_all(const struct ask *ask); /* every one of these */
uint64_t ask_traits_any(const struct ask *ask); /* and one of these */

#endif
