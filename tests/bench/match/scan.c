/* The plainest engine: every therapist is asked everything, in one loop. It says what is right, how the data is, and how many are near. */
#include "answers.h"
#include "core/memory.h"

#include <stdlib.h>

struct row {
    struct match_point point;
    uint32_t place;
    uint64_t traits, licences, free[TIME_WORDS];
    uint64_t payers[PAYERS / 64 + 1];
    uint32_t points;
    uint16_t conditions;
    uint8_t experience[CONDITIONS];
};
struct scan {
    const struct bench *bench;
    struct row *rows;
    uint64_t near; /* of the last question */
};

static void fill(struct scan *scan)
{
    const struct bench *bench = scan->bench;
    uint64_t free_halves = 0, bookings = 0;

    for (uint32_t number = 0; number < bench->therapists; number++) {
        struct row *row = &scan->rows[number];
        struct person person;

        person_make(&bench->country, bench->seed, number, &person);
        *row = (struct row){.place = person.place,
                            .point = bench->country.places[person.place].point,
                            .traits = person_traits(&person),
                            .licences = person_licences(&person),
                            .points = person_points(&person)};
        for (unsigned i = 0; i < person.payer_count; i++)
            row->payers[person.payers[i] / 64] |= UINT64_C(1) << person.payers[i] % 64;
        for (unsigned i = 0; i < person.condition_count; i++) {
            row->conditions |= (uint16_t)(1 << person.conditions[i]);
            row->experience[person.conditions[i]] = (uint8_t)person_experience(&person, i);
        }
        for (unsigned word = 0; word < TIME_WORDS; word++) {
            row->free[word] = person.free[word];
            free_halves += (unsigned)__builtin_popcountll(person.free[word]);
        }
        bookings += person.booking_count;
    }
    answers_fact(bench, "data.free_percent", 100.0 * (double)free_halves / HALF_HOURS / bench->therapists);
    answers_fact(bench, "data.bookings_each", (double)bookings / bench->therapists);
}

static bool passes(const struct row *row, const struct ask *ask, uint64_t all, uint64_t any)
{
    return (row->traits & all) == all && (row->traits & any) != 0 && (row->licences >> ask->state & 1) != 0 &&
           (row->conditions >> ask->condition & 1) != 0 && (row->payers[ask->payer / 64] >> ask->payer % 64 & 1) != 0;
}

static void answer(void *context, enum ask_set set, uint32_t number, struct found *found)
{
    struct scan *scan = context;
    const struct bench *bench = scan->bench;
    struct ranking ranking = {0};
    uint64_t inside[TIME_WORDS], all, any, limit;
    struct match_point point;
    struct ask ask;

    ask_make(&bench->country, bench->seed, set, number, &ask);
    ask_half_hours(&bench->country, &ask, inside);
    all = ask_traits_all(&ask);
    any = ask_traits_any(&ask);
    limit = match_chord_limit(ask.max_distance);
    point = bench->country.places[ask.place].point;
    scan->near = 0;
    for (uint32_t who = 0; who < bench->therapists; who++) {
        const struct row *row = &scan->rows[who];
        uint64_t chord = match_chord(point, row->point);

        scan->near += chord < limit;
        if (chord < limit && passes(row, &ask, all, any) && ask_fits(row->free, inside))
            ranking_add(&ranking,
                        row->points + row->experience[ask.condition] +
                            (uint32_t)((uint64_t)POINTS_DISTANCE * (ask.max_distance - match_chord_metres(chord)) /
                                       ask.max_distance),
                        who);
    }
    found->count = ranking.count;
    for (uint32_t i = 0; i < ranking.count; i++)
        found->numbers[i] = ranking.numbers[i];
}

void scan_measure(struct bench *bench)
{
    struct scan scan = {.bench = bench, .rows = memory_allocate(bench->therapists, sizeof(struct row))};

    fill(&scan);
    for (enum ask_set set = 0; set < ASK_SETS; set++) {
        for (uint32_t number = 0; number < bench->asks[set]; number++) {
            struct found found = {0};
            int64_t from = answers_clock();

            answer(&scan, set, number, &found);
            fprintf(bench->out, "answer scan %s %u %lld %u", ask_set_name(set), number,
                    (long long)(answers_clock() - from), found.count);
            for (uint32_t i = 0; i < found.count; i++)
                fprintf(bench->out, " %u", found.numbers[i]);
            fprintf(bench->out, "\nnear %s %u %llu\n", ask_set_name(set), number, (unsigned long long)scan.near);
        }
    }
    free(scan.rows);
}
